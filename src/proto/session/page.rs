//! What the browser says of the page and of the network.
//!
//! Client state indication (XEP-0352, version 1.0.0): while the page is hidden, the server may hold back what can wait.

use super::super::state::State;
use super::super::time::Now;
use super::super::xml::{Writer, ns};
use super::Session;

/// Clocks of one machine drift apart by less than that while it is awake.
const SLEEP_MS: i64 = 5_000;

impl Session {
    /// A socket may say that it is open, and be dead: after a sleep, on another network. Whoever waits for a retry waits no longer.
    #[inline(never)]
    pub(super) fn handle_wake(&mut self, now: Now) {
        match self.state {
            State::Online => self.ask_for_sign(now),
            State::Waiting if !self.is_network_down => self.attempt(now),
            State::Waiting | State::Connecting | State::Offline => {}
        }
    }

    #[inline(never)]
    pub(super) fn handle_network(&mut self, now: Now, is_online: bool) {
        self.is_network_down = !is_online;
        self.handle_wake(now);
    }

    /// Whether the machine slept since the last input: the clock on the wall went on, and the monotonic one stood.
    pub(super) fn has_slept(&self, now: Now) -> bool {
        self.last_now.is_some_and(|last| {
            let on_the_wall = now.wall_ms.saturating_sub(last.wall_ms);
            let awake = i64::try_from(now.mono_ms.saturating_sub(last.mono_ms)).unwrap_or(i64::MAX);
            on_the_wall.saturating_sub(awake) > SLEEP_MS
        })
    }

    #[inline(never)]
    pub(super) fn handle_visibility(&mut self, now: Now, is_visible: bool) {
        self.is_hidden = !is_visible;
        if is_visible {
            self.handle_wake(now);
        }
    }

    /// Tells the server whether the page is hidden, where it wants to know. XEP-0352, section 5: a new stream begins as active, a resumed one too.
    pub(super) fn tell_client_state(&mut self) {
        let wants_to_know = self.stream.as_ref().is_some_and(|stream| stream.is_bound() && stream.features().has_client_state);
        if !self.is_online() || self.is_closing || !wants_to_know || self.is_told_hidden == self.is_hidden {
            return;
        }
        self.is_told_hidden = self.is_hidden;
        let mut w = Writer::new();
        w.empty(if self.is_hidden { "inactive" } else { "active" }, ns::CLIENT_STATE);
        self.push_frame(w);
    }
}
