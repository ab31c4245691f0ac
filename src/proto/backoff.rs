//! Exponential backoff with jitter: a crowd that lost its server does not come back all at once.
//!
//! The first delay is drawn from the whole window. A later one is at least a quarter of its window: were it drawn from the whole of it too
//! (full jitter), every short delay would be followed by another draw, and more than twice as many as on the average would try in the first
//! second after a long outage (`tests/crowd.rs`).

use super::config::Reconnect;

#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The delay before the next attempt, or `None` when there have been enough. `fraction` is drawn from `0.0..1.0`.
    pub(crate) fn next_delay_ms(&mut self, config: Reconnect, fraction: f64) -> Option<u32> {
        if config.max_attempts.is_some_and(|most| self.failures >= most) {
            return None;
        }
        let window = config
            .min_delay_ms
            .max(1)
            .checked_shl(self.failures)
            .filter(|window| window >> self.failures == config.min_delay_ms.max(1));
        let window = window.unwrap_or(config.max_delay_ms).min(config.max_delay_ms);
        let least = if self.failures == 0 { 0.0 } else { 0.25 };
        self.failures = self.failures.saturating_add(1);
        // A fraction of a u32 fits a u32.
        Some((f64::from(window) * (least + (1.0 - least) * fraction)) as u32)
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_doubles_up_to_its_limit_and_the_attempts_end() {
        let config = Reconnect { min_delay_ms: 1_000, max_delay_ms: 5_000, max_attempts: Some(5) };
        let mut backoff = Backoff::default();
        let windows: Vec<_> = (0..6).map(|_| backoff.next_delay_ms(config, 1.0)).collect();
        assert_eq!(windows, [Some(1_000), Some(2_000), Some(4_000), Some(5_000), Some(5_000), None]);
        backoff.reset();
        assert_eq!(backoff.next_delay_ms(config, 0.5), Some(500));
    }

    #[test]
    fn only_the_first_delay_may_be_none() {
        let config = Reconnect { min_delay_ms: 1_000, max_delay_ms: 4_000, max_attempts: None };
        let mut backoff = Backoff::default();
        let least: Vec<_> = (0..4).filter_map(|_| backoff.next_delay_ms(config, 0.0)).collect();
        assert_eq!(least, [0, 500, 1_000, 1_000]);
    }

    #[test]
    fn a_long_outage_never_shrinks_the_window() {
        let config = Reconnect { min_delay_ms: 1_000, max_delay_ms: 60_000, max_attempts: None };
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            backoff.next_delay_ms(config, 1.0);
        }
        assert_eq!(backoff.next_delay_ms(config, 1.0), Some(60_000));
    }
}
