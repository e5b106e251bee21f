//! The README's proxy, in front of every upstream that it can reach: each answer by its rule, and each record by what the
//! client saw.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::probe::{self, Answer, End, Request};
use badgateway::lab::{BEHAVIOURS, Lab};
use http::Version;

use crate::PATIENCE;
use crate::harness::{Record, example, in_parallel};

/// Most of the time is waited for timers.
const THREADS: usize = 64;

/// The proxy, before one upstream.
struct Minimal {
    child: Child,
    address: SocketAddr,
    records: Arc<Mutex<Vec<Record>>>,
}

impl Minimal {
    fn start(upstream: &str) -> Self {
        let mut command = Command::new(example("minimal"));
        let mut child = command.args(["127.0.0.1:0", upstream]).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let records = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&records);
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                sink.lock().unwrap().push(Record(line));
            }
        });
        Self { child, address, records }
    }

    /// The records of faults, once there are so many, or nothing more comes.
    fn faults(&self, wanted: usize) -> Vec<Record> {
        let until = Instant::now() + Duration::from_secs(2);
        loop {
            let faults: Vec<Record> =
                self.records.lock().unwrap().iter().filter(|r| !r.0.starts_with("{\"fault\":null")).cloned().collect();
            if Instant::now() > until || (wanted > 0 && faults.len() >= wanted) {
                return faults;
            }
            thread::sleep(Duration::from_millis(if wanted == 0 { 200 } else { 10 }));
            if wanted == 0 {
                return faults;
            }
        }
    }
}

impl Drop for Minimal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the proxy made it.
fn is_own(answer: &Answer) -> bool {
    answer.header("proxy-status").is_some_and(|v| v.starts_with("edge-1.example; error="))
}

/// What is wrong with the records, by what the client saw.
fn mismatch(answer: &Answer, version: Version, faults: &[Record]) -> Option<String> {
    let own = is_own(answer);
    let cut = matches!(answer.end, End::Cut | End::Reset | End::Closed) && !own;
    let [record] = faults else {
        return (own || cut || !faults.is_empty()).then(|| format!("{} records for {:?}", faults.len(), answer.end));
    };
    let status = answer.status.map(u64::from);
    if own {
        let told = (record.text("decision"), record.number("status"));
        return (told != (Some("respond".into()), status)).then(|| format!("the client saw {status:?}: {}", record.0));
    }
    if !cut {
        return Some(format!("the client saw {status:?}, whole: {}", record.0));
    }
    // What the head had is what tells the client where its body ends.
    let how = if answer.header("content-length").is_some() {
        "close_short"
    } else if version == Version::HTTP_10 {
        "reset"
    } else {
        "no_last_chunk"
    };
    let told = (record.text("how"), record.number("forwarded_status"));
    (told != (Some(how.into()), status) || (how == "reset" && answer.end != End::Reset))
        .then(|| format!("the client saw {:?} of {status:?}, by {how}: {}", answer.end, record.0))
}

#[test]
fn each_answer_is_right_and_its_record_says_what_the_client_saw() {
    let lab = Lab::start().unwrap();
    // Its next hops speak HTTP/1 in the clear, and have an address.
    let plain: Vec<_> = lab.upstreams().iter().filter(|u| u.url().starts_with("http://127.")).collect();
    assert!(plain.len() > 150, "{}", plain.len());
    let cases: Vec<_> = plain.iter().flat_map(|u| [Version::HTTP_10, Version::HTTP_11].map(|v| (*u, v))).collect();
    let wrong: Vec<String> = in_parallel(&cases, THREADS, |(upstream, version)| {
        let proxy = Minimal::start(upstream.url());
        let request = Request::new().version(*version).timeout(PATIENCE);
        let answer = probe::send(proxy.address, &request).unwrap();
        let behaviour = BEHAVIOURS.iter().find(|b| b.name == upstream.name()).unwrap();
        let expects = usize::from(is_own(&answer) || !matches!(answer.end, End::Complete | End::Eof));
        let faults = proxy.faults(expects);
        let broken = answer.satisfies(&behaviour.rule).err();
        let lied = mismatch(&answer, *version, &faults);
        broken
            .into_iter()
            .chain(lied)
            .map(|why| format!("{} to {version:?}: {why}", upstream.name()))
            .collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
