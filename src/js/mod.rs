//! The thin face: one wasm-bindgen class, [`Engine`](engine::Engine), and values across the border.
//!
//! It is internal to the package. What web developers see, `Client`, is JavaScript (`pkg-template/`), which checks every
//! argument before it comes here; what comes here is checked again by type, so that nothing can panic (I4).

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "caps")]
mod caps;
#[cfg(feature = "chat-states")]
mod chat_states;
#[cfg(feature = "custom")]
mod custom;
mod engine;
#[cfg(feature = "history")]
mod history;
mod host;
#[cfg(feature = "host-meta")]
mod host_meta;
#[cfg(feature = "receipts")]
mod marks;
mod options;
mod value;
