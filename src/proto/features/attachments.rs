//! Files in messages: stateless file sharing (XEP-0447, version 0.3.1) with file metadata (XEP-0446, version 0.2.0), and bare addresses
//! (XEP-0066, version 1.5).
//!
//! Supported: files with what is said of them and the web addresses where they are, both ways; `<x xmlns='jabber:x:oob'>`, both ways.
//! A message of ours that is nothing but files gets their addresses as its body, for clients that know no better.
//!
//! Deliberately absent: fetching anything (the app decides what a stranger may make it ask for); sources other than web addresses (Jingle);
//! sources that come in a later message (XEP-0447, section 3.4, which is marked as to be clarified); `jabber:iq:oob`.

use serde::Serialize;

use super::super::details::{Details, Kind, Known, is_harmless};
use super::super::error::Error;
use super::super::event::Message;
use super::super::fallback;
use super::super::feature::{Cx, Feature};
use super::super::json::Json;
use super::super::sorted::Sorted;
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const HASHES: &str = "urn:xmpp:hashes:2";
const THUMBNAILS: &str = "urn:xmpp:thumbs:1";
const URL_DATA: &str = "http://jabber.org/protocol/url-data";
const OUT_OF_BAND: &str = "jabber:x:oob";

/// So many are read of a message; the others are left out.
const MOST: usize = 64;

/// What is said of the sharing.
const SHARING: [Known; 2] = [
    // `inline`, to be shown with the message, or `attachment`, to be fetched when the user wants it.
    Known { element: "disposition", name: "disposition", kind: Kind::OneOf(&["inline", "attachment"]) },
    // Tells one file of a message from another.
    Known { element: "id", name: "id", kind: Kind::Text },
];

/// What is said of a file. Sizes are in bytes and in pixels.
const FILE: [Known; 8] = [
    Known { element: "media-type", name: "mediaType", kind: Kind::Text },
    Known { element: "name", name: "name", kind: Kind::Text },
    // When the file was changed last.
    Known { element: "date", name: "modified", kind: Kind::Moment },
    Known { element: "size", name: "size", kind: Kind::Count },
    Known { element: "width", name: "width", kind: Kind::Count },
    Known { element: "height", name: "height", kind: Kind::Count },
    // Of a sound or a film.
    Known { element: "length", name: "durationMs", kind: Kind::Count },
    Known { element: "desc", name: "description", kind: Kind::Text },
];

/// What is said of a small picture of a file; its address is `cid:`, `data:` or on the web.
const THUMBNAIL: [Known; 4] = [
    Known { element: "uri", name: "uri", kind: Kind::Address },
    Known { element: "media-type", name: "mediaType", kind: Kind::Text },
    Known { element: "width", name: "width", kind: Kind::Count },
    Known { element: "height", name: "height", kind: Kind::Count },
];

/// A file that a message is about: what its sender says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Where it is; empty where the sender has not said so yet.
    pub urls: Vec<String>,
    #[serde(flatten)]
    pub sharing: Details,
    #[serde(flatten)]
    pub file: Details,
    /// By algorithm, in Base64.
    #[serde(skip_serializing_if = "Sorted::is_empty")]
    pub hashes: Sorted<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<Details>,
}

impl Attachment {
    /// As a page has it.
    pub(crate) fn read(attachment: Json<'_>) -> Option<Self> {
        attachment.object()?.read(|fields| {
            Some(Self {
                urls: fields.list("urls", Json::text).unwrap_or_default(),
                sharing: Details::from_fields(&SHARING, fields),
                file: Details::from_fields(&FILE, fields),
                hashes: fields.texts("hashes").unwrap_or_default(),
                thumbnails: fields.list("thumbnails", |json| Details::from_json(&THUMBNAIL, json)).unwrap_or_default(),
            })
        })
    }

    /// Whether it is nothing but an address.
    fn is_bare(&self) -> bool {
        let says_more = self.sharing.names().chain(self.file.names()).any(|name| name != "description");
        !says_more && self.hashes.is_empty() && self.thumbnails.is_empty()
    }
}

#[derive(Default)]
pub(crate) struct Attachments;

impl Feature for Attachments {
    fn namespaces(&self) -> &'static [&'static str] {
        &[OUT_OF_BAND, ns::SHARING]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[ns::SHARING, OUT_OF_BAND]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        let read = match payload.name() {
            "file-sharing" => read_file(payload),
            "x" => read_address(payload),
            _ => None,
        };
        let Some(attachment) = read else { return };
        let known = &mut message.extend().attachments;
        // A bare address stands beside the file that it is of, for those who know no better.
        if payload.name() == "x" {
            if known.iter().any(|other| other.urls.starts_with(&attachment.urls)) {
                return;
            }
        } else {
            known.retain(|other| !other.is_bare() || !attachment.urls.starts_with(&other.urls));
        }
        if known.len() < MOST {
            known.push(attachment);
            message.is_content = true;
        }
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        for attachment in &options.attachments {
            check(attachment)?;
            write(attachment, w);
        }
        let addresses: Vec<&str> =
            options.attachments.iter().flat_map(|attachment| attachment.urls.first()).map(String::as_str).collect();
        if options.body.is_none() && options.bodies.is_empty() && !addresses.is_empty() {
            w.leaf("body", ns::CLIENT, &addresses.join("\n"));
            fallback::write(w, ns::SHARING, None);
        }
        if let [address] = addresses[..] {
            w.open("x", OUT_OF_BAND).leaf("url", OUT_OF_BAND, address).close();
        }
        Ok(!options.attachments.is_empty())
    }
}

/// XEP-0447, section 3.1.
fn read_file(sharing: Element<'_>) -> Option<Attachment> {
    let file = sharing.child("file", ns::FILE_METADATA)?;
    let mut attachment = Attachment::default();
    attachment.sharing.read_attributes(&SHARING, sharing);
    for child in file.children() {
        match (child.name(), child.namespace()) {
            (name, ns::FILE_METADATA) => attachment.file.read(&FILE, name, &child.text()),
            ("hash", HASHES) => {
                let (algorithm, text) = (child.attr("algo").unwrap_or_default(), child.text());
                if !algorithm.is_empty() && !text.trim().is_empty() {
                    attachment.hashes.insert(algorithm.to_owned(), text.trim().to_owned());
                }
            }
            ("thumbnail", THUMBNAILS) => {
                let mut thumbnail = Details::default();
                thumbnail.read_attributes(&THUMBNAIL, child);
                if thumbnail.text("uri").is_some() {
                    attachment.thumbnails.push(thumbnail);
                }
            }
            _ => {}
        }
    }
    for source in sharing.child("sources", ns::SHARING).into_iter().flat_map(Element::children) {
        let address = source.attr("target").filter(|address| source.is("url-data", URL_DATA) && is_harmless(address));
        if let Some(address) = address.filter(|_| attachment.urls.len() < MOST) {
            attachment.urls.push(address.to_owned());
        }
    }
    Some(attachment)
}

/// XEP-0066, section 3.
fn read_address(x: Element<'_>) -> Option<Attachment> {
    let url = x.child("url", OUT_OF_BAND)?.text().trim().to_owned();
    if !is_harmless(&url) {
        return None;
    }
    let mut attachment = Attachment { urls: vec![url], ..Attachment::default() };
    if let Some(description) = x.child("desc", OUT_OF_BAND) {
        attachment.file.read(&FILE, "desc", &description.text());
    }
    Some(attachment)
}

fn check(attachment: &Attachment) -> Result<(), Error> {
    match attachment.urls.iter().find(|url| !is_harmless(url)) {
        Some(url) => {
            Err(Error::invalid(format!("an attachment has an address that is none: \"{url}\"")).remedy("Pass whole URLs."))
        }
        None => Ok(()),
    }
}

fn write(attachment: &Attachment, w: &mut Writer) {
    w.open("file-sharing", ns::SHARING);
    attachment.sharing.write_attributes(&SHARING, w);
    w.open("file", ns::FILE_METADATA);
    attachment.file.write_elements(&FILE, ns::FILE_METADATA, w);
    for (algorithm, hash) in attachment.hashes.iter() {
        w.open("hash", HASHES).attr("algo", algorithm).text(hash).close();
    }
    for thumbnail in &attachment.thumbnails {
        w.open("thumbnail", THUMBNAILS);
        thumbnail.write_attributes(&THUMBNAIL, w);
        w.close();
    }
    w.close();
    if !attachment.urls.is_empty() {
        w.open("sources", ns::SHARING);
        for url in &attachment.urls {
            w.open("url-data", URL_DATA).attr("target", url).close();
        }
        w.close();
    }
    w.close();
}
