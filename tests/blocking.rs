//! Blocking (XEP-0191): the list, over logins and resumptions, and who may change it. The frames are in tests/cases/xep-0191-blocking.

#![cfg(feature = "full")]

mod support;

use serde_json::{Value, json};
use support::{OWN_BARE, Peer, USUAL_FEATURES, attribute, config, reconnecting};
use waxwing::proto::{BlockOptions, Code, Config, Input, Token};

/// Online, with this answer to the question for the list.
fn online(config: Config, items: &str) -> Peer {
    let mut peer = Peer::new(Config { has_block_list: true, ..config });
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let id = list_request(&mut peer).expect("a question for the list");
    peer.receive(&answer(&id, items));
    peer.clear();
    peer
}

fn answer(id: &str, items: &str) -> String {
    format!("<iq xmlns='jabber:client' type='result' id='{id}'><blocklist xmlns='urn:xmpp:blocking'>{items}</blocklist></iq>")
}

/// The id of the question for the list, if it was asked. The roster is answered.
fn list_request(peer: &mut Peer) -> Option<String> {
    if peer.session.state().as_str() != "online" {
        peer.answer_roster("");
    }
    peer.take_frames().iter().find(|frame| frame.contains("<blocklist")).map(|frame| attribute(frame, "id"))
}

fn push(peer: &mut Peer, from: &str, payload: &str) -> String {
    peer.receive(&format!("<iq xmlns='jabber:client' type='set' id='push' {from}>{payload}</iq>"));
    peer.take_frames().pop().expect("an answer")
}

fn blocked(peer: &Peer) -> Vec<&str> {
    peer.session.blocked().collect()
}

const ROMEO: &str = "<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></block>";

/// XEP-0191, section 3.2: a client SHOULD retrieve the list after it has logged in.
#[test]
fn the_list_is_loaded_at_each_login_and_told() {
    let mut peer = Peer::new(Config { has_block_list: true, ..reconnecting() });
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let id = list_request(&mut peer).unwrap();
    assert!(blocked(&peer).is_empty());
    peer.receive(&answer(&id, "<item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/>"));
    assert_eq!(blocked(&peer), ["iago@shakespeare.lit", "romeo@montague.net"]);
    let loaded = json!({ "change": "loaded", "jids": ["iago@shakespeare.lit", "romeo@montague.net"] });
    assert_eq!(peer.take_events("blocking"), [loaded]);

    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(blocked(&peer).len(), 2, "it stays readable");
    peer.advance(1_000);
    peer.clear();
    peer.log_in(USUAL_FEATURES);
    let id = list_request(&mut peer).unwrap();
    peer.receive(&answer(&id, ""));
    assert_eq!(peer.take_events("blocking"), [json!({ "change": "loaded", "jids": [] })]);
    assert!(blocked(&peer).is_empty());
}

#[test]
fn after_a_resumption_the_list_still_holds_but_another_page_asks_for_it() {
    let mut peer = Peer::new(Config { has_block_list: true, is_stored: true, ..reconnecting() });
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    peer.log_in(USUAL_FEATURES);
    let id = list_request(&mut peer).unwrap();
    peer.receive(&answer(&id, "<item jid='romeo@montague.net'/>"));
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.advance(1_000);
    peer.log_in_again();
    peer.resumed(3);
    assert_eq!(list_request(&mut peer), None);
    assert_eq!(blocked(&peer), ["romeo@montague.net"]);

    peer.hide_page();
    let mut next = peer.next_page(Config { has_block_list: true, is_stored: true, ..reconnecting() });
    next.session.connect(next.now, Token(0));
    next.drain();
    next.log_in_again();
    next.resumed(3);
    assert!(list_request(&mut next).is_some());
}

/// I9
#[test]
fn only_our_own_server_may_change_the_list() {
    for from in ["", "from='romeo@example.net'", "from='example.net'"] {
        let mut peer = online(config(), "");
        assert!(push(&mut peer, from, ROMEO).contains("type='result'"), "{from}");
        assert_eq!(peer.take_events("blocking"), [json!({ "change": "blocked", "jids": ["romeo@montague.net"] })]);
        assert_eq!(blocked(&peer), ["romeo@montague.net"]);
        assert!(push(&mut peer, from, "<unblock xmlns='urn:xmpp:blocking'/>").contains("type='result'"), "{from}");
        assert_eq!(peer.take_events("blocking"), [json!({ "change": "unblocked", "jids": ["romeo@montague.net"] })]);
    }
    for from in ["from='juliet@example.com'", "from='example.com'", "from='romeo@example.net/other'", "from='sub.example.net'"] {
        let mut peer = online(config(), "<item jid='iago@shakespeare.lit'/>");
        for payload in [ROMEO, "<unblock xmlns='urn:xmpp:blocking'/>"] {
            assert!(push(&mut peer, from, payload).contains("<service-unavailable"), "{from}");
        }
        assert_eq!(peer.take_all_events(), []);
        assert_eq!(blocked(&peer), ["iago@shakespeare.lit"]);
    }
}

#[test]
fn a_push_that_makes_no_sense_changes_nothing() {
    let mut peer = online(config(), "<item jid='iago@shakespeare.lit'/>");
    for payload in [
        "<block xmlns='urn:xmpp:blocking'/>",
        "<block xmlns='urn:xmpp:blocking'><item/></block>",
        "<unblock xmlns='urn:xmpp:blocking'><item/></unblock>",
        "<unblock xmlns='urn:xmpp:blocking'><item jid=''/></unblock>",
    ] {
        assert!(push(&mut peer, "", payload).contains("<bad-request"), "{payload}");
    }
    assert_eq!(blocked(&peer), ["iago@shakespeare.lit"]);
    // What is so already is no change.
    let again = "<block xmlns='urn:xmpp:blocking'><item jid='iago@shakespeare.lit'/></block>";
    assert!(push(&mut peer, "", again).contains("type='result'"));
    assert_eq!(peer.take_all_events(), []);
}

#[test]
fn a_change_of_ours_is_told_once_whether_push_or_result_comes_first() {
    let options = BlockOptions { jids: vec!["romeo@montague.net".to_owned()], report: None };
    for is_push_first in [true, false] {
        let mut peer = online(config(), "");
        peer.session.block(peer.now, Token(1), &options).unwrap();
        let id = attribute(&peer.take_frames().pop().unwrap(), "id");
        let result = format!("<iq xmlns='jabber:client' type='result' id='{id}'/>");
        if is_push_first {
            push(&mut peer, "", ROMEO);
            peer.receive(&result);
        } else {
            peer.receive(&result);
            push(&mut peer, "", ROMEO);
        }
        assert!(peer.outcome(Token(1)).unwrap().is_ok());
        assert_eq!(peer.take_events("blocking"), [json!({ "change": "blocked", "jids": ["romeo@montague.net"] })]);
    }
}

#[test]
fn a_server_without_blocking_is_no_error_until_somebody_is_to_be_blocked() {
    let mut peer = Peer::new(Config { has_block_list: true, ..config() });
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let id = list_request(&mut peer).unwrap();
    peer.clear();
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
         <feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    assert_eq!(peer.take_all_events(), [] as [(String, Value); 0]);
    assert!(blocked(&peer).is_empty());
    assert_eq!(peer.session.state().as_str(), "online");
}

#[test]
fn a_list_that_does_not_come_is_reported() {
    let mut peer = Peer::new(Config { has_block_list: true, ..config() });
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    list_request(&mut peer).unwrap();
    peer.clear();
    // Signs of life, so that only the answer is missing.
    for _ in 0..4 {
        peer.advance(10_000);
        peer.receive("<message xmlns='jabber:client' from='example.net'/>");
    }
    assert_eq!(peer.take_events("error")[0]["code"], "timeout");
    assert!(blocked(&peer).is_empty(), "{OWN_BARE} goes without");
}

#[test]
fn without_a_connection_nobody_is_blocked() {
    let mut peer = Peer::new(config());
    let options = BlockOptions { jids: vec!["romeo@montague.net".to_owned()], report: None };
    assert_eq!(peer.session.block(peer.now, Token(1), &options).unwrap_err().code, Code::NotConnected);
}
