//! A session against a model of a server, over a network that does what it likes: frames wait in both directions, arrive in parts, and are
//! lost with the connection, in the handshake too; answers are withheld; time passes, and nobody is there.
//!
//! What must hold, whatever happens (XEP-0198, sections 4 and 5): nothing is lost, doubled or out of order, and each promise settles once.

mod support;

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use support::model::Model;
use support::{Peer, USUAL_FEATURES, attribute, reconnecting};
use waxwing::proto::{ChatText, Input, MessageOptions, State, Token};

const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };
const MECHANISMS: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
const R: &str = "<r xmlns='urn:xmpp:sm:3'/>";

#[derive(Clone, Debug)]
enum Step {
    /// The app sends a message.
    Send,
    /// The server has one for us.
    Give,
    /// So many frames of ours arrive, and are answered.
    ToServer(usize),
    /// So many frames of the server arrive.
    ToClient(usize),
    /// The server asks what has arrived.
    Ask,
    /// The server repeats an old count: it is reported, and changes nothing.
    OldCount,
    /// From now on the server answers `<r/>`, or does not.
    Withhold(bool),
    /// Time passes, with nothing under way.
    Wait(u64),
    /// The page was asleep, or is looked at again.
    Wake,
    /// The browser says that the network is gone, or back.
    Network(bool),
    /// The connection is lost; then so is each that is made, at these points of its handshake.
    Cut(Vec<Handshake>),
}

/// How far it comes.
#[derive(Clone, Copy, Debug)]
enum Handshake {
    Nowhere,
    Socket,
    Login,
    /// The server resumes the session, and nobody hears it.
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    let handshake =
        prop_oneof![Just(Handshake::Nowhere), Just(Handshake::Socket), Just(Handshake::Login), Just(Handshake::Resume)];
    prop_oneof![
        6 => Just(Step::Send),
        6 => Just(Step::Give),
        6 => (1_usize..12).prop_map(Step::ToServer),
        6 => (1_usize..12).prop_map(Step::ToClient),
        2 => Just(Step::Ask),
        1 => Just(Step::OldCount),
        1 => any::<bool>().prop_map(Step::Withhold),
        2 => (0_u64..90_000).prop_map(Step::Wait),
        1 => Just(Step::Wake),
        1 => any::<bool>().prop_map(Step::Network),
        4 => prop::collection::vec(handshake, 0..3).prop_map(Step::Cut),
    ]
}

struct World {
    peer: Peer,
    model: Model,
    to_server: VecDeque<String>,
    to_client: VecDeque<String>,
    is_withholding: bool,
    /// Sockets that the session had left when the present one was made.
    closed: usize,
    sent: u32,
    given: u32,
    shown: Vec<u32>,
    settled: Vec<u32>,
    stages: BTreeMap<String, Vec<String>>,
}

impl World {
    fn new() -> Self {
        let mut peer = Peer::new(reconnecting());
        peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
        peer.session.connect(peer.now, Token(0));
        peer.log_in(USUAL_FEATURES);
        peer.answer_roster("");
        peer.clear();
        // The roster and the first presence came in, the answer to the one went out.
        let model = Model { handled: 2, acked: 1, ..Model::default() };
        Self {
            peer,
            model,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            is_withholding: false,
            closed: 0,
            sent: 0,
            given: 0,
            shown: Vec::new(),
            settled: Vec::new(),
            stages: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: Step) {
        let is_wait = matches!(step, Step::Wait(_));
        match step {
            Step::Send => {
                self.sent += 1;
                let (to, body) = ("juliet@example.com", self.sent.to_string());
                if self.sent.is_multiple_of(3) {
                    let options = MessageOptions { to: to.to_owned(), body: Some(body), ..MessageOptions::default() };
                    self.peer.session.send_message(self.peer.now, Token(self.sent), options).unwrap();
                } else {
                    let text = ChatText { to, id: &format!("text-{body}"), body: &body };
                    self.peer.session.send_texts(self.peer.now, Token(self.sent), std::iter::once(text));
                }
            }
            Step::Give => {
                self.given += 1;
                let frame = self.model.give(self.given);
                self.to_client.push_back(frame);
            }
            Step::ToServer(count) => self.reach_server(count),
            Step::ToClient(count) => self.reach_client(count),
            Step::Ask => self.to_client.push_back(R.to_owned()),
            Step::OldCount => self.to_client.push_back("<a xmlns='urn:xmpp:sm:3' h='0'/>".to_owned()),
            Step::Withhold(is_withholding) => self.is_withholding = is_withholding,
            Step::Wait(ms) => self.peer.advance(ms),
            Step::Wake => self.peer.input(Input::Woke),
            Step::Network(is_online) => self.peer.input(Input::NetworkChanged { is_online }),
            Step::Cut(handshakes) => {
                self.peer.input(CUT);
                for handshake in handshakes {
                    self.connect();
                    self.shake_hands(handshake);
                    self.peer.input(CUT);
                }
            }
        }
        self.observe();
        if self.has_lost_its_connection() {
            self.connect();
            self.shake_hands(Handshake::Resume);
            // A server that is silent again and again, and hears nothing in between, would be given up as deaf.
            if is_wait {
                self.pump();
            }
        }
    }

    /// What the session has said since.
    fn observe(&mut self) {
        self.to_server.extend(self.peer.take_frames());
        let shown = self.peer.take_events("message").into_iter().filter(|message| message["direction"] == "in");
        self.shown.extend(shown.map(|message| message["body"].as_str().unwrap().parse::<u32>().unwrap()));
        for delivery in self.peer.take_events("delivery") {
            let stages = self.stages.entry(delivery["id"].as_str().unwrap().to_owned()).or_default();
            stages.push(delivery["stage"].as_str().unwrap().to_owned());
        }
        for (token, result) in self.peer.take_outcomes() {
            assert!(result.is_ok(), "{result:?}");
            self.settled.push(token.0);
        }
    }

    fn has_lost_its_connection(&self) -> bool {
        self.peer.session.state() == State::Waiting || self.peer.closed > self.closed
    }

    fn reach_server(&mut self, count: usize) {
        for _ in 0..count {
            let Some(frame) = self.to_server.pop_front() else { break };
            if frame == R {
                if !self.is_withholding {
                    self.to_client.push_back(format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.model.handled));
                }
                continue;
            }
            self.model.take(&frame, &mut self.peer);
            if frame.contains("urn:xmpp:ping") {
                let id = attribute(&frame, "id");
                let answer = format!("<iq xmlns='jabber:client' type='result' id='{id}' from='example.net'/>");
                self.model.unacked.push_back(answer.clone());
                self.to_client.push_back(answer);
            }
        }
    }

    fn reach_client(&mut self, count: usize) {
        for _ in 0..count {
            let Some(frame) = self.to_client.pop_front() else { break };
            self.peer.receive(&frame);
        }
    }

    /// A socket is being opened; what was on its way is lost.
    fn connect(&mut self) {
        self.peer.input(Input::NetworkChanged { is_online: true });
        if self.peer.session.state() == State::Waiting {
            self.peer.advance(1_000);
        }
        assert_eq!(self.peer.session.state(), State::Connecting);
        self.observe();
        self.to_server.clear();
        self.to_client.clear();
        self.closed = self.peer.closed;
    }

    fn shake_hands(&mut self, until: Handshake) {
        if matches!(until, Handshake::Nowhere) {
            return;
        }
        self.peer.open(MECHANISMS);
        if matches!(until, Handshake::Socket) {
            return;
        }
        self.peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        if matches!(until, Handshake::Login) {
            return;
        }
        self.peer.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{USUAL_FEATURES}"));
        let resume = self.peer.take_frames().pop().unwrap();
        assert!(resume.starts_with("<resume "), "{resume}");
        self.model.acknowledge(attribute(&resume, "h").parse().unwrap());
        self.to_client.push_back(format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{}'/>", self.model.handled));
        self.to_client.extend(self.model.unacked.iter().cloned());
    }

    /// Everything arrives, and what is said to it.
    fn pump(&mut self) {
        while !self.to_server.is_empty() || !self.to_client.is_empty() {
            self.reach_client(usize::MAX);
            self.observe();
            self.reach_server(usize::MAX);
        }
    }

    fn end(&mut self) {
        self.is_withholding = false;
        self.peer.input(Input::NetworkChanged { is_online: true });
        self.observe();
        self.pump();
        assert_eq!(self.peer.session.state(), State::Online);
        // An answer that was withheld is asked for in another way.
        for _ in 0..3 {
            self.peer.advance(15_000);
            self.observe();
            self.pump();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(case_count()))]

    #[test]
    fn whatever_the_network_does_nothing_is_lost_doubled_or_reordered_and_each_promise_settles_once(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.end();
        prop_assert_eq!(&world.shown, &(1..=world.given).collect::<Vec<_>>(), "shown to the app");
        prop_assert_eq!(&world.model.received, &(1..=world.sent).collect::<Vec<_>>(), "received by the server");
        prop_assert_eq!(&world.settled, &(1..=world.sent).collect::<Vec<_>>(), "settled");
        prop_assert!(world.stages.values().all(|stages| stages.iter().eq(["queued", "sent", "acked"])), "{:?}", world.stages);
        prop_assert_eq!(world.stages.len() as u32, world.sent);
    }
}

/// 2,000, or what `WAXWING_CASES` says: 100,000 for a night.
fn case_count() -> u32 {
    std::env::var("WAXWING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}
