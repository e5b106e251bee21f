//! What `peers` made other proxies log, read back by `explain` and held against what really happened.
//!
//! ```text
//! cargo run --manifest-path tests/load/Cargo.toml --bin read_back -- EXPLAIN [DIR]
//! ```
//!
//! `EXPLAIN` is the built example, `DIR` (`target/peers`) what `peers` left: logs, and `truth.jsonl`. Each line of a
//! log finds its request by the path. The tables of truth and of the proxies' own mistakes are those of the crate's tests.
//!
//! A reading that excludes the truth is an error, and so is a log of which hardly anything is read.
//!
//! Exit: 0 no contradiction, 1 some, 2 something could not be read.

/// What each behaviour of the lab is: the table of the end-to-end tests.
#[path = "../../e2e/expect.rs"]
#[allow(dead_code)]
mod expect;
/// What that table needs to know.
mod harness {
    #[derive(Clone, Copy, Debug)]
    #[allow(dead_code)]
    pub(crate) enum Engine {
        Hyper,
        H1,
    }
}
#[path = "../../logs/known.rs"]
mod known;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use badgateway::FaultKind;
use serde::Deserialize;

use crate::known::{Score, judge, mistakes, truth};

/// A proxy, and its log in `DIR`.
const LOGS: [(&str, &str); 2] = [("nginx", "nginx/error.log"), ("haproxy", "haproxy.log")];

/// So many failures in a hundred have to be in the log in words that are read. Nginx and HAProxy are silent about
/// what they let pass: the fixtures of the crate's tests have a third of that for nginx, a quarter for HAProxy.
const LEAST: usize = 60;

/// One line of `truth.jsonl`.
#[derive(Debug, Deserialize)]
struct Request {
    proxy: String,
    behaviour: String,
    method: String,
    path: String,
}

/// One line that `explain --json` prints, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Line {
    line: u64,
    said: String,
    words: String,
    may_be: Vec<String>,
    #[serde(default)]
    path: Option<String>,
}

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(explain) = args.next() else {
        eprintln!("read_back: which program is `explain`?");
        return ExitCode::from(2);
    };
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
    match run(Path::new(&explain), &args.next().map_or(default, PathBuf::from)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            println!("{wrong} wrong");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("read_back: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(explain: &Path, dir: &Path) -> io::Result<usize> {
    let requests = fs::read_to_string(dir.join("truth.jsonl"))?;
    let requests: Vec<Request> = requests.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut wrong = 0;
    for (proxy, log) in LOGS {
        let requests: Vec<&Request> = requests.iter().filter(|request| request.proxy == proxy).collect();
        if requests.is_empty() {
            println!("{proxy} was not asked");
            continue;
        }
        wrong += check(proxy, &requests, &explained(explain, &dir.join(log))?)?;
    }
    Ok(wrong)
}

/// What the program says of that log.
fn explained(explain: &Path, log: &Path) -> io::Result<Vec<Line>> {
    let output = Command::new(explain).arg("--json").arg(log).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{explain:?} {log:?}: {}", String::from_utf8_lossy(&output.stderr))));
    }
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// Prints what is wrong and the score, and says how much was wrong.
fn check(proxy: &str, requests: &[&Request], lines: &[Line]) -> io::Result<usize> {
    let mut wrong = 0;
    let mut by_path: BTreeMap<&str, Vec<Vec<FaultKind>>> = BTreeMap::new();
    for line in lines {
        let kinds: Option<Vec<FaultKind>> = line.may_be.iter().map(|code| code.parse().ok()).collect();
        let kinds = kinds.ok_or_else(|| io::Error::other(format!("{:?} are not all kinds", line.may_be)))?;
        let known = line.path.as_deref().filter(|path| requests.iter().any(|request| request.path == *path));
        match (line.said.as_str(), known) {
            ("fault", Some(path)) => by_path.entry(path).or_default().push(kinds),
            ("passed" | "bare" | "again" | "nothing", _) => {}
            // Who waits for a proxy to come up connects, and sends nothing.
            ("fault", None) if line.path.is_none() && kinds.contains(&FaultKind::ClientAborted) => {}
            // HAProxy tells of its servers in the same log. Only lines with a request are about one.
            ("unknown_line", None) if !line.words.ends_with(" HTTP/1.1\"") => {}
            (said, _) => {
                wrong += 1;
                println!("{proxy}, line {}: {said}, of {:?}: {}", line.line, line.path, line.words);
            }
        }
    }
    let (mut score, mut failures) = (Score::default(), 0);
    for request in requests {
        let truth = truth(&request.behaviour);
        failures += usize::from(!truth.is_empty());
        let readings = by_path.remove(request.path.as_str()).unwrap_or_default();
        if let Err(reading) = judge(&truth, readings, &mistakes(proxy, &request.behaviour), &mut score) {
            wrong += 1;
            println!("{proxy} {} {}: read as {reading:?}, and it was {truth:?}", request.behaviour, request.method);
        }
    }
    let [exact, coarse, likeliest, kinds, silent, mistaken] = score.figures();
    println!(
        "{proxy}: {failures} requests that failed: {exact} read exactly, {coarse} as one of {:.1} ({likeliest} with the \
         truth first), {silent} not in the log, {mistaken} where the proxy itself was mistaken",
        kinds as f64 / coarse.max(1) as f64
    );
    if (exact + coarse) * 100 < failures * LEAST {
        wrong += 1;
        println!("{proxy}: too little is read");
    }
    Ok(wrong)
}
