//! Plain data for JavaScript, by way of JSON: one text and one `JSON.parse` cost a third of an object that is built field by field across the
//! border, where each string and each field is a call of its own.

use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &str) -> Result<JsValue, JsValue>;
}

/// How long JavaScript finds a text: a unit for each character, and two for those beyond U+FFFF.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.bytes().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
}

/// Maps become objects.
pub(crate) fn to_js(value: &(impl Serialize + ?Sized)) -> JsValue {
    // What is serialised is valid JSON, which parses.
    parse_json(&to_json(value)).unwrap_or(JsValue::UNDEFINED)
}

/// As JSON text, for the package to parse or to store.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized)) -> String {
    // What serialises here are structs, strings, numbers and lists of them, which cannot fail.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
