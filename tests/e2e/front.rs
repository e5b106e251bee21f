//! Each program that the repository offers as a proxy, as a process of its own before one next hop, and its records.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;
use http::Version;

use crate::harness::{Record, example};

/// The README's proxy, and the two example proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Minimal,
    Proxy,
    ProxyH1,
}

impl Program {
    pub(crate) const ALL: [Self; 3] = [Self::Minimal, Self::Proxy, Self::ProxyH1];

    /// The example's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Proxy => "proxy",
            Self::ProxyH1 => "proxy_h1",
        }
    }

    /// What it speaks to clients. HTTP/2 by prior knowledge, which is all that there is without TLS.
    pub(crate) const fn versions(self) -> &'static [Version] {
        match self {
            Self::Minimal => &[Version::HTTP_10, Version::HTTP_11, Version::HTTP_2],
            Self::Proxy | Self::ProxyH1 => &[Version::HTTP_10, Version::HTTP_11],
        }
    }
}

/// A program before one next hop, by the name `edge-1.example` and with timers of five seconds.
pub(crate) struct Front {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<Record>>>,
}

impl Front {
    /// Before the next hop at this URL.
    pub(crate) fn start(program: Program, url: &str) -> Self {
        Self::start_with(program, url, &[])
    }

    /// The same, with this lab's names and certificates, where the program knows what they are.
    pub(crate) fn start_in(lab: &Lab, program: Program, url: &str) -> Self {
        if program == Program::Minimal {
            return Self::start(program, url);
        }
        let (ca, resolver) = (lab.ca_file().to_str().unwrap(), lab.resolver().to_string());
        Self::start_with(program, url, &["--ca", ca, "--resolver", &resolver])
    }

    /// The same, with more flags for the two that take some.
    pub(crate) fn start_with(program: Program, url: &str, flags: &[&str]) -> Self {
        let mut command = Command::new(example(program.name()));
        command.stdout(Stdio::piped());
        if program == Program::Minimal {
            command.args(["127.0.0.1:0", url]);
        } else {
            let route = format!("/={url}");
            command.args(["--listen", "127.0.0.1:0", "--name", "edge-1.example", "--eject-after", "0"]);
            command.args(["--route", &route]).args(flags).stderr(Stdio::piped());
            for timer in
                ["--connect-timeout", "--tls-timeout", "--send-timeout", "--response-timeout", "--idle-timeout"]
            {
                command.args([timer, "5s"]);
            }
        }
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        match child.stderr.take() {
            Some(log) => keep(BufReader::new(log), &lines),
            None => keep(out, &lines),
        }
        Self { child, address, lines }
    }

    /// The records of faults: as soon as there are so many, plus the time that one too many would take.
    pub(crate) fn faults(&self, wanted: usize) -> Vec<Record> {
        let faults = || {
            let mut lines = self.lines.lock().unwrap().clone();
            lines.retain(|line| !line.0.starts_with("{\"fault\":null"));
            lines
        };
        let until = Instant::now() + Duration::from_secs(3);
        while faults().len() < wanted && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(200));
        faults()
    }
}

/// Keeps its lines, until it ends with the program.
fn keep(log: BufReader<impl Read + Send + 'static>, lines: &Arc<Mutex<Vec<Record>>>) {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            lines.lock().unwrap().push(Record(line));
        }
    });
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
