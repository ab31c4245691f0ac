//! Stream management (XEP-0198, version 1.6): enabling, counting and acknowledgements. No resumption yet.
//!
//! ```text
//!   Off ──<enable/> sent──▶ Requested ──<enabled/>──▶ On
//!    ▲                          │ <failed/>
//!    └──────────────────────────┘
//! ```
//! What we send counts from `<enable/>` on, what we get from `<enabled/>` on (XEP-0198, section 4).

use std::collections::VecDeque;

use super::super::error::{Code, Error};
use super::super::io::Output;
use super::super::xml::{Element, Writer, ns};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Off,
    Requested,
    On,
}

#[derive(Debug, Default)]
pub(crate) struct Management {
    phase: Phase,
    /// Stanzas we got, modulo 2^32 (XEP-0198, section 4).
    inbound: u32,
    /// Of the stanzas we sent, how many the server has, without the modulo.
    acked: u64,
    /// An `<r/>` of ours waits for its `<a/>`.
    is_asking: bool,
}

impl Management {
    /// Asks the server to manage this stream. Counting what we send begins here.
    pub(crate) fn enable(&mut self, outputs: &mut VecDeque<Output>) {
        self.phase = Phase::Requested;
        write("enable", None, outputs);
    }

    /// Whether the server confirms stanzas on this stream, or may be about to.
    pub(crate) fn is_expected(&self) -> bool {
        self.phase != Phase::Off
    }

    /// Counts a stanza of the server, before it is parsed (I8).
    pub(crate) fn count_inbound(&mut self) {
        if self.phase == Phase::On {
            self.inbound = self.inbound.wrapping_add(1);
        }
    }

    /// Asks what has arrived, unless that question is open already: it never stands before the stanza that it asks about.
    pub(crate) fn ask(&mut self, outputs: &mut VecDeque<Output>) {
        if self.phase == Phase::On && !self.is_asking {
            self.is_asking = true;
            write("r", None, outputs);
        }
    }

    /// Handles an element of stream management. `Some` is how many of our stanzas the server has now.
    pub(crate) fn handle(
        &mut self,
        element: Element<'_>,
        sent: u64,
        outputs: &mut VecDeque<Output>,
    ) -> Result<Option<u64>, Error> {
        match (element.name(), self.phase) {
            ("enabled", Phase::Requested) => {
                self.phase = Phase::On;
                Ok(None)
            }
            ("failed", Phase::Requested) => {
                self.phase = Phase::Off;
                Ok(None)
            }
            ("r", Phase::On) => {
                write("a", Some(self.inbound), outputs);
                Ok(None)
            }
            ("a", Phase::On) => {
                self.is_asking = false;
                let h = element.attr("h").and_then(|h| h.parse::<u32>().ok());
                let h = h.ok_or_else(|| Error::new(Code::ProtocolError, "the server's acknowledgement has no count"))?;
                self.acknowledge(h, sent).map(Some)
            }
            (name, _) => {
                Err(Error::new(Code::ProtocolError, format!("the server sent <{name}/> of stream management out of turn")))
            }
        }
    }

    fn acknowledge(&mut self, h: u32, sent: u64) -> Result<u64, Error> {
        // The low half of `acked` is what the server said last (XEP-0198, section 4: modulo 2^32).
        let last = self.acked as u32;
        let acked = self.acked + u64::from(h.wrapping_sub(last));
        if acked > sent {
            return Err(Error::new(Code::ProtocolError, format!("the server acknowledges {h} stanzas, and {sent} were sent")));
        }
        self.acked = acked;
        Ok(acked)
    }
}

fn write(name: &str, h: Option<u32>, outputs: &mut VecDeque<Output>) {
    let mut w = Writer::new();
    w.open(name, ns::SM);
    if let Some(h) = h {
        w.attr("h", &h.to_string());
    }
    // Nothing in it can be refused by the writer.
    if let Ok(frame) = w.finish() {
        outputs.push_back(Output::SendFrame(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_wrap_at_two_to_the_thirty_second() {
        let mut management = Management { phase: Phase::On, inbound: u32::MAX, acked: u64::from(u32::MAX), is_asking: false };
        management.count_inbound();
        assert_eq!(management.inbound, 0);
        assert_eq!(management.acknowledge(2, u64::from(u32::MAX) + 5), Ok(u64::from(u32::MAX) + 3));
    }

    #[test]
    fn an_acknowledgement_of_more_than_was_sent_is_reported_and_changes_nothing() {
        let mut management = Management { phase: Phase::On, ..Management::default() };
        assert_eq!(management.acknowledge(3, 5), Ok(3));
        assert!(management.acknowledge(6, 5).is_err());
        assert_eq!(management.acknowledge(5, 5), Ok(5));
        // A count that goes back reads as one that went round, which is more than was sent.
        assert!(management.acknowledge(4, 5).is_err());
    }
}
