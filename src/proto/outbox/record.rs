//! The outbox as it is stored, and back.

use std::collections::VecDeque;

use super::super::error::Error;
use super::super::event::Stage;
use super::super::io::Output;
use super::super::persist::{MessageRecord, OBJECT_BYTES, OutboxRecord, SentRecord};
use super::{Kept, Outbox, OutgoingMessage, Sent, delivery_unknown, fail, tell};

/// Tells one state of the outbox from another, without looking at what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// See [`Outbox::commitments`].
    pub(crate) commitments: u64,
    sent_count: u64,
    left: [usize; 3],
}

impl Mark {
    /// Whether a record with that mark has all that was taken, given up and sent. Stanzas that were confirmed since do no harm in it: the
    /// server says again that it has them.
    pub(crate) fn is_covered_by(&self, stored: &Self) -> bool {
        (self.commitments, self.sent_count) == (stored.commitments, stored.sent_count)
    }
}

impl Outbox {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            commitments: self.commitments,
            sent_count: self.sent_count,
            left: [self.queued.len(), self.sent.len(), self.doubtful.len()],
        }
    }

    /// About how many bytes of JSON the record makes.
    pub(crate) fn weight(&self) -> usize {
        let sent = self.sent.iter().map(|sent| match &sent.kept {
            Kept::Message(message) => message.frame.len(),
            Kept::Frame { frame, .. } => frame.len(),
        });
        let waiting = self.doubtful.iter().chain(&self.queued).map(|message| message.frame.len());
        sent.chain(waiting).map(|length| length + OBJECT_BYTES).sum()
    }

    /// `session_id`: of a session that can be resumed. Without one the counts are of no use, and whatever is on the wire is in doubt.
    pub(crate) fn record(&self, session_id: Option<&str>) -> OutboxRecord {
        let sent = self.sent.iter().map(|Sent { count, kept }| match kept {
            Kept::Message(message) => {
                SentRecord { count: *count, frame: message.frame.clone(), timestamp_ms: Some(message.message.timestamp_ms) }
            }
            Kept::Frame { frame, .. } => SentRecord { count: *count, frame: frame.clone(), timestamp_ms: None },
        });
        OutboxRecord {
            session_id: session_id.map(ToOwned::to_owned),
            sent_count: self.sent_count,
            sent: sent.filter(|sent| session_id.is_some() || sent.timestamp_ms.is_some()).collect(),
            doubtful: self.doubtful.iter().map(record).collect(),
            queued: self.queued.iter().map(record).collect(),
        }
    }

    /// Takes in what was stored, in front of what the app has written meanwhile. The app hears of each message again, where it stands.
    ///
    /// `read` makes a message of its frame. `has_session`: the session may go on; else what was on the wire is in doubt.
    pub(crate) fn restore(
        &mut self,
        record: OutboxRecord,
        has_session: bool,
        mut read: impl FnMut(MessageRecord) -> Option<OutgoingMessage>,
        outputs: &mut VecDeque<Output>,
    ) {
        self.doubtful.extend(record.doubtful.into_iter().filter_map(&mut read));
        for SentRecord { count, frame, timestamp_ms } in record.sent {
            let message = timestamp_ms.and_then(|timestamp_ms| read(MessageRecord { frame: frame.clone(), timestamp_ms }));
            match message {
                Some(message) if !has_session => self.doubtful.push_back(message),
                Some(message) => {
                    self.sent_messages += 1;
                    self.sent.push_back(Sent { count, kept: Kept::Message(message) });
                }
                None if has_session => self.sent.push_back(Sent { count, kept: Kept::Frame { frame, losses: 0 } }),
                None => {}
            }
        }
        if has_session {
            self.sent_count = record.sent_count;
            self.is_keeping = true;
        }
        for message in self.doubtful.iter().chain(self.sent.iter().filter_map(Sent::message)) {
            tell(message, Stage::Sent, None, outputs);
        }
        let queued: Vec<OutgoingMessage> = record.queued.into_iter().filter_map(read).collect();
        for message in &queued {
            tell(message, Stage::Queued, None, outputs);
        }
        for message in queued.into_iter().rev() {
            self.queued.push_front(message);
        }
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
    /// Whether these can be the counts of a session: they say which stanzas the server still lacks.
    pub(crate) fn is_sound(&self) -> bool {
        let mut last = 0;
        let mut counts = self.sent.iter().map(|sent| sent.count);
        counts.all(|count| std::mem::replace(&mut last, count) < count) && last <= self.sent_count
    }
}

fn record(message: &OutgoingMessage) -> MessageRecord {
    MessageRecord { frame: message.frame.clone(), timestamp_ms: message.message.timestamp_ms }
}
