//! Clients that connect and ask for nothing: they keep nobody out.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{PATIENCE, Proxy, Upstream, read_all, read_head};
use crate::{OK, status};

/// Seats of the proxy.
const CLIENTS: usize = 1024;

fn upstream() -> Upstream {
    Upstream::new(|mut stream, _| {
        while !read_head(&stream).is_empty() {
            stream.write_all(OK).unwrap();
        }
    })
}

fn is_open(mut client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let read = client.read(&mut [0]).map_err(|error| error.kind());
    client.set_nonblocking(false).unwrap();
    read == Err(ErrorKind::WouldBlock)
}

/// Descriptors that this test may have.
fn descriptors() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(usize::MAX)
}

#[test]
fn idle_clients_in_all_seats_keep_nobody_out() {
    let upstream = upstream();
    let proxy = Proxy::start(&[&upstream.route()]);
    // Where there are fewer, the other test says what becomes of them.
    let count = CLIENTS.min(descriptors().saturating_sub(200));
    // The one that has waited longest has begun a request, and the next has had an answer.
    let mut dripping = proxy.connect();
    dripping.write_all(b"GET /slow HTTP/1.1\r\nHost:").unwrap();
    let mut kept = proxy.connect();
    kept.write_all(b"GET /kept HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    kept.read_exact(&mut vec![0; OK.len()]).unwrap();
    let idle: Vec<TcpStream> = (2..count).map(|_| proxy.connect()).collect();
    let begun = Instant::now();
    for n in 0..3 {
        // Its seat is free again a moment after its answer.
        assert_eq!(status(&proxy.get("/")), "200", "{n}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "after {:?}", begun.elapsed());
    if count == CLIENTS {
        let answer = read_all(&dripping);
        assert_eq!(status(&answer), "408", "{answer}");
    }
    assert!(idle.iter().rev().take(count / 2).all(is_open), "the youngest stay");
}

/// A whole crowd that comes again and again: each newcomer takes the place of the oldest, and who asks at once is none.
#[test]
fn who_asks_at_once_is_answered_among_those_who_do_not() {
    let upstream = upstream();
    let proxy = Proxy::start(&[&upstream.route()]);
    let count = CLIENTS.min(descriptors().saturating_sub(400));
    let mut idle: Vec<TcpStream> = (0..count).map(|_| proxy.connect()).collect();
    for n in 0..100 {
        idle.push(proxy.connect());
        if n % 20 == 0 {
            assert_eq!(status(&proxy.get("/")), "200", "{n}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn idle_clients_on_all_descriptors_keep_nobody_out() {
    let upstream = upstream();
    let proxy = Proxy::start_with_descriptors(40, &[&upstream.route()]);
    let idle: Vec<TcpStream> = (0..60).map(|_| proxy.connect()).collect();
    let until = Instant::now() + PATIENCE;
    // It needs one more for the next hop, which the first that fails for it has made room for.
    while status(&proxy.get("/")) != "200" {
        assert!(Instant::now() < until);
    }
    assert!(is_open(&idle[59]) && !is_open(&idle[0]));
}
