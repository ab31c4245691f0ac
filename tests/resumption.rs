//! Resuming a session after its connection was lost (XEP-0198, section 5): against a scripted server, and against a model of one that
//! loses connections at random.

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::model::Model;
use support::{OWN_FULL, Peer, USUAL_FEATURES, attribute, reconnecting};
use waxwing::proto::{Code, Input, MessageOptions, Reply, State, Token};

const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };

/// Online, in a session that the server keeps. Two stanzas of ours are out: the roster request and the first presence.
fn resumable() -> Peer {
    let mut peer = Peer::new(reconnecting());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true' max='300' location='example.net:9'/>";
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("<item jid='juliet@example.com' subscription='both'/>");
    peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/balcony'/>");
    peer.clear();
    peer
}

/// The connection is lost, made again, and the login done. Returns the `<resume/>`.
fn cut_and_log_in(peer: &mut Peer) -> String {
    peer.input(CUT);
    log_in_again(peer)
}

fn log_in_again(peer: &mut Peer) -> String {
    peer.advance(1_000);
    peer.log_in_again()
}

/// The server binds another resource than before.
fn bound(peer: &mut Peer, request: &str) {
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.net/other</jid></bind></iq>",
        attribute(request, "id")
    ));
}

fn send(peer: &mut Peer, token: u32, body: &str) -> String {
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() };
    peer.session.send_message(peer.now, Token(token), options).unwrap()
}

fn last_state(peer: &mut Peer) -> Value {
    peer.take_events("state").pop().unwrap()
}

#[test]
fn xep_0198_section_3_the_server_is_asked_to_keep_the_session_and_its_location_is_for_tcp() {
    let mut peer = Peer::new(reconnecting());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true' location='elsewhere.example.net:9'/>";
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    let roster = peer.roster_request();
    assert!(peer.take_frames().contains(&"<enable xmlns='urn:xmpp:sm:3' resume='true'/>".to_owned()));
    peer.answer_roster_request(&roster, "");
    cut_and_log_in(&mut peer);
    assert_eq!(peer.opened, ["wss://example.net/ws", "wss://example.net/ws"]);
}

#[test]
fn xep_0198_section_5_a_lost_session_is_resumed_with_our_count_and_its_id() {
    let mut peer = resumable();
    // Roster result and presence came; this makes three.
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>hi</body></message>");
    let resume = cut_and_log_in(&mut peer);
    assert_eq!(resume, "<resume xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>");
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
    peer.resumed(2);
    assert_eq!(last_state(&mut peer), json!({ "current": "online", "previous": "connecting", "resumed": true }));
    // Nothing is asked again, and nothing was forgotten.
    assert!(peer.take_frames().is_empty());
    assert!(peer.session.presence_of("juliet@example.com").is_some());
    assert!(peer.session.roster_item("juliet@example.com").is_some());
}

#[test]
fn xep_0198_section_5_what_did_not_arrive_is_sent_again_in_order_and_before_what_waited() {
    let mut peer = resumable();
    let first = send(&mut peer, 1, "arrived");
    let second = send(&mut peer, 2, "lost <&>");
    peer.input(CUT);
    send(&mut peer, 3, "written offline");
    log_in_again(&mut peer);
    peer.take_events("delivery");
    peer.resumed(3);
    let frames = peer.take_frames();
    assert_eq!(frames.len(), 3, "{frames:?}");
    // With the time when it was written (XEP-0198, section 5), and no other address than before.
    assert!(
        frames[0].contains("lost &lt;&amp;&gt;") && frames[0].contains("<delay xmlns='urn:xmpp:delay' stamp='2026-"),
        "{}",
        frames[0]
    );
    assert!(!frames[0].contains(" from="));
    assert!(frames[1].contains("written offline") && !frames[1].contains("<delay"));
    assert_eq!(frames[2], "<r xmlns='urn:xmpp:sm:3'/>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(Reply::Message(message))) if message.id == first));
    assert_eq!(peer.outcome(Token(2)), None);
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='5'/>");
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(Reply::Message(message))) if message.id == second));
    assert!(matches!(peer.outcome(Token(3)), Some(Ok(_))));
}

#[test]
fn a_large_stanza_that_ends_every_connection_is_given_up_and_what_stands_behind_it_arrives() {
    let mut peer = resumable();
    send(&mut peer, 1, &"x".repeat(140_000));
    send(&mut peer, 2, "behind it");
    for _ in 0..2 {
        cut_and_log_in(&mut peer);
        peer.resumed(2);
        assert!(peer.take_frames()[0].len() > 140_000);
        assert_eq!(peer.outcome(Token(1)), None);
    }
    cut_and_log_in(&mut peer);
    peer.take_events("delivery");
    peer.resumed(2);
    let error = peer.outcome(Token(1)).unwrap().unwrap_err();
    assert_eq!(error.code, Code::LimitExceeded);
    assert!(error.message.contains("3 connections") && error.remediation.is_some(), "{error:?}");
    assert_eq!(peer.take_events("delivery")[0]["stage"], "failed");
    let frames = peer.take_frames();
    assert!(frames[0].contains("behind it") && frames.len() == 2, "{frames:?}");
    // The server never counted it.
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    assert!(peer.take_events("error").is_empty());
    // A small one goes out however often it takes.
    send(&mut peer, 3, "small");
    for _ in 0..10 {
        cut_and_log_in(&mut peer);
        peer.resumed(3);
    }
    assert_eq!(peer.outcome(Token(3)), None);
}

#[test]
fn a_session_in_which_the_server_is_deaf_is_given_up_for_a_new_one() {
    let mut peer = resumable();
    send(&mut peer, 1, "does anybody hear me?");
    let fall_silent = |peer: &mut Peer| {
        peer.advance(3_750);
        peer.advance(15_000);
        assert_eq!(peer.session.state(), State::Waiting);
    };
    fall_silent(&mut peer);
    // What it had heard before, it says at the first of these.
    for _ in 0..8 {
        let frame = log_in_again(&mut peer);
        assert!(frame.starts_with("<resume "), "{frame}");
        peer.resumed(2);
        // It asks, and answers nothing.
        peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
        fall_silent(&mut peer);
    }
    let frame = log_in_again(&mut peer);
    assert!(frame.contains("xmpp-bind"), "{frame}");
    // Whoever answers is heard: then the count begins again.
    let mut peer = resumable();
    for _ in 0..10 {
        send(&mut peer, 1, "Hi");
        let frame = cut_and_log_in(&mut peer);
        assert!(frame.starts_with("<resume "), "{frame}");
        peer.resumed(2);
        peer.receive("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    }
}

#[test]
fn xep_0198_section_5_a_request_in_flight_survives_and_is_asked_again_if_it_did_not_arrive() {
    let mut peer = resumable();
    peer.session.request(peer.now, Token(7), "<iq type='get' to='example.net'><q xmlns='urn:x'/></iq>", None).unwrap();
    let request = peer.take_frames().remove(0);
    cut_and_log_in(&mut peer);
    assert_eq!(peer.outcome(Token(7)), None);
    peer.resumed(2);
    assert_eq!(peer.take_frames(), std::slice::from_ref(&request));
    let id = attribute(&request, "id");
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='example.net'/>"));
    assert!(matches!(peer.outcome(Token(7)), Some(Ok(Reply::Stanza(_)))));
}

#[test]
fn xep_0198_section_5_the_counts_go_on_after_a_resumption() {
    // XEP-0198, section 5: they MUST NOT be reset.
    let mut peer = resumable();
    cut_and_log_in(&mut peer);
    peer.resumed(2);
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>one more</body></message>");
    peer.clear();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='3'/>"]);
    send(&mut peer, 1, "third");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    // Stream management is not enabled a second time.
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("<enable ")));
}

#[test]
fn xep_0198_section_5_a_session_that_is_gone_is_made_anew_and_says_what_arrived() {
    // XEP-0198, section 5: <failed h/> tells what the server handled before.
    let mut peer = resumable();
    send(&mut peer, 1, "arrived");
    send(&mut peer, 2, "nobody knows");
    peer.session.request(peer.now, Token(7), "<iq type='get' to='example.net'><q xmlns='urn:x'/></iq>", None).unwrap();
    peer.input(CUT);
    send(&mut peer, 3, "waits");
    log_in_again(&mut peer);
    peer.receive("<failed xmlns='urn:xmpp:sm:3' h='3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    assert_eq!(peer.outcome(Token(7)).unwrap().unwrap_err().code, Code::ConnectionLost);
    assert_eq!((peer.outcome(Token(2)), peer.outcome(Token(3))), (None, None));
    let bind = peer.take_frames().pop().unwrap();
    assert!(bind.contains("xmpp-bind"), "{bind}");
    bound(&mut peer, &bind);
    peer.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm-2' resume='true'/>");
    peer.answer_roster("");
    peer.refuse_archive();
    assert_eq!(peer.outcome(Token(2)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    assert_eq!(last_state(&mut peer)["resumed"], false);
    assert_eq!(peer.session.jid(), Some("romeo@example.net/other"));
    assert!(peer.session.presence_of("juliet@example.com").is_none());
    let frames = peer.take_frames();
    let messages: Vec<&String> = frames.iter().filter(|frame| frame.starts_with("<message")).collect();
    assert!(messages.len() == 1 && messages[0].contains("waits"), "{frames:?}");
}

#[test]
fn xep_0198_section_5_a_plain_failed_loses_nothing_else() {
    let mut peer = resumable();
    send(&mut peer, 1, "nobody knows");
    cut_and_log_in(&mut peer);
    peer.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    let bind = peer.take_frames().pop().unwrap();
    assert!(bind.contains("xmpp-bind"), "{bind}");
    bound(&mut peer, &bind);
    peer.answer_roster("");
    peer.refuse_archive();
    assert_eq!(peer.outcome(Token(1)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    assert_eq!(last_state(&mut peer)["current"], "online");
}

#[test]
fn xep_0198_section_3_a_server_that_keeps_no_session_is_not_asked_to_resume_it() {
    for enabled in [
        "<enabled xmlns='urn:xmpp:sm:3'/>",
        "<enabled xmlns='urn:xmpp:sm:3' id='x'/>",
        "<enabled xmlns='urn:xmpp:sm:3' resume='true'/>",
    ] {
        let mut peer = Peer::new(reconnecting());
        peer.enabled = enabled;
        peer.session.connect(peer.now, Token(0));
        peer.log_in(USUAL_FEATURES);
        peer.answer_roster("");
        send(&mut peer, 1, "nobody knows");
        let frame = cut_and_log_in(&mut peer);
        assert!(frame.contains("xmpp-bind"), "{frame}");
        bound(&mut peer, &frame);
        peer.refuse_archive();
        assert_eq!(peer.outcome(Token(1)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    }
}

#[test]
fn xep_0198_section_5_another_session_than_ours_is_refused() {
    let mut peer = resumable();
    cut_and_log_in(&mut peer);
    peer.receive("<resumed xmlns='urn:xmpp:sm:3' previd='somebody-elses' h='2'/>");
    assert_eq!(last_state(&mut peer)["error"]["code"], "protocol-error");
}

#[test]
fn xep_0198_section_4_a_count_above_ours_is_reported_and_the_session_goes_on() {
    // A deliberate deviation from XEP-0198, section 4.
    let mut peer = resumable();
    send(&mut peer, 1, "one");
    cut_and_log_in(&mut peer);
    peer.resumed(400);
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    assert_eq!(peer.take_events("error")[0]["code"], "protocol-error");
    assert_eq!(peer.session.state(), State::Online);
}

#[test]
fn xep_0198_section_5_a_connection_lost_again_while_resuming_changes_nothing() {
    let mut peer = resumable();
    send(&mut peer, 1, "patience");
    cut_and_log_in(&mut peer);
    let resume = cut_and_log_in(&mut peer);
    assert!(resume.contains("previd='sm-1'"), "{resume}");
    peer.resumed(2);
    assert!(peer.take_frames()[0].contains("patience"));
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
}

#[test]
fn disconnecting_while_waiting_settles_everything() {
    let mut peer = resumable();
    send(&mut peer, 1, "on the wire");
    peer.input(CUT);
    send(&mut peer, 2, "waits");
    peer.session.disconnect(peer.now, Token(3));
    assert_eq!(peer.outcome(Token(1)).unwrap().unwrap_err().code, Code::DeliveryUnknown);
    assert_eq!(peer.outcome(Token(2)).unwrap().unwrap_err().code, Code::Aborted);
    assert_eq!(peer.outcome(Token(3)), Some(Ok(Reply::Done)));
    assert_eq!((peer.session.state(), peer.session.jid(), peer.session.poll_timeout()), (State::Offline, None, None));
    // The next connect() is a new session.
    peer.session.connect(peer.now, Token(4));
    peer.drain();
    assert!(log_in_again(&mut peer).contains("xmpp-bind"));
}

#[test]
fn xep_0198_section_5_a_silent_server_is_left_without_a_close_that_would_end_the_session() {
    let mut peer = resumable();
    peer.advance(60_000);
    peer.advance(15_000);
    let frames = peer.take_frames();
    assert!(frames.iter().all(|frame| !frame.starts_with("<close")), "{frames:?}");
    assert_eq!((peer.session.state(), peer.closed), (State::Waiting, 1));
}

#[test]
fn a_network_that_falls_silent_again_and_again_costs_no_session_while_the_server_hears_some_of_it() {
    let mut peer = resumable();
    for n in 0..20 {
        send(&mut peer, n, "Hi");
        peer.clear();
        peer.advance(3_750);
        peer.advance(15_000);
        assert_eq!(peer.session.state(), State::Waiting);
        let frame = log_in_again(&mut peer);
        assert!(frame.starts_with("<resume "), "{frame}");
        // It got the message, but not the ping behind it.
        peer.resumed(3 + n);
        peer.clear();
    }
}

#[test]
fn xep_0198_section_5_a_resumption_after_a_resumption_sends_again_only_what_is_still_missing() {
    // XEP-0198, section 5: "re-send to the peer any stanzas that are still marked as unhandled".
    let mut peer = resumable();
    let written: Vec<String> = (1..=3).map(|n| send(&mut peer, n, &n.to_string())).collect();
    for (handled, again) in [(2, &written[..]), (3, &written[1..]), (4, &written[2..]), (5, &[])] {
        let resume = cut_and_log_in(&mut peer);
        assert_eq!(resume, "<resume xmlns='urn:xmpp:sm:3' h='2' previd='sm-1'/>");
        peer.resumed(handled);
        let frames = peer.take_frames();
        let messages: Vec<&String> = frames.iter().filter(|frame| frame.starts_with("<message")).collect();
        assert_eq!(messages.iter().map(|frame| attribute(frame, "id")).collect::<Vec<_>>(), again);
        // Marked once as delayed, however often it is sent.
        assert!(messages.iter().all(|frame| frame.matches("<delay ").count() == 1), "{frames:?}");
        assert!(frames.iter().all(|frame| !frame.starts_with("<enable ")), "{frames:?}");
    }
    assert_eq!(peer.take_outcomes().len(), 3);
}

#[test]
fn xep_0198_section_5_a_handshake_that_takes_too_long_is_left_without_a_close_too() {
    // XEP-0198, section 5: the server may get to the <resume/> all the same, and would end the session that it has just resumed.
    let mut peer = resumable();
    cut_and_log_in(&mut peer);
    peer.clear();
    peer.advance(30_000);
    assert_eq!(peer.take_frames(), Vec::<String>::new());
    assert_ne!(peer.session.state(), State::Online);
    assert!(log_in_again(&mut peer).starts_with("<resume "));
}

#[test]
fn xep_0198_section_4_what_has_arrived_is_confirmed_after_a_moment_or_when_it_is_much() {
    // XEP-0198, section 4: unasked, after a certain time or a certain number of stanzas.
    let message = "<message xmlns='jabber:client' from='juliet@example.com/x'><body>hi</body></message>";
    let mut peer = resumable();
    peer.advance(1_000);
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='2'/>"]);
    for _ in 0..3 {
        peer.receive(message);
        peer.advance(300);
    }
    assert!(peer.take_frames().is_empty());
    peer.advance(100);
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='5'/>"]);
    peer.advance(10_000);
    assert!(peer.take_frames().is_empty(), "there is nothing new to tell");
    for _ in 0..1_000 {
        peer.receive(message);
    }
    assert_eq!(peer.take_frames().len(), 7);
    // Whoever was answered need not be told.
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='1005'/>"]);
    peer.advance(1_000);
    assert!(peer.take_frames().is_empty());
}

#[test]
fn xep_0198_section_5_a_message_behind_our_close_is_left_to_the_next_login() {
    let mut peer = resumable();
    peer.session.disconnect(peer.now, Token(1));
    let frames = peer.take_frames();
    assert_eq!(frames[1], "<a xmlns='urn:xmpp:sm:3' h='2'/>", "what came is confirmed first");
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>too late</body></message>");
    assert!(peer.take_events("message").is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    /// Both sides say something.
    Talk,
    /// The server asks for an acknowledgement.
    Ask,
    /// The connection is lost: so many of the frames in flight, each way, still arrive.
    Cut { to_server: usize, to_client: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Talk),
        1 => Just(Step::Ask),
        2 => (0_usize..6, 0_usize..6).prop_map(|(to_server, to_client)| Step::Cut { to_server, to_client }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(case_count()))]

    #[test]
    fn over_random_cuts_nothing_is_lost_doubled_or_reordered(steps in prop::collection::vec(step(), 1..60)) {
        let mut peer = resumable();
        // Of the handshake: the roster result and a presence went out, the roster request and the first presence came in.
        let mut model = Model { handled: 2, acked: 2, ..Model::default() };
        let mut written = 0;
        let mut given = 0;
        let mut shown: Vec<u32> = Vec::new();
        for step in steps {
            match step {
                Step::Talk => {
                    written += 1;
                    send(&mut peer, written, &written.to_string());
                    given += 1;
                    let frame = model.give(given);
                    peer.receive(&frame);
                    let frames = peer.take_frames();
                    for frame in &frames {
                        model.take(frame, &mut peer);
                    }
                }
                Step::Ask => {
                    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
                    for frame in peer.take_frames() {
                        model.take(&frame, &mut peer);
                    }
                }
                Step::Cut { to_server, to_client } => {
                    for _ in 0..4 {
                        written += 1;
                        send(&mut peer, written, &written.to_string());
                    }
                    for frame in peer.take_frames().into_iter().take(to_server) {
                        // What the server answers to these is lost with the connection.
                        if !frame.starts_with("<r ") {
                            model.take(&frame, &mut peer);
                        }
                    }
                    for n in 0..4 {
                        given += 1;
                        let frame = model.give(given);
                        if n < to_client {
                            peer.receive(&frame);
                        }
                    }
                    let resume = cut_and_log_in(&mut peer);
                    prop_assert!(resume.starts_with("<resume "), "{}", resume);
                    model.acknowledge(attribute(&resume, "h").parse().unwrap());
                    peer.resumed(model.handled);
                    for frame in model.unacked.clone() {
                        peer.receive(&frame);
                    }
                    for frame in peer.take_frames() {
                        model.take(&frame, &mut peer);
                    }
                }
            }
            shown.extend(peer.take_events("message").iter().filter(|message| message["direction"] == "in").map(|message| {
                message["body"].as_str().unwrap().parse::<u32>().unwrap()
            }));
        }
        prop_assert_eq!(shown, (1..=given).collect::<Vec<_>>());
        prop_assert_eq!(&model.received, &(1..=written).collect::<Vec<_>>());
        // What the server has, the app was told of, and the rest is still awaited.
        peer.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", model.handled));
        let settled = peer.take_outcomes();
        prop_assert_eq!(settled.len() as u32, written);
        prop_assert!(settled.iter().all(|(_, result)| result.is_ok()));
    }
}

/// 2,000, or what `WAXWING_CASES` says: 100,000 for a night.
fn case_count() -> u32 {
    std::env::var("WAXWING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}
