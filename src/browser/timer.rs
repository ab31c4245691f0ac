//! The one timer of a session.

use std::rc::Weak;

use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::env;

#[wasm_bindgen]
extern "C" {
    // Globals, not methods of `window`: a Worker has them too. The handle is a number in browsers, an object in Node.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// Later than a busy page makes a timer.
const LATE_MS: u64 = 1_000;

/// Cleared when dropped.
pub(super) struct Timer {
    driver: Weak<Driver>,
    pending: Option<Pending>,
}

struct Pending {
    due_ms: u64,
    is_second_chance: bool,
    handle: JsValue,
    #[expect(dead_code, reason = "owns what the browser calls")]
    callback: Closure<dyn Fn()>,
}

impl Timer {
    pub(super) fn new(driver: Weak<Driver>) -> Self {
        Self { driver, pending: None }
    }

    /// Asks to be woken at `due_ms` on the monotonic clock.
    ///
    /// A timer that is due earlier is left alone: each frame puts off the next sign of life, and moving the timer each time
    /// would cost more than waking once too early.
    pub(super) fn set(&mut self, due_ms: Option<u64>) {
        let Some(due_ms) = due_ms else {
            self.pending = None;
            return;
        };
        if self.pending.as_ref().is_some_and(|pending| pending.due_ms <= due_ms) {
            return;
        }
        self.arm(due_ms, false);
    }

    /// The browser called. `false`: not yet.
    ///
    /// A call that comes late finds the page just woken from sleep: frames that arrived meanwhile stand in line behind it, and
    /// whoever judges a deadline has to see them first. So it goes to the end of the line, once.
    pub(super) fn fired(&mut self) -> bool {
        let Some(pending) = self.pending.take() else { return false };
        let is_late = env::now().mono_ms > pending.due_ms + LATE_MS;
        if is_late && !pending.is_second_chance {
            self.arm(pending.due_ms, true);
            return false;
        }
        true
    }

    fn arm(&mut self, due_ms: u64, is_second_chance: bool) {
        // What is later than the longest delay is asked for again when it has passed.
        let delay_ms = i32::try_from(due_ms.saturating_sub(env::now().mono_ms)).unwrap_or(i32::MAX);
        let driver = self.driver.clone();
        let callback = Closure::new(move || {
            if let Some(driver) = driver.upgrade() {
                driver.timer_fired();
            }
        });
        let handle = set_timeout(callback.as_ref(), delay_ms);
        self.pending = Some(Pending { due_ms, is_second_chance, handle, callback });
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}
