//! One WebSocket with subprotocol `xmpp` (RFC 7395, section 3.1), and its callbacks.

use std::cell::RefCell;
use std::rc::Weak;

use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, WebSocket};

use crate::proto::Input;

use super::driver::Driver;
use super::env;
use super::value::utf16_len;

#[wasm_bindgen]
extern "C" {
    /// An object of the package.
    #[derive(Clone)]
    pub type Inlet;

    /// Has `receive` called with each frame (nothing for a binary one) and the time on both clocks: one call into WebAssembly, where an
    /// event whose fields are asked for would be six. Of a long frame only the length is told, in UTF-16 units.
    #[wasm_bindgen(method)]
    fn listen(this: &Inlet, socket: &WebSocket, receive: &JsValue);

    /// Writes the frame at hand as UTF-8. Returns its bytes, or a negative number where there are more than there is room for.
    #[wasm_bindgen(method)]
    fn write(this: &Inlet, bytes: &mut [u8]) -> i32;

    /// Sends the frames that stand one behind the other in `text`; `ends` says where each of them ends, in UTF-16 units. Throws what the socket throws.
    #[wasm_bindgen(method, catch)]
    fn send(this: &Inlet, socket: &WebSocket, text: &str, ends: Vec<u32>) -> Result<(), JsValue>;

    /// Has `keyDerived` of the engine called, later, with a key made by PBKDF2, or without one.
    #[wasm_bindgen(method)]
    pub(super) fn derive(this: &Inlet, id: u32, password: &[u8], hash: &str, salt: &[u8], iterations: u32, bits: usize);
}

/// RFC 6455, section 7.4.1: closed without a close frame.
pub(super) const ABNORMAL_CLOSURE: u16 = 1006;

const SUBPROTOCOL: &str = "xmpp";

const OFFLINE: &str = "the browser is offline";

/// Closed when dropped; from then on no event of it reaches the session.
pub(super) struct Socket {
    socket: WebSocket,
    inlet: Inlet,
    batch: RefCell<Batch>,
    #[expect(dead_code, reason = "owns what the browser calls")]
    callbacks: Callbacks,
}

/// Frames that cross the border together: to decode one text costs less than to decode each.
#[derive(Default)]
struct Batch {
    text: String,
    /// Where each frame ends, in UTF-16 units.
    ends: Vec<u32>,
}

/// What is not sent in the middle of a task: what stands in a batch is sent by nobody else meanwhile.
const BATCH_BYTES: usize = 16 * 1024;

/// What is to be done about frames that wait.
pub(super) enum Queued {
    /// They are to be sent at the end of the running task.
    First,
    /// Somebody sees to that already.
    Behind,
    /// They are enough: they are to be sent now.
    Full,
}

/// They may be called while one of them runs: by whatever a page has put in the place of WebSocket. There is no `onerror`: a close
/// event follows each error and says as much.
struct Callbacks {
    open: Closure<dyn Fn()>,
    message: Closure<dyn Fn(Option<String>, u32, f64, f64)>,
    close: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// Starts to connect. The error is the browser's own words: a URL that it refuses.
    pub(super) fn open(url: &str, inlet: &Inlet, driver: &Weak<Driver>) -> Result<Self, String> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL).map_err(|error| describe(&error))?;
        // A Blob could be read only later, out of order.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let callbacks = Callbacks {
            open: on_open(&socket, driver.clone()),
            message: on_message(inlet.clone(), driver.clone()),
            close: on_close(driver.clone()),
        };
        socket.set_onopen(Some(callbacks.open.as_ref().unchecked_ref()));
        inlet.listen(&socket, callbacks.message.as_ref());
        socket.set_onclose(Some(callbacks.close.as_ref().unchecked_ref()));
        Ok(Self { socket, inlet: inlet.clone(), batch: RefCell::default(), callbacks })
    }

    /// No event of it reaches the session any more.
    pub(super) fn silence(&self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
    }

    /// Puts a frame behind those that wait.
    pub(super) fn queue(&self, frame: &str) -> Queued {
        let mut batch = self.batch.borrow_mut();
        let Batch { text, ends } = &mut *batch;
        let units = if frame.is_ascii() { frame.len() } else { utf16_len(frame) };
        let start = ends.last().copied().unwrap_or(0);
        ends.push(u32::try_from(units).map_or(u32::MAX, |units| start.saturating_add(units)));
        text.push_str(frame);
        match ends.len() {
            _ if text.len() >= BATCH_BYTES => Queued::Full,
            1 => Queued::First,
            _ => Queued::Behind,
        }
    }

    /// Sends what waits. The error is the browser's own words.
    pub(super) fn flush(&self) -> Result<(), String> {
        // Taken out first: a page's own WebSocket may call back.
        let Batch { text, ends } = self.batch.take();
        if ends.is_empty() {
            return Ok(());
        }
        self.inlet.send(&self.socket, &text, ends).map_err(|error| describe(&error))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What was sent before it was closed.
        let _ = self.flush();
        // First nobody listens, then the callbacks go: a late event must not find a callback that is no more.
        self.silence();
        // What was sent is still delivered. An error would say that it is closed already.
        let _ = self.socket.close();
    }
}

fn on_open(socket: &WebSocket, driver: Weak<Driver>) -> Closure<dyn Fn()> {
    let socket = socket.clone();
    Closure::new(move || {
        if let Some(driver) = driver.upgrade() {
            driver.input(Input::SocketOpened { has_subprotocol: socket.protocol() == SUBPROTOCOL });
        }
    })
}

fn on_message(inlet: Inlet, driver: Weak<Driver>) -> Closure<dyn Fn(Option<String>, u32, f64, f64)> {
    Closure::new(move |frame: Option<String>, units, mono_ms, wall_ms| {
        if let Some(driver) = driver.upgrade() {
            let frame = frame.or_else(|| long_frame(&inlet, usize::try_from(units).ok().filter(|units| *units > 0)?));
            driver.receive(env::moment(mono_ms, wall_ms), frame);
        }
    })
}

/// A long frame is written into memory by the browser's own encoder: a roster of 600 KB in 1 ms, where copying it character by character takes 8.
fn long_frame(inlet: &Inlet, units: usize) -> Option<String> {
    // What is not ASCII takes up to three bytes a unit.
    [units, units.saturating_mul(3)].into_iter().find_map(|room| {
        let mut bytes = vec![0; room];
        let written = inlet.write(&mut bytes);
        bytes.truncate(usize::try_from(written).ok()?);
        String::from_utf8(bytes).ok()
    })
}

fn on_close(driver: Weak<Driver>) -> Closure<dyn Fn(CloseEvent)> {
    Closure::new(move |event: CloseEvent| {
        if let Some(driver) = driver.upgrade() {
            // The browser says no more than 1006, but it may know the reason.
            let reason = match event.reason() {
                said if said.is_empty() && env::is_offline() => OFFLINE.to_owned(),
                said => said,
            };
            driver.socket_closed(event.code(), &reason);
        }
    })
}

fn describe(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| "the WebSocket failed".to_owned(), |error| String::from(error.message()))
}
