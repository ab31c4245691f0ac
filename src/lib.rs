//! Waxwing: an XMPP client for the browser, one crate compiled to WebAssembly.
//!
//! Layers, each of which knows only those after it:
//!
//! | module | what it is | where it compiles |
//! |---|---|---|
//! | `js` | the thin face: a wasm-bindgen class, values across the border | wasm32 |
//! | `browser` | the thin shell: browser callbacks become [`proto::Input`], [`proto::Output`] becomes browser calls | wasm32 |
//! | [`proto`] | the sans-IO core: no clock, no randomness, no web type | everywhere |
//!
//! A Rust program that brings its own WebSocket can drive [`proto::Session`] itself; the npm package `waxwing` is what web
//! developers import.

// I4: no panic is reachable from a network frame or from a JavaScript argument. Tests are free to.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
#![cfg_attr(not(feature = "full"), allow(dead_code, reason = "what is there for extensions alone, such as parts of `Cx`"))]
#![cfg_attr(waxwing_small, feature(optimize_attribute))]

pub mod proto;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod js;
