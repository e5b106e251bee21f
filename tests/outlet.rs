//! Where interim responses stand among what a server writes, and which of them come too late. No IO.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use badgateway::body::{ClientHandle, InterimSender, Outlet};

const HINT: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server's side of a connection, and all that its client has got.
struct Server {
    outlet: Outlet,
    client: ClientHandle,
    got: Vec<u8>,
    /// How much the client takes now.
    room: usize,
    woken: Arc<Woken>,
}

impl Server {
    fn new() -> Self {
        let client = ClientHandle::new();
        let outlet = Outlet::new(client.clone());
        Self { outlet, client, got: Vec::new(), room: usize::MAX, woken: Arc::default() }
    }

    fn poll(&mut self, bytes: Option<&[u8]>) -> Poll<io::Result<()>> {
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut cx = Context::from_waker(&waker);
        let (got, room) = (&mut self.got, &mut self.room);
        let mut write = |_: &mut Context<'_>, bytes: &[u8]| {
            let n = bytes.len().min(*room);
            if n == 0 {
                return Poll::Pending;
            }
            *room -= n;
            got.extend_from_slice(&bytes[..n]);
            Poll::Ready(Ok(n))
        };
        let Some(bytes) = bytes else { return self.outlet.poll_flush(&mut cx, write) };
        match self.outlet.poll_before(&mut cx, bytes, &mut write) {
            Poll::Ready(Ok(())) => write(&mut cx, bytes).map_ok(|n| assert_eq!(n, bytes.len())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn write(&mut self, text: &str) {
        assert!(self.poll(Some(text.as_bytes())).is_ready());
    }

    fn flush(&mut self) {
        assert!(self.poll(None).is_ready());
    }
}

/// `m` is the server's own bytes, `h` an interim response.
fn order(got: &[u8]) -> String {
    String::from_utf8(got.to_vec()).unwrap().replace(CONTINUE, "c").replace(std::str::from_utf8(HINT).unwrap(), "h")
}

#[test]
fn they_stand_between_two_messages() {
    // What happens: `b`egin, `h`int, `H`int refused, final head `d`one, `f`lush, `c`ontinue; all else is written.
    let cases = [
        ("at a flush", "b f h f 1 f", "h1"),
        ("each at its own", "b f h f h f 1 f", "hh1"),
        ("together with the final head", "b f h d 1 f", "h1"),
        ("the same where nobody says that the head is next", "b f h 1 f", "h1"),
        ("none behind the final head", "b f d H 1 f H f 2 f", "12"),
        ("nor where nobody says that it was handed out", "b f 1 H f H 2 f", "12"),
        ("not within a message that is not yet written", "b f 1 b h 2 f", "12h"),
        ("nor behind its own head, where that followed at once", "b f d 1 b h d 23 f 4 f", "1234"),
        ("without a flush there is no place", "b h d 1 f 2 f", "12"),
        ("the next exchange's do not mix", "b f d 1 f b f h d 2 f", "1h2"),
        ("the late one of a try before goes", "b f h b f h f 1 f", "h1"),
        ("a server's own 100 is no final head", "b f c f h f 1 f", "ch1"),
        ("and does not push one aside", "b f h c f h 1 f", "hch1"),
        ("a tunnel has none", "b f h t 1 f H f 2 f", "h12"),
    ];
    for (why, steps, expected) in cases {
        let mut server = Server::new();
        let mut exchange: Option<InterimSender> = None;
        for step in steps.split(' ') {
            match step {
                "b" => exchange = Some(server.client.interims()),
                "h" => assert!(exchange.as_ref().unwrap().send(HINT), "{why}"),
                "H" => assert!(!exchange.as_ref().unwrap().send(HINT), "{why}"),
                "d" => server.client.final_head(),
                "t" => server.client.tunnel(),
                "f" => server.flush(),
                "c" => server.write(CONTINUE),
                bytes => server.write(bytes),
            }
        }
        assert_eq!(order(&server.got), expected, "{why}: {steps}");
    }
}

/// Whoever began an exchange before this one may send no more, whatever it still hears from its next hop.
#[test]
fn a_sender_serves_one_exchange() {
    let mut server = Server::new();
    let first = server.client.interims();
    server.flush();
    let second = server.client.interims();
    assert!(!first.send(HINT) && second.send(HINT));
    server.flush();
    assert_eq!(order(&server.got), "h");
}

#[test]
fn only_whole_interim_heads_are_sent_and_only_so_many_wait() {
    let mut server = Server::new();
    let exchange = server.client.interims();
    for no in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n", b"HTTP/1.0 103 E\r\n\r\n"] {
        assert!(!exchange.send(no), "{no:?}");
    }
    server.flush();
    let waiting = std::iter::repeat_with(|| exchange.send(HINT)).take(10_000).filter(|sent| *sent).count();
    assert_eq!(waiting, 16 * 1024 / HINT.len());
    server.flush();
    assert_eq!(server.got.len(), waiting * HINT.len());
    assert!(exchange.send(HINT), "there is room again");
}

/// A client that takes it in pieces gets each whole, and the head behind them.
#[test]
fn none_is_torn() {
    let mut server = Server::new();
    let exchange = server.client.interims();
    server.flush();
    assert!(exchange.send(HINT));
    server.room = 5;
    assert!(server.poll(None).is_pending());
    assert!(exchange.send(HINT));
    server.client.final_head();
    for _ in 0..20 {
        server.room = 3;
        if server.poll(Some(b"1")).is_ready() {
            break;
        }
    }
    assert_eq!(order(&server.got), "hh1");
}

/// It is the connection's task that writes, so that is whom an interim response wakes. Only the first flush takes a lock for it.
#[test]
fn the_servers_task_is_woken() {
    let mut server = Server::new();
    server.flush();
    let exchange = server.client.interims();
    assert!(exchange.send(HINT));
    let woken = Arc::clone(&server.woken);
    assert_eq!(woken.0.load(Ordering::Relaxed), 0, "nobody was there to be told");
    server.flush();
    for n in 1..4 {
        assert!(exchange.send(HINT));
        assert_eq!(woken.0.load(Ordering::Relaxed), n);
        server.flush();
    }
}

#[test]
fn a_tunnel_does_not_linger() {
    let client = ClientHandle::new();
    assert!(!client.lingers());
    client.linger();
    assert!(client.lingers());
    client.tunnel();
    client.linger();
    assert!(!client.lingers());
}
