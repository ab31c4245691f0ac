//! Outgoing stanzas by stage: a message is queued, sent, and kept until the server is known to have it.
//!
//! Every stanza on the wire is counted, since stream management counts them all (XEP-0198, section 4); only messages are kept.

use std::collections::VecDeque;

use super::error::{Code, Error};
use super::event::{Delivery, Event, Message, Stage};
use super::io::{Output, Reply, Token};
use super::time::Now;

/// A message of ours on its way.
#[derive(Debug)]
pub(crate) struct OutgoingMessage {
    pub(crate) frame: String,
    /// What the `message` event showed, and what the promise resolves with.
    pub(crate) message: Box<Message>,
    /// The command that waits for it.
    pub(crate) token: Option<Token>,
}

/// What became of a command that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    TakenBack,
    Sent,
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Waiting for the session to be online.
    queued: VecDeque<OutgoingMessage>,
    /// On the wire, not yet known to have arrived; with the count of the stanza.
    sent: VecDeque<(u64, OutgoingMessage)>,
    /// Stanzas on the wire since the stream was bound.
    sent_count: u64,
    is_open: bool,
}

impl Outbox {
    /// The session is online: what waited goes out, in order.
    pub(crate) fn open(&mut self, outputs: &mut VecDeque<Output>) {
        self.is_open = true;
        while let Some(message) = self.queued.pop_front() {
            self.send(message, outputs);
        }
    }

    /// A new stream: counting starts again.
    pub(crate) fn reset_count(&mut self) {
        self.sent_count = 0;
    }

    pub(crate) fn sent_count(&self) -> u64 {
        self.sent_count
    }

    /// Whether a message waits for the server's word.
    pub(crate) fn has_unconfirmed(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Puts a stanza on the wire that is not kept.
    pub(crate) fn transmit(&mut self, frame: String, outputs: &mut VecDeque<Output>) {
        self.sent_count += 1;
        outputs.push_back(Output::SendFrame(frame));
    }

    /// Takes a message: `message` and `delivery` events first, then the wire, if the session is online.
    pub(crate) fn post(&mut self, message: OutgoingMessage, _now: Now, outputs: &mut VecDeque<Output>) {
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
        while self.sent.front().is_some_and(|(at, _)| *at <= count) {
            let Some((_, message)) = self.sent.pop_front() else { break };
            tell(&message, Stage::Acked, None, outputs);
            if let Some(token) = message.token {
                outputs.push_back(Output::Settled { token, result: Ok(Reply::Message(message.message)) });
            }
        }
    }

    /// Somebody answered this message: the server had it, and every stanza before it (RFC 6120, section 10.1).
    pub(crate) fn confirm_message(&mut self, id: &str, outputs: &mut VecDeque<Output>) {
        if let Some((count, _)) = self.sent.iter().find(|(_, message)| message.message.id == id) {
            self.confirm(*count, outputs);
        }
    }

    /// The session is lost for good: nobody can say whether what was sent has arrived. What waits, waits on.
    pub(crate) fn lose(&mut self, outputs: &mut VecDeque<Output>) {
        self.is_open = false;
        self.sent_count = 0;
        for (_, message) in std::mem::take(&mut self.sent) {
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
        match self.sent.iter_mut().find(|(_, message)| message.token == Some(token)) {
            Some((_, message)) => {
                message.token = None;
                Cancelled::Sent
            }
            None => Cancelled::Unknown,
        }
    }

    fn send(&mut self, mut message: OutgoingMessage, outputs: &mut VecDeque<Output>) {
        let frame = std::mem::take(&mut message.frame);
        self.transmit(frame, outputs);
        tell(&message, Stage::Sent, None, outputs);
        self.sent.push_back((self.sent_count, message));
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
