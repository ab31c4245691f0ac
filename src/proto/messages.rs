//! Messages both ways: what `messaging` reads and writes, and what the extensions add to it.
//!
//! A message of ours that extensions have written something into is read back from its own stanza, so that an app sees the same of it as
//! whoever gets it, and as after a reload.

use std::sync::Arc;

use super::error::Error;
use super::event::{Direction, Message, MessagePlaces, MessageType};
use super::feature::{Copied, Cx, Flow, Way};
use super::features::Features;
use super::features::messaging::{Draft, MessageOptions, Messaging};
use super::io::Token;
use super::jids;
use super::outbox::{Outgoing, Posted, Text};
use super::persist::OutboxRecord;
use super::xml::{self, Element, Writer, ns};

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
    cx.remember_sent(id.as_str().into(), message.to.as_str().into(), message.kind);
    tell_sent(features, cx, &message.to, options);
    cx.post(Outgoing::message(frame.into(), Posted::Whole(Box::new(message)), token), None)?;
    Ok(id)
}

/// A body of type chat.
#[derive(Clone, Copy, Debug)]
pub struct ChatText<'a> {
    /// Empty: to whom the one before goes.
    pub to: &'a str,
    pub id: &'a str,
    pub body: &'a str,
}

/// As [`send`], of many texts, whose tokens follow one another. Whatever is the same for all of them is done once.
pub(crate) fn send_texts<'a>(features: &mut Features, cx: &mut Cx<'_>, first: Token, texts: impl Iterator<Item = ChatText<'a>>) {
    let mut run = TextRun { options: MessageOptions::default(), to: None, from: cx.own_jid().into(), writer: Writer::new() };
    for (token, text) in (first.0..).map(Token).zip(texts) {
        if let Err(error) = run.send(features, cx, token, text) {
            cx.settle(token, Err(error));
        }
    }
}

/// What texts that are sent together share.
struct TextRun {
    options: MessageOptions,
    /// The recipient, where that is the normal form of what the app calls them.
    to: Option<Arc<str>>,
    from: Arc<str>,
    writer: Writer,
}

impl TextRun {
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn send(&mut self, features: &mut Features, cx: &mut Cx<'_>, token: Token, text: ChatText<'_>) -> Result<(), Error> {
        let Self { options, to, from, writer } = self;
        if !text.to.is_empty() {
            text.to.clone_into(&mut options.to);
            *to = jids::normal(text.to).ok().filter(|normal| *normal == text.to).map(|normal| normal.as_ref().into());
        }
        text.id.clone_into(options.id.get_or_insert_default());
        text.body.clone_into(options.body.get_or_insert_default());
        // Of an address in another form the app is told the normal one, and the address that it is sent from is known once there is a session.
        let Some(to) = to.as_ref().filter(|_| cx.is_bound()) else {
            return send(features, cx, Some(token), options).map(drop);
        };
        let (frame, shown) = if cx.is_quiet() {
            Messaging::write_text(writer, to, options)?;
            let written = write_payloads(features, cx, options, text.id, writer);
            let frame = writer.take()?;
            written.map(|_| (frame, None))?
        } else {
            let (frame, message) = compose(features, cx, options)?;
            (frame.into(), Some(Box::new(message)))
        };
        let id: Arc<str> = text.id.into();
        cx.remember_sent(id.clone(), to.clone(), MessageType::Chat);
        tell_sent(features, cx, to, options);
        let text = Text { id, to: to.clone(), from: from.clone(), timestamp_ms: cx.now().wall_ms };
        cx.post(Outgoing::message(frame, Posted::Text(text), Some(token)), shown)
    }
}

fn tell_sent(features: &mut Features, cx: &mut Cx<'_>, to: &str, options: &MessageOptions) {
    features.each(|feature| {
        feature.handle_sent(cx, to, options);
        Flow::Continue
    });
}

/// The frame of a message of ours, and what the app is told of it.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(crate) fn compose(features: &mut Features, cx: &mut Cx<'_>, options: &MessageOptions) -> Result<(String, Message), Error> {
    let Draft { mut message, mut writer } = Messaging::draft(cx, options)?;
    let is_extended = write_payloads(features, cx, options, &message.id, &mut writer)?;
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

/// What stands behind the texts of a message. Returns whether an extension finds fields in it.
#[cfg_attr(waxwing_small, optimize(speed))]
fn write_payloads(
    features: &mut Features,
    cx: &mut Cx<'_>,
    options: &MessageOptions,
    id: &str,
    writer: &mut Writer,
) -> Result<bool, Error> {
    let mut result = Ok(false);
    features.each(|feature| {
        let adds = feature.write_payloads(cx, options, writer);
        result = std::mem::replace(&mut result, Ok(false)).and_then(|before| adds.map(|adds| adds || before));
        if result.is_ok() { Flow::Continue } else { Flow::Stop }
    });
    // XEP-0359: the id under which an archive has the message, whatever becomes of the stanza's own.
    writer.open("origin-id", ns::STANZA_IDS).attr("id", id).close();
    result
}

/// Takes in messages that were stored, to go on with them.
pub(crate) fn restore(features: &mut Features, cx: &mut Cx<'_>, record: OutboxRecord, has_session: bool) {
    cx.restore_outbox(record, has_session, |cx, frame, timestamp_ms| {
        let message = Message { timestamp_ms, ..read_frame(frame, features, cx)? };
        cx.remember_sent(message.id.as_str().into(), message.to.as_str().into(), message.kind);
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
