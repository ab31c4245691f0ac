//! HT-SHA-256-NONE and HT-SHA-512-NONE (draft-schmaus-kitten-sasl-ht-09, which XEP-0484 refers to): a login by a token, in one round trip, in
//! which both sides prove that they know it. Without channel binding, since page code cannot see the TLS connection.

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Hash, SaslError};

/// What a token is used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum TokenMechanism {
    #[serde(rename = "HT-SHA-512-NONE")]
    Sha512,
    #[serde(rename = "HT-SHA-256-NONE")]
    Sha256,
}

impl TokenMechanism {
    /// All that we speak, strongest first.
    pub(crate) const ALL: [Self; 2] = [Self::Sha512, Self::Sha256];

    /// The registered name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sha512 => "HT-SHA-512-NONE",
            Self::Sha256 => "HT-SHA-256-NONE",
        }
    }

    const fn hash(self) -> Hash {
        match self {
            Self::Sha512 => Hash::Sha512,
            Self::Sha256 => Hash::Sha256,
        }
    }
}

/// A login under way: the server owes its proof.
pub(super) struct HashedToken {
    hash: Hash,
    token: Zeroizing<String>,
}

impl HashedToken {
    /// Begins, with the initiator's message (section 3.1).
    pub(super) fn start(mechanism: TokenMechanism, username: &str, token: &str) -> Result<(Self, Vec<u8>), SaslError> {
        let hash = mechanism.hash();
        let proof = hash.hmac(token.as_bytes(), b"Initiator").ok_or(SaslError::BadKey)?;
        let mut message = Vec::with_capacity(username.len() + 1 + proof.len());
        message.extend_from_slice(username.as_bytes());
        message.push(0);
        message.extend_from_slice(&proof);
        Ok((Self { hash, token: Zeroizing::new(token.to_owned()) }, message))
    }

    /// Section 3.3: the initiating entity MUST verify the responder's message.
    pub(super) fn handle_success(&self, additional: &[u8]) -> Result<(), SaslError> {
        match additional {
            [] => Err(SaslError::MissingSignature),
            proof if self.hash.is_hmac(self.token.as_bytes(), b"Responder", proof) => Ok(()),
            _ => Err(SaslError::SignatureMismatch),
        }
    }
}

#[cfg(test)]
mod tests {
    //! The vectors were computed with Python's hmac.

    #![allow(clippy::unwrap_used)]

    use super::*;

    const TOKEN: &str = "secret-token:fast-1";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn both_sides_prove_that_they_know_the_token() {
        for (mechanism, initiator, responder) in [
            (
                TokenMechanism::Sha256,
                "e66a8ce321715b507d13b3b914b3d2883dd71f6cbe9190577080f3cbd35a77d7",
                "ac8ba839a9632cc2b2079f1ecf80066efa0de65db9a519ab8b3e7716ce3cdbed",
            ),
            (
                TokenMechanism::Sha512,
                "bf9030782b5457627f199b51e95ea878505a2769b527d51262a958c89459079b952012d7d6301743d5605251423c2984c6c65b31bab99b20ec541add3f98bfdd",
                "42615eacf9f6583e8e1fb15dfdc946a22a5d4841ef4fc48724a0c9b6e790eabadb2b8b5721ed6a47c0a234cd573d85868ac11e6e4e1a7cbc47cd8bb786a27415",
            ),
        ] {
            let (exchange, message) = HashedToken::start(mechanism, "romeo", TOKEN).unwrap();
            let (username, proof) = message.split_at(6);
            assert_eq!((username, hex(proof).as_str()), (&b"romeo\0"[..], initiator));
            let mut right: Vec<u8> =
                (0..responder.len() / 2).map(|at| u8::from_str_radix(&responder[at * 2..at * 2 + 2], 16).unwrap()).collect();
            assert_eq!(exchange.handle_success(&right), Ok(()));
            assert_eq!(exchange.handle_success(&[]), Err(SaslError::MissingSignature));
            // Its own proof sent back, one that is cut short, one that is wrong in a bit.
            assert_eq!(exchange.handle_success(proof), Err(SaslError::SignatureMismatch));
            assert_eq!(exchange.handle_success(&right[..16]), Err(SaslError::SignatureMismatch));
            right[0] ^= 1;
            assert_eq!(exchange.handle_success(&right), Err(SaslError::SignatureMismatch));
        }
    }
}
