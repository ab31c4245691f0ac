//! Exponential backoff with jitter: a crowd that lost its server does not come back all at once.
//!
//! ```text
//!  lost  │ first window │ second │     third      │             fourth             │ …
//!            ×              ×              ×            ×
//! ```
//! Windows follow one another, and each attempt is drawn from the whole of its own. So a crowd tries evenly at any time, however long the
//! server is away. Were each delay drawn anew from where the last attempt was (full jitter in its usual form), short delays would lead to
//! new draws, and more than twice as many as on the average would try in the first second after an outage (`tests/crowd.rs`).

use super::config::Reconnect;

#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    /// What was left of its window at the last attempt.
    rest_ms: u32,
}

impl Backoff {
    /// The delay before the next attempt, or `None` when there have been enough. `fraction` is drawn from `0.0..1.0`.
    pub(crate) fn next_delay_ms(&mut self, config: Reconnect, fraction: f64) -> Option<u32> {
        if config.max_attempts.is_some_and(|most| self.failures >= most) {
            return None;
        }
        let first_ms = config.min_delay_ms.max(1);
        let most_ms = first_ms.saturating_mul(2u32.saturating_pow(self.failures)).min(config.max_delay_ms);
        // The first window is the longest delay itself. Of the others it is half, which what is left of the one before never exceeds.
        let window_ms = if self.failures == 0 { most_ms } else { most_ms / 2 };
        // A fraction of a u32 fits a u32.
        let drawn_ms = (f64::from(window_ms) * fraction) as u32;
        let delay_ms = self.rest_ms.saturating_add(drawn_ms).min(most_ms);
        self.rest_ms = window_ms.saturating_sub(drawn_ms);
        self.failures = self.failures.saturating_add(1);
        Some(delay_ms)
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: Reconnect = Reconnect { min_delay_ms: 1_000, max_delay_ms: 5_000, max_attempts: None };

    fn delays<const N: usize>(fractions: [f64; N]) -> [u32; N] {
        let mut backoff = Backoff::default();
        fractions.map(|fraction| backoff.next_delay_ms(CONFIG, fraction).unwrap())
    }

    #[test]
    fn the_delay_doubles_up_to_its_limit() {
        // Each attempt at the end of its window: nothing is left of the one before.
        assert_eq!(delays([1.0; 6]), [1_000, 1_000, 2_000, 2_500, 2_500, 2_500]);
        // From the beginning of a window to the end of the next is the longest delay there is.
        assert_eq!(delays([0.0, 1.0]), [0, 2_000]);
        assert_eq!(delays([0.0, 0.0, 0.0, 0.0, 1.0]), [0, 1_000, 1_000, 2_000, 5_000]);
    }

    #[test]
    fn no_delay_exceeds_its_limit_where_the_limit_is_low() {
        let config = Reconnect { max_delay_ms: 1_000, ..CONFIG };
        let mut backoff = Backoff::default();
        let delays: Vec<_> = [0.0, 1.0, 0.0].into_iter().filter_map(|fraction| backoff.next_delay_ms(config, fraction)).collect();
        assert_eq!(delays, [0, 1_000, 0]);
    }

    #[test]
    fn the_attempts_end_and_begin_anew() {
        let config = Reconnect { max_attempts: Some(2), ..CONFIG };
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..3).map(|_| backoff.next_delay_ms(config, 0.0)).collect();
        assert_eq!(delays, [Some(0), Some(1_000), None]);
        backoff.reset();
        assert_eq!(backoff.next_delay_ms(config, 0.5), Some(500));
    }

    #[test]
    fn a_long_outage_never_shrinks_the_window() {
        let config = Reconnect { max_delay_ms: 60_000, ..CONFIG };
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            backoff.next_delay_ms(config, 0.0);
        }
        assert_eq!(backoff.next_delay_ms(config, 1.0), Some(60_000));
    }
}
