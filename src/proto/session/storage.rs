//! The session beyond the page: what is stored when, and how it is taken up again.
//!
//! ```text
//!  Off       Closed ──connect()──▶ Opening ──held──▶ Open ──page gone, or an attempt failed──▶ Away
//!             ▲ ▲                   │  ▲               │                                        │ │
//!             │ │           refused │  └───────────────┼──── connect(), or the page is back ────┘ │
//!             │ │                   ▼                  │                                          │
//!             │ └── disconnect() ─ Refused ◀──failed───┤                                          │
//!             └──── disconnect() ──────────────────────┴──────────────────────────────────────────┘
//! ```
//! What is stored is never behind what was said:
//!
//! - A message is stored before the frame that carries it goes out, and right after the app is told that it is queued.
//! - What came in is stored before it is confirmed to the server, which then forgets it (XEP-0198, section 4).
//!
//! So after a crash nothing that was sent is lost, and what came in comes at least once. All else is written at a bounded pace, and
//! before the page goes: the presences of the last seconds before a crash are as they were, until they change again.

use super::super::error::{Code, Error};
use super::super::io::{Opened, Output};
use super::super::jids;
use super::super::messages;
use super::super::outbox::{self, Saving};
use super::super::persist::{
    ArchiveRecord, Content, HandledRecord, MOST_BYTES, OutboxRecord, Part, Record, Records, SessionRecord, StanzaRecord, Unsaved,
};
use super::super::router;
use super::super::state::State;
use super::super::stream::management::Management;
use super::super::time::Now;
use super::super::xml::{self, Writer, ns};
use super::Session;

/// What nothing waits for is written that often, at most.
const PACE_MS: u64 = 3_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Off,
    Closed,
    Opening,
    Open,
    /// It was let go of, and another page may have taken the session.
    Away,
    /// Another page holds the storage, or it does not work. All is kept in memory.
    Refused,
}

pub(super) struct Storage {
    phase: Phase,
    /// The session was taken from the storage, or left there, and has not gone on since.
    is_restored: bool,
    /// It was let go of, and is opened again.
    was_away: bool,
    stored: Stored,
    stored_at_ms: u64,
    /// About how much they are, as JSON.
    roster_bytes: usize,
    presence_bytes: usize,
    /// The keychain is the one that is stored, or will be.
    has_stored_keychain: bool,
    /// Too much for the session to be stored.
    is_heavy: bool,
}

/// What the storage has. `None`: nobody knows.
#[derive(Default)]
struct Stored {
    outbox: Option<(outbox::Mark, Option<String>)>,
    roster: Option<u64>,
    presences: Option<u64>,
    handled: Option<u64>,
    session: Option<Option<(String, u32)>>,
}

impl Storage {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self {
            phase: if is_wanted { Phase::Closed } else { Phase::Off },
            is_restored: false,
            was_away: false,
            stored: Stored::default(),
            stored_at_ms: 0,
            roster_bytes: 0,
            presence_bytes: 0,
            has_stored_keychain: false,
            is_heavy: false,
        }
    }

    /// Whether a session waits that began in another page.
    pub(super) fn has_restored(&self) -> bool {
        self.is_restored
    }

    /// The session goes on, or another one has begun: from here on it is as if it had always been here.
    pub(super) fn settle(&mut self) {
        self.is_restored = false;
    }

    /// As it was before it was to be opened, and was not.
    fn before_opening(&mut self) -> Phase {
        if std::mem::take(&mut self.was_away) { Phase::Away } else { Phase::Closed }
    }

    fn is_writable(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Away)
    }
}

impl Session {
    /// Whether something has to be stored before another frame goes out.
    pub fn must_save(&self) -> bool {
        if !self.storage.is_writable() {
            return false;
        }
        // A use of the token that is not stored would be repeated, and refused (XEP-0484, section 3.4).
        if self.keychain.has_changed() {
            return true;
        }
        let Stored { outbox, session, .. } = &self.storage.stored;
        let mark = self.outbox.mark();
        let Some((stored_mark, _)) = outbox else { return true };
        match (self.resumable(), session) {
            (_, None) => true,
            (None, Some(_)) => mark.commitments != stored_mark.commitments,
            (Some(_), Some(None)) => true,
            (Some((session_id, _)), Some(Some((stored_id, stored_inbound)))) => {
                // The difference modulo 2^32, as the counts are.
                let is_behind = self.management.told().wrapping_sub(*stored_inbound).cast_signed() > 0;
                session_id != stored_id || is_behind || !mark.is_covered_by(stored_mark)
            }
        }
    }

    /// Whether it is time to store what can wait.
    pub fn is_saving_due(&self, now: Now) -> bool {
        self.saving_due_ms().is_some_and(|due_ms| due_ms <= now.mono_ms)
    }

    /// What is to be stored, in this order; from now on it counts as stored.
    ///
    /// `is_last`: the page goes, and nothing may wait.
    pub fn take_unsaved(&mut self, now: Now, is_last: bool) -> Vec<Unsaved> {
        let is_due = is_last || self.is_saving_due(now);
        if !self.storage.is_writable() || !(is_due || self.must_save()) {
            return Vec::new();
        }
        if is_due {
            self.storage.stored_at_ms = now.mono_ms;
        }
        let (is_roster_new, is_presence_new) = self.has_new_lists();
        // What is stored as come in has to have had its effect: a push of the roster is not sent again.
        let roster = is_roster_new.then(|| self.features.roster.record());
        // This does not hold for presences, which would be written again and again while a long list of them comes in.
        let presences = (is_presence_new && is_due).then(|| self.features.presence.record(&self.own_caps));
        if let Some(roster) = &roster {
            self.storage.roster_bytes = roster.as_ref().map_or(0, |roster| roster.weight());
            self.storage.stored.roster = Some(self.features.roster.revision());
        }
        if let Some(presences) = &presences {
            self.storage.presence_bytes = presences.weight();
            self.storage.stored.presences = Some(self.features.presence.revision());
        }
        self.weigh();
        let is_light = !self.storage.is_heavy;

        let mut unsaved = Vec::new();
        let mut save = |part, content: Option<Content>| unsaved.push(Unsaved { part, record: content.map(Record) });
        let resumable = self.resumable().map(|(session_id, inbound)| (session_id.to_owned(), inbound));
        let session_id = resumable.as_ref().map(|(session_id, _)| session_id.clone());
        let outbox = (self.outbox.mark(), session_id);
        if self.storage.stored.outbox.as_ref() != Some(&outbox) {
            let Saving { segments, record, spent } = self.outbox.save(outbox.1.as_deref());
            for (number, segment) in segments {
                save(Part::Segment(number), Some(Content::Segment(segment)));
            }
            save(Part::Outbox, (!record.is_empty()).then_some(Content::Outbox(record)));
            for number in spent {
                save(Part::Segment(number), None);
            }
            let (mark, session_id) = outbox;
            self.storage.stored.outbox = Some((mark.stored(), session_id));
        }
        if let Some(roster) = roster {
            save(Part::Roster, roster.filter(|_| is_light).map(Content::Roster));
        }
        if let Some(presences) = presences {
            save(Part::Presences, (is_light && resumable.is_some()).then_some(Content::Presences(presences)));
        }
        let handled = self.handled_revision();
        if is_due && self.storage.stored.handled != Some(handled) {
            let is_stamping = self.stampers.contains(&self.config.account.bare());
            let record = HandledRecord {
                messages: self.heard.record(),
                archive: ArchiveRecord { is_stamping, ..self.features.archive.record() },
                sent: self.sent.record(),
            };
            save(Part::Handled, Some(Content::Handled(record)));
            self.storage.stored.handled = Some(handled);
        }
        if self.keychain.take_changed() {
            save(Part::Keychain, self.keychain.record().map(Content::Keychain));
        }
        if self.storage.stored.session.as_ref() != Some(&resumable) {
            let jid = self.own_jid.clone();
            let record = resumable.clone().map(|(session_id, inbound)| SessionRecord { jid, session_id, inbound });
            save(Part::Session, record.map(Content::Session));
            self.storage.stored.session = Some(resumable);
        }
        unsaved
    }

    /// When [`take_unsaved`](Self::take_unsaved) has something that did not have to be stored at once.
    pub(super) fn saving_due_ms(&self) -> Option<u64> {
        if self.storage.phase != Phase::Open {
            return None;
        }
        let Stored { outbox, session, .. } = &self.storage.stored;
        let is_outbox_new = outbox.as_ref().is_none_or(|(mark, _)| *mark != self.outbox.mark());
        let is_session_new = || match (session, self.resumable()) {
            (Some(Some((stored_id, stored_inbound))), Some((session_id, inbound))) => {
                (&**stored_id, *stored_inbound) != (session_id, inbound)
            }
            (Some(stored), resumable) => stored.is_some() != resumable.is_some(),
            (None, _) => true,
        };
        let (is_roster_new, is_presence_new) = self.has_new_lists();
        let is_handled_new = self.storage.stored.handled != Some(self.handled_revision());
        let is_new = is_outbox_new || is_handled_new || is_roster_new || is_presence_new || is_session_new();
        is_new.then_some(self.storage.stored_at_ms + PACE_MS)
    }

    /// Whether a connection may be made now. `false`: the storage is asked first, and what it says makes the connection.
    pub(super) fn is_storage_ready(&mut self, now: Now) -> bool {
        if self.is_storage_known() {
            return true;
        }
        self.deadlines.start(now, self.config.timeouts.connect_ms);
        self.announce(State::Connecting, |_| {});
        false
    }

    /// Whether what is stored is known here, as far as it is this page's. `false`: the storage is asked first.
    pub(super) fn is_storage_known(&mut self) -> bool {
        match self.storage.phase {
            Phase::Off | Phase::Open | Phase::Refused => return true,
            Phase::Closed | Phase::Away => {
                self.storage.was_away = self.storage.phase == Phase::Away;
                self.outputs.push_back(Output::OpenStorage);
            }
            Phase::Opening => {}
        }
        self.storage.phase = Phase::Opening;
        false
    }

    #[inline(never)]
    pub(super) fn handle_storage_opened(&mut self, now: Now, opened: Opened) {
        if self.storage.phase != Phase::Opening {
            return;
        }
        let was_away = std::mem::take(&mut self.storage.was_away);
        self.storage.stored_at_ms = now.mono_ms;
        self.storage.phase = if matches!(opened, Opened::Refused) { Phase::Refused } else { Phase::Open };
        // A page that goes does not see whether its last write came through.
        self.storage.stored = Stored::default();
        self.outbox.leave_segments(matches!(opened, Opened::Unchanged));
        if was_away && !matches!(opened, Opened::Unchanged) {
            self.surrender(now);
        }
        match opened {
            Opened::Records(records) => self.restore(now, *records),
            Opened::Refused if std::mem::take(&mut self.storage.has_stored_keychain) => self.keychain.part(),
            Opened::Refused | Opened::Unchanged => {}
        }
        if self.logout.is_invalidating() {
            self.invalidate(now);
        } else if self.state == State::Connecting {
            self.attempt(now);
        }
    }

    /// The storage does not work: whatever it holds is not to be relied on any more.
    #[inline(never)]
    pub(super) fn handle_storage_failed(&mut self, reason: &str) {
        if matches!(self.storage.phase, Phase::Off | Phase::Closed) {
            return;
        }
        // While it opens, the answer is still to come.
        if self.storage.phase != Phase::Opening {
            self.storage.phase = Phase::Refused;
        }
        self.report(
            Error::new(Code::StorageFailed, format!("the state of the session cannot be stored: {reason}"))
                .remedy("Everything else works; after a reload of the page it is a new session."),
        );
    }

    /// The page goes, perhaps to come back: the connection is let go of without a word, so that whoever comes can go on with the session.
    #[inline(never)]
    pub(super) fn put_aside(&mut self, now: Now) {
        match self.storage.phase {
            Phase::Open => self.storage.phase = Phase::Away,
            // The answer would come to a page that does not hold the storage any more.
            Phase::Opening => self.storage.phase = self.storage.before_opening(),
            Phase::Off | Phase::Closed | Phase::Away | Phase::Refused => {}
        }
        if self.state == State::Offline || self.is_closing {
            return;
        }
        // What came is confirmed, so that it does not come again.
        if self.is_bound() {
            self.management.tell(&mut self.outputs);
        }
        let error = Error::new(Code::ConnectionLost, "the page went away");
        self.let_go(now, &error);
        self.announce(State::Waiting, |change| change.error = Some(error));
    }

    /// disconnect() was called: nothing of the session is left in the storage, and it is free for others.
    pub(super) fn close_storage(&mut self) {
        let is_open = self.storage.is_writable();
        if !is_open && !matches!(self.storage.phase, Phase::Opening | Phase::Refused) {
            return;
        }
        self.storage.phase = Phase::Closed;
        self.storage.stored = Stored::default();
        self.storage.settle();
        // Who this client is, and the token, stay for the next login.
        let parts = Part::ALL.into_iter().filter(|part| is_open && *part != Part::Keychain);
        let mut unsaved: Vec<Unsaved> = parts.map(|part| Unsaved { part, record: None }).collect();
        for (number, _) in self.outbox.take_segments() {
            if is_open {
                unsaved.push(Unsaved { part: Part::Segment(number), record: None });
            }
        }
        if is_open && self.keychain.take_changed() {
            let record = self.keychain.record().map(|keychain| Record(Content::Keychain(keychain)));
            unsaved.push(Unsaved { part: Part::Keychain, record });
        }
        self.outputs.push_back(Output::CloseStorage { unsaved, is_over: true });
    }

    /// There is no connection, and none is tried: whatever is stored is free for others, another client in this page for one.
    pub(super) fn leave_storage(&mut self, now: Now) {
        let unsaved = self.take_unsaved(now, true);
        match self.storage.phase {
            Phase::Open => self.storage.phase = Phase::Away,
            Phase::Opening => self.storage.phase = self.storage.before_opening(),
            Phase::Refused => self.storage.phase = Phase::Closed,
            Phase::Off | Phase::Closed | Phase::Away => return,
        }
        self.outputs.push_back(Output::CloseStorage { unsaved, is_over: false });
    }

    /// Tells one state of what was handled from another.
    fn handled_revision(&self) -> u64 {
        self.heard.revision() + self.features.archive.revision() + self.sent.revision()
    }

    fn has_new_lists(&self) -> (bool, bool) {
        let Stored { roster, presences, .. } = self.storage.stored;
        (roster != Some(self.features.roster.revision()), presences != Some(self.features.presence.revision()))
    }

    /// The session as the server knows it, if it may be stored.
    fn resumable(&self) -> Option<(&str, u32)> {
        let is_there = self.may_resume() && self.has_session && !self.storage.is_heavy;
        self.management.session_id().filter(|_| is_there).map(|session_id| (session_id, self.management.inbound()))
    }

    /// Above the limit the session is not stored, and so nothing that is of no use without it.
    fn weigh(&mut self) {
        let is_heavy = self.storage.roster_bytes + self.storage.presence_bytes + self.outbox.weight() > MOST_BYTES;
        if std::mem::replace(&mut self.storage.is_heavy, is_heavy) != is_heavy {
            self.storage.stored.roster = None;
            self.storage.stored.presences = None;
        }
    }

    /// What was left in the storage is in other hands now.
    fn surrender(&mut self, now: Now) {
        self.management = Management::default();
        self.drop_session(now, &Error::new(Code::ConnectionLost, "another page of the app went on with the session"));
        if self.storage.is_restored {
            // It came from there, and the app hears of it again from whoever has it.
            self.outbox.forget();
        } else {
            self.outbox.surrender(&mut self.outputs);
        }
        self.storage.is_restored = false;
    }

    fn restore(&mut self, now: Now, records: Records) {
        let Records { segments, mut outbox, roster, presences, handled, keychain, session } = records;
        if let Some(outbox) = &mut outbox {
            outbox.assemble(segments);
        }
        self.keychain.restore(keychain);
        self.storage.has_stored_keychain = true;
        let mut sent = Vec::new();
        if let Some(handled) = handled {
            self.heard.restore(handled.messages);
            if handled.archive.is_stamping {
                self.stampers.add(self.config.account.bare());
            }
            self.features.archive.restore(handled.archive);
            sent = handled.sent;
        }
        let session = session.filter(|session| {
            let is_ours = jids::bare(&session.jid) == self.config.account.bare();
            let wanted = self.config.account.resource.as_deref();
            let is_wanted = jids::resource(&session.jid).is_some_and(|bound| wanted.is_none_or(|wanted| wanted == bound));
            let counts = outbox.as_ref().filter(|outbox| outbox.session_id.as_ref() == Some(&session.session_id));
            let is_stanza = |sent: &StanzaRecord| {
                let document = xml::parse_stored(&sent.frame, &self.config.limits);
                document.is_some_and(|document| router::is_stanza(document.root().name(), document.root().namespace()))
            };
            let are_sound = |outbox: &OutboxRecord| outbox.is_sound() && outbox.sent.iter().all(is_stanza);
            is_ours && is_wanted && is_writable(&session.session_id) && counts.is_some_and(are_sound)
        });
        if let Some(roster) = roster.filter(|roster| roster.owner == self.config.account.bare()) {
            self.features.roster.restore(roster, session.is_some());
            self.storage.stored.roster = Some(self.features.roster.revision());
        }
        if let Some(outbox) = outbox {
            let acked = outbox.sent.first().map_or(outbox.sent_count, |sent| sent.count.saturating_sub(1));
            if let Some(SessionRecord { jid, session_id, inbound }) = &session {
                self.management = Management::restore(session_id.clone(), *inbound, acked);
                self.own_jid.clone_from(jid);
            }
            let has_session = session.is_some();
            self.with(now, |features, cx| messages::restore(features, cx, outbox, has_session));
        }
        self.sent.restore(sent);
        if session.is_none() {
            self.features.archive.open_gap();
        }
        if session.is_some() {
            self.features.presence.restore(presences.unwrap_or_default(), &self.own_caps);
            self.has_session = true;
            self.is_established = true;
        }
        self.storage.is_restored = true;
    }
}

/// Whether the text can be in an attribute. A stream would wait in vain for the answer to what could not be written.
fn is_writable(text: &str) -> bool {
    let mut w = Writer::new();
    w.open("x", ns::CLIENT).attr("id", text);
    !text.is_empty() && w.finish().is_ok()
}
