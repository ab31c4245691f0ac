//! All tests, and a summary. A step that fails lets the others run; a step without a single test has failed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::{self, Profile};
use crate::project::{Project, cargo};
use crate::rust_target::{TARGET, Toolchain};
use crate::{npm, probe, process, setup, size, ui};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Rust,
    Browser,
    Package,
    Types,
    Size,
}

/// In the order of running: the size is that of a release build, which takes the place of the quick one in pkg/.
const PARTS: [(&str, Part); 5] =
    [("rust", Part::Rust), ("types", Part::Types), ("package", Part::Package), ("browser", Part::Browser), ("size", Part::Size)];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    parts: Vec<Part>,
    words: Vec<String>,
    is_built: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { parts: Vec::new(), words: Vec::new(), is_built: false };
        let mut arguments = arguments.iter();
        for argument in arguments.by_ref() {
            match (argument.as_str(), PARTS.iter().find(|(name, _)| name == argument)) {
                ("--", _) => break,
                ("--no-build", _) => options.is_built = true,
                (_, Some((_, part))) => options.parts.push(*part),
                _ => bail!("`{argument}` is no part of the tests; the parts are: rust browser package types size."),
            }
        }
        options.words = arguments.cloned().collect();
        if options.is_built && options.has(Part::Size) {
            bail!("The size is that of a release build, so --no-build means nothing to it.");
        }
        if options.parts.is_empty() {
            let is_wanted = |part: &Part| *part != Part::Size || !options.is_built;
            options.parts = PARTS.iter().map(|(_, part)| *part).filter(is_wanted).collect();
        }
        Ok(options)
    }

    /// Whether pkg/ is laid for it.
    fn has_build(&self) -> bool {
        !self.is_built && [Part::Package, Part::Browser, Part::Size].iter().any(|part| self.has(*part))
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    // First of all, so that what cannot be installed is known at once.
    steps.run("set-up", || set_up(project, options).map(|()| Outcome::Done));
    if options.has(Part::Rust) {
        rust(project, &mut steps);
    }
    // The types are checked on pkg-template/ alone; the other two run what was built.
    let has_pkg = !(options.has(Part::Package) || options.has(Part::Browser))
        || if options.is_built {
            project.pkg().is_dir()
        } else {
            steps.run("build (quick)", || build::build(project, Profile::Quick).map(|()| Outcome::Done))
        };
    for (name, part) in PARTS.iter().filter(|(_, part)| !matches!(part, Part::Rust | Part::Size) && options.has(*part)) {
        if *part != Part::Types && !has_pkg {
            steps.not_run(name, "there is no built package");
            continue;
        }
        let files = test_files(&project.tests().join(name), &options.words)?;
        if !options.is_built && files.iter().any(|file| file.ends_with("unicode.test.mjs")) {
            steps.run("build (probe)", || probe::build(project).map(|()| Outcome::Done));
        }
        steps.run(name, || javascript(project, &files));
    }
    if options.has(Part::Size) {
        steps.run("size", || size::check(project).map(|()| Outcome::Done));
    }
    Ok(steps.summary())
}

fn set_up(project: &Project, options: &Options) -> Result<()> {
    if options.parts != [Part::Rust] {
        npm::install(&project.tests())?;
    }
    if options.has_build() {
        setup::for_build(project)?;
    }
    if options.has(Part::Browser) {
        setup::for_browser_tests(project)?;
    }
    Ok(())
}

fn rust(project: &Project, steps: &mut Steps) {
    if has_component("fmt") {
        steps.run("rustfmt", || process::run(cargo_here(project).args(["fmt", "--all", "--check"])).map(|()| Outcome::Done));
    } else {
        ui::warning("Formatting is not checked: rustup component add rustfmt");
    }
    if has_component("clippy") {
        let deny = ["--", "-D", "warnings"];
        steps.run("clippy", || {
            process::run(cargo_here(project).args(["clippy", "--locked", "--workspace", "--all-targets"]).args(deny))?;
            Ok(Outcome::Done)
        });
        steps.run("clippy (wasm32)", || {
            // Debian's Rust has its own way to the target, and no clippy for it.
            if matches!(Toolchain::ready(project)?, Toolchain::Own) {
                let packages = ["--package", "waxwing", "--package", "waxwing-unicode", "--package", "waxwing-unicode-probe"];
                let arguments = ["clippy", "--locked", "--lib", "--target", TARGET];
                process::run(cargo_here(project).args(arguments).args(packages).args(deny))?;
                process::run(cargo_here(project).args(arguments).args(CORE).args(deny))?;
            }
            Ok(Outcome::Done)
        });
        steps.run("clippy (core)", || {
            process::run(cargo_here(project).args(["clippy", "--locked", "--lib"]).args(CORE).args(deny))?;
            Ok(Outcome::Done)
        });
    } else {
        ui::warning("Lints are not checked: rustup component add clippy");
    }
    steps.run("rust", || cargo_test(project, &["--workspace"]));
    steps.run("rust (core)", || {
        let tests = CORE_TESTS.iter().flat_map(|test| ["--test", test]);
        cargo_test(project, &CORE.into_iter().chain(["--lib"]).chain(tests).collect::<Vec<_>>())
    });
}

/// The build without extensions.
const CORE: [&str; 3] = ["--package", "waxwing", "--no-default-features"];

/// What the build without extensions has to do differently, and what it must not: the other tests ask for an extension, or for nothing that
/// an extension has a part in.
const CORE_TESTS: &[&str] = &["core", "session", "resumption", "persistence", "sasl2"];

fn cargo_test(project: &Project, arguments: &[&str]) -> Result<Outcome> {
    let mut passed = 0;
    let mut command = cargo_here(project);
    command.args(["test", "--locked", "--no-fail-fast"]).args(arguments);
    let status = process::run_watched(&mut command, |line| passed += passed_in_cargo_line(line))?;
    if !status.success() {
        bail!("Some Rust tests failed ({passed} passed).");
    }
    Ok(Outcome::Passed(passed))
}

/// The test files of one folder.
fn test_files(folder: &Path, words: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect_test_files(folder, &mut files)?;
    files.retain(|file| words.is_empty() || words.iter().any(|word| file.to_string_lossy().contains(word.as_str())));
    files.sort();
    Ok(files)
}

/// Runs test files with Node's own test runner.
fn javascript(project: &Project, files: &[PathBuf]) -> Result<Outcome> {
    if files.is_empty() {
        return Ok(Outcome::Passed(0));
    }
    let mut command = Command::new("node");
    command.current_dir(&project.root).args(["--test", "--test-reporter=spec", "--test-concurrency=2"]).args(files);
    command.env("WAXWING_UNICODE_PROBE", probe::folder(project)?);
    if ui::has_colour() {
        command.env("FORCE_COLOR", "1");
    }
    let mut counts = NodeCounts::default();
    let status = process::run_watched(&mut command, |line| counts.read(line))?;
    if !status.success() && counts.of("fail") == 0 {
        bail!("Node's test runner ended before it was through ({status}).");
    }
    if !status.success() {
        bail!("{} of {} tests failed.", counts.of("fail"), counts.of("tests"));
    }
    if counts.of("skipped") + counts.of("todo") > 0 {
        bail!("{} tests were skipped; a test that cannot run is not a test.", counts.of("skipped") + counts.of("todo"));
    }
    Ok(Outcome::Passed(counts.of("pass")))
}

fn collect_test_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("{} cannot be read", folder.display()))?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect_test_files(&entry.path(), into)?;
        } else if name.ends_with(".test.mjs") {
            into.push(entry.path());
        }
    }
    Ok(())
}

fn cargo_here(project: &Project) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(&project.root);
    if ui::has_colour() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

fn has_component(subcommand: &str) -> bool {
    process::capture(Command::new(cargo()).args([subcommand, "--version"])).is_ok()
}

/// `test result: ok. 12 passed; 0 failed; ...`
fn passed_in_cargo_line(line: &str) -> u32 {
    let line = without_colour(line);
    let Some(result) = line.trim().strip_prefix("test result: ") else { return 0 };
    let words: Vec<&str> = result.split_whitespace().collect();
    words.windows(2).find(|pair| pair[1].starts_with("passed")).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// The closing lines of Node's test runner: `ℹ pass 12`.
#[derive(Default)]
struct NodeCounts(Vec<(String, u32)>);

impl NodeCounts {
    fn read(&mut self, line: &str) {
        let line = without_colour(line);
        let Some(count) = line.strip_prefix("ℹ ") else { return };
        if let Some((name, number)) = count.split_once(' ')
            && let Ok(number) = number.trim().parse()
        {
            self.0.push((name.to_owned(), number));
        }
    }

    fn of(&self, name: &str) -> u32 {
        self.0.iter().rev().find(|(known, _)| known == name).map_or(0, |(_, number)| *number)
    }
}

fn without_colour(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(character);
        }
    }
    text
}

enum Outcome {
    /// Nothing that counts.
    Done,
    Passed(u32),
}

#[derive(Default)]
struct Steps {
    lines: Vec<(bool, String)>,
}

impl Steps {
    /// Runs a step; true if it went well.
    fn run(&mut self, name: &str, action: impl FnOnce() -> Result<Outcome>) -> bool {
        eprintln!("\n--- {name} ---");
        let began = Instant::now();
        let outcome = action();
        let (is_good, text) = match outcome {
            Ok(Outcome::Done) => (true, String::new()),
            Ok(Outcome::Passed(0)) => (false, "not one test was run".to_owned()),
            Ok(Outcome::Passed(count)) => (true, format!("{count} tests passed")),
            Err(error) => (false, format!("{error:#}")),
        };
        if !is_good {
            ui::error(&format!("{name}: {text}"));
        }
        self.add(name, is_good, &text, began.elapsed());
        is_good
    }

    fn not_run(&mut self, name: &str, why: &str) {
        self.add(name, false, &format!("not run: {why}"), Duration::ZERO);
    }

    fn add(&mut self, name: &str, is_good: bool, text: &str, elapsed: Duration) {
        let word = if is_good { ui::good("ok    ") } else { ui::bad("FAILED") };
        self.lines.push((is_good, format!("{word} {name:<16} {:>11}  {text}", ui::seconds(elapsed))));
    }

    fn summary(&self) -> ExitCode {
        eprintln!("\n--- summary ---");
        for (_, line) in &self.lines {
            eprintln!("{line}");
        }
        let failed = self.lines.iter().filter(|(is_good, _)| !is_good).count();
        if failed == 0 {
            eprintln!("All {} steps passed.", self.lines.len());
            ExitCode::SUCCESS
        } else {
            eprintln!("{failed} of {} steps failed.", self.lines.len());
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted_in_what_cargo_prints() {
        assert_eq!(passed_in_cargo_line("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"), 12);
        assert_eq!(passed_in_cargo_line("test result: \x1b[32mok\x1b[0m. 3 passed; 0 failed"), 3);
        assert_eq!(passed_in_cargo_line("test roster_push ... ok"), 0);
    }

    #[test]
    fn closing_lines_of_node_are_read_with_and_without_colour() {
        let mut counts = NodeCounts::default();
        for line in ["ℹ tests 7", "\x1b[34mℹ pass 6\x1b[39m", "ℹ fail 1", "ℹ duration_ms 12.5", "✔ a test (1ms)"] {
            counts.read(line);
        }
        assert_eq!((counts.of("tests"), counts.of("pass"), counts.of("fail"), counts.of("skipped")), (7, 6, 1, 0));
    }

    #[test]
    fn parts_and_words_are_told_apart() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let options = Options::parse(&words("browser --no-build -- smoke roster")).unwrap();
        assert_eq!(options, Options { parts: vec![Part::Browser], words: words("smoke roster"), is_built: true });
        assert_eq!(Options::parse(&[]).unwrap().parts.len(), PARTS.len());
        assert!(Options::parse(&words("brwser")).is_err());
    }

    #[test]
    fn the_size_belongs_to_everything_and_is_not_measured_on_a_build_of_unknown_profile() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(Options::parse(&[]).unwrap().has(Part::Size));
        assert!(Options::parse(&words("size")).unwrap().has_build());
        assert!(!Options::parse(&words("--no-build")).unwrap().has(Part::Size));
        assert!(Options::parse(&words("size --no-build")).is_err());
    }
}
