//! What the user has seen (XEP-0333, XEP-0490).

use wasm_bindgen::prelude::*;

use crate::proto::{DisplayedMark, Token};

use super::engine::Engine;
use super::value::{argument, result};

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = markDisplayed)]
    pub fn mark_displayed(&self, token: u32, mark: &str) -> Result<(), JsValue> {
        let mark = argument(DisplayedMark::from_json(mark))?;
        result(self.driver.act(|session, now| session.mark_displayed(now, Token(token), mark)))
    }

    #[wasm_bindgen(js_name = reportDisplayed)]
    pub fn report_displayed(&self, is_on: bool) {
        self.driver.act(|session, now| session.report_displayed(now, is_on));
    }
}
