//! What `waxwing-unicode` makes of all of Unicode. tests/browser/unicode.test.mjs runs it natively, by the tables of `jid` and `stringprep`,
//! and as WebAssembly in browsers, and compares. First the sums over blocks of code points, then what is in the blocks that differ.

#[path = "../../unicode/src/corpus.rs"]
mod corpus;

use corpus::{CONTEXTS, Context, DOMAIN_CONTEXTS, JIDS, is_in_a_plane_of_characters, is_put_among_others};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Code points of a block.
const BLOCK: u32 = 256;

/// A part of a JID, or a password, with a code point in some context.
struct Series {
    part: &'static str,
    context: &'static Context,
    is_meant: fn(char) -> bool,
}

/// In the order of their numbers. Alone a code point is seen as a local part, which has all that the others have: those see what can be a character.
fn all() -> Vec<Series> {
    let series = |part, contexts: &'static [Context], is_meant: fn(char) -> bool| {
        contexts.iter().map(move |context| Series { part, context, is_meant })
    };
    let (alone, among_others) = CONTEXTS.split_at(1);
    let mut all = Vec::new();
    for part in ["local", "domain", "resource", "password"] {
        let is_meant = if part == "local" { |_| true } else { is_in_a_plane_of_characters };
        all.extend(series(part, alone, is_meant).chain(series(part, among_others, is_put_among_others)));
    }
    all.extend(series("domain", DOMAIN_CONTEXTS, is_put_among_others));
    all
}

impl Series {
    /// The normal form, or `!` and why there is none.
    fn outcome(&self, character: char) -> String {
        let text = (self.context.around)(character);
        match self.part {
            "local" => outcome(waxwing_unicode::normalise(&format!("{text}@a"))),
            "domain" => outcome(waxwing_unicode::normalise(&text)),
            "resource" => outcome(waxwing_unicode::normalise_resource(&text)),
            _ => waxwing_unicode::saslprep(&text).map_or_else(|_| "!Prohibited".to_owned(), Into::into),
        }
    }

    fn characters(&self, block: u32) -> impl Iterator<Item = char> {
        let codes = block * BLOCK..(block + 1) * BLOCK;
        codes.filter_map(char::from_u32).filter(|character| (self.is_meant)(*character))
    }
}

fn outcome(result: Result<std::borrow::Cow<'_, str>, waxwing_unicode::Error>) -> String {
    result.map_or_else(|error| format!("!{error:?}"), Into::into)
}

/// The names of all series, a line each: the part of a JID, a tab, the context.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn series() -> String {
    all().iter().map(|series| format!("{}\t{}\n", series.part, series.context.name)).collect()
}

/// A sum for each block of code points.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn sums(series: usize) -> Vec<u32> {
    let all = all();
    let Some(series) = all.get(series) else { return Vec::new() };
    (0..=u32::from(char::MAX) / BLOCK)
        .map(|block| series.characters(block).fold(0x811c_9dc5, |sum, character| add(sum, &series.outcome(character))))
        .collect()
}

/// FNV-1a.
fn add(sum: u32, text: &str) -> u32 {
    text.bytes().chain([b'\n']).fold(sum, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What becomes of each code point of a block: lines of its number in hexadecimal, a tab, the outcome.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn outcomes(series: usize, block: u32) -> String {
    let all = all();
    let Some(series) = all.get(series) else { return String::new() };
    series
        .characters(block)
        .map(|character| format!("{:04X}\t{}\n", u32::from(character), series.outcome(character).escape_default()))
        .collect()
}

/// What becomes of whole JIDs: lines of the JID, a tab, the outcome.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn jids() -> String {
    JIDS.iter()
        .map(|jid| format!("{}\t{}\n", jid.escape_default(), outcome(waxwing_unicode::normalise(jid)).escape_default()))
        .collect()
}
