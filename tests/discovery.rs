//! Finding the server: host metadata, endpoints that fail, and where a server sends us.

#![cfg(feature = "host-meta")]

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::{Peer, USUAL_FEATURES, config};
use waxwing::proto::{
    Account, Code, Config, Error, GivenCredentials, HostMeta, HostMetaFault, Input, MessageOptions, Now, Output, Reconnect,
    Reply, Session, State, Token,
};

const T: Token = Token(1);
const WEBSOCKET: &str = "urn:xmpp:alt-connections:websocket";
const JRD_URL: &str = "https://example.net/.well-known/host-meta.json";
const XRD_URL: &str = "https://example.net/.well-known/host-meta";
const GUESSES: [&str; 2] = ["wss://example.net/xmpp-websocket", "wss://example.net/ws"];
const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

fn without_url() -> Config {
    let mut config = config();
    config.url = None;
    config
}

fn searching() -> Peer {
    connecting(without_url())
}

/// As [`searching`]; a lost connection is made again within a millisecond.
fn searching_again_and_again() -> Peer {
    connecting(Config { reconnect: Some(Reconnect { min_delay_ms: 1, max_delay_ms: 1, max_attempts: None }), ..without_url() })
}

fn connecting(config: Config) -> Peer {
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, T);
    peer.drain();
    peer
}

fn jrd(hrefs: &[&str]) -> Result<HostMeta, HostMetaFault> {
    Ok(HostMeta::Links(hrefs.iter().map(|href| (*href).to_owned()).collect()))
}

fn xrd(href: &str) -> Result<HostMeta, HostMetaFault> {
    Ok(HostMeta::Xrd(format!(
        "<?xml version='1.0'?><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='{WEBSOCKET}' href='{href}'/></XRD>"
    )))
}

/// Answers the latest fetch of that URL.
fn answer(peer: &mut Peer, url: &str, fetched: Result<HostMeta, HostMetaFault>) {
    let id = peer.fetches.iter().rev().find(|(_, fetched)| fetched == url).expect("a fetch").0;
    peer.input(Input::HostMeta { id, fetched });
}

/// Both answers are faults.
fn answer_faults(peer: &mut Peer, jrd: HostMetaFault, xrd: HostMetaFault) {
    answer(peer, JRD_URL, Err(jrd));
    answer(peer, XRD_URL, Err(xrd));
}

fn refuse(peer: &mut Peer) {
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
}

fn failure(peer: &mut Peer, token: Token) -> Error {
    match peer.outcome(token) {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn go_online(peer: &mut Peer) {
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    assert_eq!(peer.session.state(), State::Online);
}

fn see_other(uri: &str) -> String {
    format!("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='{uri}'/>")
}

fn states(peer: &mut Peer) -> Vec<String> {
    peer.take_events("state").iter().map(|event| event["current"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_url_both_documents_of_the_domain_are_fetched_at_once() {
    // XEP-0156, section 2.2.
    let mut peer = searching();
    let urls: Vec<&str> = peer.fetches.iter().map(|(_, url)| url.as_str()).collect();
    assert_eq!(urls, [JRD_URL, XRD_URL]);
    assert_eq!((peer.session.state(), peer.opened.len()), (State::Connecting, 0));
    answer(&mut peer, JRD_URL, jrd(&["wss://web.example.net/ws"]));
    assert_eq!(peer.opened, ["wss://web.example.net/ws"]);
    // The other answer comes too late for anything.
    answer(&mut peer, XRD_URL, xrd("wss://xrd.example.net/ws"));
    go_online(&mut peer);
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
    assert_eq!(peer.opened.len(), 1);
}

#[test]
fn the_jrd_is_preferred_and_the_xrd_does_not_wait_for_it_long() {
    let mut peer = searching();
    answer(&mut peer, XRD_URL, xrd("wss://xrd.example.net/ws"));
    assert!(peer.opened.is_empty());
    answer(&mut peer, JRD_URL, jrd(&["wss://jrd.example.net/ws"]));
    assert_eq!(peer.opened, ["wss://jrd.example.net/ws"]);
    // The JRD is not there.
    let mut peer = searching();
    answer(&mut peer, XRD_URL, xrd("wss://xrd.example.net/ws"));
    answer(&mut peer, JRD_URL, Err(HostMetaFault::Status(404)));
    assert_eq!(peer.opened, ["wss://xrd.example.net/ws"]);
    let mut peer = searching();
    answer(&mut peer, JRD_URL, Err(HostMetaFault::Status(404)));
    answer(&mut peer, XRD_URL, xrd("wss://xrd.example.net/ws"));
    assert_eq!(peer.opened, ["wss://xrd.example.net/ws"]);
    // The JRD never comes.
    let mut peer = searching();
    answer(&mut peer, XRD_URL, xrd("wss://xrd.example.net/ws"));
    peer.advance(300);
    assert_eq!(peer.opened, ["wss://xrd.example.net/ws"]);
}

#[test]
fn where_nothing_is_said_the_usual_paths_are_tried() {
    let mut peer = searching();
    answer_faults(&mut peer, HostMetaFault::Status(404), HostMetaFault::Unreachable);
    assert_eq!(peer.opened, GUESSES[..1]);
    refuse(&mut peer);
    assert_eq!(peer.opened, GUESSES);
    go_online(&mut peer);
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
    // No answer at all.
    let mut peer = searching();
    peer.advance(7_500);
    assert_eq!(peer.opened, GUESSES[..1]);
    go_online(&mut peer);
}

#[test]
fn links_come_before_guesses_and_nothing_is_tried_twice() {
    let mut peer = searching();
    let links = ["wss://a.example/ws", GUESSES[1], "ws://example.net/ws"];
    answer(&mut peer, JRD_URL, jrd(&links));
    for _ in 0..3 {
        refuse(&mut peer);
    }
    assert_eq!(peer.opened, ["wss://a.example/ws", GUESSES[1], GUESSES[0]]);
    let error = failure(&mut peer, T);
    // A server was found, and cannot be reached.
    assert_eq!(error.code, Code::ConnectionFailed);
    let remediation = error.remediation.clone().unwrap();
    assert!(peer.opened.iter().all(|url| remediation.contains(url)), "{remediation}");
    assert_eq!(states(&mut peer), ["connecting", "offline"]);
    assert_eq!(peer.session.poll_timeout(), None);
}

#[test]
fn each_reason_why_no_server_is_found_has_its_words() {
    let cases: [(Result<HostMeta, HostMetaFault>, HostMetaFault, &str, &str); 8] = [
        (Err(HostMetaFault::Offline), HostMetaFault::Offline, "offline", "when the network is back"),
        (Err(HostMetaFault::Unreachable), HostMetaFault::Unreachable, "cannot be reached", "connect-src"),
        (Err(HostMetaFault::CorsMissing), HostMetaFault::Unreachable, "let web pages read", "Access-Control-Allow-Origin: *"),
        (Err(HostMetaFault::Status(503)), HostMetaFault::Status(404), "HTTP status 503", "XEP-0156"),
        (Err(HostMetaFault::Unreadable("it is text/html".to_owned())), HostMetaFault::Status(404), "text/html", "XEP-0156"),
        (Err(HostMetaFault::TooLarge), HostMetaFault::Status(404), "too large", "XEP-0156"),
        (jrd(&[]), HostMetaFault::Status(404), "no WebSocket", "XEP-0156"),
        (jrd(&["ws://x/"]), HostMetaFault::CorsMissing, "ws://x/: it is not encrypted", "wss://"),
    ];
    for (fetched, other, says, remedy) in cases {
        let mut peer = searching();
        answer(&mut peer, JRD_URL, fetched);
        answer(&mut peer, XRD_URL, Err(other));
        refuse(&mut peer);
        refuse(&mut peer);
        let error = failure(&mut peer, T);
        assert_eq!(error.code, Code::DiscoveryFailed);
        assert!(error.message.contains(says), "{}", error.message);
        let remediation = error.remediation.as_ref().unwrap();
        assert!(remediation.contains(remedy) && GUESSES.iter().all(|url| remediation.contains(url)), "{remediation}");
        let details = &error.cause.as_ref().unwrap().message;
        for tried in [JRD_URL, XRD_URL, GUESSES[0], GUESSES[1]] {
            assert!(details.contains(tried), "{details}");
        }
        assert_eq!((peer.opened.len(), peer.session.state()), (2, State::Offline));
    }
}

#[test]
fn a_server_that_speaks_has_the_word_in_the_error_whatever_else_was_tried() {
    let mut peer = searching();
    answer_faults(&mut peer, HostMetaFault::Status(404), HostMetaFault::Status(404));
    peer.input(Input::SocketOpened { has_subprotocol: true });
    peer.receive(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    );
    assert_eq!(peer.opened, GUESSES);
    refuse(&mut peer);
    assert_eq!(failure(&mut peer, T).condition.as_deref(), Some("host-unknown"));
}

#[test]
fn hostile_links_cost_nothing_but_themselves() {
    let hrefs: Vec<String> = (0..10_000).map(|n| format!("wss://{n}.example/")).collect();
    let mut links = vec![
        "javascript:alert(1)",
        "wss://romeo:s3cret@evil.example/",
        "wss://example.net\\@evil.example/",
        "ws://localhost/",
        "",
    ];
    links.extend(hrefs.iter().map(String::as_str));
    let mut peer = searching();
    answer(&mut peer, JRD_URL, jrd(&links));
    while peer.session.state() == State::Connecting {
        refuse(&mut peer);
    }
    assert_eq!(peer.opened.len(), 8);
    assert_eq!(peer.opened[..6], hrefs[..6]);
    assert_eq!(peer.opened[6..], GUESSES);
    // An id that nobody asked under.
    let mut peer = searching();
    peer.input(Input::HostMeta { id: 4_000_000, fetched: jrd(&["wss://evil.example/"]) });
    assert!(peer.opened.is_empty());
    // XML that is none, or too much.
    for text in ["<", "<XRD", "\u{0}", &"<a>".repeat(30_000), &"<a b='' ".repeat(30_000)] {
        let mut peer = searching();
        answer(&mut peer, JRD_URL, Err(HostMetaFault::Status(404)));
        answer(&mut peer, XRD_URL, Ok(HostMeta::Xrd(text.to_owned())));
        assert_eq!(peer.opened, GUESSES[..1]);
    }
}

#[test]
fn an_endpoint_that_hangs_leaves_time_for_the_others() {
    let mut peer = searching();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/", "wss://b.example/"]));
    // Four endpoints, and one share for the login: six seconds each.
    peer.advance(5_999);
    assert_eq!(peer.opened.len(), 1);
    peer.advance(1);
    assert_eq!((peer.opened.len(), peer.closed), (2, 1));
    // This one opens, and says nothing: half of what is left.
    peer.input(Input::SocketOpened { has_subprotocol: true });
    peer.advance(11_999);
    assert_eq!(peer.opened.len(), 2);
    peer.advance(1);
    assert_eq!(peer.opened.len(), 3);
    go_online(&mut peer);
    // All of them hang.
    let mut peer = searching();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/"]));
    peer.advance(30_000);
    while peer.session.state() == State::Connecting {
        peer.advance(1_000);
    }
    let error = failure(&mut peer, T);
    assert_eq!(error.code, Code::Timeout);
    assert!(error.message.contains("the WebSocket to open"), "{}", error.message);
}

#[test]
fn a_step_that_takes_too_long_is_named_and_leaves_time_for_a_slow_one_behind_it() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.drain();
    peer.advance(14_999);
    peer.input(Input::SocketOpened { has_subprotocol: true });
    peer.advance(7_500);
    let error = failure(&mut peer, T);
    assert_eq!(error.code, Code::Timeout);
    assert!(error.message.contains("<open/>"), "{}", error.message);
    // A large roster on a slow line has all that is left.
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.log_in("");
    peer.advance(29_999);
    peer.answer_roster("");
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
}

#[test]
fn a_storage_that_never_answers_is_what_a_connect_waited_for() {
    let mut config = config();
    config.is_stored = true;
    let mut session = Session::new(config, support::entropy());
    session.connect(Now::default(), T);
    assert!(std::iter::from_fn(|| session.poll_output()).any(|output| matches!(output, Output::OpenStorage)));
    assert_eq!(session.poll_timeout(), Some(30_000));
    session.handle_input(Now { mono_ms: 30_000, wall_ms: 0 }, Input::Timeout);
    let error = std::iter::from_fn(|| session.poll_output()).find_map(|output| match output {
        Output::Settled { result: Err(error), .. } => Some(error),
        _ => None,
    });
    assert!(error.is_some_and(|error| error.code == Code::Timeout && error.message.contains("the storage")));
}

#[test]
fn the_server_has_its_time_however_long_a_user_types_the_password() {
    let mut config = config();
    config.password = None;
    config.asks_credentials = true;
    let mut peer = Peer::new(config);
    peer.session.connect(peer.now, T);
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.advance(3_600_000);
    assert_eq!(peer.session.state(), State::Connecting);
    let (id, _) = peer.asked.pop().unwrap();
    peer.input(Input::Credentials { id, given: Ok(GivenCredentials::Password("s3cret".to_owned())) });
    peer.advance(14_999);
    peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    peer.bind("");
    peer.answer_roster("");
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
}

#[test]
fn a_refused_login_is_not_tried_at_the_next_endpoint() {
    let mut peer = searching();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/", "wss://b.example/"]));
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.receive("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    assert_eq!(failure(&mut peer, T).code, Code::AuthFailed);
    assert_eq!(peer.opened, ["wss://a.example/"]);
}

#[test]
fn a_socket_that_does_not_speak_xmpp_is_no_endpoint() {
    // RFC 7395, section 3.1.
    let mut peer = searching();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/", "wss://b.example/"]));
    peer.input(Input::SocketOpened { has_subprotocol: false });
    assert_eq!(peer.opened, ["wss://a.example/", "wss://b.example/"]);
    assert!(peer.take_frames().is_empty());
    go_online(&mut peer);
}

#[test]
fn disconnecting_or_aborting_ends_the_search() {
    let mut peer = searching();
    peer.session.disconnect(peer.now, Token(2));
    assert_eq!((failure(&mut peer, T).code, peer.outcome(Token(2))), (Code::Aborted, Some(Ok(Reply::Done))));
    assert_eq!(peer.closed, 1);
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/"]));
    let mut peer = searching();
    peer.session.cancel(peer.now, T);
    assert_eq!(failure(&mut peer, T).code, Code::Aborted);
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/"]));
    assert_eq!((peer.opened.len(), peer.closed, peer.session.poll_timeout()), (0, 1, None));
    assert_eq!(peer.session.state(), State::Offline);
}

#[test]
fn the_endpoint_that_worked_is_tried_first_and_looked_for_anew_when_it_fails() {
    let mut peer = searching_again_and_again();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/", "wss://b.example/"]));
    refuse(&mut peer);
    go_online(&mut peer);
    refuse(&mut peer);
    peer.advance(1);
    assert_eq!(peer.opened, ["wss://a.example/", "wss://b.example/", "wss://b.example/"]);
    assert_eq!(peer.fetches.len(), 2);
    refuse(&mut peer);
    assert_eq!(peer.fetches.len(), 4);
    answer(&mut peer, JRD_URL, jrd(&["wss://b.example/", "wss://c.example/"]));
    assert_eq!(peer.opened.last().unwrap(), "wss://c.example/");
    go_online(&mut peer);
    // Also after a disconnect().
    peer.session.disconnect(peer.now, Token(2));
    peer.receive(CLOSE);
    peer.session.connect(peer.now, Token(3));
    peer.drain();
    assert_eq!((peer.opened.last().unwrap().as_str(), peer.fetches.len()), ("wss://c.example/", 4));
}

#[test]
fn an_outage_of_everything_ends_where_it_began() {
    let mut peer = searching_again_and_again();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/"]));
    go_online(&mut peer);
    refuse(&mut peer);
    for _ in 0..3 {
        peer.advance(1);
        assert_eq!(peer.opened.last().unwrap(), "wss://a.example/");
        refuse(&mut peer);
        answer_faults(&mut peer, HostMetaFault::Unreachable, HostMetaFault::Unreachable);
        refuse(&mut peer);
        refuse(&mut peer);
        // The endpoint that is known is what the error is about.
        let lost = peer.take_events("state").pop().unwrap();
        assert_eq!((&lost["current"], &lost["error"]["code"]), (&"waiting".into(), &"connection-failed".into()));
    }
    peer.advance(1);
    go_online(&mut peer);
    assert_eq!(peer.opened.last().unwrap(), "wss://a.example/");
}

#[test]
fn a_search_that_brings_nothing_new_ends_the_attempt() {
    let mut peer = searching_again_and_again();
    answer_faults(&mut peer, HostMetaFault::Status(404), HostMetaFault::Status(404));
    go_online(&mut peer);
    peer.receive(&see_other(GUESSES[1]));
    go_online(&mut peer);
    refuse(&mut peer);
    peer.advance(1);
    // Both of the usual paths are known already, and down.
    refuse(&mut peer);
    refuse(&mut peer);
    answer_faults(&mut peer, HostMetaFault::Status(404), HostMetaFault::Status(404));
    assert_eq!(peer.session.state(), State::Waiting);
    assert_eq!(peer.take_events("state").pop().unwrap()["error"]["code"], "connection-failed");
}

#[test]
fn an_internationalised_domain_is_asked_as_it_is_written() {
    let mut config = without_url();
    config.account = Account::parse("romeo@München.example", None).unwrap();
    let peer = connecting(config);
    // The browser's URL parser makes it ASCII.
    assert_eq!(peer.fetches[0].1, "https://münchen.example/.well-known/host-meta.json");
}

#[test]
fn a_redirect_before_the_login_is_followed_within_the_same_connect() {
    // RFC 7395, section 3.6.1.
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.input(Input::SocketOpened { has_subprotocol: true });
    peer.receive(&see_other("wss://b.example/ws"));
    assert_eq!(peer.take_frames().last().unwrap(), CLOSE);
    assert_eq!(peer.opened, ["wss://example.net/ws", "wss://b.example/ws"]);
    go_online(&mut peer);
    assert_eq!((peer.outcome(T), states(&mut peer).len()), (Some(Ok(Reply::Done)), 2));
}

#[test]
fn a_redirect_behind_the_login_takes_no_new_time_for_the_same_connect() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.log_in("");
    peer.advance(20_000);
    peer.receive(&see_other("wss://b.example/ws"));
    assert_eq!(peer.opened.last().unwrap(), "wss://b.example/ws");
    peer.log_in("");
    peer.advance(9_999);
    assert_eq!(peer.session.state(), State::Connecting);
    peer.advance(1);
    assert_eq!(failure(&mut peer, T).code, Code::Timeout);
}

#[test]
fn a_redirect_while_online_moves_the_session_at_once_and_stays_with_it() {
    let mut peer = Peer::online();
    peer.receive(&see_other("wss://b.example/ws"));
    assert_eq!(peer.take_frames(), [CLOSE]);
    assert_eq!(peer.opened, ["wss://example.net/ws", "wss://b.example/ws"]);
    peer.session
        .send_message(
            peer.now,
            T,
            MessageOptions { to: "juliet@example.com".to_owned(), body: Some("on the way".to_owned()), ..Default::default() },
        )
        .unwrap();
    go_online(&mut peer);
    assert_eq!(states(&mut peer), ["connecting", "online"]);
    assert!(peer.take_frames().iter().any(|frame| frame.contains("on the way")));
    // The next session begins where the app said.
    peer.session.disconnect(peer.now, Token(2));
    peer.receive(CLOSE);
    peer.session.connect(peer.now, Token(3));
    peer.drain();
    assert_eq!(peer.opened.last().unwrap(), "wss://example.net/ws");
}

#[test]
fn a_moved_session_comes_back_to_where_it_was_moved_and_to_the_old_place_if_that_fails() {
    let mut config = config();
    config.reconnect = Some(Reconnect { min_delay_ms: 1, max_delay_ms: 1, max_attempts: None });
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    peer.receive(&see_other("wss://b.example/ws"));
    go_online(&mut peer);
    refuse(&mut peer);
    peer.advance(1);
    assert_eq!(peer.opened.last().unwrap(), "wss://b.example/ws");
    refuse(&mut peer);
    assert_eq!(peer.opened.last().unwrap(), "wss://example.net/ws");
    go_online(&mut peer);
}

#[test]
fn a_moved_session_is_resumed_where_the_server_can() {
    let mut peer = Peer::new(config());
    peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true'/>";
    peer.session.connect(peer.now, T);
    go_online(&mut peer);
    peer.receive(&see_other("wss://b.example/ws"));
    peer.clear();
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    peer.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{USUAL_FEATURES}"));
    assert!(peer.take_frames().last().unwrap().starts_with("<resume "));
    peer.receive("<resumed xmlns='urn:xmpp:sm:3' previd='s1' h='2'/>");
    let online = peer.take_events("state").pop().unwrap();
    assert_eq!((&online["current"], &online["resumed"]), (&"online".into(), &true.into()));
}

#[test]
fn a_stream_error_can_send_us_elsewhere_too() {
    // RFC 6120, section 4.9.3.19.
    let error = |host: &str| {
        format!(
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{host}</see-other-host></stream:error>"
        )
    };
    let mut peer = Peer::online();
    peer.receive(&error(" wss://b.example/ws "));
    assert_eq!(peer.opened.last().unwrap(), "wss://b.example/ws");
    // A host and a port is for TCP.
    let mut peer = Peer::online();
    peer.receive(&error("b.example:5222"));
    assert_eq!((peer.opened.len(), peer.session.state()), (1, State::Offline));
    assert_eq!(peer.take_events("state").pop().unwrap()["error"]["condition"], "see-other-host");
}

#[test]
fn a_redirect_that_leads_nowhere_safe_is_an_error_that_says_why() {
    for uri in [
        "ws://b.example/ws",
        "ws://127.0.0.1/ws",
        "https://b.example/bosh",
        "http://b.example/",
        "javascript:alert(1)",
        "wss://romeo:s3cret@b.example/",
        "",
        "b.example",
    ] {
        let mut peer = Peer::new(config());
        peer.session.connect(peer.now, T);
        peer.input(Input::SocketOpened { has_subprotocol: true });
        peer.receive(&see_other(uri));
        let error = failure(&mut peer, T);
        assert_eq!(error.code, Code::ProtocolError, "{uri}");
        assert!(error.message.contains(uri), "{}", error.message);
        assert_eq!((peer.opened.len(), peer.closed), (1, 1));
        // Online it is a loss like any other.
        let mut config = config();
        config.reconnect = Some(Reconnect::default());
        let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
        peer.receive(&see_other(uri));
        assert_eq!((peer.session.state(), peer.opened.len()), (State::Waiting, 1));
    }
}

#[test]
fn servers_that_send_us_around_are_left_after_five_redirects() {
    // RFC 6120, section 4.9.3.19.
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, T);
    peer.drain();
    while peer.session.state() == State::Connecting {
        let n = peer.opened.len();
        peer.input(Input::SocketOpened { has_subprotocol: true });
        peer.receive(&see_other(if n.is_multiple_of(2) { "wss://example.net/ws" } else { "wss://b.example/ws" }));
        assert!(n < 100);
    }
    assert_eq!(peer.opened.len(), 6);
    let error = failure(&mut peer, T);
    assert_eq!(error.code, Code::ConnectionFailed);
    assert!(error.message.contains("5 times"), "{}", error.message);
    // Each login in between makes it no better.
    let mut config = config();
    config.reconnect = Some(Reconnect::default());
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    for _ in 0..5 {
        peer.receive(&see_other("wss://b.example/ws"));
        go_online(&mut peer);
    }
    peer.receive(&see_other("wss://b.example/ws"));
    assert_eq!(peer.session.state(), State::Waiting);
    // A loop is one within an attempt: what is sent around later is followed again.
    let mut config = support::config();
    config.reconnect = Some(Reconnect { min_delay_ms: 1, max_delay_ms: 1, max_attempts: None });
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    refuse(&mut peer);
    for _ in 0..20 {
        peer.advance(1);
        assert_eq!(peer.opened.last().unwrap(), "wss://example.net/ws");
        peer.input(Input::SocketOpened { has_subprotocol: true });
        peer.receive(&see_other("wss://b.example/ws"));
        refuse(&mut peer);
        assert_eq!(peer.session.state(), State::Waiting);
    }
    // And a server may move its users every now and then.
    let mut peer = Peer::online();
    for _ in 0..20 {
        peer.advance(30_000);
        peer.receive(&see_other("wss://b.example/ws"));
        go_online(&mut peer);
    }
}

#[test]
fn after_disconnect_nobody_is_followed() {
    let mut peer = Peer::online();
    peer.session.disconnect(peer.now, T);
    peer.receive(&see_other("wss://b.example/ws"));
    assert_eq!((peer.session.state(), peer.opened.len()), (State::Offline, 1));
    assert_eq!(peer.outcome(T), Some(Ok(Reply::Done)));
}

#[test]
fn a_socket_that_was_left_for_a_search_is_closed_before_it() {
    let mut peer = searching_again_and_again();
    answer(&mut peer, JRD_URL, jrd(&["wss://a.example/"]));
    go_online(&mut peer);
    refuse(&mut peer);
    peer.advance(1);
    // The endpoint opens and hangs: it is told goodbye, and the search begins.
    peer.input(Input::SocketOpened { has_subprotocol: true });
    let closed = peer.closed;
    peer.advance(15_000);
    assert_eq!((peer.fetches.len(), peer.closed), (4, closed + 1));
    // Nothing closes the fetches under way.
    peer.advance(5_000);
    assert_eq!(peer.closed, closed + 1);
}

/// What a network and hostile servers can do to a client that connects.
#[derive(Clone, Debug)]
enum Happening {
    HostMeta { is_jrd: bool, hrefs: Vec<&'static str> },
    Fault { is_jrd: bool },
    Open { has_subprotocol: bool },
    Closed,
    GoOnline,
    SeeOther(&'static str),
    Passes { ms: u64 },
}

fn happening() -> impl Strategy<Value = Happening> {
    let uri = || {
        prop::sample::select(vec!["wss://a.example/", "wss://b.example/", "ws://c.example/", "ws://127.0.0.1/", "x", "wss://"])
    };
    prop_oneof![
        (any::<bool>(), prop::collection::vec(uri(), 0..4)).prop_map(|(is_jrd, hrefs)| Happening::HostMeta { is_jrd, hrefs }),
        any::<bool>().prop_map(|is_jrd| Happening::Fault { is_jrd }),
        any::<bool>().prop_map(|has_subprotocol| Happening::Open { has_subprotocol }),
        Just(Happening::Closed),
        Just(Happening::GoOnline),
        uri().prop_map(Happening::SeeOther),
        (0_u64..20_000).prop_map(|ms| Happening::Passes { ms }),
    ]
}

/// As far as the client lets the server.
fn try_to_log_in(peer: &mut Peer) {
    let _ = peer.take_frames();
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    peer.restart("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    for (asked, answer) in [
        ("xmpp-bind", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.net/balcony</jid></bind>"),
        ("jabber:iq:roster", "<query xmlns='jabber:iq:roster'/>"),
    ] {
        if let Some(request) = peer.take_frames().iter().find(|frame| frame.contains(asked)) {
            let id = support::attribute(request, "id");
            peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}'>{answer}</iq>"));
        }
    }
}

fn happen(peer: &mut Peer, happening: &Happening) {
    let url = |is_jrd: &bool| if *is_jrd { JRD_URL } else { XRD_URL };
    match happening {
        Happening::HostMeta { is_jrd: true, hrefs } => {
            answer(peer, JRD_URL, jrd(hrefs));
        }
        Happening::HostMeta { is_jrd: false, hrefs } => answer(peer, XRD_URL, xrd(hrefs.first().unwrap_or(&""))),
        Happening::Fault { is_jrd } => answer(peer, url(is_jrd), Err(HostMetaFault::Unreachable)),
        Happening::Open { has_subprotocol } => peer.input(Input::SocketOpened { has_subprotocol: *has_subprotocol }),
        Happening::Closed => refuse(peer),
        Happening::GoOnline => try_to_log_in(peer),
        Happening::SeeOther(uri) => peer.receive(&see_other(uri)),
        Happening::Passes { ms } => peer.advance(*ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(156), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_the_place_of_host_metadata_is_survived(text in any::<String>(), at in 0_usize..200, is_whole in any::<bool>()) {
        let mut peer = searching();
        answer(&mut peer, JRD_URL, jrd(&[&text, "wss://a.example/"]));
        if peer.opened.is_empty() {
            let Ok(HostMeta::Xrd(mut document)) = xrd("wss://a.example/") else { panic!() };
            let at = (0..=at.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or_default();
            document.insert_str(at, &text);
            answer(&mut peer, XRD_URL, Ok(HostMeta::Xrd(if is_whole { text } else { document })));
        }
        prop_assert!(!peer.opened.is_empty());
    }

    #[test]
    fn whatever_happens_an_attempt_ends_in_time_and_nothing_unencrypted_is_opened(
        happenings in prop::collection::vec(happening(), 0..40),
        is_reconnecting in any::<bool>(),
    ) {
        let mut config = without_url();
        config.reconnect = is_reconnecting.then_some(Reconnect { min_delay_ms: 3_600_000, max_delay_ms: 3_600_000, max_attempts: None });
        let mut peer = connecting(config);
        for happening in &happenings {
            happen(&mut peer, happening);
        }
        prop_assert!(peer.opened.iter().all(|url| url.starts_with("wss://")), "{:?}", peer.opened);
        // Nobody says a word any more.
        peer.advance(30_000);
        while peer.session.state() == State::Connecting && peer.session.poll_timeout().is_some() {
            let due = peer.session.poll_timeout().unwrap_or_default();
            peer.advance(due.saturating_sub(peer.now.mono_ms));
            prop_assert!(peer.now.mono_ms < 10_000_000);
        }
        prop_assert_ne!(peer.session.state(), State::Connecting);
        prop_assert!(peer.outcome(T).is_some(), "connect() is settled");
    }
}
