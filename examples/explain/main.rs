//! Explains lines of proxies' logs, statuses, faults, `Proxy-Status` values and error responses.
//!
//! `cargo run --example explain -- /var/log/nginx/error.log`, `... | cargo run --example explain`, `-- 502`,
//! `-- connection_refused`, `-- 'edge; error=dns_timeout'`, `-- UF` (a word of a log), `-- 'connect ECONNREFUSED 10.0.0.1:80'` (a line),
//! `curl -i URL | cargo run --example explain`.
//!
//! Of a log it explains each failure once, where it first stands, and ends with a summary if there were more. It
//! takes files of any size in constant memory, and lines as they come.

// Counters, ranges that were just found, and enums of the library that may grow.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::wildcard_enum_match_arm)]

pub(crate) mod flags;
mod histogram;
mod lines;
pub(crate) mod log;
pub(crate) mod packed;
mod paste;
mod reason;
mod response;
pub(crate) mod show;
mod subject;
mod summary;
mod word;
mod wrapped;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use flags::{Ask, Flags};

fn main() -> ExitCode {
    let flags = match Flags::parse(std::env::args().skip(1)) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            println!("{}", flags::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            complain(&why);
            return ExitCode::from(2);
        }
    };
    if flags.asks.is_empty() && !flags.all && io::stdin().is_terminal() {
        eprintln!(
            "Paste lines, a page or a response, and end with Ctrl-D on a line of its own. --help says what else."
        );
    }
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    match run(&flags, &mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads may stop reading: `explain --all | head`. What is still in the buffer has nobody to go to.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong, in which an argument may stand as it was given.
fn complain(why: &str) {
    eprintln!("explain: {}", show::text(why.as_bytes(), 1024));
}

pub(crate) fn run(flags: &Flags, out: &mut impl Write) -> io::Result<()> {
    if flags.all {
        return subject::all(flags.json, out);
    }
    let mut log = log::Log::new(flags);
    let mut files = 0_usize;
    // What is wrong with one file is said when the others were read.
    let mut trouble = None;
    let mut tell = |read: io::Result<()>| match read {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(error),
        Err(error) => {
            if let Some(earlier) = trouble.replace(error) {
                complain(&earlier.to_string());
            }
            Ok(())
        }
        Ok(()) => Ok(()),
    };
    for ask in &flags.asks {
        match ask {
            Ask::Status(code) => subject::status(*code, flags.json, out)?,
            Ask::Fault(kind) => subject::fault(*kind, flags.json, out)?,
            Ask::ProxyStatus(value) => subject::proxy_status(value, flags.json, out)?,
            Ask::Word(word) => word::explain(word, flags.json, out)?,
            Ask::Line(text) => {
                log.read(text.as_bytes(), out)?;
                files += 1;
            }
            Ask::Stdin => {
                tell(log.read(io::stdin().lock(), out))?;
                files += 1;
            }
            Ask::File(path) => {
                let read = File::open(path).and_then(|file| log.read(file, out));
                tell(read.map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}"))))?;
                files += 1;
            }
        }
    }
    if flags.asks.is_empty() {
        tell(log.read(io::stdin().lock(), out))?;
        files += 1;
    }
    if files > 0 && (trouble.is_none() || !log.is_empty()) {
        log.finish(out)?;
    }
    trouble.map_or(Ok(()), Err)
}
