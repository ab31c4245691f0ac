//! What the user has seen (XEP-0333, XEP-0490): what the golden cases cannot say. The rest is in tests/cases/xep-0333-markers and
//! tests/cases/xep-0490-displayed.

#![cfg(feature = "full")]

mod support;

use support::{Peer, USUAL_FEATURES, attribute, reconnecting};
use waxwing::proto::{Code, DisplayedMark, Input, Token};

const CONTACTS: &str = "<item jid='juliet@example.com' subscription='both'/><item jid='nurse@example.com' subscription='from'/>";

fn mark(peer: &mut Peer, to: &str, id: &str) {
    let mark = DisplayedMark { to: to.to_owned(), id: id.to_owned(), is_markable: true, ..DisplayedMark::default() };
    peer.session.mark_displayed(peer.now, Token(9), mark).unwrap();
    assert!(matches!(peer.outcome(Token(9)), Some(Ok(_))));
}

/// The markers that went out since the last look, as `to id`.
fn markers(peer: &mut Peer) -> Vec<String> {
    let marker = |frame: &String| {
        let (_, rest) = frame.split_once("<displayed xmlns='urn:xmpp:chat-markers:0'")?;
        Some(format!("{} {}", attribute(frame, "to"), attribute(rest, "id")))
    };
    peer.take_frames().iter().filter_map(marker).collect()
}

#[test]
fn while_the_session_connects_the_newest_mark_of_each_conversation_is_kept_until_it_is_known_who_is_a_contact() {
    let mut peer = Peer::new(reconnecting());
    let early = DisplayedMark { to: "juliet@example.com".to_owned(), id: "m0".to_owned(), ..DisplayedMark::default() };
    assert_eq!(peer.session.mark_displayed(peer.now, Token(1), early).unwrap_err().code, Code::NotConnected);
    peer.session.connect(peer.now, Token(0));
    for (to, id) in
        [("juliet@example.com", "m1"), ("nurse@example.com", "m2"), ("tybalt@example.com", "m3"), ("juliet@example.com", "m4")]
    {
        mark(&mut peer, to, id);
    }
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    assert!(markers(&mut peer).is_empty());
    peer.answer_roster_request(&roster, CONTACTS);
    assert_eq!(markers(&mut peer), ["juliet@example.com m4", "nurse@example.com m2"]);
}

#[test]
fn a_mark_during_an_outage_is_said_when_the_session_goes_on() {
    let mut peer = Peer::new(reconnecting());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster(CONTACTS);
    mark(&mut peer, "juliet@example.com", "m1");
    assert_eq!(markers(&mut peer), ["juliet@example.com m1"]);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    mark(&mut peer, "juliet@example.com", "m2");
    mark(&mut peer, "juliet@example.com", "m3");
    peer.advance(1_000);
    peer.log_in_again();
    peer.resumed(3);
    assert_eq!(markers(&mut peer), ["juliet@example.com m3"]);
}

#[test]
fn a_mark_during_an_outage_is_said_in_the_session_after_it() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, CONTACTS);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    mark(&mut peer, "juliet@example.com", "m2");
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster(CONTACTS);
    assert_eq!(markers(&mut peer), ["juliet@example.com m2"]);
}

#[test]
fn what_was_not_published_before_a_session_was_lost_is_published_in_the_next_one() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    let seen = |id: &str| DisplayedMark {
        to: "juliet@example.com".to_owned(),
        id: id.to_owned(),
        stanza_id: Some(format!("s-{id}")),
        ..DisplayedMark::default()
    };
    peer.session.mark_displayed(peer.now, Token(1), seen("m1")).unwrap();
    assert!(peer.take_frames().pop().unwrap().contains("disco#info"));
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.session.mark_displayed(peer.now, Token(2), seen("m2")).unwrap();
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    let asked = peer.take_frames().into_iter().rev().find(|frame| frame.contains("disco#info")).unwrap();
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{}' from='romeo@example.net'><query xmlns='http://jabber.org/protocol/disco#info'>\
         <feature var='http://jabber.org/protocol/pubsub#publish-options'/></query></iq>",
        attribute(&asked, "id")
    ));
    let published = peer.take_frames();
    assert_eq!(published.len(), 1, "{published:?}");
    assert!(published[0].contains("<publish ") && published[0].contains(" id='s-m2'"), "{}", published[0]);
}
