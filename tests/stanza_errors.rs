//! Stanza errors (RFC 6120, section 8.3): all conditions, on every kind of stanza.

mod support;

use serde_json::json;
use support::{Peer, attribute};
use waxwing::proto::{Code, Error, ErrorType, Token};

/// RFC 6120, section 8.3.3, with the type that each comes with.
const CONDITIONS: [(&str, &str); 22] = [
    ("bad-request", "modify"),
    ("conflict", "cancel"),
    ("feature-not-implemented", "cancel"),
    ("forbidden", "auth"),
    ("gone", "cancel"),
    ("internal-server-error", "cancel"),
    ("item-not-found", "cancel"),
    ("jid-malformed", "modify"),
    ("not-acceptable", "modify"),
    ("not-allowed", "cancel"),
    ("not-authorized", "auth"),
    ("policy-violation", "modify"),
    ("recipient-unavailable", "wait"),
    ("redirect", "modify"),
    ("registration-required", "auth"),
    ("remote-server-not-found", "cancel"),
    ("remote-server-timeout", "wait"),
    ("resource-constraint", "wait"),
    ("service-unavailable", "cancel"),
    ("subscription-required", "auth"),
    ("undefined-condition", "cancel"),
    ("unexpected-request", "wait"),
];

fn error_element(condition: &str, kind: &str) -> String {
    format!(
        "<error type='{kind}' by='example.com'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>So it is</text><detail xmlns='urn:app'/></error>"
    )
}

/// A request of ours, answered with this.
fn answer(error: &str) -> Error {
    let mut peer = Peer::online();
    peer.session.request(peer.now, Token(1), "<iq type='get' to='juliet@example.com'><q xmlns='urn:q'/></iq>", None).unwrap();
    let id = attribute(&peer.take_frames()[0], "id");
    peer.receive(&format!("<iq xmlns='jabber:client' type='error' id='{id}' from='juliet@example.com'>{error}</iq>"));
    peer.outcome(Token(1)).unwrap().unwrap_err()
}

#[test]
fn all_22_conditions_reach_the_app_with_every_type_text_by_and_application_condition() {
    for (condition, _) in CONDITIONS {
        for (kind, typed) in [
            ("auth", ErrorType::Auth),
            ("cancel", ErrorType::Cancel),
            ("continue", ErrorType::Continue),
            ("modify", ErrorType::Modify),
            ("wait", ErrorType::Wait),
        ] {
            let error = answer(&error_element(condition, kind));
            assert_eq!(error.code, Code::StanzaError);
            assert_eq!(error.condition.as_deref(), Some(condition));
            assert_eq!(error.kind, Some(typed));
            assert_eq!((error.text.as_deref(), error.by.as_deref()), (Some("So it is"), Some("example.com")));
            let application = error.application_condition.as_ref().unwrap();
            assert_eq!((application.name.as_str(), application.xmlns.as_str()), ("detail", "urn:app"));
            assert_eq!(error.message, format!("the peer answered: {condition} ({kind}): So it is"));
        }
    }
}

#[test]
fn a_condition_without_a_type_has_the_one_of_the_rfc() {
    for (condition, kind) in CONDITIONS {
        let error = answer(&format!("<error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"));
        assert_eq!(serde_json::to_value(error).unwrap()["type"], kind, "{condition}");
    }
}

#[test]
fn messages_carry_the_same_error_as_requests() {
    let mut peer = Peer::online();
    for (condition, kind) in CONDITIONS {
        let element = error_element(condition, kind);
        peer.receive(&format!(
            "<message xmlns='jabber:client' type='error' id='m' from='juliet@example.com'><body>Hi</body>{element}</message>"
        ));
        let message = peer.take_events("message").remove(0);
        assert_eq!((&message["type"], &message["body"]), (&json!("error"), &json!("Hi")));
        assert_eq!(message["error"], serde_json::to_value(answer(&element)).unwrap());
    }
}

#[test]
fn an_error_is_never_answered() {
    let mut peer = Peer::online();
    let element = error_element("conflict", "cancel");
    for name in ["message", "presence", "iq"] {
        peer.receive(&format!(
            "<{name} xmlns='jabber:client' type='error' id='unasked' from='juliet@example.com/x'>{element}</{name}>"
        ));
    }
    // RFC 6120, section 8.3.1: an error in answer to an error would go on for ever.
    assert!(peer.take_frames().is_empty());
}
