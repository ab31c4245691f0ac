//! What outlives a page: typed records of the session, each under a name of its own.
//!
//! The session says by [`Output::OpenStorage`](super::Output::OpenStorage) that it wants what was stored, and by
//! [`Session::take_unsaved`](super::Session::take_unsaved) what is to be stored. Where that is, and that it belongs to one page at a time, is
//! the caller's business. A record is JSON under `waxwing:1:<bare JID>:<part>`, and carries its version a second time inside.
//!
//! A long outbox is not written again and again: what is in it goes to segments, parts of their own that never change, and its record says
//! which of their stanzas are where. A segment is removed when the last of its stanzas has arrived.
//!
//! Records come back from where anybody on the origin can write, or an older release did. Each is read by itself, and one that makes
//! no sense is left out: the worst that comes of it is a login instead of a resumption.
//!
//! No password is ever in a record. The token of the keychain is the one secret.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::event::Presence;
use super::event::RosterItem;
use super::features::presence::PresenceOptions;
use super::json::{Fields, Json};
use super::sent::Sent;
use super::sorted::Sorted;
use super::stream::keychain::Keychain;

/// Of the records' layout. Others are not read.
const VERSION: u8 = 1;

/// With so many bytes of roster, presences and outbox together, the session is not stored: writing them would stall the page, and browsers
/// give a storage 5 MB. The outbox is stored all the same.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;

/// With so many segments of an outbox, what names more is no record of ours: 100,000 messages, each written by itself, make some 3,500.
const MOST_SEGMENTS: usize = 1 << 16;

/// What is stored by itself, in the order in which it has to be written: the session last, since it vouches for the others. What is to be removed of
/// segments is removed after all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// Some of the stanzas of a long outbox, by number.
    Segment(u32),
    /// Messages on their way, and every stanza that a resumption may have to send again.
    Outbox,
    Roster,
    Presences,
    /// Which messages came last.
    Handled,
    /// Who this client is to the server, and the token for its next login.
    Keychain,
    /// What the server needs to know to go on with the session.
    Session,
}

impl Part {
    /// All but the segments, which the record of the outbox names: see [`Records::segments`].
    pub const ALL: [Self; 6] = [Self::Outbox, Self::Roster, Self::Presences, Self::Handled, Self::Keychain, Self::Session];

    /// The last part of its key.
    pub fn name(self) -> Cow<'static, str> {
        let name = match self {
            Self::Segment(number) => return Cow::Owned(format!("outbox-{number}")),
            Self::Outbox => "outbox",
            Self::Roster => "roster",
            Self::Presences => "presences",
            Self::Handled => "handled",
            Self::Keychain => "keychain",
            Self::Session => "session",
        };
        Cow::Borrowed(name)
    }
}

/// Something to be written.
#[derive(Debug)]
pub struct Unsaved {
    pub part: Part,
    /// `None`: what is stored is to be removed.
    pub record: Option<Record>,
}

/// The content of a part. Serialises to plain data.
#[derive(Debug)]
pub struct Record(pub(crate) Content);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Segment(Vec<StanzaRecord>),
    Outbox(OutboxRecord),
    Roster(RosterRecord),
    Presences(PresencesRecord),
    Handled(HandledRecord),
    Keychain(Keychain),
    Session(SessionRecord),
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Versioned { version: VERSION, record: &self.0 }.serialize(serializer)
    }
}

/// What was found in the storage.
#[derive(Debug, Default)]
pub struct Records {
    pub(crate) segments: Vec<(u32, Vec<StanzaRecord>)>,
    pub(crate) outbox: Option<OutboxRecord>,
    pub(crate) roster: Option<RosterRecord>,
    pub(crate) presences: Option<PresencesRecord>,
    pub(crate) handled: Option<HandledRecord>,
    pub(crate) keychain: Option<Keychain>,
    pub(crate) session: Option<SessionRecord>,
}

impl Records {
    /// Takes in what was stored of a part. What cannot be read is left out.
    pub fn read(&mut self, part: Part, stored: &str) {
        let Some(record) = record_in(stored) else { return };
        let Part::Segment(number) = part else { return self.read_object(part, record) };
        self.segments.extend(record.list(StanzaRecord::read).map(|stanzas| (number, stanzas)));
    }

    fn read_object(&mut self, part: Part, record: Json<'_>) {
        let Some(record) = record.object() else { return };
        match part {
            Part::Segment(_) => {}
            Part::Outbox => self.outbox = OutboxRecord::read(record),
            Part::Roster => self.roster = RosterRecord::read(record),
            Part::Presences => self.presences = PresencesRecord::read(record),
            Part::Handled => self.handled = HandledRecord::read(record),
            Part::Keychain => self.keychain = Keychain::read(record),
            Part::Session => self.session = SessionRecord::read(record),
        }
    }

    /// Which segments are to be read too, in this order, once the outbox is.
    pub fn segments(&self) -> impl Iterator<Item = Part> + use<> {
        let numbers = self.outbox.as_ref().map_or(0..0, OutboxRecord::segment_numbers);
        numbers.map(Part::Segment)
    }
}

#[derive(Serialize)]
struct Versioned<T> {
    version: u8,
    record: T,
}

fn record_in(stored: &str) -> Option<Json<'_>> {
    let mut stored = Json::parse(stored)?.object()?;
    (stored.number("version") == Some(VERSION)).then(|| stored.take("record"))?
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionRecord {
    /// The full JID that is bound.
    pub(crate) jid: String,
    /// Under which the server keeps the session.
    pub(crate) session_id: String,
    /// Stanzas that came in, modulo 2^32 (XEP-0198, section 4).
    pub(crate) inbound: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct HandledRecord {
    /// The newest at the end.
    pub(crate) messages: Vec<HandledMessage>,
    pub(crate) archive: ArchiveRecord,
    /// Messages of ours, the newest at the end.
    pub(crate) sent: Vec<Sent>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandledMessage {
    pub(crate) from: String,
    /// The sender's.
    pub(crate) id: String,
    /// Under which the archive has it, where that is known: the account's, or the room's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archive_id: Option<String>,
    /// It is of type groupchat: its sender is an occupant.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_from_room: bool,
}

/// Up to where the archive is known.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArchiveRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "timestamp")]
    pub(crate) wall_ms: i64,
    /// It stamps its ids on what is delivered, and nobody else does.
    #[serde(rename = "stamps", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_stamping: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutboxRecord {
    /// The session that the counts belong to: this record and that of the session are written one after the other, and a crash may come in
    /// between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<String>,
    /// Stanzas sent in that session.
    pub(crate) sent_count: u64,
    pub(crate) sent: Vec<StanzaRecord>,
    /// Sent in an earlier session, which is lost.
    pub(crate) doubtful: Vec<StanzaRecord>,
    pub(crate) queued: Vec<StanzaRecord>,
    /// Where the segments begin that may be there.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) first_segment: u64,
    /// And where they end.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) next_segment: u64,
    /// For the next stanza in a segment.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) next_number: u64,
    /// Each segment, with the number behind its last stanza.
    #[serde(skip)]
    pub(crate) ends: VecDeque<(u32, u64)>,
    /// Not all that the lists name was in them.
    #[serde(skip)]
    pub(crate) is_incomplete: bool,
}

/// A stanza in a list of the outbox, or in a segment; or a run of stanzas of a list that are in segments.
#[derive(Debug, Default, Serialize)]
pub(crate) struct StanzaRecord {
    /// Its number among those that were sent, of a run that of the first. 0: it was not.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) count: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) frame: String,
    /// When it was written, where it is a message of the app. What else there is to know of that is read from its frame.
    #[serde(rename = "timestamp", skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp_ms: Option<i64>,
    /// Its number in a segment, of a run that of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
    /// How many stanzas a run has; the numbers and counts of the others follow those of the first. 0: it is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) length: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RosterRecord {
    pub(crate) owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    pub(crate) items: Vec<Arc<RosterItem>>,
    /// Who asked to see our presence and was not answered: bare JIDs.
    pub(crate) requests: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresencesRecord {
    /// In the order in which they came.
    pub(crate) entries: Vec<Arc<Presence>>,
    /// Our own, where the app has chosen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chosen: Option<PresenceOptions>,
    pub(crate) has_shown_up: bool,
    /// What our presence says of our capabilities.
    pub(crate) caps: String,
}

impl SessionRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self { jid: fields.text("jid")?, session_id: fields.text("sessionId")?, inbound: fields.number("inbound")? })
        })
    }
}

impl HandledRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            let messages = fields.list("messages", HandledMessage::read)?;
            Some(Self {
                messages,
                archive: fields.object("archive", ArchiveRecord::read).unwrap_or_default(),
                sent: fields.list("sent", Sent::read).unwrap_or_default(),
            })
        })
    }
}

impl HandledMessage {
    fn read(message: Json<'_>) -> Option<Self> {
        message.object()?.read(|fields| {
            Some(Self {
                from: fields.text("from")?,
                id: fields.text("id")?,
                archive_id: fields.text("archiveId"),
                is_from_room: fields.flag("isFromRoom"),
            })
        })
    }
}

impl ArchiveRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self { id: fields.text("id"), wall_ms: fields.number("timestamp")?, is_stamping: fields.flag("stamps") })
        })
    }
}

impl OutboxRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self {
                session_id: fields.text("sessionId"),
                sent_count: fields.number("sentCount")?,
                sent: fields.list("sent", StanzaRecord::read)?,
                doubtful: fields.list("doubtful", StanzaRecord::read)?,
                queued: fields.list("queued", StanzaRecord::read)?,
                first_segment: fields.number("firstSegment").unwrap_or(0),
                next_segment: fields.number("nextSegment").unwrap_or(0),
                next_number: fields.number("nextNumber").unwrap_or(0),
                ends: VecDeque::new(),
                is_incomplete: false,
            })
        })
    }
}

impl StanzaRecord {
    fn read(stanza: Json<'_>) -> Option<Self> {
        stanza.object()?.read(|fields| {
            Some(Self {
                count: fields.number("count").unwrap_or(0),
                frame: fields.text("frame").unwrap_or_default(),
                timestamp_ms: fields.number("timestamp"),
                number: fields.number("number"),
                length: fields.number("length").unwrap_or(0),
            })
        })
    }
}

impl RosterRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self {
                owner: fields.text("owner")?,
                version: fields.text("version"),
                items: fields.list("items", |item| RosterItem::read(item).map(Arc::new))?,
                requests: fields.list("requests", Json::text)?,
            })
        })
    }
}

impl PresencesRecord {
    fn read(record: Fields<'_>) -> Option<Self> {
        record.read(|fields| {
            Some(Self {
                entries: fields.list("entries", |entry| Presence::read(entry).map(Arc::new))?,
                chosen: fields.object("chosen", PresenceOptions::read),
                has_shown_up: fields.flag("hasShownUp"),
                caps: fields.text("caps").unwrap_or_default(),
            })
        })
    }
}

/// About how many bytes of JSON an object takes beside its strings.
pub(crate) const OBJECT_BYTES: usize = 64;

impl OutboxRecord {
    pub(crate) fn is_empty(&self) -> bool {
        self.session_id.is_none() && self.sent.is_empty() && self.doubtful.is_empty() && self.queued.is_empty()
    }

    /// Of the segments that may be there.
    pub(crate) fn segment_numbers(&self) -> Range<u32> {
        let number = |number: u64| u32::try_from(number).unwrap_or(0);
        let numbers = number(self.first_segment)..number(self.next_segment);
        if numbers.len() <= MOST_SEGMENTS { numbers } else { 0..0 }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl RosterRecord {
    /// About how many bytes of JSON it makes.
    pub(crate) fn weight(&self) -> usize {
        let groups = |item: &RosterItem| item.groups.iter().map(|group| group.len() + 3).sum::<usize>();
        let item =
            |item: &Arc<RosterItem>| item.jid.len() + item.name.as_deref().map_or(0, str::len) + groups(item) + OBJECT_BYTES;
        self.items.iter().map(item).sum()
    }
}

impl PresencesRecord {
    /// About how many bytes of JSON it makes.
    pub(crate) fn weight(&self) -> usize {
        let statuses = |entry: &Presence| {
            entry.statuses.iter().flat_map(Sorted::iter).map(|(lang, text)| lang.len() + text.len() + 6).sum::<usize>()
        };
        let entry = |entry: &Arc<Presence>| {
            entry.from.len() + entry.status.as_deref().map_or(0, str::len) + statuses(entry) + OBJECT_BYTES
        };
        self.entries.iter().map(entry).sum()
    }
}
