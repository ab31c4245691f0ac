//! Software version (XEP-0092): answered, whoever asks, with name and version as configured. The operating system is never told.
//! Asking others is not built in.

use super::super::feature::{Cx, Feature, Flow};
use super::super::xml::Element;

const NS_VERSION: &str = "jabber:iq:version";

#[derive(Default)]
pub(crate) struct Version {}

impl Feature for Version {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS_VERSION]
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        if iq.attr("type") != Some("get") || !payload.is("query", NS_VERSION) {
            return Flow::Continue;
        }
        let software = cx.config().software.clone();
        // By hand: the type of xmpp-parsers costs 2 KB of brotli.
        cx.answer(iq, |w| {
            w.open("query", NS_VERSION);
            w.leaf("name", NS_VERSION, &software.name).leaf("version", NS_VERSION, &software.version).close();
        });
        Flow::Stop
    }
}
