//! SASL (RFC 4422) as XMPP uses it (RFC 6120, section 6): which mechanism, what to say, and whether to believe the answer.
//!
//! Supported: SCRAM-SHA-512, SCRAM-SHA-256 (RFC 7677) and SCRAM-SHA-1 (RFC 5802), PLAIN (RFC 4616, never in the clear),
//! ANONYMOUS (RFC 4505), with SASLprep (RFC 4013).
//!
//! Not supported: channel binding, since page code cannot see the TLS connection (so no `-PLUS` mechanism, and the gs2 flag is
//! `n`); an authorization identity; ANONYMOUS's trace.
//!
//! This module sees bytes. XML and base64 around them, and the deadline over all of it, are the stream's.

mod error;
mod exchange;
mod keys;
mod prep;
mod scram;
#[cfg(test)]
mod tests;

pub(crate) use error::SaslError;
pub(crate) use exchange::{Exchange, Step};
pub use keys::{Hash, KeyRequest, derive_key};

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
    /// The password itself (RFC 4616).
    Plain,
    /// Nobody in particular (RFC 4505).
    Anonymous,
}

impl Mechanism {
    /// All that we speak, strongest first.
    pub(crate) const ALL: [Self; 5] = [Self::ScramSha512, Self::ScramSha256, Self::ScramSha1, Self::Plain, Self::Anonymous];

    /// The registered name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::Plain => "PLAIN",
            Self::Anonymous => "ANONYMOUS",
        }
    }

    /// Greater is stronger.
    pub(crate) const fn strength(self) -> u8 {
        match self {
            Self::ScramSha512 => 4,
            Self::ScramSha256 => 3,
            Self::ScramSha1 => 2,
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
            Self::Plain | Self::Anonymous => None,
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
    /// An account that lives as long as the session.
    Anonymous,
    /// Nothing to log in with.
    None,
}

impl Credentials {
    fn suits(&self, mechanism: Mechanism) -> bool {
        match self {
            Self::Password { .. } => mechanism != Mechanism::Anonymous,
            Self::Anonymous => mechanism == Mechanism::Anonymous,
            Self::None => false,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => f.debug_struct("Password").field("username", username).finish_non_exhaustive(),
            Self::Anonymous => f.write_str("Anonymous"),
            Self::None => f.write_str("None"),
        }
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        if let Self::Password { password, .. } = self {
            password.zeroize();
        }
    }
}

/// What the connection and its history allow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    /// The transport is wss, or does not leave this machine.
    pub(crate) allows_plain: bool,
    /// Nothing weaker than this. Set it to [`Mechanism::ScramSha1`] once any SCRAM was tried: whoever answers a failed SCRAM by
    /// asking for the password may be somebody who could not answer it.
    pub(crate) floor: Option<Mechanism>,
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
        if let Some(floor) = policy.floor.filter(|floor| mechanism.strength() < floor.strength()) {
            refusal.get_or_insert(SaslError::DowngradeRefused { floor, offered: error::printable_names(&offered) });
        } else if mechanism == Mechanism::Plain && !policy.allows_plain {
            // RFC 4616, section 1: PLAIN is not for a connection that others can read.
            refusal.get_or_insert(SaslError::PlainInsecure { offered: error::printable_names(&offered) });
        } else {
            return Ok(mechanism);
        }
    }
    Err(refusal.unwrap_or_else(|| SaslError::NoCommonMechanism { offered: error::printable_names(&offered) }))
}
