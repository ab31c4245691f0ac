//! `client.disco`, as far as it is not JavaScript.

use wasm_bindgen::prelude::*;

use crate::proto::Token;

use super::engine::Engine;
use super::value::result;

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = discoInfo)]
    pub fn disco_info(&self, token: u32, jid: &str, node: Option<String>) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.disco_info(now, Token(token), jid, node.as_deref())))
    }
}
