//! The only two doors of the core: what comes in, and what goes out.

use super::error::Error;
use super::event::{Event, Message};
use super::stream::sasl::KeyRequest;
use super::xml::StanzaTree;

/// Names a command whose outcome the caller waits for. The caller chooses the number; it comes back in [`Output::Settled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u32);

/// What happened outside. Handed to [`Session::handle_input`](super::Session::handle_input).
#[derive(Debug)]
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
    Credentials { id: u32, password: Result<String, String> },
    /// The moment of [`Session::poll_timeout`](super::Session::poll_timeout) has come. Early or late is fine.
    Timeout,
}

/// What is to be done outside. Drained from [`Session::poll_output`](super::Session::poll_output) (I1).
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// Open a WebSocket with subprotocol `xmpp`. The one before it, if any, is dead to the session.
    OpenSocket { url: String },
    /// Send one text frame.
    SendFrame(String),
    /// Close the WebSocket. Nothing that it still says is wanted.
    CloseSocket,
    /// Derive the salted password; answer with [`Input::KeyDerived`].
    DeriveKey { id: u32, request: KeyRequest },
    /// Ask the app; answer with [`Input::Credentials`].
    AskCredentials { id: u32, mechanisms: Vec<String>, jid: String },
    /// Tell the app.
    Event(Event),
    /// A command has its outcome.
    Settled { token: Token, result: Result<Reply, Error> },
}

/// The outcome of a command.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    Done,
    Message(Box<Message>),
    Stanza(Box<StanzaTree>),
}
