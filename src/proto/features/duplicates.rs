//! Messages that a server delivers a second time are shown once.
//!
//! What a server holds unconfirmed when a session ends, it keeps and delivers again at the next login, marked as delayed (XEP-0203;
//! XEP-0198, section 5): our confirmation may have been lost with the connection. So a delayed message is dropped where a message with
//! the same id from the same address was handled in an earlier session. Within one session an id may come twice: some senders
//! number their messages, and begin again. What comes out of the archive is a copy of whatever came before. Where the account's archive
//! has stamped both (XEP-0359), its ids decide, whatever the sender's are.
//!
//! Not here yet: carbons.

use std::collections::VecDeque;

use super::super::event::{Message, MessageType};
use super::super::feature::{Cx, Feature, Flow};
use super::super::persist::{ArchiveRecord, HandledMessage, HandledRecord};
use super::super::xml::Element;

/// So many messages are remembered, the last ones: more than a server holds unconfirmed.
const REMEMBERED: usize = 512;

/// So many of them outlive the page.
const STORED: usize = 128;

#[derive(Default)]
pub(crate) struct Duplicates {
    /// The newest at the end.
    handled: VecDeque<Handled>,
    session: u32,
    /// How many were handled.
    count: u64,
}

struct Handled {
    session: u32,
    message: HandledMessage,
    /// The server may deliver it, too.
    is_from_archive: bool,
}

impl Duplicates {
    /// `has_come_again`: also a message of this session may be a copy.
    fn is_known(&self, message: &Message, archive_id: Option<&str>, has_come_again: bool) -> bool {
        let may_be_copy = |known: &Handled| has_come_again || known.is_from_archive || known.session < self.session;
        let is_same = |known: &HandledMessage| match (known.archive_id.as_deref(), archive_id) {
            (Some(known), Some(id)) => known == id,
            _ => known.id == message.id,
        };
        self.handled.iter().any(|known| may_be_copy(known) && known.message.from == message.from && is_same(&known.message))
    }

    /// Tells one state from another: it grows with every message.
    pub(crate) fn revision(&self) -> u64 {
        self.count
    }

    /// The last ones: less than is remembered here, since it is written again and again.
    pub(crate) fn record(&self, archive: ArchiveRecord) -> HandledRecord {
        let entries = self.handled.iter().rev().take(STORED).rev();
        HandledRecord { messages: entries.map(|known| known.message.clone()).collect(), archive }
    }

    /// What was handled in another page: in the session that goes on here, or in an earlier one.
    pub(crate) fn restore(&mut self, messages: Vec<HandledMessage>) {
        let session = self.session;
        let handled = messages.into_iter().take(STORED);
        self.handled = handled.map(|message| Handled { session, message, is_from_archive: false }).collect();
    }

    fn remember(&mut self, message: &Message, archive_id: Option<&str>, is_from_archive: bool) {
        self.count += 1;
        if self.handled.len() == REMEMBERED {
            self.handled.pop_front();
        }
        let (from, id) = (message.from.clone(), message.id.clone());
        let message = HandledMessage { from, id, archive_id: archive_id.map(ToOwned::to_owned) };
        self.handled.push_back(Handled { session: self.session, message, is_from_archive });
    }
}

impl Feature for Duplicates {
    fn on_online(&mut self, _cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            self.session += 1;
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        // Without any id, nothing tells a second copy from a second message.
        let has_id = stanza.attr("id").is_some_and(|id| !id.is_empty()) || cx.archive_id().is_some();
        if message.kind == MessageType::Error || !has_id {
            return Flow::Continue;
        }
        if message.is_delayed && self.is_known(message, cx.archive_id(), cx.is_from_archive()) {
            return Flow::Stop;
        }
        self.remember(message, cx.archive_id(), cx.is_from_archive());
        Flow::Continue
    }
}
