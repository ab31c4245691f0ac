//! What a server has to store to offer a stronger SCRAM (XEP-0480 version 0.2.0, section 3): the salted password, which only the client can
//! make.

use super::scram::{read_iterations, read_salt};
use super::{Credentials, Hash, KeyRequest, SaslError, prep};

/// A task that a server may ask for once the login itself is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Upgrade {
    pub(crate) task: &'static str,
    hash: Hash,
}

/// All that we can do. Nothing leads to SHA-1.
pub(crate) const UPGRADES: [Upgrade; 2] =
    [Upgrade { task: "UPGR-SCRAM-SHA-512", hash: Hash::Sha512 }, Upgrade { task: "UPGR-SCRAM-SHA-256", hash: Hash::Sha256 }];

impl Upgrade {
    /// The key to derive, from the server's salt in base64 and its iteration count, under the bounds that a login has.
    pub(crate) fn key_request(self, credentials: &Credentials, salt: &str, iterations: &str) -> Result<KeyRequest, SaslError> {
        let Credentials::Password { password, .. } = credentials else { return Err(SaslError::NoCredentials) };
        let password = prep::prepare(password, "password")?;
        Ok(KeyRequest {
            hash: self.hash,
            password: password.as_bytes().to_vec().into(),
            salt: read_salt(salt)?,
            iterations: read_iterations(iterations)?,
        })
    }

    /// Whether this may be the key that was asked for.
    pub(crate) fn accepts(self, key: &[u8]) -> Result<(), SaslError> {
        if key.len() == self.hash.output_len() { Ok(()) } else { Err(SaslError::BadKey) }
    }
}
