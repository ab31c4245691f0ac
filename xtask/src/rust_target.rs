//! The Rust that compiles to WebAssembly.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::project::{Project, cargo, rust_version};
use crate::ui::{self, Step};
use crate::{debian, process};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// The one thing that a Rust is told to do as if it were a nightly one: what it is needed for, ARCHITECTURE.md says.
const BUILD_STD: &str = "-Zbuild-std=std,panic_abort";
const STD_FOR_SIZE: &str = "-Zbuild-std-features=optimize_for_size";
/// A panic stops at once, without a word; `{:?}` writes nothing; no code knows its line. What is hot is compiled for speed, as it says itself.
const SMALL: [&str; 5] =
    ["--cfg=waxwing_small", "-Zunstable-options", "-Cpanic=immediate-abort", "-Zfmt-debug=none", "-Zlocation-detail=none"];
const DISTRO_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// A way to compile for wasm32.
pub(crate) enum Toolchain {
    /// The one that runs this program, with the target added.
    Own,
    /// Debian's, which brings the standard library as source.
    Distro,
}

impl Toolchain {
    /// Finds a way, adding what is missing.
    pub(crate) fn ready(project: &Project) -> Result<Self> {
        if has_target() {
            return Ok(Self::Own);
        }
        if has_distro(project) {
            return Ok(Self::Distro);
        }
        if process::find("rustup").is_some() {
            let step = Step::begin(format!("Adding the Rust target {TARGET} (rustup)"));
            match process::run_quietly(Command::new("rustup").args(["target", "add", TARGET]), &step) {
                Ok(()) if has_target() => {
                    step.done();
                    return Ok(Self::Own);
                }
                Ok(()) => ui::warning("rustup added the target to another toolchain than the one in use."),
                Err(error) => ui::warning(format!("{error:#}")),
            }
        }
        if debian::system().is_some_and(|system| system.codename == "bookworm") {
            ui::note("Debian's own Rust can compile to WebAssembly too: taking that.");
            debian::install(DISTRO_PACKAGES, None)?;
            if has_distro(project) {
                return Ok(Self::Distro);
            }
        }
        bail!("Rust cannot compile to WebAssembly here: install rustup and run `rustup target add {TARGET}`.");
    }

    /// As [`cargo_build`](Self::cargo_build), for the smallest module: the standard library is compiled anew for size, and without the texts
    /// of panics, which nobody sees.
    pub(crate) fn cargo_build_small(&self, project: &Project) -> Command {
        let mut command = self.cargo_build(project);
        if provide_source(self) {
            if let Self::Own = self {
                command.env("RUSTC_BOOTSTRAP", "1").arg(BUILD_STD);
            }
            command.arg(STD_FOR_SIZE);
            // Joined with what .cargo/config.toml has.
            command.arg("--config").arg(format!("target.{TARGET}.rustflags={SMALL:?}"));
        } else {
            ui::warning(
                "The module works the same and is larger than need be: for a small one, `rustup component add rust-src` and a Rust \
                 that has -Cpanic=immediate-abort (1.92 or newer).",
            );
        }
        command
    }

    fn has_source(&self) -> bool {
        let sysroot = process::capture(self.rustc().args(["--print", "sysroot"])).unwrap_or_default();
        PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
    }

    /// The rustc that it builds with.
    fn rustc(&self) -> Command {
        match self {
            Self::Own => Command::new(own_rustc()),
            Self::Distro => {
                let mut rustc = Command::new("/usr/bin/rustc");
                rustc.env_remove("RUSTUP_TOOLCHAIN");
                rustc
            }
        }
    }

    /// `cargo build`, up to the arguments that name the package, features, profile and output.
    pub(crate) fn cargo_build(&self, project: &Project) -> Command {
        let mut command = match self {
            Self::Own => Command::new(cargo()),
            Self::Distro => Command::new("/usr/bin/cargo"),
        };
        command.current_dir(&project.root).args(["build", "--locked", "--target", TARGET]);
        if let Self::Distro = self {
            // The distro's tools by their full names: rustup's come first on the PATH.
            command.env("RUSTC", "/usr/bin/rustc").env_remove("RUSTUP_TOOLCHAIN");
            command.env("RUSTC_BOOTSTRAP", "1").arg(BUILD_STD);
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
            command.env("CARGO_TARGET_DIR", project.target.join("distro"));
        }
        command
    }
}

/// Sees to it that the standard library can be compiled for size, adding its source if rustup can.
pub(crate) fn provide_source(toolchain: &Toolchain) -> bool {
    if !toolchain.has_source() && matches!(toolchain, Toolchain::Own) && process::find("rustup").is_some() {
        let step = Step::begin("Adding the source of Rust's standard library (rustup)");
        match process::run_quietly(Command::new("rustup").args(["component", "add", "rust-src"]), &step) {
            Ok(()) => step.done(),
            Err(error) => ui::warning(format!("{error:#}")),
        }
    }
    let mut understands = toolchain.rustc();
    understands.env("RUSTC_BOOTSTRAP", "1").args(["--print", "cfg", "--target", TARGET]).args(SMALL);
    toolchain.has_source() && process::capture(&mut understands).is_ok()
}

fn own_rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

fn has_target() -> bool {
    let Ok(folder) = process::capture(Command::new(own_rustc()).args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    // The folder alone says little: an installation that was broken off leaves it empty.
    std::fs::read_dir(folder.trim())
        .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
}

fn has_distro(project: &Project) -> bool {
    let is_new_enough = || {
        let version = process::capture(Command::new("/usr/bin/rustc").arg("--version")).unwrap_or_default();
        version.split(' ').nth(1).and_then(rust_version).is_some_and(|version| version >= project.oldest_rust)
    };
    process::find("apt-get").is_some()
        && DISTRO_PACKAGES.iter().all(|package| debian::version_of(package).is_some())
        && is_new_enough()
}
