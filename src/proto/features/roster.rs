//! Roster (RFC 6121, section 2) and subscriptions (section 3).

use serde::Deserialize;

use super::super::error::Error;
use super::super::event::RosterItem;
use super::super::feature::{Cx, Feature};
use super::super::io::Token;

/// A contact to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RosterAdd {
    pub jid: String,
    pub name: Option<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// Changes to a contact; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RosterUpdate {
    pub jid: String,
    pub name: Option<String>,
    pub groups: Option<Vec<String>>,
}

#[derive(Default)]
pub(crate) struct Roster {}

impl Roster {
    /// Whether the roster was loaded, or the server refused it: the session can go online.
    pub(crate) fn is_settled(&self) -> bool {
        true
    }

    /// All items, sorted by JID.
    pub(crate) fn items(&self) -> impl Iterator<Item = &RosterItem> {
        [].iter()
    }

    pub(crate) fn get(&self, _bare: &str) -> Option<&RosterItem> {
        None
    }

    pub(crate) fn add(&mut self, _cx: &mut Cx<'_>, _token: Token, _contact: RosterAdd) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn update(&mut self, _cx: &mut Cx<'_>, _token: Token, _change: RosterUpdate) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn remove(&mut self, _cx: &mut Cx<'_>, _token: Token, _jid: &str) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn subscribe(&mut self, _cx: &mut Cx<'_>, _jid: &str) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn approve(&mut self, _cx: &mut Cx<'_>, _jid: &str) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn deny(&mut self, _cx: &mut Cx<'_>, _jid: &str) -> Result<(), Error> {
        Err(Error::not_connected())
    }

    pub(crate) fn unsubscribe(&mut self, _cx: &mut Cx<'_>, _jid: &str) -> Result<(), Error> {
        Err(Error::not_connected())
    }
}

impl Feature for Roster {}
