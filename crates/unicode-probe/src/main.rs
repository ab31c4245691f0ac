//! The reference: `series`, `jids`, `sums` (a line of numbers for each series), and `outcomes SERIES BLOCK...`.

use std::io::Write as _;

use waxwing_unicode_probe::{jids, outcomes, series, sums};

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let text = match (words.first().map(String::as_str), &numbers[..]) {
        (Some("series"), []) => series(),
        (Some("jids"), []) => jids(),
        (Some("sums"), []) => all_sums(),
        (Some("outcomes"), [series, blocks @ ..]) => blocks.iter().map(|block| outcomes(*series as usize, *block)).collect(),
        _ => return Err(std::io::Error::other("what to write: series, jids, sums or outcomes SERIES BLOCK...")),
    };
    std::io::stdout().write_all(text.as_bytes())
}

/// Takes some seconds: one thread for each series.
fn all_sums() -> String {
    let threads: Vec<_> = (0..series().lines().count()).map(|number| std::thread::spawn(move || sums(number))).collect();
    let sums = threads.into_iter().map(|thread| thread.join().unwrap_or_default());
    let line = |sums: Vec<u32>| sums.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") + "\n";
    sums.map(line).collect()
}
