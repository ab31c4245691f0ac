//! Entity capabilities: a hash of what a client can do, in each of its presences. XEP-0115, version 1.6.0, and XEP-0390, version 0.3.2; both are
//! sent, and of what others send the second is preferred, since in the hash of the first not everything has its place (XEP-0115, section 8.3).
//!
//! Not here: what a server says of itself in the stream's features, and leaving the element out where a server fills it in (`caps#optimize`).

mod hash;
mod info;

use std::sync::{Arc, OnceLock};

use self::hash::Method;
pub use self::info::{DiscoForm, DiscoIdentity, DiscoInfo};
use super::config::Config;
use super::xml::{Element, Writer};

const NS_1: &str = "http://jabber.org/protocol/caps";
const NS_2: &str = "urn:xmpp:caps";
const HASHES: &str = "urn:xmpp:hashes:2";
/// XEP-0390, section 4.3.
const NODES_2: &str = "urn:xmpp:caps#sha-256.";

/// Whose software this is (XEP-0115, section 4).
const SOFTWARE: &str = "https://www.npmjs.com/package/waxwing";

/// A longer name of what a client can do is none.
const MOST_BYTES: usize = 1024;

/// What somebody's presence says of what their client can do.
#[derive(Debug, PartialEq)]
pub(crate) struct Advert {
    method: Method,
    /// Of service discovery, where the whole of it is to be had. It ends with the hash.
    node: String,
    hash_at: usize,
    /// What this very client has answered, where that is good for nobody else.
    answer: OnceLock<Arc<DiscoInfo>>,
}

impl Advert {
    /// If the child of a presence is one, it takes the place of what is less good.
    pub(crate) fn hear(heard: &mut Option<Arc<Self>>, child: Element<'_>) {
        if heard.as_ref().is_none_or(|heard| heard.method != Method::Structured)
            && let Some(advert) = Self::read(child)
        {
            *heard = Some(Arc::new(advert));
        }
    }

    fn read(child: Element<'_>) -> Option<Self> {
        let (method, hash_at, node) = match child.namespace() {
            NS_1 => {
                let (node, ver) = (child.attr("node")?, child.attr("ver")?);
                // Section 5.4, rule 1: without `hash` it is of another kind, which says nothing that could be checked.
                let method = Method::legacy(child.attr("hash")?);
                (method, node.len() + 1, [node, "#", ver].concat())
            }
            NS_2 => {
                let is_known = |hash: &Element<'_>| hash.is("hash", HASHES) && hash.attr("algo") == Some("sha-256");
                let hash = child.children().find(is_known)?.text();
                (Method::Structured, NODES_2.len(), [NODES_2, hash.trim()].concat())
            }
            _ => return None,
        };
        (node.len() <= MOST_BYTES).then(|| Self { method, node, hash_at, answer: OnceLock::new() })
    }

    /// A server may leave out what has not changed: it holds until something else is said (XEP-0115, section 7.4).
    pub(crate) fn inherit<'a>(heard: &mut Option<Arc<Self>>, before: impl FnOnce() -> Option<&'a Arc<Self>>) {
        if heard.is_none() {
            *heard = before().cloned();
        }
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// Under which an answer is kept for all who say the same. Whose software it is does not matter.
    pub(crate) fn key(&self) -> Option<String> {
        let hash = self.node.get(self.hash_at..)?;
        self.method.name().map(|method| format!("{method} {hash}"))
    }

    /// What is said in the answer to [`node`](Self::node), if the hash stands for it: XEP-0115, section 5.4, rule 3, and XEP-0390, section 4.4.
    pub(crate) fn verified(&self, query: Element<'_>) -> Option<DiscoInfo> {
        let hash = self.node.get(self.hash_at..)?;
        // XEP-0390, section 4.1: a language that is inherited counts. What a server stamps on a stanza, the client did not know, and in
        // XEP-0115 it is not mentioned; so either will do, and it is what goes into the hash that is believed.
        [Element::own_lang, Element::lang].into_iter().find_map(|lang_of| {
            let info = DiscoInfo::read(query, lang_of);
            (self.method.hash(&info)? == hash).then(|| info.hashed())
        })
    }

    /// What this very client has answered before.
    pub(crate) fn answer(&self) -> Option<&Arc<DiscoInfo>> {
        self.answer.get()
    }

    pub(crate) fn keep_answer(&self, info: &Arc<DiscoInfo>) {
        self.answer.get_or_init(|| info.clone());
    }
}

/// What our presences say: the same for as long as there is the client.
#[derive(Debug, Default)]
pub(crate) struct OwnCaps {
    ver: String,
    hash: String,
}

impl OwnCaps {
    pub(crate) fn new(config: &Config, announced: &[&'static str]) -> Self {
        let info = DiscoInfo::ours(&config.software.name, announced);
        let hash = |method: Method| method.hash(&info).unwrap_or_default();
        Self { ver: hash(Method::legacy("sha-1")), hash: hash(Method::Structured) }
    }

    /// Tells one from another.
    pub(crate) fn mark(&self) -> &str {
        &self.hash
    }

    /// Whether whoever asks about the node has it from us.
    pub(crate) fn has_node(&self, node: &str) -> bool {
        node.strip_prefix(NODES_2) == Some(&*self.hash)
            || node.strip_prefix(SOFTWARE).and_then(|rest| rest.strip_prefix('#')) == Some(&*self.ver)
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        if self.ver.is_empty() {
            return;
        }
        w.open("c", NS_1).attr("hash", "sha-1").attr("node", SOFTWARE).attr("ver", &self.ver).close();
        w.open("c", NS_2).open("hash", HASHES).attr("algo", "sha-256").text(&self.hash).close().close();
    }
}

#[cfg(test)]
mod tests;
