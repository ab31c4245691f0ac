//! What RFC 3454 says of each code point, and no browser has a function for. The data is made from the crates `stringprep` and
//! `unicode-normalization`; a test holds it to them, and `WAXWING_WRITE_TABLES=1 cargo test -p waxwing-unicode` writes it.

mod data;
#[cfg(test)]
mod generate;

use std::sync::LazyLock;

/// What a code point means to stringprep once the text is normalized. Of ASCII only the letters are told apart (see `profile`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Allowed, without a direction of its own.
    Neutral,
    /// Appendix D.2.
    Left,
    /// Appendix D.1.
    Right,
    /// Appendix A.1.
    Unassigned,
    /// Appendix C, as far as all profiles use it.
    Prohibited,
}

impl Class {
    const ALL: [Self; 5] = [Self::Neutral, Self::Left, Self::Right, Self::Unassigned, Self::Prohibited];

    /// A character that never stands in normalized text may have any class, but for [`Class::Unassigned`].
    pub(super) fn of(character: char) -> Self {
        /// The first code point behind each run, and the class of the run.
        static RUNS: LazyLock<Vec<(u32, Class)>> = LazyLock::new(|| {
            let mut end = 0;
            let runs = Numbers(data::CLASSES).filter_map(|run| {
                end += run / 5;
                Some((end, *Class::ALL.get(run as usize % 5)?))
            });
            runs.collect()
        });
        let run = RUNS.partition_point(|(end, _)| *end <= u32::from(character));
        RUNS.get(run).map_or(Self::Unassigned, |(_, class)| *class)
    }
}

/// Appendix B.2, where normalization does not do the same.
pub(super) fn fold(character: char, into: &mut String) {
    static RUNS: LazyLock<Vec<Fold>> = LazyLock::new(Fold::all);
    let code = u32::from(character);
    let run = RUNS.partition_point(|run| run.last < code);
    match RUNS.get(run).filter(|run| run.first <= code && (code - run.first).is_multiple_of(run.step)) {
        Some(run) => {
            into.extend(char::from_u32(code.wrapping_add_signed(run.distance)));
            into.push_str(&run.tail);
        }
        None => into.push(character),
    }
}

/// Code points that are folded alike: every first or second one of a range.
struct Fold {
    first: u32,
    last: u32,
    step: u32,
    /// From a code point to the first that it becomes.
    distance: i32,
    /// The others that it becomes.
    tail: String,
}

impl Fold {
    fn all() -> Vec<Self> {
        let mut last = 0;
        let mut tails = Numbers(data::FOLD_TAILS).map(|code| char::from_u32(code).unwrap_or_default());
        let runs = Numbers(data::FOLD_GAPS).zip(Numbers(data::FOLD_SHAPES)).zip(Numbers(data::FOLD_DISTANCES));
        let runs = runs.map(|((gap, shape), distance)| {
            let first = last + gap;
            let step = 1 + (shape & 1);
            last = first + (shape >> 3) * step;
            let tail = tails.by_ref().take((shape >> 1 & 3) as usize).collect();
            // Numbers next to zero are small: 0, -1, 1, -2.
            let distance = (distance >> 1) as i32 ^ -((distance & 1) as i32);
            Self { first, last, step, distance, tail }
        });
        runs.collect()
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
struct Numbers(&'static [u8]);

impl Iterator for Numbers {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let end = self.0.iter().position(|byte| *byte < 0x80)?;
        let (number, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        Some(number.iter().rev().fold(0, |sum, byte| sum << 7 | u32::from(byte & 0x7f)))
    }
}
