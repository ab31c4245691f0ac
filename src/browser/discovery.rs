//! Fetches of host metadata: the page's own code makes them (`host-meta.js`), where they are a fifth of what they would be here.

use wasm_bindgen::prelude::*;

use crate::proto::HostMetaFormat;

use super::socket::Inlet;

#[wasm_bindgen]
extern "C" {
    /// Starts one. The engine is told what came of it.
    #[wasm_bindgen(method, js_name = fetchHostMeta)]
    fn fetch_host_meta(this: &Inlet, id: u32, url: &str, is_json: bool) -> AbortController;

    type AbortController;

    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);
}

/// A fetch under way. It is broken off when this is dropped.
pub(super) struct HostMetaFetch {
    controller: AbortController,
}

impl HostMetaFetch {
    pub(super) fn start(inlet: &Inlet, id: u32, url: &str, format: HostMetaFormat) -> Self {
        Self { controller: inlet.fetch_host_meta(id, url, format == HostMetaFormat::Jrd) }
    }
}

impl Drop for HostMetaFetch {
    fn drop(&mut self) {
        self.controller.abort();
    }
}
