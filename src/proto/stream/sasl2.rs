//! SASL2 on the wire (XEP-0388 version 1.0.4): a login, and what is asked for along with it, in one request and one answer.
//!
//! Supported: Bind 2 (XEP-0386 version 1.1.0) with stream management, inline resumption (XEP-0198 version 1.6.3, section 9), tokens
//! (XEP-0484 version 0.2.0), SCRAM upgrades (XEP-0480 version 0.2.0). Deliberately absent: the
//! name of the device, which a page does not know. Bind 2 has no way to ask for a resource: where the app wants a certain one, the binding of RFC 6120
//! follows the login.

use super::Io;
use super::features::Authentication;
use super::keychain::FastToken;
use super::sasl::{TokenMechanism, Upgrade};
use crate::proto::base64;
use crate::proto::error::{Code, Error};
use crate::proto::jids;
use crate::proto::time::parse_timestamp;
use crate::proto::xml::{Element, Writer, ns};

/// XEP-0480, section 3.
const SCRAM_UPGRADE: &str = "urn:xmpp:scram-upgrade:0";

/// What was asked for along with the login. Only that is looked for in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) bind: bool,
    /// Stream management, along with the binding.
    pub(crate) management: bool,
    pub(crate) resumption: bool,
    /// The mechanism of the token that may come.
    pub(crate) token: Option<TokenMechanism>,
}

/// How the login itself is done.
pub(crate) enum Means<'a> {
    /// With a token, used so often by now.
    Token { mechanism: TokenMechanism, count: u32, is_ageing: bool },
    /// With what the user has, or the app.
    Credentials { mechanism: &'a str, upgrades: &'a [Upgrade] },
}

/// Sends `<authenticate/>` with all that the server can do along with it.
pub(crate) fn authenticate(
    means: &Means<'_>,
    initial_response: &[u8],
    offer: &Authentication,
    io: &mut Io<'_>,
) -> Result<Asked, Error> {
    let mut w = begin(means, initial_response, io);
    if let Means::Credentials { upgrades, .. } = means {
        for upgrade in *upgrades {
            w.leaf("upgrade", ns::SASL_UPGRADE, upgrade.task);
        }
    }
    let mut asked = Asked::default();
    let can_resume = io.management.can_resume();
    if can_resume && offer.has_resumption {
        io.management.write_resume(&mut w);
        asked.resumption = true;
    }
    // XEP-0198, section 9.2: next to a resumption, the binding is what happens when that fails. Where the resumption has to wait for the
    // stream features, so has the binding.
    if let Some(bind) = offer.bind.as_ref().filter(|_| io.config.account.resource.is_none() && can_resume == asked.resumption) {
        w.open("bind", ns::BIND2).leaf("tag", ns::BIND2, &io.config.software.name);
        if bind.has_management {
            w.open("enable", ns::SM).attr("resume", "true").close();
            asked.management = true;
        }
        for namespace in &bind.switches {
            w.empty("enable", namespace);
        }
        w.close();
        asked.bind = true;
    }
    match *means {
        Means::Token { mechanism, count, is_ageing } => {
            // XEP-0484, section 3.4: the client MUST say that this is a token.
            w.open("fast", ns::FAST).attr("count", &count.to_string()).close();
            asked.token = Some(mechanism);
            if is_ageing {
                request_token(&mut w, mechanism);
            }
        }
        Means::Credentials { .. } => {
            // XEP-0484, section 3.2: one of the mechanisms that the server offers.
            let is_offered = |mechanism: &TokenMechanism| offer.token_mechanisms.iter().any(|name| name == mechanism.as_str());
            let has_account = io.config.account.local.is_some();
            asked.token = TokenMechanism::ALL.into_iter().find(is_offered).filter(|_| has_account);
            if let Some(mechanism) = asked.token {
                request_token(&mut w, mechanism);
            }
        }
    }
    io.send(w)?;
    Ok(asked)
}

/// Sends the login that makes a token worthless (XEP-0484, section 3.6), and asks for nothing else.
pub(crate) fn invalidate(means: &Means<'_>, initial_response: &[u8], io: &mut Io<'_>) -> Result<(), Error> {
    let mut w = begin(means, initial_response, io);
    if let Means::Token { count, .. } = means {
        w.open("fast", ns::FAST).attr("count", &count.to_string()).attr("invalidate", "true").close();
    }
    io.send(w)
}

fn begin(means: &Means<'_>, initial_response: &[u8], io: &mut Io<'_>) -> Writer {
    let mechanism = match means {
        Means::Token { mechanism, .. } => mechanism.as_str(),
        Means::Credentials { mechanism, .. } => mechanism,
    };
    let id = io.keychain.user_agent_id(io.ids);
    let mut w = Writer::new();
    w.open("authenticate", ns::SASL2).attr("mechanism", mechanism);
    // Section 2.2: an element with nothing in it is a response of no bytes.
    w.leaf("initial-response", ns::SASL2, &base64::encode(initial_response));
    w.open("user-agent", ns::SASL2).attr("id", &id).leaf("software", ns::SASL2, &io.config.software.name).close();
    w
}

fn request_token(w: &mut Writer, mechanism: TokenMechanism) {
    w.open("request-token", ns::FAST).attr("mechanism", mechanism.as_str()).close();
}

/// Chooses a task (section 2.6.3).
pub(crate) fn next(task: &str) -> Writer {
    let mut w = Writer::new();
    w.open("next", ns::SASL2).attr("task", task);
    w
}

/// Gives up (section 4.5).
pub(crate) fn abort() -> Writer {
    let mut w = Writer::new();
    w.open("abort", ns::SASL2);
    w
}

/// The names of the tasks in a `<continue/>`.
pub(crate) fn tasks(element: Element<'_>) -> impl Iterator<Item = String> {
    let tasks = element.child("tasks", ns::SASL2).into_iter().flat_map(Element::children);
    tasks.filter(|task| task.is("task", ns::SASL2)).map(|task| task.text().trim().to_owned())
}

/// The salt and the iteration count of an upgrade (XEP-0480, section 3).
pub(crate) fn read_salt(task_data: Element<'_>) -> Option<(String, String)> {
    let salt = task_data.child("salt", SCRAM_UPGRADE)?;
    Some((salt.text().trim().to_owned(), salt.attr("iterations")?.to_owned()))
}

/// The salted password of an upgrade.
pub(crate) fn write_hash(key: &[u8]) -> Writer {
    let mut w = Writer::new();
    w.open("task-data", ns::SASL2).leaf("hash", SCRAM_UPGRADE, &base64::encode(key));
    w
}

/// What came along with the success, of what was asked for.
pub(crate) struct Success<'a> {
    pub(crate) token: Option<FastToken>,
    pub(crate) resumed: Option<Element<'a>>,
    pub(crate) not_resumed: Option<Element<'a>>,
    /// The full JID, and the answer to the request for stream management.
    pub(crate) bound: Option<(String, Option<Element<'a>>)>,
}

impl<'a> Success<'a> {
    /// Reads it by hand: the typed form drops what stands in `<bound/>`. Only after the server has proved itself.
    pub(crate) fn read(success: Element<'a>, asked: Asked) -> Result<Self, Error> {
        let sm = |name| success.child(name, ns::SM).filter(|_| asked.resumption);
        let bound = match success.child("bound", ns::BIND2).filter(|_| asked.bind) {
            // XEP-0386, section 3.2: the answer to a request for stream management MUST be in it. Where there is none, there is no stream management.
            Some(bound) => Some((read_jid(success)?, bound.children().find(|child| child.namespace() == ns::SM))),
            None => None,
        };
        let token = success.child("token", ns::FAST).zip(asked.token).and_then(|(token, mechanism)| {
            let secret = token.attr("token").filter(|secret| !secret.is_empty())?;
            Some(FastToken::new(mechanism, secret.to_owned(), token.attr("expiry").and_then(parse_timestamp)))
        });
        Ok(Self { token, resumed: sm("resumed"), not_resumed: sm("failed"), bound })
    }
}

/// XEP-0386, section 3.2: after a binding the authorization identifier is the full JID.
fn read_jid(success: Element<'_>) -> Result<String, Error> {
    let identifier = success.child("authorization-identifier", ns::SASL2).map(Element::text).unwrap_or_default();
    jids::normal_full(identifier.trim())
        .map_err(|why| Error::new(Code::ProtocolError, format!("the server bound a resource and did not say which: {why}")))
}
