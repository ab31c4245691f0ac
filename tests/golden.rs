//! Golden cases: `tests/cases/<rfc-or-xep-section>/<name>.json`, played against a scripted server.
//!
//! ```json
//! { "about": "what the RFC says, with its section",
//!   "start": "online", "jid": "romeo@example.net/balcony", "language": "en",
//!   "features": "<…/> after the login", "roster": "<item …/>", "isResumable": false, "receipts": "contacts",
//!   "steps": [
//!     { "in": "<message …/>", "events": [{ "message": { … } }], "out": ["<iq …/>"] },
//!     { "do": { "send": { "to": "…", "body": "…" } }, "out": ["<message …/>"], "events": [ … ], "settled": [{ "ok": … }] },
//!     { "do": { "send": { "to": "" } }, "error": { "code": "invalid-argument", "message": "*" } }
//!   ] }
//! ```
//!
//! A step lists everything that comes of it; a key that is left out means nothing of that kind. `"*"` stands for any value, and
//! inside a frame for any text. `in` and `do` may name what an earlier step sent: `{id}` is the id of the last frame sent that has one,
//! `{roster}` that of the last roster request.
//!
//! `start` may also be `offline`, before connect(); `open`, when our `<open/>` is sent; or `logged-in`, when that of the stream after the
//! login is. There, `"socket": "opens"` or `"closes"` is what the WebSocket does, `opened` the URLs that are opened and `"closed": true`
//! that it is closed. What extensions ask at login, behind the roster, is left out but with `asksAll`. With `isResumable` the server keeps
//! sessions, under the id `kept`, and the client comes back for them. With `receipts` they are given to those, and texts ask for them, as in a client without options.

#![cfg(feature = "full")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use support::{Peer, USUAL_FEATURES, config};
use waxwing::proto::{
    Account, Audience, BlockOptions, ChatStateOptions, DisplayedMark, Error, Input, MessageOptions, PresenceOptions, Reconnect,
    Reply, RosterAdd, RosterUpdate, Token,
};

const PLAIN: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";

#[test]
fn golden_cases_come_out_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no cases in {}", root.display());
    let mut failures = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).display().to_string();
        let text = fs::read_to_string(file).unwrap();
        let case: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Err(problem) = play(&case) {
            failures.push(format!("{name}: {problem}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases failed:\n\n{}", failures.len(), files.len(), failures.join("\n\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn play(case: &Value) -> Result<(), String> {
    known_keys(
        case,
        &["about", "start", "jid", "language", "features", "roster", "isResumable", "asksAll", "receipts", "steps"],
    )?;
    let asks_all = case["asksAll"].as_bool().unwrap_or_default();
    let mut peer = start(case)?;
    let mut last_id = String::new();
    let mut roster_id = String::new();
    for (at, step) in case["steps"].as_array().ok_or("no steps")?.iter().enumerate() {
        let problem = |what: String| format!("step {}: {what}", at + 1);
        known_keys(step, &["in", "do", "socket", "advanceMs", "events", "out", "settled", "error", "opened", "closed"])
            .map_err(problem)?;
        let mut error = None;
        if let Some(frame) = step["in"].as_str() {
            peer.receive(&frame.replace("{id}", &last_id).replace("{roster}", &roster_id));
        }
        if let Some(command) = step["do"].as_object() {
            error = run(&mut peer, command, &last_id).err();
        }
        match step["socket"].as_str() {
            Some("opens") => peer.input(Input::SocketOpened { has_subprotocol: true }),
            Some("closes") => peer.input(Input::SocketClosed { code: 1006, reason: "" }),
            Some(other) => return Err(problem(format!("no socket {other}"))),
            None => {}
        }
        if let Some(ms) = step["advanceMs"].as_u64() {
            peer.advance(ms);
        }
        let frames = if asks_all { peer.take_frames() } else { peer.take_core_frames() };
        if let Some(frame) = frames.iter().rev().find(|frame| frame.contains(" id='")) {
            last_id = support::attribute(frame, "id");
        }
        if let Some(frame) = frames.iter().rev().find(|frame| frame.contains("jabber:iq:roster")) {
            roster_id = support::attribute(frame, "id");
        }
        let events: Vec<Value> =
            peer.take_all_events().into_iter().map(|(name, payload)| Value::Object(Map::from_iter([(name, payload)]))).collect();
        let settled: Vec<Value> = peer.take_outcomes().into_iter().map(|(_, result)| outcome(result)).collect();
        let error = error.map_or(Value::Null, |error| serde_json::to_value(error).unwrap());
        let empty = json!([]);
        let or_empty = |key: &str| step.get(key).unwrap_or(&empty).clone();
        compare("out", &or_empty("out"), &Value::from(frames)).map_err(problem)?;
        compare("events", &or_empty("events"), &Value::Array(events)).map_err(problem)?;
        compare("settled", &or_empty("settled"), &Value::Array(settled)).map_err(problem)?;
        compare("error", &step["error"], &error).map_err(problem)?;
        compare("opened", &or_empty("opened"), &Value::from(std::mem::take(&mut peer.opened))).map_err(problem)?;
        let is_closed = std::mem::take(&mut peer.closed) > 0;
        compare("closed", &Value::from(step["closed"].as_bool().unwrap_or_default()), &Value::from(is_closed))
            .map_err(problem)?;
    }
    Ok(())
}

/// What comes out on the way is dropped.
fn start(case: &Value) -> Result<Peer, String> {
    let mut config = config();
    if let Some(jid) = case["jid"].as_str() {
        config.account = Account::parse(jid, None).map_err(|error| error.to_string())?;
        config.password = config.password.filter(|_| config.account.local.is_some());
    }
    if let Some(receipts) = case.get("receipts") {
        config.asks_receipts = true;
        config.receipts = Audience::ALL.into_iter().find(|known| receipts == known.as_str()).unwrap();
        config.markers = config.receipts;
    }
    config.language = case["language"].as_str().map(ToOwned::to_owned);
    let is_resumable = case["isResumable"].as_bool().unwrap_or_default();
    config.reconnect = is_resumable.then(Reconnect::default);
    let mut peer = Peer::new(config);
    if is_resumable {
        peer.enabled = "<enabled xmlns='urn:xmpp:sm:3' id='kept' resume='true'/>";
    }
    let place = case["start"].as_str().unwrap_or("online");
    if place != "offline" {
        peer.session.connect(peer.now, Token(0));
        peer.input(Input::SocketOpened { has_subprotocol: true });
    }
    match place {
        "offline" | "open" => {}
        "logged-in" => {
            peer.restart(PLAIN);
            peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        }
        "online" => {
            peer.restart(PLAIN);
            peer.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
            peer.bind(case["features"].as_str().unwrap_or(USUAL_FEATURES));
            peer.answer_roster(case["roster"].as_str().unwrap_or(""));
        }
        other => return Err(format!("no start {other}")),
    }
    peer.clear();
    (peer.opened, peer.closed) = (Vec::new(), 0);
    Ok(peer)
}

fn known_keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or("not an object")?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown key {key:?}")),
        None => Ok(()),
    }
}

fn run(peer: &mut Peer, command: &Map<String, Value>, last_id: &str) -> Result<(), Error> {
    let (name, argument) = command.iter().next().expect("a command");
    let (session, now, token) = (&mut peer.session, peer.now, Token(1));
    let text = || argument.as_str().expect("a text").replace("{id}", last_id);
    macro_rules! typed {
        ($type:ty) => {
            <$type>::from_json(&argument.to_string()).unwrap()
        };
    }
    match name.as_str() {
        "send" => session.send_message(now, token, typed!(MessageOptions)).map(|_| ()),
        "sendChatState" => session.send_chat_state(now, typed!(ChatStateOptions)),
        "markDisplayed" => session.mark_displayed(now, token, typed!(DisplayedMark)),
        "reportDisplayed" => {
            session.report_displayed(now, argument.as_bool().unwrap());
            Ok(())
        }
        "rosterAdd" => session.roster_add(now, token, typed!(RosterAdd)),
        "rosterUpdate" => session.roster_update(now, token, typed!(RosterUpdate)),
        "rosterRemove" => session.roster_remove(now, token, &text()),
        "subscribe" => {
            let of = |field: &str| argument[field].as_str();
            let jid = argument.as_str().or(of("jid")).expect("a jid");
            session.subscribe_as(now, jid, of("nick"), of("status"))
        }
        "approve" => session.approve(now, &text()),
        "deny" => session.deny(now, &text()),
        "unsubscribe" => session.unsubscribe(now, &text()),
        "discoInfo" => session.disco_info(now, token, argument["jid"].as_str().unwrap(), argument["node"].as_str()),
        "block" => session.block(now, token, &typed!(BlockOptions)),
        "unblock" => session.unblock(now, token, &serde_json::from_value::<Vec<String>>(argument.clone()).unwrap()),
        "setPresence" => session.set_presence(now, typed!(PresenceOptions)),
        "sendPresenceTo" => {
            let mut options = argument.clone();
            let to = options.as_object_mut().and_then(|options| options.remove("to")).expect("to");
            session.send_presence_to(now, to.as_str().unwrap(), PresenceOptions::from_json(&options.to_string()).unwrap())
        }
        "extend" => {
            session.extend(serde_json::from_value(argument.clone()).unwrap());
            Ok(())
        }
        "request" => session.request(now, token, &text(), None),
        "sendRaw" => session.send_raw(now, &text()),
        "connect" => {
            session.connect(now, token);
            Ok(())
        }
        "disconnect" => {
            session.disconnect(now, token);
            Ok(())
        }
        other => panic!("unknown command {other:?}"),
    }
}

fn outcome(result: Result<Reply, Error>) -> Value {
    match result {
        Ok(Reply::Message(message)) => json!({ "ok": message }),
        Ok(Reply::Info(info)) => json!({ "ok": info }),
        Ok(Reply::Stanza(stanza)) => json!({ "ok": stanza }),
        Ok(_) => json!({ "ok": null }),
        Err(error) => json!({ "error": error }),
    }
}

fn compare(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    if matches(expected, found) {
        return Ok(());
    }
    Err(format!("{what}\n  expected: {expected}\n  found:    {found}"))
}

fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(any), _) if any == "*" => true,
        (Value::String(pattern), Value::String(text)) => matches_text(pattern, text),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| matches(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected.iter().all(|(key, expected)| found.get(key).is_some_and(|found| matches(expected, found)))
        }
        _ => expected == found,
    }
}

/// `*` stands for any text, in frames only: elsewhere a star is a star.
fn matches_text(pattern: &str, text: &str) -> bool {
    if !pattern.starts_with('<') || !pattern.contains('*') {
        return pattern == text;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}
