//! The registry of what this client can do. A feature is one file and one line here.

pub(crate) mod archive;
pub(crate) mod disco;
pub(crate) mod duplicates;
pub(crate) mod messaging;
pub(crate) mod ping;
pub(crate) mod presence;
pub(crate) mod roster;
pub(crate) mod time;
pub(crate) mod version;

use super::feature::{Feature, Flow};

macro_rules! registry {
    ($($name:ident: $module:ident::$feature:ident,)*) => {
        /// Names a feature in the request table.
        #[allow(non_camel_case_types, dead_code, reason = "named like the fields; a feature that asks nothing has no use for its name")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FeatureId {
            $($name,)*
        }

        /// All features. Commands reach one by its field, with its own type; stanzas reach all in this order.
        #[derive(Default)]
        pub(crate) struct Features {
            $(pub(crate) $name: $module::$feature,)*
        }

        impl Features {
            /// Visits every feature until one says [`Flow::Stop`].
            pub(crate) fn each(&mut self, mut visit: impl FnMut(&mut dyn Feature) -> Flow) -> Flow {
                $(if visit(&mut self.$name) == Flow::Stop {
                    return Flow::Stop;
                })*
                Flow::Continue
            }

            pub(crate) fn by_id(&mut self, id: FeatureId) -> &mut dyn Feature {
                match id {
                    $(FeatureId::$name => &mut self.$name,)*
                }
            }

            /// What disco#info announces, sorted.
            pub(crate) fn namespaces(&self) -> Vec<&'static str> {
                let mut all: Vec<&'static str> = Vec::new();
                $(all.extend_from_slice(self.$name.namespaces());)*
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
    disco: disco::Disco,
    ping: ping::Ping,
    version: version::Version,
    time: time::EntityTime,
}
