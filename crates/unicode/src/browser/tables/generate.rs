//! Makes the data, and holds it to the crates that it is made from.

use std::fmt::Write as _;

use stringprep::tables as rfc3454;
use unicode_normalization::UnicodeNormalization;

use super::{Class, data, fold};

#[test]
fn the_tables_are_what_the_crates_make_them() {
    let (text, file) = (source(), concat!(env!("CARGO_MANIFEST_DIR"), "/src/browser/tables/data.rs"));
    if std::env::var_os("WAXWING_WRITE_TABLES").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let is_current = text == std::fs::read_to_string(file).unwrap();
    assert!(is_current, "out of date: WAXWING_WRITE_TABLES=1 cargo test -p waxwing-unicode writes the tables");
}

#[test]
fn every_code_point_has_its_class_and_folds_as_the_crates_say() {
    let (mut with_data, mut in_crates) = (String::new(), String::new());
    for character in every() {
        if let Some(class) = class(character) {
            assert_eq!(Class::of(character), class, "{character:?}");
        }
        assert_eq!(Class::of(character) == Class::Unassigned, rfc3454::unassigned_code_point(character), "{character:?}");
        with_data.clear();
        fold(character, &mut with_data);
        in_crates.clear();
        in_crates.extend(rfc3454::case_fold_for_nfkc(character));
        assert!(with_data == in_crates || with_data.nfkd().eq(in_crates.nfkd()), "{character:?}");
    }
}

#[test]
fn the_tables_take_less_than_three_kilobytes() {
    let columns = [data::CLASSES, data::FOLD_GAPS, data::FOLD_SHAPES, data::FOLD_DISTANCES, data::FOLD_TAILS];
    let size: usize = columns.iter().map(|column| column.len()).sum();
    assert!(size < 3_000, "{size}");
}

fn every() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// `None`: it never stands in normalized text.
fn class(character: char) -> Option<Class> {
    let is_prohibited = !character.is_ascii()
        && [
            rfc3454::non_ascii_space_character,
            rfc3454::non_ascii_control_character,
            rfc3454::private_use,
            rfc3454::non_character_code_point,
            rfc3454::inappropriate_for_plain_text,
            rfc3454::inappropriate_for_canonical_representation,
            rfc3454::change_display_properties_or_deprecated,
            rfc3454::tagging_character,
        ]
        .iter()
        .any(|has| has(character));
    if rfc3454::unassigned_code_point(character) {
        Some(Class::Unassigned)
    } else if !std::iter::once(character).nfkc().eq([character]) {
        None
    } else if is_prohibited {
        Some(Class::Prohibited)
    } else if rfc3454::bidi_r_or_al(character) {
        Some(Class::Right)
    } else if rfc3454::bidi_l(character) {
        Some(Class::Left)
    } else {
        Some(Class::Neutral)
    }
}

fn classes() -> Vec<u8> {
    // Surrogates are no characters: they belong to whatever run they are in.
    let mut runs: Vec<(u32, Option<Class>)> = Vec::new();
    for character in every() {
        let (class, end) = (class(character), u32::from(character) + 1);
        match runs.last_mut() {
            Some((last_end, last)) if *last == class || class.is_none() && *last != Some(Class::Unassigned) => *last_end = end,
            // What may have any class goes with what follows.
            Some((last_end, last)) if last.is_none() && class != Some(Class::Unassigned) => (*last_end, *last) = (end, class),
            _ => runs.push((end, class)),
        }
    }
    let mut bytes = Vec::new();
    let mut start = 0;
    for (end, class) in runs {
        let class = class.unwrap_or(Class::Neutral);
        let number = Class::ALL.iter().position(|other| *other == class).unwrap() as u32;
        push(&mut bytes, (end - start) * 5 + number);
        start = end;
    }
    bytes
}

/// Gaps, shapes, distances, tails.
fn folds() -> [Vec<u8>; 4] {
    // What normalization does by itself is left out.
    let is_needed = |(from, to): &(char, String)| !std::iter::once(*from).nfkd().eq(to.nfkd());
    let folded = every().map(|from| (from, rfc3454::case_fold_for_nfkc(from).nfc().collect())).filter(is_needed);
    let folded: Vec<(u32, i32, String)> = folded
        .map(|(from, to): (char, String)| {
            let mut to = to.chars();
            let distance = u32::from(to.next().unwrap()) as i32 - u32::from(from) as i32;
            (u32::from(from), distance, to.collect())
        })
        .collect();
    let mut columns = [const { Vec::new() }; 4];
    let [gaps, shapes, distances, tails] = &mut columns;
    let (mut rest, mut last) = (&folded[..], 0);
    while let [(first, distance, tail), ..] = rest {
        let length = |step: u32| {
            let is_in = |(index, (code, other, other_tail)): &(usize, &(u32, i32, String))| {
                *code == first + *index as u32 * step && other == distance && other_tail == tail
            };
            rest.iter().enumerate().take_while(is_in).count()
        };
        let (length, step) = if length(2) > length(1) { (length(2), 2) } else { (length(1), 1) };
        let tail_length = tail.chars().count();
        assert!(tail_length < 4);
        push(gaps, first - last);
        push(shapes, (length as u32 - 1) << 3 | (tail_length as u32) << 1 | (step - 1));
        push(distances, (*distance << 1 ^ *distance >> 31) as u32);
        tail.chars().for_each(|character| push(tails, character.into()));
        last = first + (length as u32 - 1) * step;
        rest = &rest[length..];
    }
    columns
}

fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn source() -> String {
    let [gaps, shapes, distances, tails] = folds();
    let columns = [
        ("CLASSES", "Runs of code points: their number times five, and the index of their class.", classes()),
        ("FOLD_GAPS", "From the last code point of a run to the first of the next.", gaps),
        (
            "FOLD_SHAPES",
            "Code points in the run after the first, two bits for the length of the tail, one that is set where the step is two.",
            shapes,
        ),
        ("FOLD_DISTANCES", "From a code point to the first that it becomes, with the sign in the lowest bit.", distances),
        ("FOLD_TAILS", "The other code points that they become, one run behind the other.", tails),
    ];
    let mut text = "//! Made by `generate.rs`.\n".to_owned();
    for (name, what, bytes) in columns {
        write!(text, "\n/// {what}\n#[rustfmt::skip]\npub(super) const {name}: &[u8] = &[").unwrap();
        for line in bytes.chunks(32) {
            let line: Vec<String> = line.iter().map(u8::to_string).collect();
            write!(text, "\n    {},", line.join(", ")).unwrap();
        }
        text.push_str("\n];\n");
    }
    text
}
