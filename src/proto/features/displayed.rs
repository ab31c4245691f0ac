//! Message displayed synchronisation (XEP-0490, version 1.0.1): what was seen on one device is seen on all, and nobody else learns of it.
//!
//! ```text
//!   a mark ──▶ what does the account's server know? ──publish-options──▶ published, with those that came meanwhile
//! ```
//! A server that cannot keep the node private (section 7) gets nothing. While an app listens, what other devices have published is told:
//! all that there is at the start of a session, and then each change, for which the server has to know that we want it (`+notify`). Only
//! our own account is believed (I9), and only stanza ids of its archive, or of the room that the conversation is (section 4.2).
//!
//! Not here: server assist (section 4.5); the marker of XEP-0333 goes by itself.

use super::super::error::{Code, Error};
use super::super::event::{Direction, DisplayedElsewhere, Event, Message, MessageType};
use super::super::feature::{Cx, Feature, Flow, IqKind, ticket};
use super::super::iq::Ticket;
use super::super::jids;
use super::super::marks::{DisplayedMark, Newest};
use super::super::sorted::Sorted;
use super::super::xml::{Element, Writer, ns};
use super::FeatureId;

const NS: &str = "urn:xmpp:mds:displayed:0";
const NOTIFY: &str = "urn:xmpp:mds:displayed:0+notify";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
const DATA_FORMS: &str = "jabber:x:data";

/// Section 4.2: private, kept, and one item for each conversation.
const OPTIONS: [(&str, &str); 4] = [
    ("pubsub#persist_items", "true"),
    ("pubsub#max_items", "max"),
    ("pubsub#send_last_published_item", "never"),
    ("pubsub#access_model", "whitelist"),
];

/// What a request of this feature is for.
mod purpose {
    pub(super) const SUPPORT: u8 = 0;
    pub(super) const PUBLISH: u8 = 1;
    pub(super) const ITEMS: u8 = 2;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Support {
    #[default]
    Unknown,
    Asked,
    Yes,
    No,
}

#[derive(Default)]
pub(crate) struct Displayed {
    support: Support,
    /// Not published yet, by conversation: under which archive it has which id.
    due: Sorted<(String, String)>,
    /// What was published, here or elsewhere.
    known: Newest,
    is_followed: bool,
    is_fetched: bool,
}

impl Displayed {
    /// The user has seen a message.
    pub(crate) fn mark(&mut self, cx: &Cx<'_>, mark: &DisplayedMark) {
        let is_room = mark.kind == MessageType::Groupchat;
        let id = if is_room { Some(&mark.id) } else { mark.stanza_id.as_ref() };
        if let Some(id) = id
            && self.support != Support::No
            && self.known.advance(&mark.to, id, mark.timestamp)
        {
            let by = if is_room { mark.to.clone() } else { cx.own_bare().to_owned() };
            self.due.insert(mark.to.clone(), (by, id.clone()));
        }
    }

    /// Whether somebody listens to what was seen elsewhere.
    pub(crate) fn follow(&mut self, is_on: bool) {
        self.is_followed = is_on;
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        let account = cx.own_bare().to_owned();
        let ticket = ticket(FeatureId::displayed, purpose::SUPPORT, None);
        let asked = cx.request(IqKind::Get, Some(&account), ticket, |w| _ = w.empty("query", DISCO_INFO));
        self.support = if asked.is_ok() { Support::Asked } else { Support::No };
    }

    fn publish(&mut self, cx: &mut Cx<'_>) {
        for (with, (by, id)) in std::mem::take(&mut self.due).iter() {
            let ticket = ticket(FeatureId::displayed, purpose::PUBLISH, None);
            // The command has checked what is written here.
            let _ = cx.request(IqKind::Set, None, ticket, |w| {
                w.open("pubsub", PUBSUB).open("publish", PUBSUB).attr("node", NS).open("item", PUBSUB).attr("id", with);
                w.open("displayed", NS).open("stanza-id", ns::STANZA_IDS).attr("by", by).attr("id", id);
                w.close().close().close().close();
                write_options(w);
            });
        }
    }

    fn hear(&mut self, cx: &mut Cx<'_>, items: Element<'_>) {
        if items.attr("node") != Some(NS) {
            return;
        }
        for item in items.children().filter(|child| child.name() == "item") {
            let Some((with, id)) = read_item(item, cx.own_bare()) else { continue };
            if self.is_followed && self.known.advance(&with, id, None) {
                cx.emit(Event::Displayed(DisplayedElsewhere { with, id: None, stanza_id: Some(id.to_owned()) }));
            }
        }
    }
}

impl Feature for Displayed {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NOTIFY]
    }

    fn on_online(&mut self, _cx: &mut Cx<'_>, is_resumed: bool) {
        if !is_resumed {
            self.is_fetched = false;
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        let is_ours = message.direction == Direction::In && message.from == cx.own_bare();
        if is_ours
            && message.body.is_none()
            && let Some(items) = stanza.child("event", PUBSUB_EVENT).and_then(|event| event.child("items", PUBSUB_EVENT))
        {
            self.hear(cx, items);
        }
        Flow::Continue
    }

    fn handle_reply(&mut self, cx: &mut Cx<'_>, ticket: Ticket, reply: Result<Element<'_>, Error>) {
        match (ticket.purpose, reply) {
            (purpose::SUPPORT, reply) => {
                let has_options = reply.is_ok_and(|iq| {
                    let features = iq.child("query", DISCO_INFO).into_iter().flat_map(Element::children);
                    features.into_iter().any(|feature| feature.attr("var") == Some(PUBLISH_OPTIONS))
                });
                self.support = if has_options { Support::Yes } else { Support::No };
                if !has_options {
                    self.due.clear();
                }
            }
            (purpose::ITEMS, Ok(iq)) => {
                if let Some(items) = iq.child("pubsub", PUBSUB).and_then(|pubsub| pubsub.child("items", PUBSUB)) {
                    self.hear(cx, items);
                }
            }
            (purpose::PUBLISH, Err(error)) if error.code != Code::ConnectionLost && self.support != Support::No => {
                // Once is enough for a session: the next would fare no better.
                self.support = Support::No;
                let mut report = Error::new(error.code, "other devices could not be told what was displayed");
                report.condition.clone_from(&error.condition);
                cx.report(report.because(error));
            }
            // There is no node yet, or the session is over.
            _ => {}
        }
    }

    fn deadline_ms(&self) -> Option<u64> {
        let has_news = !self.due.is_empty() && matches!(self.support, Support::Unknown | Support::Yes);
        (has_news || (self.is_followed && !self.is_fetched)).then_some(0)
    }

    fn handle_deadline(&mut self, cx: &mut Cx<'_>, _sees_us: &dyn Fn(&str) -> bool) {
        if self.is_followed && !std::mem::replace(&mut self.is_fetched, true) {
            let ticket = ticket(FeatureId::displayed, purpose::ITEMS, None);
            let _ = cx.request(IqKind::Get, None, ticket, |w| {
                w.open("pubsub", PUBSUB).open("items", PUBSUB).attr("node", NS);
            });
        }
        match self.support {
            Support::Unknown if !self.due.is_empty() => self.ask(cx),
            Support::Yes => self.publish(cx),
            _ => {}
        }
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.support = Support::Unknown;
    }
}

fn write_options(w: &mut Writer) {
    w.open("publish-options", PUBSUB).open("x", DATA_FORMS).attr("type", "submit");
    w.open("field", DATA_FORMS)
        .attr("var", "FORM_TYPE")
        .attr("type", "hidden")
        .leaf("value", DATA_FORMS, PUBLISH_OPTIONS)
        .close();
    for (name, value) in OPTIONS {
        w.open("field", DATA_FORMS).attr("var", name).leaf("value", DATA_FORMS, value).close();
    }
}

/// The conversation, and up to where it was seen.
fn read_item<'a>(item: Element<'a>, own_bare: &str) -> Option<(String, &'a str)> {
    let with = jids::normal(item.attr("id")?).ok()?.into_owned();
    let stanza_id = item.child("displayed", NS)?.child("stanza-id", ns::STANZA_IDS)?;
    let by = stanza_id.attr("by")?;
    let id = stanza_id.attr("id").filter(|id| !id.is_empty())?;
    (by == own_bare || by == jids::bare(&with)).then_some((with, id))
}
