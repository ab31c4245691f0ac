//! Receipts (XEP-0184): what the golden cases cannot say. The rest is in tests/cases/xep-0184-receipts.

#![cfg(feature = "full")]

mod support;

use serde_json::Value;
use support::{Peer, USUAL_FEATURES, attribute, reconnecting};
use waxwing::proto::{Input, MessageOptions, Token};

const JULIET: &str = "juliet@example.com";
const CONTACTS: &str = "<item jid='juliet@example.com' subscription='both'/>";

fn send(peer: &mut Peer, token: u32, id: &str) {
    let options = MessageOptions {
        to: JULIET.to_owned(),
        id: Some(id.to_owned()),
        body: Some("Hi".to_owned()),
        ..MessageOptions::default()
    };
    peer.session.send_message(peer.now, Token(token), options).unwrap();
}

fn receipt(from: &str, id: &str) -> String {
    format!(
        "<message xmlns='jabber:client' type='chat' from='{from}' to='romeo@example.net/balcony'>\
         <received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
    )
}

/// The stages since the last look, as `id:stage`.
fn stages(peer: &mut Peer) -> Vec<String> {
    let stage = |event: &Value| format!("{}:{}", event["id"].as_str().unwrap(), event["stage"].as_str().unwrap());
    peer.take_events("delivery").iter().map(stage).collect()
}

fn receipts(peer: &mut Peer) -> Vec<String> {
    let is_receipt = |frame: &&String| frame.contains("<received xmlns='urn:xmpp:receipts'");
    peer.take_frames().iter().filter(is_receipt).map(|frame| frame.rsplit_once(" id='").unwrap().1[..2].to_owned()).collect()
}

#[test]
fn a_receipt_ends_the_doubt_about_a_message_of_a_lost_session_and_those_before_it() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    for (token, id) in [(1, "a"), (2, "b"), (3, "c")] {
        send(&mut peer, token, id);
    }
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    send(&mut peer, 4, "d");
    stages(&mut peer);
    peer.receive(&receipt("juliet@example.com/balcony", "b"));
    assert_eq!(stages(&mut peer), ["a:acked", "b:acked", "b:delivered"]);
    assert!(matches!((peer.outcome(Token(1)), peer.outcome(Token(2))), (Some(Ok(_)), Some(Ok(_)))));
    assert_eq!(peer.outcome(Token(3)), None);
    peer.refuse_archive();
    assert_eq!(stages(&mut peer), ["c:failed", "d:sent"]);
    peer.receive(&receipt("juliet@example.com/balcony", "a"));
    assert_eq!(stages(&mut peer), ["a:delivered"]);
}

#[test]
fn a_message_that_failed_is_not_delivered_afterwards() {
    let mut peer = Peer::online();
    send(&mut peer, 1, "a");
    peer.receive(&format!(
        "<message xmlns='jabber:client' type='error' id='a' from='{JULIET}'>\
         <error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert_eq!(stages(&mut peer).last().unwrap(), "a:failed");
    peer.receive(&receipt(JULIET, "a"));
    assert!(stages(&mut peer).is_empty());
}

#[test]
fn what_comes_before_the_roster_is_answered_once_it_is_known_who_asks() {
    let mut peer = Peer::new(support::config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    for (id, from) in [("m1", "juliet@example.com/x"), ("m2", "tybalt@example.com/x")] {
        peer.receive(&format!(
            "<message xmlns='jabber:client' type='chat' id='{id}' from='{from}'><body>Hi</body><request xmlns='urn:xmpp:receipts'/></message>"
        ));
    }
    assert!(receipts(&mut peer).is_empty());
    peer.answer_roster_request(&roster, CONTACTS);
    assert_eq!(receipts(&mut peer), ["m1"]);
}

#[test]
fn what_an_archive_has_is_not_answered_nor_what_came_before() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, CONTACTS);
    let asking = "<body>Hi</body><request xmlns='urn:xmpp:receipts'/>";
    let message = |id: &str, more: &str| {
        format!(
            "<message xmlns='jabber:client' type='chat' id='{id}' from='juliet@example.com/x' to='romeo@example.net'>{asking}{more}</message>"
        )
    };
    peer.receive(&message("m1", ""));
    assert_eq!(receipts(&mut peer), ["m1"]);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    let query = peer.take_frames().into_iter().find(|frame| frame.contains("queryid")).unwrap();
    let query_id = attribute(&query, "queryid");
    peer.receive(&format!(
        "<message xmlns='jabber:client' from='romeo@example.net'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='a-2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-09-21T13:33:20Z'/>{}</forwarded></result></message>",
        message("m2", "")
    ));
    peer.receive(&message("m1", "<delay xmlns='urn:xmpp:delay' stamp='2026-09-21T13:33:20Z'/>"));
    peer.receive(&message("m3", "<delay xmlns='urn:xmpp:delay' stamp='2026-09-21T13:33:21Z'/>"));
    let ids: Vec<Value> = peer.take_events("message").into_iter().map(|message| message["id"].clone()).collect();
    assert_eq!(ids, ["m1", "m2", "m3"]);
    peer.answer_roster_request(&roster, CONTACTS);
    assert_eq!(receipts(&mut peer), ["m3"]);
}
