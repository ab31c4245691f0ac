//! Changing what was said: last message correction (XEP-0308, version 1.2.1), message retraction (XEP-0424, version 0.4.2) and message
//! reactions (XEP-0444, version 0.2.1).
//!
//! Supported: all three both ways, and tombstones in archives (XEP-0424, section 5). What each is about has to be somebody's to change (I9): a
//! correction or a retraction is believed from the address that wrote the message, in a room from that very occupant, a retraction also from the
//! room itself; a reaction from whoever takes part in the conversation. That is checked against the last messages in and out; about older
//! ones nobody can say, and the app compares.
//!
//! Not here: occupant ids (XEP-0421) and comings and goings, by which a room tells one occupant from the next of that name; what a
//! gateway allows as reactions (XEP-0444, section 2.2), beyond its refusal, which is a bounce like any other.

use super::super::error::Error;
use super::super::event::{Message, MessageType, Reactions, Retracted};
use super::super::fallback;
use super::super::feature::{Cx, Feature, Flow};
use super::super::jids;
use super::super::time::parse_timestamp;
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const CORRECTION: &str = "urn:xmpp:message-correct:0";
const ROOM_USER: &str = "http://jabber.org/protocol/muc#user";

/// So many emojis of a message are read: more than anybody picks.
const MOST_EMOJIS: usize = 64;
/// In bytes: families of four with skin tones have 41.
const LONGEST_EMOJI: usize = 64;

#[derive(Default)]
pub(crate) struct Edits {}

impl Feature for Edits {
    fn namespaces(&self) -> &'static [&'static str] {
        &[CORRECTION, ns::RETRACTION, ns::REACTIONS]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[CORRECTION, ns::RETRACTION, ns::REACTIONS]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, stanza: Element<'_>, message: &mut Message) {
        // What bounced changes nothing; and no message is about itself.
        let id = payload.attr("id").filter(|id| !id.is_empty() && stanza.attr("id") != Some(id));
        let Some(id) = id.filter(|_| message.kind != MessageType::Error) else { return };
        match (payload.name(), payload.namespace()) {
            ("replace", CORRECTION) => message.extend().replaces = Some(id.to_owned()),
            ("retract", ns::RETRACTION) => {
                message.extend().retracts = Some(id.to_owned());
                message.is_content = true;
            }
            ("retracted", ns::RETRACTION) => {
                let timestamp_ms = payload.attr("stamp").and_then(parse_timestamp);
                let by = payload.attr("by").map(ToOwned::to_owned);
                message.extend().retracted = Some(Retracted { id: id.to_owned(), by, timestamp_ms });
                message.is_content = true;
            }
            // XEP-0444, section 4: no more than one of them; the first counts.
            ("reactions", ns::REACTIONS) if message.extend().reactions.is_none() => {
                message.extend().reactions = Some(Reactions { id: id.to_owned(), emojis: emojis(payload) });
                message.is_content = true;
            }
            _ => {}
        }
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let MessageOptions { replaces, retracts, reactions, .. } = options;
        if let Some(id) = replaces {
            w.open("replace", CORRECTION).attr("id", id).close();
        }
        if let Some(id) = retracts {
            w.open("retract", ns::RETRACTION).attr("id", id).close();
        }
        if let Some(Reactions { id, emojis }) = reactions {
            w.open("reactions", ns::REACTIONS).attr("id", id);
            for emoji in emojis {
                w.leaf("reaction", ns::REACTIONS, emoji);
            }
            w.close();
        }
        // Texts that go along with these two are for whoever does not know them.
        for (is_there, purpose) in [(retracts.is_some(), ns::RETRACTION), (reactions.is_some(), ns::REACTIONS)] {
            if is_there && options.has_text() {
                fallback::write(w, purpose, None);
            }
        }
        Ok(replaces.is_some() || retracts.is_some() || reactions.is_some())
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        let Some(found) = &message.extensions else { return Flow::Continue };
        let is_believed = found.replaces.as_deref().is_none_or(|id| may_change(cx, stanza, message, id))
            && found.retracts.as_deref().is_none_or(|id| is_by_room(cx, message, id) || may_change(cx, stanza, message, id))
            && found.reactions.as_ref().is_none_or(|reactions| may_react(cx, message, &reactions.id));
        if is_believed { Flow::Continue } else { Flow::Stop }
    }
}

/// XEP-0308, section 4, and XEP-0424, section 6: only who wrote a message changes it. That is a bare JID, or an occupant of a room. Of several
/// with this id in one conversation the first counts: whoever takes the id of another's message afterwards gets no power over that.
fn may_change(cx: &Cx<'_>, stanza: Element<'_>, message: &Message, id: &str) -> bool {
    let from = message.from.as_str();
    if cx.sent(id).is_some_and(|sent| sent.kind != MessageType::Groupchat) {
        return jids::bare(from) == cx.own_bare();
    }
    let is_occupant = message.kind == MessageType::Groupchat || stanza.child("x", ROOM_USER).is_some();
    match cx.heard(id).find(|known| jids::bare(&known.from) == jids::bare(from)) {
        Some(known) if is_occupant || known.is_from_room => known.from == from,
        Some(_) => true,
        // Of another conversation, or older than what is remembered.
        None => cx.heard(id).next().is_none(),
    }
}

/// Whether a room takes back what was said in it, as its moderators ask it to. No occupant has its bare address.
fn is_by_room(cx: &Cx<'_>, message: &Message, id: &str) -> bool {
    let is_room = message.kind == MessageType::Groupchat && jids::resource(&message.from).is_none();
    is_room && cx.heard(id).any(|known| known.is_from_room && jids::bare(&known.from) == message.from)
}

/// XEP-0444, section 4.1: only who takes part in the conversation reacts.
fn may_react(cx: &Cx<'_>, message: &Message, id: &str) -> bool {
    let from = jids::bare(&message.from);
    if from == cx.own_bare() {
        return true;
    }
    match cx.sent(id).filter(|sent| sent.kind != MessageType::Groupchat) {
        Some(sent) => jids::bare(&sent.to) == from,
        None => cx.heard(id).next().is_none() || cx.heard(id).any(|known| jids::bare(&known.from) == from),
    }
}

/// XEP-0444, section 4: each once. What cannot be an emoji is left out, without tables of those that there are.
fn emojis(reactions: Element<'_>) -> Vec<String> {
    let mut emojis: Vec<String> = Vec::new();
    for reaction in reactions.children().filter(|child| child.is("reaction", ns::REACTIONS)).take(MOST_EMOJIS) {
        let text = reaction.text();
        let emoji = text.trim();
        let may_be = !emoji.is_ascii() && emoji.len() <= LONGEST_EMOJI;
        if may_be && !emojis.iter().any(|known| known == emoji) {
            emojis.push(emoji.to_owned());
        }
    }
    emojis
}
