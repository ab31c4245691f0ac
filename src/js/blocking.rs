//! `client.blocking`.

use wasm_bindgen::prelude::*;

use crate::proto::{BlockOptions, Token, texts_from_json};

use super::engine::Engine;
use super::value::{argument, result, to_js};

#[wasm_bindgen]
impl Engine {
    pub fn blocked(&self) -> JsValue {
        self.driver.read(|session| to_js(&session.blocked().map(ToOwned::to_owned).collect::<Vec<String>>()))
    }

    pub fn block(&self, token: u32, options: &str) -> Result<(), JsValue> {
        let options = argument(BlockOptions::from_json(options))?;
        result(self.driver.act(|session, now| session.block(now, Token(token), &options)))
    }

    /// A list in JSON; an empty one is everybody.
    pub fn unblock(&self, token: u32, jids: &str) -> Result<(), JsValue> {
        let jids = argument(texts_from_json(jids))?;
        result(self.driver.act(|session, now| session.unblock(now, Token(token), &jids)))
    }
}
