//! What others can do (XEP-0030, XEP-0115, XEP-0390): who is asked, and for whom an answer is believed. The hashes are in
//! src/proto/entity_caps/tests.rs.

#![cfg(feature = "full")]

mod support;

use std::sync::Arc;

use support::{OWN_FULL, Peer, USUAL_FEATURES, attribute, config, reconnecting};
use waxwing::proto::{Code, Config, DiscoInfo, Input, Reply, Token};

const INFO: &str = "http://jabber.org/protocol/disco#info";
/// XEP-0115, section 5.2.
const EXODUS: &str = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>";
const EXODUS_NODE: &str = "http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0=";
const EXODUS_INFO: &str = "<identity category='client' type='pc' name='Exodus 0.9.1'/>\
    <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
    <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>";
const OTHER_INFO: &str = "<identity category='client' type='pc' name='Exodus 0.9.1'/><feature var='urn:example:poison'/>";

fn available(peer: &mut Peer, from: &str, children: &str) {
    peer.receive(&format!("<presence xmlns='jabber:client' from='{from}'>{children}</presence>"));
}

fn ask(peer: &mut Peer, token: u32, jid: &str) {
    peer.session.disco_info(peer.now, Token(token), jid, None).unwrap();
}

/// Who was asked since the last look: JID, node, and the id of the request.
fn asked(peer: &mut Peer) -> Vec<(String, Option<String>, String)> {
    let queries = peer.take_frames().into_iter().filter(|frame| frame.contains(INFO));
    let node = |frame: &str| frame.contains(" node='").then(|| attribute(frame, "node"));
    queries.map(|frame| (attribute(&frame, "to"), node(&frame), attribute(&frame, "id"))).collect()
}

/// The one who was asked.
fn one_asked(peer: &mut Peer) -> (String, Option<String>, String) {
    let mut all = asked(peer);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn answer(peer: &mut Peer, from: &str, id: &str, info: &str) {
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' from='{from}' id='{id}'><query xmlns='{INFO}'>{info}</query></iq>"
    ));
}

fn refuse(peer: &mut Peer, from: &str, id: &str) {
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' from='{from}' id='{id}'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
}

fn outcome(peer: &mut Peer, token: u32) -> Option<Result<Arc<DiscoInfo>, Code>> {
    peer.outcome(Token(token)).map(|result| match result {
        Ok(Reply::Info(info)) => Ok(info),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code),
    })
}

fn info(peer: &mut Peer, token: u32) -> Arc<DiscoInfo> {
    outcome(peer, token).expect("an outcome").expect("an answer")
}

#[test]
fn presences_make_no_requests_and_one_answer_is_for_all_with_the_same_hash() {
    let mut peer = Peer::online();
    for n in 0..1_000 {
        available(&mut peer, &format!("contact{n}@example.com/exodus"), EXODUS);
    }
    assert!(asked(&mut peer).is_empty());
    for n in 0..1_000 {
        ask(&mut peer, n, &format!("contact{n}@example.com/exodus"));
    }
    let (jid, node, id) = one_asked(&mut peer);
    assert_eq!((&*jid, node.as_deref()), ("contact0@example.com/exodus", Some(EXODUS_NODE)));
    answer(&mut peer, &jid, &id, EXODUS_INFO);
    for n in 0..1_000 {
        assert_eq!(info(&mut peer, n).features.len(), 4);
    }
    // Also for whoever comes later, from another node.
    available(&mut peer, "nurse@example.com/x", &EXODUS.replace("code.google.com/p/exodus", "example.com"));
    ask(&mut peer, 1, "Nurse@example.com/x");
    assert_eq!(info(&mut peer, 1).identities[0].name.as_deref(), Some("Exodus 0.9.1"));
    assert!(asked(&mut peer).is_empty());
}

#[test]
fn what_another_page_has_verified_is_known_and_what_a_storage_makes_up_is_not() {
    let mut peer = Peer::online();
    available(&mut peer, "juliet@example.com/exodus", EXODUS);
    ask(&mut peer, 1, "juliet@example.com/exodus");
    let (jid, _, id) = one_asked(&mut peer);
    answer(&mut peer, &jid, &id, EXODUS_INFO);
    let record = peer.session.verified_caps();
    assert_eq!(record.len(), 1);

    let mut next = Peer::online();
    next.session.restore_caps_from_json(&serde_json::to_string(&record).unwrap());
    assert_eq!(next.session.verified_caps(), record, "also what nobody has asked for yet");
    available(&mut next, "nurse@example.com/x", EXODUS);
    ask(&mut next, 1, "nurse@example.com/x");
    assert_eq!(info(&mut next, 1).features.len(), 4);
    assert!(asked(&mut next).is_empty());
    assert_eq!(next.session.verified_caps(), record);

    let (key, text) = record.iter().next().unwrap();
    let forged = text.replace("http://jabber.org/protocol/muc", "urn:example:poison");
    for wrong in [forged.as_str(), "<iq/>", "<", ""] {
        let mut peer = Peer::online();
        peer.session.restore_caps([(key.to_owned(), wrong.to_owned())].into());
        available(&mut peer, "nurse@example.com/x", EXODUS);
        ask(&mut peer, 1, "nurse@example.com/x");
        one_asked(&mut peer);
    }
    for wrong in ["", "{}", "[[1,2]]", "[[\"a\"]]", "null"] {
        peer.session.restore_caps_from_json(wrong);
    }
    assert_eq!(peer.session.verified_caps(), record);
}

/// XEP-0115, section 5.4, rule 3.9: MUST NOT be cached for others, and another one is asked.
#[test]
fn an_answer_that_the_hash_does_not_stand_for_is_good_for_its_sender_alone() {
    let mut peer = Peer::online();
    for who in ["mallory", "juliet", "nurse"] {
        available(&mut peer, &format!("{who}@example.com/x"), EXODUS);
    }
    ask(&mut peer, 1, "mallory@example.com/x");
    ask(&mut peer, 2, "juliet@example.com/x");
    ask(&mut peer, 3, "mallory@example.com/x");
    let (jid, _, id) = one_asked(&mut peer);
    assert_eq!(jid, "mallory@example.com/x");
    answer(&mut peer, &jid, &id, OTHER_INFO);
    assert_eq!(info(&mut peer, 1).features, ["urn:example:poison"]);
    assert_eq!(info(&mut peer, 3).features, ["urn:example:poison"]);
    assert!(outcome(&mut peer, 2).is_none());

    let (jid, node, id) = one_asked(&mut peer);
    assert_eq!((&*jid, node.as_deref()), ("juliet@example.com/x", Some(EXODUS_NODE)));
    answer(&mut peer, &jid, &id, EXODUS_INFO);
    assert_eq!(info(&mut peer, 2).features.len(), 4);

    // Each keeps its own.
    for (token, who, count) in [(4, "nurse", 4), (5, "juliet", 4), (6, "mallory", 4)] {
        ask(&mut peer, token, &format!("{who}@example.com/x"));
        assert_eq!(info(&mut peer, token).features.len(), count, "{who}");
    }
    assert!(asked(&mut peer).is_empty());
}

#[test]
fn what_one_has_answered_alone_is_not_asked_again_until_it_says_something_else() {
    let mut peer = Peer::online();
    for c in [EXODUS, &EXODUS.replace("sha-1", "md5")] {
        available(&mut peer, "mallory@example.com/x", c);
        ask(&mut peer, 1, "mallory@example.com/x");
        let (jid, node, id) = one_asked(&mut peer);
        assert_eq!(node.is_some(), c == EXODUS);
        answer(&mut peer, &jid, &id, OTHER_INFO);
        assert_eq!(info(&mut peer, 1).features.len(), 1);
        if c == EXODUS {
            ask(&mut peer, 2, "mallory@example.com/x");
            assert_eq!(info(&mut peer, 2).features.len(), 1);
            assert!(asked(&mut peer).is_empty());
        }
    }
}

#[test]
fn whoever_fails_to_answer_makes_another_one_be_asked() {
    let mut peer = Peer::online();
    for who in ["juliet", "nurse", "tybalt"] {
        available(&mut peer, &format!("{who}@example.com/x"), EXODUS);
    }
    ask(&mut peer, 1, "juliet@example.com/x");
    ask(&mut peer, 2, "nurse@example.com/x");
    ask(&mut peer, 3, "tybalt@example.com/x");
    let (jid, _, id) = one_asked(&mut peer);
    // Whoever asked does not wait any more: the others do.
    peer.session.cancel(peer.now, Token(1));
    refuse(&mut peer, &jid, &id);
    assert_eq!(outcome(&mut peer, 1), Some(Err(Code::StanzaError)));
    let (jid, _, _) = one_asked(&mut peer);
    assert_eq!(jid, "nurse@example.com/x");
    for _ in 0..4 {
        peer.advance(10_000);
        peer.receive("<message xmlns='jabber:client' from='example.net'/>");
    }
    assert_eq!(outcome(&mut peer, 2), Some(Err(Code::Timeout)));
    let (jid, _, id) = one_asked(&mut peer);
    // I9: from somebody else it is no answer.
    answer(&mut peer, "mallory@example.com/x", &id, EXODUS_INFO);
    assert!(outcome(&mut peer, 3).is_none());
    answer(&mut peer, &jid, &id, EXODUS_INFO);
    assert_eq!(info(&mut peer, 3).features.len(), 4);
}

#[test]
fn a_lost_session_fails_all_who_wait() {
    let mut peer = Peer::online();
    for who in ["juliet", "nurse"] {
        available(&mut peer, &format!("{who}@example.com/x"), EXODUS);
    }
    ask(&mut peer, 1, "juliet@example.com/x");
    ask(&mut peer, 2, "nurse@example.com/x");
    ask(&mut peer, 3, "example.com");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(outcome(&mut peer, 1), Some(Err(Code::ConnectionLost)));
    assert_eq!(outcome(&mut peer, 2), Some(Err(Code::NotConnected)));
    assert_eq!(outcome(&mut peer, 3), Some(Err(Code::ConnectionLost)));
    assert_eq!(peer.session.disco_info(peer.now, Token(4), "example.com", None).unwrap_err().code, Code::NotConnected);
}

/// XEP-0115, section 7.4: a server may leave out what has not changed.
#[test]
fn a_presence_without_capabilities_leaves_them_as_they_were() {
    let mut peer = Peer::online();
    available(&mut peer, "juliet@example.com/x", EXODUS);
    available(&mut peer, "juliet@example.com/x", "<show>away</show>");
    ask(&mut peer, 1, "juliet@example.com/x");
    let (jid, node, id) = one_asked(&mut peer);
    assert_eq!(node.as_deref(), Some(EXODUS_NODE));
    answer(&mut peer, &jid, &id, EXODUS_INFO);
    // Gone and back, it says nothing.
    peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x' type='unavailable'/>");
    available(&mut peer, "juliet@example.com/x", "");
    for token in [2, 3] {
        ask(&mut peer, token, "juliet@example.com/x");
        let (jid, node, id) = one_asked(&mut peer);
        assert_eq!(node, None);
        answer(&mut peer, &jid, &id, OTHER_INFO);
        assert_eq!(info(&mut peer, token).features.len(), 1);
    }
}

#[test]
fn a_bare_address_is_asked_itself_and_a_node_is_asked_as_it_is() {
    let mut peer = Peer::online();
    available(&mut peer, "juliet@example.com/x", EXODUS);
    ask(&mut peer, 1, "juliet@example.com");
    let (jid, node, _) = one_asked(&mut peer);
    assert_eq!((&*jid, node), ("juliet@example.com", None));
    peer.session.disco_info(peer.now, Token(2), "juliet@example.com/x", Some("urn:node <1>")).unwrap();
    let (jid, node, _) = one_asked(&mut peer);
    assert_eq!((&*jid, node.as_deref()), ("juliet@example.com/x", Some("urn:node &lt;1&gt;")));
    assert_eq!(peer.session.disco_info(peer.now, Token(3), "@", None).unwrap_err().code, Code::InvalidArgument);
}

#[test]
fn the_answers_of_server_and_account_are_kept_for_the_session() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    for round in 0..2 {
        for jid in ["example.net", "romeo@example.net"] {
            ask(&mut peer, 1, jid);
            let (to, _, id) = one_asked(&mut peer);
            assert_eq!(to, jid);
            answer(&mut peer, jid, &id, EXODUS_INFO);
            assert_eq!(info(&mut peer, 1).features.len(), 4);
            ask(&mut peer, 2, jid);
            assert_eq!(info(&mut peer, 2).features.len(), 4);
            assert!(asked(&mut peer).is_empty());
        }
        ask(&mut peer, 3, "example.com");
        let (jid, _, id) = one_asked(&mut peer);
        answer(&mut peer, &jid, &id, EXODUS_INFO);
        ask(&mut peer, 3, "example.com");
        one_asked(&mut peer);
        if round == 0 {
            peer.input(Input::SocketClosed { code: 1006, reason: "" });
            peer.advance(1_000);
            peer.clear();
            peer.log_in(USUAL_FEATURES);
            peer.answer_roster("");
            peer.clear();
        }
    }
}

#[test]
fn not_more_than_so_many_answers_are_kept() {
    let mut peer = Peer::online();
    let mut hash_of = |n: usize, is_first: bool| {
        // Of our own making: the hash is what our client says of a software of that name.
        let mut other = config();
        other.software.name = format!("Client {n}");
        let mut other = Peer::new(other);
        other.session.connect(other.now, Token(0));
        other.log_in(USUAL_FEATURES);
        other.answer_roster("");
        let presence = other.take_whole_frames().into_iter().find(|frame| frame.starts_with("<presence")).unwrap();
        let children = presence.split_once('>').unwrap().1.strip_suffix("</presence>").unwrap().to_owned();
        available(&mut peer, &format!("n{n}@example.com/x"), &children);
        ask(&mut peer, 1, &format!("n{n}@example.com/x"));
        if !is_first {
            // Its presence is another one, so that the answer is not that of before.
            return asked(&mut peer).len();
        }
        let (jid, node, id) = one_asked(&mut peer);
        let node = node.unwrap();
        other.receive(&format!(
            "<iq xmlns='jabber:client' type='get' id='q' from='{OWN_FULL}'><query xmlns='{INFO}' node='{node}'/></iq>"
        ));
        let reply = other.take_frames().pop().unwrap();
        assert!(reply.contains(&format!(" node='{node}'")), "XEP-0030, section 3.2: {reply}");
        let content = reply.split_once("<query").unwrap().1.split_once('>').unwrap().1.split_once("</query>").unwrap().0;
        answer(&mut peer, &jid, &id, content);
        assert_eq!(info(&mut peer, 1).identities[0].name, Some(format!("Client {n}")));
        0
    };
    for n in 0..300 {
        hash_of(n, true);
    }
    assert_eq!(hash_of(299, false), 0);
    assert_eq!(hash_of(0, false), 1, "the oldest is forgotten");
}

#[test]
fn what_a_client_can_do_goes_with_each_available_presence_and_its_hash_stands_for_its_answer() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    peer.session.set_presence(peer.now, Default::default()).unwrap();
    peer.session.send_presence_to(peer.now, "room@example.com/me", Default::default()).unwrap();
    let frames = peer.take_whole_frames();
    let presences: Vec<&String> = frames.iter().filter(|frame| frame.starts_with("<presence")).collect();
    assert_eq!(presences.len(), 3);
    for presence in &presences {
        assert!(presence.contains("<c xmlns='http://jabber.org/protocol/caps' hash='sha-1'"), "{presence}");
        assert!(presence.contains("<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>"), "{presence}");
    }
    let node = format!("{}#{}", attribute(presences[0], "node"), attribute(presences[0], "ver"));
    for (node, is_there) in [
        (node, true),
        ("https://www.npmjs.com/package/waxwing#other".to_owned(), false),
        ("urn:xmpp:caps#sha-256.x".to_owned(), false),
    ] {
        peer.receive(&format!(
            "<iq xmlns='jabber:client' type='get' id='q' from='a@b/c'><query xmlns='{INFO}' node='{node}'/></iq>"
        ));
        let reply = peer.take_frames().pop().unwrap();
        assert_eq!(reply.contains("type='result'"), is_there, "{reply}");
        assert_eq!(reply.contains("<item-not-found"), !is_there, "{reply}");
    }
    peer.session.disconnect(peer.now, Token(1));
    let goodbye = peer.take_whole_frames().into_iter().find(|frame| frame.starts_with("<presence")).unwrap();
    assert_eq!(goodbye, "<presence xmlns='jabber:client' type='unavailable'/>");
}

/// XEP-0115, section 6.1: SHOULD send presence again when its features change, here with the next version of the page.
#[test]
fn a_page_that_can_do_something_else_than_the_one_before_says_so() {
    for (name, presences) in [("Waxwing", 0), ("Waxwing 2", 1)] {
        let stored = || Config { is_stored: true, ..reconnecting() };
        let mut peer = Peer::new(stored());
        peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
        peer.session.connect(peer.now, Token(0));
        peer.drain();
        peer.log_in(USUAL_FEATURES);
        peer.answer_roster("<item jid='juliet@example.com'/>");
        peer.hide_page();
        let mut config = stored();
        config.software.name = name.to_owned();
        let mut peer = peer.next_page(config);
        peer.session.connect(peer.now, Token(0));
        peer.drain();
        peer.log_in_again();
        peer.resumed(2);
        let sent = peer.take_whole_frames().iter().filter(|frame| frame.starts_with("<presence")).count();
        assert_eq!(sent, presences, "{name}");
    }
}
