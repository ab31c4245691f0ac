//! Blocking (XEP-0191, version 1.3), and reports that go with it (XEP-0377, version 0.4.1).
//!
//! The list is asked for at each login, which also makes the server push its changes; after a resumption it still holds. There is no question
//! before it whether the server has it (section 3.1): a server without blocking refuses, and that is as good an answer. A change of ours
//! shows at the push or at the result, whichever comes first. Reports are for one address at a time, as section 8 of XEP-0377 has it.
//!
//! Absent on purpose: hiding what blocked addresses have said before, which is for the app to decide.

use super::super::error::{Code, Error};
use super::super::event::{BlockingChange, BlockingChangeKind, Event};
use super::super::feature::{Cx, Feature, Flow, IqKind, ticket};
use super::super::io::{Reply, Token};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::json::{Fields, Json};
use super::super::sorted::Names;
use super::super::stanza_error::Condition;
use super::super::xml::{Element, Writer, ns};
use super::FeatureId;

const NS: &str = "urn:xmpp:blocking";
const REPORTING: &str = "urn:xmpp:reporting:1";

/// What a request of this feature is for.
mod purpose {
    pub(super) const LOAD: u8 = 0;
    pub(super) const BLOCK: u8 = 1;
    pub(super) const UNBLOCK: u8 = 2;
}

/// Addresses to be blocked: a person, a device, a domain, or a domain's resource (XEP-0191, section 6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockOptions {
    pub jids: Vec<String>,
    /// Only with a single address.
    pub report: Option<Report>,
}

/// Why somebody is blocked, for those who run the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub reason: ReportReason,
    pub text: Option<String>,
    /// Which messages it is about.
    pub stanza_ids: Vec<ReportedId>,
    /// The report may be passed on to the server of whoever is reported.
    pub to_origin: bool,
    /// The report may be passed on to services for statistics and block lists.
    pub to_third_parties: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportReason {
    Spam,
    Abuse,
}

/// An id that an archive gave (XEP-0359).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedId {
    pub id: String,
    /// Whose archive; `None` is the account's own.
    pub by: Option<String>,
}

impl BlockOptions {
    /// As a page has them. `None` where something is missing, or is of another type.
    pub fn from_json(options: &str) -> Option<Self> {
        Fields::parse(options)?
            .read(|fields| Some(Self { jids: fields.list("jids", Json::text)?, report: fields.object("report", Report::read) }))
    }
}

impl Report {
    fn read(report: Fields<'_>) -> Option<Self> {
        report.read(|fields| {
            let reason = |reason| if reason == ReportReason::Spam { "spam" } else { "abuse" };
            Some(Self {
                reason: fields.choice("reason", &[ReportReason::Spam, ReportReason::Abuse], reason)?,
                text: fields.text("text"),
                stanza_ids: fields.list("stanzaIds", ReportedId::read).unwrap_or_default(),
                to_origin: fields.flag("toOrigin"),
                to_third_parties: fields.flag("toThirdParties"),
            })
        })
    }
}

impl ReportedId {
    fn read(id: Json<'_>) -> Option<Self> {
        id.object()?.read(|fields| Some(Self { id: fields.text("id")?, by: fields.text("by") }))
    }
}

#[derive(Default)]
pub(crate) struct Blocking {
    list: Names,
    is_loading: bool,
    /// The server has told the list in this session, and pushes what changes.
    is_loaded: bool,
}

impl Blocking {
    /// Whom the account blocks, sorted.
    pub(crate) fn list(&self) -> impl Iterator<Item = &str> {
        self.list.keys()
    }

    /// Section 3.3.
    pub(crate) fn block(&mut self, cx: &mut Cx<'_>, token: Token, options: &BlockOptions) -> Result<(), Error> {
        let jids = normal(&options.jids)?;
        if jids.is_empty() {
            return Err(Error::invalid("there is nobody to block"));
        }
        if options.report.is_some() && jids.len() > 1 {
            return Err(Error::invalid("a report is about one address").remedy("Block the addresses one by one."));
        }
        let (own_bare, language) = (cx.own_bare().to_owned(), cx.config().language.clone());
        change(cx, token, purpose::BLOCK, &jids, |w, jid| {
            w.open("item", NS).attr("jid", jid);
            if let Some(report) = &options.report {
                report.write(w, &own_bare, language.as_deref());
            }
            w.close();
        })
    }

    /// Sections 3.4 and 3.5; an empty list is everybody.
    pub(crate) fn unblock(&mut self, cx: &mut Cx<'_>, token: Token, jids: &[String]) -> Result<(), Error> {
        change(cx, token, purpose::UNBLOCK, &normal(jids)?, |w, jid| {
            w.open("item", NS).attr("jid", jid).close();
        })
    }

    /// Section 3.2.
    fn load(&mut self, cx: &mut Cx<'_>) {
        let sent = cx.request(IqKind::Get, None, ticket(FeatureId::blocking, purpose::LOAD, None), |w| {
            w.empty("blocklist", NS);
        });
        self.is_loading = sent.is_ok();
    }

    fn finish_load(&mut self, cx: &mut Cx<'_>, reply: Result<Element<'_>, Error>) {
        self.is_loading = false;
        match reply {
            Ok(iq) => {
                self.is_loaded = true;
                self.list.clear();
                self.list = iq.child("blocklist", NS).into_iter().flat_map(addresses).collect();
            }
            // The server blocks nobody.
            Err(error) if error.code == Code::StanzaError && !self.list.is_empty() => self.list.clear(),
            Err(error) => {
                if error.code == Code::Timeout {
                    cx.report(Error::new(error.code, "the list of blocked addresses could not be loaded").because(error));
                }
                return;
            }
        }
        cx.emit(Event::Blocking(BlockingChange {
            change: BlockingChangeKind::Loaded,
            jids: self.list.keys().map(str::to_owned).collect(),
        }));
    }

    /// The server has changed the list; `jids` of an unblocking may be empty, which is everybody.
    fn apply(&mut self, cx: &mut Cx<'_>, change: BlockingChangeKind, jids: Vec<String>) {
        if !self.is_loaded {
            // What a list is like that was never told, a change does not say.
            if !self.is_loading {
                self.load(cx);
            }
            return;
        }
        let is_blocked = change == BlockingChangeKind::Blocked;
        let jids = if jids.is_empty() && !is_blocked {
            std::mem::take(&mut self.list).into_keys()
        } else {
            let mut jids = jids;
            jids.retain(|jid| if is_blocked { self.list.add(jid.clone()) } else { self.list.remove(jid).is_some() });
            jids
        };
        if !jids.is_empty() {
            cx.emit(Event::Blocking(BlockingChange { change, jids }));
        }
    }
}

impl Feature for Blocking {
    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            self.is_loaded = false;
        }
        // A page that goes on with the session of another does not have the list.
        if cx.config().has_block_list && !self.is_loaded && !self.is_loading {
            self.load(cx);
        }
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        let change = match (payload.name(), payload.namespace()) {
            ("block", NS) => BlockingChangeKind::Blocked,
            ("unblock", NS) => BlockingChangeKind::Unblocked,
            _ => return Flow::Continue,
        };
        // I9: only our own server pushes, in the name of the account.
        let is_ours = iq.attr("from").is_none_or(|from| from == cx.own_bare() || from == jids::domain(cx.own_jid()));
        if iq.attr("type") != Some("set") || !is_ours {
            return Flow::Continue;
        }
        let jids: Vec<String> = addresses(payload).collect();
        // An item that cannot be read must not make everybody of somebody.
        if jids.is_empty() && (change == BlockingChangeKind::Blocked || payload.children().next().is_some()) {
            cx.refuse(iq, Condition::BadRequest);
        } else {
            self.apply(cx, change, jids);
            cx.answer(iq, |_| {});
        }
        Flow::Stop
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        let Some(token) = ticket.token else { return self.finish_load(cx, reply) };
        let result = match reply {
            Ok(_) => {
                let change =
                    if ticket.purpose == purpose::BLOCK { BlockingChangeKind::Blocked } else { BlockingChangeKind::Unblocked };
                self.apply(cx, change, ticket.subject.lines().map(ToOwned::to_owned).collect());
                Ok(Reply::Done)
            }
            Err(error) if matches!(error.condition.as_deref(), Some("service-unavailable" | "feature-not-implemented")) => {
                Err(error.remedy("This server has no blocking (XEP-0191)."))
            }
            Err(error) => Err(error),
        };
        cx.settle(token, result);
    }

    /// The list stays readable, as the roster does.
    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.is_loading = false;
        self.is_loaded = false;
    }
}

impl Report {
    /// XEP-0377, sections 4 to 6.
    fn write(&self, w: &mut Writer, own_bare: &str, language: Option<&str>) {
        let reason = match self.reason {
            ReportReason::Spam => "urn:xmpp:reporting:spam",
            ReportReason::Abuse => "urn:xmpp:reporting:abuse",
        };
        w.open("report", REPORTING).attr("reason", reason);
        for ReportedId { id, by } in &self.stanza_ids {
            w.open("stanza-id", ns::STANZA_IDS).attr("by", by.as_deref().unwrap_or(own_bare)).attr("id", id).close();
        }
        if let Some(text) = &self.text {
            w.open("text", REPORTING).lang(language).text(text).close();
        }
        if self.to_origin {
            w.empty("report-origin", REPORTING);
        }
        if self.to_third_parties {
            w.empty("third-party", REPORTING);
        }
        w.close();
    }
}

fn change(
    cx: &mut Cx<'_>,
    token: Token,
    purpose: u8,
    jids: &[String],
    write_item: impl Fn(&mut Writer, &str),
) -> Result<(), Error> {
    // No JID holds a line end (RFC 7622, section 3.4).
    let ticket = Ticket { subject: jids.join("\n"), ..ticket(FeatureId::blocking, purpose, Some(token)) };
    let name = if purpose == purpose::BLOCK { "block" } else { "unblock" };
    cx.request(IqKind::Set, None, ticket, |w| {
        w.open(name, NS);
        for jid in jids {
            write_item(w, jid);
        }
        w.close();
    })?;
    Ok(())
}

fn normal(jids: &[String]) -> Result<Vec<String>, Error> {
    jids.iter().map(|jid| jids::normalise("jid", jid)).collect()
}

/// Of the items in a list, as the server has written them.
fn addresses(list: Element<'_>) -> impl Iterator<Item = String> {
    list.children()
        .filter(|child| child.is("item", NS))
        .filter_map(|item| item.attr("jid"))
        .filter(|jid| !jid.is_empty())
        .map(ToOwned::to_owned)
}
