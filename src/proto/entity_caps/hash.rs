//! The hash of what somebody can do, as the two specifications make it.

use std::collections::BinaryHeap;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::base64;
use super::info::{DiscoForm, DiscoInfo};

/// The one kind of form that clients are known to send (XEP-0232).
const SOFTWARE_INFO: &str = "urn:xmpp:dataforms:softwareinfo";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// XEP-0115, section 5.1.
    LegacySha1,
    LegacySha256,
    /// Of XEP-0115, and cannot be checked.
    Unknown,
    /// XEP-0390, section 4.1, with SHA-256.
    Structured,
}

impl Method {
    /// Of XEP-0115, by the name of the function.
    pub(super) fn legacy(function: &str) -> Self {
        match function {
            "sha-1" => Self::LegacySha1,
            "sha-256" => Self::LegacySha256,
            _ => Self::Unknown,
        }
    }

    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::LegacySha1 => Some("sha-1"),
            Self::LegacySha256 => Some("sha-256"),
            Self::Structured => Some("caps2"),
            Self::Unknown => None,
        }
    }

    /// In Base64; `None`: no hash can stand for it.
    pub(super) fn hash(self, info: &DiscoInfo) -> Option<String> {
        if info.is_broken {
            return None;
        }
        match self {
            Self::LegacySha1 => Some(base64::encode(Sha1::digest(legacy_input(info)?))),
            Self::LegacySha256 => Some(base64::encode(Sha256::digest(legacy_input(info)?))),
            Self::Structured => Some(base64::encode(Sha256::digest(structured_input(info)?))),
            Self::Unknown => None,
        }
    }
}

/// XEP-0115, section 5.1, after the checks of section 5.4.
///
/// Nothing in it says where identities end and features begin, so that one answer can be made to look like another (section 8.3). What could be
/// read in two ways is therefore not believed: separators inside a text, and forms of a kind that clients do not send, whose type and fields could
/// be features of theirs.
fn legacy_input(info: &DiscoInfo) -> Option<String> {
    let mut identities = Vec::new();
    for identity in &info.identities {
        let lang = identity.lang.as_deref().unwrap_or_default();
        if [&identity.category, &identity.kind, lang].iter().any(|part| part.contains('/')) {
            return None;
        }
        // Sorted part by part: NUL, which XML does not have, comes before all else.
        let name = identity.name.as_deref().unwrap_or_default();
        identities.push([&identity.category, &identity.kind, lang, name].join("\0"));
    }
    if identities.is_empty() {
        return None;
    }
    let mut input = Joined::default();
    // Rules 3.3 to 3.5: no two of a kind.
    for identity in unique(&identities)? {
        input.push(&identity.replace('\0', "/"))?;
    }
    for feature in unique(&info.features)? {
        input.push(feature)?;
    }
    let mut forms = info.forms.iter().filter(|form| form.kind.is_some());
    if let Some(form) = forms.next() {
        if forms.next().is_some() || form.kind.as_deref() != Some(SOFTWARE_INFO) {
            return None;
        }
        input.push(SOFTWARE_INFO)?;
        for (name, values) in form.fields() {
            input.push(name)?;
            for value in sorted(values) {
                input.push(value)?;
            }
        }
    }
    Some(input.0)
}

/// Texts, each with `<` behind it.
#[derive(Default)]
struct Joined(String);

impl Joined {
    fn push(&mut self, text: &str) -> Option<()> {
        self.0.push_str(text);
        self.0.push('<');
        (!text.contains('<')).then_some(())
    }
}

/// XEP-0390, section 4.1. Its separators cannot be in XML.
fn structured_input(info: &DiscoInfo) -> Option<String> {
    // Rules 1 to 3.
    if info.has_more || info.forms.iter().any(|form| form.kind.is_none()) {
        return None;
    }
    let features: Vec<String> = info.features.iter().map(|feature| format!("{feature}\x1f")).collect();
    let mut identities: Vec<String> = Vec::new();
    for identity in &info.identities {
        let (lang, name) = (identity.lang.as_deref().unwrap_or_default(), identity.name.as_deref().unwrap_or_default());
        identities.push(format!("{}\x1f{}\x1f{lang}\x1f{name}\x1f\x1e", identity.category, identity.kind));
    }
    let forms: Vec<String> = info.forms.iter().map(structured_form).collect();
    Some(joined(&features) + "\x1c" + &joined(&identities) + "\x1c" + &joined(&forms) + "\x1c")
}

fn structured_form(form: &DiscoForm) -> String {
    let mut fields: Vec<String> = Vec::new();
    let field = |name: &str, values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| format!("{value}\x1f")).collect();
        format!("{name}\x1f{}\x1e", joined(&values))
    };
    fields.extend(form.kind.as_ref().map(|kind| field("FORM_TYPE", std::slice::from_ref(kind))));
    for (name, values) in form.fields() {
        fields.push(field(name, values));
    }
    joined(&fields) + "\x1d"
}

fn joined(texts: &[String]) -> String {
    sorted(texts).concat()
}

/// By their bytes; through a heap, whose code is a tenth of a sort's.
fn sorted(texts: &[String]) -> Vec<&str> {
    let mut all = BinaryHeap::new();
    all.extend(texts.iter().map(String::as_str));
    all.into_sorted_vec()
}

/// As [`sorted`]; `None`: there are two of a kind.
fn unique(texts: &[String]) -> Option<Vec<&str>> {
    let texts = sorted(texts);
    let is_twice = texts.iter().zip(texts.iter().skip(1)).any(|(one, next)| one == next);
    (!is_twice).then_some(texts)
}
