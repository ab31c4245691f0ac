//! Whether the server is still there (RFC 6120, section 4.6; XEP-0199), what it wants to know of the page (XEP-0352), and what it
//! lets pass (XEP-0478).

mod support;

use serde_json::json;
use support::{Peer, USUAL_FEATURES, attribute, config, reconnecting};
use waxwing::proto::{Code, Input, MessageOptions, State, Token};

const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };
const CSI: &str = "<csi xmlns='urn:xmpp:csi:0'/>";
const HIDDEN: Input<'static> = Input::VisibilityChanged { is_visible: false };
const VISIBLE: Input<'static> = Input::VisibilityChanged { is_visible: true };

fn online(features: &str) -> Peer {
    Peer::online_with(reconnecting(), &format!("{USUAL_FEATURES}{features}"), "")
}

fn send(peer: &mut Peer, body: &str) -> Result<String, waxwing::proto::Error> {
    let to = "juliet@example.com".to_owned();
    peer.session.send_message(peer.now, Token(1), MessageOptions { to, body: Some(body.to_owned()), ..MessageOptions::default() })
}

fn pings(peer: &mut Peer) -> Vec<String> {
    peer.take_frames().into_iter().filter(|frame| frame.contains("urn:xmpp:ping")).collect()
}

fn answer(peer: &mut Peer, ping: &str) {
    let id = attribute(ping, "id");
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='example.net'/>"));
}

#[test]
fn a_server_that_owes_an_answer_is_asked_soon_and_one_that_owes_none_late() {
    // Nothing is awaited: after a minute.
    let mut peer = online("");
    peer.advance(59_999);
    assert_eq!(pings(&mut peer).len(), 0);
    peer.advance(1);
    assert_eq!(pings(&mut peer).len(), 1);
    // A message waits for its confirmation, which servers give at once.
    let mut peer = online("");
    send(&mut peer, "Hi").unwrap();
    peer.advance(3_750);
    let ping = pings(&mut peer).remove(0);
    answer(&mut peer, &ping);
    // It lives. As long as it says nothing of the message it is asked again.
    peer.advance(3_750);
    assert_eq!(pings(&mut peer).len(), 1);
    peer.advance(15_000);
    assert_eq!(peer.session.state(), State::Waiting);
    // A request may take its time, but not longer than a silent server gets.
    let mut peer = online("");
    peer.session.request(peer.now, Token(7), "<iq type='get' to='slow.example.com'><q xmlns='urn:x'/></iq>", None).unwrap();
    peer.clear();
    peer.advance(14_999);
    assert_eq!(pings(&mut peer).len(), 0);
    peer.advance(1);
    assert_eq!(pings(&mut peer).len(), 1);
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut peer = online("");
    send(&mut peer, "Hi").unwrap();
    peer.clear();
    for _ in 0..3 {
        peer.advance(3_000);
        peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
    }
    assert_eq!(pings(&mut peer).len(), 0);
    peer.advance(3_750);
    let ping = pings(&mut peer);
    assert_eq!(ping.len(), 1);
    // While it is awaited, any other frame will do.
    peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
    peer.advance(15_000);
    assert_eq!(peer.session.state(), State::Online);
}

#[test]
fn a_server_that_talks_and_does_not_listen_is_found_out() {
    let mut peer = online("");
    send(&mut peer, "Hi").unwrap();
    peer.clear();
    let mut asked = 0;
    for second in 1..=45 {
        assert_eq!(peer.session.state(), State::Online, "{second}");
        peer.advance(1_000);
        peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
        asked += pings(&mut peer).len();
    }
    assert_eq!((peer.session.state(), asked), (State::Waiting, 1));
}

#[test]
fn a_dead_connection_is_found_while_the_user_goes_on_writing() {
    let mut peer = online("");
    for _ in 0..10 {
        send(&mut peer, "Hi").unwrap();
        peer.drain();
        peer.advance(2_000);
    }
    assert_eq!(peer.session.state(), State::Waiting);
}

#[test]
fn a_server_that_never_answers_an_r_is_believed_when_it_answers_a_ping_behind_the_message() {
    // RFC 6120, section 10.1: stanzas are handled in order.
    let mut peer = online("");
    send(&mut peer, "Hi").unwrap();
    peer.clear();
    for _ in 0..3 {
        peer.advance(3_700);
        peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
    }
    peer.advance(3_900);
    for ping in pings(&mut peer) {
        answer(&mut peer, &ping);
    }
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
    peer.clear();
    peer.advance(50_000);
    assert_eq!(pings(&mut peer).len(), 0, "and it is not asked again");
}

#[test]
fn a_large_message_gets_the_time_that_a_slow_network_needs() {
    let mut peer = online("");
    send(&mut peer, &"x".repeat(1_000_000)).unwrap();
    peer.clear();
    // 16 KB a second: a minute, in which no answer can come.
    peer.advance(60_000);
    assert_eq!(pings(&mut peer).len(), 0);
    peer.advance(7_000);
    assert_eq!(pings(&mut peer).len(), 1);
    peer.advance(14_000);
    assert_eq!(peer.session.state(), State::Online);
    peer.clear();
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    peer.advance(60_000);
    assert_eq!(pings(&mut peer).len(), 1);
    peer.advance(15_000);
    assert_eq!(peer.session.state(), State::Waiting);
}

#[test]
fn a_server_that_drops_the_silent_hears_of_us_in_time() {
    // XEP-0478, section 2: idle-seconds.
    let mut peer = online("<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>40</idle-seconds></limits>");
    for _ in 0..3 {
        // What it sends does not make us less silent.
        peer.advance(29_999);
        peer.receive("<presence xmlns='jabber:client' from='juliet@example.com/x'/>");
        assert_eq!(pings(&mut peer).len(), 0);
        peer.advance(1);
        let ping = pings(&mut peer).remove(0);
        answer(&mut peer, &ping);
    }
}

#[test]
fn what_the_server_would_not_take_is_refused_and_the_stream_goes_on() {
    // XEP-0478, section 2: max-bytes. One byte more would end the stream.
    let mut peer = online("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1000</max-bytes></limits>");
    let refused = send(&mut peer, &"x".repeat(1_000)).unwrap_err();
    assert_eq!(refused.code, Code::LimitExceeded);
    assert!(refused.message.contains("1000"), "{}", refused.message);
    assert!(peer.take_all_events().is_empty());
    let long = "x".repeat(1_000);
    let iq = format!("<iq type='get'><q xmlns='urn:x'>{long}</q></iq>");
    assert_eq!(peer.session.request(peer.now, Token(2), &iq, None).unwrap_err().code, Code::LimitExceeded);
    assert_eq!(
        peer.session.send_raw(peer.now, &format!("<message><b>{long}</b></message>")).unwrap_err().code,
        Code::LimitExceeded
    );
    assert!(peer.take_frames().is_empty());
    // To the byte.
    let frame_bytes = |peer: &mut Peer| peer.take_frames()[0].len();
    send(&mut peer, "x").unwrap();
    let room = 1_000 - frame_bytes(&mut peer) + 1;
    send(&mut peer, &"x".repeat(room)).unwrap();
    assert_eq!(frame_bytes(&mut peer), 1_000);
    assert_eq!(send(&mut peer, &"x".repeat(room + 1)).unwrap_err().code, Code::LimitExceeded);
}

#[test]
fn what_was_written_before_the_limit_was_known_fails_alone() {
    let mut config = config();
    config.reconnect = None;
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, Token(0));
    send(&mut peer, &"x".repeat(1_000)).unwrap();
    let to = "juliet@example.com".to_owned();
    peer.session
        .send_message(peer.now, Token(2), MessageOptions { to, body: Some("short".to_owned()), ..MessageOptions::default() })
        .unwrap();
    peer.log_in(&format!("{USUAL_FEATURES}<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1000</max-bytes></limits>"));
    peer.answer_roster("");
    assert_eq!(peer.outcome(Token(1)).unwrap().unwrap_err().code, Code::LimitExceeded);
    let failed = peer.take_events("delivery").into_iter().find(|delivery| delivery["stage"] == "failed").unwrap();
    assert_eq!(failed["error"]["code"], "limit-exceeded");
    let frames: Vec<String> = peer.take_frames().into_iter().filter(|frame| frame.starts_with("<message")).collect();
    assert!(frames.len() == 1 && frames[0].contains("short"), "{frames:?}");
}

#[test]
fn a_limit_that_cannot_be_read_is_none() {
    for limits in
        ["", "<max-bytes/>", "<max-bytes>-1</max-bytes><idle-seconds>x</idle-seconds>", "<max-bytes>99999999999</max-bytes>"]
    {
        let mut peer = online(&format!("<limits xmlns='urn:xmpp:stream-limits:0'>{limits}</limits>"));
        send(&mut peer, &"x".repeat(100_000)).unwrap();
    }
}

#[test]
fn the_server_is_told_whether_the_page_is_hidden() {
    let mut peer = online(CSI);
    peer.input(HIDDEN);
    peer.input(HIDDEN);
    assert_eq!(peer.take_frames(), ["<inactive xmlns='urn:xmpp:csi:0'/>"]);
    peer.input(VISIBLE);
    let frames = peer.take_frames();
    // Coming back is a moment to look whether the connection lived on.
    assert!(frames.contains(&"<active xmlns='urn:xmpp:csi:0'/>".to_owned()) && frames.len() == 2, "{frames:?}");
}

#[test]
fn a_stream_begins_as_active_so_a_hidden_page_says_so_on_each() {
    // XEP-0352, section 5.1: also after a resumption.
    let mut peer = online(CSI);
    peer.input(HIDDEN);
    peer.clear();
    peer.input(CUT);
    peer.advance(1_000);
    peer.log_in(&format!("{USUAL_FEATURES}{CSI}"));
    peer.answer_roster("");
    let told = peer.take_frames().into_iter().filter(|frame| frame.contains("urn:xmpp:csi:0")).collect::<Vec<_>>();
    assert_eq!(told, ["<inactive xmlns='urn:xmpp:csi:0'/>"]);
}

#[test]
fn a_server_that_does_not_ask_is_not_told() {
    let mut peer = online("");
    peer.input(HIDDEN);
    assert!(peer.take_frames().is_empty());
}

#[test]
fn what_is_said_of_the_page_is_no_stanza_and_not_counted() {
    let mut peer = online(CSI);
    peer.input(HIDDEN);
    send(&mut peer, "Hi").unwrap();
    // Roster request, presence, message.
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert_eq!(peer.take_events("error"), Vec::<serde_json::Value>::new());
    assert_eq!(peer.take_events("delivery").pop().unwrap()["stage"], json!("acked"));
}
