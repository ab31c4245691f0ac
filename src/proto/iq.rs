//! The request table (RFC 6120, section 8.2.3): which answers are awaited, from whom, until when, and for whom.

use std::borrow::Cow;

use super::features::FeatureId;
use super::io::Token;
use super::jids;
use super::sorted::Sorted;

/// Who asked.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    /// The app, through `request()`.
    App(Token),
    Feature(Ticket),
    /// The session, to learn whether the server has what was sent before: everything up to this count.
    Probe(u64),
    /// The session, to learn whether the connection lives.
    SignOfLife,
}

/// What a feature wants to know again when its answer comes.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) feature: FeatureId,
    /// The feature's own number for what was asked.
    pub(crate) purpose: u8,
    /// The command that waits for it.
    pub(crate) token: Option<Token>,
    /// The feature's own note, such as the JID concerned.
    pub(crate) subject: String,
    /// Another deadline than the configured one.
    pub(crate) timeout_ms: Option<u32>,
}

impl Owner {
    fn token(&self) -> Option<Token> {
        match self {
            Self::App(token) => Some(*token),
            Self::Feature(ticket) => ticket.token,
            Self::Probe(_) | Self::SignOfLife => None,
        }
    }
}

#[derive(Debug)]
struct Pending {
    to: Option<String>,
    deadline_ms: u64,
    owner: Owner,
}

#[derive(Debug)]
struct Deadline {
    deadline_ms: u64,
    id: String,
}

#[derive(Debug, Default)]
pub(crate) struct IqTable {
    pending: Sorted<Pending>,
    /// Their ids, by deadline.
    deadlines: Sorted<Deadline>,
}

impl IqTable {
    pub(crate) fn insert(&mut self, id: String, to: Option<&str>, deadline_ms: u64, owner: Owner) {
        self.deadlines.insert(deadline_key(deadline_ms, &id), Deadline { deadline_ms, id: id.clone() });
        // The server writes addresses in their normal form, whatever the app wrote.
        let to = to.map(|to| jids::normal(to).map_or_else(|_| to.to_owned(), Cow::into_owned));
        self.pending.insert(id, Pending { to, deadline_ms, owner });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.pending.contains(id)
    }

    /// The request that this answer settles. An answer from another address than the one that was asked settles nothing
    /// (RFC 6120, sections 8.1.2.1 and 10.3.3) (I9).
    pub(crate) fn take(&mut self, id: &str, from: Option<&str>, own_jid: &str) -> Option<Owner> {
        let pending = self.pending.get(id)?;
        if !is_answer_from(pending.to.as_deref(), from, own_jid) {
            return None;
        }
        self.remove(id)
    }

    /// The request of a command that no longer waits. Its answer, if one comes, is dropped.
    pub(crate) fn cancel(&mut self, token: Token) -> bool {
        // An app that gives up thousands does so in the order in which it asked, which is that of the deadlines, or nearly.
        let is_it = |id: &&String| self.pending.get(id).is_some_and(|pending| pending.owner.token() == Some(token));
        let found = self.deadlines.values().map(|deadline| &deadline.id).find(is_it).cloned();
        found.is_some_and(|id| self.remove(&id).is_some())
    }

    /// The next deadline.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.deadlines.first().map(|first| first.deadline_ms)
    }

    /// One request whose deadline has passed.
    pub(crate) fn take_expired(&mut self, now_ms: u64) -> Option<Owner> {
        let Deadline { deadline_ms, id } = self.deadlines.first()?;
        if *deadline_ms > now_ms {
            return None;
        }
        let id = id.clone();
        self.remove(&id)
    }

    /// All requests, in the order of their deadlines: the session is lost.
    pub(crate) fn drain(&mut self) -> Vec<Owner> {
        let deadlines = std::mem::take(&mut self.deadlines);
        let mut pending = std::mem::take(&mut self.pending);
        deadlines.values().filter_map(|deadline| pending.remove(&deadline.id)).map(|pending| pending.owner).collect()
    }

    fn remove(&mut self, id: &str) -> Option<Owner> {
        let pending = self.pending.remove(id)?;
        self.deadlines.remove(&deadline_key(pending.deadline_ms, id));
        Some(pending.owner)
    }
}

/// Sorts by deadline.
fn deadline_key(deadline_ms: u64, id: &str) -> String {
    format!("{deadline_ms:016x} {id}")
}

/// Servers may leave `from` out, or put our own address there, when they answer for our account (RFC 6120, section 8.1.2.1).
/// Older servers answer for it from their domain.
fn is_answer_from(asked: Option<&str>, from: Option<&str>, own_jid: &str) -> bool {
    let own_bare = jids::bare(own_jid);
    let own_domain = jids::domain(own_jid);
    match (asked, from) {
        (None, None) => true,
        (None, Some(from)) => from == own_bare || from == own_jid || from == own_domain,
        (Some(asked), None) => asked == own_bare || asked == own_domain,
        (Some(asked), Some(from)) => asked == from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "romeo@example.net/balcony";

    #[test]
    fn an_answer_counts_only_from_the_one_who_was_asked() {
        for (asked, from, is_right) in [
            (None, None, true),
            (None, Some("romeo@example.net"), true),
            (None, Some(OWN), true),
            (None, Some("example.net"), true),
            (None, Some("juliet@example.com"), false),
            (None, Some("romeo@example.net/other"), false),
            (Some("example.net"), None, true),
            (Some("romeo@example.net"), None, true),
            (Some("juliet@example.com"), None, false),
            (Some("juliet@example.com/x"), Some("juliet@example.com/x"), true),
            (Some("juliet@example.com/x"), Some("juliet@example.com"), false),
            (Some("juliet@example.com"), Some("mallory@example.com"), false),
            (Some("Juliet@Example.COM/X"), Some("juliet@example.com/X"), true),
            (Some("Juliet@Example.COM/X"), Some("juliet@example.com/x"), false),
        ] {
            let mut table = IqTable::default();
            table.insert("1".to_owned(), asked, 10, Owner::SignOfLife);
            assert_eq!(table.take("1", from, OWN).is_some(), is_right, "{asked:?} {from:?}");
            assert_eq!(table.contains("1"), !is_right);
        }
    }

    #[test]
    fn a_request_is_found_by_its_command_and_only_while_it_waits() {
        let mut table = IqTable::default();
        for (id, token) in [("a", 1), ("b", 2), ("c", 3)] {
            table.insert(id.to_owned(), None, 10, Owner::App(Token(token)));
        }
        assert!(table.cancel(Token(2)) && !table.cancel(Token(2)) && !table.contains("b"));
        assert!(table.take("a", None, OWN).is_some() && !table.cancel(Token(1)));
        assert!(table.take_expired(10).is_some() && !table.cancel(Token(3)));
        assert!(table.is_empty() && table.deadlines.is_empty());
        table.insert("d".to_owned(), None, 10, Owner::App(Token(4)));
        assert_eq!(table.drain().len(), 1);
        assert!(!table.cancel(Token(4)));
    }

    #[test]
    fn requests_expire_in_the_order_of_their_deadlines() {
        let mut table = IqTable::default();
        table.insert("a".to_owned(), None, 20, Owner::Probe(2));
        table.insert("b".to_owned(), None, 10, Owner::Probe(1));
        assert_eq!(table.deadline_ms(), Some(10));
        assert!(table.take_expired(9).is_none());
        assert!(matches!(table.take_expired(20), Some(Owner::Probe(1))));
        assert!(matches!(table.take_expired(20), Some(Owner::Probe(2))));
        assert!(table.take_expired(20).is_none());
        assert_eq!(table.deadline_ms(), None);
    }
}
