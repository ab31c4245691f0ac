//! HT-SHA-256-NONE and HT-SHA-512-NONE (draft-schmaus-kitten-sasl-ht-09, which XEP-0484 refers to): a login by a token, in one round trip, in
//! which both sides prove that they know it. Without channel binding, since page code cannot see the TLS connection.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Hash, SaslError};

/// What a token is used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
