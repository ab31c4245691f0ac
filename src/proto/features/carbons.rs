//! Message carbons (XEP-0280, version 1.0.1): what other devices of the account send and get is shown here too.
//!
//! ```text
//!   <message from='romeo@example.net'><received><forwarded><message …/></forwarded></received></message>
//! ```
//! Switched on with every new session: along with the binding where the server can do that (XEP-0386), else by a request of its own. A
//! server that has no carbons refuses it, and that is all. Copies are opened only where our own account sent them; a message that holds
//! what claims to be a copy, from anybody else, is ignored as a whole (I9). What a room has sent to all is not taken as a copy: it
//! comes to each device by itself (section 6.1).
//!
//! Not here: `<private/>`, which goes with the hint that asks for no copies.

use super::super::event::Direction;
use super::super::feature::{Copied, Cx, Feature, IqKind, Opened, Way, ticket};
use super::super::jids;
use super::super::time::parse_timestamp;
use super::super::xml::{Element, ns};
use super::FeatureId;

pub(crate) const NS: &str = "urn:xmpp:carbons:2";

#[derive(Default)]
pub(crate) struct Carbons {}

impl Feature for Carbons {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed && !cx.is_enabled(NS) {
            // What becomes of it changes nothing here: a server may have no carbons.
            let _ = cx.request(IqKind::Set, None, ticket(FeatureId::carbons, 0, None), |w| _ = w.empty("enable", NS));
        }
    }

    fn open<'a>(&mut self, cx: &mut Cx<'_>, envelope: Element<'a>, stanza: Element<'a>) -> Opened<'a> {
        let direction = match envelope.name() {
            "received" => Direction::In,
            "sent" => Direction::Out,
            _ => return Opened::Plain,
        };
        // Section 11: copies MUST be from the user's bare JID, and any others MUST be ignored.
        let is_ours = stanza.attr("from").is_none_or(|from| from == cx.own_bare());
        let forwarded = envelope.child("forwarded", ns::FORWARD).filter(|_| is_ours);
        let Some((forwarded, message)) = forwarded.and_then(|inside| Some((inside, inside.child("message", ns::CLIENT)?))) else {
            return Opened::Taken;
        };
        let Some(from) = message.attr("from") else { return Opened::Taken };
        let is_sent_by_us = jids::bare(from) == cx.own_bare();
        if (direction == Direction::Out && !is_sent_by_us) || message.attr("type") == Some("groupchat") {
            return Opened::Taken;
        }
        // It was sent to this very device, and comes by itself.
        if message.attr("to") == Some(cx.own_jid()) {
            return Opened::Taken;
        }
        let stamp_ms = [forwarded, stanza].into_iter().find_map(stamp_of);
        Opened::Copy(Copied { stanza: message, way: Way::Carbon, direction, stamp_ms, archive_id: None })
    }
}

/// Where the copy, or its envelope, was kept on the way (XEP-0297, section 3.1).
fn stamp_of(holder: Element<'_>) -> Option<i64> {
    holder.child("delay", ns::DELAY)?.attr("stamp").and_then(parse_timestamp)
}
