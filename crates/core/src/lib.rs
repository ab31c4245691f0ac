//! The WebAssembly module of `waxwing/core`: what the crate exports to JavaScript, without extensions.

pub use waxwing::*;
