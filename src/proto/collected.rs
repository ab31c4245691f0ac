//! Sorted collections without a sort, and sets whose elements are found by a text in them.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// Puts one in after the other. `collect()` of a `BTreeMap` or `BTreeSet` sorts first, and brings a sort of its own for each type: about 4 KB of
/// WebAssembly each time.
pub(crate) fn collected<C: Default + Extend<T>, T>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    items.into_iter().for_each(|item| all.extend([item]));
    all
}

/// Something that has its key in it, so that a set of such needs no second copy of the key.
pub(crate) trait Keyed {
    fn key(&self) -> &str;
}

/// Stands in a set by its key alone, and is found by that.
#[derive(Debug)]
pub(crate) struct ByKey<T>(pub(crate) T);

impl<T: Keyed> Borrow<str> for ByKey<T> {
    fn borrow(&self) -> &str {
        self.0.key()
    }
}

impl<T: Keyed> Ord for ByKey<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key().cmp(other.0.key())
    }
}

impl<T: Keyed> PartialOrd for ByKey<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Keyed> PartialEq for ByKey<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<T: Keyed> Eq for ByKey<T> {}
