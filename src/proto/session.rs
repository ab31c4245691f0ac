//! [`Session`]: one client, over as many connections as its life takes.

use std::collections::VecDeque;

use super::config::Config;
use super::entropy::{Entropy, Ids};
use super::error::Error;
use super::feature::Cx;
use super::features::Features;
use super::io::{Input, Output, Token};
use super::iq::IqTable;
use super::outbox::Outbox;
use super::state::State;
use super::time::Now;

pub struct Session {
    config: Config,
    features: Features,
    announced: Vec<&'static str>,
    ids: Ids,
    iqs: IqTable,
    outbox: Outbox,
    outputs: VecDeque<Output>,
    state: State,
    own_jid: String,
}

impl Session {
    pub fn new(config: Config, entropy: Box<dyn Entropy>) -> Self {
        let features = Features::default();
        let announced = features.namespaces();
        let own_jid = config.account.bare();
        Self {
            config,
            features,
            announced,
            ids: Ids::new(entropy),
            iqs: IqTable::default(),
            outbox: Outbox::default(),
            outputs: VecDeque::new(),
            state: State::Offline,
            own_jid,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// The full JID, once bound.
    pub fn jid(&self) -> Option<&str> {
        None
    }

    pub fn handle_input(&mut self, _now: Now, _input: Input<'_>) {}

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, on the monotonic clock.
    pub fn poll_timeout(&self) -> Option<u64> {
        None
    }

    /// Connects. Settles when online, or with the reason why not.
    pub fn connect(&mut self, _now: Now, _token: Token) {}

    /// Flushes what was sent and closes the stream. Settles when closed.
    pub fn disconnect(&mut self, _now: Now, _token: Token) {}

    /// The command's caller no longer waits; it is settled with `aborted`.
    pub fn cancel(&mut self, _now: Now, _token: Token) {}

    /// Sends exactly one stanza, given as XML.
    pub fn send_raw(&mut self, _now: Now, _xml: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Sends exactly one IQ request, given as XML. Settles with [`Reply::Stanza`](super::Reply::Stanza).
    pub fn request(&mut self, _now: Now, _token: Token, _xml: &str, _timeout_ms: Option<u32>) -> Result<(), Error> {
        Ok(())
    }

    /// Whether frames are reported as [`Event::Stanza`](super::Event::Stanza). Off at the start.
    pub fn report_stanzas(&mut self, _is_on: bool) {}

    pub(super) fn features(&self) -> &Features {
        &self.features
    }

    /// Refuses what makes no sense before connect() and after disconnect().
    pub(super) fn require_active(&self) -> Result<(), Error> {
        match self.state {
            State::Offline => Err(Error::not_connected()),
            _ => Ok(()),
        }
    }

    pub(super) fn with<R>(&mut self, now: Now, act: impl FnOnce(&mut Features, &mut Cx<'_>) -> R) -> R {
        let mut cx = Cx {
            now,
            config: &self.config,
            own_jid: &self.own_jid,
            announced: &self.announced,
            is_bound: false,
            // Set once the stream features are read.
            has_roster_versioning: false,
            has_pre_approval: false,
            ids: &mut self.ids,
            iqs: &mut self.iqs,
            outbox: &mut self.outbox,
            outputs: &mut self.outputs,
        };
        act(&mut self.features, &mut cx)
    }
}
