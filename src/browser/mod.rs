//! The thin shell: browser callbacks become [`Input`](crate::proto::Input), [`Output`](crate::proto::Output) becomes browser calls.
//!
//! [`Driver`] owns the session and everything that lives beside it in the browser: one socket, one timer, one key derivation,
//! the fetches of a search, one set of listeners.
//! Each of them is closed when it is dropped, so a client that is offline, or freed, leaves none behind. Nothing here knows
//! `window`, so it works in a Worker too.

#[cfg(feature = "host-meta")]
mod discovery;
#[cfg(not(feature = "host-meta"))]
#[path = "no_discovery.rs"]
mod discovery;
mod driver;
mod env;
mod keys;
mod lifecycle;
mod socket;
mod storage;
mod timer;
mod value;

pub(crate) use driver::{Driver, Host};
pub(crate) use env::moment;
pub(crate) use socket::Inlet;
pub(crate) use storage::Store;
pub(crate) use value::{to_js, to_json, utf16_len};
