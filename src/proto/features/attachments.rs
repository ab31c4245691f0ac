//! Files in messages: stateless file sharing (XEP-0447, version 0.3.1) with file metadata (XEP-0446, version 0.2.0), and bare addresses
//! (XEP-0066, version 1.5).
//!
//! Supported: files with what is said of them and the web addresses where they are, both ways; `<x xmlns='jabber:x:oob'>`, both ways.
//! A message of ours that is nothing but files gets their addresses as its body, for clients that know no better.
//!
//! Deliberately absent: fetching anything (the app decides what a stranger may make it ask for); sources other than web addresses (Jingle);
//! sources that come in a later message (XEP-0447, section 3.4, which is marked as to be clarified); `jabber:iq:oob`.

use serde::Serialize;

use super::super::error::Error;
use super::super::event::Message;
use super::super::fallback;
use super::super::feature::{Cx, Feature};
use super::super::json::Json;
use super::super::sorted::Sorted;
use super::super::time::{format_timestamp, parse_timestamp};
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const HASHES: &str = "urn:xmpp:hashes:2";
const THUMBNAILS: &str = "urn:xmpp:thumbs:1";
const URL_DATA: &str = "http://jabber.org/protocol/url-data";
const OUT_OF_BAND: &str = "jabber:x:oob";

/// So many are read of a message; the others are left out.
const MOST: usize = 64;
/// The largest number that JavaScript counts exactly.
const MOST_EXACT: u64 = 1 << 53;

/// A file that a message is about: what its sender says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Tells one file of a message from another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it is; empty where the sender has not said so yet.
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// In pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Of a sound or a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When the file was changed last: milliseconds since 1970-01-01 UTC.
    #[serde(rename = "modified", skip_serializing_if = "Option::is_none")]
    pub modified_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By algorithm, in Base64.
    #[serde(skip_serializing_if = "Sorted::is_empty")]
    pub hashes: Sorted<String>,
    /// `inline`, to be shown with the message, or `attachment`, to be fetched when the user wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<Thumbnail>,
}

impl Attachment {
    /// As a page has it.
    pub(crate) fn read(attachment: Json<'_>) -> Option<Self> {
        attachment.object()?.read(|fields| {
            Some(Self {
                id: fields.text("id"),
                urls: fields.list("urls", Json::text).unwrap_or_default(),
                name: fields.text("name"),
                media_type: fields.text("mediaType"),
                size: fields.number("size"),
                width: fields.number("width"),
                height: fields.number("height"),
                duration_ms: fields.number("durationMs"),
                modified_ms: fields.number("modified"),
                description: fields.text("description"),
                hashes: fields.texts("hashes").unwrap_or_default(),
                disposition: fields.text("disposition"),
                thumbnails: fields.list("thumbnails", Thumbnail::read).unwrap_or_default(),
            })
        })
    }

    /// Whether it is nothing but an address.
    fn is_bare(&self) -> bool {
        let Self { urls, description, .. } = self;
        *self == Self { urls: urls.clone(), description: description.clone(), ..Self::default() }
    }
}

/// A small picture of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thumbnail {
    /// `cid:`, `data:` or a web address.
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
}

impl Thumbnail {
    fn read(thumbnail: Json<'_>) -> Option<Self> {
        thumbnail.object()?.read(|fields| {
            Some(Self {
                uri: fields.text("uri").unwrap_or_default(),
                media_type: fields.text("mediaType"),
                width: fields.number("width"),
                height: fields.number("height"),
            })
        })
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
    let mut attachment = Attachment {
        id: attribute(sharing, "id"),
        disposition: attribute(sharing, "disposition").filter(|what| matches!(&**what, "inline" | "attachment")),
        ..Attachment::default()
    };
    for child in file.children() {
        let text = || Some(child.text().trim().to_owned()).filter(|text| !text.is_empty());
        let number = || child.text().trim().parse().ok().filter(|number| *number < MOST_EXACT);
        match (child.name(), child.namespace()) {
            ("media-type", ns::FILE_METADATA) => attachment.media_type = text(),
            ("name", ns::FILE_METADATA) => attachment.name = text(),
            ("desc", ns::FILE_METADATA) if attachment.description.is_none() => attachment.description = text(),
            ("date", ns::FILE_METADATA) => attachment.modified_ms = parse_timestamp(child.text().trim()),
            ("size", ns::FILE_METADATA) => attachment.size = number(),
            ("width", ns::FILE_METADATA) => attachment.width = number(),
            ("height", ns::FILE_METADATA) => attachment.height = number(),
            ("length", ns::FILE_METADATA) => attachment.duration_ms = number(),
            ("hash", HASHES) => {
                if let (Some(algorithm), Some(hash)) = (attribute(child, "algo"), text()) {
                    attachment.hashes.insert(algorithm, hash);
                }
            }
            ("thumbnail", THUMBNAILS) => {
                let number = |name| child.attr(name)?.parse().ok().filter(|number| *number < MOST_EXACT);
                if let Some(uri) = child.attr("uri").filter(|uri| is_harmless(uri)) {
                    attachment.thumbnails.push(Thumbnail {
                        uri: uri.to_owned(),
                        media_type: attribute(child, "media-type"),
                        width: number("width"),
                        height: number("height"),
                    });
                }
            }
            _ => {}
        }
    }
    let sources = sharing.child("sources", ns::SHARING).into_iter().flat_map(Element::children);
    let addresses = sources.filter(|source| source.is("url-data", URL_DATA)).filter_map(|source| source.attr("target"));
    attachment.urls = addresses.filter(|address| is_harmless(address)).map(ToOwned::to_owned).take(MOST).collect();
    Some(attachment)
}

/// XEP-0066, section 3.
fn read_address(x: Element<'_>) -> Option<Attachment> {
    let url = x.child("url", OUT_OF_BAND)?.text().trim().to_owned();
    if !is_harmless(&url) {
        return None;
    }
    let description = x.child("desc", OUT_OF_BAND).map(|desc| desc.text().into_owned()).filter(|text| !text.is_empty());
    Some(Attachment { urls: vec![url], description, ..Attachment::default() })
}

fn attribute(element: Element<'_>, name: &str) -> Option<String> {
    element.attr(name).filter(|value| !value.is_empty()).map(ToOwned::to_owned)
}

/// Whether it is an address that an app may put into a link. A page runs what follows `javascript:`, and browsers overlook white space in it.
pub(super) fn is_harmless(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && !["javascript", "vbscript"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
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
    let Attachment { id, urls, name, media_type, size, width, height, duration_ms, modified_ms, description, hashes, .. } =
        attachment;
    w.open("file-sharing", ns::SHARING).attr_opt("disposition", attachment.disposition.as_deref()).attr_opt("id", id.as_deref());
    w.open("file", ns::FILE_METADATA);
    let number = |number: &Option<u64>| number.map(|number| number.to_string());
    let fields = [
        ("media-type", media_type.clone()),
        ("name", name.clone()),
        ("date", modified_ms.map(format_timestamp)),
        ("size", number(size)),
        ("width", number(width)),
        ("height", number(height)),
        ("length", number(duration_ms)),
        ("desc", description.clone()),
    ];
    for (name, text) in fields {
        if let Some(text) = text {
            w.leaf(name, ns::FILE_METADATA, &text);
        }
    }
    for (algorithm, hash) in hashes.iter() {
        w.open("hash", HASHES).attr("algo", algorithm).text(hash).close();
    }
    for thumbnail in &attachment.thumbnails {
        w.open("thumbnail", THUMBNAILS).attr("uri", &thumbnail.uri).attr_opt("media-type", thumbnail.media_type.as_deref());
        w.attr_opt("width", number(&thumbnail.width).as_deref()).attr_opt("height", number(&thumbnail.height).as_deref()).close();
    }
    w.close();
    if !urls.is_empty() {
        w.open("sources", ns::SHARING);
        for url in urls {
            w.open("url-data", URL_DATA).attr("target", url).close();
        }
        w.close();
    }
    w.close();
}
