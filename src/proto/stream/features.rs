//! Stream features (RFC 6120, section 4.3.2), read by hand: the typed form is large, and fails whole on one unknown part.
//!
//! Also what SASL2 can do on the way (XEP-0388 version 1.0.4, section 2.1): Bind 2 (XEP-0386 version 1.1.0), resumption (XEP-0198), FAST
//! (XEP-0484 version 0.2.0), upgrades (XEP-0480 version 0.2.0). Channel bindings (XEP-0440 version 1.0.0) are read as an input of XEP-0474
//! alone; there is none to choose, since page code cannot see the TLS connection, so section 3's rules for choosing one have no place here.

use super::super::features::SWITCHED_ON;
use super::super::xml::{Element, ns};

const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
const LIMITS: &str = "urn:xmpp:stream-limits:0";

/// What the server offers on this stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamFeatures {
    /// SASL mechanisms, in the server's order.
    pub(crate) mechanisms: Vec<String>,
    /// SASL2.
    pub(crate) authentication: Option<Authentication>,
    /// Types of channel binding, where the server lists them.
    pub(crate) channel_bindings: Option<Vec<String>>,
    pub(crate) has_bind: bool,
    /// RFC 3921's session, where the server insists on it.
    pub(crate) needs_session: bool,
    pub(crate) has_management: bool,
    /// RFC 6121, section 2.6.1.
    pub(crate) has_roster_versioning: bool,
    /// RFC 6121, section 3.4.
    pub(crate) has_pre_approval: bool,
    /// XEP-0352.
    pub(crate) has_client_state: bool,
    pub(crate) limits: StreamLimits,
}

/// What the server lets pass (XEP-0478 version 0.2.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamLimits {
    /// The largest element in bytes.
    pub(crate) max_bytes: Option<u32>,
    /// Silence of ours after which the server looks, or closes.
    pub(crate) idle_seconds: Option<u32>,
}

/// SASL2, and what goes along with a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Authentication {
    pub(crate) mechanisms: Vec<String>,
    /// Mechanisms of FAST.
    pub(crate) token_mechanisms: Vec<String>,
    pub(crate) has_resumption: bool,
    pub(crate) bind: Option<InlineBind>,
    /// Tasks of XEP-0480.
    pub(crate) upgrades: Vec<String>,
}

/// Bind 2, and what of it goes along: client state would save a frame of a page that is hidden while it logs in, and is told behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InlineBind {
    pub(crate) has_management: bool,
    /// What features want switched on.
    pub(crate) switches: Vec<&'static str>,
}

impl StreamFeatures {
    pub(crate) fn read(features: Element<'_>) -> Self {
        let mut found = Self::default();
        for feature in features.children() {
            match (feature.name(), feature.namespace()) {
                ("mechanisms", ns::SASL) => found.mechanisms = texts(feature, "mechanism", ns::SASL),
                ("authentication", ns::SASL2) => found.authentication = Some(Authentication::read(feature)),
                ("sasl-channel-binding", CHANNEL_BINDING) => {
                    let bindings = feature.children().filter(|child| child.is("channel-binding", CHANNEL_BINDING));
                    found.channel_bindings =
                        Some(bindings.filter_map(|binding| binding.attr("type")).map(ToOwned::to_owned).collect());
                }
                ("bind", ns::BIND) => found.has_bind = true,
                ("session", ns::SESSION) => found.needs_session = feature.child("optional", ns::SESSION).is_none(),
                ("sm", ns::SM) => found.has_management = true,
                ("ver", ROSTER_VERSIONING) => found.has_roster_versioning = true,
                ("sub", PRE_APPROVAL) => found.has_pre_approval = true,
                ("csi", ns::CLIENT_STATE) => found.has_client_state = true,
                ("limits", LIMITS) => found.limits = StreamLimits::read(feature),
                _ => {}
            }
        }
        found
    }
}

impl StreamLimits {
    fn read(limits: Element<'_>) -> Self {
        let number = |name| limits.child(name, LIMITS)?.text().trim().parse().ok();
        Self { max_bytes: number("max-bytes"), idle_seconds: number("idle-seconds") }
    }
}

impl Authentication {
    fn read(authentication: Element<'_>) -> Self {
        let mut found = Self {
            mechanisms: texts(authentication, "mechanism", ns::SASL2),
            upgrades: texts(authentication, "upgrade", ns::SASL_UPGRADE),
            ..Self::default()
        };
        for feature in authentication.child("inline", ns::SASL2).into_iter().flat_map(Element::children) {
            match (feature.name(), feature.namespace()) {
                // XEP-0198, section 9.2, names it <sm/>; an older text of it said <resume/>.
                ("sm" | "resume", ns::SM) => found.has_resumption = true,
                ("bind", ns::BIND2) => found.bind = Some(InlineBind::read(feature)),
                ("fast", ns::FAST) => found.token_mechanisms = texts(feature, "mechanism", ns::FAST),
                _ => {}
            }
        }
        found
    }
}

impl InlineBind {
    fn read(bind: Element<'_>) -> Self {
        let features = bind.child("inline", ns::BIND2).into_iter().flat_map(Element::children);
        let mut found = Self::default();
        for name in features.filter(|child| child.is("feature", ns::BIND2)).filter_map(|child| child.attr("var")) {
            found.has_management |= name == ns::SM;
            found.switches.extend(SWITCHED_ON.iter().find(|known| **known == name));
        }
        found
    }
}

/// What the children of that name say, in their order.
fn texts(element: Element<'_>, name: &str, namespace: &str) -> Vec<String> {
    element.children().filter(|child| child.is(name, namespace)).map(|child| child.text().trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Limits;
    use super::super::super::xml::parse;
    use super::*;

    fn read(features: &str) -> StreamFeatures {
        let frame = format!("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{features}</stream:features>");
        let document = parse(&frame, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        StreamFeatures::read(document.root())
    }

    #[test]
    fn what_is_known_is_read_and_the_rest_is_let_be() {
        let features = read(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism> PLAIN </mechanism>\
             </mechanisms><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
             <session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session><sm xmlns='urn:xmpp:sm:3'/><sm xmlns='urn:xmpp:sm:2'/>\
             <what xmlns='urn:x'/>",
        );
        assert_eq!(features.mechanisms, ["SCRAM-SHA-1", "PLAIN"]);
        assert!(features.has_bind && features.has_management && !features.needs_session && !features.has_roster_versioning);
        assert_eq!((features.authentication, features.channel_bindings), (None, None));
    }

    #[test]
    fn sasl2_is_read_with_all_that_goes_along_with_it() {
        // XEP-0388, section 2.1; XEP-0386, section 3.1; XEP-0198, section 9; XEP-0484, section 3.1; XEP-0480, section 2.1.
        let features = read(
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism><inline>\
             <sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>\
             <feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/><feature/></inline></bind>\
             <fast xmlns='urn:xmpp:fast:0' tls-0rtt='true'><mechanism>HT-SHA-256-NONE</mechanism><mechanism>HT-SHA-256-ENDP</mechanism></fast>\
             <what xmlns='urn:x'/></inline><upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade></authentication>",
        );
        assert_eq!(
            features.authentication,
            Some(Authentication {
                mechanisms: vec!["SCRAM-SHA-1".to_owned(), "PLAIN".to_owned()],
                token_mechanisms: vec!["HT-SHA-256-NONE".to_owned(), "HT-SHA-256-ENDP".to_owned()],
                has_resumption: true,
                bind: Some(InlineBind { has_management: true, switches: SWITCHED_ON.to_vec() }),
                upgrades: vec!["UPGR-SCRAM-SHA-256".to_owned()],
            })
        );
    }

    #[test]
    fn what_stands_in_another_namespace_or_place_offers_nothing() {
        let features = read(
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism xmlns='urn:x'>PLAIN</mechanism><sm xmlns='urn:xmpp:sm:3'/>\
             <inline xmlns='urn:x'><sm xmlns='urn:xmpp:sm:3'/></inline><inline><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></inline>\
             </authentication>",
        );
        assert_eq!(features.authentication, Some(Authentication::default()));
    }

    #[test]
    fn limits_are_read_one_by_one_and_an_unreadable_one_is_none() {
        // XEP-0478, section 3.1: both are optional.
        let limits = |inner: &str| read(&format!("<limits xmlns='urn:xmpp:stream-limits:0'>{inner}</limits>")).limits;
        let both = limits("<max-bytes>10000</max-bytes><idle-seconds> 1800 </idle-seconds>");
        assert_eq!(both, StreamLimits { max_bytes: Some(10_000), idle_seconds: Some(1_800) });
        assert_eq!(limits("<max-bytes>-1</max-bytes><idle-seconds>60</idle-seconds>").max_bytes, None);
        assert_eq!(read("").limits, StreamLimits::default());
    }

    #[test]
    fn channel_bindings_and_client_state_are_read() {
        // XEP-0440, section 2; XEP-0352, section 4.
        let features = read(
            "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding/></sasl-channel-binding>\
             <csi xmlns='urn:xmpp:csi:0'/>",
        );
        assert_eq!(features.channel_bindings, Some(vec!["tls-exporter".to_owned()]));
        assert!(features.has_client_state);
    }
}
