//! Presence as it is stored, and back.

use super::super::super::event::PresenceType;
use super::super::super::persist::PresencesRecord;
use super::PresenceTracker;

impl PresenceTracker {
    /// Tells one state of all presences from another: it grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.table.revision() + self.revision
    }

    pub(crate) fn record(&self) -> PresencesRecord {
        PresencesRecord { entries: self.table.in_order(), chosen: self.chosen.clone(), has_shown_up: self.has_shown_up }
    }

    /// The session may go on: what was known of others still holds, and ours was told. What this page has chosen meanwhile is told again.
    pub(crate) fn restore(&mut self, record: PresencesRecord) {
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
