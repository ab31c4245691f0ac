//! The registry of what this client can do. A feature is one file and one line here.

#[cfg(feature = "archive")]
pub(crate) mod archive;
#[cfg(not(feature = "archive"))]
#[path = "no_archive.rs"]
pub(crate) mod archive;
#[cfg(feature = "attachments")]
pub(crate) mod attachments;
#[cfg(feature = "custom")]
pub(crate) mod custom;
#[cfg(feature = "disco")]
pub(crate) mod disco;
pub(crate) mod duplicates;
#[cfg(feature = "custom")]
pub(crate) mod encryption;
#[cfg(feature = "attachments")]
pub(crate) mod links;
pub(crate) mod messaging;
pub(crate) mod ping;
pub(crate) mod presence;
pub(crate) mod roster;
#[cfg(feature = "time")]
pub(crate) mod time;
#[cfg(feature = "version")]
pub(crate) mod version;

use super::feature::{Feature, Flow};

/// Among [`Feature::payloads`]: all that no feature names.
pub(crate) const ANY: &str = "*";

macro_rules! registry {
    ($($(#[$when:meta])* $name:ident: $module:ident::$feature:ident,)*) => {
        /// Names a feature in the request table.
        #[allow(non_camel_case_types, dead_code, reason = "named like the fields; a feature that asks nothing has no use for its name")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FeatureId {
            $($(#[$when])* $name,)*
        }

        /// All features. Commands reach one by its field, with its own type; stanzas reach all in this order.
        #[derive(Default)]
        pub(crate) struct Features {
            $($(#[$when])* pub(crate) $name: $module::$feature,)*
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

            /// The feature that knows a child of a message in this namespace.
            pub(crate) fn reader_of(&self, namespace: &str) -> Option<&dyn Feature> {
                $(
                    $(#[$when])*
                    if self.$name.payloads().contains(&namespace) {
                        return Some(&self.$name);
                    }
                )*
                if namespace == ANY { None } else { self.reader_of(ANY) }
            }

            /// What disco#info announces, sorted.
            pub(crate) fn namespaces(&self) -> Vec<&'static str> {
                let mut all: Vec<&'static str> = Vec::new();
                $($(#[$when])* all.extend_from_slice(self.$name.namespaces());)*
                all.sort_unstable();
                all.dedup();
                all
            }
        }
    };
}

registry! {
    roster: roster::Roster,
    presence: presence::PresenceTracker,
    duplicates: duplicates::Duplicates,
    messaging: messaging::Messaging,
    archive: archive::Archive,
    #[cfg(feature = "disco")] disco: disco::Disco,
    #[cfg(feature = "attachments")] attachments: attachments::Attachments,
    #[cfg(feature = "attachments")] links: links::Links,
    #[cfg(feature = "custom")] encryption: encryption::ExplicitEncryption,
    #[cfg(feature = "custom")] custom: custom::Custom,
    ping: ping::Ping,
    #[cfg(feature = "version")] version: version::Version,
    #[cfg(feature = "time")] time: time::EntityTime,
}
