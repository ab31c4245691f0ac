//! Message archives on the wire (XEP-0313, version 1.1.3; paging by XEP-0059, version 1.0; preferences by XEP-0441, version 0.2.0): what all
//! that ask one share.

use super::event::Direction;
use super::feature::Cx;
use super::jids;
use super::sorted::Names;
use super::time::parse_timestamp;
use super::xml::{Element, Writer, ns};

pub(crate) const NS: &str = "urn:xmpp:mam:2";
pub(crate) const RSM: &str = "http://jabber.org/protocol/rsm";
const DATA_FORMS: &str = "jabber:x:data";

/// The end of a page (XEP-0313, section 4.2; XEP-0059, section 2).
pub(crate) struct Page {
    pub(crate) is_complete: bool,
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    #[cfg_attr(not(feature = "history"), allow(dead_code, reason = "of use to who shows it"))]
    pub(crate) count: Option<u32>,
}

impl Page {
    /// `None`: the reply ends no page.
    pub(crate) fn read(reply: Element<'_>) -> Option<Self> {
        let fin = reply.child("fin", NS)?;
        let set = fin.child("set", RSM);
        let text = |name| Some(set?.child(name, RSM)?.text().trim().to_owned()).filter(|text| !text.is_empty());
        let is_complete = matches!(fin.attr("complete"), Some("true" | "1"));
        let count = text("count").and_then(|count| count.parse().ok());
        Some(Self { is_complete, first: text("first"), last: text("last"), count })
    }
}

/// The message in a result, and when it was archived.
pub(crate) fn read_result(result: Element<'_>) -> (Option<Element<'_>>, Option<i64>) {
    let Some(forwarded) = result.child("forwarded", ns::FORWARD) else { return (None, None) };
    let stamp = forwarded.child("delay", ns::DELAY).and_then(|delay| delay.attr("stamp"));
    (forwarded.child("message", ns::CLIENT), stamp.and_then(parse_timestamp))
}

/// The start of a query: what follows its form is the page that is asked for.
pub(crate) fn write_query<'a>(w: &mut Writer, query_id: &str, filters: &mut dyn Iterator<Item = (&'a str, Option<&'a str>)>) {
    w.open("query", NS).attr("queryid", query_id).open("x", DATA_FORMS).attr("type", "submit");
    w.open("field", DATA_FORMS).attr("var", "FORM_TYPE").attr("type", "hidden").leaf("value", DATA_FORMS, NS).close();
    for (name, value) in filters {
        if let Some(value) = value {
            w.open("field", DATA_FORMS).attr("var", name).leaf("value", DATA_FORMS, value).close();
        }
    }
    w.close();
}

/// Who wrote it, as the account's own archive sees it (XEP-0313, section 3): what came from us went out, also to ourselves.
pub(crate) fn direction_of(cx: &Cx<'_>, stanza: Element<'_>) -> Direction {
    let is_ours = stanza.attr("from").is_none_or(|from| jids::bare(from) == cx.own_bare());
    if is_ours { Direction::Out } else { Direction::In }
}

/// Whether a message that the archive does not have can have arrived (XEP-0441).
#[derive(Default)]
pub(crate) struct Preferences {
    keeps_all: bool,
    always: Names,
    never: Names,
}

impl Preferences {
    pub(crate) fn read(reply: Element<'_>) -> Option<Self> {
        let prefs = reply.child("prefs", NS)?;
        let jids = |name| {
            let listed = prefs.child(name, NS).into_iter().flat_map(Element::children).filter(|child| child.is("jid", NS));
            listed.map(|jid| jid.text().trim().to_owned()).collect()
        };
        Some(Self { keeps_all: prefs.attr("default") == Some("always"), always: jids("always"), never: jids("never") })
    }

    /// Whether all that we say to this address is kept. A list may name a device, or the person.
    pub(crate) fn keeps(&self, to: &str) -> bool {
        let names = |list: &Names| list.contains(to) || list.contains(jids::bare(to));
        !names(&self.never) && (self.keeps_all || names(&self.always))
    }
}
