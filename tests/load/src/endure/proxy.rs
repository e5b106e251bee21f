//! The proxy under test: a process of its own, its log, and what it takes of the machine.
//!
//! It is the program that users run, with the flags that users have.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use badgateway::lab::Lab;
use badgateway_load::process::Process;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::tail::Tail;

/// Which proxy, and where its programs are.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
}

/// A running proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) log: Tail,
    log_file: PathBuf,
}

/// What the proxy holds at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Resident memory in KiB.
    pub(crate) rss: u64,
    pub(crate) fds: u64,
    pub(crate) threads: u64,
}

impl Proxy {
    /// Starts it with these routes (`/prefix=URL`) and flags.
    pub(crate) fn start(engine: &Engine, lab: &Lab, routes: &[String], flags: &[&str]) -> io::Result<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log_file = std::env::temp_dir().join(format!("badgateway-endure-{}-{number}.log", std::process::id()));
        let _ = fs::remove_file(&log_file);
        let mut command = Command::new(&engine.program);
        // On every address of loopback, so that clients need not all share the ports of one.
        command.args(["--listen", "0.0.0.0:0", "--log"]).arg(&log_file);
        command.arg("--ca").arg(lab.ca_file()).args(["--resolver", &lab.resolver().to_string()]);
        // Upstreams that fail all the time must go on being asked.
        if !flags.contains(&"--eject-after") && has_flag(&engine.program, "--eject-after")? {
            command.args(["--eject-after", "0"]);
        }
        for route in routes {
            command.args(["--route", route]);
        }
        command.args(flags).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let mut line = String::new();
        if let Some(out) = process.child().stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse::<SocketAddr>().ok());
        let address = address
            .map(|address| SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())))
            .ok_or_else(|| io::Error::other(format!("the proxy does not listen: {line:?}")))?;
        let log = Tail::of(&log_file)?;
        Ok(Self { process, address, log, log_file })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it is still there: it never ends by itself.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.process.ended(), Ok(None))
    }

    /// The limit that leaves it so many descriptors: numbers are given out from the lowest, and there may be
    /// holes.
    pub(crate) fn limit_leaving(&self, few: usize) -> io::Result<u64> {
        let open = open_fds(self.id())?;
        Ok((0..).filter(|fd| !open.contains(fd)).nth(few).unwrap_or(0))
    }

    /// Sets its soft limit of open files, as `prlimit --nofile` does; gives back the one before.
    pub(crate) fn limit_fds(&self, limit: u64) -> io::Result<u64> {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let now = rustix::process::getrlimit(Resource::Nofile);
        let new = Rlimit { current: Some(limit), maximum: now.maximum };
        let before = prlimit(pid, Resource::Nofile, new)?;
        Ok(before.current.unwrap_or(u64::MAX))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.process.kill();
        let _ = fs::remove_file(&self.log_file);
    }
}

/// What a process holds now.
pub(crate) fn sample(pid: u32) -> io::Result<Sample> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    let fds = open_fds(pid)?.len() as u64;
    Ok(Sample { rss: number("VmRSS:"), fds, threads: number("Threads:") })
}

fn open_fds(pid: u32) -> io::Result<Vec<u64>> {
    let names = fs::read_dir(format!("/proc/{pid}/fd"))?;
    Ok(names.filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok()).collect())
}

fn has_flag(program: &Path, flag: &str) -> io::Result<bool> {
    let help = Command::new(program).arg("--help").output()?;
    Ok(String::from_utf8_lossy(&help.stdout).contains(flag))
}
