//! Logging in with a token of FAST (XEP-0484): asked for, used, rotated, refused, and never shown.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use support::{Peer, WALL_MS, attribute, config};
use waxwing::proto::{Config, Input, Reconnect, Reply, Token};

const SASL2: &str = "urn:xmpp:sasl:2";
const CONNECT: Token = Token(1);
const JID: &str = "romeo@example.net/Waxwing~1";
const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };
const TOKEN: &str = "secret-token:fast-1";
const OFFER: &str = "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline><bind xmlns='urn:xmpp:bind:0'/>\
    <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>";
const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const BOUND: &str = "<bound xmlns='urn:xmpp:bind:0'/>";

fn any_resource() -> Config {
    let mut config = config();
    config.account.resource = None;
    config.reconnect = Some(Reconnect { min_delay_ms: 1_000, max_delay_ms: 1_000, max_attempts: None });
    config
}

/// A password of the user for the first login, and none after that.
fn asking() -> Config {
    let mut config = any_resource();
    config.password = None;
    config.asks_credentials = true;
    config
}

fn hmac(token: &str, role: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(role.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

fn token(secret: &str, expiry: &str) -> String {
    format!("<token xmlns='urn:xmpp:fast:0' token='{secret}' expiry='{expiry}'/>")
}

fn success(inner: &str) -> String {
    format!("<success xmlns='{SASL2}'>{inner}<authorization-identifier>{JID}</authorization-identifier></success>")
}

/// Success with the server's proof.
fn proven(secret: &str, inner: &str) -> String {
    success(&format!("<additional-data>{}</additional-data>{BOUND}{inner}", hmac(secret, "Responder")))
}

fn failure(condition: &str) -> String {
    format!("<failure xmlns='{SASL2}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>")
}

fn last_frame(peer: &mut Peer) -> String {
    peer.take_frames().pop().expect("a frame")
}

fn finish(peer: &mut Peer) {
    peer.receive("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
    peer.answer_roster("");
    assert_eq!(peer.session.state().as_str(), "online");
}

fn connecting(config: Config) -> Peer {
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(OFFER);
    peer
}

/// Online by password, with a token in hand.
fn with_token_until(expiry: &str) -> Peer {
    let mut peer = connecting(any_resource());
    let authenticate = last_frame(&mut peer);
    assert!(authenticate.contains("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"), "{authenticate}");
    peer.receive(&success(&format!("{BOUND}{}", token(TOKEN, expiry))));
    finish(&mut peer);
    assert_eq!(peer.outcome(CONNECT), Some(Ok(Reply::Done)));
    peer.clear();
    peer
}

fn with_token() -> Peer {
    with_token_until("2099-01-01T00:00:00Z")
}

/// The connection is lost and made again. Returns what the client says to the offer.
fn again(peer: &mut Peer) -> String {
    peer.input(CUT);
    peer.advance(1_000);
    peer.open(OFFER);
    last_frame(peer)
}

/// The token that a login is made with, of these.
fn used(frame: &str, tokens: &[&str]) -> Option<usize> {
    if attribute(frame, "mechanism") != "HT-SHA-256-NONE" {
        return None;
    }
    let start = frame.find("<initial-response>").unwrap() + "<initial-response>".len();
    let length = frame[start..].find("</").unwrap();
    let response = BASE64.decode(&frame[start..start + length]).unwrap();
    let proof = BASE64.encode(response.strip_prefix(b"romeo\0").expect("the user and a proof"));
    tokens.iter().position(|token| hmac(token, "Initiator") == proof)
}

#[test]
fn a_token_logs_in_in_one_round_trip_and_nobody_is_asked_for_a_password() {
    // XEP-0484, section 3.4.
    let mut peer = connecting(asking());
    let (id, _) = peer.asked.pop().unwrap();
    peer.input(Input::Credentials { id, given: Ok(waxwing::proto::GivenCredentials::Password("s3cret".to_owned())) });
    peer.receive(&success(&format!("{BOUND}{}", token(TOKEN, "2099-01-01T00:00:00Z"))));
    finish(&mut peer);
    let authenticate = again(&mut peer);
    assert_eq!(used(&authenticate, &[TOKEN]), Some(0));
    assert!(authenticate.contains("<user-agent id='") && authenticate.contains("<fast xmlns='urn:xmpp:fast:0' count='1'/>"));
    assert!(!authenticate.contains("request-token"), "{authenticate}");
    peer.receive(&proven(TOKEN, ""));
    finish(&mut peer);
    assert!(peer.asked.is_empty());
}

#[test]
fn the_count_grows_with_every_attempt_whatever_becomes_of_it() {
    // XEP-0484, section 3.4.
    let mut peer = with_token();
    let mut counts = Vec::new();
    for _ in 0..4 {
        let frame = again(&mut peer);
        let fast = frame.find("<fast ").unwrap();
        counts.push(attribute(&frame[fast..], "count"));
    }
    assert_eq!(counts, ["1", "2", "3", "4"]);
}

#[test]
fn a_new_token_replaces_the_old_one_and_starts_a_new_count() {
    // XEP-0484, section 3.5.
    let mut peer = with_token();
    again(&mut peer);
    peer.receive(&proven(TOKEN, &token("secret-token:fast-2", "2099-01-01T00:00:00Z")));
    finish(&mut peer);
    let frame = again(&mut peer);
    assert_eq!(used(&frame, &[TOKEN, "secret-token:fast-2"]), Some(1));
    assert!(frame.contains("count='1'"));
}

#[test]
fn a_new_token_that_got_lost_leaves_the_old_one_in_use() {
    // XEP-0484, section 3.5: the server keeps the old one until the new one is used.
    let mut peer = with_token();
    again(&mut peer);
    let frame = again(&mut peer);
    assert_eq!(used(&frame, &[TOKEN]), Some(0));
}

#[test]
fn a_token_of_a_server_that_has_not_proved_itself_is_not_taken_and_the_old_one_is_spent() {
    // draft-schmaus-kitten-sasl-ht-09, section 3.3.
    for additional in [
        "".to_owned(),
        "<additional-data>AAAA</additional-data>".to_owned(),
        format!("<additional-data>{}</additional-data>", hmac(TOKEN, "Initiator")),
    ] {
        let mut peer = with_token();
        again(&mut peer);
        peer.receive(&success(&format!("{additional}{BOUND}{}", token("secret-token:evil", "2099-01-01T00:00:00Z"))));
        let error = peer.take_events("state").pop().unwrap();
        assert_eq!(error["current"], "offline");
        let condition = error["error"]["condition"].as_str().unwrap();
        assert!(condition == "signature-missing" || condition == "signature-mismatch", "{condition}");
        peer.session.connect(peer.now, CONNECT);
        peer.drain();
        peer.open(OFFER);
        assert_eq!(attribute(&last_frame(&mut peer), "mechanism"), "PLAIN");
    }
}

#[test]
fn a_refused_token_is_dropped_and_the_password_tried_on_the_same_connection() {
    // XEP-0484, sections 4.1 and 4.2. A count that somebody else has used up already is refused like that too.
    for condition in ["credentials-expired", "not-authorized", "malformed-request", "invalid-mechanism", "aborted"] {
        let mut peer = with_token();
        again(&mut peer);
        let opened = peer.opened.len();
        peer.receive(&failure(condition));
        let frame = last_frame(&mut peer);
        assert_eq!(attribute(&frame, "mechanism"), "PLAIN", "{condition}");
        assert!(frame.contains("<request-token") && !frame.contains("<fast "), "{frame}");
        assert_eq!(peer.opened.len(), opened);
        peer.receive(&success(&format!("{BOUND}{}", token("secret-token:fast-2", "2099-01-01T00:00:00Z"))));
        finish(&mut peer);
        assert_eq!(used(&again(&mut peer), &[TOKEN, "secret-token:fast-2"]), Some(1));
    }
}

#[test]
fn the_app_is_asked_once_the_token_is_refused() {
    let mut peer = connecting(asking());
    let (id, _) = peer.asked.pop().unwrap();
    peer.input(Input::Credentials { id, given: Ok(waxwing::proto::GivenCredentials::Password("s3cret".to_owned())) });
    peer.receive(&success(&format!("{BOUND}{}", token(TOKEN, "2099-01-01T00:00:00Z"))));
    finish(&mut peer);
    again(&mut peer);
    assert!(peer.asked.is_empty());
    peer.receive(&failure("credentials-expired"));
    let (id, mechanisms) = peer.asked.pop().unwrap();
    assert_eq!(mechanisms, ["PLAIN"]);
    // And a token that comes too late for a question is none.
    peer.input(Input::Credentials { id, given: Ok(waxwing::proto::GivenCredentials::Password("s3cret".to_owned())) });
    assert_eq!(attribute(&last_frame(&mut peer), "mechanism"), "PLAIN");
}

#[test]
fn a_server_in_trouble_costs_no_token_and_a_closed_account_is_the_end() {
    let mut peer = with_token();
    again(&mut peer);
    peer.receive(&failure("temporary-auth-failure"));
    assert_eq!(peer.session.state().as_str(), "waiting");
    peer.advance(1_000);
    peer.open(OFFER);
    assert_eq!(used(&last_frame(&mut peer), &[TOKEN]), Some(0));
    peer.receive(&failure("account-disabled"));
    assert_eq!(peer.session.state().as_str(), "offline");
    assert!(peer.take_frames().iter().all(|frame| !frame.contains("PLAIN")));
}

#[test]
fn an_expired_token_is_not_tried_and_an_ageing_one_is_exchanged() {
    // WALL_MS is 2026-09-21T14:13:20Z.
    assert_eq!(WALL_MS, 1_790_000_000_000);
    let mut peer = with_token_until("2026-09-21T14:13:21Z");
    let frame = again(&mut peer);
    assert_eq!(attribute(&frame, "mechanism"), "PLAIN");
    assert!(frame.contains("<request-token"));
    let mut peer = with_token_until("2026-09-22T14:00:00Z");
    let frame = again(&mut peer);
    assert_eq!(used(&frame, &[TOKEN]), Some(0));
    assert!(frame.contains("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"), "{frame}");
}

#[test]
fn a_token_is_kept_for_a_server_that_does_not_offer_its_mechanism_now() {
    let mut peer = with_token();
    peer.input(CUT);
    peer.advance(1_000);
    peer.open(&OFFER.replace("HT-SHA-256-NONE", "HT-SHA-256-EXPR"));
    let frame = last_frame(&mut peer);
    assert_eq!(attribute(&frame, "mechanism"), "PLAIN");
    assert!(!frame.contains("request-token"));
    assert_eq!(used(&again(&mut peer), &[TOKEN]), Some(0));
}

#[test]
fn a_token_without_a_secret_is_none_and_one_without_a_date_is_used() {
    let mut peer = connecting(any_resource());
    peer.receive(&success(&format!("{BOUND}<token xmlns='urn:xmpp:fast:0' token='' expiry='2099-01-01T00:00:00Z'/>")));
    finish(&mut peer);
    assert_eq!(attribute(&again(&mut peer), "mechanism"), "PLAIN");
    let mut peer = with_token_until("soon");
    assert_eq!(used(&again(&mut peer), &[TOKEN]), Some(0));
}

#[test]
fn nobody_in_particular_asks_for_no_token() {
    let mut config = any_resource();
    config.account.local = None;
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(&OFFER.replace("PLAIN", "ANONYMOUS"));
    let frames = peer.take_frames();
    assert!(!frames[0].contains(" from="), "{frames:?}");
    // XEP-0388, section 2.2: a response of no bytes.
    assert!(
        frames[1].contains("mechanism='ANONYMOUS'><initial-response/>") && !frames[1].contains("request-token"),
        "{frames:?}"
    );
}

#[test]
fn no_secret_is_shown_in_an_event_or_a_debug_output() {
    let mut peer = Peer::new(any_resource());
    peer.session.report_stanzas(true);
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(OFFER);
    let given = success(&format!("{BOUND}{}", token(TOKEN, "2099-01-01T00:00:00Z")));
    let debug = format!("{:?}", Input::Frame(&given));
    peer.receive(&given);
    finish(&mut peer);
    again(&mut peer);
    peer.receive(&failure("credentials-expired"));
    let shown = format!("{debug} {:?}", peer.take_all_events());
    assert!(shown.contains("(hidden)"));
    for secret in [TOKEN, &hmac(TOKEN, "Initiator"), "s3cret", &BASE64.encode("\0romeo\0s3cret"), "cm9tZW8"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// What the client says to the offer on the connection that makes the token worthless.
fn logging_out(peer: &mut Peer, token: Token) -> String {
    peer.session.logout(peer.now, token);
    peer.drain();
    assert_eq!(last_frame(peer), CLOSE);
    peer.receive(CLOSE);
    assert_eq!(peer.session.state().as_str(), "offline");
    peer.open(OFFER);
    last_frame(peer)
}

fn is_forgotten(peer: &mut Peer) -> bool {
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(OFFER);
    attribute(&last_frame(peer), "mechanism") == "PLAIN"
}

#[test]
fn a_logout_makes_the_token_worthless_by_a_login_of_its_own_and_forgets_everything() {
    // XEP-0484, section 3.6.
    let mut peer = with_token();
    let id = {
        let frame = again(&mut peer);
        peer.receive(&proven(TOKEN, ""));
        finish(&mut peer);
        peer.clear();
        attribute(&frame, "id")
    };
    let frame = logging_out(&mut peer, Token(7));
    assert_eq!(used(&frame, &[TOKEN]), Some(0));
    assert!(frame.ends_with("<fast xmlns='urn:xmpp:fast:0' count='2' invalidate='true'/></authenticate>"), "{frame}");
    assert!(!frame.contains("<bind") && !frame.contains("<resume") && !frame.contains("request-token"), "{frame}");
    peer.receive(&success(&format!("<additional-data>{}</additional-data>", hmac(TOKEN, "Responder"))));
    peer.receive("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
    assert_eq!(peer.take_frames(), [CLOSE]);
    assert_eq!(peer.outcome(Token(7)), None);
    peer.receive(CLOSE);
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    let states: Vec<_> = peer.take_events("state").into_iter().map(|state| state["current"].clone()).collect();
    assert_eq!(states, ["offline"]);
    assert!(peer.session.roster().next().is_none());
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(OFFER);
    let frame = last_frame(&mut peer);
    assert!(attribute(&frame, "mechanism") == "PLAIN" && attribute(&frame, "id") != id, "{frame}");
}

#[test]
fn a_logout_goes_on_without_the_server_if_it_has_to() {
    type Act = fn(&mut Peer);
    let outcomes: [(&str, Act); 6] = [
        ("refused", |peer| peer.receive(&failure("not-authorized"))),
        ("an impostor", |peer| peer.receive(&success(""))),
        ("cut", |peer| peer.input(CUT)),
        ("closed", |peer| peer.receive(CLOSE)),
        ("nonsense", |peer| peer.receive("<iq")),
        ("late", |peer| peer.advance(10_000)),
    ];
    for (name, outcome) in outcomes {
        let mut peer = with_token();
        logging_out(&mut peer, Token(7));
        outcome(&mut peer);
        assert_eq!(peer.session.state().as_str(), "offline");
        assert!(peer.take_frames().iter().all(|frame| !frame.contains("PLAIN")), "{name}");
        // At the latest when the server has not closed the stream in time.
        peer.advance(5_000);
        assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)), "{name}");
        assert_eq!(peer.session.poll_timeout(), None, "{name}");
        assert!(is_forgotten(&mut peer), "{name}");
    }
}

#[test]
fn a_logout_while_offline_needs_no_session_and_one_without_a_token_no_connection() {
    let mut peer = with_token();
    peer.session.disconnect(peer.now, Token(6));
    peer.receive(CLOSE);
    peer.clear();
    peer.session.logout(peer.now, Token(7));
    peer.drain();
    peer.open(OFFER);
    assert!(last_frame(&mut peer).contains("invalidate='true'"));

    let mut peer = Peer::new(any_resource());
    peer.session.logout(peer.now, Token(7));
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    assert!(peer.opened.is_empty());
}

#[test]
fn what_is_called_during_a_logout_waits_for_its_end() {
    let mut peer = with_token();
    logging_out(&mut peer, Token(7));
    let opened = peer.opened.len();
    peer.session.logout(peer.now, Token(8));
    peer.session.disconnect(peer.now, Token(9));
    peer.session.connect(peer.now, Token(10));
    peer.receive(&success(&format!("<additional-data>{}</additional-data>", hmac(TOKEN, "Responder"))));
    assert!(peer.take_outcomes().is_empty());
    peer.receive(CLOSE);
    for token in [7, 8, 9] {
        assert_eq!(peer.outcome(Token(token)), Some(Ok(Reply::Done)));
    }
    assert_eq!(peer.opened.len(), opened + 1);
    peer.clear();
    peer.open(OFFER);
    assert_eq!(attribute(&last_frame(&mut peer), "mechanism"), "PLAIN");
    assert_eq!(peer.outcome(Token(10)), None);
}

#[test]
fn a_logout_ends_an_attempt_and_a_wait() {
    for is_waiting in [false, true] {
        let mut peer = with_token();
        peer.input(CUT);
        if !is_waiting {
            peer.advance(1_000);
            peer.session.connect(peer.now, Token(2));
        }
        peer.session.logout(peer.now, Token(7));
        peer.drain();
        assert_eq!(peer.session.state().as_str(), "offline");
        peer.open(OFFER);
        assert!(last_frame(&mut peer).contains("invalidate='true'"));
        if !is_waiting {
            assert!(matches!(peer.outcome(Token(2)), Some(Err(error)) if error.code == waxwing::proto::Code::Aborted));
        }
        peer.receive(&failure("not-authorized"));
        peer.receive(CLOSE);
        assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
        assert_eq!(peer.session.state().as_str(), "offline");
    }
}

/// The same in another page, with what this one has stored.
fn with_stored_token() -> Peer {
    let mut config = any_resource();
    config.is_stored = true;
    let mut peer = connecting(config);
    peer.receive(&success(&format!("{BOUND}{}", token(TOKEN, "2099-01-01T00:00:00Z"))));
    finish(&mut peer);
    peer.session.disconnect(peer.now, Token(6));
    peer.drain();
    peer.receive(CLOSE);
    stored_page(peer)
}

fn stored_page(peer: Peer) -> Peer {
    let mut config = asking();
    config.is_stored = true;
    peer.next_page(config)
}

fn connect(peer: &mut Peer) {
    peer.session.connect(peer.now, CONNECT);
    peer.drain();
    peer.open(OFFER);
}

#[test]
fn a_stored_token_logs_another_page_in_and_every_use_is_stored_before_it_goes_out() {
    // XEP-0484, section 3.4: a count is never used twice, whenever the page dies.
    let mut peer = with_stored_token();
    for count in ["1", "2", "3"] {
        connect(&mut peer);
        let frame = last_frame(&mut peer);
        assert_eq!(used(&frame, &[TOKEN]), Some(0));
        assert!(frame.contains(&format!("<fast xmlns='urn:xmpp:fast:0' count='{count}'/>")), "{frame}");
        // Dead, with the frame on its way.
        peer = stored_page(peer);
    }
    assert!(peer.asked.is_empty());
}

#[test]
fn a_new_token_is_stored_before_anything_else_is_said() {
    let mut peer = with_stored_token();
    connect(&mut peer);
    peer.receive(&proven(TOKEN, &token("secret-token:fast-2", "2099-01-01T00:00:00Z")));
    let mut peer = stored_page(peer);
    connect(&mut peer);
    assert_eq!(used(&last_frame(&mut peer), &[TOKEN, "secret-token:fast-2"]), Some(1));
}

#[test]
fn a_logout_takes_the_stored_token_too_and_leaves_nothing_in_the_storage() {
    let mut peer = with_stored_token();
    peer.session.logout(peer.now, Token(7));
    peer.drain();
    peer.open(OFFER);
    let frame = last_frame(&mut peer);
    assert_eq!(used(&frame, &[TOKEN]), Some(0));
    assert!(frame.contains("invalidate='true'"));
    peer.receive(&success(&format!("<additional-data>{}</additional-data>", hmac(TOKEN, "Responder"))));
    peer.receive(CLOSE);
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    assert!(peer.store.as_ref().unwrap().is_empty(), "{:?}", peer.store);
    let mut peer = stored_page(peer);
    connect(&mut peer);
    assert_eq!(peer.asked.len(), 1);
}

#[test]
fn a_logout_touches_no_storage_that_is_another_pages() {
    let mut peer = with_stored_token();
    let others = peer.store.take();
    peer.session.logout(peer.now, Token(7));
    peer.drain();
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    assert!(peer.opened.is_empty());
    assert!(others.unwrap().contains_key("keychain"));
}

#[test]
fn a_logout_while_the_storage_opens_waits_for_it() {
    let mut peer = with_stored_token();
    // The storage is asked, and has not answered yet.
    peer.session.connect(peer.now, CONNECT);
    peer.session.logout(peer.now, Token(7));
    peer.drain();
    assert!(matches!(peer.outcome(CONNECT), Some(Err(error)) if error.code == waxwing::proto::Code::Aborted));
    peer.open(OFFER);
    assert!(last_frame(&mut peer).contains("invalidate='true'"));
    peer.receive(&success(&format!("<additional-data>{}</additional-data>", hmac(TOKEN, "Responder"))));
    peer.receive(CLOSE);
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    assert!(peer.store.as_ref().unwrap().is_empty(), "{:?}", peer.store);
}

#[test]
#[cfg(feature = "host-meta")]
fn a_logout_looks_for_the_server_where_it_has_to() {
    let mut config = any_resource();
    config.is_stored = true;
    config.url = None;
    let mut peer = with_stored_token().next_page(config);
    peer.session.logout(peer.now, Token(7));
    peer.drain();
    assert_eq!(peer.fetches.len(), 2);
    assert_eq!(peer.session.state().as_str(), "offline");
    // Nobody answers.
    peer.advance(10_000);
    assert_eq!(peer.outcome(Token(7)), Some(Ok(Reply::Done)));
    assert!(peer.store.as_ref().unwrap().is_empty());
    assert_eq!(peer.session.poll_timeout(), None);
}
