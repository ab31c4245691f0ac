//! Sorted collections without a sort.

/// Puts one in after the other. `collect()` of a `BTreeMap` or `BTreeSet` sorts first, and brings a sort of its own for each type: about 4 KB of
/// WebAssembly each time.
pub(crate) fn collected<C: Default + Extend<T>, T>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    items.into_iter().for_each(|item| all.extend([item]));
    all
}
