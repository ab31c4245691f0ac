//! JIDs as text that the server stamped, taken apart without validating them again. What an app passes in is normalised by
//! `waxwing-unicode` instead.

use std::borrow::Cow;

use super::error::Error;

/// The JID without its resource.
pub(crate) fn bare(jid: &str) -> &str {
    cut(jid, b'/').map_or(jid, |(bare, _)| bare)
}

/// The resource, if there is one.
pub(crate) fn resource(jid: &str) -> Option<&str> {
    cut(jid, b'/').map(|(_, resource)| resource)
}

/// The part before `@`, if there is one.
pub(crate) fn local(jid: &str) -> Option<&str> {
    cut(bare(jid), b'@').map(|(local, _)| local)
}

/// The domain.
pub(crate) fn domain(jid: &str) -> &str {
    let bare = bare(jid);
    cut(bare, b'@').map_or(bare, |(_, domain)| domain)
}

/// As `split_once`, which searches for a character of any length and is slower and larger.
#[cfg_attr(waxwing_small, optimize(speed))]
fn cut(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Checks and normalises what an app passed in.
pub(crate) fn normalise(what: &str, jid: &str) -> Result<String, Error> {
    normal(jid).map(Cow::into_owned).map_err(|error| {
        Error::invalid(format!("{what} is not a valid JID: {error}")).remedy("A JID looks like user@host or user@host/resource.")
    })
}

/// As [`normalise`], and the resource is cut off.
pub(crate) fn normalise_bare(what: &str, jid: &str) -> Result<String, Error> {
    normalise(what, jid).map(|jid| bare(&jid).to_owned())
}

/// The normal form of a JID, borrowed where it has that form already: of thousands of JIDs in a roster nearly all have.
pub(crate) fn normal(jid: &str) -> Result<Cow<'_, str>, waxwing_unicode::Error> {
    if is_plainly_normal(jid) { Ok(Cow::Borrowed(jid)) } else { waxwing_unicode::normalise(jid) }
}

/// The normal form of a JID that has to have a resource, or why it is none.
pub(crate) fn normal_full(jid: &str) -> Result<String, String> {
    let jid = normal(jid).map_err(|error| error.to_string())?;
    if resource(&jid).is_some() { Ok(jid.into_owned()) } else { Err("the JID has no resource".to_owned()) }
}

/// Whether a JID is beyond doubt in its normal form. `false` says nothing.
#[cfg_attr(waxwing_small, optimize(speed))]
fn is_plainly_normal(jid: &str) -> bool {
    let (bare, resource) = cut(jid, b'/').map_or((jid, None), |(bare, resource)| (bare, Some(resource)));
    let (local, domain) = cut(bare, b'@').map_or((None, bare), |(local, domain)| (Some(local), domain));
    let is_part =
        |part: &str, is_plain: fn(&u8) -> bool| (1..=1023).contains(&part.len()) && part.bytes().all(|byte| is_plain(&byte));
    local.is_none_or(|local| is_part(local, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-')))
        && resource.is_none_or(|resource| is_part(resource, |byte| matches!(byte, 0x20..=0x7e)))
        && domain.len() <= 253
        && domain.as_bytes().split(|byte| *byte == b'.').all(is_plain_label)
}

/// A label that IDNA leaves alone. Those that start with a digit or look like Punycode are not for this shortcut.
#[cfg_attr(waxwing_small, optimize(speed))]
fn is_plain_label(label: &[u8]) -> bool {
    label.len() <= 63
        && label.first().is_some_and(u8::is_ascii_lowercase)
        && label.last() != Some(&b'-')
        && label.get(2..4) != Some(b"--")
        && label.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Whether `from` is that account, a device of it, or its server.
pub(crate) fn speaks_for(from: &str, account: &str) -> bool {
    let from = bare(from);
    from == bare(account) || from == domain(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jid_is_taken_apart_at_the_first_slash_and_the_at_before_it() {
        assert_eq!(bare("romeo@example.net/a@b/c"), "romeo@example.net");
        assert_eq!(resource("romeo@example.net/a@b/c"), Some("a@b/c"));
        assert_eq!(local("romeo@example.net/a@b/c"), Some("romeo"));
        assert_eq!(local("example.net/a@b"), None);
        assert_eq!(domain("romeo@example.net/a@b/c"), "example.net");
        assert_eq!(domain("example.net/a@b"), "example.net");
        assert_eq!(resource("example.net"), None);
    }

    /// The shortcut may only ever say what normalising says.
    #[test]
    fn a_jid_that_is_plainly_normal_is_one_that_normalising_does_not_change() {
        let label = "a".repeat(63);
        let parts = [
            "a",
            "",
            "A",
            "0",
            "0x1",
            "1.2.3.4",
            "a.b",
            "a..b",
            ".a",
            "a.",
            "a-b",
            "-a",
            "a-",
            "xn--a",
            "ab--c",
            "a_b",
            "é",
            "a b",
            " ",
            "~",
            "\u{7f}",
            "a@b",
            "a/b",
            "'",
            "#",
            label.as_str(),
            "localhost",
            "example.net",
            "[::1]",
            "ß",
            "\u{212b}",
        ];
        let long = "a".repeat(1024);
        let long_domain = format!("{}a", "a.".repeat(126));
        let too_long_domain = format!("{}a", "a.".repeat(127));
        let mut jids = vec![
            format!("{long}@a"),
            format!("a@a/{long}"),
            format!("{}@a", &long[1..]),
            format!("a/{}", &long[1..]),
            format!("{label}a"),
            long_domain,
            too_long_domain,
        ];
        for one in parts {
            jids.push(one.to_owned());
            for two in parts {
                jids.extend([format!("{one}@{two}"), format!("{one}/{two}")]);
                jids.extend(parts.map(|three| format!("{one}@{two}/{three}")));
            }
        }
        let mut plain = 0;
        for jid in &jids {
            if is_plainly_normal(jid) {
                assert_eq!(waxwing_unicode::normalise(jid).as_deref(), Ok(jid.as_str()));
                plain += 1;
            }
        }
        assert!(plain > 100, "the shortcut is taken: {plain}");
    }

    #[test]
    fn normalising_folds_case_and_refuses_what_is_not_a_jid() {
        assert_eq!(normalise("jid", "Romeo@Example.NET/Balcony").as_deref(), Ok("romeo@example.net/Balcony"));
        assert_eq!(normalise_bare("jid", "Romeo@Example.NET/Balcony").as_deref(), Ok("romeo@example.net"));
        assert_eq!(normal_full("Romeo@example.net/A").as_deref(), Ok("romeo@example.net/A"));
        assert_eq!(normal_full("romeo@example.net"), Err("the JID has no resource".to_owned()));
        assert!(normalise("jid", "@").unwrap_err().message.starts_with("jid is not a valid JID"));
    }
}
