//! Who is available, by resource, and which resource stands for a bare JID.
//!
//! RFC 6121, section 8.5.2.1.1 leaves it open what makes a resource the most available one, and names priority, show and the time
//! of the last activity. Here: the highest priority, so that negative ones come last; among equals the one most ready
//! to talk, from `chat` over plain available, `away` and `xa` to `dnd`; among those the one heard of last.

use std::collections::BinaryHeap;
use std::sync::Arc;

use super::super::super::event::{Presence, Show};
use super::super::super::jids;
use super::super::super::sorted::{ByKey, Keyed};

/// By address. All resources of a bare JID stand together: `/` is in every full JID, and in no bare one.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: ByKey<Entry>,
    /// How many presences were put.
    count: u64,
    /// Grows with every change.
    revision: u64,
}

#[derive(Debug)]
struct Entry {
    /// Shared with the event that tells of it.
    presence: Arc<Presence>,
    /// The count when it came: what came later is larger.
    at: u64,
}

impl Table {
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(super) fn put(&mut self, presence: Arc<Presence>) {
        self.count += 1;
        self.revision += 1;
        self.entries.replace(Entry { presence, at: self.count });
    }

    /// A full JID: that resource is gone. A bare JID: all of them are.
    pub(super) fn drop_address(&mut self, jid: &str) {
        self.revision += 1;
        self.entries.take(jid);
        if jids::resource(jid).is_none() {
            let addresses: Vec<String> = self.resources(jid).map(|entry| entry.presence.from.clone()).collect();
            for address in addresses {
                self.entries.take(&address);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.revision += 1;
        self.entries.clear();
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// All presences, in the order in which they came.
    pub(super) fn in_order(&self) -> Vec<Arc<Presence>> {
        by_rank(self.entries.iter().map(|entry| ((0, 0, entry.at), entry))).cloned().collect()
    }

    /// Exactly this address.
    pub(super) fn one(&self, jid: &str) -> Option<&Presence> {
        self.entries.get(jid).map(|entry| &*entry.presence)
    }

    pub(super) fn most_available(&self, bare: &str) -> Option<&Presence> {
        self.addresses(bare).max_by_key(|entry| entry.rank()).map(|entry| &*entry.presence)
    }

    /// The most available first.
    pub(super) fn all(&self, bare: &str) -> Vec<&Presence> {
        by_rank(self.addresses(bare).map(|entry| (entry.rank(), entry))).rev().map(|presence| &**presence).collect()
    }

    /// The resources, and the bare JID itself: gateways and services speak from it.
    fn addresses(&self, bare: &str) -> impl Iterator<Item = &Entry> {
        self.entries.get(bare).into_iter().chain(self.resources(bare))
    }

    fn resources(&self, bare: &str) -> impl Iterator<Item = &Entry> {
        self.entries.starting_with(format!("{bare}/"))
    }
}

/// The lowest rank first. No two are the same. By a heap, since a sort brings 5 KB of WebAssembly for each type that it sorts.
fn by_rank<'a>(entries: impl Iterator<Item = (Rank, &'a Entry)>) -> impl DoubleEndedIterator<Item = &'a Arc<Presence>> {
    let entries: Vec<_> = entries.collect();
    let ranks: BinaryHeap<(Rank, usize)> = entries.iter().enumerate().map(|(place, (rank, _))| (*rank, place)).collect();
    ranks.into_sorted_vec().into_iter().filter_map(move |(_, place)| entries.get(place).map(|(_, entry)| &entry.presence))
}

/// Priority, readiness, when it came.
type Rank = (i8, u8, u64);

impl Keyed for Entry {
    fn key(&self) -> &str {
        &self.presence.from
    }
}

impl Entry {
    fn rank(&self) -> Rank {
        let readiness = match self.presence.show {
            Some(Show::Chat) => 4,
            None => 3,
            Some(Show::Away) => 2,
            Some(Show::Xa) => 1,
            Some(Show::Dnd) => 0,
        };
        (self.presence.priority, readiness, self.at)
    }
}
