//! Logging out (XEP-0484, section 3.6): the session ends, the token for the next login is made worthless, and all is forgotten.
//!
//! ```text
//!   logout() ──online──▶ closing ──closed──▶ ExpectStorage ──▶ ExpectInvalidation ──done, refused, or late──▶ forgotten
//!        └─────offline────────────────────────────▲   └─────────────no token──────────────────────────────────▲
//! ```
//! The token goes by a login of its own, which binds nothing. It is done as well as can be: a server that cannot be reached in time keeps a
//! token that nobody has any more. The state is `offline` meanwhile; a connect() waits until all is done.

use super::super::error::{Code, Error};
use super::super::features::Features;
use super::super::heard::HeardMessages;
use super::super::io::{Reply, Token};
use super::super::sent::SentMessages;
use super::super::state::State;
use super::super::stream::management::Management;
use super::super::stream::{Stream, framing};
use super::super::time::Now;
use super::{CLOSE_MS, Session};

/// How long it may take to make the token worthless.
const INVALIDATION_MS: u64 = 10_000;

#[derive(Debug, Default)]
pub(super) struct Logout {
    waiting: Vec<Token>,
    /// The storage is opened, or the login that makes the token worthless is under way, until then at the latest.
    deadline_ms: Option<u64>,
}

impl Logout {
    pub(super) fn is_wanted(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn is_invalidating(&self) -> bool {
        self.deadline_ms.is_some()
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.deadline_ms
    }
}

impl Session {
    /// Disconnects, makes the token of the next login worthless, and forgets everything about the account. Settles when that is done; a
    /// server that cannot be reached does not make it fail. A connect() under way is settled with `aborted`, one that comes now follows.
    pub fn logout(&mut self, now: Now, token: Token) {
        let is_first = !self.logout.is_wanted();
        self.logout.waiting.push(token);
        if !is_first {
            return;
        }
        if self.state == State::Offline {
            self.invalidate(now);
        } else {
            self.abort_connects("logout() was called");
            self.part(now);
        }
    }

    /// Logs in with the token once more, to make it worthless. It may have to be fetched from the storage first, which calls again.
    pub(super) fn invalidate(&mut self, now: Now) {
        self.logout.deadline_ms.get_or_insert(now.mono_ms + INVALIDATION_MS);
        if !self.is_storage_known() {
            return;
        }
        let has_token = self.keychain.token(now.wall_ms).is_some();
        if !has_token || self.endpoints.begin(&self.config).is_err() {
            return self.finish_logout(now);
        }
        self.take_leave();
        if !self.try_next(now) {
            self.finish_logout(now);
        }
    }

    /// The connection for it was lost; one that was never open may have a better one behind it.
    pub(super) fn lose_invalidation(&mut self, now: Now, error: &Error) {
        if !self.stream.as_ref().is_some_and(Stream::is_open) {
            self.endpoints.fail(error, false);
            self.drop_socket();
            if self.try_next(now) {
                return;
            }
        }
        self.finish_logout(now);
    }

    /// The server has done it, or has not: either way it is told goodbye, and has the last word (RFC 7395, section 3.6).
    pub(super) fn close_invalidation(&mut self, now: Now) {
        self.push_frame(framing::close());
        self.is_closing = true;
        self.close_deadline_ms = Some(now.mono_ms + CLOSE_MS);
    }

    /// The token is worthless, or nothing more can be done about it.
    pub(super) fn finish_logout(&mut self, now: Now) {
        self.logout.deadline_ms = None;
        self.is_closing = false;
        self.drop_connection();
        self.erase(now);
        for token in std::mem::take(&mut self.logout.waiting).into_iter().chain(std::mem::take(&mut self.disconnecting)) {
            self.settle(token, Ok(Reply::Done));
        }
        if !self.connecting.is_empty() {
            self.attempt(now);
        }
    }

    /// Forgets all that is known of the account, here and wherever it is stored.
    fn erase(&mut self, now: Now) {
        let aborted = Error::new(Code::Aborted, "logout() was called");
        self.management = Management::default();
        self.drop_session(now, &aborted);
        self.outbox.discard(&aborted, &mut self.outputs);
        self.features = Features::default();
        self.heard = HeardMessages::default();
        self.sent = SentMessages::default();
        self.stampers.clear();
        // Without a record of its own it takes what is stored of it along.
        self.keychain.erase();
        self.close_storage();
    }
}
