//! The read-only tree of one frame. It borrows the frame's text.

use std::borrow::Cow;

use super::ns;

/// A parsed frame: its elements and texts in the order of the frame.
pub(crate) struct Document<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) namespaces: Vec<Cow<'a, str>>,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    /// The local name of an element, or a text.
    pub(super) text: Cow<'a, str>,
    /// In [`Document::namespaces`], or [`NO_NAMESPACE`], or [`TEXT`].
    pub(super) namespace: u32,
    /// The element around it.
    pub(super) parent: u32,
    /// The place behind all that is in it.
    pub(super) end: u32,
    pub(super) attributes: (u32, u32),
}

#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub(super) prefix: &'a str,
    pub(super) name: &'a str,
    /// In [`Document::namespaces`], or [`NO_NAMESPACE`].
    pub(super) namespace: u32,
    pub(super) value: Cow<'a, str>,
}

pub(super) const NO_NAMESPACE: u32 = u32::MAX;
/// Marks a node that is a text.
pub(super) const TEXT: u32 = u32::MAX - 1;

impl Document<'_> {
    #[inline]
    pub(crate) fn root(&self) -> Element<'_> {
        Element { document: self, place: 0 }
    }
}

/// One element of the tree. Small, and copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    document: &'a Document<'a>,
    place: u32,
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} xmlns='{}'>", self.name(), self.namespace())
    }
}

impl<'a> Element<'a> {
    #[inline]
    pub(crate) fn name(self) -> &'a str {
        self.node().map(|node| &*node.text).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn namespace(self) -> &'a str {
        self.node()
            .and_then(|node| self.document.namespaces.get(node.namespace as usize))
            .map(|found| &**found)
            .unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is(self, name: &str, namespace: &str) -> bool {
        self.name() == name && self.namespace() == namespace
    }

    /// The attribute without a namespace.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn attr(self, name: &str) -> Option<&'a str> {
        self.own_attributes()
            .iter()
            .find(|known| known.name == name && known.namespace == NO_NAMESPACE)
            .map(|found| &*found.value)
    }

    /// All attributes: namespace, name, value.
    pub(crate) fn attrs(self) -> impl Iterator<Item = (Option<&'a str>, &'a str, &'a str)> {
        self.own_attributes().iter().map(move |attribute| (self.namespace_of(attribute), attribute.name, &*attribute.value))
    }

    /// `xml:lang` of this element itself.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn own_lang(self) -> Option<&'a str> {
        let is_lang = |known: &&Attribute<'_>| known.name == "lang" && self.namespace_of(known) == Some(ns::XML);
        self.own_attributes().iter().find(is_lang).map(|found| &*found.value)
    }

    /// `xml:lang`, inherited (XML 1.0, section 2.12); an empty one is none.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn lang(self) -> Option<&'a str> {
        let mut element = self;
        loop {
            if let Some(lang) = element.own_lang() {
                return Some(lang).filter(|lang| !lang.is_empty());
            }
            element = Element { place: element.node()?.parent, ..element };
        }
    }

    #[inline]
    pub(crate) fn children(self) -> impl Iterator<Item = Element<'a>> {
        self.contents().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn child(self, name: &str, namespace: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.is(name, namespace))
    }

    /// All text directly inside, as one.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn text(self) -> Cow<'a, str> {
        let mut whole = Cow::Borrowed("");
        for content in self.contents() {
            match content {
                Content::Text(text) if whole.is_empty() => whole = Cow::Borrowed(text),
                Content::Text(text) => whole.to_mut().push_str(text),
                Content::Element(_) => {}
            }
        }
        whole
    }

    /// Elements and texts in order.
    #[inline]
    pub(crate) fn contents(self) -> Contents<'a> {
        Contents { document: self.document, next: self.place + 1, end: self.node().map_or(0, |node| node.end) }
    }

    #[inline]
    fn node(self) -> Option<&'a Node<'a>> {
        self.document.nodes.get(self.place as usize)
    }

    #[inline]
    fn own_attributes(self) -> &'a [Attribute<'a>] {
        let (start, end) = self.node().map(|node| node.attributes).unwrap_or_default();
        self.document.attributes.get(start as usize..end as usize).unwrap_or_default()
    }

    #[inline]
    fn namespace_of(self, attribute: &Attribute<'_>) -> Option<&'a str> {
        self.document.namespaces.get(attribute.namespace as usize).map(|found| &**found)
    }
}

/// What stands inside an element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    Element(Element<'a>),
    Text(&'a str),
}

pub(crate) struct Contents<'a> {
    document: &'a Document<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Contents<'a> {
    type Item = Content<'a>;

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn next(&mut self) -> Option<Content<'a>> {
        if self.next >= self.end {
            return None;
        }
        let place = self.next;
        let node = self.document.nodes.get(place as usize)?;
        self.next = node.end;
        Some(if node.namespace == TEXT {
            Content::Text(&node.text)
        } else {
            Content::Element(Element { document: self.document, place })
        })
    }
}
