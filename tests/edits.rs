//! Who may change what was said (XEP-0308, XEP-0424, XEP-0444), over time: what golden cases cannot say in a few frames.

#![cfg(feature = "full")]

mod support;

use serde_json::Value;
use support::{Peer, USUAL_FEATURES, reconnecting};
use waxwing::proto::{Config, Input, MessageOptions, Reply, Token};

const JULIET: &str = "juliet@example.com/balcony";
const MALLORY: &str = "mallory@example.org/x";

fn message(from: &str, kind: &str, id: &str, inside: &str) -> String {
    format!("<message xmlns='jabber:client' type='{kind}' id='{id}' from='{from}' to='romeo@example.net'>{inside}</message>")
}

fn chat(from: &str, id: &str, inside: &str) -> String {
    message(from, "chat", id, inside)
}

fn correction(of: &str) -> String {
    format!("<body>Ho</body><replace xmlns='urn:xmpp:message-correct:0' id='{of}'/>")
}

fn ids(peer: &mut Peer) -> Vec<String> {
    peer.take_events("message").iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

fn stored_config() -> Config {
    Config { is_stored: true, ..reconnecting() }
}

fn online() -> Peer {
    let mut peer = Peer::new(stored_config());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("<item jid='juliet@example.com' subscription='both'/>");
    peer.clear();
    peer
}

#[test]
fn who_wrote_a_message_is_known_in_the_next_page() {
    let mut peer = online();
    peer.receive(&chat(JULIET, "m1", "<body>Hi</body>"));
    peer.receive(&message("garden@rooms.example/juliet", "groupchat", "g1", "<body>Hi</body>"));
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some("Hi".to_owned()), ..MessageOptions::default() };
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    let ours = peer.session.send_message(peer.now, Token(1), options).unwrap();
    peer.hide_page();

    let mut peer = peer.next_page(stored_config());
    peer.session.connect(peer.now, Token(100));
    peer.drain();
    peer.log_in_again();
    peer.resumed(1);
    peer.clear();
    peer.receive(&chat(MALLORY, "x1", &correction("m1")));
    peer.receive(&message("garden@rooms.example/mallory", "groupchat", "x2", &correction("g1")));
    peer.receive(&chat("garden@rooms.example/mallory", "x3", &correction("g1")));
    peer.receive(&chat(JULIET, "x4", &correction(&ours)));
    assert_eq!(ids(&mut peer), [] as [&str; 0]);
    peer.receive(&chat(JULIET, "m2", &correction("m1")));
    peer.receive(&message("garden@rooms.example/juliet", "groupchat", "g2", &correction("g1")));
    assert_eq!(ids(&mut peer), ["m2", "g2"]);
}

#[test]
fn who_wrote_a_message_long_ago_is_for_the_app_to_know() {
    let mut peer = Peer::online();
    peer.receive(&chat(JULIET, "m1", "<body>Hi</body>"));
    for at in 0..511 {
        peer.receive(&chat("nurse@example.com/x", &format!("n{at}"), "<body>Hi</body>"));
    }
    ids(&mut peer);
    peer.receive(&chat(MALLORY, "x1", &correction("m1")));
    // What was not shown counts like any other.
    assert_eq!(ids(&mut peer), ["x1"]);
    peer.receive(&chat(MALLORY, "x2", &correction("n400")));
    assert_eq!(ids(&mut peer), [] as [&str; 0]);
}

#[test]
fn a_correction_that_nobody_believes_is_not_corrected_either() {
    let mut peer = Peer::online();
    peer.receive(&chat(JULIET, "m1", "<body>Hi</body>"));
    peer.receive(&chat(MALLORY, "x1", &correction("m1")));
    peer.receive(&chat(JULIET, "x2", &correction("x1")));
    assert_eq!(ids(&mut peer), ["m1"]);
}

#[test]
fn what_is_said_of_a_message_while_offline_goes_out_as_it_was_shown() {
    let mut peer = online();
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.clear();
    let send = |peer: &mut Peer, fields: Value| {
        let mut options = fields;
        options["to"] = "juliet@example.com".into();
        peer.session.send_message(peer.now, Token(1), MessageOptions::from_json(&options.to_string()).unwrap()).unwrap()
    };
    send(&mut peer, serde_json::json!({ "body": "gone", "retracts": "m1" }));
    send(&mut peer, serde_json::json!({ "reactions": { "id": "m1", "emojis": ["👋"] }, "hints": ["store"] }));
    send(&mut peer, serde_json::json!({ "body": "> a\nb", "replyTo": { "id": "m1", "quoteEnd": 4 }, "replaces": "m0" }));
    let shown = peer.take_events("message");
    peer.hide_page();

    let mut peer = peer.next_page(stored_config());
    peer.session.connect(peer.now, Token(100));
    peer.drain();
    peer.log_in_again();
    peer.resumed(0);
    let frames: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.starts_with("<message")).collect();
    assert_eq!(frames.len(), 3);
    // As whoever gets them reads them.
    let mut juliet = Peer::online();
    for (frame, shown) in frames.iter().zip(&shown) {
        juliet.receive(&frame.replacen("<message ", "<message from='romeo@example.net/balcony' ", 1));
        let read = juliet.take_events("message").remove(0);
        for field in ["id", "body", "retracts", "reactions", "hints", "replyTo", "replaces", "fallbacks"] {
            assert_eq!(read[field], shown[field], "{field}");
        }
    }
}

#[test]
fn the_promise_of_a_retraction_resolves_with_what_the_event_showed() {
    let mut peer = Peer::online();
    let options = MessageOptions {
        to: "juliet@example.com".to_owned(),
        body: Some("gone".to_owned()),
        retracts: Some("m1".to_owned()),
        ..MessageOptions::default()
    };
    peer.session.send_message(peer.now, Token(1), options).unwrap();
    let shown = peer.take_events("message").remove(0);
    assert_eq!(shown["body"], Value::Null);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    let Some(Ok(Reply::Message(message))) = peer.outcome(Token(1)) else { panic!() };
    assert_eq!(serde_json::to_value(&message).unwrap(), shown);
}

#[test]
fn a_crowd_of_payloads_costs_no_more_than_its_length() {
    const CROWD: usize = 5_000;
    let mut peer = Peer::online();
    let reply = "<reply xmlns='urn:xmpp:reply:0' id='m1'/>";
    let fallback = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='1'/></fallback>";
    let range = "<body start='1' end='2'/>";
    for crowd in [
        fallback.repeat(CROWD),
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:other'/>".repeat(CROWD),
        format!("<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>{}</fallback>", range.repeat(CROWD)),
        format!("<reactions xmlns='urn:xmpp:reactions:0' id='m1'>{}</reactions>", "<reaction>👋</reaction>".repeat(CROWD)),
        "<reactions xmlns='urn:xmpp:reactions:0' id='m1'/>".repeat(CROWD),
        "<spoiler xmlns='urn:xmpp:spoiler:0'>a</spoiler>".repeat(CROWD),
        "<store xmlns='urn:xmpp:hints'/>".repeat(CROWD),
        "<replace xmlns='urn:xmpp:message-correct:0' id='m0'/>".repeat(CROWD),
        reply.repeat(CROWD),
    ] {
        peer.receive(&chat(JULIET, "m2", &format!("{crowd}<body>{}</body>{reply}", "🐢".repeat(CROWD))));
        let event = peer.take_events("message").remove(0);
        assert_eq!(event["replyTo"]["id"], "m1");
        assert!(event["body"].as_str().unwrap().chars().count() >= CROWD - 4);
    }
}

#[test]
fn copies_of_other_devices_are_judged_like_anything_else() {
    let carbon = |kind: &str, inner: &str| {
        format!(
            "<message xmlns='jabber:client' from='romeo@example.net' to='romeo@example.net/balcony'><{kind} xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{kind}></message>"
        )
    };
    let by_phone = |id: &str, inside: &str| {
        let to_juliet = chat("romeo@example.net/phone", id, inside).replace("to='romeo@example.net'", "to='juliet@example.com'");
        carbon("sent", &to_juliet)
    };
    let mut peer = Peer::online();
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some("Hi".to_owned()), ..MessageOptions::default() };
    let ours = peer.session.send_message(peer.now, Token(1), options).unwrap();
    peer.receive(&by_phone("p1", "<body>Hi</body>"));
    peer.receive(&carbon("received", &chat(JULIET, "m1", "<body>Hi</body>")));
    ids(&mut peer);
    // What the phone has said, and what it says of what this device has.
    peer.receive(&by_phone("p2", &correction("p1")));
    peer.receive(&by_phone("p3", &correction(&ours)));
    assert_eq!(ids(&mut peer), ["p2", "p3"]);
    for inside in [correction("p1"), correction(&ours)] {
        peer.receive(&chat(JULIET, "x1", &inside));
        peer.receive(&carbon("received", &chat(JULIET, "x2", &inside)));
    }
    peer.receive(&by_phone("x3", &correction("m1")));
    assert_eq!(ids(&mut peer), [] as [&str; 0]);
}
