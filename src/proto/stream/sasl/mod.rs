//! SASL (RFC 4422) as XMPP uses it (RFC 6120, section 6): which mechanism, what to say, and whether to believe the answer.
//!
//! Supported: SCRAM-SHA-512, SCRAM-SHA-256 (RFC 7677) and SCRAM-SHA-1 (RFC 5802), PLAIN (RFC 4616, never in the clear),
//! OAUTHBEARER (RFC 7628, never in the clear), EXTERNAL (RFC 4422, appendix A), ANONYMOUS (RFC 4505), the hashed tokens of FAST; SASLprep
//! (RFC 4013); the protection of SCRAM against downgrades (XEP-0474 version 0.5.0).
//!
//! Not supported: channel binding, since page code cannot see the TLS connection (so no `-PLUS` mechanism, and the gs2 flag is
//! `n`); an authorization identity; ANONYMOUS's trace.
//!
//! This module sees bytes. XML and base64 around them, and the deadline over all of it, are the stream's.

mod error;
mod exchange;
mod hashed_token;
mod keys;
mod prep;
mod scram;
#[cfg(test)]
mod tests;
mod upgrade;

pub(crate) use error::SaslError;
pub(crate) use exchange::{Exchange, Step};
pub(crate) use hashed_token::TokenMechanism;
pub use keys::{Hash, KeyRequest, derive_key};
pub(crate) use upgrade::{UPGRADES, Upgrade};

use std::collections::BinaryHeap;
use std::fmt;

use zeroize::Zeroize as _;

/// A way to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mechanism {
    /// SCRAM with SHA-512.
    ScramSha512,
    /// SCRAM with SHA-256 (RFC 7677).
    ScramSha256,
    /// SCRAM with SHA-1 (RFC 5802).
    ScramSha1,
    /// What the connection itself says, such as a client certificate (RFC 4422, appendix A).
    External,
    /// A token that somebody else has issued (RFC 7628).
    OAuthBearer,
    /// The password itself (RFC 4616).
    Plain,
    /// Nobody in particular (RFC 4505).
    Anonymous,
}

impl Mechanism {
    /// All that we speak, strongest first.
    pub(crate) const ALL: [Self; 7] =
        [Self::External, Self::ScramSha512, Self::ScramSha256, Self::ScramSha1, Self::OAuthBearer, Self::Plain, Self::Anonymous];

    /// The registered name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::External => "EXTERNAL",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::Plain => "PLAIN",
            Self::Anonymous => "ANONYMOUS",
        }
    }

    /// Greater is stronger.
    pub(crate) const fn strength(self) -> u8 {
        match self {
            Self::External => 6,
            Self::ScramSha512 => 5,
            Self::ScramSha256 => 4,
            Self::ScramSha1 => 3,
            Self::OAuthBearer => 2,
            Self::Plain => 1,
            Self::Anonymous => 0,
        }
    }

    /// Whether the password stays here and the server has to prove that it knows it too.
    pub(crate) const fn is_scram(self) -> bool {
        self.hash().is_some()
    }

    /// The hash function of a SCRAM mechanism.
    pub(crate) const fn hash(self) -> Option<Hash> {
        match self {
            Self::ScramSha512 => Some(Hash::Sha512),
            Self::ScramSha256 => Some(Hash::Sha256),
            Self::ScramSha1 => Some(Hash::Sha1),
            Self::External | Self::OAuthBearer | Self::Plain | Self::Anonymous => None,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who logs in. Its `Debug` never shows the password, whose memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// An account.
    Password {
        /// The localpart of the account's JID, not yet prepared.
        username: String,
        /// As the user typed it.
        password: String,
    },
    /// An account, and a token for it from whoever issues them.
    Token {
        /// The bare JID.
        jid: String,
        token: String,
    },
    /// The connection itself says who it is.
    External,
    /// An account that lives as long as the session.
    Anonymous,
    /// Nothing to log in with.
    None,
}

impl Credentials {
    fn suits(&self, mechanism: Mechanism) -> bool {
        match self {
            Self::Password { .. } => mechanism == Mechanism::Plain || mechanism.is_scram(),
            Self::Token { .. } => mechanism == Mechanism::OAuthBearer,
            Self::External => mechanism == Mechanism::External,
            Self::Anonymous => mechanism == Mechanism::Anonymous,
            Self::None => false,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => f.debug_struct("Password").field("username", username).finish_non_exhaustive(),
            Self::Token { jid, .. } => f.debug_struct("Token").field("jid", jid).finish_non_exhaustive(),
            Self::External => f.write_str("External"),
            Self::Anonymous => f.write_str("Anonymous"),
            Self::None => f.write_str("None"),
        }
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        if let Self::Password { password: secret, .. } | Self::Token { token: secret, .. } = self {
            secret.zeroize();
        }
    }
}

/// What the connection and its history allow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    /// The transport is wss, or does not leave this machine.
    pub(crate) allows_plain: bool,
    /// A password is used with nothing weaker than this. Set it to [`Mechanism::ScramSha1`] once any SCRAM was tried: whoever answers a
    /// failed SCRAM by asking for the password may be somebody who could not answer it.
    pub(crate) floor: Option<Mechanism>,
}

/// What a server says it offers, as XEP-0474, section 6.1, has it hashed.
pub(crate) fn downgrade_input(mechanisms: &[String], channel_bindings: Option<&[String]>) -> String {
    // Byte order is the collation "i;octet".
    let sorted = |names: &[String]| names.iter().map(String::as_str).collect::<BinaryHeap<_>>().into_sorted_vec().join("\u{1e}");
    match channel_bindings {
        Some(types) => format!("{}\u{1f}{}", sorted(mechanisms), sorted(types)),
        None => sorted(mechanisms),
    }
}

/// The strongest of the `offered` mechanisms that the credentials and the policy allow.
///
/// Names that we do not know, `-PLUS` variants among them, are passed over.
pub(crate) fn choose<'a>(
    offered: impl Iterator<Item = &'a str>,
    credentials: &Credentials,
    policy: &Policy,
) -> Result<Mechanism, SaslError> {
    if *credentials == Credentials::None {
        return Err(SaslError::NoCredentials);
    }
    let offered: Vec<&str> = offered.collect();
    let mut refusal = None;
    for mechanism in Mechanism::ALL {
        if !credentials.suits(mechanism) || !offered.contains(&mechanism.as_str()) {
            continue;
        }
        let is_password = matches!(credentials, Credentials::Password { .. });
        if let Some(floor) = policy.floor.filter(|floor| is_password && mechanism.strength() < floor.strength()) {
            refusal.get_or_insert(SaslError::DowngradeRefused { floor, offered: error::printable_names(&offered) });
        } else if matches!(mechanism, Mechanism::Plain | Mechanism::OAuthBearer) && !policy.allows_plain {
            // RFC 4616, section 1, and RFC 7628, section 5: not for a connection that others can read.
            refusal.get_or_insert(SaslError::PlainInsecure { offered: error::printable_names(&offered) });
        } else {
            return Ok(mechanism);
        }
    }
    Err(refusal.unwrap_or_else(|| SaslError::NoCommonMechanism { offered: error::printable_names(&offered) }))
}
