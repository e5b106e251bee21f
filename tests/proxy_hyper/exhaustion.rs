//! Out of descriptors: nobody spins, nobody dies, and nobody else is blamed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::Engine;
use crate::upstream::{OK, PATIENCE, Upstream, status};

/// The proxy with so few descriptors.
struct Poor {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Poor {
    fn start(descriptors: u32, up: &Upstream, flags: &[&str]) -> Self {
        let log = std::env::temp_dir().join(format!("badgateway-poor-{}.log", up.address.port()));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"")]).arg(Engine::Hyper.program());
        command.args(["--listen", "127.0.0.1:0", "--route", &format!("/up=http://{}", up.address), "--log"]).arg(&log);
        let mut child = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().strip_prefix("listening on ").unwrap().parse().unwrap(), log }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client
    }

    /// Processor time so far, in hundredths of a second (the usual USER_HZ).
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th behind it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Poor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.log);
    }
}

fn ask(client: &mut TcpStream) -> String {
    client.write_all(b"GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer);
    answer
}

#[test]
fn accepting_waits_until_there_are_descriptors_again() {
    let up = Upstream::start(|peer| {
        while peer.request().is_some() {
            peer.say(OK);
        }
    });
    let proxy = Poor::start(40, &up, &[]);
    assert_eq!(status(&ask(&mut proxy.connect())), "200");
    // More than it can have. The kernel completes their handshakes all the same.
    let idle: Vec<TcpStream> = (0..60).map(|_| proxy.connect()).collect();
    thread::sleep(Duration::from_millis(300));
    let before = proxy.ticks();
    thread::sleep(Duration::from_secs(1));
    let spent = proxy.ticks() - before;
    // Fifty tries a second are next to nothing; a loop without a pause would take all of a processor: 100.
    assert!(spent <= 20, "{spent} ticks in a second");
    drop(idle);
    let begun = Instant::now();
    assert_eq!(status(&ask(&mut proxy.connect())), "200");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn connecting_without_descriptors_is_our_own_503() {
    let up = Upstream::start(|peer| {
        while peer.request().is_some() {
            thread::sleep(Duration::from_secs(1));
            peer.say(OK);
        }
    });
    let proxy = Poor::start(40, &up, &["--response-timeout", "10s", "--eject-after", "2"]);
    // Each takes a descriptor for the client and one for the next hop, until there are none for the latter.
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..40 {
        let mut client = proxy.connect();
        client.write_all(b"GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        clients.push(client);
        thread::sleep(Duration::from_millis(5));
    }
    let mut counts = std::collections::BTreeMap::new();
    for mut client in clients {
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
        *counts.entry(status(&answer).to_owned()).or_insert(0) += 1;
        if status(&answer) == "503" {
            let lower = answer.to_lowercase();
            assert!(
                lower.contains("proxy-status: badgateway; error=") && lower.contains("\r\ncache-control: no-store")
            );
        }
    }
    assert!(counts.get("503").is_some_and(|&n| n > 0) && counts.get("200").is_some_and(|&n| n > 0), "{counts:?}");
    assert_eq!(counts.len(), 2, "{counts:?}");
    let log = fs::read_to_string(&proxy.log).unwrap();
    assert!(log.lines().count() > 0);
    for line in log.lines() {
        assert!(line.contains("\"fault\":\"local_exhausted\"") && line.contains("\"phase\":\"connect\""), "{line}");
        assert!(line.contains("\"applied\":\"no\"") && !line.contains("\"blame\":\"next_hop\""), "{line}");
    }
    // And the next hop was not ejected for it.
    assert_eq!(status(&ask(&mut proxy.connect())), "200");
}
