//! The project's own build tool: `cargo xtask <command>`.
//!
//! Each command sets up what it needs first, so a fresh clone needs no other step. Nothing is downloaded or
//! installed twice, and every process that is started here ends with it.

mod bench;
mod build;
mod debian;
mod demo;
mod notices;
mod npm;
mod package;
mod probe;
mod process;
mod project;
mod prosody;
mod rust_target;
mod setup;
mod size;
mod test;
mod ui;
mod variant;

use std::process::ExitCode;

use anyhow::{Result, bail};
use project::Project;

const HELP: &str = "\
Build, test and try Waxwing.

Usage: cargo xtask <command>

  setup                 install what is missing: the wasm32 target, npm packages, Prosody, Chromium, Firefox
  build [--quick]       compile to WebAssembly and lay the npm package into pkg/
                          --quick  compiles faster, for tests: hardly optimised
  test [PART...] [-- WORD...]
                        run all tests, or only some parts: rust browser package types size
                          WORD     only the JavaScript test files whose path contains one of these words
                          --no-build  take pkg/ as it is
  demo [--port N] [--no-build]
                        build, start Prosody and the demo site on this machine, print its address
                          --port N    where the site listens (default 8080; the next free one if taken)
                          --no-build  take pkg/ as it is
  size [--features] [--update [--raise-core]]
                        build, measure what a page has to download of both builds, compare with the committed budget
                          --features    measure what each extension costs: a build for each, of about a minute
                          --update      record what a new extension costs, and a smaller core; with --features the cost
                                        of every extension anew
                          --raise-core  let the core's budget grow, which otherwise only goes down
  bench [--no-build] [--quick] [--rounds N] [MEASURE...]
                        build, measure Waxwing and its peers in Chromium, print a table; a run of all measures
                        writes results.md, results.svg, scale.md and scale.svg in benches/browser
                          --rounds N  samples of each, of which the median counts (default 5)
                          --quick     one round of a tenth, to see that it works
                          MEASURE     dispatch roster presences sends prosody login resume block start memory million;
                                      scale is how the cost of what can be long grows, and writes scale.md and scale.svg
  clean                 remove what build and setup put into the tree: target/, pkg/, node_modules/ of tests and benches
  help                  print this

Each command sets up what it needs. Native benchmarks are run with: cargo bench
";

fn main() -> ExitCode {
    process::end_children_on_signals();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            ui::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    if matches!(command, "help" | "--help" | "-h") || rest.iter().any(|word| word == "--help" || word == "-h") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let project = Project::open()?;
    match command {
        "setup" => {
            only_options(rest, &[])?;
            setup::everything(&project)?;
        }
        "build" => {
            only_options(rest, &["--quick"])?;
            let profile = if has(rest, "--quick") { build::Profile::Quick } else { build::Profile::Release };
            build::build(&project, profile)?;
        }
        "test" => return test::run(&project, &test::Options::parse(rest)?),
        "demo" => return demo::run(&project, &demo::Options::parse(rest)?),
        "size" => {
            only_options(rest, &["--features", "--update", "--raise-core"])?;
            let options = size::Options {
                is_each: has(rest, "--features"),
                is_update: has(rest, "--update"),
                may_raise_core: has(rest, "--raise-core"),
            };
            size::run(&project, options)?;
        }
        "bench" => return bench::run(&project, &bench::Options::parse(rest)),
        "clean" => {
            only_options(rest, &[])?;
            project.clean()?;
        }
        other => bail!("There is no command `{other}`; `cargo xtask help` lists them."),
    }
    Ok(ExitCode::SUCCESS)
}

fn has(words: &[String], option: &str) -> bool {
    words.iter().any(|word| word == option)
}

fn only_options(words: &[String], known: &[&str]) -> Result<()> {
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        Some(word) => bail!("`{word}` means nothing here; `cargo xtask help` lists what does."),
        None => Ok(()),
    }
}
