//! What a row of the table cannot say in bytes: faults that take time, size or a choice.
//!
//! One rule: whatever is endless here is throttled, and ends when the peer leaves.

use std::io;
use std::time::Duration;

use super::control::respond;
use super::peer::Peer;
use super::then::Then;

/// Between two bytes of a drip.
const DRIP: Duration = Duration::from_millis(200);
/// Between two pieces of something endless: enough to fill any limit within seconds, and little
/// enough not to fill a core.
const THROTTLE: Duration = Duration::from_millis(10);
/// After a response, before the connection that it left idle is misused: the client has read it by then.
const IDLE: Duration = Duration::from_millis(60);

// ---- close

pub(super) fn reset_on_accept(peer: &mut Peer) -> io::Result<()> {
    peer.reset()
}

pub(super) fn close_on_accept(peer: &mut Peer) -> io::Result<()> {
    peer.end(Then::Fin)
}

/// More than any proxy holds back before it forwards the head.
pub(super) fn reset_mid_large_body(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n".to_vec();
    bytes.resize(8 << 20, b'x');
    peer.say(&bytes)?;
    peer.end(Then::Rst)
}

// ---- tls

pub(super) fn plain_on_tls(peer: &mut Peer) -> io::Result<()> {
    peer.hello()?;
    peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\nConnection: close\r\n\r\nspeak plain\n")?;
    peer.end(Then::Fin)
}

pub(super) fn tls_stall(peer: &mut Peer) -> io::Result<()> {
    peer.end(Then::Hold)
}

/// handshake_failure(40), RFC 8446 section 6.2.
pub(super) fn tls_alert(peer: &mut Peer) -> io::Result<()> {
    alert(peer, 40)
}

/// protocol_version(70).
pub(super) fn tls_alert_version(peer: &mut Peer) -> io::Result<()> {
    alert(peer, 70)
}

/// unrecognized_name(112).
pub(super) fn tls_alert_name(peer: &mut Peer) -> io::Result<()> {
    alert(peer, 112)
}

fn alert(peer: &mut Peer, description: u8) -> io::Result<()> {
    peer.hello()?;
    peer.say(&[21, 3, 3, 0, 2, 2, description])?;
    peer.end(Then::Fin)
}

pub(super) fn tls_close_hello(peer: &mut Peer) -> io::Result<()> {
    peer.hello()?;
    peer.end(Then::Fin)
}

pub(super) fn tls_reset_hello(peer: &mut Peer) -> io::Result<()> {
    peer.hello()?;
    peer.reset()
}

/// A body that ends with the connection is complete only if close_notify says so (RFC 9112
/// section 9.8); here it does not.
pub(super) fn tls_no_close_notify(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\n")?;
    peer.fin_untidily()
}

pub(super) fn tls_cut_mid_body(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")?;
    peer.fin_untidily()
}

/// The head of a session in TLS 1.1 (RFC 4346 section 7.4.1.3), which nobody may take any more (RFC
/// 8996 section 5).
pub(super) fn tls_11(peer: &mut Peer) -> io::Result<()> {
    peer.hello()?;
    // ServerHello: version 3.2, 32 random bytes, no session, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression.
    let mut bytes = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    bytes.extend_from_slice(&[0x5a; 32]);
    bytes.extend_from_slice(&[0, 0xc0, 0x13, 0]);
    peer.say(&bytes)?;
    peer.end(Then::Fin)
}

/// certificate_revoked(44).
pub(super) fn tls_alert_revoked(peer: &mut Peer) -> io::Result<()> {
    alert(peer, 44)
}

/// close_notify where the answer should be: as tidy as an end without an answer can be.
pub(super) fn tls_close_after_request(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.fin()
}

pub(super) fn tls_cut_after_request(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.fin_untidily()
}

/// close_notify says that the sender is done; the Content-Length says that it is not.
pub(super) fn tls_close_notify_mid_body(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")?;
    peer.fin()
}

pub(super) fn tls_stall_after_request(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.end(Then::Hold)
}

/// A record of application data that was never encrypted with anybody's key.
pub(super) fn tls_bad_record(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say_below_tls(&[23, 3, 3, 0, 32])?;
    peer.say_below_tls(&[0x5a; 32])?;
    peer.end(Then::Fin)
}

pub(super) fn tls_reset_after_request(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.reset()
}

// ---- head

/// 64 fields of 16 KiB: too many bytes, but not too many fields.
pub(super) fn huge_head(peer: &mut Peer) -> io::Result<()> {
    let field = |n: usize| format!("X-Huge-{n}: {}\r\n", "h".repeat(16 << 10));
    with_fields(peer, &(0..64).map(field).collect::<String>())
}

/// One field of 1 MiB, which starts as markup.
pub(super) fn huge_value(peer: &mut Peer) -> io::Result<()> {
    let value = "v".repeat(1 << 20);
    with_fields(peer, &format!("X-Huge: <script>alert(1)</script>{value}\r\n"))
}

/// 5000 small fields: too many, but not too many bytes.
pub(super) fn many_headers(peer: &mut Peer) -> io::Result<()> {
    with_fields(peer, &(0..5000).map(|n| format!("X-{n}: {n}\r\n")).collect::<String>())
}

fn with_fields(peer: &mut Peer, fields: &str) -> io::Result<()> {
    let head = peer.request()?;
    respond(peer, &head, "200 OK", fields, b"hello\n")?;
    peer.end(Then::Fin)
}

/// A reason phrase of 64 KiB.
pub(super) fn huge_reason(peer: &mut Peer) -> io::Result<()> {
    let head = peer.request()?;
    respond(peer, &head, &format!("200 {}", "r".repeat(64 << 10)), "", b"hello\n")?;
    peer.end(Then::Fin)
}

pub(super) fn endless_head(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\n")?;
    let fields = format!("X-Endless: {}\r\n", "e".repeat(1000)).repeat(4);
    again_and_again(peer, fields.as_bytes(), THROTTLE)
}

// ---- framing

/// A chunk extension of 64 KiB.
pub(super) fn chunk_ext_long(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    let extension = "e".repeat(64 << 10);
    let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;{extension}\r\nhello\n\r\n0\r\n\r\n");
    peer.say(bytes.as_bytes())?;
    peer.end(Then::Fin)
}

/// A chunk size of 5, and 4000 zeros before it.
pub(super) fn chunk_size_zeros(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    let zeros = "0".repeat(4000);
    let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{zeros}6\r\nhello\n\r\n0\r\n\r\n");
    peer.say(bytes.as_bytes())?;
    peer.end(Then::Fin)
}

/// A Content-Length of 6, and 4000 zeros before it.
pub(super) fn cl_zeros(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    let zeros = "0".repeat(4000);
    peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {zeros}6\r\n\r\nhello\n").as_bytes())?;
    peer.end(Then::Fin)
}

/// The body is whole (RFC 9112 section 8: the last chunk has come), the message never.
pub(super) fn endless_trailers(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n")?;
    let fields = format!("X-Endless: {}\r\n", "e".repeat(1000)).repeat(4);
    again_and_again(peer, fields.as_bytes(), THROTTLE)
}

// ---- status

pub(super) fn many_1xx(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    again_and_again(peer, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", THROTTLE)
}

// ---- time

pub(super) fn never_reads(peer: &mut Peer) -> io::Result<()> {
    peer.ignore()
}

pub(super) fn slow_drip_head(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ".chunks(1) {
        peer.say(byte)?;
        peer.pause(DRIP)?;
    }
    again_and_again(peer, b"s", DRIP)
}

pub(super) fn slow_drip_body(peer: &mut Peer) -> io::Result<()> {
    peer.request()?;
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n")?;
    for byte in b"abcdefghijklmnopqrstuvwxy".chunks(1) {
        peer.say(byte)?;
        peer.pause(DRIP)?;
    }
    peer.end(Then::Fin)
}

// ---- desync

/// The answer is there before the question. The connection is left open: it is the proxy that has
/// to give it up.
pub(super) fn response_before_request(peer: &mut Peer) -> io::Result<()> {
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")?;
    peer.request()?;
    peer.end(Then::Hold)
}

/// A server whose patience with an idle connection is at an end says so, to whoever asks next.
pub(super) fn idle_408(peer: &mut Peer) -> io::Result<()> {
    idle(peer, b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Then::Fin)
}

/// The second of two responses to one request, when the first is long done with.
pub(super) fn idle_response(peer: &mut Peer) -> io::Result<()> {
    idle(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", Then::Hold)
}

pub(super) fn idle_garbage(peer: &mut Peer) -> io::Result<()> {
    idle(peer, b"\0\xff garbage", Then::Hold)
}

pub(super) fn idle_reset(peer: &mut Peer) -> io::Result<()> {
    idle(peer, b"", Then::Rst)
}

/// Answers, and does something nobody asked for on the connection that is idle by now.
fn idle(peer: &mut Peer, bytes: &[u8], then: Then) -> io::Result<()> {
    let head = peer.request()?;
    respond(peer, &head, "200 OK", "", b"hello\n")?;
    if !head.keep_alive {
        return peer.end(Then::Fin);
    }
    peer.pause(IDLE)?;
    peer.say(bytes)?;
    peer.end(then)
}

pub(super) fn stale_keepalive(peer: &mut Peer) -> io::Result<()> {
    stale(peer, Then::Fin)
}

pub(super) fn stale_keepalive_reset(peer: &mut Peer) -> io::Result<()> {
    stale(peer, Then::Rst)
}

/// Answers the first request of a connection, and ends under the second, which it has read.
fn stale(peer: &mut Peer, then: Then) -> io::Result<()> {
    let head = peer.request()?;
    respond(peer, &head, "200 OK", "", b"hello\n")?;
    if !head.keep_alive {
        return peer.end(Then::Fin);
    }
    peer.request()?;
    peer.end(then)
}

/// Says it until nobody listens any more.
fn again_and_again(peer: &mut Peer, bytes: &[u8], pause: Duration) -> io::Result<()> {
    loop {
        peer.say(bytes)?;
        peer.pause(pause)?;
    }
}
