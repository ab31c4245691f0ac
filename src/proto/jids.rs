//! JIDs as text that the server stamped, taken apart without validating them again. What an app passes in goes through the
//! `jid` crate instead.

use super::error::Error;

/// The JID without its resource.
pub(crate) fn bare(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// The resource, if there is one.
pub(crate) fn resource(jid: &str) -> Option<&str> {
    jid.split_once('/').map(|(_, resource)| resource)
}

/// The domain.
pub(crate) fn domain(jid: &str) -> &str {
    let bare = bare(jid);
    bare.split_once('@').map_or(bare, |(_, domain)| domain)
}

/// Checks and normalises what an app passed in.
pub(crate) fn normalise(what: &str, jid: &str) -> Result<String, Error> {
    jid::Jid::new(jid).map(|jid| jid.to_string()).map_err(|error| Error::invalid(format!("{what} is not a valid JID: {error}")))
}

/// As [`normalise`], and the resource is cut off.
pub(crate) fn normalise_bare(what: &str, jid: &str) -> Result<String, Error> {
    normalise(what, jid).map(|jid| bare(&jid).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jid_is_taken_apart_at_the_first_slash_and_the_at_before_it() {
        assert_eq!(bare("romeo@example.net/a@b/c"), "romeo@example.net");
        assert_eq!(resource("romeo@example.net/a@b/c"), Some("a@b/c"));
        assert_eq!(domain("romeo@example.net/a@b/c"), "example.net");
        assert_eq!(domain("example.net/a@b"), "example.net");
        assert_eq!(resource("example.net"), None);
    }
}
