//! Maps and sets by text, in its order.
//!
//! All of them share one tree, of text to number, since each type that a `BTreeMap` holds brings 5 KB of WebAssembly of its own.

use std::collections::BTreeMap;

/// A map. In the order of its keys.
#[derive(Clone, Debug)]
pub(crate) struct Sorted<V> {
    places: Places,
    values: Vec<Option<V>>,
}

/// A set.
pub(crate) type Names = Sorted<()>;

/// Where the value of a key is.
#[derive(Clone, Debug, Default)]
struct Places {
    by_key: BTreeMap<String, usize>,
    /// Where there is none, below the length of the values.
    free: Vec<usize>,
}

impl<V> Default for Sorted<V> {
    fn default() -> Self {
        Self { places: Places::default(), values: Vec::new() }
    }
}

impl<V> Sorted<V> {
    pub(crate) fn len(&self) -> usize {
        self.places.by_key.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.places.find(key).is_some()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.at(self.places.find(key)?)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.values.get_mut(self.places.find(key)?)?.as_mut()
    }

    /// Returns what was there.
    pub(crate) fn insert(&mut self, key: String, value: V) -> Option<V> {
        let place = self.places.claim(key, self.values.len());
        match self.values.get_mut(place) {
            Some(slot) => slot.replace(value),
            None => {
                self.values.push(Some(value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        let place = self.places.release(key)?;
        self.values.get_mut(place)?.take()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.places.by_key.keys().map(String::as_str)
    }

    pub(crate) fn into_keys(self) -> Vec<String> {
        self.places.into_keys()
    }

    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.places.by_key.iter().filter_map(|(key, place)| Some((key.as_str(), self.at(*place)?)))
    }

    /// In an order of their own.
    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().flatten()
    }

    #[allow(dead_code, reason = "for extensions")]
    pub(crate) fn get_or_insert_with(&mut self, key: &str, make: impl FnOnce() -> V) -> Option<&mut V> {
        let place = self.places.claim(key.to_owned(), self.values.len());
        if place == self.values.len() {
            self.values.push(None);
        }
        self.values.get_mut(place).map(|slot| slot.get_or_insert_with(make))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.places.by_key.values().filter_map(|place| self.at(*place))
    }

    pub(crate) fn first(&self) -> Option<&V> {
        self.values().next()
    }

    fn at(&self, place: usize) -> Option<&V> {
        self.values.get(place)?.as_ref()
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
        let mut all = Self::default();
        all.extend(items);
        all
    }
}

impl Names {
    /// `false`: it was there.
    pub(crate) fn add(&mut self, name: String) -> bool {
        self.insert(name, ()).is_none()
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        names.into_iter().map(|name| (name, ())).collect()
    }
}

// Not inlined: what is to be there once.
impl Places {
    #[inline(never)]
    fn find(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The place of the key, or a free one, which is its place from now on.
    #[inline(never)]
    fn claim(&mut self, key: String, end: usize) -> usize {
        let free = &mut self.free;
        *self.by_key.entry(key).or_insert_with(|| free.pop().unwrap_or(end))
    }

    #[inline(never)]
    fn release(&mut self, key: &str) -> Option<usize> {
        let place = self.by_key.remove(key)?;
        self.free.push(place);
        Some(place)
    }

    #[inline(never)]
    fn into_keys(self) -> Vec<String> {
        self.by_key.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_of_the_standard_library_holds(steps in proptest::collection::vec((0_u8..40, 0_u8..4, any::<u8>()), 0..200)) {
            let mut ours = Sorted::default();
            let mut theirs = BTreeMap::new();
            for (key, step, value) in steps {
                let key = format!("{key:02}");
                match step {
                    0 => prop_assert_eq!(ours.remove(&key), theirs.remove(&key)),
                    1 => prop_assert_eq!(ours.get_mut(&key), theirs.get_mut(&key)),
                    _ => prop_assert_eq!(ours.insert(key.clone(), value), theirs.insert(key, value)),
                }
                prop_assert_eq!(ours.len(), theirs.len());
                prop_assert!(ours.values.len() <= 40);
            }
            prop_assert!(ours.values().eq(theirs.values()));
            prop_assert!(ours.keys().eq(theirs.keys().map(String::as_str)));
            prop_assert_eq!(ours.first(), theirs.values().next());
            prop_assert_eq!(ours.into_keys(), theirs.into_keys().collect::<Vec<_>>());
        }
    }
}
