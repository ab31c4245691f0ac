//! Values across the border.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::proto::{Code, Error};

/// Plain data for JavaScript: maps become objects.
pub(super) fn to_js(value: &(impl Serialize + ?Sized)) -> JsValue {
    // What serialises here are structs, strings, numbers and lists of them, which cannot fail.
    value.serialize(&Serializer::new().serialize_maps_as_objects(true)).unwrap_or(JsValue::UNDEFINED)
}

/// An argument of JavaScript. The package has checked it, so a failure is told in serde's words.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| to_js(&Error::new(Code::InvalidArgument, format!("the argument cannot be used: {error}"))))
}

/// What a command returns; the package makes an `XmppError` of the error.
pub(super) fn result<T>(result: Result<T, Error>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(&error))
}
