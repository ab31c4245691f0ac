//! [`Session`]: one client, over as many connections as its life takes.

use std::collections::VecDeque;

use super::backoff::Backoff;
use super::config::Config;
use super::entropy::{Entropy, Ids};
use super::error::{Code, Error};
use super::event::{Direction, Event, StanzaText, StateChange};
use super::feature::Cx;
use super::features::Features;
use super::io::{Input, Output, Reply, Token};
use super::iq::{IqTable, Owner};
use super::outbox::{Cancelled, Outbox};
use super::router::{self, Routed};
use super::state::State;
use super::stream::sasl::Mechanism;
use super::stream::{Io, Progress, Stream, framing};
use super::time::Now;
use super::trace;
use super::xml::{self, Element, Writer, XmlFault, ns};

/// How long the server may take to close the stream after we did.
const CLOSE_MS: u64 = 5_000;

const PING: &str = "urn:xmpp:ping";

/// A client without a clock, a socket or a random source: feed it, drain it.
///
/// ```
/// use waxwing::proto::{Account, Config, Entropy, Input, Now, Output, Session, Token};
///
/// struct NotRandom;
/// impl Entropy for NotRandom {
///     fn fill(&mut self, bytes: &mut [u8]) {
///         bytes.fill(7);
///     }
/// }
///
/// let mut config = Config::new(Account::parse("romeo@example.net", None)?);
/// config.password = Some("s3cret".to_owned());
/// config.url = Some("wss://example.net/xmpp-websocket".to_owned());
/// let mut session = Session::new(config, Box::new(NotRandom));
/// session.connect(Now::default(), Token(1));
/// let opened = std::iter::from_fn(|| session.poll_output())
///     .any(|output| matches!(output, Output::OpenSocket { url } if url == "wss://example.net/xmpp-websocket"));
/// assert!(opened);
/// # Ok::<(), waxwing::proto::Error>(())
/// ```
pub struct Session {
    config: Config,
    features: Features,
    announced: Vec<&'static str>,
    ids: Ids,
    iqs: IqTable,
    outbox: Outbox,
    outputs: VecDeque<Output>,
    state: State,
    /// The full JID while bound, else the bare one.
    own_jid: String,
    stream: Option<Stream>,
    /// No login weaker than this, since a stronger one was tried.
    floor: Option<Mechanism>,
    backoff: Backoff,
    /// Online since the last connect(): a lost connection is made again.
    has_been_online: bool,
    /// Our `<close/>` is out.
    is_closing: bool,
    /// A ping behind the last message is to show that the server has it.
    is_probing: bool,
    /// The server was asked for a sign of life, and gave none since.
    is_awaiting_sign: bool,
    last_inbound_ms: u64,
    connect_deadline_ms: Option<u64>,
    close_deadline_ms: Option<u64>,
    retry_at_ms: Option<u64>,
    connecting: Vec<Token>,
    disconnecting: Vec<Token>,
    reports_stanzas: bool,
    /// The frame at the front of `outputs` was reported already.
    is_front_reported: bool,
}

impl Session {
    /// A session that is offline.
    pub fn new(config: Config, entropy: Box<dyn Entropy>) -> Self {
        let features = Features::default();
        let announced = features.namespaces();
        let own_jid = config.account.bare();
        Self {
            config,
            features,
            announced,
            ids: Ids::new(entropy),
            iqs: IqTable::default(),
            outbox: Outbox::default(),
            outputs: VecDeque::new(),
            state: State::Offline,
            own_jid,
            stream: None,
            floor: None,
            backoff: Backoff::default(),
            has_been_online: false,
            is_closing: false,
            is_probing: false,
            is_awaiting_sign: false,
            last_inbound_ms: 0,
            connect_deadline_ms: None,
            close_deadline_ms: None,
            retry_at_ms: None,
            connecting: Vec::new(),
            disconnecting: Vec::new(),
            reports_stanzas: false,
            is_front_reported: false,
        }
    }

    /// The state, already the new one when its event is polled (I7).
    pub fn state(&self) -> State {
        self.state
    }

    /// The full JID, while bound.
    pub fn jid(&self) -> Option<&str> {
        self.is_bound().then_some(self.own_jid.as_str())
    }

    /// When [`Input::Timeout`] is due, on the monotonic clock.
    pub fn poll_timeout(&self) -> Option<u64> {
        let ping_at = self.is_online().then(|| self.last_inbound_ms + u64::from(self.config.timeouts.ping_ms));
        let ping_at = ping_at.filter(|_| !self.is_awaiting_sign);
        [self.connect_deadline_ms, self.close_deadline_ms, self.retry_at_ms, self.iqs.deadline_ms(), ping_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do, in order. Drain it after each input and each command (I1).
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.reports_stanzas && !self.is_front_reported {
            if let Some(Output::SendFrame(frame)) = self.outputs.front() {
                self.is_front_reported = true;
                let xml = trace::redact(frame).into_owned();
                return Some(Output::Event(Event::Stanza(StanzaText { direction: Direction::Out, xml })));
            }
        }
        self.is_front_reported = false;
        self.outputs.pop_front()
    }

    /// Whether frames are reported as [`Event::Stanza`]. Off at the start.
    pub fn report_stanzas(&mut self, is_on: bool) {
        self.reports_stanzas = is_on;
    }

    /// Takes in what happened outside.
    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        match input {
            Input::SocketOpened { has_subprotocol } => {
                self.negotiate(now, |stream, io, _| stream.handle_opened(has_subprotocol, io).map(|()| Progress::Negotiating))
            }
            Input::KeyDerived { id, key } => {
                self.negotiate(now, |stream, io, _| stream.handle_key(id, key, io).map(|()| Progress::Negotiating))
            }
            Input::Credentials { id, password } => {
                self.negotiate(now, |stream, io, floor| {
                    stream.handle_credentials(id, password, io, floor).map(|()| Progress::Negotiating)
                });
            }
            Input::Frame(frame) => self.handle_frame(now, frame),
            Input::BinaryFrame => {
                self.break_off(now, "unsupported-stanza-type", Error::new(Code::ProtocolError, "the server sent a binary frame"))
            }
            Input::SocketClosed { code, reason } => self.handle_socket_closed(now, code, reason),
            Input::Timeout => self.handle_timeout(now),
        }
        self.settle_down(now);
    }

    /// Connects. Settles when online, or with the reason why not. While waiting, it retries now.
    pub fn connect(&mut self, now: Now, token: Token) {
        match self.state {
            State::Online if !self.is_closing => self.settle(token, Ok(Reply::Done)),
            // The attempt under way, or the one after the stream has closed.
            State::Connecting | State::Online => self.connecting.push(token),
            State::Offline | State::Waiting => {
                self.connecting.push(token);
                self.attempt(now);
            }
        }
    }

    /// Flushes what was sent and closes the stream. Settles when closed. A connect() under way is settled with `aborted`.
    pub fn disconnect(&mut self, now: Now, token: Token) {
        self.disconnecting.push(token);
        match self.state {
            State::Online if self.is_closing => {}
            State::Online => {
                self.with(now, |features, cx| features.presence.send_unavailable(cx));
                // Behind what was sent and not yet confirmed stands a question, so that the answer comes before the stream is closed.
                self.ask_for_confirmation(now);
                self.push_frame(framing::close());
                self.is_closing = true;
                self.close_deadline_ms = Some(now.mono_ms + CLOSE_MS);
            }
            State::Offline | State::Connecting | State::Waiting => {
                if self.stream.as_ref().is_some_and(Stream::is_open) {
                    self.push_frame(framing::close());
                }
                self.end(now, None);
            }
        }
    }

    /// The caller no longer waits: the command is settled with `aborted`, and undone where nothing of it went out yet.
    pub fn cancel(&mut self, now: Now, token: Token) {
        let aborted = Error::new(Code::Aborted, "the operation was aborted");
        if let Some(at) = self.connecting.iter().position(|waiting| *waiting == token) {
            self.connecting.swap_remove(at);
            self.settle(token, Err(aborted));
            if self.connecting.is_empty() && self.state == State::Connecting && !self.has_been_online {
                self.end(now, Some(Error::new(Code::Aborted, "connect() was aborted")));
            }
        } else if let Some(at) = self.disconnecting.iter().position(|waiting| *waiting == token) {
            self.disconnecting.swap_remove(at);
            self.settle(token, Err(aborted));
        } else if self.iqs.cancel(token) || self.outbox.cancel(token, &aborted, &mut self.outputs) == Cancelled::Sent {
            self.settle(token, Err(aborted));
        }
    }

    /// Sends exactly one stanza, given as XML. It is not kept: nobody is told whether it arrived.
    pub fn send_raw(&mut self, now: Now, xml: &str) -> Result<(), Error> {
        let document = xml::read_command(xml, &self.config.limits)?;
        let raw = router::prepare_raw(document.root(), false, String::new)?;
        self.with(now, |_, cx| cx.send_frame(raw.frame))?;
        self.settle_down(now);
        Ok(())
    }

    /// Sends exactly one IQ request, given as XML. Settles with [`Reply::Stanza`], or with the peer's error.
    pub fn request(&mut self, now: Now, token: Token, xml: &str, timeout_ms: Option<u32>) -> Result<(), Error> {
        let document = xml::read_command(xml, &self.config.limits)?;
        let raw = router::prepare_raw(document.root(), true, || self.ids.new_id())?;
        let id = raw.id.unwrap_or_default();
        if self.iqs.contains(&id) {
            return Err(
                Error::invalid("a request with this id is under way").remedy("Leave the id out, and a fresh one is made.")
            );
        }
        let deadline_ms = now.mono_ms + u64::from(timeout_ms.unwrap_or(self.config.timeouts.request_ms));
        self.with(now, |_, cx| cx.send_frame(raw.frame))?;
        self.iqs.insert(id, raw.to.as_deref(), deadline_ms, Owner::App(token));
        self.settle_down(now);
        Ok(())
    }

    pub(super) fn features(&self) -> &Features {
        &self.features
    }

    /// Refuses what makes no sense before connect() and after disconnect().
    pub(super) fn require_active(&self) -> Result<(), Error> {
        if self.state == State::Offline || self.is_closing { Err(Error::not_connected()) } else { Ok(()) }
    }

    /// Runs a command of a feature.
    pub(super) fn command<R>(&mut self, now: Now, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
        let result = self.with(now, act);
        self.settle_down(now);
        result
    }

    fn is_online(&self) -> bool {
        self.state == State::Online
    }

    fn is_bound(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_bound)
    }

    fn with<R>(&mut self, now: Now, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
        let stream = self.stream.as_ref().filter(|stream| stream.is_bound());
        let mut cx = Cx {
            now,
            config: &self.config,
            own_jid: &self.own_jid,
            announced: &self.announced,
            is_bound: stream.is_some() && !self.is_closing,
            has_roster_versioning: stream.is_some_and(|stream| stream.features().has_roster_versioning),
            has_pre_approval: stream.is_some_and(|stream| stream.features().has_pre_approval),
            ids: &mut self.ids,
            iqs: &mut self.iqs,
            outbox: &mut self.outbox,
            outputs: &mut self.outputs,
        };
        act(&mut self.features, &mut cx)
    }

    fn settle(&mut self, token: Token, result: Result<Reply, Error>) {
        self.outputs.push_back(Output::Settled { token, result });
    }

    fn report(&mut self, error: Error) {
        self.outputs.push_back(Output::Event(Event::Error(Box::new(error))));
    }

    fn push_frame(&mut self, w: Writer) {
        // Only frames whose text is ours come here.
        if let Ok(frame) = w.finish() {
            self.outputs.push_back(Output::SendFrame(frame));
        }
    }

    fn change_state(&mut self, current: State, error: Option<Error>, retry_in_ms: Option<u32>) {
        let previous = std::mem::replace(&mut self.state, current);
        if previous != current {
            let is_resumed = (current == State::Online).then_some(false);
            self.outputs.push_back(Output::Event(Event::State(StateChange {
                current,
                previous,
                error,
                retry_in_ms,
                is_resumed,
            })));
        }
    }

    /// Opens a socket, or says why not.
    fn attempt(&mut self, now: Now) {
        self.retry_at_ms = None;
        let url = match self.config.endpoint() {
            Ok(url) => url,
            Err(error) => return self.end(now, Some(error)),
        };
        self.stream = Some(Stream::new(Config::is_private(&url)));
        self.connect_deadline_ms = Some(now.mono_ms + u64::from(self.config.timeouts.connect_ms));
        self.change_state(State::Connecting, None, None);
        self.outputs.push_back(Output::OpenSocket { url });
    }

    /// Lets the stream go on with the negotiation.
    fn negotiate(
        &mut self,
        now: Now,
        act: impl FnOnce(&mut Stream, &mut Io<'_>, &mut Option<Mechanism>) -> Result<Progress, Error>,
    ) {
        let Some(stream) = &mut self.stream else { return };
        let mut io = Io { config: &self.config, ids: &mut self.ids, outputs: &mut self.outputs };
        match act(stream, &mut io, &mut self.floor) {
            Ok(Progress::Negotiating) => {}
            Ok(Progress::Bound(jid)) => {
                self.own_jid = jid;
                self.outbox.reset_count();
                self.with(now, |features, cx| {
                    features.each(|feature| {
                        feature.on_online(cx, false);
                        super::feature::Flow::Continue
                    })
                });
            }
            Err(error) => self.give_up(now, error),
        }
    }

    fn handle_frame(&mut self, now: Now, frame: &str) {
        if self.stream.is_none() {
            return;
        }
        self.last_inbound_ms = now.mono_ms;
        self.is_awaiting_sign = false;
        if self.reports_stanzas {
            let xml = trace::redact(frame).into_owned();
            self.outputs.push_back(Output::Event(Event::Stanza(StanzaText { direction: Direction::In, xml })));
        }
        let limits = self.config.limits;
        let root = match xml::prescan(frame, &limits) {
            Ok(root) => root,
            Err(fault) => return self.handle_fault(now, fault),
        };
        let is_stanza = router::is_stanza(root.name, root.namespace);
        if let Some(stream) = self.stream.as_mut().filter(|_| is_stanza) {
            // I8: what is counted is what came, whether it can be read or not.
            stream.management.count_inbound();
        }
        if let Some(fault) = root.fault {
            return self.handle_fault(now, fault);
        }
        match xml::parse(frame, &limits) {
            Ok(document) => self.handle_element(now, document.root(), is_stanza),
            Err(fault) => self.handle_fault(now, fault),
        }
    }

    fn handle_element(&mut self, now: Now, element: Element<'_>, is_stanza: bool) {
        let is_bound = self.is_bound();
        match (element.name(), element.namespace()) {
            ("close", ns::FRAMING) => self.handle_close(now, element),
            ("error", ns::STREAM) => self.give_up(now, framing::read_stream_error(element)),
            _ if !is_bound => self.negotiate(now, |stream, io, floor| stream.handle_element(element, io, floor)),
            (_, ns::SM) => self.handle_management(element),
            // Prosody repeats its features after some logins; they say nothing new.
            ("features", ns::STREAM) => {}
            _ if is_stanza => {
                if let Routed::Confirmed(count) = self.with(now, |features, cx| router::route(element, features, cx)) {
                    self.is_probing = false;
                    self.outbox.confirm(count, &mut self.outputs);
                }
            }
            (name, xmlns) => {
                let message = format!("the server sent <{name} xmlns='{xmlns}'/>, which is no stanza");
                self.report(Error::new(Code::UnreadableStanza, message));
            }
        }
    }

    fn handle_management(&mut self, element: Element<'_>) {
        let Some(stream) = &mut self.stream else { return };
        match stream.management.handle(element, self.outbox.sent_count(), &mut self.outputs) {
            Ok(Some(count)) => self.outbox.confirm(count, &mut self.outputs),
            Ok(None) => {}
            Err(error) => self.report(error),
        }
    }

    /// A frame that cannot be read: lost alone where it is well-formed, with the stream where it is not (I8).
    fn handle_fault(&mut self, now: Now, fault: XmlFault) {
        match fault {
            XmlFault::TooLarge(why) => {
                let error = Error::new(Code::LimitExceeded, format!("a frame was not read: {why}"));
                if self.is_bound() { self.report(error) } else { self.give_up(now, error) }
            }
            XmlFault::NotWellFormed(why) => self.break_off(
                now,
                "not-well-formed",
                Error::new(Code::ProtocolError, format!("the server's XML is broken: {why}")),
            ),
            // RFC 6120, section 11.1.
            XmlFault::Restricted(why) => self.break_off(
                now,
                "restricted-xml",
                Error::new(Code::ProtocolError, format!("the server's XML is not allowed: {why}")),
            ),
        }
    }

    /// The server's `<close/>`: the answer to ours, or its own wish (RFC 7395, section 3.6).
    fn handle_close(&mut self, now: Now, close: Element<'_>) {
        if self.is_closing {
            return self.end(now, None);
        }
        self.give_up(now, framing::read_close(close));
    }

    fn handle_socket_closed(&mut self, now: Now, code: u16, reason: &str) {
        let Some(stream) = &self.stream else { return };
        if self.is_closing {
            return self.end(now, None);
        }
        let why = if reason.is_empty() { format!("code {code}") } else { format!("code {code}: {reason}") };
        let error = if stream.is_open() {
            Error::new(
                Code::ConnectionLost,
                format!("the WebSocket closed ({why}) while the client waited for {}", stream.waits_for()),
            )
        } else {
            Error::new(Code::ConnectionFailed, format!("the WebSocket could not be opened ({why})"))
                .remedy("Check the url and that the server runs; browsers do not tell pages more than this.")
        };
        let error =
            if self.is_online() { Error::new(Code::ConnectionLost, format!("the WebSocket closed ({why})")) } else { error };
        self.lose(now, error);
    }

    fn handle_timeout(&mut self, now: Now) {
        let is_due = |deadline: Option<u64>| deadline.is_some_and(|deadline| deadline <= now.mono_ms);
        if is_due(self.close_deadline_ms) {
            return self.end(now, None);
        }
        if is_due(self.connect_deadline_ms) {
            let waits_for = self.stream.as_ref().map_or("the connection", Stream::waits_for);
            return self.give_up(now, Error::new(Code::Timeout, format!("connecting took too long, waiting for {waits_for}")));
        }
        if is_due(self.retry_at_ms) {
            self.attempt(now);
        }
        while let Some(owner) = self.iqs.take_expired(now.mono_ms) {
            match owner {
                Owner::SignOfLife if !self.is_awaiting_sign => {}
                Owner::SignOfLife | Owner::Probe(_) => {
                    return self.give_up(now, Error::new(Code::ConnectionLost, "the server is silent"));
                }
                owner => {
                    let error = Error::new(Code::Timeout, "no answer came in time");
                    self.with(now, |features, cx| router::fail(owner, &error, features, cx));
                }
            }
        }
        let is_silent = self.is_online() && self.last_inbound_ms + u64::from(self.config.timeouts.ping_ms) <= now.mono_ms;
        if is_silent && !self.is_awaiting_sign {
            self.is_awaiting_sign = true;
            self.ping(now, Owner::SignOfLife, self.config.timeouts.pong_ms);
        }
    }

    /// What follows from an input or a command, whatever it was.
    fn settle_down(&mut self, now: Now) {
        let is_ready = self.state == State::Connecting && self.is_bound() && self.features.roster.is_settled();
        if is_ready {
            self.connect_deadline_ms = None;
            self.has_been_online = true;
            self.backoff.reset();
            self.with(now, |features, cx| features.presence.send_first(cx));
            self.change_state(State::Online, None, None);
            self.outbox.open(&mut self.outputs);
            for token in std::mem::take(&mut self.connecting) {
                self.settle(token, Ok(Reply::Done));
            }
        }
        if !self.is_closing {
            self.ask_for_confirmation(now);
        }
    }

    /// Asks the server whether it has the messages on the wire, one question at a time: by stream management, or by a ping behind them.
    fn ask_for_confirmation(&mut self, now: Now) {
        if !self.outbox.has_unconfirmed() {
            return;
        }
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.is_bound()) else { return };
        if stream.management.is_expected() {
            stream.management.ask(&mut self.outputs);
        } else if !self.is_probing {
            self.is_probing = true;
            let count = self.outbox.sent_count();
            self.ping(now, Owner::Probe(count), self.config.timeouts.request_ms);
        }
    }

    fn ping(&mut self, now: Now, owner: Owner, timeout_ms: u32) {
        let id = self.ids.new_id();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).attr("type", "get").attr("id", &id).attr("to", &self.config.account.domain).empty("ping", PING);
        if let Ok(frame) = w.finish() {
            self.iqs.insert(id, Some(&self.config.account.domain), now.mono_ms + u64::from(timeout_ms), owner);
            self.outbox.transmit(frame, &mut self.outputs);
        }
    }

    /// Tells the server what it did wrong (RFC 6120, section 4.9), and gives up.
    fn break_off(&mut self, now: Now, condition: &str, error: Error) {
        if self.stream.as_ref().is_some_and(Stream::is_open) {
            self.push_frame(framing::stream_error(condition));
        }
        self.give_up(now, error);
    }

    /// Closes the stream, where there is one, and counts the connection as lost.
    fn give_up(&mut self, now: Now, error: Error) {
        if self.is_closing {
            return self.end(now, None);
        }
        if self.stream.as_ref().is_some_and(Stream::is_open) {
            self.push_frame(framing::close());
        }
        self.lose(now, error);
    }

    /// The connection is gone. It is made again if it ever was online and if that can help.
    fn lose(&mut self, now: Now, error: Error) {
        let delay_ms = match self.config.reconnect {
            Some(reconnect) if self.has_been_online && !framing::is_final(&error) => {
                let fraction = self.ids.fraction();
                self.backoff.next_delay_ms(reconnect, fraction)
            }
            _ => None,
        };
        let Some(delay_ms) = delay_ms else { return self.end(now, Some(error)) };
        self.drop_connection(now, &error);
        self.retry_at_ms = Some(now.mono_ms + u64::from(delay_ms));
        self.change_state(State::Waiting, Some(error.clone()), Some(delay_ms));
        for token in std::mem::take(&mut self.connecting) {
            self.settle(token, Err(error.clone()));
        }
    }

    /// The session is over: wanted, where there is no error.
    fn end(&mut self, now: Now, error: Option<Error>) {
        let was_closing = std::mem::take(&mut self.is_closing);
        let cause = error.clone().unwrap_or_else(|| Error::new(Code::ConnectionLost, "the client disconnected"));
        self.drop_connection(now, &cause);
        self.has_been_online = false;
        self.backoff.reset();
        let aborted = Error::new(Code::Aborted, "disconnect() was called");
        self.outbox.discard(error.as_ref().unwrap_or(&aborted), &mut self.outputs);
        self.change_state(State::Offline, error.clone(), None);
        for token in std::mem::take(&mut self.disconnecting) {
            self.settle(token, Ok(Reply::Done));
        }
        // A connect() that came while the stream was closing wants the next one.
        if was_closing && !self.connecting.is_empty() {
            return self.attempt(now);
        }
        for token in std::mem::take(&mut self.connecting) {
            self.settle(token, Err(error.clone().unwrap_or_else(|| aborted.clone())));
        }
    }

    /// Lets go of the socket and of all that hung on it.
    fn drop_connection(&mut self, now: Now, error: &Error) {
        let was_bound = self.is_bound();
        if self.stream.take().is_some() {
            self.outputs.push_back(Output::CloseSocket);
        }
        self.own_jid = self.config.account.bare();
        self.is_probing = false;
        self.is_awaiting_sign = false;
        self.connect_deadline_ms = None;
        self.close_deadline_ms = None;
        self.retry_at_ms = None;
        let lost = Error::new(Code::ConnectionLost, "the connection was lost before an answer came").because(error.clone());
        for owner in self.iqs.drain() {
            self.with(now, |features, cx| router::fail(owner, &lost, features, cx));
        }
        if was_bound {
            self.with(now, |features, cx| {
                features.each(|feature| {
                    feature.on_offline(cx);
                    super::feature::Flow::Continue
                })
            });
        }
        self.outbox.lose(&mut self.outputs);
    }
}
