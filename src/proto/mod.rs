//! The sans-IO core: what XMPP says, without a clock, a random source or a web type (I3).
//!
//! ```text
//!   Input ──▶ Session ──▶ stream (framing, SASL, bind, stream management)
//!   commands ──▶   │   ──▶ iq (request table)      outbox (outgoing messages by stage)
//!   Output ◀──     └────▶ router ──▶ features (roster, presence, messaging, …)
//! ```
//!
//! The caller feeds [`Session::handle_input`] and the commands, then drains [`Session::poll_output`] until it is empty (I1), and
//! calls back with [`Input::Timeout`] when [`Session::poll_timeout`] is due.

mod backoff;
mod base64;
mod commands;
mod config;
#[cfg(feature = "attachments")]
mod details;
mod discovery;
#[cfg(feature = "caps")]
mod entity_caps;
#[cfg(not(feature = "caps"))]
#[path = "no_entity_caps.rs"]
mod entity_caps;
mod entropy;
mod error;
mod event;
#[cfg(feature = "fallback")]
mod fallback;
mod feature;
pub(crate) mod features;
mod heard;
mod io;
mod iq;
mod jids;
pub(crate) mod json;
#[cfg(any(feature = "archive", feature = "history"))]
mod mam;
#[cfg(feature = "receipts")]
mod marks;
mod messages;
mod outbox;
mod persist;
mod rehearsal;
mod router;
mod sent;
mod session;
mod sorted;
mod stanza_error;
mod state;
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
pub mod steps;
mod stream;
mod texts;
mod time;
mod trace;
pub(crate) mod xml;

pub use config::{Account, Audience, Config, Limits, Reconnect, Software, Timeouts};
#[cfg(feature = "attachments")]
pub use details::{Detail, Details};
pub use discovery::{HOST_META_BYTES, HostMeta, HostMetaFault, HostMetaFormat};
#[cfg(feature = "caps")]
pub use entity_caps::{DiscoForm, DiscoIdentity, DiscoInfo};
pub use entropy::Entropy;
pub use error::{ApplicationCondition, Code, Error, ErrorDetails, ErrorType, Missing};
pub use event::{
    Activity, Ask, ChatState, Delivery, Direction, DisplayedElsewhere, Event, ExtensionEvent, ExtensionEventKind, Fallback, Hint,
    Message, MessageExtensions, MessageType, Presence, PresenceType, Reactions, ReplyTo, Retracted, RosterChange,
    RosterChangeKind, RosterItem, Show, Stage, StanzaText, StateChange, Subscription, SubscriptionEvent, SubscriptionEventType,
};
pub use event::{BlockingChange, BlockingChangeKind};
#[cfg(feature = "blocking")]
pub use features::blocking::{BlockOptions, Report, ReportReason, ReportedId};
#[cfg(feature = "chat-states")]
pub use features::chat_states::ChatStateOptions;
#[cfg(feature = "custom")]
pub use features::encryption::Encryption;
#[cfg(feature = "history")]
pub use features::history::{ArchivePage, ArchiveQuery};
pub use features::messaging::MessageOptions;
pub use features::presence::{Availability, PresenceOptions};
#[cfg(feature = "replies")]
pub use features::replies::ReplyOptions;
pub use features::roster::{RosterAdd, RosterUpdate};
#[cfg(feature = "attachments")]
pub use features::{attachments::Attachment, links::LinkMetadata};
pub use io::{GivenCredentials, Input, Opened, Output, Reply, Token};
pub use json::texts_from_json;
#[cfg(feature = "receipts")]
pub use marks::DisplayedMark;
pub use messages::ChatText;
pub use persist::{Part, Record, Records, Unsaved};
pub use rehearsal::rehearse;
pub use session::Session;
pub use sorted::Sorted;
pub use state::State;
pub use stream::sasl::{Hash, KeyRequest, derive_key};
pub use time::Now;
pub use xml::StanzaTree;
