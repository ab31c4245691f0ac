//! What no feature of ours knows, for the app: payloads of messages as plain data, and extensions that the app brings.
//!
//! A payload of a message in a namespace that no feature reads is handed out as it is. For the namespaces of an extension of the app, payloads of
//! presences and IQ requests are handed out too; such a request is left to the app to answer.

use super::super::error::Error;
use super::super::event::{Event, ExtensionEvent, ExtensionEventKind, Message};
use super::super::feature::{Cx, Feature, Flow};
use super::super::xml::{Element, StanzaTree, Writer, ns, read_command};
use super::messaging::MessageOptions;

/// So many payloads of a message are handed out.
const MOST: usize = 64;

#[derive(Default)]
pub(crate) struct Custom {
    /// Of the extensions that the app brings.
    namespaces: Vec<String>,
}

impl Custom {
    /// Replaces the namespaces of the app's extensions.
    pub(crate) fn extend(&mut self, namespaces: Vec<String>) {
        self.namespaces = namespaces;
    }

    fn knows(&self, element: Element<'_>) -> bool {
        self.namespaces.iter().any(|known| known == element.namespace())
    }
}

impl Feature for Custom {
    /// All that nobody else reads.
    fn payloads(&self) -> &'static [&'static str] {
        &[super::ANY]
    }

    fn read_payload(&self, cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        let payloads = &mut message.extend().payloads;
        if payloads.len() < MOST {
            payloads.push(payload.into());
        }
        // The app can make something of it, or has written it.
        message.is_content |= self.knows(payload) || cx.is_writing();
    }

    fn write_payloads(&self, cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        for payload in &options.payloads {
            let document = read_command(payload, &cx.config().limits)?;
            let root = document.root();
            if matches!(root.namespace(), "" | ns::CLIENT) {
                return Err(Error::invalid(format!("the payload <{}> has no namespace of its own", root.name())));
            }
            w.copy(root, root.namespace());
        }
        Ok(!options.payloads.is_empty())
    }

    fn handle_presence(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>) -> Flow {
        if !self.namespaces.is_empty() {
            for payload in stanza.children().filter(|payload| self.knows(*payload)) {
                tell(cx, ExtensionEventKind::Presence, stanza, payload);
            }
        }
        Flow::Continue
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        if !self.knows(payload) {
            return Flow::Continue;
        }
        tell(cx, ExtensionEventKind::Iq, iq, payload);
        Flow::Stop
    }
}

fn tell(cx: &mut Cx<'_>, kind: ExtensionEventKind, stanza: Element<'_>, payload: Element<'_>) {
    let attribute = |name| stanza.attr(name).map(ToOwned::to_owned);
    let from = attribute("from").unwrap_or_else(|| cx.own_bare().to_owned());
    let event =
        ExtensionEvent { kind, from, id: attribute("id"), stanza_type: attribute("type"), payload: StanzaTree::from(payload) };
    cx.emit(Event::Extension(Box::new(event)));
}
