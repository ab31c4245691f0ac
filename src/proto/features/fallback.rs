//! Fallback indication (XEP-0428, version 0.2.1): texts for those who do not know an extension are taken out of a message for those who do,
//! and kept beside it.
//!
//! Supported: of bodies and subjects, whole and in ranges, which count Unicode code points (XEP-0426). Only where the extension is one
//! that is read here, and is there: a sender cannot make a text go away without saying something else. A range that does not fit the
//! text costs nothing but itself.
//!
//! Not here: a fallback of a text in one language alone, which the XEP has no way to say. Ranges are taken out of each language.

use std::collections::BTreeMap;

use super::super::event::{Fallback, Message, MessageType};
use super::super::feature::{Cx, Feature};
use super::super::xml::{Element, ns};

/// What is said once more by the extension: the whole text may go.
const WHOLE: [&str; 3] = [ns::RETRACTION, ns::REACTIONS, ns::SHARING];

/// So many indications of a message are read, and so many ranges of each.
const MOST: usize = 4;

#[derive(Default)]
pub(crate) struct Fallbacks {}

impl Feature for Fallbacks {
    fn namespaces(&self) -> &'static [&'static str] {
        &[ns::FALLBACK]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[ns::FALLBACK]
    }

    /// All of them at once, since every range counts in the text as it came.
    fn read_payload(&self, _cx: &Cx<'_>, _payload: Element<'_>, stanza: Element<'_>, message: &mut Message) {
        if message.kind == MessageType::Error || message.extend().fallbacks.is_some() {
            return;
        }
        let mut fallbacks: Vec<Fallback> = Vec::new();
        let (mut bodies, mut subjects) = (Vec::new(), Vec::new());
        for fallback in stanza.children().filter(|child| child.is("fallback", ns::FALLBACK)).take(MOST) {
            if let Some(purpose) = fallback.attr("for").filter(|purpose| is_said(stanza, purpose)) {
                fallbacks.push(Fallback { purpose: purpose.to_owned(), ..Fallback::default() });
                bodies.push(Region::read(fallback, "body", purpose));
                subjects.push(Region::read(fallback, "subject", purpose));
            }
        }
        let may_vanish = fallbacks.iter().any(|fallback| WHOLE.contains(&fallback.purpose.as_str()));
        let bodies = take_out(&mut message.body, &mut message.bodies, &bodies, may_vanish);
        let subjects = take_out(&mut message.subject, &mut message.subjects, &subjects, may_vanish);
        for ((fallback, body), subject) in fallbacks.iter_mut().zip(bodies).zip(subjects) {
            (fallback.body, fallback.subject) = (body, subject);
        }
        fallbacks.retain(|fallback| fallback.body.is_some() || fallback.subject.is_some());
        message.extend().fallbacks = Some(fallbacks);
    }
}

/// Whether the message has what this would be the fallback of: a file, or an id that says what it is about.
fn is_said(stanza: Element<'_>, purpose: &str) -> bool {
    let is_known = WHOLE.contains(&purpose) || purpose == ns::REPLY;
    let says = |child: Element<'_>| match purpose {
        ns::SHARING => child.child("file", ns::FILE_METADATA).is_some(),
        _ => child.attr("id").is_some_and(|id| !id.is_empty()),
    };
    is_known && stanza.children().any(|child| child.namespace() == purpose && says(child))
}

/// Which part of a text is fallback.
struct Region {
    is_whole: bool,
    /// In code points; the end is behind the last one.
    ranges: Vec<(usize, usize)>,
}

impl Region {
    fn read(fallback: Element<'_>, name: &str, purpose: &str) -> Self {
        let is_whole = fallback.children().next().is_none();
        let mut region = Self { is_whole, ranges: Vec::new() };
        for child in fallback.children().filter(|child| child.is(name, ns::FALLBACK)).take(MOST) {
            match (child.attr("start"), child.attr("end")) {
                (None, None) => region.is_whole = true,
                (start, end) => {
                    let range = start.unwrap_or("0").parse().ok().zip(end.and_then(|end| end.parse().ok()));
                    region.ranges.extend(range);
                }
            }
        }
        region.is_whole &= WHOLE.contains(&purpose);
        region
    }
}

/// Takes the regions out of a text in all its languages, and returns what was in each. A text that is nothing else stays, unless it
/// `may_vanish`.
fn take_out(
    text: &mut Option<String>,
    by_lang: &mut Option<BTreeMap<String, String>>,
    regions: &[Region],
    may_vanish: bool,
) -> Vec<Option<String>> {
    let none = || regions.iter().map(|_| None).collect();
    let Some(whole) = text.as_deref() else { return none() };
    let ranges: Vec<(usize, usize)> = regions.iter().flat_map(|region| region.ranges.iter().copied()).collect();
    let rest = if regions.iter().any(|region| region.is_whole) {
        None
    } else {
        let Some((_, rest)) = split(whole, &ranges) else { return none() };
        Some(rest).filter(|rest| !rest.trim().is_empty())
    };
    if rest.is_none() && !may_vanish {
        return none();
    }
    let part = |region: &Region| match region.is_whole {
        true => Some(whole.to_owned()),
        false => split(whole, &region.ranges).map(|(inside, _)| inside),
    };
    let parts = regions.iter().map(part).collect();
    if rest.is_none() {
        *by_lang = None;
    }
    for text in by_lang.iter_mut().flat_map(BTreeMap::values_mut) {
        if let Some((_, rest)) = split(text, &ranges).filter(|(_, rest)| !rest.trim().is_empty()) {
            *text = rest;
        }
    }
    *text = rest;
    parts
}

/// The text in these ranges, and the text without them. `None`: none of them fits.
fn split(text: &str, ranges: &[(usize, usize)]) -> Option<(String, String)> {
    let length = if ranges.is_empty() { 0 } else { text.chars().count() };
    let fits = |&(start, end): &(usize, usize)| start < end && end <= length;
    if !ranges.iter().any(fits) {
        return None;
    }
    let (mut inside, mut outside) = (String::new(), String::new());
    for (at, character) in text.chars().enumerate() {
        let is_inside = ranges.iter().any(|range| fits(range) && (range.0..range.1).contains(&at));
        if is_inside { &mut inside } else { &mut outside }.push(character);
    }
    Some((inside, outside))
}
