//! How long the making of a connection may take: as a whole, and step by step.
//!
//! No step has a time of its own in the options. It may take what is left of the whole, shared with the endpoints that are still to be
//! tried and with the steps behind it: so an endpoint that hangs never eats the time of the next one, and a slow network has all the
//! time there is.

use crate::proto::stream::WaitsOn;
use crate::proto::time::Now;

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// Of the attempt.
    whole_ms: Option<u64>,
    step: Option<Step>,
    /// What the whole still had when the app was asked something: its user may be typing.
    paused_ms: Option<u64>,
}

#[derive(Debug)]
struct Step {
    waits_for: &'static str,
    due_ms: Option<u64>,
}

impl Deadlines {
    pub(super) fn start(&mut self, now: Now, connect_ms: u32) {
        *self = Self { whole_ms: Some(now.mono_ms + u64::from(connect_ms)), step: None, paused_ms: None };
    }

    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    /// The step is over, whatever comes next.
    pub(super) fn end_step(&mut self) {
        self.step = None;
    }

    /// A step lasts until something else is waited for. `shares` is how many endpoints have to share the time that is left.
    pub(super) fn follow(&mut self, now: Now, waits_for: &'static str, waits_on: WaitsOn, shares: u64) {
        if self.step.as_ref().is_some_and(|step| step.waits_for == waits_for) {
            return;
        }
        if let Some(left_ms) = self.paused_ms.take() {
            self.whole_ms = Some(now.mono_ms + left_ms);
        }
        let Some(whole_ms) = self.whole_ms else { return };
        let left_ms = whole_ms.saturating_sub(now.mono_ms);
        let due_ms = match waits_on {
            WaitsOn::Server => Some(now.mono_ms + left_ms / (shares + 1)),
            WaitsOn::Roster | WaitsOn::Machine => Some(whole_ms),
            WaitsOn::App => {
                (self.whole_ms, self.paused_ms) = (None, Some(left_ms));
                None
            }
        };
        self.step = Some(Step { waits_for, due_ms });
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        [self.whole_ms, self.step.as_ref().and_then(|step| step.due_ms)].into_iter().flatten().min()
    }

    /// Whether the attempt as a whole has had its time.
    pub(super) fn is_over(&self, now: Now) -> bool {
        self.whole_ms.is_some_and(|whole_ms| whole_ms <= now.mono_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, wall_ms: 0 }
    }

    #[test]
    fn a_step_may_take_half_of_what_is_left_and_less_where_others_wait() {
        let mut deadlines = Deadlines::default();
        deadlines.start(at(0), 30_000);
        deadlines.follow(at(0), "the socket", WaitsOn::Server, 1);
        assert_eq!(deadlines.due_ms(), Some(15_000));
        // The same step does not start anew.
        deadlines.follow(at(9_000), "the socket", WaitsOn::Server, 1);
        assert_eq!(deadlines.due_ms(), Some(15_000));
        deadlines.follow(at(10_000), "<open/>", WaitsOn::Server, 3);
        assert_eq!(deadlines.due_ms(), Some(15_000));
        deadlines.follow(at(10_000), "the roster", WaitsOn::Roster, 3);
        assert_eq!(deadlines.due_ms(), Some(30_000));
        assert!(deadlines.is_over(at(30_000)));
    }

    #[test]
    fn no_time_passes_while_the_app_has_the_word() {
        let mut deadlines = Deadlines::default();
        deadlines.start(at(0), 30_000);
        deadlines.follow(at(10_000), "the password", WaitsOn::App, 1);
        assert_eq!(deadlines.due_ms(), None);
        assert!(!deadlines.is_over(at(1_000_000)));
        deadlines.follow(at(1_000_000), "the answer", WaitsOn::Server, 1);
        assert_eq!(deadlines.due_ms(), Some(1_010_000));
        assert!(deadlines.is_over(at(1_020_000)));
    }
}
