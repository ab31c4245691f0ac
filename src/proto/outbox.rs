//! Outgoing stanzas by stage: a message is queued, sent, and kept until the server is known to have it.
//!
//! Every stanza on the wire is counted, since stream management counts them all (XEP-0198, section 4). Where the session can be
//! resumed, every stanza is kept too until it is confirmed; elsewhere only what the app waits for.

use std::collections::VecDeque;

use super::error::{Code, Error};
use super::event::{Delivery, Event, Message, Stage};
use super::io::{Output, Reply, Token};
use super::time::format_timestamp;

/// A message of ours on its way.
#[derive(Debug)]
pub(crate) struct OutgoingMessage {
    pub(crate) frame: String,
    /// What the `message` event showed, and what the promise resolves with.
    pub(crate) message: Box<Message>,
    /// The command that waits for it.
    pub(crate) token: Option<Token>,
}

/// So many stanzas that no app waits for are kept before the server is asked about them.
const KEPT_UNASKED: usize = 16;

/// What became of a command that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    TakenBack,
    Sent,
    Unknown,
}

/// A stanza on the wire.
#[derive(Debug)]
struct Sent {
    /// Its number among all stanzas sent in this session.
    count: u64,
    /// Kept only where the session can be resumed.
    frame: Option<String>,
    /// Kept for the app, where it is a message.
    message: Option<OutgoingMessage>,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Messages that wait for the session to be online.
    queued: VecDeque<OutgoingMessage>,
    /// Not yet known to have arrived.
    sent: VecDeque<Sent>,
    /// How many of those are messages.
    sent_messages: usize,
    /// Stanzas sent since the session was bound.
    sent_count: u64,
    is_open: bool,
    /// Every stanza is kept until it is confirmed, to be sent again when the session is resumed.
    is_keeping: bool,
}

impl Outbox {
    /// A new session: counting starts again.
    pub(crate) fn begin(&mut self, is_keeping: bool) {
        self.sent_count = 0;
        self.is_keeping = is_keeping;
    }

    /// The session is online: what waited goes out, in order.
    pub(crate) fn open(&mut self, outputs: &mut VecDeque<Output>) {
        self.is_open = true;
        while let Some(message) = self.queued.pop_front() {
            self.send(message, outputs);
        }
    }

    /// The connection is lost, and the session may go on: what comes now waits.
    pub(crate) fn suspend(&mut self) {
        self.is_open = false;
    }

    /// The session goes on: what did not arrive is sent again, in order, before anything new (XEP-0198, section 5).
    pub(crate) fn resend(&mut self, outputs: &mut VecDeque<Output>) {
        for sent in &self.sent {
            let Some(frame) = &sent.frame else { continue };
            let frame = match &sent.message {
                Some(message) => with_delay(frame, message.message.timestamp_ms),
                None => frame.clone(),
            };
            outputs.push_back(Output::SendFrame(frame));
        }
    }

    pub(crate) fn sent_count(&self) -> u64 {
        self.sent_count
    }

    /// Whether the server is to be asked what it has: an app waits for its word on a message, or much is kept.
    pub(crate) fn wants_confirmation(&self) -> bool {
        self.sent_messages > 0 || self.sent.len() >= KEPT_UNASKED
    }

    /// The server does not keep the session: nothing will be sent again.
    pub(crate) fn stop_keeping(&mut self) {
        if std::mem::take(&mut self.is_keeping) {
            self.sent.retain_mut(|sent| {
                sent.frame = None;
                sent.message.is_some()
            });
        }
    }

    /// Puts a stanza on the wire that is no message of the app.
    pub(crate) fn transmit(&mut self, frame: String, outputs: &mut VecDeque<Output>) {
        self.sent_count += 1;
        if self.is_keeping {
            self.sent.push_back(Sent { count: self.sent_count, frame: Some(frame.clone()), message: None });
        }
        outputs.push_back(Output::SendFrame(frame));
    }

    /// Takes a message: `message` and `delivery` events first, then the wire, if the session is online.
    pub(crate) fn post(&mut self, message: OutgoingMessage, outputs: &mut VecDeque<Output>) {
        outputs.push_back(Output::Event(Event::Message(message.message.clone())));
        tell(&message, Stage::Queued, None, outputs);
        if self.is_open {
            self.send(message, outputs);
        } else {
            self.queued.push_back(message);
        }
    }

    /// The server has every stanza up to this count.
    pub(crate) fn confirm(&mut self, count: u64, outputs: &mut VecDeque<Output>) {
        while self.sent.front().is_some_and(|sent| sent.count <= count) {
            let Some(message) = self.sent.pop_front().and_then(|sent| sent.message) else { continue };
            self.sent_messages -= 1;
            tell(&message, Stage::Acked, None, outputs);
            if let Some(token) = message.token {
                outputs.push_back(Output::Settled { token, result: Ok(Reply::Message(message.message)) });
            }
        }
    }

    /// Somebody answered this message: the server had it, and every stanza before it (RFC 6120, section 10.1).
    pub(crate) fn confirm_message(&mut self, id: &str, outputs: &mut VecDeque<Output>) {
        let is_it = |sent: &&Sent| sent.message.as_ref().is_some_and(|message| message.message.id == id);
        if let Some(count) = self.sent.iter().find(is_it).map(|sent| sent.count) {
            self.confirm(count, outputs);
        }
    }

    /// The session is lost for good: nobody can say whether what was sent has arrived. What waits, waits on.
    pub(crate) fn lose(&mut self, outputs: &mut VecDeque<Output>) {
        self.is_open = false;
        self.sent_count = 0;
        self.sent_messages = 0;
        for message in std::mem::take(&mut self.sent).into_iter().filter_map(|sent| sent.message) {
            let error = Error::new(Code::DeliveryUnknown, "the connection was lost before the server confirmed the message")
                .remedy("Ask the user before sending it again: it may have arrived.");
            fail(message, &error, outputs);
        }
    }

    /// The app gave up: what waits will not be sent.
    pub(crate) fn discard(&mut self, error: &Error, outputs: &mut VecDeque<Output>) {
        for message in std::mem::take(&mut self.queued) {
            fail(message, error, outputs);
        }
    }

    /// The command no longer waits. A message that was not sent yet is taken back and settled; one on the wire goes its way.
    pub(crate) fn cancel(&mut self, token: Token, error: &Error, outputs: &mut VecDeque<Output>) -> Cancelled {
        if let Some(at) = self.queued.iter().position(|message| message.token == Some(token)) {
            if let Some(message) = self.queued.remove(at) {
                fail(message, error, outputs);
            }
            return Cancelled::TakenBack;
        }
        let mut messages = self.sent.iter_mut().filter_map(|sent| sent.message.as_mut());
        match messages.find(|message| message.token == Some(token)) {
            Some(message) => {
                message.token = None;
                Cancelled::Sent
            }
            None => Cancelled::Unknown,
        }
    }

    fn send(&mut self, mut message: OutgoingMessage, outputs: &mut VecDeque<Output>) {
        let frame = std::mem::take(&mut message.frame);
        self.sent_count += 1;
        let kept = self.is_keeping.then(|| frame.clone());
        outputs.push_back(Output::SendFrame(frame));
        tell(&message, Stage::Sent, None, outputs);
        self.sent_messages += 1;
        self.sent.push_back(Sent { count: self.sent_count, frame: kept, message: Some(message) });
    }
}

/// The message again, with the time when it was written (XEP-0198, section 5; XEP-0203).
fn with_delay(frame: &str, timestamp_ms: i64) -> String {
    const END: &str = "</message>";
    match frame.strip_suffix(END) {
        Some(open) => format!("{open}<delay xmlns='urn:xmpp:delay' stamp='{}'/>{END}", format_timestamp(timestamp_ms)),
        None => frame.to_owned(),
    }
}

fn fail(message: OutgoingMessage, error: &Error, outputs: &mut VecDeque<Output>) {
    tell(&message, Stage::Failed, Some(error.clone()), outputs);
    if let Some(token) = message.token {
        outputs.push_back(Output::Settled { token, result: Err(error.clone()) });
    }
}

fn tell(message: &OutgoingMessage, stage: Stage, error: Option<Error>, outputs: &mut VecDeque<Output>) {
    let delivery = Delivery { id: message.message.id.clone(), to: message.message.to.clone(), stage, error };
    outputs.push_back(Output::Event(Event::Delivery(delivery)));
}
