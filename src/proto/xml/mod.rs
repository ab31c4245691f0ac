//! The only place where text becomes XML and XML becomes text (I5).
//!
//! In: [`read`] makes a tree of a frame, which borrows the frame, and names its root; [`Element`] reads the tree. Out: [`Writer`] is
//! the one serialiser; it cannot panic, and refuses what XML forbids.

mod document;
mod parser;
mod tree;
mod writer;

pub(crate) use document::Element;
pub(crate) use parser::{Reading, XmlFault, parse, parse_stored, read, root_of};
pub use tree::StanzaTree;
pub(crate) use tree::read_command;
pub(crate) use writer::{Writer, last_end_tag, with_last_child};

/// The namespaces that more than one module names.
pub(crate) mod ns {
    pub(crate) const CLIENT: &str = "jabber:client";
    pub(crate) const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
    pub(crate) const STREAM: &str = "http://etherx.jabber.org/streams";
    pub(crate) const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
    pub(crate) const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    pub(crate) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
    pub(crate) const SASL2: &str = "urn:xmpp:sasl:2";
    pub(crate) const SASL_UPGRADE: &str = "urn:xmpp:sasl:upgrade:0";
    pub(crate) const FAST: &str = "urn:xmpp:fast:0";
    pub(crate) const BIND2: &str = "urn:xmpp:bind:0";
    pub(crate) const CLIENT_STATE: &str = "urn:xmpp:csi:0";
    pub(crate) const FORWARD: &str = "urn:xmpp:forward:0";
    pub(crate) const DELAY: &str = "urn:xmpp:delay";
    pub(crate) const STANZA_IDS: &str = "urn:xmpp:sid:0";
    pub(crate) const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
    pub(crate) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
    pub(crate) const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
    pub(crate) const SM: &str = "urn:xmpp:sm:3";
    pub(crate) const RETRACTION: &str = "urn:xmpp:message-retract:1";
    pub(crate) const REACTIONS: &str = "urn:xmpp:reactions:0";
    pub(crate) const REPLY: &str = "urn:xmpp:reply:0";
    pub(crate) const SHARING: &str = "urn:xmpp:sfs:0";
    pub(crate) const FILE_METADATA: &str = "urn:xmpp:file:metadata:0";
    pub(crate) const FALLBACK: &str = "urn:xmpp:fallback:0";
    pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
    pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
}
