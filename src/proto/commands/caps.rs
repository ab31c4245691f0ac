//! What others can do.

use super::super::error::Error;
use super::super::io::Token;
use super::super::jids;
use super::super::json::Json;
use super::super::session::Session;
use super::super::sorted::Sorted;
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

    /// The answers that were found to be what presences say, by key, to be stored.
    pub fn verified_caps(&self) -> Sorted<String> {
        self.features().caps.record()
    }

    /// Whether [`verified_caps`](Self::verified_caps) has something else to say than at the last call of this.
    pub fn take_caps_news(&self) -> bool {
        self.features().caps.take_news()
    }

    /// Takes in what [`verified_caps`](Self::verified_caps) gave in another page. It is not believed, but verified when somebody asks.
    pub fn restore_caps(&mut self, record: Sorted<String>) {
        self.features_mut().caps.restore(record);
    }

    /// As [`restore_caps`](Self::restore_caps), as JSON; what cannot be read is left out.
    pub fn restore_caps_from_json(&mut self, record: &str) {
        let record = Json::parse(record).and_then(Json::texts);
        self.restore_caps(record.unwrap_or_default());
    }
}
