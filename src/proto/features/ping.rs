//! Ping (XEP-0199): answered, whoever asks. The session asks its own server by itself.

use super::super::feature::{Cx, Feature, Flow};
use super::super::xml::Element;

const NS_PING: &str = "urn:xmpp:ping";

#[derive(Default)]
pub(crate) struct Ping {}

impl Feature for Ping {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS_PING]
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        if iq.attr("type") != Some("get") || !payload.is("ping", NS_PING) {
            return Flow::Continue;
        }
        cx.answer(iq, |_| {});
        Flow::Stop
    }
}
