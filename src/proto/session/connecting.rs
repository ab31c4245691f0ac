//! Making a connection: endpoint after endpoint, step after step, and wherever the server sends us.

use super::super::config::Config;
use super::super::discovery::{HostMeta, HostMetaFault, Next};
use super::super::error::{Code, Error};
use super::super::io::Output;
use super::super::state::State;
use super::super::stream::{Stream, WaitsOn, framing};
use super::super::time::Now;
use super::Session;

impl Session {
    /// One attempt over all endpoints, or the reason why there is none.
    pub(super) fn attempt(&mut self, now: Now) {
        self.endpoints.forget_redirects();
        self.begin(now);
    }

    fn begin(&mut self, now: Now) {
        if !self.is_storage_ready(now) {
            return;
        }
        self.retry_at_ms = None;
        if let Err(error) = self.endpoints.begin(&self.config) {
            return self.end(now, Some(error));
        }
        self.deadlines.start(now, self.config.timeouts.connect_ms);
        self.announce(State::Connecting, |_| {});
        self.try_next(now);
    }

    /// Goes on to the next endpoint, if there is one.
    pub(super) fn try_next(&mut self, now: Now) -> bool {
        self.deadlines.end_step();
        match self.endpoints.next(&self.config, &mut self.ids) {
            Next::Open(url) => {
                // The new socket takes the place of the one that waits for a last word.
                self.farewell_deadline_ms = None;
                let is_private = Config::is_private(&url);
                let is_last = self.logout.is_invalidating();
                self.stream = Some(if is_last { Stream::to_log_out(is_private) } else { Stream::new(is_private) });
                self.outputs.push_back(Output::OpenSocket { url });
            }
            Next::Search(fetches) => {
                self.take_leave();
                self.outputs.extend(fetches);
            }
            Next::Nothing => return false,
        }
        self.watch_steps(now);
        true
    }

    /// A connection that was being made failed: another endpoint may do. Returns the error of the attempt if none is left.
    pub(super) fn try_elsewhere(&mut self, now: Now, error: Error) -> Option<Error> {
        if self.state != State::Connecting || self.is_bound() || !is_of_the_endpoint(&error) {
            return Some(error);
        }
        self.endpoints.fail(&error, self.stream.as_ref().is_some_and(Stream::is_open));
        if !self.deadlines.is_over(now) {
            self.drop_socket();
            if self.try_next(now) {
                return None;
            }
        }
        Some(self.endpoints.failure(error, &self.config))
    }

    #[inline(never)]
    pub(super) fn handle_host_meta(&mut self, now: Now, id: u32, fetched: Result<HostMeta, HostMetaFault>) {
        if self.endpoints.handle_host_meta(now, id, fetched, &self.config) {
            self.leave_search(now);
        }
    }

    fn leave_search(&mut self, now: Now) {
        if !self.try_next(now) {
            self.lose(now, Error::new(Code::ConnectionFailed, "there is no other endpoint to try"));
        }
    }

    /// The server sends us to another endpoint (RFC 7395, section 3.6.1). The login there is a new one; the session goes on if the server
    /// can resume it.
    pub(super) fn follow(&mut self, now: Now, target: &str) {
        if self.is_closing {
            return self.end(now, None);
        }
        self.push_frame(framing::close());
        if self.is_stable(now) {
            self.endpoints.forget_redirects();
        }
        if let Err(error) = self.endpoints.redirect(target, &self.config) {
            return self.lose(now, error);
        }
        let is_connecting = self.state == State::Connecting || self.logout.is_invalidating();
        if is_connecting && !self.is_bound() {
            self.drop_socket();
            self.try_next(now);
            return;
        }
        // The time of a connect() under way goes on.
        let deadlines = (self.state == State::Connecting).then(|| std::mem::take(&mut self.deadlines));
        self.let_go(now, &Error::new(Code::ConnectionLost, "the server moved the connection to another endpoint"));
        self.begin(now);
        if let Some(deadlines) = deadlines {
            self.deadlines = deadlines;
            self.deadlines.end_step();
            self.watch_steps(now);
        }
    }

    /// Looks after the time that a step may take.
    pub(super) fn watch_steps(&mut self, now: Now) {
        if self.state != State::Connecting || self.is_closing {
            return;
        }
        let waits_on = match &self.stream {
            Some(stream) => stream.waits_on(),
            None if self.endpoints.is_searching() => WaitsOn::Server,
            // The storage.
            None => WaitsOn::Machine,
        };
        // Whoever speaks XMPP is hardly the wrong one, and gets more of the time.
        let shares = if self.stream.as_ref().is_some_and(Stream::is_open) { 1 } else { self.endpoints.shares(&self.config) };
        self.deadlines.follow(now, self.waits_for(), waits_on, shares);
    }

    fn waits_for(&self) -> &'static str {
        match &self.stream {
            Some(stream) => stream.waits_for(),
            None if self.endpoints.is_searching() => "the domain's host metadata",
            None => "the storage",
        }
    }

    pub(super) fn connecting_due_ms(&self) -> Option<u64> {
        [self.deadlines.due_ms(), self.endpoints.deadline_ms()].into_iter().flatten().min()
    }

    /// A step took too long. `false`: there was none.
    pub(super) fn handle_late_step(&mut self, now: Now) -> bool {
        let is_due = self.connecting_due_ms().is_some_and(|due_ms| due_ms <= now.mono_ms);
        if !is_due {
            return false;
        }
        if self.endpoints.is_searching() && !self.deadlines.is_over(now) {
            self.endpoints.give_up_search(&self.config);
            self.leave_search(now);
            return true;
        }
        let waits_for = self.waits_for();
        let error = Error::new(Code::Timeout, format!("connecting took too long, waiting for {waits_for}"));
        self.abandon(now, error.remedy("Check that the server answers; where the network is slow, raise timeouts.connectMs."));
        true
    }
}

/// Whether another endpoint may do better. What the server says about the login it would say anywhere.
fn is_of_the_endpoint(error: &Error) -> bool {
    match error.code {
        Code::AuthFailed | Code::Insecure | Code::InvalidArgument | Code::Aborted => false,
        Code::StreamError => !matches!(error.condition.as_deref(), Some("conflict" | "not-authorized" | "policy-violation")),
        _ => true,
    }
}
