//! A login, a roster, a presence and a message, with nobody at the other end.
//!
//! A browser compiles each function of a module when it is first called, and a login calls some 300 of them: 20 ms of the main thread, between
//! the frames of the server. Played through while there is nothing to be done, such as while a socket opens, they are compiled when it counts.
//! What is said here is heard by nobody, and nothing of it is kept.

use super::config::{Account, Config};
use super::entropy::Entropy;
use super::event::Event;
use super::features::messaging::MessageOptions;
use super::features::presence::PresenceOptions;
use super::io::{Input, Output, Token};
use super::session::Session;
use super::time::Now;

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='b.c' id='s' version='1.0'/>";
const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const SUCCESS_2: &str = "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>a@b.c/d</authorization-identifier>\
                         <bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3'/></bound></success>";
const MECHANISMS: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
const AUTHENTICATION: &str = "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism>\
                              <inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind></inline></authentication>";
const SESSION: &str = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>";
const BOUND: &str = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b.c/d</jid></bind>";
const ROSTER: &str = "<query xmlns='jabber:iq:roster' ver='1'><item jid='e@b.c' name='E' subscription='both'><group>G</group></item>\
                      <item jid='f@b.c' name='F' subscription='both'><group>G</group></item></query>";
const PRESENCE: &str = "<presence xmlns='jabber:client' from='e@b.c/f' to='a@b.c/d'><show>away</show><status>S</status><priority>5</priority>\
                        <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>";
const MESSAGE: &str = "<message xmlns='jabber:client' type='chat' id='i' from='e@b.c/f' to='a@b.c/d'><body>B</body>\
                       <active xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='o'/>\
                       <stanza-id xmlns='urn:xmpp:sid:0' by='a@b.c' id='s'/></message>";

/// More frames than either way of logging in has.
const MOST_FRAMES: usize = 64;

/// Plays through both ways of logging in. Returns how many messages came in, which is for the test.
pub fn rehearse() -> usize {
    [MECHANISMS, AUTHENTICATION].into_iter().map(play).sum()
}

fn play(offer: &str) -> usize {
    let Ok(account) = Account::parse("a@b.c", None) else { return 0 };
    let mut config = Config::new(account);
    config.password = Some("p".to_owned());
    config.url = Some("wss://b.c".to_owned());
    config.presence = Some(PresenceOptions::default());
    config.reconnect = None;
    let now = Now::default();
    let mut session = Session::new(config, Box::new(Counter(0)));
    let mut server = Server { offer, is_logged_in: false, messages: 0 };
    session.connect(now, Token(0));
    session.handle_input(now, Input::SocketOpened { has_subprotocol: true });
    for _ in 0..MOST_FRAMES {
        match session.poll_output() {
            Some(Output::SendFrame(frame)) => {
                for frame in server.answers(&frame) {
                    session.handle_input(now, Input::Frame(&frame));
                }
            }
            Some(Output::Settled { token: Token(0), result: Ok(_) }) => {
                let options = MessageOptions { to: "e@b.c".to_owned(), body: Some("B".to_owned()), ..MessageOptions::default() };
                // A message that cannot be sent is one that nobody misses.
                let _ = session.send_message(now, Token(1), options);
                for frame in [PRESENCE, MESSAGE] {
                    session.handle_input(now, Input::Frame(frame));
                }
                session.disconnect(now, Token(2));
            }
            Some(Output::Event(Event::Message(_))) => server.messages += 1,
            Some(_) => {}
            None => break,
        }
    }
    server.messages
}

struct Server<'a> {
    offer: &'a str,
    is_logged_in: bool,
    messages: usize,
}

impl Server<'_> {
    fn answers(&mut self, frame: &str) -> Vec<String> {
        let name = frame.split([' ', '>', '/']).next().unwrap_or_default();
        match name {
            "<open" => vec![OPEN.to_owned(), features(if self.is_logged_in { SESSION } else { self.offer })],
            "<auth" => {
                self.is_logged_in = true;
                vec![SUCCESS.to_owned()]
            }
            "<authenticate" => vec![SUCCESS_2.to_owned(), features("")],
            "<enable" => vec!["<enabled xmlns='urn:xmpp:sm:3'/>".to_owned()],
            "<r" => vec!["<a xmlns='urn:xmpp:sm:3' h='1'/>".to_owned()],
            "<iq" => vec![result(frame)],
            "<close" => vec![CLOSE.to_owned()],
            _ => Vec::new(),
        }
    }
}

fn features(offer: &str) -> String {
    ["<stream:features xmlns:stream='http://etherx.jabber.org/streams'>", offer, "</stream:features>"].concat()
}

/// The answer to a request of ours: whatever it is, it is not refused.
fn result(request: &str) -> String {
    let id = request.split_once(" id='").and_then(|(_, rest)| rest.split('\'').next()).unwrap_or_default();
    let payload = match request {
        _ if request.contains("xmpp-bind") => BOUND,
        _ if request.contains("jabber:iq:roster") => ROSTER,
        _ => "",
    };
    ["<iq xmlns='jabber:client' type='result' id='", id, "' to='a@b.c/d'>", payload, "</iq>"].concat()
}

/// No two ids are the same, and nobody need fear that they are guessed.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rehearsal_gets_as_far_as_a_message_both_ways_of_logging_in() {
        // One in, and ours.
        assert_eq!((play(MECHANISMS), play(AUTHENTICATION)), (2, 2));
    }
}
