//! Extensions that the app brings.

use wasm_bindgen::prelude::*;

use crate::proto::texts_from_json;

use super::engine::Engine;

#[wasm_bindgen]
impl Engine {
    /// Replaces the namespaces, a list in JSON, whose payloads come as `extension` events.
    pub fn extend(&self, namespaces: &str) {
        self.driver.act(|session, _| session.extend(texts_from_json(namespaces).unwrap_or_default()));
    }
}
