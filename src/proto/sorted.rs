//! Maps and sets by text, in its order.
//!
//! All of them share one index, since each type that a `BTreeMap` holds brings 5 KB of WebAssembly of its own.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// Has a text in it by which it is found, so that a set of such needs no second copy of the text.
pub(crate) trait Keyed {
    fn key(&self) -> &str;
}

/// A set of what has its key in it. In the order of the keys.
#[derive(Clone, Debug)]
pub(crate) struct ByKey<T> {
    index: Index,
    /// By place; where there is nothing, the index knows it as free.
    items: Vec<Option<T>>,
}

/// A map. In the order of its keys.
#[derive(Clone)]
pub struct Sorted<V>(ByKey<(String, V)>);

/// A set.
pub(crate) type Names = Sorted<()>;

/// In which order things stand that are kept elsewhere, each in its place: in runs, so that whatever comes in between moves few others.
#[derive(Clone, Debug, Default)]
struct Index {
    /// None of them is empty.
    runs: Vec<Vec<usize>>,
    free: Vec<usize>,
    len: usize,
}

/// A longer run is cut in two.
const LONGEST_RUN: usize = 256;

/// Where in the index something is, or would be: in which run, and where in it.
#[derive(Clone, Copy)]
struct Spot {
    run: usize,
    at: usize,
}

impl<T> Default for ByKey<T> {
    fn default() -> Self {
        Self { index: Index::default(), items: Vec::new() }
    }
}

impl<T: Keyed> ByKey<T> {
    pub(crate) fn len(&self) -> usize {
        self.index.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.spot(key).is_ok()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.at(self.place(key)?)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        let place = self.place(key)?;
        self.items.get_mut(place)?.as_mut()
    }

    /// Returns what had that key.
    pub(crate) fn replace(&mut self, item: T) -> Option<T> {
        let place = match self.spot(item.key()) {
            Ok(spot) => self.index.place(spot),
            Err(spot) => self.index.insert(spot, self.items.len()),
        };
        match self.items.get_mut(place) {
            Some(slot) => slot.replace(item),
            None => {
                self.items.push(Some(item));
                None
            }
        }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<T> {
        let place = self.index.remove(self.spot(key).ok()?);
        self.items.get_mut(place)?.take()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.from(Spot { run: 0, at: 0 })
    }

    /// Those whose keys begin like that.
    pub(crate) fn starting_with(&self, prefix: String) -> impl Iterator<Item = &T> {
        let (Ok(first) | Err(first)) = self.spot(&prefix);
        self.from(first).take_while(move |item| item.key().starts_with(&prefix))
    }

    fn from(&self, first: Spot) -> impl Iterator<Item = &T> {
        self.index.from(first).filter_map(|place| self.at(place))
    }

    fn at(&self, place: usize) -> Option<&T> {
        self.items.get(place)?.as_ref()
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.spot(key).ok().map(|spot| self.index.place(spot))
    }

    fn spot(&self, key: &str) -> Result<Spot, Spot> {
        self.index.find(key, &|place| self.at(place).map_or("", Keyed::key))
    }
}

impl<T: Keyed> FromIterator<T> for ByKey<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = Self::default();
        items.into_iter().for_each(|item| drop(all.replace(item)));
        all
    }
}

impl<V> Keyed for (String, V) {
    fn key(&self) -> &str {
        &self.0
    }
}

impl<V> Default for Sorted<V> {
    fn default() -> Self {
        Self(ByKey::default())
    }
}

impl<V> Sorted<V> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.0.contains(key)
    }

    pub fn get(&self, key: &str) -> Option<&V> {
        self.0.get(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.0.get_mut(key).map(|(_, value)| value)
    }

    /// Returns what was there.
    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        self.0.replace((key, value)).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        self.0.take(key).map(|(_, value)| value)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Keyed::key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// In an order of their own.
    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.items.iter_mut().flatten().map(|(_, value)| value)
    }

    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn get_or_insert_with(&mut self, key: &str, make: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.contains(key) {
            self.insert(key.to_owned(), make());
        }
        self.get_mut(key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn first(&self) -> Option<&V> {
        self.values().next()
    }
}

impl<V: fmt::Debug> fmt::Debug for Sorted<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V: PartialEq> PartialEq for Sorted<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for Sorted<V> {}

/// As an object, whose members are in the order of their names.
impl<V: Serialize> Serialize for Sorted<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<V> Extend<(String, V)> for Sorted<V> {
    fn extend<I: IntoIterator<Item = (String, V)>>(&mut self, items: I) {
        for (key, value) in items {
            self.insert(key, value);
        }
    }
}

impl<V> FromIterator<(String, V)> for Sorted<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<V, const N: usize> From<[(String, V); N]> for Sorted<V> {
    fn from(items: [(String, V); N]) -> Self {
        items.into_iter().collect()
    }
}

impl Names {
    /// `false`: it was there.
    pub(crate) fn add(&mut self, name: String) -> bool {
        self.insert(name, ()).is_none()
    }

    pub(crate) fn into_keys(mut self) -> Vec<String> {
        let Self(ByKey { index, items }) = &mut self;
        index.from(Spot { run: 0, at: 0 }).filter_map(|place| Some(items.get_mut(place)?.take()?.0)).collect()
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        names.into_iter().map(|name| (name, ())).collect()
    }
}

// Not inlined: what is to be there once.
impl Index {
    /// Where the key is (`Ok`), or where it would be. `key_of` says which key stands in a place.
    #[inline(never)]
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn find<'a>(&self, key: &str, key_of: &dyn Fn(usize) -> &'a str) -> Result<Spot, Spot> {
        let begins_before = |run: &Vec<usize>| run.first().is_some_and(|place| compare(key_of(*place), key).is_le());
        let run = self.runs.partition_point(begins_before).saturating_sub(1);
        let found = self.runs.get(run).map_or(Err(0), |run| run.binary_search_by(|place| compare(key_of(*place), key)));
        found.map(|at| Spot { run, at }).map_err(|at| Spot { run, at })
    }

    fn place(&self, Spot { run, at }: Spot) -> usize {
        self.runs.get(run).and_then(|run| run.get(at)).copied().unwrap_or(usize::MAX)
    }

    /// Finds a place for what is to stand there: a free one, or the `next`.
    #[inline(never)]
    fn insert(&mut self, Spot { run, at }: Spot, next: usize) -> usize {
        let place = self.free.pop().unwrap_or(next);
        self.len += 1;
        match self.runs.get_mut(run) {
            Some(places) => {
                places.insert(at, place);
                if places.len() > LONGEST_RUN {
                    let behind = places.split_off(LONGEST_RUN / 2);
                    self.runs.insert(run + 1, behind);
                }
            }
            None => self.runs.push(vec![place]),
        }
        place
    }

    /// The place that is free now.
    #[inline(never)]
    fn remove(&mut self, Spot { run, at }: Spot) -> usize {
        let Some(places) = self.runs.get_mut(run) else { return usize::MAX };
        let place = places.remove(at);
        if places.is_empty() {
            self.runs.remove(run);
        }
        self.free.push(place);
        self.len -= 1;
        place
    }

    fn from(&self, first: Spot) -> Places<'_> {
        Places { index: self, next: first }
    }
}

/// The places from one on, in the order of the keys. By hand, since the adapters of the standard library are as much code for each
/// type that is in a set.
struct Places<'a> {
    index: &'a Index,
    next: Spot,
}

impl Iterator for Places<'_> {
    type Item = usize;

    #[inline(never)]
    fn next(&mut self) -> Option<usize> {
        loop {
            let Spot { run, at } = self.next;
            let places = self.index.runs.get(run)?;
            if let Some(place) = places.get(at) {
                self.next.at += 1;
                return Some(*place);
            }
            self.next = Spot { run: run + 1, at: 0 };
        }
    }
}

/// As texts compare, eight bytes at a time: WebAssembly has no instruction for it, and the keys of a set tend to begin alike.
#[cfg_attr(waxwing_small, optimize(speed))]
fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (one_words, _) = one.as_chunks::<8>();
    let (other_words, _) = other.as_chunks::<8>();
    let mut alike = 0;
    for (one, other) in one_words.iter().zip(other_words) {
        let (one, other) = (u64::from_be_bytes(*one), u64::from_be_bytes(*other));
        if one != other {
            return one.cmp(&other);
        }
        alike += 8;
    }
    one.get(alike..).cmp(&other.get(alike..))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_of_the_standard_library_holds(
            steps in proptest::collection::vec((0_u16..2_000, 0_u8..4, any::<u8>()), 0..2_000),
            spread in prop_oneof![Just(40_u16), Just(2_000)],
        ) {
            let mut ours = Sorted::default();
            let mut theirs = BTreeMap::new();
            for (key, step, value) in steps {
                let key = format!("{:04}", key % spread);
                match step {
                    0 => prop_assert_eq!(ours.remove(&key), theirs.remove(&key)),
                    1 => prop_assert_eq!(ours.get_mut(&key), theirs.get_mut(&key)),
                    _ => prop_assert_eq!(ours.insert(key.clone(), value), theirs.insert(key, value)),
                }
                prop_assert_eq!(ours.len(), theirs.len());
                prop_assert!(ours.0.items.len() <= usize::from(spread));
            }
            prop_assert!(ours.iter().eq(theirs.iter().map(|(key, value)| (key.as_str(), value))));
            prop_assert_eq!(ours.first(), theirs.values().next());
            for prefix in ["0", "00", "000", "001", "0015", "01", "1", "19", "1999", "2"] {
                let found = ours.0.starting_with(prefix.to_owned()).map(Keyed::key);
                prop_assert!(found.eq(theirs.keys().filter(|key| key.starts_with(prefix))));
            }
            let names: Names = ours.keys().map(str::to_owned).collect();
            prop_assert_eq!(names.into_keys(), theirs.into_keys().collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn texts_compare_as_the_standard_library_says(one in "[ab\u{e9}]{0,20}", other in "[ab\u{e9}]{0,20}", both in "[ab]{0,20}") {
            prop_assert_eq!(compare(&one, &other), one.cmp(&other));
            let (one, other) = (format!("{both}{one}"), format!("{both}{other}"));
            prop_assert_eq!(compare(&one, &other), one.cmp(&other));
        }
    }

    #[test]
    fn thousands_stand_in_their_order_however_they_come() {
        let numbers = 0..10_000_u64;
        let mixed = numbers.clone().map(|number| number * 7_919 % 10_000);
        for order in [numbers.clone().collect::<Vec<_>>(), numbers.clone().rev().collect(), mixed.collect()] {
            let mut all: Names = order.iter().map(|number| format!("{number:05}")).collect();
            assert!(all.keys().eq(numbers.clone().map(|number| format!("{number:05}"))));
            for number in order {
                assert_eq!(all.remove(&format!("{number:05}")), Some(()));
            }
            assert!(all.is_empty() && all.0.index.runs.is_empty());
        }
    }
}
