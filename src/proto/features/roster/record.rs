//! The roster as it is stored, and back.

use super::super::super::event::{Event, RosterChange, RosterChangeKind, SubscriptionEvent, SubscriptionEventType};
use super::super::super::feature::Cx;
use super::super::super::persist::RosterRecord;
use super::Roster;

impl Roster {
    /// Tells one state of the roster from another: it grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn record(&self) -> Option<RosterRecord> {
        let is_empty = self.items.is_empty() && self.version.is_none() && self.requests.is_empty();
        (!is_empty).then(|| RosterRecord {
            owner: self.owner.clone(),
            version: self.version.clone(),
            items: self.shared(),
            requests: self.requests.keys().map(str::to_owned).collect(),
        })
    }

    /// `has_session`: the session may go on, and with it this roster. Else the next login asks for what has changed since.
    pub(crate) fn restore(&mut self, record: RosterRecord, has_session: bool) {
        *self = Self {
            items: record.items.into_iter().collect(),
            version: record.version,
            owner: record.owner,
            is_settled: has_session,
            is_restored: has_session,
            requests: if has_session { record.requests.into_iter().collect() } else { Default::default() },
            revision: self.revision + 1,
            ..Self::default()
        };
    }

    /// The session goes on in another page, which knows nothing yet: no server says again what it has said before.
    pub(super) fn tell_restored(&mut self, cx: &mut Cx<'_>) {
        cx.emit(Event::Roster(RosterChange { change: RosterChangeKind::Loaded, items: self.shared() }));
        for from in self.requests.keys().map(str::to_owned) {
            let kind = SubscriptionEventType::Subscribe;
            cx.emit(Event::Subscription(SubscriptionEvent { from, kind, status: None, nick: None }));
        }
    }
}
