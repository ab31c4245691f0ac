//! Messages (RFC 6121, section 5): what the golden cases cannot say in one frame. The rest is in tests/cases/rfc6121-5.*.

mod support;

use serde_json::{Value, json};
use support::{Peer, config};
use waxwing::proto::{ChatText, Code, MessageOptions, MessageType, Reply, Token};

const TO: &str = "juliet@example.com";

fn chat(to: &str, body: &str) -> MessageOptions {
    MessageOptions { to: to.to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() }
}

fn bounce(from: &str, id: &str) -> String {
    format!(
        "<message xmlns='jabber:client' type='error' id='{id}' from='{from}'>\
         <error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
}

/// The last stage of each delivery event, as `id:stage`.
fn stages(peer: &mut Peer) -> Vec<String> {
    let stage = |event: &Value| format!("{}:{}", event["id"].as_str().unwrap(), event["stage"].as_str().unwrap());
    peer.take_events("delivery").iter().map(stage).collect()
}

/// Sends through one session and gives the frame to another, as a server would.
fn carry(options: MessageOptions) -> Value {
    let mut sender = Peer::online();
    sender.session.send_message(sender.now, Token(1), options).unwrap();
    let frame = sender.take_frames().remove(0);
    let mut receiver = Peer::online();
    receiver.receive(&frame.replacen("<message ", "<message from='juliet@example.com/x' ", 1));
    receiver.take_events("message").remove(0)
}

#[test]
fn a_message_arrives_as_it_was_sent() {
    let options = MessageOptions {
        to: TO.to_owned(),
        kind: Some(MessageType::Normal),
        id: Some("a'b\"<&>".to_owned()),
        body: Some("😀 <&\"'> \u{202b}שלום\u{202c}\r\n\ttab]]>".to_owned()),
        bodies: [("cs".to_owned(), "Ahoj".to_owned())].into(),
        subject: Some("Re: <b>".to_owned()),
        subjects: [("cs".to_owned(), "Odp".to_owned())].into(),
        thread: Some("t1".to_owned()),
        parent_thread: Some("t0".to_owned()),
        lang: Some("en".to_owned()),
        ..MessageOptions::default()
    };
    let found = carry(options.clone());
    assert_eq!(
        found,
        json!({
            "id": options.id, "from": "juliet@example.com/x", "to": TO, "type": "normal", "direction": "in",
            "body": options.body, "bodies": { "en": options.body, "cs": "Ahoj" },
            "subject": "Re: <b>", "subjects": { "en": "Re: <b>", "cs": "Odp" },
            "thread": "t1", "parentThread": "t0", "lang": "en", "originId": options.id, "timestamp": support::WALL_MS,
        })
    );
}

#[test]
fn bodies_of_64_kilobytes_and_of_a_megabyte_arrive_unchanged() {
    for size in [64 << 10, 1 << 20] {
        let body: String = "Ein <Zeichen> & noch eins 😀\r\n".chars().cycle().take(size).collect();
        assert_eq!(carry(chat(TO, &body))["body"], body.as_str());
    }
}

#[test]
fn every_character_that_xml_can_carry_arrives_and_every_other_is_refused() {
    let mut peer = Peer::online();
    let mut carried = String::new();
    for c in '\0'..=char::MAX {
        let is_forbidden = (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if is_forbidden {
            let error = peer.session.send_message(peer.now, Token(1), chat(TO, &format!("a{c}"))).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(error.message.contains(&format!("U+{:04X}, found at offset 1", u32::from(c))), "{}", error.message);
        } else {
            carried.push(c);
        }
    }
    assert_eq!((peer.take_frames().len(), peer.take_all_events().len()), (0, 0));
    assert_eq!(carry(chat(TO, &carried))["body"], carried.as_str());
}

#[test]
fn fresh_ids_are_never_the_same_twice() {
    let mut peer = Peer::online();
    let mut ids: Vec<String> =
        (0..1_000).map(|_| peer.session.send_message(peer.now, Token(1), chat(TO, "Hi")).unwrap()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn the_promise_resolves_with_the_message_that_the_event_showed() {
    let mut peer = Peer::online();
    let id = peer.session.send_message(peer.now, Token(1), chat(TO, "Hi")).unwrap();
    let shown = peer.take_events("message").remove(0);
    assert_eq!(shown["id"], id.as_str());
    assert_eq!(peer.outcome(Token(1)), None);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    let Some(Ok(Reply::Message(message))) = peer.outcome(Token(1)) else { panic!() };
    assert_eq!(serde_json::to_value(&message).unwrap(), shown);
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut peer = Peer::online();
    for options in [
        chat("", "Hi"),
        chat("@", "Hi"),
        MessageOptions { to: TO.to_owned(), ..MessageOptions::default() },
        MessageOptions { kind: Some(MessageType::Error), ..chat(TO, "Hi") },
        MessageOptions { thread: Some("\u{1}".to_owned()), ..chat(TO, "Hi") },
        MessageOptions { subjects: [("de_DE".to_owned(), "x".to_owned())].into(), ..chat(TO, "Hi") },
    ] {
        let error = peer.session.send_message(peer.now, Token(1), options).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
    }
    assert_eq!((peer.take_frames().len(), peer.take_all_events().len(), peer.take_outcomes().len()), (0, 0, 0));
}

#[test]
fn texts_that_are_sent_together_go_out_and_arrive_in_order_and_what_is_refused_holds_up_none() {
    for is_heard in [true, false] {
        let mut peer = Peer::online();
        peer.session.report_sends(is_heard);
        peer.session.send_message(peer.now, Token(1), MessageOptions { id: Some("a".to_owned()), ..chat(TO, "<one>") }).unwrap();
        let like_one = peer.take_frames().remove(0);
        peer.clear();
        let texts =
            [(TO, "a", "<one>"), ("", "b", "\u{8}"), ("", "c", "three"), ("@", "d", "four"), ("Juliet@EXAMPLE.com", "e", "five")];
        let texts = texts.map(|(to, id, body)| ChatText { to, id, body });
        peer.session.send_texts(peer.now, Token(10), texts.into_iter());
        let frames = peer.take_frames();
        assert_eq!((frames.len(), &frames[0]), (3, &like_one), "{frames:?}");
        assert!(frames[1].contains("'c'") && frames[2].contains("'e'") && frames[2].contains(TO), "{frames:?}");
        for token in [11, 13] {
            let Some(Err(error)) = peer.outcome(Token(token)) else { panic!("{token}") };
            assert_eq!(error.code, Code::InvalidArgument);
        }
        assert_eq!(stages(&mut peer).len(), if is_heard { 6 } else { 0 });
        assert_eq!(peer.take_events("message").len(), if is_heard { 3 } else { 0 });
        peer.receive("<a xmlns='urn:xmpp:sm:3' h='4'/>");
        assert_eq!(peer.outcome(Token(10)), Some(Ok(Reply::Done)));
        assert_eq!(peer.outcome(Token(12)), None);
        peer.receive("<a xmlns='urn:xmpp:sm:3' h='6'/>");
        assert_eq!(peer.outcome(Token(12)), Some(Ok(Reply::Done)));
        // Of an address in another form the app is told the normal one.
        let Some(Ok(Reply::Message(message))) = peer.outcome(Token(14)) else { panic!() };
        assert_eq!((message.to.as_str(), message.id.as_str()), (TO, "e"));
    }
}

#[test]
fn texts_are_refused_one_by_one_where_nobody_is_connected() {
    let mut peer = Peer::new(config());
    let text = |id| ChatText { to: TO, id, body: "Hi" };
    peer.session.send_texts(peer.now, Token(1), [text("a"), text("b")].into_iter());
    for token in [1, 2] {
        let Some(Err(error)) = peer.outcome(Token(token)) else { panic!() };
        assert_eq!(error.code, Code::NotConnected);
    }
}

#[test]
fn before_connecting_a_message_is_refused_with_not_connected() {
    let mut peer = Peer::new(config());
    let error = peer.session.send_message(peer.now, Token(1), chat(TO, "Hi")).unwrap_err();
    assert_eq!(error.code, Code::NotConnected);
}

#[test]
fn a_bounce_confirms_what_was_sent_before_it_and_nothing_after() {
    let mut peer = Peer::online();
    for (token, id) in [(1, "a"), (2, "b"), (3, "c")] {
        let options = MessageOptions { id: Some(id.to_owned()), ..chat(TO, "Hi") };
        peer.session.send_message(peer.now, Token(token), options).unwrap();
    }
    peer.clear();
    peer.receive(&bounce(TO, "b"));
    assert_eq!(stages(&mut peer), ["a:acked", "b:acked", "b:failed"]);
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    assert_eq!(peer.outcome(Token(3)), None);
    // The server's word, when it comes, says nothing new of the first two.
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='5'/>");
    assert_eq!(stages(&mut peer), ["c:acked"]);
}

#[test]
fn the_memory_for_bounces_is_bounded() {
    let mut peer = Peer::online();
    for at in 0..1_025_u32 {
        let options = MessageOptions { id: Some(format!("m{at}")), ..chat(TO, "Hi") };
        peer.session.send_message(peer.now, Token(at), options).unwrap();
    }
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='1027'/>");
    peer.clear();
    peer.receive(&bounce(TO, "m0"));
    assert!(stages(&mut peer).is_empty(), "forgotten");
    assert_eq!(peer.take_events("message").len(), 1, "and still told");
    peer.receive(&bounce(TO, "m1"));
    assert_eq!(stages(&mut peer), ["m1:failed"]);
}

#[test]
fn of_two_messages_with_one_id_each_bounces_to_its_own_recipient() {
    let mut peer = Peer::online();
    for to in [TO, "nurse@example.com"] {
        peer.session.send_message(peer.now, Token(1), MessageOptions { id: Some("x".to_owned()), ..chat(to, "Hi") }).unwrap();
    }
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    peer.clear();
    peer.receive(&bounce(TO, "x"));
    let failed = peer.take_events("delivery");
    assert_eq!((failed.len(), &failed[0]["to"]), (1, &json!(TO)));
    peer.receive(&bounce("nurse@example.com/kitchen", "x"));
    assert_eq!(peer.take_events("delivery")[0]["to"], "nurse@example.com");
}
