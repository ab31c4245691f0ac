//! The profiles of stringprep (RFC 3454): Nodeprep and Resourceprep (RFC 6122), Nameprep (RFC 3491), SASLprep (RFC 4013).

use std::borrow::Cow;

use super::engine;
use super::tables::{Class, fold};
use crate::Prohibited;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Node,
    Name,
    Resource,
    Sasl,
}

impl Profile {
    fn folds_case(self) -> bool {
        matches!(self, Self::Node | Self::Name)
    }

    /// What is allowed of ASCII once it is mapped.
    fn allows(self, ascii: char) -> bool {
        match self {
            // RFC 6122, appendix A.5.
            Self::Node => ascii.is_ascii_graphic() && !matches!(ascii, '"' | '&' | '\'' | '/' | ':' | '<' | '>' | '@'),
            // RFC 3491, section 5: tables C.1.1 and C.2.1 are not used.
            Self::Name => true,
            Self::Resource | Self::Sasl => !ascii.is_ascii_control(),
        }
    }
}

/// `text` as the profile has it. A code point that Unicode 3.2 did not know is not allowed.
pub(super) fn prepare(text: &str, profile: Profile) -> Result<Cow<'_, str>, Prohibited> {
    // ASCII is normalized, has neither direction nor anything that is mapped but its upper case.
    if text.is_ascii() {
        let is_mapped = |byte: &u8| profile.folds_case() && byte.is_ascii_uppercase();
        let text = if text.bytes().any(|byte| is_mapped(&byte)) { text.to_ascii_lowercase().into() } else { Cow::Borrowed(text) };
        return if text.chars().all(|character| profile.allows(character)) { Ok(text) } else { Err(Prohibited) };
    }
    let mut mapped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // RFC 4013, section 2.1.
            _ if profile == Profile::Sasl && is_non_ascii_space(character) => mapped.push(' '),
            _ if is_mapped_to_nothing(character) => {}
            _ if profile.folds_case() => fold(character, &mut mapped),
            _ => mapped.push(character),
        }
    }
    let prepared = engine::nfkc(&mapped);
    check(&prepared, profile)?;
    Ok(Cow::Owned(prepared))
}

/// RFC 3454, sections 5 to 7.
fn check(prepared: &str, profile: Profile) -> Result<(), Prohibited> {
    let (mut has_left, mut has_right) = (false, false);
    for character in prepared.chars() {
        match Class::of(character) {
            Class::Unassigned | Class::Prohibited => return Err(Prohibited),
            Class::Left => has_left = true,
            Class::Right => has_right = true,
            Class::Neutral => {}
        }
        if character.is_ascii() && !profile.allows(character) {
            return Err(Prohibited);
        }
    }
    // Section 6: what has a right-to-left character has none that goes from left to right, and begins and ends with one.
    let is_right = |character: Option<char>| character.is_some_and(|character| Class::of(character) == Class::Right);
    if has_right && (has_left || !is_right(prepared.chars().next()) || !is_right(prepared.chars().next_back())) {
        return Err(Prohibited);
    }
    Ok(())
}

/// RFC 3454, appendix B.1.
fn is_mapped_to_nothing(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180d}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// RFC 3454, appendix C.1.2.
fn is_non_ascii_space(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}
