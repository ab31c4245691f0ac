//! Base64 (RFC 4648), in the form that XMPP wants: padded, with nothing in between.
//!
//! By `base64ct`, which is small and takes the same time whatever the secret; the crate `base64` is made for speed, and has 2 KB of code for each
//! direction.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// Section 4.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64::encode_string(bytes.as_ref())
}

/// With the digits of section 5, and without padding: of letters, digits, `-` and `_`.
pub(crate) fn encode_for_id(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// `None`: it is not base64, or there is more in it than the bytes (section 3.5).
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
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
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
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
