//! Message archive (XEP-0313, version 1.1.3; paging by XEP-0059), as far as it ends doubt: when a session was lost for good, the
//! account's archive is asked which of the unconfirmed messages had arrived, before any of them is sent again.
//!
//! ```text
//!   bound, with doubtful messages ──▶ preferences (XEP-0441) ──▶ newest page ──▶ the page before ──▶ … ──▶ verdict
//! ```
//! A message of ours is found by its origin id (XEP-0359, version 0.7.0). One that is not found has not arrived, where the archive
//! keeps all that goes to that address; it is sent again. Where that is not sure, nobody can say: `delivery-unknown`.
//!
//! Not here yet: history for the app, catch-up.

use std::collections::BTreeSet;

use super::super::error::{Code, Error};
use super::super::event::{Message, MessageType};
use super::super::feature::{Cx, Feature, Flow, IqKind, ticket};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::outbox::Verdict;
use super::super::time::parse_timestamp;
use super::super::xml::{Element, ns};
use super::FeatureId;

const NS: &str = "urn:xmpp:mam:2";
const FORWARD: &str = "urn:xmpp:forward:0";
const DELAY: &str = "urn:xmpp:delay";
const DATA_FORMS: &str = "jabber:x:data";
const RSM: &str = "http://jabber.org/protocol/rsm";
const STANZA_IDS: &str = "urn:xmpp:sid:0";

/// Messages in a page.
const PAGE: &str = "100";
/// So many pages are read before the search is given up.
const MOST_PAGES: u32 = 50;
/// Clocks differ. What the archive stamped that much before the oldest doubtful message is older than all of them.
const CLOCKS_DIFFER_MS: i64 = 24 * 60 * 60 * 1000;

/// What a request of this feature is for.
mod purpose {
    pub(super) const PREFERENCES: u8 = 0;
    pub(super) const PAGE: u8 = 1;
}

#[derive(Default)]
pub(crate) struct Archive {
    search: Option<Search>,
}

/// A search for the doubtful messages of a session that is lost.
#[derive(Default)]
struct Search {
    query_id: String,
    preferences: Preferences,
    /// The only correspondent, where there is only one.
    with: Option<String>,
    /// Ids of ours that the archive has.
    found: BTreeSet<String>,
    /// The oldest time that the archive has shown.
    oldest_ms: Option<i64>,
    pages: u32,
}

/// Whether a message that the archive does not have can have arrived (XEP-0441).
#[derive(Default)]
struct Preferences {
    keeps_all: bool,
    always: BTreeSet<String>,
    never: BTreeSet<String>,
}

impl Preferences {
    fn read(prefs: Element<'_>) -> Self {
        let jids = |name| {
            let listed = prefs.child(name, NS).into_iter().flat_map(Element::children).filter(|child| child.is("jid", NS));
            listed.map(|jid| jid.text().trim().to_owned()).collect()
        };
        Self { keeps_all: prefs.attr("default") == Some("always"), always: jids("always"), never: jids("never") }
    }

    /// Whether all that we say to this address is kept. A list may name a device, or the person.
    fn keeps(&self, to: &str) -> bool {
        let names = |list: &BTreeSet<String>| list.contains(to) || list.contains(jids::bare(to));
        !names(&self.never) && (self.keeps_all || names(&self.always))
    }
}

impl Archive {
    fn begin(&mut self, cx: &mut Cx<'_>) {
        let with: BTreeSet<&str> = cx.doubtful().map(|message| jids::bare(&message.to)).collect();
        let with = with.first().filter(|_| with.len() == 1).map(|&with| with.to_owned());
        let is_hopeless = !cx.doubtful().any(is_kept_by_archives);
        self.search = Some(Search { query_id: cx.new_id(), with, ..Search::default() });
        let preferences = ticket(FeatureId::archive, purpose::PREFERENCES, None);
        if is_hopeless || cx.request(IqKind::Get, None, preferences, |w| _ = w.empty("prefs", NS)).is_err() {
            self.end(cx, false);
        }
    }

    /// Asks for a page: the newest, or the one before an archive id.
    fn ask(&mut self, cx: &mut Cx<'_>, before: &str) {
        let Some(search) = &mut self.search else { return };
        search.pages += 1;
        let page = ticket(FeatureId::archive, purpose::PAGE, None);
        let sent = cx.request(IqKind::Set, None, page, |w| {
            w.open("query", NS).attr("queryid", &search.query_id).open("x", DATA_FORMS).attr("type", "submit");
            for (name, value) in [("FORM_TYPE", Some(NS)), ("with", search.with.as_deref())] {
                let Some(value) = value else { continue };
                w.open("field", DATA_FORMS).attr("var", name);
                if name == "FORM_TYPE" {
                    w.attr("type", "hidden");
                }
                w.leaf("value", DATA_FORMS, value).close();
            }
            w.close().open("set", RSM).leaf("max", RSM, PAGE).leaf("before", RSM, before);
        });
        if sent.is_err() {
            self.end(cx, false);
        }
    }

    fn handle_page(&mut self, cx: &mut Cx<'_>, page: Element<'_>) {
        let Some(search) = &self.search else { return };
        let fin = page.child("fin", NS);
        let set = fin.and_then(|fin| fin.child("set", RSM));
        let first = set.and_then(|set| set.child("first", RSM)).map(|first| first.text().trim().to_owned()).unwrap_or_default();
        let is_complete =
            fin.is_some_and(|fin| matches!(fin.attr("complete"), Some("true" | "1"))) || (fin.is_some() && first.is_empty());
        let wanted = || cx.doubtful().filter(|message| is_kept_by_archives(message));
        let are_found = wanted().all(|message| search.found.contains(&message.id));
        let is_past = search.oldest_ms.is_some_and(|oldest| {
            wanted().map(|message| message.timestamp_ms).min().is_some_and(|sent| oldest < sent.saturating_sub(CLOCKS_DIFFER_MS))
        });
        if are_found || is_complete || is_past {
            self.end(cx, true);
        } else if fin.is_none() || search.pages >= MOST_PAGES {
            self.end(cx, false);
        } else {
            self.ask(cx, &first);
        }
    }

    /// A message out of the archive.
    fn handle_result(&mut self, cx: &Cx<'_>, result: Element<'_>) {
        let Some(search) = self.search.as_mut().filter(|search| result.attr("queryid") == Some(&search.query_id)) else { return };
        let Some(forwarded) = result.child("forwarded", FORWARD) else { return };
        if let Some(stamp) = forwarded.child("delay", DELAY).and_then(|delay| delay.attr("stamp")).and_then(parse_timestamp) {
            search.oldest_ms = Some(search.oldest_ms.map_or(stamp, |oldest| oldest.min(stamp)));
        }
        let Some(message) = forwarded.child("message", ns::CLIENT) else { return };
        // An id is only ours in what comes from our account: others can use the same.
        if message.attr("from").is_none_or(|from| jids::bare(from) == cx.own_bare())
            && let Some(id) =
                message.child("origin-id", STANZA_IDS).and_then(|origin| origin.attr("id")).or_else(|| message.attr("id"))
        {
            search.found.insert(id.to_owned());
        }
    }

    /// The search is over. `is_thorough`: what was not found is not in the archive.
    fn end(&mut self, cx: &mut Cx<'_>, is_thorough: bool) {
        let Some(Search { found, preferences, .. }) = self.search.take() else { return };
        cx.judge_doubtful(|message| {
            if found.contains(&message.id) {
                Verdict::Acked
            } else if is_thorough && is_kept_by_archives(message) && preferences.keeps(&message.to) {
                Verdict::Again
            } else {
                Verdict::Unknown
            }
        });
    }
}

/// Archives of accounts keep conversations between people (XEP-0313, section 5.1.1): not what goes to a room, which has its own.
fn is_kept_by_archives(message: &Message) -> bool {
    matches!(message.kind, MessageType::Chat | MessageType::Normal) && message.body.is_some()
}

impl Feature for Archive {
    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed && cx.doubtful().next().is_some() {
            self.begin(cx);
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, _message: &mut Message) -> Flow {
        let Some(result) = stanza.child("result", NS) else { return Flow::Continue };
        // Only the account's own archive is believed (I9).
        if stanza.attr("from").is_some_and(|from| from != cx.own_bare()) {
            return Flow::Continue;
        }
        self.handle_result(cx, result);
        Flow::Stop
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        match (ticket.purpose, reply) {
            // The doubt stays until there is an archive to ask.
            (_, Err(error)) if error.code == Code::ConnectionLost => self.search = None,
            (purpose::PREFERENCES, reply) => {
                // An archive without preferences can still show what it has.
                if let (Some(search), Ok(reply)) = (&mut self.search, &reply) {
                    search.preferences = reply.child("prefs", NS).map(Preferences::read).unwrap_or_default();
                }
                self.ask(cx, "");
            }
            (_, Ok(page)) => self.handle_page(cx, page),
            // No archive, or none that answers.
            (_, Err(_)) => self.end(cx, false),
        }
    }
}
