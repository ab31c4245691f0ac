//! A message of ours that is on its way: what an app is told of it, or no more than has to be known.

use std::sync::Arc;

use super::super::event::Message;

/// Most messages are a body of type chat: whoever sends one knows what it says, and only needs to be told that it has arrived.
#[derive(Debug)]
pub(crate) enum Posted {
    /// What the `message` event showed, and what the promise resolves with.
    Whole(Box<Message>),
    Text(Text),
}

#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) id: Arc<str>,
    pub(crate) to: Arc<str>,
    /// Under which address it was sent.
    pub(crate) from: Arc<str>,
    pub(crate) timestamp_ms: i64,
}

impl Posted {
    pub(crate) fn whole(&self) -> Option<&Message> {
        match self {
            Self::Whole(message) => Some(message),
            Self::Text(_) => None,
        }
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Whole(message) => &message.id,
            Self::Text(text) => &text.id,
        }
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        match self {
            Self::Whole(message) => message.id.as_str().into(),
            Self::Text(text) => text.id.clone(),
        }
    }

    pub(crate) fn to(&self) -> &str {
        match self {
            Self::Whole(message) => &message.to,
            Self::Text(text) => &text.to,
        }
    }

    pub(crate) fn timestamp_ms(&self) -> i64 {
        match self {
            Self::Whole(message) => message.timestamp_ms,
            Self::Text(text) => text.timestamp_ms,
        }
    }
}
