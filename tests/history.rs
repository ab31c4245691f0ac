//! Pages of an archive for the app (XEP-0313): whose answers are believed, and what becomes of them.

#![cfg(feature = "history")]

mod support;

use serde_json::{Value, json};
use support::{OWN_BARE, OWN_FULL, Peer, attribute};
use waxwing::proto::{ArchivePage, ArchiveQuery, Code, Error, Input, Reply, Token};

const T: Token = Token(1);

fn ask(peer: &mut Peer, query: ArchiveQuery) -> String {
    peer.session.query_archive(peer.now, T, &query).unwrap();
    let mut frames = peer.take_frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames.remove(0)
}

fn of(with: &str) -> ArchiveQuery {
    ArchiveQuery { with: Some(with.to_owned()), max: 50, before: Some(String::new()), ..ArchiveQuery::default() }
}

fn result(query: &str, archive_id: &str, message: &str) -> String {
    let query_id = attribute(query, "queryid");
    format!(
        "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='{archive_id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>{message}</forwarded>\
         </result></message>"
    )
}

fn chat(from: &str, to: &str, body: &str) -> String {
    format!("<message xmlns='jabber:client' type='chat' from='{from}' to='{to}' id='of-{body}'><body>{body}</body></message>")
}

fn from(sender: &str, frame: &str) -> String {
    frame.replacen("<message xmlns='jabber:client'>", &format!("<message xmlns='jabber:client' from='{sender}'>"), 1)
}

fn end(query: &str, sender: &str, fin: &str) -> String {
    let id = attribute(query, "id");
    format!("<iq xmlns='jabber:client' type='result' id='{id}' from='{sender}'>{fin}</iq>")
}

const FIN: &str = "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>a1</first>\
                   <last>a9</last><count>20</count></set></fin>";

fn page(peer: &mut Peer) -> ArchivePage {
    match peer.outcome(T) {
        Some(Ok(Reply::Page(page))) => *page,
        other => panic!("{other:?}"),
    }
}

fn failure(peer: &mut Peer) -> Error {
    match peer.outcome(T) {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn bodies(page: &ArchivePage) -> Vec<&str> {
    page.messages.iter().map(|message| message.body.as_deref().unwrap_or_default()).collect()
}

#[test]
fn xep_0313_section_4_a_page_is_asked_for_with_its_filters_and_comes_back_as_messages() {
    let mut peer = Peer::online();
    let query = ArchiveQuery {
        with: Some("Juliet@Example.com".to_owned()),
        filters: [("start", "2010-06-07T00:00:00.000Z"), ("{urn:x}y", "<&>")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        max: 10,
        after: Some("a0".to_owned()),
        ..ArchiveQuery::default()
    };
    let asked = ask(&mut peer, query);
    let (id, query_id) = (attribute(&asked, "id"), attribute(&asked, "queryid"));
    assert_eq!(
        asked,
        format!(
            "<iq xmlns='jabber:client' type='set' id='{id}'><query xmlns='urn:xmpp:mam:2' queryid='{query_id}'>\
             <x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>\
             <field var='with'><value>juliet@example.com</value></field><field var='start'><value>2010-06-07T00:00:00.000Z</value></field>\
             <field var='{{urn:x}}y'><value>&lt;&amp;&gt;</value></field></x>\
             <set xmlns='http://jabber.org/protocol/rsm'><max>10</max><after>a0</after></set></query></iq>"
        )
    );
    peer.receive(&result(&asked, "a1", &chat("juliet@example.com/x", OWN_FULL, "theirs")));
    peer.receive(&result(&asked, "a2", &chat(OWN_FULL, "juliet@example.com", "ours")));
    peer.receive(&result(
        &asked,
        "a3",
        "<message xmlns='jabber:client' type='chat' to='juliet@example.com'><body>without a sender</body></message>",
    ));
    // What somebody else has stamped into it says nothing, and when it was sent the archive knows best.
    let stamped = "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='forged'/><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/></message>";
    peer.receive(&result(&asked, "a4", &chat("juliet@example.com/x", OWN_FULL, "stamped").replace("</message>", stamped)));
    // No message of its own; and one that was removed.
    peer.receive(&result(
        &asked,
        "a5",
        "<message xmlns='jabber:client' from='juliet@example.com/x'><thread>t</thread></message>",
    ));
    peer.receive(&result(&asked, "a6", ""));
    peer.receive(&end(&asked, OWN_BARE, FIN));
    let page = serde_json::to_value(page(&mut peer)).unwrap();
    let message = |id: &str, archive_id: &str, body: &str, from: &str, to: &str, direction: &str| json!({ "id": id, "from": from, "to": to, "type": "chat", "direction": direction, "body": body, "stanzaId": archive_id, "timestamp": 1_278_803_305_000_i64, "delayed": true });
    let mut messages = page["messages"].as_array().unwrap().clone();
    messages[2]["id"] = "*".into();
    assert_eq!(
        messages,
        [
            message("of-theirs", "a1", "theirs", "juliet@example.com/x", OWN_FULL, "in"),
            message("of-ours", "a2", "ours", OWN_FULL, "juliet@example.com", "out"),
            message("*", "a3", "without a sender", OWN_BARE, "juliet@example.com", "out"),
            message("of-stamped", "a4", "stamped", "juliet@example.com/x", OWN_FULL, "in"),
        ]
    );
    assert_eq!(
        (&page["first"], &page["last"], &page["complete"], &page["count"]),
        (&json!("a1"), &json!("a9"), &json!(true), &json!(20))
    );
    assert_eq!(peer.take_all_events(), [], "what an app asks for is no event");
}

#[test]
fn what_was_found_may_come_again_and_comes_as_often_as_it_is_asked_for() {
    let mut peer = Peer::online();
    peer.receive(
        "<message xmlns='jabber:client' type='chat' from='juliet@example.com/x' id='of-seen'><body>seen</body></message>",
    );
    peer.clear();
    for _ in 0..2 {
        let asked = ask(&mut peer, of("juliet@example.com"));
        peer.receive(&result(&asked, "a1", &chat("juliet@example.com/x", OWN_FULL, "seen")));
        peer.receive(&end(&asked, OWN_BARE, FIN));
        assert_eq!(bodies(&page(&mut peer)), ["seen"]);
    }
    // Nor does it count as shown.
    let asked = ask(&mut peer, of("juliet@example.com"));
    peer.receive(&result(&asked, "a2", &chat("juliet@example.com/x", OWN_FULL, "kept")));
    let kept = chat("juliet@example.com/x", OWN_FULL, "kept")
        .replace("</message>", "<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/></message>");
    peer.receive(&kept);
    assert_eq!(peer.take_events("message").len(), 1);
}

#[test]
fn xep_0313_section_7_2_results_are_believed_from_the_archive_that_was_asked_and_for_the_open_question() {
    // I9
    let mut peer = Peer::online();
    let asked = ask(&mut peer, of("juliet@example.com"));
    let forged = result(&asked, "a1", &chat("juliet@example.com/x", OWN_FULL, "forged"));
    for sender in ["mallory@example.com/x", "example.net", "romeo@example.net/phone", OWN_FULL, "room@muc.example.com"] {
        peer.receive(&from(sender, &forged));
    }
    peer.receive(&forged.replace(&attribute(&asked, "queryid"), "another"));
    peer.receive(&forged.replace("<result ", "<found ").replace("</result>", "</found>"));
    peer.receive(&from(OWN_BARE, &result(&asked, "a2", &chat("juliet@example.com/x", OWN_FULL, "true"))));
    // An end from somebody else ends nothing.
    peer.receive(&end(&asked, "mallory@example.com", FIN));
    assert_eq!(peer.outcome(T), None);
    peer.receive(&end(&asked, OWN_BARE, FIN));
    assert_eq!(bodies(&page(&mut peer)), ["true"]);
    // The question is answered.
    peer.receive(&forged);
    assert_eq!(peer.take_all_events(), []);
}

#[test]
fn a_room_speaks_for_itself_alone() {
    let mut peer = Peer::online();
    let room = "room@muc.example.com";
    let asked = ask(&mut peer, ArchiveQuery { archive: Some(room.to_owned()), max: 50, ..ArchiveQuery::default() });
    assert_eq!(attribute(&asked, "to"), room);
    assert!(!asked.contains("var='with'") && !asked.contains("<before") && !asked.contains("<after"), "{asked}");
    let said = |nick: &str, body: &str| chat(&format!("{room}/{nick}"), OWN_FULL, body).replace("'chat'", "'groupchat'");
    peer.receive(&from(room, &result(&asked, "a1", &said("juliet", "to all"))));
    peer.receive(&result(&asked, "a2", &said("juliet", "by our account")));
    peer.receive(&from("room@muc.example.com/juliet", &result(&asked, "a3", &said("juliet", "by an occupant"))));
    peer.receive(&from(room, &result(&asked, "a4", &chat("juliet@example.com/x", OWN_FULL, "in another name"))));
    peer.receive(&from(room, &result(&asked, "a5", &chat("room@muc.example.com/juliet", OWN_FULL, "no word to all"))));
    peer.receive(&from(room, &result(&asked, "a6", &said("juliet", "in another room").replace("room@muc", "other@muc"))));
    peer.receive(&end(&asked, OWN_BARE, FIN));
    assert_eq!(peer.outcome(T), None);
    peer.receive(&end(&asked, room, FIN));
    let page = page(&mut peer);
    assert_eq!(bodies(&page), ["to all"]);
    assert_eq!(page.messages[0].stanza_id.as_deref(), Some("a1"));
    assert_eq!(peer.take_all_events(), []);
}

#[test]
fn our_own_address_is_our_own_archive() {
    let mut peer = Peer::online();
    let asked = ask(&mut peer, ArchiveQuery { archive: Some("Romeo@example.net".to_owned()), max: 1, ..ArchiveQuery::default() });
    assert!(!asked.contains(" to='"), "{asked}");
}

#[test]
fn an_archive_that_sends_more_than_was_asked_for_is_cut_short() {
    let mut peer = Peer::online();
    let asked = ask(&mut peer, ArchiveQuery { max: 2, ..ArchiveQuery::default() });
    for n in 0..5 {
        peer.receive(&result(&asked, &format!("a{n}"), &chat("juliet@example.com/x", OWN_FULL, &n.to_string())));
    }
    peer.receive(&end(&asked, OWN_BARE, FIN));
    assert_eq!(bodies(&page(&mut peer)), ["0", "1"]);
}

#[test]
fn what_an_archive_refuses_or_does_not_end_fails_with_the_reason() {
    let mut peer = Peer::online();
    let asked = ask(&mut peer, ArchiveQuery { after: Some("gone".to_owned()), max: 1, ..ArchiveQuery::default() });
    let id = attribute(&asked, "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    let error = failure(&mut peer);
    assert_eq!((error.code, error.condition.as_deref()), (Code::StanzaError, Some("item-not-found")));

    let asked = ask(&mut peer, of("juliet@example.com"));
    peer.receive(&end(&asked, OWN_BARE, ""));
    assert_eq!(failure(&mut peer).code, Code::ProtocolError);

    let asked = ask(&mut peer, of("juliet@example.com"));
    peer.receive(&result(&asked, "a1", &chat("juliet@example.com/x", OWN_FULL, "half")));
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(failure(&mut peer).code, Code::ConnectionLost);
    let error = peer.session.query_archive(peer.now, T, &of("juliet@example.com")).unwrap_err();
    assert_eq!(error.code, Code::NotConnected);
    let mut peer = Peer::online();
    let error = peer.session.query_archive(peer.now, T, &of("a@b@c")).unwrap_err();
    assert_eq!(error.code, Code::InvalidArgument);
    // Nobody waits any more.
    let asked = ask(&mut peer, of("juliet@example.com"));
    peer.session.cancel(peer.now, T);
    assert_eq!(failure(&mut peer).code, Code::Aborted);
    peer.receive(&result(&asked, "a1", &chat("juliet@example.com/x", OWN_FULL, "late")));
    peer.receive(&end(&asked, OWN_BARE, FIN));
    assert_eq!((peer.outcome(T), peer.take_events("message")), (None, Vec::<Value>::new()));
}

#[test]
fn a_page_says_as_little_as_the_archive_does() {
    let mut peer = Peer::online();
    for (fin, is_complete) in [
        ("<fin xmlns='urn:xmpp:mam:2'/>", false),
        (
            "<fin xmlns='urn:xmpp:mam:2' complete='1'><set xmlns='http://jabber.org/protocol/rsm'><count>many</count></set></fin>",
            true,
        ),
        (
            "<fin xmlns='urn:xmpp:mam:2' complete='no'><set xmlns='http://jabber.org/protocol/rsm'><first/><last> </last></set></fin>",
            false,
        ),
    ] {
        let asked = ask(&mut peer, of("juliet@example.com"));
        peer.receive(&end(&asked, OWN_BARE, fin));
        assert_eq!(page(&mut peer), ArchivePage { is_complete, ..ArchivePage::default() }, "{fin}");
    }
}

#[test]
fn the_query_of_a_page_is_read_as_it_stands_or_not_at_all() {
    let query =
        ArchiveQuery::from_json(r#"{ "with": "a@b", "filters": { "start": "x" }, "max": 50, "before": "", "archive": "r@c" }"#);
    let wanted = ArchiveQuery {
        archive: Some("r@c".to_owned()),
        with: Some("a@b".to_owned()),
        filters: [("start".to_owned(), "x".to_owned())].into(),
        max: 50,
        before: Some(String::new()),
        after: None,
    };
    assert_eq!(query, Some(wanted));
    for broken in
        ["", "[]", "{}", r#"{ "filters": {} }"#, r#"{ "filters": [["a", "b"]], "max": 1 }"#, r#"{ "filters": {}, "max": -1 }"#]
    {
        assert_eq!(ArchiveQuery::from_json(broken), None, "{broken}");
    }
}
