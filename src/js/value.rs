//! Values across the border.

use wasm_bindgen::JsValue;

pub(super) use crate::browser::{to_js, to_json};
use crate::proto::{Code, Error};

/// An argument of JavaScript that was read from JSON. The package has checked it, so that nobody sees a failure.
pub(super) fn argument<T>(read: Option<T>) -> Result<T, JsValue> {
    result(read.ok_or_else(|| Error::new(Code::InvalidArgument, "the argument cannot be used")))
}

/// What a command returns; the package makes an `XmppError` of the error.
pub(super) fn result<T>(result: Result<T, Error>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(&error))
}
