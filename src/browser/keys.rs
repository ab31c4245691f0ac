//! Key derivation by WebCrypto, off the main thread; in Rust where a page is no secure context and has no `crypto.subtle`.

use std::rc::Weak;

use futures::future::{AbortHandle, abortable};
use js_sys::{ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::proto::{Input, KeyRequest, derive_key};

use super::driver::Driver;

#[wasm_bindgen]
extern "C" {
    type SubtleCrypto;

    #[wasm_bindgen(thread_local_v2, js_namespace = crypto, js_name = subtle)]
    static SUBTLE: Option<SubtleCrypto>;

    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(
        this: &SubtleCrypto,
        format: &str,
        key: &Uint8Array,
        algorithm: &str,
        is_extractable: bool,
        usages: Vec<String>,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = deriveBits)]
    fn derive_bits(this: &SubtleCrypto, algorithm: &JsValue, key: &JsValue, length: u32) -> Result<Promise, JsValue>;
}

/// A derivation under way. Its answer is dropped with it.
pub(super) struct Derivation(AbortHandle);

impl Derivation {
    /// Starts one; the session is told when it is done.
    pub(super) fn start(driver: Weak<Driver>, id: u32, request: KeyRequest) -> Self {
        let (task, handle) = abortable(async move {
            let key = match derive_by_web_crypto(&request).await {
                Some(key) => key,
                None => derive_key(&request),
            };
            if let Some(driver) = driver.upgrade() {
                driver.input(Input::KeyDerived { id, key: Ok(key) });
            }
        });
        spawn_local(async {
            let _ = task.await;
        });
        Self(handle)
    }
}

impl Drop for Derivation {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// `None` where there is no WebCrypto, or where it refuses: Chromium does not take an empty password.
async fn derive_by_web_crypto(request: &KeyRequest) -> Option<Vec<u8>> {
    let password = Uint8Array::from(request.password.as_slice());
    let key = SUBTLE.with(|subtle| {
        let usages = vec!["deriveBits".to_owned()];
        subtle.as_ref()?.import_key("raw", &password, "PBKDF2", false, usages).ok()
    });
    let key = JsFuture::from(key?).await.ok();
    password.fill(0, 0, password.length());

    let bits = u32::try_from(request.hash.output_len() * 8).ok()?;
    let algorithm = algorithm(request).ok()?;
    let derived = SUBTLE.with(|subtle| subtle.as_ref()?.derive_bits(&algorithm, &key?, bits).ok());
    let derived = JsFuture::from(derived?).await.ok()?;
    Some(Uint8Array::new(derived.dyn_ref::<ArrayBuffer>()?).to_vec())
}

fn algorithm(request: &KeyRequest) -> Result<JsValue, JsValue> {
    let algorithm = Object::new();
    let salt = Uint8Array::from(request.salt.as_slice());
    for (name, value) in [
        ("name", JsValue::from_str("PBKDF2")),
        ("hash", JsValue::from_str(request.hash.web_crypto_name())),
        ("salt", salt.into()),
        ("iterations", request.iterations.into()),
    ] {
        Reflect::set(&algorithm, &name.into(), &value)?;
    }
    Ok(algorithm.into())
}
