//! History for the app out of a message archive (XEP-0313, version 1.1.3; paging by XEP-0059, version 1.0): one page a question, of the account's
//! own archive or of a room's.
//!
//! Results are believed only from the address that was asked, and for the question that is open there (XEP-0313, section 7.2) (I9). A room
//! speaks for nobody else: of its archive only what was said to all in it is taken. What is found is read as any other message, and handed
//! out alone: it is no event. Which fields an archive knows, and which page is next, is the asker's to find out (`pkg-template/history.js`).
//!
//! Not here: what was missed while the session was lost, which is an event (see `archive`); flipped pages; metadata of an archive.

use serde::Serialize;

use super::super::error::{Code, Error};
use super::super::event::{Direction, Message};
use super::super::feature::{Copied, Cx, Feature, IqKind, Opened, Way, ticket};
use super::super::io::{Reply, Token};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::json::Fields;
use super::super::mam::{self, NS, Page, RSM};
use super::super::sorted::Sorted;
use super::super::xml::Element;
use super::FeatureId;

/// What an archive is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveQuery {
    /// The room whose archive it is; the account's own where it is left out.
    pub archive: Option<String>,
    /// The other side: all its devices, where it is a bare JID.
    pub with: Option<String>,
    /// More fields of the form, by name.
    pub filters: Sorted<String>,
    /// The most messages in a page.
    pub max: u32,
    /// The page before this archive id; before the end where it is empty.
    pub before: Option<String>,
    /// The page behind this archive id.
    pub after: Option<String>,
}

impl ArchiveQuery {
    /// As a page has it. `None` where something is missing, or is of another type.
    pub fn from_json(query: &str) -> Option<Self> {
        Fields::parse(query)?.read(|fields| {
            Some(Self {
                archive: fields.text("archive"),
                with: fields.text("with"),
                filters: fields.texts("filters").unwrap_or_default(),
                max: fields.number("max")?,
                before: fields.text("before"),
                after: fields.text("after"),
            })
        })
    }
}

/// What it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchivePage {
    /// The oldest first. What is no message of its own, such as a receipt, is left out.
    pub messages: Vec<Message>,
    /// The archive ids of the first and the last of all that was in the page, if it had anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// There is nothing behind it, or before it, on the way that was asked for.
    #[serde(rename = "complete")]
    pub is_complete: bool,
    /// How many there are in all pages, where the archive says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

#[derive(Default)]
pub(crate) struct History {
    questions: Vec<Question>,
    /// The one that the result at hand answers.
    at: usize,
}

struct Question {
    query_id: String,
    request_id: String,
    /// Whose archive is asked, where it is not the account's own.
    archive: Option<String>,
    max: u32,
    found: Vec<Message>,
}

impl History {
    /// Asks for a page. Settles with [`Reply::Page`].
    pub(crate) fn query(&mut self, cx: &mut Cx<'_>, token: Token, query: &ArchiveQuery) -> Result<(), Error> {
        let with = query.with.as_deref().map(|jid| jids::normalise("jid", jid)).transpose()?;
        let archive = query.archive.as_deref().map(|jid| jids::normalise_bare("archive", jid)).transpose()?;
        let archive = archive.filter(|archive| archive != cx.own_bare());
        let query_id = cx.new_id();
        let ticket = Ticket { subject: query_id.clone(), ..ticket(FeatureId::history, 0, Some(token)) };
        let request_id = cx.request(IqKind::Set, archive.as_deref(), ticket, |w| {
            let with = [("with", with.as_deref())];
            let more = query.filters.iter().map(|(name, value)| (name, Some(value.as_str())));
            mam::write_query(w, &query_id, &mut with.into_iter().chain(more));
            w.open("set", RSM).leaf("max", RSM, &query.max.to_string());
            if let Some(id) = &query.after {
                w.leaf("after", RSM, id);
            } else if let Some(id) = &query.before {
                w.leaf("before", RSM, id);
            }
        })?;
        // Those that nobody waits for any more.
        self.questions.retain(|question| cx.is_awaited(&question.request_id));
        self.questions.push(Question { query_id, request_id, archive, max: query.max, found: Vec::new() });
        Ok(())
    }

    fn take(&mut self, query_id: &str) -> Option<Question> {
        let at = self.questions.iter().position(|question| question.query_id == query_id)?;
        Some(self.questions.swap_remove(at))
    }
}

impl Feature for History {
    fn envelopes(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn open<'a>(&mut self, cx: &mut Cx<'_>, envelope: Element<'a>, stanza: Element<'a>) -> Opened<'a> {
        let query_id = envelope.attr("queryid").filter(|_| envelope.name() == "result");
        let at = query_id.and_then(|id| self.questions.iter().position(|question| question.query_id == id));
        let Some((at, question)) = at.and_then(|at| Some((at, self.questions.get(at)?))) else { return Opened::Plain };
        let from = stanza.attr("from");
        let is_answer = match &question.archive {
            Some(archive) => from == Some(archive),
            None => from.is_none_or(|from| from == cx.own_bare()),
        };
        if !is_answer {
            return Opened::Plain;
        }
        // Removed ones may leave an empty place (XEP-0313, section 3.2).
        let (Some(message), stamp_ms) = mam::read_result(envelope) else { return Opened::Taken };
        let direction = match &question.archive {
            None => mam::direction_of(cx, message),
            Some(room) if is_said_in(room, message) => Direction::In,
            Some(_) => return Opened::Taken,
        };
        if question.found.len() >= question.max as usize {
            return Opened::Taken;
        }
        self.at = at;
        let archive_id = envelope.attr("id").filter(|id| !id.is_empty());
        Opened::Found(FeatureId::history, Copied { stanza: message, way: Way::Archive, direction, stamp_ms, archive_id })
    }

    fn handle_found(&mut self, _cx: &mut Cx<'_>, message: Message) {
        if let Some(question) = self.questions.get_mut(self.at) {
            question.found.push(message);
        }
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        let (Some(token), Some(question)) = (ticket.token, self.take(&ticket.subject)) else { return };
        // Behind our `<close/>` messages are left to the next login, and with them what this is the end of.
        let reply = reply.and_then(|reply| {
            if cx.is_bound() { Ok(reply) } else { Err(Error::new(Code::ConnectionLost, "the client disconnected")) }
        });
        let page = reply.and_then(|reply| {
            let page = Page::read(reply).ok_or_else(|| Error::new(Code::ProtocolError, "the archive's answer ends no page"))?;
            let Page { is_complete, first, last, count } = page;
            Ok(Reply::Page(Box::new(ArchivePage { messages: question.found, first, last, is_complete, count })))
        });
        cx.settle(token, page);
    }
}

/// What was said in a room, to all.
fn is_said_in(room: &str, message: Element<'_>) -> bool {
    message.attr("type") == Some("groupchat") && message.attr("from").is_some_and(|from| jids::bare(from) == room)
}
