//! Stanza errors (RFC 6120, section 8.3), read and written.
//!
//! Read: condition, type, text, `by`, the address that gone and redirect carry, the first application-specific condition,
//! and the bare error codes of servers older than RFC 3920 (XEP-0086). Written: condition, its type, text.

use super::error::{ApplicationCondition, Code, Error, ErrorType};
use super::xml::{Element, Writer, ns};

macro_rules! conditions {
    ($($variant:ident $name:literal $kind:ident $remediation:expr,)*) => {
        /// The conditions of RFC 6120, section 8.3.3.
        #[allow(clippy::enum_variant_names, reason = "one of them is called undefined-condition")]
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

            fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The error type that goes with the condition.
            pub(crate) fn kind(self) -> ErrorType {
                match self {
                    $(Self::$variant => ErrorType::$kind,)*
                }
            }

            /// What can be done about it, where something useful can be said.
            fn remediation(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $remediation,)*
                }
            }
        }
    };
}

conditions! {
    BadRequest "bad-request" Modify None,
    Conflict "conflict" Cancel Some("Choose another name: something with this one exists already."),
    FeatureNotImplemented "feature-not-implemented" Cancel Some("The other side cannot do this: ask its disco information before."),
    Forbidden "forbidden" Auth Some("Ask an owner or administrator for the permission."),
    Gone "gone" Cancel Some("Use the new address, if one is given, and forget this one."),
    InternalServerError "internal-server-error" Cancel Some("Tell whoever runs the server."),
    ItemNotFound "item-not-found" Cancel Some("Check the address and the name of what was asked for."),
    JidMalformed "jid-malformed" Modify Some("Correct the address: it is not a JID that the server takes."),
    NotAcceptable "not-acceptable" Modify None,
    NotAllowed "not-allowed" Cancel None,
    NotAuthorized "not-authorized" Auth Some("Give the credentials that are asked for, such as a room's password."),
    PolicyViolation "policy-violation" Modify Some("Send less, or less often: the text says which rule was broken, if the server tells."),
    RecipientUnavailable "recipient-unavailable" Wait Some("Try again when the recipient is online."),
    Redirect "redirect" Modify Some("Use the address that is given instead, for the time being."),
    RegistrationRequired "registration-required" Auth Some("Register with the service first."),
    RemoteServerNotFound "remote-server-not-found" Cancel Some("Check the part after @: no XMPP server answers for it."),
    RemoteServerTimeout "remote-server-timeout" Wait Some("Try again later: the other server cannot be reached now."),
    ResourceConstraint "resource-constraint" Wait Some("Try again later, or send less."),
    ServiceUnavailable "service-unavailable" Cancel
        Some("Check the address: nobody is reached there, or the service does not offer this."),
    SubscriptionRequired "subscription-required" Auth Some("Subscribe to the contact's presence first."),
    UndefinedCondition "undefined-condition" Cancel None,
    UnexpectedRequest "unexpected-request" Wait None,
}

/// Reads the `<error/>` of a stanza of type error. A stanza without one is an undefined-condition, and whatever is broken in
/// it costs only that field.
pub(crate) fn read(stanza: Element<'_>) -> Error {
    let mut found = Found::default();
    if let Some(element) = stanza.child("error", ns::CLIENT) {
        found.read(element);
    }
    found.into_error()
}

/// Writes an `<error/>` into the open stanza.
pub(crate) fn write(w: &mut Writer, condition: Condition, text: Option<&str>) {
    w.open("error", ns::CLIENT).attr("type", condition.kind().as_str()).empty(condition.as_str(), ns::STANZA_ERRORS);
    if let Some(text) = text {
        w.leaf("text", ns::STANZA_ERRORS, text);
    }
    w.close();
}

#[derive(Default)]
struct Found<'a> {
    /// What the peer called it, which may be a condition that RFC 6120 does not know.
    condition: Option<&'a str>,
    kind: Option<ErrorType>,
    text: Option<String>,
    by: Option<&'a str>,
    address: Option<String>,
    application_condition: Option<ApplicationCondition>,
}

impl<'a> Found<'a> {
    fn read(&mut self, element: Element<'a>) {
        self.kind = element.attr("type").and_then(ErrorType::parse);
        self.by = element.attr("by").filter(|by| !by.is_empty());
        for child in element.children() {
            match (child.namespace(), child.name()) {
                // RFC 6120, section 8.3.2: one text, so that there is no language to choose.
                (ns::STANZA_ERRORS, "text") => self.text = self.text.take().or_else(|| filled(child)),
                (ns::STANZA_ERRORS, name) if self.condition.is_none() => {
                    self.condition = Some(name);
                    if matches!(Condition::parse(name), Some(Condition::Gone | Condition::Redirect)) {
                        self.address = filled(child);
                    }
                }
                (ns::STANZA_ERRORS, _) => {}
                (xmlns, name) if self.application_condition.is_none() => {
                    self.application_condition = Some(ApplicationCondition { name: name.to_owned(), xmlns: xmlns.to_owned() });
                }
                _ => {}
            }
        }
        if self.condition.is_none() {
            self.condition = element.attr("code").and_then(condition_of_code).map(Condition::as_str);
            self.text = self.text.take().or_else(|| filled(element));
        }
    }

    fn into_error(self) -> Error {
        let name = self.condition.unwrap_or(Condition::UndefinedCondition.as_str());
        let known = Condition::parse(name);
        let kind = self.kind.or(known.map(Condition::kind));
        let mut message = format!("the peer answered: {name}");
        if let Some(kind) = kind {
            message.push_str(&format!(" ({})", kind.as_str()));
        }
        for detail in self.text.iter().chain(&self.address) {
            message.push_str(": ");
            message.push_str(detail);
        }
        let mut error = Error::new(Code::StanzaError, message).condition(name);
        error.kind = kind;
        error.text = self.text;
        error.by = self.by.map(ToOwned::to_owned);
        error.alternate_address = self.address;
        error.application_condition = self.application_condition;
        error.remediation = known.and_then(Condition::remediation).map(ToOwned::to_owned);
        error
    }
}

/// The text directly inside, unless it is white space alone.
fn filled(element: Element<'_>) -> Option<String> {
    let text = element.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What the codes of the time before RFC 3920 mean (XEP-0086, section 3).
fn condition_of_code(code: &str) -> Option<Condition> {
    Some(match code {
        "302" => Condition::Redirect,
        "400" => Condition::BadRequest,
        "401" => Condition::NotAuthorized,
        "403" => Condition::Forbidden,
        "404" => Condition::ItemNotFound,
        "405" => Condition::NotAllowed,
        "406" => Condition::NotAcceptable,
        "407" => Condition::RegistrationRequired,
        "408" | "504" => Condition::RemoteServerTimeout,
        "409" => Condition::Conflict,
        "500" => Condition::InternalServerError,
        "501" => Condition::FeatureNotImplemented,
        "502" | "503" | "510" => Condition::ServiceUnavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::config::Limits;
    use super::super::xml::parse;
    use super::*;

    fn read_text(stanza: &str) -> Error {
        let document = parse(stanza, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}: {stanza}"));
        read(document.root())
    }

    fn read_inside(error: &str) -> Error {
        read_text(&format!("<iq xmlns='jabber:client' type='error' id='1'>{error}</iq>"))
    }

    #[test]
    fn all_22_conditions_come_back_as_they_were_written() {
        assert_eq!(Condition::ALL.len(), 22);
        for condition in Condition::ALL {
            for text in [None, Some("Why <&> so")] {
                let mut w = Writer::new();
                w.open("iq", ns::CLIENT);
                write(&mut w, *condition, text);
                let error = read_text(&w.finish().unwrap());
                assert_eq!(error.code, Code::StanzaError);
                assert_eq!(error.condition.as_deref(), Some(condition.as_str()));
                assert_eq!(error.kind, Some(condition.kind()));
                assert_eq!(error.text.as_deref(), text);
                assert!(error.message.contains(condition.as_str()), "{}", error.message);
            }
        }
    }

    #[test]
    fn every_field_of_an_error_is_read() {
        let error = read_inside(
            "<query xmlns='urn:echo'/><error type='wait' by='example.net'>\
             <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Slow down</text>\
             <too-many xmlns='urn:limits'/><ignored xmlns='urn:second'/></error>",
        );
        assert_eq!(error.message, "the peer answered: policy-violation (wait): Slow down");
        assert_eq!(error.kind, Some(ErrorType::Wait));
        assert_eq!(error.by.as_deref(), Some("example.net"));
        let application = error.application_condition.clone().unwrap();
        assert_eq!((application.name.as_str(), application.xmlns.as_str()), ("too-many", "urn:limits"));
        assert!(error.remediation.is_some());
    }

    #[test]
    fn gone_and_redirect_say_where_to_go() {
        for name in ["gone", "redirect"] {
            let error = read_inside(&format!(
                "<error><{name} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@example.org</{name}></error>"
            ));
            assert_eq!(error.alternate_address.as_deref(), Some("xmpp:romeo@example.org"));
        }
    }

    #[test]
    fn a_condition_that_nobody_knows_is_passed_through() {
        let error = read_inside("<error type='cancel'><payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
        assert_eq!(error.condition.as_deref(), Some("payment-required"));
        assert_eq!(error.kind, Some(ErrorType::Cancel));
    }

    #[test]
    fn a_type_that_is_missing_or_odd_falls_back_to_that_of_the_condition() {
        for error in ["<error>", "<error type=''>", "<error type='fatal'>"] {
            let error = read_inside(&format!("{error}<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"));
            assert_eq!(error.kind, Some(ErrorType::Auth));
            let error = read_inside("<error type='fatal'><odd xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
            assert_eq!(error.kind, None);
        }
    }

    #[test]
    fn an_error_without_a_condition_is_undefined() {
        for error in ["", "<error/>", "<error type='cancel'/>", "<error code='999'/>", "<error xmlns='urn:other'/>"] {
            assert_eq!(read_inside(error).condition.as_deref(), Some("undefined-condition"), "{error}");
        }
    }

    #[test]
    fn a_bare_code_of_an_old_server_becomes_its_condition() {
        let error = read_inside("<error code='404'>Not Found</error>");
        assert_eq!(error.condition.as_deref(), Some("item-not-found"));
        assert_eq!(error.text.as_deref(), Some("Not Found"));
        let error = read_inside("<error code='404' type='wait'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
        assert_eq!(error.condition.as_deref(), Some("gone"));
    }
}
