//! Key derivation by WebCrypto, off the main thread; in Rust where a page is no secure context and has no `crypto.subtle`.
//!
//! WebCrypto is the package's to call (`keys.js`): what is asynchronous is a tenth of the code in JavaScript.

use crate::proto::{Input, KeyRequest, derive_key};

use super::driver::Driver;
use super::socket::Inlet;

/// A derivation under way. Its answer is for nobody once this is dropped.
pub(super) struct Derivation {
    id: u32,
    request: KeyRequest,
}

impl Derivation {
    /// Starts one; [`Driver::key_derived`] is called when it is done, and not before this returns.
    pub(super) fn start(inlet: &Inlet, id: u32, request: KeyRequest) -> Self {
        let KeyRequest { hash, password, salt, iterations } = &request;
        inlet.derive(id, password, hash.web_crypto_name(), salt, *iterations, hash.output_len() * 8);
        Self { id, request }
    }
}

impl Driver {
    /// Without a `key` there is no WebCrypto, or it refused.
    pub(crate) fn key_derived(&self, id: u32, key: Option<Vec<u8>>) {
        let derivation = self.derivation.borrow_mut().take_if(|derivation| derivation.id == id);
        let Some(Derivation { request, .. }) = derivation else { return };
        let key = key.unwrap_or_else(|| derive_key(&request));
        self.input(Input::KeyDerived { id, key: Ok(key) });
    }
}
