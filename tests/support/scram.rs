//! The server's side of SCRAM (RFC 5802), written apart from the client's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use waxwing::proto::{Hash, KeyRequest, derive_key};

/// What the server of a SCRAM exchange knows.
pub struct Scram {
    pub hash: Hash,
    pub password: &'static str,
    pub iterations: u32,
    /// What comes behind the iteration count.
    pub extension: String,
    client_first_bare: String,
    server_first: String,
}

impl Scram {
    pub fn new(hash: Hash) -> Self {
        let empty = String::new;
        Self { hash, password: "s3cret", iterations: 4096, extension: empty(), client_first_bare: empty(), server_first: empty() }
    }

    /// Reads the client's first message and answers it.
    pub fn challenge(&mut self, first: &str) -> String {
        self.client_first_bare = first.strip_prefix("n,,").expect("gs2 header n,,").to_owned();
        let nonce = self.client_first_bare.split(",r=").nth(1).expect("a nonce").to_owned();
        self.server_first = format!("r={nonce}server,s={},i={}{}", BASE64.encode("salt"), self.iterations, self.extension);
        self.server_first.clone()
    }

    /// Checks the client's proof and returns the server's signature.
    pub fn verify(&self, last: &str) -> String {
        let (without_proof, proof) = last.split_once(",p=").expect("a proof");
        let salted = derive_key(&KeyRequest {
            hash: self.hash,
            password: self.password.as_bytes().to_vec().into(),
            salt: b"salt".to_vec(),
            iterations: self.iterations,
        });
        let auth = format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let client_key = self.hmac(&salted, b"Client Key");
        let signature = self.hmac(&self.digest(&client_key), auth.as_bytes());
        let expected: Vec<u8> = client_key.iter().zip(&signature).map(|(key, signature)| key ^ signature).collect();
        assert_eq!(BASE64.decode(proof).unwrap(), expected, "the client's proof");
        let server_key = self.hmac(&salted, b"Server Key");
        format!("v={}", BASE64.encode(self.hmac(&server_key, auth.as_bytes())))
    }

    fn hmac(&self, key: &[u8], data: &[u8]) -> Vec<u8> {
        macro_rules! with {
            ($hash:ty) => {{
                let mut mac = Hmac::<$hash>::new_from_slice(key).unwrap();
                mac.update(data);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        match self.hash {
            Hash::Sha1 => with!(Sha1),
            Hash::Sha256 => with!(Sha256),
            Hash::Sha512 => with!(Sha512),
        }
    }

    fn digest(&self, data: &[u8]) -> Vec<u8> {
        use sha2::Digest as _;
        match self.hash {
            Hash::Sha1 => Sha1::digest(data).to_vec(),
            Hash::Sha256 => Sha256::digest(data).to_vec(),
            Hash::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}
