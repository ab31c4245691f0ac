//! Fallback indication (XEP-0428, version 0.2.1): texts for those who do not know an extension are taken out of a message for those who do,
//! and kept beside it.
//!
//! Supported: of bodies and subjects, whole and in ranges, which count Unicode code points (XEP-0426). Only where the extension is one
//! that is read here, and is there: a sender cannot make a text go away without saying something else. A range that does not fit the
//! text costs nothing but itself.
//!
//! Not here: a fallback of a text in one language alone, which the XEP has no way to say. Ranges are taken out of each language.

use super::super::event::{Fallback, Message, MessageType};
use super::super::feature::{Cx, Feature};
use super::super::sorted::Sorted;
use super::super::xml::{Element, ns};

/// So many indications of a message are read, and so many ranges of each.
const MOST: usize = 4;
/// The end of a range that goes up to the end of the text, wherever that is.
const OPEN: usize = usize::MAX;

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
        let mut ranges = Vec::new();
        let mut may_vanish = false;
        for fallback in stanza.children().filter(|child| child.is("fallback", ns::FALLBACK)).take(MOST) {
            let Some(purpose) = fallback.attr("for").filter(|purpose| is_said(stanza, purpose)) else { continue };
            // A reply is what is said beside its quote; the others say all that there is to say.
            let end = (purpose != ns::REPLY).then_some(OPEN);
            may_vanish |= end.is_some();
            read_ranges(fallback, fallbacks.len(), end, &mut ranges);
            fallbacks.push(Fallback { purpose: purpose.to_owned(), ..Fallback::default() });
        }
        for is_subject in [false, true] {
            let (text, by_lang) = match is_subject {
                false => (&mut message.body, &mut message.bodies),
                true => (&mut message.subject, &mut message.subjects),
            };
            let Some(parts) = take_out(text, by_lang, &ranges, is_subject, may_vanish) else { continue };
            for (fallback, part) in fallbacks.iter_mut().zip(parts).filter(|(_, part)| !part.is_empty()) {
                *if is_subject { &mut fallback.subject } else { &mut fallback.body } = Some(part);
            }
        }
        fallbacks.retain(|fallback| fallback.body.is_some() || fallback.subject.is_some());
        message.extend().fallbacks = Some(fallbacks);
    }
}

/// Whether the message has what this would be the fallback of: a file, or an id that says what it is about.
fn is_said(stanza: Element<'_>, purpose: &str) -> bool {
    let says = |child: Element<'_>| match purpose {
        ns::SHARING => child.child("file", ns::FILE_METADATA).is_some(),
        ns::REPLY | ns::RETRACTION | ns::REACTIONS => child.attr("id").is_some_and(|id| !id.is_empty()),
        _ => false,
    };
    stanza.children().any(|child| child.namespace() == purpose && says(child))
}

/// A part of a text that is fallback, in code points; the end is behind the last one.
struct Range {
    /// The place of the indication that it is of.
    of: usize,
    is_subject: bool,
    start: usize,
    end: usize,
}

/// `open`: where one ends that does not say so, if that may be.
fn read_ranges(fallback: Element<'_>, of: usize, open: Option<usize>, ranges: &mut Vec<Range>) {
    if let (None, Some(end)) = (fallback.children().next(), open) {
        ranges.extend([false, true].map(|is_subject| Range { of, is_subject, start: 0, end }));
    }
    for child in fallback.children().filter(|child| child.namespace() == ns::FALLBACK).take(MOST) {
        let start = child.attr("start").map_or(Some(0), |start| start.parse().ok());
        let end = child.attr("end").map_or(open, |end| end.parse().ok());
        if let (Some(start), Some(end), "body" | "subject") = (start, end, child.name()) {
            ranges.push(Range { of, is_subject: child.name() == "subject", start, end });
        }
    }
}

/// What was in the ranges of each indication.
type Parts = [String; MOST];

/// Takes the ranges out of a text in all its languages. A text that is nothing else stays, unless it `may_vanish`.
fn take_out(
    text: &mut Option<String>,
    by_lang: &mut Option<Sorted<String>>,
    ranges: &[Range],
    is_subject: bool,
    may_vanish: bool,
) -> Option<Parts> {
    let (rest, parts) = split(text.as_deref()?, ranges, is_subject)?;
    if rest.is_none() && !may_vanish {
        return None;
    }
    if rest.is_none() {
        *by_lang = None;
    }
    for version in by_lang.iter_mut().flat_map(Sorted::values_mut) {
        if let Some((Some(rest), _)) = split(version, ranges, is_subject) {
            *version = rest;
        }
    }
    *text = rest;
    Some(parts)
}

/// What is left of a text without the ranges, unless that is blank, and what was in them. `None`: none of them fits.
fn split(text: &str, ranges: &[Range], is_subject: bool) -> Option<(Option<String>, Parts)> {
    let length = if ranges.is_empty() { 0 } else { text.chars().count() };
    let fits = |range: &&Range| {
        let is_inside = range.end <= length || range.end == OPEN;
        range.is_subject == is_subject && range.start < range.end.min(length) && is_inside
    };
    ranges.iter().find(fits)?;
    let (mut rest, mut parts) = (String::new(), Parts::default());
    for (at, character) in text.chars().enumerate() {
        let mut taken_by = None;
        for range in ranges.iter().filter(fits).filter(|range| (range.start..range.end).contains(&at)) {
            // Ranges of one indication stand together, and may overlap.
            if taken_by != Some(range.of) {
                taken_by = Some(range.of);
                parts.get_mut(range.of)?.push(character);
            }
        }
        if taken_by.is_none() {
            rest.push(character);
        }
    }
    Some((Some(rest).filter(|rest| !rest.trim().is_empty()), parts))
}
