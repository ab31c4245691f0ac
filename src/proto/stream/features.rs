//! Stream features (RFC 6120, section 4.3.2), read by hand: the typed form is large, and fails whole on one unknown part.

use super::super::xml::{Element, ns};

const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";

/// What the server offers on this stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamFeatures {
    /// SASL mechanisms, in the server's order.
    pub(crate) mechanisms: Vec<String>,
    pub(crate) has_bind: bool,
    /// RFC 3921's session, where the server insists on it.
    pub(crate) needs_session: bool,
    pub(crate) has_management: bool,
    /// RFC 6121, section 2.6.1.
    pub(crate) has_roster_versioning: bool,
    /// RFC 6121, section 3.4.
    pub(crate) has_pre_approval: bool,
}

impl StreamFeatures {
    pub(crate) fn read(features: Element<'_>) -> Self {
        let mut found = Self::default();
        for feature in features.children() {
            match (feature.name(), feature.namespace()) {
                ("mechanisms", ns::SASL) => {
                    found.mechanisms = feature
                        .children()
                        .filter(|child| child.is("mechanism", ns::SASL))
                        .map(|child| child.text().trim().to_owned())
                        .collect();
                }
                ("bind", ns::BIND) => found.has_bind = true,
                ("session", ns::SESSION) => found.needs_session = feature.child("optional", ns::SESSION).is_none(),
                ("sm", ns::SM) => found.has_management = true,
                ("ver", ROSTER_VERSIONING) => found.has_roster_versioning = true,
                ("sub", PRE_APPROVAL) => found.has_pre_approval = true,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Limits;
    use super::super::super::xml::parse;
    use super::*;

    #[test]
    fn what_is_known_is_read_and_the_rest_is_let_be() {
        let frame = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
            <mechanism>SCRAM-SHA-1</mechanism><mechanism> PLAIN </mechanism></mechanisms><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
            <session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session><sm xmlns='urn:xmpp:sm:3'/><sm xmlns='urn:xmpp:sm:2'/>\
            <what xmlns='urn:x'/></stream:features>";
        let document = parse(frame, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        let features = StreamFeatures::read(document.root());
        assert_eq!(features.mechanisms, ["SCRAM-SHA-1", "PLAIN"]);
        assert!(features.has_bind && features.has_management && !features.needs_session && !features.has_roster_versioning);
    }
}
