//! The real server: Prosody, as a program on this machine or, for the demo, in a container. tests/support/prosody.mjs
//! starts it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::ui::Step;
use crate::{debian, process, ui};

/// What a command asks of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Prosody 13 with the community modules: what the tests run against.
    Current,
    /// Any Prosody that can be had.
    Any,
}

const CURRENT: u32 = 13;
const ELSEWHERE: &str = "install Prosody 13 or later (prosody.im/download) with `prosody` and `prosodyctl` on the PATH, \
    and its community modules (prosody-modules)";

/// The image of Prosody's own makers.
const IMAGE: &str = "prosodyim/prosody:13.0";

/// Where the demo's server comes from.
pub(crate) enum Server {
    Program,
    Container(&'static str),
}

/// Makes sure that the demo has a server.
pub(crate) fn install_any() -> Result<Server> {
    if is_enough(Need::Any) || debian::system().is_some() {
        return install(Need::Any).map(|()| Server::Program);
    }
    if process::capture(Command::new("docker").arg("info")).is_err() {
        bail!("Prosody is missing: {ELSEWHERE}, or start Docker.");
    }
    if process::capture(Command::new("docker").args(["image", "inspect", IMAGE])).is_err() {
        let step = Step::begin(format!("Fetching the container image {IMAGE}"));
        process::run_quietly(Command::new("docker").args(["pull", IMAGE]), &step)?;
        step.done();
    }
    Ok(Server::Container(IMAGE))
}

/// Makes sure that Prosody is there as a program.
pub(crate) fn install(need: Need) -> Result<()> {
    if is_enough(need) {
        return Ok(());
    }
    let Some(system) = debian::system() else {
        bail!("Prosody is missing: {ELSEWHERE}.");
    };
    let is_new = debian::version_of("prosody").is_none();
    let installed = if system.id == "debian" && system.codename == "bookworm" {
        debian::add_bookworm_backports()
            .and_then(|()| debian::install(&["prosody", "prosody-modules"], Some("bookworm-backports")))
    } else {
        debian::install(&["prosody", "prosody-modules"], None)
    };
    if let Err(error) = installed {
        if need == Need::Current {
            return Err(error);
        }
        ui::warning(format!("{error:#} An older Prosody will do for the demo."));
        debian::install(&["prosody"], None)?;
    }
    if is_new {
        debian::disable_service("prosody");
        ui::note("Prosody is installed as a program only: its system service was neither started nor enabled.");
    }
    if !is_enough(need) {
        bail!("The Prosody of this system ({}) is too old: {ELSEWHERE}.", version().map_or("?".into(), |v| v.to_string()));
    }
    Ok(())
}

fn is_enough(need: Need) -> bool {
    match need {
        Need::Any => process::find("prosody").is_some(),
        Need::Current => {
            process::find("prosody").is_some() && version().is_some_and(|version| version >= CURRENT) && has_modules()
        }
    }
}

/// The major version. `prosody --version` would start the server, so the package or prosodyctl is asked.
fn version() -> Option<u32> {
    let text = debian::version_of("prosody").or_else(|| {
        let about = process::capture(Command::new("prosodyctl").arg("about")).ok()?;
        about.lines().find_map(|line| line.trim().strip_prefix("Prosody ").map(str::to_owned))
    })?;
    text.split(['.', '-', '~', '+', ' ']).next()?.parse().ok()
}

fn has_modules() -> bool {
    // Elsewhere than on Debian the modules' folder has no fixed name; a test that misses one says so.
    process::find("dpkg-query").is_none() || debian::version_of("prosody-modules").is_some()
}
