//! Logging in with SASL2 (XEP-0388), and what goes along with it: Bind 2 (XEP-0386), stream management and resumption (XEP-0198, section 9),
//! upgrades (XEP-0480), the way back to the older dialect.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use support::scram::Scram;
use support::{Peer, attribute, config};
use waxwing::proto::{Code, Config, Error, GivenCredentials, Hash, Input, MessageOptions, Reconnect, Reply, Token, derive_key};

const SASL2: &str = "urn:xmpp:sasl:2";
const CONNECT: Token = Token(1);
const JID: &str = "romeo@example.net/Waxwing~1";
const BIND: &str =
    "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/><feature var='urn:xmpp:carbons:2'/></inline></bind>";
const SM: &str = "<sm xmlns='urn:xmpp:sm:3'/>";
const ENABLED: &str = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='1' max='600'/>";
const LATE: &str =
    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/><ver xmlns='urn:xmpp:features:rosterver'/>";
const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };

/// What a server says that it offers.
fn offer(mechanisms: &[&str], inline: &str) -> String {
    let names: String = mechanisms.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
    format!("<authentication xmlns='{SASL2}'>{names}<inline>{inline}</inline></authentication>")
}

/// Like the usual one, but the server chooses the resource.
fn any_resource() -> Config {
    let mut config = config();
    config.account.resource = None;
    config.reconnect = Some(Reconnect { min_delay_ms: 1_000, max_delay_ms: 1_000, max_attempts: None });
    config
}

fn connecting(config: Config, features: &str) -> Peer {
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(features);
    peer
}

fn last_frame(peer: &mut Peer) -> String {
    peer.take_frames().pop().expect("a frame")
}

/// What is inside an element, decoded.
fn payload(frame: &str, element: &str) -> Vec<u8> {
    let start = frame.find(&format!("<{element}")).unwrap_or_else(|| panic!("no {element} in {frame}"));
    let start = start + frame[start..].find('>').unwrap() + 1;
    let length = frame[start..].find("</").unwrap();
    BASE64.decode(&frame[start..start + length]).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// What the build with carbons switches on along with the binding (XEP-0280).
const CARBONS: &str = if cfg!(feature = "carbons") { "<enable xmlns='urn:xmpp:carbons:2'/>" } else { "" };

fn success(inner: &str, jid: &str) -> String {
    format!("<success xmlns='{SASL2}'>{inner}<authorization-identifier>{jid}</authorization-identifier></success>")
}

fn features(inner: &str) -> String {
    format!("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:features>")
}

fn bound(inner: &str) -> String {
    format!("<bound xmlns='urn:xmpp:bind:0'>{inner}</bound>")
}

fn failure(peer: &mut Peer) -> Error {
    match peer.outcome(CONNECT) {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Online by PLAIN and Bind 2, in a session that the server keeps.
fn online() -> Peer {
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive(&features(LATE));
    peer.answer_roster("");
    assert_eq!(peer.outcome(CONNECT), Some(Ok(Reply::Done)));
    peer.clear();
    peer
}

fn send(peer: &mut Peer, token: u32, body: &str) {
    let options =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some(body.to_owned()), ..MessageOptions::default() };
    peer.session.send_message(peer.now, Token(token), options).unwrap();
}

#[test]
fn plain_and_bind_2_bring_a_client_online_in_one_round_trip_and_the_roster() {
    // XEP-0388, section 2.3; XEP-0386, section 3.2; XEP-0198, section 9.1.
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    let frames = peer.take_frames();
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert_eq!(
        frames[0],
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='romeo@example.net' to='example.net' version='1.0'/>"
    );
    let id = attribute(&frames[1], "id");
    assert_eq!(
        frames[1],
        format!(
            "<authenticate xmlns='{SASL2}' mechanism='PLAIN'><initial-response>AHJvbWVvAHMzY3JldA==</initial-response>\
             <user-agent id='{id}'><software>Waxwing</software></user-agent><bind xmlns='urn:xmpp:bind:0'><tag>Waxwing</tag>\
             <enable xmlns='urn:xmpp:sm:3' resume='true'/>{CARBONS}</bind></authenticate>"
        )
    );
    peer.receive(&success(&bound(ENABLED), JID));
    assert!(peer.take_frames().is_empty());
    peer.receive(&features(LATE));
    assert_eq!(peer.session.jid(), Some(JID));
    // What the features behind the login say counts: this server keeps versions of the roster. What they still list was done already.
    let frames = peer.take_core_frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert!(frames[0].contains("<query xmlns='jabber:iq:roster' ver=''/>"), "{frames:?}");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{}'><query xmlns='jabber:iq:roster'/></iq>",
        attribute(&frames[0], "id")
    ));
    assert_eq!(peer.outcome(CONNECT), Some(Ok(Reply::Done)));
    // XEP-0198, section 4: the roster request, the first presence and the message are what was sent since.
    send(&mut peer, 2, "counted");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    assert!(peer.take_events("error").is_empty());
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>hi</body></message>");
    peer.clear();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='2'/>"]);
}

#[test]
fn scram_takes_two_round_trips_and_its_signature_is_checked() {
    let mut peer = connecting(any_resource(), &offer(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1"], BIND));
    let mut server = Scram::new(Hash::Sha256);
    let frame = last_frame(&mut peer);
    assert_eq!(attribute(&frame, "mechanism"), "SCRAM-SHA-256");
    let challenge = server.challenge(&text(payload(&frame, "initial-response")));
    // XEP-0388, section 2.2, has no white space in base64; its own examples put it around.
    peer.receive(&format!("<challenge xmlns='{SASL2}'>\n  {}\n</challenge>", BASE64.encode(challenge)));
    let signature = server.verify(&text(payload(&last_frame(&mut peer), "response")));
    let additional = |text: &str| format!("<additional-data>{}</additional-data>{}", BASE64.encode(text), bound(ENABLED));
    peer.receive(&success(&additional(&signature), JID));
    peer.receive(&features(LATE));
    assert_eq!(peer.session.jid(), Some(JID));
}

#[test]
fn success_without_the_servers_proof_binds_nothing_and_keeps_no_token() {
    // RFC 5802, section 5; XEP-0388, section 2.6.1.
    for additional in ["", "<additional-data/>", "<additional-data>dj1BQUFB</additional-data>"] {
        let mut peer = connecting(any_resource(), &offer(&["SCRAM-SHA-256"], BIND));
        let mut server = Scram::new(Hash::Sha256);
        let challenge = server.challenge(&text(payload(&last_frame(&mut peer), "initial-response")));
        peer.receive(&format!("<challenge xmlns='{SASL2}'>{}</challenge>", BASE64.encode(challenge)));
        peer.receive(&success(&format!("{additional}{}", bound(ENABLED)), JID));
        let error = failure(&mut peer);
        assert!(matches!(error.condition.as_deref(), Some("signature-missing" | "signature-mismatch")), "{error:?}");
        assert_eq!((peer.session.jid(), peer.session.state().as_str()), (None, "offline"));
    }
}

#[test]
fn a_server_without_bind_2_is_bound_in_the_old_way_without_a_new_stream() {
    // XEP-0388, section 2.6.1: no stream restart occurs.
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], ""));
    let frame = last_frame(&mut peer);
    assert!(!frame.contains("<bind"), "{frame}");
    peer.receive(&success("", "romeo@example.net"));
    assert!(peer.take_frames().is_empty());
    peer.receive(&features(LATE));
    let frame = last_frame(&mut peer);
    assert!(frame.contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"), "{frame}");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{JID}</jid></bind></iq>",
        attribute(&frame, "id")
    ));
    assert_eq!(peer.session.jid(), Some(JID));
    let frames = peer.take_frames();
    assert_eq!(frames.iter().filter(|frame| frame.starts_with("<enable ")).count(), 1, "{frames:?}");
}

#[test]
fn a_resource_that_the_app_wants_is_asked_for_in_the_old_way() {
    // XEP-0386 has no way to ask for one.
    let mut peer = connecting(config(), &offer(&["PLAIN"], BIND));
    assert!(!last_frame(&mut peer).contains("<bind"));
    peer.receive(&success("", "romeo@example.net"));
    peer.receive(&features(LATE));
    assert!(last_frame(&mut peer).contains("<resource>balcony</resource>"));
}

#[test]
fn a_binding_that_failed_or_was_forgotten_is_made_in_the_old_way() {
    for inner in ["", "<failed xmlns='urn:xmpp:bind:0'/>"] {
        let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
        peer.clear();
        peer.receive(&success(inner, "romeo@example.net"));
        peer.receive(&features(LATE));
        assert!(last_frame(&mut peer).contains("xmpp-bind"));
    }
}

#[test]
fn a_binding_that_does_not_say_its_jid_ends_the_attempt() {
    // XEP-0386, section 3.2: the authorization identifier is the full JID.
    for jid in ["romeo@example.net", "", "@"] {
        let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
        peer.receive(&success(&bound(""), jid));
        assert_eq!(failure(&mut peer).code, Code::ProtocolError, "{jid}");
    }
}

#[test]
fn stream_management_that_was_refused_along_with_the_binding_is_not_asked_for_again() {
    // XEP-0198, section 9.1.1.
    for answer in ["<failed xmlns='urn:xmpp:sm:3'/>", ""] {
        let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
        peer.receive(&success(&bound(answer), JID));
        peer.receive(&features(LATE));
        peer.answer_roster("");
        assert!(peer.take_frames().iter().all(|frame| !frame.starts_with("<enable ")));
        // A ping behind the message takes its place.
        send(&mut peer, 2, "hi");
        assert!(last_frame(&mut peer).contains("urn:xmpp:ping"));
    }
}

#[test]
fn stream_management_that_cannot_go_along_with_the_binding_is_asked_for_behind_it() {
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], "<bind xmlns='urn:xmpp:bind:0'/>"));
    assert!(last_frame(&mut peer).contains("<bind xmlns='urn:xmpp:bind:0'><tag>Waxwing</tag></bind>"));
    peer.receive(&success(&bound(""), JID));
    peer.receive(&features(LATE));
    let frames = peer.take_frames();
    assert_eq!(frames.iter().filter(|frame| frame.starts_with("<enable ")).count(), 1, "{frames:?}");
}

#[test]
fn a_stanza_that_comes_before_the_late_features_is_counted_and_read() {
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive("<message xmlns='jabber:client' from='juliet@example.com/x'><body>early</body></message>");
    assert_eq!(peer.take_events("message").len(), 1);
    peer.receive(&features(LATE));
    peer.answer_roster("");
    peer.clear();
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    // The message and the roster.
    assert_eq!(peer.take_frames(), ["<a xmlns='urn:xmpp:sm:3' h='2'/>"]);
}

/// The connection is lost and made again. Returns the frames from `<open/>` on.
fn cut_and_open(peer: &mut Peer, features: &str) -> Vec<String> {
    peer.input(CUT);
    peer.advance(1_000);
    peer.take_frames();
    peer.open(features);
    peer.take_frames()
}

#[test]
fn a_lost_session_is_resumed_along_with_the_login() {
    // XEP-0198, section 9.2.
    let mut peer = online();
    send(&mut peer, 2, "arrived");
    send(&mut peer, 3, "lost");
    let frames = cut_and_open(&mut peer, &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    let authenticate = frames.last().unwrap();
    let wanted = format!(
        "<resume xmlns='urn:xmpp:sm:3' h='1' previd='sm-1'/><bind xmlns='urn:xmpp:bind:0'><tag>Waxwing</tag>\
         <enable xmlns='urn:xmpp:sm:3' resume='true'/>{CARBONS}</bind>"
    );
    assert!(authenticate.contains(&wanted), "{authenticate}");
    peer.receive(&success("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>", JID));
    let state = peer.take_events("state").pop().unwrap();
    assert_eq!((state["current"].as_str(), state["resumed"].as_bool()), (Some("online"), Some(true)));
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    let frames = peer.take_frames();
    assert!(frames[0].contains("lost") && frames.iter().all(|frame| !frame.starts_with("<enable ")), "{frames:?}");
    // No features are due now; a server that sends them all the same changes nothing but what they say.
    peer.receive(&features(LATE));
    assert!(peer.take_frames().is_empty() && peer.take_events("error").is_empty());
}

#[test]
fn a_resumed_session_has_what_it_was_offered_and_not_what_strangers_are() {
    // XEP-0198, section 9.2: no features follow. XEP-0478: the limits of a stream change with the login.
    let strangers = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1000</max-bytes></limits>";
    let own = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>9000</max-bytes></limits>";
    let offer = format!("{}{strangers}", offer(&["PLAIN"], &format!("{BIND}{SM}")));
    let mut peer = connecting(any_resource(), &offer);
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive(&features(&format!("{LATE}{own}<sub xmlns='urn:xmpp:features:pre-approval'/>")));
    peer.answer_roster("");
    peer.input(CUT);
    send(&mut peer, 2, &"x".repeat(5_000));
    peer.advance(1_000);
    peer.open(&offer);
    peer.receive(&success("<resumed xmlns='urn:xmpp:sm:3' h='2' previd='sm-1'/>", JID));
    assert!(peer.take_frames().iter().any(|frame| frame.len() > 5_000));
    let too_long =
        MessageOptions { to: "juliet@example.com".to_owned(), body: Some("x".repeat(10_000)), ..MessageOptions::default() };
    assert_eq!(peer.session.send_message(peer.now, Token(3), too_long).unwrap_err().code, Code::LimitExceeded);
    peer.session.approve(peer.now, "juliet@example.com").unwrap();
    assert!(last_frame(&mut peer).contains("type='subscribed'"));
}

#[cfg(feature = "archive")]
#[test]
fn a_session_that_is_gone_is_replaced_in_the_same_round_trip() {
    // XEP-0198, section 9.2.1: <failed/>, and the binding goes on.
    let mut peer = online();
    send(&mut peer, 2, "arrived");
    send(&mut peer, 3, "nobody knows");
    cut_and_open(&mut peer, &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    let failed = "<failed xmlns='urn:xmpp:sm:3' h='3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
    peer.receive(&success(&format!("{failed}{}", bound("<enabled xmlns='urn:xmpp:sm:3' id='sm-2' resume='true'/>")), JID));
    assert!(matches!(peer.outcome(Token(2)), Some(Ok(_))));
    assert_eq!(peer.outcome(Token(3)), None);
    peer.receive(&features(LATE));
    peer.answer_roster("");
    assert_eq!(peer.session.state().as_str(), "online");
    peer.refuse_archive();
    assert!(matches!(peer.outcome(Token(3)), Some(Err(error)) if error.code == Code::DeliveryUnknown));
    // The counts are those of the new session: roster, first presence, three questions to the archive, the message.
    peer.clear();
    send(&mut peer, 4, "new");
    peer.receive("<a xmlns='urn:xmpp:sm:3' h='6'/>");
    assert!(matches!(peer.outcome(Token(4)), Some(Ok(_))));
    let frames = cut_and_open(&mut peer, &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    assert!(frames.last().unwrap().contains("h='3' previd='sm-2'"), "{frames:?}");
}

#[test]
fn a_server_that_cannot_resume_along_with_the_login_is_asked_behind_it() {
    let mut peer = online();
    let frames = cut_and_open(&mut peer, &offer(&["PLAIN"], BIND));
    let authenticate = frames.last().unwrap();
    assert!(!authenticate.contains("<resume") && !authenticate.contains("<bind"), "{authenticate}");
    peer.receive(&success("", "romeo@example.net"));
    peer.receive(&features(LATE));
    assert_eq!(peer.take_frames(), ["<resume xmlns='urn:xmpp:sm:3' h='1' previd='sm-1'/>"]);
    peer.receive("<resumed xmlns='urn:xmpp:sm:3' h='2' previd='sm-1'/>");
    assert_eq!(peer.session.state().as_str(), "online");
}

#[test]
fn another_session_than_the_one_asked_for_is_not_taken() {
    let mut peer = online();
    cut_and_open(&mut peer, &offer(&["PLAIN"], &format!("{BIND}{SM}")));
    peer.receive(&success("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='sm-9'/>", JID));
    assert_eq!(peer.session.state().as_str(), "waiting");
}

#[test]
fn what_nobody_asked_for_is_not_looked_at() {
    let mut peer = connecting(config(), &offer(&["PLAIN"], BIND));
    peer.receive(&success(&format!("{}<resumed xmlns='urn:xmpp:sm:3' h='0' previd=''/>", bound("")), JID));
    assert_eq!((peer.session.jid(), peer.session.state().as_str()), (None, "connecting"));
}

#[test]
fn the_users_id_is_the_same_at_every_login() {
    // XEP-0388, section 2.3.
    let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
    let first = attribute(&last_frame(&mut peer), "id");
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive(&features(LATE));
    peer.answer_roster("");
    let frames = cut_and_open(&mut peer, &offer(&["PLAIN"], BIND));
    assert_eq!(attribute(frames.last().unwrap(), "id"), first);
    let parts: Vec<usize> = first.split('-').map(str::len).collect();
    assert_eq!((parts, first.as_bytes()[14]), (vec![8, 4, 4, 4, 12], b'4'));
}

#[test]
fn sasl2_is_not_spoken_in_the_clear() {
    // XEP-0388, section 3; XEP-0484, section 6.
    let mut config = any_resource();
    config.url = Some("ws://example.net/ws".to_owned());
    config.allow_insecure = true;
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>";
    let mut peer = connecting(config, &format!("{}{classic}", offer(&["SCRAM-SHA-1"], BIND)));
    let frames = peer.take_frames();
    assert!(!frames[0].contains(" from=") && frames[1].starts_with("<auth "), "{frames:?}");
}

#[test]
fn the_old_dialect_is_spoken_where_the_new_one_has_nothing_to_offer() {
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>";
    let mut peer = connecting(any_resource(), &format!("{}{classic}", offer(&["GSSAPI"], BIND)));
    assert!(last_frame(&mut peer).starts_with("<auth "));
    let mut peer = connecting(any_resource(), &offer(&["GSSAPI"], BIND));
    let error = failure(&mut peer);
    assert!(error.condition.as_deref() == Some("no-common-mechanism") && error.message.contains("GSSAPI"), "{error:?}");
}

#[test]
fn a_server_that_refuses_the_new_dialect_is_spoken_to_in_the_old_one() {
    // XEP-0388, section 2.6: a failure leaves the stream as it was.
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>";
    for condition in ["invalid-mechanism", "malformed-request", "mechanism-too-weak"] {
        let mut peer = connecting(any_resource(), &format!("{}{classic}", offer(&["SCRAM-SHA-256"], BIND)));
        peer.clear();
        peer.receive(&format!("<failure xmlns='{SASL2}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"));
        let frames = peer.take_frames();
        assert!(frames.len() == 1 && frames[0].starts_with("<auth "), "{frames:?}");
        // And only once.
        peer.receive(&format!("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>"));
        assert_eq!(failure(&mut peer).condition.as_deref(), Some(condition));
    }
}

#[test]
fn a_refused_password_is_not_tried_again_in_the_old_dialect() {
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
    let mut peer = connecting(any_resource(), &format!("{}{classic}", offer(&["PLAIN"], BIND)));
    peer.clear();
    peer.receive(&format!(
        "<failure xmlns='{SASL2}'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text>No.</text></failure>"
    ));
    let error = failure(&mut peer);
    assert_eq!((error.condition.as_deref(), error.text.as_deref()), (Some("not-authorized"), Some("No.")));
    assert_eq!(peer.take_frames(), ["<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"]);
}

#[test]
fn what_is_final_stops_reconnection_and_what_is_temporary_does_not() {
    for (condition, state) in
        [("account-disabled", "offline"), ("not-authorized", "offline"), ("temporary-auth-failure", "waiting")]
    {
        let mut peer = online();
        cut_and_open(&mut peer, &offer(&["PLAIN"], &format!("{BIND}{SM}")));
        peer.receive(&format!("<failure xmlns='{SASL2}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"));
        assert_eq!(peer.session.state().as_str(), state, "{condition}");
    }
}

#[test]
fn the_app_is_asked_once_with_what_both_dialects_offer() {
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms>";
    let mut config = any_resource();
    config.password = None;
    config.asks_credentials = true;
    let mut peer = connecting(config, &format!("{}{classic}", offer(&["SCRAM-SHA-256", "PLAIN"], BIND)));
    let (id, mechanisms) = peer.asked.pop().unwrap();
    assert_eq!(mechanisms, ["SCRAM-SHA-256", "PLAIN", "SCRAM-SHA-1"]);
    peer.input(Input::Credentials { id, given: Ok(GivenCredentials::Password("s3cret".to_owned())) });
    assert_eq!(attribute(&last_frame(&mut peer), "mechanism"), "SCRAM-SHA-256");
}

#[test]
fn answers_in_the_other_dialect_and_out_of_turn_end_the_login() {
    for frame in [
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned(),
        format!("<challenge xmlns='{SASL2}'/>"),
        format!("<task-data xmlns='{SASL2}'/>"),
        format!("<authenticate xmlns='{SASL2}'/>"),
    ] {
        let mut peer = connecting(any_resource(), &offer(&["PLAIN"], BIND));
        peer.receive(&frame);
        assert_eq!(failure(&mut peer).code, Code::AuthFailed, "{frame}");
    }
}

/// After a login with SCRAM-SHA-1, the server wants the stronger form.
fn upgrading() -> (Peer, Scram) {
    let offer = offer(&["SCRAM-SHA-1"], BIND).replace(
        "</authentication>",
        "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>\
         <upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-X</upgrade></authentication>",
    );
    let mut peer = connecting(any_resource(), &offer);
    let mut server = Scram::new(Hash::Sha1);
    let frame = last_frame(&mut peer);
    assert!(frame.contains("<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>"), "{frame}");
    assert!(!frame.contains("UPGR-X"));
    let challenge = server.challenge(&text(payload(&frame, "initial-response")));
    peer.receive(&format!("<challenge xmlns='{SASL2}'>{}</challenge>", BASE64.encode(challenge)));
    (peer, server)
}

fn tasks(signature: &str, tasks: &[&str]) -> String {
    let tasks: String = tasks.iter().map(|task| format!("<task>{task}</task>")).collect();
    let data = BASE64.encode(signature);
    format!("<continue xmlns='{SASL2}'><additional-data>{data}</additional-data><tasks>{tasks}</tasks></continue>")
}

#[test]
fn a_password_is_salted_anew_for_a_stronger_scram() {
    // XEP-0480, section 3, once the server has proved itself.
    let (mut peer, server) = upgrading();
    let signature = server.verify(&text(payload(&last_frame(&mut peer), "response")));
    peer.receive(&tasks(&signature, &["UPGR-SCRAM-SHA-256"]));
    assert_eq!(peer.take_frames(), [format!("<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-256'/>")]);
    peer.receive(&format!(
        "<task-data xmlns='{SASL2}'><salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>{}</salt></task-data>",
        BASE64.encode("other salt")
    ));
    let key = derive_key(&waxwing::proto::KeyRequest {
        hash: Hash::Sha256,
        password: b"s3cret".to_vec().into(),
        salt: b"other salt".to_vec(),
        iterations: 4096,
    });
    assert_eq!(
        peer.take_frames(),
        [format!("<task-data xmlns='{SASL2}'><hash xmlns='urn:xmpp:scram-upgrade:0'>{}</hash></task-data>", BASE64.encode(key))]
    );
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive(&features(LATE));
    assert_eq!(peer.session.jid(), Some(JID));
}

#[test]
fn a_server_that_has_not_proved_itself_gets_no_salted_password() {
    let (mut peer, _) = upgrading();
    peer.clear();
    peer.receive(&tasks("v=AAAA", &["UPGR-SCRAM-SHA-256"]));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("signature-mismatch"));
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("<next")));
}

#[test]
fn tasks_that_are_unknown_or_were_done_are_refused_with_an_abort() {
    // XEP-0388, sections 2.6.3 and 4.5.
    let (mut peer, server) = upgrading();
    let signature = server.verify(&text(payload(&last_frame(&mut peer), "response")));
    peer.receive(&tasks(&signature, &["TOTP", "UPGR-X"]));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("unsupported-task"));
    assert_eq!(peer.take_frames()[0], format!("<abort xmlns='{SASL2}'/>"));

    let (mut peer, server) = upgrading();
    let signature = server.verify(&text(payload(&last_frame(&mut peer), "response")));
    peer.receive(&tasks(&signature, &["UPGR-SCRAM-SHA-256"]));
    let salt = "<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>AAAA</salt>";
    peer.receive(&format!("<task-data xmlns='{SASL2}'>{salt}</task-data>"));
    peer.receive(&tasks("", &["UPGR-SCRAM-SHA-256"]));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("unsupported-task"));
}

#[test]
fn an_upgrade_has_the_bounds_of_a_login() {
    for (salt, condition) in [
        ("<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='1'>AAAA</salt>", "iterations-too-low"),
        ("<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='9999999'>AAAA</salt>", "iterations-too-high"),
        ("<salt xmlns='urn:xmpp:scram-upgrade:0' iterations=''>AAAA</salt>", "malformed-message"),
        ("<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'/>", "malformed-message"),
        ("<salt xmlns='urn:xmpp:scram-upgrade:0'>AAAA</salt>", "malformed-message"),
        ("", "malformed-message"),
    ] {
        let (mut peer, server) = upgrading();
        let signature = server.verify(&text(payload(&last_frame(&mut peer), "response")));
        peer.receive(&tasks(&signature, &["UPGR-SCRAM-SHA-256"]));
        peer.receive(&format!("<task-data xmlns='{SASL2}'>{salt}</task-data>"));
        assert_eq!(failure(&mut peer).condition.as_deref(), Some(condition), "{salt}");
    }
}

/// What the app answers when it is asked, and the login that comes of it.
fn logging_in_with(given: GivenCredentials, mechanisms: &[&str]) -> (Peer, String) {
    let mut config = any_resource();
    config.password = None;
    config.asks_credentials = true;
    let mut peer = connecting(config, &offer(mechanisms, BIND));
    let (id, _) = peer.asked.pop().unwrap();
    peer.input(Input::Credentials { id, given: Ok(given) });
    let frame = last_frame(&mut peer);
    (peer, frame)
}

#[test]
fn a_token_of_the_app_logs_in_by_oauthbearer() {
    // RFC 7628, section 3.1.
    let token = || GivenCredentials::Token("secret-token:abc".to_owned());
    let (mut peer, frame) = logging_in_with(token(), &["SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"]);
    assert_eq!(attribute(&frame, "mechanism"), "OAUTHBEARER");
    assert_eq!(text(payload(&frame, "initial-response")), "n,a=romeo@example.net,\u{1}auth=Bearer secret-token:abc\u{1}\u{1}");
    peer.receive(&success(&bound(ENABLED), JID));
    peer.receive(&features(LATE));
    assert_eq!(peer.session.jid(), Some(JID));

    // Section 3.2.3: the reasons of a refusal are acknowledged, and the failure follows.
    let (mut peer, _) = logging_in_with(token(), &["OAUTHBEARER"]);
    peer.receive(&format!("<challenge xmlns='{SASL2}'>{}</challenge>", BASE64.encode("{\"status\":\"invalid_token\"}")));
    assert_eq!(peer.take_frames(), [format!("<response xmlns='{SASL2}'>AQ==</response>")]);
    peer.receive(&format!("<failure xmlns='{SASL2}'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("not-authorized"));
}

#[test]
fn a_connection_that_speaks_for_itself_logs_in_by_external() {
    // RFC 4422, appendix A; XEP-0388, section 2.2: an initial response of no bytes.
    let (_, frame) = logging_in_with(GivenCredentials::External, &["SCRAM-SHA-256", "EXTERNAL"]);
    assert!(frame.contains(" mechanism='EXTERNAL'><initial-response/>"), "{frame}");
}

#[test]
fn a_list_of_mechanisms_that_was_changed_on_the_way_ends_the_login() {
    // XEP-0474, section 6.2: the list is that of SASL2, and that of the older dialect does not count.
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>X</mechanism></mechanisms>";
    // SHA-256 of "PLAIN", 0x1E, "SCRAM-SHA-256".
    let hash = ",h=Rgy1OtqF8B/re2ip4rVzs2herVHnECfKbsLqKQgUMgo=";
    for (mechanisms, is_good) in [(&["SCRAM-SHA-256", "PLAIN"][..], true), (&["SCRAM-SHA-256"], false)] {
        let mut peer = connecting(any_resource(), &format!("{}{classic}", offer(mechanisms, BIND)));
        let mut server = Scram::new(Hash::Sha256);
        server.extension = hash.to_owned();
        let challenge = server.challenge(&text(payload(&last_frame(&mut peer), "initial-response")));
        peer.receive(&format!("<challenge xmlns='{SASL2}'>{}</challenge>", BASE64.encode(challenge)));
        if is_good {
            server.verify(&text(payload(&last_frame(&mut peer), "response")));
        } else {
            assert_eq!(failure(&mut peer).condition.as_deref(), Some("downgrade-detected"));
            assert!(peer.take_frames().iter().all(|frame| !frame.contains("<response")));
        }
    }
}

#[test]
fn plain_is_not_spoken_once_scram_was_in_either_dialect() {
    // XEP-0474, section 7.
    let classic = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
    let mut peer = connecting(any_resource(), &offer(&["SCRAM-SHA-256"], BIND));
    peer.receive(&format!("<failure xmlns='{SASL2}'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"));
    failure(&mut peer);
    for features in [offer(&["PLAIN"], BIND), format!("{}{classic}", offer(&["PLAIN"], BIND)), classic.to_owned()] {
        peer.clear();
        peer.session.connect(peer.now, CONNECT);
        peer.drain();
        peer.open(&features);
        assert_eq!(failure(&mut peer).condition.as_deref(), Some("downgrade-refused"));
        assert!(peer.take_frames().iter().all(|frame| !frame.contains("PLAIN")));
    }
}

/// What a server may say that does not know the password, in any order.
fn impostor() -> Vec<String> {
    let salt = "<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>AAAA</salt>";
    let token = "<token xmlns='urn:xmpp:fast:0' token='secret-token:evil' expiry='2099-01-01T00:00:00Z'/>";
    let mut frames: Vec<String> = ["", "dj1BQUFB", "ZT1v", "cj14LHM9QUFBQSxpPTQwOTY=", "=", "*"]
        .iter()
        .flat_map(|data| {
            let additional = format!("<additional-data>{data}</additional-data>");
            [
                format!("<challenge xmlns='{SASL2}'>{data}</challenge>"),
                success(&format!("{additional}{}{token}", bound(ENABLED)), JID),
                format!("<continue xmlns='{SASL2}'>{additional}<tasks><task>UPGR-SCRAM-SHA-256</task></tasks></continue>"),
            ]
        })
        .collect();
    frames.extend([
        success(&bound(ENABLED), JID),
        success("<resumed xmlns='urn:xmpp:sm:3' h='0' previd='sm-1'/>", JID),
        format!("<task-data xmlns='{SASL2}'>{salt}</task-data>"),
        format!("<failure xmlns='{SASL2}'><invalid-mechanism xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"),
        features(LATE),
        features(&offer(&["PLAIN"], BIND)),
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned(),
        "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='sm-1'/>".to_owned(),
        "<message xmlns='jabber:client' from='juliet@example.com/x'><body>spoofed</body></message>".to_owned(),
    ]);
    frames
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_an_impostor_says_is_believed_or_answered_with_a_secret(
        frames in proptest::collection::vec(proptest::sample::select(impostor()), 1..8),
    ) {
        let offer = offer(&["SCRAM-SHA-1", "PLAIN"], BIND).replace(
            "</authentication>",
            "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade></authentication>",
        );
        let mut peer = connecting(any_resource(), &offer);
        for frame in &frames {
            peer.receive(frame);
        }
        prop_assert_eq!(peer.session.jid(), None);
        prop_assert!(peer.take_events("message").is_empty());
        let sent = peer.take_frames().concat();
        prop_assert!(!sent.contains("'PLAIN'") && !sent.contains("<next") && !sent.contains("<hash"), "{}", sent);
    }
}
