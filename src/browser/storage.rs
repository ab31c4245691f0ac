//! What the session wants stored goes to the package's store, and only then what it had to be stored for goes to the socket.
//!
//! Frames are held to the end of the running task, so that a burst of messages is stored once. A store that answers later holds them until it
//! has; one that fails, or does not answer in time, is reported and holds nothing: the chat goes on. Each frame is held for its
//! own socket: what comes after, another socket too, cannot overtake it.
//!
//! Where the state is kept, and that it belongs to one page at a time, is `storage.js`.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::proto::{Input, Opened, Part, Records, Unsaved};

use super::driver::Driver;
use super::socket::Socket;
use super::value::to_json;

#[wasm_bindgen]
extern "C" {
    /// An object of the package, `Store` of `storage.js`.
    #[derive(Clone)]
    pub type Store;

    #[wasm_bindgen(method, catch)]
    fn open(this: &Store, bare_jid: &str) -> Result<Promise, JsValue>;

    /// A promise, or nothing if it is done.
    #[wasm_bindgen(method, catch)]
    fn write(this: &Store, entries: &Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn abandon(this: &Store) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn hide(this: &Store) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &Store, entries: &Array) -> Result<(), JsValue>;
}

/// A frame, and the socket that it was meant for.
type Held = (Rc<Socket>, Arc<str>);

pub(super) struct Storage {
    store: Store,
    held: RefCell<Vec<Held>>,
    /// What comes next to be written, sorted by part: of several records of a part the last one.
    pending: RefCell<Vec<(Part, Option<String>)>>,
    is_scheduled: Cell<bool>,
    /// A write is under way, or frames are being sent.
    is_busy: Cell<bool>,
}

impl Storage {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            held: RefCell::default(),
            pending: RefCell::default(),
            is_scheduled: Cell::new(false),
            is_busy: Cell::new(false),
        }
    }

    /// Whether what is sent now would overtake what waits.
    pub(super) fn is_holding(&self) -> bool {
        self.is_busy.get() || !self.held.borrow().is_empty()
    }

    pub(super) fn hold(&self, socket: Rc<Socket>, frame: Arc<str>) {
        self.held.borrow_mut().push((socket, frame));
    }

    /// `false`: a flush at the end of the task is to come already.
    pub(super) fn schedule(&self) -> bool {
        !self.is_scheduled.replace(true)
    }

    pub(super) fn open(&self, driver: Weak<Driver>, bare_jid: &str) {
        let opening = self.store.open(bare_jid);
        spawn_local(async move {
            let opened = match opening {
                Ok(promise) => JsFuture::from(promise).await,
                Err(error) => Err(error),
            };
            let Some(driver) = driver.upgrade() else { return };
            match opened {
                // Nobody waits for it any more.
                Ok(opened) if opened.is_undefined() => {}
                Ok(opened) => {
                    if let Some(reason) = field(&opened, "reason").as_string() {
                        driver.input(Input::StorageFailed { reason: &reason });
                    }
                    driver.input(Input::StorageOpened(read_opened(&opened)));
                }
                Err(_) => driver.input(Input::StorageOpened(Opened::Refused)),
            }
        });
    }

    /// Lets go: nothing that is held waits any longer.
    pub(super) fn close(&self, unsaved: Vec<Unsaved>) -> Vec<Held> {
        self.add(unsaved);
        // The package's store throws nothing of its own.
        let _ = self.store.close(&self.take_entries());
        self.held.take()
    }

    /// Lets go, for whoever goes on: everything is written, whether the store answers at once or not. Returns the frames that are to go out before it does.
    pub(super) fn hide(&self, unsaved: Vec<Unsaved>) -> Vec<Held> {
        self.add(unsaved);
        let entries = self.take_entries();
        if entries.length() > 0
            && let Ok(written) = self.store.write(&entries)
            && let Ok(promise) = written.dyn_into::<Promise>()
        {
            spawn_local(async {
                let _ = JsFuture::from(promise).await;
            });
        }
        let _ = self.store.hide();
        self.held.take()
    }

    /// Nothing reads it any more.
    pub(super) fn abandon(&self) {
        let _ = self.store.abandon();
    }

    pub(super) fn add(&self, unsaved: Vec<Unsaved>) {
        let mut pending = self.pending.borrow_mut();
        for Unsaved { part, record } in unsaved {
            let text = record.map(|record| to_json(&record));
            let at = pending.partition_point(|(other, _)| *other < part);
            match pending.get_mut(at) {
                Some((other, old)) if *other == part => *old = text,
                _ => pending.insert(at, (part, text)),
            }
        }
    }

    /// Writes what is pending, then hands out what was held for it.
    pub(super) fn flush(&self) -> Flush {
        self.is_scheduled.set(false);
        if self.is_busy.get() {
            return Flush::Busy;
        }
        let entries = self.take_entries();
        let held = self.held.take();
        if entries.length() == 0 {
            return Flush::Done(held, None);
        }
        match self.store.write(&entries).map(JsCast::dyn_into::<Promise>) {
            Ok(Ok(promise)) => {
                self.is_busy.set(true);
                Flush::Waiting(held, promise)
            }
            Ok(Err(_)) => Flush::Done(held, None),
            Err(error) => Flush::Done(held, Some(describe(&error))),
        }
    }

    pub(super) fn set_busy(&self, is_busy: bool) {
        self.is_busy.set(is_busy);
    }

    fn take_entries(&self) -> Array {
        let entries = Array::new();
        let removed = Array::new();
        for (part, text) in self.pending.take() {
            // A segment that is to be removed was still named by the record before.
            let list = if matches!(part, Part::Segment(_)) && text.is_none() { &removed } else { &entries };
            list.push(&Array::of2(&(&*part.name()).into(), &text.into()));
        }
        entries.concat(&removed)
    }
}

impl Drop for Storage {
    /// A client that was collected holds nothing any more.
    fn drop(&mut self) {
        let _ = self.store.hide();
    }
}

/// What came of a flush: the frames that were held for it.
pub(super) enum Flush {
    /// They may go; with the reason if the write failed.
    Done(Vec<Held>, Option<String>),
    /// They may go when the store has answered.
    Waiting(Vec<Held>, Promise),
    /// Another one is under way, and this one is to follow it.
    Busy,
}

fn read_opened(opened: &JsValue) -> Opened {
    let found = field(opened, "records");
    if found.is_object() {
        let mut records = Records::default();
        let read = |records: &mut Records, part: Part| {
            if let Some(text) = field(&found, &part.name()).as_string() {
                records.read(part, &text);
            }
        };
        Part::ALL.into_iter().for_each(|part| read(&mut records, part));
        records.segments().for_each(|part| read(&mut records, part));
        return Opened::Records(Box::new(records));
    }
    if field(opened, "isUnchanged").is_truthy() { Opened::Unchanged } else { Opened::Refused }
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

pub(super) fn describe(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(
        || field(error, "name").as_string().unwrap_or_else(|| "an unknown reason".to_owned()),
        |error| format!("{}: {}", error.name(), error.message()),
    )
}
