//! What an account keeps from login to login: who this client is, a token for the next login, and which mechanisms are beneath it.
//!
//! It outlives streams and sessions; where the app lets it be stored, it outlives the page. Whoever reads it can log in: its `Debug` shows
//! no secret, and its memory is wiped. A change is made before the frame that depends on it is queued, so that what is stored is
//! never behind what the server has seen.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroize as _;

use super::super::entropy::Entropy;
use super::super::json::Fields;
use super::sasl::TokenMechanism;

/// A token with less life than that is exchanged at its next use.
const ROTATE_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Keychain {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<FastToken>,
    is_plain_barred: bool,
    #[serde(skip)]
    is_changed: bool,
}

/// A token of FAST (XEP-0484), bound to the mechanism that it was asked for with.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FastToken {
    pub(crate) mechanism: TokenMechanism,
    pub(crate) secret: String,
    /// Milliseconds since 1970-01-01 UTC, if the server said so.
    pub(crate) expires_ms: Option<i64>,
    /// How often it was used.
    count: u32,
}

impl FastToken {
    pub(crate) fn new(mechanism: TokenMechanism, secret: String, expires_ms: Option<i64>) -> Self {
        Self { mechanism, secret, expires_ms, count: 0 }
    }

    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self {
                mechanism: fields.choice("mechanism", &TokenMechanism::ALL, TokenMechanism::as_str)?,
                secret: fields.text("secret")?,
                expires_ms: fields.number("expiresMs"),
                count: fields.number("count")?,
            })
        })
    }

    /// Whether it is time for the next one.
    pub(crate) fn is_ageing(&self, wall_ms: i64) -> bool {
        self.expires_ms.is_some_and(|expires_ms| expires_ms.saturating_sub(wall_ms) < ROTATE_MS)
    }
}

impl Keychain {
    /// As it was stored.
    pub(crate) fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self {
                user_agent_id: fields.text("userAgentId"),
                token: fields.object("token", FastToken::read),
                is_plain_barred: fields.flag("isPlainBarred"),
                is_changed: false,
            })
        })
    }

    /// Whether it changed since [`take_changed`](Self::take_changed).
    pub(crate) fn has_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether it changed since it was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// What is to be stored, if there is anything.
    pub(crate) fn record(&self) -> Option<Self> {
        let copy = Self { is_changed: false, ..self.clone() };
        (copy != Self::default()).then_some(copy)
    }

    /// Takes in what was stored. A mechanism that was too weak stays so.
    pub(crate) fn restore(&mut self, record: Option<Self>) {
        let is_plain_barred = self.is_plain_barred;
        match record.filter(|record| record.user_agent_id.as_deref().is_none_or(is_uuid)) {
            Some(record) => *self = Self { is_changed: is_plain_barred && !record.is_plain_barred, ..record },
            None => self.is_changed = true,
        }
        self.is_plain_barred |= is_plain_barred;
    }

    /// What was stored is another page's: this one is somebody else from now on.
    pub(crate) fn part(&mut self) {
        *self = Self { is_plain_barred: self.is_plain_barred, ..Self::default() };
    }

    /// XEP-0388, section 2.3: the id of this installation, a UUID of version 4, the same at every login.
    pub(crate) fn user_agent_id(&mut self, entropy: &mut dyn Entropy) -> String {
        if let Some(id) = &self.user_agent_id {
            return id.clone();
        }
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        // RFC 9562, section 5.4.
        let number =
            u128::from_be_bytes(bytes) & !(0xF000_u128 << 64) & !(0xC000_u128 << 48) | 0x4000_u128 << 64 | 0x8000_u128 << 48;
        let hex = format!("{number:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let id = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        self.user_agent_id = Some(id.clone());
        self.is_changed = true;
        id
    }

    /// The token, unless it has expired by the clock on the wall.
    pub(crate) fn token(&self, wall_ms: i64) -> Option<&FastToken> {
        self.token.as_ref().filter(|token| token.expires_ms.is_none_or(|expires_ms| wall_ms < expires_ms))
    }

    /// Counts one more use of the token (XEP-0484, section 3.4: a positive integer, greater with every attempt). A token that was used
    /// as often as can be counted is given up.
    pub(crate) fn count_use(&mut self) -> Option<u32> {
        self.is_changed = true;
        match self.token.as_mut()?.count.checked_add(1) {
            // The schema of XEP-0484 has it as an int.
            Some(count) if i32::try_from(count).is_ok() => {
                self.token.as_mut()?.count = count;
                Some(count)
            }
            _ => {
                self.token = None;
                None
            }
        }
    }

    /// One token takes the place of another in one step, so that there is always one that works (XEP-0484, section 3.5).
    pub(crate) fn replace_token(&mut self, token: Option<FastToken>) {
        self.is_changed |= self.token != token;
        self.token = token;
    }

    /// Whether the password may no longer be sent as it is.
    pub(crate) fn is_plain_barred(&self) -> bool {
        self.is_plain_barred
    }

    /// XEP-0474, section 7: clients MUST pin that they used SCRAM or EXTERNAL, and MUST NOT fall back to PLAIN from then on.
    pub(crate) fn bar_plain(&mut self) {
        self.is_changed |= !std::mem::replace(&mut self.is_plain_barred, true);
    }

    /// Forgets everything.
    pub(crate) fn erase(&mut self) {
        *self = Self { is_changed: true, ..Self::default() };
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keychain")
            .field("token", &self.token)
            .field("is_plain_barred", &self.is_plain_barred)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FastToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FastToken")
            .field("mechanism", &self.mechanism)
            .field("expires_ms", &self.expires_ms)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Drop for FastToken {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn with_token(expires_ms: Option<i64>) -> Keychain {
        let mut keychain = Keychain::default();
        keychain.replace_token(Some(FastToken::new(TokenMechanism::Sha256, "s3cret".to_owned(), expires_ms)));
        keychain
    }

    #[test]
    fn the_user_agent_id_is_a_uuid_of_version_4_and_stays() {
        // XEP-0388, section 2.3.
        for (byte, expected) in [(0xFF, "ffffffff-ffff-4fff-bfff-ffffffffffff"), (0, "00000000-0000-4000-8000-000000000000")] {
            let mut keychain = Keychain::default();
            assert_eq!(keychain.user_agent_id(&mut Fixed(byte)), expected);
            assert!(keychain.take_changed());
            assert_eq!(keychain.user_agent_id(&mut Fixed(0x11)), expected);
            assert!(!keychain.take_changed());
        }
    }

    #[test]
    fn an_expired_token_is_none_and_one_without_a_date_is_tried() {
        let keychain = with_token(Some(1_000));
        assert!(keychain.token(999).is_some());
        assert!(keychain.token(1_000).is_none());
        assert!(with_token(None).token(i64::MAX).is_some());
    }

    #[test]
    fn the_count_grows_with_every_use_starts_again_with_a_new_token_and_never_wraps() {
        let mut keychain = with_token(None);
        assert_eq!((keychain.count_use(), keychain.count_use()), (Some(1), Some(2)));
        keychain.replace_token(Some(FastToken::new(TokenMechanism::Sha256, "other".to_owned(), None)));
        assert_eq!(keychain.count_use(), Some(1));
        keychain.token.as_mut().unwrap().count = i32::MAX as u32;
        assert_eq!(keychain.count_use(), None);
        assert!(keychain.token(0).is_none());
    }

    #[test]
    fn what_is_stored_comes_back_and_what_is_unknown_or_missing_is_let_be() {
        let mut keychain = with_token(Some(5));
        keychain.user_agent_id(&mut Fixed(1));
        keychain.bar_plain();
        keychain.count_use();
        let json = serde_json::to_string(&keychain).unwrap();
        let read = |json| Keychain::read(Fields::parse(json)?);
        let mut again = read(&json).unwrap();
        assert!(!again.take_changed());
        again.is_changed = keychain.is_changed;
        assert_eq!(again, keychain);
        assert_eq!(read("{\"later\":1}"), Some(Keychain::default()));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        assert!(!format!("{:?}", with_token(None)).contains("s3cret"));
    }
}
