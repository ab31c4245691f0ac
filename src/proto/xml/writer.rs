//! The one serialiser. It cannot panic; a character that XML forbids makes [`Writer::finish`] say so, and nothing is sent.
//!
//! Elements carry their namespace as a default declaration where it changes; prefixes are made only for attributes that have one.

use std::ops::Range;
use std::sync::Arc;

use xso::{AsXml, Item};

use super::super::error::Error;
use super::document::{Content, Element};
use super::ns;

/// Why a stanza cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// XML has no way to carry this character. The offset counts UTF-16 units in its text, as JavaScript does.
    Forbidden { character: char, offset: usize },
    /// A typed payload could not say itself in XML.
    Typed(String),
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Forbidden { character, offset } => {
                Error::invalid(format!("XML cannot carry U+{:04X}, found at offset {offset}", u32::from(character)))
                    .remedy("Remove control characters from text before it is sent.")
            }
            WriteError::Typed(message) => Error::invalid(format!("the payload cannot be written: {message}")),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
    /// Open elements: where the name stands in `out`, and the default namespace inside, as it is written there.
    open: Vec<(Range<usize>, Range<usize>)>,
    is_in_tag: bool,
    prefixes: u32,
    error: Option<WriteError>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { out: String::with_capacity(384), open: Vec::with_capacity(4), ..Self::default() }
    }

    /// Opens an element. `name` is a literal of ours or comes from a parsed document.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn open(&mut self, name: &str, namespace: &str) -> &mut Self {
        self.end_tag();
        self.out.push('<');
        let start = self.out.len();
        self.out.push_str(name);
        let name = start..self.out.len();
        self.is_in_tag = true;
        // Outside of the root there is none. What is written escaped is written again: it would look like another one.
        let outer = self.open.last().map_or(0..0, |(_, outer)| outer.clone());
        let is_inherited = !namespace.contains('&') && self.out.get(outer.clone()) == Some(namespace);
        let inner = if is_inherited {
            outer
        } else {
            let start = self.out.len() + " xmlns='".len();
            self.attr("xmlns", namespace);
            start..self.out.len() - 1
        };
        self.open.push((name, inner));
        self
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn attr(&mut self, name: &str, value: &str) -> &mut Self {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("='");
        self.escape(value, true);
        self.out.push('\'');
        self
    }

    pub(crate) fn attr_opt(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.attr(name, value);
        }
        self
    }

    /// `xml:lang`, where there is one.
    pub(crate) fn lang(&mut self, lang: Option<&str>) -> &mut Self {
        self.attr_opt("xml:lang", lang.filter(|lang| !lang.is_empty()))
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.end_tag();
            self.escape(text, false);
        }
        self
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn close(&mut self) -> &mut Self {
        if let Some((name, _)) = self.open.pop() {
            if std::mem::take(&mut self.is_in_tag) {
                self.out.push_str("/>");
            } else {
                self.out.push_str("</");
                self.out.extend_from_within(name);
                self.out.push('>');
            }
        }
        self
    }

    /// An element with nothing but text in it.
    pub(crate) fn leaf(&mut self, name: &str, namespace: &str, text: &str) -> &mut Self {
        self.open(name, namespace).text(text).close()
    }

    /// An empty element.
    pub(crate) fn empty(&mut self, name: &str, namespace: &str) -> &mut Self {
        self.open(name, namespace).close()
    }

    /// A typed payload of `xmpp-parsers`, or a `minidom` element that a caller built.
    pub(crate) fn typed<T: AsXml>(&mut self, payload: &T) -> &mut Self {
        if let Err(error) = self.items(payload) {
            self.fail(WriteError::Typed(error.to_string()));
        }
        self
    }

    /// A parsed element with all that is in it; without a namespace it is taken into `default_namespace`.
    pub(crate) fn copy(&mut self, element: Element<'_>, default_namespace: &str) -> &mut Self {
        self.copy_root(element, default_namespace, element.attr("id"))
    }

    /// As [`copy`](Self::copy), with another id on the element itself.
    pub(crate) fn copy_root(&mut self, element: Element<'_>, default_namespace: &str, id: Option<&str>) -> &mut Self {
        let namespace = match element.namespace() {
            "" => default_namespace,
            namespace => namespace,
        };
        self.open(element.name(), namespace).attr_opt("id", id);
        for (namespace, name, value) in element.attrs() {
            if namespace.is_some() || name != "id" {
                self.attr_in(namespace.unwrap_or_default(), name, value);
            }
        }
        for content in element.contents() {
            match content {
                Content::Element(child) => self.copy(child, default_namespace),
                Content::Text(text) => self.text(text),
            };
        }
        self.close()
    }

    /// Closes what is open and hands the text out, unless something could not be written.
    pub(crate) fn finish(mut self) -> Result<String, WriteError> {
        self.close_all();
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    /// As [`finish`](Self::finish), and begins anew: of many texts none needs memory of its own while it is written.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn take(&mut self) -> Result<Arc<str>, WriteError> {
        self.close_all();
        let taken = self.error.take().map_or_else(|| Ok(self.out.as_str().into()), Err);
        self.out.clear();
        self.prefixes = 0;
        taken
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn items<T: AsXml>(&mut self, payload: &T) -> Result<(), xso::error::Error> {
        for item in payload.as_xml_iter()? {
            match item? {
                Item::XmlDeclaration(_) => {}
                Item::ElementHeadStart(namespace, name) => {
                    self.open(&name, &namespace);
                }
                Item::Attribute(namespace, name, value) => {
                    self.attr_in(&namespace, &name, &value);
                }
                Item::ElementHeadEnd => {}
                Item::Text(text) => {
                    self.text(&text);
                }
                Item::ElementFoot => {
                    self.close();
                }
            }
        }
        Ok(())
    }

    /// An attribute in a namespace, whose prefix is declared on the spot.
    pub(crate) fn attr_in(&mut self, namespace: &str, name: &str, value: &str) -> &mut Self {
        match namespace {
            "" => self.attr(name, value),
            ns::XML => {
                self.out.push_str(" xml:");
                self.out.push_str(name);
                self.attr_value(value)
            }
            // The reader does not list declarations as attributes; a typed payload has no business with them.
            ns::XMLNS => self,
            _ => {
                self.prefixes += 1;
                let prefix = format!("ns{}", self.prefixes);
                self.attr(&format!("xmlns:{prefix}"), namespace);
                self.attr(&format!("{prefix}:{name}"), value)
            }
        }
    }

    fn attr_value(&mut self, value: &str) -> &mut Self {
        self.out.push_str("='");
        self.escape(value, true);
        self.out.push('\'');
        self
    }

    #[inline]
    fn end_tag(&mut self) {
        if std::mem::take(&mut self.is_in_tag) {
            self.out.push('>');
        }
    }

    fn fail(&mut self, error: WriteError) {
        self.error.get_or_insert(error);
    }

    /// Escapes runs at a time. White space in attributes and carriage returns anywhere are written as references, since a reader
    /// would normalise them otherwise (XML 1.0, sections 2.11 and 3.3.3).
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn escape(&mut self, text: &str, is_attribute: bool) {
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate() {
            // Nearly all: they need no look at the list.
            if byte > b'>' && byte != 0xef || (b'('..=b';').contains(&byte) || byte == b' ' {
                continue;
            }
            let replacement = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'\'' if is_attribute => "&apos;",
                b'"' if is_attribute => "&quot;",
                b'\r' => "&#xD;",
                b'\n' if is_attribute => "&#xA;",
                b'\t' if is_attribute => "&#x9;",
                b'\n' | b'\t' => continue,
                0..=0x1f => return self.forbid(text, at),
                // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
                0xef if matches!(text.as_bytes().get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])) => return self.forbid(text, at),
                _ => continue,
            };
            self.out.push_str(text.get(start..at).unwrap_or_default());
            self.out.push_str(replacement);
            start = at + 1;
        }
        self.out.push_str(text.get(start..).unwrap_or_default());
    }

    #[cold]
    fn forbid(&mut self, text: &str, at: usize) {
        let before = text.get(..at).unwrap_or_default();
        let character = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        self.fail(WriteError::Forbidden { character, offset: before.encode_utf16().count() });
    }
}

/// A stanza that was written here, with one more child at its end, unless that is there already.
pub(crate) fn with_last_child(frame: &str, write: impl FnOnce(&mut Writer)) -> String {
    let mut w = Writer::new();
    write(&mut w);
    let parts = last_end_tag(frame).and_then(|end| frame.split_at_checked(end));
    match (parts, w.finish()) {
        (Some((open, end_tag)), Ok(child)) if !open.ends_with(&child) => [open, &child, end_tag].concat(),
        _ => frame.to_owned(),
    }
}

/// Where the last tag begins, if it is an end tag. By bytes: to search for a text is 2 KB of WebAssembly.
pub(crate) fn last_end_tag(frame: &str) -> Option<usize> {
    let at = frame.bytes().rposition(|byte| byte == b'<')?;
    (frame.as_bytes().get(at + 1) == Some(&b'/')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Limits;
    use super::super::parser::parse;
    use minidom::Element as Minidom;

    use super::*;

    #[test]
    fn namespaces_are_declared_where_they_change() {
        let mut w = Writer::new();
        w.open("message", ns::CLIENT).attr("to", "a").leaf("body", ns::CLIENT, "hi").open("x", "y").empty("z", "y").close();
        assert_eq!(w.finish().unwrap(), "<message xmlns='jabber:client' to='a'><body>hi</body><x xmlns='y'><z/></x></message>");
    }

    #[test]
    fn every_character_that_xml_can_carry_comes_back_unchanged() {
        let text: String = "a<&>'\"\t\n\r]]>\u{85}\u{2028}😀\u{fffd}\u{10ffff}\u{7f}".into();
        let mut w = Writer::new();
        w.open("a", "b").attr("c", &text).text(&text);
        let frame = w.finish().unwrap();
        let document = parse(&frame, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}: {frame}"));
        assert_eq!(document.root().attr("c"), Some(text.as_str()));
        assert_eq!(document.root().text(), text);
    }

    #[test]
    fn a_forbidden_character_is_an_error_with_its_offset_in_utf_16() {
        for (text, character, offset) in
            [("a\u{8}", '\u{8}', 1), ("😀\0", '\0', 2), ("\u{ffff}", '\u{ffff}', 0), ("ab\u{fffe}", '\u{fffe}', 2)]
        {
            let mut w = Writer::new();
            w.open("a", "b").text(text);
            assert_eq!(w.finish(), Err(WriteError::Forbidden { character, offset }));
            let mut w = Writer::new();
            w.open("a", "b").attr("c", text);
            assert_eq!(w.finish(), Err(WriteError::Forbidden { character, offset }));
        }
    }

    #[test]
    fn a_minidom_element_and_a_typed_payload_are_written_by_the_same_writer() {
        let custom: Minidom = "<a xmlns='urn:x' b='1'>t<c xmlns='urn:y'/></a>".parse().unwrap();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).typed(&custom).typed(&xmpp_parsers::ping::Ping);
        assert_eq!(
            w.finish().unwrap(),
            "<iq xmlns='jabber:client'><a xmlns='urn:x' b='1'>t<c xmlns='urn:y'/></a><ping xmlns='urn:xmpp:ping'/></iq>"
        );
        let bad = Minidom::builder("a", "urn:x").append("\u{8}").build();
        let mut w = Writer::new();
        w.typed(&bad);
        assert!(w.finish().is_err());
    }

    #[test]
    fn a_copied_element_keeps_prefixed_attributes_and_takes_the_default_namespace() {
        let source = "<message to='a' xml:lang='de'><x xmlns='urn:x' xmlns:p='urn:p' p:q='1'><p:r/></x></message>";
        let document = parse(source, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        let mut w = Writer::new();
        w.copy(document.root(), ns::CLIENT);
        assert_eq!(
            w.finish().unwrap(),
            "<message xmlns='jabber:client' to='a' xml:lang='de'><x xmlns='urn:x' xmlns:ns1='urn:p' ns1:q='1'><r xmlns='urn:p'/></x></message>"
        );
    }
}
