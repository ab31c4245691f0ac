//! Messages both ways: what `messaging` reads and writes, and what the extensions add to it.
//!
//! A message of ours that extensions have written something into is read back from its own stanza, so that an app sees the same of it as
//! whoever gets it, and as after a reload.

use super::error::Error;
use super::event::{Direction, Message, MessagePlaces};
use super::feature::{Copied, Cx, Flow, Way};
use super::features::Features;
use super::features::messaging::{Draft, MessageOptions, Messaging};
use super::io::Token;
use super::outbox::Outgoing;
use super::persist::OutboxRecord;
use super::xml::{self, Element, ns};

/// All that is known of a message that came in.
#[cfg_attr(waxwing_small, optimize(speed))]
#[inline(never)]
pub(crate) fn read(stanza: Element<'_>, features: &Features, cx: &mut Cx<'_>) -> Message {
    let message = Messaging::read(cx, stanza);
    extend(message, stanza, features, cx)
}

/// As [`read`], of a message inside of another one.
#[inline(never)]
pub(crate) fn read_copy(copy: &Copied<'_>, features: &Features, cx: &mut Cx<'_>) -> Message {
    let mut message = Messaging::read(cx, copy.stanza);
    message.direction = copy.direction;
    message.is_carbon = copy.way == Way::Carbon;
    if let Some(stamp_ms) = copy.stamp_ms {
        let is_kept_twice = message.is_delayed && copy.way == Way::Carbon;
        // Kept on the way more than once: the first time is when it was sent. An archive says when it got it.
        message.timestamp_ms = if is_kept_twice { message.timestamp_ms.min(stamp_ms) } else { stamp_ms };
        message.is_delayed = true;
    }
    if copy.way == Way::Archive {
        message.places.stanza_id = copy.archive_id.map_or(0, |id| cx.place_of(id));
        message.stanza_id = copy.archive_id.map(ToOwned::to_owned);
    }
    extend(message, copy.stanza, features, cx)
}

/// What extensions have to add, of what came in, copies, what an archive has, and messages of ours alike.
#[cfg_attr(waxwing_small, optimize(speed))]
fn extend(mut message: Message, stanza: Element<'_>, features: &Features, cx: &mut Cx<'_>) -> Message {
    for payload in stanza.children() {
        if payload.namespace() != ns::CLIENT
            && let Some(feature) = features.reader_of(payload.namespace())
        {
            feature.read_payload(cx, payload, stanza, &mut message);
        }
    }
    message
}

/// Queues or sends a message; returns its id.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(crate) fn send(
    features: &mut Features,
    cx: &mut Cx<'_>,
    token: Option<Token>,
    options: &MessageOptions,
) -> Result<String, Error> {
    let (frame, message) = compose(features, cx, options)?;
    let id = message.id.clone();
    cx.remember_sent(&message);
    features.each(|feature| {
        feature.handle_sent(cx, &message);
        Flow::Continue
    });
    cx.post(Outgoing::message(frame, Box::new(message), token))?;
    Ok(id)
}

/// The frame of a message of ours, and what the app is told of it.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(crate) fn compose(features: &mut Features, cx: &mut Cx<'_>, options: &MessageOptions) -> Result<(String, Message), Error> {
    let Draft { mut message, mut writer } = Messaging::draft(cx, options)?;
    let mut result = Ok(false);
    features.each(|feature| {
        let adds = feature.write_payloads(cx, options, &mut writer);
        result = std::mem::replace(&mut result, Ok(false)).and_then(|before| adds.map(|adds| adds || before));
        if result.is_ok() { Flow::Continue } else { Flow::Stop }
    });
    let is_extended = result?;
    // XEP-0359: the id under which an archive has the message, whatever becomes of the stanza's own.
    writer.open("origin-id", ns::STANZA_IDS).attr("id", &message.id).close();
    let frame = writer.finish()?;
    if is_extended && let Some(read) = read_frame(&frame, features, cx) {
        let Message { from, timestamp_ms, .. } = message;
        message = Message { from, timestamp_ms, ..read };
    }
    if !Messaging::has_content(&message) {
        return Err(Error::invalid("there is nothing to send").remedy("Give the message a body or a subject."));
    }
    Ok((frame, message))
}

/// Takes in messages that were stored, to go on with them.
pub(crate) fn restore(features: &mut Features, cx: &mut Cx<'_>, record: OutboxRecord, has_session: bool) {
    cx.restore_outbox(record, has_session, |cx, frame, timestamp_ms| {
        let message = Message { timestamp_ms, ..read_frame(frame, features, cx)? };
        cx.remember_sent(&message);
        Some(message)
    });
}

/// What a message stanza of ours says; `None` where it is none.
fn read_frame(frame: &str, features: &Features, cx: &mut Cx<'_>) -> Option<Message> {
    let limits = cx.config().limits;
    let document = xml::parse_stored(frame, &limits)?;
    let stanza = document.root();
    let has_id = stanza.attr("id").is_some_and(|id| !id.is_empty());
    if !has_id || stanza.attr("to").is_none() || !stanza.is("message", ns::CLIENT) {
        return None;
    }
    let read = Messaging::read(cx, stanza);
    let message = Message { direction: Direction::Out, is_delayed: false, places: MessagePlaces::default(), ..read };
    Some(extend(message, stanza, features, cx))
}
