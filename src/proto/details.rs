//! What extensions only hand on: texts and numbers by name, from XML to JSON and back. Which there are is a table, and one reader and one
//! writer are for all of them: as fields of structs, each would be read, written and thrown away by code of its own.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::json::{Fields, Json};
use super::time::{format_timestamp, parse_timestamp};
use super::xml::{Element, Writer};

/// The largest number that JavaScript counts exactly.
const MOST_EXACT: i64 = 1 << 53;

/// One of the details that there may be.
pub(crate) struct Known {
    /// In XML: of an element, or an attribute.
    pub(crate) element: &'static str,
    /// For the app.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// What can be read as one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A text that is one of these.
    OneOf(&'static [&'static str]),
    /// A text, and only one that [is harmless](is_harmless).
    Address,
    /// A whole number that JavaScript counts exactly.
    Count,
    /// In XML as XEP-0082 has it, else milliseconds since 1970-01-01 UTC.
    Moment,
}

/// By their names for the app, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details(Vec<(&'static str, Detail)>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    Text(String),
    Number(i64),
}

impl Details {
    /// None where it was not said, or is a number.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Detail::Text(text) => Some(text),
            Detail::Number(_) => None,
        }
    }

    /// None where it was not said, or is a text.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Detail::Number(number) => Some(*number),
            Detail::Text(_) => None,
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    fn get(&self, name: &str) -> Option<&Detail> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, detail)| detail)
    }

    /// Takes in what stands in an element, or an attribute, if that is known and can be read. What is said twice counts the first time.
    pub(crate) fn read(&mut self, table: &[Known], element: &str, text: &str) {
        let Some(known) = table.iter().find(|known| known.element == element) else { return };
        let text = text.trim();
        let detail = match known.kind {
            Kind::Text => Some(text).filter(|text| !text.is_empty()).map(|text| Detail::Text(text.to_owned())),
            Kind::OneOf(all) => all.iter().find(|one| **one == text).map(|one| Detail::Text((*one).to_owned())),
            Kind::Address => Some(text).filter(|text| is_harmless(text)).map(|text| Detail::Text(text.to_owned())),
            Kind::Count => text.parse().ok().filter(|number| (0..MOST_EXACT).contains(number)).map(Detail::Number),
            Kind::Moment => parse_timestamp(text).map(Detail::Number),
        };
        if let (None, Some(detail)) = (self.get(known.name), detail) {
            self.0.push((known.name, detail));
        }
    }

    pub(crate) fn read_attributes(&mut self, table: &[Known], element: Element<'_>) {
        for known in table {
            if let Some(text) = element.attr(known.element) {
                self.read(table, known.element, text);
            }
        }
    }

    /// As a page has them, among other fields.
    pub(crate) fn from_fields(table: &[Known], fields: &mut Fields<'_>) -> Self {
        let mut details = Vec::new();
        for known in table {
            let detail = match known.kind {
                Kind::Text | Kind::OneOf(_) | Kind::Address => fields.text(known.name).map(Detail::Text),
                Kind::Count | Kind::Moment => fields.number(known.name).map(Detail::Number),
            };
            details.extend(detail.map(|detail| (known.name, detail)));
        }
        Self(details)
    }

    /// As a page has them, and nothing else.
    pub(crate) fn from_json(table: &[Known], json: Json<'_>) -> Option<Self> {
        json.object()?.read(|fields| Some(Self::from_fields(table, fields)))
    }

    /// In the order of the table.
    pub(crate) fn write_elements(&self, table: &[Known], namespace: &str, w: &mut Writer) {
        for (element, text) in self.written(table) {
            w.leaf(element, namespace, &text);
        }
    }

    /// In the order of the table.
    pub(crate) fn write_attributes(&self, table: &[Known], w: &mut Writer) {
        for (attribute, text) in self.written(table) {
            w.attr(attribute, &text);
        }
    }

    fn written<'a>(&'a self, table: &'a [Known]) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> {
        table.iter().filter_map(|known| {
            let text = match self.get(known.name)? {
                Detail::Text(text) => Cow::Borrowed(text.as_str()),
                Detail::Number(moment) if known.kind == Kind::Moment => Cow::Owned(format_timestamp(*moment)),
                Detail::Number(number) => Cow::Owned(number.to_string()),
            };
            Some((known.element, text))
        })
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, detail)| (name, detail)))
    }
}

impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
        }
    }
}

/// Whether it is an address that an app may put into a link. A page runs what follows `javascript:`, and browsers overlook white space in it.
pub(crate) fn is_harmless(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && !["javascript", "vbscript"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}
