//! Randomness is injected (I3): the browser hands in `crypto.getRandomValues`, a test a counter.

use super::base64;

/// A source of unpredictable bytes.
pub trait Entropy {
    /// Fills all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Bytes asked for at a time, so that an id does not cost a call across the border.
const POOL: usize = 512;

/// 96 bits: nobody guesses an id, so nobody can answer a request that they did not see.
const ID_BYTES: usize = 12;

/// Draws ids and nonces from a pool that is refilled from an [`Entropy`].
pub(crate) struct Ids {
    source: Box<dyn Entropy>,
    pool: [u8; POOL],
    used: usize,
}

impl Ids {
    pub(crate) fn new(source: Box<dyn Entropy>) -> Self {
        Self { source, pool: [0; POOL], used: POOL }
    }

    /// A fresh id of 16 characters, all of them safe in an XML attribute.
    pub(crate) fn new_id(&mut self) -> String {
        let mut bytes = [0; ID_BYTES];
        self.fill(&mut bytes);
        base64::encode_for_id(&bytes)
    }

    /// A fresh number, to tell a late answer from the awaited one.
    pub(crate) fn new_number(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// A number in `0.0..1.0`, for jitter.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(self.new_number()) / 4_294_967_296.0
    }
}

impl Entropy for Ids {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == POOL {
                self.source.fill(&mut self.pool);
                self.used = 0;
            }
            if let Some(fresh) = self.pool.get_mut(self.used) {
                *byte = std::mem::take(fresh);
            }
            self.used += 1;
        }
    }
}
