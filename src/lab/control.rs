//! Upstreams that do nothing wrong: what a proxy must not harm.
//!
//! One rule: every answer here is right by RFC 9110 and RFC 9112, for `HEAD` as well.

use std::io;
use std::thread;
use std::time::Duration;

use super::peer::{Head, Peer};
use super::then::Then;

/// What `ok_large` sends, in bytes.
const LARGE: usize = 2 << 20;
/// The largest body that `echo` gives back.
const MAX_ECHO: usize = 1 << 20;

/// Answers requests for as long as the connection may live.
fn serve(peer: &mut Peer, answer: fn(&mut Peer, &Head) -> io::Result<()>) -> io::Result<()> {
    loop {
        let head = peer.request()?;
        answer(peer, &head)?;
        if !head.keep_alive {
            return peer.end(Then::Fin);
        }
    }
}

/// One complete answer, in one write. `fields` are lines, each with its CRLF.
pub(super) fn respond(peer: &mut Peer, head: &Head, status: &str, fields: &str, body: &[u8]) -> io::Result<()> {
    let close = if head.keep_alive { "" } else { "Connection: close\r\n" };
    let length = body.len();
    let mut bytes = format!("HTTP/1.1 {status}\r\n{fields}{close}Content-Length: {length}\r\n\r\n").into_bytes();
    if head.method != "HEAD" {
        bytes.extend_from_slice(body);
    }
    peer.say(&bytes)
}

pub(super) fn ok(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| respond(peer, head, "200 OK", TEXT, b"hello\n"))
}

pub(super) fn large(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        let body: Vec<u8> = (0..=250_u8).cycle().take(LARGE).collect();
        respond(peer, head, "200 OK", "Content-Type: application/octet-stream\r\n", &body)
    })
}

pub(super) fn status_502(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| respond(peer, head, "502 Bad Gateway", TEXT, b"mine\n"))
}

pub(super) fn status_503(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        let fields = "Retry-After: 7\r\nContent-Type: text/plain\r\n";
        respond(peer, head, "503 Service Unavailable", fields, b"mine\n")
    })
}

pub(super) fn status_504(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| respond(peer, head, "504 Gateway Timeout", TEXT, b"mine\n"))
}

pub(super) fn slow(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        thread::sleep(Duration::from_millis(300));
        respond(peer, head, "200 OK", TEXT, b"hello\n")
    })
}

pub(super) fn early_hints(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        peer.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")?;
        thread::sleep(Duration::from_millis(50));
        respond(peer, head, "200 OK", TEXT, b"hello\n")
    })
}

/// Nothing but a head, whose end is the body's as well.
pub(super) fn empty_by_close(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    peer.end(Then::Fin)
}

pub(super) fn close_delimited(peer: &mut Peer) -> io::Result<()> {
    let head = peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")?;
    if head.method != "HEAD" {
        peer.say(b"hello\n")?;
    }
    peer.end(Then::Fin)
}

pub(super) fn trailers(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTrailer: X-Checksum\r\n\
            Transfer-Encoding: chunked\r\n\r\n"
            .to_vec();
        if head.method != "HEAD" {
            bytes.extend_from_slice(b"3\r\nhel\r\n3\r\nlo\n\r\n0\r\nX-Checksum: 42\r\n\r\n");
        }
        peer.say(&bytes)
    })
}

pub(super) fn events(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        peer.say(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
              Transfer-Encoding: chunked\r\n\r\n",
        )?;
        if head.method == "HEAD" {
            return Ok(());
        }
        for event in [b"9\r\ndata: 1\n\n\r\n", b"9\r\ndata: 2\n\n\r\n", b"9\r\ndata: 3\n\n\r\n"] {
            peer.say(event)?;
            thread::sleep(Duration::from_millis(100));
        }
        peer.say(b"0\r\n\r\n")
    })
}

/// Ten thousand chunks of one byte.
pub(super) fn many_chunks(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        match head.method.as_str() {
            "HEAD" => Ok(()),
            _ => peer.say(format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(10_000)).as_bytes()),
        }
    })
}

/// A whole chunked response, each byte a segment of its own.
pub(super) fn one_byte_segments(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        let (fields, body) = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "6;a=b\r\nhello\n\r\n0\r\n\r\n");
        let body = if head.method == "HEAD" { "" } else { body };
        for byte in [fields, body].concat().as_bytes().chunks(1) {
            peer.say(byte)?;
            // Nothing gathers what left this long ago.
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    })
}

/// 1 MiB, 64 KiB at a time.
pub(super) fn large_segments(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| {
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n")?;
        for _ in 0..if head.method == "HEAD" { 0 } else { 16 } {
            peer.say(&[b'x'; 64 << 10])?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    })
}

/// A length of its own for HEAD, which is allowed to be wrong for nobody but is all the same. There is no
/// body to disagree with it.
pub(super) fn head_other_length(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| match head.method.as_str() {
        "HEAD" => peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        _ => respond(peer, head, "200 OK", TEXT, b"hello\n"),
    })
}

/// The body of a GET for HEAD as well: six bytes too many (RFC 9112 section 6.3, rule 1).
pub(super) fn head_with_body(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, _| peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"))
}

/// Gives the body back, with its length and its FNV-1a hash in fields.
pub(super) fn echo(peer: &mut Peer) -> io::Result<()> {
    loop {
        let head = peer.head()?;
        let (mut kept, mut length, mut hash) = (Vec::new(), 0_usize, 0xcbf2_9ce4_8422_2325_u64);
        peer.body(&head, &mut |piece| {
            length = length.saturating_add(piece.len());
            for byte in piece {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            let room = MAX_ECHO.saturating_sub(kept.len()).min(piece.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or_default());
        })?;
        let fields = format!("X-Lab-Length: {length}\r\nX-Lab-Fnv1a: {hash:016x}\r\n");
        respond(peer, &head, "200 OK", &fields, &kept)?;
        if !head.keep_alive {
            return peer.end(Then::Fin);
        }
    }
}

/// Gives the request head back as the body: what the proxy made of it.
pub(super) fn echo_head(peer: &mut Peer) -> io::Result<()> {
    serve(peer, |peer, head| respond(peer, head, "200 OK", TEXT, &head.raw))
}

/// Refuses a request after its head, and reads the body only to throw it away.
pub(super) fn early_413(peer: &mut Peer) -> io::Result<()> {
    let mut head = peer.head()?;
    head.keep_alive = false;
    respond(peer, &head, "413 Content Too Large", TEXT, b"too large\n")?;
    peer.end(Then::Fin)
}

/// Switches to whatever protocol the client asked for, in which it repeats every byte.
pub(super) fn upgrade(peer: &mut Peer) -> io::Result<()> {
    let mut head = peer.request()?;
    let Some(protocol) = head.upgrade.take() else {
        head.keep_alive = false;
        // RFC 9110 section 15.5.22: a 426 names the protocol.
        let fields = "Upgrade: echo\r\nConnection: upgrade\r\n";
        respond(peer, &head, "426 Upgrade Required", fields, b"upgrade\n")?;
        return peer.end(Then::Fin);
    };
    let switch = format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: upgrade\r\n\r\n");
    peer.say(switch.as_bytes())?;
    loop {
        let bytes = peer.take_input()?;
        if bytes.is_empty() {
            return peer.end(Then::Fin);
        }
        peer.say(&bytes)?;
    }
}

/// Switches, but to another protocol than the one asked for (RFC 9110 section 7.8: it must not).
pub(super) fn upgrade_other(peer: &mut Peer) -> io::Result<()> {
    switch(peer, "Upgrade: other\r\nConnection: upgrade\r\n")
}

/// Switches without a word to what (RFC 9110 section 7.8: a 101 must name it).
pub(super) fn upgrade_unnamed(peer: &mut Peer) -> io::Result<()> {
    switch(peer, "")
}

/// Switches as asked, and then does not speak that protocol. What is in a tunnel is no longer the proxy's.
pub(super) fn upgrade_garbage(peer: &mut Peer) -> io::Result<()> {
    switch(peer, "Upgrade: websocket\r\nConnection: upgrade\r\n")
}

/// 101 with these fields if an upgrade was asked for, bytes that are no protocol, FIN. 426 otherwise.
fn switch(peer: &mut Peer, fields: &str) -> io::Result<()> {
    let mut head = peer.request()?;
    if head.upgrade.is_none() {
        head.keep_alive = false;
        let fields = "Upgrade: websocket\r\nConnection: upgrade\r\n";
        respond(peer, &head, "426 Upgrade Required", fields, b"upgrade\n")?;
    } else {
        peer.say(format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n").as_bytes())?;
        peer.say(b"\0garbage\xff")?;
    }
    peer.end(Then::Fin)
}

const TEXT: &str = "Content-Type: text/plain\r\n";
