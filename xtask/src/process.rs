//! Running other programs. Each child is known by its id, and ends when this process is told to end.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::ui::Step;

static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
const TIME_TO_END: Duration = Duration::from_secs(10);

/// From now on Ctrl-C, SIGTERM and SIGHUP end the children first, then this process.
pub(crate) fn end_children_on_signals() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        for id in children().iter() {
            send(*id, Signal::TERM);
        }
        let asked = Instant::now();
        while !children().is_empty() && asked.elapsed() < TIME_TO_END {
            std::thread::sleep(Duration::from_millis(20));
        }
        for id in children().iter() {
            send(*id, Signal::KILL);
        }
        std::process::exit(128 + signal);
    });
}

/// Runs a program that talks to the user itself.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status}).", describe(command));
    }
    Ok(())
}

/// The same, where failing is an answer and not an error.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    let mut child = Running::spawn(command)?;
    child.wait()
}

/// Runs a program whose output only matters when it fails; shows the time and its last line meanwhile.
pub(crate) fn run_quietly(command: &mut Command, step: &Step) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Running::spawn(command)?;
    let (sender, lines) = channel();
    read_lines(child.stdout(), sender.clone());
    read_lines(child.stderr(), sender);
    let mut output: Vec<String> = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => output.push(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        step.progress(output.last().map_or("", String::as_str));
    }
    let status = child.wait()?;
    step.clear_progress();
    if !status.success() {
        for line in output.iter().skip(output.len().saturating_sub(25)) {
            eprintln!("    {line}");
        }
        bail!("`{}` failed ({status}); its last lines are above.", describe(command));
    }
    Ok(())
}

/// Runs a program, shows its standard output and hands each line to `on_line` too.
pub(crate) fn run_watched(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Running::spawn(command)?;
    for line in lossy_lines(child.stdout()) {
        println!("{line}");
        on_line(&line);
    }
    child.wait()
}

/// What a program prints on standard output; an error if it fails.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Running::spawn(command)?;
    let (sender, errors) = channel();
    read_lines(child.stderr(), sender);
    let mut output = String::new();
    child.stdout().read_to_string(&mut output).with_context(|| format!("`{}` printed no text", describe(command)))?;
    let status = child.wait()?;
    if !status.success() {
        let said = errors.iter().last().unwrap_or_default();
        bail!("`{}` failed ({status}): {said}", describe(command));
    }
    Ok(output)
}

/// What a program prints on standard output, while it talks to the user on standard error.
pub(crate) fn capture_stdout(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Running::spawn(command)?;
    let mut output = String::new();
    child.stdout().read_to_string(&mut output)?;
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status}); what it said is above.", describe(command));
    }
    Ok(output)
}

/// Where a program is, if it is on the PATH.
pub(crate) fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program.as_ref())).find(|file| is_program(file))
}

fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A child that is on the list of those to end.
struct Running {
    child: Child,
}

impl Running {
    fn spawn(command: &mut Command) -> Result<Self> {
        let mut all = children();
        let child = command.spawn().with_context(|| format!("`{}` could not be started", describe(command)))?;
        all.push(child.id());
        Ok(Self { child })
    }

    fn stdout(&mut self) -> Box<dyn Read + Send> {
        self.child.stdout.take().map_or(Box::new(std::io::empty()), |pipe| Box::new(pipe))
    }

    fn stderr(&mut self) -> Box<dyn Read + Send> {
        self.child.stderr.take().map_or(Box::new(std::io::empty()), |pipe| Box::new(pipe))
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let id = self.child.id();
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        children().retain(|known| *known != id);
    }
}

fn children() -> std::sync::MutexGuard<'static, Vec<u32>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn send(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn read_lines(from: Box<dyn Read + Send>, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in lossy_lines(from) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

fn lossy_lines(from: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(from)
        .split(b'\n')
        .map_while(std::result::Result::ok)
        .map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args().take(6) {
        let argument = argument.to_string_lossy();
        let short: String = argument.lines().next().unwrap_or_default().chars().take(60).collect();
        text.push(' ');
        text.push_str(&short);
    }
    text
}
