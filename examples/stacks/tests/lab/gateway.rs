//! One of the bins as a process of its own before one next hop, and its records.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The bins, and whether they tunnel.
pub(crate) const STACKS: &[Stack] = &[
    Stack { name: "axum", program: env!("CARGO_BIN_EXE_axum"), tunnels: true },
    Stack { name: "reqwest_retry", program: env!("CARGO_BIN_EXE_reqwest_retry"), tunnels: false },
    Stack { name: "tower", program: env!("CARGO_BIN_EXE_tower"), tunnels: true },
    Stack { name: "actix", program: env!("CARGO_BIN_EXE_actix"), tunnels: false },
];

/// The one for gRPC, which has next hops of its own.
pub(crate) const TONIC: Stack = Stack { name: "tonic", program: env!("CARGO_BIN_EXE_tonic"), tunnels: false };

#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) name: &'static str,
    program: &'static str,
    pub(crate) tunnels: bool,
}

pub(crate) struct Gateway {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<Record>>>,
}

impl Gateway {
    pub(crate) fn start(stack: &Stack, upstream: &str) -> Self {
        let mut command = Command::new(stack.program);
        // actix-web logs to stderr what it thinks of a body that fails.
        let command = command.args(["127.0.0.1:0", upstream]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                sink.lock().unwrap().push(Record(line));
            }
        });
        Self { child, address, lines }
    }

    /// The records of faults: as soon as there are so many, plus the time that one too many would take.
    pub(crate) fn faults(&self, wanted: usize) -> Vec<Record> {
        let until = Instant::now() + Duration::from_secs(3);
        loop {
            let lines = self.lines.lock().unwrap().clone();
            let faults: Vec<Record> = lines.into_iter().filter(|line| !line.0.starts_with("{\"fault\":null")).collect();
            if faults.len() > wanted || Instant::now() > until {
                return faults;
            }
            if faults.len() == wanted {
                thread::sleep(Duration::from_millis(100));
                if self.lines.lock().unwrap().len() == faults.len() {
                    return faults;
                }
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One line on stdout. Values are escaped in it, so that a quoted name with a colon is a field.
#[derive(Clone, Debug)]
pub(crate) struct Record(pub(crate) String);

impl Record {
    fn raw(&self, name: &str) -> &str {
        let key = format!("\"{name}\":");
        let (_, raw) = self.0.split_once(&key).unwrap_or_else(|| panic!("no {name} in {}", self.0));
        raw
    }

    /// A field of plain text; `None` where it is null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).strip_prefix('"')?.split('"').next()
    }

    /// A number; `None` where it is null.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.raw(name).split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}
