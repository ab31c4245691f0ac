//! Node and the npm packages that the build, the tests and the benchmarks use; a package-lock.json pins them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::project::Project;
use crate::ui::Step;

const OLDEST_NODE: u32 = 20;

/// Installs the npm packages of a folder, if its lock file is not the one that they were installed from.
pub(crate) fn install(folder: &Path) -> Result<()> {
    check_node()?;
    let file = folder.join("package-lock.json");
    let lock = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    // Inside node_modules, so that removing that folder removes the mark too.
    let mark = folder.join("node_modules/.installed-from-lock");
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if process::find("npm").is_none() {
        bail!("npm is missing: install it (it comes with Node {OLDEST_NODE} or later).");
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let step = Step::begin(format!("Installing the npm packages of {name}/ (npm ci)"));
    process::run_quietly(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder), &step)?;
    std::fs::write(&mark, lock)?;
    step.done();
    Ok(())
}

/// A script of an npm package of the tests that install() put there.
pub(crate) fn script(project: &Project, path: &str) -> PathBuf {
    project.tests().join("node_modules").join(path)
}

pub(crate) fn check_node() -> Result<()> {
    let version = process::capture(Command::new("node").arg("--version"))
        .with_context(|| format!("Node is missing: install Node {OLDEST_NODE} or later"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => bail!("Node {} is too old: install Node {OLDEST_NODE} or later.", version.trim()),
    }
}
