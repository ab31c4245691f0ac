//! `client.blocking`.

use wasm_bindgen::prelude::*;

use crate::proto::{BlockOptions, Token};

use super::engine::Engine;
use super::value::{argument, result};

#[wasm_bindgen]
impl Engine {
    pub fn blocked(&self) -> Vec<String> {
        self.driver.read(|session| session.blocked().map(ToOwned::to_owned).collect())
    }

    pub fn block(&self, token: u32, options: &str) -> Result<(), JsValue> {
        let options = argument(BlockOptions::from_json(options))?;
        result(self.driver.act(|session, now| session.block(now, Token(token), &options)))
    }

    /// An empty list is everybody.
    pub fn unblock(&self, token: u32, jids: Vec<String>) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.unblock(now, Token(token), &jids)))
    }
}
