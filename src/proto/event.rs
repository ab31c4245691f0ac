//! Every fact an app can see. Each payload is plain data and serialises to the object that JavaScript gets.

mod message;

use std::sync::Arc;

use serde::Serialize;

use super::entity_caps::Advert;
use super::error::Error;
use super::json::Json;
use super::sorted::Sorted;
use super::state::State;
use super::xml::StanzaTree;

pub use message::{Direction, Fallback, Hint, Message, MessageExtensions, MessageType, Reactions, ReplyTo, Retracted};
pub(crate) use message::{MessagePlaces, signal};

/// A fact for the app.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Emitted when the state of the connection changed; the getter already shows the new one (I7).
    State(StateChange),
    /// Emitted when a message with content of its own arrived, or one of ours was queued.
    Message(Box<Message>),
    /// Emitted when a message of ours reached a new stage.
    Delivery(Delivery),
    /// Emitted when somebody is typing, or stopped.
    ChatState(ChatState),
    /// Emitted when another device of ours has marked how far a conversation was seen.
    Displayed(DisplayedElsewhere),
    /// Emitted when a resource of somebody came, changed or went.
    Presence(Arc<Presence>),
    /// Emitted when somebody asks for, grants, withdraws or refuses a presence subscription.
    Subscription(SubscriptionEvent),
    /// Emitted when the roster was loaded, or an item of it changed.
    Roster(RosterChange),
    /// Emitted when the list of blocked addresses was loaded, or changed.
    Blocking(BlockingChange),
    /// Emitted for each frame on the wire while somebody listens; SASL payloads are left out.
    Stanza(StanzaText),
    /// Emitted when a payload of an extension of the app came in a presence or an IQ request.
    Extension(Box<ExtensionEvent>),
    /// Emitted when something went wrong outside any request.
    Error(Error),
}

impl Event {
    /// The name under which JavaScript listens.
    pub fn name(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Message(_) => "message",
            Self::Delivery(_) => "delivery",
            Self::ChatState(_) => "chat-state",
            Self::Displayed(_) => "displayed",
            Self::Presence(_) => "presence",
            Self::Subscription(_) => "subscription",
            Self::Roster(_) => "roster",
            Self::Blocking(_) => "blocking",
            Self::Stanza(_) => "stanza",
            Self::Extension(_) => "extension",
            Self::Error(_) => "error",
        }
    }
}

/// Serialises the payload alone; the name travels beside it.
impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::State(payload) => payload.serialize(serializer),
            Self::Message(payload) => payload.serialize(serializer),
            Self::Delivery(payload) => payload.serialize(serializer),
            Self::ChatState(payload) => payload.serialize(serializer),
            Self::Displayed(payload) => payload.serialize(serializer),
            Self::Presence(payload) => payload.serialize(serializer),
            Self::Subscription(payload) => payload.serialize(serializer),
            Self::Roster(payload) => payload.serialize(serializer),
            Self::Blocking(payload) => payload.serialize(serializer),
            Self::Stanza(payload) => payload.serialize(serializer),
            Self::Extension(payload) => payload.serialize(serializer),
            Self::Error(payload) => payload.serialize(serializer),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    pub current: State,
    pub previous: State,
    /// Why the connection was lost or could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// With `waiting`: milliseconds until the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u32>,
    /// With `online`: whether the session before it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "resumed")]
    pub is_resumed: Option<bool>,
}

/// As [`MessagePlaces`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PresencePlaces {
    pub(crate) from: usize,
    pub(crate) status: usize,
}

/// Where a message of ours stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Kept by us, in order.
    Queued,
    /// Handed to the socket.
    Sent,
    /// The server has it.
    Acked,
    /// The other client has it.
    Delivered,
    /// The other person has seen it.
    Displayed,
    /// It did not arrive, or nobody can say whether it did.
    Failed,
}

impl Stage {
    pub(crate) const ALL: [Self; 6] = [Self::Queued, Self::Sent, Self::Acked, Self::Delivered, Self::Displayed, Self::Failed];

    /// The name in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Acked => "acked",
            Self::Delivered => "delivered",
            Self::Displayed => "displayed",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: String,
    pub to: String,
    pub stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// What somebody does in a conversation (XEP-0085, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    Active,
    Composing,
    Paused,
    Inactive,
    Gone,
}

impl Activity {
    pub(crate) const ALL: [Self; 5] = [Self::Active, Self::Composing, Self::Paused, Self::Inactive, Self::Gone];

    /// The name on the wire and in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Composing => "composing",
            Self::Paused => "paused",
            Self::Inactive => "inactive",
            Self::Gone => "gone",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatState {
    pub from: String,
    pub state: Activity,
}

/// How far a conversation was seen on another device: by one of the two ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisplayedElsewhere {
    /// The conversation: a bare JID, or that of an occupant of a room.
    pub with: String,
    /// The sender's id (XEP-0333).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The archive's (XEP-0490).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stanza_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceType {
    Available,
    Unavailable,
    Error,
}

impl PresenceType {
    const ALL: [Self; 3] = [Self::Available, Self::Unavailable, Self::Error];

    fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Unavailable => "unavailable",
            Self::Error => "error",
        }
    }
}

/// RFC 6121, section 4.7.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    Away,
    Chat,
    Dnd,
    Xa,
}

impl Show {
    pub(crate) const ALL: [Self; 4] = [Self::Away, Self::Chat, Self::Dnd, Self::Xa];

    /// The name on the wire and in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Chat => "chat",
            Self::Dnd => "dnd",
            Self::Xa => "xa",
        }
    }
}

/// The presence of somebody, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// The full JID as a rule; a bare one from services, and when all resources of somebody are gone at once.
    pub from: String,
    #[serde(rename = "type")]
    pub kind: PresenceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show: Option<Show>,
    /// The status text in the language that fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// All status texts by language, where there is more than one, or the one has a language of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Sorted<String>>,
    /// -128 to 127.
    pub priority: i8,
    /// Since when nobody has touched the device (XEP-0319): milliseconds since 1970-01-01 UTC.
    #[serde(rename = "idleSince", skip_serializing_if = "Option::is_none")]
    pub idle_since_ms: Option<i64>,
    /// With type error: why our presence did not arrive, or what a room has against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// What it says of what the client can do.
    #[serde(skip)]
    pub(crate) caps: Option<Arc<Advert>>,
    #[serde(skip)]
    pub(crate) places: PresencePlaces,
}

impl Presence {
    /// As it was stored. An error is not taken from there.
    pub(crate) fn read(stored: Json<'_>) -> Option<Self> {
        stored.object()?.read(|fields| {
            Some(Self {
                from: fields.text("from")?,
                kind: fields.choice("type", &PresenceType::ALL, PresenceType::as_str)?,
                show: fields.choice("show", &Show::ALL, Show::as_str),
                status: fields.text("status"),
                statuses: fields.texts("statuses"),
                priority: fields.number("priority")?,
                idle_since_ms: fields.number("idleSince"),
                error: None,
                caps: None,
                places: PresencePlaces::default(),
            })
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionEventType {
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionEvent {
    /// A bare JID.
    pub from: String,
    #[serde(rename = "type")]
    pub kind: SubscriptionEventType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
}

/// Who sees whose presence (RFC 6121, section 2.1.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subscription {
    #[default]
    None,
    To,
    From,
    Both,
    Remove,
}

impl Subscription {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::To, Self::From, Self::Both, Self::Remove];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::To => "to",
            Self::From => "from",
            Self::Both => "both",
            Self::Remove => "remove",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RosterItem {
    /// A bare JID.
    pub jid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub groups: Vec<String>,
    pub subscription: Subscription,
    /// `"subscribe"` while a request of ours waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Present and true when a request of theirs is approved in advance.
    #[serde(rename = "approved", skip_serializing_if = "std::ops::Not::not")]
    pub is_approved: bool,
}

impl RosterItem {
    /// As it was stored.
    pub(crate) fn read(stored: Json<'_>) -> Option<Self> {
        stored.object()?.read(|fields| {
            Some(Self {
                jid: fields.text("jid")?,
                name: fields.text("name"),
                groups: fields.list("groups", Json::text)?,
                subscription: fields.choice("subscription", &Subscription::ALL, Subscription::as_str)?,
                ask: fields.choice("ask", &[Ask::Subscribe], |_| "subscribe"),
                is_approved: fields.flag("approved"),
            })
        })
    }
}

/// RFC 6121, section 2.1.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    Subscribe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RosterChangeKind {
    Loaded,
    Added,
    Updated,
    Removed,
}

/// The items concerned: all of them when loaded, else those that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RosterChange {
    pub change: RosterChangeKind,
    pub items: Vec<Arc<RosterItem>>,
}

/// XEP-0191.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockingChangeKind {
    Loaded,
    Blocked,
    Unblocked,
}

/// The addresses concerned: all of them when loaded, else those that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockingChange {
    pub change: BlockingChangeKind,
    pub jids: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StanzaText {
    pub direction: Direction,
    pub xml: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtensionEventKind {
    Presence,
    Iq,
}

/// A payload for an extension of the app. An IQ request with it waits for the app's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionEvent {
    pub kind: ExtensionEventKind,
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The type of the stanza.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub stanza_type: Option<String>,
    pub payload: StanzaTree,
}
