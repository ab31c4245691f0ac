use super::super::config::Limits;
use super::super::xml::parse;
use super::*;

fn query(content: &str) -> String {
    format!("<iq xmlns='jabber:client'><query xmlns='http://jabber.org/protocol/disco#info'>{content}</query></iq>")
}

fn hash(method: Method, content: &str) -> Option<String> {
    let text = query(content);
    let document = parse(&text, &Limits::default()).unwrap();
    method.hash(&DiscoInfo::read(document.root().children().next().unwrap(), Element::own_lang))
}

fn features(names: &[&str]) -> String {
    names.iter().map(|name| format!("<feature var='{name}'/>")).collect()
}

fn form(fields: &str) -> String {
    format!("<x xmlns='jabber:x:data' type='result'>{fields}</x>")
}

const SOFTWARE_INFO: &str = "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>";

/// XEP-0115, section 5.2.
#[test]
fn the_simple_example_of_xep_0115_has_its_hash() {
    let content = features(&[
        "http://jabber.org/protocol/muc",
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/disco#info",
    ]);
    let content = format!("{content}<identity category='client' type='pc' name='Exodus 0.9.1'/>");
    assert_eq!(hash(Method::LegacySha1, &content).as_deref(), Some("QgayPKawpkPSDYmwT/WM94uAlu0="));
}

/// XEP-0115, section 5.3.
const PSI: &str = "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>\
    <identity xml:lang='el' category='client' name='\u{3a8} 0.11' type='pc'/>\
    <feature var='http://jabber.org/protocol/muc'/>\
    <feature var='http://jabber.org/protocol/caps'/>\
    <feature var='http://jabber.org/protocol/disco#info'/>\
    <feature var='http://jabber.org/protocol/disco#items'/>";
const PSI_FIELDS: &str = "<field var='os_version'><value>10.5.1</value></field>\
    <field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>\
    <field var='os'><value>Mac</value></field>\
    <field var='software'><value>Psi</value></field>\
    <field var='software_version'><value>0.11</value></field>";
const PSI_HASH: &str = "q07IKJEyjvHSyhy//CH0CxmKi8w=";

#[test]
fn the_complex_example_of_xep_0115_has_its_hash() {
    let content = format!("{PSI}{}", form(&format!("{SOFTWARE_INFO}{PSI_FIELDS}")));
    assert_eq!(hash(Method::LegacySha1, &content).as_deref(), Some(PSI_HASH));
}

/// XEP-0115, section 5.4, rule 3.6; and what is not in the hash is not believed either.
#[test]
fn a_form_without_a_type_is_left_out() {
    let untyped = form(
        "<field var='FORM_TYPE'><value>urn:xmpp:dataforms:softwareinfo</value></field><field var='os'><value>None</value></field>",
    );
    let content = format!("{PSI}{untyped}{}", form(&format!("{SOFTWARE_INFO}{PSI_FIELDS}")));
    assert_eq!(hash(Method::LegacySha1, &content).as_deref(), Some(PSI_HASH));
    let text = query(&content);
    let document = parse(&text, &Limits::default()).unwrap();
    let c = format!("<c xmlns='{NS_1}' hash='sha-1' node='http://psi-im.org' ver='{PSI_HASH}'/>");
    let advert = Advert::read(parse(&c, &Limits::default()).unwrap().root()).unwrap();
    assert_eq!(advert.node(), "http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w=");
    let info = advert.verified(document.root().children().next().unwrap()).unwrap();
    assert_eq!(info.forms.len(), 1);
    assert!(info.forms[0].fields().any(|field| field == ("ip_version", &["ipv6".to_owned(), "ipv4".to_owned()])));
}

/// XEP-0115, section 5.4, rules 3.3 to 3.5, and what would be read in two ways (section 8.3).
#[test]
fn what_is_ill_formed_or_could_be_something_else_has_no_hash() {
    const CLIENT: &str = "<identity category='client' type='pc' name='A'/>";
    let software_info = form(SOFTWARE_INFO);
    for (why, content) in [
        ("an identity twice", format!("{CLIENT}{CLIENT}")),
        ("a feature twice", format!("{CLIENT}{}", features(&["a", "b", "a"]))),
        ("a form twice", format!("{CLIENT}{software_info}{software_info}")),
        (
            "two types of a form",
            format!("{CLIENT}{}", form("<field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field>")),
        ),
        ("two types of a form, in two fields", format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}{SOFTWARE_INFO}")))),
        ("a field twice", format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}<field var='a'/><field var='a'/>")))),
        ("a field without a name", format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}<field/>")))),
        (
            "a form that might be features",
            format!("{CLIENT}{}", form("<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field><field var='urn:b'/>")),
        ),
        ("no identity", features(&["client/pc//A"])),
        ("an identity without a type", format!("<identity category='client'/>{CLIENT}")),
        ("a feature without a name", format!("{CLIENT}<feature/>")),
        ("a separator in a name", "<identity category='client' type='pc' name='A&lt;urn:a'/>".to_owned()),
        ("a separator in a feature", format!("{CLIENT}{}", features(&["urn:a&lt;urn:b"]))),
        (
            "a separator in a value",
            format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}<field var='os'><value>a&lt;b</value></field>"))),
        ),
        ("a slash in a type", "<identity category='client' type='pc/' name='A'/>".to_owned()),
    ] {
        assert_eq!(hash(Method::LegacySha1, &content), None, "{why}");
    }
    assert!(hash(Method::LegacySha1, CLIENT).is_some());
    assert_eq!(hash(Method::Unknown, CLIENT), None);
}

/// XEP-0390, section 4.5.1.
#[test]
fn the_simple_example_of_xep_0390_has_its_hash() {
    let content = features(&[
        "http://jabber.org/protocol/si",
        "http://jabber.org/protocol/bytestreams",
        "http://jabber.org/protocol/chatstates",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "urn:xmpp:ping",
        "jabber:iq:time",
        "jabber:iq:privacy",
        "jabber:iq:version",
        "http://jabber.org/protocol/rosterx",
        "urn:xmpp:time",
        "jabber:x:oob",
        "http://jabber.org/protocol/ibb",
        "http://jabber.org/protocol/si/profile/file-transfer",
        "urn:xmpp:receipts",
        "jabber:iq:roster",
        "jabber:iq:last",
    ]);
    let content = format!("{content}<identity category='client' name='BombusMod' type='mobile'/>");
    assert_eq!(hash(Method::Structured, &content).as_deref(), Some("kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="));
}

const TKABBER: &[&str] = &[
    "games:board",
    "http://jabber.org/protocol/activity",
    "http://jabber.org/protocol/activity+notify",
    "http://jabber.org/protocol/bytestreams",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/commands",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/evil",
    "http://jabber.org/protocol/feature-neg",
    "http://jabber.org/protocol/geoloc",
    "http://jabber.org/protocol/geoloc+notify",
    "http://jabber.org/protocol/ibb",
    "http://jabber.org/protocol/iqibb",
    "http://jabber.org/protocol/mood",
    "http://jabber.org/protocol/mood+notify",
    "http://jabber.org/protocol/rosterx",
    "http://jabber.org/protocol/si",
    "http://jabber.org/protocol/si/profile/file-transfer",
    "http://jabber.org/protocol/tune",
    "http://www.facebook.com/xmpp/messages",
    "http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify",
    "jabber:iq:avatar",
    "jabber:iq:browse",
    "jabber:iq:dtcp",
    "jabber:iq:filexfer",
    "jabber:iq:ibb",
    "jabber:iq:inband",
    "jabber:iq:jidlink",
    "jabber:iq:last",
    "jabber:iq:oob",
    "jabber:iq:privacy",
    "jabber:iq:roster",
    "jabber:iq:time",
    "jabber:iq:version",
    "jabber:x:data",
    "jabber:x:event",
    "jabber:x:oob",
    "urn:xmpp:avatar:metadata+notify",
    "urn:xmpp:ping",
    "urn:xmpp:receipts",
    "urn:xmpp:time",
];

/// XEP-0390, section 4.5.2. A language that is inherited counts (section 4.1).
#[test]
fn the_complex_example_of_xep_0390_has_its_hash() {
    let software_info = form(&format!(
        "{SOFTWARE_INFO}<field var='software'><value>Tkabber</value></field>\
         <field var='software_version'><value>0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)</value></field>\
         <field var='os'><value>Windows</value></field><field var='os_version'><value>XP</value></field>"
    ));
    let russian =
        "<identity category='client' name='\u{422}\u{43a}\u{430}\u{431}\u{431}\u{435}\u{440}' type='pc' xml:lang='ru'/>";
    let rest = format!("{russian}{}{software_info}", features(TKABBER));
    let hash_of_it = "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=";
    let english = format!("<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>{rest}");
    assert_eq!(hash(Method::Structured, &english).as_deref(), Some(hash_of_it));

    let inherited = format!(
        "<query xmlns='http://jabber.org/protocol/disco#info' xml:lang='en'><identity category='client' name='Tkabber' type='pc'/>{rest}</query>"
    );
    let document = parse(&inherited, &Limits::default()).unwrap();
    let c = format!(
        "<c xmlns='{NS_2}'><hash xmlns='{HASHES}' algo='sha3-256'>x</hash><hash xmlns='{HASHES}' algo='sha-256'> {hash_of_it} </hash></c>"
    );
    let advert = Advert::read(parse(&c, &Limits::default()).unwrap().root()).unwrap();
    assert_eq!(advert.node(), format!("urn:xmpp:caps#sha-256.{hash_of_it}"));
    let info = advert.verified(document.root()).unwrap();
    assert_eq!(info.identities[0].lang.as_deref(), Some("en"));
}

/// XEP-0390, section 4.1, rules 1 to 3.
#[test]
fn what_xep_0390_cannot_hash_has_no_hash() {
    const CLIENT: &str = "<identity category='client' type='pc' name='A'/>";
    for content in [
        format!("{CLIENT}<other xmlns='urn:example'/>"),
        format!("{CLIENT}{}", form("<field var='a'><value>b</value></field>")),
        format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}<reported/>"))),
        format!("{CLIENT}{}", form(&format!("{SOFTWARE_INFO}<item/>"))),
    ] {
        assert_eq!(hash(Method::Structured, &content), None, "{content}");
    }
}

#[test]
fn a_presence_is_heard_by_the_better_of_two_and_not_by_what_says_nothing() {
    let heard = |children: &[&str]| {
        let text = format!("<presence xmlns='jabber:client'>{}</presence>", children.concat());
        let document = parse(&text, &Limits::default()).unwrap();
        let mut heard = None;
        document.root().children().for_each(|child| Advert::hear(&mut heard, child));
        heard.map(|advert: Arc<Advert>| (advert.node().to_owned(), advert.key()))
    };
    let first = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:n' ver='v='/>";
    let second = "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>h=</hash></c>";
    let better = Some(("urn:xmpp:caps#sha-256.h=".to_owned(), Some("caps2 h=".to_owned())));
    assert_eq!(heard(&[first, second]), better);
    assert_eq!(heard(&[second, first]), better);
    assert_eq!(heard(&[first]), Some(("urn:n#v=".to_owned(), Some("sha-1 v=".to_owned()))));
    let unknown = "<c xmlns='http://jabber.org/protocol/caps' hash='md5' node='urn:n' ver='v='/>";
    assert_eq!(heard(&[unknown]), Some(("urn:n#v=".to_owned(), None)));
    let long = format!("<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:n' ver='{}'/>", "v".repeat(1024));
    for nothing in [
        "<c xmlns='http://jabber.org/protocol/caps' node='urn:n' ver='v=' ext='a b'/>",
        "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1'/>",
        "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha3-256'>h=</hash></c>",
        "<c xmlns='urn:example' hash='sha-1' node='urn:n' ver='v='/>",
        &long,
    ] {
        assert_eq!(heard(&[nothing]), None, "{nothing}");
    }
}
