//! The browser's way, with the reference's own tables in the place of the browser's, against the reference.

use super::corpus::{CONTEXTS, Context, DOMAIN_CONTEXTS, JIDS, is_put_among_others};
use super::{Error, browser, is_unassigned, normalise, portable};

#[test]
fn every_code_point_alone_comes_out_as_in_the_reference() {
    compare_all(&CONTEXTS[..1], |_| true);
}

#[test]
fn every_code_point_among_others_comes_out_as_in_the_reference() {
    compare_all(&CONTEXTS[1..], is_put_among_others);
}

#[test]
fn every_code_point_in_a_domain_comes_out_as_in_the_reference() {
    compare_all(DOMAIN_CONTEXTS, is_put_among_others);
}

fn compare_all(contexts: &[Context], is_meant: fn(char) -> bool) {
    let mut differences = Vec::new();
    for context in contexts {
        for character in ('\0'..=char::MAX).filter(|character| is_meant(*character)) {
            compare(context.name, &(context.around)(character), &mut differences);
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences[..differences.len().min(40)].join("\n"));
}

/// As each part of a JID, and as a password.
fn compare(context: &str, text: &str, differences: &mut Vec<String>) {
    let mut compare = |part, ours: Result<_, Error>, reference: Result<_, Error>| {
        if ours != reference {
            differences.push(format!("{part} {context}: {text:?} {}: {ours:?} instead of {reference:?}", text.escape_unicode()));
        }
    };
    compare("local", browser::local(text), portable::local(text));
    compare("domain", browser::domain(text), portable::domain(text));
    compare("resource", browser::resource(text), portable::resource(text));
    let refused = |_| Error::Resource;
    compare("password", browser::saslprep(text).map_err(refused), portable::saslprep(text).map_err(refused));
}

#[test]
fn every_part_of_real_and_of_odd_jids_comes_out_as_in_the_reference() {
    let long =
        ["a".repeat(1023), "é".repeat(512), format!("{}.example", "é".repeat(64)), ["é.example"; 26].join("."), "a.".repeat(127)];
    let mut differences = Vec::new();
    for text in JIDS.iter().flat_map(|jid| jid.split(['@', '/']).chain([*jid])).chain(long.iter().map(String::as_str)) {
        compare("JID", text, &mut differences);
        compare("JID", &format!("{text}a"), &mut differences);
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// `jid` leaves the dot at the end of a domain where nothing else is to be changed, and takes it away elsewhere.
#[test]
fn a_jid_is_taken_apart_as_the_jid_crate_does_it() {
    for jid in JIDS {
        let expected = jid::Jid::new(jid).map(|normal| {
            let (bare, resource) =
                normal.as_str().split_once('/').map_or((normal.as_str(), None), |(bare, resource)| (bare, Some(resource)));
            resource
                .map_or(bare.trim_end_matches('.').to_owned(), |resource| format!("{}/{resource}", bare.trim_end_matches('.')))
        });
        assert_eq!(normalise(jid).ok().as_deref(), expected.as_deref().ok(), "{jid}");
        assert_eq!(
            normalise(jid).is_err_and(|error| error == Error::TooManyAts),
            expected == Err(jid::Error::TooManyAts),
            "{jid}"
        );
    }
}

#[test]
fn the_browser_knows_which_code_points_are_unassigned() {
    assert!(('\0'..=char::MAX).all(|character| browser::is_unassigned(character) == is_unassigned(character)));
}
