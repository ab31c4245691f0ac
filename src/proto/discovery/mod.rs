//! Finding the server (XEP-0156, version 1.4.0), and which endpoint is tried next.
//!
//! ```text
//!  begin ──▶ where the server sent us, where we were last, url of the config
//!                │ none left, and no url was given
//!                ▼
//!            Searching ──▶ links of host-meta.json, else of host-meta ──▶ wss://domain/xmpp-websocket, wss://domain/ws
//!                                                                                │ none left
//!                                                                                ▼
//!                                                                             failure
//! ```
//!
//! Supported: both formats of host metadata, fetched at once; `see-other-uri` and `see-other-host` (a URI of a WebSocket). Deliberately absent:
//! BOSH links, DNS (a page cannot ask, and the records of old versions were a hole), and memory beyond this client: the browser's HTTP cache
//! does that, as the domain wants it.

mod failure;
mod host_meta;
mod uri;

use std::collections::VecDeque;

use self::failure::{Found, Try};
pub use self::host_meta::{HOST_META_BYTES, HostMeta, HostMetaFault, HostMetaFormat, Link};
use super::config::Config;
use super::entropy::Ids;
use super::error::{Code, Error};
use super::io::Output;
use super::time::Now;

/// RFC 6120, section 4.9.3.19: at least 2, and no more than 5 in a row.
const MOST_REDIRECTS: u32 = 5;
/// How long an XRD with links waits for the JRD, which is preferred: both were asked for at once.
const PREFERENCE_MS: u64 = 300;

/// All endpoints of an account: known, found, guessed.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// Where the server was found and a login succeeded. Outlives the session.
    home: Option<String>,
    /// Where the server sent the session. Ends with it.
    moved: Option<String>,
    /// Followed in a row.
    redirects: u32,
    /// Still to be tried in this attempt.
    queue: VecDeque<(String, Origin)>,
    current: Option<(String, Origin)>,
    search: Option<Search>,
    /// What became of those that were tried in this attempt.
    tries: Vec<Try>,
    found: Option<Found>,
}

/// How an endpoint came to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Known,
    Redirect,
    Link,
    Guess,
}

/// Two fetches under way.
#[derive(Debug)]
struct Search {
    /// The ids of the fetches: JRD, XRD.
    ids: [u32; 2],
    found: Found,
    /// Links of the XRD, and when they are taken if the JRD still has not come.
    second_best: Option<(Vec<String>, u64)>,
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Next {
    Open(String),
    /// Both fetches.
    Search(Vec<Output>),
    Nothing,
}

impl Endpoints {
    /// Starts an attempt. The error is the caller's: a url that may not be used.
    pub(crate) fn begin(&mut self, config: &Config) -> Result<(), Error> {
        let named = config.endpoint()?;
        self.queue.clear();
        self.tries.clear();
        (self.current, self.search, self.found) = (None, None, None);
        for (url, origin) in [(&self.moved, Origin::Redirect), (&self.home, Origin::Known), (&named, Origin::Known)] {
            if let Some(url) = url.as_ref().filter(|url| !self.queue.iter().any(|(queued, _)| queued == *url)) {
                self.queue.push_back((url.clone(), origin));
            }
        }
        Ok(())
    }

    /// Goes on to the next endpoint, or looks for more.
    pub(crate) fn next(&mut self, config: &Config, ids: &mut Ids) -> Next {
        self.current = self.queue.pop_front();
        if let Some((url, _)) = &self.current {
            return Next::Open(url.clone());
        }
        if config.url.is_some() || self.found.is_some() {
            return Next::Nothing;
        }
        let (jrd, xrd) = (ids.new_number(), ids.new_number());
        self.search = Some(Search { ids: [jrd, xrd], found: Found::default(), second_best: None });
        let fetch = |(id, format)| Output::FetchHostMeta { id, url: host_meta_url(config, format), format };
        Next::Search([(jrd, HostMetaFormat::Jrd), (xrd, HostMetaFormat::Xrd)].map(fetch).into())
    }

    /// Takes in the answer to a fetch. `true`: the search is over, and there is a next endpoint.
    pub(crate) fn handle_host_meta(
        &mut self,
        now: Now,
        answer: u32,
        fetched: Result<HostMeta, HostMetaFault>,
        config: &Config,
    ) -> bool {
        let Some(search) = &mut self.search else { return false };
        let [jrd, xrd] = search.ids;
        let format = match answer {
            _ if answer == jrd => HostMetaFormat::Jrd,
            _ if answer == xrd => HostMetaFormat::Xrd,
            // Of a search that is over.
            _ => return false,
        };
        match (search.found.note(format, fetched, config), format) {
            (Some(links), HostMetaFormat::Jrd) => self.conclude(links, config),
            (Some(links), HostMetaFormat::Xrd) if search.found.has_answer(HostMetaFormat::Jrd) => self.conclude(links, config),
            (Some(links), HostMetaFormat::Xrd) => search.second_best = Some((links, now.mono_ms + PREFERENCE_MS)),
            (None, _) if search.found.is_complete() => {
                let links = search.second_best.take().map(|(links, _)| links).unwrap_or_default();
                self.conclude(links, config);
            }
            (None, _) => {}
        }
        self.search.is_none()
    }

    pub(crate) fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// When [`give_up_search`](Self::give_up_search) is due because the better format did not come.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.search.as_ref().and_then(|search| search.second_best.as_ref()).map(|(_, deadline_ms)| *deadline_ms)
    }

    /// Waits for no more answers, and goes on with what came.
    pub(crate) fn give_up_search(&mut self, config: &Config) {
        if let Some(search) = &mut self.search {
            let links = search.second_best.take().map(|(links, _)| links).unwrap_or_default();
            self.conclude(links, config);
        }
    }

    /// Forgets the fetches under way, if there are any.
    pub(crate) fn stop_search(&mut self) -> bool {
        self.search.take().is_some()
    }

    /// How many endpoints share the time that is left: the one under way, and those behind it. What a search will find is estimated.
    pub(crate) fn shares(&self, config: &Config) -> u64 {
        let is_search_ahead = config.url.is_none() && self.found.is_none();
        let expected = match &self.current {
            Some(_) => 1 + usize::from(is_search_ahead),
            None => 1 + GUESSES.len(),
        };
        u64::try_from(self.queue.len() + expected).unwrap_or(u64::MAX)
    }

    /// The endpoint under way led nowhere. `is_open`: there was a WebSocket that agreed on XMPP.
    pub(crate) fn fail(&mut self, error: &Error, is_open: bool) {
        let Some((url, origin)) = self.current.take() else { return };
        // Home stays the first to be tried until another one lets us in: the domain's host metadata may be down as well.
        self.moved.take_if(|moved| *moved == url);
        self.tries.push(Try { url, origin, is_open, error: error.clone() });
    }

    /// The endpoint under way let us in.
    pub(crate) fn remember(&mut self) {
        match &self.current {
            Some((url, Origin::Redirect)) => self.moved = Some(url.clone()),
            Some((url, _)) => self.home = Some(url.clone()),
            None => {}
        }
    }

    /// The session is over.
    pub(crate) fn forget_session(&mut self) {
        self.moved = None;
    }

    /// Whatever the server says next is no loop: the attempt is a new one, or the session has been online for a while.
    pub(crate) fn forget_redirects(&mut self) {
        self.redirects = 0;
    }

    /// The server sends us elsewhere (RFC 7395, section 3.6.1): that is the next endpoint.
    pub(crate) fn redirect(&mut self, target: &str, config: &Config) -> Result<(), Error> {
        let shown = short(target);
        let from = self.current.as_ref().map_or("", |(url, _)| url.as_str());
        let url = uri::read_redirect(target, from, config).map_err(|why| {
            Error::new(Code::ProtocolError, format!("the server asks to connect to {shown} instead, which is not done: {why}"))
                .remedy("Tell the server's operator; or pass the url of another endpoint.")
        })?;
        if self.redirects == MOST_REDIRECTS {
            return Err(Error::new(
                Code::ConnectionFailed,
                format!("the server asks to connect to {shown} instead, after {MOST_REDIRECTS} times in a row"),
            )
            .remedy("Tell the server's operator: its endpoints send clients around."));
        }
        self.redirects += 1;
        self.moved = Some(url.clone());
        self.queue.retain(|(queued, _)| *queued != url);
        self.queue.push_front((url, Origin::Redirect));
        Ok(())
    }

    /// The error of an attempt whose last endpoint failed with `last`.
    pub(crate) fn failure(&self, last: Error, config: &Config) -> Error {
        failure::of(&self.tries, self.found.as_ref(), last, config)
    }

    fn conclude(&mut self, links: Vec<String>, config: &Config) {
        let Some(search) = self.search.take() else { return };
        let host = &config.account.domain;
        let guesses = GUESSES.map(|path| (format!("wss://{host}/{path}"), Origin::Guess));
        for (url, origin) in links.into_iter().map(|url| (url, Origin::Link)).chain(guesses) {
            let is_new = !self.queue.iter().any(|(queued, _)| *queued == url) && !self.tries.iter().any(|tried| tried.url == url);
            if is_new {
                self.queue.push_back((url, origin));
            }
        }
        self.found = Some(search.found);
    }
}

/// What servers call their endpoint where nobody said otherwise: Prosody and most documentation, then ejabberd.
const GUESSES: [&str; 2] = ["xmpp-websocket", "ws"];

/// XEP-0156, section 2.2: MUST be fetched only over HTTPS. The browser turns an internationalised domain into its ASCII form.
fn host_meta_url(config: &Config, format: HostMetaFormat) -> String {
    let file = match format {
        HostMetaFormat::Jrd => "host-meta.json",
        HostMetaFormat::Xrd => "host-meta",
    };
    format!("https://{}/.well-known/{file}", config.account.domain)
}

/// A server's words, short enough for a message.
fn short(text: &str) -> String {
    const MOST_CHARS: usize = 120;
    if text.chars().nth(MOST_CHARS).is_none() { text.to_owned() } else { text.chars().take(MOST_CHARS).chain(['…']).collect() }
}
