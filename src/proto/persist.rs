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

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::Presence;
use super::event::RosterItem;
use super::features::presence::PresenceOptions;
use super::sent::Sent;
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
    pub fn read<'de>(&mut self, part: Part, stored: impl Deserializer<'de>) {
        match part {
            Part::Segment(number) => self.segments.extend(read(stored).map(|stanzas| (number, stanzas))),
            Part::Outbox => self.outbox = read(stored),
            Part::Roster => self.roster = read(stored),
            Part::Presences => self.presences = read(stored),
            Part::Handled => self.handled = read(stored),
            Part::Keychain => self.keychain = read(stored),
            Part::Session => self.session = read(stored),
        }
    }

    /// Which segments are to be read too, in this order, once the outbox is.
    pub fn segments(&self) -> impl Iterator<Item = Part> + use<> {
        let numbers = self.outbox.as_ref().map_or(0..0, OutboxRecord::segment_numbers);
        numbers.map(Part::Segment)
    }
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u8,
    record: T,
}

fn read<'de, T: Deserialize<'de>>(stored: impl Deserializer<'de>) -> Option<T> {
    Versioned::deserialize(stored).ok().filter(|found| found.version == VERSION).map(|found| found.record)
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionRecord {
    /// The full JID that is bound.
    pub(crate) jid: String,
    /// Under which the server keeps the session.
    pub(crate) session_id: String,
    /// Stanzas that came in, modulo 2^32 (XEP-0198, section 4).
    pub(crate) inbound: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HandledRecord {
    /// The newest at the end.
    pub(crate) messages: Vec<HandledMessage>,
    #[serde(default)]
    pub(crate) archive: ArchiveRecord,
    /// Messages of ours, the newest at the end.
    #[serde(default)]
    pub(crate) sent: Vec<Sent>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandledMessage {
    pub(crate) from: String,
    /// The sender's.
    pub(crate) id: String,
    /// Under which the archive has it, where that is known: the account's, or the room's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archive_id: Option<String>,
    /// It is of type groupchat: its sender is an occupant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_from_room: bool,
}

/// Up to where the archive is known.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArchiveRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "timestamp")]
    pub(crate) wall_ms: i64,
    /// It stamps its ids on what is delivered, and nobody else does.
    #[serde(default, rename = "stamps", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_stamping: bool,
}

#[derive(Debug, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) first_segment: u64,
    /// And where they end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) next_segment: u64,
    /// For the next stanza in a segment.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) next_number: u64,
    /// Each segment, with the number behind its last stanza.
    #[serde(skip)]
    pub(crate) ends: VecDeque<(u32, u64)>,
    /// Not all that the lists name was in them.
    #[serde(skip)]
    pub(crate) is_incomplete: bool,
}

/// A stanza in a list of the outbox, or in a segment; or a run of stanzas of a list that are in segments.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct StanzaRecord {
    /// Its number among those that were sent, of a run that of the first. 0: it was not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) count: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) frame: String,
    /// When it was written, where it is a message of the app. What else there is to know of that is read from its frame.
    #[serde(rename = "timestamp", skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp_ms: Option<i64>,
    /// Its number in a segment, of a run that of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
    /// How many stanzas a run has; the numbers and counts of the others follow those of the first. 0: it is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) length: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RosterRecord {
    pub(crate) owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    pub(crate) items: Vec<Arc<RosterItem>>,
    /// Who asked to see our presence and was not answered: bare JIDs.
    pub(crate) requests: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresencesRecord {
    /// In the order in which they came.
    pub(crate) entries: Vec<Arc<Presence>>,
    /// Our own, where the app has chosen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chosen: Option<PresenceOptions>,
    pub(crate) has_shown_up: bool,
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
        let statuses =
            |entry: &Presence| entry.statuses.iter().flatten().map(|(lang, text)| lang.len() + text.len() + 6).sum::<usize>();
        let entry = |entry: &Arc<Presence>| {
            entry.from.len() + entry.status.as_deref().map_or(0, str::len) + statuses(entry) + OBJECT_BYTES
        };
        self.entries.iter().map(entry).sum()
    }
}
