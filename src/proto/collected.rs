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
        compare(self.0.key(), other.0.key())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::compare;

    proptest! {
        #[test]
        fn texts_compare_as_the_standard_library_says(one in "[ab\u{e9}]{0,20}", other in "[ab\u{e9}]{0,20}", both in "[ab]{0,20}") {
            prop_assert_eq!(compare(&one, &other), one.cmp(&other));
            let (one, other) = (format!("{both}{one}"), format!("{both}{other}"));
            prop_assert_eq!(compare(&one, &other), one.cmp(&other));
        }
    }
}
