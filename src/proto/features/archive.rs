//! Message archive (XEP-0313, version 1.1.3; paging by XEP-0059), as far as it makes good what the loss of a session has done.
//!
//! Outgoing: the account's archive is asked which of the unconfirmed messages had arrived, before any of them is sent again.
//!
//! ```text
//!   bound, with doubtful messages ──▶ preferences (XEP-0441) ──▶ newest page ──▶ the page before ──▶ … ──▶ verdict
//! ```
//! A message of ours is found by its origin id (XEP-0359, version 0.7.0). One that is not found has not arrived, where the archive
//! keeps all that goes to that address; it is sent again. Where that is not sure, nobody can say: `delivery-unknown`.
//!
//! Incoming: what came for us while nobody could tell that the session was lost is fetched, since a server that crashed has told its sender
//! that it arrived, and delivers it no more. What comes in both ways is shown once (see `duplicates`).
//!
//! ```text
//!   bound, with a gap ──▶ page ──▶ … ──▶ the last page ──▶ our presence is out ──▶ what came since ──▶ closed
//! ```
//! It is asked for before our first presence, so that what was missed stands before what is new; and again right behind it: what comes in
//! between is not delivered to somebody who is not available yet, and servers leave it to the archive once they have been asked for that.
//!
//! Not here: history for the app (see `history`); what was missed before this client was first online.

use super::super::error::{Code, Error, Missing};
use super::super::event::{Message, MessageType};
use super::super::feature::{Copied, Cx, Feature, Flow, IqKind, Opened, Way, ticket};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::mam::{self, NS, Page, Preferences, RSM, read_result, write_query};
use super::super::outbox::{Posted, Verdict};
use super::super::persist::ArchiveRecord;
use super::super::sorted::Names;
use super::super::time::format_timestamp;
use super::super::xml::{Element, ns};
use super::FeatureId;

/// Messages in a page.
const PAGE: &str = "100";
/// So many pages are read before the search is given up.
const MOST_PAGES: u32 = 50;
/// So many are fetched of what was missed: 5,000 messages where a server has 50 in a page.
const MOST_PAGES_MISSED: u32 = 100;
/// Clocks differ. What the archive stamped that much before the oldest doubtful message is older than all of them.
const CLOCKS_DIFFER_MS: i64 = 24 * 60 * 60 * 1000;
/// Where only the time says what was missed: rather too much, since copies are known.
const CLOCKS_DIFFER_LITTLE_MS: i64 = 5 * 60 * 1000;

/// What a request of this feature is for.
mod purpose {
    pub(super) const PREFERENCES: u8 = 0;
    pub(super) const PAGE: u8 = 1;
    pub(super) const MISSED: u8 = 2;
    pub(super) const INFO: u8 = 3;
}

#[derive(Default)]
pub(crate) struct Archive {
    search: Option<Search>,
    heard: Mark,
    /// What came since then may have been missed.
    gap: Option<Mark>,
    catch_up: Option<CatchUp>,
    /// Our presence is out: from now on, what comes is delivered.
    is_available: bool,
    /// Tells one state of the gap from another.
    revision: u64,
    /// Of the first message that was delivered in this session.
    first_heard: Option<String>,
}

/// Up to where the archive is known.
#[derive(Clone, Default)]
struct Mark {
    /// The archive's id of the last message, where it was stamped with one.
    id: Option<String>,
    /// When that came, or when the session began; 0 where there was none.
    wall_ms: i64,
}

/// Fetching what was missed.
struct CatchUp {
    query_id: String,
    pages: u32,
    /// Behind which the page under way begins.
    after: Option<String>,
    /// The page under way was asked for behind our presence.
    is_last_look: bool,
}

/// A search for the doubtful messages of a session that is lost.
#[derive(Default)]
struct Search {
    query_id: String,
    preferences: Preferences,
    /// The only correspondent, where there is only one.
    with: Option<String>,
    /// Ids of ours that the archive has.
    found: Names,
    /// The oldest time that the archive has shown.
    oldest_ms: Option<i64>,
    pages: u32,
}

impl Archive {
    fn open_missed<'a>(&mut self, cx: &Cx<'_>, result: Element<'a>) -> Opened<'a> {
        let Some(gap) = &mut self.gap else { return Opened::Taken };
        let archive_id = result.attr("id").filter(|id| !id.is_empty());
        if let Some(id) = archive_id {
            // Should the session be lost again, the rest is fetched from here on.
            gap.id = Some(id.to_owned());
            self.revision += 1;
        }
        match read_result(result) {
            (Some(stanza), Some(stamp_ms)) if is_of_people(stanza) => {
                let direction = mam::direction_of(cx, stanza);
                Opened::Copy(Copied { stanza, way: Way::Archive, direction, stamp_ms: Some(stamp_ms), archive_id })
            }
            _ => Opened::Taken,
        }
    }

    /// What is to be stored: where the next page begins, should this one not go on with the session.
    pub(crate) fn record(&self) -> ArchiveRecord {
        let Mark { id, wall_ms } = self.gap.as_ref().unwrap_or(&self.heard).clone();
        ArchiveRecord { id, wall_ms, ..ArchiveRecord::default() }
    }

    /// Tells one gap from another, for whoever stores them.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn restore(&mut self, record: ArchiveRecord) {
        self.heard = Mark { id: record.id.filter(|id| !id.is_empty()), wall_ms: record.wall_ms };
    }

    /// From now on something may be missed. Where an earlier gap is not closed yet, this one begins with it.
    pub(crate) fn open_gap(&mut self) {
        if self.heard.wall_ms > 0 && self.gap.is_none() {
            self.gap = Some(Mark { id: self.heard.id.take(), ..self.heard });
            self.revision += 1;
        }
    }

    /// From here on the archive is known.
    fn close_gap(&mut self) {
        self.catch_up = None;
        if let Some(gap) = self.gap.take() {
            // What was delivered meanwhile is newer.
            self.heard.id = self.heard.id.take().or(gap.id);
            self.revision += 1;
        }
    }

    /// Our presence is out. What came between the last page and that is fetched, too.
    pub(crate) fn follow_presence(&mut self, cx: &mut Cx<'_>) {
        if !std::mem::replace(&mut self.is_available, true) && self.catch_up.is_none() {
            self.catch_up(cx);
        }
    }

    fn catch_up(&mut self, cx: &mut Cx<'_>) {
        // An anonymous account is another one at each login.
        let Some(gap) = self.gap.clone().filter(|_| cx.config().account.local.is_some()) else { return };
        let catch_up =
            self.catch_up.get_or_insert_with(|| CatchUp { query_id: cx.new_id(), pages: 0, after: None, is_last_look: false });
        catch_up.pages += 1;
        catch_up.after.clone_from(&gap.id);
        catch_up.is_last_look = self.is_available;
        let query_id = catch_up.query_id.clone();
        let start = gap.id.is_none().then(|| format_timestamp(gap.wall_ms.saturating_sub(CLOCKS_DIFFER_LITTLE_MS)));
        let ticket = ticket(FeatureId::archive, purpose::MISSED, None);
        let sent = cx.request(IqKind::Set, None, ticket, |w| {
            write_query(w, &query_id, &mut [("start", start.as_deref())].into_iter());
            w.open("set", RSM).leaf("max", RSM, PAGE);
            if let Some(id) = &gap.id {
                w.leaf("after", RSM, id);
            }
        });
        if sent.is_err() {
            self.catch_up = None;
        }
    }

    fn handle_missed_page(&mut self, cx: &mut Cx<'_>, page: Result<Element<'_>, Error>) {
        let Some(CatchUp { pages, is_last_look, after, .. }) = &self.catch_up else { return };
        let (pages, is_last_look, after) = (*pages, *is_last_look, after.clone());
        let page = match page {
            Ok(reply) => Page::read(reply),
            // The archive does not know that id, or not any more.
            Err(error) if error.condition.as_deref() == Some("item-not-found") && pages == 1 => {
                if let Some(gap) = self.gap.as_mut().filter(|gap| gap.id.is_some()) {
                    gap.id = None;
                    return self.catch_up(cx);
                }
                None
            }
            // The gap stays: it is tried again after the next login.
            Err(error) if matches!(error.code, Code::ConnectionLost | Code::Timeout) => {
                self.catch_up = None;
                return;
            }
            Err(_) => None,
        };
        // No archive, or none that answers.
        let Some(Page { is_complete, last, .. }) = page else { return self.close_gap() };
        // An archive that comes to the same end again has no more than that.
        let has_more = !is_complete && last.is_some() && last != after;
        if let Some(gap) = &mut self.gap {
            gap.id = last.or_else(|| gap.id.take());
            self.revision += 1;
        }
        if has_more && pages >= MOST_PAGES_MISSED {
            let mut error =
                Error::new(Code::LimitExceeded, "more messages were missed than are fetched; the archive has the rest")
                    .remedy("Read them with messages.history(undefined, error.missing), when somebody wants to see them.");
            let after = self.gap.as_ref().and_then(|gap| gap.id.clone());
            error.missing = after.map(|after| Box::new(Missing { after, before: self.first_heard.clone() }));
            cx.report(error);
            self.close_gap();
        } else if has_more || (self.is_available && !is_last_look) {
            self.catch_up(cx);
        } else if is_last_look {
            self.close_gap();
        } else {
            // The last look is taken behind our presence.
            self.catch_up = None;
        }
    }

    /// Whether the account has an archive that stamps what it delivers. Until that is known nobody's stamps are believed.
    fn ask_for_info(&self, cx: &mut Cx<'_>) {
        let archive = cx.own_bare().to_owned();
        let ticket = ticket(FeatureId::archive, purpose::INFO, None);
        let _ = cx.request(IqKind::Get, Some(&archive), ticket, |w| _ = w.empty("query", ns::DISCO_INFO));
    }

    fn begin(&mut self, cx: &mut Cx<'_>) {
        let mut everybody = cx.doubtful().map(|message| jids::bare(message.to()));
        let with = everybody.next().filter(|with| everybody.all(|other| other == *with)).map(ToOwned::to_owned);
        drop(everybody);
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
            write_query(w, &search.query_id, &mut [("with", search.with.as_deref())].into_iter());
            w.open("set", RSM).leaf("max", RSM, PAGE).leaf("before", RSM, before);
        });
        if sent.is_err() {
            self.end(cx, false);
        }
    }

    fn handle_page(&mut self, cx: &mut Cx<'_>, reply: Element<'_>) {
        let Some(search) = &self.search else { return };
        let page = Page::read(reply).map(|page| (page.is_complete, page.first.unwrap_or_default()));
        let is_complete = page.as_ref().is_some_and(|(is_complete, first)| *is_complete || first.is_empty());
        let wanted = || cx.doubtful().filter(|message| is_kept_by_archives(message));
        let are_found = wanted().all(|message| search.found.contains(message.id()));
        let is_long_past = search.oldest_ms.is_some_and(|oldest| {
            wanted().map(Posted::timestamp_ms).min().is_some_and(|sent| oldest < sent.saturating_sub(CLOCKS_DIFFER_MS))
        });
        // Pages go back in time, and servers handle what we send in order (RFC 6120, section 10.1).
        let is_past = is_long_past || cx.last_confirmed().is_some_and(|id| search.found.contains(id));
        let is_over = are_found || is_complete || is_past;
        match page {
            Some((_, first)) if !is_over && search.pages < MOST_PAGES => self.ask(cx, &first),
            _ => self.end(cx, is_over),
        }
    }

    /// A message out of the archive.
    fn handle_result(&mut self, cx: &Cx<'_>, result: Element<'_>) {
        let Some(search) = self.search.as_mut().filter(|search| result.attr("queryid") == Some(&search.query_id)) else { return };
        let (message, stamp_ms) = read_result(result);
        search.oldest_ms = search.oldest_ms.into_iter().chain(stamp_ms).min();
        // An id is only ours in what comes from our account: others can use the same.
        if let Some(message) = message
            && message.attr("from").is_none_or(|from| jids::bare(from) == cx.own_bare())
            && let Some(id) =
                message.child("origin-id", ns::STANZA_IDS).and_then(|origin| origin.attr("id")).or_else(|| message.attr("id"))
        {
            search.found.add(id.to_owned());
        }
    }

    /// The search is over. `is_thorough`: what was not found is not in the archive.
    fn end(&mut self, cx: &mut Cx<'_>, is_thorough: bool) {
        let Some(Search { found, preferences, .. }) = self.search.take() else { return };
        cx.judge_doubtful(|message| {
            if found.contains(message.id()) {
                Verdict::Acked
            } else if is_thorough && is_kept_by_archives(message) && preferences.keeps(message.to()) {
                Verdict::Again
            } else {
                Verdict::Unknown
            }
        });
    }
}

/// Stanza ids are those of an archive only where there is one (XEP-0313, section 3.5), and beyond doubt only where those are taken out that
/// somebody else has written (XEP-0359, section 7). An account says both of itself.
fn handle_info(cx: &mut Cx<'_>, reply: Result<Element<'_>, Error>) {
    if reply.as_ref().is_err_and(|error| matches!(error.code, Code::ConnectionLost | Code::Timeout)) {
        return;
    }
    let query = reply.ok().and_then(|reply| reply.child("query", ns::DISCO_INFO));
    let has = |feature| query.is_some_and(|query| query.children().any(|child| child.attr("var") == Some(feature)));
    let archive = cx.own_bare().to_owned();
    cx.believe_stamps_of(&archive, has(NS) && has(ns::STANZA_IDS));
}

/// A message between people, either way: other devices of ours have sent some, too. Rooms keep their own archives.
fn is_of_people(stanza: Element<'_>) -> bool {
    matches!(stanza.attr("type"), None | Some("chat" | "normal"))
}

/// Archives of accounts keep conversations between people (XEP-0313, section 5.1.1): not what goes to a room, which has its own.
fn is_kept_by_archives(posted: &Posted) -> bool {
    let Posted::Whole(message) = posted else { return true };
    matches!(message.kind, MessageType::Chat | MessageType::Normal) && (message.body.is_some() || message.is_repeatable())
}

impl Feature for Archive {
    fn envelopes(&self) -> &'static [&'static str] {
        &[NS]
    }

    /// An answer of the archive. Only the account's own is believed (I9).
    fn open<'a>(&mut self, cx: &mut Cx<'_>, envelope: Element<'a>, stanza: Element<'a>) -> Opened<'a> {
        let is_ours = stanza.attr("from").is_none_or(|from| from == cx.own_bare());
        if envelope.name() != "result" || !is_ours {
            return Opened::Plain;
        }
        let query_id = envelope.attr("queryid");
        if self.catch_up.as_ref().is_some_and(|catch_up| query_id == Some(&catch_up.query_id)) {
            return self.open_missed(cx, envelope);
        }
        self.handle_result(cx, envelope);
        Opened::Taken
    }

    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        if is_resumed {
            return;
        }
        self.heard.wall_ms = cx.now().wall_ms;
        self.is_available = false;
        self.first_heard = None;
        self.ask_for_info(cx);
        self.catch_up(cx);
        if cx.doubtful().next().is_some() {
            self.begin(cx);
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, _stanza: Element<'_>, message: &mut Message) -> Flow {
        if !cx.is_from_archive() {
            self.heard.wall_ms = cx.now().wall_ms;
            if let Some(id) = message.account_archive_id() {
                id.clone_into(self.heard.id.get_or_insert_default());
                self.first_heard.get_or_insert_with(|| id.to_owned());
            }
        }
        Flow::Continue
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        // Behind our `<close/>` messages are left to the next login, and with them what this is the end of.
        let reply = if cx.is_bound() { reply } else { Err(Error::new(Code::ConnectionLost, "the stream is being closed")) };
        match (ticket.purpose, reply) {
            (purpose::INFO, reply) => handle_info(cx, reply),
            (purpose::MISSED, page) => self.handle_missed_page(cx, page),
            // The doubt stays until there is an archive to ask.
            (_, Err(error)) if error.code == Code::ConnectionLost => self.search = None,
            (purpose::PREFERENCES, reply) => {
                // An archive without preferences can still show what it has.
                if let (Some(search), Ok(reply)) = (&mut self.search, &reply) {
                    search.preferences = Preferences::read(*reply).unwrap_or_default();
                }
                self.ask(cx, "");
            }
            (_, Ok(page)) => self.handle_page(cx, page),
            // No archive, or none that answers.
            (_, Err(_)) => self.end(cx, false),
        }
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.open_gap();
    }
}
