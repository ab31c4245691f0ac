//! What host metadata had to say, and the error where no server was found.

use super::super::config::Config;
use super::super::error::{Code, Error};
use super::failure::{self, Try};
use super::host_meta::{self, Fruitless, HostMeta, HostMetaFault, HostMetaFormat};
use super::search::host_meta_url;

/// What host metadata had to say.
#[derive(Debug, Default)]
pub(super) struct Found {
    jrd: Option<Outcome>,
    xrd: Option<Outcome>,
}

#[derive(Debug)]
enum Outcome {
    Links,
    Fruitless(Fruitless),
    Fault(HostMetaFault),
}

impl Found {
    /// Notes an answer, and returns the endpoints in it.
    pub(super) fn note(
        &mut self,
        format: HostMetaFormat,
        fetched: Result<HostMeta, HostMetaFault>,
        config: &Config,
    ) -> Option<Vec<String>> {
        let (outcome, links) = match fetched {
            Ok(meta) => match host_meta::endpoints(&meta, config) {
                Ok(links) => (Outcome::Links, Some(links)),
                Err(fruitless) => (Outcome::Fruitless(fruitless), None),
            },
            Err(fault) => (Outcome::Fault(fault), None),
        };
        match format {
            HostMetaFormat::Jrd => self.jrd = Some(outcome),
            HostMetaFormat::Xrd => self.xrd = Some(outcome),
        }
        links
    }

    pub(super) fn has_answer(&self, format: HostMetaFormat) -> bool {
        match format {
            HostMetaFormat::Jrd => self.jrd.is_some(),
            HostMetaFormat::Xrd => self.xrd.is_some(),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.jrd.is_some() && self.xrd.is_some()
    }

    fn outcomes(&self) -> [(HostMetaFormat, Option<&Outcome>); 2] {
        [(HostMetaFormat::Jrd, self.jrd.as_ref()), (HostMetaFormat::Xrd, self.xrd.as_ref())]
    }

    /// What became of each fetch.
    pub(super) fn details(&self, config: &Config) -> [String; 2] {
        self.outcomes().map(|(format, outcome)| format!("{} {}", host_meta_url(config, format), describe(outcome)))
    }
}

/// The error of an attempt that had nothing but host metadata and guesses.
pub(super) fn nothing_found(tries: &[Try], found: &Found, config: &Config) -> Error {
    let [jrd, xrd] = found.outcomes();
    // The format that is closer to an answer says more; of two alike the first.
    let (format, outcome) = if weight(xrd.1) > weight(jrd.1) { xrd } else { jrd };
    let why = describe(outcome);
    let urls: Vec<&str> = tries.iter().map(|tried| tried.url.as_str()).collect();
    let message = format!("no server was found for {}: {} {why}", config.account.domain, host_meta_url(config, format));
    let mut error = Error::new(Code::DiscoveryFailed, message).remedy(remedy(outcome, config));
    if let (false, Some(remediation)) = (urls.is_empty(), &mut error.remediation) {
        remediation.push_str(&format!(" Tried without it: {}.", urls.join(", ")));
    }
    error.because(failure::details(tries, found.details(config)))
}

/// How much an outcome explains: from a silent network to a document that only lacks a link.
fn weight(outcome: Option<&Outcome>) -> u8 {
    match outcome {
        Some(Outcome::Links) => 0,
        None => 1,
        Some(Outcome::Fault(HostMetaFault::Unreachable)) => 2,
        Some(Outcome::Fault(HostMetaFault::Status(_))) => 3,
        Some(Outcome::Fault(HostMetaFault::TooLarge | HostMetaFault::Unreadable(_)) | Outcome::Fruitless(Fruitless::NotXrd)) => 4,
        Some(Outcome::Fault(HostMetaFault::CorsMissing)) => 5,
        Some(Outcome::Fruitless(_)) => 6,
        Some(Outcome::Fault(HostMetaFault::Offline)) => 7,
    }
}

fn describe(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => "gave no answer in time".to_owned(),
        Some(Outcome::Links) => "names endpoints".to_owned(),
        Some(Outcome::Fruitless(Fruitless::NotXrd)) => "is no XRD document".to_owned(),
        Some(Outcome::Fruitless(Fruitless::NoLink)) => "names no WebSocket endpoint".to_owned(),
        Some(Outcome::Fruitless(Fruitless::NoUsableLink(why))) => format!("names no endpoint that can be used ({why})"),
        Some(Outcome::Fault(HostMetaFault::Offline)) => "cannot be fetched: the browser is offline".to_owned(),
        Some(Outcome::Fault(HostMetaFault::Unreachable)) => "cannot be reached".to_owned(),
        Some(Outcome::Fault(HostMetaFault::CorsMissing)) => "is there, but the server does not let web pages read it".to_owned(),
        Some(Outcome::Fault(HostMetaFault::Status(status))) => format!("answered with HTTP status {status}"),
        Some(Outcome::Fault(HostMetaFault::TooLarge)) => "is too large".to_owned(),
        Some(Outcome::Fault(HostMetaFault::Unreadable(what))) => format!("cannot be read: {what}"),
    }
}

fn remedy(outcome: Option<&Outcome>, config: &Config) -> String {
    let domain = &config.account.domain;
    match outcome {
        Some(Outcome::Fault(HostMetaFault::Offline)) => "Connect again when the network is back.".to_owned(),
        Some(Outcome::Fault(HostMetaFault::CorsMissing)) => format!(
            "Have https://{domain}/.well-known/host-meta and host-meta.json served with the header Access-Control-Allow-Origin: *, or pass url."
        ),
        None | Some(Outcome::Fault(HostMetaFault::Unreachable)) => format!(
            "Check the domain of the jid, that https://{domain} runs with a valid certificate, and that a Content-Security-Policy \
             allows it in connect-src; or pass url."
        ),
        Some(_) => format!(
            "Have https://{domain}/.well-known/host-meta.json served with a link whose rel is urn:xmpp:alt-connections:websocket and whose \
             href starts with wss:// (XEP-0156), or pass url (Prosody: wss://host:5281/xmpp-websocket, ejabberd: wss://host:5443/ws)."
        ),
    }
}
