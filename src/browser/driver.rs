//! [`Driver`]: owns the session, feeds it, and does what it asks for.
//!
//! After each input or command all outputs are performed (I1), and no borrow is held while one is performed (I2): JavaScript
//! may call back in at any point. Such a nested call performs what is left of the queue before it returns, so outputs are
//! performed in order, however deep the calls are nested.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use futures::FutureExt;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::proto::{Config, Error, Event, Input, Now, Output, Reply, Session, State, Token};

use super::discovery::HostMetaFetch;
use super::env::{self, BrowserEntropy};
use super::keys::Derivation;
use super::lifecycle::{Lifecycle, is_visible};
use super::socket::{Inlet, Queued, Socket};
use super::storage::{self, Flush, Storage, Store};
use super::timer::Timer;

/// Who is told what the session has to say.
pub(crate) trait Host {
    /// `frame` is the text of the frame that is being handled, the same that the page has at hand; empty outside of one.
    fn event(&self, event: Event, frame: &str);
    fn settled(&self, token: Token, result: Result<Reply, Error>);
    /// See [`Output::Arrived`].
    fn arrived(&self, first: Token, last: Token, from: &str);
    /// To be answered with [`Input::Credentials`].
    fn ask_credentials(&self, id: u32, mechanisms: Vec<String>, jid: String);
}

pub(crate) struct Driver {
    /// The callbacks hold this: they must not keep alive what owns them.
    this: Weak<Self>,
    session: RefCell<Session>,
    host: Box<dyn Host>,
    inlet: Inlet,
    /// The frame that is being handled.
    frame: RefCell<Rc<String>>,
    socket: RefCell<Option<Rc<Socket>>>,
    timer: RefCell<Timer>,
    pub(super) derivation: RefCell<Option<Derivation>>,
    fetches: RefCell<Vec<HostMetaFetch>>,
    lifecycle: RefCell<Option<Lifecycle>>,
    storage: Option<Storage>,
}

impl Driver {
    pub(crate) fn new(config: Config, host: Box<dyn Host>, inlet: Inlet, store: Option<Store>) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            session: RefCell::new(Session::new(config, Box::new(BrowserEntropy))),
            host,
            inlet,
            frame: RefCell::default(),
            socket: RefCell::new(None),
            timer: RefCell::new(Timer::new(this.clone())),
            derivation: RefCell::new(None),
            fetches: RefCell::new(Vec::new()),
            lifecycle: RefCell::new(None),
            storage: store.map(Storage::new),
        })
    }

    /// Runs a getter. `read` must not call JavaScript that an app can see.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&Session) -> R) -> R {
        read(&self.session.borrow())
    }

    /// Runs a command, and performs what comes of it.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut Session, Now) -> R) -> R {
        self.act_at(env::now(), act)
    }

    /// As [`act`](Self::act), for a caller who knows the time.
    pub(crate) fn act_at<R>(&self, now: Now, act: impl FnOnce(&mut Session, Now) -> R) -> R {
        let result = act(&mut self.session.borrow_mut(), now);
        self.drain();
        result
    }

    /// A frame came in; without a text it was a binary one.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(super) fn receive(&self, now: Now, frame: Option<String>) {
        let Some(frame) = frame.map(Rc::new) else { return self.input(Input::BinaryFrame) };
        // Whatever stands in the place of WebSocket may deliver a frame while another one is handled; the page nests in the same way.
        let outer = self.frame.replace(frame.clone());
        self.session.borrow_mut().handle_input(now, Input::Frame(&frame));
        self.drain();
        self.frame.replace(outer);
    }

    /// Hands an input to the session, and performs what comes of it.
    pub(crate) fn input(&self, input: Input<'_>) {
        self.act(|session, now| session.handle_input(now, input));
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn drain(&self) {
        loop {
            // A statement of its own, so that the borrow ends before the output is performed.
            let output = self.session.borrow_mut().poll_output();
            match output {
                Some(output) => self.perform(output),
                None => break,
            }
        }
        self.follow_page();
        self.follow_storage();
        let due_ms = self.session.borrow().poll_timeout();
        self.timer.borrow_mut().set(due_ms);
    }

    /// Has what is unsaved written at the end of the running task, where it is time.
    fn follow_storage(&self) {
        let Some(storage) = &self.storage else { return };
        let is_due = {
            let session = self.session.borrow();
            session.must_save() || session.is_saving_due(env::now())
        };
        if is_due {
            self.schedule_flush(storage);
        }
    }

    fn schedule_flush(&self, storage: &Storage) {
        if storage.schedule() {
            let driver = self.this.clone();
            spawn_local(async move {
                if let Some(driver) = driver.upgrade() {
                    driver.flush(false);
                }
            });
        }
    }

    /// Stores what is unsaved, and sends what was held for it. `is_all`: also what is not due yet.
    fn flush(&self, is_all: bool) {
        let Some(storage) = &self.storage else { return };
        let unsaved = self.session.borrow_mut().take_unsaved(env::now(), is_all);
        storage.add(unsaved);
        match storage.flush() {
            Flush::Busy => {}
            Flush::Done(held, None) => self.send_held(storage, held),
            Flush::Done(held, Some(reason)) => {
                self.fail_storage(storage, &reason);
                self.send_held(storage, held);
            }
            Flush::Waiting(held, written) => {
                let driver = self.this.clone();
                spawn_local(JsFuture::from(written).map(move |written| {
                    let Some(driver) = driver.upgrade() else { return };
                    let Some(storage) = &driver.storage else { return };
                    if let Err(error) = written {
                        driver.fail_storage(storage, &storage::describe(&error));
                    }
                    driver.send_held(storage, held);
                    driver.flush(false);
                }));
            }
        }
    }

    fn fail_storage(&self, storage: &Storage, reason: &str) {
        storage.abandon();
        self.input(Input::StorageFailed { reason });
    }

    fn send_held(&self, storage: &Storage, held: Vec<(Rc<Socket>, Arc<str>)>) {
        // What a page's own WebSocket says while it is being sent to must not overtake the rest.
        storage.set_busy(true);
        let mut last: Option<Rc<Socket>> = None;
        for (socket, frame) in held {
            // Each socket has its frames in order; nobody needs those of two in order.
            let is_full = matches!(socket.queue(&frame), Queued::Full);
            if let Some(before) = last.replace(socket.clone()).filter(|before| !Rc::ptr_eq(before, &socket)) {
                self.send_queued(&before);
            }
            if is_full {
                self.send_queued(&socket);
            }
        }
        if let Some(socket) = last {
            self.send_queued(&socket);
        }
        storage.set_busy(false);
        self.drain();
        if storage.is_holding() {
            self.schedule_flush(storage);
        }
    }

    /// The page may not come back: nothing that is unsaved waits any longer.
    pub(super) fn save_all(&self) {
        self.flush(true);
    }

    /// The page goes. What comes next may be another page, or this one out of the back/forward cache.
    pub(super) fn page_hidden(&self) {
        self.input(Input::PageHidden);
        let Some(storage) = &self.storage else { return };
        let unsaved = self.session.borrow_mut().take_unsaved(env::now(), true);
        let held = storage.hide(unsaved);
        self.send_held(storage, held);
    }

    /// An offline client listens to nothing, so that nothing holds it.
    fn follow_page(&self) {
        let is_offline = self.session.borrow().state() == State::Offline;
        let is_listening = self.lifecycle.borrow().is_some();
        if is_offline && is_listening {
            drop(self.lifecycle.take());
        } else if !is_offline && !is_listening {
            let lifecycle = Lifecycle::listen(self.this.clone());
            self.lifecycle.replace(Some(lifecycle));
            self.input(Input::VisibilityChanged { is_visible: is_visible() });
        }
    }

    fn perform(&self, output: Output) {
        match output {
            Output::OpenSocket { url } => self.open_socket(&url),
            Output::SendFrame(frame) => self.send_frame(frame),
            Output::CloseSocket => self.close_socket(),
            Output::FetchHostMeta { id, url, format } => {
                let fetch = HostMetaFetch::start(&self.inlet, id, &url, format);
                self.fetches.borrow_mut().push(fetch);
            }
            Output::DeriveKey { id, request } => {
                let derivation = Derivation::start(&self.inlet, id, request);
                self.derivation.replace(Some(derivation));
            }
            Output::AskCredentials { id, mechanisms, jid } => self.host.ask_credentials(id, mechanisms, jid),
            Output::OpenStorage => {
                let bare_jid = self.session.borrow().account().bare();
                if let Some(storage) = &self.storage {
                    storage.open(self.this.clone(), &bare_jid);
                }
            }
            Output::CloseStorage { unsaved, is_over } => {
                if let Some(storage) = &self.storage {
                    let held = if is_over { storage.close(unsaved) } else { storage.hide(unsaved) };
                    self.send_held(storage, held);
                }
            }
            Output::Event(event) => {
                let frame = self.frame.borrow().clone();
                self.host.event(event, &frame);
            }
            Output::Settled { token, result } => self.host.settled(token, result),
            Output::Arrived { first, last, from } => self.host.arrived(first, last, &from),
        }
    }

    fn open_socket(&self, url: &str) {
        self.close_socket();
        match Socket::open(url, &self.inlet, &self.this) {
            Ok(socket) => {
                self.socket.replace(Some(Rc::new(socket)));
            }
            // Such as ws:// from a page that came over https.
            Err(reason) => self.fail_socket(&reason),
        }
    }

    fn send_frame(&self, frame: Arc<str>) {
        // A page may have put something else in the place of WebSocket, which may call back at once: hence no borrow.
        let socket = self.socket.borrow().clone();
        // There is none when the session learned of the close after it had queued the frame.
        let Some(socket) = socket else { return };
        if let Some(storage) = &self.storage
            && (storage.is_holding() || self.session.borrow().must_save())
        {
            storage.hold(socket, frame);
            self.schedule_flush(storage);
            return;
        }
        match socket.queue(&frame) {
            Queued::Behind => {}
            Queued::Full => self.send_queued(&socket),
            Queued::First => {
                let driver = self.this.clone();
                spawn_local(async move {
                    if let Some(driver) = driver.upgrade() {
                        driver.send_queued(&socket);
                        driver.drain();
                    }
                });
            }
        }
    }

    fn send_queued(&self, socket: &Rc<Socket>) {
        if let Err(reason) = socket.flush() {
            let is_current = self.socket.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, socket));
            if is_current {
                self.fail_socket(&reason);
            }
        }
    }

    /// The session is told at once; the drain loop that is running performs what comes of it.
    fn fail_socket(&self, reason: &str) {
        self.close_socket();
        let input = Input::SocketClosed { code: super::socket::ABNORMAL_CLOSURE, reason };
        self.session.borrow_mut().handle_input(env::now(), input);
    }

    /// The login that a derivation was for ends with its socket, and so does the search for another.
    fn close_socket(&self) {
        let socket = self.socket.take();
        // What is held for it goes out yet.
        if let Some(socket) = &socket {
            socket.silence();
        }
        let derivation = self.derivation.take();
        let fetches = self.fetches.take();
        drop((socket, derivation, fetches));
    }

    /// The browser closed the socket: there is nothing left to close, but its callbacks are let go.
    pub(super) fn socket_closed(&self, code: u16, reason: &str) {
        self.close_socket();
        self.input(Input::SocketClosed { code, reason });
    }

    pub(super) fn timer_fired(&self) {
        let is_due = self.timer.borrow_mut().fired();
        if is_due {
            self.input(Input::Timeout);
        }
    }
}
