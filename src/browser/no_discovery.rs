//! The place of the fetches in a build that does not look for the server (see `discovery`, the cargo feature `host-meta`).

use std::rc::Weak;

use crate::proto::HostMetaFormat;

use super::driver::Driver;

pub(super) struct HostMetaFetch {}

impl HostMetaFetch {
    /// The session asks for none.
    pub(super) fn start(_driver: Weak<Driver>, _id: u32, _url: String, _format: HostMetaFormat) -> Self {
        Self {}
    }
}
