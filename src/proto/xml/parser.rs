//! The one reader: a frame becomes a tree that borrows the frame's text, in one pass over its bytes.
//!
//! XML 1.0 with namespaces, as far as XMPP allows it: comments, processing instructions, declarations, DTDs and entities other than
//! the five are refused (RFC 6120, section 11.1). What RFC 7395 has every frame declare, Prosody (13.0) does not in its stream errors, which it
//! writes as if they stood inside `<stream:stream>`: so the prefix `stream` is known from the start.
//!
//! `roxmltree` did this before. It accepts what XMPP forbids and reserves memory for every `<` and `=` of a text, so that a second pass had to go
//! before it, and both together took five times as long as this (ARCHITECTURE.md). It stays as the judge in the tests.

use std::borrow::Cow;

use super::super::config::Limits;
use super::document::{Attribute, Document, NO_NAMESPACE, Node, TEXT};
use super::ns;

/// Why a frame is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XmlFault {
    /// RFC 6120, section 11.4: the stream cannot go on.
    NotWellFormed(&'static str),
    /// RFC 6120, section 11.1: comments, processing instructions, DTDs and entities. The stream cannot go on.
    Restricted(&'static str),
    /// Larger than the [`Limits`]: this frame is lost, the stream goes on.
    TooLarge(&'static str),
}

impl XmlFault {
    pub(crate) fn why(self) -> &'static str {
        let (Self::NotWellFormed(why) | Self::Restricted(why) | Self::TooLarge(why)) = self;
        why
    }
}

/// What came of a frame.
pub(crate) struct Reading<'a> {
    /// Name and namespace of the root, which is all that counting needs (I8). Known wherever the first tag can be made out, whatever else is wrong.
    pub(crate) root: Option<(&'a str, Cow<'a, str>)>,
    pub(crate) document: Result<Document<'a>, XmlFault>,
}

/// Reads a frame.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(crate) fn read<'a>(frame: &'a str, limits: &Limits) -> Reading<'a> {
    let mut parser = Parser::new(frame, limits);
    let document = parser.frame();
    let root = parser.root_name().or_else(|| root_of(frame));
    Reading {
        root,
        document: document.map(|()| Document {
            nodes: parser.nodes,
            attributes: parser.attributes,
            namespaces: parser.namespaces,
        }),
    }
}

/// As [`read`], for whom the root's name alone is of no use.
pub(crate) fn parse<'a>(frame: &'a str, limits: &Limits) -> Result<Document<'a>, XmlFault> {
    read(frame, limits).document
}

/// Parses a frame of ours that was stored. `None`: it was not ours, or is not what it was.
pub(crate) fn parse_stored<'a>(frame: &'a str, limits: &Limits) -> Option<Document<'a>> {
    parse(frame, limits).ok()
}

/// Name and namespace of the root, read off its tag. Other attributes may be whatever they are.
pub(crate) fn root_of(frame: &str) -> Option<(&str, Cow<'_, str>)> {
    let limits = Limits::default();
    let mut parser = Parser { is_naming: true, ..Parser::new(frame, &limits) };
    parser.first_tag().ok()?;
    parser.root_name()
}

/// A long frame may as well be one text: half a megabyte is all that is reserved of each kind.
const MOST_ROOM: usize = 1 << 14;

type Parsed<T> = Result<T, XmlFault>;

struct Parser<'a, 'l> {
    frame: &'a str,
    at: usize,
    limits: &'l Limits,
    nodes: Vec<Node<'a>>,
    attributes: Vec<Attribute<'a>>,
    namespaces: Vec<Cow<'a, str>>,
    /// Declarations that hold here: prefix, and place in `namespaces`. The innermost last.
    scope: Vec<(&'a str, u32)>,
    open: Vec<Open<'a>>,
    /// Steps that were made through `scope`, so that a frame of declarations cannot keep us busy.
    steps: usize,
    /// Only the root's name is wanted.
    is_naming: bool,
}

/// An element whose end tag is still to come.
struct Open<'a> {
    node: u32,
    /// As written, with the prefix.
    name: &'a str,
    /// How much of `scope` is from outside.
    outer: usize,
}

impl<'a, 'l> Parser<'a, 'l> {
    #[inline]
    fn new(frame: &'a str, limits: &'l Limits) -> Self {
        // As many as a stanza or a roster of that length has: what is moved while it grows costs more.
        let room = (frame.len() / 32).clamp(16, MOST_ROOM);
        let mut namespaces = Vec::with_capacity(8);
        namespaces.extend([Cow::Borrowed(ns::XML), Cow::Borrowed(ns::STREAM)]);
        let mut scope = Vec::with_capacity(8);
        scope.extend([("xml", 0), ("stream", 1)]);
        Self {
            frame,
            at: 0,
            limits,
            nodes: Vec::with_capacity(room),
            attributes: Vec::with_capacity(room),
            namespaces,
            scope,
            open: Vec::with_capacity(8),
            steps: 0,
            is_naming: false,
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn frame(&mut self) -> Parsed<()> {
        self.first_tag()?;
        if self.frame.len() > self.limits.frame_bytes {
            return Err(XmlFault::TooLarge("the frame has too many bytes"));
        }
        while !self.open.is_empty() {
            if self.peek() != Some(b'<') {
                self.text()?;
                continue;
            }
            match self.byte(self.at + 1) {
                Some(b'/') => self.end_tag()?,
                Some(b'!') => self.cdata()?,
                Some(b'?') => return Err(XmlFault::Restricted("processing instructions are not allowed")),
                _ => self.start_tag()?,
            }
        }
        self.skip_space();
        match self.rest() {
            "" => Ok(()),
            rest if rest.starts_with("<!") || rest.starts_with("<?") => {
                Err(XmlFault::Restricted("a frame ends with its element, not with a comment or an instruction"))
            }
            _ => Err(XmlFault::NotWellFormed("something follows the element of the frame")),
        }
    }

    /// RFC 7395, section 3.3.3: a frame starts with `<`, and no declaration stands before the element.
    #[inline]
    fn first_tag(&mut self) -> Parsed<()> {
        match (self.peek(), self.byte(1)) {
            (Some(b'<'), Some(b'?' | b'!')) => {
                Err(XmlFault::Restricted("a frame starts with its element, not with a declaration"))
            }
            (Some(b'<'), _) => self.start_tag(),
            _ => Err(XmlFault::NotWellFormed("a frame starts with <")),
        }
    }

    #[inline]
    fn root_name(&self) -> Option<(&'a str, Cow<'a, str>)> {
        let Some(Node { text: Cow::Borrowed(name), namespace, .. }) = self.nodes.first() else { return None };
        Some((name, self.namespaces.get(*namespace as usize).cloned().unwrap_or_default()))
    }

    /// At `<`.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn start_tag(&mut self) -> Parsed<()> {
        self.at += 1;
        let written = self.name().ok_or(XmlFault::NotWellFormed("a tag has no name"))?;
        let outer = self.scope.len();
        let first = self.attributes.len();
        let is_empty = loop {
            let has_space = self.skip_space();
            match self.peek() {
                Some(b'>') => {
                    self.at += 1;
                    break false;
                }
                Some(b'/') => {
                    if self.byte(self.at + 1) != Some(b'>') {
                        return Err(XmlFault::NotWellFormed("a tag is broken"));
                    }
                    self.at += 2;
                    break true;
                }
                Some(_) if has_space && self.is_naming => self.declaration_of(written)?,
                Some(_) if has_space => self.attribute(first, outer)?,
                Some(_) => return Err(XmlFault::NotWellFormed("a tag is broken")),
                None => return Err(XmlFault::NotWellFormed("a tag does not end")),
            }
        };
        let (prefix, local) = split(written)?;
        if prefix == "xmlns" {
            return Err(XmlFault::NotWellFormed("an element has the prefix xmlns"));
        }
        let namespace = self.resolve(prefix)?;
        self.resolve_attributes(first)?;
        if self.nodes.len() >= self.limits.nodes {
            return Err(XmlFault::TooLarge("the frame has too many elements"));
        }
        let parent = self.open.last().map_or(u32::MAX, |open| open.node);
        let node = index(self.nodes.len());
        let attributes = (index(first), index(self.attributes.len()));
        self.nodes.push(Node { text: Cow::Borrowed(local), namespace, parent, end: node + 1, attributes });
        if is_empty {
            self.scope.truncate(outer);
        } else {
            if self.open.len() >= self.limits.depth {
                return Err(XmlFault::TooLarge("the elements are nested too deep"));
            }
            self.open.push(Open { node, name: written, outer });
        }
        Ok(())
    }

    /// At `</`.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn end_tag(&mut self) -> Parsed<()> {
        self.at += 2;
        let Some(Open { node, name, outer }) = self.open.pop() else {
            return Err(XmlFault::NotWellFormed("an end tag has no start"));
        };
        if !self.rest().starts_with(name) {
            return Err(XmlFault::NotWellFormed("an end tag is another one's"));
        }
        self.at += name.len();
        self.skip_space();
        if self.peek() != Some(b'>') {
            return Err(XmlFault::NotWellFormed("an end tag is broken"));
        }
        self.at += 1;
        self.scope.truncate(outer);
        let end = index(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.end = end;
        }
        Ok(())
    }

    /// An attribute or a namespace declaration. `first` and `outer`: where those of this element begin.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn attribute(&mut self, first: usize, outer: usize) -> Parsed<()> {
        let written = self.attribute_name()?;
        let value = self.value()?;
        if self.attributes.len() - first + self.scope.len() - outer >= self.limits.attributes {
            return Err(XmlFault::TooLarge("an element has too many attributes"));
        }
        if self.attributes.len() >= self.limits.all_attributes {
            return Err(XmlFault::TooLarge("the frame has too many attributes"));
        }
        match split(written)? {
            ("", "xmlns") => self.declare("", value, outer),
            ("xmlns", prefix) => self.declare(prefix, value, outer),
            ("", name) => {
                let attributes = self.attributes.get(first..).unwrap_or_default();
                // Those with a prefix are compared when the prefixes are known.
                if attributes.iter().any(|known| known.name == name && known.prefix.is_empty()) {
                    return Err(XmlFault::NotWellFormed("an element has an attribute twice"));
                }
                self.attributes.push(Attribute { prefix: "", name, namespace: NO_NAMESPACE, value });
                Ok(())
            }
            (prefix, name) => {
                self.attributes.push(Attribute { prefix, name, namespace: NO_NAMESPACE, value });
                Ok(())
            }
        }
    }

    /// Up to the quote.
    #[inline]
    fn attribute_name(&mut self) -> Parsed<&'a str> {
        let written = self.name().ok_or(XmlFault::NotWellFormed("an attribute has no name"))?;
        self.skip_space();
        if self.peek() != Some(b'=') {
            return Err(XmlFault::NotWellFormed("an attribute has no value"));
        }
        self.at += 1;
        self.skip_space();
        Ok(written)
    }

    /// An attribute, of which nothing is kept unless it declares the prefix of that element.
    fn declaration_of(&mut self, element: &'a str) -> Parsed<()> {
        let written = self.attribute_name()?;
        let start = self.at;
        let value = self.value().or_else(|fault| {
            let quote = self.frame.get(start..).and_then(|rest| rest.chars().next()).ok_or(fault)?;
            let length = self.frame.get(start + 1..).and_then(|rest| rest.find(quote)).ok_or(fault)?;
            self.at = start + length + 2;
            Ok(Cow::Borrowed(""))
        })?;
        let prefix = element.split_once(':').map_or("", |(prefix, _)| prefix);
        match written.split_once(':').unwrap_or((written, "")) {
            ("xmlns", declared) if declared == prefix => self.declare(prefix, value, 2),
            _ => Ok(()),
        }
    }

    /// Namespaces in XML 1.0, sections 3 and 5.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn declare(&mut self, prefix: &'a str, namespace: Cow<'a, str>, outer: usize) -> Parsed<()> {
        let is_allowed = match prefix {
            "xml" => namespace == ns::XML,
            "xmlns" => false,
            _ => namespace != ns::XML && namespace != ns::XMLNS && (prefix.is_empty() || !namespace.is_empty()),
        };
        if !is_allowed {
            return Err(XmlFault::NotWellFormed("a namespace declaration is not allowed"));
        }
        if self.scope.get(outer..).unwrap_or_default().iter().any(|(known, _)| *known == prefix) {
            return Err(XmlFault::NotWellFormed("an element declares a prefix twice"));
        }
        if self.namespaces.len() >= self.limits.all_attributes {
            return Err(XmlFault::TooLarge("the frame declares too many namespaces"));
        }
        self.scope.push((prefix, index(self.namespaces.len())));
        self.namespaces.push(namespace);
        Ok(())
    }

    #[inline]
    fn resolve(&mut self, prefix: &str) -> Parsed<u32> {
        let found = self.scope.iter().rposition(|(known, _)| *known == prefix);
        self.steps += self.scope.len() - found.unwrap_or_default();
        if self.steps > self.limits.namespaces {
            return Err(XmlFault::TooLarge("the frame declares too many namespaces inside each other"));
        }
        match found.and_then(|at| self.scope.get(at)) {
            Some((_, namespace)) => Ok(*namespace),
            None if prefix.is_empty() => Ok(NO_NAMESPACE),
            None => Err(XmlFault::NotWellFormed("a prefix is not declared")),
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn resolve_attributes(&mut self, first: usize) -> Parsed<()> {
        for at in first..self.attributes.len() {
            let Some(&Attribute { prefix, name, .. }) = self.attributes.get(at) else { continue };
            if prefix.is_empty() {
                continue;
            }
            let namespace = self.resolve(prefix)?;
            let text = self.namespaces.get(namespace as usize);
            let before = self.attributes.get(first..at).unwrap_or_default();
            if before.iter().any(|known| known.name == name && self.namespaces.get(known.namespace as usize) == text) {
                return Err(XmlFault::NotWellFormed("an element has an attribute twice"));
            }
            if let Some(attribute) = self.attributes.get_mut(at) {
                attribute.namespace = namespace;
            }
        }
        Ok(())
    }

    /// A quoted value; what is white space in it becomes spaces (XML 1.0, section 3.3.3).
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn value(&mut self) -> Parsed<Cow<'a, str>> {
        let quote = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Err(XmlFault::NotWellFormed("an attribute has no quotes")),
        };
        self.at += 1;
        let mut value = Cow::Borrowed("");
        loop {
            let plain = self.plain(IN_VALUE);
            push(&mut value, plain);
            match self.peek() {
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return Ok(value);
                }
                Some(b'"') => self.push_one(&mut value, "\""),
                Some(b'\'') => self.push_one(&mut value, "'"),
                Some(b'&') => value.to_mut().push(self.reference()?),
                Some(b'\r') => self.push_line_end(&mut value, " "),
                Some(b'\n' | b'\t') => self.push_one(&mut value, " "),
                Some(0xef) => self.noncharacter(&mut value)?,
                Some(b'<') | None => return Err(XmlFault::NotWellFormed("an attribute does not end")),
                Some(_) => return Err(FORBIDDEN),
            }
        }
    }

    /// Text up to the next `<`. Carriage returns become line feeds (XML 1.0, section 2.11).
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn text(&mut self) -> Parsed<()> {
        let mut text = Cow::Borrowed("");
        loop {
            let plain = self.plain(IN_TEXT);
            push(&mut text, plain);
            match self.peek() {
                Some(b'<') => return self.push_text(text),
                Some(b'&') => text.to_mut().push(self.reference()?),
                Some(b'\r') => self.push_line_end(&mut text, "\n"),
                Some(b']') if self.rest().starts_with("]]>") => {
                    return Err(XmlFault::NotWellFormed("a text has ]]> in it"));
                }
                Some(b']') => self.push_one(&mut text, "]"),
                Some(0xef) => self.noncharacter(&mut text)?,
                Some(_) => return Err(FORBIDDEN),
                None => return Err(XmlFault::NotWellFormed("an element does not end")),
            }
        }
    }

    /// At `<!`.
    fn cdata(&mut self) -> Parsed<()> {
        const START: &str = "<![CDATA[";
        let Some(rest) = self.rest().strip_prefix(START) else {
            return Err(XmlFault::Restricted("comments and document type declarations are not allowed"));
        };
        let end = rest.as_bytes().windows(3).position(|three| three == b"]]>");
        let inside = end.and_then(|end| rest.get(..end));
        let inside = inside.ok_or(XmlFault::NotWellFormed("a CDATA section does not end"))?;
        if !inside.chars().all(is_xml_char) {
            return Err(FORBIDDEN);
        }
        self.at += START.len() + inside.len() + "]]>".len();
        if inside.contains('\r') {
            let mut lines = inside.split('\r');
            let mut text = lines.next().unwrap_or_default().to_owned();
            for line in lines {
                text.extend(["\n", line.strip_prefix('\n').unwrap_or(line)]);
            }
            self.push_text(Cow::Owned(text))
        } else {
            self.push_text(Cow::Borrowed(inside))
        }
    }

    #[inline]
    fn push_text(&mut self, text: Cow<'a, str>) -> Parsed<()> {
        if text.is_empty() {
            return Ok(());
        }
        if self.nodes.len() >= self.limits.nodes {
            return Err(XmlFault::TooLarge("the frame has too many texts"));
        }
        let parent = self.open.last().map_or(u32::MAX, |open| open.node);
        let end = index(self.nodes.len() + 1);
        self.nodes.push(Node { text, namespace: TEXT, parent, end, attributes: (0, 0) });
        Ok(())
    }

    /// At `&`.
    fn reference(&mut self) -> Parsed<char> {
        const BROKEN: XmlFault = XmlFault::NotWellFormed("a reference is broken");
        let rest = self.rest();
        // The longest that means something is `&#x0010FFFF;` with some zeros in front.
        let end = rest.bytes().take(32).position(|byte| byte == b';').ok_or(BROKEN)?;
        let name = rest.get(1..end).ok_or(BROKEN)?;
        self.at += end + 1;
        let Some(number) = name.strip_prefix('#') else {
            return match name {
                "amp" => Ok('&'),
                "lt" => Ok('<'),
                "gt" => Ok('>'),
                "apos" => Ok('\''),
                "quot" => Ok('"'),
                _ if is_ncname(name) => Err(XmlFault::Restricted("entities are not allowed")),
                _ => Err(BROKEN),
            };
        };
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
        // `from_str_radix` takes a sign.
        let code = if digits.starts_with(['+', '-']) { None } else { u32::from_str_radix(digits, radix).ok() };
        code.and_then(char::from_u32)
            .filter(|character| is_xml_char(*character))
            .ok_or(XmlFault::NotWellFormed("a reference names a character that XML forbids"))
    }

    /// At the first byte of what may be U+FFFE or U+FFFF.
    fn noncharacter(&mut self, text: &mut Cow<'a, str>) -> Parsed<()> {
        let character = self.rest().get(..3).unwrap_or_default();
        if matches!(character, "\u{fffe}" | "\u{ffff}") {
            return Err(FORBIDDEN);
        }
        push(text, character);
        self.at += character.len();
        Ok(())
    }

    #[inline]
    fn push_one(&mut self, text: &mut Cow<'a, str>, what: &str) {
        text.to_mut().push_str(what);
        self.at += 1;
    }

    fn push_line_end(&mut self, text: &mut Cow<'a, str>, what: &str) {
        self.push_one(text, what);
        if self.peek() == Some(b'\n') {
            self.at += 1;
        }
    }

    /// What needs no second look, from here on.
    #[inline]
    fn plain(&mut self, class: u8) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| is_in(byte, class)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// A name as written: a prefix, a colon, a local name.
    #[inline]
    fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !is_in(byte, IN_NAME)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).filter(|name| !name.is_empty())
    }

    #[inline]
    fn skip_space(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at > start
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.frame.as_bytes().get(at).copied()
    }

    #[inline]
    fn rest(&self) -> &'a str {
        self.frame.get(self.at..).unwrap_or_default()
    }
}

const FORBIDDEN: XmlFault = XmlFault::NotWellFormed("a character is one that XML forbids");

/// Prefix and local name.
#[cfg_attr(waxwing_small, optimize(speed))]
fn split(name: &str) -> Parsed<(&str, &str)> {
    // Nearly all: letters alone.
    if name.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(("", name));
    }
    let (prefix, local) = match name.bytes().position(|byte| byte == b':') {
        None => ("", name),
        Some(colon) => {
            let prefix = name.get(..colon).filter(|prefix| is_ncname(prefix));
            (prefix.ok_or(BAD_NAME)?, name.get(colon + 1..).unwrap_or_default())
        }
    };
    if is_ncname(local) { Ok((prefix, local)) } else { Err(BAD_NAME) }
}

const BAD_NAME: XmlFault = XmlFault::NotWellFormed("a name is not allowed");

/// Namespaces in XML 1.0, production 4.
#[cfg_attr(waxwing_small, optimize(speed))]
fn is_ncname(name: &str) -> bool {
    if name.is_ascii() {
        return name.as_bytes().first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    }
    name.chars().next().is_some_and(is_name_start) && name.chars().all(is_name_char)
}

/// XML 1.0, production 4, without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// XML 1.0, production 4a, without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

/// XML 1.0, production 2.
pub(super) fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Borrowed as long as it is in one piece.
#[inline]
fn push<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    if text.is_empty() && matches!(text, Cow::Borrowed(_)) {
        *text = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        text.to_mut().push_str(piece);
    }
}

/// A frame has less than 4 GB: WebAssembly has no more.
#[inline]
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What ends a run of plain characters in a text, in a value, and what a name may be made of.
const IN_TEXT: u8 = 1;
const IN_VALUE: u8 = 2;
const IN_NAME: u8 = 4;

const CLASSES: [u8; 256] = classes();

#[inline]
fn is_in(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|of_byte| of_byte & class != 0)
}

#[allow(clippy::indexing_slicing, reason = "when it compiles, it is in bounds")]
const fn classes() -> [u8; 256] {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = match byte as u8 {
            b'\t' | b'\n' => IN_VALUE,
            b'<' | b'&' | 0..=0x1f => IN_TEXT | IN_VALUE,
            // The first byte of U+FFFE and U+FFFF, and of others.
            0xef => IN_TEXT | IN_VALUE | IN_NAME,
            b']' => IN_TEXT,
            b'"' | b'\'' => IN_VALUE,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b':' | 0x80..=0xff => IN_NAME,
            _ => 0,
        };
        byte += 1;
    }
    all
}

#[cfg(test)]
mod tests;
