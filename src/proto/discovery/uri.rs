//! Which URIs may become a connection: what a server says is checked here, and the browser's own parser has the last word.

use super::super::config::{Config, is_loopback, is_loopback_host};

/// Longer ones are nobody's endpoint.
const MOST_BYTES: usize = 2_048;

/// Reads the URI of a WebSocket. The scheme and the host come back in lower case; the error says what is wrong with it.
pub(super) fn read(uri: &str) -> Result<String, &'static str> {
    let uri = uri.trim_ascii();
    if uri.len() > MOST_BYTES {
        return Err("it is too long");
    }
    // Parsers of URLs drop some of these without a word, and then see another host than we do.
    if uri.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("it holds a character that no URI has");
    }
    let (scheme, rest) = uri.split_once("://").ok_or("it is no WebSocket")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "wss" && scheme != "ws" {
        return Err("it is no WebSocket");
    }
    // RFC 6455, section 3.
    if rest.contains('#') {
        return Err("it has a fragment");
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err("it has a user name");
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err("it has no host");
    }
    Ok(format!("{scheme}://{}{path}", authority.to_ascii_lowercase()))
}

/// Reads a link of host metadata.
///
/// XEP-0156, sections 2.2 and 4: MUST only use `wss://`. The exceptions are the app's own: `allow_insecure`, and a domain on this machine.
pub(super) fn read_link(href: &str, config: &Config) -> Result<String, &'static str> {
    let url = read(href)?;
    let is_at_home = is_loopback_host(&config.account.domain) && is_loopback(&url);
    if is_encrypted(&url) || config.allow_insecure || is_at_home { Ok(url) } else { Err("it is not encrypted") }
}

/// Reads where a server at `from` sends us.
pub(super) fn read_redirect(uri: &str, from: &str, config: &Config) -> Result<String, &'static str> {
    let url = read(uri)?;
    // RFC 7395, section 3.6.1: MUST NOT accept an endpoint with a lower security context.
    if is_encrypted(&url) {
        return Ok(url);
    }
    if is_encrypted(from) {
        return Err("it is not encrypted, and this connection is");
    }
    if config.allow_insecure || Config::is_private(&url) { Ok(url) } else { Err("it is not encrypted") }
}

fn is_encrypted(url: &str) -> bool {
    url.starts_with("wss://")
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Account;
    use super::*;

    #[test]
    fn a_uri_is_read_in_one_spelling() {
        for (uri, read_as) in [
            ("wss://example.net/ws", "wss://example.net/ws"),
            (" WSS://Example.NET:443/Path?Query ", "wss://example.net:443/Path?Query"),
            ("wss://example.net?token=a/b", "wss://example.net?token=a/b"),
            ("wss://[2001:DB8::1]/ws", "wss://[2001:db8::1]/ws"),
            ("wss://münchen.example/ws", "wss://münchen.example/ws"),
        ] {
            assert_eq!(read(uri).as_deref(), Ok(read_as), "{uri}");
        }
    }

    #[test]
    fn what_is_no_plain_websocket_is_refused() {
        let long = format!("wss://example.net/{}", "a".repeat(MOST_BYTES));
        for uri in [
            "",
            "wss:",
            "wss://",
            "wss:///ws",
            "wss://:443/ws",
            "wss:/example.net/ws",
            "//example.net/ws",
            "example.net",
            "https://example.net/bosh",
            "javascript://example.net/%0aalert(1)",
            "javascript:alert(1)//wss://example.net",
            "wss://romeo@example.net/ws",
            "wss://romeo:s3cret@example.net/ws",
            "wss://good.example\\@evil.example/ws",
            "wss://example.net/ws#fragment",
            "wss://exam\tple.net/ws",
            "wss://exam\u{0}ple.net/ws",
            "wss://example.net/a b",
            &long,
        ] {
            assert!(read(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_link_is_encrypted_unless_the_app_says_otherwise() {
        let mut config = Config::new(Account::parse("romeo@example.net", None).unwrap());
        assert!(read_link("ws://example.net/ws", &config).is_err());
        assert!(read_link("ws://localhost/ws", &config).is_err(), "a server has no business on this machine");
        config.allow_insecure = true;
        assert!(read_link("ws://example.net/ws", &config).is_ok());
        let config = Config::new(Account::parse("romeo@localhost", None).unwrap());
        assert!(read_link("ws://localhost:5280/ws", &config).is_ok());
        assert!(read_link("ws://example.net/ws", &config).is_err());
    }

    #[test]
    fn a_redirect_never_leads_from_an_encrypted_connection_to_one_that_is_not() {
        let mut config = Config::new(Account::parse("romeo@example.net", None).unwrap());
        config.allow_insecure = true;
        assert!(read_redirect("ws://other.example/ws", "wss://example.net/ws", &config).is_err());
        assert!(read_redirect("ws://127.0.0.1/ws", "wss://example.net/ws", &config).is_err());
        assert!(read_redirect("wss://other.example/ws", "wss://example.net/ws", &config).is_ok());
        assert!(read_redirect("ws://other.example/ws", "ws://example.net/ws", &config).is_ok());
        config.allow_insecure = false;
        assert!(read_redirect("ws://other.example/ws", "ws://127.0.0.1/ws", &config).is_err());
        assert!(read_redirect("ws://127.0.0.1:81/ws", "ws://127.0.0.1/ws", &config).is_ok());
    }
}
