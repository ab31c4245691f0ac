//! What the user has seen of a conversation: what an app says of it, and how far it is known.

use super::event::MessageType;
use super::json::Fields;
use super::sorted::Sorted;

/// So many conversations are remembered.
const MOST_CHATS: usize = 1_000;

/// A message that the user has seen, and with it all of the conversation before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayedMark {
    /// The conversation: a bare JID.
    pub to: String,
    /// The id that its sender gave it; in a room, the one that the room did.
    pub id: String,
    pub kind: MessageType,
    /// Under which the archive has it, where that is known.
    pub stanza_id: Option<String>,
    /// When it was sent, where that is known: marks only go forward.
    pub timestamp: Option<i64>,
    /// Whether its sender asks for that.
    pub is_markable: bool,
}

impl DisplayedMark {
    /// As a page has it. `None` where something is missing, or is of another type.
    pub fn from_json(mark: &str) -> Option<Self> {
        Fields::parse(mark)?.read(|fields| {
            Some(Self {
                to: fields.text("to")?,
                id: fields.text("id")?,
                kind: fields.choice("type", &MessageType::ALL, MessageType::as_str).unwrap_or_default(),
                stanza_id: fields.text("stanzaId"),
                timestamp: fields.number("timestamp"),
                is_markable: fields.flag("isMarkable"),
            })
        })
    }
}

/// The newest marks of conversations, by bare JID.
#[derive(Default)]
pub(crate) struct Newest(Sorted<(String, Option<i64>)>);

impl Newest {
    /// Whether this is news: another message than the last one, and none before it.
    pub(crate) fn advance(&mut self, with: &str, id: &str, timestamp_ms: Option<i64>) -> bool {
        if let Some((known, known_ms)) = self.0.get(with)
            && (known == id || (timestamp_ms.is_some() && timestamp_ms < *known_ms))
        {
            return false;
        }
        if self.0.len() >= MOST_CHATS {
            // Rather too much is said than something forgotten that was not.
            self.0.clear();
        }
        self.0.insert(with.to_owned(), (id.to_owned(), timestamp_ms));
        true
    }
}
