//! Chat states (XEP-0085).

use wasm_bindgen::prelude::*;

use crate::proto::ChatStateOptions;

use super::engine::Engine;
use super::value::{argument, result};

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = sendChatState)]
    pub fn send_chat_state(&self, options: &str) -> Result<(), JsValue> {
        let options = argument(ChatStateOptions::from_json(options))?;
        result(self.driver.act(|session, now| session.send_chat_state(now, options)))
    }
}
