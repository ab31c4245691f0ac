//! Presence subscriptions (RFC 6121, section 3, and the client's side of the state charts in appendix A).
//!
//! The server keeps the state and pushes it as roster items. What is left to a client: to ask, to answer, to tell the app, and to know
//! who waits for an answer. A pending request is told once: servers deliver it again at every first presence, and people ask twice.
//! After the answer, or after a new login, it is told anew. Nothing is ever approved by itself.

use super::super::super::error::Error;
use super::super::super::event::{Event, Subscription, SubscriptionEvent, SubscriptionEventType};
use super::super::super::feature::{Cx, Flow};
use super::super::super::jids;
use super::super::super::stanza_error::Condition;
use super::super::super::texts::Texts;
use super::super::super::xml::{Element, Writer, ns};
use super::{NICK, Roster};

impl Roster {
    /// Asks to see somebody's presence (section 3.1.1), with what to call us (XEP-0172, section 4.1) and why.
    pub(crate) fn subscribe(
        &mut self,
        cx: &mut Cx<'_>,
        jid: &str,
        nick: Option<&str>,
        status: Option<&str>,
    ) -> Result<(), Error> {
        let jid = jids::normalise_bare("jid", jid)?;
        let mut w = stanza(cx, "subscribe", &jid);
        if let Some(status) = status {
            w.leaf("status", ns::CLIENT, status);
        }
        if let Some(nick) = nick {
            w.leaf("nick", NICK, nick);
        }
        cx.send(w)
    }

    /// Grants a request (section 3.1.4), or approves one in advance (section 3.4).
    pub(crate) fn approve(&mut self, cx: &mut Cx<'_>, jid: &str) -> Result<(), Error> {
        let jid = jids::normalise_bare("jid", jid)?;
        if !cx.is_bound() {
            return Err(Error::not_connected());
        }
        let sees_us = self.item(&jid).is_some_and(|item| matches!(item.subscription, Subscription::From | Subscription::Both));
        // Section 3.4: approving in advance is for servers that offer it; another would drop it without a word.
        if !sees_us && !self.requests.contains(&jid) && !cx.has_pre_approval() {
            return Err(Error::invalid(format!("{jid} has not asked, and this server does not keep approvals given in advance"))
                .condition(Condition::FeatureNotImplemented.as_str())
                .remedy("Wait for the subscription event of type subscribe, then approve it."));
        }
        send(cx, "subscribed", &jid)?;
        self.revision += 1;
        self.requests.remove(&jid);
        Ok(())
    }

    /// Refuses a request (section 3.1.4), or takes back a subscription or an approval given in advance (section 3.2.1).
    pub(crate) fn deny(&mut self, cx: &mut Cx<'_>, jid: &str) -> Result<(), Error> {
        let jid = jids::normalise_bare("jid", jid)?;
        send(cx, "unsubscribed", &jid)?;
        self.revision += 1;
        self.requests.remove(&jid);
        Ok(())
    }

    /// Stops seeing somebody's presence, or takes the request back (section 3.3.1).
    pub(crate) fn unsubscribe(&mut self, cx: &mut Cx<'_>, jid: &str) -> Result<(), Error> {
        let jid = jids::normalise_bare("jid", jid)?;
        send(cx, "unsubscribe", &jid)
    }

    /// Tells the app of what others ask and answer. Presence of another kind goes on to the next feature.
    pub(super) fn handle_subscription(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>) -> Flow {
        let kind = match stanza.attr("type") {
            Some("subscribe") => SubscriptionEventType::Subscribe,
            Some("subscribed") => SubscriptionEventType::Subscribed,
            Some("unsubscribe") => SubscriptionEventType::Unsubscribe,
            Some("unsubscribed") => SubscriptionEventType::Unsubscribed,
            _ => return Flow::Continue,
        };
        // Without a sender it would be from our own account, which has nothing to ask of itself.
        let Some(from) = stanza.attr("from").map(jids::bare) else { return Flow::Stop };
        self.revision += 1;
        let is_repeated = match kind {
            SubscriptionEventType::Subscribe => !self.requests.add(from.to_owned()),
            SubscriptionEventType::Unsubscribe => {
                self.requests.remove(from);
                false
            }
            SubscriptionEventType::Subscribed | SubscriptionEventType::Unsubscribed => false,
        };
        if !is_repeated {
            let status = Texts::read(stanza, "status").best(cx.config().language.as_deref()).map(ToOwned::to_owned);
            let nick = stanza.child("nick", NICK).map(|nick| nick.text().into_owned());
            cx.emit(Event::Subscription(SubscriptionEvent {
                from: from.to_owned(),
                kind,
                status: status.filter(|status| !status.is_empty()),
                nick: nick.filter(|nick| !nick.is_empty()),
            }));
        }
        Flow::Stop
    }
}

/// Section 3: subscriptions are between accounts, so `to` MUST be a bare JID. The id is for tracking (section 3.1.1).
fn stanza(cx: &mut Cx<'_>, kind: &str, bare_jid: &str) -> Writer {
    let mut w = Writer::new();
    w.open("presence", ns::CLIENT).attr("type", kind).attr("id", &cx.new_id()).attr("to", bare_jid);
    w
}

fn send(cx: &mut Cx<'_>, kind: &str, bare_jid: &str) -> Result<(), Error> {
    let stanza = stanza(cx, kind, bare_jid);
    cx.send(stanza)
}
