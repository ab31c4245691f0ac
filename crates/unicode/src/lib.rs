//! The Unicode that XMPP's addresses and passwords need (RFC 6122, RFC 4013): normalised JIDs and SASLprep.
//!
//! Natively the crates `jid` and `stringprep` do it: they are the reference. Their tables, and those of `idna` behind them, are more than 100 KB of
//! brotli, and a browser has most of them: on wasm32 `String.prototype.normalize` is the normalization form KC, and `URL` checks internationalised
//! domains (UTS 46). What a browser has no function for (case folding, the code points that Unicode 3.2 knew, their direction) is in tables of
//! 1.6 KB brotli. Both are built-in functions that call nothing of the page's.
//!
//! # Where a browser differs from the reference
//!
//! Two tests compare all of Unicode, each code point alone and among others, and JIDs in the scripts of the world. `tests.rs` runs the browser's way natively,
//! with the reference's tables where the browser's would be asked: no difference. tests/browser/unicode.test.mjs runs it in Chromium and Firefox, and
//! lists the differences. All are of one kind: **what is newer than the browser's version of Unicode is refused by it**.
//!
//! - Characters newer than Unicode 3.2 are not allowed in JIDs, unless they stand for older ones, as 🄰 does for A: of those the reference, with Unicode
//!   18, knows 35 that browsers with Unicode 17 do not.
//! - In an A-label (`xn--…`) any character of Unicode 18 may be.
//!
//! Whatever both accept has the same normal form. That holds in any browser, since normalization of assigned characters never changes. Whether a
//! domain is valid is up to the browser's version of UTS 46, which did change: one with tables of Unicode 15 or older also refuses some capital letters that
//! got small ones late (U+04C0, U+10A0 to U+10C5). Chromium and Firefox of today have no such difference left.

// No panic is reachable from a string: they come from the network and from the page.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

#[cfg(any(target_arch = "wasm32", test))]
mod browser;
#[cfg(test)]
mod corpus;
#[cfg(not(target_arch = "wasm32"))]
mod portable;

use std::borrow::Cow;
use std::fmt;

#[cfg(target_arch = "wasm32")]
use browser as implementation;
#[cfg(not(target_arch = "wasm32"))]
use portable as implementation;

/// Why a text is not a JID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It begins with `@`, or nothing of the part before it is left.
    LocalEmpty,
    /// The part before `@` takes more than 1023 bytes.
    LocalTooLong,
    /// The part before `@` has characters that Nodeprep (RFC 6122, appendix A) does not allow.
    Local,
    /// The domain is none: IDNA or Nameprep (RFC 3491) do not allow it.
    Domain,
    /// It ends with `/`, or nothing of the part behind it is left.
    ResourceEmpty,
    /// The resource takes more than 1023 bytes.
    ResourceTooLong,
    /// The resource has characters that Resourceprep (RFC 6122, appendix B) does not allow.
    Resource,
    /// There are two `@` before the resource.
    TooManyAts,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalEmpty => "there is nothing before the @",
            Self::LocalTooLong => "the part before the @ is longer than 1023 bytes",
            Self::Local => "the part before the @ has characters that are not allowed there (Nodeprep)",
            Self::Domain => "the domain is not a valid one (IDNA, Nameprep)",
            Self::ResourceEmpty => "there is no resource behind the /",
            Self::ResourceTooLong => "the resource is longer than 1023 bytes",
            Self::Resource => "the resource has characters that are not allowed there (Resourceprep)",
            Self::TooManyAts => "there are two @ before the resource",
        })
    }
}

impl std::error::Error for Error {}

/// The normal form of a JID: `domain`, `local@domain`, or one of them with `/resource`.
pub fn normalise(jid: &str) -> Result<Cow<'_, str>, Error> {
    // RFC 6122, section 2.1: whatever comes behind the first slash is the resource.
    let (bare, resource) = jid.split_once('/').map_or((jid, None), |(bare, resource)| (bare, Some(resource)));
    let (local, domain) = bare.split_once('@').map_or((None, bare), |(local, domain)| (Some(local), domain));
    if domain.contains('@') {
        return Err(Error::TooManyAts);
    }
    let local = local.map(implementation::local).transpose()?;
    let domain = implementation::domain(domain)?;
    let resource = resource.map(implementation::resource).transpose()?;
    let length = local.as_ref().map_or(0, |local| local.len() + 1)
        + domain.len()
        + resource.as_ref().map_or(0, |resource| resource.len() + 1);
    let mut normal = String::with_capacity(length);
    if let Some(local) = local {
        normal.push_str(&local);
        normal.push('@');
    }
    normal.push_str(&domain);
    if let Some(resource) = resource {
        normal.push('/');
        normal.push_str(&resource);
    }
    Ok(if normal == jid { Cow::Borrowed(jid) } else { Cow::Owned(normal) })
}

/// The normal form of a resource by itself.
pub fn normalise_resource(resource: &str) -> Result<Cow<'_, str>, Error> {
    implementation::resource(resource)
}

/// The text has characters that SASLprep does not allow. Which ones is not said, since it may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prohibited;

/// SASLprep (RFC 4013) of a username or password, as for a stored string: a code point that Unicode 3.2 did not know is not allowed.
pub fn saslprep(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    implementation::saslprep(text)
}

/// Whether Unicode 3.2, which SASLprep builds on, did not know the code point (RFC 3454, appendix A.1).
pub fn is_unassigned(character: char) -> bool {
    implementation::is_unassigned(character)
}

#[cfg(test)]
mod tests;
