//! What is remembered of messages of ours, so that what others say about one is believed only from whoever may say it (I9), and so that one
//! that comes back is known. The last ones outlive the page.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::event::{Message, MessageType, Stage};
use super::jids;
use super::json::Json;

/// So many are remembered, the last ones.
const REMEMBERED: usize = 1024;

/// So many of them outlive the page.
const STORED: usize = 128;

/// A message of ours.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sent {
    pub(crate) id: Arc<str>,
    pub(crate) to: Arc<str>,
    #[serde(rename = "type")]
    pub(crate) kind: MessageType,
    /// What its recipient has said became of it, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
}

impl Sent {
    /// As it was stored.
    pub(crate) fn read(stored: Json<'_>) -> Option<Self> {
        stored.object()?.read(|fields| {
            Some(Self {
                id: fields.text("id")?.into(),
                to: fields.text("to")?.into(),
                kind: fields.choice("type", &MessageType::ALL, MessageType::as_str)?,
                stage: fields.choice("stage", &Stage::ALL, Stage::as_str),
            })
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct SentMessages {
    /// The newest at the end.
    messages: VecDeque<Sent>,
    /// How many were sent.
    count: u64,
}

impl SentMessages {
    pub(crate) fn remember(&mut self, id: Arc<str>, to: Arc<str>, kind: MessageType) {
        self.count += 1;
        if self.messages.len() == REMEMBERED {
            self.messages.pop_front();
        }
        self.messages.push_back(Sent { id, to, kind, stage: None });
    }

    /// Tells one state from another: it grows with every message.
    pub(crate) fn revision(&self) -> u64 {
        self.count
    }

    /// The last ones.
    pub(crate) fn record(&self) -> Vec<Sent> {
        self.messages.iter().skip(self.messages.len().saturating_sub(STORED)).cloned().collect()
    }

    /// What another page has sent: before all that is remembered here, which is what of it has not arrived for sure.
    pub(crate) fn restore(&mut self, earlier: Vec<Sent>) {
        for sent in earlier.into_iter().rev().take(STORED) {
            if self.messages.len() < REMEMBERED && self.get(&sent.id).is_none() {
                self.messages.push_front(sent);
            }
        }
    }

    /// Whether this is one of them, come back as a copy.
    pub(crate) fn has(&self, copy: &Message) -> bool {
        let id = copy.origin_id.as_ref().unwrap_or(&copy.id);
        self.messages.iter().any(|sent| *sent.id == **id && jids::bare(&sent.to) == jids::bare(&copy.to))
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Sent> {
        self.messages.iter().rfind(|sent| *sent.id == *id)
    }

    /// The recipient says what became of a message. `None`: it is nobody who may say so (I9), or nothing new.
    #[allow(dead_code, reason = "in the core nobody says anything of a message but that it bounced")]
    pub(crate) fn advance(&mut self, id: &str, from: &str, stage: Stage) -> Option<&Sent> {
        let sent = self.messages.iter_mut().rfind(|sent| *sent.id == *id && sent.is_answered_by(from))?;
        if sent.stage >= Some(stage) {
            return None;
        }
        sent.stage = Some(stage);
        Some(sent)
    }

    /// Forgets the message that this error is about, so that each fails once.
    pub(crate) fn take_bounced(&mut self, bounce: &Message, own_jid: &str) -> Option<Sent> {
        let at = self.messages.iter().rposition(|sent| *sent.id == *bounce.id && sent.may_bounce_from(&bounce.from, own_jid))?;
        self.messages.remove(at)
    }
}

impl Sent {
    /// Whether `from` had a hand in the delivery: the recipient, the servers, our own account (I9).
    fn may_bounce_from(&self, from: &str, own_jid: &str) -> bool {
        self.is_answered_by(from) || from == jids::domain(&self.to) || jids::speaks_for(from, own_jid)
    }

    /// Whether `from` is the recipient. The devices of a person answer for them, but the occupants of a room not for the room: all of them
    /// have seen the id (I9).
    pub(crate) fn is_answered_by(&self, from: &str) -> bool {
        let is_device = || self.kind != MessageType::Groupchat && jids::bare(from) == &*self.to;
        from == &*self.to || from == jids::bare(&self.to) || is_device()
    }
}
