//! Chat states (XEP-0085).

use wasm_bindgen::prelude::*;

use super::engine::Engine;
use super::value::{from_js, result};

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = sendChatState)]
    pub fn send_chat_state(&self, options: JsValue) -> Result<(), JsValue> {
        let options = from_js(options)?;
        result(self.driver.act(|session, now| session.send_chat_state(now, options)))
    }
}
