//! Extensions that the app brings.

use wasm_bindgen::prelude::*;

use super::engine::Engine;

#[wasm_bindgen]
impl Engine {
    /// Replaces the namespaces whose payloads come as `extension` events.
    pub fn extend(&self, namespaces: Vec<String>) {
        self.driver.act(|session, _| session.extend(namespaces));
    }
}
