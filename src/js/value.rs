//! Values across the border.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::json;
use crate::proto::{Code, Error};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &str) -> Result<JsValue, JsValue>;
}

/// Room for what is told most often: a message, a presence.
const USUAL_BYTES: usize = 512;

/// Plain data for JavaScript: maps become objects, and what there is none of is `undefined`.
pub(super) fn to_js<T: Serialize>(value: Option<&T>) -> JsValue {
    let text = value.map(to_json);
    // What is serialised here is valid JSON, which parses.
    text.and_then(|text| parse_json(&text).ok()).unwrap_or(JsValue::UNDEFINED)
}

/// As JSON text, for the package to parse.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> String {
    let mut text = String::with_capacity(USUAL_BYTES);
    match json::write(&mut text, value) {
        Ok(()) => text,
        // What serialises here are structs, strings, numbers and lists of them, which cannot fail.
        Err(_) => "null".to_owned(),
    }
}

/// An argument of JavaScript. The package has checked it, so a failure is told in serde's words.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| to_js(Some(&Error::new(Code::InvalidArgument, format!("the argument cannot be used: {error}")))))
}

/// What a command returns; the package makes an `XmppError` of the error.
pub(super) fn result<T>(result: Result<T, Error>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(Some(&error)))
}
