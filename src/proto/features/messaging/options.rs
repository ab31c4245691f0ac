//! What an app says of a message to be sent.

#[cfg(feature = "text")]
use super::super::super::event::Hint;
use super::super::super::event::MessageType;
#[cfg(feature = "edits")]
use super::super::super::event::Reactions;
use super::super::super::json::Fields;
#[cfg(feature = "custom")]
use super::super::super::json::Json;
use super::super::super::sorted::Sorted;
#[cfg(feature = "custom")]
use super::super::encryption::Encryption;
#[cfg(feature = "replies")]
use super::super::replies::ReplyOptions;
#[cfg(feature = "attachments")]
use super::super::{attachments::Attachment, links::LinkMetadata};

/// A message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageOptions {
    /// A bare or a full JID.
    pub to: String,
    /// Chat, where nothing else is said. Error is refused.
    pub kind: Option<MessageType>,
    /// Yours to be unique; a fresh one where it is left out.
    pub id: Option<String>,
    pub body: Option<String>,
    /// By language; `""` is the text without one.
    pub bodies: Sorted<String>,
    pub subject: Option<String>,
    pub subjects: Sorted<String>,
    pub thread: Option<String>,
    pub parent_thread: Option<String>,
    /// BCP 47 tag of `body` and `subject`.
    pub lang: Option<String>,
    // What follows is for extensions, each its own fields.
    /// The id of the message of ours that this one stands in the place of (XEP-0308).
    #[cfg(feature = "edits")]
    pub replaces: Option<String>,
    /// The id of the message of ours that is taken back (XEP-0424). Texts are then for those who do not know that.
    #[cfg(feature = "edits")]
    pub retracts: Option<String>,
    /// What we think of a message (XEP-0444). Texts are then for those who do not know that.
    #[cfg(feature = "edits")]
    pub reactions: Option<Reactions>,
    /// What this answers (XEP-0461).
    #[cfg(feature = "replies")]
    pub reply_to: Option<ReplyOptions>,
    /// Calls for attention, now (XEP-0224).
    #[cfg(feature = "text")]
    pub attention: bool,
    /// What it is about that is not to be shown before the reader asks for it (XEP-0382); may be empty.
    #[cfg(feature = "text")]
    pub spoiler: Option<String>,
    /// How it should be handled (XEP-0334).
    #[cfg(feature = "text")]
    pub hints: Vec<Hint>,
    /// The text has no styles (XEP-0393, section 6).
    #[cfg(feature = "text")]
    pub unstyled: bool,
    /// Whether to be told when it has arrived; left out, a text of type chat asks for that (XEP-0184).
    #[cfg(feature = "receipts")]
    pub receipt: Option<bool>,
    /// Whether to be told when it was seen; left out, a text of type chat asks for that (XEP-0333).
    #[cfg(feature = "receipts")]
    pub markable: Option<bool>,
    /// Files (XEP-0447, XEP-0066).
    #[cfg(feature = "attachments")]
    pub attachments: Vec<Attachment>,
    /// About pages that the text links to (XEP-0511).
    #[cfg(feature = "attachments")]
    pub links: Vec<LinkMetadata>,
    /// The app has encrypted the message that way (XEP-0380).
    #[cfg(feature = "custom")]
    pub encryption: Option<Encryption>,
    /// More elements, each in a namespace of its own, as XML.
    #[cfg(feature = "custom")]
    pub payloads: Vec<String>,
}

impl MessageOptions {
    /// As a page has them. `None` where something is missing, or is of another type.
    pub fn from_json(options: &str) -> Option<Self> {
        Fields::parse(options)?.read(|fields| {
            Some(Self {
                to: fields.text("to")?,
                kind: fields.choice("type", &MessageType::ALL, MessageType::as_str),
                id: fields.text("id"),
                body: fields.text("body"),
                bodies: fields.texts("bodies").unwrap_or_default(),
                subject: fields.text("subject"),
                subjects: fields.texts("subjects").unwrap_or_default(),
                thread: fields.text("thread"),
                parent_thread: fields.text("parentThread"),
                lang: fields.text("lang"),
                #[cfg(feature = "edits")]
                replaces: fields.text("replaces"),
                #[cfg(feature = "edits")]
                retracts: fields.text("retracts"),
                #[cfg(feature = "edits")]
                reactions: fields.object("reactions", Reactions::read),
                #[cfg(feature = "replies")]
                reply_to: fields.object("replyTo", ReplyOptions::read),
                #[cfg(feature = "text")]
                attention: fields.flag("attention"),
                #[cfg(feature = "text")]
                spoiler: fields.text("spoiler"),
                #[cfg(feature = "text")]
                hints: fields.list("hints", Hint::read).unwrap_or_default(),
                #[cfg(feature = "text")]
                unstyled: fields.flag("unstyled"),
                #[cfg(feature = "receipts")]
                receipt: fields.flag_if_given("receipt"),
                #[cfg(feature = "receipts")]
                markable: fields.flag_if_given("markable"),
                #[cfg(feature = "attachments")]
                attachments: fields.list("attachments", Attachment::read).unwrap_or_default(),
                #[cfg(feature = "attachments")]
                links: fields.list("links", LinkMetadata::read).unwrap_or_default(),
                #[cfg(feature = "custom")]
                encryption: fields.object("encryption", Encryption::read),
                #[cfg(feature = "custom")]
                payloads: fields.list("payloads", Json::text).unwrap_or_default(),
            })
        })
    }

    /// A body or a subject, in whatever language.
    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn has_text(&self) -> bool {
        self.body.is_some() || self.subject.is_some() || !self.bodies.is_empty() || !self.subjects.is_empty()
    }
}
