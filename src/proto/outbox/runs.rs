//! Which stanzas of a list follow each other in the storage. There are few runs, however long the list is: what is written together stays together.

use std::collections::VecDeque;

/// Stanzas that follow each other: all loose, or all in segments, numbered one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) length: usize,
    /// The number of the first, in segments.
    pub(super) first: Option<u64>,
    /// Of the first, and those of the others follow it; 0 where they were not sent.
    pub(super) count: u64,
}

#[derive(Debug, Default)]
pub(super) struct Runs(VecDeque<Run>);

impl Runs {
    /// At the end.
    pub(super) fn push(&mut self, run: Run) {
        match self.0.back_mut() {
            Some(last) if last.is_before(run) => last.length += run.length,
            _ => self.0.push_back(run),
        }
    }

    /// Without the stanza there.
    pub(super) fn remove(&mut self, at: usize) {
        let mut before = at;
        for (index, run) in self.0.iter_mut().enumerate() {
            if before >= run.length {
                before -= run.length;
                continue;
            }
            let rest = run.skip(before + 1);
            run.length = before;
            if before > 0 && rest.length > 0 {
                self.0.insert(index + 1, rest);
            } else if rest.length > 0 {
                *run = rest;
            } else if before == 0 {
                self.0.remove(index);
            }
            return;
        }
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = Run> + use<> {
        std::mem::take(&mut self.0).into_iter()
    }

    /// Whether a stanza with a lesser number is among them.
    pub(super) fn has_before(&self, number: u64) -> bool {
        self.0.iter().any(|run| run.first.is_some_and(|first| first < number))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Run> {
        self.0.iter()
    }
}

impl Run {
    fn skip(self, length: usize) -> Self {
        let skipped = length as u64;
        Self {
            length: self.length.saturating_sub(length),
            first: self.first.map(|first| first.wrapping_add(skipped)),
            count: if self.count == 0 { 0 } else { self.count.wrapping_add(skipped) },
        }
    }

    fn is_before(self, next: Self) -> bool {
        let end = self.skip(self.length);
        // Of those that are loose each is written with its count.
        end.first == next.first && (next.first.is_none() || end.count == next.count)
    }
}
