//! Explicit message encryption (XEP-0380, version 0.4.0): says that a message is encrypted, and how, to those who cannot read it.
//!
//! Supported: reading the mark, and setting it on a message that the app has encrypted. Such a message is shown even without a body.

use serde::Serialize;

use super::super::error::Error;
use super::super::event::Message;
use super::super::feature::{Cx, Feature};
use super::super::json::Fields;
use super::super::xml::{Element, Writer};
use super::messaging::MessageOptions;

const NS: &str = "urn:xmpp:eme:0";

/// What XEP-0380, section 4, has a name for; what the sender calls these does not count.
const NAMES: [(&str, &str); 6] = [
    ("urn:xmpp:otr:0", "OTR"),
    ("jabber:x:encrypted", "Legacy OpenPGP"),
    ("urn:xmpp:openpgp:0", "OpenPGP for XMPP"),
    ("eu.siacs.conversations.axolotl", "OMEMO"),
    ("urn:xmpp:omemo:1", "OMEMO 1"),
    ("urn:xmpp:omemo:2", "OMEMO 2"),
];

/// How a message is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Encryption {
    /// Of the protocol.
    pub namespace: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Encryption {
    /// As a page has it.
    pub(crate) fn read(encryption: Fields<'_>) -> Option<Self> {
        encryption.read(|fields| Some(Self { namespace: fields.text("namespace")?, name: fields.text("name") }))
    }
}

#[derive(Default)]
pub(crate) struct ExplicitEncryption;

impl Feature for ExplicitEncryption {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        let Some(namespace) =
            payload.attr("namespace").filter(|namespace| payload.name() == "encryption" && !namespace.is_empty())
        else {
            return;
        };
        let name = name_of(namespace).or(payload.attr("name")).map(ToOwned::to_owned);
        message.extend().encryption = Some(Encryption { namespace: namespace.to_owned(), name });
        message.is_content = true;
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        if let Some(Encryption { namespace, name }) = &options.encryption {
            let name = name.as_deref().filter(|_| name_of(namespace).is_none());
            w.open("encryption", NS).attr("namespace", namespace).attr_opt("name", name).close();
        }
        Ok(options.encryption.is_some())
    }
}

fn name_of(namespace: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == namespace).map(|(_, name)| *name)
}
