//! Roster (RFC 6121, section 2) with versioning (section 2.6), and presence subscriptions (section 3).
//!
//! The roster is asked for as soon as the session is bound, and the session is online once that is settled one way or the other.
//! From then on the server pushes every change. A change that the app asks for shows when the server has confirmed it: at the push
//! or at the result, whichever comes first.
//!
//! The roster and its version outlive the connection, so that a later login of the same session asks only for what has changed.
//! Absent on purpose: any automatic approval of a request.

mod changes;
mod item;
mod record;
mod subscriptions;

use std::sync::Arc;

use self::changes::{Card, Change, Changes, Wanted};
use super::super::error::{Code, Error};
use super::super::event::{Event, RosterChange, RosterChangeKind, RosterItem, Subscription};
use super::super::feature::{Cx, Feature, Flow, IqKind, ticket};
use super::super::io::{Reply, Token};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::json::{Fields, Json};
use super::super::sorted::{ByKey, Keyed, Names};
use super::super::stanza_error::Condition;
use super::super::xml::Element;
use super::FeatureId;

const NS: &str = "jabber:iq:roster";
const NICK: &str = "http://jabber.org/protocol/nick";

/// What a request of this feature is for.
mod purpose {
    pub(super) const LOAD: u8 = 0;
    pub(super) const CHANGE: u8 = 1;
}

/// A contact to be added. For a JID that the roster has already, it replaces name and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterAdd {
    pub jid: String,
    pub name: Option<String>,
    pub groups: Vec<String>,
}

/// Changes to a contact; what is `None` stays as it is. An empty name takes the name away, an empty list the groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterUpdate {
    pub jid: String,
    pub name: Option<String>,
    pub groups: Option<Vec<String>>,
}

impl RosterAdd {
    /// As a page has it. `None` where something is missing, or is of another type.
    pub fn from_json(contact: &str) -> Option<Self> {
        let RosterUpdate { jid, name, groups } = RosterUpdate::from_json(contact)?;
        Some(Self { jid, name, groups: groups.unwrap_or_default() })
    }
}

impl RosterUpdate {
    /// As a page has it. `None` where something is missing, or is of another type.
    pub fn from_json(change: &str) -> Option<Self> {
        Fields::parse(change)?.read(|fields| {
            Some(Self { jid: fields.text("jid")?, name: fields.text("name"), groups: fields.list("groups", Json::text) })
        })
    }
}

#[derive(Default)]
pub(crate) struct Roster {
    /// Shared with the events that tell of them.
    items: ByKey<Arc<RosterItem>>,
    /// What the server calls this state of the roster. `None`: it keeps no versions, or something of it did not come through, and only
    /// a whole roster can bring it back.
    version: Option<String>,
    /// Whose roster it is: an anonymous account is another one at each login.
    owner: String,
    is_settled: bool,
    changes: Changes,
    /// Those who asked to see our presence and were not answered yet: bare JIDs.
    requests: Names,
    /// Grows with every change of what is stored.
    revision: u64,
    /// It comes from the storage, and the app has not heard of it yet.
    is_restored: bool,
}

impl Roster {
    /// Whether the roster was loaded, or the server refused it: the session can go online.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// All items, sorted by JID.
    pub(crate) fn items(&self) -> impl Iterator<Item = &RosterItem> {
        self.items.iter().map(|item| &**item)
    }

    /// As the events and the storage have them.
    fn shared(&self) -> Vec<Arc<RosterItem>> {
        self.items.iter().cloned().collect()
    }

    fn item(&self, jid: &str) -> Option<&RosterItem> {
        self.items.get(jid).map(|item| &**item)
    }

    /// One item; the JID need not be normalised.
    pub(crate) fn get(&self, jid: &str) -> Option<&RosterItem> {
        let jid = jids::normal(jid).ok()?;
        self.item(&jid).or_else(|| self.item(jids::bare(&jid)))
    }

    /// Whether somebody may see our presence (section 2.1.2.5): a contact whom we let, or another device of ours.
    pub(crate) fn shows_us_to(&self, jid: &str) -> bool {
        let bare = jids::bare(jid);
        let is_let = |item: &RosterItem| matches!(item.subscription, Subscription::From | Subscription::Both);
        bare == self.owner || self.item(bare).is_some_and(is_let)
    }

    /// Adds a contact (section 2.3). Who it is, the server has to know; that it is a JID is checked here.
    pub(crate) fn add(&mut self, cx: &mut Cx<'_>, token: Token, contact: RosterAdd) -> Result<(), Error> {
        let jid = self.key(&contact.jid)?;
        self.change(cx, token, jid, Wanted::Stored(Card::new(contact.name, contact.groups)))
    }

    /// Changes a contact (section 2.4). A roster set replaces name and groups whole, so what stays is sent again.
    pub(crate) fn update(&mut self, cx: &mut Cx<'_>, token: Token, change: RosterUpdate) -> Result<(), Error> {
        let jid = self.key(&change.jid)?;
        if !cx.is_bound() {
            return Err(Error::not_connected());
        }
        let Some(current) = self.card(cx, &jid) else {
            return Err(Error::invalid(format!("{jid} is not in the roster"))
                .condition(Condition::ItemNotFound.as_str())
                .remedy("Add the contact with roster.add() first."));
        };
        let card = Card::new(change.name.or(current.name), change.groups.unwrap_or(current.groups));
        self.change(cx, token, jid, Wanted::Stored(card))
    }

    /// Removes a contact (section 2.5); the server cancels the subscriptions both ways.
    pub(crate) fn remove(&mut self, cx: &mut Cx<'_>, token: Token, jid: &str) -> Result<(), Error> {
        let jid = self.key(jid)?;
        self.change(cx, token, jid, Wanted::Removed)
    }

    /// The JID under which an item is, or would be, kept. Items are bare JIDs, save what a gateway of old has put there.
    fn key(&self, jid: &str) -> Result<String, Error> {
        let jid = jids::normalise("jid", jid)?;
        let is_known = jids::resource(&jid).is_none() || self.items.contains(&jid);
        Ok(if is_known { jid } else { jids::bare(&jid).to_owned() })
    }

    /// Name and groups as they will be once the server has done what it was asked for already: two updates on each other's heels
    /// do not undo each other.
    fn card(&self, cx: &Cx<'_>, jid: &str) -> Option<Card> {
        match self.changes.newest(jid, |request_id| cx.is_awaited(request_id)) {
            Some(Wanted::Stored(card)) => Some(card.clone()),
            Some(Wanted::Removed) => None,
            None => self.item(jid).map(Card::of),
        }
    }

    fn change(&mut self, cx: &mut Cx<'_>, token: Token, jid: String, wanted: Wanted) -> Result<(), Error> {
        let ticket = Ticket { subject: jid.clone(), ..ticket(FeatureId::roster, purpose::CHANGE, Some(token)) };
        let request_id = cx.request(IqKind::Set, None, ticket, |w| {
            w.open("query", NS);
            wanted.write(w, &jid);
            w.close();
        })?;
        self.changes.push(jid, Change { token, request_id, wanted, is_seen: false });
        Ok(())
    }

    /// The answer to a change. Servers push before or after it; an app that awaits it finds the change done either way.
    fn finish_change(&mut self, cx: &mut Cx<'_>, jid: &str, token: Token, reply: Result<(), Error>) {
        let change = self.changes.take(jid, token);
        let result = reply.map(|()| {
            match change {
                Some(Change { wanted: Wanted::Stored(card), is_seen: false, .. }) => {
                    self.store(cx, card.apply_to(jid, self.item(jid)))
                }
                Some(Change { wanted: Wanted::Removed, is_seen: false, .. }) => self.discard(cx, jid),
                _ => false,
            };
            Reply::Done
        });
        cx.settle(token, result);
    }

    fn load(&mut self, cx: &mut Cx<'_>) {
        if self.owner != cx.own_bare() {
            *self = Self { owner: cx.own_bare().to_owned(), revision: self.revision + 1, ..Self::default() };
        }
        // Section 2.6.2: without a version in store, an empty one says that versions are understood.
        let version = cx.has_roster_versioning().then(|| self.version.clone().unwrap_or_default());
        let ticket = Ticket { subject: version.clone().unwrap_or_default(), ..ticket(FeatureId::roster, purpose::LOAD, None) };
        let sent = cx.request(IqKind::Get, None, ticket, |w| {
            w.open("query", NS).attr_opt("ver", version.as_deref()).close();
        });
        if let Err(error) = sent {
            self.finish_load(cx, "", Err(error));
        }
    }

    fn finish_load(&mut self, cx: &mut Cx<'_>, asked_version: &str, reply: Result<Element<'_>, Error>) {
        self.is_settled = true;
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                // A connection that is gone tells so itself.
                if cx.is_bound() {
                    self.version = None;
                    let mut report = Error::new(error.code, "the roster could not be loaded")
                        .remedy("Contacts are missing until the next login; messages and presence work.");
                    report.condition.clone_from(&error.condition);
                    cx.report(report.because(error));
                }
                return;
            }
        };
        // Section 2.6.3: no query at all says that the version in store is current; changes since then follow as pushes.
        // Without such a version it is an empty roster.
        match reply.child("query", NS) {
            None if !asked_version.is_empty() => {}
            query => self.replace(cx, query),
        }
        cx.emit(Event::Roster(RosterChange { change: RosterChangeKind::Loaded, items: self.shared() }));
    }

    /// Takes a whole roster. An item that cannot be read costs only itself, and the version: the next login asks for all again.
    fn replace(&mut self, cx: &mut Cx<'_>, query: Option<Element<'_>>) {
        self.revision += 1;
        let mut unreadable = 0_usize;
        let mut first_fault = None;
        let items =
            query.into_iter().flat_map(Element::children).filter(|child| child.is("item", NS)).filter_map(
                |item| match item::read(item) {
                    Ok(mut item) => {
                        // Section 2.1.2.5: MUST be ignored in a roster result, where only a push may say it.
                        if item.subscription == Subscription::Remove {
                            item.subscription = Subscription::None;
                        }
                        Some(Arc::new(item))
                    }
                    Err(fault) => {
                        unreadable += 1;
                        first_fault.get_or_insert(fault);
                        None
                    }
                },
            );
        self.items = items.collect();
        self.version = query.and_then(|query| query.attr("ver")).filter(|_| unreadable == 0).map(ToOwned::to_owned);
        if let Some(fault) = first_fault {
            let what = format!("items of the roster that could not be read: {unreadable}; the first: {fault}");
            cx.report(Error::new(Code::UnreadableStanza, what));
        }
    }

    /// A roster push (section 2.1.6).
    fn handle_push(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, query: Element<'_>) {
        // RFC 6121, section 2.1.6: a push MUST be ignored unless it comes from our own bare JID, said or unsaid (I9).
        if iq.attr("from").is_some_and(|from| from != cx.own_bare()) {
            return cx.refuse(iq, Condition::ServiceUnavailable);
        }
        // The same section: a push holds exactly one item.
        let mut items = query.children().filter(|child| child.is("item", NS));
        let (Some(pushed), None) = (items.next(), items.next()) else {
            return self.reject_push(cx, iq, "it holds not exactly one item");
        };
        let item = match item::read(pushed) {
            Ok(item) => item,
            Err(fault) => return self.reject_push(cx, iq, fault),
        };
        let jid = item.jid.clone();
        let is_changed = if item.subscription == Subscription::Remove { self.discard(cx, &jid) } else { self.store(cx, item) };
        if is_changed {
            self.changes.see(&jid);
        }
        if let (Some(known), Some(version)) = (&mut self.version, query.attr("ver")) {
            version.clone_into(known);
            self.revision += 1;
        }
        cx.answer(iq, |_| {});
    }

    /// What was lost here comes back with the next login, which asks for the whole roster.
    fn reject_push(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, fault: &str) {
        self.version = None;
        self.revision += 1;
        cx.report(Error::new(Code::UnreadableStanza, format!("a roster push could not be read: {fault}")));
        cx.refuse(iq, Condition::BadRequest);
    }

    /// Keeps an item. `false`: it was there, just so.
    fn store(&mut self, cx: &mut Cx<'_>, item: RosterItem) -> bool {
        if matches!(item.subscription, Subscription::From | Subscription::Both) {
            // Answered here or by another of our clients.
            self.requests.remove(&item.jid);
        }
        let change = match self.item(&item.jid) {
            Some(known) if *known == item => return false,
            Some(_) => RosterChangeKind::Updated,
            None => RosterChangeKind::Added,
        };
        let item = Arc::new(item);
        self.items.replace(item.clone());
        self.revision += 1;
        cx.emit(Event::Roster(RosterChange { change, items: vec![item] }));
        true
    }

    /// Drops an item. `false`: there was none.
    fn discard(&mut self, cx: &mut Cx<'_>, jid: &str) -> bool {
        let Some(item) = self.items.take(jid) else { return false };
        self.revision += 1;
        let item = RosterItem { subscription: Subscription::Remove, ask: None, is_approved: false, ..RosterItem::clone(&item) };
        cx.emit(Event::Roster(RosterChange { change: RosterChangeKind::Removed, items: vec![item.into()] }));
        true
    }
}

impl Keyed for Arc<RosterItem> {
    fn key(&self) -> &str {
        &self.jid
    }
}

impl Feature for Roster {
    fn namespaces(&self) -> &'static [&'static str] {
        // Read in subscription requests (XEP-0172). The roster itself is between client and server, and not announced.
        &[NICK]
    }

    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        let is_restored = std::mem::take(&mut self.is_restored);
        // An empty roster is not stored: a page that goes on with the session of another asks for it again.
        if !is_resumed || self.owner.is_empty() {
            self.load(cx);
        } else if is_restored {
            self.tell_restored(cx);
        }
    }

    fn handle_presence(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>) -> Flow {
        self.handle_subscription(cx, stanza)
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        if !payload.is("query", NS) || iq.attr("type") != Some("set") {
            return Flow::Continue;
        }
        self.handle_push(cx, iq, payload);
        Flow::Stop
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        match (ticket.purpose, ticket.token) {
            (purpose::CHANGE, Some(token)) => self.finish_change(cx, &ticket.subject, token, reply.map(drop)),
            _ => self.finish_load(cx, &ticket.subject, reply),
        }
    }

    /// Items and version stay for the next login; what waited on the connection does not.
    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.is_settled = false;
        self.changes = Changes::default();
        self.requests.clear();
    }
}
