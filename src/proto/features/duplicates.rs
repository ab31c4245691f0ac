//! Messages that a server delivers a second time are shown once.
//!
//! What a server holds unconfirmed when a session ends, it keeps and delivers again at the next login, marked as delayed (XEP-0203;
//! XEP-0198, section 5): our confirmation may have been lost with the connection. So a delayed message is dropped where a message with
//! the same id from the same address was handled in an earlier session. Within one session an id may come twice: some senders
//! number their messages, and begin again.
//!
//! Not here yet: carbons and archives, which need the ids of XEP-0359 from those who may stamp them.

use std::collections::VecDeque;

use super::super::event::{Message, MessageType};
use super::super::feature::{Cx, Feature, Flow};
use super::super::persist::HandledRecord;
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
}

impl Duplicates {
    fn is_known(&self, message: &Message) -> bool {
        self.handled.iter().any(|known| known.session < self.session && known.id == message.id && known.from == message.from)
    }

    /// Tells one state from another: it grows with every message.
    pub(crate) fn revision(&self) -> u64 {
        self.count
    }

    /// The last ones: less than is remembered here, since it is written again and again.
    pub(crate) fn record(&self) -> HandledRecord {
        let entries = self.handled.iter().rev().take(STORED).rev();
        HandledRecord { messages: entries.map(|known| (known.from.clone(), known.id.clone())).collect() }
    }

    /// What was handled in another page: in the session that goes on here, or in an earlier one.
    pub(crate) fn restore(&mut self, record: HandledRecord) {
        let session = self.session;
        self.handled = record.messages.into_iter().take(STORED).map(|(from, id)| Handled { session, from, id }).collect();
    }

    fn remember(&mut self, message: &Message) {
        self.count += 1;
        if self.handled.len() == REMEMBERED {
            self.handled.pop_front();
        }
        self.handled.push_back(Handled { session: self.session, from: message.from.clone(), id: message.id.clone() });
    }
}

impl Feature for Duplicates {
    fn on_online(&mut self, _cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            self.session += 1;
        }
    }

    fn handle_message(&mut self, _cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        // Without an id of the sender's, nothing tells a second copy from a second message.
        if message.kind == MessageType::Error || stanza.attr("id").is_none_or(str::is_empty) {
            return Flow::Continue;
        }
        if message.is_delayed && self.is_known(message) {
            return Flow::Stop;
        }
        self.remember(message);
        Flow::Continue
    }
}
