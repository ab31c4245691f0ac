//! What an archive has.

use super::super::error::Error;
use super::super::features::history::ArchiveQuery;
use super::super::io::Token;
use super::super::session::Session;
use super::super::time::Now;

impl Session {
    /// Asks an archive for a page of messages. Settles with [`Reply::Page`](super::super::Reply::Page).
    pub fn query_archive(&mut self, now: Now, token: Token, query: &ArchiveQuery) -> Result<(), Error> {
        self.command(now, |features, cx| features.history.query(cx, token, query))
    }
}
