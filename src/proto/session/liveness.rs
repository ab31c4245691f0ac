//! Whether the server is still there, and what it has of that which was sent.
//!
//! A socket that says that it is open may be dead. After a while of silence the server is asked for a sign of life; how long a while
//! depends on whether an answer is due. Any frame is a sign of life.

use super::super::config::Timeouts;
use super::super::iq::Owner;
use super::super::time::Now;
use super::super::xml::{Writer, ns};
use super::{PING, Session};

/// Slower than what people chat over: 128 kbit/s.
const SLOW_BYTES_PER_MS: u64 = 16;
/// What is no burden to any network.
const FREE_BYTES: u64 = 16 * 1024;
/// So many connections of one session may end in silence without an answer in between, ...
const MOST_SILENCES: u8 = 5;
/// ... or any number of them within that time: on a network that fails again and again the server need not be deaf.
const SILENCE_MS: u64 = 120_000;

impl Session {
    /// Whatever comes in is a sign of life.
    pub(super) fn note_sign(&mut self, now: Now) {
        self.last_inbound_ms = now.mono_ms;
        self.is_awaiting_sign = false;
    }

    /// The server answered something that was said on this connection: it not only speaks, it hears.
    pub(super) fn note_answer(&mut self) {
        (self.silences, self.silent_since_ms, self.is_server_deaf) = (0, None, false);
    }

    /// A connection ends, since the server said nothing when it was asked.
    pub(super) fn note_silence(&mut self, now: Now) {
        let since_ms = *self.silent_since_ms.get_or_insert(now.mono_ms);
        self.silences = self.silences.saturating_add(1);
        self.is_server_deaf = self.silences >= MOST_SILENCES && now.mono_ms.saturating_sub(since_ms) >= SILENCE_MS;
    }

    /// Whether the session is to be resumed when its connection is lost. A server can resume a session and be deaf in it (Prosody 13, after it
    /// refused a fragment of a WebSocket message): resuming it again and again would never end.
    pub(super) fn may_resume(&self) -> bool {
        self.is_established && self.management.can_resume() && !self.is_server_deaf
    }

    /// Reckons with the time that a slow network needs for what was sent: nothing that stands behind it can be answered before.
    pub(super) fn note_sent(&mut self, now: Now) {
        let bytes = self.outbox.sent_bytes();
        let fresh = bytes.saturating_sub(std::mem::replace(&mut self.bytes_reckoned, bytes));
        // What is small puts nothing off: somebody who goes on writing would never learn that nobody is there.
        if fresh > FREE_BYTES {
            self.transferred_at_ms = self.transferred_at_ms.max(now.mono_ms) + (fresh - FREE_BYTES) / SLOW_BYTES_PER_MS;
        }
    }

    /// When the server is to be asked for a sign of life: soon where it owes an answer, late where it owes none, and in any case
    /// before it takes us for dead (XEP-0478).
    pub(super) fn sign_due_ms(&self) -> Option<u64> {
        if !self.is_online() || self.is_closing || self.is_awaiting_sign {
            return None;
        }
        let Timeouts { ping_ms, pong_ms, .. } = self.config.timeouts;
        let silence_ms = if self.management.is_asking() {
            // Servers answer that at once (XEP-0198, section 4).
            ping_ms.min(pong_ms / 4)
        } else if self.iqs.is_empty() {
            ping_ms
        } else {
            ping_ms.min(pong_ms)
        };
        let due_ms = self.last_inbound_ms.max(self.asked_at_ms).max(self.transferred_at_ms) + u64::from(silence_ms);
        let idle_seconds = self.stream.as_ref().and_then(|stream| stream.features().limits.idle_seconds);
        let kept_alive_ms = idle_seconds.map(|seconds| self.sign_asked_at_ms + u64::from(seconds) * 1_000 * 3 / 4);
        Some(kept_alive_ms.map_or(due_ms, |kept_alive_ms| kept_alive_ms.min(due_ms)))
    }

    /// When the server is to be asked in another way what it has. That its frames come in shows that they reach us, not that ours
    /// reach it; and some never answer an `<r/>`.
    pub(super) fn doubt_due_ms(&self) -> Option<u64> {
        let is_waiting = self.management.is_in_doubt() && !self.is_probing && self.is_online() && !self.is_closing;
        is_waiting.then(|| self.asked_at_ms.max(self.transferred_at_ms) + u64::from(self.config.timeouts.pong_ms))
    }

    /// When the server is to be told what has arrived, at the latest.
    pub(super) fn tell_due_ms(&self) -> Option<u64> {
        self.management.tell_at_ms().filter(|_| self.is_bound() && !self.is_closing)
    }

    pub(super) fn ask_for_sign(&mut self, now: Now) {
        // RFC 6120, section 4.4: nothing follows our `<close/>`.
        if !self.is_closing && !std::mem::replace(&mut self.is_awaiting_sign, true) {
            self.sign_asked_at_ms = now.mono_ms;
            let timeout_ms = self.with_transfer(now, self.config.timeouts.pong_ms);
            self.ping(now, Owner::SignOfLife, timeout_ms);
        }
    }

    /// Asks the server whether it has the messages on the wire, one question at a time: by stream management, or by a ping behind them.
    pub(super) fn ask_for_confirmation(&mut self, now: Now) {
        if !self.outbox.wants_confirmation() || !self.is_bound() {
            return;
        }
        if self.management.is_expected() {
            if self.management.ask(self.outbox.sent_count(), &mut self.outputs) {
                self.asked_at_ms = now.mono_ms;
            }
        } else if !self.is_probing {
            self.probe(now);
        }
    }

    /// As [`ask_for_confirmation`](Self::ask_for_confirmation), whatever question is open already: that one stands before the
    /// messages that were sent since, and there will be no other.
    pub(super) fn ask_for_last_confirmation(&mut self, now: Now) {
        if !self.outbox.wants_confirmation() || !self.is_bound() {
            return;
        }
        if self.management.is_expected() {
            self.management.ask_again(self.outbox.sent_count(), &mut self.outputs);
        } else {
            self.probe(now);
        }
    }

    pub(super) fn probe(&mut self, now: Now) {
        self.is_probing = true;
        let count = self.outbox.sent_count();
        let timeout_ms = self.with_transfer(now, self.config.timeouts.request_ms);
        self.ping(now, Owner::Probe(count), timeout_ms);
    }

    /// From now until what is on its way has had time to arrive, and so much longer.
    fn with_transfer(&self, now: Now, timeout_ms: u32) -> u32 {
        let transfer_ms = self.transferred_at_ms.saturating_sub(now.mono_ms);
        u32::try_from(u64::from(timeout_ms) + transfer_ms).unwrap_or(u32::MAX)
    }

    pub(super) fn ping(&mut self, now: Now, owner: Owner, timeout_ms: u32) {
        let id = self.ids.new_id();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).attr("type", "get").attr("id", &id).attr("to", &self.config.account.domain).empty("ping", PING);
        if let Ok(frame) = w.finish() {
            self.iqs.insert(id, Some(&self.config.account.domain), now.mono_ms + u64::from(timeout_ms), owner);
            self.outbox.transmit(frame, &mut self.outputs);
        }
    }
}
