//! What tests/browser/unicode.test.mjs compares: waxwing-unicode-probe as a program of this machine, and as a module for browsers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::build::{files_of, wasm_of};
use crate::project::{Project, cargo};
use crate::rust_target::Toolchain;
use crate::ui::Step;

const PACKAGE: &str = "waxwing-unicode-probe";
const MODULE: &str = "waxwing_unicode_probe";

/// Where it lies once it is built.
pub(crate) fn folder(project: &Project) -> Result<PathBuf> {
    Ok(project.cache()?.join("unicode-probe"))
}

pub(crate) fn build(project: &Project) -> Result<()> {
    let folder = folder(project)?;
    let step = Step::begin("Compiling the probe of Unicode");
    let mut native = Command::new(cargo());
    native.current_dir(&project.root).args(["build", "--locked", "--package", PACKAGE, "--bin", PACKAGE]);
    let program = files_of(&mut native, PACKAGE)?.into_iter().next().context("Cargo built no program")?;
    let mut wasm = Toolchain::ready(project)?.cargo_build(project);
    let module = wasm_of(wasm.args(["--package", PACKAGE, "--lib", "--profile", "quick"]), PACKAGE)?;
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(false)
        .out_name(MODULE)
        .generate(&folder)
        .context("wasm-bindgen failed")?;
    std::fs::copy(program, folder.join("reference"))?;
    step.done();
    Ok(())
}
