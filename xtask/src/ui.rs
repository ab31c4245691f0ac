//! What the user sees: steps, their time, errors. Colour and a moving line only where a person watches (a terminal).

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

pub(crate) fn has_colour() -> bool {
    is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A fact worth knowing.
pub(crate) fn note(text: impl Display) {
    eprintln!("  {text}");
}

pub(crate) fn error(text: &str) {
    eprintln!("{} {text}", paint("31;1", "error:"));
}

pub(crate) fn warning(text: impl Display) {
    eprintln!("{} {text}", paint("33;1", "note:"));
}

pub(crate) fn good(text: &str) -> String {
    paint("32;1", text)
}

pub(crate) fn bad(text: &str) -> String {
    paint("31;1", text)
}

/// A step that takes a while: says what it does when it begins, and how long it took when it is done.
pub(crate) struct Step {
    name: String,
    began: Instant,
}

impl Step {
    pub(crate) fn begin(name: impl Display) -> Self {
        let name = name.to_string();
        eprintln!("{} {name}", paint("36;1", "==>"));
        Self { name, began: Instant::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn done(self) {
        eprintln!("    {} ({})", self.name_done(), seconds(self.elapsed()));
    }

    /// One line that is written over again and again; nothing where no person watches.
    pub(crate) fn progress(&self, detail: &str) {
        if is_terminal() {
            let detail: String = detail.chars().filter(|c| !c.is_control()).take(60).collect();
            eprint!("\r\x1b[K    {} {detail}", seconds(self.elapsed()));
            let _ = std::io::stderr().flush();
        }
    }

    pub(crate) fn clear_progress(&self) {
        if is_terminal() {
            eprint!("\r\x1b[K");
        }
    }

    fn name_done(&self) -> String {
        let first = self.name.split([',', '(']).next().unwrap_or(&self.name);
        format!("done: {}", first.trim())
    }
}

pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..=9 => format!("{:.1} s", duration.as_secs_f64()),
        whole @ 10..=119 => format!("{whole} s"),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

fn paint(code: &str, text: &str) -> String {
    if has_colour() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}
