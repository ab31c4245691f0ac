//! Installing what is missing.

use std::process::Command;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::prosody::Need;
use crate::rust_target::{self, Toolchain};
use crate::{debian, npm, process, prosody, ui};

/// A browser that the tests drive.
struct Browser {
    name: &'static str,
    /// Names its program.
    variable: &'static str,
    programs: &'static [&'static str],
    packages: &'static [&'static str],
}

const CHROMIUM: Browser = Browser {
    name: "Chromium",
    variable: "CHROMIUM",
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    packages: &["chromium", "fonts-noto-color-emoji", "fonts-dejavu-core"],
};

const FIREFOX: Browser =
    Browser { name: "Firefox", variable: "FIREFOX", programs: &["firefox-esr", "firefox"], packages: &["firefox-esr"] };

/// All that any command needs.
pub(crate) fn everything(project: &Project) -> Result<()> {
    for_build(project)?;
    rust_target::provide_source(&Toolchain::ready(project)?);
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
    browser(&CHROMIUM)?;
    browser(&FIREFOX)?;
    slixmpp()
}

/// The other side of a conversation in one test: Debian's, for Debian's Python.
fn slixmpp() -> Result<()> {
    if process::capture(Command::new("/usr/bin/python3").args(["-c", "import slixmpp"])).is_ok() {
        return Ok(());
    }
    match debian::system() {
        Some(_) => debian::install(&["python3-slixmpp"], None),
        None => bail!("slixmpp is missing: install it for /usr/bin/python3."),
    }
}

fn browser(browser: &Browser) -> Result<()> {
    let Browser { name, variable, programs, packages } = browser;
    if std::env::var_os(variable).is_some() || programs.iter().any(|program| process::find(program).is_some()) {
        return Ok(());
    }
    match debian::system() {
        // On Ubuntu both packages are stubs for a snap, which does not run everywhere.
        Some(system) if system.id == "debian" => debian::install(packages, None),
        _ => bail!("{name} is missing: install it, or name its program in the environment variable {variable}."),
    }
}
