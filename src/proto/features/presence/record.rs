//! Presence as it is stored, and back.

use super::super::super::entity_caps::OwnCaps;
use super::super::super::event::PresenceType;
use super::super::super::persist::PresencesRecord;
use super::PresenceTracker;

impl PresenceTracker {
    /// Tells one state of all presences from another: it grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.table.revision() + self.revision
    }

    pub(crate) fn record(&self, own_caps: &OwnCaps) -> PresencesRecord {
        PresencesRecord {
            entries: self.table.in_order(),
            chosen: self.chosen.clone(),
            has_shown_up: self.has_shown_up,
            caps: own_caps.mark().to_owned(),
        }
    }

    /// The session may go on: what was known of others still holds, and ours was told. What this page has chosen meanwhile is told
    /// again; and so is what it can do, if the page before could do something else (XEP-0115, section 6.1).
    pub(crate) fn restore(&mut self, record: PresencesRecord, own_caps: &OwnCaps) {
        self.is_due |= record.has_shown_up && record.caps != own_caps.mark();
        for entry in record.entries.into_iter().filter(|entry| entry.kind == PresenceType::Available) {
            self.table.put(entry);
        }
        if self.chosen.is_none() {
            self.chosen = record.chosen;
        } else {
            self.is_due = true;
        }
        self.is_open = true;
        self.has_shown_up |= record.has_shown_up;
    }
}
