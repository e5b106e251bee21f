//! Starts every misbehaving upstream and says, in JSON lines, where each of them is.
//!
//! `cargo run --features lab --example lab -- [--base-port N] [--list]`
//!
//! The first line names the lab's root certificate and its name server, each further line one
//! upstream. Serves until stdin ends, or Ctrl-C. `--list` prints the table without starting it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use badgateway::lab::{BEHAVIOURS, Behaviour, Lab};

const USAGE: &str = "usage: lab [--base-port N] [--list]";

fn main() -> ExitCode {
    let (base_port, list) = match arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!(
                "{USAGE}\n\nOne JSON object a line for each misbehaving upstream; serves until stdin ends, or Ctrl-C."
            );
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("lab: {why}; {USAGE}");
            return ExitCode::from(2);
        }
    };
    match if list { print_table() } else { serve(base_port) } {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the list may stop reading it: `lab --list | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<(u16, bool)>, String> {
    let (mut base_port, mut list) = (0, false);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--list" => list = true,
            "--base-port" => {
                let value = given.next().ok_or("--base-port needs a number")?;
                base_port = match value.parse() {
                    Ok(port @ 1..) => port,
                    _ => return Err(format!("{value:?} is not a port")),
                };
            }
            _ => return Err(format!("what is {argument:?}?")),
        }
    }
    Ok(Some((base_port, list)))
}

fn print_table() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for behaviour in BEHAVIOURS {
        writeln!(out, "{}", row(behaviour, None))?;
    }
    Ok(())
}

fn serve(base_port: u16) -> io::Result<()> {
    let lab = Lab::builder().base_port(base_port).start()?;
    let mut out = io::stdout().lock();
    let ca = json(&lab.ca_file().display().to_string());
    writeln!(out, "{{\"ca\": {ca}, \"resolver\": \"{}\"}}", lab.resolver())?;
    for upstream in lab.upstreams() {
        writeln!(out, "{}", row(upstream.behaviour(), Some(upstream.url())))?;
    }
    out.flush()?;
    wait_for_the_end_of_stdin()
}

/// Where stdin is /dev/null it ends before it began, and nobody could ever end the lab by it: then
/// only a signal does.
fn wait_for_the_end_of_stdin() -> io::Result<()> {
    if io::copy(&mut io::stdin().lock(), &mut io::sink())? == 0 && is_null() {
        loop {
            thread::sleep(Duration::from_secs(3600));
        }
    }
    Ok(())
}

/// Whether stdin is the null device, where the system has a way to say so.
fn is_null() -> bool {
    std::fs::read_link("/dev/fd/0").is_ok_and(|target| target.as_os_str() == "/dev/null")
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
