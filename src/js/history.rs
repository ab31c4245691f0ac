//! `client.messages.history()`.

use wasm_bindgen::prelude::*;

use crate::proto::{ArchiveQuery, Token};

use super::engine::Engine;
use super::value::{argument, result};

#[wasm_bindgen]
impl Engine {
    /// One page of an archive.
    #[wasm_bindgen(js_name = queryArchive)]
    pub fn query_archive(&self, token: u32, query: &str) -> Result<(), JsValue> {
        let query = argument(ArchiveQuery::from_json(query))?;
        result(self.driver.act(|session, now| session.query_archive(now, Token(token), &query)))
    }
}
