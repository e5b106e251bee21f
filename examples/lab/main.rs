//! The lab as a command: starts every misbehaving upstream, says in JSON lines where each of them is, and judges
//! what a proxy in front of them makes of it.
//!
//! ```text
//! cargo run --features lab --example lab                                            # serves until stdin ends, or Ctrl-C
//! cargo run --features lab --example lab -- --judge 'http://127.0.0.1:8080/{name}'  # judges the proxy there
//! cargo run --features lab --example lab -- --list                                  # starts nothing
//! cargo run --features lab --example lab -- --help                                  # how to point a proxy at it
//! ```
//!
//! | file | what it does |
//! |---|---|
//! | `flags`, `help.txt` | the command line |
//! | `listing` | the JSON lines |
//! | `target` | the proxy: where it is, what to ask it for |
//! | `trial` | asks, judges, prints the table |
//! | `../shared` | the rules, the table, `--only`: what the tour of the example proxies has as well |

mod flags;
mod listing;
mod target;
mod trial;

#[path = "../shared/duration.rs"]
mod duration;
#[path = "../shared/judge.rs"]
mod judge;
#[path = "../shared/only.rs"]
mod only;
#[path = "../shared/report/mod.rs"]
mod report;

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use badgateway::lab::Lab;

use crate::flags::{Flags, HELP};

/// What `--help` promises: nothing was judged.
const UNJUDGED: u8 = 2;

fn main() -> ExitCode {
    match Flags::parse(std::env::args().skip(1)) {
        Ok(Some(flags)) => run(&flags).unwrap_or_else(|line| refuse(&line)),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(line) => refuse(&line),
    }
}

fn refuse(line: &str) -> ExitCode {
    eprintln!("lab: {line}");
    ExitCode::from(UNJUDGED)
}

fn run(flags: &Flags) -> Result<ExitCode, String> {
    if flags.list {
        // Who reads the list may stop reading it: `lab --list | head`.
        let _ = listing::print(&flags.only);
        return Ok(ExitCode::SUCCESS);
    }
    let lab = start(flags)?;
    let listed = listing::print_running(&lab, flags.ca.as_deref());
    let Some(judging) = &flags.judging else {
        let waited = listed.and_then(|()| wait_for_the_end_of_stdin());
        return match waited {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
            Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
        };
    };
    // Nobody who does not read where they are can put a proxy before them.
    listed.map_err(|error| format!("standard output: {error}"))?;
    Ok(if trial::run(&lab, judging)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start(flags: &Flags) -> Result<Lab, String> {
    let lab = flags.only.lab().base_port(flags.base_port).start();
    let lab = lab.map_err(|error| format!("cannot start the lab: {error}"))?;
    if let Some(file) = &flags.ca {
        std::fs::write(file, lab.ca_pem()).map_err(|error| format!("--ca {}: {error}", file.display()))?;
    }
    Ok(lab)
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
