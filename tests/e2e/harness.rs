//! The proxy as a process of its own in front of the lab, and its log.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;

pub(crate) use crate::parallel::in_parallel;
pub(crate) use crate::record::Record;

/// An engine of the proxy: the example that is run. Each has its column of expectations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Hyper,
    H1,
}

impl Engine {
    /// The example's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "proxy",
            Self::H1 => "proxy_h1",
        }
    }

    pub(crate) fn program(self) -> PathBuf {
        example(self.name())
    }
}

/// An example's program, built if it is not there (`cargo test` builds examples, `cargo test --test
/// e2e` does not).
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // Of this test's own package. Build scripts that look at them (ring's) would run again, here and the next time.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
                cargo.env_remove(name);
            }
        }
        cargo.args(["build", "--quiet", "--features", "full"]);
        for name in [Engine::Hyper.name(), Engine::H1.name(), "lab", "minimal"] {
            cargo.args(["--example", name]);
        }
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(), "the examples do not build");
    });
    // target/<profile>/deps/e2e-… → target/<profile>/examples/proxy
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("examples").join(name)
}

/// The proxy with a route to every upstream of a lab.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Proxy {
    /// Starts it with 2 s timeouts and these flags besides.
    pub(crate) fn start(engine: Engine, lab: &Lab, flags: &[&str]) -> Self {
        static NUMBER: Mutex<u32> = Mutex::new(0);
        let number = {
            let mut number = NUMBER.lock().unwrap();
            *number += 1;
            *number
        };
        let log = std::env::temp_dir().join(format!("badgateway-e2e-{}-{number}.log", std::process::id()));
        let mut command = Command::new(engine.program());
        command.args(["--listen", "127.0.0.1:0", "--log"]).arg(&log);
        command.arg("--ca").arg(lab.ca_file()).args(["--resolver", &lab.resolver().to_string()]);
        for upstream in lab.upstreams() {
            command.arg("--route").arg(format!("/{}={}", upstream.name(), upstream.url()));
        }
        // Whoever asks a broken upstream often enough would be told nothing about it any more.
        if !flags.contains(&"--eject-after") {
            command.args(["--eject-after", "0"]);
        }
        command.args(flags).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        Self { child, address: address.parse().unwrap(), log }
    }

    /// Asks it to stop, as whoever runs services does.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Whether it has ended by then.
    #[allow(dead_code)] // as above
    pub(crate) fn has_ended(&mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// The log's file.
    #[allow(dead_code)] // not every suite reads it by itself
    pub(crate) fn log(&self) -> &std::path::Path {
        &self.log
    }

    /// The records of faults so far, by path, in order.
    pub(crate) fn records(&self) -> HashMap<String, Vec<Record>> {
        let mut records = self.lines();
        for of_path in records.values_mut() {
            // What was tolerated is no fault.
            of_path.retain(|record| !record.0.starts_with("{\"fault\":null"));
        }
        records.retain(|_, of_path| !of_path.is_empty());
        records
    }

    /// All lines of the log so far, by path, in order.
    pub(crate) fn lines(&self) -> HashMap<String, Vec<Record>> {
        let mut lines: HashMap<String, Vec<Record>> = HashMap::new();
        // The last line may be being written: a reader can see the half of it that is on one page.
        let log = fs::read(&self.log).unwrap_or_default();
        for line in log.split_inclusive(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
            let record = Record(String::from_utf8(line.to_vec()).unwrap());
            lines.entry(record.text("path").unwrap_or_default()).or_default().push(record);
        }
        lines
    }

    /// The record of this path, waited for: it is written when the exchange ends, which may be after
    /// the client has its answer.
    pub(crate) fn record(&self, path: &str) -> Option<Record> {
        let until = Instant::now() + Duration::from_secs(3);
        loop {
            if let Some(record) = self.records().get(path).and_then(|r| r.last()) {
                return Some(record.clone());
            }
            if Instant::now() > until {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.log);
    }
}
