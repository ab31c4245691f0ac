//! The outbox as it is stored, and back.
//!
//! It is stored with every message, so what is written each time must not grow with it. Once much of it lies in no segment, all that goes to new
//! ones, and the record says by runs where it is: however it moves from list to list, it is not written again.

use std::collections::VecDeque;

use super::super::error::Error;
use super::super::event::Message;
use super::super::event::Stage;
use super::super::io::Output;
use super::super::persist::{OutboxRecord, StanzaRecord};
use super::lane::Lane;
use super::{Outbox, Outgoing, Posted, delivery_unknown, fail, tell};

/// So much is written again with every change.
const LOOSE_BYTES: usize = 8 * 1024;
/// So much goes to one segment, about: it is removed as a whole.
const SEGMENT_BYTES: usize = 128 * 1024;
/// So many segments are removed at a time: a storage has to answer before long.
const MOST_SPENT: usize = 256;

/// What is to be stored of the outbox.
pub(crate) struct Saving {
    /// To be written first: the record names them.
    pub(crate) segments: Vec<(u32, Vec<StanzaRecord>)>,
    pub(crate) record: OutboxRecord,
    /// To be removed, once the record is written that does not name them any more.
    pub(crate) spent: Vec<u32>,
}

/// Tells one state of the outbox from another, without looking at what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// See [`Outbox::commitments`].
    pub(crate) commitments: u64,
    sent_count: u64,
    left: [usize; 3],
    /// A segment is to be removed.
    has_spent: bool,
}

impl Mark {
    /// Whether a record with that mark has all that was taken, given up and sent. Stanzas that were confirmed since do no harm in it: the
    /// server says again that it has them.
    pub(crate) fn is_covered_by(&self, stored: &Self) -> bool {
        (self.commitments, self.sent_count) == (stored.commitments, stored.sent_count)
    }

    /// As it stands once that is stored: what is left to be removed is something new.
    pub(crate) fn stored(self) -> Self {
        Self { has_spent: false, ..self }
    }
}

impl Outbox {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            commitments: self.commitments,
            sent_count: self.sent_count,
            left: [self.queued.len(), self.sent.len(), self.doubtful.len()],
            has_spent: self.spent().is_some(),
        }
    }

    /// The oldest segment, if none of its stanzas is left.
    fn spent(&self) -> Option<u32> {
        let &(segment, end) = self.segments.front()?;
        (!self.lanes().iter().any(|lane| lane.runs().has_before(end))).then_some(segment)
    }

    /// About how many bytes of JSON all of it makes.
    pub(crate) fn weight(&self) -> usize {
        self.lanes().iter().map(|lane| lane.bytes()).sum()
    }

    fn lanes(&self) -> [&Lane; 3] {
        [&self.sent, &self.doubtful, &self.queued]
    }

    /// What is to be stored. From now on the segments count as stored.
    ///
    /// `session_id`: of a session that can be resumed. Without one the counts are of no use, and whatever is on the wire is in doubt.
    pub(crate) fn save(&mut self, session_id: Option<&str>) -> Saving {
        let loose: usize = self.lanes().iter().map(|lane| lane.loose_bytes()).sum();
        let segments = if loose > LOOSE_BYTES { self.fill_segments() } else { Vec::new() };
        let mut spent = Vec::new();
        while spent.len() < MOST_SPENT
            && let Some(segment) = self.spent()
        {
            self.segments.pop_front();
            spent.push(segment);
        }
        Saving { segments, record: self.record(session_id), spent }
    }

    fn record(&self, session_id: Option<&str>) -> OutboxRecord {
        let (first_segment, next_segment, next_number) = match self.segments.front() {
            Some((first, _)) => (u64::from(*first), u64::from(self.next_segment), self.next_number),
            None => (0, 0, 0),
        };
        let mut sent = self.sent.records();
        if session_id.is_none() {
            sent.retain(|sent| sent.timestamp_ms.is_some() || sent.length > 0);
        }
        OutboxRecord {
            session_id: session_id.map(ToOwned::to_owned),
            sent_count: self.sent_count,
            sent,
            doubtful: self.doubtful.records(),
            queued: self.queued.records(),
            first_segment,
            next_segment,
            next_number,
            ends: VecDeque::new(),
            is_incomplete: false,
        }
    }

    fn fill_segments(&mut self) -> Vec<(u32, Vec<StanzaRecord>)> {
        let mut filled: Vec<(u32, Vec<StanzaRecord>)> = Vec::new();
        let mut bytes = 0;
        let mut put = |stanza: &Outgoing| {
            if filled.is_empty() || bytes > SEGMENT_BYTES {
                bytes = 0;
                self.segments.push_back((self.next_segment, self.next_number));
                filled.push((self.next_segment, Vec::new()));
                self.next_segment = self.next_segment.wrapping_add(1);
            }
            bytes += stanza.frame.len();
            let number = self.next_number;
            self.next_number = number.wrapping_add(1);
            if let (Some((_, segment)), Some((_, end))) = (filled.last_mut(), self.segments.back_mut()) {
                segment.push(StanzaRecord { number: Some(number), count: 0, ..stanza.record() });
                *end = self.next_number;
            }
            number
        };
        self.doubtful.settle(&mut put);
        self.sent.settle(&mut put);
        self.queued.settle(&mut put);
        filled
    }

    /// Nobody knows what has become of the segments: all is to be written anew.
    ///
    /// `are_ours`: what is left of them is to be removed; else it is somebody else's.
    pub(crate) fn leave_segments(&mut self, are_ours: bool) {
        for lane in [&mut self.sent, &mut self.doubtful, &mut self.queued] {
            lane.change_all(|stanza| stanza.number = None);
        }
        if !are_ours {
            self.take_segments();
        }
    }

    /// All segments that may be there, each with the number behind its last stanza. From now on there are none.
    pub(crate) fn take_segments(&mut self) -> VecDeque<(u32, u64)> {
        std::mem::take(&mut self.segments)
    }

    /// Takes in what was stored, in front of what the app has written meanwhile. The app hears of each message again, where it stands.
    ///
    /// `read` makes a message of its frame. `has_session`: the session may go on; else what was on the wire is in doubt.
    pub(crate) fn restore(
        &mut self,
        record: OutboxRecord,
        has_session: bool,
        mut read: impl FnMut(&str, i64) -> Option<Message>,
        outputs: &mut VecDeque<Output>,
    ) {
        if let Some(&(last, end)) = record.ends.back() {
            (self.next_segment, self.next_number) = (last.wrapping_add(1), record.next_number.max(end));
            self.segments = record.ends;
        }
        let mut restore = |StanzaRecord { count, frame, timestamp_ms, number, .. }| {
            let message =
                timestamp_ms.and_then(|timestamp_ms| read(&frame, timestamp_ms)).map(|message| Posted::Whole(Box::new(message)));
            Outgoing { frame: frame.into(), message, count, number, ..Outgoing::default() }
        };
        let written_since = std::mem::take(&mut self.queued);
        for stanza in record.doubtful.into_iter().map(&mut restore).filter(is_message) {
            self.doubtful.push_back(stanza);
        }
        for stanza in record.sent.into_iter().map(&mut restore) {
            let has_message = is_message(&stanza);
            if has_session {
                self.sent_messages += usize::from(has_message);
                self.sent.push_back(stanza);
            } else if has_message {
                self.doubtful.push_back(Outgoing { count: 0, ..stanza });
            }
        }
        if has_session {
            self.sent_count = record.sent_count;
            self.is_keeping = true;
        }
        for stanza in self.doubtful.iter().chain(self.sent.iter()) {
            tell(stanza, Stage::Sent, None, outputs);
        }
        for stanza in record.queued.into_iter().map(restore).filter(is_message) {
            tell(&stanza, Stage::Queued, None, outputs);
            self.queued.push_back(stanza);
        }
        self.queued.extend(written_since);
    }

    /// The app gave up. What it has written in an earlier page, and what nobody waits for, stays.
    pub(crate) fn discard_new(&mut self, error: &Error, outputs: &mut VecDeque<Output>) {
        self.is_open = false;
        self.commitments += 1;
        for (list, error) in [(&mut self.doubtful, &delivery_unknown()), (&mut self.queued, error)] {
            for message in std::mem::take(list) {
                if message.token.is_some() {
                    fail(message, error, outputs);
                } else {
                    list.push_back(message);
                }
            }
        }
    }

    /// Another page has what came out of the storage. What the app has written since stays.
    pub(crate) fn forget(&mut self) {
        self.lose();
        self.doubtful.retain(|message| message.token.is_some());
        self.queued.retain(|message| message.token.is_some());
    }

    /// Another page of the app has taken the session, and all that was on its way with it: what becomes of that is not known here.
    pub(crate) fn surrender(&mut self, outputs: &mut VecDeque<Output>) {
        self.lose();
        self.commitments += 1;
        for message in std::mem::take(&mut self.doubtful).into_iter().chain(std::mem::take(&mut self.queued)) {
            fail(message, &delivery_unknown(), outputs);
        }
    }
}

impl OutboxRecord {
    /// Puts what was found in the segments, in their order, where it belongs.
    pub(crate) fn assemble(&mut self, found: Vec<(u32, Vec<StanzaRecord>)>) {
        let mut found = found.into_iter().peekable();
        let mut stanzas = Found::default();
        let mut end = 0;
        for segment in self.segment_numbers() {
            let list = found.next_if(|(found, _)| *found == segment).map(|(_, list)| list);
            for stanza in list.into_iter().flatten() {
                // So they were written.
                if let Some(number) = stanza.number.filter(|number| *number >= end) {
                    end = number.saturating_add(1);
                    stanzas.list.push((number, Some(stanza)));
                }
            }
            self.ends.push_back((segment, end));
        }
        for list in [&mut self.sent, &mut self.doubtful, &mut self.queued] {
            for record in std::mem::take(list) {
                stanzas.spell_out(record, list);
            }
        }
        self.is_incomplete = stanzas.is_incomplete;
    }

    /// Whether these can be the counts of a session: they say which stanzas the server still lacks.
    pub(crate) fn is_sound(&self) -> bool {
        let mut last = 0;
        let mut counts = self.sent.iter().map(|sent| sent.count);
        !self.is_incomplete && counts.all(|count| std::mem::replace(&mut last, count) < count) && last <= self.sent_count
    }
}

impl Outgoing {
    pub(super) fn record(&self) -> StanzaRecord {
        let timestamp_ms = self.message.as_ref().map(Posted::timestamp_ms);
        StanzaRecord { count: self.count, frame: (*self.frame).to_owned(), timestamp_ms, ..StanzaRecord::default() }
    }
}

/// What was found in the segments.
#[derive(Default)]
struct Found {
    /// By number. Each is taken once.
    list: Vec<(u64, Option<StanzaRecord>)>,
    /// Not all that was looked for was there.
    is_incomplete: bool,
}

impl Found {
    /// The stanzas of a run, or the one that is none.
    fn spell_out(&mut self, record: StanzaRecord, list: &mut Vec<StanzaRecord>) {
        let StanzaRecord { count, number: Some(first), length: 1.., .. } = record else {
            return list.push(StanzaRecord { number: None, length: 0, ..record });
        };
        let from = self.list.partition_point(|(number, _)| *number < first);
        let mut taken = 0;
        for (number, stanza) in self.list.iter_mut().skip(from).take_while(|(number, _)| number - first < record.length) {
            // What is no record of ours may name a stanza again and again.
            let Some(stanza) = stanza.take() else { break };
            let count = if count == 0 { 0 } else { count.wrapping_add(*number - first) };
            list.push(StanzaRecord { count, ..stanza });
            taken += 1;
        }
        self.is_incomplete |= taken != record.length;
    }
}

fn is_message(stanza: &Outgoing) -> bool {
    stanza.message.is_some()
}
