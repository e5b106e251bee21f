//! Upstreams in a process of their own, which is killed now and then: what a crash looks like.
//!
//! SIGKILL, in the middle of whatever it was doing.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use badgateway::lab::{BEHAVIOURS, Lab};
use badgateway_load::process::Process;

/// What runs there, in the order of [`BEHAVIOURS`], which is the order of the ports.
pub(crate) const NAMES: &[&str] = &["ok_200", "slow_ok", "echo_head", "ok_large"];

/// The process: serves until its standard input ends.
pub(crate) fn serve(base_port: u16) -> io::Result<()> {
    let _lab = Lab::builder().base_port(base_port).only(NAMES).start()?;
    println!("ready");
    io::stdin().read_to_end(&mut Vec::new()).map(|_| ())
}

/// Names with their ports.
pub(crate) fn ports(base: u16) -> Vec<(&'static str, u16)> {
    let order = BEHAVIOURS.iter().map(|behaviour| behaviour.name).filter(|name| NAMES.contains(name));
    order.zip(base..).collect()
}

/// Consecutive free ports, below those that the kernel gives to clients: a client whose own port is the
/// one that nobody listens on would connect to itself.
pub(crate) fn base_port() -> io::Result<u16> {
    let free = |port: &u16| (0..NAMES.len() as u16).all(|n| TcpListener::bind((Ipv4Addr::LOCALHOST, port + n)).is_ok());
    let start = 20_000 + (std::process::id() % 1000) as u16 * 10;
    (start..32_000).step_by(10).find(free).ok_or_else(|| io::Error::other("no ports are free"))
}

fn start(base: u16) -> io::Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("victim").arg(base.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Process::start(&mut command)?;
    if let Some(out) = process.child().stdout.take() {
        BufReader::new(out).read_line(&mut String::new())?;
    }
    Ok(process)
}

/// Starts it and kills it, over and over, until told to stop.
pub(crate) fn torment(base: u16, stop: &AtomicBool, kills: &AtomicU64) -> io::Result<()> {
    while !stop.load(Ordering::Acquire) {
        let mut process = start(base)?;
        std::thread::sleep(Duration::from_millis(700));
        process.kill();
        kills.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
