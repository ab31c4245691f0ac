//! What the core build does without the extensions: a build for a page that has to be small loses nothing in silence.
//!
//! The other tests hold for it too, as far as they ask for no extension.

#![cfg(not(feature = "full"))]

mod support;

use serde_json::{Value, json};
use support::{Peer, USUAL_FEATURES, config, reconnecting};
use waxwing::proto::{Code, Input, MessageOptions, State, Token};

fn send(peer: &mut Peer, token: u32, body: &str) {
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() };
    peer.session.send_message(peer.now, Token(token), options).unwrap();
}

#[test]
fn what_nobody_can_say_to_have_arrived_fails_before_what_waited_goes_out() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    send(&mut peer, 1, "first");
    send(&mut peer, 2, "second");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    send(&mut peer, 3, "third");
    peer.clear();
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    for token in [Token(1), Token(2)] {
        assert!(matches!(peer.outcome(token), Some(Err(error)) if error.code == Code::DeliveryUnknown));
    }
    let stages: Vec<Value> = peer.take_events("delivery").into_iter().map(|delivery| delivery["stage"].clone()).collect();
    assert_eq!(stages, [json!("failed"), json!("failed"), json!("sent")]);
    let frames = peer.take_frames();
    let messages: Vec<&String> = frames.iter().filter(|frame| frame.starts_with("<message")).collect();
    assert!(messages.len() == 1 && messages[0].contains("third"), "{frames:?}");
    assert!(!frames.iter().any(|frame| frame.contains("urn:xmpp:mam:2")), "{frames:?}");
}

#[test]
fn a_url_is_required_since_nobody_looks_for_the_server() {
    let mut config = config();
    config.url = None;
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, Token(1));
    assert!(matches!(peer.outcome(Token(1)), Some(Err(error)) if error.code == Code::InvalidArgument));
    assert_eq!(peer.session.state(), State::Offline);
}

#[test]
fn a_request_for_an_extension_is_answered_as_not_there_and_a_ping_is_answered() {
    let mut peer = Peer::online();
    for (payload, answer) in [
        ("<query xmlns='http://jabber.org/protocol/disco#info'/>", "type='error'"),
        ("<query xmlns='jabber:iq:version'/>", "type='error'"),
        ("<time xmlns='urn:xmpp:time'/>", "type='error'"),
        ("<ping xmlns='urn:xmpp:ping'/>", "type='result'"),
    ] {
        peer.receive(&format!("<iq xmlns='jabber:client' type='get' id='q' from='juliet@example.com/x'>{payload}</iq>"));
        let frame = peer.take_frames().pop().unwrap();
        assert!(frame.contains(answer) && frame.contains("id='q'"), "{frame}");
        assert_eq!(frame.contains("service-unavailable"), answer == "type='error'", "{frame}");
    }
}
