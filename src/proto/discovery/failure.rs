//! The one error of an attempt that tried several things: what is most telling about it, and what was tried.

use super::super::config::Config;
use super::super::error::{Code, Error};
use super::Origin;
use super::search::Search;

/// An endpoint that led nowhere.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) url: String,
    pub(super) origin: Origin,
    /// There was a WebSocket that agreed on XMPP.
    pub(super) is_open: bool,
    pub(super) error: Error,
}

/// The error of the attempt. Where a server was found it is that server's; where none was, `discovery-failed`.
///
/// An endpoint that somebody named says more than one that was guessed, and one that spoke more than one that was silent.
pub(super) fn of(tries: &[Try], search: &Search, last: Error, config: &Config) -> Error {
    let is_named = |tried: &&Try| tried.origin != Origin::Guess;
    let telling = tries.iter().filter(is_named).find(|tried| tried.is_open).or_else(|| tries.iter().find(is_named));
    let telling = telling.or_else(|| tries.iter().find(|tried| tried.is_open));
    let mut error = match telling {
        Some(telling) => telling.error.clone(),
        None => match search.failure(tries, config) {
            Some(error) => return error,
            None => last,
        },
    };
    if tries.len() > 1 {
        let urls: Vec<&str> = tries.iter().map(|tried| tried.url.as_str()).collect();
        let tried = format!("Tried: {}.", urls.join(", "));
        error.remediation = Some(match error.remediation.take() {
            Some(remediation) => format!("{remediation} {tried}"),
            None => tried,
        });
        error.cause.get_or_insert_with(|| details(tries, search.details(config)));
    }
    error
}

/// Everything that was tried, in order, with what became of it: `fetched`, and the endpoints.
pub(super) fn details(tries: &[Try], fetched: impl IntoIterator<Item = String>) -> Error {
    let tried = tries.iter().map(|tried| format!("{}: {}", tried.url, tried.error.message));
    let lines: Vec<String> = fetched.into_iter().chain(tried).collect();
    Error::new(Code::ConnectionFailed, lines.join("; "))
}
