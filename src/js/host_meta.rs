//! What became of host metadata that the package has fetched (`host-meta.js`).

use wasm_bindgen::prelude::*;

use crate::proto::{HostMeta, HostMetaFault, Input, texts_from_json};

use super::engine::Engine;

#[wasm_bindgen]
impl Engine {
    /// `text` is what the outcome is about: a document, a list of addresses as JSON, a status, or what is wrong.
    #[wasm_bindgen(js_name = hostMeta)]
    pub fn host_meta(&self, id: u32, outcome: &str, text: Option<String>) {
        let text = text.unwrap_or_default();
        let fetched = match outcome {
            "links" => Ok(HostMeta::Links(texts_from_json(&text).unwrap_or_default())),
            "xrd" => Ok(HostMeta::Xrd(text)),
            "offline" => Err(HostMetaFault::Offline),
            "cors-missing" => Err(HostMetaFault::CorsMissing),
            "status" => Err(HostMetaFault::Status(text.parse().unwrap_or_default())),
            "too-large" => Err(HostMetaFault::TooLarge),
            "unreadable" => Err(HostMetaFault::Unreadable(text)),
            _ => Err(HostMetaFault::Unreachable),
        };
        self.driver.input(Input::HostMeta { id, fetched });
    }
}
