//! From Rust to pkg/: cargo, wasm-bindgen, wasm-opt, then the npm package is laid.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

use crate::project::Project;
use crate::rust_target::Toolchain;
use crate::ui::{self, Step};
use crate::variant::Variant;
use crate::{npm, package, process, setup};

/// What wasm-opt may use: what rustc's wasm32 target uses by itself. With `--all-features` the result does not
/// load in Node 20.
const WASM_OPT: &[&str] = &[
    "-Os",
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    // Printed, for the glue to call them the same: see `rename`.
    "--minify-imports-and-exports-and-modules",
];

/// Crates that hold tables of Unicode, and `jid`, by which they come: dependencies of `xmpp-parsers` of which no code may be in the module,
/// since `waxwing-unicode` asks the browser instead.
pub(crate) const LEFT_OUT: [&str; 8] =
    ["jid", "idna", "idna_adapter", "icu_normalizer", "icu_properties", "stringprep", "unicode-bidi", "unicode-normalization"];

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Profile {
    /// What users get.
    Release,
    /// For tests: compiles faster, is not optimised.
    Quick,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Quick => "quick",
        }
    }
}

/// Builds pkg/.
pub(crate) fn build(project: &Project, profile: Profile) -> Result<()> {
    setup::for_build(project)?;
    let mut folders = Vec::new();
    let mut sizes = Vec::new();
    for variant in Variant::published() {
        let folder = build_variant(project, profile, &variant)?;
        let size = std::fs::metadata(folder.join(variant.module())).map_or(0, |meta| meta.len());
        sizes.push(format!("{} {} KB", variant.title(), size.div_ceil(1000)));
        folders.push(folder);
    }
    package::lay(project, &folders)?;
    ui::note(format!("pkg/ holds waxwing {} ({}; wasm: {})", project.version, profile.name(), sizes.join(", ")));
    Ok(())
}

/// Makes the module and its glue. Returns the folder that holds them.
pub(crate) fn build_variant(project: &Project, profile: Profile, variant: &Variant) -> Result<PathBuf> {
    let compiled = compile(project, profile, variant)?;
    let wasm = std::fs::read(&compiled).with_context(|| format!("{} cannot be read", compiled.display()))?;
    check_left_out(&wasm)?;
    bind(project, profile, variant, &compiled, &wasm)
}

/// The release build for a command; with its `--no-build`, whatever build there is.
pub(crate) fn provide(project: &Project, is_built: bool, command: &str) -> Result<()> {
    if !is_built {
        build(project, Profile::Release)
    } else if project.pkg().is_dir() {
        Ok(())
    } else {
        bail!("There is no pkg/ yet: run `cargo xtask {command}` without --no-build.")
    }
}

fn compile(project: &Project, profile: Profile, variant: &Variant) -> Result<PathBuf> {
    let how = match profile {
        Profile::Release => "optimised (the first time takes about two minutes)",
        Profile::Quick => "quick profile (the first time takes about a minute)",
    };
    let step = Step::begin(format!("Compiling to WebAssembly: {}, {how}", variant.title()));
    let toolchain = Toolchain::ready(project)?;
    let mut command = match profile {
        Profile::Release => toolchain.cargo_build_small(project),
        Profile::Quick => toolchain.cargo_build(project),
    };
    command.args(["--package", variant.package()]).args(variant.features());
    command.args(["--profile", profile.name()]);
    let wasm = wasm_of(&mut command, variant.package())?;
    step.done();
    Ok(wasm)
}

/// The module that a cargo command makes of a package.
pub(crate) fn wasm_of(command: &mut Command, package: &str) -> Result<PathBuf> {
    let mut files = files_of(command, &package.replace('-', "_"))?.into_iter();
    files.find(|file| file.extension().is_some_and(|extension| extension == "wasm")).context("Cargo built no .wasm file")
}

/// The files that a cargo command makes for a target.
pub(crate) fn files_of(command: &mut Command, target: &str) -> Result<Vec<PathBuf>> {
    let messages = process::capture_stdout(command.args(["--message-format", "json-render-diagnostics"]))?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut files =
        messages.filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == target).filter_map(
            |message| Some(message["filenames"].as_array()?.iter().filter_map(Value::as_str).map(PathBuf::from).collect()),
        );
    files.next_back().with_context(|| format!("Cargo built nothing for {target}"))
}

/// The names of functions begin with those of their crates, each with its length before it.
fn check_left_out(wasm: &[u8]) -> Result<()> {
    let has = |symbol: &str| wasm.windows(symbol.len()).any(|window| window == symbol.as_bytes());
    for name in LEFT_OUT.map(|name| name.replace('-', "_")) {
        // Mangled one way (`Cs…_4idna`) and the other (`_ZN4idna`, `$LT$idna..`).
        let length = name.len();
        if has(&format!("_{length}{name}")) || has(&format!("_ZN{length}{name}")) || has(&format!("${name}..")) {
            bail!(
                "Code of the crate `{name}` is in the module. Its tables of Unicode cost more than all of Waxwing: use waxwing-unicode."
            );
        }
    }
    Ok(())
}

/// Runs wasm-bindgen and wasm-opt; keeps the result as long as what went in stays the same.
fn bind(project: &Project, profile: Profile, variant: &Variant, compiled: &Path, wasm: &[u8]) -> Result<PathBuf> {
    let out = project.cache()?.join(format!("bindgen-{}-{}", profile.name(), variant.title().replace(" + ", "-")));
    let mark = out.join(".made-from");
    let mut hasher = DefaultHasher::new();
    // The lock file stands for the version of wasm-bindgen.
    let lock = std::fs::read(project.root.join("Cargo.lock"))?;
    (wasm, WASM_OPT, profile, lock).hash(&mut hasher);
    let made_from = format!("{:016x}", hasher.finish());
    if std::fs::read_to_string(&mark).is_ok_and(|old| old == made_from) {
        return Ok(out);
    }
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let step = Step::begin("Making the JavaScript glue (wasm-bindgen)");
    Bindgen::new()
        .input_path(compiled)
        .web(true)?
        .typescript(false)
        // The package finds the module itself (pkg-template/index.js, core.js); once is enough for a bundler too.
        .omit_default_module_path(true)
        .out_name(variant.glue().trim_end_matches(".js"))
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&out)
        .context("wasm-bindgen failed")?;
    step.done();
    let file = out.join(variant.module());
    if profile == Profile::Release {
        optimise(project, &file, &out.join(variant.glue()))?;
    }
    check_loads(&file)?;
    std::fs::write(&mark, made_from)?;
    Ok(out)
}

fn optimise(project: &Project, file: &Path, glue: &Path) -> Result<()> {
    let step = Step::begin("Optimising the WebAssembly (wasm-opt, about half a minute)");
    let optimised = file.with_extension("optimised");
    let mut command = Command::new("node");
    command.arg(npm::script(project, "binaryen/bin/wasm-opt")).args(WASM_OPT).arg(file).arg("-o").arg(&optimised);
    let names = process::capture_stdout(&mut command)?;
    let renamed = rename(&std::fs::read_to_string(glue)?, &names)?;
    std::fs::write(glue, renamed)?;
    std::fs::rename(&optimised, file)?;
    step.done();
    Ok(())
}

/// What the module imports and exports gets names of a letter or two, as wasm-opt says them, and the glue has them too: those of wasm-bindgen
/// are as long as a line, with hashes in them, which do not compress.
fn rename(glue: &str, names: &str) -> Result<String> {
    let names: Value = serde_json::from_str(names).context("wasm-opt has not said how it calls what is imported and exported")?;
    let list = |kind: &str| names[kind].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut glue = glue.to_owned();
    for import in list("imports") {
        let [module, from, to] = [0, 1, 2].map(|place| text(&import[place]));
        let with_name = |name: &str| format!("\n        {name}: function(");
        if !glue.contains(&with_name(&from)) {
            bail!("The glue has no function `{from}`: wasm-bindgen writes it otherwise than it did.");
        }
        glue = glue.replace(&with_name(&from), &with_name(&to)).replace(&format!("\"{module}\": "), "a: ");
    }
    let exports: HashMap<String, String> = list("exports").map(|export| (text(&export[0]), text(&export[1]))).collect();
    let mut parts = glue.split("wasm.");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '_' | '$')).unwrap_or(part.len());
        let (from, rest) = part.split_at(end);
        let to = exports.get(from).with_context(|| format!("The glue calls `{from}`, which the module does not export."))?;
        renamed.extend(["wasm.", to, rest]);
    }
    Ok(renamed)
}

/// A tool that writes what an engine cannot read should be found out here, not in a browser.
fn check_loads(file: &Path) -> Result<()> {
    let script = "const bytes = require('fs').readFileSync(process.argv[1]);\
        WebAssembly.compile(bytes).catch((error) => { console.error(String(error)); process.exit(1); })";
    if let Err(error) = process::capture(Command::new("node").args(["-e", script]).arg(file)) {
        bail!("The WebAssembly that was built does not load in Node: {error:#}");
    }
    Ok(())
}
