//! Making a connection, losing it, ending it.

use super::super::error::{Code, Error};
use super::super::feature::Flow;
use super::super::io::{Output, Reply};
use super::super::router;
use super::super::state::State;
use super::super::stream::management::Management;
use super::super::stream::{Stream, framing};
use super::super::time::Now;
use super::{CLOSE_MS, Session};

/// Online for so long, a connection counts as stable: when it is lost, the backoff starts anew.
const STABLE_MS: u64 = 30_000;

impl Session {
    /// What follows from an input or a command, whatever it was.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(super) fn settle_down(&mut self, now: Now) {
        // After disconnect() the roster may still come in: it brings nobody online any more.
        let is_ready =
            self.state == State::Connecting && !self.is_closing && self.is_bound() && self.features.roster.is_settled();
        if is_ready {
            self.deadlines.stop();
            self.has_been_online = true;
            self.storage.settle();
            self.online_since_ms = now.mono_ms;
            self.sign_asked_at_ms = now.mono_ms;
            let is_resumed = std::mem::replace(&mut self.is_established, true);
            if !is_resumed {
                self.with(now, |features, cx| {
                    if features.presence.send_first(cx) {
                        features.archive.follow_presence(cx);
                    }
                });
            }
            self.announce(State::Online, |change| change.is_resumed = Some(is_resumed));
            self.outbox.open(&mut self.outputs);
            for token in std::mem::take(&mut self.connecting) {
                self.settle(token, Ok(Reply::Done));
            }
        }
        if self.features_due_ms().is_some_and(|due_ms| due_ms <= now.mono_ms) {
            self.with(now, |features, cx| features.handle_deadlines(cx));
        }
        self.tell_client_state();
        self.watch_steps(now);
        // RFC 6120, section 4.4: nothing follows our `<close/>`.
        if !self.is_closing {
            self.ask_for_confirmation(now);
            if self.is_bound() {
                self.management.tell_in_time(now.mono_ms, &mut self.outputs);
            }
        }
        self.note_sent(now);
    }

    /// Tells the server what it did wrong (RFC 6120, section 4.9), and gives up.
    pub(super) fn break_off(&mut self, now: Now, condition: &str, error: Error) {
        // RFC 6120, section 4.4: nothing follows our `<close/>`.
        if !self.is_closing && self.stream.as_ref().is_some_and(Stream::is_open) {
            self.push_frame(framing::stream_error(condition));
        }
        self.give_up(now, error);
    }

    /// Closes the stream, where there is one, and counts the connection as lost.
    pub(super) fn give_up(&mut self, now: Now, error: Error) {
        if self.is_closing {
            return self.end(now, None);
        }
        let is_open = self.stream.as_ref().is_some_and(Stream::is_open);
        if is_open && self.logout.is_invalidating() {
            return self.close_invalidation(now);
        }
        if is_open {
            self.push_frame(framing::close());
            self.farewell_deadline_ms = Some(now.mono_ms + CLOSE_MS);
        }
        self.lose(now, error);
    }

    /// As [`give_up`](Self::give_up), of a connection that is silent. A session that can be resumed is spared the `<close/>`: one that gets
    /// through late, or behind a `<resume/>`, would end it (XEP-0198, section 5).
    pub(super) fn abandon(&mut self, now: Now, error: Error) {
        if self.may_resume() && !self.is_closing { self.lose(now, error) } else { self.give_up(now, error) }
    }

    /// Closes the socket that was kept open for the server's last word (RFC 7395, section 3.6: whoever closes the stream waits for the
    /// answer). The session itself has gone on since.
    pub(super) fn take_leave(&mut self) {
        if self.farewell_deadline_ms.take().is_some() {
            self.outputs.push_back(Output::CloseSocket);
        }
    }

    /// The connection is gone. It is made again if it ever was online and if that can help.
    pub(super) fn lose(&mut self, now: Now, error: Error) {
        if self.logout.is_invalidating() {
            return self.lose_invalidation(now, &error);
        }
        let Some(error) = self.try_elsewhere(now, error) else { return };
        // A server that takes us in and drops us at once is not pressed.
        if self.is_stable(now) {
            self.backoff.reset();
        }
        let delay_ms = match self.config.reconnect {
            Some(reconnect) if self.has_been_online && !framing::is_final(&error) => {
                let fraction = self.ids.fraction();
                self.backoff.next_delay_ms(reconnect, fraction)
            }
            _ => None,
        };
        let Some(delay_ms) = delay_ms else { return self.end(now, Some(error)) };
        self.let_go(now, &error);
        self.retry_at_ms = Some(now.mono_ms + u64::from(delay_ms));
        self.announce(State::Waiting, |change| {
            change.error = Some(error.clone());
            change.retry_in_ms = Some(delay_ms);
        });
        for token in std::mem::take(&mut self.connecting) {
            self.settle(token, Err(error.clone()));
        }
    }

    /// The session is over: wanted, where there is no error.
    pub(super) fn end(&mut self, now: Now, error: Option<Error>) {
        if self.logout.is_invalidating() {
            return self.finish_logout(now);
        }
        if error.is_none() {
            self.take_leave();
        }
        let was_closing = std::mem::take(&mut self.is_closing);
        let cause = error.clone().unwrap_or_else(|| Error::new(Code::ConnectionLost, "the client disconnected"));
        self.drop_connection();
        self.has_been_online = false;
        self.backoff.reset();
        match &error {
            // What an earlier page has left waits for the next attempt: this one did not come far enough to say what becomes of it.
            Some(error) if self.storage.has_restored() => {
                if !(self.is_established && self.management.can_resume()) {
                    self.management = Management::default();
                    self.drop_session(now, &cause);
                }
                self.outbox.discard_new(error, &mut self.outputs);
            }
            _ => {
                self.management = Management::default();
                self.drop_session(now, &cause);
                self.endpoints.forget_session();
                let aborted = Error::new(Code::Aborted, "disconnect() was called");
                self.outbox.discard(error.as_ref().unwrap_or(&aborted), &mut self.outputs);
            }
        }
        match &error {
            // A logout has still to use what is stored, and erases it then.
            _ if self.logout.is_wanted() => {}
            None => self.close_storage(),
            Some(_) => self.leave_storage(now),
        }
        self.announce(State::Offline, |change| change.error = error.clone());
        for token in std::mem::take(&mut self.disconnecting) {
            self.settle(token, Ok(Reply::Done));
        }
        if self.logout.is_wanted() {
            return self.invalidate(now);
        }
        // A connect() that came while the stream was closing wants the next one.
        if was_closing && !self.connecting.is_empty() {
            return self.attempt(now);
        }
        match error {
            Some(error) => {
                for token in std::mem::take(&mut self.connecting) {
                    self.settle(token, Err(error.clone()));
                }
            }
            None => self.abort_connects("disconnect() was called"),
        }
    }

    /// Settles every connect() that waits: the app wants something else now.
    pub(super) fn abort_connects(&mut self, why: &str) {
        for token in std::mem::take(&mut self.connecting) {
            self.settle(token, Err(Error::new(Code::Aborted, why)));
        }
    }

    /// Whether the session has been online for so long that what comes now is no consequence of the login.
    pub(super) fn is_stable(&self, now: Now) -> bool {
        self.state == State::Online && now.mono_ms.saturating_sub(self.online_since_ms) >= STABLE_MS
    }

    /// Lets go of the connection, and of the session too if nobody can resume it.
    pub(super) fn let_go(&mut self, now: Now, error: &Error) {
        self.drop_connection();
        if self.may_resume() {
            self.outbox.suspend();
        } else {
            self.management = Management::default();
            self.drop_session(now, error);
        }
    }

    /// Closes the socket, or leaves it to the server's last word. A search for the server ends too.
    pub(super) fn drop_socket(&mut self) {
        let is_searching = self.endpoints.stop_search();
        if (self.stream.take().is_some() && self.farewell_deadline_ms.is_none()) || is_searching {
            self.outputs.push_back(Output::CloseSocket);
        }
    }

    /// Lets go of the connection. The session may outlive it.
    pub(super) fn drop_connection(&mut self) {
        self.drop_socket();
        self.deadlines.stop();
        self.is_probing = false;
        self.is_awaiting_sign = false;
        self.is_told_hidden = false;
        self.transferred_at_ms = 0;
        self.close_deadline_ms = None;
        self.retry_at_ms = None;
    }

    /// Lets go of the session and of all that hung on it: it cannot be resumed any more.
    pub(super) fn drop_session(&mut self, now: Now, error: &Error) {
        if !std::mem::take(&mut self.has_session) {
            return;
        }
        self.is_established = false;
        let lost = Error::new(Code::ConnectionLost, "the connection was lost before an answer came").because(error.clone());
        for owner in self.iqs.drain() {
            self.with(now, |features, cx| router::fail(owner, &lost, features, cx));
        }
        self.with(now, |features, cx| {
            features.each(|feature| {
                feature.on_offline(cx);
                Flow::Continue
            })
        });
        self.outbox.lose();
        self.own_jid = self.config.account.bare();
    }
}
