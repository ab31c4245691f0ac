//! What can go wrong in SASL on our side of the wire. The server's own `<failure/>` is the stream's to read.

use std::fmt;

use super::Mechanism;
use super::scram::{MAX_ITERATIONS, MIN_ITERATIONS};

/// A login that we gave up. Names no secret: neither passwords nor what the peers said in the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SaslError {
    /// There is nothing to log in with.
    NoCredentials,
    /// Nothing that the server offers suits the credentials.
    NoCommonMechanism { offered: Vec<String> },
    /// Only sending the secret itself would do, and the connection is in the clear.
    PlainInsecure { offered: Vec<String> },
    /// What is offered now is weaker than what was tried before.
    DowngradeRefused { floor: Mechanism, offered: Vec<String> },
    /// What was offered before the login is not what the server says that it offered.
    DowngradeDetected,
    /// SASLprep, or the grammar of tokens, refuses the `field`, which is "username", "password" or "token".
    BadCredentials { field: &'static str, problem: &'static str },
    /// The server's nonce does not begin with ours, or adds nothing to it.
    NonceMismatch,
    /// So few iterations that whoever sees the proof finds the password.
    TooFewIterations { iterations: u32 },
    /// So many iterations that they would only keep us busy.
    TooManyIterations,
    /// Not what the mechanism's grammar allows.
    Malformed { problem: &'static str },
    /// The server claims success without having shown that it knows the password.
    MissingSignature,
    /// The server's proof is wrong: it does not know the password.
    SignatureMismatch,
    /// The server said `e=`.
    ServerError { error: String },
    /// The server insists on an extension (`m=`), of which there is none.
    ExtensionRefused,
    /// The server, or our own caller, spoke out of turn.
    OutOfOrder,
    /// The server goes on after its last word.
    TooManyChallenges,
    /// Key derivation answered with something that cannot be the key.
    BadKey,
}

impl SaslError {
    /// A stable, kebab-case name.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::NoCredentials => "no-credentials",
            Self::NoCommonMechanism { .. } => "no-common-mechanism",
            Self::PlainInsecure { .. } => "plain-insecure",
            Self::DowngradeRefused { .. } => "downgrade-refused",
            Self::DowngradeDetected => "downgrade-detected",
            Self::BadCredentials { .. } => "bad-credentials",
            Self::NonceMismatch => "nonce-mismatch",
            Self::TooFewIterations { .. } => "iterations-too-low",
            Self::TooManyIterations => "iterations-too-high",
            Self::Malformed { .. } => "malformed-message",
            Self::MissingSignature => "signature-missing",
            Self::SignatureMismatch => "signature-mismatch",
            Self::ServerError { .. } => "server-error",
            Self::ExtensionRefused => "extension-refused",
            Self::OutOfOrder => "challenge-out-of-order",
            Self::TooManyChallenges => "too-many-challenges",
            Self::BadKey => "bad-key",
        }
    }
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str("there are no credentials to log in with"),
            Self::NoCommonMechanism { offered } => {
                write!(f, "the server offers no login mechanism that fits the credentials; it offers {}", list(offered))
            }
            Self::PlainInsecure { offered } => write!(
                f,
                "the secret itself would have to be sent over an insecure connection, which is refused; the server offers {}",
                list(offered)
            ),
            Self::DowngradeRefused { floor, offered } => write!(
                f,
                "after an attempt with SCRAM nothing weaker than {floor} is accepted; the server offers {}",
                list(offered)
            ),
            Self::DowngradeDetected => f.write_str("the list of login mechanisms was changed on its way from the server"),
            Self::BadCredentials { field, problem } => write!(f, "the {field} {problem}"),
            Self::NonceMismatch => f.write_str("the server's nonce does not continue ours"),
            Self::TooFewIterations { iterations } => {
                write!(f, "the server asks for {iterations} iterations; fewer than {MIN_ITERATIONS} would expose the password")
            }
            Self::TooManyIterations => write!(f, "the server asks for more than {MAX_ITERATIONS} iterations"),
            Self::Malformed { problem } => write!(f, "the server's login message is malformed: {problem}"),
            Self::MissingSignature => f.write_str("the server claims success without proof that it knows the password"),
            Self::SignatureMismatch => f.write_str("the server's proof that it knows the password is wrong"),
            Self::ServerError { error } => write!(f, "the server refused the login: {error}"),
            Self::ExtensionRefused => f.write_str("the server demands an extension of SCRAM that does not exist"),
            Self::OutOfOrder => f.write_str("a login message came out of turn"),
            Self::TooManyChallenges => f.write_str("the server goes on with the login after its last message"),
            Self::BadKey => f.write_str("key derivation gave a key of the wrong length"),
        }
    }
}

impl std::error::Error for SaslError {}

/// Mechanism names fit to be shown: a peer's text, so its characters (RFC 4422, section 3.1), length and number are bounded.
pub(super) fn printable_names(names: &[&str]) -> Vec<String> {
    const MAX_NAMES: usize = 16;
    const MAX_LENGTH: usize = 32;
    names.iter().take(MAX_NAMES).map(|name| printable(name, MAX_LENGTH)).collect()
}

/// At most `max` characters of `text`, with a question mark for whatever is not visible ASCII.
pub(super) fn printable(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
