//! Outgoing stanzas by stage: a message is queued, sent, and kept until the server is known to have it.
//!
//! Every stanza on the wire is counted, since stream management counts them all (XEP-0198, section 4). Where the session can be
//! resumed, every stanza is kept too until it is confirmed; elsewhere only messages.
//!
//! ```text
//!  post ──▶ queued ──online──▶ sent ──confirmed──▶ acked
//!              ▲                │ session lost for good
//!              │                ▼
//!              └── again ── doubtful ──▶ acked, or failed
//! ```
//! Nobody knows whether a doubtful message has arrived. As long as there are any, nothing else goes out, so that the order stays.

mod lane;
mod posted;
mod record;
mod runs;

use std::collections::VecDeque;
use std::sync::Arc;

use self::lane::Lane;
pub(crate) use self::posted::{Posted, Text};
pub(crate) use self::record::{Mark, Saving};
use super::error::{Code, Error};
use super::event::{Delivery, Event, Message, Stage};
use super::io::{Output, Reply, Token};
use super::time::format_timestamp;
use super::xml::{self, ns};

/// A stanza of ours on its way: a message of the app, or any other on the wire, where the session can be resumed.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// As it goes over the wire.
    pub(crate) frame: Arc<str>,
    pub(crate) message: Option<Posted>,
    /// The command that waits for it.
    pub(crate) token: Option<Token>,
    /// How many connections were lost at it: it was the first that the server did not have.
    losses: u8,
    /// Its number among all stanzas sent in this session, once it is.
    count: u64,
    /// Where it lies in a segment of the storage already, and need not be written again: its number among all that do.
    number: Option<u64>,
}

/// A stanza of so many bytes may be what ends a connection: Chromium sends it in fragments, which Prosody does not take.
const LARGE_BYTES: usize = 64 * 1024;
/// It gets so many connections.
const MOST_LOSSES: u8 = 3;

/// So many stanzas that no app waits for are kept before the server is asked about them.
const KEPT_UNASKED: usize = 16;

/// What became of a command that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    TakenBack,
    Sent,
    Unknown,
}

/// What is to be done with a doubtful message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has arrived.
    Acked,
    /// It has not: it goes out again.
    Again,
    /// Nobody can say.
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Messages that wait for the session to be online.
    queued: Lane,
    /// Not yet known to have arrived.
    sent: Lane,
    /// How many of those are messages.
    sent_messages: usize,
    /// Sent in a session that is lost, and never confirmed.
    doubtful: Lane,
    /// The last message that the server confirmed: its id. Whatever is doubtful was sent after it.
    last_confirmed: Option<Arc<str>>,
    /// What the app was told that it may rely on: that a message was taken, or given up.
    commitments: u64,
    /// Stanzas sent since the session was bound.
    sent_count: u64,
    /// Bytes handed to the socket, over all sessions.
    sent_bytes: u64,
    /// The largest stanza that the server takes (XEP-0478).
    most_bytes: Option<u32>,
    is_open: bool,
    /// Nobody listens to what becomes of messages; who waits for one is told all the same, and of what fails everybody is.
    is_quiet: bool,
    /// Every stanza is kept until it is confirmed, to be sent again when the session is resumed.
    is_keeping: bool,
    /// Where a command that was given up stood among what was sent: the next is likely to stand behind it.
    given_up_at: usize,
    /// Of the storage, the oldest first, each with the number behind its last stanza.
    segments: VecDeque<(u32, u64)>,
    next_segment: u32,
    /// For the next stanza in a segment.
    next_number: u64,
}

impl Outbox {
    /// Whether anybody listens to what becomes of messages.
    pub(crate) fn report(&mut self, is_on: bool) {
        self.is_quiet = !is_on;
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// A new session: counting starts again.
    pub(crate) fn begin(&mut self, is_keeping: bool) {
        self.sent_count = 0;
        self.is_keeping = is_keeping;
    }

    /// The session is online: what waited goes out, in order.
    pub(crate) fn open(&mut self, outputs: &mut VecDeque<Output>) {
        self.is_open = true;
        self.send_queued(outputs);
    }

    fn can_send(&self) -> bool {
        self.is_open && self.doubtful.is_empty()
    }

    fn send_queued(&mut self, outputs: &mut VecDeque<Output>) {
        while self.can_send()
            && let Some(message) = self.queued.pop_front()
        {
            self.send(message, false, outputs);
        }
    }

    /// The connection is lost, and the session may go on: what comes now waits.
    pub(crate) fn suspend(&mut self) {
        self.is_open = false;
    }

    /// The session goes on: what did not arrive is sent again, in order, before anything new (XEP-0198, section 5).
    pub(crate) fn resend(&mut self, outputs: &mut VecDeque<Output>) {
        self.give_up_first(outputs);
        for sent in self.sent.iter() {
            let frame = match &sent.message {
                Some(message) => with_delay(&sent.frame, message.timestamp_ms()),
                None => sent.frame.clone(),
            };
            self.sent_bytes += frame.len() as u64;
            outputs.push_back(Output::SendFrame(frame));
        }
    }

    /// What ends every connection that it is sent on is not sent for ever: what stands behind it would never arrive. The server did not
    /// count it, so nor do we.
    fn give_up_first(&mut self, outputs: &mut VecDeque<Output>) {
        let Some(first) = self.sent.get_mut(0) else { return };
        // Now that the server has said what it has, this is where the connection was lost.
        first.losses = first.losses.saturating_add(1);
        if !first.is_too_much() {
            return;
        }
        let error = first.too_much();
        let given_up = self.sent.pop_front();
        self.sent.change_all(|sent| sent.count -= 1);
        self.sent_count -= 1;
        match given_up.filter(|given_up| given_up.message.is_some()) {
            Some(message) => {
                self.sent_messages -= 1;
                fail(message, &error, outputs);
            }
            None => outputs.push_back(Output::Event(Event::Error(error))),
        }
    }

    pub(crate) fn sent_count(&self) -> u64 {
        self.sent_count
    }

    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// The largest stanza that the server takes from now on.
    pub(crate) fn limit(&mut self, most_bytes: Option<u32>) {
        self.most_bytes = most_bytes;
    }

    /// Refuses a stanza for which the server would end the stream.
    pub(crate) fn check(&self, frame: &str) -> Result<(), Error> {
        match self.most_bytes {
            Some(most) if u32::try_from(frame.len()).is_ok_and(|bytes| bytes > most) => Err(too_large(frame.len(), most)),
            _ => Ok(()),
        }
    }

    /// Whether the server is to be asked what it has: an app waits for its word on a message, or much is kept.
    pub(crate) fn wants_confirmation(&self) -> bool {
        self.sent_messages > 0 || self.sent.len() >= KEPT_UNASKED
    }

    /// The server does not keep the session: nothing will be sent again.
    pub(crate) fn stop_keeping(&mut self) {
        if std::mem::take(&mut self.is_keeping) {
            self.sent.retain(|sent| sent.message.is_some());
        }
    }

    /// Puts a stanza on the wire that is no message of the app.
    pub(crate) fn transmit(&mut self, frame: String, outputs: &mut VecDeque<Output>) {
        let frame = Arc::<str>::from(frame);
        self.sent_count += 1;
        self.sent_bytes += frame.len() as u64;
        if self.is_keeping {
            self.sent.push_back(Outgoing { frame: frame.clone(), count: self.sent_count, ..Outgoing::default() });
        }
        outputs.push_back(Output::SendFrame(frame));
    }

    /// Takes a message: `message` and `delivery` events first, then the wire, if the session is online.
    ///
    /// `shown` is what the first event shows, where `message` does not have it.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn post(&mut self, message: Outgoing, shown: Option<Box<Message>>, outputs: &mut VecDeque<Output>) {
        if !self.is_quiet {
            let shown = shown.or_else(|| message.message.as_ref().and_then(Posted::whole).cloned().map(Box::new));
            outputs.extend(shown.map(|shown| Output::Event(Event::Message(shown))));
            tell(&message, Stage::Queued, None, outputs);
        }
        self.commitments += 1;
        if self.can_send() {
            self.send(message, false, outputs);
        } else {
            self.queued.push_back(message);
        }
    }

    /// The server has every stanza up to this count.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn confirm(&mut self, count: u64, outputs: &mut VecDeque<Output>) {
        while self.sent.front().is_some_and(|sent| sent.count <= count) {
            let Some(confirmed) = self.sent.pop_front() else { return };
            if let Some(message) = &confirmed.message {
                self.sent_messages -= 1;
                self.last_confirmed = Some(message.shared_id());
                succeed(confirmed, self.is_quiet, outputs);
            }
        }
    }

    pub(crate) fn last_confirmed(&self) -> Option<&str> {
        self.last_confirmed.as_deref()
    }

    /// Whether the server is known to have every stanza up to this count.
    pub(crate) fn is_confirmed(&self, count: u64) -> bool {
        self.sent.front().is_none_or(|sent| sent.count > count)
    }

    /// Somebody answered this message: the server had it, and every stanza before it (RFC 6120, section 10.1), also where that was in doubt.
    pub(crate) fn confirm_message(&mut self, id: &str, outputs: &mut VecDeque<Output>) {
        let is_it = |sent: &&Outgoing| sent.message.as_ref().is_some_and(|message| message.id() == id);
        if let Some(count) = self.sent.iter().find(is_it).map(|sent| sent.count) {
            self.confirm(count, outputs);
        } else if let Some(at) = self.doubtful.iter().position(|doubtful| is_it(&doubtful)) {
            self.commitments += 1;
            for _ in 0..=at {
                let Some(arrived) = self.doubtful.pop_front() else { return };
                succeed(arrived, self.is_quiet, outputs);
            }
        }
    }

    /// The session is lost for good: of what was sent and not confirmed nobody knows whether it has arrived. What waits, waits on.
    pub(crate) fn lose(&mut self) {
        self.is_open = false;
        self.sent_count = 0;
        self.sent_messages = 0;
        for sent in std::mem::take(&mut self.sent) {
            if sent.message.is_some() {
                self.doubtful.push_back(Outgoing { count: 0, ..sent });
            }
        }
    }

    /// The messages of which nobody knows whether they have arrived, in the order in which they were sent.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &Posted> {
        self.doubtful.iter().filter_map(|message| message.message.as_ref())
    }

    /// Ends the doubt: what has to go out again does so in its old order, and then what waited behind it.
    pub(crate) fn judge(&mut self, verdict: impl Fn(&Posted) -> Verdict, outputs: &mut VecDeque<Output>) {
        self.commitments += 1;
        let mut is_first = true;
        for mut doubtful in std::mem::take(&mut self.doubtful) {
            let Some(message) = &doubtful.message else { continue };
            let verdict = verdict(message);
            if verdict == Verdict::Again && std::mem::take(&mut is_first) {
                doubtful.losses = doubtful.losses.saturating_add(1);
            }
            match verdict {
                Verdict::Acked => succeed(doubtful, self.is_quiet, outputs),
                Verdict::Unknown => fail(doubtful, &delivery_unknown(), outputs),
                Verdict::Again if doubtful.is_too_much() => {
                    let error = doubtful.too_much();
                    fail(doubtful, &error, outputs);
                }
                Verdict::Again => {
                    let frame = with_delay(&doubtful.frame, message.timestamp_ms());
                    self.send(Outgoing { frame, number: None, ..doubtful }, true, outputs);
                }
            }
        }
        self.send_queued(outputs);
    }

    /// The app gave up: what waits will not be sent.
    pub(crate) fn discard(&mut self, error: &Error, outputs: &mut VecDeque<Output>) {
        self.commitments += 1;
        for message in std::mem::take(&mut self.doubtful) {
            fail(message, &delivery_unknown(), outputs);
        }
        for message in std::mem::take(&mut self.queued) {
            fail(message, error, outputs);
        }
    }

    /// The command no longer waits. A message that was not sent yet is taken back and settled; one on the wire goes its way.
    pub(crate) fn cancel(&mut self, token: Token, error: &Error, outputs: &mut VecDeque<Output>) -> Cancelled {
        if let Some(at) = self.queued.iter().position(|message| message.token == Some(token)) {
            if let Some(message) = self.queued.remove(at) {
                self.commitments += 1;
                fail(message, error, outputs);
            }
            return Cancelled::TakenBack;
        }
        // Whoever gives up many does so in the order in which they were sent.
        let is_it = |sent: &Outgoing| sent.token == Some(token);
        let from = self.given_up_at.min(self.sent.len());
        let behind = self.sent.range(from..).position(is_it).map(|at| at + from);
        let at = behind.or_else(|| self.sent.range(..from).position(is_it));
        self.given_up_at = at.unwrap_or(0);
        match at.and_then(|at| self.sent.get_mut(at)).or_else(|| self.doubtful.iter_mut().find(|message| is_it(message))) {
            Some(message) => {
                message.token = None;
                Cancelled::Sent
            }
            None => Cancelled::Unknown,
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn send(&mut self, message: Outgoing, is_again: bool, outputs: &mut VecDeque<Output>) {
        if let Err(error) = self.check(&message.frame) {
            return fail(message, &error, outputs);
        }
        self.sent_count += 1;
        self.sent_bytes += message.frame.len() as u64;
        self.sent_messages += 1;
        outputs.push_back(Output::SendFrame(message.frame.clone()));
        if !is_again && !self.is_quiet {
            tell(&message, Stage::Sent, None, outputs);
        }
        self.sent.push_back(Outgoing { count: self.sent_count, ..message });
    }
}

impl Outgoing {
    pub(crate) fn message(frame: Arc<str>, message: Posted, token: Option<Token>) -> Self {
        Self { frame, message: Some(message), token, ..Self::default() }
    }

    /// Whether it is given up: a large one at which one connection after the other was lost. A small one is never to blame.
    fn is_too_much(&self) -> bool {
        self.losses >= MOST_LOSSES && self.frame.len() >= LARGE_BYTES
    }

    fn too_much(&self) -> Error {
        let (losses, bytes) = (self.losses, self.frame.len());
        Error::new(
            Code::LimitExceeded,
            format!("{losses} connections were lost at a stanza of {bytes} bytes; it was not sent again"),
        )
        .remedy("The server, or something on the way to it, lets nothing so large pass. Send less at a time, or put it on the web and send a link.")
    }
}

/// The message again, with the time when it was written (XEP-0198, section 5; XEP-0203).
fn with_delay(frame: &str, timestamp_ms: i64) -> Arc<str> {
    xml::with_last_child(frame, |w| _ = w.open("delay", ns::DELAY).attr("stamp", &format_timestamp(timestamp_ms))).into()
}

fn too_large(bytes: usize, most: u32) -> Error {
    Error::new(Code::LimitExceeded, format!("the stanza has {bytes} bytes, and the server takes {most} at most"))
        .remedy("Send less at a time, or put it on the web and send a link.")
}

fn delivery_unknown() -> Error {
    Error::new(Code::DeliveryUnknown, "the connection was lost before the server confirmed the message")
        .remedy("Ask the user before sending it again: it may have arrived.")
}

fn succeed(stanza: Outgoing, is_quiet: bool, outputs: &mut VecDeque<Output>) {
    if !is_quiet {
        tell(&stanza, Stage::Acked, None, outputs);
    }
    match (stanza.token, stanza.message) {
        (Some(token), Some(Posted::Whole(message))) => {
            outputs.push_back(Output::Settled { token, result: Ok(Reply::Message(message)) });
        }
        (Some(token), Some(Posted::Text(text))) => arrive(token, text.from, outputs),
        _ => {}
    }
}

/// Those that arrive one behind the other are told together.
fn arrive(token: Token, from: Arc<str>, outputs: &mut VecDeque<Output>) {
    match outputs.back_mut() {
        Some(Output::Arrived { last, from: known, .. }) if last.0.checked_add(1) == Some(token.0) && *known == from => {
            *last = token
        }
        _ => outputs.push_back(Output::Arrived { first: token, last: token, from }),
    }
}

fn fail(stanza: Outgoing, error: &Error, outputs: &mut VecDeque<Output>) {
    tell(&stanza, Stage::Failed, Some(error.clone()), outputs);
    if let Some(token) = stanza.token {
        outputs.push_back(Output::Settled { token, result: Err(error.clone()) });
    }
}

/// Of what is no message of the app nothing is told.
fn tell(stanza: &Outgoing, stage: Stage, error: Option<Error>, outputs: &mut VecDeque<Output>) {
    if let Some(message) = &stanza.message {
        let delivery = Delivery { id: message.id().to_owned(), to: message.to().to_owned(), stage, error };
        outputs.push_back(Output::Event(Event::Delivery(delivery)));
    }
}
