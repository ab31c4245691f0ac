//! Message replies (XEP-0461, version 0.2.1).
//!
//! Supported: both ways, with the quote for those who do not know them, which `fallback` takes out again. What is quoted is the app's
//! business, and what is referred to as well: nothing is said of whether there is such a message.

use super::super::error::Error;
use super::super::event::{Message, ReplyTo};
use super::super::fallback;
use super::super::feature::{Cx, Feature};
use super::super::jids;
use super::super::json::Fields;
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

#[derive(Default)]
pub(crate) struct Replies {}

/// What a message of ours answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyOptions {
    /// The one of its ids by which others know it: XEP-0461, section 4.1.
    pub id: String,
    /// Who wrote it.
    pub to: Option<String>,
    /// Where the quote ends that each body begins with, in code points.
    pub quote_end: Option<u32>,
}

impl ReplyOptions {
    /// As a page has them.
    pub(crate) fn read(options: Fields<'_>) -> Option<Self> {
        options.read(|fields| Some(Self { id: fields.text("id")?, to: fields.text("to"), quote_end: fields.number("quoteEnd") }))
    }
}

impl Feature for Replies {
    fn namespaces(&self) -> &'static [&'static str] {
        &[ns::REPLY]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[ns::REPLY]
    }

    fn read_payload(&self, _cx: &Cx<'_>, payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        let id = payload.attr("id").filter(|id| !id.is_empty() && payload.name() == "reply");
        if let Some(id) = id {
            let to = payload.attr("to").filter(|to| !to.is_empty()).map(ToOwned::to_owned);
            message.extend().reply_to = Some(ReplyTo { id: id.to_owned(), to });
        }
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let Some(ReplyOptions { id, to, quote_end }) = &options.reply_to else { return Ok(false) };
        let to = to.as_deref().map(|to| jids::normalise("replyTo.to", to)).transpose()?;
        w.open("reply", ns::REPLY).attr_opt("to", to.as_deref()).attr("id", id).close();
        if let Some(end) = quote_end {
            fallback::write(w, ns::REPLY, Some(*end as usize));
        }
        Ok(true)
    }
}
