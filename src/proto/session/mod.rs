//! [`Session`]: one client, over as many connections as its life takes.

mod connecting;
mod deadlines;
mod inbound;
mod lifecycle;
mod liveness;
mod logout;
mod page;
mod storage;

use std::collections::VecDeque;

use self::logout::Logout;
use self::storage::Storage;
use crate::proto::backoff::Backoff;
use crate::proto::config::{Account, Config};
use crate::proto::discovery::Endpoints;
use crate::proto::entity_caps::OwnCaps;
use crate::proto::entropy::{Entropy, Ids};
use crate::proto::error::{Code, Error};
use crate::proto::event::{Direction, Event, StanzaText, StateChange};
use crate::proto::feature::{Cx, Way};
use crate::proto::features::Features;
use crate::proto::heard::HeardMessages;
use crate::proto::io::{Input, Output, Reply, Token};
use crate::proto::iq::{IqTable, Owner};
use crate::proto::outbox::{Cancelled, Outbox};
use crate::proto::router;
use crate::proto::sent::SentMessages;
use crate::proto::sorted::Names;
use crate::proto::state::State;
use crate::proto::stream::features::StreamFeatures;
use crate::proto::stream::keychain::Keychain;
use crate::proto::stream::management::Management;
use crate::proto::stream::{Progress, Stream, framing};
use crate::proto::time::Now;
use crate::proto::trace;
use crate::proto::xml::{self, Writer};

use self::deadlines::Deadlines;

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
    own_caps: OwnCaps,
    ids: Ids,
    iqs: IqTable,
    outbox: Outbox,
    heard: HeardMessages,
    sent: SentMessages,
    stampers: Names,
    outputs: VecDeque<Output>,
    state: State,
    /// The full JID while there is a session, else the bare one.
    own_jid: String,
    stream: Option<Stream>,
    management: Management,
    /// What the server offers in the session.
    offered: StreamFeatures,
    /// The server bound a resource, and the session lives: on a connection, or waiting for one to be resumed on.
    has_session: bool,
    /// The session has been online: roster loaded, first presence sent.
    is_established: bool,
    /// Outlives the session.
    keychain: Keychain,
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
    /// When the server was asked for a sign of life last.
    sign_asked_at_ms: u64,
    /// When stream management asked last.
    asked_at_ms: u64,
    /// Bytes sent, as far as they are in `transferred_at_ms`.
    bytes_reckoned: u64,
    /// When even a slow network has carried all that was sent.
    transferred_at_ms: u64,
    /// Connections in a row that were lost to silence, with no answer of the server in between.
    silences: u8,
    /// When the first of those was.
    silent_since_ms: Option<u64>,
    /// So many, over so long, that a new session has a better chance.
    is_server_deaf: bool,
    /// When the last input came.
    last_now: Option<Now>,
    /// When the session became online last.
    online_since_ms: u64,
    /// The browser has no network: nothing is retried until it has.
    is_network_down: bool,
    /// Nobody sees the page.
    is_hidden: bool,
    /// What the server knows of that, on this connection.
    is_told_hidden: bool,
    endpoints: Endpoints,
    /// Of the connection that is being made.
    deadlines: Deadlines,
    close_deadline_ms: Option<u64>,
    /// The session has left this socket, and waits for the server's `<close/>` before it closes it.
    farewell_deadline_ms: Option<u64>,
    retry_at_ms: Option<u64>,
    connecting: Vec<Token>,
    disconnecting: Vec<Token>,
    storage: Storage,
    logout: Logout,
    reports_stanzas: bool,
    /// The frame at the front of `outputs` was reported already.
    is_front_reported: bool,
}

impl Session {
    /// A session that is offline.
    pub fn new(config: Config, entropy: Box<dyn Entropy>) -> Self {
        let features = Features::default();
        let announced = features.namespaces();
        let own_caps = OwnCaps::new(&config, &announced);
        let own_jid = config.account.bare();
        let storage = Storage::new(config.is_stored && config.account.local.is_some());
        Self {
            config,
            features,
            announced,
            own_caps,
            ids: Ids::new(entropy),
            iqs: IqTable::default(),
            outbox: Outbox::default(),
            heard: HeardMessages::default(),
            sent: SentMessages::default(),
            stampers: Names::default(),
            outputs: VecDeque::new(),
            state: State::Offline,
            own_jid,
            stream: None,
            management: Management::default(),
            has_session: false,
            is_established: false,
            offered: StreamFeatures::default(),
            keychain: Keychain::default(),
            backoff: Backoff::default(),
            has_been_online: false,
            is_closing: false,
            is_probing: false,
            is_awaiting_sign: false,
            last_inbound_ms: 0,
            sign_asked_at_ms: 0,
            asked_at_ms: 0,
            bytes_reckoned: 0,
            transferred_at_ms: 0,
            silences: 0,
            silent_since_ms: None,
            is_server_deaf: false,
            last_now: None,
            online_since_ms: 0,
            is_network_down: false,
            is_hidden: false,
            is_told_hidden: false,
            endpoints: Endpoints::default(),
            deadlines: Deadlines::default(),
            close_deadline_ms: None,
            farewell_deadline_ms: None,
            retry_at_ms: None,
            connecting: Vec::new(),
            disconnecting: Vec::new(),
            storage,
            logout: Logout::default(),
            reports_stanzas: false,
            is_front_reported: false,
        }
    }

    /// The state, already the new one when its event is polled (I7).
    pub fn state(&self) -> State {
        self.state
    }

    /// Who logs in.
    pub fn account(&self) -> &Account {
        &self.config.account
    }

    /// The full JID, while there is a session, also while it waits to be resumed.
    pub fn jid(&self) -> Option<&str> {
        let is_there = self.has_session && self.state != State::Offline;
        is_there.then_some(self.own_jid.as_str())
    }

    /// When [`Input::Timeout`] is due, on the monotonic clock.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub fn poll_timeout(&self) -> Option<u64> {
        [
            self.connecting_due_ms(),
            self.close_deadline_ms,
            self.logout.deadline_ms(),
            self.farewell_deadline_ms,
            self.retry_at_ms.filter(|_| !self.is_network_down),
            self.iqs.deadline_ms(),
            self.sign_due_ms(),
            self.doubt_due_ms(),
            self.tell_due_ms(),
            self.saving_due_ms(),
            self.features_due_ms(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next thing to do, in order. Drain it after each input and each command (I1).
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub fn poll_output(&mut self) -> Option<Output> {
        if let (true, false, Some(Output::SendFrame(frame))) =
            (self.reports_stanzas, self.is_front_reported, self.outputs.front())
        {
            self.is_front_reported = true;
            let xml = trace::redact(frame).into_owned();
            return Some(Output::Event(Event::Stanza(StanzaText { direction: Direction::Out, xml })));
        }
        self.is_front_reported = false;
        self.outputs.pop_front()
    }

    /// Whether frames are reported as [`Event::Stanza`]. Off at the start.
    pub fn report_stanzas(&mut self, is_on: bool) {
        self.reports_stanzas = is_on;
    }

    /// Whether anybody listens to [`Event::Message`] and [`Event::Delivery`]. Those of messages of ours are then made. On at the start.
    pub fn report_sends(&mut self, is_on: bool) {
        self.outbox.report(is_on);
    }

    /// Takes in what happened outside.
    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        match input {
            Input::SocketOpened { has_subprotocol } => {
                self.negotiate(now, |stream, io| stream.handle_opened(has_subprotocol, io).map(|()| Progress::Negotiating))
            }
            Input::KeyDerived { id, key } => {
                self.negotiate(now, |stream, io| stream.handle_key(id, key, io).map(|()| Progress::Negotiating))
            }
            Input::Credentials { id, given } => {
                self.negotiate(now, |stream, io| stream.handle_credentials(id, given, io).map(|()| Progress::Negotiating));
            }
            Input::Frame(frame) => self.handle_frame(now, frame),
            // From a socket that the session has left it says nothing.
            Input::BinaryFrame if self.stream.is_none() => {}
            Input::BinaryFrame => {
                self.break_off(now, "unsupported-stanza-type", Error::new(Code::ProtocolError, "the server sent a binary frame"))
            }
            Input::SocketClosed { code, reason } => self.handle_socket_closed(now, code, reason),
            Input::HostMeta { id, fetched } => self.handle_host_meta(now, id, fetched),
            Input::NetworkChanged { is_online } => self.handle_network(now, is_online),
            Input::VisibilityChanged { is_visible } => self.handle_visibility(now, is_visible),
            Input::StorageOpened(opened) => self.handle_storage_opened(now, opened),
            Input::StorageFailed { reason } => self.handle_storage_failed(reason),
            Input::PageHidden => self.put_aside(now),
            Input::Woke => self.handle_wake(now),
            Input::Timeout => {
                if self.has_slept(now) {
                    self.handle_wake(now);
                }
                self.handle_timeout(now);
            }
        }
        self.last_now = Some(now);
        self.settle_down(now);
    }

    /// Connects. Settles when online, or with the reason why not. While waiting, it retries now.
    pub fn connect(&mut self, now: Now, token: Token) {
        match self.state {
            State::Online if !self.is_closing => self.settle(token, Ok(Reply::Done)),
            // The attempt under way, or the one after the stream has closed.
            State::Connecting | State::Online => self.connecting.push(token),
            // The attempt after the logout.
            State::Offline if self.logout.is_invalidating() => self.connecting.push(token),
            State::Offline | State::Waiting => {
                self.connecting.push(token);
                self.attempt(now);
            }
        }
    }

    /// Flushes what was sent and closes the stream. Settles when closed. A connect() under way is settled with `aborted`.
    pub fn disconnect(&mut self, now: Now, token: Token) {
        self.disconnecting.push(token);
        if self.is_closing || self.logout.is_invalidating() {
            // A connect() that came in between wanted the next stream.
            return self.abort_connects("disconnect() was called");
        }
        self.part(now);
    }

    /// Closes the stream, as the app wants it.
    fn part(&mut self, now: Now) {
        if self.is_closing {
            return;
        }
        if self.is_online() {
            self.with(now, |features, cx| features.presence.send_unavailable(cx));
            // Behind what was sent and not yet confirmed stands a question, so that the answer comes before the stream is closed.
            self.ask_for_last_confirmation(now);
            self.management.tell(&mut self.outputs);
        }
        if self.stream.as_ref().is_some_and(Stream::is_open) {
            self.push_frame(framing::close());
            self.is_closing = true;
            self.close_deadline_ms = Some(now.mono_ms + CLOSE_MS);
            self.abort_connects("disconnect() was called");
        } else {
            self.end(now, None);
        }
    }

    /// The caller no longer waits: the command is settled with `aborted`, and undone where nothing of it went out yet.
    pub fn cancel(&mut self, now: Now, token: Token) {
        let aborted = Error::new(Code::Aborted, "the operation was aborted");
        if let Some(at) = self.connecting.iter().position(|waiting| *waiting == token) {
            self.connecting.swap_remove(at);
            self.settle(token, Err(aborted));
            if self.connecting.is_empty() && self.state == State::Connecting && !self.has_been_online && !self.is_closing {
                self.give_up(now, Error::new(Code::Aborted, "connect() was aborted"));
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

    pub(in crate::proto) fn features(&self) -> &Features {
        &self.features
    }

    #[cfg(any(feature = "caps", feature = "custom"))]
    pub(in crate::proto) fn features_mut(&mut self) -> &mut Features {
        &mut self.features
    }

    /// Refuses what makes no sense before connect() and after disconnect().
    pub(in crate::proto) fn require_active(&self) -> Result<(), Error> {
        if self.state == State::Offline || self.is_closing { Err(Error::not_connected()) } else { Ok(()) }
    }

    /// Runs a command of a feature.
    pub(in crate::proto) fn command<R>(&mut self, now: Now, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
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

    /// When a feature wants to do something by itself.
    fn features_due_ms(&self) -> Option<u64> {
        if self.is_online() && !self.is_closing { self.features.deadline_ms() } else { None }
    }

    fn with<R>(&mut self, now: Now, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
        self.with_frame(now, "", act)
    }

    fn with_frame<R>(&mut self, now: Now, frame: &str, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
        let (features, mut cx) = self.split(now, frame);
        act(features, &mut cx)
    }

    /// The features, and all that they may touch. Not inlined: there are many who ask for it.
    #[inline(never)]
    fn split<'a>(&'a mut self, now: Now, frame: &'a str) -> (&'a mut Features, Cx<'a>) {
        let stream = self.stream.as_ref().filter(|stream| stream.is_bound());
        let cx = Cx {
            now,
            config: &self.config,
            frame,
            own_jid: &self.own_jid,
            announced: &self.announced,
            own_caps: &self.own_caps,
            is_bound: stream.is_some() && !self.is_closing,
            way: Way::Direct,
            enabled: stream.map_or(&[], Stream::enabled),
            has_roster_versioning: stream.is_some_and(|stream| stream.features().has_roster_versioning),
            has_pre_approval: stream.is_some_and(|stream| stream.features().has_pre_approval),
            ids: &mut self.ids,
            iqs: &mut self.iqs,
            outbox: &mut self.outbox,
            heard: &mut self.heard,
            sent: &mut self.sent,
            stampers: &mut self.stampers,
            outputs: &mut self.outputs,
        };
        (&mut self.features, cx)
    }

    fn settle(&mut self, token: Token, result: Result<Reply, Error>) {
        self.outputs.push_back(Output::Settled { token, result });
    }

    fn report(&mut self, error: Error) {
        self.outputs.push_back(Output::Event(Event::Error(error)));
    }

    fn push_frame(&mut self, w: Writer) {
        // Only frames whose text is ours come here.
        if let Ok(frame) = w.finish() {
            self.outputs.push_back(Output::SendFrame(frame.into()));
        }
    }

    /// Changes the state, then tells it (I7).
    fn announce(&mut self, current: State, fill: impl FnOnce(&mut StateChange)) {
        let previous = std::mem::replace(&mut self.state, current);
        if previous != current {
            let mut change = StateChange { current, previous, error: None, retry_in_ms: None, is_resumed: None };
            fill(&mut change);
            self.outputs.push_back(Output::Event(Event::State(change)));
        }
    }
}
