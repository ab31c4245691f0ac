//! What extensions can be asked for and told: two methods for all of them, since each that JavaScript sees is half a kilobyte, of which most is
//! the way across the border.

use wasm_bindgen::prelude::*;

#[cfg(feature = "history")]
use crate::proto::ArchiveQuery;
#[cfg(feature = "blocking")]
use crate::proto::BlockOptions;
#[cfg(feature = "chat-states")]
use crate::proto::ChatStateOptions;
#[cfg(feature = "receipts")]
use crate::proto::DisplayedMark;
#[cfg(feature = "caps")]
use crate::proto::json::Fields;
#[cfg(any(feature = "blocking", feature = "custom"))]
use crate::proto::texts_from_json;
use crate::proto::{Code, Error, Now, Session, Token};

use super::engine::Engine;
use super::value::{result, to_json};

#[wasm_bindgen]
impl Engine {
    /// Those that settle do so under the token. What each is given is text, and JSON where it is more than one text.
    pub fn command(&self, token: u32, name: &str, given: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| command(session, now, Token(token), name, given)))
    }

    /// JSON, if there is something to be known.
    pub fn ask(&self, name: &str) -> Option<String> {
        self.driver.read(|session| ask(session, name))
    }
}

#[allow(unused_variables, reason = "with some of the extensions alone")]
fn command(session: &mut Session, now: Now, token: Token, name: &str, given: &str) -> Result<(), Error> {
    match name {
        #[cfg(feature = "blocking")]
        "block" => session.block(now, token, &read(BlockOptions::from_json(given))?),
        // An empty list is everybody.
        #[cfg(feature = "blocking")]
        "unblock" => session.unblock(now, token, &read(texts_from_json(given))?),
        #[cfg(feature = "caps")]
        "discoInfo" => {
            let mut fields = read(Fields::parse(given))?;
            session.disco_info(now, token, &read(fields.text("jid"))?, fields.text("node").as_deref())
        }
        // What `verifiedCaps` gave in another page.
        #[cfg(feature = "caps")]
        "restoreCaps" => {
            session.restore_caps_from_json(given);
            Ok(())
        }
        #[cfg(feature = "chat-states")]
        "sendChatState" => session.send_chat_state(now, read(ChatStateOptions::from_json(given))?),
        // Replaces the namespaces whose payloads come as `extension` events.
        #[cfg(feature = "custom")]
        "extend" => {
            session.extend(read(texts_from_json(given))?);
            Ok(())
        }
        // One page of an archive.
        #[cfg(feature = "history")]
        "queryArchive" => session.query_archive(now, token, &read(ArchiveQuery::from_json(given))?),
        #[cfg(feature = "receipts")]
        "markDisplayed" => session.mark_displayed(now, token, read(DisplayedMark::from_json(given))?),
        #[cfg(feature = "receipts")]
        "reportDisplayed" => {
            session.report_displayed(now, given == "true");
            Ok(())
        }
        _ => read(None),
    }
}

fn ask(session: &Session, name: &str) -> Option<String> {
    match name {
        #[cfg(feature = "blocking")]
        "blocked" => Some(to_json(&session.blocked().map(ToOwned::to_owned).collect::<Vec<_>>())),
        // Nothing if it is the same as last time.
        #[cfg(feature = "caps")]
        "verifiedCaps" => session.take_caps_news().then(|| to_json(&session.verified_caps())),
        _ => None,
    }
}

/// The package has checked what it gives, so that nobody sees a failure.
fn read<T>(given: Option<T>) -> Result<T, Error> {
    given.ok_or_else(|| Error::new(Code::InvalidArgument, "the argument cannot be used"))
}
