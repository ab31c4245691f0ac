//! The place of the fetches in a build that does not look for the server (see `discovery`, the cargo feature `host-meta`).

use crate::proto::HostMetaFormat;

use super::socket::Inlet;

pub(super) struct HostMetaFetch {}

impl HostMetaFetch {
    /// The session asks for none.
    pub(super) fn start(_inlet: &Inlet, _id: u32, _url: &str, _format: HostMetaFormat) -> Self {
        Self {}
    }
}
