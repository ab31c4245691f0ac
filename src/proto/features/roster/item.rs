//! Roster items (RFC 6121, section 2.1.2), read by hand: a typed roster fails whole on one bad item.

use super::super::super::event::{Ask, RosterItem, Subscription};
use super::super::super::jids;
use super::super::super::sorted::Names;
use super::super::super::xml::Element;
use super::NS;

/// Reads an `<item/>`, or says why it cannot be one.
#[cfg_attr(waxwing_small, optimize(speed))]
pub(super) fn read(item: Element<'_>) -> Result<RosterItem, &'static str> {
    let jid = item.attr("jid").ok_or("an item has no jid")?;
    let jid = jids::normal(jid).map_err(|_| "the jid of an item is not valid")?;
    let groups = item.children().filter(|child| child.is("group", NS)).map(|group| group.text().into_owned()).collect();
    Ok(RosterItem {
        jid: jid.into_owned(),
        name: item.attr("name").filter(|name| !name.is_empty()).map(ToOwned::to_owned),
        groups: normal_groups(groups),
        subscription: subscription(item.attr("subscription")),
        // Section 2.1.2.2: no other value means anything.
        ask: item.attr("ask").filter(|ask| *ask == "subscribe").map(|_| Ask::Subscribe),
        is_approved: matches!(item.attr("approved"), Some("true" | "1")),
    })
}

/// Sorted, since servers keep no order; without what sections 2.3.3 and 2.4.3 make an error: doubles and empty names.
pub(super) fn normal_groups(groups: Vec<String>) -> Vec<String> {
    if groups.len() < 2 {
        return groups.into_iter().filter(|group| !group.is_empty()).collect();
    }
    let groups = groups.into_iter().filter(|group| !group.is_empty());
    groups.collect::<Names>().into_keys()
}

/// Section 2.1.2.5: absent is `none`, and a value that is not known MUST be ignored.
fn subscription(value: Option<&str>) -> Subscription {
    Subscription::ALL.into_iter().find(|known| Some(known.as_str()) == value).unwrap_or_default()
}
