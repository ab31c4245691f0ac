//! Message delivery receipts (XEP-0184, version 1.4.0), both ways.
//!
//! Asked for with each text of type chat, unless the app says otherwise, and given to those who see our presence, unless it does (section 8).
//! A receipt is believed from the recipient alone (I9): the stage `delivered`, once, however many devices say so.
//!
//! Never asked for in a room, nor given there (section 5.3). Given for what comes for the first time, which may have waited in a server
//! meanwhile: not for what comes out of an archive (section 5.5), nor for copies, which another device has answered. An answer asks for none
//! (section 5.4).
//!
//! Not here: a question to the client at a full JID whether it gives any (section 5.2).

use super::super::config::Audience;
use super::super::error::Error;
use super::super::event::{Direction, Message, MessageType, Stage, signal};
use super::super::feature::{Cx, Feature, Flow, Way};
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const NS: &str = "urn:xmpp:receipts";

#[derive(Default)]
pub(crate) struct Receipts {
    /// Not given yet.
    due: Vec<Receipt>,
}

struct Receipt {
    to: String,
    id: String,
    kind: MessageType,
}

impl Receipts {
    fn note(&mut self, cx: &Cx<'_>, stanza: Element<'_>, message: &Message) {
        let is_for_us = message.from != cx.own_jid() && cx.way() == Way::Direct;
        let is_answered = matches!(message.kind, MessageType::Chat | MessageType::Normal | MessageType::Headline);
        if is_for_us
            && is_answered
            && cx.config().receipts != Audience::None
            && let Some(id) = stanza.attr("id").filter(|id| !id.is_empty())
        {
            self.due.push(Receipt { to: message.from.clone(), id: id.to_owned(), kind: message.kind });
        }
    }
}

impl Feature for Receipts {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        message.signals |= match payload.name() {
            "received" => signal::RECEIPT,
            "request" => signal::RECEIPT_REQUEST,
            _ => 0,
        };
    }

    fn write_payloads(&self, cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let kind = options.kind.unwrap_or_default();
        if kind == MessageType::Groupchat && options.receipt == Some(true) {
            return Err(Error::invalid("receipt is asked of a room").remedy("Everybody in it would send one: leave it out."));
        }
        let is_text = kind == MessageType::Chat && (options.body.is_some() || !options.bodies.is_empty());
        if options.receipt.unwrap_or(is_text && cx.config().asks_receipts) {
            w.empty("request", NS);
        }
        Ok(false)
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        if message.direction != Direction::In || message.kind == MessageType::Error {
            return Flow::Continue;
        }
        if message.signals & signal::RECEIPT != 0 {
            if let Some(id) = stanza.child("received", NS).and_then(|receipt| receipt.attr("id")) {
                cx.advance_sent(id, &message.from, Stage::Delivered);
            }
        } else if message.signals & signal::RECEIPT_REQUEST != 0 {
            self.note(cx, stanza, message);
        }
        Flow::Continue
    }

    fn deadline_ms(&self) -> Option<u64> {
        (!self.due.is_empty()).then_some(0)
    }

    fn handle_deadline(&mut self, cx: &mut Cx<'_>, sees_us: &dyn Fn(&str) -> bool) {
        for Receipt { to, id, kind } in std::mem::take(&mut self.due) {
            if cx.config().receipts == Audience::All || sees_us(&to) {
                let mut w = Writer::new();
                w.open("message", ns::CLIENT).attr("type", kind.as_str()).attr("id", &cx.new_signal_id()).attr("to", &to);
                w.open("received", NS).attr("id", &id);
                // An address or an id that came in can be written; a session that is over gives no receipts.
                let _ = cx.send(w);
            }
        }
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.due.clear();
    }
}
