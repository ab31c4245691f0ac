//! LinkMetadata metadata (XEP-0511, version 0.1.1): what the sender says about a page that a message links to, in the words of OpenGraph.
//!
//! Supported: title, description, canonical address, type, name of the site, pictures with their alternative texts, and a film, both ways.
//! Deliberately absent: fetching the page, or the pictures (section "Privacy Considerations"), and other vocabularies.

use serde::Serialize;

use super::super::error::Error;
use super::super::event::Message;
use super::super::feature::{Cx, Feature};
use super::super::json::Json;
use super::super::xml::{Element, Writer};
use super::attachments::is_harmless;
use super::messaging::MessageOptions;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const OPEN_GRAPH: &str = "https://ogp.me/ns#";
const IMAGE: &str = "https://ogp.me/ns#image:";

/// So many are read of a message, and so many pictures of each.
const MOST: usize = 16;

/// What the sender says about a page. It may be wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkMetadata {
    /// The address in the message.
    pub about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The page's own idea of its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<LinkImage>,
}

/// A picture of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkImage {
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

impl LinkMetadata {
    /// As a page has it.
    pub(crate) fn read(link: Json<'_>) -> Option<Self> {
        link.object()?.read(|fields| {
            Some(Self {
                about: fields.text("about").unwrap_or_default(),
                title: fields.text("title"),
                description: fields.text("description"),
                url: fields.text("url"),
                kind: fields.text("type"),
                site_name: fields.text("siteName"),
                video: fields.text("video"),
                images: fields.list("images", LinkImage::read).unwrap_or_default(),
            })
        })
    }
}

impl LinkImage {
    fn read(image: Json<'_>) -> Option<Self> {
        image.object()?.read(|fields| Some(Self { url: fields.text("url").unwrap_or_default(), alt: fields.text("alt") }))
    }
}

#[derive(Default)]
pub(crate) struct Links;

impl Feature for Links {
    fn payloads(&self) -> &'static [&'static str] {
        &[RDF]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        let links = message.extensions.as_ref().map_or(0, |extensions| extensions.links.len());
        if payload.name() == "Description"
            && links < MOST
            && let Some(link) = read(payload)
        {
            message.extend().links.push(link);
        }
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        for link in &options.links {
            write(link, w);
        }
        Ok(!options.links.is_empty())
    }
}

fn read(description: Element<'_>) -> Option<LinkMetadata> {
    let about = description.attrs().find(|(namespace, name, _)| *namespace == Some(RDF) && *name == "about");
    let about = about.map(|(.., about)| about).filter(|about| is_harmless(about))?;
    let mut link = LinkMetadata { about: about.to_owned(), ..LinkMetadata::default() };
    for child in description.children() {
        let text = child.text().trim().to_owned();
        let address = || Some(text.clone()).filter(|text| is_harmless(text));
        match (child.name(), child.namespace()) {
            _ if text.is_empty() => {}
            ("title", OPEN_GRAPH) => link.title = Some(text),
            ("description", OPEN_GRAPH) => link.description = Some(text),
            ("type", OPEN_GRAPH) => link.kind = Some(text),
            ("site_name", OPEN_GRAPH) => link.site_name = Some(text),
            ("url", OPEN_GRAPH) => link.url = address(),
            ("video", OPEN_GRAPH) => link.video = address(),
            ("image", OPEN_GRAPH) if link.images.len() < MOST => {
                link.images.extend(address().map(|url| LinkImage { url, alt: None }));
            }
            // What is said of a picture stands behind it.
            ("alt", IMAGE) => {
                if let Some(image) = link.images.last_mut() {
                    image.alt = Some(text);
                }
            }
            _ => {}
        }
    }
    Some(link)
}

fn write(link: &LinkMetadata, w: &mut Writer) {
    w.open("Description", RDF).attr_in(RDF, "about", &link.about);
    let texts = [
        ("title", &link.title),
        ("description", &link.description),
        ("url", &link.url),
        ("type", &link.kind),
        ("site_name", &link.site_name),
        ("video", &link.video),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            w.leaf(name, OPEN_GRAPH, text);
        }
    }
    for LinkImage { url, alt } in &link.images {
        w.leaf("image", OPEN_GRAPH, url);
        if let Some(alt) = alt {
            w.leaf("alt", IMAGE, alt);
        }
    }
    w.close();
}
