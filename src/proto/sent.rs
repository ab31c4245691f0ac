//! What is remembered of messages of ours, so that what others say about one is believed only from whoever may say it (I9).

use std::collections::VecDeque;

use super::event::{Message, MessageType, Stage};
use super::jids;

/// So many are remembered, the last ones.
const REMEMBERED: usize = 1024;

/// A message of ours.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) kind: MessageType,
    /// What its recipient has said became of it, if anything.
    stage: Option<Stage>,
}

/// The newest at the end.
#[derive(Debug, Default)]
pub(crate) struct SentMessages(VecDeque<Sent>);

impl SentMessages {
    pub(crate) fn remember(&mut self, message: &Message) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(Sent { id: message.id.clone(), to: message.to.clone(), kind: message.kind, stage: None });
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Sent> {
        self.0.iter().rfind(|sent| sent.id == id)
    }

    /// The recipient says what became of a message. `None`: it is nobody who may say so (I9), or nothing new.
    #[allow(dead_code, reason = "in the core nobody says anything of a message but that it bounced")]
    pub(crate) fn advance(&mut self, id: &str, from: &str, stage: Stage) -> Option<&Sent> {
        let sent = self.0.iter_mut().rfind(|sent| sent.id == id && sent.is_answered_by(from))?;
        if sent.stage >= Some(stage) {
            return None;
        }
        sent.stage = Some(stage);
        Some(sent)
    }

    /// Forgets the message that this error is about, so that each fails once.
    pub(crate) fn take_bounced(&mut self, bounce: &Message, own_jid: &str) -> Option<Sent> {
        let at = self.0.iter().rposition(|sent| sent.id == bounce.id && sent.may_bounce_from(&bounce.from, own_jid))?;
        self.0.remove(at)
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
        let is_device = || self.kind != MessageType::Groupchat && jids::bare(from) == self.to;
        from == self.to || from == jids::bare(&self.to) || is_device()
    }
}
