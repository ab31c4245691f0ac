//! What the browser says of the network and of the page: the events that make a connection worth a second look.
//!
//! Heard only while the client is not offline. A Worker has no page, and hears of the network alone.

use std::rc::Weak;

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

use super::driver::Driver;
use crate::proto::Input;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = globalThis, js_name = document)]
    static DOCUMENT: Option<Document>;

    #[wasm_bindgen(extends = EventTarget)]
    type Document;

    #[wasm_bindgen(method, getter, js_name = visibilityState)]
    fn visibility_state(this: &Document) -> String;
}

const NETWORK_EVENTS: [&str; 2] = ["online", "offline"];
/// `pageshow` is also the way out of the back/forward cache.
const PAGE_EVENTS: [&str; 2] = ["pageshow", "pagehide"];
const VISIBILITY_EVENT: &str = "visibilitychange";
/// Of the document, not of the window. A frozen page may be discarded without another word.
const DOCUMENT_EVENTS: [&str; 3] = [VISIBILITY_EVENT, "freeze", "resume"];

/// Stops listening when dropped.
pub(super) struct Lifecycle {
    listener: Closure<dyn Fn(Event)>,
}

impl Lifecycle {
    pub(super) fn listen(driver: Weak<Driver>) -> Self {
        let listener = Closure::new(move |event: Event| {
            let Some(driver) = driver.upgrade() else { return };
            match event.type_().as_str() {
                "online" => driver.input(Input::NetworkChanged { is_online: true }),
                "pagehide" => driver.page_hidden(),
                "freeze" => driver.save_all(),
                "offline" => driver.input(Input::NetworkChanged { is_online: false }),
                VISIBILITY_EVENT => {
                    driver.input(Input::VisibilityChanged { is_visible: is_visible() });
                    // On a phone this may be the last event of all.
                    if !is_visible() {
                        driver.save_all();
                    }
                }
                _ => driver.input(Input::Woke),
            }
        });
        let this = Self { listener };
        this.each(|target, event, listener| {
            // An EventTarget that refuses a listener leaves the timer to find out.
            let _ = target.add_event_listener_with_callback(event, listener);
        });
        this
    }

    fn each(&self, act: impl Fn(&EventTarget, &str, &js_sys::Function)) {
        let listener: &js_sys::Function = self.listener.as_ref().unchecked_ref();
        // Node has no events of its own here.
        if let Ok(target) = js_sys::global().dyn_into::<EventTarget>() {
            for event in NETWORK_EVENTS.into_iter().chain(PAGE_EVENTS) {
                act(&target, event, listener);
            }
        }
        DOCUMENT.with(|document| {
            if let Some(document) = document {
                for event in DOCUMENT_EVENTS {
                    act(document, event, listener);
                }
            }
        });
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.each(|target, event, listener| {
            let _ = target.remove_event_listener_with_callback(event, listener);
        });
    }
}

/// Whether somebody can see the page; a Worker has none to be hidden.
pub(super) fn is_visible() -> bool {
    DOCUMENT.with(|document| document.as_ref().is_none_or(|document| document.visibility_state() == "visible"))
}
