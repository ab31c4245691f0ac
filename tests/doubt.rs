//! Messages that were on the wire when a session was lost for good: the archive is asked which of them arrived (XEP-0313), before any
//! is sent again; and what the server delivers a second time is shown once.

#![cfg(feature = "archive")]

mod support;

use serde_json::json;
use support::{OWN_BARE, Peer, USUAL_FEATURES, attribute, config, reconnecting};
use waxwing::proto::{ChatText, Code, Input, MessageOptions, MessageType, Reply, Token};

const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };

/// Online, on a server that confirms and keeps no sessions, and has an archive that stamps what it delivers.
fn online() -> Peer {
    Peer::online_with(reconnecting(), USUAL_FEATURES, "")
}

fn send_to(peer: &mut Peer, token: u32, to: &str, body: &str) -> String {
    send(peer, token, MessageOptions { to: to.to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() })
}

fn send(peer: &mut Peer, token: u32, options: MessageOptions) -> String {
    peer.session.send_message(peer.now, Token(token), options).unwrap()
}

/// The session is lost, and another one begins. Returns the question to the archive about its preferences.
fn lose(peer: &mut Peer) -> String {
    peer.input(CUT);
    log_in_again(peer)
}

fn log_in_again(peer: &mut Peer) -> String {
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    let frames = peer.take_frames();
    let asked: Vec<&String> = frames.iter().filter(|frame| frame.contains("<prefs")).collect();
    assert_eq!(asked.len(), 1, "{frames:?}");
    asked[0].clone()
}

/// The preferences. Returns the query for the newest page.
fn prefer(peer: &mut Peer, asked: &str, prefs: &str) -> String {
    let id = attribute(asked, "id");
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}'>{prefs}</iq>"));
    peer.take_frames().pop().unwrap()
}

const ALL: &str = "<prefs xmlns='urn:xmpp:mam:2' default='always'/>";

/// A message out of the archive.
fn archived(query: &str, archive_from: &str, from: &str, id: &str, stamp: &str) -> String {
    let query_id = attribute(query, "queryid");
    format!(
        "<message xmlns='jabber:client' {archive_from}><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='a-{id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>\
         <message xmlns='jabber:client' type='chat' from='{from}' to='juliet@example.com' id='x'><body>x</body>\
         <origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message></forwarded></result></message>"
    )
}

fn end_page(query: &str, is_complete: bool, first: &str) -> String {
    let id = attribute(query, "id");
    let complete = if is_complete { " complete='true'" } else { "" };
    format!(
        "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='urn:xmpp:mam:2'{complete}>\
         <set xmlns='http://jabber.org/protocol/rsm'><first>{first}</first><last>z</last></set></fin></iq>"
    )
}

/// A reaction has no text, and archives that heed hints keep it; a retraction has a text that is not shown. Both say how things are from now on, so
/// that a second one does no harm where an archive has not kept the first.
#[cfg(feature = "edits")]
#[test]
fn reactions_and_retractions_that_the_archive_has_not_go_out_again() {
    let mut peer = online();
    for (token, options) in [
        (1, json!({ "to": "juliet@example.com", "reactions": { "id": "m1", "emojis": ["👋"] }, "hints": ["store"] })),
        (2, json!({ "to": "juliet@example.com", "retracts": "m1", "body": "gone" })),
    ] {
        send(&mut peer, token, MessageOptions::from_json(&options.to_string()).unwrap());
    }
    let asked = lose(&mut peer);
    let query = prefer(&mut peer, &asked, ALL);
    peer.clear();
    peer.receive(&end_page(&query, true, ""));
    let frames: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.starts_with("<message")).collect();
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert!(frames[0].contains("<reactions") && frames[1].contains("<retract "), "{frames:?}");
}

const NOW: &str = "2026-09-21T13:33:20Z";
const OWN_DEVICE: &str = "romeo@example.net/balcony";

#[test]
fn what_the_archive_has_is_acked_and_what_it_has_not_goes_out_again_in_order() {
    let mut peer = online();
    let texts = [("arrived", "arrived"), ("lost", "lost"), ("lost-too", "lost too")];
    let texts = texts.map(|(id, body)| ChatText { to: "juliet@example.com", id, body });
    peer.session.send_texts(peer.now, Token(1), texts.into_iter());
    let [arrived, lost, lost_too] = texts.map(|text| text.id.to_owned());
    peer.input(CUT);
    send_to(&mut peer, 4, "juliet@example.com", "written offline");
    let asked = log_in_again(&mut peer);
    // Nothing overtakes what is in doubt.
    send_to(&mut peer, 5, "juliet@example.com", "written while the archive is asked");
    let query = prefer(&mut peer, &asked, ALL);
    assert!(query.contains("<field var='with'><value>juliet@example.com</value></field>"), "{query}");
    assert!(query.contains("<before/>"), "{query}");
    peer.clear();
    peer.receive(&archived(&query, "from='romeo@example.net'", OWN_DEVICE, &arrived, NOW));
    peer.receive(&end_page(&query, true, "a-1"));
    assert_eq!(peer.outcome(Token(1)), Some(Ok(Reply::Done)));
    let frames: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.starts_with("<message")).collect();
    assert_eq!(frames.len(), 4, "{frames:?}");
    // With their ids, and the time when they were written (XEP-0198, section 5).
    for (frame, id) in frames.iter().zip([&lost, &lost_too]) {
        assert!(frame.contains(&format!(" id='{id}'")) && frame.contains("<delay xmlns='urn:xmpp:delay'"), "{frame}");
    }
    assert!(frames[2].contains("written offline") && !frames[2].contains("<delay"), "{}", frames[2]);
    assert!(frames[3].contains("written while"), "{}", frames[3]);
    // The roster request, the presence, the three questions to the archive, and the four.
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='9'/>");
    for token in 2..=5 {
        assert!(matches!(peer.outcome(Token(token)), Some(Ok(_))), "{token}");
    }
}

#[test]
fn pages_are_read_back_to_the_time_of_the_oldest_message_in_doubt() {
    let mut peer = online();
    let first = send_to(&mut peer, 1, "juliet@example.com", "first");
    send_to(&mut peer, 2, "nurse@example.com", "second");
    let asked = lose(&mut peer);
    let query = prefer(&mut peer, &asked, ALL);
    assert!(!query.contains("var='with'"), "{query}");
    peer.receive(&archived(&query, "", "juliet@example.com/x", "theirs", NOW));
    peer.receive(&end_page(&query, false, "a-9"));
    let query = peer.take_frames().pop().unwrap();
    assert!(query.contains("<before>a-9</before>"), "{query}");
    peer.receive(&archived(&query, "", OWN_DEVICE, &first, NOW));
    peer.receive(&archived(&query, "", OWN_DEVICE, "long-ago", "2026-09-01T00:00:00Z"));
    peer.receive(&end_page(&query, false, "a-1"));
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    let frames = peer.take_frames();
    assert!(
        frames.iter().any(|frame| frame.contains("second")) && !frames.iter().any(|frame| frame.contains("first")),
        "{frames:?}"
    );
}

#[test]
fn pages_are_read_back_to_the_last_message_that_was_confirmed() {
    let mut peer = online();
    let confirmed = send_to(&mut peer, 1, "juliet@example.com", "confirmed");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    send_to(&mut peer, 2, "juliet@example.com", "lost");
    let asked = lose(&mut peer);
    let query = prefer(&mut peer, &asked, ALL);
    peer.receive(&archived(&query, "", "juliet@example.com/x", "theirs", NOW));
    peer.receive(&end_page(&query, false, "a-9"));
    let query = peer.take_frames().pop().unwrap();
    peer.receive(&archived(&query, "", OWN_DEVICE, &confirmed, NOW));
    peer.receive(&end_page(&query, false, "a-1"));
    let frames = peer.take_frames();
    assert!(
        frames.iter().any(|frame| frame.contains("lost")) && !frames.iter().any(|frame| frame.contains("<before")),
        "{frames:?}"
    );
}

#[test]
fn an_archive_that_does_not_keep_everything_proves_nothing_by_what_it_lacks() {
    for (prefs, is_sent_again) in [
        ("", false),
        ("<prefs xmlns='urn:xmpp:mam:2' default='roster'/>", false),
        ("<prefs xmlns='urn:xmpp:mam:2' default='never'/>", false),
        ("<prefs xmlns='urn:xmpp:mam:2' default='never'><always><jid>juliet@example.com</jid></always></prefs>", true),
        ("<prefs xmlns='urn:xmpp:mam:2' default='always'><never><jid>juliet@example.com</jid></never></prefs>", false),
        (ALL, true),
    ] {
        let mut peer = online();
        send_to(&mut peer, 1, "juliet@example.com/balcony", "Hi");
        let asked = lose(&mut peer);
        let query = prefer(&mut peer, &asked, prefs);
        peer.clear();
        peer.receive(&end_page(&query, true, ""));
        let is_out = peer.take_frames().iter().any(|frame| frame.starts_with("<message"));
        assert_eq!(is_out, is_sent_again, "{prefs}");
        let outcome = peer.outcome(Token(1)).map(|outcome| outcome.unwrap_err().code);
        assert_eq!(outcome, (!is_sent_again).then_some(Code::DeliveryUnknown), "{prefs}");
    }
}

#[test]
fn what_no_archive_of_ours_keeps_is_not_sent_again() {
    let mut peer = online();
    let to = || "verona@rooms.example.com".to_owned();
    let room =
        MessageOptions { to: to(), kind: Some(MessageType::Groupchat), body: Some("Hi".to_owned()), ..MessageOptions::default() };
    send(&mut peer, 1, room);
    send(&mut peer, 2, MessageOptions { to: to(), subject: Some("Hi".to_owned()), ..MessageOptions::default() });
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    for token in [1, 2] {
        assert_eq!(peer.outcome(Token(token)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    }
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("<prefs") && !frame.contains("<before")));
}

#[test]
fn an_archive_result_is_believed_only_from_the_account_and_for_the_search_under_way() {
    // I9. Each of these claims that the message has arrived.
    let mut peer = online();
    let id = send_to(&mut peer, 1, "juliet@example.com", "lost");
    let asked = lose(&mut peer);
    let query = prefer(&mut peer, &asked, ALL);
    peer.clear();
    peer.receive(&archived(&query, "from='mallory@example.com/x'", OWN_DEVICE, &id, NOW));
    peer.receive(&archived(&query, "from='example.net'", OWN_DEVICE, &id, NOW));
    peer.receive(&archived(" queryid='another'", "", OWN_DEVICE, &id, NOW));
    // Somebody else may use the same id.
    peer.receive(&archived(&query, "", "juliet@example.com/x", &id, NOW));
    peer.receive(&end_page(&query, true, "a-1"));
    assert!(peer.take_frames().iter().any(|frame| frame.contains("lost")));
    assert_eq!(peer.outcome(Token(1)), None);
}

#[test]
fn a_stranger_who_fakes_an_archive_result_is_shown_as_what_he_says() {
    let mut peer = online();
    peer.receive(
        "<message xmlns='jabber:client' from='mallory@example.com/x' id='m'><body>boo</body><result xmlns='urn:xmpp:mam:2'/></message>",
    );
    assert_eq!(peer.take_events("message")[0]["body"], "boo");
}

#[test]
fn an_archive_that_never_ends_its_pages_is_given_up() {
    let mut peer = online();
    send_to(&mut peer, 1, "juliet@example.com", "Hi");
    let asked = lose(&mut peer);
    let mut query = prefer(&mut peer, &asked, ALL);
    let mut pages = 0;
    while peer.outcome(Token(1)).is_none() {
        pages += 1;
        assert!(pages < 1_000);
        peer.receive(&end_page(&query, false, "again"));
        query = peer.take_frames().into_iter().find(|frame| frame.starts_with("<iq")).unwrap_or_default();
    }
    assert!(peer.take_frames().iter().all(|frame| !frame.starts_with("<message")));
}

#[test]
fn the_doubt_outlives_the_loss_of_the_next_session_and_ends_with_the_client() {
    let mut peer = online();
    let id = send_to(&mut peer, 1, "juliet@example.com", "Hi");
    lose(&mut peer);
    let asked = lose(&mut peer);
    let query = prefer(&mut peer, &asked, ALL);
    assert_eq!(peer.outcome(Token(1)), None);
    peer.receive(&archived(&query, "", OWN_DEVICE, &id, NOW));
    peer.receive(&end_page(&query, true, "a-1"));
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));

    send_to(&mut peer, 2, "juliet@example.com", "Hi");
    peer.input(CUT);
    peer.session.disconnect(peer.now, Token(9));
    assert_eq!(peer.outcome(Token(2)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
}

/// The session is lost, and another one begins. Returns the question about what was missed.
fn lose_and_catch_up(peer: &mut Peer) -> String {
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    asked_page(peer).expect("a question about what was missed")
}

/// The question for a page among what went out.
fn asked_page(peer: &mut Peer) -> Option<String> {
    peer.take_frames().into_iter().find(|frame| frame.contains("<max>"))
}

/// A message of Juliet's out of the archive.
fn missed(query: &str, archive_id: &str, id: &str, body: &str) -> String {
    let query_id = attribute(query, "queryid");
    format!(
        "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='{archive_id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>\
         <message xmlns='jabber:client' type='chat' from='juliet@example.com/x' to='romeo@example.net' id='{id}'>\
         <body>{body}</body></message></forwarded></result></message>"
    )
}

fn end_missed(query: &str, is_complete: bool, last: &str) -> String {
    let id = attribute(query, "id");
    let complete = if is_complete { " complete='true'" } else { "" };
    format!(
        "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='urn:xmpp:mam:2'{complete}>\
         <set xmlns='http://jabber.org/protocol/rsm'><last>{last}</last></set></fin></iq>"
    )
}

fn bodies(peer: &mut Peer) -> Vec<String> {
    peer.take_events("message").iter().map(|message| message["body"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_came_while_nobody_knew_that_the_session_was_lost_is_fetched_and_shown_once() {
    let mut peer = online();
    peer.receive(&stamped(&from_juliet(" id='m1'", None), OWN_BARE, "a1"));
    peer.receive(&stamped(&from_juliet(" id='m2'", None), OWN_BARE, "a2"));
    peer.clear();
    let query = lose_and_catch_up(&mut peer);
    assert!(query.contains("<after>a2</after>") && !query.contains("var='start'"), "{query}");
    peer.clear();
    // The server delivers one of them again, too.
    peer.receive(&missed(&query, "a2", "m2", "seen before"));
    peer.receive(&missed(&query, "a3", "m3", "missed"));
    peer.receive(&from_juliet(" id='m3'", Some(NOW)));
    peer.receive(&from_juliet(" id='m4'", Some(NOW)));
    peer.receive(&end_missed(&query, false, "a3"));
    let next = peer.take_frames().pop().unwrap();
    assert!(next.contains("<after>a3</after>"), "{next}");
    peer.receive(&missed(&next, "a4", "m4", "delivered before"));
    peer.receive(&missed(&next, "a5", "m5", "missed too"));
    peer.receive(&end_missed(&next, true, "a5"));
    assert!(peer.take_frames().is_empty());
    let events = peer.take_events("message");
    let told: Vec<_> = events.iter().map(|message| (message["body"].as_str().unwrap(), message["delayed"].as_bool())).collect();
    assert_eq!(told, [("missed", Some(true)), ("Hi", Some(true)), ("missed too", Some(true))]);
    assert_eq!(events[0]["timestamp"], 1_031_699_305_000_i64);
}

#[test]
fn what_came_between_the_last_page_and_our_presence_is_asked_for_behind_our_presence() {
    let mut peer = online();
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    let query = asked_page(&mut peer).unwrap();
    peer.receive(&missed(&query, "a1", "m1", "missed"));
    peer.receive(&end_missed(&query, true, "a1"));
    assert!(peer.take_frames().is_empty(), "nothing is asked before our presence is out");
    peer.answer_roster_request(&roster, "");
    let frames = peer.take_frames();
    let presence = frames.iter().position(|frame| frame.starts_with("<presence")).unwrap();
    let last = &frames[presence + 1];
    assert!(last.contains("<after>a1</after>"), "{frames:?}");
    peer.receive(&missed(last, "a2", "m2", "missed in between"));
    peer.receive(&end_missed(last, true, "a2"));
    assert_eq!(bodies(&mut peer), ["missed", "missed in between"]);
    assert!(peer.take_frames().is_empty(), "nothing more is asked");

    // With nothing new since, the next gap begins where this one was closed.
    let query = lose_and_catch_up(&mut peer);
    assert!(query.contains("<after>a2</after>"), "{query}");
    // The page came too late to be the last: presence was out before it was asked for in the first place.
    peer.receive(&end_missed(&query, true, "a2"));
    assert_eq!(peer.take_frames().iter().filter(|frame| frame.contains("<max>")).count(), 1);
}

#[test]
fn an_archive_that_is_late_is_asked_again_after_the_next_login() {
    let mut peer = online();
    peer.receive(&stamped(&from_juliet(" id='m1'", None), OWN_BARE, "a1"));
    lose_and_catch_up(&mut peer);
    peer.advance(60_000);
    let query = lose_and_catch_up(&mut peer);
    assert!(query.contains("<after>a1</after>"), "{query}");
}

#[test]
fn what_the_archive_has_stamped_is_told_apart_by_its_ids_whatever_those_of_the_sender_are() {
    let mut peer = online();
    // XEP-0359: a sender who numbers messages from one again after a restart.
    for archive_id in ["a1", "a2"] {
        peer.receive(&stamped(&from_juliet(" id='1'", None), OWN_BARE, archive_id));
    }
    peer.clear();
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&missed(&query, "a2", "1", "known"));
    peer.receive(&missed(&query, "a3", "1", "new"));
    // And one who gives no ids at all.
    peer.receive(&missed(&query, "a4", "", "without an id"));
    peer.receive(&missed(&query, "a4", "", "without an id, again"));
    assert_eq!(bodies(&mut peer), ["new", "without an id"]);
    // The server has kept it, too.
    peer.receive(&stamped(&from_juliet(" id='1'", Some(NOW)), OWN_BARE, "a3"));
    assert_eq!(bodies(&mut peer), Vec::<String>::new());
}

/// A message with an archive's stamp in it.
fn stamped(message: &str, by: &str, archive_id: &str) -> String {
    let stamp = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{archive_id}'/></message>");
    message.replace("</message>", &stamp)
}

#[test]
fn without_an_id_of_the_archive_what_was_missed_is_asked_for_by_time() {
    let mut peer = online();
    let query = lose_and_catch_up(&mut peer);
    // Five minutes before the session began: clocks differ.
    assert!(query.contains("<field var='start'><value>2026-09-21T14:08:20Z</value></field>"), "{query}");
    // The stamp of a stranger is none.
    let mut peer = online();
    peer.receive(&stamped(&from_juliet(" id='m1'", None), "juliet@example.com", "forged"));
    let query = lose_and_catch_up(&mut peer);
    assert!(!query.contains("forged") && query.contains("var='start'"), "{query}");
    // An id that the archive does not know, or not any more.
    let mut peer = online();
    peer.receive(&stamped(&from_juliet(" id='m1'", None), OWN_BARE, "gone"));
    let query = lose_and_catch_up(&mut peer);
    let id = attribute(&query, "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    let again = peer.take_frames().pop().unwrap();
    assert!(again.contains("var='start'") && !again.contains("<after>"), "{again}");
}

#[test]
fn an_archive_is_believed_about_what_was_missed_only_where_it_is_ours_and_was_asked() {
    // I9
    let mut peer = online();
    let query = lose_and_catch_up(&mut peer);
    peer.clear();
    peer.receive(&missed(&query, "a1", "m1", "forged").replacen("<message ", "<message from='mallory@example.com/x' ", 1));
    peer.receive(&missed(" queryid='another'", "a1", "m1", "forged"));
    // What rooms keep for themselves is no news.
    peer.receive(&missed(&query, "a1", "m1", "a room").replace("type='chat'", "type='groupchat'"));
    assert_eq!(bodies(&mut peer), Vec::<String>::new());
    peer.receive(&missed(&query, "a1", "m1", "missed"));
    peer.receive(&end_missed(&query, true, "a1"));
    let last = peer.take_frames().pop().unwrap();
    peer.receive(&end_missed(&last, true, "a1"));
    // The search is over.
    peer.receive(&missed(&query, "a2", "m2", "late"));
    assert_eq!(bodies(&mut peer), ["missed"]);
}

#[test]
fn a_resumed_session_and_a_first_one_have_missed_nothing() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("urn:xmpp:mam:2")));
}

#[test]
fn what_comes_behind_our_close_is_missed_again_and_so_is_its_end() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&missed(&query, "a1", "m1", "first"));
    peer.session.disconnect(peer.now, Token(9));
    peer.receive(&missed(&query, "a2", "m2", "second"));
    peer.receive(&end_missed(&query, true, "a2"));
    peer.input(CUT);
    assert_eq!(bodies(&mut peer), ["first"]);
    peer.session.connect(peer.now, Token(10));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    let query = asked_page(&mut peer).unwrap();
    assert!(query.contains("<after>a1</after>"), "{query}");
}

#[test]
fn a_gap_stays_open_until_it_is_closed() {
    let mut peer = online();
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&missed(&query, "a1", "m1", "first"));
    let query = lose_and_catch_up(&mut peer);
    assert!(query.contains("<after>a1</after>"), "{query}");
    peer.receive(&end_missed(&query, true, "a1"));
    peer.clear();
    // An archive that comes to the same end again and again has no more than that.
    let query = lose_and_catch_up(&mut peer);
    peer.receive(&end_missed(&query, false, "a1"));
    let last = asked_page(&mut peer).expect("a look behind our presence");
    peer.receive(&end_missed(&last, false, "a1"));
    assert_eq!(asked_page(&mut peer), None);
    assert_eq!(peer.take_events("error"), [] as [serde_json::Value; 0]);
}

#[test]
fn of_more_than_is_fetched_the_app_is_told_between_which_messages_it_is() {
    for is_talking in [true, false] {
        let mut peer = online();
        let mut query = lose_and_catch_up(&mut peer);
        if is_talking {
            peer.receive(&stamped(&from_juliet(" id='m1'", None), OWN_BARE, "z1"));
            peer.receive(&stamped(&from_juliet(" id='m2'", None), OWN_BARE, "z2"));
        }
        let mut pages = 0;
        while !query.is_empty() {
            pages += 1;
            assert!(pages < 1_000);
            peer.receive(&end_missed(&query, false, &format!("a{pages}")));
            query = asked_page(&mut peer).unwrap_or_default();
        }
        assert_eq!(pages, 100);
        let errors = peer.take_events("error");
        assert_eq!(errors.len(), 1);
        let missing = if is_talking { json!({ "after": "a100", "before": "z1" }) } else { json!({ "after": "a100" }) };
        assert_eq!((&errors[0]["code"], &errors[0]["missing"]), (&json!("limit-exceeded"), &missing), "{errors:?}");
        // The next gap begins behind what was delivered since.
        let after = if is_talking { "<after>z2</after>" } else { "<after>a100</after>" };
        let query = lose_and_catch_up(&mut peer);
        assert!(query.contains(after), "{query}");
    }
}

fn from_juliet(id: &str, stamp: Option<&str>) -> String {
    let delay = stamp.map(|stamp| format!("<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>")).unwrap_or_default();
    format!("<message xmlns='jabber:client' type='chat' from='juliet@example.com/x'{id}><body>Hi</body>{delay}</message>")
}

#[test]
fn what_is_delivered_again_after_a_lost_session_is_shown_once() {
    let mut peer = online();
    peer.receive(&from_juliet(" id='m1'", None));
    peer.receive(&from_juliet("", None));
    assert_eq!(peer.take_events("message").len(), 2);
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.clear();
    // The server had no confirmation of it.
    peer.receive(&from_juliet(" id='m1'", Some(NOW)));
    assert_eq!(peer.take_events("message"), Vec::<serde_json::Value>::new());
    // Others, and what cannot be told apart from others, are shown.
    peer.receive(&from_juliet(" id='m2'", Some(NOW)));
    peer.receive(&from_juliet("", Some(NOW)));
    peer.receive(&from_juliet(" id='m1'", None).replace("juliet", "nurse"));
    let shown = peer.take_events("message");
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[0]["id"], json!("m2"));
}

#[test]
fn a_sender_who_numbers_messages_from_one_again_is_heard() {
    let mut peer = online();
    for stamp in [None, None, Some(NOW)] {
        peer.receive(&from_juliet(" id='1'", stamp));
        assert_eq!(peer.take_events("message").len(), 1);
    }
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(USUAL_FEATURES);
    peer.receive(&from_juliet(" id='1'", None));
    assert_eq!(peer.take_events("message").len(), 1);
}
