//! One list of the outbox, which knows without a look at each stanza which of them lie in segments of the storage already.

use std::collections::{VecDeque, vec_deque};
use std::ops::Deref;

use super::super::persist::{OBJECT_BYTES, StanzaRecord};
use super::Outgoing;
use super::runs::{Run, Runs};

#[derive(Debug, Default)]
pub(super) struct Lane {
    stanzas: VecDeque<Outgoing>,
    /// All of them, in order.
    runs: Runs,
    /// About how much JSON they are.
    bytes: usize,
    /// As much of it as lies in no segment.
    loose_bytes: usize,
}

impl Lane {
    pub(super) fn push_back(&mut self, stanza: Outgoing) {
        self.count_in(&stanza);
        self.stanzas.push_back(stanza);
    }

    pub(super) fn pop_front(&mut self) -> Option<Outgoing> {
        self.remove(0)
    }

    pub(super) fn remove(&mut self, at: usize) -> Option<Outgoing> {
        let stanza = self.stanzas.remove(at)?;
        self.runs.remove(at);
        self.bytes -= bytes(&stanza);
        self.loose_bytes -= loose_bytes(&stanza);
        Some(stanza)
    }

    pub(super) fn retain(&mut self, is_kept: impl FnMut(&Outgoing) -> bool) {
        self.stanzas.retain(is_kept);
        self.reckon();
    }

    /// For what changes neither a frame, nor a count, nor a number.
    pub(super) fn iter_mut(&mut self) -> vec_deque::IterMut<'_, Outgoing> {
        self.stanzas.iter_mut()
    }

    /// As [`iter_mut`](Self::iter_mut).
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Outgoing> {
        self.stanzas.get_mut(at)
    }

    /// For any change.
    pub(super) fn change_all(&mut self, change: impl FnMut(&mut Outgoing)) {
        self.stanzas.iter_mut().for_each(change);
        self.reckon();
    }

    fn reckon(&mut self) {
        let stanzas = std::mem::take(self);
        for stanza in &stanzas.stanzas {
            self.count_in(stanza);
        }
        self.stanzas = stanzas.stanzas;
    }

    fn count_in(&mut self, stanza: &Outgoing) {
        self.runs.push(run_of(stanza));
        self.bytes += bytes(stanza);
        self.loose_bytes += loose_bytes(stanza);
    }

    /// About how many bytes of JSON they are.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// As [`bytes`](Self::bytes), of those that lie in no segment.
    pub(super) fn loose_bytes(&self) -> usize {
        self.loose_bytes
    }

    pub(super) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// As they are stored: what lies in segments by runs.
    pub(super) fn records(&self) -> Vec<StanzaRecord> {
        let mut records = Vec::new();
        let mut end = 0;
        for &Run { length, first, count } in self.runs.iter() {
            let start = end;
            end += length;
            if first.is_some() {
                records.push(StanzaRecord { count, number: first, length: length as u64, ..StanzaRecord::default() });
            } else {
                records.extend(self.stanzas.range(start..end).map(Outgoing::record));
            }
        }
        records
    }

    /// Puts each of those that lie in no segment into one, which gives it its number; the others are not looked at.
    pub(super) fn settle(&mut self, put: &mut dyn FnMut(&Outgoing) -> u64) {
        let mut end = 0;
        for run in self.runs.take() {
            let start = end;
            end += run.length;
            if run.first.is_some() {
                self.runs.push(run);
                continue;
            }
            for stanza in self.stanzas.range_mut(start..end) {
                stanza.number = Some(put(stanza));
                self.runs.push(run_of(stanza));
            }
        }
        self.loose_bytes = 0;
    }
}

fn run_of(stanza: &Outgoing) -> Run {
    Run { length: 1, first: stanza.number, count: stanza.count }
}

fn bytes(stanza: &Outgoing) -> usize {
    stanza.frame.len() + OBJECT_BYTES
}

fn loose_bytes(stanza: &Outgoing) -> usize {
    if stanza.number.is_none() { bytes(stanza) } else { 0 }
}

/// For looks at them.
impl Deref for Lane {
    type Target = VecDeque<Outgoing>;

    fn deref(&self) -> &VecDeque<Outgoing> {
        &self.stanzas
    }
}

impl IntoIterator for Lane {
    type Item = Outgoing;
    type IntoIter = vec_deque::IntoIter<Outgoing>;

    fn into_iter(self) -> Self::IntoIter {
        self.stanzas.into_iter()
    }
}

impl Extend<Outgoing> for Lane {
    fn extend<I: IntoIterator<Item = Outgoing>>(&mut self, stanzas: I) {
        for stanza in stanzas {
            self.push_back(stanza);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(count: u64, length: usize) -> Outgoing {
        Outgoing { frame: "x".repeat(length).into(), count, ..Outgoing::default() }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push { count: u64 },
        Pop,
        Remove(prop::sample::Index),
        Settle,
        Move(usize),
        Thin,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => prop_oneof![Just(0_u64), 1_u64..20].prop_map(|count| Step::Push { count }),
            1 => Just(Step::Pop),
            2 => any::<prop::sample::Index>().prop_map(Step::Remove),
            1 => Just(Step::Settle),
            1 => (1_usize..5).prop_map(Step::Move),
            1 => Just(Step::Thin),
        ]
    }

    /// The number, where there is one, and then the count of each.
    fn spelled_out(lane: &Lane) -> Vec<Option<(u64, u64)>> {
        let each =
            |run: &Run| (0..run.length as u64).map(|n| run.first.map(|first| (first + n, run.count + n))).collect::<Vec<_>>();
        lane.runs.iter().flat_map(each).collect()
    }

    proptest! {
        #[test]
        fn the_runs_say_what_a_look_at_each_stanza_says(steps in prop::collection::vec(step(), 1..80)) {
            let mut lane = Lane::default();
            let mut next = 0_u64;
            let mut numbers = 0;
            for step in steps {
                match step {
                    Step::Push { count } => {
                        next += 1;
                        let count = if count == 0 { next } else { next.max(count) };
                        lane.push_back(line(count, numbers as usize % 7));
                    }
                    Step::Pop => drop(lane.pop_front()),
                    Step::Remove(at) if !lane.is_empty() => drop(lane.remove(at.index(lane.len()))),
                    Step::Remove(_) => {}
                    Step::Settle => lane.settle(&mut |_| {
                        numbers += 1;
                        numbers
                    }),
                    // As from what waits to what is sent.
                    Step::Move(many) => {
                        for _ in 0..many {
                            if let Some(line) = lane.pop_front() {
                                lane.push_back(line);
                            }
                        }
                    }
                    Step::Thin => lane.retain(|line| line.count % 3 != 0),
                }
                let number = |line: &Outgoing| line.number.map(|number| (number, line.count));
                prop_assert_eq!(spelled_out(&lane), lane.iter().map(number).collect::<Vec<_>>());
                let loose = || lane.iter().filter(|line| line.number.is_none());
                let records = lane.records().into_iter().filter(|record| record.length == 0);
                prop_assert_eq!(records.map(|record| record.count).collect::<Vec<_>>(), loose().map(|line| line.count).collect::<Vec<_>>());
                prop_assert_eq!(lane.bytes(), lane.iter().map(bytes).sum::<usize>());
                prop_assert_eq!(lane.loose_bytes(), loose().map(bytes).sum::<usize>());
            }
        }
    }

    #[test]
    fn what_is_numbered_in_a_row_is_one_run_however_it_got_there() {
        let mut lane = Lane::default();
        let mut numbers = 0;
        for _ in 0..10 {
            for _ in 0..100 {
                lane.push_back(line(0, 0));
            }
            lane.settle(&mut |_| {
                numbers += 1;
                numbers
            });
        }
        assert_eq!(lane.runs.iter().copied().collect::<Vec<_>>(), [Run { length: 1_000, first: Some(1), count: 0 }]);
        let sent: Vec<Outgoing> = lane.into_iter().collect();
        let mut lane = Lane::default();
        for (count, line) in (7..).zip(sent) {
            lane.push_back(Outgoing { count, ..line });
        }
        assert_eq!(lane.runs.iter().copied().collect::<Vec<_>>(), [Run { length: 1_000, first: Some(1), count: 7 }]);
        drop(lane.remove(500));
        assert_eq!(lane.runs.iter().map(|run| run.length).collect::<Vec<_>>(), [500, 499]);
    }
}
