//! Stream management (XEP-0198, version 1.6.3): counting, acknowledgements, resumption.
//!
//! ```text
//!   Off ──<enable/> sent──▶ Requested ──<enabled/>──▶ On ──connection lost──▶ (On, resumable) ──<resumed/>──▶ On
//!    ▲                          │ <failed/>                                        │ <failed/>
//!    └──────────────────────────┴──────────────────────────────────────────────────┘
//! ```
//! What we send counts from `<enable/>` on, what we get from `<enabled/>` on (XEP-0198, section 4); where both come along with a login
//! (section 9), from the end of that. The counts outlive the
//! connection as long as the session can be resumed. `location` is not used: it is for TCP.
//!
//! Whether a server asks or not, it soon learns what has arrived: what it does not know of, it keeps, and delivers again to the
//! next session where this one cannot be resumed.
//!
//! A deliberate deviation: where the server acknowledges more than was sent, section 4 would end the stream; here that is
//! reported, all that was sent counts as acknowledged, and the stream goes on.

use std::collections::VecDeque;

use super::super::error::{Code, Error};
use super::super::io::Output;
use super::super::xml::{Element, Writer, ns};

/// So many stanzas that the server was not told of are many (XEP-0198, section 4: "a certain number of stanzas").
const MANY: u32 = 128;
/// And so long is long, so that a burst costs one `<a/>`.
const LONG_MS: u64 = 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Off,
    Requested,
    On,
}

#[derive(Debug, Default)]
pub(crate) struct Management {
    phase: Phase,
    /// Under which the server keeps the session, if it does.
    session_id: Option<String>,
    /// Stanzas we got, modulo 2^32 (XEP-0198, section 4).
    inbound: u32,
    /// As many of those as the server was told of last. What is stored must not be behind that.
    told: u32,
    /// When the server is told of the others, at the latest.
    tell_at_ms: Option<u64>,
    /// Of the stanzas we sent, how many the server has, without the modulo.
    acked: u64,
    /// An `<r/>` of ours waits for its `<a/>`.
    is_asking: bool,
    /// How many stanzas stood before our last `<r/>`.
    asked: u64,
    /// How many of them the server has shown to have in another way.
    shown: u64,
}

/// What an element of stream management says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// How many of our stanzas the server has now.
    pub(crate) acked: Option<u64>,
    /// What was wrong with it. The stream goes on.
    pub(crate) complaint: Option<Error>,
}

impl Said {
    const NOTHING: Self = Self { acked: None, complaint: None };

    fn complaint(message: String) -> Self {
        Self { acked: None, complaint: Some(Error::new(Code::ProtocolError, message)) }
    }
}

impl Management {
    /// Asks the server to manage this stream, and to keep the session if the connection is lost. Counting what we send begins here.
    pub(crate) fn enable(&mut self, outputs: &mut VecDeque<Output>) {
        *self = Self { phase: Phase::Requested, ..Self::default() };
        write(outputs, "enable", |w| {
            w.attr("resume", "true");
        });
    }

    /// Whether the server confirms stanzas on this stream, or may be about to.
    pub(crate) fn is_expected(&self) -> bool {
        self.phase != Phase::Off
    }

    /// Whether the server keeps the session for a while when the connection is lost.
    pub(crate) fn can_resume(&self) -> bool {
        self.phase == Phase::On && self.session_id.is_some()
    }

    /// The server's answer to the request that came along with a binding (XEP-0198, section 9.1): a new session. No answer is a no.
    pub(crate) fn begin(&mut self, answer: Option<Element<'_>>) {
        *self = Self::default();
        if let Some(enabled) = answer.filter(|answer| answer.name() == "enabled") {
            self.turn_on(enabled);
        }
    }

    /// Whether stanzas are to be kept until they are confirmed: the server keeps the session, or has yet to say whether it does.
    pub(crate) fn is_keeping(&self) -> bool {
        self.phase == Phase::Requested || self.can_resume()
    }

    /// A session out of the storage: so many stanzas came in, and of ours the server had so many.
    pub(crate) fn restore(session_id: String, inbound: u32, acked: u64) -> Self {
        Self { phase: Phase::On, session_id: Some(session_id), inbound, told: inbound, acked, ..Self::default() }
    }

    /// Under which the server keeps the session, if it does.
    pub(crate) fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref().filter(|_| self.phase == Phase::On)
    }

    /// Stanzas that came in, modulo 2^32.
    pub(crate) fn inbound(&self) -> u32 {
        self.inbound
    }

    /// As many of them as the server was told of.
    pub(crate) fn told(&self) -> u32 {
        self.told
    }

    /// Asks the server to go on with the session on a new connection.
    pub(crate) fn resume(&mut self, outputs: &mut VecDeque<Output>) {
        let mut w = Writer::new();
        self.write_resume(&mut w);
        push(outputs, w);
    }

    /// As [`resume`](Self::resume), along with a login (XEP-0198, section 9.2).
    pub(crate) fn write_resume(&mut self, w: &mut Writer) {
        (self.told, self.tell_at_ms) = (self.inbound, None);
        // Whatever was asked on the connection before is not answered any more.
        (self.is_asking, self.asked) = (false, 0);
        let session_id = self.session_id.as_deref().unwrap_or_default();
        w.open("resume", ns::SM).attr("h", &self.inbound.to_string()).attr("previd", session_id).close();
    }

    /// Counts a stanza of the server, before it is parsed (I8).
    pub(crate) fn count_inbound(&mut self, now_ms: u64) {
        if self.phase == Phase::On {
            self.inbound = self.inbound.wrapping_add(1);
            self.tell_at_ms.get_or_insert(now_ms + LONG_MS);
        }
    }

    /// Tells what has arrived, once that is much or a while ago (XEP-0198, section 4).
    pub(crate) fn tell_in_time(&mut self, now_ms: u64, outputs: &mut VecDeque<Output>) {
        let is_due = self.tell_at_ms.is_some_and(|at_ms| at_ms <= now_ms || self.inbound.wrapping_sub(self.told) >= MANY);
        if is_due {
            self.write_answer(outputs);
        }
    }

    /// When [`tell_in_time`](Self::tell_in_time) is due.
    pub(crate) fn tell_at_ms(&self) -> Option<u64> {
        self.tell_at_ms
    }

    /// Whether the server confirms, and is confirmed to.
    pub(crate) fn is_on(&self) -> bool {
        self.phase == Phase::On
    }

    /// Tells what has arrived here without being asked: the last chance before the stream is closed. What the server holds
    /// unconfirmed then, it keeps and sends again at the next login.
    pub(crate) fn tell(&mut self, outputs: &mut VecDeque<Output>) {
        if self.is_on() {
            self.write_answer(outputs);
        }
    }

    fn write_answer(&mut self, outputs: &mut VecDeque<Output>) {
        (self.told, self.tell_at_ms) = (self.inbound, None);
        let h = self.inbound.to_string();
        write(outputs, "a", |w| {
            w.attr("h", &h);
        });
    }

    /// Whether an `<r/>` of ours waits for its answer.
    pub(crate) fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// The server has answered in another way, up to this count: the question is closed where it asked for no more.
    pub(crate) fn stop_asking(&mut self, count: u64) {
        self.is_asking &= self.asked > count;
        self.shown = self.shown.max(count);
    }

    /// Whether the server was asked about more than it is known to have. It may have answered an older question, or count wrong.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.asked > self.acked.max(self.shown)
    }

    /// Asks what has arrived, unless that question is open already: it never stands before the stanza that it asks about. Says whether it did.
    pub(crate) fn ask(&mut self, sent: u64, outputs: &mut VecDeque<Output>) -> bool {
        !self.is_asking && self.ask_again(sent, outputs)
    }

    /// As [`ask`](Self::ask), while another question is open. What was asked about once is never asked again: a server that counts
    /// wrong would be asked without end.
    pub(crate) fn ask_again(&mut self, sent: u64, outputs: &mut VecDeque<Output>) -> bool {
        let is_new = self.phase == Phase::On && self.asked < sent;
        if is_new {
            self.is_asking = true;
            self.asked = sent;
            write(outputs, "r", |_| {});
        }
        is_new
    }

    /// Handles an element of stream management on a bound stream.
    pub(crate) fn handle(&mut self, element: Element<'_>, sent: u64, outputs: &mut VecDeque<Output>) -> Said {
        match (element.name(), self.phase) {
            ("enabled", Phase::Requested) => {
                self.turn_on(element);
                Said::NOTHING
            }
            ("failed", Phase::Requested) => {
                *self = Self::default();
                Said::NOTHING
            }
            ("r", Phase::On) => {
                self.write_answer(outputs);
                Said::NOTHING
            }
            ("a", Phase::On) => {
                self.is_asking = false;
                match count(element) {
                    Some(h) => self.acknowledge(h, sent),
                    None => Said::complaint("the server's acknowledgement has no count".to_owned()),
                }
            }
            (name, _) => Said::complaint(format!("the server sent <{name}/> of stream management out of turn")),
        }
    }

    /// `<resumed/>`: the session goes on. Its `h` says what arrived before the connection was lost (XEP-0198, section 5).
    pub(crate) fn handle_resumed(&mut self, element: Element<'_>, sent: u64) -> Result<Said, Error> {
        if element.attr("previd") != self.session_id.as_deref() {
            return Err(Error::new(Code::ProtocolError, "the server resumed another session than the one it was asked for"));
        }
        match count(element) {
            Some(h) => Ok(self.acknowledge(h, sent)),
            None => Err(Error::new(Code::ProtocolError, "the server resumed the session without a count")),
        }
    }

    /// `<failed/>`: the session is gone; the server may still know what of it arrived (XEP-0198, section 5).
    pub(crate) fn handle_refused(&mut self, element: Element<'_>, sent: u64) -> Said {
        let said = count(element).map_or(Said::NOTHING, |h| self.acknowledge(h, sent));
        *self = Self::default();
        said
    }

    fn turn_on(&mut self, enabled: Element<'_>) {
        self.phase = Phase::On;
        let is_resumable = matches!(enabled.attr("resume"), Some("true" | "1"));
        self.session_id = enabled.attr("id").filter(|_| is_resumable).map(ToOwned::to_owned);
    }

    fn acknowledge(&mut self, h: u32, sent: u64) -> Said {
        // The low half of `acked` is what the server said last (XEP-0198, section 4: modulo 2^32).
        let ahead = h.wrapping_sub(self.acked as u32);
        if ahead > u32::MAX / 2 {
            return Said::complaint(format!("the server acknowledges {h} stanzas, fewer than before"));
        }
        let acked = self.acked + u64::from(ahead);
        self.acked = acked.min(sent);
        let complaint = (acked > sent)
            .then(|| Error::new(Code::ProtocolError, format!("the server acknowledges {h} stanzas, and {sent} were sent")));
        Said { acked: Some(self.acked), complaint }
    }
}

fn count(element: Element<'_>) -> Option<u32> {
    element.attr("h")?.trim().parse().ok()
}

fn write(outputs: &mut VecDeque<Output>, name: &str, attributes: impl FnOnce(&mut Writer)) {
    let mut w = Writer::new();
    w.open(name, ns::SM);
    attributes(&mut w);
    push(outputs, w);
}

fn push(outputs: &mut VecDeque<Output>, w: Writer) {
    // An id that the parser let in is one that the writer lets out.
    if let Ok(frame) = w.finish() {
        outputs.push_back(Output::SendFrame(frame.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Limits;
    use super::super::super::xml;
    use super::*;

    fn on(acked: u64) -> Management {
        Management { phase: Phase::On, acked, ..Management::default() }
    }

    #[test]
    fn xep_0198_section_4_counts_wrap_at_two_to_the_thirty_second() {
        let mut management = Management { inbound: u32::MAX, ..on(u64::from(u32::MAX)) };
        management.count_inbound(0);
        assert_eq!(management.inbound, 0);
        let said = management.acknowledge(2, u64::from(u32::MAX) + 5);
        assert_eq!(said, Said { acked: Some(u64::from(u32::MAX) + 3), complaint: None });
    }

    #[test]
    fn xep_0198_section_4_counts_wrap_across_a_resumption_too() {
        // XEP-0198, sections 4 and 5: the sequence values are carried over.
        let sent = u64::from(u32::MAX) + 4;
        let mut management = Management { session_id: Some("sm-1".to_owned()), inbound: u32::MAX, ..on(u64::from(u32::MAX) - 1) };
        management.count_inbound(0);
        management.count_inbound(0);
        let mut outputs = VecDeque::new();
        management.resume(&mut outputs);
        let Some(Output::SendFrame(resume)) = outputs.pop_front() else { panic!("a frame") };
        assert_eq!(*resume, *"<resume xmlns='urn:xmpp:sm:3' h='1' previd='sm-1'/>");
        let frame = "<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='1'/>";
        let document = xml::parse(frame, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        let said = management.handle_resumed(document.root(), sent).unwrap();
        assert_eq!(said, Said { acked: Some(u64::from(u32::MAX) + 2), complaint: None });
    }

    #[test]
    fn xep_0198_section_4_an_acknowledgement_of_more_than_was_sent_counts_as_all_of_it_and_is_reported() {
        let mut management = on(0);
        assert_eq!(management.acknowledge(3, 5), Said { acked: Some(3), complaint: None });
        let said = management.acknowledge(9, 5);
        assert!(said.acked == Some(5) && said.complaint.is_some());
        assert_eq!(management.acknowledge(6, 6), Said { acked: Some(6), complaint: None });
    }

    #[test]
    fn xep_0198_section_4_an_acknowledgement_that_goes_back_changes_nothing() {
        let mut management = on(5);
        let said = management.acknowledge(4, 9);
        assert!(said.acked.is_none() && said.complaint.is_some());
        assert_eq!(management.acknowledge(9, 9).acked, Some(9));
    }
}
