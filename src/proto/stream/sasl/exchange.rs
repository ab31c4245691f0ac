//! One authentication from its first word to the verdict, whatever the mechanism.
//!
//! PLAIN and ANONYMOUS say all they have in the initial response, so they live here; SCRAM has a file of its own.

use std::fmt;

use super::scram::Scram;
use super::{Credentials, KeyRequest, Mechanism, SaslError, prep};
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
    /// PLAIN and ANONYMOUS: all is said.
    ExpectSuccess,
    Over,
}

impl Exchange {
    /// Begins, with the initial response: `None` is no initial response at all, and an empty one is an empty one.
    pub(crate) fn start(
        mechanism: Mechanism,
        credentials: &Credentials,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Option<Vec<u8>>), SaslError> {
        let (state, initial_response) = match (credentials, mechanism.hash()) {
            (Credentials::Password { username, password }, Some(hash)) => {
                let (scram, first) = Scram::start(hash, username, password, entropy)?;
                (State::Scram(Box::new(scram)), first)
            }
            (Credentials::Password { username, password }, None) if mechanism == Mechanism::Plain => {
                (State::ExpectSuccess, plain(username, password)?)
            }
            // RFC 4505, section 2: the trace may be absent, and is: it would tell the server who we are.
            (Credentials::Anonymous, None) if mechanism == Mechanism::Anonymous => (State::ExpectSuccess, Vec::new()),
            _ => return Err(SaslError::NoCredentials),
        };
        Ok((Self { state }, Some(initial_response)))
    }

    /// The server's challenge, or SASL2's, without its base64.
    pub(crate) fn handle_challenge(&mut self, data: &[u8]) -> Result<Step, SaslError> {
        match &mut self.state {
            State::Scram(scram) => scram.handle_challenge(data),
            State::ExpectSuccess | State::Over => {
                self.state = State::Over;
                Err(SaslError::OutOfOrder)
            }
        }
    }

    /// The answer to [`Step::DeriveKey`]; gives the client's final message.
    pub(crate) fn handle_key(&mut self, salted_password: &[u8]) -> Result<Vec<u8>, SaslError> {
        match &mut self.state {
            State::Scram(scram) => scram.handle_key(salted_password),
            State::ExpectSuccess | State::Over => Err(SaslError::OutOfOrder),
        }
    }

    /// The server claims success, with the additional data that came along, without its base64. Only `Ok` is success.
    pub(crate) fn handle_success(&mut self, additional: Option<&[u8]>) -> Result<(), SaslError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Scram(mut scram) => scram.handle_success(additional.unwrap_or_default()),
            // Neither mechanism defines additional data: what a server adds proves nothing, so nothing is made of it.
            State::ExpectSuccess => Ok(()),
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
