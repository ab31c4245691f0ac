//! The place of the search in a build without it (see `search`, the cargo feature `host-meta`): a url is required.

use super::super::config::Config;
use super::super::entropy::Ids;
use super::super::error::Error;
use super::super::io::Output;
use super::super::time::Now;
use super::Origin;
use super::failure::Try;
use super::host_meta::{HostMeta, HostMetaFault};

#[derive(Debug, Default)]
pub(super) struct Search {}

impl Search {
    pub(super) fn check() -> Result<(), Error> {
        Err(Error::invalid("url is missing").remedy("This build does not look for the server: pass url, or use the full build."))
    }

    pub(super) fn begin(&self, _config: &Config, _ids: &mut Ids) -> Option<Vec<Output>> {
        None
    }

    pub(super) fn handle(
        &self,
        _now: Now,
        _answer: u32,
        _fetched: Result<HostMeta, HostMetaFault>,
        _config: &Config,
    ) -> Option<Vec<(String, Origin)>> {
        None
    }

    pub(super) fn is_under_way(&self) -> bool {
        false
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        None
    }

    pub(super) fn give_up(&self, _config: &Config) -> Option<Vec<(String, Origin)>> {
        None
    }

    pub(super) fn stop(&self) -> bool {
        false
    }

    pub(super) fn expected(&self, _is_now: bool, _config: &Config) -> usize {
        0
    }

    pub(super) fn failure(&self, _tries: &[Try], _config: &Config) -> Option<Error> {
        None
    }

    pub(super) fn details(&self, _config: &Config) -> Vec<String> {
        Vec::new()
    }
}
