//! Acknowledgements, receipts, markers and copies of one message, in every order in which they can come (XEP-0184, XEP-0198, XEP-0280, XEP-0333).

#![cfg(all(feature = "receipts", feature = "carbons"))]

mod support;

use serde_json::Value;
use support::{OWN_BARE, OWN_FULL, Peer, USUAL_FEATURES, config};
use waxwing::proto::{MessageOptions, Token};

const JULIET: &str = "juliet@example.com";
const OTHER: &str = "romeo@example.net/phone";
const CONTACTS: &str = "<item jid='juliet@example.com' subscription='both'/>";

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let place_last = |order: Vec<usize>| {
        (0..count).map(move |at| {
            let mut order = order.clone();
            order.insert(at, count - 1);
            order
        })
    };
    orders(count - 1).into_iter().flat_map(place_last).collect()
}

fn message(from: &str, to: &str, id: &str, inside: &str) -> String {
    format!("<message xmlns='jabber:client' type='chat' from='{from}' to='{to}' id='{id}'>{inside}</message>")
}

/// A copy that our server makes: `received` or `sent`.
fn copy(kind: &str, inner: &str) -> String {
    let forwarded = format!("<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded>");
    message(OWN_BARE, OWN_FULL, "copy", &format!("<{kind} xmlns='urn:xmpp:carbons:2'>{forwarded}</{kind}>"))
}

fn texts(events: &[Value], field: &str) -> Vec<String> {
    events.iter().map(|event| event[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_said_about_a_message_of_ours_takes_it_forward_in_every_order_and_each_stage_comes_once() {
    let received = |device: &str, id: &str| {
        message(&format!("{JULIET}/{device}"), OWN_FULL, id, "<received xmlns='urn:xmpp:receipts' id='m1'/>")
    };
    let displayed = message("juliet@example.com/phone", OWN_FULL, "d", "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>");
    let own = message(OWN_FULL, JULIET, "m1", "<body>Hi</body><origin-id xmlns='urn:xmpp:sid:0' id='m1'/>");
    let frames = [
        "<a xmlns='urn:xmpp:sm:3' h='1'/>".to_owned(),
        received("balcony", "r1"),
        received("phone", "r2"),
        displayed,
        copy("sent", &own),
    ];
    for order in orders(frames.len()) {
        let mut peer = Peer::online_with(config(), USUAL_FEATURES, CONTACTS);
        let options = MessageOptions {
            to: JULIET.to_owned(),
            id: Some("m1".to_owned()),
            body: Some("Hi".to_owned()),
            ..MessageOptions::default()
        };
        peer.session.send_message(peer.now, Token(1), options).unwrap();
        for &at in &order {
            peer.receive(&frames[at]);
        }
        let stages = texts(&peer.take_events("delivery"), "stage");
        let wanted = ["queued", "sent", "acked", "delivered", "displayed"];
        let is_in_order =
            stages.iter().map(|stage| wanted.iter().position(|known| known == stage).unwrap()).is_sorted_by(|a, b| a < b);
        assert!(is_in_order && stages.last().unwrap() == "displayed", "{order:?}: {stages:?}");
        // A receipt that is behind the marker has nothing to say any more.
        let is_late =
            order.iter().position(|at| *at == 3) < order.iter().position(|at| *at == 1).min(order.iter().position(|at| *at == 2));
        assert_eq!(stages.contains(&"delivered".to_owned()), !is_late, "{order:?}: {stages:?}");
        assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))), "{order:?}");
        assert_eq!(peer.take_events("message").len(), 1, "{order:?}");
    }
}

#[test]
fn a_message_of_theirs_is_shown_and_answered_once_in_every_order_of_its_copies_and_of_what_our_other_device_says_about_it() {
    let stamp = "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='a1'/>";
    let asking = "<body>Hi</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>";
    let theirs = message("juliet@example.com/balcony", OWN_BARE, "m1", &format!("{asking}{stamp}"));
    let say = |inside: &str, id: &str| copy("sent", &message(OTHER, JULIET, id, inside));
    let frames = [
        theirs.clone(),
        copy("received", &theirs),
        say("<received xmlns='urn:xmpp:receipts' id='m1'/>", "r1"),
        say("<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>", "d1"),
    ];
    for order in orders(frames.len()) {
        let mut peer = Peer::online_with(config(), USUAL_FEATURES, CONTACTS);
        peer.clear();
        for &at in &order {
            peer.receive(&frames[at]);
        }
        assert_eq!(texts(&peer.take_events("message"), "body"), ["Hi"], "{order:?}");
        let elsewhere = peer.take_events("displayed");
        assert_eq!(texts(&elsewhere, "with"), [JULIET], "{order:?}: {elsewhere:?}");
        assert_eq!(peer.take_events("delivery"), [] as [Value; 0], "{order:?}");
        let receipts = peer.take_frames().iter().filter(|frame| frame.contains("<received xmlns='urn:xmpp:receipts'")).count();
        // What came as a copy first is not answered: the device that it was sent to has done so.
        let is_copy_first = order.iter().position(|at| *at == 1) < order.iter().position(|at| *at == 0);
        assert_eq!(receipts, usize::from(!is_copy_first), "{order:?}");
    }
}
