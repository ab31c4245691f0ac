//! Host metadata (RFC 6415) as XEP-0156 uses it: the links that name WebSocket endpoints, in both formats.

use super::super::config::{Config, Limits};
use super::super::xml;
use super::uri;

const WEBSOCKET: &str = "urn:xmpp:alt-connections:websocket";
const XRD: &str = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

/// How much of a document is worth reading; real ones have a few hundred bytes. A fetch that brings more is to be broken off.
pub const HOST_META_BYTES: usize = 65_536;
/// How many endpoints a domain may have us try.
const MOST_ENDPOINTS: usize = 6;
/// How many links are named that cannot be used.
const MOST_COMPLAINTS: usize = 3;

/// The two formats of host metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostMetaFormat {
    /// `host-meta.json`: links as JSON (RFC 6415, appendix A).
    Jrd,
    /// `host-meta`: links as XML.
    Xrd,
}

/// Host metadata as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostMeta {
    /// The addresses in the links for WebSockets of a JRD. Reading it is left to whoever fetches: a browser has a parser for a stranger's JSON.
    Links(Vec<String>),
    /// The text of an XRD.
    Xrd(String),
}

/// Why host metadata could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostMetaFault {
    /// The machine has no network.
    Offline,
    /// No answer came, and nobody says why: no such host, nobody listens, a bad certificate, a Content-Security-Policy.
    Unreachable,
    /// The server answers, and does not let pages of other origins read it.
    CorsMissing,
    /// The server answered with this HTTP status.
    Status(u16),
    /// More than [`HOST_META_BYTES`].
    TooLarge,
    /// Not the format that was asked for; the text says what it is instead.
    Unreadable(String),
}

/// The endpoints in host metadata, in its order and each once, or what it has instead.
pub(super) fn endpoints(meta: &HostMeta, config: &Config) -> Result<Vec<String>, Fruitless> {
    match meta {
        HostMeta::Links(links) => usable(&mut links.iter().map(String::as_str), config),
        HostMeta::Xrd(text) => {
            let text = without_prologue(text);
            let limits = Limits { frame_bytes: HOST_META_BYTES, ..config.limits };
            let document = xml::parse(&text, &limits).map_err(|_| Fruitless::NotXrd)?;
            let root = document.root();
            if !root.is("XRD", XRD) {
                return Err(Fruitless::NotXrd);
            }
            let links = root.children().filter(|child| child.is("Link", XRD) && child.attr("rel") == Some(WEBSOCKET));
            usable(&mut links.filter_map(|link| link.attr("href")), config)
        }
    }
}

/// Host metadata that came, and leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fruitless {
    NotXrd,
    /// No link is for WebSockets.
    NoLink,
    /// There are links, and this is wrong with them.
    NoUsableLink(String),
}

/// XEP-0156, section 2.2: the order means nothing, so the first come first.
fn usable(links: &mut dyn Iterator<Item = &str>, config: &Config) -> Result<Vec<String>, Fruitless> {
    let mut found: Vec<String> = Vec::new();
    let mut complaints: Vec<String> = Vec::new();
    for href in links {
        match uri::read_link(href, config) {
            Ok(url) if !found.contains(&url) => found.push(url),
            Ok(_) => {}
            Err(why) if complaints.len() < MOST_COMPLAINTS => complaints.push(format!("{}: {why}", super::short(href))),
            Err(_) => {}
        }
        if found.len() == MOST_ENDPOINTS {
            break;
        }
    }
    match (found.is_empty(), complaints.is_empty()) {
        (false, _) => Ok(found),
        (true, true) => Err(Fruitless::NoLink),
        (true, false) => Err(Fruitless::NoUsableLink(complaints.join("; "))),
    }
}

/// A document for everybody may begin with a declaration and hold comments, which a frame of a stream may not: they are taken off,
/// and the rest is held to the rules of a frame.
fn without_prologue(text: &str) -> String {
    let mut rest = text.trim_start_matches('\u{feff}').trim_ascii();
    if let Some(declared) = rest.strip_prefix("<?xml") {
        rest = declared.split_once("?>").map_or("", |(_, rest)| rest);
    }
    let mut bare = String::with_capacity(rest.len());
    while let Some((before, comment)) = rest.split_once("<!--") {
        bare.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    bare.push_str(rest);
    bare.trim_ascii().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Account;
    use super::*;

    fn read(meta: &HostMeta) -> Result<Vec<String>, Fruitless> {
        endpoints(meta, &Config::new(Account::parse("romeo@example.net", None).unwrap()))
    }

    fn xrd(text: &str) -> Result<Vec<String>, Fruitless> {
        read(&HostMeta::Xrd(text.to_owned()))
    }

    fn jrd(hrefs: &[&str]) -> Result<Vec<String>, Fruitless> {
        read(&HostMeta::Links(hrefs.iter().map(|href| (*href).to_owned()).collect()))
    }

    #[test]
    fn an_xrd_is_read_with_declaration_and_comments() {
        // RFC 6415, section 2; XEP-0156, section 2.3.
        let text = "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<!-- ours --><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n\
                    <Property type='x'/><Link rel=\"urn:xmpp:alt-connections:xbosh\" href=\"https://example.net/bosh\"/><!-- <Link -->\
                    <Link rel='urn:xmpp:alt-connections:websocket' href='wss://example.net:443/ws?a=1&amp;b=2'/></XRD>\n<!-- end -->\n";
        assert_eq!(xrd(text), Ok(vec!["wss://example.net:443/ws?a=1&b=2".to_owned()]));
    }

    #[test]
    fn what_is_no_xrd_is_told_apart_from_one_without_endpoints() {
        let entities = "<!DOCTYPE XRD [<!ENTITY a 'wss://evil.example/'>]><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\
                        <Link rel='urn:xmpp:alt-connections:websocket' href='&a;'/></XRD>";
        let deep = "<a>".repeat(20_000);
        for text in [
            "",
            "<",
            "<!--",
            "<?xml",
            "{}",
            "<html><body>Welcome</body></html>",
            "<XRD/>",
            "<XRD xmlns='urn:x'/>",
            entities,
            &deep,
        ] {
            assert_eq!(xrd(text), Err(Fruitless::NotXrd), "{text}");
        }
        assert_eq!(xrd(&format!("<XRD xmlns='{XRD}'>{}</XRD>", " ".repeat(HOST_META_BYTES))), Err(Fruitless::NotXrd));
        let bosh = "<Link rel='urn:xmpp:alt-connections:xbosh' href='https://example.net/bosh'/>";
        assert_eq!(xrd(&format!("<XRD xmlns='{XRD}'>{bosh}</XRD>")), Err(Fruitless::NoLink));
        assert_eq!(xrd(&format!("<XRD xmlns='{XRD}'><Link rel='{WEBSOCKET}'/></XRD>")), Err(Fruitless::NoLink));
    }

    #[test]
    fn links_that_cannot_be_used_are_named_and_the_others_are_used() {
        let ws = "ws://example.net/ws";
        let wrong = Fruitless::NoUsableLink("ws://example.net/ws: it is not encrypted".to_owned());
        assert_eq!(jrd(&[ws]), Err(wrong));
        assert_eq!(jrd(&[]), Err(Fruitless::NoLink));
        assert_eq!(jrd(&[ws, "javascript:x", "wss://a.example/"]), Ok(vec!["wss://a.example/".to_owned()]));
        let twice = ["wss://a.example/", "WSS://A.example/", "wss://b.example/"];
        assert_eq!(jrd(&twice), Ok(vec!["wss://a.example/".to_owned(), "wss://b.example/".to_owned()]));
    }

    #[test]
    fn ten_thousand_links_cost_six_attempts() {
        let hrefs: Vec<String> = (0..10_000).map(|n| format!("wss://{n}.example/")).collect();
        let links: Vec<&str> = hrefs.iter().map(String::as_str).collect();
        assert_eq!(jrd(&links).map(|found| found.len()), Ok(MOST_ENDPOINTS));
        let bad: Vec<&str> = hrefs.iter().map(|href| &href[1..]).collect();
        let Err(Fruitless::NoUsableLink(why)) = jrd(&bad) else { panic!() };
        assert!(why.len() < 1_000, "{why}");
    }
}
