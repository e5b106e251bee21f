//! Thousands of upstreams that take a request and do not answer: what one such exchange costs.
//!
//! They are all under way at the same moment, when memory is measured.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Lab;
use rustix::process::{Resource, getrlimit};

use crate::client::{Client, Ending};
use crate::proxy::{Engine, Proxy, sample};

/// How long the proxy waits, and we have to get all of them under way.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Exchanges before anything is measured.
const WARM: usize = 64;
/// What the last round may hold more than any before (or 5 percent); fewer rounds than these are no trend.
const FEW: usize = 4;
const SLACK_KIB: u64 = 4 << 10;
/// Connections on their way at once: fewer than the shortest queue of a listener, 128.
const WINDOW: usize = 100;
/// Addresses of loopback that the connections are spread over, on either side. Where one address has ten
/// thousand connections to one port, the kernel takes milliseconds to find it another free port.
const ADDRESSES: u8 = 20;

/// Runs it; problems in words.
pub(crate) fn run(engine: &Engine, lab: &Lab, wanted: usize, times: u64) -> io::Result<Vec<String>> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let count = wanted.min(usize::try_from(limit.saturating_sub(1000) / 2).unwrap_or(wanted));
    if count < wanted {
        println!("  only {count} at a time: this user may have {limit} descriptors");
    }
    let silent = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let port = silent.local_addr()?.port();
    let mut routes = vec![format!("/ok_200={}", lab.upstream("ok_200").map_or("", |upstream| upstream.url()))];
    routes.extend((0..ADDRESSES).map(|n| format!("/silent{n}=http://{}", address(n, port))));
    let timeout = format!("{}s", TIMEOUT.as_secs());
    let proxy = Proxy::start(engine, lab, &routes, &["--response-timeout", &timeout])?;
    let (upstream, stop) = (Silent::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| upstream.accept(&silent, &stop));
        let problems = rounds(&proxy, count, times, &upstream);
        stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(address(0, port));
        problems
    })
}

fn address(n: u8, port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(127, 0, 0, n + 1), port))
}

/// The upstream: connections that it accepted and does nothing with.
#[derive(Debug, Default)]
struct Silent(Mutex<Vec<TcpStream>>);

impl Silent {
    fn held(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, listener: &TcpListener, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            if let Ok((stream, _)) = listener.accept() {
                self.held().push(stream);
            }
        }
    }
}

/// Again and again: memory that an allocator keeps is used again, memory that leaked is not.
fn rounds(proxy: &Proxy, count: usize, times: u64, upstream: &Silent) -> io::Result<Vec<String>> {
    let (mut problems, mut held) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let (more, rss) = measure(proxy, count, upstream)?;
        problems.extend(more);
        held.push(rss);
    }
    // An allocator with holes in it takes a few rounds to find that it has enough.
    if let [earlier @ .., last] = &held[..] {
        let most = earlier.iter().max().unwrap_or(last);
        if held.len() >= FEW && *last > most + (most / 20).max(SLACK_KIB) {
            problems.push(format!("resident with {count} exchanges under way, round by round: {held:?} KiB"));
        }
    }
    Ok(problems)
}

/// Problems, and what the proxy held in KiB while all of them were under way.
fn measure(proxy: &Proxy, count: usize, silent: &Silent) -> io::Result<(Vec<String>, u64)> {
    let mut problems = Vec::new();
    let mut warm: Vec<Client> = (0..WARM).map(|_| Client::new(proxy.address)).collect();
    for client in &mut warm {
        client.exchange(b"GET /ok_200/ HTTP/1.1\r\nHost: lab.test\r\n\r\n")?;
    }
    drop(warm);
    thread::sleep(Duration::from_millis(300));
    let before = sample(proxy.id())?;
    let lines = proxy.log.lines();
    silent.held().clear();

    let start = Instant::now();
    let spread = || (0..ADDRESSES).cycle().take(count);
    let mut clients: Vec<Client> = spread().map(|n| Client::new(address(n, proxy.address.port()))).collect();
    for (opened, (client, n)) in clients.iter_mut().zip(spread()).enumerate() {
        // No faster than the proxy: a full queue of connections not yet accepted costs a second.
        while opened > silent.held().len() + WINDOW && start.elapsed() < TIMEOUT {
            thread::sleep(Duration::from_millis(1));
        }
        client.connect()?.write_all(format!("GET /silent{n}/ HTTP/1.1\r\nHost: lab.test\r\n\r\n").as_bytes())?;
    }
    while silent.held().len() < count && start.elapsed() < TIMEOUT {
        thread::sleep(Duration::from_millis(10));
    }
    let opened = start.elapsed();
    let during = sample(proxy.id())?;
    let under_way = silent.held().len();
    let each = during.rss.saturating_sub(before.rss) as f64 / under_way.max(1) as f64;
    println!("  {under_way} exchanges at once, opened in {:.1} s", opened.as_secs_f64());
    println!("  resident: {} KiB before, {} KiB during: {each:.1} KiB an exchange", before.rss, during.rss);
    println!("  descriptors {}, threads {}", during.fds, during.threads);
    if under_way < count || opened > TIMEOUT || during.fds < 2 * count as u64 {
        problems.push(format!("not all of {count} exchanges were under way at once"));
    }

    // Each of them ends with a 504 of its own, and not before its time.
    let mut late = 0;
    for client in &mut clients {
        let answer = client.receive();
        late += usize::from(answer.ending == Ending::Whole && answer.status == 504 && answer.error().is_some());
    }
    let took = start.elapsed();
    println!("  {late} answers of 504, the last {:.1} s after the first request", took.as_secs_f64());
    proxy.log.settle(lines + count as u64);
    let log = proxy.log.entries();
    let records: u64 = log.iter().filter(|(entry, _)| entry.fault == "response_timeout").map(|(_, n)| n).sum();
    if late != count || records != lines + count as u64 || records != proxy.log.lines() {
        problems.push(format!("{count} exchanges, {late} answers of 504, in the log: {log:?}"));
    }
    if took < TIMEOUT {
        problems.push(format!("504 after {took:?}, with a timeout of {TIMEOUT:?}"));
    }
    drop(clients);
    thread::sleep(Duration::from_secs(1));
    let after = sample(proxy.id())?;
    println!("  afterwards: {} KiB, {} descriptors, {} threads", after.rss, after.fds, after.threads);
    if after.fds > before.fds + 8 || after.threads > before.threads + 8 {
        problems.push(format!("what {count} exchanges held was not given back: {before:?}, {after:?}"));
    }
    Ok((problems, during.rss))
}
