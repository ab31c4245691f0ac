//! The only two doors of the core: what comes in, and what goes out.

use std::fmt;
use std::sync::Arc;

use super::discovery::{HostMeta, HostMetaFault, HostMetaFormat};
#[cfg(feature = "caps")]
use super::entity_caps::DiscoInfo;
use super::error::Error;
use super::event::{Event, Message};
#[cfg(feature = "history")]
use super::features::history::ArchivePage;
use super::persist::{Records, Unsaved};
use super::stream::sasl::KeyRequest;
use super::trace;
use super::xml::StanzaTree;

/// Names a command whose outcome the caller waits for. The caller chooses the number; it comes back in [`Output::Settled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u32);

/// What happened outside. Handed to [`Session::handle_input`](super::Session::handle_input). Its `Debug` shows no secret.
#[non_exhaustive]
pub enum Input<'a> {
    /// The WebSocket opened; `has_subprotocol` says whether the server agreed on `xmpp` (RFC 7395, section 3.1).
    SocketOpened { has_subprotocol: bool },
    /// A text frame arrived.
    Frame(&'a str),
    /// A binary frame arrived, which RFC 7395 does not know.
    BinaryFrame,
    /// The WebSocket closed, or could not be opened.
    SocketClosed { code: u16, reason: &'a str },
    /// The answer to [`Output::DeriveKey`]: the salted password, or why there is none.
    KeyDerived { id: u32, key: Result<Vec<u8>, String> },
    /// The answer to [`Output::AskCredentials`].
    Credentials { id: u32, given: Result<GivenCredentials, String> },
    /// The answer to [`Output::FetchHostMeta`].
    HostMeta { id: u32, fetched: Result<HostMeta, HostMetaFault> },
    /// The browser says that the network came or went. While it is gone nothing is retried.
    NetworkChanged { is_online: bool },
    /// The page came into sight, or went out of it.
    VisibilityChanged { is_visible: bool },
    /// The answer to [`Output::OpenStorage`].
    StorageOpened(Opened),
    /// What was to be stored, or read, could not be.
    StorageFailed { reason: &'a str },
    /// The page goes away, perhaps into the back/forward cache: what is unsaved is to be stored now, and the storage let go of.
    PageHidden,
    /// The page came back: from sleep, from the background, out of the back/forward cache. Whether the connection lived on is not known.
    Woke,
    /// The moment of [`Session::poll_timeout`](super::Session::poll_timeout) has come. Early or late is fine.
    Timeout,
}

/// What an app logs in with, when it is asked.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GivenCredentials {
    /// The account's password: SCRAM, or PLAIN.
    Password(String),
    /// A token from whoever issues them for the account: OAUTHBEARER (RFC 7628).
    Token(String),
    /// The connection itself says who it is, by a client certificate for example: EXTERNAL (RFC 4422, appendix A).
    External,
}

/// What is to be done outside. Drained from [`Session::poll_output`](super::Session::poll_output) (I1). Its `Debug` shows no secret.
#[non_exhaustive]
pub enum Output {
    /// Open a WebSocket with subprotocol `xmpp`. The one before it, if any, is dead to the session.
    OpenSocket { url: String },
    /// Send one text frame.
    SendFrame(Arc<str>),
    /// Close the WebSocket, and stop what else was under way for the connection. Nothing that they still say is wanted.
    CloseSocket,
    /// Fetch a document over HTTPS, without credentials, following redirects, up to [`HOST_META_BYTES`](super::HOST_META_BYTES); answer
    /// with [`Input::HostMeta`]. The next [`OpenSocket`](Self::OpenSocket) or [`CloseSocket`](Self::CloseSocket) says that nobody waits for it any more.
    FetchHostMeta { id: u32, url: String, format: HostMetaFormat },
    /// Derive the salted password; answer with [`Input::KeyDerived`].
    DeriveKey { id: u32, request: KeyRequest },
    /// Ask the app; answer with [`Input::Credentials`].
    AskCredentials { id: u32, mechanisms: Vec<String>, jid: String },
    /// Take hold of the storage, so that no other page does, and read it; answer with [`Input::StorageOpened`].
    OpenStorage,
    /// Store this last, and let go of the storage, or of the attempt to open it. `is_over`: nothing is left that another page could go on with.
    CloseStorage { unsaved: Vec<Unsaved>, is_over: bool },
    /// Tell the app.
    Event(Event),
    /// A command has its outcome.
    Settled { token: Token, result: Result<Reply, Error> },
    /// The commands with these tokens, those between them included, have sent texts from this address, and the server has them all.
    Arrived { first: Token, last: Token, from: Arc<str> },
}

/// What came of [`Output::OpenStorage`].
pub enum Opened {
    /// It is held, and this was in it.
    Records(Box<Records>),
    /// It is held again, and nobody else has held it since this session let go of it.
    Unchanged,
    /// Another page holds it, or it does not work: everything stays in memory.
    Refused,
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SocketOpened { has_subprotocol } => {
                f.debug_struct("SocketOpened").field("has_subprotocol", has_subprotocol).finish()
            }
            Self::Frame(frame) => f.debug_tuple("Frame").field(&trace::redact(frame)).finish(),
            Self::BinaryFrame => f.write_str("BinaryFrame"),
            Self::SocketClosed { code, reason } => {
                f.debug_struct("SocketClosed").field("code", code).field("reason", reason).finish()
            }
            Self::KeyDerived { id, .. } => f.debug_struct("KeyDerived").field("id", id).finish_non_exhaustive(),
            Self::Credentials { id, .. } => f.debug_struct("Credentials").field("id", id).finish_non_exhaustive(),
            Self::HostMeta { id, fetched } => f.debug_struct("HostMeta").field("id", id).field("fetched", fetched).finish(),
            Self::NetworkChanged { is_online } => f.debug_struct("NetworkChanged").field("is_online", is_online).finish(),
            Self::VisibilityChanged { is_visible } => {
                f.debug_struct("VisibilityChanged").field("is_visible", is_visible).finish()
            }
            Self::StorageOpened(_) => f.write_str("StorageOpened"),
            Self::StorageFailed { reason } => f.debug_struct("StorageFailed").field("reason", reason).finish(),
            Self::PageHidden => f.write_str("PageHidden"),
            Self::Woke => f.write_str("Woke"),
            Self::Timeout => f.write_str("Timeout"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSocket { url } => f.debug_struct("OpenSocket").field("url", url).finish(),
            Self::SendFrame(frame) => f.debug_tuple("SendFrame").field(&trace::redact(frame)).finish(),
            Self::CloseSocket => f.write_str("CloseSocket"),
            Self::FetchHostMeta { id, url, format } => {
                f.debug_struct("FetchHostMeta").field("id", id).field("url", url).field("format", format).finish()
            }
            Self::DeriveKey { id, request } => f.debug_struct("DeriveKey").field("id", id).field("request", request).finish(),
            Self::AskCredentials { id, .. } => f.debug_struct("AskCredentials").field("id", id).finish_non_exhaustive(),
            Self::OpenStorage => f.write_str("OpenStorage"),
            Self::CloseStorage { .. } => f.write_str("CloseStorage"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Arrived { first, last, from } => {
                f.debug_struct("Arrived").field("first", first).field("last", last).field("from", from).finish()
            }
            Self::Settled { token, result } => f.debug_struct("Settled").field("token", token).field("result", result).finish(),
        }
    }
}

/// The outcome of a command.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    Done,
    Message(Box<Message>),
    Stanza(Box<StanzaTree>),
    /// What an archive has.
    #[cfg(feature = "history")]
    Page(Box<ArchivePage>),
    #[cfg(feature = "caps")]
    Info(Arc<DiscoInfo>),
}
