//! The place of the archive in a build without it (see `archive`, the cargo feature).
//!
//! Nobody is asked whether the unconfirmed messages of a lost session have arrived: they fail as `delivery-unknown`, before what waited
//! behind them goes out. Nothing is fetched of what a crashed server has told its senders to have arrived.

use super::super::feature::{Cx, Feature};
use super::super::outbox::Verdict;
use super::super::persist::ArchiveRecord;

#[derive(Default)]
pub(crate) struct Archive {}

impl Archive {
    /// No mark: a later page with an archive does not fetch what this one has shown.
    pub(crate) fn record(&self) -> ArchiveRecord {
        ArchiveRecord::default()
    }

    pub(crate) fn revision(&self) -> u64 {
        0
    }

    pub(crate) fn restore(&self, _record: ArchiveRecord) {}

    pub(crate) fn open_gap(&self) {}

    pub(crate) fn follow_presence(&self, _cx: &mut Cx<'_>) {}
}

impl Feature for Archive {
    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed && cx.doubtful().next().is_some() {
            cx.judge_doubtful(|_| Verdict::Unknown);
        }
    }
}
