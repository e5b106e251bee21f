//! An upstream that follows a script, and the proxy in front of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use badgateway::lab::Lab;

use crate::harness::{Engine, Proxy};

/// Longer than any timer here: whoever takes this long hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// What a script has at hand: the connection, its number from 1, and a place to note the requests read.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    pub(crate) number: usize,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// The same from the other side: a client's connection.
    pub(crate) fn of(stream: TcpStream) -> Self {
        Self { stream, number: 0, requests: Arc::default() }
    }

    /// Reads a head and its content. `None` when the connection is over.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut request = read_head(&mut self.stream)?;
        self.requests.lock().unwrap().push(request.clone());
        let lower = request.to_lowercase();
        if lower.contains("transfer-encoding: chunked") {
            // The empty line behind the last chunk is the only one of its kind.
            request.push_str(&read_head(&mut self.stream)?);
        } else if let Some((_, rest)) = lower.split_once("content-length: ") {
            let mut content = vec![0; rest.split("\r\n").next().unwrap().parse().unwrap()];
            self.stream.read_exact(&mut content).ok()?;
            request.push_str(&String::from_utf8_lossy(&content));
        }
        Some(request)
    }

    /// Notes a request that was read in another way.
    pub(crate) fn note(&self, request: &str) {
        self.requests.lock().unwrap().push(request.to_owned());
    }

    pub(crate) fn say(&mut self, text: &str) {
        // Who has closed does not listen.
        let _ = self.stream.write_all(text.as_bytes());
    }
}

/// The upstream.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) fn start(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (accepted, noted, script) = (Arc::clone(&connections), Arc::clone(&requests), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = accepted.fetch_add(1, Ordering::SeqCst) + 1;
                let (script, requests) = (Arc::clone(&script), Arc::clone(&noted));
                let mut peer = Peer { stream: stream.unwrap(), number, requests };
                thread::spawn(move || script(&mut peer));
            }
        });
        Self { address, connections, requests }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests of that method were read.
    pub(crate) fn requests(&self, method: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|r| r.starts_with(&format!("{method} "))).count()
    }

    /// The proxy with a route `/up` to it.
    pub(crate) fn behind(&self, flags: &[&str]) -> Front {
        let route = format!("/up=http://{}", self.address);
        let lab = Lab::builder().only(&["ok_200"]).start().unwrap();
        let proxy = Proxy::start(Engine::Hyper, &lab, &[&["--route", &route][..], flags].concat());
        Front { proxy, _lab: lab }
    }
}

/// The proxy, and what it needs to live.
pub(crate) struct Front {
    pub(crate) proxy: Proxy,
    _lab: Lab,
}

impl Front {
    pub(crate) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.proxy.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client
    }

    /// Sends bytes as they stand, and reads until the connection ends.
    pub(crate) fn talk(&self, bytes: &str) -> String {
        let mut client = self.connect();
        client.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, content: &str) -> String {
        let length = if content.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", content.len()) };
        self.talk(&format!("{method} /up/x HTTP/1.1\r\nHost: a\r\n{length}Connection: close\r\n\r\n{content}"))
    }
}

/// Reads up to an empty line.
pub(crate) fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) | Err(_) => return None,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// `200` of `HTTP/1.1 200 OK`.
pub(crate) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
