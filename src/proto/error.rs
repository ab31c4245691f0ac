//! One error type, as JavaScript sees it: who erred, what happened, and what to do.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Serialize;

/// The stable, kebab-case name of what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    // The caller erred.
    InvalidArgument,
    NotConnected,
    Insecure,
    Aborted,
    // The peer said no, or said nonsense.
    AuthFailed,
    StanzaError,
    StreamError,
    ProtocolError,
    LimitExceeded,
    UnreadableStanza,
    // The network failed.
    DiscoveryFailed,
    ConnectionFailed,
    ConnectionLost,
    Timeout,
    DeliveryUnknown,
    // The browser failed.
    StorageFailed,
}

/// What is offered to do about a stanza error (RFC 6120, section 8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorType {
    Auth,
    Cancel,
    Continue,
    Modify,
    Wait,
}

impl ErrorType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Auth, Self::Cancel, Self::Continue, Self::Modify, Self::Wait].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An application-specific condition inside a stanza, stream or SASL error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationCondition {
    pub name: String,
    pub xmlns: String,
}

/// A part of an archive, between two of its ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub after: String,
    /// Left out: up to the moment when this is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// What went wrong. Never carries a password, a token or a SASL payload.
///
/// No larger than a pointer, since nearly all that is called returns one or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Error(Box<ErrorDetails>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorDetails {
    pub code: Code,
    /// What happened, in a sentence.
    pub message: String,
    /// XMPP's own name: one of RFC 6120's stanza error conditions, or the stream's or SASL's condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ErrorType>,
    /// The peer's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who made the error, where the peer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// With gone and redirect: where to go instead (RFC 6120, sections 8.3.3.5 and 8.3.3.14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_condition: Option<ApplicationCondition>,
    /// Between which messages of the account's archive some were missed, and not fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Box<Missing>>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Error>,
}

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorDetails {
            code,
            message: message.into(),
            condition: None,
            kind: None,
            text: None,
            by: None,
            alternate_address: None,
            missing: None,
            application_condition: None,
            remediation: None,
            cause: None,
        }))
    }

    /// The caller passed something that cannot be used.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// The command needs a connection.
    pub(crate) fn not_connected() -> Self {
        Self::new(Code::NotConnected, "the client is not connected").remedy("Call connect() first and wait for it.")
    }

    pub(crate) fn remedy(mut self, remediation: impl Into<String>) -> Self {
        self.remediation = Some(remediation.into());
        self
    }

    pub(crate) fn condition(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    pub(crate) fn because(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl Deref for Error {
    type Target = ErrorDetails;

    fn deref(&self) -> &ErrorDetails {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut ErrorDetails {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
