//! Values across the border.

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

pub(super) use crate::browser::{to_js, to_json};
use crate::proto::{Code, Error};

/// An argument of JavaScript. The package has checked it, so a failure is told in serde's words.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| to_js(&Error::new(Code::InvalidArgument, format!("the argument cannot be used: {error}"))))
}

/// What a command returns; the package makes an `XmppError` of the error.
pub(super) fn result<T>(result: Result<T, Error>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(&error))
}
