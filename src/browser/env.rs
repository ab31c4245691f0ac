//! The clocks, the random source and the word on the network, as every page, Worker and Node have them.

use wasm_bindgen::prelude::*;

use crate::proto::{Entropy, Now};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    type Navigator;

    #[wasm_bindgen(thread_local_v2, js_namespace = globalThis, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;

    #[wasm_bindgen(method, getter, js_name = onLine)]
    fn on_line(this: &Navigator) -> Option<bool>;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// What one call of `getRandomValues` may ask for.
const MOST_BYTES: usize = 65_536;

/// This moment, on both clocks.
pub(crate) fn now() -> Now {
    moment(performance_now(), date_now())
}

/// `performance.now()` and `Date.now()`.
pub(crate) fn moment(mono_ms: f64, wall_ms: f64) -> Now {
    // A float saturates when it becomes an integer, so no clock can make this panic.
    Now { mono_ms: mono_ms as u64, wall_ms: wall_ms as i64 }
}

/// Whether the browser says that there is no network. That there is one nobody can say.
pub(crate) fn is_offline() -> bool {
    NAVIGATOR.with(|navigator| navigator.as_ref().is_some_and(|navigator| navigator.on_line() == Some(false)))
}

/// `crypto.getRandomValues`.
pub(crate) struct BrowserEntropy;

impl Entropy for BrowserEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(MOST_BYTES) {
            get_random_values(part);
        }
    }
}
