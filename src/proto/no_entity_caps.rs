//! Without entity capabilities: nothing is said, and nothing heard.

use std::sync::Arc;

use super::config::Config;
use super::xml::{Element, Writer};

/// There is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advert {}

impl Advert {
    pub(crate) fn hear(_heard: &mut Option<Arc<Self>>, _child: Element<'_>) {}

    pub(crate) fn inherit<'a>(_heard: &mut Option<Arc<Self>>, _before: impl FnOnce() -> Option<&'a Arc<Self>>) {}
}

#[derive(Debug, Default)]
pub(crate) struct OwnCaps {}

impl OwnCaps {
    pub(crate) fn new(_config: &Config, _announced: &[&'static str]) -> Self {
        Self {}
    }

    pub(crate) fn mark(&self) -> &str {
        ""
    }

    pub(crate) fn has_node(&self, _node: &str) -> bool {
        false
    }

    pub(crate) fn write(&self, _w: &mut Writer) {}
}
