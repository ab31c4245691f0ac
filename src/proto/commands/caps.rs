//! What others can do.

use super::super::error::Error;
use super::super::io::Token;
use super::super::jids;
use super::super::session::Session;
use super::super::time::Now;

impl Session {
    /// Asks who somebody is, and what they can do. Of a resource whose presence says a hash that is known, the answer is there at once.
    /// Settles with [`Reply::Info`](super::super::Reply::Info).
    pub fn disco_info(&mut self, now: Now, token: Token, jid: &str, node: Option<&str>) -> Result<(), Error> {
        let jid = jids::normalise("jid", jid)?;
        self.command(now, |features, cx| {
            // Of a bare JID another entity answers than the one whose presence stands for it.
            let presence = features.presence.of(&jid).filter(|presence| presence.from == jid);
            let advert = presence.and_then(|presence| presence.caps.clone());
            features.caps.info(cx, token, jid, node, advert)
        })
    }
}
