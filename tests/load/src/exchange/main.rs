//! A whole exchange that fails: the example proxy, the same proxy without badgateway, and nginx.
//!
//! ```text
//! cargo run --release --manifest-path tests/load/Cargo.toml --bin exchange -- [--rounds N] [--programs DIR]
//! ```
//!
//! The upstream refuses the connection. wrk asks over 64 kept-alive connections from one processor, the
//! server has the other and one thread. The contestants take turns, a second each, in rotating order,
//! because the machine is not ours alone; rates are compared within a round. Beside the rate stands the
//! processor time that the server took for one exchange, which a busy neighbour changes less.

mod contestant;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use badgateway::lab::Lab;
use badgateway_load::process::{Process, program};

use crate::contestant::{Contestant, contestants, cpu_seconds};

/// One second's work.
#[derive(Clone, Copy, Debug)]
struct Turn {
    rate: f64,
    /// Microseconds of an exchange, in the process and in the kernel on its behalf.
    cpu: f64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("exchange: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    let (mut rounds, mut programs) =
        (20_usize, Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/examples"));
    let mut args = std::env::args().skip(1);
    while let (Some(flag), Some(value)) = (args.next(), args.next()) {
        match flag.as_str() {
            "--rounds" => rounds = value.parse().map_err(io::Error::other)?,
            "--programs" => programs = PathBuf::from(value),
            _ => return Err(io::Error::other(format!("what is {flag}?"))),
        }
    }
    let wrk = program("wrk").ok_or_else(|| io::Error::other("wrk is not installed"))?;
    let lab = Lab::builder().only(&["refused"]).start()?;
    let refused = lab.upstream("refused").map_or("", |upstream| upstream.url());
    let dir = std::env::temp_dir().join(format!("badgateway-exchange-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let contestants = contestants(&programs, refused, &dir)?;

    let mut turns: Vec<Vec<Turn>> = contestants.iter().map(|_| Vec::new()).collect();
    for contestant in &contestants {
        turn(&wrk, contestant)?;
    }
    for round in 0..rounds {
        for n in 0..contestants.len() {
            // Nobody is always the first after the last.
            let n = (n + round) % contestants.len();
            turns[n].push(turn(&wrk, &contestants[n])?);
        }
    }
    report(&contestants, &turns);
    drop(contestants);
    std::fs::remove_dir_all(&dir)
}

fn turn(wrk: &Path, contestant: &Contestant) -> io::Result<Turn> {
    let before = cpu_seconds(&contestant.pids()?)?;
    let mut command = Command::new("taskset");
    command.args(["-c", "1"]).arg(wrk).args(["-t1", "-c64", "-d1s", &contestant.url]);
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut text = String::new();
    if let Some(mut out) = process.child().stdout.take() {
        out.read_to_string(&mut text)?;
    }
    // What it was about when wrk left is over by then.
    thread::sleep(Duration::from_millis(20));
    let after = cpu_seconds(&contestant.pids()?)?;
    let word = |line: &str, nth: fn(&str) -> Option<&str>| -> f64 {
        text.lines().find(|found| found.contains(line)).and_then(nth).and_then(|word| word.parse().ok()).unwrap_or(0.0)
    };
    let rate = word("Requests/sec", |line| line.split_whitespace().last());
    let all = word(" requests in ", |line| line.split_whitespace().next());
    let failed = word("Non-2xx", |line| line.split_whitespace().last());
    if all < 1.0 || all > failed {
        return Err(io::Error::other(format!("{}: not all of it was 502:\n{text}", contestant.name)));
    }
    Ok(Turn { rate, cpu: (after - before) * 1e6 / all })
}

fn report(contestants: &[Contestant], turns: &[Vec<Turn>]) {
    println!("| server | requests/s, median | best | cpu us an exchange, median |");
    println!("|---|---:|---:|---:|");
    for (contestant, turns) in contestants.iter().zip(turns) {
        let best = turns.iter().map(|turn| turn.rate).fold(0.0, f64::max);
        let (rate, cpu) = (median(turns.iter().map(|turn| turn.rate)), median(turns.iter().map(|turn| turn.cpu)));
        println!("| {} | {rate:.0} | {best:.0} | {cpu:.1} |", contestant.name);
    }
    println!("\n| | to | rate, median of rounds | quartiles | rate, best to best | cpu |");
    println!("|---|---|---:|---:|---:|---:|");
    for (n, contestant) in contestants.iter().enumerate() {
        for (other, _) in contestants.iter().enumerate().filter(|(_, other)| contestant.beside.contains(&other.name)) {
            let pairs = || turns[n].iter().zip(&turns[other]);
            let mut ratios: Vec<f64> = pairs().map(|(a, b)| a.rate / b.rate).collect();
            ratios.sort_unstable_by(f64::total_cmp);
            let at = |part: usize| ratios.get(ratios.len() * part / 4).copied().unwrap_or(0.0);
            let best = |n: usize| turns[n].iter().map(|turn| turn.rate).fold(0.0, f64::max);
            let cpu = median(pairs().map(|(a, b)| a.cpu / b.cpu));
            println!(
                "| {} | {} | {:.3} | {:.3} to {:.3} | {:.3} | {cpu:.3} |",
                contestant.name,
                contestants[other].name,
                at(2),
                at(1),
                at(3),
                best(n) / best(other)
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
