//! Key derivation: `Hi()` of RFC 5802, section 2.2, which is PBKDF2 (RFC 8018) with HMAC.
//!
//! It is the one slow step of a login, so it is asked for instead of done: the browser has WebCrypto, off the main thread and
//! several times faster. [`derive_key`] does it here where there is no secure context, and natively.

use std::fmt;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1: 20 bytes.
    Sha1,
    /// SHA-256: 32 bytes.
    Sha256,
    /// SHA-512: 64 bytes.
    Sha512,
}

impl Hash {
    /// Bytes of a digest, and so of the derived key.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// What WebCrypto calls it.
    pub const fn web_crypto_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// `None` only for a key that HMAC cannot take, and it takes all.
    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let tag = match self {
            Self::Sha1 => mac::<Sha1>(key, data)?.finalize().into_bytes().to_vec(),
            Self::Sha256 => mac::<Sha256>(key, data)?.finalize().into_bytes().to_vec(),
            Self::Sha512 => mac::<Sha512>(key, data)?.finalize().into_bytes().to_vec(),
        };
        Some(Zeroizing::new(tag))
    }

    /// Whether `tag` is the HMAC of `data`, found out in constant time.
    pub(super) fn is_hmac(self, key: &[u8], data: &[u8], tag: &[u8]) -> bool {
        match self {
            Self::Sha1 => mac::<Sha1>(key, data).is_some_and(|mac| mac.verify_slice(tag).is_ok()),
            Self::Sha256 => mac::<Sha256>(key, data).is_some_and(|mac| mac.verify_slice(tag).is_ok()),
            Self::Sha512 => mac::<Sha512>(key, data).is_some_and(|mac| mac.verify_slice(tag).is_ok()),
        }
    }
}

/// A key to derive: PBKDF2 with HMAC, [`Hash::output_len`] bytes long. Its `Debug` never shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// The hash under the HMAC.
    pub hash: Hash,
    /// The password after SASLprep, in UTF-8. Wiped on drop.
    pub password: Zeroizing<Vec<u8>>,
    /// The account's salt.
    pub salt: Vec<u8>,
    /// From 4096 to 1,000,000.
    pub iterations: u32,
}

impl fmt::Debug for KeyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRequest").field("hash", &self.hash).field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

/// Derives the key in Rust. At 1,000,000 iterations this takes a second or more: prefer the platform's own.
pub fn derive_key(request: &KeyRequest) -> Vec<u8> {
    let KeyRequest { hash, password, salt, iterations } = request;
    let mut key = vec![0; hash.output_len()];
    match hash {
        Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, *iterations, &mut key),
        Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, *iterations, &mut key),
        Hash::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, *iterations, &mut key),
    }
    key
}

fn mac<D: EagerHash>(key: &[u8], data: &[u8]) -> Option<Hmac<D>> {
    let mut mac = Hmac::<D>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac)
}
