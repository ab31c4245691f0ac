//! What comes in: frames, answers of the browser, and time.
//!
//! What few pages need, or each of them once, is not inlined: a browser compiles a function when it is first called, all of it, on the main
//! thread, and optimises a large one late.

use super::super::error::{Code, Error};
use super::super::event::{Direction, Event, StanzaText};
use super::super::feature::Flow;
use super::super::io::Output;
use super::super::iq::Owner;
use super::super::router::{self, Routed};
use super::super::stream::management::Said;
use super::super::stream::{Io, Progress, Stream, framing};
use super::super::time::Now;
use super::super::trace;
use super::super::xml::{self, Element, Reading, XmlFault, ns};
use super::Session;

impl Session {
    /// Lets the stream go on with the negotiation.
    pub(super) fn negotiate(&mut self, now: Now, act: impl FnOnce(&mut Stream, &mut Io<'_>) -> Result<Progress, Error>) {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.is_closing) else { return };
        let mut io = Io {
            now,
            config: &self.config,
            ids: &mut self.ids,
            management: &mut self.management,
            keychain: &mut self.keychain,
            offered: &self.offered,
            sent_count: self.outbox.sent_count(),
            outputs: &mut self.outputs,
        };
        let progress = act(stream, &mut io);
        if stream.is_bound() {
            self.offered.clone_from(stream.features());
            self.outbox.limit(self.offered.limits.max_bytes);
        }
        self.follow_progress(now, progress);
    }

    #[inline(never)]
    fn follow_progress(&mut self, now: Now, progress: Result<Progress, Error>) {
        match progress {
            Ok(Progress::Negotiating) => {}
            Ok(Progress::Bound(jid)) => {
                // What is left of a session that this server cannot resume at all.
                self.drop_session(now, &Error::new(Code::ConnectionLost, "the session was not resumed"));
                self.endpoints.remember();
                self.own_jid = jid;
                self.has_session = true;
                self.outbox.begin(self.management.is_keeping());
                self.tell_online(now, false);
            }
            Ok(Progress::Resumed(said)) => {
                self.endpoints.remember();
                self.hear(said);
                self.outbox.resend(&mut self.outputs);
                self.tell_online(now, true);
            }
            Ok(Progress::NotResumed(said)) => {
                self.hear(said);
                self.drop_session(now, &Error::new(Code::ConnectionLost, "the server no longer had the session"));
            }
            Ok(Progress::Invalidated) => self.close_invalidation(now),
            Err(error) => self.give_up(now, error),
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(super) fn handle_frame(&mut self, now: Now, frame: &str) {
        if self.stream.is_none() {
            if xml::root_of(frame).is_some_and(|(name, namespace)| (name, &*namespace) == ("close", ns::FRAMING)) {
                self.take_leave();
            }
            return;
        }
        self.note_sign(now);
        if self.reports_stanzas {
            let xml = trace::redact(frame).into_owned();
            self.outputs.push_back(Output::Event(Event::Stanza(StanzaText { direction: Direction::In, xml })));
        }
        let limits = self.config.limits;
        let Reading { root, document } = xml::read(frame, &limits);
        let (name, namespace) = root.unwrap_or_default();
        let is_stanza = router::is_stanza(name, &namespace);
        if is_stanza && !self.is_bound() {
            self.negotiate(now, |stream, io| Ok(stream.stop_waiting_for_features(io).unwrap_or(Progress::Negotiating)));
        }
        if is_stanza && self.is_bound() {
            // What comes behind our `<close/>` is not confirmed any more, and the server delivers the message again at the next login:
            // were it shown now, it would be shown twice.
            if self.is_closing && self.management.is_on() && name == "message" {
                return;
            }
            // I8: what is counted is what came, whether it can be read or not.
            self.management.count_inbound(now.mono_ms);
        }
        match document {
            Ok(document) => self.handle_element(now, frame, document.root(), is_stanza),
            Err(fault) => self.handle_fault(now, fault),
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(super) fn handle_element(&mut self, now: Now, frame: &str, element: Element<'_>, is_stanza: bool) {
        let is_bound = self.is_bound();
        match (element.name(), element.namespace()) {
            ("close", ns::FRAMING) => self.handle_close(now, element),
            ("error", ns::STREAM) => match framing::read_other_host(element) {
                Some(uri) => self.follow(now, &uri),
                None => self.give_up(now, framing::read_stream_error(element)),
            },
            // The app has turned away from a connection that was being made.
            _ if !is_bound && self.is_closing => {}
            _ if !is_bound => self.negotiate(now, |stream, io| stream.handle_element(element, io)),
            (name, ns::SM) => {
                if name == "a" {
                    self.note_answer();
                }
                self.handle_management(element);
            }
            ("features", ns::STREAM) => {
                if let Some(stream) = &mut self.stream {
                    stream.learn(element);
                    self.offered.clone_from(stream.features());
                    self.outbox.limit(self.offered.limits.max_bytes);
                }
            }
            _ if is_stanza => {
                if element.name() == "iq" && matches!(element.attr("type"), Some("result" | "error")) {
                    self.note_answer();
                }
                if let Routed::Confirmed(count) = self.with_frame(now, frame, |features, cx| router::route(element, features, cx))
                {
                    self.is_probing = false;
                    self.management.stop_asking(count);
                    self.outbox.confirm(count, &mut self.outputs);
                }
            }
            (name, xmlns) => {
                let message = format!("the server sent <{name} xmlns='{xmlns}'/>, which is no stanza");
                self.report(Error::new(Code::UnreadableStanza, message));
            }
        }
    }

    #[inline(never)]
    pub(super) fn handle_management(&mut self, element: Element<'_>) {
        // RFC 6120, section 4.4: nothing follows our `<close/>`, not even an answer.
        if self.is_closing && element.name() == "r" {
            return;
        }
        let said = self.management.handle(element, self.outbox.sent_count(), &mut self.outputs);
        if self.management.is_on() && !self.management.can_resume() {
            self.outbox.stop_keeping();
        }
        self.hear(said);
    }

    fn hear(&mut self, said: Said) {
        if let Some(count) = said.acked {
            // The server heard something on this connection, or on the one before.
            if !self.outbox.is_confirmed(count) {
                self.note_answer();
            }
            self.outbox.confirm(count, &mut self.outputs);
        }
        if let Some(complaint) = said.complaint {
            self.report(complaint);
        }
    }

    fn tell_online(&mut self, now: Now, is_resumed: bool) {
        self.with(now, |features, cx| {
            features.each(|feature| {
                feature.on_online(cx, is_resumed);
                Flow::Continue
            })
        });
    }

    /// A frame that cannot be read: lost alone where it is well-formed, with the stream where it is not (I8).
    #[inline(never)]
    pub(super) fn handle_fault(&mut self, now: Now, fault: XmlFault) {
        match fault {
            XmlFault::TooLarge(why) => {
                let error = Error::new(Code::LimitExceeded, format!("a frame was not read: {why}"));
                if self.is_bound() { self.report(error) } else { self.give_up(now, error) }
            }
            XmlFault::NotWellFormed(why) => self.break_off(
                now,
                "not-well-formed",
                Error::new(Code::ProtocolError, format!("the server's XML is broken: {why}")),
            ),
            // RFC 6120, section 11.1.
            XmlFault::Restricted(why) => self.break_off(
                now,
                "restricted-xml",
                Error::new(Code::ProtocolError, format!("the server's XML is not allowed: {why}")),
            ),
        }
    }

    /// The server's `<close/>`: the answer to ours, or its own wish (RFC 7395, section 3.6).
    #[inline(never)]
    pub(super) fn handle_close(&mut self, now: Now, close: Element<'_>) {
        if self.is_closing {
            return self.end(now, None);
        }
        if let Some(uri) = close.attr("see-other-uri") {
            return self.follow(now, uri);
        }
        self.push_frame(framing::close());
        self.lose(now, Error::new(Code::ConnectionLost, "the server closed the stream"));
    }

    #[inline(never)]
    pub(super) fn handle_socket_closed(&mut self, now: Now, code: u16, reason: &str) {
        let Some(stream) = &self.stream else {
            self.farewell_deadline_ms = None;
            return;
        };
        if self.is_closing {
            return self.end(now, None);
        }
        let why = if reason.is_empty() { format!("code {code}") } else { format!("code {code}: {reason}") };
        let error = if stream.is_open() {
            Error::new(
                Code::ConnectionLost,
                format!("the WebSocket closed ({why}) while the client waited for {}", stream.waits_for()),
            )
        } else {
            Error::new(Code::ConnectionFailed, format!("the WebSocket could not be opened ({why})"))
                .remedy(
                    "Check the network, the url, that the server runs with a valid certificate, and that a Content-Security-Policy allows \
                     it in connect-src: browsers do not tell pages which it is.",
                )
        };
        let error =
            if self.is_online() { Error::new(Code::ConnectionLost, format!("the WebSocket closed ({why})")) } else { error };
        self.lose(now, error);
    }

    #[inline(never)]
    pub(super) fn handle_timeout(&mut self, now: Now) {
        let is_due = |deadline: Option<u64>| deadline.is_some_and(|deadline| deadline <= now.mono_ms);
        if is_due(self.farewell_deadline_ms) {
            self.take_leave();
        }
        if is_due(self.close_deadline_ms) {
            return self.end(now, None);
        }
        if is_due(self.logout.deadline_ms()) {
            return self.finish_logout(now);
        }
        if self.handle_late_step(now) {
            return;
        }
        if is_due(self.retry_at_ms) && !self.is_network_down {
            self.attempt(now);
        }
        while let Some(owner) = self.iqs.take_expired(now.mono_ms) {
            match owner {
                // Of a connection that is gone already, or heard since.
                Owner::SignOfLife if !self.is_awaiting_sign => {}
                // The other question was answered in the end.
                Owner::Probe(count) if self.outbox.is_confirmed(count) => self.is_probing = false,
                Owner::SignOfLife | Owner::Probe(_) => {
                    self.note_silence(now);
                    return self.abandon(now, Error::new(Code::ConnectionLost, "the server is silent"));
                }
                owner => {
                    let error = Error::new(Code::Timeout, "no answer came in time");
                    self.with(now, |features, cx| router::fail(owner, &error, features, cx));
                }
            }
        }
        if is_due(self.doubt_due_ms()) {
            self.probe(now);
        }
        if is_due(self.sign_due_ms()) {
            self.ask_for_sign(now);
        }
    }
}
