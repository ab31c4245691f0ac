//! Messages that a server delivers a second time are shown once.
//!
//! What a server holds unconfirmed when a session ends, it keeps and delivers again at the next login, marked as delayed (XEP-0203;
//! XEP-0198, section 5): our confirmation may have been lost with the connection. So a delayed message is dropped where a message with
//! the same id from the same address was handled in an earlier session. Within one session an id may come twice: some senders
//! number their messages, and begin again. What comes out of the archive is a copy of whatever came before.
//!
//! Not here yet: carbons, and the ids of XEP-0359 from those who may stamp them.

use std::collections::VecDeque;

use super::super::event::{Message, MessageType};
use super::super::feature::{Cx, Feature, Flow};
use super::super::persist::{ArchiveRecord, HandledRecord};
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
    from: String,
    id: String,
    /// The server may deliver it, too.
    is_from_archive: bool,
}

impl Duplicates {
    /// `has_come_again`: also a message of this session may be a copy.
    fn is_known(&self, message: &Message, has_come_again: bool) -> bool {
        let is_copy = |known: &Handled| has_come_again || known.is_from_archive || known.session < self.session;
        self.handled.iter().any(|known| is_copy(known) && known.id == message.id && known.from == message.from)
    }

    /// Tells one state from another: it grows with every message.
    pub(crate) fn revision(&self) -> u64 {
        self.count
    }

    /// The last ones: less than is remembered here, since it is written again and again.
    pub(crate) fn record(&self, archive: ArchiveRecord) -> HandledRecord {
        let entries = self.handled.iter().rev().take(STORED).rev();
        HandledRecord { messages: entries.map(|known| (known.from.clone(), known.id.clone())).collect(), archive }
    }

    /// What was handled in another page: in the session that goes on here, or in an earlier one.
    pub(crate) fn restore(&mut self, messages: Vec<(String, String)>) {
        let session = self.session;
        self.handled =
            messages.into_iter().take(STORED).map(|(from, id)| Handled { session, from, id, is_from_archive: false }).collect();
    }

    fn remember(&mut self, message: &Message, is_from_archive: bool) {
        self.count += 1;
        if self.handled.len() == REMEMBERED {
            self.handled.pop_front();
        }
        let (from, id) = (message.from.clone(), message.id.clone());
        self.handled.push_back(Handled { session: self.session, from, id, is_from_archive });
    }
}

impl Feature for Duplicates {
    fn on_online(&mut self, _cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            self.session += 1;
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        // Without an id of the sender's, nothing tells a second copy from a second message.
        if message.kind == MessageType::Error || stanza.attr("id").is_none_or(str::is_empty) {
            return Flow::Continue;
        }
        if message.is_delayed && self.is_known(message, cx.is_from_archive()) {
            return Flow::Stop;
        }
        self.remember(message, cx.is_from_archive());
        Flow::Continue
    }
}
