//! LinkMetadata metadata (XEP-0511, version 0.1.1): what the sender says about a page that a message links to, in the words of OpenGraph.
//!
//! Supported: title, description, canonical address, type, name of the site, pictures with their alternative texts, and a film, both ways.
//! Deliberately absent: fetching the page, or the pictures (section "Privacy Considerations"), and other vocabularies.

use serde::Serialize;

use super::super::details::{Details, Kind, Known, is_harmless};
use super::super::error::Error;
use super::super::event::Message;
use super::super::feature::{Cx, Feature};
use super::super::json::Json;
use super::super::xml::{Element, Writer};
use super::messaging::MessageOptions;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const OPEN_GRAPH: &str = "https://ogp.me/ns#";
const IMAGE: &str = "https://ogp.me/ns#image:";

/// So many are read of a message, and so many pictures of each.
const MOST: usize = 16;

const PAGE: [Known; 6] = [
    Known { element: "title", name: "title", kind: Kind::Text },
    Known { element: "description", name: "description", kind: Kind::Text },
    // The page's own idea of its address.
    Known { element: "url", name: "url", kind: Kind::Address },
    Known { element: "type", name: "type", kind: Kind::Text },
    Known { element: "site_name", name: "siteName", kind: Kind::Text },
    Known { element: "video", name: "video", kind: Kind::Address },
];

const PICTURE: [Known; 2] = [
    Known { element: "image", name: "url", kind: Kind::Address },
    // In a namespace of its own.
    Known { element: "alt", name: "alt", kind: Kind::Text },
];

/// What the sender says about a page. It may be wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkMetadata {
    /// The address in the message.
    pub about: String,
    #[serde(flatten)]
    pub page: Details,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Details>,
}

impl LinkMetadata {
    /// As a page has it.
    pub(crate) fn read(link: Json<'_>) -> Option<Self> {
        link.object()?.read(|fields| {
            Some(Self {
                about: fields.text("about").unwrap_or_default(),
                page: Details::from_fields(&PAGE, fields),
                images: fields.list("images", |json| Details::from_json(&PICTURE, json)).unwrap_or_default(),
            })
        })
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
        match (child.name(), child.namespace()) {
            ("image", OPEN_GRAPH) if link.images.len() < MOST => {
                let mut image = Details::default();
                image.read(&PICTURE, "image", &child.text());
                if image.text("url").is_some() {
                    link.images.push(image);
                }
            }
            // What is said of a picture stands behind it.
            ("alt", IMAGE) => {
                if let Some(image) = link.images.last_mut() {
                    image.read(&PICTURE, "alt", &child.text());
                }
            }
            (name, OPEN_GRAPH) => link.page.read(&PAGE, name, &child.text()),
            _ => {}
        }
    }
    Some(link)
}

fn write(link: &LinkMetadata, w: &mut Writer) {
    w.open("Description", RDF).attr_in(RDF, "about", &link.about);
    link.page.write_elements(&PAGE, OPEN_GRAPH, w);
    for image in &link.images {
        w.leaf("image", OPEN_GRAPH, image.text("url").unwrap_or_default());
        if let Some(alt) = image.text("alt") {
            w.leaf("alt", IMAGE, alt);
        }
    }
    w.close();
}
