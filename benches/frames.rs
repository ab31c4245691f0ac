//! What one frame costs, through the public API: frame to event, and command to frame.
//!
//!     cargo bench --bench frames

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::{Peer, config};
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

fn frame_to_event(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame to event");
    for (name, frame) in [("chat message", CHAT), ("presence", PRESENCE)] {
        let mut peer = Peer::online();
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |b| {
            b.iter(|| {
                peer.session.handle_input(peer.now, Input::Frame(black_box(frame)));
                assert_ne!(drain(&mut peer.session).events, 0);
            });
        });
    }

    let mut items = String::new();
    for at in 0..CONTACTS {
        let group = at % 20;
        write!(
            items,
            "<item jid='contact{at}@example.com' name='Contact {at}' subscription='both'><group>Group {group}</group></item>"
        )
        .unwrap();
    }
    group.throughput(Throughput::Elements(CONTACTS as u64));
    group.sample_size(20);
    group.bench_function("roster of 5,000", |b| {
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

fn command_to_frame(c: &mut Criterion) {
    let mut group = c.benchmark_group("command to frame");
    group.throughput(Throughput::Elements(1));
    group.bench_function("send_message", |b| {
        // Without stream management's answers what was sent would pile up: the server confirms each.
        let mut peer = Peer::online();
        let mut sent: u64 = 0;
        b.iter(|| {
            let options = MessageOptions {
                to: "juliet@example.com".to_owned(),
                body: Some(black_box("Neither, fair saint, if either thee dislike.").to_owned()),
                ..MessageOptions::default()
            };
            peer.session.send_message(peer.now, Token(1), options).unwrap();
            assert_ne!(drain(&mut peer.session).frames, 0);
            sent += 1;
            if sent.is_multiple_of(64) {
                let ack = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", sent + 1);
                peer.session.handle_input(peer.now, Input::Frame(&ack));
                drain(&mut peer.session);
            }
        });
    });
    group.finish();
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

criterion_group!(benches, frame_to_event, command_to_frame);
criterion_main!(benches);
