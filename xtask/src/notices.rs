//! The notices of what is linked into the WebAssembly module: each crate with its version, licence and source, and the texts
//! of the licences, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::build::LEFT_OUT;
use crate::process;
use crate::project::{Project, cargo};
use crate::rust_target::TARGET;

const INTRODUCTION: &str = "\
# Third-party notices

Waxwing itself is licensed under MIT OR Apache-2.0. The WebAssembly modules also hold code of the Rust standard library
(MIT OR Apache-2.0, <https://github.com/rust-lang/rust>) and of the crates below, unmodified. The source of each is at the
address given. Those under the Mozilla Public License 2.0 are available in source form there under that licence. The tables of
RFC 3454 in it are made from data of the crates stringprep and unicode-bidi (MIT OR Apache-2.0) and of the Unicode Character Database.

| Crate | Licence | Source |
|---|---|---|
";

/// The file, as Markdown.
pub(crate) fn write(project: &Project) -> Result<String> {
    let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET];
    let metadata = process::capture(Command::new(cargo()).args(arguments).current_dir(&project.root))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let linked = linked(&metadata)?;
    let mut text = INTRODUCTION.to_owned();
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    // What has no source is of this workspace.
    let is_theirs =
        |package: &&Value| !package["source"].is_null() && package["id"].as_str().is_some_and(|id| linked.contains(id));
    for package in list(&metadata["packages"]).filter(is_theirs) {
        let field = |name: &str| package[name].as_str().unwrap_or_default();
        let (name, version) = (field("name"), field("version"));
        let source = match field("repository") {
            "" => format!("https://docs.rs/crate/{name}/{version}/source/"),
            repository => repository.to_owned(),
        };
        writeln!(text, "| {name} {version} | {} | <{source}> |", field("license").replace('/', " OR "))?;
        let folder = Path::new(field("manifest_path")).parent().context("a manifest lies in a folder")?;
        for licence in licence_texts(folder)? {
            texts.entry(licence).or_default().insert(name);
        }
    }
    for (licence, crates) in texts {
        let crates: Vec<&str> = crates.into_iter().collect();
        write!(text, "\n## {}\n\n```text\n{licence}\n```\n", crates.join(", "))?;
    }
    Ok(text)
}

/// The ids of the packages that end up in the module: what waxwing needs at run time, without what only runs in the compiler.
fn linked(metadata: &Value) -> Result<BTreeSet<&str>> {
    let is_macro = |id: &str| {
        let package = list(&metadata["packages"]).find(|package| package["id"] == id);
        package
            .is_some_and(|package| list(&package["targets"]).any(|target| list(&target["kind"]).any(|kind| kind == "proc-macro")))
    };
    let is_left_out = |id: &str| {
        list(&metadata["packages"]).any(|package| package["id"] == id && LEFT_OUT.iter().any(|name| package["name"] == *name))
    };
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let root =
        list(&metadata["packages"]).find(|package| package["name"] == "waxwing").and_then(|package| package["id"].as_str());
    let root = root.context("Cargo does not know the package `waxwing`")?;
    let mut linked = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        for dependency in nodes.get(id).into_iter().flat_map(|node| list(&node["deps"])) {
            let is_normal = list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            let Some(id) = dependency["pkg"].as_str().filter(|id| is_normal && !is_macro(id) && !is_left_out(id)) else {
                continue;
            };
            if linked.insert(id) {
                waiting.push(id);
            }
        }
    }
    Ok(linked)
}

/// The texts that go with the licence chosen: MIT where there is a choice; a notice and the Unicode licence always.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
        if path.is_file() && ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| name.starts_with(start)) {
            files.push((name, path));
        }
    }
    files.sort();
    if files.iter().any(|(name, _)| name.contains("MIT")) {
        files.retain(|(name, _)| ["MIT", "UNICODE", "NOTICE"].iter().any(|part| name.contains(part)));
    }
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    files.iter().map(|(_, path)| Ok(read(path)?.replace("\r\n", "\n").trim_end().trim_start_matches('\n').to_owned())).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
