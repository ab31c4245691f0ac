//! What this client answers for itself: XEP-0030, 0092, 0199 and 0202. The frames are in tests/cases/xep-*.

#![cfg(feature = "full")]

mod support;

use support::{Peer, USUAL_FEATURES, WALL_MS, config};

fn ask(peer: &mut Peer, payload: &str) -> String {
    peer.receive(&format!("<iq xmlns='jabber:client' type='get' id='q' from='juliet@example.com/x'>{payload}</iq>"));
    let mut frames = peer.take_frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames.remove(0)
}

#[test]
fn what_is_announced_is_answered() {
    let mut peer = Peer::online();
    let info = ask(&mut peer, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    for (namespace, name) in [
        ("http://jabber.org/protocol/disco#info", "query"),
        ("http://jabber.org/protocol/disco#items", "query"),
        ("jabber:iq:version", "query"),
        ("urn:xmpp:ping", "ping"),
        ("urn:xmpp:time", "time"),
    ] {
        assert!(info.contains(&format!("<feature var='{namespace}'/>")), "{info}");
        let answer = ask(&mut peer, &format!("<{name} xmlns='{namespace}'/>"));
        assert!(answer.contains("type='result' id='q' to='juliet@example.com/x'"), "{answer}");
    }
}

#[test]
fn announced_features_are_sorted_and_named_once() {
    let mut peer = Peer::online();
    let info = ask(&mut peer, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    let found: Vec<&str> = info.split("<feature var='").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    let mut expected = found.clone();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(found, expected);
}

#[test]
fn software_and_time_zone_are_those_of_the_configuration() {
    let mut config = config();
    config.software.name = "Verona <&>".to_owned();
    config.software.version = "1.0".to_owned();
    config.utc_offset_minutes = -210;
    let mut peer = Peer::online_with(config, USUAL_FEATURES, "");
    let version = ask(&mut peer, "<query xmlns='jabber:iq:version'/>");
    assert!(version.contains("<name>Verona &lt;&amp;&gt;</name><version>1.0</version></query>"), "{version}");
    let time = ask(&mut peer, "<time xmlns='urn:xmpp:time'/>");
    assert!(time.contains("<tzo>-03:30</tzo><utc>2026-09-21T14:13:20Z</utc>"), "{time}");
    peer.now.wall_ms = WALL_MS + 86_400_000;
    assert!(ask(&mut peer, "<time xmlns='urn:xmpp:time'/>").contains("<utc>2026-09-22T14:13:20Z</utc>"));
}

#[test]
fn nothing_is_answered_before_the_resource_is_bound() {
    let mut peer = Peer::new(config());
    peer.session.connect(peer.now, waxwing::proto::Token(0));
    peer.open("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
    peer.clear();
    peer.receive("<iq xmlns='jabber:client' type='get' id='q' from='example.net'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(peer.take_frames().iter().all(|frame| !frame.starts_with("<iq")));
}
