//! Debian's nginx and HAProxy in front of the lab: do they do here what they were measured to do?
//!
//! ```text
//! cargo run --manifest-path tests/load/Cargo.toml --bin peers -- [DIR]
//! ```
//!
//! A lab is only fair if real proxies behave in front of it as they do in front of real upstreams. So
//! every behaviour that the published matrix (`fixtures/peers.tsv`) has a cell for is asked for through
//! both, and the answer is compared with the cell. Into `DIR` (`target/peers`) go their configurations,
//! their logs, and `truth.jsonl`: what each request was and what came of it, for readers of such logs.
//!
//! Exit: 0 all as published, 1 not so, 2 something could not be started, 3 no such proxy is installed.

mod config;
mod syslog;
mod table;
mod verdict;

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::{BEHAVIOURS, Lab, probe};
use badgateway_load::process::{Process, free_address, program};

use crate::syslog::Syslog;
use crate::table::{Cell, Row};
use crate::verdict::{agrees, verdict};

/// As long as the matrix was waited for: what is not there by then hangs.
const PATIENCE: Duration = Duration::from_secs(8);
/// Most of them wait for a timeout.
const THREADS: usize = 32;

fn main() -> ExitCode {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
    let dir = std::env::args_os().nth(1).map_or(default, PathBuf::from);
    match run(&dir) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::from(2)
        }
    }
}

/// One proxy, running.
struct Peer {
    name: &'static str,
    address: SocketAddr,
    cell: fn(&Row) -> &Cell,
    _process: Process,
}

/// One request and what came of it.
struct Job<'a> {
    peer: &'a Peer,
    behaviour: &'static str,
    method: &'static str,
    row: Option<&'a Row>,
}

struct Done<'a> {
    job: &'a Job<'a>,
    path: String,
    answer: probe::Answer,
    verdict: String,
}

fn run(dir: &Path) -> io::Result<ExitCode> {
    let start = Instant::now();
    let rows = table::rows().map_err(io::Error::other)?;
    // Of the last run, perhaps.
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir.join("run"))?;
    let dir = dir.canonicalize()?;
    let lab = Lab::start()?;

    let syslog = Syslog::to_file(&dir.join("haproxy.log"))?;
    let mut peers = Vec::new();
    match program("nginx") {
        Some(program) => peers.push(start_nginx(&program, &lab, &dir)?),
        None => println!("nginx is not installed: its column is skipped"),
    }
    match program("haproxy") {
        Some(program) => peers.push(start_haproxy(&program, &lab, &dir, syslog.address())?),
        None => println!("haproxy is not installed: its column is skipped"),
    }
    if peers.is_empty() {
        return Ok(ExitCode::from(3));
    }

    let jobs = jobs(&peers, &rows);
    let done = in_parallel(&jobs, ask)?;
    let agree = report(&done);
    truth(&dir.join("truth.jsonl"), &done)?;
    println!("{} requests in {:.0} s; logs and truth in {}", done.len(), start.elapsed().as_secs_f64(), dir.display());
    Ok(if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start_nginx(program: &Path, lab: &Lab, dir: &Path) -> io::Result<Peer> {
    let prefix = dir.join("nginx");
    fs::create_dir_all(&prefix)?;
    let address = free_address()?;
    let user = rustix::process::geteuid().is_root().then_some("root");
    let file = dir.join("nginx.conf");
    fs::write(&file, config::nginx(lab, address, &prefix, user))?;
    let mut command = Command::new(program);
    command.arg("-p").arg(&prefix).arg("-c").arg(&file).arg("-e").arg(prefix.join("error.log"));
    let process = started(&mut command, &dir.join("run/nginx.pid"), address)?;
    Ok(Peer { name: "nginx", address, cell: |row| &row.nginx, _process: process })
}

fn start_haproxy(program: &Path, lab: &Lab, dir: &Path, log: SocketAddr) -> io::Result<Peer> {
    let address = free_address()?;
    let file = dir.join("haproxy.cfg");
    fs::write(&file, config::haproxy(lab, address, log))?;
    let mut command = Command::new(program);
    // In the foreground, without the warnings about what is deliberate here.
    command.arg("-db").arg("-f").arg(&file).stderr(fs::File::create(dir.join("haproxy.stderr"))?);
    let process = started(&mut command, &dir.join("run/haproxy.pid"), address)?;
    Ok(Peer { name: "haproxy", address, cell: |row| &row.haproxy, _process: process })
}

fn started(command: &mut Command, pid_file: &Path, address: SocketAddr) -> io::Result<Process> {
    let mut process = Process::start(command.stdin(Stdio::null()))?.with_pid_file(pid_file)?;
    process.wait_for(address).map_err(|error| io::Error::other(format!("{command:?}: {error}")))?;
    Ok(process)
}

/// A request for each row, and one for each behaviour that no row is about: its log lines are wanted too.
fn jobs<'a>(peers: &'a [Peer], rows: &'a [Row]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for peer in peers {
        for row in rows {
            jobs.push(Job { peer, behaviour: row.behaviour, method: row.method, row: Some(row) });
        }
        for behaviour in BEHAVIOURS.iter().filter(|known| !rows.iter().any(|row| row.behaviour == known.name)) {
            jobs.push(Job { peer, behaviour: behaviour.name, method: "GET", row: None });
        }
    }
    jobs
}

fn ask<'a>(job: &'a Job<'a>) -> io::Result<Done<'a>> {
    let path = format!("/{}/{}", job.behaviour, job.method.to_lowercase());
    let mut request = probe::Request::new().method(job.method).path(&path).timeout(PATIENCE);
    if job.method == "POST" {
        request = request.body("hello");
    }
    let answer = probe::send(job.peer.address, &request)?;
    let verdict = verdict(&answer);
    Ok(Done { job, path, answer, verdict })
}

fn in_parallel<'a>(jobs: &'a [Job<'a>], work: fn(&'a Job<'a>) -> io::Result<Done<'a>>) -> io::Result<Vec<Done<'a>>> {
    let left = Mutex::new(jobs.iter().enumerate());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some((n, job)) = left.lock().ok().and_then(|mut left| left.next()) else { return };
                    let one = work(job);
                    if let Ok(mut done) = done.lock() {
                        done.push((n, one));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| io::Error::other("a thread panicked"))?;
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, one)| one).collect()
}

/// Says what differs; whether nothing does.
fn report(done: &[Done<'_>]) -> bool {
    let mut agree = true;
    for peer in ["nginx", "haproxy"] {
        let mine = done.iter().filter(|one| one.job.peer.name == peer);
        let (mut same, mut elsewhere, mut wrong) = (0, 0, 0);
        for (one, row) in mine.filter_map(|one| Some((one, one.job.row?))) {
            let cell = (one.job.peer.cell)(row);
            if !cell.any_of.iter().any(|cell| agrees(&one.verdict, cell)) {
                wrong += 1;
                println!(
                    "{peer} {} {}: published {}, here {} after {:.1} s",
                    row.behaviour,
                    row.method,
                    cell.any_of.join("|"),
                    one.verdict,
                    one.answer.elapsed.as_secs_f64()
                );
            } else if let Some(published) = cell.elsewhere {
                elsewhere += 1;
                println!(
                    "{peer} {} {}: published {published}, here {}: {}",
                    row.behaviour, row.method, one.verdict, row.why
                );
            } else {
                same += 1;
            }
        }
        if same + elsewhere + wrong > 0 {
            println!("{peer}: {same} cells as published, {elsewhere} otherwise for a known reason, {wrong} wrong");
        }
        agree &= wrong == 0;
    }
    agree
}

/// One line a request.
fn truth(path: &Path, done: &[Done<'_>]) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs::File::create(path)?);
    for one in done {
        let status = one.answer.status.map_or("null".to_owned(), |status| status.to_string());
        writeln!(
            file,
            "{{\"proxy\": \"{}\", \"behaviour\": \"{}\", \"method\": \"{}\", \"path\": \"{}\", \"status\": {status}, \"verdict\": \"{}\"}}",
            one.job.peer.name, one.job.behaviour, one.job.method, one.path, one.verdict
        )?;
    }
    file.flush()
}
