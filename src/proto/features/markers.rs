//! Displayed markers (XEP-0333, version 1.0.0), both ways: the recipient has seen a message, and with it all that came before.
//!
//! Asked for with each text of type chat, unless the app says otherwise; in rooms nobody has to ask (section 4.3). Given when the app says
//! so, for what asks for it (section 5), to those who see our presence unless the app wants it otherwise (section 7): the newest of a
//! conversation, which waits for the session to be online. In a room it names the id that the room gave.
//!
//! A marker is believed from the recipient alone (I9): the stage `displayed`, once. What our other devices have marked is told, too.
//!
//! Not here: what occupants of a room have seen, and marks that outlive the page before they went out.

use super::super::config::Audience;
use super::super::error::Error;
use super::super::event::{Direction, DisplayedElsewhere, Event, Message, MessageType, Stage, signal};
use super::super::feature::{Cx, Feature, Flow};
use super::super::jids;
use super::super::marks::{DisplayedMark, Newest};
use super::super::sorted::Sorted;
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const NS: &str = "urn:xmpp:chat-markers:0";

#[derive(Default)]
pub(crate) struct Markers {
    /// Marked, and not said yet: ids and types, by bare JID.
    due: Sorted<(String, MessageType)>,
    marked: Newest,
}

impl Markers {
    /// The user has seen a message.
    pub(crate) fn mark(&mut self, cx: &Cx<'_>, mark: &DisplayedMark) {
        let is_wanted = mark.is_markable || mark.kind == MessageType::Groupchat;
        if is_wanted && cx.config().markers != Audience::None && self.marked.advance(&mark.to, &mark.id, mark.timestamp) {
            self.due.insert(mark.to.clone(), (mark.id.clone(), mark.kind));
        }
    }
}

impl Feature for Markers {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn read_payload(&self, cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        match payload.name() {
            // Section 5: nobody marks what they have sent themselves.
            "markable" => message.is_markable = jids::bare(&message.from) != cx.own_bare(),
            "displayed" => message.signals |= signal::MARKER,
            _ => {}
        }
    }

    fn write_payloads(&self, cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let is_text =
            options.kind.unwrap_or_default() == MessageType::Chat && (options.body.is_some() || !options.bodies.is_empty());
        if options.markable.unwrap_or(is_text && cx.config().asks_receipts) {
            w.empty("markable", NS);
        }
        Ok(false)
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        let is_marker = message.signals & signal::MARKER != 0;
        if !is_marker || !matches!(message.kind, MessageType::Chat | MessageType::Normal) {
            return Flow::Continue;
        }
        let Some(id) = stanza.child("displayed", NS).and_then(|marker| marker.attr("id")).filter(|id| !id.is_empty()) else {
            return Flow::Continue;
        };
        match message.direction {
            Direction::In => cx.advance_sent(id, &message.from, Stage::Displayed),
            // A copy of what another device of ours has said.
            Direction::Out => {
                let with = jids::bare(&message.to).to_owned();
                if self.marked.advance(&with, id, None) {
                    cx.emit(Event::Displayed(DisplayedElsewhere { with, id: Some(id.to_owned()), stanza_id: None }));
                }
            }
        }
        Flow::Continue
    }

    fn deadline_ms(&self) -> Option<u64> {
        (!self.due.is_empty()).then_some(0)
    }

    fn handle_deadline(&mut self, cx: &mut Cx<'_>, sees_us: &dyn Fn(&str) -> bool) {
        for (to, (id, kind)) in std::mem::take(&mut self.due).iter() {
            // Whoever is in a room is seen there.
            if cx.config().markers == Audience::All || *kind == MessageType::Groupchat || sees_us(to) {
                let mut w = Writer::new();
                w.open("message", ns::CLIENT).attr("type", kind.as_str()).attr("id", &cx.new_signal_id()).attr("to", to);
                w.open("displayed", NS).attr("id", id);
                // The command has checked both; a session that is over has nobody to tell.
                let _ = cx.send(w);
            }
        }
    }
}
