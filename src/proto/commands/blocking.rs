//! Whom the account blocks.

use super::super::error::Error;
use super::super::features::blocking::BlockOptions;
use super::super::io::Token;
use super::super::session::Session;
use super::super::time::Now;

impl Session {
    /// Whom the account blocks, sorted; empty until the server has told.
    pub fn blocked(&self) -> impl Iterator<Item = &str> {
        self.features().blocking.list()
    }

    /// Blocks addresses. Settles when the server has done so.
    pub fn block(&mut self, now: Now, token: Token, options: &BlockOptions) -> Result<(), Error> {
        self.command(now, |features, cx| features.blocking.block(cx, token, options))
    }

    /// Unblocks addresses; an empty list is everybody. Settles when the server has done so.
    pub fn unblock(&mut self, now: Now, token: Token, jids: &[String]) -> Result<(), Error> {
        self.command(now, |features, cx| features.blocking.unblock(cx, token, jids))
    }
}
