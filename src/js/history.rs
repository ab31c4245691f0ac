//! `client.messages.history()`.

use wasm_bindgen::prelude::*;

use crate::proto::Token;

use super::engine::Engine;
use super::value::{from_js, result};

#[wasm_bindgen]
impl Engine {
    /// One page of an archive.
    #[wasm_bindgen(js_name = queryArchive)]
    pub fn query_archive(&self, token: u32, query: JsValue) -> Result<(), JsValue> {
        let query = from_js(query)?;
        result(self.driver.act(|session, now| session.query_archive(now, Token(token), &query)))
    }
}
