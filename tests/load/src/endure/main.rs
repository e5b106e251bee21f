//! The example proxies for minutes at full rate, between upstreams that misbehave and clients that count.
//!
//! ```text
//! cargo run --release --manifest-path tests/load/Cargo.toml --bin endure -- \
//!     [--engine proxy|proxy_h1] [--only mixed|exhausted|stalled] [--seconds N] [--stalled N] [--rounds N] [--programs DIR]
//! ```
//!
//! | file | what it does |
//! |---|---|
//! | `mixed` | **good and bad upstreams at once, upstreams that are killed, clients that leave, wrk beside** |
//! | `hostile` | **clients that misbehave, with good upstreams and ejection after one failure** |
//! | `exhausted` | no descriptors left, and again some |
//! | `stalled` | thousands of upstreams that do not answer: what each costs |
//! | `kinds`, `ledger`, `leak` | which answers are right; whether the log says the same; whether memory grows |
//! | `client`, `tail`, `proxy`, `victim`, `random` | the sockets, files and processes for that |
//!
//! Exit: 0 all is right, 1 something is not, 2 it could not be found out.

mod client;
mod exhausted;
mod hostile;
mod kinds;
mod leak;
mod ledger;
mod mixed;
mod proxy;
mod random;
mod stalled;
mod tail;
mod victim;

// The faults that the end-to-end tests expect of each upstream are expected here.
#[path = "../../../e2e/expect.rs"]
#[allow(dead_code)]
mod expect;

/// What that table asks of its own harness.
mod harness {
    /// An engine of the proxy.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Engine {
        /// `proxy`.
        Hyper,
        /// `proxy_h1`.
        H1,
    }
}

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use badgateway::lab::Lab;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::proxy::Engine;

/// Descriptors for ten thousand exchanges, both ends of both connections, and some.
const FDS: u64 = 50_000;

struct Options {
    engine: String,
    time: Duration,
    stalled: Option<usize>,
    rounds: u64,
    only: Option<String>,
    programs: PathBuf,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["victim", port] => port.parse().map_err(io::Error::other).and_then(victim::serve).map(|()| Vec::new()),
        _ => options(args).map_err(io::Error::other).and_then(run),
    };
    match done {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in problems {
                println!("WRONG {problem}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("endure: {error}");
            ExitCode::from(2)
        }
    }
}

fn options(args: Vec<String>) -> Result<Options, String> {
    let mut options = Options {
        engine: "proxy".into(),
        time: Duration::from_secs(600),
        stalled: None,
        rounds: 5,
        only: None,
        programs: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/examples"),
    };
    let mut args = args.into_iter();
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{flag} {value:?} is not a number"));
        match flag.as_str() {
            "--engine" => options.engine = value,
            "--seconds" => options.time = Duration::from_secs(number()?),
            "--stalled" => options.stalled = Some(number()? as usize),
            "--rounds" => options.rounds = number()?,
            "--only" => options.only = Some(value),
            "--programs" => options.programs = value.into(),
            _ => return Err(format!("what is {flag:?}?")),
        }
    }
    Ok(options)
}

fn run(options: Options) -> io::Result<Vec<String>> {
    raise_limit();
    let engine = Engine { program: options.programs.join(&options.engine), name: options.engine };
    if !engine.program.is_file() {
        let build = "cargo build --release --features full --examples";
        return Err(io::Error::other(format!("{} is not there: {build}", engine.program.display())));
    }
    let lab = Lab::start()?;
    // The engine with threads serves 1024 clients at a time and lets others wait.
    let stalled = options.stalled.unwrap_or(if engine.name == "proxy_h1" { 1000 } else { 10_000 });
    let wanted = |phase: &str| options.only.as_ref().is_none_or(|only| only == phase);
    let mut problems = Vec::new();
    if wanted("exhausted") {
        println!("{}: no descriptors left", engine.name);
        problems.extend(exhausted::run(&engine, &lab)?);
    }
    if wanted("stalled") {
        println!("{}: upstreams that do not answer", engine.name);
        problems.extend(stalled::run(&engine, &lab, stalled, options.rounds)?);
    }
    if wanted("mixed") {
        println!("{}: everything at once", engine.name);
        problems.extend(mixed::run(&engine, &lab, options.time)?);
    }
    println!("{}: {}", engine.name, if problems.is_empty() { "all is right" } else { "NOT all is right" });
    Ok(problems)
}

/// As far as this user may; who needs more says so.
fn raise_limit() {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    let higher = Rlimit { current: Some(FDS), maximum: Some(most.max(FDS)) };
    if setrlimit(Resource::Nofile, higher).is_err() {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: Some(most) });
    }
}
