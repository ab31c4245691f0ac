//! The session beyond the page: what is stored, and what another page makes of it.

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::model::Model;
use support::{OWN_FULL, Peer, Store, USUAL_FEATURES, attribute, reconnecting};
use waxwing::proto::{Account, ChatText, Code, Config, Input, MessageOptions, Opened, Part, PresenceOptions, Show, State, Token};

const SM: &str = "<sm xmlns='urn:xmpp:sm:3'/>";
const SASL2: &str = "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>";
const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };

fn stored_config() -> Config {
    Config { is_stored: true, ..reconnecting() }
}

/// Online, in a session that the server keeps, with juliet in the roster and available. Two stanzas of ours are out, three have come.
fn online() -> Peer {
    let mut peer = Peer::new(stored_config());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("<item jid='juliet@example.com' subscription='both'/>");
    peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/balcony'><show>away</show></presence>");
    peer.receive("<presence xmlns='jabber:client' from='nurse@example.com' type='subscribe'/>");
    assert_eq!(peer.session.state(), State::Online);
    peer.clear();
    peer
}

/// connect() in a new page, as far as the server's word on the session. Returns the last frame.
fn log_in(peer: &mut Peer) -> String {
    peer.session.connect(peer.now, Token(100));
    peer.drain();
    peer.log_in_again()
}

/// After `<failed/>`: binds, and comes online in a new session.
fn bind_anew(peer: &mut Peer, bind: &str) {
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.net/new</jid></bind></iq>",
        attribute(bind, "id")
    ));
    peer.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm-2' resume='true'/>");
    peer.answer_roster("");
}

fn send(peer: &mut Peer, token: u32, body: &str) -> String {
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() };
    let id = peer.session.send_message(peer.now, Token(token), options).unwrap();
    peer.drain();
    id
}

fn stages(peer: &mut Peer, id: &str) -> Vec<Value> {
    let events = peer.take_events("delivery");
    events.into_iter().filter(|event| event["id"] == id).map(|event| event["stage"].clone()).collect()
}

#[test]
fn a_reloaded_page_goes_on_with_the_session() {
    let mut peer = online();
    let sent = send(&mut peer, 1, "sent");
    peer.input(CUT);
    let queued = send(&mut peer, 2, "queued");
    peer.hide_page();

    let mut peer = peer.next_page(stored_config());
    let resume = log_in(&mut peer);
    assert_eq!(resume, "<resume xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>");
    assert_eq!(stages(&mut peer, &sent), ["sent"]);
    peer.resumed(2);
    assert_eq!(peer.outcome(Token(100)).unwrap(), Ok(waxwing::proto::Reply::Done));
    let states = peer.take_events("state");
    assert_eq!(states.last(), Some(&json!({ "current": "online", "previous": "connecting", "resumed": true })));
    let frames = peer.take_frames();
    assert!(frames[0].contains("<body>sent</body>") && frames[0].contains("<delay "), "{frames:?}");
    assert!(frames[1].contains("<body>queued</body>"), "{frames:?}");
    assert_eq!(frames.len(), 3, "{frames:?}");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    assert_eq!(stages(&mut peer, &queued), ["sent", "acked"]);
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
}

/// It is not stored, and must not keep the page from coming online.
#[test]
fn a_reloaded_page_with_an_empty_roster_goes_on_too() {
    let mut peer = Peer::new(stored_config());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    peer.resumed(2);
    peer.answer_roster("");
    assert_eq!(peer.session.state(), State::Online);
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
}

#[test]
fn what_resumption_does_not_bring_again_is_told_from_the_storage() {
    let mut peer = online();
    let away = PresenceOptions { show: Some(Show::Dnd), ..PresenceOptions::default() };
    peer.session.set_presence(peer.now, away).unwrap();
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    peer.resumed(3);
    let roster = peer.take_events("roster");
    assert_eq!(
        roster,
        [json!({ "change": "loaded", "items": [{ "jid": "juliet@example.com", "groups": [], "subscription": "both" }] })]
    );
    assert_eq!(peer.take_events("subscription"), [json!({ "from": "nurse@example.com", "type": "subscribe" })]);
    assert_eq!(peer.session.presence_of("juliet@example.com").and_then(|presence| presence.show), Some(Show::Away));
    assert!(peer.take_frames().is_empty(), "nothing is asked, and no presence sent again");
    // The next login says what the app chose in the page before.
    peer.input(CUT);
    peer.advance(1_000);
    let resume = log_in(&mut peer);
    assert!(resume.starts_with("<resume "), "{resume}");
    peer.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    let bind = peer.take_frames().pop().unwrap();
    bind_anew(&mut peer, &bind);
    assert!(peer.take_frames().iter().any(|frame| frame.contains("<show>dnd</show>")));
}

#[test]
fn a_session_that_is_gone_after_a_reload_loses_no_message() {
    let mut peer = online();
    let sent = send(&mut peer, 1, "who knows");
    peer.input(CUT);
    let queued = send(&mut peer, 2, "waits");
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    peer.receive("<failed xmlns='urn:xmpp:sm:3' h='3'/>");
    assert_eq!(stages(&mut peer, &sent), ["sent", "acked"]);
    let bind = peer.take_frames().pop().unwrap();
    bind_anew(&mut peer, &bind);
    let frames = peer.take_frames();
    assert!(frames.iter().any(|frame| frame.contains("<body>waits</body>")), "{frames:?}");
    assert_eq!(stages(&mut peer, &queued), ["sent"]);
    assert_eq!(peer.take_events("state").pop().unwrap()["resumed"], false);
    assert!(peer.session.presence_of("juliet@example.com").is_none());
}

#[test]
fn a_message_is_stored_before_it_goes_out_and_what_came_before_it_is_confirmed() {
    // XEP-0198, section 4: what was acknowledged is not sent again.
    let mut peer = online();
    peer.advance(3_000);
    peer.saved.clear();
    send(&mut peer, 1, "stored");
    assert_eq!(peer.saved, [Part::Outbox]);
    assert!(peer.store.as_ref().unwrap()["outbox"].contains("<body>stored</body>"));
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x' id='1'><body>hi</body></message>");
    assert_eq!(peer.saved, [Part::Outbox], "nobody was told yet");
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let inbound = format!("\"inbound\":{}", 4 + peer.answered_at_login);
    assert!(peer.saved.contains(&Part::Session) && peer.store.as_ref().unwrap()["session"].contains(&inbound));
}

#[test]
fn a_message_that_another_page_has_handled_is_shown_once() {
    // XEP-0198, section 5: what the server holds unconfirmed it delivers again, since our confirmation may be what got lost.
    let message = |delay: &str| {
        format!("<message xmlns='jabber:client' from='juliet@example.com/x' id='j1'><body>hi</body>{delay}</message>")
    };
    let mut peer = online();
    peer.receive(&message(""));
    assert_eq!(peer.take_events("message").len(), 1);
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    peer.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    let bind = peer.take_frames().pop().unwrap();
    bind_anew(&mut peer, &bind);
    peer.receive(&message("<delay xmlns='urn:xmpp:delay' from='example.net' stamp='2026-09-21T10:00:00Z'/>"));
    assert_eq!(peer.take_events("message"), [] as [Value; 0]);
}

#[test]
fn whoever_loses_the_storage_to_another_page_is_somebody_else_from_then_on() {
    // XEP-0388, section 2.3: an id is that of one client.
    let first = SASL2.to_owned();
    let id_of = |peer: &mut Peer| {
        peer.session.connect(peer.now, Token(0));
        peer.drain();
        peer.open(&first);
        let frame = peer.take_frames().pop().unwrap();
        frame.split("<user-agent").nth(1).map(|rest| attribute(rest, "id")).unwrap()
    };
    let mut one = Peer::new(stored_config());
    let id = id_of(&mut one);
    let store = one.store.as_mut().unwrap();
    assert!(store["keychain"].contains(&id), "it is stored before it goes out");
    // Chance of these tests is always the same.
    let other_id = "00000000-0000-4000-8000-000000000000".to_owned();
    store.insert("keychain".to_owned(), store["keychain"].replace(&id, &other_id));
    let mut next = Peer::new(stored_config());
    next.store = one.store;
    assert_eq!(id_of(&mut next), other_id);
    // Away, and another page took it.
    next.hide_page();
    next.store = None;
    next.input(Input::Woke);
    next.open(&first);
    let frame = next.take_frames().pop().unwrap();
    assert!(frame.contains("<user-agent ") && !frame.contains(&other_id), "{frame}");
}

#[test]
fn what_nothing_waits_for_is_written_at_a_bounded_pace() {
    let mut peer = online();
    peer.advance(3_000);
    peer.saved.clear();
    for n in 0..100 {
        peer.receive(&format!("<presence xmlns='jabber:client' from='juliet@example.com/{n}'/>"));
    }
    assert!(peer.saved.is_empty());
    peer.advance(3_000);
    assert_eq!(peer.saved, [Part::Presences, Part::Session]);
    peer.advance(30_000);
    assert_eq!(peer.saved.len(), 2, "and nothing when nothing has changed");
}

#[test]
fn a_roster_push_is_stored_with_the_count_that_holds_it() {
    let mut peer = online();
    peer.advance(3_000);
    peer.saved.clear();
    peer.receive("<iq xmlns='jabber:client' type='set' id='p1'><query xmlns='jabber:iq:roster'><item jid='tybalt@example.org'/></query></iq>");
    assert!(peer.store.as_ref().unwrap()["roster"].contains("tybalt@example.org"));
}

#[test]
fn without_a_storage_there_is_nothing_to_do() {
    let mut config = stored_config();
    config.is_stored = false;
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    send(&mut peer, 1, "hi");
    assert!(!peer.session.must_save() && peer.saved.is_empty());
    assert!(peer.session.take_unsaved(peer.now, true).is_empty());
    peer.session.disconnect(peer.now, Token(2));
    peer.receive("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    assert_eq!(peer.outcome(Token(2)), Some(Ok(waxwing::proto::Reply::Done)));
}

#[test]
fn an_anonymous_account_has_nothing_to_come_back_to() {
    let mut config = stored_config();
    config.account = Account::parse("example.net", None).unwrap();
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, Token(0));
    peer.drain();
    assert_eq!(peer.opened.len(), 1);
    assert!(peer.saved.is_empty());
}

#[test]
fn a_page_that_does_not_hold_the_storage_logs_in_afresh_and_writes_nothing() {
    let mut first = online();
    first.hide_page();
    let mut second = first.next_page(stored_config());
    let store = second.store.take();
    let bind = log_in(&mut second);
    assert!(bind.contains("xmpp-bind"), "{bind}");
    bind_anew(&mut second, &bind);
    assert_eq!(second.take_events("error"), [] as [Value; 0]);
    send(&mut second, 1, "hi");
    second.store = store.clone();
    second.advance(60_000);
    assert_eq!(second.store, store);
}

#[test]
fn disconnecting_leaves_nothing_of_the_session() {
    let mut peer = online();
    send(&mut peer, 1, "hi");
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    peer.resumed(3);
    peer.session.disconnect(peer.now, Token(2));
    peer.receive("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    assert_eq!(peer.outcome(Token(2)), Some(Ok(waxwing::proto::Reply::Done)));
    assert_eq!(peer.store, Some(Store::new()));
    assert!(!peer.session.must_save());
    // And the next connect() asks again.
    let bind = log_in(&mut peer);
    assert!(bind.contains("xmpp-bind"), "{bind}");
}

#[test]
fn a_first_attempt_that_fails_leaves_everything_for_the_next() {
    let mut peer = online();
    let sent = send(&mut peer, 1, "on the wire");
    peer.input(CUT);
    let queued = send(&mut peer, 2, "waits");
    peer.hide_page();
    let mut peer = peer.next_page(stored_config());
    peer.session.connect(peer.now, Token(3));
    peer.drain();
    let fresh = send(&mut peer, 4, "written meanwhile");
    peer.input(CUT);
    assert_eq!(peer.outcome(Token(3)).unwrap().unwrap_err().code, Code::ConnectionFailed);
    assert_eq!((peer.session.state(), peer.session.jid()), (State::Offline, None));
    assert_eq!(peer.outcome(Token(4)).unwrap().unwrap_err().code, Code::ConnectionFailed);
    let events = peer.take_events("delivery");
    let failed: Vec<&Value> = events.iter().filter(|event| event["stage"] == "failed").map(|event| &event["id"]).collect();
    assert_eq!(failed, [&json!(fresh)]);
    // In this page, and in the next.
    let mut peer = peer.next_page(stored_config());
    assert!(log_in(&mut peer).starts_with("<resume "));
    peer.resumed(3);
    let events = peer.take_events("delivery");
    let of = |id: &str| events.iter().filter(|event| event["id"] == id).map(|event| event["stage"].clone()).collect::<Vec<_>>();
    assert_eq!(of(&sent), ["sent", "acked"]);
    assert_eq!(of(&queued), ["queued", "sent"]);
    let frames = peer.take_frames();
    assert!(frames[0].contains("waits") && !frames.iter().any(|frame| frame.contains("meanwhile")), "{frames:?}");
}

#[test]
fn a_page_out_of_the_cache_goes_on_where_it_was() {
    let mut peer = online();
    peer.hide_page();
    let frames = peer.take_frames();
    assert_eq!(frames, ["<a xmlns='urn:xmpp:sm:3' h='3'/>"], "no close: that would end the session");
    assert_eq!((peer.session.state(), peer.closed, peer.session.poll_timeout()), (State::Waiting, 1, None));
    send(&mut peer, 1, "written in the cache");
    let store = peer.store.take();
    peer.session.handle_input(peer.now, Input::Woke);
    while peer.session.poll_output().is_some() {}
    peer.store = store;
    peer.input(Input::StorageOpened(Opened::Unchanged));
    let resume = {
        peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
        peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        peer.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{SM}"));
        peer.take_frames().pop().unwrap()
    };
    assert_eq!(resume, "<resume xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>");
    peer.resumed(2);
    assert!(peer.take_frames()[0].contains("written in the cache"));
    assert_eq!(peer.take_events("roster"), [] as [Value; 0], "the app knows it");
}

#[test]
fn a_page_out_of_the_cache_leaves_a_session_that_another_page_has_taken() {
    let mut peer = online();
    send(&mut peer, 1, "sent");
    peer.input(CUT);
    send(&mut peer, 2, "queued");
    peer.hide_page();
    peer.clear();
    // The other page took both messages with the session, and ended.
    peer.store = Some(Store::new());
    peer.input(Input::Woke);
    for token in [1, 2] {
        assert_eq!(peer.outcome(Token(token)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    }
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    peer.bind(USUAL_FEATURES);
    peer.answer_roster("");
    assert_eq!(peer.session.state(), State::Online);
    assert!(!peer.take_frames().iter().any(|frame| frame.starts_with("<message")));
}

#[test]
fn a_storage_that_fails_is_reported_once_and_the_session_goes_on() {
    let mut peer = online();
    peer.input(Input::StorageFailed { reason: "QuotaExceededError" });
    let errors = peer.take_events("error");
    assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!("storage-failed")));
    peer.saved.clear();
    send(&mut peer, 1, "hi");
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    assert!(peer.saved.is_empty() && !peer.session.must_save());
    assert_eq!(peer.session.state(), State::Online);
}

#[test]
fn above_the_limit_no_session_is_stored_and_the_outbox_is() {
    let mut peer = online();
    let status = "x".repeat(600_000);
    for resource in ["a", "b"] {
        peer.receive(&format!(
            "<presence xmlns='jabber:client' from='juliet@example.com/{resource}'><status>{status}</status></presence>"
        ));
    }
    peer.advance(3_000);
    send(&mut peer, 1, "kept");
    let parts: Vec<&str> = peer.store.as_ref().unwrap().keys().map(String::as_str).collect();
    assert_eq!(parts, ["handled", "outbox"]);
    let mut peer = peer.next_page(stored_config());
    let bind = log_in(&mut peer);
    assert!(bind.contains("xmpp-bind"), "{bind}");
    // It is in doubt now: nobody knows whether it has arrived.
    assert_eq!(peer.take_events("delivery")[0]["stage"], "sent");
}

/// Online no more: what is written from here on waits.
fn waiting() -> Peer {
    let mut peer = online();
    peer.input(CUT);
    peer
}

/// The numbers in the bodies of the messages that the client sends.
fn bodies(frames: &[String]) -> Vec<u32> {
    let body = |frame: &String| frame.split("<body>").nth(1)?.split('<').next()?.parse().ok();
    frames.iter().filter_map(body).collect()
}

/// All that is stored of the outbox.
fn stored_outbox(store: &Store) -> String {
    store.iter().filter(|(part, _)| part.starts_with("outbox")).map(|(_, json)| json.as_str()).collect()
}

#[test]
fn what_is_written_of_a_long_outbox_does_not_grow_with_it() {
    let written = |count: u32| {
        let mut peer = waiting();
        let mut most = 0;
        for n in 0..count {
            peer.saved_bytes = 0;
            send(&mut peer, n, &n.to_string());
            most = most.max(peer.saved_bytes);
        }
        peer.saved_bytes = 0;
        peer.advance(500);
        log_in(&mut peer);
        peer.resumed(2);
        (most, peer.saved_bytes, peer.store.unwrap().len())
    };
    let (short, long) = (written(1_000), written(4_000));
    assert!(long.0 < short.0 + 100, "the most that a message costs: {short:?}, {long:?}");
    assert!(long.0 < 20_000, "{long:?}");
    // The server takes up the session: what is queued is on the wire, where it lies in the storage already.
    assert!(long.1 < 20_000 && long.1 < short.1 + 100, "{short:?}, {long:?}");
    // And it is removed from there in pieces that are not too small.
    assert!(long.2 < 200, "{long:?}");
}

#[test]
fn a_long_outbox_comes_back_whole_and_in_order_and_leaves_nothing_behind() {
    let mut peer = waiting();
    for n in 0..1_000 {
        send(&mut peer, n, &n.to_string());
    }
    for n in [0, 17, 18, 500, 999] {
        peer.session.cancel(peer.now, Token(n));
        peer.drain();
    }
    let wanted: Vec<u32> = (0..1_000).filter(|n| ![0, 17, 18, 500, 999].contains(n)).collect();
    // A second page, which dies before it is online, and a third one that finds what the second has left of it, and what it has written.
    let mut peer = peer.next_page(stored_config());
    log_in(&mut peer);
    for n in 1_000..1_200 {
        send(&mut peer, n, &n.to_string());
    }
    let mut peer = peer.next_page(stored_config());
    assert!(log_in(&mut peer).starts_with("<resume "));
    peer.clear();
    peer.resumed(2);
    let wanted: Vec<u32> = wanted.into_iter().chain(1_000..1_200).collect();
    assert_eq!(bodies(&peer.take_frames()), wanted);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='502'/>");
    peer.advance(4_000);
    // Half of them have arrived: the page dies, and the next one sends the other half.
    let mut peer = peer.next_page(stored_config());
    assert!(log_in(&mut peer).starts_with("<resume "));
    peer.clear();
    peer.resumed(502);
    assert_eq!(bodies(&peer.take_frames()), wanted[500..]);
    peer.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", 2 + wanted.len()));
    peer.advance(4_000);
    let store = peer.store.clone().unwrap();
    assert!(!stored_outbox(&store).contains("<message") && !store.keys().any(|part| part.starts_with("outbox-")), "{store:?}");
}

#[test]
fn a_long_outbox_of_which_a_piece_is_gone_is_a_fresh_login_that_sends_what_is_there() {
    let mut peer = waiting();
    for n in 0..1_000 {
        send(&mut peer, n, &n.to_string());
    }
    let mut store = peer.store.clone().unwrap();
    let numbers: Vec<String> = store.keys().filter(|part| part.starts_with("outbox-")).cloned().collect();
    assert!(numbers.len() > 10, "{numbers:?}");
    store.remove(&numbers[3]);
    let mut next = Peer::new(stored_config());
    next.store = Some(store);
    let bind = log_in(&mut next);
    assert!(bind.contains("xmpp-bind"), "{bind}");
    bind_anew(&mut next, &bind);
    let sent = bodies(&next.take_frames());
    assert!(sent.is_sorted() && sent.len() > 900 && sent.len() < 1_000, "{sent:?}");
    assert_eq!(next.take_events("error"), [] as [Value; 0]);
}

#[test]
fn a_page_that_was_away_stores_a_long_outbox_anew_since_nobody_knows_what_came_through() {
    let mut peer = waiting();
    for n in 0..300 {
        send(&mut peer, n, &n.to_string());
    }
    peer.hide_page();
    // The last write did not come through, and it is the same page that comes back.
    peer.store = Some(Store::new());
    peer.session.handle_input(peer.now, Input::Woke);
    while let Some(output) = peer.session.poll_output() {
        drop(output);
    }
    peer.session.handle_input(peer.now, Input::StorageOpened(Opened::Unchanged));
    peer.drain();
    let store = peer.store.clone().unwrap();
    assert_eq!(stored_outbox(&store).matches("<message").count(), 300);
    let mut next = peer.next_page(stored_config());
    assert!(log_in(&mut next).starts_with("<resume "));
    next.clear();
    next.resumed(2);
    assert_eq!(bodies(&next.take_frames()), (0..300).collect::<Vec<_>>());
}

#[test]
fn disconnecting_removes_every_piece_of_a_long_outbox() {
    let mut peer = waiting();
    for n in 0..1_000 {
        send(&mut peer, n, &n.to_string());
    }
    peer.session.disconnect(peer.now, Token(2_000));
    peer.drain();
    assert_eq!(peer.store.unwrap().into_keys().collect::<Vec<_>>(), [] as [String; 0]);
}

#[test]
fn records_of_another_account_resource_or_version_are_thrown_away() {
    let mut peer = online();
    peer.hide_page();
    let store = peer.store.clone().unwrap();
    let replaced = |part: &'static str, from: &str, to: &str| {
        let mut store = store.clone();
        let json = store[part].replace(from, to);
        assert_ne!(json, store[part], "{from}");
        store.insert(part.to_owned(), json);
        store
    };
    for broken in [
        replaced("session", "romeo@example.net/balcony", "tybalt@example.net/balcony"),
        replaced("session", "romeo@example.net/balcony", "romeo@example.net"),
        replaced("session", "romeo@example.net/balcony", "romeo@example.net/other"),
        replaced("session", "\"version\":1", "\"version\":2"),
        replaced("session", "\"inbound\":", "\"inbound\":-"),
        replaced("session", "\"inbound\":", "\"inbound\":1e300,\"x\":"),
        replaced("session", "sm-1", ""),
        replaced("session", "sm-1", "\\u0000"),
        replaced("outbox", "sm-1", "sm-0"),
        replaced("outbox", "\"sentCount\":", "\"sentCount\":null,\"x\":"),
        replaced("outbox", "\"sentCount\":", "\"sentCount\":1,\"x\":"),
        replaced("outbox", "\"count\":2", "\"count\":1"),
        replaced("outbox", ">\"}]", "\"}]"),
        replaced("outbox", "<presence xmlns='jabber:client'", "<presence xmlns='urn:ietf:params:xml:ns:xmpp-framing'"),
    ] {
        let mut next = Peer::new(stored_config());
        next.store = Some(broken.clone());
        let bind = log_in(&mut next);
        assert!(bind.contains("xmpp-bind"), "{broken:?}: {bind}");
        assert_eq!(next.take_events("error"), [] as [Value; 0]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Both sides say something.
    Talk,
    /// The server asks for an acknowledgement.
    Ask,
    /// Time passes: what waits for its turn is written.
    Rest,
    /// The connection is lost in mid-conversation: so many of the frames in flight, each way, still arrive.
    Cut(InFlight),
    /// The page is left in an orderly way.
    Reload(InFlight),
    /// The page dies, having said more, and heard more, than it has stored; perhaps in mid-conversation.
    Crash(Option<InFlight>),
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    to_server: usize,
    to_client: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let in_flight = || (0_usize..6, 0_usize..6).prop_map(|(to_server, to_client)| InFlight { to_server, to_client });
    prop_oneof![
        4 => Just(Step::Talk),
        1 => Just(Step::Ask),
        1 => Just(Step::Rest),
        1 => in_flight().prop_map(Step::Cut),
        1 => in_flight().prop_map(Step::Reload),
        2 => prop::option::of(in_flight()).prop_map(Step::Crash),
    ]
}

/// Both sides of a conversation that outlives pages.
struct Talk {
    peer: Peer,
    model: Model,
    written: u32,
    given: u32,
    /// What the pages have shown, in order.
    shown: Vec<u32>,
    /// The messages are so long that a few of them are not written again with each.
    are_long: bool,
}

impl Talk {
    fn begin(are_long: bool) -> Self {
        let mut peer = online();
        peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
        peer.clear();
        // Roster request and presence went out; three stanzas came in, and are confirmed.
        Self {
            peer,
            model: Model { handled: 2, acked: 3, ..Model::default() },
            written: 0,
            given: 0,
            shown: Vec::new(),
            are_long,
        }
    }

    fn write(&mut self) {
        self.written += 1;
        let subject = self.are_long.then(|| "long ".repeat(600));
        let (to, body) = ("juliet@example.com", self.written.to_string());
        if self.are_long || self.written.is_multiple_of(3) {
            let options = MessageOptions { to: to.to_owned(), body: Some(body), subject, ..MessageOptions::default() };
            self.peer.session.send_message(self.peer.now, Token(self.written), options).unwrap();
        } else {
            let text = ChatText { to, id: &format!("text-{body}"), body: &body };
            self.peer.session.send_texts(self.peer.now, Token(self.written), std::iter::once(text));
        }
        self.peer.drain();
    }

    fn exchange(&mut self) {
        for frame in self.peer.take_frames() {
            self.model.take(&frame, &mut self.peer);
        }
        self.look();
    }

    /// Both sides say more, and of that so much arrives.
    fn lose(&mut self, in_flight: InFlight) {
        for _ in 0..4 {
            self.write();
        }
        for frame in self.peer.take_frames().into_iter().take(in_flight.to_server) {
            // What the server answers to these is lost with the connection.
            if !frame.starts_with("<r ") {
                self.model.take(&frame, &mut self.peer);
            }
        }
        for n in 0..4 {
            self.given += 1;
            let frame = self.model.give(self.given);
            if n < in_flight.to_client {
                self.peer.receive(&frame);
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let messages = self.peer.take_events("message");
        let inbound = messages.iter().filter(|message| message["direction"] == "in");
        self.shown.extend(inbound.map(|message| message["body"].as_str().unwrap().parse::<u32>().unwrap()));
    }

    fn resume(&mut self) {
        let resume = log_in(&mut self.peer);
        assert!(resume.starts_with("<resume "), "{resume}");
        self.model.acknowledge(attribute(&resume, "h").parse().unwrap());
        self.peer.resumed(self.model.handled);
        for frame in self.model.unacked.clone() {
            self.peer.receive(&frame);
        }
        self.exchange();
    }

    fn next_page(&mut self) {
        let peer = std::mem::replace(&mut self.peer, Peer::new(stored_config()));
        self.peer = peer.next_page(stored_config());
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Talk => {
                self.write();
                self.given += 1;
                let frame = self.model.give(self.given);
                self.peer.receive(&frame);
                self.exchange();
            }
            Step::Ask => {
                self.peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
                self.exchange();
            }
            Step::Rest => self.peer.advance(4_000),
            Step::Cut(in_flight) => {
                self.lose(in_flight);
                self.peer.input(CUT);
                self.peer.advance(500);
                self.resume();
            }
            Step::Reload(in_flight) => {
                self.lose(in_flight);
                self.peer.hide_page();
                self.next_page();
                self.resume();
            }
            Step::Crash(in_flight) => {
                if let Some(in_flight) = in_flight {
                    self.lose(in_flight);
                }
                self.peer.is_dying = true;
                // The app was not told yet that these are queued: it died in the same breath.
                let written = self.written;
                self.write();
                self.written = written;
                self.given += 1;
                let frame = self.model.give(self.given);
                self.peer.receive(&frame);
                self.look();
                self.next_page();
                self.resume();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(case_count()))]

    #[test]
    fn over_reloads_and_crashes_nothing_is_lost_and_nothing_goes_out_twice(
        steps in prop::collection::vec(step(), 1..40),
        are_long in any::<bool>(),
    ) {
        let mut talk = Talk::begin(are_long);
        for step in &steps {
            talk.take(step);
        }
        prop_assert_eq!(&talk.model.received, &(1..=talk.written).collect::<Vec<_>>());
        // What the page that died had shown, and not stored, is shown again in the next.
        let mut shown = talk.shown.clone();
        let has_crashed = steps.iter().any(|step| matches!(step, Step::Crash(_)));
        prop_assert!(has_crashed || shown.is_sorted());
        shown.sort_unstable();
        if has_crashed {
            shown.dedup();
        }
        prop_assert_eq!(shown, (1..=talk.given).collect::<Vec<_>>());
        // What the server has, and nothing else, is settled.
        talk.peer.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", talk.model.handled));
        talk.peer.advance(4_000);
        let store = talk.peer.store.unwrap();
        prop_assert!(store.contains_key("outbox") && !stored_outbox(&store).contains("<message"));
    }

    /// Anybody on the origin can write there: what makes no sense is a fresh login, and never an error.
    #[test]
    fn garbage_in_the_storage_is_a_fresh_login_or_a_resumption_but_never_an_error(
        part in prop_oneof![
            prop::sample::select(Part::ALL.to_vec()),
            prop::sample::select(vec![Part::Outbox, Part::Segment(0), Part::Segment(1)]),
        ],
        is_long in any::<bool>(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        junk in prop_oneof![any::<String>(), "[0-9eE.,:\"\\[\\]{}<>/='a-z-]{0,20}"],
    ) {
        let mut peer = online();
        let padding = if is_long { "x".repeat(6_000) } else { String::new() };
        send(&mut peer, 1, &format!("sent{padding}"));
        peer.input(CUT);
        for n in 2..6 {
            send(&mut peer, n, &format!("queued{padding}"));
        }
        peer.hide_page();
        let mut store = peer.store.clone().unwrap();
        let json = store.entry(part.name().into_owned()).or_default();
        let mut chars: Vec<char> = json.chars().collect();
        let at = at.index(chars.len() + 1);
        let end = (at + length).min(chars.len());
        chars.splice(at..end, junk.chars());
        *json = chars.into_iter().collect();
        let mut next = Peer::new(stored_config());
        next.store = Some(store);
        let frame = log_in(&mut next);
        prop_assert!(frame.starts_with("<resume ") || frame.contains("xmpp-bind"), "{}", frame);
        prop_assert!(next.take_events("error").is_empty());
        if frame.starts_with("<resume ") {
            next.receive("<failed xmlns='urn:xmpp:sm:3'/>");
            let bind = next.take_frames().pop().unwrap();
            bind_anew(&mut next, &bind);
        } else {
            bind_anew(&mut next, &frame);
        }
        prop_assert_eq!(next.session.state(), State::Online);
    }
}

/// 300, or what `WAXWING_CASES` says: 100,000 for a night.
fn case_count() -> u32 {
    std::env::var("WAXWING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}
