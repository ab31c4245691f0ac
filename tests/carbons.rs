//! Message carbons (XEP-0280): what other devices of the account send and get, once, and from nobody but our own account; and whose stamps
//! are believed (XEP-0359).

#![cfg(all(feature = "carbons", feature = "archive"))]

mod support;

use serde_json::{Value, json};
use support::{OWN_BARE, OWN_FULL, Peer, USUAL_FEATURES, attribute, config, reconnecting};
use waxwing::proto::{Config, Input, MessageOptions, Token};

const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };
const NOW: &str = "2026-09-21T13:33:20Z";
const OTHER: &str = "romeo@example.net/phone";

/// Online, on a server that confirms and keeps no sessions.
fn online() -> Peer {
    Peer::online_with(reconnecting(), USUAL_FEATURES, "")
}

/// A copy from our own account: `received` or `sent`.
fn carbon(kind: &str, inner: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{OWN_BARE}' to='{OWN_FULL}' type='chat'><{kind} xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{kind}></message>"
    )
}

fn chat(from: &str, to: &str, id: &str, body: &str) -> String {
    format!("<message xmlns='jabber:client' type='chat' from='{from}' to='{to}' id='{id}'><body>{body}</body></message>")
}

fn stamped(message: &str, by: &str, archive_id: &str) -> String {
    message.replace("</message>", &format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{archive_id}'/></message>"))
}

fn bodies(peer: &mut Peer) -> Vec<String> {
    peer.take_events("message").iter().map(|message| message["body"].as_str().unwrap_or_default().to_owned()).collect()
}

fn send(peer: &mut Peer, token: u32, body: &str) -> String {
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() };
    peer.session.send_message(peer.now, Token(token), options).unwrap()
}

/// The session is lost, and another one begins. Returns the question about what was missed.
fn lose_and_catch_up(peer: &mut Peer) -> String {
    peer.input(CUT);
    peer.advance(1_000);
    catch_up(peer)
}

fn catch_up(peer: &mut Peer) -> String {
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    peer.take_frames().into_iter().find(|frame| frame.contains("<max>")).expect("a question about what was missed")
}

fn archived(query: &str, archive_id: &str, message: &str) -> String {
    let query_id = attribute(query, "queryid");
    format!(
        "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='{archive_id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{NOW}'/>{message}</forwarded></result></message>"
    )
}

#[test]
fn a_resumed_session_has_its_carbons_already() {
    let mut peer = Peer::new(reconnecting());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    assert!(peer.take_frames().iter().any(|frame| frame.contains("<enable xmlns='urn:xmpp:carbons:2'/>")));
    peer.answer_roster_request(&roster, "");
    peer.input(CUT);
    peer.advance(1_000);
    assert!(peer.log_in_again().starts_with("<resume "));
    peer.resumed(2);
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("carbons")));
}

#[test]
fn a_server_without_carbons_changes_nothing() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let asked = peer.take_frames().into_iter().find(|frame| frame.contains("carbons")).unwrap();
    let id = attribute(&asked, "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    assert_eq!(peer.take_events("error"), [] as [Value; 0]);
    peer.session.disconnect(peer.now, Token(1));
}

#[test]
fn xep_0280_section_11_a_copy_from_anybody_else_is_ignored_as_a_whole() {
    let mut peer = online();
    let inner = chat("juliet@example.com/x", OWN_BARE, "m1", "Meet me tonight");
    for from in ["mallory@example.com/x", "mallory@example.com", "example.net", OTHER, OWN_FULL, "romeo@example.net.example.com"]
    {
        for kind in ["received", "sent"] {
            let forged = carbon(kind, &inner).replacen(&format!("from='{OWN_BARE}'"), &format!("from='{from}'"), 1);
            peer.receive(&forged);
            // With a text of its own, and anywhere in the message.
            peer.receive(&forged.replacen("><received", "><body>x</body><received", 1).replacen(
                "><sent",
                "><body>x</body><sent",
                1,
            ));
        }
    }
    assert_eq!(peer.take_all_events(), []);
    // Nor does it become one by being copied, or archived.
    let forged = carbon("received", &inner).replacen(&format!("from='{OWN_BARE}'"), "from='mallory@example.com/x'", 1);
    peer.receive(&carbon("received", &forged.replacen("><received", "><body>x</body><received", 1)));
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&archived(&query, "a1", &forged.replacen("><received", "><body>x</body><received", 1)));
    assert_eq!(bodies(&mut peer), [] as [&str; 0]);
}

#[test]
fn a_copy_that_contradicts_itself_is_ignored() {
    let mut peer = online();
    for inner in [
        chat("mallory@example.com/x", "juliet@example.com", "m1", "not sent by us").as_str(),
        "<message xmlns='jabber:client' type='chat' to='juliet@example.com' id='m1'><body>from nobody</body></message>",
        "<message xmlns='urn:x' from='romeo@example.net/phone'><body>no message</body></message>",
        "<presence xmlns='jabber:client' from='romeo@example.net/phone'/>",
        "",
    ] {
        peer.receive(&carbon("sent", inner));
    }
    peer.receive(&carbon(
        "received",
        &chat("room@muc.example.com/juliet", OWN_FULL, "m2", "to all").replace("'chat'", "'groupchat'"),
    ));
    peer.receive(&format!("<message xmlns='jabber:client' from='{OWN_BARE}'><received xmlns='urn:xmpp:carbons:2'/></message>"));
    // What says that it is not to be copied is no copy.
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>private</body><private xmlns='urn:xmpp:carbons:2'/></message>");
    assert_eq!(bodies(&mut peer), ["private"]);
}

#[test]
fn a_copy_of_an_error_is_an_error_and_fails_nothing_of_ours() {
    let mut peer = online();
    let bounce = "<message xmlns='jabber:client' type='error' from='juliet@example.com' to='romeo@example.net/phone' id='theirs'>\
                  <error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>";
    peer.receive(&carbon("received", bounce));
    let message = &peer.take_events("message")[0];
    assert_eq!(
        (&message["type"], &message["carbon"], &message["error"]["condition"]),
        (&json!("error"), &json!(true), &json!("item-not-found"))
    );
    assert_eq!(peer.take_events("delivery"), [] as [Value; 0]);
}

#[test]
fn a_copy_that_was_kept_on_the_way_says_when_it_was_sent() {
    let mut peer = online();
    let inner = chat("juliet@example.com/x", OTHER, "m1", "late");
    let delay = |stamp: &str| format!("<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>");
    peer.receive(&carbon("received", &format!("{}{inner}", delay(NOW))));
    // The first of two times is when it was sent.
    let twice = inner.replace("m1", "m2").replace("</message>", &format!("{}</message>", delay("2026-09-21T13:00:00Z")));
    peer.receive(&carbon("received", &format!("{}{twice}", delay(NOW))));
    // Kept with its envelope.
    let kept = carbon("received", &inner.replace("m1", "m3"));
    peer.receive(&kept.replacen("</received></message>", &format!("</received>{}</message>", delay(NOW)), 1));
    let told: Vec<_> =
        peer.take_events("message").iter().map(|m| (m["timestamp"].as_i64().unwrap(), m["delayed"].clone())).collect();
    let (now, before) = (1_789_997_600_000, 1_789_995_600_000);
    assert_eq!(told, [(now, json!(true)), (before, json!(true)), (now, json!(true))]);
}

#[test]
fn of_all_copies_of_a_message_an_app_sees_one() {
    let mut peer = online();
    let received = |id: &str| chat("juliet@example.com/x", OTHER, &format!("m{id}"), &format!("in {id}"));
    let sent = |id: &str| chat(OTHER, "juliet@example.com", &format!("m{id}"), &format!("out {id}"));
    peer.receive(&carbon("received", &stamped(&received("1"), OWN_BARE, "a1")));
    peer.receive(&carbon("sent", &stamped(&sent("2"), OWN_BARE, "a2")));
    assert_eq!(bodies(&mut peer), ["in 1", "out 2"]);
    let query = lose_and_catch_up(&mut peer);
    assert!(query.contains("<after>a2</after>"), "{query}");
    // Known by the archive's ids, and without them by their own.
    peer.receive(&archived(&query, "a1", &received("1")));
    peer.receive(&archived(&query, "a2", &sent("2")));
    peer.receive(&archived(&query, "a3", &received("3")));
    peer.receive(&archived(&query, "a4", &sent("4")));
    // While the archive answers, the same comes as a copy, and again from where it was kept.
    peer.receive(&carbon("received", &received("3")));
    peer.receive(&carbon("sent", &stamped(&sent("4"), OWN_BARE, "a4")));
    peer.receive(&received("3").replace("</message>", &format!("<delay xmlns='urn:xmpp:delay' stamp='{NOW}'/></message>")));
    // And the other way round.
    peer.receive(&carbon("received", &received("5")));
    peer.receive(&archived(&query, "a5", &received("5")));
    let told: Vec<_> =
        peer.take_events("message").iter().map(|m| (m["body"].clone(), m["direction"].clone(), m["carbon"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!("in 3"), json!("in"), Value::Null),
            (json!("out 4"), json!("out"), Value::Null),
            (json!("in 5"), json!("in"), json!(true))
        ]
    );
    // One id twice in one session is two messages, as it is without copies.
    peer.receive(&carbon("received", &chat("juliet@example.com/x", OTHER, "1", "one")));
    peer.receive(&carbon("received", &chat("juliet@example.com/x", OTHER, "1", "another one")));
    assert_eq!(bodies(&mut peer), ["one", "another one"]);
}

#[test]
fn what_this_client_has_sent_does_not_come_back_and_what_other_devices_have_sent_does() {
    let stored = Config { is_stored: true, ..reconnecting() };
    let mut peer = Peer::new(stored.clone());
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    peer.receive(&stamped(&chat("juliet@example.com/x", OWN_FULL, "m1", "Hi"), OWN_BARE, "a1"));
    let id = send(&mut peer, 1, "ours");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert_eq!(bodies(&mut peer), ["Hi", "ours"]);
    let ours = chat(OWN_FULL, "juliet@example.com", &id, "ours");
    // Servers do not send us copies of our own; one that does, does so in vain.
    peer.receive(&carbon("sent", &ours));
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&archived(&query, "a2", &ours));
    // The id under which it is known is the origin's, whatever a server makes of the other.
    let renamed =
        ours.replace(&id, "renamed").replace("</message>", &format!("<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>"));
    peer.receive(&archived(&query, "a3", &renamed));
    // Another device may number its messages as it likes.
    peer.receive(&archived(&query, "a4", &chat(OTHER, "nurse@example.net", &id, "to somebody else")));
    peer.receive(&archived(&query, "a5", &chat(OTHER, "juliet@example.com", "theirs", "by the phone")));
    assert_eq!(bodies(&mut peer), ["to somebody else", "by the phone"]);

    // Nor does it in the next page.
    let last = send(&mut peer, 2, "ours too");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='9'/>");
    peer.hide_page();
    let mut peer = peer.next_page(stored);
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    let query = catch_up(&mut peer);
    peer.receive(&archived(&query, "a2", &ours));
    peer.receive(&archived(&query, "a6", &chat(OWN_FULL, "juliet@example.com", &last, "ours too")));
    peer.receive(&archived(&query, "a7", &chat(OTHER, "juliet@example.com", "theirs-2", "by the phone")));
    assert_eq!(bodies(&mut peer), ["by the phone"]);
}

#[test]
fn what_another_device_of_ours_sends_to_this_one_is_shown_once() {
    let direct = stamped(&chat(OTHER, OWN_FULL, "m1", "from tab to tab"), OWN_BARE, "a2");
    let copy = carbon("sent", &stamped(&chat(OTHER, OWN_FULL, "m1", "from tab to tab"), OWN_BARE, "a1"));
    for order in [[&copy, &direct], [&direct, &copy]] {
        let mut peer = online();
        order.iter().for_each(|frame| peer.receive(frame));
        let messages = peer.take_events("message");
        let told = |message: &Value| (message["body"].clone(), message["direction"].clone(), message["carbon"].clone());
        assert_eq!(messages.iter().map(told).collect::<Vec<_>>(), [(json!("from tab to tab"), json!("in"), Value::Null)]);
    }
}

#[test]
fn a_stamp_is_believed_only_from_an_archive_that_says_it_takes_out_those_of_others() {
    // XEP-0359, section 7; XEP-0313, section 3.5.
    let message = stamped(&chat("juliet@example.com/x", OWN_FULL, "m1", "Hi"), OWN_BARE, "a1");
    for (features, is_believed) in [
        ("<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>", true),
        ("<feature var='urn:xmpp:mam:2'/>", false),
        ("<feature var='urn:xmpp:sid:0'/>", false),
        ("", false),
    ] {
        let mut peer = Peer::new(config());
        peer.session.connect(peer.now, Token(0));
        peer.log_in(USUAL_FEATURES);
        let frames = peer.take_frames();
        let asked = frames.iter().find(|frame| frame.contains("disco#info")).unwrap();
        assert_eq!(attribute(asked, "to"), OWN_BARE);
        peer.receive(&message);
        assert_eq!(peer.take_events("message")[0]["stanzaId"], Value::Null, "nobody knows yet");
        let answer = |from: &str| {
            let id = attribute(asked, "id");
            format!(
                "<iq xmlns='jabber:client' type='result' id='{id}' from='{from}'><query xmlns='http://jabber.org/protocol/disco#info'>{features}</query></iq>"
            )
        };
        peer.receive(&answer("mallory@example.com"));
        peer.receive(&message);
        assert_eq!(peer.take_events("message")[0]["stanzaId"], Value::Null);
        peer.receive(&answer(OWN_BARE));
        peer.receive(&message);
        peer.receive(&message.replace("type='chat'", "type='headline'").replace("id='a1'", "id='a2'"));
        // Those of others, also of a room that nobody knows, and of our devices.
        peer.receive(&stamped(&chat("juliet@example.com/x", OWN_FULL, "m1", "Hi"), "juliet@example.com", "forged"));
        peer.receive(&stamped(
            &chat("room@muc.example.com/x", OWN_FULL, "m1", "Hi").replace("chat'", "groupchat'"),
            "room@muc.example.com",
            "forged",
        ));
        peer.receive(&message.replace("type='chat'", "type='groupchat'"));
        peer.receive(&stamped(&chat("juliet@example.com/x", OWN_FULL, "m1", "Hi"), OWN_FULL, "forged"));
        peer.receive(&stamped(&chat("juliet@example.com/x", OWN_FULL, "m1", "Hi"), OWN_BARE, ""));
        let ids: Vec<Value> = peer.take_events("message").iter().map(|message| message["stanzaId"].clone()).collect();
        let [first, second] = ["a1", "a2"].map(|id| if is_believed { json!(id) } else { Value::Null });
        assert_eq!(ids, [first, second, Value::Null, Value::Null, Value::Null, Value::Null, Value::Null], "{features}");
    }
}
