//! Presence subscriptions (RFC 6121, section 3 and appendix A) against a scripted server.

mod support;

use serde_json::{Value, json};
use support::{Peer, USUAL_FEATURES, config};
use waxwing::proto::{Error, Event, Input, Output, Token};

const CONTACT: &str = "juliet@example.com";

/// Stream management, and nothing else: no approval in advance.
const WITHOUT_PRE_APPROVAL: &str = "<sm xmlns='urn:xmpp:sm:3'/>";

fn receive(peer: &mut Peer, kind: &str) {
    peer.receive(&format!("<presence xmlns='jabber:client' type='{kind}' from='{CONTACT}'/>"));
}

fn push(peer: &mut Peer, item: &str) {
    peer.receive(&format!("<iq xmlns='jabber:client' type='set' id='p1'><query xmlns='jabber:iq:roster'>{item}</query></iq>"));
}

fn command(peer: &mut Peer, kind: &str) -> Result<(), Error> {
    let (session, now) = (&mut peer.session, peer.now);
    match kind {
        "subscribe" => session.subscribe(now, CONTACT),
        "subscribed" => session.approve(now, CONTACT),
        "unsubscribe" => session.unsubscribe(now, CONTACT),
        _ => session.deny(now, CONTACT),
    }
}

fn take_presences(peer: &mut Peer) -> Vec<String> {
    peer.take_frames().into_iter().filter(|frame| frame.starts_with("<presence ")).collect()
}

// Appendix A: the state charts

/// A state of the chart: the subscription, and who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    subscription: &'static str,
    is_pending_out: bool,
    is_pending_in: bool,
}

const fn state(subscription: &'static str, is_pending_out: bool, is_pending_in: bool) -> State {
    State { subscription, is_pending_out, is_pending_in }
}

/// Appendix A.1.
const STATES: [State; 9] = [
    state("none", false, false),
    state("none", true, false),
    state("none", false, true),
    state("none", true, true),
    state("to", false, false),
    state("to", false, true),
    state("from", false, false),
    state("from", true, false),
    state("both", false, false),
];

impl State {
    fn item(self) -> String {
        let ask = if self.is_pending_out { " ask='subscribe'" } else { "" };
        format!("<item jid='{CONTACT}' subscription='{}'{ask}/>", self.subscription)
    }

    fn sees_us(self) -> bool {
        matches!(self.subscription, "from" | "both")
    }

    fn is_seen(self) -> bool {
        matches!(self.subscription, "to" | "both")
    }

    fn with(self, is_seen: bool, sees_us: bool) -> Self {
        let subscription = match (is_seen, sees_us) {
            (false, false) => "none",
            (true, false) => "to",
            (false, true) => "from",
            (true, true) => "both",
        };
        Self { subscription, ..self }
    }

    /// Appendix A.2: what our server makes of what we send.
    fn after_outbound(self, kind: &str) -> Self {
        match kind {
            "subscribe" => Self { is_pending_out: !self.is_seen(), ..self },
            "unsubscribe" => Self { is_pending_out: false, ..self.with(false, self.sees_us()) },
            "subscribed" if self.is_pending_in => Self { is_pending_in: false, ..self.with(self.is_seen(), true) },
            "subscribed" => self,
            _ => Self { is_pending_in: false, ..self.with(self.is_seen(), false) },
        }
    }

    /// Appendix A.3: what our server makes of what the contact sends, and whether it passes it on.
    fn after_inbound(self, kind: &str) -> (Self, bool) {
        let after = match kind {
            "subscribe" if self.sees_us() => self,
            "subscribe" => Self { is_pending_in: true, ..self },
            "unsubscribe" => Self { is_pending_in: false, ..self.with(self.is_seen(), false) },
            "subscribed" if self.is_pending_out => Self { is_pending_out: false, ..self.with(true, self.sees_us()) },
            "subscribed" => self,
            _ => Self { is_pending_out: false, ..self.with(false, self.sees_us()) },
        };
        (after, after != self)
    }

    fn enter(self) -> Peer {
        let mut peer = Peer::online_with(config(), WITHOUT_PRE_APPROVAL, &self.item());
        if self.is_pending_in {
            receive(&mut peer, "subscribe");
        }
        peer.clear();
        peer
    }

    /// Checks all that a client knows of a state.
    fn check(self, peer: &mut Peer, on_the_way: &str) {
        let item = serde_json::to_value(peer.session.roster_item(CONTACT)).unwrap();
        assert_eq!(item["subscription"], self.subscription, "{on_the_way}");
        assert_eq!(item.get("ask").is_some(), self.is_pending_out, "{on_the_way}");
        // Without approval in advance, only a request or a subscription can be approved: so it shows whether one is known.
        peer.clear();
        assert_eq!(command(peer, "subscribed").is_ok(), self.is_pending_in || self.sees_us(), "{on_the_way}");
        peer.clear();
    }
}

const KINDS: [&str; 4] = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"];

/// Appendix A.2.
#[test]
fn every_state_is_left_as_the_chart_says_by_what_we_send() {
    for before in STATES {
        for kind in KINDS {
            let on_the_way = format!("{before:?}, {kind} sent");
            let mut peer = before.enter();
            let sent = command(&mut peer, kind);
            let is_refused = kind == "subscribed" && !before.is_pending_in && !before.sees_us();
            assert_eq!(sent.is_err(), is_refused, "{on_the_way}");
            let presences = take_presences(&mut peer);
            if is_refused {
                assert_eq!(presences, [] as [&str; 0], "{on_the_way}");
            } else {
                // Section 3: to the bare JID.
                assert_eq!(presences.len(), 1, "{on_the_way}");
                assert!(presences[0].contains(&format!(" type='{kind}' ")), "{presences:?}");
                assert!(presences[0].contains(&format!(" to='{CONTACT}'")), "{presences:?}");
            }
            let after = before.after_outbound(kind);
            if after.item() != before.item() {
                push(&mut peer, &after.item());
            }
            after.check(&mut peer, &on_the_way);
        }
    }
}

/// Appendix A.3.
#[test]
fn every_state_is_left_as_the_chart_says_by_what_the_contact_sends() {
    for before in STATES {
        for kind in KINDS {
            let on_the_way = format!("{before:?}, {kind} received");
            let mut peer = before.enter();
            let (after, is_delivered) = before.after_inbound(kind);
            if is_delivered {
                receive(&mut peer, kind);
                // Section 3.1.6: the push comes after the presence.
                assert_eq!(peer.take_events("subscription"), [json!({ "from": CONTACT, "type": kind })], "{on_the_way}");
                if after.item() != before.item() {
                    push(&mut peer, &after.item());
                    assert_eq!(peer.take_events("roster")[0]["change"], "updated", "{on_the_way}");
                }
            }
            assert_eq!(take_presences(&mut peer), [] as [&str; 0], "nothing is answered by itself: {on_the_way}");
            after.check(&mut peer, &on_the_way);
        }
    }
}

// Section 3.1: requests

/// Section 3.1.1: to the bare JID, with an id.
#[test]
fn a_request_goes_to_the_bare_jid() {
    let mut peer = Peer::online();
    peer.session.subscribe(peer.now, "Juliet@Example.com/balcony").unwrap();
    peer.session.subscribe(peer.now, "juliet@example.com").unwrap();
    let sent = take_presences(&mut peer);
    for presence in &sent {
        assert!(presence.ends_with(" to='juliet@example.com'/>"), "{presence}");
    }
    assert_ne!(support::attribute(&sent[0], "id"), support::attribute(&sent[1], "id"));
}

/// Section 3.1.4, and XEP-0172 for the nickname.
#[test]
fn a_request_is_told_with_status_and_nick_and_from_the_bare_jid() {
    let mut config = config();
    config.language = Some("de".to_owned());
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    peer.receive(
        "<presence xmlns='jabber:client' type='subscribe' from='juliet@example.com/balcony' xml:lang='en'><status>Hi, it is me</status>\
         <status xml:lang='de'>Ich bin es</status><nick xmlns='http://jabber.org/protocol/nick'>Jule</nick></presence>",
    );
    assert_eq!(
        peer.take_all_events(),
        [(
            "subscription".to_owned(),
            json!({ "from": "juliet@example.com", "type": "subscribe", "status": "Ich bin es", "nick": "Jule" })
        )],
        "and no presence event"
    );
}

/// Section 3.1.3: a server delivers a pending request again at each first presence, and a contact may ask again.
#[test]
fn a_pending_request_is_told_once_until_it_is_answered() {
    for answer in ["subscribed", "unsubscribed"] {
        let mut peer = Peer::online();
        receive(&mut peer, "subscribe");
        receive(&mut peer, "subscribe");
        assert_eq!(peer.take_events("subscription").len(), 1);
        command(&mut peer, answer).unwrap();
        receive(&mut peer, "subscribe");
        assert_eq!(peer.take_events("subscription").len(), 1, "after {answer}");
    }
}

#[test]
fn a_request_that_was_withdrawn_is_told_anew_when_it_comes_back() {
    let mut peer = Peer::online();
    for kind in ["subscribe", "unsubscribe", "subscribe"] {
        receive(&mut peer, kind);
        assert_eq!(peer.take_events("subscription"), [json!({ "from": CONTACT, "type": kind })]);
    }
}

#[test]
fn a_request_that_another_client_of_ours_approved_is_no_longer_pending() {
    let mut peer = Peer::online_with(config(), WITHOUT_PRE_APPROVAL, "");
    receive(&mut peer, "subscribe");
    push(&mut peer, &state("from", false, false).item());
    push(&mut peer, &state("none", false, false).item());
    assert!(command(&mut peer, "subscribed").is_err());
}

#[test]
fn a_new_login_tells_anew_what_still_waits_for_an_answer() {
    let mut peer = Peer::online_with(config(), WITHOUT_PRE_APPROVAL, "");
    receive(&mut peer, "subscribe");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    peer.clear();
    peer.session.connect(peer.now, Token(0));
    peer.log_in(WITHOUT_PRE_APPROVAL);
    peer.answer_roster("");
    peer.clear();
    assert!(command(&mut peer, "subscribed").is_err(), "the server has not said that it is still pending");
    receive(&mut peer, "subscribe");
    assert_eq!(peer.take_events("subscription").len(), 1);
    command(&mut peer, "subscribed").unwrap();
}

#[test]
fn a_subscription_presence_without_a_sender_says_nothing() {
    let mut peer = Peer::online();
    peer.receive("<presence xmlns='jabber:client' type='subscribe'/>");
    assert_eq!(peer.take_all_events(), []);
}

// Section 3.4: approval in advance

/// Section 3.4.1.
#[test]
fn an_approval_in_advance_is_sent_where_the_server_keeps_it() {
    let mut peer = Peer::online();
    command(&mut peer, "subscribed").unwrap();
    assert_eq!(take_presences(&mut peer).len(), 1);
    // Section 3.4.2: the server notes it in the roster.
    push(&mut peer, &format!("<item jid='{CONTACT}' subscription='none' approved='true'/>"));
    assert_eq!(peer.take_events("roster")[0]["items"][0]["approved"], true);
    // It is taken back like a subscription (section 3.2).
    command(&mut peer, "unsubscribed").unwrap();
    assert!(take_presences(&mut peer)[0].contains(" type='unsubscribed' "));
    push(&mut peer, &format!("<item jid='{CONTACT}' subscription='none'/>"));
    assert_eq!(peer.take_events("roster")[0]["items"][0].get("approved"), None);
}

/// Section 3.4: the stream feature says whether there is such a thing.
#[test]
fn an_approval_in_advance_is_refused_where_the_server_does_not_keep_it() {
    let mut peer = Peer::online_with(config(), WITHOUT_PRE_APPROVAL, "");
    let error = serde_json::to_value(command(&mut peer, "subscribed").unwrap_err()).unwrap();
    assert_eq!(error["condition"], "feature-not-implemented");
    assert!(error["remediation"].is_string());
    assert_eq!(take_presences(&mut peer), [] as [&str; 0]);
}

#[test]
fn subscriptions_need_a_valid_jid_and_a_connection() {
    let mut peer = Peer::online();
    let code = |result: Result<(), Error>| serde_json::to_value(result.unwrap_err().code).unwrap();
    for jid in ["", "@", "a b@c"] {
        assert_eq!(code(peer.session.subscribe(peer.now, jid)), "invalid-argument");
        assert_eq!(code(peer.session.approve(peer.now, jid)), "invalid-argument");
        assert_eq!(code(peer.session.deny(peer.now, jid)), "invalid-argument");
        assert_eq!(code(peer.session.unsubscribe(peer.now, jid)), "invalid-argument");
    }
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    for kind in KINDS {
        assert_eq!(code(command(&mut peer, kind)), "not-connected");
    }
}

#[test]
fn a_request_that_cannot_be_delivered_is_told_as_a_presence_error() {
    let mut peer = Peer::online();
    command(&mut peer, "subscribe").unwrap();
    peer.receive(&format!(
        "<presence xmlns='jabber:client' type='error' from='{CONTACT}'><error type='cancel'>\
         <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    ));
    let events: Vec<Value> = peer.take_events("presence");
    assert_eq!(events[0]["error"]["condition"], "remote-server-not-found");
}

/// I7: when a subscription event is delivered, approving is possible already.
#[test]
fn a_request_can_be_approved_from_inside_its_event() {
    let mut peer = Peer::online_with(config(), WITHOUT_PRE_APPROVAL, "");
    peer.session
        .handle_input(peer.now, Input::Frame(&format!("<presence xmlns='jabber:client' type='subscribe' from='{CONTACT}'/>")));
    while let Some(output) = peer.session.poll_output() {
        if matches!(output, Output::Event(Event::Subscription(_))) {
            peer.session.approve(peer.now, CONTACT).unwrap();
        }
    }
}
