//! Doors to each step of the way in and the way out, for the benches alone: they are in no WebAssembly module, and nobody's API.
//!
//! A step that needs what the session has at hand is handed to `measure`, which runs it as often as it likes.

use std::collections::VecDeque;
use std::hint::black_box;

use super::config::Limits;
use super::event::Message;
use super::feature::{Cx, Feature, ticket};
use super::features::messaging::MessageOptions;
use super::features::{FeatureId, Features};
use super::io::{Output, Token};
use super::messages;
use super::outbox::{Outbox, Outgoing, Posted};
use super::router;
use super::session::Session;
use super::stream::management::Management;
use super::time::Now;
use super::xml::{self, Element};

/// From the text of a frame to its tree.
pub fn read(frame: &str) -> bool {
    black_box(xml::read(frame, &Limits::default())).document.is_ok()
}

/// From the tree of a stanza to its events: the count of stream management, the way through the features.
pub fn route(session: &mut Session, now: Now, frame: &str, measure: impl FnOnce(&mut dyn FnMut())) {
    let mut management = Management::default();
    with(session, now, frame, |element, features, cx| {
        measure(&mut || {
            management.count_inbound(now.mono_ms);
            router::route(element, features, cx);
            cx.outputs.clear();
        });
    });
}

/// From the tree of a message to what is known of it: the largest part of its [`route`].
pub fn message(session: &mut Session, now: Now, frame: &str, measure: impl FnOnce(&mut dyn FnMut())) {
    with(session, now, frame, |element, features, cx| measure(&mut || drop(black_box(messages::read(element, features, cx)))));
}

/// From the tree of a roster to its items and the event that tells them.
pub fn roster(session: &mut Session, now: Now, frame: &str, measure: impl FnOnce(&mut dyn FnMut())) {
    with(session, now, frame, |element, features, cx| {
        measure(&mut || {
            features.roster.handle_reply(cx, ticket(FeatureId::roster, 0, None), Ok(element));
            cx.outputs.clear();
        });
    });
}

/// From the options of a message to its frame, and what is kept of it.
pub fn compose(session: &mut Session, now: Now, options: &MessageOptions, measure: impl FnOnce(&mut dyn FnMut())) {
    session.command(now, |features, cx| measure(&mut || drop(black_box(messages::compose(features, cx, options)))));
}

fn with(session: &mut Session, now: Now, frame: &str, act: impl FnOnce(Element<'_>, &mut Features, &mut Cx<'_>)) {
    if let Ok(document) = xml::read(frame, &Limits::default()).document {
        session.command(now, |features, cx| act(document.root(), features, cx));
    }
}

/// The outbox of a session that is online.
pub struct Posting {
    outbox: Outbox,
    outputs: VecDeque<Output>,
}

/// A message that is composed.
#[derive(Clone)]
pub struct Composed(String, Box<Message>);

impl Composed {
    pub fn new(session: &mut Session, now: Now, options: MessageOptions) -> Option<Self> {
        let composed = session.command(now, |features, cx| messages::compose(features, cx, &options));
        composed.ok().map(|(frame, message)| Self(frame, Box::new(message)))
    }
}

impl Default for Posting {
    fn default() -> Self {
        let (mut outbox, mut outputs) = (Outbox::default(), VecDeque::new());
        outbox.begin(true);
        outbox.open(&mut outputs);
        Self { outbox, outputs }
    }
}

impl Posting {
    /// From a message to its frame on the way to the socket, and the events that tell of both.
    pub fn post(&mut self, Composed(frame, message): Composed) -> usize {
        self.outbox.post(Outgoing::message(frame.into(), Posted::Whole(message), Some(Token(1))), None, &mut self.outputs);
        self.drain()
    }

    /// The server has all that was posted.
    pub fn confirm(&mut self) -> usize {
        self.outbox.confirm(self.outbox.sent_count(), &mut self.outputs);
        self.drain()
    }

    fn drain(&mut self) -> usize {
        black_box(std::mem::take(&mut self.outputs)).len()
    }
}
