//! Frames as an app may see them: what SASL says stays between us and the server.

use std::borrow::Cow;

use super::xml::{last_end_tag, ns, root_of};

/// The frame, with the payload taken out where it belongs to a login.
pub(crate) fn redact(frame: &str) -> Cow<'_, str> {
    // What cannot even be named is shown as what it is: nothing of ours is in it.
    let is_login = root_of(frame).is_some_and(|(_, namespace)| matches!(&*namespace, ns::SASL | ns::SASL2));
    match frame.find('>') {
        Some(start) if is_login && start + 1 < frame.len() => {
            // A frame that was cut off has no end tag, and a payload all the same.
            let end = last_end_tag(frame).filter(|end| start < *end).unwrap_or(frame.len());
            let (head, tail) = (frame.get(..=start).unwrap_or_default(), frame.get(end..).unwrap_or_default());
            Cow::Owned(format!("{head}(hidden){tail}"))
        }
        _ => Cow::Borrowed(frame),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_payload_of_a_login_is_hidden() {
        let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHNlY3JldA==</auth>";
        assert_eq!(redact(auth), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>(hidden)</auth>");
        let prefixed = "<s:success xmlns:s='urn:ietf:params:xml:ns:xmpp-sasl'>dj1...</s:success>";
        assert_eq!(redact(prefixed), "<s:success xmlns:s='urn:ietf:params:xml:ns:xmpp-sasl'>(hidden)</s:success>");
        assert_eq!(
            redact("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
            "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
        );
        let cut_off = "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1...";
        assert_eq!(redact(cut_off), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>(hidden)");
        for (name, inner) in [
            ("authenticate", "<initial-response>AHJvbWVvAHNlY3JldA==</initial-response><bind xmlns='urn:xmpp:bind:0'/>"),
            ("success", "<token xmlns='urn:xmpp:fast:0' token='s3cret'/>"),
            ("task-data", "<hash xmlns='urn:xmpp:scram-upgrade:0'>c2FsdGVk</hash>"),
        ] {
            let frame = format!("<{name} xmlns='urn:xmpp:sasl:2'>{inner}</{name}>");
            assert_eq!(redact(&frame), format!("<{name} xmlns='urn:xmpp:sasl:2'>(hidden)</{name}>"));
        }
        let message = "<message xmlns='jabber:client'><body>a</body></message>";
        assert_eq!(redact(message), message);
    }
}
