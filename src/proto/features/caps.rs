//! What others can do: disco#info asked (XEP-0030, version 2.5.0), and known without asking from the hash in a presence (XEP-0115, XEP-0390).
//!
//! Nothing is asked by itself: 5,000 presences make no request. Of those who say the same hash one is asked when the app wants to know, and the
//! answer is for all of them, once the hash was found to stand for it. One who answers something else has answered for itself alone, and the
//! next one is asked.
//!
//! Of the server and of the account the answers are kept for the session. Items, and the queries that have nothing to do with hashes, are
//! JavaScript: see `disco.js`. Verified answers can be taken out as XML, to be stored, and put back: each is verified again before it is used, so that
//! a storage can poison nothing.

use std::cell::Cell;
use std::sync::Arc;

use super::super::entity_caps::{Advert, DiscoInfo};
use super::super::error::{Code, Error};
use super::super::feature::{Cx, Feature, IqKind, ticket};
use super::super::io::{Reply, Token};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::sorted::Sorted;
use super::super::xml::{self, Element, Writer, ns};
use super::FeatureId;

const NS_INFO: &str = "http://jabber.org/protocol/disco#info";

/// So many verified answers are kept, those that came last.
const MOST_VERIFIED: usize = 256;

/// A larger answer is not kept for others: somebody wants to fill our memory.
const MOST_BYTES: usize = 1 << 16;

/// What is stored of them: the last ones, and none that is larger.
const MOST_STORED: usize = 64;
const MOST_STORED_BYTES: usize = 1 << 13;

mod purpose {
    /// The answer is for whoever asked.
    pub(super) const ASK: u8 = 0;
    /// It is kept for the session.
    pub(super) const KEEP: u8 = 1;
    /// It may be for all with the same hash.
    pub(super) const VERIFY: u8 = 2;
}

#[derive(Default)]
pub(crate) struct Caps {
    /// Of the server and the account, by address.
    kept: Sorted<Arc<DiscoInfo>>,
    /// By [`Advert::key`].
    verified: Sorted<Verified>,
    /// The same keys, the oldest first.
    order: Vec<String>,
    /// There is one that nobody has stored.
    has_news: Cell<bool>,
    /// What was stored in another page, by key, and has not been verified here.
    stored: Sorted<String>,
    /// Those who want to know about the same hash. The first one's JID was asked.
    waiting: Sorted<Vec<Waiter>>,
}

struct Verified {
    info: Arc<DiscoInfo>,
    /// The answer as it came, if that may be stored.
    text: Option<String>,
}

struct Waiter {
    token: Token,
    jid: String,
    advert: Arc<Advert>,
}

impl Caps {
    /// `advert` is what the presence of the JID says, where there is one.
    pub(crate) fn info(
        &mut self,
        cx: &mut Cx<'_>,
        token: Token,
        jid: String,
        node: Option<&str>,
        advert: Option<Arc<Advert>>,
    ) -> Result<(), Error> {
        if let (None, Some(advert)) = (node, advert) {
            let key = advert.key();
            if let Some(key) = &key {
                self.verify_stored(cx, key, &advert);
            }
            let verified = key.as_ref().and_then(|key| self.verified.get(key)).map(|verified| &verified.info);
            if let Some(info) = verified.or(advert.answer()) {
                cx.settle(token, Ok(Reply::Info(info.clone())));
                return Ok(());
            }
            if let Some(key) = key {
                if !cx.is_bound() {
                    return Err(Error::not_connected());
                }
                let waiter = Waiter { token, jid, advert };
                match self.waiting.get_mut(&key) {
                    Some(waiters) => waiters.push(waiter),
                    None => self.ask_first(cx, key, vec![waiter]),
                }
                return Ok(());
            }
        }
        if let (None, Some(info)) = (node, self.kept.get(&jid)) {
            cx.settle(token, Ok(Reply::Info(info.clone())));
            return Ok(());
        }
        let is_ours = node.is_none() && (jid == cx.own_bare() || jid == jids::domain(cx.own_jid()));
        let purpose = if is_ours { purpose::KEEP } else { purpose::ASK };
        let ticket = Ticket { subject: jid.clone(), ..ticket(FeatureId::caps, purpose, Some(token)) };
        ask(cx, &jid, node, ticket)
    }

    /// Asks the first of those who want to know. The request has no token: one who does not wait any more must not take the answer from the others.
    fn ask_first(&mut self, cx: &mut Cx<'_>, key: String, waiters: Vec<Waiter>) {
        let Some(Waiter { jid, advert, .. }) = waiters.first() else { return };
        let ticket = Ticket { subject: key.clone(), ..ticket(FeatureId::caps, purpose::VERIFY, None) };
        match ask(cx, jid, Some(advert.node()), ticket) {
            Ok(()) => {
                self.waiting.insert(key, waiters);
            }
            Err(error) => waiters.iter().for_each(|waiter| cx.settle(waiter.token, Err(error.clone()))),
        }
    }

    fn finish_verifying(&mut self, cx: &mut Cx<'_>, key: String, reply: Result<Element<'_>, Error>) {
        let Some(mut waiters) = self.waiting.remove(&key) else { return };
        let Some(asked) = waiters.first() else { return };
        let jid = asked.jid.clone();
        let reply = match query_of(reply) {
            Ok(query) => match asked.advert.verified(query) {
                Some(info) => {
                    let info = Arc::new(info);
                    self.keep_verified(key, &info, text_of(query));
                    for Waiter { token, advert, .. } in waiters {
                        advert.keep_answer(&info);
                        cx.settle(token, Ok(Reply::Info(info.clone())));
                    }
                    return;
                }
                None => Ok(Arc::new(DiscoInfo::read(query, Element::lang))),
            },
            Err(error) => Err(error),
        };
        // It is the answer of this one alone, and the others have to ask another.
        waiters.retain(|waiter| {
            let is_asked = waiter.jid == jid;
            if is_asked {
                if let Ok(info) = &reply {
                    waiter.advert.keep_answer(info);
                }
                cx.settle(waiter.token, reply.clone().map(Reply::Info));
            }
            !is_asked
        });
        self.ask_first(cx, key, waiters);
    }

    /// What another page has found out counts once it is found to be so.
    fn verify_stored(&mut self, cx: &Cx<'_>, key: &str, advert: &Advert) {
        let Some(text) = self.stored.remove(key) else { return };
        let limits = cx.config().limits;
        let Some(document) = xml::parse_stored(&text, &limits) else { return };
        let query = document.root().child("query", NS_INFO);
        if let Some(info) = query.and_then(|query| advert.verified(query)) {
            self.keep_verified(key.to_owned(), &Arc::new(info), Some(text));
        }
    }

    /// The last verified answers, by key, and those that nobody has asked for yet.
    pub(crate) fn record(&self) -> Sorted<String> {
        let mut record = Sorted::default();
        let mut store = |key: &str, text: &str| {
            if record.len() < MOST_STORED {
                record.insert(key.to_owned(), text.to_owned());
            }
        };
        for key in self.order.iter().rev() {
            if let Some(Verified { text: Some(text), .. }) = self.verified.get(key) {
                store(key, text);
            }
        }
        for (key, text) in self.stored.iter() {
            store(key, text);
        }
        record
    }

    /// Whether the record has changed since the last look.
    pub(crate) fn take_news(&self) -> bool {
        self.has_news.take()
    }

    pub(crate) fn restore(&mut self, record: Sorted<String>) {
        for (key, text) in record.iter().take(MOST_STORED) {
            self.stored.insert(key.to_owned(), text.clone());
        }
    }

    fn keep_verified(&mut self, key: String, info: &Arc<DiscoInfo>, text: Option<String>) {
        if info.weight() > MOST_BYTES {
            return;
        }
        if self.order.len() == MOST_VERIFIED {
            let oldest = self.order.remove(0);
            self.verified.remove(&oldest);
        }
        self.order.push(key.clone());
        let text = text.filter(|text| text.len() <= MOST_STORED_BYTES);
        self.has_news.set(self.has_news.get() || text.is_some());
        self.verified.insert(key, Verified { info: info.clone(), text });
    }
}

impl Feature for Caps {
    fn namespaces(&self) -> &'static [&'static str] {
        &["http://jabber.org/protocol/caps", "urn:xmpp:caps"]
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        let Some(token) = ticket.token else { return self.finish_verifying(cx, ticket.subject, reply) };
        let info = query_of(reply).map(|query| Arc::new(DiscoInfo::read(query, Element::lang)));
        if let (purpose::KEEP, Ok(info)) = (ticket.purpose, &info) {
            self.kept.insert(ticket.subject, info.clone());
        }
        cx.settle(token, info.map(Reply::Info));
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.kept.clear();
    }
}

fn ask(cx: &mut Cx<'_>, jid: &str, node: Option<&str>, ticket: Ticket) -> Result<(), Error> {
    cx.request(IqKind::Get, Some(jid), ticket, |w| {
        w.open("query", NS_INFO).attr_opt("node", node).close();
    })?;
    Ok(())
}

/// With the language that it inherits.
fn text_of(query: Element<'_>) -> Option<String> {
    let mut w = Writer::new();
    w.open("iq", ns::CLIENT).lang(query.lang()).copy(query, NS_INFO);
    w.finish().ok()
}

fn query_of(reply: Result<Element<'_>, Error>) -> Result<Element<'_>, Error> {
    reply?.child("query", NS_INFO).ok_or_else(|| Error::new(Code::ProtocolError, "the answer says nothing of what was asked"))
}
