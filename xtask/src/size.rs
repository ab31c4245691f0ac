//! What a page has to download, against the committed budget (xtask/size-budget.json).

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::build::{self, Profile};
use crate::process;
use crate::project::{Project, write_if_changed};

const BUDGET: &str = "xtask/size-budget.json";
const WASM: &str = "waxwing_bg.wasm";
const GLUE: &str = "waxwing.js";
const KINDS: [&str; 3] = ["raw", "gzip", "brotli"];

/// Node brings zlib and brotli themselves, so the figures are those of `gzip -9` and `brotli -q 11`.
const MEASURE: &str = "\
const { readFileSync } = require('fs'); const { gzipSync, brotliCompressSync, constants: c } = require('zlib');
console.log(JSON.stringify(process.argv.slice(1).map((file) => { const bytes = readFileSync(file); return [bytes.length,
  gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params: {
    [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_LGWIN]: 22, [c.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length]; })))";

/// Raw, gzip -9 and brotli -11, in bytes.
type Sizes = [u64; 3];

/// Makes the release build, and fails if it is over the budget.
pub(crate) fn check(project: &Project) -> Result<()> {
    run(project, false, false)
}

pub(crate) fn run(project: &Project, is_update: bool, is_raise: bool) -> Result<()> {
    build::build(project, Profile::Release)?;
    let measured = measure(project)?;
    let file = project.root.join(BUDGET);
    let budget = std::fs::read(&file).ok().map(|text| parse(&text)).transpose()?;
    let is_over = print(&measured, budget.as_deref());
    if is_update {
        if is_over && !is_raise {
            bail!("The new figures are larger: `cargo xtask size --update --raise` writes them all the same.");
        }
        let old = if is_raise { None } else { budget.as_deref() };
        let mut text = serde_json::to_vec_pretty(&to_json(&with_headroom(&measured, old)))?;
        text.push(b'\n');
        write_if_changed(&file, &text)?;
        println!("Wrote {BUDGET}.");
        return Ok(());
    }
    match budget {
        None => bail!("There is no budget yet: `cargo xtask size --update` writes {BUDGET}."),
        Some(_) if is_over => {
            bail!(
                "Larger than the budget, as the table says. Make it smaller; or, if what it brings is worth the bytes, run \
                 `cargo xtask size --update --raise`, commit {BUDGET} and put the new figures into the README."
            )
        }
        Some(_) => Ok(()),
    }
}

/// One percent more than measured, since another Rust version or machine compiles a little differently; never more than
/// the old budget.
fn with_headroom(measured: &[(String, Sizes)], old: Option<&[(String, Sizes)]>) -> Vec<(String, Sizes)> {
    let row = |(name, sizes): &(String, Sizes)| {
        let most = row_of(old, name).copied().unwrap_or([u64::MAX; 3]);
        (name.clone(), std::array::from_fn(|kind| sizes[kind].saturating_add(sizes[kind].div_ceil(100)).min(most[kind])))
    };
    measured.iter().map(row).collect()
}

fn row_of<'a>(budget: Option<&'a [(String, Sizes)]>, name: &str) -> Option<&'a Sizes> {
    budget?.iter().find(|(known, _)| known == name).map(|(_, sizes)| sizes)
}

/// The module, wasm-bindgen's glue, all of our own JavaScript, and the sum; each file is compressed by itself.
fn measure(project: &Project) -> Result<Vec<(String, Sizes)>> {
    let mut own = Vec::new();
    for entry in std::fs::read_dir(project.pkg())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".js") && name != GLUE && !name.contains("core") {
            own.push(name);
        }
    }
    let rows = [(WASM, vec![WASM.to_owned()]), (GLUE, vec![GLUE.to_owned()]), ("our .js files", own)];
    let mut measured = Vec::new();
    for (name, files) in rows {
        let paths = files.iter().map(|file| project.pkg().join(file));
        let printed = process::capture(Command::new("node").args(["-e", MEASURE]).args(paths))?;
        let printed: Value = serde_json::from_str(&printed)?;
        measured.push((name.to_owned(), sum(printed.as_array().into_iter().flatten().map(sizes))));
    }
    let total = sum(measured.iter().map(|(_, sizes)| *sizes));
    measured.push(("total".to_owned(), total));
    Ok(measured)
}

fn sum(rows: impl Iterator<Item = Sizes>) -> Sizes {
    rows.fold([0; 3], |sum, sizes| std::array::from_fn(|kind| sum[kind] + sizes[kind]))
}

/// Prints the table; true if anything is over the budget.
fn print(measured: &[(String, Sizes)], budget: Option<&[(String, Sizes)]>) -> bool {
    println!("{:<18}{:>12}{:>12}{:>12}   (against the budget)", "bytes", "raw", "gzip -9", "brotli -11");
    let mut is_over = false;
    for (name, sizes) in measured {
        let allowed = row_of(budget, name);
        let mut line = format!("{name:<18}");
        for size in sizes {
            line.push_str(&format!("{size:>12}"));
        }
        if let Some(allowed) = allowed {
            let differences: Vec<String> = sizes
                .iter()
                .zip(allowed)
                .map(|(size, allowed)| format!("{:+}", i128::from(*size) - i128::from(*allowed)))
                .collect();
            line.push_str(&format!("   ({})", differences.join(", ")));
            is_over |= sizes.iter().zip(allowed).any(|(size, allowed)| size > allowed);
        }
        println!("{line}");
    }
    is_over
}

fn parse(text: &[u8]) -> Result<Vec<(String, Sizes)>> {
    let budget: Value = serde_json::from_slice(text).with_context(|| format!("{BUDGET} is not JSON"))?;
    let rows = budget.as_object().with_context(|| format!("{BUDGET} should be an object"))?;
    Ok(rows.iter().map(|(name, row)| (name.clone(), KINDS.map(|kind| row[kind].as_u64().unwrap_or(0)))).collect())
}

fn to_json(measured: &[(String, Sizes)]) -> Value {
    let row = |sizes: &Sizes| json!({ KINDS[0]: sizes[0], KINDS[1]: sizes[1], KINDS[2]: sizes[2] });
    measured.iter().map(|(name, sizes)| (name.clone(), row(sizes))).collect::<serde_json::Map<_, _>>().into()
}

fn sizes(row: &Value) -> Sizes {
    std::array::from_fn(|kind| row[kind].as_u64().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(size: u64) -> Vec<(String, Sizes)> {
        vec![("waxwing_bg.wasm".to_owned(), [size, 50, 40])]
    }

    #[test]
    fn a_budget_that_is_written_is_read_back() {
        let text = serde_json::to_vec(&to_json(&rows(100))).unwrap();
        assert_eq!(parse(&text).unwrap(), rows(100));
    }

    #[test]
    fn one_byte_over_the_budget_is_over() {
        assert!(!print(&rows(100), Some(&rows(100))));
        assert!(print(&rows(101), Some(&rows(100))));
    }

    #[test]
    fn headroom_never_grows_an_old_budget() {
        let old = rows(1005);
        let budget = |size, old| with_headroom(&rows(size), old)[0].1[0];
        assert_eq!(budget(1000, None), 1010);
        assert_eq!(budget(1000, Some(&old[..])), 1005);
        assert_eq!(budget(900, Some(&old[..])), 909);
    }
}
