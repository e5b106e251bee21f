//! How wide the terminal is, whether it shows colours, and what may be written to it.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::process::{Command, Stdio};

/// No line is longer, however wide the terminal: eyes do not find the way back from further out.
const WIDEST: usize = 100;
/// Narrower than this nothing can be told in columns, and the terminal may wrap the lines.
const NARROWEST: usize = 40;

/// What a text is, as opposed to how that looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Plain,
    Strong,
    Faint,
    Right,
    Wrong,
}

/// Where the text goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) width: usize,
    colours: bool,
}

impl Terminal {
    /// Standard output: a terminal, or else a file of [`WIDEST`] columns without colours.
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self { width: WIDEST, colours: false };
        }
        let width = columns().unwrap_or(WIDEST).clamp(NARROWEST, WIDEST);
        Self { width, colours: is_cooperative() && no_color().is_none() }
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => "",
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Right => "32",
            Style::Wrong => "1;31",
        };
        if !self.colours || code.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Whether standard error shows a line that is written over and over.
pub(super) fn shows_progress() -> bool {
    io::stderr().is_terminal() && is_cooperative()
}

/// The text with everything escaped that is not printable ASCII: what comes from a peer may hold sequences that a
/// terminal obeys, or letters that it draws wider than one column.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            c => out.extend(c.escape_default()),
        }
    }
    out
}

/// no-color.org: "when present and not an empty string (regardless of its value)".
fn no_color() -> Option<std::ffi::OsString> {
    std::env::var_os("NO_COLOR").filter(|value| !value.is_empty())
}

fn is_cooperative() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// From the shell where it exports it, else from the terminal.
fn columns() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    told.or_else(|| {
        let terminal = File::open("/dev/tty").ok()?;
        let size = Command::new("stty").arg("size").stdin(terminal).stderr(Stdio::null()).output().ok()?;
        std::str::from_utf8(&size.stdout).ok()?.split_whitespace().nth(1)?.parse().ok()
    })
    .filter(|columns| *columns > 0)
}
