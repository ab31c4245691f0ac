//! Base64 (RFC 4648), in the form that XMPP wants: padded, with nothing in between.
//!
//! By hand: the crate of that name is made for speed, by tables and many digits at a time, and has 2 KB of code for each direction.

/// Section 4.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    let mut text = digits(bytes.as_ref(), [b'+', b'/']);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// With the digits of section 5, and without padding: of letters, digits, `-` and `_`.
pub(crate) fn encode_for_id(bytes: &[u8]) -> String {
    digits(bytes, [b'-', b'_'])
}

/// `None`: it is not base64, or there is more in it than the bytes (section 3.5).
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let text = text.as_ref();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    // The last digits, and how many bits of them belong to no byte yet.
    let (mut last, mut open) = (0_u32, 0);
    for digit in text.iter().take(text.len() - padding) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        last = last << 6 | u32::from(value);
        open += 6;
        if open >= 8 {
            open -= 8;
            bytes.push((last >> open) as u8);
        }
    }
    (last & ((1 << open) - 1) == 0).then_some(bytes)
}

/// `extra` are the last two of the 64 digits.
fn digits(bytes: &[u8], extra: [u8; 2]) -> String {
    // What is said of a secret is not left behind by a text that had to grow.
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    let (mut last, mut open) = (0_u32, 0);
    let mut push = |value: u32| {
        let digit = match (value & 63) as u8 {
            value @ 0..26 => b'A' + value,
            value @ 26..52 => b'a' + value - 26,
            value @ 52..62 => b'0' + value - 52,
            62 => extra[0],
            _ => extra[1],
        };
        text.push(char::from(digit));
    };
    for byte in bytes {
        last = last << 8 | u32::from(*byte);
        open += 8;
        while open >= 6 {
            open -= 6;
            push(last >> open);
        }
    }
    if open > 0 {
        push(last << (6 - open));
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_written_as_the_crate_writes_them_and_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(encode(&bytes), STANDARD.encode(&bytes));
            prop_assert_eq!(encode_for_id(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decode(encode(&bytes)), Some(bytes));
        }

        #[test]
        fn what_the_crate_refuses_is_refused(text in "[A-Da-d019+/=_ -]{0,9}") {
            prop_assert_eq!(decode(&text), STANDARD.decode(&text).ok());
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["=", "A", "AA", "AAA", "A===", "AA=A", "AB==", "AAB=", "AAAA====", "AA==AA==", "A\u{e9}A", "====", " AAA"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode("").as_deref(), Some([].as_slice()));
    }
}
