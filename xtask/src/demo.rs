//! The demo: a real server, the site, two accounts. tests/support/demo.mjs runs them; here is what comes before.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::prosody::{self, Server};
use crate::{build, npm, process};

const DEFAULT_PORT: u16 = 8080;

pub(crate) struct Options {
    port: u16,
    is_built: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { port: DEFAULT_PORT, is_built: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--no-build" => options.is_built = true,
                "--port" => {
                    let port = arguments.next().and_then(|port| port.parse().ok());
                    options.port = port.context("--port wants a number from 0 to 65535, as in `--port 8080`")?;
                }
                other => bail!("`{other}` means nothing here; `cargo xtask help` lists what does."),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    npm::check_node()?;
    let server = prosody::install_any()?;
    build::provide(project, options.is_built, "demo")?;
    let mut command = Command::new("node");
    command.arg(project.tests().join("support/demo.mjs")).arg(options.port.to_string());
    if let Server::Container(image) = server {
        command.env("WAXWING_PROSODY_IMAGE", image);
    }
    let status = process::status(&mut command)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
