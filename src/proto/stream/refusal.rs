//! Logins that ended: ours to refuse, or the server's (RFC 6120, section 6.5), with what can be done about it.

use super::conditions::Conditions;
use super::sasl::SaslError;
use crate::proto::error::{Code, Error};
use crate::proto::xml::{Element, ns};

/// A login that we gave up.
pub(crate) fn refused(error: &SaslError) -> Error {
    let (code, remediation) = match error {
        SaslError::PlainInsecure { .. } => (Code::Insecure, Some("Connect over wss://.")),
        SaslError::BadCredentials { .. } => (Code::InvalidArgument, None),
        SaslError::NoCredentials => {
            (Code::AuthFailed, Some("Pass password or credentials; for an anonymous login pass the host alone as jid."))
        }
        SaslError::NonceMismatch | SaslError::MissingSignature | SaslError::SignatureMismatch | SaslError::DowngradeDetected => (
            Code::AuthFailed,
            Some("Something between you and the server may be pretending to be it. Do not enter the password elsewhere."),
        ),
        SaslError::TooFewIterations { .. } => {
            (Code::AuthFailed, Some("Ask the server's operator to raise the iteration count of SCRAM."))
        }
        SaslError::DowngradeRefused { .. } => (
            Code::AuthFailed,
            Some(
                "If the server's operator says that this is meant, account.logout() forgets what the account was logged in with before.",
            ),
        ),
        _ => (Code::AuthFailed, None),
    };
    let mut out = Error::new(code, error.to_string()).condition(error.reason());
    out.remediation = remediation.map(ToOwned::to_owned);
    out
}

/// RFC 6120, section 6.5, also for SASL2 (XEP-0388, section 2.6.2), which has the text in a namespace of its own; some servers put the
/// condition there too. A condition that is not known counts as not-authorized.
pub(crate) fn read_failure(failure: Element<'_>) -> Error {
    let conditions = Conditions::read(failure, &[ns::SASL, ns::SASL2]);
    let mut error = conditions.into_error(Code::AuthFailed, "the server refused the login", "not-authorized");
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
