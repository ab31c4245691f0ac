//! What the session has to say, told to the package.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::Host;
use crate::proto::{Error, Event, Reply, Token};

use super::value::{to_js, to_json};

#[wasm_bindgen]
extern "C" {
    /// An object of the package. Its methods catch what listeners throw (I6); `catch` is for what should not happen.
    pub type Sink;

    /// `index` is the place of the event's name in the list that the engine was made with, `payload` JSON, if anybody listens.
    #[wasm_bindgen(method, catch)]
    fn event(this: &Sink, index: u32, payload: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn settled(this: &Sink, token: u32, error: JsValue, value: JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn credentials(this: &Sink, id: u32, mechanisms: Vec<String>, jid: &str) -> Result<(), JsValue>;
}

/// Which events have listeners: bit `n` stands for the `n`th name.
pub(super) type Interests = Rc<Cell<u32>>;

pub(super) struct JsHost {
    pub(super) sink: Sink,
    pub(super) names: Vec<String>,
    pub(super) interests: Interests,
}

impl Host for JsHost {
    /// An event that nobody listens to is not converted. Its name is told all the same where the package itself has to know.
    fn event(&self, event: Event) {
        let name = event.name();
        let Some(index) = self.names.iter().position(|known| known == name).and_then(|index| u32::try_from(index).ok()) else {
            return;
        };
        let is_wanted = self.interests.get().checked_shr(index).is_some_and(|bits| bits & 1 == 1);
        let payload = match &event {
            _ if is_wanted => Some(to_json(&event)),
            Event::Roster(_) => None,
            _ => return,
        };
        let _ = self.sink.event(index, payload.as_deref());
    }

    fn settled(&self, token: Token, result: Result<Reply, Error>) {
        let (error, value) = match result {
            Ok(Reply::Done) => (JsValue::UNDEFINED, JsValue::UNDEFINED),
            Ok(Reply::Message(message)) => (JsValue::UNDEFINED, to_js(&message)),
            Ok(Reply::Stanza(stanza)) => (JsValue::UNDEFINED, to_js(&stanza)),
            Err(error) => (to_js(&error), JsValue::UNDEFINED),
        };
        let _ = self.sink.settled(token.0, error, value);
    }

    fn ask_credentials(&self, id: u32, mechanisms: Vec<String>, jid: String) {
        let _ = self.sink.credentials(id, mechanisms, &jid);
    }
}
