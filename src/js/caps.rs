//! `client.disco`, as far as it is not JavaScript.

use wasm_bindgen::prelude::*;

use crate::proto::Token;

use super::engine::Engine;
use super::value::{result, to_json};

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = discoInfo)]
    pub fn disco_info(&self, token: u32, jid: &str, node: Option<String>) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.disco_info(now, Token(token), jid, node.as_deref())))
    }

    /// JSON, to be stored; nothing if it is the same as last time.
    #[wasm_bindgen(js_name = verifiedCaps)]
    pub fn verified_caps(&self) -> Option<String> {
        self.driver.act(|session, _| session.take_caps_news().then(|| to_json(&session.verified_caps())))
    }

    /// What `verifiedCaps()` gave in another page.
    #[wasm_bindgen(js_name = restoreCaps)]
    pub fn restore_caps(&self, record: &str) {
        self.driver.act(|session, _| session.restore_caps_from_json(record));
    }
}
