//! The life of a session: states, closing both ways, losing a connection and making it again, and stream management.

mod support;

use serde_json::{Value, json};
use support::{OWN_FULL, Peer, USUAL_FEATURES, attribute, config};
use waxwing::proto::{Code, Error, Input, MessageOptions, Reconnect, Reply, State, Token};

const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const T: Token = Token(1);

fn states(peer: &mut Peer) -> Vec<String> {
    peer.take_events("state").iter().map(|event| event["current"].as_str().unwrap().to_owned()).collect()
}

fn failure(peer: &mut Peer, token: Token) -> Error {
    match peer.outcome(token) {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn message(body: &str) -> MessageOptions {
    MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() }
}

fn send(peer: &mut Peer, token: u32, body: &str) -> String {
    peer.session.send_message(peer.now, Token(token), message(body)).unwrap()
}

/// Stage by stage, as `id:stage`.
fn stages(peer: &mut Peer) -> Vec<String> {
    let stage = |event: &Value| format!("{}:{}", event["id"].as_str().unwrap(), event["stage"].as_str().unwrap());
    peer.take_events("delivery").iter().map(stage).collect()
}

fn reconnecting() -> waxwing::proto::Config {
    let mut config = config();
    config.reconnect = Some(Reconnect { min_delay_ms: 1_000, max_delay_ms: 8_000, max_attempts: Some(3) });
    config
}

#[test]
fn connecting_opens_one_socket_and_ends_online() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.session.connect(peer.now, Token(2));
    peer.drain();
    assert_eq!(peer.opened, ["wss://example.net/ws"]);
    peer.log_in(USUAL_FEATURES);
    assert_eq!(peer.outcome(T), None);
    peer.answer_roster("");
    assert_eq!((peer.outcome(T), peer.outcome(Token(2))), (Some(Ok(Reply::Done)), Some(Ok(Reply::Done))));
    assert_eq!(states(&mut peer), ["connecting", "online"]);
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
    // Already online: nothing to do.
    peer.session.connect(peer.now, Token(3));
    assert_eq!(peer.outcome(Token(3)), Some(Ok(Reply::Done)));
}

#[test]
fn the_first_presence_goes_out_after_the_roster_and_before_online() {
    // RFC 6121, section 2.2.
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.log_in("");
    assert!(peer.take_frames().iter().all(|frame| !frame.starts_with("<presence")));
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.log_in("");
    peer.answer_roster("");
    assert_eq!(peer.take_frames().pop().unwrap(), "<presence xmlns='jabber:client'/>");
}

#[test]
fn an_insecure_url_is_refused_unless_allowed() {
    let mut config = config();
    config.url = Some("ws://example.net/ws".to_owned());
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, T);
    assert_eq!(failure(&mut peer, T).code, Code::Insecure);
    assert!(peer.opened.is_empty());
}

#[test]
fn a_socket_that_does_not_open_fails_the_attempt_and_nothing_is_retried() {
    let mut peer = Peer::new(reconnecting());
    peer.session.connect(peer.now, T);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(failure(&mut peer, T).code, Code::ConnectionFailed);
    assert_eq!(states(&mut peer), ["connecting", "offline"]);
    assert_eq!(peer.session.poll_timeout(), None);
}

#[test]
fn disconnecting_says_goodbye_in_order_and_waits_for_the_server() {
    let mut peer = Peer::online();
    peer.session.disconnect(peer.now, T);
    // What came is confirmed, so that the server does not deliver it again at the next login (XEP-0198, section 4).
    assert_eq!(
        peer.take_frames(),
        ["<presence xmlns='jabber:client' type='unavailable'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", CLOSE]
    );
    assert_eq!((peer.outcome(T), peer.closed), (None, 0));
    assert_eq!(peer.session.send_message(peer.now, T, message("late")).unwrap_err().code, Code::NotConnected);
    peer.receive(CLOSE);
    assert_eq!((peer.outcome(T), peer.closed), (Some(Ok(Reply::Done)), 1));
    assert_eq!(states(&mut peer), ["offline"]);
    assert_eq!((peer.session.jid(), peer.session.poll_timeout()), (None, None));
}

#[test]
fn a_server_that_never_closes_is_left_after_five_seconds() {
    let mut peer = Peer::online();
    peer.session.disconnect(peer.now, T);
    peer.advance(4_999);
    assert_eq!(peer.outcome(T), None);
    peer.advance(1);
    assert_eq!((peer.outcome(T), peer.closed), (Some(Ok(Reply::Done)), 1));
}

#[test]
fn disconnecting_flushes_what_was_sent_and_settles_it_by_the_servers_word() {
    let mut peer = Peer::online();
    let id = send(&mut peer, 2, "last words");
    let _ = peer.take_frames();
    peer.session.disconnect(peer.now, T);
    // The roster request, the first presence, the message, the last presence.
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    peer.receive(CLOSE);
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(Reply::Message(_)))));
    assert_eq!(stages(&mut peer), [format!("{id}:queued"), format!("{id}:sent"), format!("{id}:acked")]);
}

#[test]
fn disconnecting_while_connecting_rejects_connect_with_aborted() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.input(Input::SocketOpened { has_subprotocol: true });
    send(&mut peer, 5, "queued");
    peer.session.disconnect(peer.now, Token(2));
    assert_eq!(failure(&mut peer, T).code, Code::Aborted);
    // What the server says on is not answered any more.
    peer.restart("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    assert_eq!(peer.take_frames().last().unwrap(), CLOSE);
    assert_eq!((peer.outcome(Token(2)), peer.closed), (None, 0));
    peer.receive(CLOSE);
    assert_eq!(failure(&mut peer, Token(5)).code, Code::Aborted);
    assert_eq!(peer.outcome(Token(2)), Some(Ok(Reply::Done)));
    assert_eq!((peer.closed, peer.session.state()), (1, State::Offline));
    // Late words of the old socket are nobody's.
    peer.receive("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>");
    peer.input(Input::SocketClosed { code: 1000, reason: "" });
    assert_eq!(peer.session.state(), State::Offline);
}

#[test]
fn an_aborted_connect_leaves_offline_unless_somebody_else_waits() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.session.connect(peer.now, Token(2));
    peer.session.cancel(peer.now, T);
    assert_eq!(failure(&mut peer, T).code, Code::Aborted);
    assert_eq!(peer.session.state(), State::Connecting);
    peer.session.cancel(peer.now, Token(2));
    assert_eq!(failure(&mut peer, Token(2)).code, Code::Aborted);
    assert_eq!((peer.session.state(), peer.closed), (State::Offline, 1));
}

#[test]
fn connecting_while_the_stream_closes_makes_a_new_one() {
    let mut peer = Peer::online();
    peer.session.disconnect(peer.now, T);
    peer.session.connect(peer.now, Token(2));
    peer.drain();
    assert_eq!(peer.opened.len(), 1);
    peer.receive(CLOSE);
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
    assert_eq!(peer.opened.len(), 2);
    peer.log_in("");
    peer.answer_roster("");
    assert_eq!(peer.outcome(Token(2)), Some(Ok(Reply::Done)));
    assert_eq!(states(&mut peer), ["offline", "connecting", "online"]);
}

#[test]
fn a_closed_stream_of_the_server_is_answered_and_told() {
    let mut peer = Peer::online();
    peer.receive(CLOSE);
    assert_eq!(peer.take_frames(), [CLOSE]);
    let event = peer.take_events("state").pop().unwrap();
    assert_eq!((&event["current"], &event["error"]["code"]), (&json!("offline"), &json!("connection-lost")));
    assert_eq!(peer.closed, 1);
}

#[test]
fn a_stream_error_ends_the_stream_with_its_condition() {
    for (condition, is_final) in [
        ("conflict", true),
        ("host-unknown", true),
        ("not-authorized", true),
        ("system-shutdown", false),
        ("reset", false),
        ("connection-timeout", false),
    ] {
        // The second is Prosody's way: it leaves the declaration out.
        for declaration in [" xmlns:stream='http://etherx.jabber.org/streams'", ""] {
            let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
            peer.receive(&format!(
                "<stream:error{declaration}><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            ));
            let event = peer.take_events("state").pop().unwrap();
            assert_eq!(event["error"]["condition"], condition);
            assert_eq!(event["error"]["code"], "stream-error");
            assert_eq!(event["current"], if is_final { "offline" } else { "waiting" }, "{condition}");
        }
    }
}

#[test]
fn a_lost_connection_is_made_again_with_jitter_and_an_end() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    let event = peer.take_events("state").pop().unwrap();
    assert_eq!((&event["current"], &event["previous"]), (&json!("waiting"), &json!("online")));
    let delay = event["retryInMs"].as_u64().unwrap();
    assert!(delay < 1_000);
    assert_eq!(event["error"]["code"], "connection-lost");
    peer.advance(delay);
    assert_eq!(peer.opened.len(), 2);
    for _ in 0..3 {
        peer.input(Input::SocketClosed { code: 1006, reason: "" });
        let event = peer.take_events("state").pop().unwrap();
        if let Some(delay) = event["retryInMs"].as_u64() {
            peer.advance(delay);
        }
    }
    assert_eq!((peer.session.state(), peer.opened.len()), (State::Offline, 4));
}

#[test]
fn while_waiting_connect_retries_now_and_disconnect_stops() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.session.connect(peer.now, T);
    peer.drain();
    assert_eq!(peer.opened.len(), 2);
    peer.log_in("");
    peer.answer_roster("");
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.session.disconnect(peer.now, Token(2));
    assert_eq!(peer.outcome(Token(2)), Some(Ok(Reply::Done)));
    peer.advance(100_000);
    assert_eq!((peer.session.state(), peer.opened.len()), (State::Offline, 2));
}

#[test]
fn a_silent_server_is_asked_and_then_left() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    peer.advance(1_000);
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='1'/>"]);
    peer.advance(59_000);
    let ping = peer.take_frames().pop().unwrap();
    assert!(ping.contains("urn:xmpp:ping"), "{ping}");
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{}' from='example.net'/>", attribute(&ping, "id")));
    peer.advance(1_000);
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='2'/>"]);
    peer.advance(59_000);
    assert_eq!(peer.take_frames().len(), 1);
    assert_eq!(peer.session.state(), State::Online);
    peer.advance(15_000);
    let event = peer.take_events("state").pop().unwrap();
    assert_eq!((&event["current"], &event["error"]["code"]), (&json!("waiting"), &json!("connection-lost")));
}

#[test]
fn a_connection_that_is_dropped_at_once_is_pressed_less_and_less_until_it_is_stable() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    let mut lose_after = |online_ms: u64| {
        peer.advance(online_ms);
        peer.input(Input::SocketClosed { code: 1006, reason: "" });
        let state = peer.take_events("state").pop().unwrap();
        if let Some(delay) = state["retryInMs"].as_u64() {
            peer.advance(delay);
            peer.log_in(USUAL_FEATURES);
            peer.answer_roster("");
            assert_eq!(peer.session.state(), State::Online);
        }
        state["current"] == "waiting"
    };
    // Three attempts in a row are allowed, and an hour of success wipes the slate.
    assert!(lose_after(0) && lose_after(0) && lose_after(0));
    assert!(lose_after(30_000) && lose_after(0) && lose_after(0));
    assert!(!lose_after(0));
}

#[test]
fn when_the_network_or_the_page_comes_back_the_wait_is_over() {
    for input in [Input::NetworkChanged { is_online: true }, Input::Woke] {
        let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
        peer.input(Input::SocketClosed { code: 1006, reason: "" });
        assert_eq!(peer.opened.len(), 1);
        peer.input(input);
        assert_eq!((peer.opened.len(), peer.session.state()), (2, State::Connecting));
    }
}

#[test]
fn nothing_is_retried_while_the_browser_has_no_network() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    peer.input(Input::NetworkChanged { is_online: false });
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(peer.session.poll_timeout(), None);
    peer.advance(3_600_000);
    peer.input(Input::Woke);
    assert_eq!((peer.opened.len(), peer.session.state()), (1, State::Waiting));
    peer.input(Input::NetworkChanged { is_online: true });
    assert_eq!(peer.opened.len(), 2);
}

#[test]
fn after_a_sleep_the_server_is_asked_at_once_whether_it_is_still_there() {
    let is_ping = |frames: Vec<String>| frames.iter().any(|frame| frame.contains("urn:xmpp:ping"));
    let mut peer = Peer::online();
    peer.input(Input::Woke);
    assert!(is_ping(peer.take_frames()));
    let mut peer = Peer::online();
    // The lid was closed: the clock on the wall went on, the monotonic one stood.
    peer.now.wall_ms += 600_000;
    peer.input(Input::Timeout);
    assert!(is_ping(peer.take_frames()));
    peer.advance(15_000);
    assert_eq!(peer.session.state(), State::Offline);
    // A timer that is merely late is no sleep.
    let mut peer = Peer::online();
    peer.advance(20_000);
    peer.input(Input::Timeout);
    assert!(!is_ping(peer.take_frames()));
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut peer = Peer::online();
    peer.advance(60_000);
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com'><body>here</body></message>");
    peer.advance(15_000);
    assert_eq!(peer.session.state(), State::Online);
}

#[test]
fn xep_0198_section_4_messages_settle_when_the_server_acknowledges_them() {
    let mut peer = Peer::online();
    // The roster request and the first presence were stanzas one and two.
    let first = send(&mut peer, 1, "one");
    let second = send(&mut peer, 2, "two");
    let frames = peer.take_frames();
    assert_eq!(frames.len(), 3, "one question is enough: {frames:?}");
    assert!(frames[0].contains("one") && frames[1] == "<r xmlns='urn:xmpp:sm:3'/>" && frames[2].contains("two"));
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(Reply::Message(message))) if message.id == first));
    assert_eq!(peer.outcome(Token(2)), None);
    assert_eq!(peer.take_frames(), ["<r xmlns='urn:xmpp:sm:3'/>"]);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(Reply::Message(message))) if message.id == second));
    assert!(peer.take_frames().is_empty());
    let expected =
        [(&first, "queued"), (&first, "sent"), (&second, "queued"), (&second, "sent"), (&first, "acked"), (&second, "acked")];
    assert_eq!(stages(&mut peer), expected.map(|(id, stage)| format!("{id}:{stage}")));
}

#[test]
fn xep_0198_section_4_our_count_is_what_came_since_enabled_whether_it_could_be_read_or_not() {
    // XEP-0198, section 4; I8.
    let mut peer = Peer::online();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let answer = peer.take_frames().pop().unwrap();
    let before: u32 = attribute(&answer, "h").parse().unwrap();
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com'><body>one</body></message>");
    peer.receive(&format!("<message xmlns='jabber:client'>{}{}</message>", "<a>".repeat(200), "</a>".repeat(200)));
    peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
    peer.receive("<iq xmlns='jabber:client' type='what' id='1'/>");
    peer.receive("<what xmlns='urn:x'/>");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    peer.clear();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let after: u32 = attribute(&peer.take_frames().pop().unwrap(), "h").parse().unwrap();
    assert_eq!(after - before, 4);
}

#[test]
fn xep_0198_section_4_an_acknowledgement_of_what_was_never_sent_is_reported_and_the_stream_goes_on() {
    let mut peer = Peer::online();
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='4000'/>");
    assert_eq!(peer.take_events("error")[0]["code"], "protocol-error");
    assert_eq!(peer.session.state(), State::Online);
}

#[test]
fn without_stream_management_a_ping_behind_the_messages_settles_them() {
    for features in ["", "<sm xmlns='urn:xmpp:sm:3'/>"] {
        let mut peer = Peer::new(config());
        peer.session.connect(peer.now, Token(0));
        if features.is_empty() {
            peer.log_in("");
        } else {
            // Offered, and refused when asked for.
            peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
            peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
            peer.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{features}"));
            let id = attribute(&peer.take_frames().pop().unwrap(), "id");
            peer.receive(&format!(
                "<iq xmlns='jabber:client' type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{OWN_FULL}</jid></bind></iq>"
            ));
            peer.receive(
                "<failed xmlns='urn:xmpp:sm:3'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
            );
        }
        peer.answer_roster("");
        peer.clear();
        send(&mut peer, 1, "one");
        send(&mut peer, 2, "two");
        let frames = peer.take_frames();
        assert_eq!(frames.len(), 3, "{frames:?}");
        let pong = |ping: &str| {
            format!(
                "<iq xmlns='jabber:client' type='error' id='{}' from='example.net'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
                attribute(ping, "id")
            )
        };
        peer.receive(&pong(&frames[1]));
        assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
        assert_eq!(peer.outcome(Token(2)), None);
        let ping = peer.take_frames().pop().unwrap();
        peer.receive(&pong(&ping));
        assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    }
}

#[test]
fn messages_written_while_connecting_wait_in_order() {
    let mut peer = Peer::new(config());
    assert_eq!(peer.session.send_message(peer.now, T, message("too early")).unwrap_err().code, Code::NotConnected);
    peer.session.connect(peer.now, Token(0));
    for n in 0..3 {
        send(&mut peer, 10 + n, &format!("number {n}"));
    }
    peer.log_in("");
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("number")));
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    for n in 0..3 {
        send(&mut peer, 10 + n, &format!("number {n}"));
    }
    peer.log_in("");
    peer.answer_roster("");
    let sent: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.starts_with("<message")).collect();
    assert_eq!(sent.len(), 3);
    for (n, frame) in sent.iter().enumerate() {
        assert!(frame.contains(&format!("number {n}")));
    }
}

#[cfg(feature = "archive")]
#[test]
fn what_was_on_the_wire_when_the_connection_died_is_unknown_and_what_waited_goes_out_later() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    let lost = send(&mut peer, 1, "on the wire");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    send(&mut peer, 2, "while waiting");
    peer.clear();
    peer.advance(10_000);
    peer.log_in("");
    peer.answer_roster("");
    assert!(peer.take_events("delivery").is_empty());
    peer.refuse_archive();
    let failed = &peer.take_events("delivery")[0];
    assert_eq!(
        (&failed["id"], &failed["stage"], &failed["error"]["code"]),
        (&json!(lost), &json!("failed"), &json!("delivery-unknown"))
    );
    assert_eq!(failure(&mut peer, Token(1)).code, Code::DeliveryUnknown);
    assert!(peer.take_frames().iter().any(|frame| frame.contains("while waiting")));
}

#[test]
fn a_queued_message_can_be_taken_back_and_one_on_the_wire_goes_its_way() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    send(&mut peer, 1, "never mind");
    peer.session.cancel(peer.now, Token(1));
    assert_eq!(failure(&mut peer, Token(1)).code, Code::Aborted);
    peer.log_in("");
    peer.answer_roster("");
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("never mind")));
    let id = send(&mut peer, 2, "too late");
    peer.session.cancel(peer.now, Token(2));
    assert_eq!(failure(&mut peer, Token(2)).code, Code::Aborted);
    let ping = peer.take_frames().pop().unwrap();
    peer.clear();
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{}' from='example.net'/>", attribute(&ping, "id")));
    assert_eq!(stages(&mut peer), [format!("{id}:acked")]);
    assert_eq!(peer.outcome(Token(2)), None);
}

#[test]
fn xml_that_is_broken_or_forbidden_ends_the_stream_with_the_right_condition() {
    for (frame, condition) in [
        ("<message xmlns='jabber:client'><body>", "not-well-formed"),
        ("<message xmlns='jabber:client'></presence>", "not-well-formed"),
        ("hello", "not-well-formed"),
        ("", "not-well-formed"),
        ("<?xml version='1.0'?><message xmlns='jabber:client'/>", "restricted-xml"),
        ("<message xmlns='jabber:client'><!-- x --></message>", "restricted-xml"),
        ("<!DOCTYPE a><message xmlns='jabber:client'/>", "restricted-xml"),
        ("<message xmlns='jabber:client'>&what;</message>", "restricted-xml"),
    ] {
        let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
        peer.receive(frame);
        let frames = peer.take_frames();
        assert!(frames[0].contains(&format!("<{condition} ")), "{frame}: {frames:?}");
        assert_eq!(frames[1], CLOSE);
        assert_eq!(peer.session.state(), State::Waiting);
    }
    let mut peer = Peer::online();
    peer.input(Input::BinaryFrame);
    assert_eq!(peer.session.state(), State::Offline);
    assert!(peer.take_frames()[0].contains("<unsupported-stanza-type "));
}

#[test]
fn the_socket_of_a_broken_stream_waits_for_the_servers_last_word_and_for_nothing_else() {
    // RFC 7395, section 3.6.
    let broken = || {
        let mut peer = Peer::online();
        peer.receive("hello");
        assert_eq!((peer.session.state(), peer.closed), (State::Offline, 0));
        peer.clear();
        peer
    };
    let mut peer = broken();
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com'><body>too late</body></message>");
    assert_eq!((peer.take_all_events().len(), peer.closed), (0, 0));
    peer.receive(CLOSE);
    assert_eq!(peer.closed, 1);
    let mut peer = broken();
    peer.advance(5_000);
    assert_eq!(peer.closed, 1);
    let mut peer = broken();
    peer.session.disconnect(peer.now, T);
    assert_eq!((peer.outcome(T), peer.closed), (Some(Ok(Reply::Done)), 1));
    // A new socket takes the place of the old one.
    let mut peer = broken();
    peer.session.connect(peer.now, T);
    peer.drain();
    assert_eq!((peer.opened.len(), peer.session.state()), (2, State::Connecting));
    peer.advance(5_000);
    assert_eq!(peer.closed, 0);
}

#[test]
fn frames_are_shown_in_their_order_only_while_somebody_listens() {
    let mut peer = Peer::online();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    assert!(peer.take_events("stanza").is_empty());
    peer.session.report_stanzas(true);
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let shown = peer.take_events("stanza");
    assert_eq!(shown[0], json!({ "direction": "in", "xml": "<r xmlns='urn:xmpp:sm:3'/>" }));
    assert_eq!(shown[1]["direction"], "out");
    assert_eq!(shown.len(), 2);
}

#[test]
fn a_disconnect_that_comes_after_a_connect_has_the_last_word() {
    let mut peer = Peer::online();
    peer.session.disconnect(peer.now, T);
    peer.session.connect(peer.now, Token(2));
    peer.session.disconnect(peer.now, Token(3));
    assert_eq!(failure(&mut peer, Token(2)).code, Code::Aborted);
    peer.receive(CLOSE);
    assert_eq!((peer.outcome(T), peer.outcome(Token(3))), (Some(Ok(Reply::Done)), Some(Ok(Reply::Done))));
    assert_eq!((peer.session.state(), peer.opened.len(), peer.closed), (State::Offline, 1, 1));
}

#[test]
fn a_roster_that_comes_after_disconnect_brings_nobody_online_and_sends_nothing() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    send(&mut peer, 2, "queued");
    peer.log_in(USUAL_FEATURES);
    let id = peer.roster_request();
    peer.clear();
    peer.session.disconnect(peer.now, Token(3));
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}'><query xmlns='jabber:iq:roster'/></iq>"));
    assert_eq!(peer.take_frames(), [CLOSE]);
    peer.receive(CLOSE);
    assert_eq!(states(&mut peer), ["offline"]);
    assert!(peer.take_events("error").is_empty());
    assert_eq!(failure(&mut peer, Token(2)).code, Code::Aborted);
}

#[test]
fn nothing_follows_our_close_whatever_the_server_says() {
    // RFC 6120, section 4.4.
    for said in
        ["<r xmlns='urn:xmpp:sm:3'/>", "hello", "<iq xmlns='jabber:client' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"]
    {
        let mut peer = Peer::online();
        peer.session.disconnect(peer.now, T);
        peer.receive(said);
        assert_eq!(peer.take_frames().pop().unwrap(), CLOSE, "{said}");
    }
    let mut peer = Peer::online();
    peer.advance(59_000);
    peer.session.disconnect(peer.now, T);
    peer.advance(2_000);
    assert_eq!(peer.take_frames().pop().unwrap(), CLOSE, "no ping either");
}

#[test]
fn xep_0198_section_4_the_last_question_stands_behind_the_last_message() {
    let mut peer = Peer::online();
    send(&mut peer, 1, "one");
    send(&mut peer, 2, "two");
    peer.session.disconnect(peer.now, T);
    let frames = peer.take_frames();
    let [one, r, two, unavailable, last_r, _, close] = &frames[..] else { panic!("{frames:#?}") };
    assert!(one.contains("one") && two.contains("two") && unavailable.starts_with("<presence"));
    assert!(r == "<r xmlns='urn:xmpp:sm:3'/>" && last_r == r && close == CLOSE);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='5'/>");
    peer.receive(CLOSE);
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(Reply::Message(_)))));
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(Reply::Message(_)))));
    // Without stream management.
    let mut peer = Peer::online_with(config(), "", "");
    send(&mut peer, 1, "one");
    send(&mut peer, 2, "two");
    peer.session.disconnect(peer.now, T);
    let pings: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.contains("urn:xmpp:ping")).collect();
    assert_eq!(pings.len(), 2);
    for ping in pings {
        peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{}' from='example.net'/>", attribute(&ping, "id")));
    }
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(Reply::Message(_)))));
}

#[test]
fn xep_0198_section_4_a_server_that_counts_wrong_is_not_asked_without_end() {
    for h in [0, 2, 4_000] {
        let mut peer = Peer::online();
        send(&mut peer, 1, "one");
        assert_eq!(peer.take_frames().pop().unwrap(), "<r xmlns='urn:xmpp:sm:3'/>");
        peer.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
        assert!(peer.take_frames().is_empty(), "{h}");
        // What is sent after it is asked about again.
        send(&mut peer, 2, "two");
        assert_eq!(peer.take_frames().pop().unwrap(), "<r xmlns='urn:xmpp:sm:3'/>");
    }
}

#[test]
fn a_binary_frame_from_a_socket_that_was_left_changes_nothing() {
    let mut peer = Peer::online_with(reconnecting(), USUAL_FEATURES, "");
    peer.receive("hello");
    let due = peer.session.poll_timeout();
    peer.clear();
    for _ in 0..5 {
        peer.input(Input::BinaryFrame);
    }
    assert_eq!((peer.session.state(), peer.session.poll_timeout()), (State::Waiting, due));
    assert!(peer.take_all_events().is_empty());
}

#[test]
fn a_resource_that_the_lost_connection_still_holds_is_asked_for_again() {
    // RFC 6120, section 7.7.2.2.
    let mut peer = Peer::online_with(reconnecting(), "", "");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.advance(1_000);
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    peer.restart("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    let id = attribute(&peer.take_frames().pop().unwrap(), "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    assert_eq!(peer.session.state(), State::Waiting);
}
