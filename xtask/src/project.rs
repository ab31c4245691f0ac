//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{process, ui};

pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) version: String,
    /// The oldest Rust that compiles it, as (major, minor).
    pub(crate) oldest_rust: (u32, u32),
}

impl Project {
    pub(crate) fn open() -> Result<Self> {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = xtask.parent().context("xtask has to lie inside the project")?.to_owned();
        let metadata =
            process::capture(Command::new(cargo()).args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&root))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let package = metadata["packages"].as_array().into_iter().flatten().find(|package| package["name"] == "waxwing");
        let version = package.and_then(|package| package["version"].as_str());
        let oldest_rust = package.and_then(|package| rust_version(package["rust_version"].as_str()?)).unwrap_or_default();
        let target = metadata["target_directory"].as_str();
        match (version, target) {
            (Some(version), Some(target)) => Ok(Self { root, target: target.into(), version: version.into(), oldest_rust }),
            _ => bail!("Cargo does not know the package `waxwing`; is Cargo.toml at the top of the project complete?"),
        }
    }

    pub(crate) fn pkg(&self) -> PathBuf {
        self.root.join("pkg")
    }

    pub(crate) fn tests(&self) -> PathBuf {
        self.root.join("tests")
    }

    /// The benchmarks in a browser.
    pub(crate) fn benches(&self) -> PathBuf {
        self.root.join("benches/browser")
    }

    /// A folder for what the build keeps from one run to the next.
    pub(crate) fn cache(&self) -> Result<PathBuf> {
        let cache = self.target.join("xtask");
        std::fs::create_dir_all(&cache).with_context(|| format!("{} cannot be created", cache.display()))?;
        Ok(cache)
    }

    pub(crate) fn clean(&self) -> Result<()> {
        let packages = [self.tests(), self.benches()].map(|folder| folder.join("node_modules"));
        for folder in packages.into_iter().chain([self.pkg(), self.target.clone()]) {
            if folder.exists() {
                std::fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
                ui::note(format!("removed {}", folder.display()));
            }
        }
        Ok(())
    }
}

/// The first two numbers of `1.88.0`.
pub(crate) fn rust_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// The cargo that runs this program, so that one toolchain builds everything.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Writes a file only if its content changes, so that what watches it is left in peace.
pub(crate) fn write_if_changed(file: &Path, content: &[u8]) -> Result<()> {
    if std::fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, content).with_context(|| format!("{} cannot be written", file.display()))
}
