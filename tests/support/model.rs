//! A model of a server, for tests that lose connections and pages at random.

use std::collections::VecDeque;

use super::{Peer, attribute};

/// A server that keeps a session over lost connections, as XEP-0198 says, and knows what it got and what it gave.
#[derive(Default)]
pub struct Model {
    /// Bodies it got, in order.
    pub received: Vec<u32>,
    /// Stanzas it handled.
    pub handled: u32,
    /// Stanzas it sent that are not acknowledged, and the count before them.
    pub unacked: VecDeque<String>,
    pub acked: u32,
}

impl Model {
    pub fn take(&mut self, frame: &str, peer: &mut Peer) {
        if let Some(n) = frame.strip_prefix("<message ").and_then(|rest| rest.split("<body>").nth(1)) {
            self.received.push(n.split('<').next().unwrap().parse().unwrap());
        }
        if ["<message", "<presence", "<iq"].iter().any(|stanza| frame.starts_with(stanza)) {
            self.handled += 1;
        } else if frame.starts_with("<r ") {
            peer.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.handled));
        } else if frame.starts_with("<a ") {
            self.acknowledge(attribute(frame, "h").parse().unwrap());
        }
    }

    pub fn acknowledge(&mut self, h: u32) {
        assert!(h >= self.acked, "what was acknowledged cannot be taken back");
        for _ in self.acked..h {
            self.unacked.pop_front().expect("no more was sent");
        }
        self.acked = h;
    }

    pub fn give(&mut self, n: u32) -> String {
        let frame = format!("<message xmlns='jabber:client' from='juliet@example.com/x' id='in-{n}'><body>{n}</body></message>");
        self.unacked.push_back(frame.clone());
        frame
    }
}
