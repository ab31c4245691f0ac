//! The WebAssembly module of `waxwing`: what the crate exports to JavaScript, with every extension.

pub use waxwing::*;
