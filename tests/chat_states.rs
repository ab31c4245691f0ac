//! Chat states (XEP-0085): what the golden cases cannot say. The rest is in tests/cases/xep-0085-chat-states.

#![cfg(feature = "full")]

mod support;

use support::{Peer, reconnecting};
use waxwing::proto::{Activity, ChatStateOptions, Input, MessageOptions, MessageType, Token};

const TO: &str = "juliet@example.com";

fn online() -> Peer {
    let mut config = reconnecting();
    // Nobody answers here when the server is asked for a sign of life.
    (config.timeouts.ping_ms, config.timeouts.pong_ms) = (10_000_000, 10_000_000);
    let mut peer = Peer::new(config);
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.log_in(support::USUAL_FEATURES);
    peer.answer_roster("<item jid='juliet@example.com' subscription='both'/>");
    peer.clear();
    peer
}

fn tell(peer: &mut Peer, to: &str, state: Activity) {
    let options = ChatStateOptions { to: to.to_owned(), state, kind: MessageType::Chat };
    peer.session.send_chat_state(peer.now, options).unwrap();
}

/// The states that went out since the last look, to whom they did.
fn told(peer: &mut Peer) -> Vec<String> {
    let state = |frame: String| {
        let (start, _) = frame.split_once(" xmlns='http://jabber.org/protocol/chatstates'/>")?;
        let (_, state) = start.rsplit_once('<')?;
        Some(format!("{} {state}", support::attribute(&frame, "to")))
    };
    peer.take_frames().into_iter().filter_map(state).collect()
}

fn hear(peer: &mut Peer, content: &str) {
    peer.receive(&format!("<message xmlns='jabber:client' type='chat' from='{TO}/x'>{content}</message>"));
}

#[test]
fn who_does_nothing_for_two_minutes_is_inactive_to_those_who_understand() {
    let mut peer = online();
    tell(&mut peer, TO, Activity::Composing);
    peer.advance(10_000);
    peer.advance(600_000);
    assert_eq!(told(&mut peer), ["juliet@example.com composing", "juliet@example.com paused"]);
    hear(&mut peer, "<composing xmlns='http://jabber.org/protocol/chatstates'/>");
    tell(&mut peer, TO, Activity::Composing);
    peer.advance(10_000);
    peer.advance(119_999);
    assert_eq!(told(&mut peer), ["juliet@example.com composing", "juliet@example.com paused"]);
    peer.advance(1);
    assert_eq!(told(&mut peer), ["juliet@example.com inactive"]);
    peer.advance(600_000);
    assert!(told(&mut peer).is_empty());
    // A message is a sign of life too.
    let options = MessageOptions { to: TO.to_owned(), body: Some("Hi".to_owned()), ..MessageOptions::default() };
    peer.session.send_message(peer.now, Token(1), options).unwrap();
    assert_eq!(told(&mut peer), ["juliet@example.com active"]);
    peer.advance(120_000);
    assert_eq!(told(&mut peer), ["juliet@example.com inactive"]);
}

#[test]
fn a_pause_during_an_outage_is_told_when_the_session_goes_on() {
    let mut peer = online();
    tell(&mut peer, TO, Activity::Composing);
    assert_eq!(told(&mut peer), ["juliet@example.com composing"]);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    tell(&mut peer, TO, Activity::Composing);
    peer.advance(20_000);
    assert!(told(&mut peer).is_empty());
    peer.log_in_again();
    peer.resumed(3);
    assert_eq!(told(&mut peer), ["juliet@example.com paused"]);
}

#[test]
fn in_a_new_session_nothing_is_left_of_what_they_knew() {
    let mut peer = online();
    tell(&mut peer, TO, Activity::Composing);
    peer.session.disconnect(peer.now, Token(1));
    peer.receive("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    // Neither does the end of a session end a conversation.
    assert_eq!(told(&mut peer), ["juliet@example.com composing"]);
    peer.session.connect(peer.now, Token(2));
    peer.log_in(support::USUAL_FEATURES);
    peer.answer_roster("<item jid='juliet@example.com' subscription='both'/>");
    peer.advance(60_000);
    assert!(told(&mut peer).is_empty());
    tell(&mut peer, TO, Activity::Composing);
    assert_eq!(told(&mut peer), ["juliet@example.com composing"]);
}

#[test]
fn the_memory_for_conversations_is_bounded_and_keeps_those_in_use() {
    let mut peer = online();
    tell(&mut peer, TO, Activity::Composing);
    for at in 0..1_000 {
        peer.now.mono_ms += 1;
        tell(&mut peer, &format!("a{at}@example.com"), Activity::Composing);
        if at % 100 == 0 {
            tell(&mut peer, TO, Activity::Composing);
        }
    }
    assert_eq!(told(&mut peer), ["juliet@example.com composing"]);
}
