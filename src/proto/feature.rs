//! The plug that every extension uses: [`Feature`] is what the router calls, [`Cx`] is all that a feature may touch.
//!
//! A feature knows `Cx`, `xml`, `event` and `error` and nothing else; no feature names another. Adding one is: a file in
//! `features/`, a line in its registry, its event variants, its block in `index.d.ts`, its folder of golden cases.

use std::collections::VecDeque;
use std::sync::Arc;

use super::config::Config;
use super::entity_caps::OwnCaps;
use super::entropy::Ids;
use super::error::{Code, Error};
use super::event::{Delivery, Direction, Event, Message, MessageType, Stage, signal};
use super::features::FeatureId;
use super::features::messaging::MessageOptions;
use super::heard::HeardMessages;
use super::io::{Output, Reply, Token};
use super::iq::{IqTable, Owner, Ticket};
use super::jids;
use super::outbox::{Outbox, Outgoing, Posted, Verdict};
use super::persist::{HandledMessage, OutboxRecord};
use super::sent::{Sent, SentMessages};
use super::sorted::Names;
use super::stanza_error::{self, Condition};
use super::time::Now;
use super::xml::{Element, Writer, ns};

/// Whether the features after this one see the stanza too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    /// Handled here: nobody else sees it, and no event is made of it.
    Stop,
}

/// By which way a message came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// It was sent to us, or is one of ours.
    #[default]
    Direct,
    /// A copy of what another device of ours got, or sent.
    #[allow(dead_code, reason = "the core gets no copies")]
    Carbon,
    /// Out of an archive: it may have been here before.
    #[allow(dead_code, reason = "the core asks no archive")]
    Archive,
}

/// A message that came inside of another one.
pub(crate) struct Copied<'a> {
    pub(crate) stanza: Element<'a>,
    pub(crate) way: Way,
    pub(crate) direction: Direction,
    /// When the one who made the copy got it.
    pub(crate) stamp_ms: Option<i64>,
    /// Under which the archive has it that it is out of.
    pub(crate) archive_id: Option<&'a str>,
}

/// What a message turns out to be that has an envelope in it.
#[allow(dead_code, reason = "the core opens nothing")]
pub(crate) enum Opened<'a> {
    /// A message like any other.
    Plain,
    /// Of no concern to the app: an answer of the archive to a question of ours, or what claims to be a copy and is none (I9).
    Taken,
    /// Another message.
    Copy(Copied<'a>),
    /// Another message, for this feature alone.
    Found(FeatureId, Copied<'a>),
}

/// An extension. Every method has a body that does nothing.
pub(crate) trait Feature {
    /// What disco#info announces for this feature.
    fn namespaces(&self) -> &'static [&'static str] {
        &[]
    }

    /// In which namespaces it has something in messages: see [`read_payload`](Self::read_payload).
    fn payloads(&self) -> &'static [&'static str] {
        &[]
    }

    /// In which namespaces it knows elements of messages that have another message inside: see [`open`](Self::open).
    fn envelopes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Looks into a child of a message in one of the namespaces of [`envelopes`](Self::envelopes). Who may send such a thing is for
    /// this to judge (I9).
    fn open<'a>(&mut self, _cx: &mut Cx<'_>, _envelope: Element<'a>, _stanza: Element<'a>) -> Opened<'a> {
        Opened::Plain
    }

    /// A message of [`Opened::Found`], with all that was read of it.
    fn handle_found(&mut self, _cx: &mut Cx<'_>, _message: Message) {}

    /// The session is bound (a new one), or goes on (`is_resumed`). First requests go out here; the first presence is sent after the roster.
    fn on_online(&mut self, _cx: &mut Cx<'_>, _is_resumed: bool) {}

    /// A child of a message in one of the namespaces of [`payloads`](Self::payloads): adds its fields. All that becomes a
    /// [`Message`] comes here: what came in, copies, what the archive has, and messages of ours. So it does nothing else.
    fn read_payload(&self, _cx: &Cx<'_>, _payload: Element<'_>, _stanza: Element<'_>, _message: &mut Message) {}

    /// Writes what the app wants said in a message of ours, behind its texts. Returns whether [`read_payload`](Self::read_payload) finds fields in it.
    fn write_payloads(&self, _cx: &mut Cx<'_>, _options: &MessageOptions, _w: &mut Writer) -> Result<bool, Error> {
        Ok(false)
    }

    /// A message came in, with all that was read of it.
    fn handle_message(&mut self, _cx: &mut Cx<'_>, _stanza: Element<'_>, _message: &mut Message) -> Flow {
        Flow::Continue
    }

    /// A presence came in, of whatever type.
    fn handle_presence(&mut self, _cx: &mut Cx<'_>, _stanza: Element<'_>) -> Flow {
        Flow::Continue
    }

    /// An IQ request of type get or set came in; `payload` is its only child. [`Flow::Stop`] says that it was answered
    /// (or is to stay unanswered); a request that every feature lets pass is answered with service-unavailable.
    fn handle_iq(&mut self, _cx: &mut Cx<'_>, _iq: Element<'_>, _payload: Element<'_>) -> Flow {
        Flow::Continue
    }

    /// The answer to a [`Cx::request`] of this feature: the `<iq type='result'>`, or why there is none.
    fn handle_reply(&mut self, _cx: &mut Cx<'_>, _ticket: Ticket, _reply: Result<Element<'_>, Error>) {}

    /// A message of ours was taken, to this address in its normal form: it goes out now, or as soon as the session is online.
    fn handle_sent(&mut self, _cx: &mut Cx<'_>, _to: &str, _options: &MessageOptions) {}

    /// When it wants to do something by itself, on the monotonic clock; a moment that has passed means at once. Asked for, and kept, only while
    /// the session is online.
    fn deadline_ms(&self) -> Option<u64> {
        None
    }

    /// That moment has come. `sees_us` says of somebody whether the roster lets them see our presence.
    fn handle_deadline(&mut self, _cx: &mut Cx<'_>, _sees_us: &dyn Fn(&str) -> bool) {}

    /// The session is lost for good. What it held of the server's state is void.
    fn on_offline(&mut self, _cx: &mut Cx<'_>) {}
}

/// The type of an IQ request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IqKind {
    Get,
    Set,
}

impl IqKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
        }
    }
}

/// What a feature may touch.
pub(crate) struct Cx<'a> {
    pub(super) now: Now,
    pub(super) config: &'a Config,
    /// The frame at hand, as it came.
    pub(super) frame: &'a str,
    /// The full JID once bound, the bare one before.
    pub(super) own_jid: &'a str,
    /// What disco#info announces.
    pub(super) announced: &'a [&'static str],
    pub(super) own_caps: &'a OwnCaps,
    /// Whether stanzas may go out: bound, and not closing.
    pub(super) is_bound: bool,
    /// By which way the message at hand came.
    pub(super) way: Way,
    /// What the server has switched on along with the binding.
    pub(super) enabled: &'a [&'static str],
    /// Whether the server keeps versions of the roster (RFC 6121, section 2.6.1): a stream feature.
    pub(super) has_roster_versioning: bool,
    /// Whether the server keeps approvals given in advance (RFC 6121, section 3.4): a stream feature.
    pub(super) has_pre_approval: bool,
    pub(super) ids: &'a mut Ids,
    pub(super) iqs: &'a mut IqTable,
    pub(super) outbox: &'a mut Outbox,
    pub(super) heard: &'a mut HeardMessages,
    pub(super) sent: &'a mut SentMessages,
    /// Whose stanza ids are believed: bare JIDs.
    pub(super) stampers: &'a mut Names,
    pub(super) outputs: &'a mut VecDeque<Output>,
}

impl Cx<'_> {
    pub(crate) fn now(&self) -> Now {
        self.now
    }

    pub(crate) fn config(&self) -> &Config {
        self.config
    }

    pub(crate) fn own_jid(&self) -> &str {
        self.own_jid
    }

    pub(crate) fn own_bare(&self) -> &str {
        jids::bare(self.own_jid)
    }

    /// Where in the frame at hand a text begins that was read from it; anything for another one.
    pub(crate) fn place_of(&self, text: &str) -> usize {
        text.as_ptr().addr().wrapping_sub(self.frame.as_ptr().addr())
    }

    /// Whether no frame is at hand: a message that is read is one of our own.
    #[allow(dead_code, reason = "the core has no extensions to ask")]
    pub(crate) fn is_writing(&self) -> bool {
        self.frame.is_empty()
    }

    /// What disco#info announces, sorted.
    pub(crate) fn announced(&self) -> &[&'static str] {
        self.announced
    }

    /// Whether this archive takes out what others write in the place of its stamps (XEP-0359, section 7).
    pub(crate) fn believes_stamps_of(&self, archive: &str) -> bool {
        self.stampers.contains(archive)
    }

    /// Whether the ids are believed that this archive stamps from now on.
    #[allow(dead_code, reason = "the core asks no archive")]
    pub(crate) fn believe_stamps_of(&mut self, archive: &str, is_believed: bool) {
        if is_believed {
            self.stampers.add(archive.to_owned());
        } else {
            self.stampers.remove(archive);
        }
    }

    /// What our presence says of that.
    pub(crate) fn own_caps(&self) -> &OwnCaps {
        self.own_caps
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// By which way the message at hand came.
    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// Whether the message at hand comes out of an archive: it may have been here before.
    pub(crate) fn is_from_archive(&self) -> bool {
        self.way == Way::Archive
    }

    /// Whether the server has switched this on along with the binding.
    #[allow(dead_code, reason = "the core has nothing to switch on")]
    pub(crate) fn is_enabled(&self, namespace: &str) -> bool {
        self.enabled.contains(&namespace)
    }

    pub(crate) fn has_roster_versioning(&self) -> bool {
        self.has_roster_versioning
    }

    pub(crate) fn has_pre_approval(&self) -> bool {
        self.has_pre_approval
    }

    /// Whether the request with this id still waits for its answer.
    pub(crate) fn is_awaited(&self, request_id: &str) -> bool {
        self.iqs.contains(request_id)
    }

    /// A fresh id that nobody can guess.
    pub(crate) fn new_id(&mut self) -> String {
        self.ids.new_id()
    }

    /// A fresh id for a message of ours that the app knows nothing of: should it bounce, the app is not told either.
    #[allow(dead_code, reason = "the core has no extensions that say such things")]
    pub(crate) fn new_signal_id(&mut self) -> String {
        format!("{}{}", signal::ID_PREFIX, self.ids.new_id())
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Reports what went wrong outside any request.
    pub(crate) fn report(&mut self, error: Error) {
        self.emit(Event::Error(error));
    }

    pub(crate) fn settle(&mut self, token: Token, result: Result<Reply, Error>) {
        self.outputs.push_back(Output::Settled { token, result });
    }

    /// Sends a presence, or another stanza that is not kept.
    pub(crate) fn send(&mut self, stanza: Writer) -> Result<(), Error> {
        let frame = stanza.finish()?;
        self.send_frame(frame)
    }

    /// As [`send`](Self::send), for a stanza that is text already.
    pub(super) fn send_frame(&mut self, frame: String) -> Result<(), Error> {
        if !self.is_bound {
            return Err(Error::not_connected());
        }
        self.outbox.check(&frame)?;
        self.outbox.transmit(frame, self.outputs);
        Ok(())
    }

    /// Keeps a message until the server has it, and sends it as soon as the session is online.
    ///
    /// `shown` is what the `message` event shows, where `message` does not have it.
    pub(crate) fn post(&mut self, message: Outgoing, shown: Option<Box<Message>>) -> Result<(), Error> {
        self.outbox.check(&message.frame)?;
        self.outbox.post(message, shown, self.outputs);
        Ok(())
    }

    /// What is known of a message of ours, if it is one of the last.
    #[allow(dead_code, reason = "the core has no extensions to ask")]
    pub(crate) fn sent(&self, id: &str) -> Option<&Sent> {
        self.sent.get(id)
    }

    /// What is known of the last messages that came in with this id, or that were archived under it; the oldest first.
    #[allow(dead_code, reason = "the core has no extensions to ask")]
    pub(crate) fn heard(&self, id: &str) -> impl Iterator<Item = &HandledMessage> {
        self.heard.iter().filter(move |known| known.id == id || known.archive_id.as_deref() == Some(id))
    }

    /// Whether a copy is of a message of ours that this client has sent.
    pub(crate) fn has_sent(&self, copy: &Message) -> bool {
        self.sent.has(copy)
    }

    /// A message of ours is on its way.
    pub(crate) fn remember_sent(&mut self, id: Arc<str>, to: Arc<str>, kind: MessageType) {
        self.sent.remember(id, to, kind);
    }

    /// The message of ours that came back with this error; for the first error only.
    pub(crate) fn take_bounced(&mut self, bounce: &Message) -> Option<Sent> {
        self.sent.take_bounced(bounce, self.own_jid)
    }

    /// The recipient of a message of ours says what became of it: told once, never backwards, and of nobody else (I9).
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn advance_sent(&mut self, id: &str, from: &str, stage: Stage) {
        let Some(Sent { id, to, .. }) = self.sent.advance(id, from, stage) else { return };
        let delivery = Delivery { id: (**id).to_owned(), to: (**to).to_owned(), stage, error: None };
        // The word may overtake the server's; the stages stay in order.
        self.confirm_message(&delivery.id);
        self.emit(Event::Delivery(delivery));
    }

    /// Somebody answered a message of ours: the server has it, whether it said so already or not.
    pub(crate) fn confirm_message(&mut self, id: &str) {
        self.outbox.confirm_message(id, self.outputs);
    }

    /// Whether nobody listens to what becomes of messages of ours.
    pub(crate) fn is_quiet(&self) -> bool {
        self.outbox.is_quiet()
    }

    /// Messages of a session that was lost for good, of which nobody knows whether they have arrived.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &Posted> {
        self.outbox.doubtful()
    }

    /// The id of the last message that was confirmed. Whatever is doubtful was sent after it.
    pub(crate) fn last_confirmed(&self) -> Option<&str> {
        self.outbox.last_confirmed()
    }

    /// Ends the doubt about all of them.
    pub(crate) fn judge_doubtful(&mut self, verdict: impl Fn(&Posted) -> Verdict) {
        self.outbox.judge(verdict, self.outputs);
    }

    /// Takes in an outbox that was stored; `read` makes a message of a frame of ours.
    pub(crate) fn restore_outbox(
        &mut self,
        record: OutboxRecord,
        has_session: bool,
        mut read: impl FnMut(&mut Cx<'_>, &str, i64) -> Option<Message>,
    ) {
        // Put aside, since whoever reads has the use of everything else.
        let mut outbox = std::mem::take(self.outbox);
        let mut outputs = VecDeque::new();
        outbox.restore(record, has_session, |frame, timestamp_ms| read(self, frame, timestamp_ms), &mut outputs);
        self.outputs.append(&mut outputs);
        *self.outbox = outbox;
    }

    /// Sends a request whose answer comes to [`Feature::handle_reply`] with the same feature, purpose and token. Returns its id.
    pub(crate) fn request(
        &mut self,
        kind: IqKind,
        to: Option<&str>,
        ticket: Ticket,
        payload: impl FnOnce(&mut Writer),
    ) -> Result<String, Error> {
        let (id, mut w) = self.begin_request(kind, to)?;
        payload(&mut w);
        self.finish_request(id, to, ticket, w)
    }

    // Both halves are apart from what each caller brings, and not inlined: what is to be there once.
    #[inline(never)]
    fn begin_request(&mut self, kind: IqKind, to: Option<&str>) -> Result<(String, Writer), Error> {
        if !self.is_bound {
            return Err(Error::not_connected());
        }
        let id = self.new_id();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).attr("type", kind.as_str()).attr("id", &id).attr_opt("to", to);
        Ok((id, w))
    }

    #[inline(never)]
    fn finish_request(&mut self, id: String, to: Option<&str>, ticket: Ticket, request: Writer) -> Result<String, Error> {
        let frame = request.finish()?;
        self.outbox.check(&frame)?;
        let deadline_ms = self.now.mono_ms + u64::from(ticket.timeout_ms.unwrap_or(self.config.timeouts.request_ms));
        self.iqs.insert(id.clone(), to, deadline_ms, Owner::Feature(ticket));
        self.outbox.transmit(frame, self.outputs);
        Ok(id)
    }

    /// Answers a request with a result.
    pub(crate) fn answer(&mut self, iq: Element<'_>, payload: impl FnOnce(&mut Writer)) {
        let mut w = answer_to(iq, "result");
        payload(&mut w);
        self.send_answer(w);
    }

    /// Answers a request with an error.
    pub(crate) fn refuse(&mut self, iq: Element<'_>, condition: Condition) {
        let mut w = answer_to(iq, "error");
        stanza_error::write(&mut w, condition, None);
        self.send_answer(w);
    }

    fn send_answer(&mut self, answer: Writer) {
        match answer.finish() {
            Ok(frame) if self.is_bound => self.outbox.transmit(frame, self.outputs),
            Ok(_) => {}
            Err(error) => {
                let error = Error::new(Code::ProtocolError, "a request could not be answered").because(error.into());
                self.report(error);
            }
        }
    }
}

fn answer_to(iq: Element<'_>, kind: &str) -> Writer {
    let mut w = Writer::new();
    w.open("iq", ns::CLIENT).attr("type", kind).attr("id", iq.attr("id").unwrap_or_default()).attr_opt("to", iq.attr("from"));
    w
}

/// Names a request of a feature.
pub(crate) fn ticket(feature: FeatureId, purpose: u8, token: Option<Token>) -> Ticket {
    Ticket { feature, purpose, token, subject: String::new(), timeout_ms: None }
}
