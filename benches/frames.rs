//! What one frame costs, step by step and as a whole: from frame to event, and from command to frame.
//!
//!     cargo bench --bench frames
//!     cargo bench --bench frames -- --save-baseline before
//!     cargo bench --bench frames -- --baseline before

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use support::{Peer, config};
use waxwing::proto::steps::{self, Composed, Posting};
use waxwing::proto::{Event, Input, MessageOptions, Output, Session, Token};

/// Five children, some 430 bytes: what a client of today sends for one line of chat.
const CHAT: &str = "<message xmlns='jabber:client' type='chat' id='5f0a4a0c-7c5a-4a3e-9d7e-0f6a1e5b9c11' \
    from='juliet@example.com/balcony' to='romeo@example.net/orchard' xml:lang='en'>\
    <body>Art thou not Romeo, and a Montague?</body>\
    <thread>0e3141cd80894871a68e6fe6b1ec56fa</thread>\
    <active xmlns='http://jabber.org/protocol/chatstates'/>\
    <request xmlns='urn:xmpp:receipts'/>\
    <origin-id xmlns='urn:xmpp:sid:0' id='5f0a4a0c-7c5a-4a3e-9d7e-0f6a1e5b9c11'/></message>";

const PRESENCE: &str = "<presence xmlns='jabber:client' from='juliet@example.com/balcony' to='romeo@example.net/orchard'>\
    <show>away</show><status>stay but a little</status><priority>5</priority>\
    <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org/client' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>\
    </presence>";

const CONTACTS: usize = 5_000;

/// So many messages are confirmed at once.
const CONFIRMED: usize = 64;

fn message_in(c: &mut Criterion) {
    let mut group = c.benchmark_group("in: message");
    stanza_in(&mut group, CHAT);
    let mut peer = Peer::online();
    group.bench_function("of that, the message", |b| {
        steps::message(&mut peer.session, peer.now, CHAT, |run| b.iter(run));
    });
    group.finish();
}

fn presence_in(c: &mut Criterion) {
    let mut group = c.benchmark_group("in: presence");
    stanza_in(&mut group, PRESENCE);
    group.finish();
}

/// What is the same for messages and presences.
fn stanza_in(group: &mut BenchmarkGroup<'_, WallTime>, frame: &str) {
    let mut peer = Peer::online();
    group.throughput(Throughput::Elements(1));
    group.bench_function("text to tree", |b| b.iter(|| steps::read(black_box(frame))));
    group.bench_function("count, route, event", |b| {
        steps::route(&mut peer.session, peer.now, frame, |run| b.iter(run));
    });
    peer.session.handle_input(peer.now, Input::Frame(frame));
    let event = event_of(&mut peer.session);
    group.bench_function("event to JSON", |b| b.iter(|| serde_json::to_string(black_box(&event)).unwrap()));
    group.bench_function("whole", |b| {
        b.iter(|| {
            peer.session.handle_input(peer.now, Input::Frame(black_box(frame)));
            assert_ne!(drain(&mut peer.session).events, 0);
        });
    });
}

fn roster_in(c: &mut Criterion) {
    let mut items = String::new();
    for at in 0..CONTACTS {
        let group = at % 20;
        write!(
            items,
            "<item jid='contact{at}@example.com' name='Contact {at}' subscription='both'><group>Group {group}</group></item>"
        )
        .unwrap();
    }
    let mut group = c.benchmark_group("in: roster of 5,000");
    group.throughput(Throughput::Elements(CONTACTS as u64));
    group.sample_size(20);
    let (mut peer, frame) = waiting_for_roster(&items);
    group.bench_function("text to tree", |b| b.iter(|| steps::read(black_box(&frame))));
    group.bench_function("tree to items and event", |b| {
        steps::roster(&mut peer.session, peer.now, &frame, |run| b.iter(run));
    });
    peer.session.handle_input(peer.now, Input::Frame(&frame));
    let event = event_of(&mut peer.session);
    group.bench_function("event to JSON", |b| b.iter(|| serde_json::to_string(black_box(&event)).unwrap()));
    group.bench_function("whole", |b| {
        b.iter_batched(
            || waiting_for_roster(&items),
            |(mut peer, frame)| {
                peer.session.handle_input(peer.now, Input::Frame(black_box(&frame)));
                assert_eq!(drain(&mut peer.session).contacts, CONTACTS);
                peer
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn message_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("out: message");
    group.throughput(Throughput::Elements(1));
    let mut peer = Peer::online();
    let now = peer.now;
    group.bench_function("options to frame", |b| {
        steps::compose(&mut peer.session, now, &line(), |run| b.iter(run));
    });
    let composed = Composed::new(&mut peer.session, now, line()).unwrap();
    let posted = |many: usize| {
        let mut posting = Posting::default();
        (0..many).for_each(|_| _ = posting.post(composed.clone()));
        posting
    };
    group.bench_function("outbox", |b| {
        let ready = || (posted(1), composed.clone());
        b.iter_batched(ready, |(mut posting, composed)| (posting.post(composed), posting), BatchSize::SmallInput);
    });
    group.bench_function("whole", |b| {
        // What was sent would pile up: the server confirms it.
        let mut sent: u64 = 0;
        b.iter(|| {
            peer.session.send_message(now, Token(1), black_box(line())).unwrap();
            assert_ne!(drain(&mut peer.session).frames, 0);
            sent += 1;
            if sent.is_multiple_of(CONFIRMED as u64) {
                let ack = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", sent + 1);
                peer.session.handle_input(now, Input::Frame(&ack));
                drain(&mut peer.session);
            }
        });
    });
    group.throughput(Throughput::Elements(CONFIRMED as u64));
    group.bench_function("64 confirmed at once", |b| {
        b.iter_batched(
            || posted(CONFIRMED),
            |mut posting| {
                assert_ne!(posting.confirm(), 0);
                posting
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn line() -> MessageOptions {
    MessageOptions {
        to: "juliet@example.com".to_owned(),
        body: Some("Neither, fair saint, if either thee dislike.".to_owned()),
        ..MessageOptions::default()
    }
}

fn event_of(session: &mut Session) -> Event {
    std::iter::from_fn(|| session.poll_output())
        .filter_map(|output| if let Output::Event(event) = output { Some(event) } else { None })
        .find(|event| matches!(event, Event::Message(_) | Event::Presence(_) | Event::Roster(_)))
        .unwrap()
}

/// Bound, with the answer to the roster request in hand.
fn waiting_for_roster(items: &str) -> (Peer, String) {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in(support::USUAL_FEATURES);
    let id = peer.roster_request();
    peer.clear();
    let frame = format!("<iq xmlns='jabber:client' type='result' id='{id}'><query xmlns='jabber:iq:roster'>{items}</query></iq>");
    (peer, frame)
}

#[derive(Default)]
struct Drained {
    frames: usize,
    events: usize,
    contacts: usize,
}

fn drain(session: &mut Session) -> Drained {
    let mut drained = Drained::default();
    while let Some(output) = session.poll_output() {
        match black_box(output) {
            Output::SendFrame(_) => drained.frames += 1,
            Output::Event(event) => {
                drained.events += 1;
                if let Event::Roster(change) = event {
                    drained.contacts += change.items.len();
                }
            }
            _ => {}
        }
    }
    drained
}

criterion_group!(benches, message_in, presence_in, roster_in, message_out);
criterion_main!(benches);
