//! One connection: framing, login, binding, stream management.

pub mod sasl;
