//! Upgrades: a WebSocket with real frames, half-closes, and answers that nobody asked for.

use std::io::{Read, Write};
use std::net::Shutdown;

use crate::upstream::{Upstream, read_head, status};

/// The key and its answer of RFC 6455 section 1.3.
const ASK: &str = "GET /up/chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A frame of RFC 6455 section 5.2, masked as clients must.
fn frame(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        n @ 0..126 => frame.push(masked | n as u8),
        n @ 126..65536 => {
            frame.push(masked | 126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(masked | 127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
    frame.extend(payload.iter().enumerate().map(|(n, b)| b ^ mask.map_or(0, |m| m[n % 4])));
    frame
}

/// The next frame: opcode and payload. `None` at the end of the connection.
fn read_frame(stream: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut two = [0; 2];
    stream.read_exact(&mut two).ok()?;
    let length = match two[1] & 0x7f {
        126 => {
            let mut n = [0; 2];
            stream.read_exact(&mut n).ok()?;
            u64::from(u16::from_be_bytes(n))
        }
        127 => {
            let mut n = [0; 8];
            stream.read_exact(&mut n).ok()?;
            u64::from_be_bytes(n)
        }
        n => u64::from(n),
    };
    let mut mask = [0; 4];
    if two[1] & 0x80 != 0 {
        stream.read_exact(&mut mask).ok()?;
    }
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).ok()?;
    payload.iter_mut().enumerate().for_each(|(n, b)| *b ^= mask[n % 4]);
    Some((two[0] & 0x0f, payload))
}

#[test]
fn frames_go_both_ways_from_the_first_byte() {
    let up = Upstream::start(|peer| {
        let request = peer.request().unwrap().to_lowercase();
        assert!(request.contains("\r\nconnection: upgrade\r\n") && request.contains("\r\nupgrade: websocket\r\n"));
        // The first frame is in one segment with the head.
        let mut hello = SWITCH.as_bytes().to_vec();
        hello.extend(frame(TEXT, b"hello", None));
        peer.stream.write_all(&hello).unwrap();
        while let Some((opcode, payload)) = read_frame(&mut peer.stream) {
            peer.stream.write_all(&frame(if opcode == PING { 10 } else { opcode }, &payload, None)).unwrap();
            if opcode == CLOSE {
                return;
            }
        }
    });
    let front = up.behind(&["--idle-timeout", "300ms"]);
    let mut client = front.connect();
    client.write_all(ASK.as_bytes()).unwrap();
    let head = read_head(&mut client).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="));
    assert!(head.contains("\r\nupgrade: websocket\r\n") && head.contains("\r\nconnection: upgrade\r\n"), "{head}");
    assert_eq!(read_frame(&mut client), Some((TEXT, b"hello".to_vec())));
    // Silence is no fault in a tunnel.
    std::thread::sleep(std::time::Duration::from_millis(600));
    let large: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for (opcode, payload) in [(TEXT, b"ping".as_slice()), (BINARY, b"\r\n\r\n\x00\xff"), (PING, b""), (BINARY, &large)]
    {
        // A large one only comes back while it still goes out.
        let mut writing = client.try_clone().unwrap();
        let bytes = frame(opcode, payload, Some([1, 2, 3, 4]));
        let writer = std::thread::spawn(move || writing.write_all(&bytes).unwrap());
        let answer = read_frame(&mut client).unwrap();
        assert_eq!((answer.0, answer.1.as_slice()), (if opcode == PING { 10 } else { opcode }, payload));
        writer.join().unwrap();
    }
    client.write_all(&frame(CLOSE, &1000_u16.to_be_bytes(), Some([9; 4]))).unwrap();
    assert_eq!(read_frame(&mut client), Some((CLOSE, vec![3, 232])));
    assert_eq!(read_frame(&mut client), None, "the upstream's end is the client's");
    assert!(front.proxy.records().is_empty());
}

#[test]
fn each_side_may_stop_sending_and_still_listen() {
    // The client stops first: the upstream says how much it got, and then more.
    let up = Upstream::start(|peer| {
        peer.request();
        peer.say(SWITCH);
        let mut all = Vec::new();
        peer.stream.read_to_end(&mut all).unwrap();
        peer.say(&format!("got {}", all.len()));
        std::thread::sleep(std::time::Duration::from_millis(200));
        peer.say(", bye");
    });
    let front = up.behind(&[]);
    let mut client = front.connect();
    client.write_all(ASK.as_bytes()).unwrap();
    read_head(&mut client).unwrap();
    client.write_all(&[7; 100_000]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "got 100000, bye");

    // The upstream stops first, and goes on listening.
    let (heard, hears) = std::sync::mpsc::channel();
    let heard = std::sync::Mutex::new(heard);
    let up = Upstream::start(move |peer| {
        peer.request();
        peer.say(SWITCH);
        peer.say("bye");
        peer.stream.shutdown(Shutdown::Write).unwrap();
        let mut all = Vec::new();
        peer.stream.read_to_end(&mut all).unwrap();
        heard.lock().unwrap().send(all).unwrap();
    });
    let front = up.behind(&[]);
    let mut client = front.connect();
    client.write_all(ASK.as_bytes()).unwrap();
    read_head(&mut client).unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "bye");
    client.write_all(b"are you ").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    client.write_all(b"there?").unwrap();
    drop(client);
    assert_eq!(hears.recv_timeout(crate::upstream::PATIENCE).unwrap(), b"are you there?");
}

#[test]
fn what_was_not_asked_for_is_refused() {
    for (ask, switch) in [
        // Nobody asked.
        ("GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", SWITCH.to_owned()),
        // HTTP/1.0 cannot ask.
        ("GET /up/x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", SWITCH.to_owned()),
        // Another protocol, one more, none, and the one that no proxy may tunnel.
        (ASK, SWITCH.replace("Upgrade: websocket", "Upgrade: foo")),
        (ASK, SWITCH.replace("Upgrade: websocket", "Upgrade: websocket, foo")),
        (ASK, SWITCH.replace("Upgrade: websocket\r\n", "")),
        (ASK, SWITCH.replace("Upgrade: websocket", "Upgrade: h2c")),
    ] {
        let answers = switch.clone();
        let up = Upstream::start(move |peer| {
            while peer.request().is_some() {
                peer.say(&answers);
                peer.say("RAWBYTES");
            }
        });
        let front = up.behind(&[]);
        let mut client = front.connect();
        client.write_all(ask.as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(status(&answer), "502", "{ask:?} {switch:?}: {answer}");
        assert!(!answer.contains("RAWBYTES"), "{answer}");
        let path = if ask == ASK { "/up/chat" } else { "/up/x" };
        let record = front.proxy.record(path).unwrap();
        assert_eq!(record.text("fault").as_deref(), Some("unexpected_upgrade"), "{}", record.0);
    }
}
