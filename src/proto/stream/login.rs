//! One attempt to log in, in either dialect of SASL (RFC 6120, section 6; XEP-0388): which mechanism, and the exchange as elements.
//!
//! ```text
//!  (ExpectCredentials) ──▶ ExpectChallenge ◀─▶ ExpectKey
//!                                │ <continue/>, with SASL2 alone
//!                                ▼
//!                            ExpectSalt ──▶ ExpectUpgradeKey ──▶ ExpectOutcome
//! ```
//! A token of FAST (XEP-0484) is tried first, then what the app has: the strongest mechanism of SASL2, or else of RFC 6120. A token that is
//! refused is dropped, and the login goes on without it on the same connection; so it does in the older dialect when the server refuses to
//! speak the newer one. Whatever the way, nothing is believed before the server has proved itself as far as the mechanism has it.

use super::features::{Authentication, StreamFeatures};
use super::refusal::{read_failure, refused};
use super::sasl::{
    Credentials, Exchange, Mechanism, Policy, SaslError, Step, TokenMechanism, UPGRADES, Upgrade, choose, downgrade_input,
};
use super::sasl2::{self, Asked, Means};
use super::{Io, WaitsOn};
use crate::proto::base64;
use crate::proto::error::{Code, Error};
use crate::proto::io::{GivenCredentials, Output};
use crate::proto::xml::{Element, Writer, ns};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// RFC 6120, section 6.
    Sasl,
    /// XEP-0388.
    Sasl2,
}

impl Dialect {
    const fn namespace(self) -> &'static str {
        match self {
            Self::Sasl => ns::SASL,
            Self::Sasl2 => ns::SASL2,
        }
    }
}

#[derive(Debug)]
#[allow(clippy::enum_variant_names, reason = "states are named for what they await")]
enum Phase {
    ExpectCredentials { id: u32 },
    ExpectChallenge,
    ExpectKey { id: u32 },
    ExpectSalt { upgrade: Upgrade },
    ExpectUpgradeKey { id: u32, upgrade: Upgrade },
    ExpectOutcome,
}

/// How far an element brought the login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pending,
    /// RFC 6120, section 6.4.6: the stream starts again.
    Success,
    /// XEP-0388: the stream goes on, and this was asked for along with the login.
    InlineSuccess(Asked),
}

/// One attempt to log in.
#[derive(Debug)]
pub(crate) struct Login {
    phase: Phase,
    is_private: bool,
    dialect: Dialect,
    /// The server has refused to speak SASL2.
    is_sasl2_refused: bool,
    /// It only makes the token worthless.
    is_last: bool,
    /// Begun once it is known what to log in with.
    exchange: Option<Exchange>,
    /// The exchange is over, and went well.
    is_proven: bool,
    is_with_token: bool,
    /// For the upgrades, and for the other dialect.
    credentials: Option<Credentials>,
    /// Asked for and not done yet.
    upgrades: Vec<Upgrade>,
    asked: Asked,
}

impl Login {
    /// Logs in with what is known, or asks the app.
    pub(crate) fn begin(offer: &StreamFeatures, is_private: bool, io: &mut Io<'_>) -> Result<Self, Error> {
        let mut login = Self::new(is_private);
        if !login.start_with_token(offer, io)? {
            login.start(offer, io)?;
        }
        Ok(login)
    }

    /// Logs in with the token to make it worthless (XEP-0484, section 3.6); there is no other way to go on.
    pub(crate) fn invalidate(offer: &StreamFeatures, is_private: bool, io: &mut Io<'_>) -> Result<Self, Error> {
        let mut login = Self { is_last: true, is_with_token: true, dialect: Dialect::Sasl2, ..Self::new(is_private) };
        let begun = match token_login(offer, is_private, io) {
            Some((_, mechanism)) => use_token(mechanism, io)?,
            None => None,
        };
        let Some((exchange, initial, means)) = begun else {
            return Err(Error::new(Code::AuthFailed, "the server does not take the token"));
        };
        sasl2::invalidate(&means, &initial, io)?;
        login.exchange = Some(exchange);
        Ok(login)
    }

    fn new(is_private: bool) -> Self {
        Self {
            phase: Phase::ExpectChallenge,
            is_private,
            dialect: Dialect::Sasl,
            is_sasl2_refused: false,
            is_last: false,
            exchange: None,
            is_proven: false,
            is_with_token: false,
            credentials: None,
            upgrades: Vec::new(),
            asked: Asked::default(),
        }
    }

    pub(crate) fn waits_for(&self) -> &'static str {
        match self.phase {
            Phase::ExpectCredentials { .. } => "the app's credentials",
            Phase::ExpectChallenge => "the server's answer to the login",
            Phase::ExpectKey { .. } | Phase::ExpectUpgradeKey { .. } => "key derivation",
            Phase::ExpectSalt { .. } | Phase::ExpectOutcome => "the server to upgrade the login",
        }
    }

    pub(crate) fn waits_on(&self) -> WaitsOn {
        match self.phase {
            Phase::ExpectCredentials { .. } => WaitsOn::App,
            Phase::ExpectKey { .. } | Phase::ExpectUpgradeKey { .. } => WaitsOn::Machine,
            Phase::ExpectChallenge | Phase::ExpectSalt { .. } | Phase::ExpectOutcome => WaitsOn::Server,
        }
    }

    pub(crate) fn handle_credentials(
        &mut self,
        answer: u32,
        given: Result<GivenCredentials, String>,
        offer: &StreamFeatures,
        io: &mut Io<'_>,
    ) -> Result<(), Error> {
        if !matches!(self.phase, Phase::ExpectCredentials { id } if id == answer) {
            return Ok(());
        }
        let given = given.map_err(|why| Error::new(Code::AuthFailed, format!("the credentials callback failed: {why}")))?;
        let account = &io.config.account;
        self.credentials = Some(match given {
            GivenCredentials::Password(password) => {
                Credentials::Password { username: account.local.clone().unwrap_or_default(), password }
            }
            GivenCredentials::Token(token) => Credentials::Token { jid: account.bare(), token },
            GivenCredentials::External => Credentials::External,
        });
        self.start(offer, io)
    }

    /// Handles an element of SASL.
    pub(crate) fn handle_element(
        &mut self,
        element: Element<'_>,
        offer: &StreamFeatures,
        io: &mut Io<'_>,
    ) -> Result<Verdict, Error> {
        if element.namespace() != self.dialect.namespace() {
            return Err(refused(&SaslError::OutOfOrder));
        }
        match (element.name(), &self.phase) {
            ("challenge", Phase::ExpectChallenge) => self.handle_challenge(element, io).map(|()| Verdict::Pending),
            ("success", Phase::ExpectChallenge | Phase::ExpectSalt { .. } | Phase::ExpectOutcome) => {
                self.verify(element, io)?;
                Ok(match self.dialect {
                    Dialect::Sasl => Verdict::Success,
                    Dialect::Sasl2 => Verdict::InlineSuccess(self.asked),
                })
            }
            ("continue", Phase::ExpectChallenge | Phase::ExpectOutcome) if self.dialect == Dialect::Sasl2 => {
                self.verify(element, io)?;
                self.handle_tasks(element, io).map(|()| Verdict::Pending)
            }
            ("task-data", Phase::ExpectSalt { upgrade }) => {
                let upgrade = *upgrade;
                self.handle_salt(upgrade, element, io).map(|()| Verdict::Pending)
            }
            ("failure", Phase::ExpectChallenge | Phase::ExpectSalt { .. } | Phase::ExpectOutcome) => {
                self.handle_failure(element, offer, io).map(|()| Verdict::Pending)
            }
            _ => Err(refused(&SaslError::OutOfOrder)),
        }
    }

    pub(crate) fn handle_key(&mut self, answer: u32, key: Result<Vec<u8>, String>, io: &mut Io<'_>) -> Result<(), Error> {
        let key = key.map_err(|why| Error::new(Code::AuthFailed, format!("the key could not be derived: {why}")));
        match self.phase {
            Phase::ExpectKey { id } if id == answer => {
                let exchange = self.exchange.as_mut().ok_or_else(|| refused(&SaslError::OutOfOrder))?;
                let response = exchange.handle_key(&key?).map_err(|error| refused(&error))?;
                self.phase = Phase::ExpectChallenge;
                self.respond(&response, io)
            }
            Phase::ExpectUpgradeKey { id, upgrade } if id == answer => {
                let key = key?;
                upgrade.accepts(&key).map_err(|error| refused(&error))?;
                self.phase = Phase::ExpectOutcome;
                io.send(sasl2::write_hash(&key))
            }
            // The answer to a question that is no longer open.
            _ => Ok(()),
        }
    }

    /// Logs in with a token, if there is one that the server may take.
    fn start_with_token(&mut self, offer: &StreamFeatures, io: &mut Io<'_>) -> Result<bool, Error> {
        let Some((authentication, mechanism)) = token_login(offer, self.is_private, io) else { return Ok(false) };
        let Some((exchange, initial, means)) = use_token(mechanism, io)? else { return Ok(false) };
        self.asked = sasl2::authenticate(&means, &initial, authentication, io)?;
        self.dialect = Dialect::Sasl2;
        self.exchange = Some(exchange);
        self.is_with_token = true;
        Ok(true)
    }

    /// Logs in with what the app has, which may have to be asked for first.
    fn start(&mut self, offer: &StreamFeatures, io: &mut Io<'_>) -> Result<(), Error> {
        let account = &io.config.account;
        let credentials = match (self.credentials.take(), &account.local, &io.config.password) {
            (Some(credentials), ..) => credentials,
            (None, None, _) => Credentials::Anonymous,
            (None, Some(local), Some(password)) => Credentials::Password { username: local.clone(), password: password.clone() },
            (None, Some(_), None) if io.config.asks_credentials => {
                let id = io.ids.new_number();
                let mechanisms = all_mechanisms(offer);
                io.outputs.push_back(Output::AskCredentials { id, mechanisms, jid: account.bare() });
                self.phase = Phase::ExpectCredentials { id };
                return Ok(());
            }
            (None, Some(_), None) => Credentials::None,
        };
        let (dialect, mechanism) = self.choose(&credentials, offer, io)?;
        if mechanism.is_scram() || mechanism == Mechanism::External {
            // Whoever cannot answer SCRAM is not told the password by a later attempt.
            io.keychain.bar_plain();
        }
        let offered = match (dialect, &offer.authentication) {
            (Dialect::Sasl2, Some(authentication)) => &authentication.mechanisms,
            _ => &offer.mechanisms,
        };
        let offered = downgrade_input(offered, offer.channel_bindings.as_deref());
        let (exchange, initial) = Exchange::start(mechanism, &credentials, &offered, io.ids).map_err(|error| refused(&error))?;
        match (dialect, &offer.authentication) {
            (Dialect::Sasl2, Some(authentication)) => {
                // XEP-0480, section 2.2: the client SHOULD request the upgrades that it knows.
                let is_offered = |upgrade: &Upgrade| authentication.upgrades.iter().any(|task| task == upgrade.task);
                let has_password = matches!(credentials, Credentials::Password { .. });
                self.upgrades = UPGRADES.into_iter().filter(|upgrade| has_password && is_offered(upgrade)).collect();
                let means = Means::Credentials { mechanism: mechanism.as_str(), upgrades: &self.upgrades };
                self.asked = sasl2::authenticate(&means, &initial, authentication, io)?;
            }
            _ => {
                let mut w = Writer::new();
                // RFC 6120, section 6.4.2: an initial response of no bytes is a single `=`.
                let text = if initial.is_empty() { "=".to_owned() } else { base64::encode(&initial) };
                w.open("auth", ns::SASL).attr("mechanism", mechanism.as_str()).text(&text);
                io.send(w)?;
            }
        }
        self.dialect = dialect;
        self.exchange = Some(exchange);
        self.is_with_token = false;
        self.credentials = Some(credentials);
        self.phase = Phase::ExpectChallenge;
        Ok(())
    }

    /// The newer dialect, unless only the older one has something to offer.
    fn choose(&self, credentials: &Credentials, offer: &StreamFeatures, io: &Io<'_>) -> Result<(Dialect, Mechanism), Error> {
        let floor = io.keychain.is_plain_barred().then_some(Mechanism::ScramSha1);
        let policy = Policy { allows_plain: self.is_private, floor };
        let among = |mechanisms: &[String]| choose(mechanisms.iter().map(String::as_str), credentials, &policy);
        // XEP-0388, section 3: clients MUST use SASL2 over TLS only.
        let newer = offer.authentication.as_ref().filter(|_| self.is_private && !self.is_sasl2_refused);
        match newer.map(|authentication| among(&authentication.mechanisms)) {
            Some(Ok(mechanism)) => Ok((Dialect::Sasl2, mechanism)),
            Some(Err(error)) => match among(&offer.mechanisms) {
                Ok(mechanism) => Ok((Dialect::Sasl, mechanism)),
                Err(_) => Err(refused(&error)),
            },
            None => match among(&offer.mechanisms) {
                Ok(mechanism) => Ok((Dialect::Sasl, mechanism)),
                Err(error) => Err(refused(&error)),
            },
        }
    }

    fn handle_challenge(&mut self, element: Element<'_>, io: &mut Io<'_>) -> Result<(), Error> {
        let exchange = self.exchange.as_mut().ok_or_else(|| refused(&SaslError::OutOfOrder))?;
        let challenge = payload(element)?.unwrap_or_default();
        match exchange.handle_challenge(&challenge).map_err(|error| refused(&error))? {
            Step::Respond(response) => self.respond(&response, io),
            Step::DeriveKey(request) => {
                let id = io.ids.new_number();
                io.outputs.push_back(Output::DeriveKey { id, request });
                self.phase = Phase::ExpectKey { id };
                Ok(())
            }
        }
    }

    /// RFC 5802, section 5: the server's signature is verified before anything else is believed.
    fn verify(&mut self, element: Element<'_>, io: &mut Io<'_>) -> Result<(), Error> {
        if self.is_proven {
            return Ok(());
        }
        let additional = match self.dialect {
            Dialect::Sasl => payload(element)?,
            // XEP-0388, sections 2.2 and 2.6.1: an element with nothing in it is data of no bytes, and none is no data.
            Dialect::Sasl2 => {
                element.child("additional-data", ns::SASL2).map(payload).transpose()?.map(Option::unwrap_or_default)
            }
        };
        let exchange = self.exchange.as_mut().ok_or_else(|| refused(&SaslError::OutOfOrder))?;
        self.is_proven = true;
        exchange.handle_success(additional.as_deref()).map_err(|error| {
            if self.is_with_token {
                // Its hash was shown to somebody who does not know it.
                io.keychain.replace_token(None);
            }
            refused(&error)
        })
    }

    /// XEP-0388, section 2.6.3: something is left to do. Each upgrade is done once, so that no server keeps a client busy.
    fn handle_tasks(&mut self, element: Element<'_>, io: &mut Io<'_>) -> Result<(), Error> {
        let tasks: Vec<String> = sasl2::tasks(element).collect();
        match self.upgrades.iter().position(|upgrade| tasks.iter().any(|task| task == upgrade.task)) {
            Some(at) => {
                let upgrade = self.upgrades.remove(at);
                self.phase = Phase::ExpectSalt { upgrade };
                io.send(sasl2::next(upgrade.task))
            }
            None => {
                io.send(sasl2::abort())?;
                Err(Error::new(Code::AuthFailed, "the server demands a further step of the login, which is not supported")
                    .condition("unsupported-task")
                    .remedy("A second factor, for example, cannot be given here; use a token or an account without one."))
            }
        }
    }

    fn handle_salt(&mut self, upgrade: Upgrade, element: Element<'_>, io: &mut Io<'_>) -> Result<(), Error> {
        let salt = sasl2::read_salt(element);
        let (salt, iterations) = salt.ok_or_else(|| refused(&SaslError::Malformed { problem: "an upgrade without a salt" }))?;
        let credentials = self.credentials.as_ref().ok_or_else(|| refused(&SaslError::NoCredentials))?;
        let request = upgrade.key_request(credentials, &salt, &iterations).map_err(|error| refused(&error))?;
        let id = io.ids.new_number();
        io.outputs.push_back(Output::DeriveKey { id, request });
        self.phase = Phase::ExpectUpgradeKey { id, upgrade };
        Ok(())
    }

    /// Where another way is left, the login goes that way: a failure leaves the stream as it was (XEP-0388, section 2.6).
    fn handle_failure(&mut self, failure: Element<'_>, offer: &StreamFeatures, io: &mut Io<'_>) -> Result<(), Error> {
        let mut error = read_failure(failure);
        let condition = error.condition.as_deref().unwrap_or_default();
        if self.is_with_token {
            if self.is_last || condition == "temporary-auth-failure" {
                return Err(error);
            }
            // XEP-0484, section 4.1: the client SHOULD discard the token, and fall back.
            io.keychain.replace_token(None);
            let can_go_on = io.config.password.is_some() || io.config.asks_credentials;
            if condition == "account-disabled" || !can_go_on {
                error.remediation = Some("The token is no longer accepted; log in with the password again.".to_owned());
                return Err(error);
            }
            return self.start(offer, io);
        }
        // What says that SASL2 itself is the trouble, and not who logs in with what.
        let is_about_dialect = matches!(condition, "invalid-mechanism" | "malformed-request" | "mechanism-too-weak");
        if self.dialect == Dialect::Sasl2 && is_about_dialect && !self.is_proven && !offer.mechanisms.is_empty() {
            self.is_sasl2_refused = true;
            return self.start(offer, io);
        }
        Err(error)
    }

    fn respond(&self, response: &[u8], io: &mut Io<'_>) -> Result<(), Error> {
        let mut w = Writer::new();
        w.open("response", self.dialect.namespace()).text(&base64::encode(response));
        io.send(w)
    }
}

/// What of the offer a token can be used with, if there is one.
fn token_login<'a>(offer: &'a StreamFeatures, is_private: bool, io: &Io<'_>) -> Option<(&'a Authentication, TokenMechanism)> {
    // XEP-0484, section 6: FAST MUST only be used over a secure connection.
    let authentication = offer.authentication.as_ref().filter(|_| is_private)?;
    let mechanism = io.keychain.token(io.now.wall_ms)?.mechanism;
    authentication.token_mechanisms.iter().any(|name| name == mechanism.as_str()).then_some((authentication, mechanism))
}

/// Begins the exchange with the token, whose use is counted first.
fn use_token(mechanism: TokenMechanism, io: &mut Io<'_>) -> Result<Option<(Exchange, Vec<u8>, Means<'static>)>, Error> {
    let Some(count) = io.keychain.count_use() else { return Ok(None) };
    let (Some(token), Some(username)) = (io.keychain.token(io.now.wall_ms), &io.config.account.local) else { return Ok(None) };
    let (exchange, initial) = Exchange::start_with_token(mechanism, username, &token.secret).map_err(|error| refused(&error))?;
    let means = Means::Token { mechanism, count, is_ageing: token.is_ageing(io.now.wall_ms) };
    Ok(Some((exchange, initial, means)))
}

/// What the server offers, in either dialect.
fn all_mechanisms(offer: &StreamFeatures) -> Vec<String> {
    let mut all = offer.authentication.as_ref().map(|authentication| authentication.mechanisms.clone()).unwrap_or_default();
    for mechanism in &offer.mechanisms {
        if !all.contains(mechanism) {
            all.push(mechanism.clone());
        }
    }
    all
}

/// `None` where the element is empty, which in RFC 6120 is not the same as a payload of no bytes.
fn payload(element: Element<'_>) -> Result<Option<Vec<u8>>, Error> {
    let text = element.text();
    match text.trim() {
        "" => Ok(None),
        "=" => Ok(Some(Vec::new())),
        text => match base64::decode(text) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(refused(&SaslError::Malformed { problem: "it is not base64" })),
        },
    }
}
