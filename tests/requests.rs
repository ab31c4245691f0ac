//! Requests and raw stanzas of an app (RFC 6120, section 8).

mod support;

use support::{OWN_FULL, Peer, attribute};
use waxwing::proto::{Code, Error, ErrorType, Reply, Token};

const T: Token = Token(7);
const QUERY: &str = "<iq type='get' to='juliet@example.com/x'><query xmlns='urn:x'/></iq>";

fn ask(peer: &mut Peer, xml: &str) -> String {
    peer.session.request(peer.now, T, xml, None).unwrap();
    peer.take_frames().remove(0)
}

fn refused(peer: &mut Peer, xml: &str) -> Error {
    let error = peer.session.request(peer.now, T, xml, None).unwrap_err();
    assert!(peer.take_frames().is_empty());
    error
}

#[test]
fn a_result_comes_back_as_plain_data() {
    let mut peer = Peer::online();
    let frame = ask(&mut peer, QUERY);
    assert!(frame.starts_with("<iq xmlns='jabber:client' id='"), "{frame}");
    assert!(frame.ends_with("type='get' to='juliet@example.com/x'><query xmlns='urn:x'/></iq>"), "{frame}");
    let id = attribute(&frame, "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='result' id='{id}' from='juliet@example.com/x' to='{OWN_FULL}'><query xmlns='urn:x' a='1'>t<b xml:lang='de'/></query></iq>"
    ));
    let Some(Ok(Reply::Stanza(stanza))) = peer.outcome(T) else { panic!() };
    let json = serde_json::to_value(&stanza).unwrap();
    assert_eq!(json["name"], "iq");
    assert_eq!(
        json["children"],
        serde_json::json!([{ "name": "query", "xmlns": "urn:x", "attrs": { "a": "1" }, "children": [
            "t", { "name": "b", "xmlns": "urn:x", "attrs": { "xml:lang": "de" }, "children": [] }
        ]}])
    );
}

#[test]
fn an_error_comes_back_typed() {
    let mut peer = Peer::online();
    let id = attribute(&ask(&mut peer, QUERY), "id");
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{id}' from='juliet@example.com/x'><error type='cancel' by='example.com'>\
         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Nobody</text><x xmlns='urn:x'/></error></iq>"
    ));
    let Some(Err(error)) = peer.outcome(T) else { panic!() };
    assert_eq!(
        (error.code, error.condition.as_deref(), error.kind),
        (Code::StanzaError, Some("item-not-found"), Some(ErrorType::Cancel))
    );
    assert_eq!((error.text.as_deref(), error.by.as_deref()), (Some("Nobody"), Some("example.com")));
    assert_eq!(error.application_condition.as_ref().unwrap().xmlns, "urn:x");
}

#[test]
fn an_answer_from_a_stranger_settles_nothing() {
    // RFC 6120, section 10.3.3 (I9).
    let mut peer = Peer::online();
    let id = attribute(&ask(&mut peer, QUERY), "id");
    for from in ["from='mallory@example.com/x'", "from='juliet@example.com'", "", "from='example.net'"] {
        peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' {from}/>"));
    }
    assert_eq!(peer.outcome(T), None);
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='juliet@example.com/x'/>"));
    assert!(matches!(peer.outcome(T), Some(Ok(_))));
}

#[test]
fn a_server_may_leave_from_out_when_it_answers_for_the_account() {
    // RFC 6120, section 8.1.2.1.
    for from in ["", "from='romeo@example.net'", "from='romeo@example.net/balcony'", "from='example.net'"] {
        let mut peer = Peer::online();
        let id = attribute(&ask(&mut peer, "<iq type='get'><query xmlns='urn:x'/></iq>"), "id");
        peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' {from}/>"));
        assert!(matches!(peer.outcome(T), Some(Ok(_))), "{from}");
    }
}

#[test]
fn a_request_has_a_deadline() {
    let mut peer = Peer::online();
    peer.session.request(peer.now, T, QUERY, Some(500)).unwrap();
    peer.advance(499);
    assert_eq!(peer.outcome(T), None);
    peer.advance(1);
    assert_eq!(peer.outcome(T).unwrap().unwrap_err().code, Code::Timeout);
}

#[test]
fn a_request_can_be_taken_back_and_its_late_answer_is_dropped() {
    let mut peer = Peer::online();
    let id = attribute(&ask(&mut peer, QUERY), "id");
    peer.session.cancel(peer.now, T);
    assert_eq!(peer.outcome(T).unwrap().unwrap_err().code, Code::Aborted);
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='juliet@example.com/x'/>"));
    assert_eq!(peer.outcome(T), None);
    assert!(peer.take_all_events().is_empty());
}

#[test]
fn an_id_of_the_app_is_kept_and_one_under_way_is_refused() {
    let mut peer = Peer::online();
    let xml = "<iq id='mine' type='get'><query xmlns='urn:x'/></iq>";
    assert_eq!(attribute(&ask(&mut peer, xml), "id"), "mine");
    assert_eq!(refused(&mut peer, xml).code, Code::InvalidArgument);
}

#[test]
fn what_is_not_one_request_is_refused_and_nothing_is_sent() {
    let mut peer = Peer::online();
    for xml in [
        "",
        "hello",
        "<iq",
        "<iq type='get'/>",
        "<iq type='get'><a xmlns='urn:x'/><b xmlns='urn:x'/></iq>",
        "<iq type='result'><a xmlns='urn:x'/></iq>",
        "<message/>",
        "<iq type='get'><a xmlns='urn:x'/></iq><iq type='get'><a xmlns='urn:x'/></iq>",
        "<iq type='get'><p:a/></iq>",
        "<!-- x --><iq type='get'><a xmlns='urn:x'/></iq>",
        "<iq type='get' xmlns='urn:x'><a/></iq>",
    ] {
        assert_eq!(refused(&mut peer, xml).code, Code::InvalidArgument, "{xml}");
    }
}

#[test]
fn a_raw_stanza_goes_out_alone_and_complete() {
    let mut peer = Peer::online();
    peer.session.send_raw(peer.now, " <message to='juliet@example.com'><body>a &amp; &lt;b&gt;</body></message>\n").unwrap();
    assert_eq!(
        peer.take_frames(),
        ["<message xmlns='jabber:client' to='juliet@example.com'><body>a &amp; &lt;b&gt;</body></message>"]
    );
    for xml in
        ["<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "<r xmlns='urn:xmpp:sm:3'/>", "<presence/><presence/>", "text"]
    {
        assert_eq!(peer.session.send_raw(peer.now, xml).unwrap_err().code, Code::InvalidArgument, "{xml}");
    }
    assert!(peer.take_frames().is_empty());
}

#[test]
fn without_a_connection_nothing_is_sent_and_the_code_says_so() {
    let mut peer = Peer::new(support::config());
    assert_eq!(peer.session.send_raw(peer.now, "<presence/>").unwrap_err().code, Code::NotConnected);
    assert_eq!(peer.session.request(peer.now, T, QUERY, None).unwrap_err().code, Code::NotConnected);
    peer.session.connect(peer.now, Token(1));
    assert_eq!(peer.session.request(peer.now, T, QUERY, None).unwrap_err().code, Code::NotConnected);
}

#[test]
fn requests_in_flight_fail_with_connection_lost() {
    let mut peer = Peer::online();
    ask(&mut peer, QUERY);
    peer.input(waxwing::proto::Input::SocketClosed { code: 1006, reason: "" });
    let error = peer.outcome(T).unwrap().unwrap_err();
    assert_eq!(error.code, Code::ConnectionLost);
    assert!(error.cause.is_some());
}

#[test]
fn ten_thousand_requests_at_once_each_get_their_own_answer() {
    let mut peer = Peer::online();
    for n in 0..10_000 {
        peer.session.request(peer.now, Token(n), QUERY, None).unwrap();
    }
    let ids: Vec<String> = peer.take_frames().iter().map(|frame| attribute(frame, "id")).collect();
    for (n, id) in ids.iter().enumerate().rev() {
        peer.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}' from='juliet@example.com/x'><n xmlns='urn:x'>{n}</n></iq>"
        ));
    }
    let outcomes = peer.take_outcomes();
    assert_eq!(outcomes.len(), 10_000);
    for (token, result) in outcomes {
        let Ok(Reply::Stanza(stanza)) = result else { panic!() };
        assert!(serde_json::to_string(&stanza).unwrap().contains(&format!("\"{}\"", token.0)));
    }
}
