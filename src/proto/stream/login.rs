//! SASL on the wire (RFC 6120, section 6): which mechanism, and the exchange as elements.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Io;
use super::conditions::Conditions;
use super::sasl::{Credentials, Exchange, Mechanism, Policy, SaslError, Step, choose};
use crate::proto::error::{Code, Error};
use crate::proto::io::Output;
use crate::proto::xml::{Element, Writer, ns};

#[derive(Debug)]
#[allow(clippy::enum_variant_names, reason = "states are named for what they await")]
enum Phase {
    ExpectCredentials { id: u32, mechanisms: Vec<String> },
    ExpectChallenge,
    ExpectKey { id: u32 },
}

/// One attempt to log in.
#[derive(Debug)]
pub(crate) struct Login {
    phase: Phase,
    /// Begun once the credentials are known.
    exchange: Option<Exchange>,
    is_private: bool,
}

impl Login {
    /// Logs in with what is known, or asks the app.
    pub(crate) fn begin(
        mechanisms: Vec<String>,
        is_private: bool,
        io: &mut Io<'_>,
        floor: &mut Option<Mechanism>,
    ) -> Result<Self, Error> {
        let account = &io.config.account;
        let credentials = match (&account.local, &io.config.password) {
            (None, _) => Credentials::Anonymous,
            (Some(local), Some(password)) => Credentials::Password { username: local.clone(), password: password.clone() },
            (Some(_), None) if io.config.asks_credentials => {
                let id = io.ids.new_number();
                io.outputs.push_back(Output::AskCredentials { id, mechanisms: mechanisms.clone(), jid: account.bare() });
                return Ok(Self { phase: Phase::ExpectCredentials { id, mechanisms }, exchange: None, is_private });
            }
            (Some(_), None) => Credentials::None,
        };
        let exchange = start(&mechanisms, &credentials, is_private, io, floor)?;
        Ok(Self { phase: Phase::ExpectChallenge, exchange: Some(exchange), is_private })
    }

    pub(crate) fn waits_for(&self) -> &'static str {
        match self.phase {
            Phase::ExpectCredentials { .. } => "the app's credentials",
            Phase::ExpectChallenge => "the server's answer to the login",
            Phase::ExpectKey { .. } => "key derivation",
        }
    }

    pub(crate) fn handle_credentials(
        &mut self,
        answer: u32,
        password: Result<String, String>,
        io: &mut Io<'_>,
        floor: &mut Option<Mechanism>,
    ) -> Result<(), Error> {
        let Phase::ExpectCredentials { id, mechanisms } = &mut self.phase else { return Ok(()) };
        if *id != answer {
            return Ok(());
        }
        let password = password.map_err(|why| Error::new(Code::AuthFailed, format!("the credentials callback failed: {why}")))?;
        let username = io.config.account.local.clone().unwrap_or_default();
        let mechanisms = std::mem::take(mechanisms);
        let exchange = start(&mechanisms, &Credentials::Password { username, password }, self.is_private, io, floor)?;
        self.exchange = Some(exchange);
        self.phase = Phase::ExpectChallenge;
        Ok(())
    }

    /// Handles an element of SASL. `true`: logged in, and the server has proved itself.
    pub(crate) fn handle_element(&mut self, element: Element<'_>, io: &mut Io<'_>) -> Result<bool, Error> {
        let (Phase::ExpectChallenge, Some(exchange)) = (&self.phase, &mut self.exchange) else {
            return Err(refused(&SaslError::OutOfOrder));
        };
        match element.name() {
            "challenge" => {
                let step = exchange.handle_challenge(&payload(element)?.unwrap_or_default()).map_err(|error| refused(&error))?;
                match step {
                    Step::Respond(response) => respond(&response, io)?,
                    Step::DeriveKey(request) => {
                        let id = io.ids.new_number();
                        io.outputs.push_back(Output::DeriveKey { id, request });
                        self.phase = Phase::ExpectKey { id };
                    }
                }
                Ok(false)
            }
            "success" => {
                // RFC 5802, section 5: the server's signature is verified before anything else is believed.
                exchange.handle_success(payload(element)?.as_deref()).map_err(|error| refused(&error))?;
                Ok(true)
            }
            "failure" => Err(read_failure(element)),
            _ => Err(refused(&SaslError::OutOfOrder)),
        }
    }

    pub(crate) fn handle_key(&mut self, answer: u32, key: Result<Vec<u8>, String>, io: &mut Io<'_>) -> Result<(), Error> {
        let (Phase::ExpectKey { id }, Some(exchange)) = (&self.phase, &mut self.exchange) else { return Ok(()) };
        if *id != answer {
            return Ok(());
        }
        let key = key.map_err(|why| Error::new(Code::AuthFailed, format!("the key could not be derived: {why}")))?;
        let response = exchange.handle_key(&key).map_err(|error| refused(&error))?;
        self.phase = Phase::ExpectChallenge;
        respond(&response, io)
    }
}

fn start(
    mechanisms: &[String],
    credentials: &Credentials,
    is_private: bool,
    io: &mut Io<'_>,
    floor: &mut Option<Mechanism>,
) -> Result<Exchange, Error> {
    let policy = Policy { allows_plain: is_private, floor: *floor };
    let mechanism = choose(mechanisms.iter().map(String::as_str), credentials, &policy).map_err(|error| refused(&error))?;
    if mechanism.is_scram() {
        // Whoever cannot answer SCRAM is not told the password by a later attempt.
        *floor = Some(Mechanism::ScramSha1);
    }
    let (exchange, initial) = Exchange::start(mechanism, credentials, io.ids).map_err(|error| refused(&error))?;
    let mut w = Writer::new();
    w.open("auth", ns::SASL).attr("mechanism", mechanism.as_str());
    if let Some(initial) = initial {
        w.text(&encode(&initial));
    }
    io.send(w)?;
    Ok(exchange)
}

fn respond(response: &[u8], io: &mut Io<'_>) -> Result<(), Error> {
    let mut w = Writer::new();
    w.open("response", ns::SASL);
    if !response.is_empty() {
        w.text(&BASE64.encode(response));
    }
    io.send(w)
}

/// RFC 6120, section 6.4.2: an initial response of no bytes is a single `=`.
fn encode(initial: &[u8]) -> String {
    if initial.is_empty() { "=".to_owned() } else { BASE64.encode(initial) }
}

/// `None` where the element is empty, which is not the same as a payload of no bytes.
fn payload(element: Element<'_>) -> Result<Option<Vec<u8>>, Error> {
    let text = element.text();
    match text.trim() {
        "" => Ok(None),
        "=" => Ok(Some(Vec::new())),
        text => match BASE64.decode(text) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(refused(&SaslError::Malformed { problem: "it is not base64" })),
        },
    }
}

fn refused(error: &SaslError) -> Error {
    let (code, remediation) = match error {
        SaslError::PlainInsecure { .. } => (Code::Insecure, Some("Connect over wss://.")),
        SaslError::BadCredentials { .. } => (Code::InvalidArgument, None),
        SaslError::NoCredentials => {
            (Code::AuthFailed, Some("Pass password or credentials; for an anonymous login pass the host alone as jid."))
        }
        SaslError::NonceMismatch | SaslError::MissingSignature | SaslError::SignatureMismatch => (
            Code::AuthFailed,
            Some("Something between you and the server may be pretending to be it. Do not enter the password elsewhere."),
        ),
        SaslError::TooFewIterations { .. } => {
            (Code::AuthFailed, Some("Ask the server's operator to raise the iteration count of SCRAM."))
        }
        _ => (Code::AuthFailed, None),
    };
    let mut out = Error::new(code, error.to_string()).condition(error.reason());
    out.remediation = remediation.map(ToOwned::to_owned);
    out
}

/// RFC 6120, section 6.5. A condition that is not known counts as not-authorized.
fn read_failure(failure: Element<'_>) -> Error {
    let mut error =
        Conditions::read(failure, ns::SASL).into_error(Code::AuthFailed, "the server refused the login", "not-authorized");
    error.remediation = match error.condition.as_deref() {
        Some("not-authorized") => Some("Check the user name and the password."),
        Some("account-disabled") => Some("The account is disabled; its server's operator can say why."),
        Some("credentials-expired") => Some("The password has expired; set a new one."),
        Some("temporary-auth-failure") => Some("The server cannot check passwords right now; try again later."),
        _ => None,
    }
    .map(ToOwned::to_owned);
    error
}
