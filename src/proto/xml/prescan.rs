//! One pass over the bytes of a frame before it is parsed: what RFC 6120, section 11 forbids, what the parser would let pass,
//! and what would make it slow or large. Also reads the root's name and namespace, which is all that counting needs (I8).

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::super::config::Limits;
use super::ns;

/// What the root of a frame is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prescan<'a> {
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    /// Set when the frame may not be parsed.
    pub(crate) fault: Option<XmlFault>,
}

/// Why a frame is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XmlFault {
    /// RFC 6120, section 11.4: the stream cannot go on.
    NotWellFormed(&'static str),
    /// RFC 6120, section 11.1: comments, processing instructions, DTDs and entities. The stream cannot go on.
    Restricted(&'static str),
    /// Larger than the [`Limits`]: this frame is lost, the stream goes on.
    TooLarge(&'static str),
    /// Well-formed, and the parser would misread it: this frame is lost, the stream goes on.
    Unreadable(&'static str),
}

/// Names the root and looks for faults. `Err` where not even the root can be named.
pub(crate) fn prescan<'a>(frame: &'a str, limits: &Limits) -> Result<Prescan<'a>, XmlFault> {
    // RFC 7395, section 3.3.3: a frame starts with `<`, and no declaration stands before the element.
    if frame.starts_with("<?") || frame.starts_with("<!") {
        return Err(XmlFault::Restricted("a frame starts with its element, not with a declaration"));
    }
    if !frame.starts_with('<') {
        return Err(XmlFault::NotWellFormed("a frame starts with <"));
    }
    let (name, namespace) = root(frame)?;
    let fault = check(frame, limits).err();
    Ok(Prescan { name, namespace, fault })
}

/// The frame with the prefix `stream` declared. RFC 7395, section 3.3.3 has every frame declare what it uses, but Prosody (13.0)
/// does not in its stream errors: it writes them as if they stood inside `<stream:stream>`.
pub(crate) fn with_stream_prefix(frame: &str) -> Cow<'_, str> {
    let Some(rest) = frame.strip_prefix("<stream:") else { return Cow::Borrowed(frame) };
    match root(frame) {
        Ok((name, "")) => {
            let rest = rest.get(name.len()..).unwrap_or_default();
            Cow::Owned(format!("<stream:{name} xmlns:stream='{}'{rest}", ns::STREAM))
        }
        _ => Cow::Borrowed(frame),
    }
}

/// The local name and the namespace of the root, read off its tag.
fn root(frame: &str) -> Result<(&str, &str), XmlFault> {
    let fault = XmlFault::NotWellFormed("the first tag is broken");
    let mut tag = Tag { frame, at: 1 };
    let qualified = tag.name().ok_or(fault)?;
    let (prefix, name) = qualified.split_once(':').unwrap_or(("", qualified));
    let mut namespace = "";
    while let Some((attribute, value)) = tag.attribute()? {
        let declares = match attribute.strip_prefix("xmlns") {
            Some("") => prefix.is_empty(),
            Some(declared) => declared.strip_prefix(':').is_some_and(|declared| declared == prefix && !prefix.is_empty()),
            None => false,
        };
        if declares {
            // It could be decoded, but nobody writes it so: it would only be a way past the count of stanzas (I8).
            if value.contains('&') {
                return Err(XmlFault::Restricted("the namespace of a frame is written with references"));
            }
            namespace = value;
        }
    }
    Ok((name, namespace))
}

fn check(frame: &str, limits: &Limits) -> Result<(), XmlFault> {
    let bytes = frame.as_bytes();
    if bytes.len() > limits.frame_bytes {
        return Err(XmlFault::TooLarge("the frame has too many bytes"));
    }
    // The parser counts these bytes too, wherever they stand, and reserves memory for each.
    if bytes.len() > limits.nodes.min(limits.equals) {
        if memchr::memchr_iter(b'<', bytes).count() > limits.nodes {
            return Err(XmlFault::TooLarge("the frame has too many <"));
        }
        if memchr::memchr_iter(b'=', bytes).count() > limits.equals {
            return Err(XmlFault::TooLarge("the frame has too many ="));
        }
    }
    // Where the text begins in which references are references: after the last CDATA section.
    let mut unchecked = 0;
    let mut scopes = Scopes::default();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr(b'<', rest)) {
        at += found + 1;
        match bytes.get(at) {
            Some(b'/') => scopes.close(),
            Some(b'?') => return Err(XmlFault::Restricted("processing instructions are not allowed")),
            Some(b'!') => {
                let rest = frame.get(at..).unwrap_or_default();
                if !rest.starts_with("![CDATA[") {
                    return Err(XmlFault::Restricted("comments and document type declarations are not allowed"));
                }
                match memchr::memmem::find(rest.as_bytes(), b"]]>") {
                    Some(end) => {
                        check_references(frame.get(unchecked..at).unwrap_or_default())?;
                        at += end;
                        unchecked = at;
                    }
                    None => return Err(XmlFault::NotWellFormed("a CDATA section does not end")),
                }
            }
            _ => {
                let mut tag = Tag { frame, at };
                tag.name().ok_or(XmlFault::NotWellFormed("a tag has no name"))?;
                let mut attributes = 0;
                let mut has_default = false;
                let mut declarations = 0;
                while let Some((name, _)) = tag.attribute()? {
                    attributes += 1;
                    if attributes > limits.attributes {
                        return Err(XmlFault::TooLarge("an element has too many attributes"));
                    }
                    declarations += usize::from(name.starts_with("xmlns"));
                    // The parser takes it for a default namespace, whatever its prefix.
                    if name.ends_with(":xmlns") {
                        return Err(XmlFault::Unreadable("an attribute of another namespace is called xmlns"));
                    }
                    if name == "xmlns" && std::mem::replace(&mut has_default, true) {
                        return Err(XmlFault::NotWellFormed("an element declares its default namespace twice"));
                    }
                }
                at = tag.at;
                scopes.open(declarations, bytes.get(at) == Some(&b'/'), limits)?;
            }
        }
    }
    check_references(frame.get(unchecked..).unwrap_or_default())
}

/// The open elements, each with how many namespace declarations hold in it.
///
/// The parser copies all that hold into each element that declares one more, and compares each with each: a frame of 256 KB, which
/// any server passes on, could keep it busy for minutes.
#[derive(Default)]
struct Scopes {
    open: Vec<usize>,
    copied: usize,
}

impl Scopes {
    fn open(&mut self, declarations: usize, is_empty: bool, limits: &Limits) -> Result<(), XmlFault> {
        let inherited = self.open.last().copied().unwrap_or_default();
        if declarations > 0 {
            self.copied = self.copied.saturating_add(inherited.saturating_mul(declarations));
            if self.copied > limits.namespaces {
                return Err(XmlFault::TooLarge("the frame declares too many namespaces inside each other"));
            }
        }
        if !is_empty {
            self.open.push(inherited + declarations);
            if self.open.len() > limits.depth {
                return Err(XmlFault::TooLarge("the elements are nested too deep"));
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        self.open.pop();
    }
}

/// The parser turns a reference to a forbidden character into U+FFFD; XML says that it is an error.
fn check_references(frame: &str) -> Result<(), XmlFault> {
    let mut rest = frame;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some(number) = rest.strip_prefix('#') else { continue };
        let digits = number.split(';').next().unwrap_or_default();
        let code = match digits.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        let is_allowed = code.ok().and_then(char::from_u32).is_some_and(is_xml_char);
        if !is_allowed {
            return Err(XmlFault::NotWellFormed("a reference names a character that XML forbids"));
        }
    }
    Ok(())
}

/// XML 1.0, production 2.
pub(super) fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Walks the attributes of one start tag. Ends at its `>` or `/`.
struct Tag<'a> {
    frame: &'a str,
    at: usize,
}

impl<'a> Tag<'a> {
    fn name(&mut self) -> Option<&'a str> {
        let rest = self.frame.get(self.at..)?;
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>' | b'=' | b'<' | b'"' | b'\''))?;
        self.at += end;
        rest.get(..end).filter(|name| !name.is_empty())
    }

    fn attribute(&mut self) -> Result<Option<(&'a str, &'a str)>, XmlFault> {
        let fault = XmlFault::NotWellFormed("a tag is broken");
        self.skip_space();
        match self.frame.as_bytes().get(self.at) {
            Some(b'/' | b'>') => return Ok(None),
            None => return Err(XmlFault::NotWellFormed("a tag does not end")),
            Some(_) => {}
        }
        let name = self.name().ok_or(fault)?;
        self.skip_space();
        if self.frame.as_bytes().get(self.at) != Some(&b'=') {
            return Err(fault);
        }
        self.at += 1;
        self.skip_space();
        let quote = match self.frame.as_bytes().get(self.at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(fault),
        };
        self.at += 1;
        let rest = self.frame.get(self.at..).ok_or(fault)?;
        match memchr2(quote, b'<', rest.as_bytes()) {
            Some(end) if rest.as_bytes().get(end) == Some(&quote) => {
                self.at += end + 1;
                Ok(Some((name, rest.get(..end).unwrap_or_default())))
            }
            _ => Err(XmlFault::NotWellFormed("an attribute does not end")),
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.frame.as_bytes().get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(frame: &str) -> Result<Prescan<'_>, XmlFault> {
        prescan(frame, &Limits::default())
    }

    #[test]
    fn the_root_is_named_with_and_without_a_prefix() {
        let found = scan("<message to='a&quot;' xmlns='jabber:client'><a xmlns='b'/></message>").unwrap();
        assert_eq!((found.name, found.namespace, found.fault), ("message", "jabber:client", None));
        let found = scan("<stream:features xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'/>").unwrap();
        assert_eq!((found.name, found.namespace), ("features", "http://etherx.jabber.org/streams"));
        let found = scan("<a/>").unwrap();
        assert_eq!((found.name, found.namespace, found.fault), ("a", "", None));
    }

    #[test]
    fn the_prefix_of_streams_is_declared_where_a_server_left_it_out() {
        let declared = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><a/></stream:error>";
        assert_eq!(with_stream_prefix("<stream:error><a/></stream:error>"), declared);
        for frame in [declared, "<message/>", "<streams:a/>", "<stream:", "<stream:>", "<stream:a:b/>"] {
            let completed = with_stream_prefix(frame);
            let again = with_stream_prefix(&completed);
            assert_eq!(again, completed);
        }
        assert_eq!(with_stream_prefix(declared), declared);
    }

    #[test]
    fn what_xmpp_forbids_is_refused() {
        for frame in [
            "<?xml version='1.0'?><a/>",
            "<!DOCTYPE a><a/>",
            "<!-- x --><a/>",
            "<a><!-- x --></a>",
            "<a><?x y?></a>",
            "<a/><!-- x -->",
        ] {
            let fault = match scan(frame) {
                Ok(found) => found.fault,
                Err(fault) => Some(fault),
            };
            assert!(matches!(fault, Some(XmlFault::Restricted(_))), "{frame}: {fault:?}");
        }
    }

    #[test]
    fn what_the_parser_would_let_pass_is_refused() {
        for frame in [
            "\u{feff}<a/>",
            " <a/>",
            "",
            "<",
            "< a/>",
            "<a",
            "<a b",
            "<a b='",
            "<a b=c/>",
            "<a xmlns='b' xmlns='b'/>",
            "<a>&#xD800;</a>",
            "<a>&#0;</a>",
            "<a>&#8;</a>",
            "<a b='&#xFFFF;'/>",
            "<a><![CDATA[</a>",
        ] {
            let fault = match scan(frame) {
                Ok(found) => found.fault,
                Err(fault) => Some(fault),
            };
            assert!(matches!(fault, Some(XmlFault::NotWellFormed(_))), "{frame}: {fault:?}");
        }
    }

    #[test]
    fn a_greater_than_sign_inside_an_attribute_or_cdata_ends_nothing() {
        assert_eq!(scan("<a b='>/'><c d=\">'\"/><![CDATA[<x <y ]] > ]]></a>").unwrap().fault, None);
    }

    #[test]
    fn what_looks_like_a_reference_inside_cdata_is_none() {
        assert_eq!(scan("<a>&#65;<![CDATA[&#0; &#x]]>&#66;<![CDATA[&#]]></a>").unwrap().fault, None);
        for frame in ["<a>&#0;<![CDATA[]]></a>", "<a><![CDATA[]]>&#0;<![CDATA[]]></a>", "<a><![CDATA[]]>&#0;</a>"] {
            assert!(scan(frame).unwrap().fault.is_some(), "{frame}");
        }
    }

    /// What is counted is what is read (I8).
    #[test]
    fn the_root_is_named_as_the_parser_names_it() {
        let names = ["message", "x:message", ":message", "message:", "x:y:message", "xml:message", "xmlns:message", "xmlns"];
        let attributes = [
            "xmlns='jabber:client'",
            "xmlns:x='jabber:client'",
            "xmlns:x = \"jabber:client\"",
            "xmlns:x=''",
            "xmlns=''",
            "xmlns='jabber&#58;client'",
            "xmlns='jabber:client&#x20;'",
            "xmlns='\tjabber:client'",
            "xmlns:='jabber:client'",
            "xmlns:xml='jabber:client'",
            "xmlns:xmlns='jabber:client'",
            "xml:lang='en'",
            "x:xmlns='jabber:client'",
            "a='&gt;>'",
        ];
        let mut read = 0;
        for name in names {
            for one in attributes {
                for two in attributes {
                    for frame in [format!("<{name} {one} {two}/>"), format!("<{name}\n{one}\t{two} ></{name}>")] {
                        let limits = Limits::default();
                        let Ok(Prescan { name, namespace, fault: None }) = prescan(&frame, &limits) else { continue };
                        let Ok(document) = super::super::parse(&frame, &limits) else { continue };
                        let is_counted = (name, namespace) == ("message", "jabber:client");
                        assert_eq!(is_counted, document.root().is("message", "jabber:client"), "{frame}");
                        read += 1;
                    }
                }
            }
        }
        assert!(read > 100, "{read}");
    }

    #[test]
    fn what_is_too_large_is_refused_and_still_named() {
        let limits = Limits { frame_bytes: 300_000, depth: 3, attributes: 2, nodes: 10, equals: 10, namespaces: 10 };
        let deep = "<message xmlns='x'><a><b><c></c></b></a></message>";
        let wide = "<message xmlns='x' a='' b=''/>";
        let equals = format!("<message xmlns='x'>{}</message>", "=".repeat(11));
        let nodes = format!("<message xmlns='x'>{}</message>", "<a/>".repeat(10));
        let bytes = format!("<message xmlns='x'>{}</message>", "a".repeat(300_000));
        let scoped = "<message xmlns='x'><a xmlns:b='' xmlns:c=''><d xmlns=''><e xmlns:f='' xmlns:g=''/></d></a></message>";
        for frame in [deep, wide, &equals, &nodes, &bytes, scoped] {
            let found = prescan(frame, &limits).unwrap();
            assert_eq!(found.name, "message");
            assert!(matches!(found.fault, Some(XmlFault::TooLarge(_))), "{:?}", found.fault);
        }
    }
}
