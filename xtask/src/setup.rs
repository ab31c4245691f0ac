//! Installing what is missing.

use anyhow::{Result, bail};

use crate::project::Project;
use crate::prosody::Need;
use crate::rust_target::Toolchain;
use crate::{debian, npm, process, prosody, ui};

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// All that any command needs.
pub(crate) fn everything(project: &Project) -> Result<()> {
    for_build(project)?;
    for_browser_tests(project)?;
    ui::note("Everything is in place. Next: cargo xtask demo, or cargo xtask test.");
    Ok(())
}

pub(crate) fn for_build(project: &Project) -> Result<()> {
    Toolchain::ready(project)?;
    npm::install(&project.tests())
}

pub(crate) fn for_browser_tests(project: &Project) -> Result<()> {
    npm::install(&project.tests())?;
    // One test runs the benchmarks on a small scale.
    npm::install(&project.benches())?;
    prosody::install(Need::Current)?;
    chromium()
}

fn chromium() -> Result<()> {
    let has_one = std::env::var_os("CHROMIUM").is_some() || BROWSERS.iter().any(|name| process::find(name).is_some());
    if has_one {
        return Ok(());
    }
    match debian::system() {
        // Ubuntu's chromium is a stub for a snap, which does not run everywhere.
        Some(system) if system.id == "debian" => {
            debian::install(&["chromium", "fonts-noto-color-emoji", "fonts-dejavu-core"], None)
        }
        _ => bail!("Chromium is missing: install Chromium or Chrome, or name its program in the environment variable CHROMIUM."),
    }
}
