//! What a message says about its text: attention (XEP-0224, version 1.0), spoilers (XEP-0382, version 0.2.0), processing hints (XEP-0334,
//! version 1.0.0), and that it is not styled (XEP-0393, version 1.1.1).
//!
//! Supported: all four both ways. A hint of a spoiler is read in the language that fits best, and written in that of the message.
//!
//! Not here: what styles a text has, which the package reads for those who want it (`styling.js`); whose calls for attention are heard, which is
//! the app's to say (XEP-0224, section 7).

use super::super::error::Error;
use super::super::event::{Hint, Message, MessageType};
use super::super::feature::{Cx, Feature};
use super::super::jids;
use super::super::texts::Texts;
use super::super::xml::{Element, Writer};
use super::messaging::MessageOptions;

const ATTENTION: &str = "urn:xmpp:attention:0";
const SPOILER: &str = "urn:xmpp:spoiler:0";
const HINTS: &str = "urn:xmpp:hints";
const STYLING: &str = "urn:xmpp:styling:0";

const ALL_HINTS: [Hint; 4] = [Hint::NoStore, Hint::NoCopy, Hint::NoPermanentStore, Hint::Store];

#[derive(Default)]
pub(crate) struct AboutText {}

impl Feature for AboutText {
    fn namespaces(&self) -> &'static [&'static str] {
        &[ATTENTION, SPOILER, STYLING]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[ATTENTION, SPOILER, HINTS, STYLING]
    }

    fn read_payload(&self, cx: &Cx<'_>, payload: Element<'_>, stanza: Element<'_>, message: &mut Message) {
        match (payload.name(), payload.namespace()) {
            // XEP-0224, section 4: not for what is delayed; it is about now.
            ("attention", ATTENTION) if !message.is_delayed && !cx.is_from_archive() && message.kind != MessageType::Error => {
                message.extend().attention = true;
                message.is_content = true;
            }
            ("spoiler", SPOILER) if message.extend().spoiler.is_none() => {
                let mut texts = Texts::default();
                for spoiler in stanza.children().filter(|child| child.is("spoiler", SPOILER)) {
                    texts.push(spoiler);
                }
                let preferred = cx.config().language.as_deref();
                message.extend().spoiler = Some(texts.best(preferred).unwrap_or_default().trim().to_owned());
            }
            // XEP-0334, section 5: those of a message that bounced say nothing of its error.
            (name, HINTS) if message.kind != MessageType::Error => {
                let hint = ALL_HINTS.into_iter().find(|hint| hint.as_str() == name);
                let hints = &mut message.extend().hints;
                hints.extend(hint.filter(|hint| !hints.contains(hint)));
            }
            ("unstyled", STYLING) => message.extend().unstyled = true,
            _ => {}
        }
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let MessageOptions { attention, spoiler, hints, unstyled, .. } = options;
        // XEP-0334, section 4.3.
        if hints.contains(&Hint::NoCopy) && jids::resource(&options.to).is_none() {
            return Err(Error::invalid("the hint no-copy is for full JIDs only").remedy("Send it to one of their devices."));
        }
        if *attention {
            w.empty("attention", ATTENTION);
        }
        if let Some(hint) = spoiler {
            w.leaf("spoiler", SPOILER, hint);
        }
        for hint in hints {
            w.empty(hint.as_str(), HINTS);
        }
        if *unstyled {
            w.empty("unstyled", STYLING);
        }
        Ok(*attention || spoiler.is_some() || !hints.is_empty() || *unstyled)
    }
}
