//! Service discovery (XEP-0030): disco#info answered with what the registry holds, disco#items with an empty list, whoever asks.
//! The nodes of what our presence says of our capabilities are answered with the same, and all others refused, since there are none.

use super::super::feature::{Cx, Feature, Flow};
use super::super::stanza_error::Condition;
use super::super::xml::{Element, ns::DISCO_INFO as NS_INFO};

const NS_ITEMS: &str = "http://jabber.org/protocol/disco#items";

#[derive(Default)]
pub(crate) struct Disco {}

impl Feature for Disco {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS_INFO, NS_ITEMS]
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        let is_query = matches!(payload.namespace(), NS_INFO | NS_ITEMS) && payload.name() == "query";
        if iq.attr("type") != Some("get") || !is_query {
            return Flow::Continue;
        }
        let is_info = payload.namespace() == NS_INFO;
        let node = payload.attr("node").filter(|node| !node.is_empty());
        if node.is_some_and(|node| !is_info || !cx.own_caps().has_node(node)) {
            // XEP-0030, section 7: a node that is not there.
            cx.refuse(iq, Condition::ItemNotFound);
        } else if !is_info {
            cx.answer(iq, |w| {
                w.empty("query", NS_ITEMS);
            });
        } else {
            answer_info(cx, iq, node);
        }
        Flow::Stop
    }
}

fn answer_info(cx: &mut Cx<'_>, iq: Element<'_>, node: Option<&str>) {
    let name = cx.config().software.name.clone();
    let announced = cx.announced().to_vec();
    cx.answer(iq, |w| {
        // XEP-0030, section 3.2: the node MUST be mirrored.
        w.open("query", NS_INFO).attr_opt("node", node);
        // The language is there so that no other one is inherited on the way: it counts in hashes (XEP-0390, section 4.1).
        w.open("identity", NS_INFO).attr("category", "client").attr("type", "web").attr("name", &name).lang(Some("en")).close();
        for feature in announced {
            w.open("feature", NS_INFO).attr("var", feature).close();
        }
        w.close();
    });
}
