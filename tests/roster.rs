//! Roster (RFC 6121, section 2) against a scripted server.

mod support;

use serde_json::{Value, json};
use support::{OWN_BARE, OWN_FULL, Peer, USUAL_FEATURES, attribute, config};
use waxwing::proto::{Account, Error, Input, Reply, RosterAdd, RosterUpdate, Token};

const VERSIONING: &str = "<ver xmlns='urn:xmpp:features:rosterver'/>";
const JULIET: &str = "<item jid='juliet@example.com' name='Juliet' subscription='both'><group>Friends</group></item>";

fn online(roster: &str) -> Peer {
    Peer::online_with(config(), USUAL_FEATURES, roster)
}

fn push(peer: &mut Peer, query: &str) {
    peer.receive(&format!("<iq xmlns='jabber:client' type='set' id='p1'>{query}</iq>"));
}

fn push_item(peer: &mut Peer, item: &str) {
    push(peer, &format!("<query xmlns='jabber:iq:roster'>{item}</query>"));
}

/// Answers the last request with an empty result, or with an error.
fn answer(peer: &mut Peer, frame: &str, error: Option<&str>) {
    let id = attribute(frame, "id");
    peer.receive(&match error {
        None => format!("<iq xmlns='jabber:client' type='result' id='{id}'/>"),
        Some(condition) => format!(
            "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ),
    });
}

fn take_frame(peer: &mut Peer) -> String {
    let mut frames = peer.take_core_frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames.remove(0)
}

fn lose(peer: &mut Peer) {
    peer.input(Input::SocketClosed { code: 1006, reason: "" });
}

fn add(jid: &str, name: Option<&str>, groups: &[&str]) -> RosterAdd {
    RosterAdd { jid: jid.to_owned(), name: name.map(Into::into), groups: groups.iter().map(ToString::to_string).collect() }
}

fn update(jid: &str, name: Option<&str>, groups: Option<&[&str]>) -> RosterUpdate {
    let groups = groups.map(|groups| groups.iter().map(ToString::to_string).collect());
    RosterUpdate { jid: jid.to_owned(), name: name.map(Into::into), groups }
}

fn jids(peer: &Peer) -> Vec<&str> {
    peer.session.roster().map(|item| item.jid.as_str()).collect()
}

fn name_of<'a>(peer: &'a Peer, jid: &str) -> Option<&'a str> {
    peer.session.roster_item(jid).and_then(|item| item.name.as_deref())
}

/// Up to the roster request, on a server with these features.
fn logging_in(peer: &mut Peer, features: &str) -> String {
    peer.clear();
    peer.session.connect(peer.now, Token(0));
    peer.log_in(features);
    let frames = peer.take_frames();
    frames.into_iter().find(|frame| frame.contains("jabber:iq:roster")).expect("a roster request")
}

fn result(peer: &mut Peer, request: &str, query: &str) {
    let id = attribute(request, "id");
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' to='{OWN_FULL}'>{query}</iq>"));
}

// Section 2.1 and 2.2: loading

/// Section 2.2: the roster is asked for before the first presence is sent.
#[test]
fn the_first_presence_waits_for_the_roster() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, "");
    assert!(request.starts_with("<iq xmlns='jabber:client' type='get' id='"), "{request}");
    assert!(request.ends_with("'><query xmlns='jabber:iq:roster'/></iq>"), "{request}");
    assert_eq!(peer.session.state().as_str(), "connecting");
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster'/>");
    assert_eq!(take_frame(&mut peer), "<presence xmlns='jabber:client'/>");
    assert_eq!(peer.session.state().as_str(), "online");
}

/// Section 2.1.2: every attribute of an item. Groups come without doubles and empties, items sorted.
#[test]
fn a_loaded_roster_is_one_event_with_all_items() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, "");
    result(
        &mut peer,
        &request,
        "<query xmlns='jabber:iq:roster'>\
         <item jid='nurse@example.com' subscription='none' ask='subscribe' approved='true' name=''/>\
         <item jid='juliet@example.com' name='Juliet &amp; co' subscription='both' ask='later' approved='no'>\
         <group>b</group><group/><group>a</group><group>b</group></item>\
         <item jid='tybalt@example.com'/><item jid='abbot@example.com' subscription='remove'/><item jid='z@example.com' subscription='most'/>\
         </query>",
    );
    assert_eq!(
        peer.take_events("roster"),
        [json!({ "change": "loaded", "items": [
            { "jid": "abbot@example.com", "groups": [], "subscription": "none" },
            { "jid": "juliet@example.com", "name": "Juliet & co", "groups": ["a", "b"], "subscription": "both" },
            { "jid": "nurse@example.com", "groups": [], "subscription": "none", "ask": "subscribe", "approved": true },
            { "jid": "tybalt@example.com", "groups": [], "subscription": "none" },
            { "jid": "z@example.com", "groups": [], "subscription": "none" },
        ] })]
    );
    assert_eq!(
        jids(&peer),
        ["abbot@example.com", "juliet@example.com", "nurse@example.com", "tybalt@example.com", "z@example.com"]
    );
}

#[test]
fn an_item_that_cannot_be_read_costs_only_itself() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, "");
    result(
        &mut peer,
        &request,
        &format!("<query xmlns='jabber:iq:roster'><item/><item jid='@@'/><item jid=''/><other/>{JULIET}</query>"),
    );
    assert_eq!(jids(&peer), ["juliet@example.com"]);
    let errors = peer.take_events("error");
    assert_eq!(errors.len(), 1, "one event for all: {errors:?}");
    assert_eq!(errors[0]["code"], "unreadable-stanza");
    assert!(errors[0]["message"].as_str().unwrap().contains('3'), "{errors:?}");
}

#[test]
fn a_server_that_refuses_the_roster_still_has_its_client_online() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, "");
    answer(&mut peer, &request, Some("internal-server-error"));
    assert_eq!(peer.session.state().as_str(), "online");
    let errors = peer.take_events("error");
    assert_eq!((&errors[0]["code"], &errors[0]["condition"]), (&json!("stanza-error"), &json!("internal-server-error")));
    assert_eq!(errors[0]["cause"]["type"], "cancel");
    assert_eq!(peer.take_events("roster"), [] as [Value; 0]);
    assert_eq!(peer.outcome(Token(0)), Some(Ok(Reply::Done)));
}

#[test]
fn a_roster_that_does_not_come_in_time_does_not_keep_the_client_offline() {
    let mut config = config();
    config.timeouts.request_ms = 5_000;
    let mut peer = Peer::new(config);
    let request = logging_in(&mut peer, "");
    peer.advance(5_000);
    assert_eq!(peer.session.state().as_str(), "online");
    assert_eq!(peer.take_events("error")[0]["code"], "timeout");
    // The answer that comes after all is nobody's.
    result(&mut peer, &request, &format!("<query xmlns='jabber:iq:roster'>{JULIET}</query>"));
    assert_eq!(jids(&peer), [] as [&str; 0]);
}

#[test]
fn a_connection_lost_while_the_roster_loads_is_told_once() {
    let mut peer = Peer::new(config());
    logging_in(&mut peer, "");
    lose(&mut peer);
    assert_eq!(peer.take_events("error"), [] as [Value; 0]);
    assert!(matches!(peer.outcome(Token(0)), Some(Err(_))));
}

/// Section 2.6.3 gives an empty answer its meaning only where a version was sent.
#[test]
fn an_empty_answer_to_a_request_without_a_version_is_an_empty_roster() {
    let mut peer = online(JULIET);
    lose(&mut peer);
    let request = logging_in(&mut peer, "");
    answer(&mut peer, &request, None);
    assert_eq!(peer.take_events("roster"), [json!({ "change": "loaded", "items": [] })]);
    assert_eq!(jids(&peer), [] as [&str; 0]);
}

// Section 2.6: versions

/// Sections 2.6.2 and 2.6.3.
#[test]
fn a_later_login_asks_only_for_what_has_changed() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains("<query xmlns='jabber:iq:roster' ver=''/>"), "{request}");
    result(&mut peer, &request, &format!("<query xmlns='jabber:iq:roster' ver='v7'>{JULIET}</query>"));
    lose(&mut peer);
    assert_eq!(jids(&peer), ["juliet@example.com"], "it is still there to be shown");

    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver='v7'/>"), "{request}");
    answer(&mut peer, &request, None);
    assert_eq!(peer.session.state().as_str(), "online");
    assert_eq!(peer.take_events("roster")[0]["items"][0]["jid"], "juliet@example.com");

    // What has changed since comes as pushes, each with its version.
    push(
        &mut peer,
        "<query xmlns='jabber:iq:roster' ver='v8'><item jid='juliet@example.com' name='J' subscription='both'/></query>",
    );
    push(&mut peer, "<query xmlns='jabber:iq:roster' ver='v9'><item jid='nurse@example.com' subscription='to'/></query>");
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver='v9'/>"), "{request}");

    // A whole roster replaces what was kept.
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster' ver='v20'><item jid='paris@example.com'/></query>");
    assert_eq!(jids(&peer), ["paris@example.com"]);
}

/// Section 2.6.1: without the stream feature, no version is sent.
#[test]
fn a_server_without_versions_is_asked_for_everything() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, VERSIONING);
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster' ver='v7'/>");
    lose(&mut peer);
    let request = logging_in(&mut peer, "");
    assert!(!request.contains("ver="), "{request}");
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster'/>");
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver=''/>"), "the old version went with the old roster: {request}");
}

#[test]
fn what_could_not_be_read_is_asked_for_again_at_the_next_login() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, VERSIONING);
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster' ver='v1'><item jid='@'/></query>");
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver=''/>"), "{request}");
    result(&mut peer, &request, "<query xmlns='jabber:iq:roster' ver='v2'/>");
    push(&mut peer, "<query xmlns='jabber:iq:roster' ver='v3'><item/></query>");
    push(&mut peer, "<query xmlns='jabber:iq:roster' ver='v4'><item jid='juliet@example.com'/></query>");
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver=''/>"), "a later push does not make up for the one that was lost: {request}");
}

#[test]
fn a_roster_that_was_refused_is_asked_for_as_a_whole_at_the_next_login() {
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, VERSIONING);
    result(&mut peer, &request, &format!("<query xmlns='jabber:iq:roster' ver='v1'>{JULIET}</query>"));
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    answer(&mut peer, &request, Some("internal-server-error"));
    assert_eq!(jids(&peer), ["juliet@example.com"], "an old roster is better than none");
    push(&mut peer, "<query xmlns='jabber:iq:roster' ver='v9'><item jid='nurse@example.com'/></query>");
    lose(&mut peer);
    let request = logging_in(&mut peer, VERSIONING);
    assert!(request.contains(" ver=''/>"), "{request}");
}

#[test]
fn an_anonymous_account_does_not_inherit_the_roster_of_the_one_before() {
    let mut config = config();
    config.account = Account::parse("example.net", None).unwrap();
    config.password = None;
    config.url = Some("wss://example.net/ws".to_owned());
    config.reconnect = None;
    let mut peer = Peer::new(config);
    for (account, query) in
        [("a@example.net", "<query xmlns='jabber:iq:roster' ver='v1'><item jid='x@example.com'/></query>"), ("b@example.net", "")]
    {
        peer.session.connect(peer.now, Token(0));
        peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>");
        peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        peer.restart(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{VERSIONING}"));
        let bind = peer.take_frames().pop().unwrap();
        result(&mut peer, &bind, &format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{account}/1</jid></bind>"));
        let request = take_frame(&mut peer);
        assert!(request.contains(" ver=''/>"), "{request}");
        assert_eq!(jids(&peer), [] as [&str; 0]);
        let id = attribute(&request, "id");
        peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}'>{query}</iq>"));
        lose(&mut peer);
        peer.clear();
    }
    assert_eq!(jids(&peer), [] as [&str; 0]);
}

// Section 2.1.6: pushes

#[test]
fn a_push_adds_updates_and_removes_and_is_answered() {
    let mut peer = online("");
    push_item(&mut peer, JULIET);
    assert_eq!(
        peer.take_events("roster"),
        [json!({ "change": "added", "items": [
            { "jid": "juliet@example.com", "name": "Juliet", "groups": ["Friends"], "subscription": "both" }] })]
    );
    assert_eq!(take_frame(&mut peer), "<iq xmlns='jabber:client' type='result' id='p1'/>");

    push_item(&mut peer, "<item jid='juliet@example.com' subscription='to'/>");
    assert_eq!(
        peer.take_events("roster"),
        [json!({ "change": "updated", "items": [{ "jid": "juliet@example.com", "groups": [], "subscription": "to" }] })]
    );

    push_item(&mut peer, "<item jid='juliet@example.com' subscription='remove'/>");
    assert_eq!(
        peer.take_events("roster"),
        [json!({ "change": "removed", "items": [{ "jid": "juliet@example.com", "groups": [], "subscription": "remove" }] })]
    );
    assert_eq!(jids(&peer), [] as [&str; 0]);
    assert_eq!(peer.take_frames().len(), 2);
}

#[test]
fn a_push_that_changes_nothing_is_answered_and_not_told() {
    let mut peer = online(JULIET);
    push_item(&mut peer, JULIET);
    push_item(&mut peer, "<item jid='unknown@example.com' subscription='remove'/>");
    assert_eq!(peer.take_events("roster"), [] as [Value; 0]);
    assert_eq!(peer.take_frames().len(), 2);
}

/// Section 2.1.6, invariant I9.
#[test]
fn roster_push_from_a_stranger_is_ignored() {
    for from in [
        "mallory@example.com",
        "mallory@example.com/x",
        "example.net",
        OWN_FULL,
        "romeo@example.net/other",
        "romeo@example.net.evil",
    ] {
        let mut peer = online(JULIET);
        peer.receive(&format!(
            "<iq xmlns='jabber:client' type='set' id='p1' from='{from}'><query xmlns='jabber:iq:roster'>\
             <item jid='juliet@example.com' subscription='remove'/></query></iq>"
        ));
        assert_eq!(peer.take_all_events(), [], "{from}");
        assert_eq!(jids(&peer), ["juliet@example.com"], "{from}");
        let refusal = take_frame(&mut peer);
        assert!(refusal.contains("type='error' id='p1'") && refusal.contains("<service-unavailable "), "{refusal}");
    }
}

#[test]
fn a_push_from_our_own_account_counts() {
    let mut peer = online(JULIET);
    peer.receive(&format!(
        "<iq xmlns='jabber:client' type='set' id='p1' from='{OWN_BARE}' to='{OWN_FULL}'><query xmlns='jabber:iq:roster'>\
         <item jid='juliet@example.com' subscription='remove'/></query></iq>"
    ));
    assert_eq!(jids(&peer), [] as [&str; 0]);
    assert_eq!(take_frame(&mut peer), format!("<iq xmlns='jabber:client' type='result' id='p1' to='{OWN_BARE}'/>"));
}

/// Section 2.1.6: one item and no more.
#[test]
fn a_push_with_none_or_several_items_is_a_bad_request() {
    for items in ["", "<item/>", "<item jid='@'/>", "<item jid='a@example.com'/><item jid='b@example.com'/>", "<thing/>"] {
        let mut peer = online(JULIET);
        push_item(&mut peer, items);
        let refusal = take_frame(&mut peer);
        assert!(refusal.contains("<bad-request "), "{items}: {refusal}");
        assert_eq!(peer.take_events("error")[0]["code"], "unreadable-stanza", "{items}");
        assert_eq!(jids(&peer), ["juliet@example.com"], "{items}");
    }
}

#[test]
fn nobody_is_told_our_roster() {
    let mut peer = online(JULIET);
    peer.receive(
        "<iq xmlns='jabber:client' type='get' id='g1' from='mallory@example.com'><query xmlns='jabber:iq:roster'/></iq>",
    );
    let refusal = take_frame(&mut peer);
    assert!(refusal.contains("<service-unavailable "), "{refusal}");
    assert!(!refusal.contains("juliet"), "{refusal}");
}

#[test]
fn jids_are_compared_in_their_normal_form() {
    let mut peer = online("<item jid='Juliet@Example.COM' name='Juliet'/>");
    assert_eq!(jids(&peer), ["juliet@example.com"]);
    push_item(&mut peer, "<item jid='JULIET@example.com' name='J'/>");
    assert_eq!(jids(&peer), ["juliet@example.com"]);
    assert_eq!(name_of(&peer, "juliet@EXAMPLE.com/any"), Some("J"));
    assert_eq!(name_of(&peer, "@"), None);
}

#[test]
fn an_item_with_a_resource_is_found_under_its_own_jid() {
    let mut peer = online("<item jid='icq.example.com/registered' name='ICQ'/>");
    assert_eq!(name_of(&peer, "icq.example.com/registered"), Some("ICQ"));
    peer.session.roster_remove(peer.now, Token(1), "icq.example.com/registered").unwrap();
    assert!(take_frame(&mut peer).contains("<item jid='icq.example.com/registered' subscription='remove'/>"));
}

// Sections 2.3 to 2.5: changes

/// Section 2.3.1. Doubled and empty groups would be errors (section 2.3.3).
#[test]
fn an_added_contact_is_a_roster_set() {
    let mut peer = online("");
    let contact = add("Juliet@Example.com/balcony", Some("Juliet <3"), &["Friends", "", "Friends", "Capulets"]);
    peer.session.roster_add(peer.now, Token(1), contact).unwrap();
    let request = take_frame(&mut peer);
    assert!(request.starts_with("<iq xmlns='jabber:client' type='set' id='"), "{request}");
    let payload = "<query xmlns='jabber:iq:roster'><item jid='juliet@example.com' name='Juliet &lt;3'>\
        <group>Capulets</group><group>Friends</group></item></query></iq>";
    assert!(request.ends_with(payload), "{request}");
}

/// Section 2.3.2: servers push before or after the result.
#[test]
fn an_awaited_change_shows_whether_the_push_comes_before_the_result_or_after() {
    for is_push_first in [true, false] {
        let mut peer = online("");
        peer.session.roster_add(peer.now, Token(1), add("juliet@example.com", Some("Juliet"), &["Friends"])).unwrap();
        let request = take_frame(&mut peer);
        let pushed = "<item jid='juliet@example.com' name='Juliet' subscription='none'><group>Friends</group></item>";
        if is_push_first {
            push_item(&mut peer, pushed);
            assert_eq!(peer.outcome(Token(1)), None, "the result settles");
        }
        answer(&mut peer, &request, None);
        assert_eq!(peer.outcome(Token(1)), Some(Ok(Reply::Done)));
        assert_eq!(name_of(&peer, "juliet@example.com"), Some("Juliet"));
        if !is_push_first {
            push_item(&mut peer, pushed);
        }
        let events = peer.take_events("roster");
        assert_eq!(events.len(), 1, "told once: {events:?}");
        assert_eq!(events[0]["change"], "added");
    }
}

#[test]
fn what_the_server_makes_of_a_change_wins() {
    let mut peer = online("");
    peer.session.roster_add(peer.now, Token(1), add("juliet@example.com", Some(" Juliet "), &[])).unwrap();
    let request = take_frame(&mut peer);
    push_item(&mut peer, "<item jid='juliet@example.com' name='Juliet' subscription='from'/>");
    answer(&mut peer, &request, None);
    assert_eq!(name_of(&peer, "juliet@example.com"), Some("Juliet"));
    assert_eq!(peer.take_events("roster").len(), 1);
}

/// Section 2.4: a roster set replaces name and groups.
#[test]
fn an_update_sends_again_what_it_leaves_as_it_is() {
    for (change, item) in [
        (update("juliet@example.com", Some("J"), None), "<item jid='juliet@example.com' name='J'><group>Friends</group></item>"),
        (
            update("JULIET@example.com", None, Some(&["Foes"])),
            "<item jid='juliet@example.com' name='Juliet'><group>Foes</group></item>",
        ),
        (update("juliet@example.com", Some(""), Some(&[])), "<item jid='juliet@example.com'/>"),
        (update("juliet@example.com", None, None), "<item jid='juliet@example.com' name='Juliet'><group>Friends</group></item>"),
    ] {
        let mut peer = online(JULIET);
        peer.session.roster_update(peer.now, Token(1), change).unwrap();
        let request = take_frame(&mut peer);
        assert!(request.contains(item), "{request}");
        answer(&mut peer, &request, None);
        assert_eq!(peer.outcome(Token(1)), Some(Ok(Reply::Done)));
        let subscription = serde_json::to_value(peer.session.roster_item("juliet@example.com").unwrap().subscription).unwrap();
        assert_eq!(subscription, "both", "the server's part of the item stays");
    }
}

#[test]
fn two_updates_on_each_others_heels_do_not_undo_each_other() {
    for order in [["r1", "p1", "r2", "p2"], ["p1", "r1", "p2", "r2"], ["p1", "p2", "r1", "r2"], ["r1", "r2", "p1", "p2"]] {
        let mut peer = online(JULIET);
        peer.session.roster_update(peer.now, Token(1), update("juliet@example.com", Some("J"), None)).unwrap();
        peer.session.roster_update(peer.now, Token(2), update("juliet@example.com", None, Some(&["Foes"]))).unwrap();
        let requests = peer.take_frames();
        let both = "<item jid='juliet@example.com' name='J'><group>Foes</group></item>";
        assert!(requests[1].contains(both), "{requests:?}");
        for step in order {
            match step {
                "r1" => answer(&mut peer, &requests[0], None),
                "r2" => answer(&mut peer, &requests[1], None),
                "p1" => push_item(
                    &mut peer,
                    "<item jid='juliet@example.com' name='J' subscription='both'><group>Friends</group></item>",
                ),
                _ => {
                    push_item(&mut peer, "<item jid='juliet@example.com' name='J' subscription='both'><group>Foes</group></item>")
                }
            }
        }
        let item = serde_json::to_value(peer.session.roster_item("juliet@example.com")).unwrap();
        assert_eq!(
            item,
            json!({ "jid": "juliet@example.com", "name": "J", "groups": ["Foes"], "subscription": "both" }),
            "{order:?}"
        );
        assert_eq!(peer.take_outcomes().len(), 2);
    }
}

#[test]
fn an_update_that_was_taken_back_is_not_built_upon() {
    let mut peer = online(JULIET);
    peer.session.roster_update(peer.now, Token(1), update("juliet@example.com", Some("J"), None)).unwrap();
    peer.session.cancel(peer.now, Token(1));
    peer.clear();
    peer.session.roster_update(peer.now, Token(2), update("juliet@example.com", None, Some(&[]))).unwrap();
    assert!(take_frame(&mut peer).contains("<item jid='juliet@example.com' name='Juliet'/>"));
}

#[test]
fn an_update_of_somebody_unknown_is_refused_at_once() {
    let mut peer = online(JULIET);
    let error: Error = peer.session.roster_update(peer.now, Token(1), update("nurse@example.com", Some("N"), None)).unwrap_err();
    let error = serde_json::to_value(error).unwrap();
    assert_eq!((&error["code"], &error["condition"]), (&json!("invalid-argument"), &json!("item-not-found")));
    assert!(error["remediation"].is_string());
    assert_eq!(peer.take_frames(), [] as [&str; 0]);
}

/// Section 2.5.1.
#[test]
fn a_removed_contact_is_gone_when_the_removal_settles() {
    for is_push_first in [true, false] {
        let mut peer = online(JULIET);
        peer.session.roster_remove(peer.now, Token(1), "juliet@example.com").unwrap();
        let request = take_frame(&mut peer);
        let payload = "<query xmlns='jabber:iq:roster'><item jid='juliet@example.com' subscription='remove'/></query></iq>";
        assert!(request.ends_with(payload), "{request}");
        if is_push_first {
            push_item(&mut peer, "<item jid='juliet@example.com' subscription='remove'/>");
        }
        answer(&mut peer, &request, None);
        assert_eq!(peer.outcome(Token(1)), Some(Ok(Reply::Done)));
        assert_eq!(jids(&peer), [] as [&str; 0]);
        if !is_push_first {
            push_item(&mut peer, "<item jid='juliet@example.com' subscription='remove'/>");
        }
        let events = peer.take_events("roster");
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((&events[0]["change"], &events[0]["items"][0]["name"]), (&json!("removed"), &json!("Juliet")));
    }
}

/// Sections 2.3.3, 2.4.3 and 2.5.3.
#[test]
fn what_the_server_refuses_changes_nothing() {
    let mut peer = online(JULIET);
    peer.session.roster_update(peer.now, Token(1), update("juliet@example.com", Some("J"), None)).unwrap();
    let request = take_frame(&mut peer);
    answer(&mut peer, &request, Some("not-acceptable"));
    let error = peer.outcome(Token(1)).unwrap().unwrap_err();
    assert_eq!(error.condition.as_deref(), Some("not-acceptable"));
    assert_eq!(name_of(&peer, "juliet@example.com"), Some("Juliet"));
    assert_eq!(peer.take_events("roster"), [] as [Value; 0]);
    // And the next change does not carry it along.
    peer.session.roster_update(peer.now, Token(2), update("juliet@example.com", None, Some(&[]))).unwrap();
    assert!(take_frame(&mut peer).contains("<item jid='juliet@example.com' name='Juliet'/>"));
}

#[test]
fn changes_need_a_valid_jid_and_a_connection() {
    let mut peer = online(JULIET);
    let code = |result: Result<(), Error>| serde_json::to_value(result.unwrap_err().code).unwrap();
    for jid in ["", "@", "a@@b", "a b@example.com", "/x"] {
        assert_eq!(code(peer.session.roster_add(peer.now, Token(1), add(jid, None, &[]))), "invalid-argument", "{jid}");
        assert_eq!(code(peer.session.roster_update(peer.now, Token(1), update(jid, None, None))), "invalid-argument", "{jid}");
        assert_eq!(code(peer.session.roster_remove(peer.now, Token(1), jid)), "invalid-argument", "{jid}");
    }
    let control = add("nurse@example.com", Some("\u{8}"), &[]);
    assert_eq!(code(peer.session.roster_add(peer.now, Token(1), control)), "invalid-argument");
    let control = add("nurse@example.com", None, &["a\u{ffff}"]);
    assert_eq!(code(peer.session.roster_add(peer.now, Token(1), control)), "invalid-argument");
    lose(&mut peer);
    assert_eq!(code(peer.session.roster_add(peer.now, Token(1), add("nurse@example.com", None, &[]))), "not-connected");
    assert_eq!(code(peer.session.roster_update(peer.now, Token(1), update("juliet@example.com", None, None))), "not-connected");
    assert_eq!(code(peer.session.roster_update(peer.now, Token(1), update("nurse@example.com", None, None))), "not-connected");
    assert_eq!(code(peer.session.roster_remove(peer.now, Token(1), "juliet@example.com")), "not-connected");
}

#[test]
fn a_change_in_flight_when_the_connection_is_lost_is_settled_with_connection_lost() {
    let mut peer = online(JULIET);
    peer.session.roster_update(peer.now, Token(1), update("juliet@example.com", Some("J"), None)).unwrap();
    lose(&mut peer);
    let error = peer.outcome(Token(1)).unwrap().unwrap_err();
    assert_eq!(serde_json::to_value(error.code).unwrap(), "connection-lost");
    assert_eq!(name_of(&peer, "juliet@example.com"), Some("Juliet"));
}

#[test]
fn a_roster_of_fifty_thousand_is_loaded_whole() {
    let items: String =
        (0..50_000).map(|at| format!("<item jid='user{at}@example.com' name='U{at}' subscription='both'/>")).collect();
    let mut peer = Peer::new(config());
    let request = logging_in(&mut peer, "");
    result(&mut peer, &request, &format!("<query xmlns='jabber:iq:roster'>{items}</query>"));
    assert_eq!(peer.session.roster().count(), 50_000);
    push_item(&mut peer, "<item jid='user7@example.com' name='seven'/>");
    assert_eq!(name_of(&peer, "user7@example.com"), Some("seven"));
}
