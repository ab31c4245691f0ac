//! Waxwing against its peers, on one page, against one server. benches/browser/run.mjs measures; here is what comes before.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::project::Project;
use crate::{build, process, setup};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    is_built: bool,
    /// For run.mjs, which knows the names of the measures.
    arguments: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Self {
        let is_built = arguments.iter().any(|argument| argument == "--no-build");
        let is_for_run = |argument: &&String| !matches!(argument.as_str(), "--" | "--no-build");
        Self { is_built, arguments: arguments.iter().filter(is_for_run).cloned().collect() }
    }
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    setup::for_browser_tests(project)?;
    build::provide(project, options.is_built, "bench")?;
    let mut command = Command::new("node");
    command.arg(project.benches().join("run.mjs")).args(&options.arguments);
    let status = process::status(&mut command)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bench_itself_does_not_know_is_handed_on() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let options = Options::parse(&words("--no-build -- dispatch --rounds 3"));
        assert_eq!(options, Options { is_built: true, arguments: words("dispatch --rounds 3") });
        assert!(!Options::parse(&[]).is_built);
    }
}
