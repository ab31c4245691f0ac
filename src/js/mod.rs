//! The thin face: one wasm-bindgen class, [`Engine`](engine::Engine), and values across the border.
//!
//! It is internal to the package. What web developers see, `Client`, is JavaScript (`pkg-template/`), which checks every
//! argument before it comes here; what comes here is checked again by type, so that nothing can panic (I4).

#[cfg(any(
    feature = "blocking",
    feature = "caps",
    feature = "chat-states",
    feature = "custom",
    feature = "history",
    feature = "receipts"
))]
mod commands;
mod engine;
mod host;
#[cfg(feature = "host-meta")]
mod host_meta;
mod options;
mod value;
