//! A whole stanza as plain data, for requests whose payload no feature knows, and the way raw XML of an app comes in.

use serde::Serialize;

use super::super::config::Limits;
use super::super::error::Error;
use super::super::sorted::Sorted;
use super::document::{Content, Document, Element};
use super::parser::parse;

/// An element, its attributes and all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StanzaTree {
    pub name: String,
    pub xmlns: String,
    pub attrs: Sorted<String>,
    pub children: Vec<TreeNode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TreeNode {
    Element(StanzaTree),
    Text(String),
}

impl From<Element<'_>> for StanzaTree {
    fn from(element: Element<'_>) -> Self {
        Self {
            name: element.name().to_owned(),
            xmlns: element.namespace().to_owned(),
            attrs: element
                .attrs()
                .map(|(namespace, name, value)| {
                    let name = if namespace == Some(super::ns::XML) { format!("xml:{name}") } else { name.to_owned() };
                    (name, value.to_owned())
                })
                .collect(),
            children: element
                .contents()
                .map(|content| match content {
                    Content::Element(child) => TreeNode::Element(child.into()),
                    Content::Text(text) => TreeNode::Text(text.to_owned()),
                })
                .collect(),
        }
    }
}

/// Parses the raw XML of an app under the rules that a server's frames obey.
pub(crate) fn read_command<'a>(xml: &'a str, limits: &Limits) -> Result<Document<'a>, Error> {
    let xml = xml.trim();
    parse(xml, limits).map_err(|fault| {
        Error::invalid(format!("the XML cannot be sent: {}", fault.why()))
            .remedy("Pass exactly one element; build it with the xml`` tag, which escapes what it is given.")
    })
}
