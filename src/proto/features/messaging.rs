//! Messages (RFC 6121, section 5).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::error::Error;
use super::super::event::{Message, MessageType};
use super::super::feature::{Cx, Feature};
use super::super::io::Token;
use super::super::xml::Element;

/// A message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageOptions {
    pub to: String,
    #[serde(rename = "type")]
    pub kind: Option<MessageType>,
    pub id: Option<String>,
    pub body: Option<String>,
    /// By language; `""` is the text without one.
    #[serde(default)]
    pub bodies: BTreeMap<String, String>,
    pub subject: Option<String>,
    #[serde(default)]
    pub subjects: BTreeMap<String, String>,
    pub thread: Option<String>,
    pub parent_thread: Option<String>,
    pub lang: Option<String>,
}

#[derive(Default)]
pub(crate) struct Messaging {}

impl Messaging {
    /// Queues or sends a message; returns its id.
    pub(crate) fn send(&mut self, _cx: &mut Cx<'_>, _token: Option<Token>, _options: MessageOptions) -> Result<String, Error> {
        Err(Error::not_connected())
    }

    /// Reads what RFC 6121 says of a message. `None`: it is not one for the app (see the router).
    pub(crate) fn read(&self, _cx: &mut Cx<'_>, _stanza: Element<'_>) -> Option<Message> {
        None
    }

    /// Whether the message carries content of its own, so that a `message` event is made of it.
    pub(crate) fn has_content(_message: &Message) -> bool {
        true
    }
}

impl Feature for Messaging {}
