//! Messages that a server delivers a second time are shown once.
//!
//! What a server holds unconfirmed when a session ends, it keeps and delivers again at the next login, marked as delayed (XEP-0203;
//! XEP-0198, section 5): our confirmation may have been lost with the connection. So a delayed message is dropped where a message with
//! the same id from the same address was handled in an earlier session. Within one session an id may come twice: some senders
//! number their messages, and begin again. What comes out of the archive is a copy of whatever came before, and a carbon may be one of what
//! came out of the archive. Where the account's archive has stamped both (XEP-0359), its ids decide, whatever the sender's are.
//!
//! Messages of ours that this client has sent, and that come back as a copy, are known by their origin ids.

use super::super::event::{Direction, Message, MessageType};
use super::super::feature::{Cx, Feature, Flow, Way};
use super::super::jids;
use super::super::persist::HandledMessage;
use super::super::xml::Element;

#[derive(Default)]
pub(crate) struct Duplicates {}

impl Feature for Duplicates {
    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            cx.heard.begin_session();
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        // Without any id, nothing tells a second copy from a second message.
        let has_id = stanza.attr("id").is_some_and(|id| !id.is_empty()) || message.stanza_id.is_some();
        if message.kind == MessageType::Error || !has_id {
            return Flow::Continue;
        }
        let is_copy = cx.way() != Way::Direct;
        if is_copy && message.direction == Direction::Out && cx.has_sent(message) {
            return Flow::Stop;
        }
        // What another device of ours sends to this one comes by itself and as a copy, which the archive may tell apart.
        let has_come = |known: &HandledMessage| known.from == message.from && known.id == message.id;
        if jids::bare(&message.from) == cx.own_bare() && cx.heard.iter().any(has_come) {
            return Flow::Stop;
        }
        let is_from_archive = cx.is_from_archive();
        let is_known = if is_copy || message.is_delayed {
            cx.heard.is_known(message, is_from_archive)
        } else {
            cx.heard.has_just_come(message)
        };
        if is_known {
            return Flow::Stop;
        }
        cx.heard.remember(message, is_from_archive);
        Flow::Continue
    }
}
