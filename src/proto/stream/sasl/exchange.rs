//! One authentication from its first word to the verdict, whatever the mechanism.
//!
//! PLAIN, OAUTHBEARER, EXTERNAL and ANONYMOUS say all they have in the initial response, so they live here; SCRAM and the hashed tokens of
//! FAST have files of their own.

use std::fmt;

use super::hashed_token::HashedToken;
use super::scram::Scram;
use super::{Credentials, KeyRequest, Mechanism, SaslError, TokenMechanism, prep};
use crate::proto::entropy::Entropy;

/// What a challenge leads to.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send this (empty is a response too).
    Respond(Vec<u8>),
    /// Derive this key and hand it to [`Exchange::handle_key`].
    DeriveKey(KeyRequest),
}

/// An authentication under way. After an error it stays failed: whatever comes then is out of order.
pub(crate) struct Exchange {
    state: State,
}

enum State {
    Scram(Box<Scram>),
    HashedToken(HashedToken),
    /// OAUTHBEARER: all is said, unless the server refuses the token, which it explains in a challenge.
    ExpectVerdict,
    /// PLAIN, EXTERNAL and ANONYMOUS: all is said.
    ExpectSuccess,
    Over,
}

impl Exchange {
    /// Begins, with the initial response, which may be empty. `offer` is what the server said that it offers, in the form of
    /// [`downgrade_input`](super::downgrade_input).
    pub(crate) fn start(
        mechanism: Mechanism,
        credentials: &Credentials,
        offer: &str,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Vec<u8>), SaslError> {
        let (state, initial_response) = match (credentials, mechanism.hash()) {
            (Credentials::Password { username, password }, Some(hash)) => {
                let (scram, first) = Scram::start(hash, username, password, offer, entropy)?;
                (State::Scram(Box::new(scram)), first)
            }
            (Credentials::Password { username, password }, None) if mechanism == Mechanism::Plain => {
                (State::ExpectSuccess, plain(username, password)?)
            }
            (Credentials::Token { jid, token }, None) if mechanism == Mechanism::OAuthBearer => {
                (State::ExpectVerdict, bearer(jid, token)?)
            }
            // RFC 4422, appendix A: no authorization identity asks for the one that the connection itself stands for.
            (Credentials::External, None) if mechanism == Mechanism::External => (State::ExpectSuccess, Vec::new()),
            // RFC 4505, section 2: the trace may be absent, and is: it would tell the server who we are.
            (Credentials::Anonymous, None) if mechanism == Mechanism::Anonymous => (State::ExpectSuccess, Vec::new()),
            _ => return Err(SaslError::NoCredentials),
        };
        Ok((Self { state }, initial_response))
    }

    /// As [`start`](Self::start), with a token of FAST.
    pub(crate) fn start_with_token(mechanism: TokenMechanism, username: &str, token: &str) -> Result<(Self, Vec<u8>), SaslError> {
        let (exchange, initial_response) = HashedToken::start(mechanism, username, token)?;
        Ok((Self { state: State::HashedToken(exchange) }, initial_response))
    }

    /// The server's challenge, or SASL2's, without its base64.
    pub(crate) fn handle_challenge(&mut self, data: &[u8]) -> Result<Step, SaslError> {
        match &mut self.state {
            State::Scram(scram) => scram.handle_challenge(data),
            State::ExpectVerdict => {
                // RFC 7628, section 3.2.3: the challenge says why the token is refused, which the failure that follows our answer says again.
                self.state = State::Over;
                Ok(Step::Respond(vec![1]))
            }
            State::HashedToken(_) | State::ExpectSuccess | State::Over => {
                self.state = State::Over;
                Err(SaslError::OutOfOrder)
            }
        }
    }

    /// The answer to [`Step::DeriveKey`]; gives the client's final message.
    pub(crate) fn handle_key(&mut self, salted_password: &[u8]) -> Result<Vec<u8>, SaslError> {
        match &mut self.state {
            State::Scram(scram) => scram.handle_key(salted_password),
            _ => Err(SaslError::OutOfOrder),
        }
    }

    /// The server claims success, with the additional data that came along, without its base64. Only `Ok` is success.
    pub(crate) fn handle_success(&mut self, additional: Option<&[u8]>) -> Result<(), SaslError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Scram(mut scram) => scram.handle_success(additional.unwrap_or_default()),
            State::HashedToken(exchange) => exchange.handle_success(additional.unwrap_or_default()),
            // None of the mechanisms defines additional data: what a server adds proves nothing, so nothing is made of it.
            State::ExpectVerdict | State::ExpectSuccess => Ok(()),
            State::Over => Err(SaslError::OutOfOrder),
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

/// RFC 4616, section 2: `[authzid] NUL authcid NUL passwd`.
fn plain(username: &str, password: &str) -> Result<Vec<u8>, SaslError> {
    // SASLprep refuses NUL, as the section demands.
    let username = prep::prepare(username, "username")?;
    let password = prep::prepare(password, "password")?;
    let mut message = Vec::with_capacity(username.len() + password.len() + 2);
    message.push(0);
    message.extend_from_slice(username.as_bytes());
    message.push(0);
    message.extend_from_slice(password.as_bytes());
    Ok(message)
}

/// RFC 7628, section 3.1: `n,a=authzid,` and the token, in an envelope of 0x01 bytes.
fn bearer(jid: &str, token: &str) -> Result<Vec<u8>, SaslError> {
    // RFC 6750, section 2.1, has fewer characters than that; what a server issues is what it wants to see again.
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SaslError::BadCredentials { field: "token", problem: "is empty or has characters that no token has" });
    }
    let authzid = jid.replace('=', "=3D").replace(',', "=2C");
    Ok(format!("n,a={authzid},\u{1}auth=Bearer {token}\u{1}\u{1}").into_bytes())
}
