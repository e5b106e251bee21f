//! Everything at once, at full rate, for as long as asked.
//!
//! Every answer is judged and every fault counted, by the client and in the log, and the two
//! are compared at the end.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;
use badgateway_load::process::{Process, program};

use crate::client::Client;
use crate::hostile;
use crate::kinds::{self, Kind, Seen, What};
use crate::leak;
use crate::ledger::{Ledger, faults};
use crate::proxy::{Engine, Proxy, sample};
use crate::random::Random;
use crate::victim;

/// Connections for what is answered at once.
const QUICK: usize = 48;
/// Connections for what takes its time.
const SLOW: usize = 15;
/// And one for a client that leaves.
const LEAVING: usize = 1;
/// What takes longer than this is slow.
const SLOW_FROM: Duration = Duration::from_millis(200);
/// How long the client that leaves waits.
const LEAVE_AFTER: Duration = Duration::from_millis(300);
/// Connections of wrk beside.
const WRK: u64 = 8;
/// Generous, because a busy machine must not look like a slow upstream.
const FLAGS: &[&str] = &[
    "--connect-timeout",
    "4s",
    "--tls-timeout",
    "4s",
    "--send-timeout",
    "4s",
    "--response-timeout",
    "4s",
    "--idle-timeout",
    "4s",
];

/// Runs it; problems in words.
pub(crate) fn run(engine: &Engine, lab: &Lab, time: Duration) -> io::Result<Vec<String>> {
    let base = victim::base_port()?;
    let mut all = kinds::of_lab(lab, &engine.name);
    all.extend(victim::ports(base).into_iter().map(|(name, port)| kinds::killed(name, port)));
    all.extend(kinds::leaving(lab));
    let mut routes: Vec<String> = all.iter().map(|kind| format!("/{}={}", kind.route, kind.url)).collect();
    let refused = lab.upstream("refused").map_or("", |upstream| upstream.url());
    routes.push(format!("/wrk={refused}"));
    let mut proxy = Proxy::start(engine, lab, &routes, FLAGS)?;

    let ledger = Ledger::default();
    let (stop, kills) = (AtomicBool::new(false), AtomicU64::new(0));
    let slow = calibrate(&all, &proxy, &ledger);
    let quick = pick(&all, |n, kind| kind.what != What::Leave && !slow.contains(&n));
    let slow = pick(&all, |n, _| slow.contains(&n));
    let wrk = start_wrk(&proxy, time)?;
    let start = Instant::now();
    let mut samples = Vec::new();
    let (tormented, hostile) = thread::scope(|scope| {
        let hostile = scope.spawn(|| hostile::run(engine, lab, &stop));
        let tormentor = scope.spawn(|| victim::torment(base, &stop, &kills));
        for n in 0..QUICK + SLOW {
            let list = if n < QUICK { &quick } else { &slow };
            let (all, proxy, ledger, stop) = (&all, &proxy, &ledger, &stop);
            scope.spawn(move || work(n, list, all, proxy, ledger, stop));
        }
        scope.spawn(|| leave(&all, &proxy, &ledger, &stop));
        while start.elapsed() < time {
            thread::sleep(Duration::from_secs(1));
            samples.extend(sample(proxy.id()));
        }
        stop.store(true, Ordering::Release);
        (tormentor.join(), hostile.join())
    });
    tormented.map_err(|_| io::Error::other("the tormentor panicked"))??;
    let hostile = hostile.map_err(|_| io::Error::other("the hostile clients panicked"))??;
    let took = start.elapsed();

    let wrk = wrk.map(finish_wrk).transpose()?;
    let closed = ledger.close();
    proxy.log.settle(closed.faulty() + wrk.as_ref().map_or(0, |wrk| wrk.answers));
    let mut log = proxy.log.entries();
    let mut problems = hostile;
    let wrk_lines: u64 = log.iter().filter(|(entry, _)| entry.route == "wrk").map(|(_, n)| n).sum();
    log.retain(|entry, _| entry.route != "wrk");

    let rate = (closed.total() as f64) / took.as_secs_f64();
    println!(
        "  {} connections for {:.0} s, {} kinds of upstream, {} of them slow, {} kills",
        QUICK + SLOW + LEAVING,
        took.as_secs_f64(),
        all.len(),
        slow.len(),
        kills.load(Ordering::Relaxed)
    );
    println!(
        "  {} answers ({rate:.0}/s): {} passed on, {} of the proxy's own, {} cut, {} left; {} wrong",
        closed.total() + closed.wrong,
        closed.count(|seen| matches!(seen, Seen::Whole(_))),
        closed.count(|seen| matches!(seen, Seen::Own(..))),
        closed.count(|seen| matches!(seen, Seen::Cut(_))),
        closed.count(|seen| matches!(seen, Seen::Left)),
        closed.wrong
    );
    let logged: u64 = log.values().sum();
    println!("  {} faulty exchanges seen by clients, {logged} records of them in the log", closed.faulty());
    print_faults(&faults(&log));
    println!("  {} lines about what was tolerated in a good response", proxy.log.notices());
    problems.extend(closed.examples.iter().map(|why| format!("wrong answer: {why}")));
    problems.extend(closed.audit(&all, &log));
    problems.extend(proxy.log.odd().into_iter().map(|line| format!("an odd line in the log: {line}")));
    match &wrk {
        Some(wrk) => {
            println!(
                "  wrk beside: {} answers of 502 ({:.0}/s), {wrk_lines} records of them",
                wrk.answers,
                wrk.answers as f64 / took.as_secs_f64()
            );
            // What was under way when wrk ended is in the log and not in its count.
            if wrk.other > 0 || wrk_lines < wrk.answers || wrk_lines > wrk.answers + WRK {
                problems.push(format!("wrk: {wrk:?}, but {wrk_lines} records"));
            }
        }
        None => println!("  wrk is not installed"),
    }
    problems.extend(leak::judge(&samples));
    problems.extend(leak::afterwards(&mut proxy));
    Ok(problems)
}

/// One exchange with each, which also tells what is slow.
fn calibrate(all: &[Kind], proxy: &Proxy, ledger: &Ledger) -> Vec<usize> {
    let left = Mutex::new(all.iter().enumerate());
    let slow = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = Client::new(proxy.address);
                loop {
                    let Some((n, kind)) = left.lock().unwrap_or_else(PoisonError::into_inner).next() else { return };
                    if kind.what == What::Leave {
                        continue;
                    }
                    let start = Instant::now();
                    one(&mut client, n, kind, &format!("first-{n}"), b"first", ledger);
                    if start.elapsed() > SLOW_FROM && !kind.route.starts_with("killed_") {
                        slow.lock().unwrap_or_else(PoisonError::into_inner).push(n);
                    }
                }
            });
        }
    });
    slow.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Kinds and their weights.
fn pick(all: &[Kind], of: impl Fn(usize, &Kind) -> bool) -> Vec<(usize, u32)> {
    all.iter().enumerate().filter(|(n, kind)| of(*n, kind)).map(|(n, kind)| (n, kind.weight)).collect()
}

fn work(worker: usize, list: &[(usize, u32)], all: &[Kind], proxy: &Proxy, ledger: &Ledger, stop: &AtomicBool) {
    let mut client = Client::new(proxy.address);
    let mut random = Random::new(worker as u64);
    let mut filler = vec![0; 16 << 10];
    random.fill(&mut filler);
    for n in 0_u64.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let Some(chosen) = random.weighted(list) else { return };
        let length = random.below(filler.len() as u64) as usize;
        one(&mut client, chosen, &all[chosen], &format!("{worker}-{n}"), &filler[..length], ledger);
    }
}

pub(crate) fn one(client: &mut Client, n: usize, kind: &Kind, id: &str, filler: &[u8], ledger: &Ledger) {
    match client.exchange(&kind.request(id, filler)) {
        Ok(answer) => match kind.judge(id, filler, &answer) {
            Ok(seen) => ledger.saw(n, seen),
            Err(why) => ledger.wrong(format!("/{}/{id}: {why}", kind.route)),
        },
        Err(error) => ledger.wrong(format!("/{}/{id}: no connection to the proxy: {error}", kind.route)),
    }
}

fn leave(all: &[Kind], proxy: &Proxy, ledger: &Ledger, stop: &AtomicBool) {
    let Some((n, kind)) = all.iter().enumerate().find(|(_, kind)| kind.what == What::Leave) else { return };
    let mut client = Client::new(proxy.address);
    for id in 0_u64.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        match client.leave(&kind.request(&id.to_string(), b""), LEAVE_AFTER) {
            Ok(()) => ledger.saw(n, Seen::Left),
            Err(error) => ledger.wrong(format!("/leave/{id}: {error}")),
        }
    }
}

/// What wrk counted.
#[derive(Debug)]
struct Wrk {
    /// Answers with 502.
    answers: u64,
    /// Answers with anything else, and errors of sockets.
    other: u64,
}

/// wrk ends a little earlier than we do, so that the proxy is still watched when it goes.
fn start_wrk(proxy: &Proxy, time: Duration) -> io::Result<Option<Process>> {
    let Some(program) = program("wrk") else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(["-t1", &format!("-c{WRK}"), &format!("-d{}s", time.as_secs().saturating_sub(2).max(1))]);
    command.arg(format!("http://{}/wrk/", proxy.address)).stdin(Stdio::null()).stdout(Stdio::piped());
    Process::start(&mut command).map(Some)
}

fn finish_wrk(mut wrk: Process) -> io::Result<Wrk> {
    let mut text = String::new();
    if let Some(mut out) = wrk.child().stdout.take() {
        io::Read::read_to_string(&mut out, &mut text)?;
    }
    // `  1234 requests in 2.00s, 1.2MB read` and `  Non-2xx or 3xx responses: 1234`.
    let word = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or(0_u64);
    let all =
        word(text.lines().find(|line| line.contains(" requests in ")).and_then(|line| line.split_whitespace().next()));
    let answers =
        word(text.lines().find(|line| line.contains("Non-2xx")).and_then(|line| line.split_whitespace().last()));
    let broken = text.lines().filter(|line| line.contains("Socket errors")).count() as u64;
    Ok(Wrk { answers, other: all.saturating_sub(answers) + broken })
}

fn print_faults(faults: &BTreeMap<&str, u64>) {
    let list: Vec<String> = faults.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
    for line in list.chunks(6) {
        println!("    {}", line.join(", "));
    }
}
