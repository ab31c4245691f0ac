//! From a counted stanza to the features, or to the request that it answers.

use super::error::{Code, Error};
use super::event::{Event, Message, MessageType, signal};
use super::feature::{Cx, Flow, Opened, Way};
use super::features::Features;
use super::features::messaging::Messaging;
use super::io::Reply;
use super::iq::Owner;
use super::messages;
use super::stanza_error::{self, Condition};
use super::xml::{Element, StanzaTree, ns};

/// What the session itself has to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    Done,
    /// The server has every stanza up to this count: it answered what was sent after them.
    Confirmed(u64),
}

/// Brings a stanza to those whom it concerns.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(crate) fn route(stanza: Element<'_>, features: &mut Features, cx: &mut Cx<'_>) -> Routed {
    match stanza.name() {
        "message" => message(stanza, features, cx),
        "presence" => {
            features.each(|feature| feature.handle_presence(cx, stanza));
        }
        _ => return iq(stanza, features, cx),
    }
    Routed::Done
}

#[cfg_attr(waxwing_small, optimize(speed))]
#[inline(never)]
fn message(stanza: Element<'_>, features: &mut Features, cx: &mut Cx<'_>) {
    match open(stanza, features, cx) {
        Opened::Plain => deliver(messages::read(stanza, features, cx), stanza, features, cx),
        Opened::Taken => {}
        // What is inside an envelope is no envelope itself: it was opened where it was to be.
        Opened::Copy(copy) | Opened::Found(_, copy) if !matches!(open(copy.stanza, features, cx), Opened::Plain) => {}
        Opened::Copy(copy) => {
            cx.way = copy.way;
            deliver(messages::read_copy(&copy, features, cx), copy.stanza, features, cx);
            cx.way = Way::Direct;
        }
        Opened::Found(by, copy) => {
            cx.way = copy.way;
            let message = messages::read_copy(&copy, features, cx);
            cx.way = Way::Direct;
            if Messaging::has_content(&message) {
                features.by_id(by).handle_found(cx, message);
            }
        }
    }
}

/// Looks for another message inside.
#[cfg_attr(waxwing_small, optimize(speed))]
fn open<'a>(stanza: Element<'a>, features: &mut Features, cx: &mut Cx<'_>) -> Opened<'a> {
    for child in stanza.children() {
        match features.open(cx, child, stanza) {
            Opened::Plain => {}
            opened => return opened,
        }
    }
    Opened::Plain
}

#[cfg_attr(waxwing_small, optimize(speed))]
fn deliver(mut message: Message, stanza: Element<'_>, features: &mut Features, cx: &mut Cx<'_>) {
    let flow = features.each(|feature| feature.handle_message(cx, stanza, &mut message));
    let is_bounced_signal = message.kind == MessageType::Error && message.id.starts_with(signal::ID_PREFIX);
    if flow == Flow::Continue && Messaging::has_content(&message) && !is_bounced_signal {
        cx.emit(Event::Message(Box::new(message)));
    }
}

#[inline(never)]
fn iq(iq: Element<'_>, features: &mut Features, cx: &mut Cx<'_>) -> Routed {
    let Some(id) = iq.attr("id") else {
        // RFC 6120, section 8.1.3: an IQ has an id. Without one it cannot be answered either.
        cx.report(Error::new(Code::UnreadableStanza, "an IQ without an id came in"));
        return Routed::Done;
    };
    match iq.attr("type") {
        Some("result" | "error") => {
            // An answer that nobody awaits, or from the wrong address, is not for anyone (I9).
            if let Some(owner) = cx.iqs.take(id, iq.attr("from"), cx.own_jid) {
                return answer(iq, owner, features, cx);
            }
        }
        Some("get" | "set") => request(iq, features, cx),
        _ => cx.refuse(iq, Condition::BadRequest),
    }
    Routed::Done
}

#[inline(never)]
fn answer(iq: Element<'_>, owner: Owner, features: &mut Features, cx: &mut Cx<'_>) -> Routed {
    let is_error = iq.attr("type") == Some("error");
    match owner {
        Owner::App(token) if is_error => cx.settle(token, Err(stanza_error::read(iq))),
        Owner::App(token) => cx.settle(token, Ok(Reply::Stanza(Box::new(StanzaTree::from(iq))))),
        Owner::Feature(ticket) => {
            let reply = if is_error { Err(stanza_error::read(iq)) } else { Ok(iq) };
            features.by_id(ticket.feature).handle_reply(cx, ticket, reply);
        }
        // Any answer shows that the server handled the question, and so everything before it.
        Owner::Probe(count) => return Routed::Confirmed(count),
        Owner::SignOfLife => {}
    }
    Routed::Done
}

/// RFC 6120, section 8.2.3: a request has exactly one child, and is always answered.
#[inline(never)]
fn request(iq: Element<'_>, features: &mut Features, cx: &mut Cx<'_>) {
    let mut children = iq.children();
    let (Some(payload), None) = (children.next(), children.next()) else {
        return cx.refuse(iq, Condition::BadRequest);
    };
    if features.each(|feature| feature.handle_iq(cx, iq, payload)) == Flow::Continue {
        cx.refuse(iq, Condition::ServiceUnavailable);
    }
}

/// Fails a request whose answer will not come.
pub(crate) fn fail(owner: Owner, error: &Error, features: &mut Features, cx: &mut Cx<'_>) {
    match owner {
        Owner::App(token) => cx.settle(token, Err(error.clone())),
        Owner::Feature(ticket) => features.by_id(ticket.feature).handle_reply(cx, ticket, Err(error.clone())),
        Owner::Probe(_) | Owner::SignOfLife => {}
    }
}

/// Whether this is a stanza (RFC 6120, section 8), which stream management counts.
#[inline]
pub(crate) fn is_stanza(name: &str, namespace: &str) -> bool {
    namespace == ns::CLIENT && matches!(name, "message" | "presence" | "iq")
}

/// An app's own stanza, checked.
pub(crate) struct RawStanza {
    pub(crate) frame: String,
    pub(crate) id: Option<String>,
    pub(crate) to: Option<String>,
}

/// Rewrites an app's element as one stanza of ours; an IQ request gets an id that nobody can guess, unless it has one.
pub(crate) fn prepare_raw(root: Element<'_>, is_request: bool, new_id: impl FnOnce() -> String) -> Result<RawStanza, Error> {
    let is_known = matches!(root.namespace(), "" | ns::CLIENT) && matches!(root.name(), "message" | "presence" | "iq");
    if !is_known {
        return Err(
            Error::invalid(format!("<{}> is not a stanza", root.name())).remedy("Pass one <message/>, <presence/> or <iq/>.")
        );
    }
    let mut id = root.attr("id").filter(|id| !id.is_empty()).map(ToOwned::to_owned);
    if is_request {
        let is_get_or_set = root.name() == "iq" && matches!(root.attr("type"), Some("get" | "set"));
        if !is_get_or_set || root.children().count() != 1 {
            return Err(Error::invalid("a request is an <iq/> of type get or set with exactly one child"));
        }
        id.get_or_insert_with(new_id);
    }
    let mut w = super::xml::Writer::new();
    w.copy_root(root, ns::CLIENT, id.as_deref());
    Ok(RawStanza { frame: w.finish()?, id, to: root.attr("to").map(ToOwned::to_owned) })
}
