//! WebSocket framing (RFC 7395, section 3): `<open/>`, `<close/>`, and what a stream error says.
//!
//! Supported: open and close both ways; the session follows `see-other-uri`. The stream has no outer element: every frame is a document.

use super::super::error::{Code, Error};
use super::super::xml::{Element, Writer, ns};
use super::conditions::Conditions;

/// RFC 7395, section 3.4: the client opens the stream, `to` its server, and says who it is where nobody else reads it (RFC 6120, section
/// 4.7.1): some servers offer SASL2 and FAST only then.
pub(crate) fn open(from: Option<&str>, domain: &str, lang: Option<&str>) -> Writer {
    let mut w = Writer::new();
    w.open("open", ns::FRAMING).attr_opt("from", from).attr("to", domain).attr("version", "1.0").lang(lang).close();
    w
}

/// RFC 7395, section 3.6.
pub(crate) fn close() -> Writer {
    let mut w = Writer::new();
    w.empty("close", ns::FRAMING);
    w
}

/// A stream error of ours (RFC 6120, section 4.9).
pub(crate) fn stream_error(condition: &str) -> Writer {
    let mut w = Writer::new();
    w.open("error", ns::STREAM).empty(condition, ns::STREAM_ERRORS).close();
    w
}

/// Checks the server's `<open/>`.
pub(crate) fn read_open(open: Element<'_>) -> Result<(), Error> {
    // RFC 6120, section 4.7.5: without a version, or below 1.0, there are no features to log in with.
    let major = open.attr("version").and_then(|version| version.split('.').next()).and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(1..) => Ok(()),
        _ => Err(Error::new(Code::ProtocolError, "the server does not speak XMPP 1.0").condition("unsupported-version")),
    }
}

/// The endpoint in a `see-other-host` (RFC 6120, section 4.9.3.19), if it is the URI of a WebSocket: a bare host and port, as the RFC has
/// it for TCP, names none.
pub(crate) fn read_other_host(error: Element<'_>) -> Option<String> {
    let text = error.child("see-other-host", ns::STREAM_ERRORS)?.text();
    let uri = text.trim();
    let scheme = uri.split_once("://")?.0;
    (scheme.eq_ignore_ascii_case("wss") || scheme.eq_ignore_ascii_case("ws")).then(|| uri.to_owned())
}

/// Reads a `<stream:error/>` (RFC 6120, section 4.9).
pub(crate) fn read_stream_error(element: Element<'_>) -> Error {
    let mut error = Conditions::read(element, &[ns::STREAM_ERRORS]).into_error(
        Code::StreamError,
        "the server ended the stream",
        "undefined-condition",
    );
    error.remediation = error.condition.as_deref().and_then(remediation).map(ToOwned::to_owned);
    error
}

fn remediation(condition: &str) -> Option<&'static str> {
    match condition {
        "conflict" => Some("Another login took this resource. Leave the resource out, or use another."),
        "host-unknown" | "host-gone" => Some("The server does not serve this domain. Check the jid and the url."),
        "policy-violation" => Some("The server's rules were broken, often by a stanza that is too large or by sending too fast."),
        "not-authorized" => Some("The server ended the session; log in again."),
        _ => None,
    }
}

/// Stream errors that another attempt with the same settings only repeats.
pub(crate) fn is_final(error: &Error) -> bool {
    match error.code {
        // RFC 6120, section 7.7.2.2: a server may refuse the resource while it still keeps the connection that was lost.
        Code::AuthFailed if error.cause.as_deref().is_some_and(|cause| cause.code == Code::StanzaError) => false,
        Code::AuthFailed => error.condition.as_deref() != Some("temporary-auth-failure"),
        Code::StreamError => matches!(
            error.condition.as_deref(),
            Some(
                "conflict"
                    | "host-gone"
                    | "host-unknown"
                    | "invalid-namespace"
                    | "not-authorized"
                    | "unsupported-encoding"
                    | "unsupported-feature"
                    | "unsupported-version"
            )
        ),
        Code::InvalidArgument | Code::Insecure | Code::Aborted => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Limits;
    use super::super::super::xml::parse;
    use super::*;

    #[test]
    fn a_stream_error_is_read_with_text_and_application_condition() {
        let frame = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
                     <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Replaced</text><x xmlns='urn:x'/></stream:error>";
        let document = parse(frame, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        let error = read_stream_error(document.root());
        assert_eq!(error.condition.as_deref(), Some("conflict"));
        assert_eq!(error.text.as_deref(), Some("Replaced"));
        assert_eq!(error.application_condition.as_ref().map(|found| found.name.as_str()), Some("x"));
        assert!(is_final(&error));
    }

    #[test]
    fn the_frames_are_those_of_rfc_7395() {
        assert_eq!(
            open(None, "example.net", Some("en")).finish().unwrap(),
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.net' version='1.0' xml:lang='en'/>"
        );
        assert_eq!(
            open(Some("romeo@example.net"), "example.net", None).finish().unwrap(),
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='romeo@example.net' to='example.net' version='1.0'/>"
        );
        assert_eq!(close().finish().unwrap(), "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    }
}
