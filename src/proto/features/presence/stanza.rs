//! The presence stanza (RFC 6121, section 4.7), read field by field: one that cannot be read costs only itself. With it the time since
//! when its user is idle (XEP-0319, version 1.0.2).

use super::super::super::entity_caps::Advert;
use super::super::super::error::Error;
use super::super::super::event::{Presence, PresencePlaces, PresenceType, Show};
use super::super::super::feature::Cx;
use super::super::super::stanza_error::{self, Condition};
use super::super::super::texts::{Texts, is_language_tag};
use super::super::super::time::{format_timestamp, parse_timestamp};
use super::super::super::xml::{Element, Writer, ns};
use super::{Availability, PresenceOptions};

const IDLE: &str = "urn:xmpp:idle:1";

#[cfg_attr(waxwing_small, optimize(speed))]
pub(super) fn read(cx: &Cx<'_>, stanza: Element<'_>, from: &str, kind: PresenceType) -> Presence {
    let mut presence = Presence {
        from: from.to_owned(),
        kind,
        show: None,
        status: None,
        statuses: None,
        priority: 0,
        idle_since_ms: None,
        error: None,
        caps: None,
        places: PresencePlaces { from: cx.place_of(from), status: 0 },
    };
    if kind == PresenceType::Error {
        // The rest of it, where there is any, is our own presence come back.
        presence.error = Some(stanza_error::read(stanza));
        return presence;
    }
    let mut statuses = Texts::default();
    let is_available = kind == PresenceType::Available;
    for child in stanza.children() {
        match (child.name(), child.namespace()) {
            ("status", ns::CLIENT) => statuses.push(child),
            // Section 4.7.2: show and priority say how somebody is available.
            ("show", ns::CLIENT) if is_available => presence.show = show(child.text().trim()),
            ("priority", ns::CLIENT) if is_available => presence.priority = child.text().trim().parse().unwrap_or_default(),
            ("idle", IDLE) if is_available => presence.idle_since_ms = child.attr("since").and_then(parse_timestamp),
            ("c", _) if is_available => Advert::hear(&mut presence.caps, child),
            _ => {}
        }
    }
    let status = statuses.best(cx.config().language.as_deref()).filter(|status| !status.is_empty());
    presence.places.status = cx.place_of(status.unwrap_or_default());
    presence.status = status.map(ToOwned::to_owned);
    presence.statuses = statuses.by_language();
    presence
}

fn show(text: &str) -> Option<Show> {
    match text {
        "away" => Some(Show::Away),
        "chat" => Some(Show::Chat),
        "dnd" => Some(Show::Dnd),
        "xa" => Some(Show::Xa),
        _ => None,
    }
}

/// Whether an error says that there is nobody at the address, not merely that what we sent was not welcome. A room that refuses
/// a nickname answers from the very address of the occupant who has it, and that one is still there.
pub(super) fn is_unreachable(error: &Error) -> bool {
    const UNREACHABLE: [Condition; 6] = [
        Condition::Gone,
        Condition::ItemNotFound,
        Condition::RecipientUnavailable,
        Condition::RemoteServerNotFound,
        Condition::RemoteServerTimeout,
        Condition::ServiceUnavailable,
    ];
    error.condition.as_deref().is_some_and(|condition| UNREACHABLE.iter().any(|known| known.as_str() == condition))
}

/// A presence for everybody who sees ours, or for one address.
pub(super) fn write(cx: &Cx<'_>, presence: &PresenceOptions, to: Option<&str>) -> Result<Writer, Error> {
    let mut w = Writer::new();
    w.open("presence", ns::CLIENT).attr_opt("to", to);
    let is_available = presence.kind.unwrap_or_default() == Availability::Available;
    if !is_available {
        w.attr("type", "unavailable");
    }
    if let Some(show) = presence.show.filter(|_| is_available) {
        w.leaf("show", ns::CLIENT, show.as_str());
    }
    write_statuses(&mut w, presence)?;
    if let Some(priority) = presence.priority.filter(|_| is_available) {
        w.leaf("priority", ns::CLIENT, &priority.to_string());
    }
    if let Some(since_ms) = presence.idle_since_ms.filter(|_| is_available) {
        w.open("idle", IDLE).attr("since", &format_timestamp(since_ms)).close();
    }
    if is_available {
        cx.own_caps().write(&mut w);
    }
    Ok(w)
}

/// Section 4.7.2.2: no two in one language.
fn write_statuses(w: &mut Writer, presence: &PresenceOptions) -> Result<(), Error> {
    if let Some(status) = &presence.status {
        if presence.statuses.contains("") {
            return Err(Error::invalid("status and statuses[\"\"] are in one language"));
        }
        w.leaf("status", ns::CLIENT, status);
    }
    for (lang, status) in presence.statuses.iter() {
        if !lang.is_empty() && !is_language_tag(lang) {
            return Err(Error::invalid(format!("statuses names a language that is none: \"{lang}\""))
                .remedy("Use a BCP 47 tag such as en or pt-BR."));
        }
        w.open("status", ns::CLIENT).lang(Some(lang)).text(status).close();
    }
    Ok(())
}

pub(super) fn unavailable() -> Writer {
    let mut w = Writer::new();
    w.open("presence", ns::CLIENT).attr("type", "unavailable");
    w
}
