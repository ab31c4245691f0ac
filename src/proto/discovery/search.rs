//! Looking for the server by its domain: host metadata in both formats, fetched at once, and then guesses.

use super::super::config::Config;
use super::super::entropy::Ids;
use super::super::error::Error;
use super::super::io::Output;
use super::super::time::Now;
use super::Origin;
use super::failure::Try;
use super::host_meta::{HostMeta, HostMetaFault, HostMetaFormat};
use super::outcome::{self, Found};

/// How long an XRD with links waits for the JRD, which is preferred: both were asked for at once.
const PREFERENCE_MS: u64 = 300;
/// What servers call their endpoint where nobody said otherwise: Prosody and most documentation, then ejabberd.
const GUESSES: [&str; 2] = ["xmpp-websocket", "ws"];

/// The search of one attempt: ahead, under way, or over.
#[derive(Debug, Default)]
pub(super) struct Search {
    fetches: Option<Fetches>,
    /// The search is over.
    found: Option<Found>,
}

/// Two fetches under way.
#[derive(Debug)]
struct Fetches {
    /// JRD, XRD.
    ids: [u32; 2],
    found: Found,
    /// Links of the XRD, and when they are taken if the JRD still has not come.
    second_best: Option<(Vec<String>, u64)>,
}

impl Search {
    /// Whether an attempt can do without a url.
    pub(super) fn check() -> Result<(), Error> {
        Ok(())
    }

    /// Both fetches, unless there is nothing to be looked for, or not any more.
    pub(super) fn begin(&mut self, config: &Config, ids: &mut Ids) -> Option<Vec<Output>> {
        if config.url.is_some() || self.found.is_some() {
            return None;
        }
        let (jrd, xrd) = (ids.new_number(), ids.new_number());
        self.fetches = Some(Fetches { ids: [jrd, xrd], found: Found::default(), second_best: None });
        let fetch = |(id, format)| Output::FetchHostMeta { id, url: host_meta_url(config, format), format };
        Some([(jrd, HostMetaFormat::Jrd), (xrd, HostMetaFormat::Xrd)].map(fetch).into())
    }

    /// Takes in the answer to a fetch. When the search is over, these are the endpoints.
    pub(super) fn handle(
        &mut self,
        now: Now,
        answer: u32,
        fetched: Result<HostMeta, HostMetaFault>,
        config: &Config,
    ) -> Option<Vec<(String, Origin)>> {
        let fetches = self.fetches.as_mut()?;
        let [jrd, xrd] = fetches.ids;
        let format = match answer {
            _ if answer == jrd => HostMetaFormat::Jrd,
            _ if answer == xrd => HostMetaFormat::Xrd,
            // Of a search that is over.
            _ => return None,
        };
        match (fetches.found.note(format, fetched, config), format) {
            (Some(links), HostMetaFormat::Jrd) => self.conclude(links, config),
            (Some(links), HostMetaFormat::Xrd) if fetches.found.has_answer(HostMetaFormat::Jrd) => self.conclude(links, config),
            (Some(links), HostMetaFormat::Xrd) => {
                fetches.second_best = Some((links, now.mono_ms + PREFERENCE_MS));
                None
            }
            (None, _) if fetches.found.is_complete() => self.give_up(config),
            (None, _) => None,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.fetches.is_some()
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.fetches.as_ref()?.second_best.as_ref().map(|(_, deadline_ms)| *deadline_ms)
    }

    /// Waits for no more answers, and goes on with what came.
    pub(super) fn give_up(&mut self, config: &Config) -> Option<Vec<(String, Origin)>> {
        let links = self.fetches.as_mut()?.second_best.take().map(|(links, _)| links);
        self.conclude(links.unwrap_or_default(), config)
    }

    pub(super) fn stop(&mut self) -> bool {
        self.fetches.take().is_some()
    }

    /// How many endpoints the search will lead to, as an estimate. `is_now`: no endpoint is being tried.
    pub(super) fn expected(&self, is_now: bool, config: &Config) -> usize {
        let is_ahead = config.url.is_none() && self.found.is_none();
        if is_now { GUESSES.len() } else { usize::from(is_ahead) }
    }

    /// The error of an attempt, where it is the search that failed.
    pub(super) fn failure(&self, tries: &[Try], config: &Config) -> Option<Error> {
        self.found.as_ref().map(|found| outcome::nothing_found(tries, found, config))
    }

    /// What became of each fetch.
    pub(super) fn details(&self, config: &Config) -> Vec<String> {
        self.found.iter().flat_map(|found| found.details(config)).collect()
    }

    fn conclude(&mut self, links: Vec<String>, config: &Config) -> Option<Vec<(String, Origin)>> {
        self.found = Some(self.fetches.take()?.found);
        let host = &config.account.domain;
        let mut found: Vec<_> = links.into_iter().map(|url| (url, Origin::Link)).collect();
        for path in GUESSES {
            found.push((format!("wss://{host}/{path}"), Origin::Guess));
        }
        Some(found)
    }
}

/// XEP-0156, section 2.2: MUST be fetched only over HTTPS. The browser turns an internationalised domain into its ASCII form.
pub(super) fn host_meta_url(config: &Config, format: HostMetaFormat) -> String {
    let file = match format {
        HostMetaFormat::Jrd => "host-meta.json",
        HostMetaFormat::Xrd => "host-meta",
    };
    format!("https://{}/.well-known/{file}", config.account.domain)
}
