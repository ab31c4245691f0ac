//! What an app says of a message to be sent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::super::event::MessageType;

/// A message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageOptions {
    /// A bare or a full JID.
    pub to: String,
    /// Chat, where nothing else is said. Error is refused.
    #[serde(rename = "type")]
    pub kind: Option<MessageType>,
    /// Yours to be unique; a fresh one where it is left out.
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
    /// BCP 47 tag of `body` and `subject`.
    pub lang: Option<String>,
    // What follows is for extensions, each its own fields.
}
