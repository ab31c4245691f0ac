//! Presence (RFC 6121, section 4).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::error::Error;
use super::super::event::{Presence, Show};
use super::super::feature::{Cx, Feature};

/// A presence of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceOptions {
    pub show: Option<Show>,
    pub status: Option<String>,
    /// By language; `""` is the text without one.
    #[serde(default)]
    pub statuses: BTreeMap<String, String>,
    pub priority: Option<i8>,
}

#[derive(Default)]
pub(crate) struct PresenceTracker {}

impl PresenceTracker {
    /// Sends the first presence, as configured or as set since. Called when the roster is settled.
    pub(crate) fn send_first(&mut self, _cx: &mut Cx<'_>) {}

    /// Says goodbye: unavailable, where anything was said before.
    pub(crate) fn send_unavailable(&mut self, _cx: &mut Cx<'_>) {}

    /// Sets our presence; while not connected it is kept for the first presence.
    pub(crate) fn set(&mut self, _cx: &mut Cx<'_>, _presence: PresenceOptions) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn send_to(&mut self, _cx: &mut Cx<'_>, _jid: &str, _presence: PresenceOptions) -> Result<(), Error> {
        Ok(())
    }

    /// Bare JID: the most available resource; full JID: that one.
    pub(crate) fn of(&self, _jid: &str) -> Option<&Presence> {
        None
    }

    /// All available resources, the most available first.
    pub(crate) fn resources(&self, _bare: &str) -> Vec<&Presence> {
        Vec::new()
    }
}

impl Feature for PresenceTracker {}
