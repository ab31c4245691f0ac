//! What the app asked of the roster and the server has not answered yet.

use std::collections::VecDeque;

use super::super::super::event::RosterItem;
use super::super::super::io::Token;
use super::super::super::sorted::Sorted;
use super::super::super::xml::Writer;
use super::NS;
use super::item::normal_groups;

/// What an app decides about a contact: the rest of an item is the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) name: Option<String>,
    pub(super) groups: Vec<String>,
}

impl Card {
    pub(super) fn new(name: Option<String>, groups: Vec<String>) -> Self {
        Self { name: name.filter(|name| !name.is_empty()), groups: normal_groups(groups) }
    }

    pub(super) fn of(item: &RosterItem) -> Self {
        Self { name: item.name.clone(), groups: item.groups.clone() }
    }

    /// The item as it is once the server has stored the card.
    pub(super) fn apply_to(self, jid: &str, known: Option<&RosterItem>) -> RosterItem {
        RosterItem {
            jid: jid.to_owned(),
            name: self.name,
            groups: self.groups,
            subscription: known.map(|item| item.subscription).unwrap_or_default(),
            ask: known.and_then(|item| item.ask),
            is_approved: known.is_some_and(|item| item.is_approved),
        }
    }
}

#[derive(Debug)]
pub(super) enum Wanted {
    Stored(Card),
    Removed,
}

impl Wanted {
    /// Writes the `<item/>` of a roster set. Subscriptions are the server's: a client's word on them would be ignored (section 2.1.2.5).
    pub(super) fn write(&self, w: &mut Writer, jid: &str) {
        w.open("item", NS).attr("jid", jid);
        match self {
            Self::Stored(card) => {
                w.attr_opt("name", card.name.as_deref());
                for group in &card.groups {
                    w.leaf("group", NS, group);
                }
            }
            Self::Removed => {
                w.attr("subscription", "remove");
            }
        }
        w.close();
    }
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) token: Token,
    pub(super) request_id: String,
    pub(super) wanted: Wanted,
    /// Whether a push has shown it already, so that the answer has nothing to add.
    pub(super) is_seen: bool,
}

/// By JID, in the order of asking.
#[derive(Debug, Default)]
pub(super) struct Changes(Sorted<VecDeque<Change>>);

impl Changes {
    pub(super) fn push(&mut self, jid: String, change: Change) {
        match self.0.get_mut(&jid) {
            Some(of_jid) => of_jid.push_back(change),
            None => _ = self.0.insert(jid, [change].into()),
        }
    }

    /// What is wanted last, among the changes whose answer is still awaited: a caller that no longer waits has taken its change back.
    pub(super) fn newest(&self, jid: &str, is_awaited: impl Fn(&str) -> bool) -> Option<&Wanted> {
        let of_jid = self.0.get(jid)?;
        of_jid.iter().rev().find(|change| is_awaited(&change.request_id)).map(|change| &change.wanted)
    }

    /// A push has changed the item: servers handle requests in order, so it shows the oldest change not shown yet.
    pub(super) fn see(&mut self, jid: &str) {
        let unseen = self.0.get_mut(jid).and_then(|of_jid| of_jid.iter_mut().find(|change| !change.is_seen));
        if let Some(change) = unseen {
            change.is_seen = true;
        }
    }

    /// The change has its answer. Those before it had theirs, or are no longer waited for.
    pub(super) fn take(&mut self, jid: &str, token: Token) -> Option<Change> {
        let of_jid = self.0.get_mut(jid)?;
        let at = of_jid.iter().position(|change| change.token == token)?;
        let taken = of_jid.drain(..=at).next_back();
        if of_jid.is_empty() {
            self.0.remove(jid);
        }
        taken
    }
}
