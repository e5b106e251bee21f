//! One JSON object a line: first what a proxy has to know of the lab, then each upstream.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use badgateway::lab::{Behaviour, Lab};

use crate::only::Only;

/// What there is, without starting it.
pub(crate) fn print(only: &Only) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for behaviour in only.behaviours() {
        writeln!(out, "{}", row(behaviour, None))?;
    }
    out.flush()
}

/// What runs, and where. `ca` is the file with the root certificate that the user wanted it in, if any.
pub(crate) fn print_running(lab: &Lab, ca: Option<&Path>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let ca = json(&ca.unwrap_or(lab.ca_file()).display().to_string());
    writeln!(out, "{{\"ca\": {ca}, \"resolver\": \"{}\"}}", lab.resolver())?;
    for upstream in lab.upstreams() {
        writeln!(out, "{}", row(upstream.behaviour(), Some(upstream.url())))?;
    }
    out.flush()
}

/// One line: what it is, and where, once it is anywhere.
fn row(behaviour: &Behaviour, url: Option<&str>) -> String {
    let mut line = format!("{{\"name\": {}", json(behaviour.name));
    if let Some(url) = url {
        let _ = write!(line, ", \"url\": {}", json(url));
    }
    let _ = write!(
        line,
        ", \"group\": {}, \"description\": {}, \"expect\": {}}}",
        json(behaviour.group.as_str()),
        json(behaviour.description),
        json(&behaviour.rule.to_string()),
    );
    line
}

/// A JSON string.
fn json(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
