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
#[cfg(feature = "host-meta")]
mod outcome;
#[cfg(feature = "host-meta")]
mod search;
#[cfg(not(feature = "host-meta"))]
#[path = "no_search.rs"]
mod search;
mod uri;

use std::collections::VecDeque;

use self::failure::Try;
pub use self::host_meta::{HOST_META_BYTES, HostMeta, HostMetaFault, HostMetaFormat};
use self::search::Search;
use super::config::Config;
use super::entropy::Ids;
use super::error::{Code, Error};
use super::io::Output;
use super::time::Now;

/// RFC 6120, section 4.9.3.19: at least 2, and no more than 5 in a row.
const MOST_REDIRECTS: u32 = 5;

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
    search: Search,
    /// What became of those that were tried in this attempt.
    tries: Vec<Try>,
}

/// How an endpoint came to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Known,
    Redirect,
    Link,
    Guess,
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
        if named.is_none() {
            Search::check()?;
        }
        self.queue.clear();
        self.tries.clear();
        (self.current, self.search) = (None, Search::default());
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
        self.search.begin(config, ids).map_or(Next::Nothing, Next::Search)
    }

    /// Takes in the answer to a fetch. `true`: the search is over, and there is a next endpoint.
    pub(crate) fn handle_host_meta(
        &mut self,
        now: Now,
        answer: u32,
        fetched: Result<HostMeta, HostMetaFault>,
        config: &Config,
    ) -> bool {
        let found = self.search.handle(now, answer, fetched, config);
        let is_over = found.is_some();
        self.enqueue(found);
        is_over
    }

    pub(crate) fn is_searching(&self) -> bool {
        self.search.is_under_way()
    }

    /// When [`give_up_search`](Self::give_up_search) is due because the better format did not come.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.search.deadline_ms()
    }

    /// Waits for no more answers, and goes on with what came.
    pub(crate) fn give_up_search(&mut self, config: &Config) {
        let found = self.search.give_up(config);
        self.enqueue(found);
    }

    /// Forgets the fetches under way, if there are any.
    pub(crate) fn stop_search(&mut self) -> bool {
        self.search.stop()
    }

    /// How many endpoints share the time that is left: the one under way, and those behind it. What a search will find is estimated.
    pub(crate) fn shares(&self, config: &Config) -> u64 {
        let expected = self.search.expected(self.current.is_none(), config);
        u64::try_from(self.queue.len() + 1 + expected).unwrap_or(u64::MAX)
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
        failure::of(&self.tries, &self.search, last, config)
    }

    fn enqueue(&mut self, found: Option<Vec<(String, Origin)>>) {
        for (url, origin) in found.into_iter().flatten() {
            let is_new = !self.queue.iter().any(|(queued, _)| *queued == url) && !self.tries.iter().any(|tried| tried.url == url);
            if is_new {
                self.queue.push_back((url, origin));
            }
        }
    }
}

/// A server's words, short enough for a message.
fn short(text: &str) -> String {
    const MOST_CHARS: usize = 120;
    match text.char_indices().nth(MOST_CHARS).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => format!("{beginning}…"),
        None => text.to_owned(),
    }
}
