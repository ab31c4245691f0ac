//! The read-only tree of one frame. It borrows the frame's text.

use std::borrow::Cow;

use super::super::config::Limits;
use super::ns;
use super::prescan::{XmlFault, prescan};

/// A parsed frame.
pub(crate) struct Document<'a>(roxmltree::Document<'a>);

/// Parses a frame that passed [`prescan`](super::prescan).
pub(crate) fn parse<'a>(frame: &'a str, limits: &Limits) -> Result<Document<'a>, XmlFault> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: u32::try_from(limits.nodes.saturating_mul(2)).unwrap_or(u32::MAX),
        ..roxmltree::ParsingOptions::default()
    };
    match roxmltree::Document::parse_with_options(frame, options) {
        Ok(document) => Ok(Document(document)),
        Err(roxmltree::Error::NamespacesLimitReached) => Err(XmlFault::TooLarge("the frame declares too many namespaces")),
        Err(roxmltree::Error::NodesLimitReached) => Err(XmlFault::TooLarge("the frame has too many nodes")),
        Err(roxmltree::Error::UnknownEntityReference(..)) => Err(XmlFault::Restricted("entities are not allowed")),
        Err(_) => Err(XmlFault::NotWellFormed("the frame is not well-formed XML")),
    }
}

/// Parses a frame of ours that was stored. `None`: it was not ours, or is not what it was.
pub(crate) fn parse_stored<'a>(frame: &'a str, limits: &Limits) -> Option<Document<'a>> {
    prescan(frame, limits).ok().filter(|root| root.fault.is_none())?;
    parse(frame, limits).ok()
}

impl Document<'_> {
    pub(crate) fn root(&self) -> Element<'_> {
        Element(self.0.root_element())
    }
}

/// One element of the tree. Small, and copied freely.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a>(roxmltree::Node<'a, 'a>);

impl<'a> Element<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    pub(crate) fn namespace(self) -> &'a str {
        self.0.tag_name().namespace().unwrap_or_default()
    }

    pub(crate) fn is(self, name: &str, namespace: &str) -> bool {
        self.name() == name && self.namespace() == namespace
    }

    /// The attribute without a namespace.
    pub(crate) fn attr(self, name: &str) -> Option<&'a str> {
        self.0
            .attributes()
            .find(|attribute| attribute.name() == name && attribute.namespace().is_none())
            .map(|attribute| attribute.value())
    }

    /// All attributes: namespace, name, value.
    pub(crate) fn attrs(self) -> impl Iterator<Item = (Option<&'a str>, &'a str, &'a str)> {
        self.0.attributes().map(|attribute| (attribute.namespace(), attribute.name(), attribute.value()))
    }

    /// `xml:lang` of this element itself.
    pub(crate) fn own_lang(self) -> Option<&'a str> {
        self.0.attribute((ns::XML, "lang"))
    }

    /// `xml:lang`, inherited (XML 1.0, section 2.12); an empty one is none.
    pub(crate) fn lang(self) -> Option<&'a str> {
        self.0.ancestors().find_map(|node| node.attribute((ns::XML, "lang"))).filter(|lang| !lang.is_empty())
    }

    pub(crate) fn children(self) -> impl Iterator<Item = Element<'a>> {
        self.0.children().filter(roxmltree::Node::is_element).map(Element)
    }

    pub(crate) fn child(self, name: &str, namespace: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.is(name, namespace))
    }

    /// All text directly inside, as one.
    pub(crate) fn text(self) -> Cow<'a, str> {
        let mut texts = self.0.children().filter(roxmltree::Node::is_text).filter_map(|node| node.text());
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let mut whole = String::from(first);
                whole.push_str(second);
                whole.extend(texts);
                Cow::Owned(whole)
            }
        }
    }

    /// Elements and texts in order.
    pub(crate) fn contents(self) -> impl Iterator<Item = Content<'a>> {
        self.0.children().filter_map(|node| match node.text() {
            Some(text) if node.is_text() => Some(Content::Text(text)),
            _ if node.is_element() => Some(Content::Element(Element(node))),
            _ => None,
        })
    }
}

/// What stands inside an element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    Element(Element<'a>),
    Text(&'a str),
}
