//! What a session is told once, when it is made.

use super::error::{Code, Error};
use super::features::presence::PresenceOptions;
use super::jids;

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The part before `@`; `None` is an anonymous login.
    pub local: Option<String>,
    /// The server's domain.
    pub domain: String,
    /// The resource asked for at binding; `None` lets the server choose.
    pub resource: Option<String>,
}

impl Account {
    /// Reads `user@host`, `user@host/resource` or `host` (anonymous). `resource` wins over the one in the JID.
    pub fn parse(jid: &str, resource: Option<&str>) -> Result<Self, Error> {
        let invalid = |what: &str, error: waxwing_unicode::Error| {
            Error::new(Code::InvalidArgument, format!("{what} is not valid: {error}"))
                .remedy("A JID looks like user@host or user@host/resource; the host alone is an anonymous login.")
        };
        let jid = jids::normal(jid).map_err(|error| invalid("jid", error))?;
        let resource = match resource {
            Some(resource) => {
                let resource = waxwing_unicode::normalise_resource(resource).map_err(|error| invalid("resource", error))?;
                Some(resource.into_owned())
            }
            None => jids::resource(&jid).map(str::to_owned),
        };
        Ok(Self { local: jids::local(&jid).map(str::to_owned), domain: jids::domain(&jid).to_owned(), resource })
    }

    /// `user@host`, or the host of an anonymous login.
    pub fn bare(&self) -> String {
        match &self.local {
            Some(local) => format!("{local}@{}", self.domain),
            None => self.domain.clone(),
        }
    }
}

/// Everything a [`Session`](super::Session) is told when it is made.
#[derive(Clone)]
pub struct Config {
    pub account: Account,
    /// `None` with `asks_credentials` lets the app be asked during login.
    pub password: Option<String>,
    /// Answer [`Output::AskCredentials`](super::Output::AskCredentials) when the server's mechanisms are known.
    pub asks_credentials: bool,
    /// The WebSocket endpoint: `wss://…`, or `ws://` to loopback. `None`: it is found by XEP-0156.
    pub url: Option<String>,
    /// `ws://` to any host is allowed.
    pub allow_insecure: bool,
    /// BCP 47 tag of the stream, and which language is preferred in a message that has several.
    pub language: Option<String>,
    /// The first presence; `None` sends none.
    pub presence: Option<PresenceOptions>,
    /// Whether there is a storage to resume from: [`Output::OpenStorage`](super::Output::OpenStorage) asks for it. An anonymous account has
    /// nothing to come back to.
    pub is_stored: bool,
    /// `None`: a lost connection stays lost.
    pub reconnect: Option<Reconnect>,
    /// Whether the list of blocked addresses is asked for at each login (XEP-0191).
    pub has_block_list: bool,
    /// Who is told that a message of theirs has arrived, where they ask (XEP-0184).
    pub receipts: Audience,
    /// Who is told that we have seen a message of theirs, where they ask (XEP-0333).
    pub markers: Audience,
    /// Whether messages of type chat ask by themselves what becomes of them (XEP-0184, XEP-0333).
    pub asks_receipts: bool,
    pub timeouts: Timeouts,
    pub limits: Limits,
    /// What is told to those who ask (XEP-0092).
    pub software: Software,
    /// What is told to those who ask for our time (XEP-0202): minutes east of UTC. 0 tells nobody where the user is.
    pub utc_offset_minutes: i16,
}

impl Config {
    /// The defaults for an account.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            password: None,
            asks_credentials: false,
            url: None,
            allow_insecure: false,
            language: None,
            presence: Some(PresenceOptions::default()),
            is_stored: false,
            reconnect: Some(Reconnect::default()),
            has_block_list: true,
            receipts: Audience::default(),
            markers: Audience::default(),
            asks_receipts: true,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            software: Software::default(),
            utc_offset_minutes: 0,
        }
    }

    /// Whether a password may cross `url` as it is: over TLS, or without leaving the machine.
    pub(crate) fn is_private(url: &str) -> bool {
        url.starts_with("wss://") || is_loopback(url)
    }

    /// The endpoint that the app named, if it did, or why it may not be used.
    pub(crate) fn endpoint(&self) -> Result<Option<String>, Error> {
        let Some(url) = &self.url else { return Ok(None) };
        if Self::is_private(url) || (self.allow_insecure && url.starts_with("ws://")) {
            return Ok(Some(url.clone()));
        }
        if url.starts_with("ws://") {
            return Err(Error::new(Code::Insecure, "ws:// sends everything in the clear")
                .remedy("Use wss://, or pass allowInsecure: true if the network is yours."));
        }
        Err(Error::new(Code::InvalidArgument, "url must start with wss:// or ws://"))
    }
}

/// Whether a `ws://` URL stays on this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("ws://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // "ws://localhost@evil.example/" is evil.example: whatever carries user information is not believed.
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    is_loopback_host(host)
}

/// Whether a host is this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let is_named = host == "localhost" || host.ends_with(".localhost");
    is_named || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// To whom something is told that shows that the user is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Those who see our presence anyway.
    #[default]
    Contacts,
    All,
    None,
}

impl Audience {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Contacts, Self::All, Self::None];

    /// The name in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// Exponential backoff with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The window of the first retry; each failure doubles it.
    pub min_delay_ms: u32,
    /// The largest window.
    pub max_delay_ms: u32,
    /// Failures in a row after which the session stays offline; `None` is no limit.
    pub max_attempts: Option<u32>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { min_delay_ms: 1_000, max_delay_ms: 60_000, max_attempts: None }
    }
}

/// How long things may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of an attempt to being online, over all endpoints. Each step may take a part of what is left: see the README.
    pub connect_ms: u32,
    /// An IQ request, unless the call says otherwise.
    pub request_ms: u32,
    /// Silence after which the server is asked for a sign of life.
    pub ping_ms: u32,
    /// How long that answer may take before the connection counts as lost.
    pub pong_ms: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect_ms: 30_000, request_ms: 30_000, ping_ms: 60_000, pong_ms: 15_000 }
    }
}

/// What one inbound frame may cost. A frame over a limit is an `error` event, and the stream goes on (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a frame.
    pub frame_bytes: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes of one element: the check for two of one name is quadratic.
    pub attributes: usize,
    /// Elements and texts in a frame.
    pub nodes: usize,
    /// Attributes in a frame.
    pub all_attributes: usize,
    /// Steps through the namespace declarations of a frame, which are looked up one by one.
    pub namespaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { frame_bytes: 16 << 20, depth: 128, attributes: 256, nodes: 1 << 19, all_attributes: 1 << 19, namespaces: 1 << 22 }
    }
}

/// What XEP-0092 tells those who ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    pub name: String,
    pub version: String,
}

impl Default for Software {
    fn default() -> Self {
        Self { name: "Waxwing".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_counts_as_private_without_tls() {
        for url in ["wss://example.org/ws", "ws://localhost:5280/x", "ws://127.0.0.1/", "ws://[::1]:80/", "ws://127.3.2.1"] {
            assert!(Config::is_private(url), "{url}");
        }
        for url in [
            "ws://example.org/",
            "ws://localhost@evil.example/",
            "ws://127.0.0.1.evil.example/",
            "ws://localhost.evil.example",
            "http://localhost",
        ] {
            assert!(!Config::is_private(url), "{url}");
        }
    }

    #[test]
    fn an_account_is_read_from_a_jid() {
        let account = Account::parse("Romeo@Example.NET/balcony", None).unwrap();
        assert_eq!(account.bare(), "romeo@example.net");
        assert_eq!(account.resource.as_deref(), Some("balcony"));
        let account = Account::parse("romeo@example.net/balcony", Some("orchard")).unwrap();
        assert_eq!(account.resource.as_deref(), Some("orchard"));
        assert_eq!(Account::parse("example.net", None).unwrap().local, None);
        assert_eq!(Account::parse("@", None).unwrap_err().code, Code::InvalidArgument);
    }
}
