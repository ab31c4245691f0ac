//! The registry of what this client can do. A feature is one file and one line here.

#[cfg(feature = "archive")]
pub(crate) mod archive;
#[cfg(not(feature = "archive"))]
#[path = "no_archive.rs"]
pub(crate) mod archive;
#[cfg(feature = "attachments")]
pub(crate) mod attachments;
#[cfg(feature = "blocking")]
pub(crate) mod blocking;
#[cfg(feature = "caps")]
pub(crate) mod caps;
#[cfg(feature = "carbons")]
pub(crate) mod carbons;
#[cfg(feature = "chat-states")]
pub(crate) mod chat_states;
#[cfg(feature = "custom")]
pub(crate) mod custom;
#[cfg(feature = "disco")]
pub(crate) mod disco;
#[cfg(feature = "receipts")]
pub(crate) mod displayed;
pub(crate) mod duplicates;
#[cfg(feature = "edits")]
pub(crate) mod edits;
#[cfg(feature = "custom")]
pub(crate) mod encryption;
#[cfg(feature = "fallback")]
pub(crate) mod fallback;
#[cfg(feature = "history")]
pub(crate) mod history;
#[cfg(feature = "attachments")]
pub(crate) mod links;
#[cfg(feature = "receipts")]
pub(crate) mod markers;
pub(crate) mod messaging;
pub(crate) mod ping;
pub(crate) mod presence;
#[cfg(feature = "receipts")]
pub(crate) mod receipts;
#[cfg(feature = "replies")]
pub(crate) mod replies;
pub(crate) mod roster;
#[cfg(feature = "text")]
pub(crate) mod text;
#[cfg(feature = "time")]
pub(crate) mod time;
#[cfg(feature = "version")]
pub(crate) mod version;

use std::collections::BinaryHeap;

use super::feature::{Cx, Feature, Flow, Opened};
use super::xml::Element;

/// Among [`Feature::payloads`]: all that no feature before it names.
pub(crate) const ANY: &str = "*";

/// What is switched on by an `<enable/>` along with the binding, where the server offers that (XEP-0386, section 4.1), by namespace.
pub(crate) const SWITCHED_ON: &[&str] = &[
    #[cfg(feature = "carbons")]
    carbons::NS,
];

/// Who looks at what of a message.
struct Reader {
    namespace: &'static str,
    /// Whether another message is inside.
    is_envelope: bool,
    feature: FeatureId,
}

macro_rules! registry {
    ($($(#[$when:meta])* $name:ident: $module:ident::$feature:ident,)*) => {
        /// Names a feature in the request table.
        #[allow(non_camel_case_types, dead_code, reason = "named like the fields; a feature that asks nothing has no use for its name")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FeatureId {
            $($(#[$when])* $name,)*
        }

        /// All features. Commands reach one by its field, with its own type; stanzas reach all in this order.
        pub(crate) struct Features {
            $($(#[$when])* pub(crate) $name: $module::$feature,)*
            /// Who has something in messages, or knows messages inside of messages.
            readers: Vec<Reader>,
        }

        impl Default for Features {
            fn default() -> Self {
                let mut features = Self {
                    $($(#[$when])* $name: Default::default(),)*
                    readers: Vec::new(),
                };
                for id in [$($(#[$when])* FeatureId::$name,)*] {
                    let feature = features.of_id(id);
                    for (all, is_envelope) in [(feature.payloads(), false), (feature.envelopes(), true)] {
                        for namespace in all {
                            features.readers.push(Reader { namespace, is_envelope, feature: id });
                        }
                    }
                }
                features
            }
        }

        impl Features {
            /// Visits every feature until one says [`Flow::Stop`].
            pub(crate) fn each(&mut self, mut visit: impl FnMut(&mut dyn Feature) -> Flow) -> Flow {
                $(
                    $(#[$when])*
                    if visit(&mut self.$name) == Flow::Stop {
                        return Flow::Stop;
                    }
                )*
                Flow::Continue
            }

            pub(crate) fn by_id(&mut self, id: FeatureId) -> &mut dyn Feature {
                match id {
                    $($(#[$when])* FeatureId::$name => &mut self.$name,)*
                }
            }

            fn of_id(&self, id: FeatureId) -> &dyn Feature {
                match id {
                    $($(#[$when])* FeatureId::$name => &self.$name,)*
                }
            }

            /// The first moment at which one of them wants to do something by itself.
            pub(crate) fn deadline_ms(&self) -> Option<u64> {
                let mut first = None;
                $(
                    $(#[$when])*
                    if let Some(due_ms) = self.$name.deadline_ms() {
                        first = Some(first.map_or(due_ms, |first: u64| first.min(due_ms)));
                    }
                )*
                first
            }

            /// What disco#info announces, sorted.
            pub(crate) fn namespaces(&self) -> Vec<&'static str> {
                let mut all = BinaryHeap::new();
                $($(#[$when])* all.extend(self.$name.namespaces());)*
                let mut all = all.into_sorted_vec();
                all.dedup();
                all
            }
        }
    };
}

impl Features {
    /// The feature that knows a child of a message in this namespace.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn reader_of(&self, namespace: &str) -> Option<&dyn Feature> {
        let reader = self
            .readers
            .iter()
            .find(|reader| !reader.is_envelope && (reader.namespace == namespace || reader.namespace == ANY))?;
        Some(self.of_id(reader.feature))
    }

    /// What a child of a message makes of it.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn open<'a>(&mut self, cx: &mut Cx<'_>, child: Element<'a>, stanza: Element<'a>) -> Opened<'a> {
        let namespace = child.namespace();
        for at in 0..self.readers.len() {
            let Some(reader) = self.readers.get(at).filter(|reader| reader.is_envelope && reader.namespace == namespace) else {
                continue;
            };
            let opened = self.by_id(reader.feature).open(cx, child, stanza);
            if !matches!(opened, Opened::Plain) {
                return opened;
            }
        }
        Opened::Plain
    }

    /// Lets those act whose moment has come.
    pub(crate) fn handle_deadlines(&mut self, cx: &mut Cx<'_>) {
        // Put aside, so that the others can ask about it.
        let roster = std::mem::take(&mut self.roster);
        let now_ms = cx.now().mono_ms;
        self.each(|feature| {
            if feature.deadline_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                feature.handle_deadline(cx, &|jid| roster.shows_us_to(jid));
            }
            Flow::Continue
        });
        self.roster = roster;
    }
}

registry! {
    roster: roster::Roster,
    presence: presence::PresenceTracker,
    duplicates: duplicates::Duplicates,
    messaging: messaging::Messaging,
    // Before the archive, which takes every answer of the account's own.
    #[cfg(feature = "history")] history: history::History,
    archive: archive::Archive,
    #[cfg(feature = "carbons")] carbons: carbons::Carbons,
    #[cfg(feature = "edits")] edits: edits::Edits,
    #[cfg(feature = "fallback")] fallbacks: fallback::Fallbacks,
    #[cfg(feature = "replies")] replies: replies::Replies,
    #[cfg(feature = "text")] text: text::AboutText,
    #[cfg(feature = "chat-states")] chat_states: chat_states::ChatStates,
    #[cfg(feature = "receipts")] receipts: receipts::Receipts,
    #[cfg(feature = "receipts")] markers: markers::Markers,
    #[cfg(feature = "receipts")] displayed: displayed::Displayed,
    #[cfg(feature = "disco")] disco: disco::Disco,
    #[cfg(feature = "caps")] caps: caps::Caps,
    #[cfg(feature = "blocking")] blocking: blocking::Blocking,
    #[cfg(feature = "attachments")] attachments: attachments::Attachments,
    #[cfg(feature = "attachments")] links: links::Links,
    #[cfg(feature = "custom")] encryption: encryption::ExplicitEncryption,
    // Behind all others that read payloads: it takes what is left.
    #[cfg(feature = "custom")] custom: custom::Custom,
    ping: ping::Ping,
    #[cfg(feature = "version")] version: version::Version,
    #[cfg(feature = "time")] time: time::EntityTime,
}
