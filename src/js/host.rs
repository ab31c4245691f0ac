//! What the session has to say, told to the package.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::{Host, utf16_len};
use crate::proto::{Direction, Error, Event, Message, Presence, Reply, Token};

use super::value::{to_js, to_json};

#[wasm_bindgen]
extern "C" {
    /// An object of the package. Its methods catch what listeners throw (I6); `catch` is for what should not happen. Those that are called for each
    /// stanza catch everything themselves: what wasm-bindgen makes of a `catch` costs more than the call.
    pub type Sink;

    /// `index` is the place of the event's name in the list that the engine was made with, `payload` JSON, if anybody listens.
    #[wasm_bindgen(method, catch)]
    fn event(this: &Sink, index: u32, payload: Option<&str>) -> Result<(), JsValue>;

    /// A message or a presence whose texts all stand in the frame that the package has at hand, so that no text crosses: each is
    /// where it begins and where it ends. What extensions have found in it is JSON.
    #[wasm_bindgen(method)]
    #[allow(clippy::too_many_arguments, reason = "numbers cross by themselves; a list of them would be an object")]
    fn message(
        this: &Sink,
        id: u32,
        id_end: u32,
        from: u32,
        from_end: u32,
        to: u32,
        to_end: u32,
        body: u32,
        body_end: u32,
        lang: u32,
        lang_end: u32,
        origin_id: u32,
        origin_id_end: u32,
        stanza_id: u32,
        stanza_id_end: u32,
        kind: u32,
        timestamp: f64,
        flags: u32,
        extensions: Option<&str>,
    );

    #[wasm_bindgen(method)]
    #[allow(clippy::too_many_arguments, reason = "as above")]
    fn presence(this: &Sink, from: u32, from_end: u32, status: u32, status_end: u32, kind: u32, show: u32, priority: i32);

    #[wasm_bindgen(method, catch)]
    fn settled(this: &Sink, token: u32, error: JsValue, value: JsValue) -> Result<(), JsValue>;

    /// Texts with these tokens, those between them included, have arrived; what is to be known of them the package has kept. `from` only when it is
    /// another one than last time.
    #[wasm_bindgen(method, catch)]
    fn arrived(this: &Sink, first: u32, last: u32, from: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn credentials(this: &Sink, id: u32, mechanisms: JsValue, jid: &str) -> Result<(), JsValue>;
}

/// Which events have listeners: bit `n` stands for the `n`th name.
pub(super) type Interests = Rc<Cell<u32>>;

pub(super) struct JsHost {
    pub(super) sink: Sink,
    pub(super) names: Vec<String>,
    pub(super) interests: Interests,
    /// The address that the package was last told for messages of ours.
    pub(super) told_from: RefCell<String>,
}

impl Host for JsHost {
    /// An event that nobody listens to is not converted. Its name is told all the same where the package itself has to know.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn event(&self, event: Event, frame: &str) {
        let name = event.name();
        let Some(index) = self.names.iter().position(|known| known == name).and_then(|index| u32::try_from(index).ok()) else {
            return;
        };
        let is_wanted = self.interests.get().checked_shr(index).is_some_and(|bits| bits & 1 == 1);
        let is_cut = match &event {
            Event::Message(message) if is_wanted => self.cut_message(message, frame),
            Event::Presence(presence) if is_wanted => self.cut_presence(presence, frame),
            _ => None,
        };
        if is_cut.is_some() {
            return;
        }
        let payload = match &event {
            _ if is_wanted => Some(to_json(&event)),
            Event::Roster(_) | Event::Blocking(_) => None,
            _ => return,
        };
        let _ = self.sink.event(index, payload.as_deref());
    }

    fn settled(&self, token: Token, result: Result<Reply, Error>) {
        let (error, value) = match result {
            Ok(Reply::Done) => (JsValue::UNDEFINED, JsValue::UNDEFINED),
            Ok(Reply::Message(message)) => (JsValue::UNDEFINED, to_js(&message)),
            Ok(Reply::Stanza(stanza)) => (JsValue::UNDEFINED, to_js(&stanza)),
            #[cfg(feature = "history")]
            Ok(Reply::Page(page)) => (JsValue::UNDEFINED, to_js(&page)),
            #[cfg(feature = "caps")]
            Ok(Reply::Info(info)) => (JsValue::UNDEFINED, to_js(&info)),
            Err(error) => (to_js(&error), JsValue::UNDEFINED),
        };
        let _ = self.sink.settled(token.0, error, value);
    }

    fn arrived(&self, first: Token, last: Token, from: &str) {
        let is_known = *self.told_from.borrow() == from;
        if !is_known {
            self.told_from.replace(from.to_owned());
        }
        let _ = self.sink.arrived(first.0, last.0, (!is_known).then_some(from));
    }

    fn ask_credentials(&self, id: u32, mechanisms: Vec<String>, jid: String) {
        // A list of strings, which cannot fail.
        let mechanisms = serde_wasm_bindgen::to_value(&mechanisms).unwrap_or(JsValue::UNDEFINED);
        let _ = self.sink.credentials(id, mechanisms, &jid);
    }
}

impl JsHost {
    /// `None`: there is more to it than these texts, or they are written with references.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn cut_message(&self, message: &Message, frame: &str) -> Option<()> {
        let Message { id, from, to, kind, body, lang, origin_id, stanza_id, timestamp_ms, extensions, places, .. } = message;
        if !has_body_alone(message) {
            return None;
        }
        let frame = Sheet::new(frame);
        let (id, id_end) = frame.span(places.id, id)?;
        let (from, from_end) = frame.span(places.from, from)?;
        let (to, to_end) = frame.span(places.to, to)?;
        let (body, body_end) = frame.span(places.body, body.as_deref()?)?;
        let optional = |text: &Option<String>, place| text.as_ref().map_or(Some((0, 0)), |text| frame.span(place, text));
        let (lang, lang_end) = optional(lang, places.lang)?;
        let (origin_id, origin_id_end) = optional(origin_id, places.origin_id)?;
        let (stanza_id, stanza_id_end) = optional(stanza_id, places.stanza_id)?;
        let (kind, timestamp) = (*kind as u32, *timestamp_ms as f64);
        let extensions = extensions.as_deref().map(to_json);
        let is_out = message.direction == Direction::Out;
        let flags = [message.is_delayed, message.is_carbon, is_out, message.is_markable];
        let flags = flags.into_iter().rev().fold(0, |bits, flag| bits << 1 | u32::from(flag));
        self.sink.message(
            id,
            id_end,
            from,
            from_end,
            to,
            to_end,
            body,
            body_end,
            lang,
            lang_end,
            origin_id,
            origin_id_end,
            stanza_id,
            stanza_id_end,
            kind,
            timestamp,
            flags,
            extensions.as_deref(),
        );
        Some(())
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn cut_presence(&self, presence: &Presence, frame: &str) -> Option<()> {
        let Presence { from, kind, show, status, statuses, priority, idle_since_ms, error, caps: _, places } = presence;
        if statuses.is_some() || idle_since_ms.is_some() || error.is_some() {
            return None;
        }
        let frame = Sheet::new(frame);
        let (from, from_end) = frame.span(places.from, from)?;
        let (status, status_end) = match status {
            Some(status) => frame.span(places.status, status)?,
            None => (0, 0),
        };
        let show = show.map_or(0, |show| show as u32 + 1);
        self.sink.presence(from, from_end, status, status_end, *kind as u32, show, i32::from(*priority));
        Some(())
    }
}

/// At most a body, its language, and what extensions have found: no texts in other languages, subject, thread or error.
fn has_body_alone(message: &Message) -> bool {
    let Message { bodies, subject, subjects, thread, parent_thread, error, .. } = message;
    let has_more = bodies.is_some() || subject.is_some() || subjects.is_some() || thread.is_some() || parent_thread.is_some();
    !has_more && error.is_none()
}

/// A frame that texts are cut out of.
struct Sheet<'a> {
    frame: &'a str,
    is_ascii: bool,
}

impl<'a> Sheet<'a> {
    fn new(frame: &'a str) -> Self {
        Self { frame, is_ascii: frame.is_ascii() }
    }

    /// Where the text begins and ends, in UTF-16 units as JavaScript counts, if it is there indeed.
    #[cfg_attr(waxwing_small, optimize(speed))]
    fn span(&self, place: usize, text: &str) -> Option<(u32, u32)> {
        let end = place.checked_add(text.len())?;
        if text.is_empty() || self.frame.get(place..end)? != text {
            return None;
        }
        let (start, length) =
            if self.is_ascii { (place, text.len()) } else { (utf16_len(self.frame.get(..place)?), utf16_len(text)) };
        Some((u32::try_from(start).ok()?, u32::try_from(start.checked_add(length)?).ok()?))
    }
}
