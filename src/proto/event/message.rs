//! A message as an app sees it.

use serde::Serialize;

use super::super::error::Error;
#[cfg(feature = "attachments")]
use super::super::features::{attachments::Attachment, links::LinkMetadata};
#[cfg(feature = "edits")]
use super::super::json::Fields;
#[cfg(any(feature = "edits", feature = "text"))]
use super::super::json::Json;
use super::super::sorted::Sorted;
#[cfg(feature = "custom")]
use super::super::{features::encryption::Encryption, xml::StanzaTree};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    #[default]
    In,
    Out,
}

/// RFC 6121, section 5.2.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    #[default]
    Chat,
    Normal,
    Groupchat,
    Headline,
    Error,
}

impl MessageType {
    pub(crate) const ALL: [Self; 5] = [Self::Chat, Self::Normal, Self::Groupchat, Self::Headline, Self::Error];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Normal => "normal",
            Self::Groupchat => "groupchat",
            Self::Headline => "headline",
            Self::Error => "error",
        }
    }
}

/// A message, in or out. Languages are BCP 47 tags; `""` is a text without one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The sender's id; one of ours where the sender gave none. With type error: the id of the message that bounced.
    pub id: String,
    /// As the server stamped it; our own bare JID where it did not.
    pub from: String,
    pub to: String,
    #[serde(rename = "type")]
    pub kind: MessageType,
    pub direction: Direction,
    /// The text in the language that fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// All texts by language, where there is more than one, or the one has a language of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bodies: Option<Sorted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Sorted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread: Option<String>,
    /// The language of the stanza.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The id that the sender's client gave it (XEP-0359): the sender's word, as the body is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_id: Option<String>,
    /// Under which the archive has it (XEP-0359): the account's, or with type groupchat the room's. Only that archive's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stanza_id: Option<String>,
    /// When it was sent, as far as is known: milliseconds since 1970-01-01 UTC.
    #[serde(rename = "timestamp")]
    pub timestamp_ms: i64,
    /// Whether it was kept on the way (XEP-0203); `timestamp` is then the time of sending.
    #[serde(rename = "delayed", skip_serializing_if = "std::ops::Not::not")]
    pub is_delayed: bool,
    /// Whether it is a copy of what another device of the account got or sent (XEP-0280).
    #[serde(rename = "carbon", skip_serializing_if = "std::ops::Not::not")]
    pub is_carbon: bool,
    /// Whether the sender asks to be told when it was seen (XEP-0333). No field of an extension, since most messages have it.
    #[serde(rename = "markable", skip_serializing_if = "std::ops::Not::not")]
    pub is_markable: bool,
    /// With type error: what the peer or a server said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// What extensions have read, if any of them found anything. Its fields stand beside the others in JavaScript.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Box<MessageExtensions>>,
    /// An extension has found content of its own, so that it is a message even without a text.
    #[serde(skip)]
    pub(crate) is_content: bool,
    /// What extensions have noticed in it, a bit each, so that only those look again who have something to do.
    #[serde(skip)]
    pub(crate) signals: u8,
    #[serde(skip)]
    pub(crate) places: MessagePlaces,
}

/// What there may be in a message that is no field of it.
#[allow(dead_code, reason = "without extensions nobody notices anything")]
pub(crate) mod signal {
    /// How ids of ours begin that no app knows.
    pub(crate) const ID_PREFIX: &str = "signal-";
    pub(crate) const CHAT_STATE: u8 = 1;
    pub(crate) const RECEIPT_REQUEST: u8 = 1 << 1;
    pub(crate) const RECEIPT: u8 = 1 << 2;
    pub(crate) const MARKER: u8 = 1 << 3;
}

impl Message {
    /// Whether nothing is wrong where it arrives twice, although it has no text: it says how things are from now on.
    #[allow(dead_code, reason = "asked by extensions")]
    pub(crate) fn is_repeatable(&self) -> bool {
        #[cfg(feature = "edits")]
        if let Some(extensions) = &self.extensions {
            return extensions.reactions.is_some() || extensions.retracts.is_some();
        }
        false
    }

    /// Under which the account's own archive has it, where that is known.
    #[allow(dead_code, reason = "asked by extensions")]
    pub(crate) fn account_archive_id(&self) -> Option<&str> {
        self.stanza_id.as_deref().filter(|_| self.kind != MessageType::Groupchat)
    }

    /// What extensions have read, to be added to.
    #[allow(dead_code, reason = "without extensions nobody adds anything")]
    pub(crate) fn extend(&mut self) -> &mut MessageExtensions {
        self.extensions.get_or_insert_default()
    }
}

/// What extensions read in a message, each its own fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MessageExtensions {
    /// It stands in the place of an earlier message of the same author, by that one's id (XEP-0308).
    #[cfg(feature = "edits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// It takes back an earlier message of the same author, by that one's id (XEP-0424).
    #[cfg(feature = "edits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracts: Option<String>,
    /// What is left of a message that was taken back (XEP-0424, section 5).
    #[cfg(feature = "edits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted: Option<Retracted>,
    /// What the sender thinks of a message, in the place of what they thought before (XEP-0444).
    #[cfg(feature = "edits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Reactions>,
    /// What it answers (XEP-0461).
    #[cfg(feature = "replies")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo>,
    /// What was in its texts for those who do not know an extension (XEP-0428). Empty: looked for, and nothing found.
    #[cfg(feature = "fallback")]
    #[serde(skip_serializing_if = "is_none_or_empty")]
    pub fallbacks: Option<Vec<Fallback>>,
    /// It calls for attention, now (XEP-0224).
    #[cfg(feature = "text")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attention: bool,
    /// What it is about that is not to be shown before the reader asks for it (XEP-0382); may be empty.
    #[cfg(feature = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoiler: Option<String>,
    /// How the sender would like it to be handled (XEP-0334).
    #[cfg(feature = "text")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
    /// Its text has no styles (XEP-0393, section 6).
    #[cfg(feature = "text")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unstyled: bool,
    /// Files (XEP-0447, XEP-0066).
    #[cfg(feature = "attachments")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What the sender says about pages that the text links to (XEP-0511).
    #[cfg(feature = "attachments")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkMetadata>,
    /// How the message is encrypted (XEP-0380).
    #[cfg(feature = "custom")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// What no feature reads.
    #[cfg(feature = "custom")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payloads: Vec<StanzaTree>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retracted {
    /// The id of the message that took it back.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(rename = "timestamp", skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reactions {
    /// The id of the message: in a room the room's own, else the sender's.
    pub id: String,
    /// Each once; none at all takes back what there was.
    pub emojis: Vec<String>,
}

impl Reactions {
    #[cfg(feature = "edits")]
    pub(crate) fn read(reactions: Fields<'_>) -> Option<Self> {
        reactions.read(|fields| Some(Self { id: fields.text("id")?, emojis: fields.list("emojis", Json::text)? }))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplyTo {
    /// The id of the message: in a room the room's own, else the sender's.
    pub id: String,
    /// Who wrote that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fallback {
    /// The namespace of the extension.
    #[serde(rename = "for")]
    pub purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// XEP-0334, section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    NoStore,
    NoCopy,
    NoPermanentStore,
    Store,
}

impl Hint {
    #[cfg(feature = "text")]
    pub(crate) fn read(name: Json<'_>) -> Option<Self> {
        let name = name.text()?;
        [Self::NoStore, Self::NoCopy, Self::NoPermanentStore, Self::Store].into_iter().find(|hint| hint.as_str() == name)
    }

    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoStore => "no-store",
            Self::NoCopy => "no-copy",
            Self::NoPermanentStore => "no-permanent-store",
            Self::Store => "store",
        }
    }
}

#[cfg(feature = "fallback")]
fn is_none_or_empty(fallbacks: &Option<Vec<Fallback>>) -> bool {
    fallbacks.as_ref().is_none_or(Vec::is_empty)
}

/// Where texts of a message begin in the frame that it came in, for a caller who would rather cut them out of the frame that it has than
/// have them copied. Only hints: whoever uses one compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessagePlaces {
    pub(crate) id: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) body: usize,
    pub(crate) lang: usize,
    pub(crate) origin_id: usize,
    pub(crate) stanza_id: usize,
}
