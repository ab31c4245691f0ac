//! A scripted server for native tests: it plays the peer of a [`Session`] frame by frame, for protocol order and hostile input.
//!
//! ```ignore
//! let mut peer = Peer::online();                       // logged in, roster loaded, stream management on
//! peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>Hi</body></message>");
//! assert_eq!(peer.take_events("message")[0]["body"], "Hi");
//! peer.session.send_message(peer.now, Token(1), options).unwrap();
//! let frames = peer.take_frames();                      // what the client sent since the last take
//! ```
//!
//! The clock stands still unless [`Peer::advance`] moves it. Key derivation is answered at once.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part of the harness")]

pub mod model;
pub mod scram;

use std::collections::BTreeMap;

use serde_json::Value;
use waxwing::proto::{
    Account, Config, Entropy, Error, Input, Now, Opened, Output, Part, Reconnect, Records, Reply, Session, Token, Unsaved,
    derive_key,
};

pub const OWN_BARE: &str = "romeo@example.net";
pub const OWN_FULL: &str = "romeo@example.net/balcony";
pub const WALL_MS: i64 = 1_790_000_000_000;

/// The extra features that [`Peer::online`] offers after the login.
pub const USUAL_FEATURES: &str = "<sm xmlns='urn:xmpp:sm:3'/><sub xmlns='urn:xmpp:features:pre-approval'/>";

/// Predictable, and never the same twice.
pub struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

pub fn entropy() -> Box<dyn Entropy> {
    Box::new(Counter(42))
}

/// romeo@example.net with a password, over wss, without automatic reconnection, asking for no receipts.
pub fn config() -> Config {
    let mut config = Config::new(Account::parse("romeo@example.net/balcony", None).unwrap());
    config.password = Some("s3cret".to_owned());
    config.url = Some("wss://example.net/ws".to_owned());
    config.reconnect = None;
    // One request less to answer; tests/blocking.rs asks for it.
    config.has_block_list = false;
    // What extensions ask of themselves would stand in each frame of tests that are about something else.
    config.asks_receipts = false;
    config
}

/// As [`config`], and a lost connection is made again within a second.
pub fn reconnecting() -> Config {
    Config { reconnect: Some(Reconnect { min_delay_ms: 1_000, max_delay_ms: 1_000, max_attempts: None }), ..config() }
}

pub struct Peer {
    pub session: Session,
    pub now: Now,
    frames: Vec<String>,
    events: Vec<(String, Value)>,
    settled: Vec<(Token, Result<Reply, Error>)>,
    pub opened: Vec<String>,
    pub closed: usize,
    pub asked: Vec<(u32, Vec<String>)>,
    /// Fetches of host metadata: id and URL.
    pub fetches: Vec<(u32, String)>,
    /// Key derivations that [`Peer::answers_keys`] left open.
    pub keys: Vec<(u32, waxwing::proto::KeyRequest)>,
    pub answers_keys: bool,
    /// What the server says to `<enable/>`.
    pub enabled: &'static str,
    /// What the browser has stored, by part. `None`: another page holds it.
    pub store: Option<Store>,
    /// Which parts were written or removed since the last look.
    pub saved: Vec<Part>,
    /// How much was written since the last look.
    pub saved_bytes: usize,
    /// The page dies before it has stored anything more, and nothing more goes out.
    pub is_dying: bool,
    /// What extensions have asked at the login of this session.
    asked_at_login: Vec<String>,
    /// How many of that were answered.
    pub answered_at_login: usize,
}

/// JSON by the name of the part.
pub type Store = BTreeMap<String, String>;

impl Peer {
    pub fn new(config: Config) -> Self {
        Self {
            session: Session::new(config, entropy()),
            now: Now { mono_ms: 1_000, wall_ms: WALL_MS },
            frames: Vec::new(),
            events: Vec::new(),
            settled: Vec::new(),
            opened: Vec::new(),
            closed: 0,
            asked: Vec::new(),
            fetches: Vec::new(),
            keys: Vec::new(),
            answers_keys: true,
            enabled: "<enabled xmlns='urn:xmpp:sm:3'/>",
            store: Some(Store::new()),
            saved: Vec::new(),
            saved_bytes: 0,
            is_dying: false,
            asked_at_login: Vec::new(),
            answered_at_login: 0,
        }
    }

    /// Online with the usual features and an empty roster. What came out on the way is dropped.
    pub fn online() -> Self {
        Self::online_with(config(), USUAL_FEATURES, "")
    }

    /// Online, with extra features after the login and the items of a roster as XML.
    pub fn online_with(config: Config, features: &str, roster: &str) -> Self {
        let mut peer = Self::new(config);
        peer.session.connect(peer.now, Token(0));
        peer.log_in(features);
        peer.answer_roster(roster);
        assert_eq!(peer.session.state().as_str(), "online", "{:?}", peer.frames);
        peer.clear();
        peer
    }

    /// From the open socket to the roster request, with PLAIN.
    pub fn log_in(&mut self, features: &str) {
        self.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.bind(features);
    }

    /// From the open socket to the server's word on the session that it may still have, with PLAIN. Returns the last frame of ours.
    pub fn log_in_again(&mut self) -> String {
        self.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.restart("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>");
        self.take_frames().pop().unwrap()
    }

    /// The session `sm-1` goes on; the server has so many stanzas of ours.
    pub fn resumed(&mut self, h: u32) {
        self.receive(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{h}'/>"));
    }

    /// The socket opens, and the server offers these features.
    pub fn open(&mut self, features: &str) {
        self.input(Input::SocketOpened { has_subprotocol: true });
        self.restart(features);
    }

    /// The server's `<open/>` and its features.
    pub fn restart(&mut self, features: &str) {
        self.receive(
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.net' id='s1' version='1.0' xml:lang='en'/>",
        );
        self.receive(&format!("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{features}</stream:features>"));
    }

    /// After `<success/>`: features, binding, and stream management where it is offered.
    pub fn bind(&mut self, features: &str) {
        self.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{features}"));
        let bind = self.frames.iter().rev().find(|frame| frame.contains("xmpp-bind")).expect("a bind request");
        let id = attribute(bind, "id");
        self.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{OWN_FULL}</jid></bind></iq>"
        ));
        if features.contains("urn:xmpp:sm:3") {
            let enabled = self.enabled;
            self.receive(enabled);
        }
    }

    /// Answers the open roster request with these items.
    pub fn answer_roster(&mut self, items: &str) {
        if self.session.state().as_str() == "online" {
            return;
        }
        let id = self.roster_request();
        self.answer_roster_request(&id, items);
    }

    pub fn answer_roster_request(&mut self, id: &str, items: &str) {
        self.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><query xmlns='jabber:iq:roster'>{items}</query></iq>"
        ));
        self.answer_extensions();
    }

    /// The id of the open roster request.
    pub fn roster_request(&self) -> String {
        let is_get = |frame: &&String| frame.contains("jabber:iq:roster") && frame.contains("type='get'");
        attribute(self.frames.iter().rev().find(is_get).expect("a roster request"), "id")
    }

    /// The server has no archive: whether what was sent in a lost session has arrived, nobody can say. A build without the archive does not ask.
    pub fn refuse_archive(&mut self) {
        let questions = if cfg!(feature = "archive") { 2 } else { 0 };
        for _ in 0..questions {
            let is_asked = |frame: &&String| frame.starts_with("<iq") && frame.contains("urn:xmpp:mam:2");
            let id = attribute(self.frames.iter().rev().find(is_asked).expect("a question to the archive"), "id");
            self.receive(&format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
        }
    }

    /// Counts of stream management, either way, are those of a client that asks for nothing but the roster at login, whatever the build:
    /// what extensions ask there, behind the roster, comes on top.
    pub fn receive(&mut self, frame: &str) {
        let asked = self.asked_at_login.len();
        let counted = with_count(frame, &["<a ", "<resumed ", "<failed "], |h| if h > 1 { h + asked } else { h });
        self.input(Input::Frame(&counted));
    }

    /// Notes what extensions ask while the session is not online yet.
    fn note_what_extensions_ask(&mut self, frame: &str) {
        let is_theirs = ["urn:xmpp:carbons:2", "disco#info"].iter().any(|namespace| frame.contains(namespace));
        if frame.contains("jabber:iq:roster") {
            self.asked_at_login.clear();
            self.answered_at_login = 0;
        } else if frame.starts_with("<iq") && is_theirs && self.session.state().as_str() == "connecting" {
            self.asked_at_login.push(frame.to_owned());
        }
    }

    /// The frames sent since the last take, but for what extensions asked at login.
    pub fn take_core_frames(&mut self) -> Vec<String> {
        let frames = self.take_frames();
        frames.into_iter().filter(|frame| !self.asked_at_login.contains(frame)).collect()
    }

    /// What extensions have asked at login is answered: there is an archive, and whatever else they ask for.
    fn answer_extensions(&mut self) {
        for asked in self.asked_at_login.clone() {
            let id = attribute(&asked, "id");
            let from = if asked.contains(" to='") { attribute(&asked, "to") } else { OWN_BARE.to_owned() };
            let payload = if asked.contains("disco#info") {
                "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/></query>"
            } else {
                ""
            };
            self.answered_at_login += 1;
            self.input(Input::Frame(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='{from}'>{payload}</iq>")));
        }
    }

    pub fn input(&mut self, input: Input<'_>) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    /// Moves the clock, and lets what is due happen.
    pub fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += i64::try_from(ms).unwrap();
        while self.session.poll_timeout().is_some_and(|due| due <= self.now.mono_ms) {
            self.input(Input::Timeout);
        }
    }

    /// Collects what the session has to say (I1). Takes and asserts do it by themselves; call it after a command whose events are read from a field.
    pub fn drain(&mut self) {
        let mut keys = Vec::new();
        let mut is_opening = false;
        let mut held = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::SendFrame(frame) => {
                    self.note_what_extensions_ask(&frame);
                    let answered = self.answered_at_login;
                    held.push(with_count(&frame, &["<a ", "<resume "], |h| if h > answered { h - answered } else { h }));
                }
                Output::Event(event) => self.events.push((event.name().to_owned(), serde_json::to_value(&event).unwrap())),
                Output::Settled { token, result } => self.settled.push((token, result)),
                Output::Arrived { first, last, .. } => {
                    self.settled.extend((first.0..=last.0).map(|token| (Token(token), Ok(Reply::Done))));
                }
                Output::OpenSocket { url } => self.opened.push(url),
                Output::CloseSocket => self.closed += 1,
                Output::DeriveKey { id, request } if self.answers_keys => keys.push((id, derive_key(&request))),
                Output::DeriveKey { id, request } => self.keys.push((id, request)),
                Output::AskCredentials { id, mechanisms, .. } => self.asked.push((id, mechanisms)),
                Output::FetchHostMeta { id, url, .. } => self.fetches.push((id, url)),
                Output::OpenStorage => is_opening = true,
                Output::CloseStorage { unsaved, .. } => self.save(unsaved),
                other => panic!("the harness does not know {other:?}"),
            }
        }
        if self.is_dying {
            return;
        }
        // As the browser does: what is stored is never behind what was said.
        if self.session.must_save() || self.session.is_saving_due(self.now) {
            let unsaved = self.session.take_unsaved(self.now, false);
            self.save(unsaved);
        }
        self.frames.append(&mut held);
        for (id, key) in keys {
            self.input(Input::KeyDerived { id, key: Ok(key) });
        }
        if is_opening {
            let opened = self.store.as_ref().map_or(Opened::Refused, |store| Opened::Records(Box::new(read_records(store))));
            self.input(Input::StorageOpened(opened));
        }
    }

    fn save(&mut self, unsaved: Vec<Unsaved>) {
        let Some(store) = &mut self.store else { return };
        for Unsaved { part, record } in unsaved {
            self.saved.push(part);
            match record {
                Some(record) => {
                    let json = serde_json::to_string(&record).unwrap();
                    self.saved_bytes += json.len();
                    store.insert(part.name().into_owned(), json);
                }
                None => _ = store.remove(&*part.name()),
            }
        }
    }

    /// The page goes away: everything is stored.
    pub fn hide_page(&mut self) {
        self.input(Input::PageHidden);
        let unsaved = self.session.take_unsaved(self.now, true);
        self.save(unsaved);
    }

    /// Another page of the app, with what this one has stored.
    pub fn next_page(self, config: Config) -> Self {
        let Self { now, enabled, store, asked_at_login, answered_at_login, .. } = self;
        Self { now, enabled, store, asked_at_login, answered_at_login, ..Self::new(config) }
    }

    /// The frames sent since the last take. A presence is without what it says of capabilities, which changes with every extension.
    pub fn take_frames(&mut self) -> Vec<String> {
        self.take_whole_frames().into_iter().map(without_capabilities).collect()
    }

    /// As they are.
    pub fn take_whole_frames(&mut self) -> Vec<String> {
        self.drain();
        std::mem::take(&mut self.frames)
    }

    /// The payloads of the events of that name since the last take; events of other names stay.
    pub fn take_events(&mut self, name: &str) -> Vec<Value> {
        self.drain();
        let (taken, kept) = std::mem::take(&mut self.events).into_iter().partition(|(found, _)| found == name);
        self.events = kept;
        let taken: Vec<(String, Value)> = taken;
        taken.into_iter().map(|(_, payload)| payload).collect()
    }

    /// All events since the last take, with their names.
    pub fn take_all_events(&mut self) -> Vec<(String, Value)> {
        self.drain();
        std::mem::take(&mut self.events)
    }

    /// The outcome of a command, if it has one.
    pub fn outcome(&mut self, token: Token) -> Option<Result<Reply, Error>> {
        self.drain();
        let at = self.settled.iter().position(|(found, _)| *found == token)?;
        Some(self.settled.remove(at).1)
    }

    /// All outcomes since the last take.
    pub fn take_outcomes(&mut self) -> Vec<(Token, Result<Reply, Error>)> {
        self.drain();
        std::mem::take(&mut self.settled)
    }

    pub fn clear(&mut self) {
        self.drain();
        self.frames.clear();
        self.events.clear();
        self.settled.clear();
    }
}

fn without_capabilities(frame: String) -> String {
    let Some(from) = frame.find("<c xmlns='http://jabber.org/protocol/caps'").filter(|_| frame.starts_with("<presence")) else {
        return frame;
    };
    let to = frame.find("</c>").unwrap() + "</c>".len();
    let (head, tail) = (&frame[..from], &frame[to..]);
    match tail.strip_prefix("</presence>") {
        Some(rest) if !head.contains("><") && head.ends_with('>') => format!("{}/>{rest}", head.strip_suffix('>').unwrap()),
        _ => format!("{head}{tail}"),
    }
}

pub fn read_records(store: &Store) -> Records {
    let mut records = Records::default();
    let read = |records: &mut Records, part: Part| {
        if let Some(json) = store.get(&*part.name()) {
            records.read(part, json);
        }
    };
    Part::ALL.into_iter().for_each(|part| read(&mut records, part));
    records.segments().for_each(|part| read(&mut records, part));
    records
}

/// The frame with another count of stanzas in the element of stream management that starts like that, if it has one.
fn with_count(frame: &str, starts: &[&str], change: impl Fn(usize) -> usize) -> String {
    for (at, _) in frame.match_indices('<') {
        let tag = frame[at..].split('>').next().unwrap();
        let h = tag.split(" h='").nth(1).and_then(|rest| rest.split('\'').next().unwrap().parse().ok());
        if let Some(h) = h.filter(|_| tag.contains("urn:xmpp:sm:3") && starts.iter().any(|start| tag.starts_with(start))) {
            return frame.replacen(&format!(" h='{h}'"), &format!(" h='{}'", change(h)), 1);
        }
    }
    frame.to_owned()
}

/// The value of an attribute in a frame of ours.
pub fn attribute(frame: &str, name: &str) -> String {
    let start = frame.find(&format!(" {name}='")).unwrap_or_else(|| panic!("no {name} in {frame}")) + name.len() + 3;
    let length = frame[start..].find('\'').unwrap();
    frame[start..start + length].to_owned()
}
