//! The domain of a JID: an address, or a name that is checked by IDNA (UTS 46) and normalised by Nameprep.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::profile::{Profile, prepare};
use super::{engine, punycode};
use crate::{Error, Prohibited};

/// Checks a domain as `jid` does: UTS 46 with CheckHyphens and VerifyDnsLength, and no character of ASCII that a URL does not allow in a host.
pub(crate) fn domain(domain: &str) -> Result<Cow<'_, str>, Error> {
    let v6 = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']'));
    if domain.parse::<Ipv4Addr>().is_ok() || v6.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()) {
        return Ok(Cow::Borrowed(domain));
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.chars().any(is_denied) {
        return Err(Error::Domain);
    }
    let name = prepare(domain, Profile::Name).map_err(|Prohibited| Error::Domain)?;
    let is_valid = if domain.is_ascii() && !name.split('.').any(|label| label.starts_with("xn--")) {
        has_valid_lengths(domain) && domain.split('.').all(|label| has_valid_hyphens(label.as_bytes(), &b'-'))
    } else {
        // A browser takes some of them as escapes before it looks at them.
        !name.chars().any(is_denied) && engine::to_ascii(domain).is_some_and(|ascii| is_valid_ascii(&ascii))
    };
    if is_valid { Ok(name) } else { Err(Error::Domain) }
}

/// The forbidden domain code points of the URL Standard.
fn is_denied(character: char) -> bool {
    matches!(character, '\0'..=' ' | '%' | '#' | '/' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '|' | '\x7f')
}

/// What UTS 46 asks for and the URL Standard does not.
fn is_valid_ascii(ascii: &str) -> bool {
    has_valid_lengths(ascii)
        && ascii.split('.').all(|label| match label.strip_prefix("xn--") {
            Some(encoded) => punycode::decode(encoded).is_some_and(|label| has_valid_hyphens(&label, &u32::from('-'))),
            None => has_valid_hyphens(label.as_bytes(), &b'-'),
        })
}

/// VerifyDnsLength (UTS 46, section 4.2).
fn has_valid_lengths(ascii: &str) -> bool {
    ascii.len() <= 253 && ascii.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// CheckHyphens (UTS 46, section 4.1).
fn has_valid_hyphens<C: PartialEq>(label: &[C], hyphen: &C) -> bool {
    label.first() != Some(hyphen)
        && label.last() != Some(hyphen)
        && !(label.get(2) == Some(hyphen) && label.get(3) == Some(hyphen))
}
