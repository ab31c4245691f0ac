//! Plain data for JavaScript, by way of JSON (`crate::json` says why).

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::json;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &str) -> Result<JsValue, JsValue>;
}

/// Room for what is told most often: a message, a presence.
const USUAL_BYTES: usize = 512;

/// Maps become objects, and what there is none of is `undefined`.
pub(crate) fn to_js<T: Serialize>(value: Option<&T>) -> JsValue {
    let text = value.map(to_json);
    // What is serialised is valid JSON, which parses.
    text.and_then(|text| parse_json(&text).ok()).unwrap_or(JsValue::UNDEFINED)
}

/// As JSON text, for the package to parse.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized)) -> String {
    let mut text = String::with_capacity(USUAL_BYTES);
    match json::write(&mut text, value) {
        Ok(()) => text,
        // What serialises here are structs, strings, numbers and lists of them, which cannot fail.
        Err(_) => "null".to_owned(),
    }
}
