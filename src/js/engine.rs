//! [`Engine`]: the one class that crosses the border. Every method takes `&self`, so a listener may call any of them (I2).
//!
//! A command that takes a token settles through the sink; one that cannot even start throws.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::{Driver, Inlet, Store, moment};
use crate::proto::{
    ChatText, GivenCredentials, Input, MessageOptions, PresenceOptions, RosterAdd, RosterUpdate, Token, rehearse,
};

use super::host::{Interests, JsHost, Sink};
use super::options::Options;
use super::value::{argument, result, to_js};

#[wasm_bindgen]
pub struct Engine {
    pub(super) driver: Rc<Driver>,
    interests: Interests,
}

#[wasm_bindgen]
impl Engine {
    /// Objects come as JSON, here and everywhere. Without a `store` nothing outlives the page.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, sink: Sink, store: Option<Store>) -> Result<Engine, JsValue> {
        let Options { config, events } = argument(Options::from_json(options))?;
        let mut config = result(config)?;
        config.is_stored = store.is_some();
        let interests = Interests::default();
        let inlet: Inlet = JsValue::from(&sink).unchecked_into();
        let host = JsHost { sink, names: events, interests: interests.clone(), told_from: RefCell::default() };
        Ok(Self { driver: Driver::new(config, Box::new(host), inlet, store), interests })
    }

    /// Has the browser compile what a login needs, ahead of it. Nothing comes of it.
    pub fn rehearse() {
        rehearse();
    }

    /// Which events are wanted: bit `n` stands for the `n`th name.
    pub fn listen(&self, interests: u32, is_reporting_stanzas: bool, is_reporting_sends: bool) {
        self.interests.set(interests);
        self.driver.act(|session, _| {
            session.report_stanzas(is_reporting_stanzas);
            session.report_sends(is_reporting_sends);
        });
    }

    pub fn state(&self) -> String {
        self.driver.read(|session| session.state().as_str().to_owned())
    }

    pub fn jid(&self) -> Option<String> {
        self.driver.read(|session| session.jid().map(ToOwned::to_owned))
    }

    pub fn connect(&self, token: u32) {
        self.driver.act(|session, now| session.connect(now, Token(token)));
    }

    pub fn disconnect(&self, token: u32) {
        self.driver.act(|session, now| session.disconnect(now, Token(token)));
    }

    pub fn logout(&self, token: u32) {
        self.driver.act(|session, now| session.logout(now, Token(token)));
    }

    pub fn cancel(&self, token: u32) {
        self.driver.act(|session, now| session.cancel(now, Token(token)));
    }

    /// Answers `credentials` of the sink: with a `"password"`, a `"token"`, `"external"`, or else why there is nothing.
    pub fn credentials(&self, id: u32, kind: &str, given: String) {
        let given = match kind {
            "password" => Ok(GivenCredentials::Password(given)),
            "token" => Ok(GivenCredentials::Token(given)),
            "external" => Ok(GivenCredentials::External),
            _ => Err(given),
        };
        self.driver.input(Input::Credentials { id, given });
    }

    /// Answers `derive` of the sink. Without a `key` the engine makes it.
    #[wasm_bindgen(js_name = keyDerived)]
    pub fn key_derived(&self, id: u32, key: Option<Vec<u8>>) {
        self.driver.key_derived(id, key);
    }

    pub fn request(&self, token: u32, xml: &str, timeout_ms: Option<u32>) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.request(now, Token(token), xml, timeout_ms)))
    }

    #[wasm_bindgen(js_name = sendRaw)]
    pub fn send_raw(&self, xml: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.send_raw(now, xml)))
    }

    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, token: u32, options: &str) -> Result<(), JsValue> {
        let options = argument(MessageOptions::from_json(options))?;
        result(self.driver.act(|session, now| session.send_message(now, Token(token), options)).map(drop))
    }

    /// Of texts of type chat, each its recipient (empty: the one before), its id and its body, and behind each of those U+0001. The tokens follow
    /// one another. The times are `performance.now()` and `Date.now()`.
    #[wasm_bindgen(js_name = sendTexts)]
    pub fn send_texts(&self, first_token: u32, texts: &str, mono_ms: f64, wall_ms: f64) {
        let mut parts = texts.split_terminator('\u{1}');
        let texts = std::iter::from_fn(|| Some(ChatText { to: parts.next()?, id: parts.next()?, body: parts.next()? }));
        self.driver.act_at(moment(mono_ms, wall_ms), |session, now| session.send_texts(now, Token(first_token), texts));
    }

    #[wasm_bindgen(js_name = rosterItems)]
    pub fn roster_items(&self) -> JsValue {
        self.driver.read(|session| to_js(&session.roster().collect::<Vec<_>>()))
    }

    #[wasm_bindgen(js_name = rosterItem)]
    pub fn roster_item(&self, bare_jid: &str) -> JsValue {
        self.driver.read(|session| session.roster_item(bare_jid).map_or(JsValue::UNDEFINED, to_js))
    }

    #[wasm_bindgen(js_name = rosterAdd)]
    pub fn roster_add(&self, token: u32, contact: &str) -> Result<(), JsValue> {
        let contact = argument(RosterAdd::from_json(contact))?;
        result(self.driver.act(|session, now| session.roster_add(now, Token(token), contact)))
    }

    #[wasm_bindgen(js_name = rosterUpdate)]
    pub fn roster_update(&self, token: u32, change: &str) -> Result<(), JsValue> {
        let change = argument(RosterUpdate::from_json(change))?;
        result(self.driver.act(|session, now| session.roster_update(now, Token(token), change)))
    }

    #[wasm_bindgen(js_name = rosterRemove)]
    pub fn roster_remove(&self, token: u32, jid: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.roster_remove(now, Token(token), jid)))
    }

    pub fn subscribe(&self, jid: &str, nick: Option<String>, status: Option<String>) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.subscribe_as(now, jid, nick.as_deref(), status.as_deref())))
    }

    pub fn approve(&self, jid: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.approve(now, jid)))
    }

    pub fn deny(&self, jid: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.deny(now, jid)))
    }

    pub fn unsubscribe(&self, jid: &str) -> Result<(), JsValue> {
        result(self.driver.act(|session, now| session.unsubscribe(now, jid)))
    }

    #[wasm_bindgen(js_name = setPresence)]
    pub fn set_presence(&self, presence: &str) -> Result<(), JsValue> {
        let presence = argument(PresenceOptions::from_json(presence))?;
        result(self.driver.act(|session, now| session.set_presence(now, presence)))
    }

    #[wasm_bindgen(js_name = sendPresenceTo)]
    pub fn send_presence_to(&self, jid: &str, presence: &str) -> Result<(), JsValue> {
        let presence = argument(PresenceOptions::from_json(presence))?;
        result(self.driver.act(|session, now| session.send_presence_to(now, jid, presence)))
    }

    #[wasm_bindgen(js_name = presenceOf)]
    pub fn presence_of(&self, jid: &str) -> JsValue {
        self.driver.read(|session| session.presence_of(jid).map_or(JsValue::UNDEFINED, to_js))
    }

    #[wasm_bindgen(js_name = presenceResources)]
    pub fn presence_resources(&self, bare_jid: &str) -> JsValue {
        self.driver.read(|session| to_js(&session.presence_resources(bare_jid)))
    }
}
