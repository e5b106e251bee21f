//! The health of a next hop never depends on what one client can make happen: whatever a client does to a next hop that
//! does nothing wrong, everybody else is served.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::PATIENCE;
use crate::front::{Front, Program};
use crate::harness::in_parallel;

/// What a client does, step by step.
#[derive(Clone, Copy, Debug)]
enum Step {
    Say(&'static str),
    /// So many bytes.
    Pour(usize),
    /// Milliseconds without a word.
    Wait(u64),
    /// Reads until this has come.
    Until(&'static str),
    /// Reads to the end, which may be a reset.
    Listen,
    /// RST.
    Reset,
    /// FIN, and goes on reading.
    Finish,
}

use Step::{Finish, Listen, Pour, Reset, Say, Until, Wait};

/// Made before anybody asks for it: that takes as long as a timer, on a busy machine.
static BIG: LazyLock<Vec<u8>> = LazyLock::new(|| vec![b'x'; 12_000_000]);

/// Longer than any timer of the proxy.
const LONG: u64 = 1000;
const TIMER: &str = "400ms";

/// A head for this path with these field lines.
macro_rules! head {
    ($method:literal, $path:literal, $fields:literal) => {
        Say(concat!($method, " ", $path, " HTTP/1.1\r\nHost: a\r\n", $fields, "\r\n"))
    };
}

const CHUNKED: Step = head!("POST", "/ok", "Transfer-Encoding: chunked\r\n");
const LENGTH: Step = head!("POST", "/ok", "Content-Length: 1000\r\n");

/// Each leaves the next hop without any guilt.
const BEHAVIOURS: &[(&str, &[Step])] = &[
    // Leaves, in one way or the other, at each place.
    ("connects and resets", &[Reset]),
    ("resets in the request line", &[Say("GET /o"), Wait(50), Reset]),
    ("ends in the head", &[Say("GET /ok HTTP/1.1\r\nHos"), Finish, Listen]),
    ("resets behind the head, at once", &[head!("GET", "/slow", ""), Reset]),
    ("resets before the answer", &[head!("GET", "/slow", ""), Wait(100), Reset]),
    ("finishes before the answer", &[head!("GET", "/slow", ""), Finish, Listen]),
    ("closes before the answer", &[head!("GET", "/slow", ""), Wait(100)]),
    ("resets behind an interim response", &[head!("GET", "/hint", ""), Until("103"), Reset]),
    ("resets in the body", &[head!("GET", "/drip", ""), Until("\r\n\r\n"), Reset]),
    ("closes in the body", &[head!("GET", "/drip", ""), Until("\r\n\r\n")]),
    ("resets in a large body", &[head!("GET", "/big", ""), Until("\r\n\r\n"), Reset]),
    ("resets behind the next request", &[head!("GET", "/ok", ""), head!("GET", "/slow", ""), Until("ok"), Reset]),
    // Reads nothing.
    ("reads nothing, and resets", &[head!("GET", "/big", ""), Wait(LONG), Reset]),
    ("reads nothing, and closes", &[head!("GET", "/big", ""), Wait(LONG)]),
    ("reads nothing, then all", &[head!("GET", "/big", ""), Wait(LONG), Finish, Listen]),
    ("reads nothing of many", &[head!("GET", "/big", ""), head!("GET", "/big", ""), Wait(LONG), Reset]),
    // Does not send what it has announced.
    ("resets in an upload", &[LENGTH, Say("some"), Wait(50), Reset]),
    ("resets at the beginning of an upload", &[LENGTH, Wait(50), Reset]),
    ("finishes in an upload", &[LENGTH, Say("some"), Finish, Listen]),
    ("stalls in an upload", &[LENGTH, Say("some"), Wait(LONG), Listen]),
    ("stalls before an upload", &[LENGTH, Wait(LONG), Listen]),
    ("stalls in chunks", &[CHUNKED, Say("4\r\nso"), Wait(LONG), Listen]),
    ("resets in chunks", &[CHUNKED, Say("4\r\nsome\r\n"), Wait(50), Reset]),
    ("finishes in chunks", &[CHUNKED, Say("4\r\nsome\r\n"), Finish, Listen]),
    ("stalls in trailers", &[CHUNKED, Say("0\r\nA: b\r\n"), Wait(LONG), Listen]),
    ("resets in trailers", &[CHUNKED, Say("0\r\nA: b\r\n"), Wait(50), Reset]),
    (
        "never sends what it was told to",
        &[head!("POST", "/ok", "Expect: 100-continue\r\nContent-Length: 9\r\n"), Until("100"), Wait(LONG), Listen],
    ),
    (
        "resets instead of what it was told to send",
        &[head!("POST", "/ok", "Expect: 100-continue\r\nContent-Length: 9\r\n"), Until("100"), Reset],
    ),
    ("pours, and resets", &[head!("POST", "/ok", "Content-Length: 9000000\r\n"), Pour(3_000_000), Reset]),
    ("pours, and stalls", &[head!("POST", "/ok", "Content-Length: 9000000\r\n"), Pour(3_000_000), Wait(LONG), Listen]),
    // Sends what is none.
    ("a chunk without a size", &[CHUNKED, Say("\r\n"), Listen]),
    ("a chunk of no number", &[CHUNKED, Say("4\r\nsome\r\nx\r\n"), Listen]),
    ("a chunk that is too long", &[CHUNKED, Say("4\r\nsomething\r\n0\r\n\r\n"), Listen]),
    ("a chunk of more than there are", &[CHUNKED, Say("ffffffffffffffffff\r\n"), Listen]),
    ("a trailer that is none", &[CHUNKED, Say("4\r\nsome\r\n0\r\nno trailer\r\n\r\n"), Listen]),
    (
        "bytes behind the body",
        &[head!("POST", "/ok", "Content-Length: 2\r\n"), Say("ok\0\r\nnonsense\r\n\r\n"), Listen],
    ),
    // Goes on sending where the answer came early, or does not.
    ("an early answer", &[head!("POST", "/early", "Content-Length: 9000000\r\n"), Pour(9_000_000), Listen]),
    (
        "an early answer to chunks",
        &[head!("POST", "/early", "Transfer-Encoding: chunked\r\n"), Say("5\r\nhello\r\n"), Wait(LONG), Listen],
    ),
    ("an early answer, and resets", &[head!("POST", "/early", "Content-Length: 9000000\r\n"), Pour(1_000_000), Reset]),
    (
        "an early answer, and stalls",
        &[head!("POST", "/early", "Content-Length: 9000000\r\n"), Say("some"), Wait(LONG), Listen],
    ),
    (
        "an early answer that is kept, and stalls",
        &[head!("POST", "/polite", "Content-Length: 900\r\n"), Say("some"), Wait(LONG), Listen],
    ),
    (
        "an early answer that is kept, and resets",
        &[head!("POST", "/polite", "Content-Length: 900\r\n"), Say("some"), Wait(50), Reset],
    ),
    // Has the next hop wait for it in the middle of its answer.
    (
        "stalls under an echo",
        &[head!("POST", "/echo", "Content-Length: 900\r\n"), Say("some"), Until("some"), Wait(LONG), Listen],
    ),
    ("resets under an echo", &[head!("POST", "/echo", "Content-Length: 900\r\n"), Say("some"), Until("some"), Reset]),
    (
        "finishes under an echo",
        &[head!("POST", "/echo", "Content-Length: 900\r\n"), Say("some"), Until("some"), Finish, Listen],
    ),
    (
        "a bad chunk under an echo",
        &[
            head!("POST", "/echo", "Transfer-Encoding: chunked\r\n"),
            Say("4\r\nsome\r\n"),
            Until("some"),
            Say("x\r\n"),
            Listen,
        ],
    ),
    (
        "reads nothing of an echo",
        &[head!("POST", "/echo", "Content-Length: 90000000\r\n"), Pour(12_000_000), Wait(LONG), Reset],
    ),
    // Upgrades.
    (
        "an upgrade with a body",
        &[
            head!("POST", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\nContent-Length: 4\r\n"),
            Say("some"),
            Finish,
            Listen,
        ],
    ),
    (
        "an upgrade with half a body",
        &[
            head!("POST", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\nContent-Length: 9\r\n"),
            Say("some"),
            Wait(LONG),
            Listen,
        ],
    ),
    (
        "an upgrade with chunks",
        &[
            head!("POST", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\nTransfer-Encoding: chunked\r\n"),
            Say("4\r\nsome\r\n"),
            Wait(LONG),
            Reset,
        ],
    ),
    ("an upgrade that nobody hears of", &[head!("GET", "/switch", "Upgrade: echo\r\n"), Finish, Listen]),
    (
        "a tunnel, and resets",
        &[
            head!("GET", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\n"),
            Until("\r\n\r\n"),
            Say("some"),
            Until("some"),
            Reset,
        ],
    ),
    (
        "a tunnel, and ends",
        &[head!("GET", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\n"), Until("\r\n\r\n"), Finish, Listen],
    ),
    (
        "a tunnel, and no word",
        &[head!("GET", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\n"), Until("\r\n\r\n"), Wait(LONG), Listen],
    ),
    (
        "a tunnel, and reads nothing",
        &[
            head!("GET", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\n"),
            Until("\r\n\r\n"),
            Pour(12_000_000),
            Wait(LONG),
            Reset,
        ],
    ),
    ("resets before the tunnel", &[head!("GET", "/switch", "Connection: upgrade\r\nUpgrade: echo\r\n"), Reset]),
    // Is of another kind.
    ("asks for the head", &[head!("HEAD", "/big", ""), Finish, Listen]),
    ("asks in HTTP/1.0, and resets", &[Say("GET /big HTTP/1.0\r\n\r\n"), Until("\r\n\r\n"), Reset]),
    (
        "asks in HTTP/1.0 for an endless body",
        &[Say("GET /echo HTTP/1.0\r\nContent-Length: 9\r\n\r\nsome"), Wait(LONG), Listen],
    ),
];

/// A next hop that takes its clients as they come.
fn next_hop() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || while serve(&mut stream).is_some() {});
        }
    });
    url
}

/// How the body of a request ends.
enum Body {
    Length(usize),
    Chunks,
}

impl Body {
    fn of(head: &str) -> Self {
        if head.contains("transfer-encoding: chunked") {
            return Self::Chunks;
        }
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        Self::Length(length.unwrap_or(0))
    }

    /// Some more of it, its framing included. `None`: it is over.
    fn next(&mut self, stream: &mut TcpStream) -> Option<std::io::Result<Vec<u8>>> {
        let mut piece = vec![0; 16 * 1024];
        match self {
            Self::Length(0) => None,
            Self::Length(left) => {
                let room = piece.len().min(*left);
                let read = stream.read(&mut piece[..room]);
                let read =
                    read.and_then(|n| if n == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(n) });
                Some(read.map(|n| {
                    *left -= n;
                    piece.truncate(n);
                    piece
                }))
            }
            // One at a time, which is enough here: the end is the first empty chunk.
            Self::Chunks => {
                let mut line = Vec::new();
                while !line.ends_with(b"\r\n") {
                    let mut byte = [0];
                    if let Err(error) = stream.read_exact(&mut byte) {
                        return Some(Err(error));
                    }
                    line.push(byte[0]);
                }
                if line == b"0\r\n" {
                    while line != b"\r\n" {
                        line.clear();
                        while !line.ends_with(b"\r\n") {
                            let mut byte = [0];
                            if let Err(error) = stream.read_exact(&mut byte) {
                                return Some(Err(error));
                            }
                            line.push(byte[0]);
                        }
                    }
                    *self = Self::Length(0);
                }
                Some(Ok(line))
            }
        }
    }
}

fn serve(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let path = head.split(' ').nth(1)?.to_owned();
    let mut body = Body::of(&head);
    let nap = |ms| thread::sleep(Duration::from_millis(ms));
    match path.as_str() {
        "/early" => {
            stream
                .write_all(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .ok()?;
            return None;
        }
        "/polite" => {
            stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n").ok()?;
            while body.next(stream).transpose().ok()?.is_some() {}
            return Some(());
        }
        "/echo" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
            while let Some(piece) = body.next(stream).transpose().ok()? {
                write!(stream, "{:x}\r\n", piece.len()).ok()?;
                stream.write_all(&piece).ok()?;
                stream.write_all(b"\r\n").ok()?;
            }
            stream.write_all(b"0\r\n\r\n").ok()?;
            return Some(());
        }
        "/switch" if head.contains("\r\nupgrade: echo\r\n") => {
            stream
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
                .ok()?;
            let _ = std::io::copy(&mut stream.try_clone().ok()?, stream);
            return None;
        }
        _ => {}
    }
    while body.next(stream).transpose().ok()?.is_some() {}
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    match path.as_str() {
        "/slow" => {
            nap(200);
            stream.write_all(ok.as_bytes()).ok()?;
        }
        "/hint" => {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").ok()?;
            nap(200);
            stream.write_all(ok.as_bytes()).ok()?;
        }
        "/drip" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").ok()?;
            for _ in 0..10 {
                nap(50);
                stream.write_all(b"x").ok()?;
            }
        }
        "/big" => {
            let body = if head.starts_with("head") { &[] } else { BIG.as_slice() };
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12000000\r\n\r\n").ok()?;
            stream.write_all(body).ok()?;
        }
        _ => stream.write_all(ok.as_bytes()).ok()?,
    }
    Some(())
}

/// Does it. What was heard.
fn act(front: &Front, steps: &[Step]) -> Vec<u8> {
    let mut client = TcpStream::connect(front.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.set_write_timeout(Some(Duration::from_millis(LONG))).unwrap();
    let mut heard = Vec::new();
    for step in steps {
        // What cannot be said any more was said to nobody.
        match step {
            Say(text) => drop(client.write_all(text.as_bytes())),
            Pour(length) => drop(client.write_all(&vec![b'x'; *length])),
            Wait(ms) => thread::sleep(Duration::from_millis(*ms)),
            Until(text) => {
                let mut byte = [0];
                while !heard.ends_with(text.as_bytes()) {
                    match client.read(&mut byte) {
                        Ok(1) => heard.push(byte[0]),
                        Ok(_) | Err(_) => break,
                    }
                }
            }
            Listen => drop(client.read_to_end(&mut heard)),
            Reset => SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap(),
            Finish => drop(client.shutdown(Shutdown::Write)),
        }
    }
    heard
}

#[test]
fn no_client_can_have_a_next_hop_ejected() {
    LazyLock::force(&BIG);
    let cases: Vec<_> = [Program::Proxy, Program::ProxyH1]
        .into_iter()
        .flat_map(|program| BEHAVIOURS.iter().map(move |(name, steps)| (program, *name, *steps)))
        .collect();
    let wrong: Vec<String> = in_parallel(&cases, 32, |(program, name, steps)| {
        let flags = ["--eject-after", "1", "--eject-for", "60s", "--tunnel-timeout", TIMER, "--idle-timeout", TIMER];
        let more = ["--send-timeout", TIMER, "--response-timeout", "700ms"];
        let front = Front::start_with(*program, &next_hop(), &[&flags[..], &more].concat());
        // Twice: on a connection that is new, and on one that was kept, if one was.
        let first = act(&front, steps);
        act(&front, steps);
        // The last exchange ends a moment after its client, at the latest by a timer.
        let until = Instant::now() + Duration::from_millis(LONG);
        let mut wrong = Vec::new();
        while Instant::now() < until && wrong.is_empty() {
            let answer = act(&front, &[Say("GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Listen]);
            if !answer.starts_with(b"HTTP/1.1 200 ") {
                let heard = String::from_utf8_lossy(first.get(..first.len().min(60)).unwrap_or_default()).into_owned();
                let faults: Vec<String> = front.faults(0).into_iter().map(|fault| fault.0).collect();
                wrong.push(format!("{} {name}: heard {heard:?}: {}", program.name(), faults.join("\n")));
            }
            thread::sleep(Duration::from_millis(100));
        }
        wrong
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} ejected:\n{}", wrong.len(), wrong.join("\n"));
}
