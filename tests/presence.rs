//! Presence (RFC 6121, section 4) against a scripted server.

mod support;

use serde_json::{Value, json};
use support::{OWN_FULL, Peer, USUAL_FEATURES, config};
use waxwing::proto::{Availability, Config, Error, Input, PresenceOptions, Show, Sorted, Token};

const PRESENCE: &str = "<presence xmlns='jabber:client'";

fn receive(peer: &mut Peer, from: &str, kind: &str, payload: &str) {
    let kind = if kind.is_empty() { String::new() } else { format!(" type='{kind}'") };
    peer.receive(&format!("{PRESENCE} from='{from}'{kind}>{payload}</presence>"));
}

/// The event that a presence of juliet makes.
fn event(payload: &str) -> Value {
    event_of(Peer::online(), payload)
}

fn event_of(mut peer: Peer, payload: &str) -> Value {
    receive(&mut peer, "juliet@example.com/balcony", "", payload);
    let mut events = peer.take_all_events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].0, "presence");
    events.remove(0).1
}

fn addresses(peer: &Peer, bare: &str) -> Vec<String> {
    peer.session.presence_resources(bare).into_iter().map(|presence| presence.from.clone()).collect()
}

fn address_of(peer: &Peer, jid: &str) -> Option<String> {
    peer.session.presence_of(jid).map(|presence| presence.from.clone())
}

fn error(condition: &str) -> String {
    format!("<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
}

fn reconnect(peer: &mut Peer) -> Vec<String> {
    peer.session.connect(peer.now, Token(0));
    peer.log_in("");
    peer.answer_roster("");
    peer.take_frames().into_iter().filter(|frame| frame.starts_with("<presence ")).collect()
}

fn first_presence(config: Config) -> Vec<String> {
    reconnect(&mut Peer::new(config))
}

fn busy() -> PresenceOptions {
    PresenceOptions { show: Some(Show::Dnd), status: Some("Busy".to_owned()), priority: Some(-5), ..PresenceOptions::default() }
}

const BUSY: &str = "<presence xmlns='jabber:client'><show>dnd</show><status>Busy</status><priority>-5</priority></presence>";

fn code(result: Result<(), Error>) -> Value {
    serde_json::to_value(result.unwrap_err().code).unwrap()
}

// Section 4.7: reading

#[test]
fn a_presence_is_told_with_all_that_it_says() {
    assert_eq!(
        event("<show>xa</show><status>Gone &amp; away</status><priority>-128</priority><x xmlns='vcard-temp:x:update'/>"),
        json!({ "from": "juliet@example.com/balcony", "type": "available", "show": "xa", "status": "Gone & away", "priority": -128 })
    );
    assert_eq!(event(""), json!({ "from": "juliet@example.com/balcony", "type": "available", "priority": 0 }));
}

/// Section 4.7.2.1: away, chat, dnd and xa; a client that does not know another value loses only that.
#[test]
fn an_unknown_show_costs_only_itself() {
    for show in ["online", "", "AWAY", "a way", "<b xmlns='x'/>"] {
        assert_eq!(
            event(&format!("<show>{show}</show><status>S</status><priority>3</priority>")),
            json!({ "from": "juliet@example.com/balcony", "type": "available", "status": "S", "priority": 3 }),
            "{show}"
        );
    }
    assert_eq!(event("<show>\n away </show>")["show"], "away");
}

/// Section 4.7.2.3: an integer from -128 to 127; absent is zero.
#[test]
fn a_bad_priority_costs_only_itself() {
    for priority in ["128", "-129", "high", "", "1.5", "99999999999999999999"] {
        let event = event(&format!("<priority>{priority}</priority><show>chat</show>"));
        assert_eq!((&event["priority"], &event["show"]), (&json!(0), &json!("chat")), "{priority}");
    }
    for (priority, value) in [(" 127 ", 127), ("+1", 1), ("-1", -1)] {
        assert_eq!(event(&format!("<priority>{priority}</priority>"))["priority"], value);
    }
}

#[test]
fn elements_of_other_namespaces_are_not_taken_for_presence() {
    let event = event("<show xmlns='x'>away</show><status xmlns='x'>S</status><priority xmlns='x'>9</priority>");
    assert_eq!(event, json!({ "from": "juliet@example.com/balcony", "type": "available", "priority": 0 }));
}

/// Section 4.7.2.2: one status a language.
#[test]
fn a_status_is_chosen_by_language() {
    let payload = "<status xml:lang='cs'>Pryč</status><status>Away</status><status xml:lang='de'>Weg</status><status xml:lang='de'>Fort</status>";
    let statuses = json!({ "": "Away", "cs": "Pryč", "de": "Weg" });
    for (language, status) in [(None, "Away"), (Some("de"), "Weg"), (Some("cs-CZ"), "Pryč"), (Some("fr"), "Away")] {
        let mut config = config();
        config.language = language.map(ToOwned::to_owned);
        let event = event_of(Peer::online_with(config, USUAL_FEATURES, ""), payload);
        assert_eq!((&event["status"], &event["statuses"]), (&json!(status), &statuses), "{language:?}");
    }
    let event = event("<status xml:lang='cs'>Pryč</status>");
    assert_eq!((&event["status"], &event["statuses"]), (&json!("Pryč"), &json!({ "cs": "Pryč" })));
}

#[test]
fn an_empty_status_is_none() {
    assert_eq!(event("<status/>"), json!({ "from": "juliet@example.com/balcony", "type": "available", "priority": 0 }));
}

/// Section 4.7.1 has no such type, and nothing can be told from it.
#[test]
fn a_presence_of_an_unknown_type_is_an_error_and_changes_nothing() {
    let mut peer = Peer::online();
    receive(&mut peer, "juliet@example.com/balcony", "", "");
    peer.clear();
    receive(&mut peer, "juliet@example.com/balcony", "gone", "");
    let events = peer.take_all_events();
    assert_eq!((events.len(), events[0].0.as_str(), &events[0].1["code"]), (1, "error", &json!("unreadable-stanza")));
    assert!(peer.session.presence_of("juliet@example.com").is_some());
}

/// Section 4.3: probes are between servers. Section 3: subscriptions say nothing of availability.
#[test]
fn probes_and_subscriptions_are_not_taken_for_presence() {
    for kind in ["probe", "subscribe", "subscribed", "unsubscribe", "unsubscribed"] {
        let mut peer = Peer::online();
        receive(&mut peer, "juliet@example.com/balcony", "", "");
        peer.clear();
        receive(&mut peer, "juliet@example.com/balcony", kind, "<show>away</show>");
        receive(&mut peer, "juliet@example.com", kind, "<show>away</show>");
        assert_eq!(peer.take_events("presence"), [] as [Value; 0], "{kind}");
        assert_eq!(addresses(&peer, "juliet@example.com"), ["juliet@example.com/balcony"]);
        assert_eq!(peer.session.presence_of("juliet@example.com").unwrap().show, None);
        assert_eq!(peer.take_frames(), [] as [&str; 0], "{kind}");
    }
}

/// RFC 6120, section 8.1.2.1.
#[test]
fn a_presence_without_a_sender_is_from_our_own_account() {
    let mut peer = Peer::online();
    peer.receive(&format!("{PRESENCE}><show>away</show></presence>"));
    assert_eq!(peer.take_events("presence")[0]["from"], "romeo@example.net");
}

// Section 8.5.2.1.1 and the table

/// Section 8.5.2.1.1: priority first; then the more available show; then the one heard of last.
#[test]
fn the_most_available_resource_is_the_first() {
    let mut peer = Peer::online();
    for (resource, payload) in [
        ("negative", "<show>chat</show><priority>-1</priority>"),
        ("dnd", "<show>dnd</show>"),
        ("xa", "<show>xa</show>"),
        ("chat", "<show>chat</show>"),
        ("away", "<show>away</show>"),
        ("older", ""),
        ("newer", ""),
        ("high", "<show>dnd</show><priority>1</priority>"),
    ] {
        receive(&mut peer, &format!("juliet@example.com/{resource}"), "", payload);
    }
    let order = |names: &[&str]| names.iter().map(|name| format!("juliet@example.com/{name}")).collect::<Vec<_>>();
    let first = ["high", "chat", "newer", "older", "away", "xa", "dnd", "negative"];
    assert_eq!(addresses(&peer, "juliet@example.com"), order(&first));
    assert_eq!(address_of(&peer, "juliet@example.com").as_deref(), Some("juliet@example.com/high"));
    // Heard of again.
    receive(&mut peer, "juliet@example.com/older", "", "");
    receive(&mut peer, "juliet@example.com/high", "unavailable", "");
    let then = ["chat", "older", "newer", "away", "xa", "dnd", "negative"];
    assert_eq!(addresses(&peer, "juliet@example.com"), order(&then));
}

#[test]
fn a_full_jid_is_that_resource_and_lookups_are_normalised() {
    let mut peer = Peer::online();
    receive(&mut peer, "juliet@example.com/Balcony", "", "<show>away</show>");
    receive(&mut peer, "juliet@example.com/chamber", "", "");
    assert_eq!(address_of(&peer, "JULIET@Example.com/Balcony").as_deref(), Some("juliet@example.com/Balcony"));
    assert_eq!(address_of(&peer, "juliet@example.com/balcony"), None, "resources keep their case");
    assert_eq!(address_of(&peer, "Juliet@example.com").as_deref(), Some("juliet@example.com/chamber"));
    assert_eq!(addresses(&peer, "JULIET@example.com/any").len(), 2);
    for jid in ["", "@", "nurse@example.com", "juliet@example.co", "juliet@example.com0", "juliet@example.com/"] {
        assert_eq!(address_of(&peer, jid), None, "{jid}");
        assert!(jid == "juliet@example.com/" || addresses(&peer, jid).is_empty(), "{jid}");
    }
}

/// Section 4.5.4.
#[test]
fn a_resource_that_goes_is_told_and_forgotten() {
    let mut peer = Peer::online();
    receive(&mut peer, "juliet@example.com/balcony", "", "");
    receive(&mut peer, "juliet@example.com/chamber", "", "");
    peer.clear();
    receive(
        &mut peer,
        "juliet@example.com/balcony",
        "unavailable",
        "<status>Bye</status><show>away</show><priority>5</priority>",
    );
    assert_eq!(
        peer.take_events("presence"),
        [json!({ "from": "juliet@example.com/balcony", "type": "unavailable", "status": "Bye", "priority": 0 })]
    );
    assert_eq!(addresses(&peer, "juliet@example.com"), ["juliet@example.com/chamber"]);
}

#[test]
fn a_bare_jid_that_goes_takes_all_its_resources_with_it_and_nobody_else() {
    let mut peer = Peer::online();
    let others = ["juliet@example.com.org/x", "juliet@example.co/x", "juliet@example.com-x.org/x", "xjuliet@example.com/x"];
    for from in ["juliet@example.com/balcony", "juliet@example.com/a/b", "juliet@example.com"].iter().chain(&others) {
        receive(&mut peer, from, "", "");
    }
    peer.clear();
    receive(&mut peer, "juliet@example.com", "unavailable", "");
    assert_eq!(peer.take_events("presence"), [json!({ "from": "juliet@example.com", "type": "unavailable", "priority": 0 })]);
    assert_eq!(addresses(&peer, "juliet@example.com"), [] as [&str; 0]);
    for other in others {
        assert!(peer.session.presence_of(other).is_some(), "{other}");
    }
}

#[test]
fn what_is_known_ends_with_the_session_without_an_event_for_each() {
    let mut peer = Peer::online();
    for at in 0..20 {
        receive(&mut peer, &format!("juliet@example.com/{at}"), "", "");
    }
    peer.clear();
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(peer.take_events("presence"), [] as [Value; 0]);
    assert_eq!(addresses(&peer, "juliet@example.com"), [] as [&str; 0]);
}

#[test]
fn our_own_resources_are_known_like_those_of_others() {
    let mut peer = Peer::online();
    receive(&mut peer, OWN_FULL, "", "");
    receive(&mut peer, "romeo@example.net/phone", "", "<priority>1</priority>");
    assert_eq!(addresses(&peer, "romeo@example.net"), ["romeo@example.net/phone", OWN_FULL]);
}

// Errors

#[test]
fn an_error_from_an_address_where_nobody_is_clears_it() {
    for condition in ["remote-server-not-found", "remote-server-timeout", "recipient-unavailable", "item-not-found", "gone"] {
        let mut peer = Peer::online();
        receive(&mut peer, "juliet@example.com/balcony", "", "");
        peer.clear();
        receive(
            &mut peer,
            "juliet@example.com",
            "error",
            &format!("<show>away</show><priority>4</priority>{}", error(condition)),
        );
        let event = peer.take_events("presence").remove(0);
        assert_eq!((&event["type"], &event["from"]), (&json!("error"), &json!("juliet@example.com")));
        assert_eq!((&event["error"]["code"], &event["error"]["condition"]), (&json!("stanza-error"), &json!(condition)));
        assert_eq!((event.get("show"), &event["priority"]), (None, &json!(0)), "what comes back is our own presence");
        assert_eq!(addresses(&peer, "juliet@example.com"), [] as [&str; 0], "{condition}");
    }
}

/// A room refuses a nickname from the address of the occupant who has it (XEP-0045, section 7.2.8).
#[test]
fn an_error_that_is_a_refusal_leaves_the_one_at_that_address_there() {
    for condition in ["conflict", "forbidden", "not-allowed", "not-authorized", "registration-required"] {
        let mut peer = Peer::online();
        receive(&mut peer, "room@rooms.example.com/nick", "", "");
        receive(&mut peer, "room@rooms.example.com/nick", "error", &error(condition));
        assert_eq!(addresses(&peer, "room@rooms.example.com"), ["room@rooms.example.com/nick"], "{condition}");
        assert_eq!(peer.take_events("presence").len(), 2);
    }
}

// Sections 4.2 to 4.6: ours

/// Section 4.2.1.
#[test]
fn the_first_presence_is_the_one_configured() {
    assert_eq!(first_presence(config()), ["<presence xmlns='jabber:client'/>"]);
    assert_eq!(first_presence(Config { presence: Some(busy()), ..config() }), [BUSY]);
    assert_eq!(first_presence(Config { presence: None, ..config() }), [] as [&str; 0]);
}

#[test]
fn a_first_presence_that_cannot_be_sent_does_not_keep_the_client_offline() {
    for presence in [
        PresenceOptions { status: Some("\u{8}".to_owned()), ..PresenceOptions::default() },
        PresenceOptions { kind: Some(Availability::Unavailable), ..PresenceOptions::default() },
    ] {
        let mut peer = Peer::new(Config { presence: Some(presence), ..config() });
        assert_eq!(reconnect(&mut peer), [] as [&str; 0]);
        assert_eq!(peer.session.state().as_str(), "online");
        let errors = peer.take_events("error");
        assert_eq!((&errors[0]["code"], &errors[0]["cause"]["code"]), (&json!("invalid-argument"), &json!("invalid-argument")));
    }
}

/// Section 4.4.1.
#[test]
fn a_presence_set_while_online_is_sent_and_is_the_first_one_of_later_logins() {
    let mut peer = Peer::online();
    peer.session.set_presence(peer.now, busy()).unwrap();
    assert_eq!(peer.take_frames(), [BUSY]);
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(reconnect(&mut peer), [BUSY]);
}

#[test]
fn a_presence_set_before_the_login_is_the_first_one() {
    for presence in [None, Some(PresenceOptions::default())] {
        let mut peer = Peer::new(Config { presence, ..config() });
        peer.session.set_presence(peer.now, busy()).unwrap();
        assert_eq!(peer.take_frames(), [] as [&str; 0]);
        assert_eq!(reconnect(&mut peer), [BUSY]);
    }
}

/// Section 2.2: no presence before the roster is there.
#[test]
fn a_presence_set_while_the_roster_loads_waits_for_it() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, Token(0));
    peer.log_in("");
    peer.session.set_presence(peer.now, busy()).unwrap();
    peer.drain();
    let roster = peer.roster_request();
    assert!(peer.take_frames().iter().all(|frame| !frame.starts_with("<presence")));
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{roster}'><query xmlns='jabber:iq:roster'/></iq>"));
    assert_eq!(peer.take_frames(), [BUSY]);
}

#[test]
fn a_status_goes_out_in_every_language() {
    let mut peer = Peer::online();
    let statuses = Sorted::from([("de".to_owned(), "Weg".to_owned()), (String::new(), "<Away>".to_owned())]);
    peer.session.set_presence(peer.now, PresenceOptions { statuses, ..PresenceOptions::default() }).unwrap();
    assert_eq!(
        peer.take_frames(),
        ["<presence xmlns='jabber:client'><status>&lt;Away&gt;</status><status xml:lang='de'>Weg</status></presence>"]
    );
}

#[test]
fn what_cannot_be_sent_is_refused_at_once_and_not_kept() {
    let statuses = |lang: &str| Sorted::from([(lang.to_owned(), "x".to_owned())]);
    for is_online in [true, false] {
        let mut peer = if is_online { Peer::online() } else { Peer::new(config()) };
        for bad in [
            PresenceOptions { status: Some("a\u{8}".to_owned()), ..PresenceOptions::default() },
            PresenceOptions { statuses: statuses("en_US"), ..PresenceOptions::default() },
            PresenceOptions { status: Some("y".to_owned()), statuses: statuses(""), ..PresenceOptions::default() },
            PresenceOptions { kind: Some(Availability::Unavailable), ..PresenceOptions::default() },
        ] {
            assert_eq!(code(peer.session.set_presence(peer.now, bad)), "invalid-argument");
        }
        assert_eq!(peer.take_frames(), [] as [&str; 0]);
        peer.input(Input::SocketClosed { code: 1006, reason: "" });
        assert_eq!(reconnect(&mut peer), ["<presence xmlns='jabber:client'/>"]);
    }
}

/// Section 4.6.
#[test]
fn a_directed_presence_goes_to_one_address_and_can_be_taken_back() {
    let mut peer = Peer::online();
    peer.session.send_presence_to(peer.now, "Room@Rooms.example.com/Nick", busy()).unwrap();
    let back = PresenceOptions {
        kind: Some(Availability::Unavailable),
        status: Some("Bye".to_owned()),
        show: Some(Show::Away),
        priority: Some(1),
        ..PresenceOptions::default()
    };
    peer.session.send_presence_to(peer.now, "room@rooms.example.com/Nick", back).unwrap();
    assert_eq!(
        peer.take_frames(),
        [
            "<presence xmlns='jabber:client' to='room@rooms.example.com/Nick'><show>dnd</show><status>Busy</status><priority>-5</priority></presence>",
            "<presence xmlns='jabber:client' to='room@rooms.example.com/Nick' type='unavailable'><status>Bye</status></presence>",
        ]
    );
    // It is not the presence of later logins.
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(reconnect(&mut peer), ["<presence xmlns='jabber:client'/>"]);
    assert_eq!(code(peer.session.send_presence_to(peer.now, "@", busy())), "invalid-argument");
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
    assert_eq!(code(peer.session.send_presence_to(peer.now, "a@example.com", busy())), "not-connected");
}

/// Section 4.5.1, and section 4.6.3 for those who got directed presence.
#[test]
fn the_goodbye_is_said_to_a_server_that_passes_it_on_only_where_we_were_seen() {
    let goodbye = "<presence xmlns='jabber:client' type='unavailable'/>";
    for (presence, is_directed, is_said) in [(Some(busy()), false, true), (None, false, false), (None, true, true)] {
        let mut peer = Peer::online_with(Config { presence, ..config() }, USUAL_FEATURES, "");
        if is_directed {
            peer.session.send_presence_to(peer.now, "room@rooms.example.com/n", PresenceOptions::default()).unwrap();
        }
        peer.session.disconnect(peer.now, Token(1));
        assert_eq!(peer.take_frames().iter().any(|frame| frame == goodbye), is_said, "{is_directed}");
    }
}

#[test]
fn presences_of_five_thousand_contacts_are_all_known() {
    let mut peer = Peer::online();
    for at in 0..5_000 {
        receive(&mut peer, &format!("user{at}@example.com/x"), "", "");
    }
    assert_eq!(peer.take_events("presence").len(), 5_000);
    assert!((0..5_000).all(|at| peer.session.presence_of(&format!("user{at}@example.com")).is_some()));
}
