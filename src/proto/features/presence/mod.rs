//! Presence (RFC 6121, section 4): ours, and what is known of that of others.
//!
//! Others: available, unavailable and error, by resource; see [`table`] for whom a bare JID stands for. What is known ends with the
//! session: then the table is emptied without an event for each, since the `state` event says it all.
//!
//! Ours: the first presence, changes of it, directed presence (section 4.6) and the goodbye (section 4.5). Presence probes are between
//! servers; one that strays here is let be. Subscriptions are the roster's part.

mod record;
mod stanza;
mod table;

use std::sync::Arc;

use serde::Serialize;

use self::table::Table;
use super::super::entity_caps::Advert;
use super::super::error::{Code, Error};
use super::super::event::{Event, Presence, PresenceType, Show};
use super::super::feature::{Cx, Feature, Flow};
use super::super::jids;
use super::super::json::Fields;
use super::super::sorted::Sorted;
use super::super::xml::{Element, Writer};

/// A presence of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceOptions {
    /// Only for one that is sent to somebody: `unavailable` takes it back.
    #[serde(rename = "type")]
    pub kind: Option<Availability>,
    /// `None`: simply available.
    pub show: Option<Show>,
    pub status: Option<String>,
    /// By language; `""` is the text without one.
    pub statuses: Sorted<String>,
    /// `None` is 0; one below 0 gets no messages that are sent to the bare JID.
    pub priority: Option<i8>,
    /// Since when nobody has touched the device (XEP-0319): milliseconds since 1970-01-01 UTC.
    #[serde(rename = "idleSince")]
    pub idle_since_ms: Option<i64>,
}

/// What a presence of ours says at its core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    #[default]
    Available,
    Unavailable,
}

impl PresenceOptions {
    /// As a page has them. `None` where something is of another type.
    pub fn from_json(options: &str) -> Option<Self> {
        Self::read(Fields::parse(options)?)
    }

    pub(crate) fn read(options: Fields<'_>) -> Option<Self> {
        options.read(|fields| {
            let kind = |kind| if kind == Availability::Available { "available" } else { "unavailable" };
            Some(Self {
                kind: fields.choice("type", &[Availability::Available, Availability::Unavailable], kind),
                show: fields.choice("show", &Show::ALL, Show::as_str),
                status: fields.text("status"),
                statuses: fields.texts("statuses").unwrap_or_default(),
                priority: fields.number("priority"),
                idle_since_ms: fields.number("idleSince"),
            })
        })
    }
}

#[derive(Default)]
pub(crate) struct PresenceTracker {
    table: Table,
    /// What the app has chosen since; it wins over the configured one, also at later logins.
    chosen: Option<PresenceOptions>,
    /// The time of the first presence has come: from now on a change is sent at once.
    is_open: bool,
    /// A change waits for the connection.
    is_due: bool,
    /// Somebody has been told that we are here, and will have to be told that we go.
    has_shown_up: bool,
    /// Grows with every change of ours.
    revision: u64,
}

impl PresenceTracker {
    /// Sends the first presence (section 4.2), as configured or as set since. Called when the roster is settled: the presence of others
    /// that it brings on meets a roster that is known (section 2.2). Says whether there was one.
    pub(crate) fn send_first(&mut self, cx: &mut Cx<'_>) -> bool {
        self.revision += 1;
        self.is_open = true;
        self.is_due = false;
        let Some(presence) = self.chosen.as_ref().or(cx.config.presence.as_ref()) else { return false };
        match broadcast(cx, presence).and_then(|stanza| cx.send(stanza)) {
            Ok(()) => {
                self.has_shown_up = true;
                true
            }
            Err(error) => {
                let report =
                    Error::new(error.code, "the first presence could not be sent").remedy("Set another with presence.set().");
                cx.report(report.because(error));
                false
            }
        }
    }

    /// Says goodbye (section 4.5): unavailable, where anything was said before. The server passes it on to all who were told, also to
    /// those who got directed presence (section 4.6.3).
    pub(crate) fn send_unavailable(&mut self, cx: &mut Cx<'_>) {
        self.is_open = false;
        if std::mem::take(&mut self.has_shown_up) {
            // There is nothing in it that could not be written; a connection that is gone needs no goodbye.
            let _ = cx.send(stanza::unavailable());
        }
    }

    /// Sets our presence (section 4.4); while not connected it is kept for the first presence. Says whether it went out.
    pub(crate) fn set(&mut self, cx: &mut Cx<'_>, presence: PresenceOptions) -> Result<bool, Error> {
        let stanza = broadcast(cx, &presence)?;
        let is_sent = self.is_open && cx.is_bound();
        if is_sent {
            cx.send(stanza)?;
            self.has_shown_up = true;
        } else {
            // What cannot be written is refused now, not at the next login.
            stanza.finish()?;
            self.is_due = true;
        }
        self.chosen = Some(presence);
        self.revision += 1;
        Ok(is_sent)
    }

    /// Sends presence to one address (section 4.6): a room, or somebody who does not see ours otherwise.
    pub(crate) fn send_to(&mut self, cx: &mut Cx<'_>, jid: &str, presence: PresenceOptions) -> Result<(), Error> {
        let jid = jids::normalise("jid", jid)?;
        cx.send(stanza::write(cx, &presence, Some(&jid))?)?;
        self.revision += 1;
        self.has_shown_up |= presence.kind != Some(Availability::Unavailable);
        Ok(())
    }

    /// Bare JID: the most available resource; full JID: that one. The JID need not be normalised.
    pub(crate) fn of(&self, jid: &str) -> Option<&Presence> {
        let jid = jids::normal(jid).ok()?;
        if jids::resource(&jid).is_some() { self.table.one(&jid) } else { self.table.most_available(&jid) }
    }

    /// All available resources, the most available first. The JID need not be normalised.
    pub(crate) fn resources(&self, bare: &str) -> Vec<&Presence> {
        jids::normal(bare).map(|jid| self.table.all(jids::bare(&jid))).unwrap_or_default()
    }
}

/// A presence for everybody who sees ours.
fn broadcast(cx: &Cx<'_>, presence: &PresenceOptions) -> Result<Writer, Error> {
    if presence.kind == Some(Availability::Unavailable) {
        return Err(Error::invalid("the client's own presence cannot be unavailable")
            .remedy("Call disconnect() to go offline, or set show to away, xa or dnd."));
    }
    stanza::write(cx, presence, None)
}

impl Feature for PresenceTracker {
    fn on_online(&mut self, cx: &mut Cx<'_>, is_resumed: bool) {
        // What was set while the stream was interrupted; after a new login it goes out as the first presence.
        if is_resumed && self.is_open && self.is_due {
            self.send_first(cx);
        }
    }

    #[cfg_attr(waxwing_small, optimize(speed))]
    fn handle_presence(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>) -> Flow {
        let kind = match stanza.attr("type") {
            None => PresenceType::Available,
            Some("unavailable") => PresenceType::Unavailable,
            Some("error") => PresenceType::Error,
            Some("probe" | "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed") => return Flow::Continue,
            Some(unknown) => {
                // Section 4.7.1 knows no other type, and what it might say of availability cannot be guessed.
                cx.report(Error::new(Code::UnreadableStanza, format!("a presence of the unknown type \"{unknown}\" came in")));
                return Flow::Stop;
            }
        };
        // RFC 6120, section 8.1.2.1: without a sender it is from our own account.
        let from = stanza.attr("from").unwrap_or(cx.own_bare());
        let mut presence = stanza::read(cx, stanza, from, kind);
        if kind == PresenceType::Available {
            Advert::inherit(&mut presence.caps, || self.table.one(from)?.caps.as_ref());
        }
        let presence = Arc::new(presence);
        match kind {
            PresenceType::Available => self.table.put(presence.clone()),
            PresenceType::Unavailable => self.table.drop_address(from),
            PresenceType::Error if presence.error.as_ref().is_some_and(stanza::is_unreachable) => self.table.drop_address(from),
            PresenceType::Error => {}
        }
        cx.emit(Event::Presence(presence));
        Flow::Continue
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        self.table.clear();
        self.is_open = false;
        self.has_shown_up = false;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::super::super::config::{Account, Config};
    use super::super::super::entity_caps::OwnCaps;
    use super::super::super::entropy::{Entropy, Ids};
    use super::super::super::feature::Way;
    use super::super::super::heard::HeardMessages;
    use super::super::super::io::Output;
    use super::super::super::iq::IqTable;
    use super::super::super::outbox::Outbox;
    use super::super::super::sent::SentMessages;
    use super::super::super::sorted::Names;
    use super::super::super::time::Now;
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    /// What the feature sends when it is called in this state of the connection.
    fn sent<R>(is_bound: bool, act: impl FnOnce(&mut Cx<'_>) -> R) -> Vec<String> {
        let config = Config::new(Account::parse("romeo@example.net", None).unwrap());
        let mut outputs = VecDeque::new();
        act(&mut Cx {
            now: Now::default(),
            config: &config,
            frame: "",
            own_jid: "romeo@example.net/balcony",
            announced: &[],
            own_caps: &OwnCaps::default(),
            is_bound,
            way: Way::Direct,
            enabled: &[],
            has_roster_versioning: false,
            has_pre_approval: false,
            ids: &mut Ids::new(Box::new(Zeros)),
            iqs: &mut IqTable::default(),
            outbox: &mut Outbox::default(),
            heard: &mut HeardMessages::default(),
            sent: &mut SentMessages::default(),
            stampers: &mut Names::default(),
            outputs: &mut outputs,
        });
        let frame = |output| if let Output::SendFrame(frame) = output { Some((*frame).to_owned()) } else { None };
        outputs.into_iter().filter_map(frame).collect()
    }

    #[test]
    fn a_presence_set_while_the_stream_is_interrupted_is_sent_once_it_goes_on() {
        let mut tracker = PresenceTracker::default();
        assert_eq!(sent(true, |cx| tracker.send_first(cx)).len(), 1);
        let away = PresenceOptions { show: Some(Show::Away), ..PresenceOptions::default() };
        assert_eq!(sent(false, |cx| tracker.set(cx, away).unwrap()), [] as [&str; 0]);
        let resume = |tracker: &mut PresenceTracker| sent(true, |cx| tracker.on_online(cx, true));
        assert_eq!(resume(&mut tracker), ["<presence xmlns='jabber:client'><show>away</show></presence>"]);
        assert_eq!(resume(&mut tracker), [] as [&str; 0], "and once only");
    }
}
