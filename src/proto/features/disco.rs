//! Service discovery (XEP-0030): disco#info answered with what the registry holds, disco#items with an empty list, whoever asks.
//! Nodes are refused, since there are none. Asking others is not built in.

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
        if payload.attr("node").is_some_and(|node| !node.is_empty()) {
            // XEP-0030, section 7: a node that is not there.
            cx.refuse(iq, Condition::ItemNotFound);
        } else if payload.namespace() == NS_ITEMS {
            cx.answer(iq, |w| {
                w.empty("query", NS_ITEMS);
            });
        } else {
            answer_info(cx, iq);
        }
        Flow::Stop
    }
}

fn answer_info(cx: &mut Cx<'_>, iq: Element<'_>) {
    let name = cx.config().software.name.clone();
    let announced = cx.announced().to_vec();
    cx.answer(iq, |w| {
        w.open("query", NS_INFO);
        w.open("identity", NS_INFO).attr("category", "client").attr("type", "web").attr("name", &name).close();
        for feature in announced {
            w.open("feature", NS_INFO).attr("var", feature).close();
        }
        w.close();
    });
}
