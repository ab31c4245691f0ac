//! What a browser would know if it had the version of Unicode that the reference has.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

pub(super) fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

pub(super) fn to_ascii(domain: &str) -> Option<String> {
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Ignore);
    ascii.ok().map(Into::into)
}
