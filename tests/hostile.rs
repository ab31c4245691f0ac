//! Hostile and broken input: no panic, no memory without bound, and the stream goes on or ends as I8 says.

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use support::{Peer, attribute};
use waxwing::proto::{Code, Error, Input, State, Token};

const HEAD: &str = "<message xmlns='jabber:client' type='chat' id='m1' from='juliet@example.com/x'>";

/// Since `<enabled/>` the roster was counted.
const COUNTED_BEFORE: u32 = 1;

/// Plays a frame to a client that is online.
fn play(frame: &str) -> Peer {
    let mut peer = Peer::online();
    peer.receive(frame);
    peer
}

/// The stream goes on: the next message is read, and the count is right.
fn assert_goes_on(peer: &mut Peer, counted: u32) {
    peer.clear();
    peer.receive("<message xmlns='jabber:client' type='chat' from='juliet@example.com/x'><body>still here</body></message>");
    assert_eq!(peer.take_events("message")[0]["body"], "still here");
    peer.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let count = COUNTED_BEFORE + counted + 1;
    assert_eq!(peer.take_frames(), [format!("<a xmlns='urn:xmpp:sm:3' h='{count}'/>")]);
    assert_eq!((peer.session.state(), peer.closed), (State::Online, 0));
}

/// Only an error of that code comes of the frame, and the stream goes on.
fn assert_costs_one_stanza(frame: &str, code: &str) {
    let mut peer = play(frame);
    assert!(peer.take_frames().is_empty());
    let events = peer.take_all_events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].0.as_str(), &events[0].1["code"]), ("error", &json!(code)), "{events:?}");
    assert_goes_on(&mut peer, 1);
}

/// The stream ends with that condition, and the app is told why.
fn assert_ends(frame: &str, condition: &str) {
    let shown = || frame.chars().take(80).collect::<String>();
    let mut peer = play(frame);
    let frames = peer.take_frames();
    assert_eq!(frames.len(), 2, "{}: {frames:?}", shown());
    assert!(
        frames[0].contains(&format!("<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>")),
        "{}: {frames:?}",
        shown()
    );
    assert_eq!(frames[1], "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    assert_eq!(peer.session.state(), State::Offline, "{}", shown());
    assert_socket_closes(&mut peer);
    let state = peer.take_events("state").remove(0);
    assert_eq!(state["error"]["code"], "protocol-error", "{}", shown());
    assert!(peer.take_events("message").is_empty());
}

/// Whatever the server says to our `<close/>`, or if it says nothing: the socket does not outlive the deadline.
fn assert_socket_closes(peer: &mut Peer) {
    peer.advance(5_000);
    assert_eq!((peer.closed, peer.session.poll_timeout()), (1, None));
}

/// Nothing comes of the frame, and the stream goes on.
fn assert_ignored(frame: &str, counted: u32) {
    let mut peer = play(frame);
    assert_eq!((peer.take_frames(), peer.take_all_events()), (vec![], vec![]), "{frame}");
    assert_goes_on(&mut peer, counted);
}

#[test]
fn truncated_frames_end_the_stream_wherever_they_are_cut() {
    let whole = format!("{HEAD}<body>Hi &amp; 😀</body><x xmlns='urn:x' a='b'>&#x41;<y/></x></message>");
    for (at, _) in whole.char_indices() {
        assert_ends(&whole[..at], "not-well-formed");
    }
}

#[test]
fn what_is_not_well_formed_ends_the_stream() {
    for inside in [
        "<body>a</message>",
        "<body>a</b></message>",
        "<body a='1' a='2'/></message>",
        "<body a='<'/></message>",
        "<p:body/></message>",
        "<body>&</body></message>",
        "<body>]]></body></message>",
        "<body><![CDATA[Hi</body></message>",
        "<body></body></message><message/>",
        "<body></body></message>text",
        "</message></message>",
        "<1/></message>",
    ] {
        assert_ends(&format!("{HEAD}{inside}"), "not-well-formed");
    }
    for frame in
        ["", " ", "hello", "{\"json\": true}", "\u{feff}<message xmlns='jabber:client'/>", " <message xmlns='jabber:client'/>"]
    {
        assert_ends(frame, "not-well-formed");
    }
}

#[test]
fn what_rfc_6120_section_11_1_restricts_ends_the_stream() {
    for frame in [
        "<?xml version='1.0'?><message xmlns='jabber:client'/>".to_owned(),
        "<!DOCTYPE message><message xmlns='jabber:client'/>".to_owned(),
        "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><message xmlns='jabber:client'/>".to_owned(),
        format!("{HEAD}<!-- hidden --><body>Hi</body></message>"),
        format!("{HEAD}<?php evil() ?><body>Hi</body></message>"),
        format!("{HEAD}<body>&lol;</body></message>"),
        format!("{HEAD}<body>Hi</body></message><!-- after -->"),
    ] {
        assert_ends(&frame, "restricted-xml");
    }
}

#[test]
fn control_characters_end_the_stream_raw_and_as_references() {
    for character in ["\0", "\u{1}", "\u{8}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        assert_ends(&format!("{HEAD}<body>{character}</body></message>"), "not-well-formed");
        assert_ends(&format!("{HEAD}<body a='{character}'/></message>"), "not-well-formed");
    }
    for reference in ["&#0;", "&#8;", "&#x1F;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#99999999999;", "&#;", "&#x;", "&#-1;"] {
        assert_ends(&format!("{HEAD}<body>{reference}</body></message>"), "not-well-formed");
        assert_ends(&format!("{HEAD}<body a='{reference}'/></message>"), "not-well-formed");
    }
}

#[test]
fn twenty_thousand_levels_cost_one_stanza() {
    let (open, close) = ("<a xmlns='urn:x'>".repeat(20_000), "</a>".repeat(20_000));
    assert_costs_one_stanza(&format!("{HEAD}{open}{close}</message>"), "limit-exceeded");
}

#[test]
fn a_hundred_thousand_attributes_cost_one_stanza() {
    let attributes: String = (0..100_000).map(|at| format!(" a{at}=''")).collect();
    assert_costs_one_stanza(&format!("{HEAD}<x xmlns='urn:x'{attributes}/></message>"), "limit-exceeded");
}

#[test]
fn eight_megabytes_of_equals_signs_are_a_text_like_any_other() {
    let text = "=".repeat(8 << 20);
    let mut peer = play(&format!("{HEAD}<body>{text}</body></message>"));
    assert_eq!(peer.take_events("message")[0]["body"], text.as_str());
    assert_goes_on(&mut peer, 1);
}

#[test]
fn a_million_elements_cost_one_stanza() {
    assert_costs_one_stanza(&format!("{HEAD}{}</message>", "<a/>".repeat(1 << 20)), "limit-exceeded");
}

#[test]
fn namespaces_inside_each_other_cost_one_stanza_and_no_time() {
    // 256 KB, which is what servers let anybody send.
    let mut nested = String::from("<message xmlns='jabber:client'>");
    for level in 0..20 {
        nested.push_str("<a");
        (0..250).for_each(|n| nested.push_str(&format!(" xmlns:p{level}n{n}='b'")));
        nested.push('>');
    }
    nested.push_str(&"<p0n0:a/>".repeat(10_000));
    nested.push_str(&"</a>".repeat(20));
    nested.push_str("</message>");
    assert_costs_one_stanza(&nested, "limit-exceeded");
}

#[test]
fn an_attribute_called_xmlns_in_another_namespace_does_not_rename_an_element() {
    let mut peer = play("<message xmlns='jabber:client' xmlns:x='urn:x' x:xmlns='urn:y'><body>a</body></message>");
    assert_eq!(peer.take_events("message")[0]["body"], "a");
    assert_goes_on(&mut peer, 1);
    assert_ignored(
        "<message xmlns='jabber:client'><body xmlns='urn:x' xmlns:x='urn:x' x:xmlns='jabber:client'>a</body></message>",
        1,
    );
}

#[test]
fn text_in_cdata_is_only_text() {
    let mut peer = play(&format!("{HEAD}<body>a<![CDATA[&#0; <b> &amp;]]></body></message>"));
    assert_eq!(peer.take_events("message")[0]["body"], "a&#0; <b> &amp;");
    assert_goes_on(&mut peer, 1);
}

#[test]
fn a_frame_over_the_size_limit_costs_one_stanza() {
    assert_costs_one_stanza(&format!("{HEAD}<body>{}</body></message>", "a".repeat(17 << 20)), "limit-exceeded");
}

#[test]
fn a_megabyte_is_delivered_as_a_body_and_as_an_attribute() {
    let text = "x".repeat(1 << 20);
    let mut peer = play(&format!("{HEAD}<body>{text}</body></message>"));
    assert_eq!(peer.take_events("message")[0]["body"], text.as_str());
    peer.receive(&format!(
        "<message xmlns='jabber:client' id='{text}' from='juliet@example.com/{text}'><body a='{text}'>Hi</body></message>"
    ));
    let message = peer.take_events("message").remove(0);
    assert_eq!((&message["id"], &message["body"]), (&json!(text), &json!("Hi")));
    assert_goes_on(&mut peer, 2);
}

#[test]
fn an_element_that_is_no_stanza_is_reported_and_not_counted() {
    for frame in [
        "<message><body>no namespace</body></message>",
        "<message xmlns='jabber:server'><body>Hi</body></message>",
        "<x:message xmlns:x='urn:x'/>",
        "<unknown xmlns='jabber:client'/>",
        "<Message xmlns='jabber:client'/>",
    ] {
        let mut peer = play(frame);
        let events = peer.take_all_events();
        assert_eq!((events.len(), events[0].0.as_str()), (1, "error"), "{frame}: {events:?}");
        assert_eq!(events[0].1["code"], "unreadable-stanza", "{frame}");
        assert_goes_on(&mut peer, 0);
    }
}

#[test]
fn a_stanza_with_a_prefix_is_a_stanza() {
    let mut peer = play("<c:message xmlns:c='jabber:client' type='chat' id='m1'><c:body>Hi</c:body><body>no</body></c:message>");
    assert_eq!(peer.take_events("message")[0]["body"], "Hi");
    assert_goes_on(&mut peer, 1);
}

#[test]
fn what_is_unknown_costs_nothing_but_itself() {
    let mut peer = play(
        "<message xmlns='jabber:client' xmlns:u='urn:u' u:type='x' odd='1' id='m1' from='juliet@example.com/x' type='chat'>\
         <u:body>no</u:body>text<body u:lang='x' xml:lang='not a language'>Hi<b xmlns='urn:html'>bold</b>!</body>\
         <delay xmlns='urn:xmpp:delay' stamp='9999999-99-99T99:99:99Z'/><unknown xmlns='urn:u'/><thread><x/></thread></message>",
    );
    let mut events = peer.take_all_events();
    for (_, payload) in &mut events {
        // For the app, where there is an extension that hands it out.
        payload.as_object_mut().unwrap().remove("payloads");
    }
    assert_eq!(
        events,
        [(
            "message".to_owned(),
            json!({
                "id": "m1", "from": "juliet@example.com/x", "to": support::OWN_FULL, "type": "chat", "direction": "in",
                "body": "Hi!", "bodies": { "not a language": "Hi!" }, "timestamp": support::WALL_MS,
            })
        )]
    );
    assert_goes_on(&mut peer, 1);
}

#[test]
fn empty_and_unknown_stanzas_are_ignored() {
    assert_ignored("<message xmlns='jabber:client'/>", 1);
    assert_ignored(&format!("{HEAD}<u xmlns='urn:u'><body xmlns='jabber:client'>no</body></u></message>"), 1);
    assert_ignored("<iq xmlns='jabber:client' type='result' id='nobody-asked' from='mallory@example.org'/>", 1);
    assert_ignored("<iq xmlns='jabber:client' type='error' id='nobody-asked'/>", 1);
}

#[test]
fn an_iq_without_an_id_is_reported() {
    let mut peer = play("<iq xmlns='jabber:client' type='get' from='juliet@example.com/x'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert_eq!(peer.take_events("error")[0]["code"], "unreadable-stanza");
    assert!(peer.take_frames().is_empty());
    assert_goes_on(&mut peer, 1);
}

#[test]
fn an_answer_from_a_stranger_settles_nothing_and_the_right_one_still_does() {
    let mut peer = Peer::online();
    peer.session.request(peer.now, Token(1), "<iq type='get' to='juliet@example.com/x'><q xmlns='urn:q'/></iq>", None).unwrap();
    let id = attribute(&peer.take_frames()[0], "id");
    for from in [" from='mallory@example.org'", " from='juliet@example.com'", " from='romeo@example.net'", ""] {
        for kind in ["result", "error"] {
            peer.receive(&format!("<iq xmlns='jabber:client' type='{kind}' id='{id}'{from}/>"));
            assert_eq!((peer.outcome(Token(1)), peer.take_all_events()), (None, vec![]), "{from} {kind}");
        }
    }
    peer.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}' from='juliet@example.com/x'/>"));
    assert!(matches!(peer.outcome(Token(1)), Some(Ok(_))));
}

#[test]
fn hostile_text_from_the_app_is_refused_and_the_stream_goes_on() {
    let mut peer = Peer::online();
    let refusals: Vec<Error> = [
        "",
        "<message",
        "<message/><message/>",
        "<!-- --><message/>",
        "<?xml version='1.0'?><message/>",
        "<message><!-- --></message>",
        "<message>\u{8}</message>",
        "<message a='&#8;'/>",
        "<message xmlns='jabber:server'/>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        "<a xmlns='urn:xmpp:sm:3' h='9'/>",
    ]
    .iter()
    .map(|xml| peer.session.send_raw(peer.now, xml).expect_err(xml))
    .collect();
    assert!(refusals.iter().all(|error| error.code == Code::InvalidArgument), "{refusals:?}");
    let deep = format!("<message>{}{}</message>", "<a>".repeat(20_000), "</a>".repeat(20_000));
    assert_eq!(peer.session.send_raw(peer.now, &deep).unwrap_err().code, Code::InvalidArgument);
    assert_goes_on(&mut peer, 0);
}

#[test]
fn a_binary_frame_ends_the_stream() {
    let mut peer = Peer::online();
    peer.input(Input::BinaryFrame);
    assert!(peer.take_frames()[0].contains("<unsupported-stanza-type "));
    assert_eq!(peer.session.state(), State::Offline);
    assert_socket_closes(&mut peer);
}

/// Frames of every kind that an online client gets.
const FRAMES: [&str; 10] = [
    "<message xmlns='jabber:client' type='chat' id='m1' from='juliet@example.com/x' xml:lang='en'><body>Hi &amp; 😀</body>\
     <thread parent='p'>t</thread><delay xmlns='urn:xmpp:delay' from='example.com' stamp='2002-09-10T23:08:25Z'/></message>",
    "<message xmlns='jabber:client' type='error' id='m1'><error type='cancel' by='x'>\
     <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:a@b</gone><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>t</text></error></message>",
    "<presence xmlns='jabber:client' from='juliet@example.com/x'><show>away</show><status xml:lang='cs'>s</status><priority>-3</priority></presence>",
    "<presence xmlns='jabber:client' type='subscribe' from='juliet@example.com'><status>please</status></presence>",
    "<iq xmlns='jabber:client' type='set' id='r1'><query xmlns='jabber:iq:roster' ver='v2'>\
     <item jid='nurse@example.com' name='Nurse' subscription='both'><group>Servants</group></item></query></iq>",
    "<iq xmlns='jabber:client' type='get' id='d1' from='a@b/c'><query xmlns='http://jabber.org/protocol/disco#info' node='n'/></iq>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<a xmlns='urn:xmpp:sm:3' h='2'/>",
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://other.example/ws'/>",
];

/// What a fuzzer would try first.
const SCRAPS: [&str; 16] =
    ["<", ">", "'", "\"", "&", "=", "/", " ", "\0", "😀", "]]>", "<![CDATA[", "<!--", "&#xD800;", "xmlns=''", "<a xmlns='b'>"];

/// Where (as a share of the length), how many characters are cut out there, and what is put in.
type Mutation = (f64, usize, Option<usize>);

fn mutate(frame: &str, mutations: &[Mutation]) -> String {
    let mut text: Vec<char> = frame.chars().collect();
    for (share, cut, scrap) in mutations {
        let at = ((text.len() as f64) * share) as usize;
        let end = (at + cut).min(text.len());
        let scrap = scrap.map_or("", |at| SCRAPS[at]);
        text.splice(at..end, scrap.chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(7395), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_frames_never_panic_and_leave_the_session_whole(
        which in 0..FRAMES.len(),
        mutations in prop::collection::vec((0.0..1.0, 0_usize..12, prop::option::of(0..SCRAPS.len())), 1..6),
    ) {
        let mut peer = play(&mutate(FRAMES[which], &mutations));
        peer.clear();
        match peer.session.state() {
            State::Online => {
                peer.receive("<iq xmlns='jabber:client' type='get' id='p' from='example.net'><ping xmlns='urn:xmpp:ping'/></iq>");
                let frames = peer.take_frames();
                prop_assert_eq!(frames, ["<iq xmlns='jabber:client' type='result' id='p' to='example.net'/>"]);
            }
            // Sent elsewhere, to a place where nobody listens.
            State::Connecting => {
                while peer.session.state() == State::Connecting {
                    peer.input(Input::SocketClosed { code: 1006, reason: "" });
                }
                prop_assert_eq!(peer.session.state(), State::Offline);
                prop_assert_eq!(peer.session.poll_timeout(), None);
            }
            state => {
                prop_assert_eq!(state, State::Offline);
                assert_socket_closes(&mut peer);
                prop_assert_eq!(peer.session.poll_timeout(), None);
            }
        }
    }

    #[test]
    fn any_text_at_all_is_survived_at_any_moment(text in any::<String>(), steps in 0_usize..4) {
        let mut peer = Peer::new(support::config());
        peer.session.connect(peer.now, Token(0));
        if steps > 0 {
            peer.input(Input::SocketOpened { has_subprotocol: true });
        }
        if steps > 1 {
            peer.restart("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
        }
        if steps > 2 {
            peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        }
        peer.receive(&text);
        peer.receive(&format!("<message xmlns='jabber:client'><body>{text}</body></message>"));
        // Whatever it was: the session can be told to stop, and does.
        peer.session.disconnect(peer.now, Token(1));
        peer.advance(60_000);
        prop_assert_eq!(peer.session.state(), State::Offline);
    }
}
