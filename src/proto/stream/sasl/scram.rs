//! SCRAM (RFC 5802; SHA-256: RFC 7677; SHA-512 alike), the client's side, without channel binding.
//!
//! ```text
//!   start ─▶ ExpectServerFirst ─c▶ ExpectKey ─k▶ ExpectServerFinal ─s▶ Over
//!                                                      └─c▶ ExpectSuccess ─s▶ Over
//!
//!   c challenge   k derived key   s success   anything else ─▶ error, and Over
//! ```
//!
//! Only the way through a verified server signature ends well. Servers may send it along with success (RFC 6120, section
//! 6.4.6) or as a challenge of its own, which takes an empty response.

use zeroize::Zeroizing;

use super::error::printable;
use super::{Hash, KeyRequest, SaslError, Step, prep};
use crate::proto::base64;
use crate::proto::entropy::Entropy;

/// What a server should ask for at least (RFC 5802, section 5.1; RFC 7677, section 4). Here it has to.
pub(super) const MIN_ITERATIONS: u32 = 4096;
/// A second or so of work. More is a way to keep a client busy for nothing (RFC 5802, section 9).
pub(super) const MAX_ITERATIONS: u32 = 1_000_000;

/// Random bytes in our nonce: 32 characters of base64, none of which is a comma.
const NONCE_BYTES: usize = 24;
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
const MAX_NONCE_BYTES: usize = 1024;
const MAX_SALT_BYTES: usize = 1024;

/// RFC 5802, section 7: no channel binding, no authorization identity.
const GS2_HEADER: &str = "n,,";
/// [`GS2_HEADER`] in base64, said again under the proof (section 5.1, `c`).
const CHANNEL_BINDING: &str = "c=biws";

pub(super) struct Scram {
    hash: Hash,
    /// What the server offered, as we read it (XEP-0474, section 6.1).
    offer: String,
    state: State,
}

enum State {
    ExpectServerFirst { client_first_bare: String, client_nonce: String, password: Zeroizing<String> },
    ExpectKey { client_final_without_proof: String, auth_message: String },
    ExpectServerFinal { server_key: Zeroizing<Vec<u8>>, auth_message: String },
    ExpectSuccess,
    Over,
}

impl Scram {
    /// Begins, with the client's first message.
    pub(super) fn start(
        hash: Hash,
        username: &str,
        password: &str,
        offer: &str,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Vec<u8>), SaslError> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        Self::with_nonce(hash, username, password, offer, base64::encode(nonce))
    }

    /// [`Self::start`] with a nonce that is known, as the vectors of the RFCs need it.
    pub(super) fn with_nonce(
        hash: Hash,
        username: &str,
        password: &str,
        offer: &str,
        client_nonce: String,
    ) -> Result<(Self, Vec<u8>), SaslError> {
        let username = prep::prepare(username, "username")?;
        let password = prep::prepare(password, "password")?;
        // Section 5.1, `n`: the characters that the grammar needs are escaped, "=" first.
        let username = username.replace('=', "=3D").replace(',', "=2C");
        let client_first_bare = format!("n={username},r={client_nonce}");
        let client_first = format!("{GS2_HEADER}{client_first_bare}").into_bytes();
        let state = State::ExpectServerFirst { client_first_bare, client_nonce, password };
        Ok((Self { hash, offer: offer.to_owned(), state }, client_first))
    }

    pub(super) fn handle_challenge(&mut self, data: &[u8]) -> Result<Step, SaslError> {
        match self.take_state() {
            State::ExpectServerFirst { client_first_bare, client_nonce, password } => {
                let message = text(data)?;
                let first = ServerFirst::parse(message, &client_nonce)?;
                // XEP-0474, section 6.2: if the hashes do not match, the client MUST fail the authentication. The attribute itself is under the
                // proof, so that whoever takes it out makes the server refuse us.
                if first.offer_hash.is_some_and(|hash| hash != base64::encode(self.hash.digest(self.offer.as_bytes()))) {
                    return Err(SaslError::DowngradeDetected);
                }
                let client_final_without_proof = format!("{CHANNEL_BINDING},r={}", first.nonce);
                let auth_message = format!("{client_first_bare},{message},{client_final_without_proof}");
                self.state = State::ExpectKey { client_final_without_proof, auth_message };
                Ok(Step::DeriveKey(KeyRequest {
                    hash: self.hash,
                    password: Zeroizing::new(password.as_bytes().to_vec()),
                    salt: first.salt,
                    iterations: first.iterations,
                }))
            }
            State::ExpectServerFinal { server_key, auth_message } => {
                self.verify(data, &server_key, &auth_message)?;
                self.state = State::ExpectSuccess;
                Ok(Step::Respond(Vec::new()))
            }
            State::ExpectSuccess => Err(SaslError::TooManyChallenges),
            State::ExpectKey { .. } | State::Over => Err(SaslError::OutOfOrder),
        }
    }

    /// Section 3: the proof, and the key that the server's signature will be checked with.
    pub(super) fn handle_key(&mut self, salted_password: &[u8]) -> Result<Vec<u8>, SaslError> {
        let State::ExpectKey { client_final_without_proof, auth_message } = self.take_state() else {
            return Err(SaslError::OutOfOrder);
        };
        if salted_password.len() != self.hash.output_len() {
            return Err(SaslError::BadKey);
        }
        let hmac = |key: &[u8], data: &[u8]| self.hash.hmac(key, data).ok_or(SaslError::BadKey);
        let client_key = hmac(salted_password, b"Client Key")?;
        let stored_key = self.hash.digest(&client_key);
        let client_signature = hmac(&stored_key, auth_message.as_bytes())?;
        let proof: Vec<u8> = client_key.iter().zip(client_signature.iter()).map(|(key, signature)| key ^ signature).collect();
        let server_key = hmac(salted_password, b"Server Key")?;
        self.state = State::ExpectServerFinal { server_key, auth_message };
        Ok(format!("{client_final_without_proof},p={}", base64::encode(proof)).into_bytes())
    }

    /// Section 5: when the server's signature is not what we compute, the exchange MUST be taken for unsuccessful.
    pub(super) fn handle_success(&mut self, additional: &[u8]) -> Result<(), SaslError> {
        match self.take_state() {
            State::ExpectServerFinal { server_key, auth_message } => self.verify(additional, &server_key, &auth_message),
            State::ExpectSuccess if additional.is_empty() => Ok(()),
            State::ExpectSuccess => Err(SaslError::TooManyChallenges),
            State::ExpectServerFirst { .. } | State::ExpectKey { .. } => Err(SaslError::MissingSignature),
            State::Over => Err(SaslError::OutOfOrder),
        }
    }

    /// Reads the server's final message: `v=` with its signature, or `e=`.
    fn verify(&self, data: &[u8], server_key: &[u8], auth_message: &str) -> Result<(), SaslError> {
        if data.is_empty() {
            return Err(SaslError::MissingSignature);
        }
        match attributes(text(data)?)?.as_slice() {
            [(b'e', error), ..] => Err(server_error(error)),
            [(b'v', signature), ..] => {
                let signature =
                    base64::decode(signature).ok_or(SaslError::Malformed { problem: "the signature is not base64" })?;
                if self.hash.is_hmac(server_key, auth_message.as_bytes(), &signature) {
                    Ok(())
                } else {
                    Err(SaslError::SignatureMismatch)
                }
            }
            _ => Err(SaslError::Malformed { problem: "the final message begins with neither v= nor e=" }),
        }
    }

    /// Leaves `Over` behind, so that whoever returns early has failed for good.
    fn take_state(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Over)
    }
}

/// RFC 5802, section 7: `server-first-message`.
struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
    /// XEP-0474's `h`.
    offer_hash: Option<&'a str>,
}

impl<'a> ServerFirst<'a> {
    fn parse(message: &'a str, client_nonce: &str) -> Result<Self, SaslError> {
        // Whatever follows `i` is an optional extension, and section 5.1 has unknown ones ignored.
        match attributes(message)?.as_slice() {
            [(b'e', error), ..] => Err(server_error(error)),
            [(b'r', nonce), (b's', salt), (b'i', iterations), extensions @ ..] => Ok(Self {
                nonce: check_nonce(nonce, client_nonce)?,
                salt: read_salt(salt)?,
                iterations: read_iterations(iterations)?,
                offer_hash: extensions.iter().find_map(|(name, value)| (*name == b'h').then_some(*value)),
            }),
            _ => Err(SaslError::Malformed { problem: "the first message is not r=, s=, i= in this order" }),
        }
    }
}

fn check_nonce<'a>(nonce: &'a str, client_nonce: &str) -> Result<&'a str, SaslError> {
    // Section 7, `printable`: the comma is gone by the split at commas.
    if nonce.len() > MAX_NONCE_BYTES || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SaslError::Malformed { problem: "the nonce is too long or not printable" });
    }
    // Section 5.1, `r`: the client MUST verify that the nonce begins with its own. One that only repeats ours adds nothing
    // against a replay.
    match nonce.strip_prefix(client_nonce) {
        Some(servers_part) if !servers_part.is_empty() => Ok(nonce),
        _ => Err(SaslError::NonceMismatch),
    }
}

pub(super) fn read_salt(salt: &str) -> Result<Vec<u8>, SaslError> {
    let salt = base64::decode(salt).ok_or(SaslError::Malformed { problem: "the salt is not base64" })?;
    if salt.is_empty() || salt.len() > MAX_SALT_BYTES {
        return Err(SaslError::Malformed { problem: "the salt is empty or too long" });
    }
    Ok(salt)
}

pub(super) fn read_iterations(digits: &str) -> Result<u32, SaslError> {
    // Section 7, `posit-number`.
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SaslError::Malformed { problem: "the iteration count is not a positive number" });
    }
    // All digits, so the only way to fail is to be too big.
    match digits.parse() {
        Ok(iterations) if iterations < MIN_ITERATIONS => Err(SaslError::TooFewIterations { iterations }),
        Ok(iterations) if iterations <= MAX_ITERATIONS => Ok(iterations),
        _ => Err(SaslError::TooManyIterations),
    }
}

fn text(data: &[u8]) -> Result<&str, SaslError> {
    if data.len() > MAX_MESSAGE_BYTES {
        return Err(SaslError::Malformed { problem: "the message is too long" });
    }
    std::str::from_utf8(data).map_err(|_| SaslError::Malformed { problem: "the message is not UTF-8" })
}

/// Splits a message into its attributes, each a letter and a value that is not empty (section 7, `attr-val`). None may come
/// twice: a second one could only say something else than what was checked.
fn attributes(message: &str) -> Result<Vec<(u8, &str)>, SaslError> {
    let mut seen = 0_u128;
    message
        .split(',')
        .map(|attribute| match attribute.as_bytes() {
            // Section 5.1, `m`: its presence MUST fail the exchange when it is not understood, and none is defined.
            [b'm', b'=', ..] => Err(SaslError::ExtensionRefused),
            [name, b'=', _, ..] if name.is_ascii_alphabetic() && !attribute.contains('\0') => {
                let bit = 1_u128 << *name;
                if seen & bit != 0 {
                    return Err(SaslError::Malformed { problem: "an attribute comes twice" });
                }
                seen |= bit;
                Ok((*name, attribute.get(2..).unwrap_or_default()))
            }
            _ => Err(SaslError::Malformed { problem: "not a list of attributes" }),
        })
        .collect()
}

fn server_error(error: &str) -> SaslError {
    const MAX_LENGTH: usize = 64;
    SaslError::ServerError { error: printable(error, MAX_LENGTH) }
}
