//! A crowd that loses its server at once, on a clock of its own: nobody is to come back in step with all the others.

mod support;

use std::collections::BTreeMap;

use support::{Peer, USUAL_FEATURES, config};
use waxwing::proto::{Entropy, Input, Reconnect, Session, State, Token};

const CROWD: u32 = 10_000;
const CUT: Input<'static> = Input::SocketClosed { code: 1006, reason: "" };

/// As unpredictable as the browser's, for this purpose: each client has a seed of its own.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed >> 56) as u8;
        }
    }
}

/// When a client that loses its server tries again and again, in milliseconds since, until `end_ms` has passed.
fn attempts(client: u32, end_ms: u64) -> Vec<u64> {
    let mut config = config();
    config.reconnect = Some(Reconnect::default());
    let mut peer = Peer::new(config.clone());
    peer.session = Session::new(config, Box::new(Seeded(u64::from(client))));
    peer.session.connect(peer.now, Token(0));
    peer.log_in(USUAL_FEATURES);
    peer.answer_roster("");
    peer.input(CUT);
    let lost_at_ms = peer.now.mono_ms;
    let mut attempts = Vec::new();
    while attempts.last().is_none_or(|last| *last < end_ms) {
        let event = peer.take_events("state").pop().unwrap();
        peer.advance(event["retryInMs"].as_u64().unwrap());
        assert_eq!(peer.session.state(), State::Connecting);
        attempts.push(peer.now.mono_ms - lost_at_ms);
        peer.input(CUT);
    }
    attempts
}

/// The window from which this attempt is drawn.
fn window_ms(attempt: usize) -> u64 {
    let Reconnect { min_delay_ms, max_delay_ms, .. } = Reconnect::default();
    let most_ms = (u64::from(min_delay_ms) << attempt.min(32)).min(u64::from(max_delay_ms));
    if attempt == 0 { most_ms } else { most_ms / 2 }
}

#[test]
fn a_crowd_that_lost_its_server_comes_back_evenly_however_long_that_was_away() {
    let crowd: Vec<Vec<u64>> = (0..CROWD).map(|client| attempts(client, 180_000)).collect();
    for away_s in 0..=180 {
        let away_ms = away_s * 1_000;
        let mut seconds: BTreeMap<u64, u32> = BTreeMap::new();
        let mut windows_ms = 0;
        for attempts in &crowd {
            let first = attempts.iter().position(|at_ms| *at_ms >= away_ms).unwrap();
            *seconds.entry((attempts[first] - away_ms) / 1_000).or_default() += 1;
            windows_ms += window_ms(first);
        }
        let peak = f64::from(*seconds.values().max().unwrap());
        // So many a second, were they spread over their windows evenly.
        let mean = f64::from(CROWD) / (windows_ms as f64 / f64::from(CROWD) / 1_000.0);
        assert!(peak <= 2.0 * mean, "away for {away_s} s: {peak} in a second, {mean:.0} on the average");
    }
}
