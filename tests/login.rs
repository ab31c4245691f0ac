//! Logging in: mechanisms, SCRAM both ways, and all that a server may do wrong on the way (RFC 5802, RFC 6120 sections 6 and 7).

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use support::scram::Scram;
use support::{OWN_FULL, Peer, attribute, config};
use waxwing::proto::{Account, Code, Error, GivenCredentials, Hash, Input, Reply, Token};

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const CONNECT: Token = Token(1);

fn mechanisms(names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
    format!("<mechanisms xmlns='{SASL}'>{names}</mechanisms>")
}

fn connecting(names: &[&str]) -> Peer {
    connecting_with(config(), names)
}

fn connecting_with(config: waxwing::proto::Config, names: &[&str]) -> Peer {
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(&mechanisms(names));
    peer
}

/// The content of the last frame, decoded.
fn last_payload(peer: &mut Peer) -> String {
    let frame = peer.take_frames().pop().expect("a frame");
    let start = frame.find('>').unwrap() + 1;
    let end = frame.find("</").unwrap_or_else(|| panic!("no payload in {frame}"));
    String::from_utf8(BASE64.decode(&frame[start..end]).unwrap()).unwrap()
}

fn say(peer: &mut Peer, name: &str, payload: &str) {
    peer.receive(&format!("<{name} xmlns='{SASL}'>{}</{name}>", BASE64.encode(payload)));
}

/// Reads the client's first message and answers it.
fn challenge(server: &mut Scram, peer: &mut Peer) {
    let first = last_payload(peer);
    say(peer, "challenge", &server.challenge(&first));
}

/// Checks the client's proof and returns the server's signature.
fn verify(server: &Scram, peer: &mut Peer) -> String {
    server.verify(&last_payload(peer))
}

fn failure(peer: &mut Peer) -> Error {
    match peer.outcome(CONNECT) {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The login failed, nothing more was sent but the end of the stream, and the client is offline.
fn assert_refused(peer: &mut Peer, condition: &str) {
    let error = failure(peer);
    assert_eq!((error.code, error.condition.as_deref()), (Code::AuthFailed, Some(condition)), "{error:?}");
    assert_eq!(peer.session.state().as_str(), "offline");
    assert_eq!(peer.take_frames(), ["<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"]);
    // RFC 7395, section 3.6: the socket stays open for the server's answer.
    assert_eq!(peer.closed, 0);
    peer.receive("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    assert_eq!((peer.closed, peer.session.poll_timeout()), (1, None));
}

#[test]
fn every_scram_mechanism_logs_in_and_the_strongest_is_taken() {
    let all = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS"];
    for (hash, name, offered) in [
        (Hash::Sha512, "SCRAM-SHA-512", &all[..]),
        (Hash::Sha256, "SCRAM-SHA-256", &["SCRAM-SHA-1", "SCRAM-SHA-256"]),
        (Hash::Sha1, "SCRAM-SHA-1", &["PLAIN", "SCRAM-SHA-1"]),
    ] {
        let mut peer = connecting(offered);
        let auth = peer.take_frames().pop().unwrap();
        assert_eq!(attribute(&auth, "mechanism"), name);
        peer = connecting(offered);
        let mut server = Scram::new(hash);
        challenge(&mut server, &mut peer);
        let signature = verify(&server, &mut peer);
        say(&mut peer, "success", &signature);
        peer.bind("");
        peer.answer_roster("");
        assert_eq!(peer.outcome(CONNECT), Some(Ok(Reply::Done)));
        assert_eq!(peer.session.jid(), Some(OWN_FULL));
    }
}

#[test]
fn the_signature_may_come_as_a_challenge_of_its_own() {
    let mut peer = connecting(&["SCRAM-SHA-256"]);
    let mut server = Scram::new(Hash::Sha256);
    challenge(&mut server, &mut peer);
    let signature = verify(&server, &mut peer);
    say(&mut peer, "challenge", &signature);
    assert_eq!(peer.take_frames(), [format!("<response xmlns='{SASL}'/>")]);
    peer.receive(&format!("<success xmlns='{SASL}'/>"));
    peer.bind("");
    assert!(peer.session.jid().is_some());
}

#[test]
fn a_server_that_does_not_know_the_password_is_not_believed() {
    // RFC 5802, section 5.1: the client authenticates the server.
    let mut peer = connecting(&["SCRAM-SHA-256"]);
    let mut server = Scram::new(Hash::Sha256);
    challenge(&mut server, &mut peer);
    verify(&server, &mut peer);
    say(&mut peer, "success", &format!("v={}", BASE64.encode([0; 32])));
    assert_refused(&mut peer, "signature-mismatch");
}

#[test]
fn success_without_a_signature_is_not_believed() {
    let mut peer = connecting(&["SCRAM-SHA-256"]);
    let mut server = Scram::new(Hash::Sha256);
    challenge(&mut server, &mut peer);
    verify(&server, &mut peer);
    peer.receive(&format!("<success xmlns='{SASL}'/>"));
    assert_refused(&mut peer, "signature-missing");
    let mut peer = connecting(&["SCRAM-SHA-256"]);
    peer.clear();
    peer.receive(&format!("<success xmlns='{SASL}'/>"));
    assert_eq!(failure(&mut peer).code, Code::AuthFailed);
}

#[test]
fn a_nonce_that_does_not_continue_ours_ends_the_login() {
    let mut peer = connecting(&["SCRAM-SHA-256"]);
    peer.clear();
    say(&mut peer, "challenge", &format!("r=somebody-elses,s={},i=4096", BASE64.encode("salt")));
    assert_refused(&mut peer, "nonce-mismatch");
}

#[test]
fn one_iteration_and_a_billion_are_refused_before_any_work() {
    for (iterations, condition) in
        [(1, "iterations-too-low"), (4_095, "iterations-too-low"), (1_000_000_000, "iterations-too-high")]
    {
        let mut peer = connecting(&["SCRAM-SHA-1"]);
        peer.answers_keys = false;
        let mut server = Scram::new(Hash::Sha1);
        server.iterations = iterations;
        challenge(&mut server, &mut peer);
        assert!(peer.keys.is_empty());
        assert_refused(&mut peer, condition);
    }
}

#[test]
fn a_challenge_that_is_not_base64_ends_the_login() {
    let mut peer = connecting(&["SCRAM-SHA-1"]);
    peer.clear();
    peer.receive(&format!("<challenge xmlns='{SASL}'>***</challenge>"));
    assert_refused(&mut peer, "malformed-message");
}

#[test]
fn every_failure_of_rfc_6120_is_told_by_its_name() {
    let conditions = [
        "aborted",
        "account-disabled",
        "credentials-expired",
        "encryption-required",
        "incorrect-encoding",
        "invalid-authzid",
        "invalid-mechanism",
        "malformed-request",
        "mechanism-too-weak",
        "not-authorized",
        "temporary-auth-failure",
    ];
    for condition in conditions {
        let mut peer = connecting(&["SCRAM-SHA-1"]);
        peer.clear();
        peer.receive(&format!("<failure xmlns='{SASL}'><{condition}/><text xml:lang='en'>No.</text></failure>"));
        let error = failure(&mut peer);
        assert_eq!(
            (error.code, error.condition.as_deref(), error.text.as_deref()),
            (Code::AuthFailed, Some(condition), Some("No."))
        );
    }
}

#[test]
fn plain_carries_the_password_over_tls_only() {
    let mut peer = connecting(&["PLAIN"]);
    assert_eq!(last_payload(&mut peer), "\0romeo\0s3cret");
    let mut config = config();
    config.url = Some("ws://example.net/ws".to_owned());
    config.allow_insecure = true;
    let mut peer = connecting_with(config, &["PLAIN"]);
    let error = failure(&mut peer);
    assert_eq!((error.code, error.condition.as_deref()), (Code::Insecure, Some("plain-insecure")));
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("<auth")));
}

#[test]
fn plain_is_never_tried_after_scram() {
    let mut peer = connecting(&["SCRAM-SHA-1", "PLAIN"]);
    peer.receive(&format!("<failure xmlns='{SASL}'><not-authorized/></failure>"));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("not-authorized"));
    peer.clear();
    // The same client again, and the server, or whoever plays it, offers only PLAIN now.
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(&mechanisms(&["PLAIN"]));
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("downgrade-refused"));
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("<auth")));
}

#[test]
fn a_host_alone_logs_in_anonymously() {
    let mut config = config();
    config.account = Account::parse("anon.example.net", None).unwrap();
    let mut peer = connecting_with(config, &["ANONYMOUS", "PLAIN"]);
    assert_eq!(peer.take_frames().pop().unwrap(), format!("<auth xmlns='{SASL}' mechanism='ANONYMOUS'>=</auth>"));
    peer.receive(&format!("<success xmlns='{SASL}'/>"));
    peer.bind("");
    assert!(peer.session.jid().is_some());
}

#[test]
fn no_mechanism_in_common_says_what_was_offered() {
    let mut peer = connecting(&["GSSAPI", "X-WHAT"]);
    let error = failure(&mut peer);
    assert_eq!(error.condition.as_deref(), Some("no-common-mechanism"));
    assert!(error.message.contains("GSSAPI") && error.message.contains("X-WHAT"), "{}", error.message);
}

#[test]
fn credentials_are_asked_for_when_the_mechanisms_are_known() {
    let mut config = config();
    config.password = None;
    config.asks_credentials = true;
    let mut peer = connecting_with(config.clone(), &["PLAIN"]);
    let (id, offered) = peer.asked.pop().unwrap();
    assert_eq!(offered, ["PLAIN"]);
    // A late answer to another question changes nothing.
    peer.input(Input::Credentials { id: id.wrapping_add(1), given: Ok(GivenCredentials::Password("wrong".to_owned())) });
    peer.input(Input::Credentials { id, given: Ok(GivenCredentials::Password("s3cret".to_owned())) });
    assert_eq!(last_payload(&mut peer), "\0romeo\0s3cret");
    let mut peer = connecting_with(config, &["PLAIN"]);
    let (id, _) = peer.asked.pop().unwrap();
    peer.input(Input::Credentials { id, given: Err("the user left".to_owned()) });
    let error = failure(&mut peer);
    assert_eq!(error.code, Code::AuthFailed);
    assert!(error.message.contains("the user left"));
}

#[test]
fn no_password_at_all_is_said_in_words() {
    let mut config = config();
    config.password = None;
    let mut peer = connecting_with(config, &["PLAIN"]);
    let error = failure(&mut peer);
    assert_eq!(error.condition.as_deref(), Some("no-credentials"));
    assert!(error.remediation.is_some());
}

#[test]
fn a_socket_without_the_subprotocol_is_not_xmpp() {
    // RFC 7395, section 3.1.
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, CONNECT);
    peer.input(Input::SocketOpened { has_subprotocol: false });
    assert_eq!(failure(&mut peer).code, Code::ConnectionFailed);
    assert!(peer.take_frames().is_empty());
}

#[test]
fn a_server_without_xmpp_1_0_is_refused() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, CONNECT);
    peer.input(Input::SocketOpened { has_subprotocol: true });
    peer.receive("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.net' id='s1' version='0.9'/>");
    assert_eq!(failure(&mut peer).condition.as_deref(), Some("unsupported-version"));
}

#[test]
fn each_step_has_the_connect_deadline_and_says_what_it_waited_for() {
    let step = |advance: &dyn Fn(&mut Peer), waits_for: &str| {
        let mut peer = Peer::new(config());
        peer.session.connect(peer.now, CONNECT);
        peer.drain();
        advance(&mut peer);
        peer.advance(30_000);
        let error = failure(&mut peer);
        assert_eq!(error.code, Code::Timeout);
        assert!(error.message.contains(waits_for), "{}", error.message);
        assert_eq!(peer.session.state().as_str(), "offline");
        peer.advance(5_000);
        assert_eq!(peer.closed, 1);
        assert_eq!(peer.session.poll_timeout(), None);
    };
    step(&|_| {}, "WebSocket");
    step(&|peer| peer.input(Input::SocketOpened { has_subprotocol: true }), "<open/>");
    step(&|peer| peer.open(&mechanisms(&["SCRAM-SHA-1"])), "login");
    step(
        &|peer| {
            peer.open(&mechanisms(&["PLAIN"]));
            peer.receive(&format!("<success xmlns='{SASL}'/>"));
            peer.restart("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
        },
        "resource binding",
    );
    step(
        &|peer| {
            peer.answers_keys = false;
            peer.open(&mechanisms(&["SCRAM-SHA-1"]));
            challenge(&mut Scram::new(Hash::Sha1), peer);
        },
        "key derivation",
    );
}

#[test]
fn a_session_of_rfc_3921_is_made_only_where_the_server_insists() {
    let to_bind = |features: &str| {
        let mut peer = connecting(&["PLAIN"]);
        peer.receive(&format!("<success xmlns='{SASL}'/>"));
        peer.bind(features);
        peer
    };
    let mut peer = to_bind("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>");
    assert_eq!(peer.session.jid(), None);
    let request = peer.take_frames().pop().unwrap();
    assert!(request.contains("urn:ietf:params:xml:ns:xmpp-session"));
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{}'/>", attribute(&request, "id")));
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
    let peer = to_bind("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>");
    assert_eq!(peer.session.jid(), Some(OWN_FULL));
}

#[test]
fn a_refused_resource_is_told_with_the_servers_own_error() {
    let mut peer = connecting(&["PLAIN"]);
    peer.receive(&format!("<success xmlns='{SASL}'/>"));
    peer.restart("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    let request = peer.take_frames().pop().unwrap();
    assert!(request.contains("<resource>balcony</resource>"), "{request}");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{}'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        attribute(&request, "id")
    ));
    let error = failure(&mut peer);
    assert_eq!(error.cause.as_ref().unwrap().code, Code::StanzaError);
}

#[test]
fn elements_out_of_turn_end_the_attempt() {
    for frame in [
        "<message xmlns='jabber:client' from='a@b'><body>too early</body></message>",
        "<enabled xmlns='urn:xmpp:sm:3'/>",
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ] {
        let mut peer = connecting(&["PLAIN"]);
        peer.receive(frame);
        assert_eq!(failure(&mut peer).code, Code::ProtocolError, "{frame}");
        assert!(peer.take_events("message").is_empty());
    }
}

#[test]
fn secrets_never_show_in_stanza_events_or_errors() {
    let mut peer = Peer::new(config());
    peer.session.report_stanzas(true);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(&mechanisms(&["PLAIN"]));
    let secret = BASE64.encode("\0romeo\0s3cret");
    let auth = peer.take_frames().pop().unwrap();
    assert!(auth.contains(&secret));
    peer.receive(&format!("<failure xmlns='{SASL}'><not-authorized/></failure>"));
    let error = failure(&mut peer);
    let events = serde_json::to_string(&peer.take_all_events()).unwrap();
    assert!(events.contains("(hidden)"), "{events}");
    for text in [events, format!("{error:?}"), serde_json::to_string(&error).unwrap()] {
        assert!(!text.contains("s3cret") && !text.contains(&secret), "{text}");
    }
}
