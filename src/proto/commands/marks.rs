//! What the user has seen.

use super::super::error::Error;
use super::super::io::{Reply, Token};
use super::super::jids;
use super::super::marks::DisplayedMark;
use super::super::session::Session;
use super::super::time::Now;

impl Session {
    /// The user has seen a message, and all of the conversation before it: told to its sender, who asks for it and may know, and to our other
    /// devices. Settles at once; while the session connects or waits, the newest mark of a conversation is kept for later.
    pub fn mark_displayed(&mut self, now: Now, token: Token, mark: DisplayedMark) -> Result<(), Error> {
        self.require_active()?;
        let mark = DisplayedMark { to: jids::normalise_bare("to", &mark.to)?, ..mark };
        self.command(now, |features, cx| {
            features.markers.mark(cx, &mark);
            features.displayed.mark(cx, &mark);
            cx.settle(token, Ok(Reply::Done));
        });
        Ok(())
    }

    /// Whether anybody listens to what was seen on our other devices. Off at the start.
    pub fn report_displayed(&mut self, now: Now, is_on: bool) {
        self.command(now, |features, _| features.displayed.follow(is_on));
    }
}
