//! Installing packages on Debian and its relatives, without a question and without starting a service.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::ui::{self, Step};

const INSTALL: &str = include_str!("apt-install.sh");
const ATTEMPTS: u32 = 3;

/// What /etc/os-release says.
pub(crate) struct System {
    pub(crate) id: String,
    pub(crate) codename: String,
}

/// The system, if it is one that apt-get looks after.
pub(crate) fn system() -> Option<System> {
    process::find("apt-get")?;
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let fields: HashMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key, value.trim_matches('"'))).collect();
    let field = |key: &str| fields.get(key).copied().unwrap_or_default().to_owned();
    Some(System { id: field("ID"), codename: field("VERSION_CODENAME") })
}

/// Installs packages, from a named suite if one is given.
pub(crate) fn install(packages: &[&str], suite: Option<&str>) -> Result<()> {
    update_once()?;
    let step = Step::begin(format!("Installing {} (apt-get)", packages.join(", ")));
    attempt(|| {
        let mut command = as_root("sh")?;
        command.args(["-c", INSTALL, "apt-install", suite.unwrap_or("-")]).args(packages);
        process::run_quietly(&mut command, &step)
    })?;
    step.done();
    Ok(())
}

/// Makes the suite `bookworm-backports` known, from the mirror that this machine already uses.
pub(crate) fn add_bookworm_backports() -> Result<()> {
    update_once()?;
    let targets = process::capture(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages",
    ]))?;
    let mirror_of = |release: &str| {
        targets.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [mirror, found, "main"] if found == release => Some(mirror.to_owned()),
            _ => None,
        })
    };
    if mirror_of("bookworm-backports").is_some() {
        return Ok(());
    }
    let mirror = mirror_of("bookworm").context("apt knows no mirror of Debian bookworm; add one to /etc/apt/sources.list.d")?;
    let step = Step::begin("Adding the package source bookworm-backports");
    let source = format!(
        "Types: deb\nURIs: {mirror}\nSuites: bookworm-backports\nComponents: main\n\
         Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    );
    let mut write = as_root("sh")?;
    let script = "printf %s \"$1\" > /etc/apt/sources.list.d/bookworm-backports.sources";
    process::run(write.args(["-c", script, "sh", &source]))?;
    update(&step)?;
    step.done();
    Ok(())
}

/// The version of an installed package.
pub(crate) fn version_of(package: &str) -> Option<String> {
    let asked = process::capture(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status} ${Version}", package]));
    asked.ok()?.strip_prefix("installed ").map(str::to_owned)
}

/// A service that came with a package: it was not started, and it shall not start with the machine either.
pub(crate) fn disable_service(service: &str) {
    let known = [format!("/lib/systemd/system/{service}.service"), format!("/etc/init.d/{service}")];
    if !known.iter().any(|file| Path::new(file).exists()) {
        return;
    }
    if process::find("systemctl").is_some()
        && let Ok(mut command) = as_root("systemctl")
    {
        let _ = process::capture(command.args(["--quiet", "disable", service]));
    }
    if let Ok(mut command) = as_root("update-rc.d") {
        let _ = process::capture(command.args([service, "disable"]));
    }
}

fn update_once() -> Result<()> {
    static IS_DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    if IS_DONE.swap(true, std::sync::atomic::Ordering::Relaxed) {
        return Ok(());
    }
    let step = Step::begin("Reading the package lists (apt-get update)");
    update(&step)?;
    step.done();
    Ok(())
}

fn update(step: &Step) -> Result<()> {
    attempt(|| {
        let mut command = as_root("apt-get")?;
        process::run_quietly(command.args(["update", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=600"]), step)
    })
}

fn attempt(mut action: impl FnMut() -> Result<()>) -> Result<()> {
    let mut attempts = 1;
    loop {
        match action() {
            Err(error) if attempts < ATTEMPTS => {
                ui::warning(format!("{error:#} Trying again."));
                attempts += 1;
            }
            done_or_failed => return done_or_failed,
        }
    }
}

fn as_root(program: &str) -> Result<Command> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    if process::find("sudo").is_none() {
        bail!("Installing packages needs root: run this as root, or install sudo.");
    }
    let mut command = Command::new("sudo");
    command.args(["--", program]);
    Ok(command)
}
