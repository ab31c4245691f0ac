//! What is remembered of the last messages that came in: so that a second copy is told from a second message, and so that what somebody says about a
//! message is believed only from whoever may say it (I9).

use std::collections::VecDeque;

use super::event::{Message, MessageType};
use super::persist::HandledMessage;

/// So many are remembered, the last ones: more than a server holds unconfirmed.
const REMEMBERED: usize = 512;

/// Among so many of them a copy may be that overtook the message itself.
const JUST_COME: usize = 16;

/// So many of them outlive the page.
const STORED: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct HeardMessages {
    /// The newest at the end.
    heard: VecDeque<Heard>,
    session: u32,
    /// How many there were.
    count: u64,
}

#[derive(Debug)]
struct Heard {
    session: u32,
    message: HandledMessage,
    /// The server may deliver it, too.
    is_from_archive: bool,
}

impl HeardMessages {
    pub(crate) fn begin_session(&mut self) {
        self.session += 1;
    }

    /// `has_come_again`: also a message of this session may be a copy.
    pub(crate) fn is_known(&self, message: &Message, has_come_again: bool) -> bool {
        let may_be_copy = |known: &Heard| has_come_again || known.is_from_archive || known.session < self.session;
        let is_same = |known: &Heard| match (&known.message.archive_id, &message.stanza_id) {
            (Some(known), Some(id)) => known == id,
            _ => known.message.id == message.id && may_be_copy(known),
        };
        self.heard.iter().any(|known| known.message.from == message.from && is_same(known))
    }

    /// Whether a copy of it was faster, by what the archive has stamped: a sender's id may come twice.
    pub(crate) fn has_just_come(&self, message: &Message) -> bool {
        let is_same = |known: &Heard| known.message.archive_id == message.stanza_id && known.message.from == message.from;
        message.stanza_id.is_some() && self.heard.iter().rev().take(JUST_COME).any(is_same)
    }

    pub(crate) fn remember(&mut self, message: &Message, is_from_archive: bool) {
        self.count += 1;
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        let message = HandledMessage {
            from: message.from.clone(),
            id: message.id.clone(),
            archive_id: message.stanza_id.clone(),
            is_from_room: message.kind == MessageType::Groupchat,
        };
        self.heard.push_back(Heard { session: self.session, message, is_from_archive });
    }

    /// The oldest first.
    #[allow(dead_code, reason = "the core has no extensions to ask")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &HandledMessage> {
        self.heard.iter().map(|known| &known.message)
    }

    /// Tells one state from another: it grows with every message.
    pub(crate) fn revision(&self) -> u64 {
        self.count
    }

    /// The last ones: less than is remembered here, since it is written again and again.
    pub(crate) fn record(&self) -> Vec<HandledMessage> {
        let entries = self.heard.iter().rev().take(STORED).rev();
        entries.map(|known| known.message.clone()).collect()
    }

    /// What was heard in another page: in the session that goes on here, or in an earlier one.
    pub(crate) fn restore(&mut self, messages: Vec<HandledMessage>) {
        let session = self.session;
        let heard = messages.into_iter().take(STORED);
        self.heard = heard.map(|message| Heard { session, message, is_from_archive: false }).collect();
    }
}
