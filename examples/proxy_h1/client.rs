//! A client's connection: one request after the other, and the ways to end it.
//!
//! A connection is kept only if the last request was read to its end. Where it was not, the
//! rest is read and dropped for a while after our FIN, lest the kernel resets the connection for the
//! unread bytes and the answer is lost with it (RFC 9112 section 9.6).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Method, StatusCode, Uri};
use socket2::SockRef;

use crate::date;
use crate::exchange;
use crate::forwarded;
use crate::request::{Incoming, Parsed, parse};
use crate::serve::Proxy;
use crate::wire::would_block;

/// How long a client may take nothing of what we write.
const STUCK: Duration = Duration::from_secs(60);
/// How long, and for how many bytes, unread request bytes are dropped after the last answer.
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;
/// How much is read at a time.
const PIECE: usize = 16 * 1024;

/// What becomes of the connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request.
    Keep,
    /// An orderly end.
    Close,
    /// An orderly end, and what the client still sends is read and dropped.
    Linger,
    /// A reset: the body that was cut has no other end than the connection's (RFC 9112 section 8).
    Reset,
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) stream: Arc<TcpStream>,
    /// Received and not used: the rest of a body, the next request.
    pub(crate) input: Vec<u8>,
    /// As it stands in `X-Forwarded-For`.
    pub(crate) address: Option<HeaderValue>,
}

impl Client {
    pub(crate) fn new(stream: TcpStream) -> Self {
        let address = stream.peer_addr().ok().and_then(|address| forwarded::client(address.ip()));
        Self { stream: Arc::new(stream), input: Vec::new(), address }
    }

    /// Serves its requests, one at a time and in their order.
    pub(crate) fn serve(mut self, proxy: &Arc<Proxy>) {
        let _ = self.stream.set_nodelay(true);
        let _ = self.stream.set_write_timeout(Some(STUCK));
        let after = loop {
            let after = match self.head(proxy) {
                Ok(Some(Ok(incoming))) => exchange::run(proxy, &mut self, *incoming),
                Ok(Some(Err((status, why)))) => {
                    let _ = (&*self.stream).write_all(&page(status, "text/plain; charset=utf-8", why, true, false));
                    After::Linger
                }
                // It has left, or said nothing in time.
                Ok(None) | Err(_) => After::Close,
            };
            if after != After::Keep {
                break after;
            }
            if self.input.is_empty() && proxy.seats.is_closed() {
                // It was told nothing of it, and may be asking already.
                break After::Linger;
            }
        };
        match after {
            After::Keep | After::Close => {}
            After::Linger => self.linger(),
            // What is not sent yet is lost; what is, is read before the reset is seen.
            After::Reset => drop(SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO))),
        }
    }

    /// The next request head, or why there is none. `None`: the client has ended the connection, or did not begin.
    #[allow(clippy::type_complexity)]
    fn head(&mut self, proxy: &Proxy) -> io::Result<Option<Result<Box<Incoming>, (StatusCode, &'static str)>>> {
        let late = (StatusCode::REQUEST_TIMEOUT, "the request head did not come in time");
        let mut waiting = None;
        loop {
            if !self.input.is_empty() {
                match parse(&self.input) {
                    Parsed::Whole(incoming, length) => {
                        self.input.drain(..length);
                        return Ok(Some(Ok(incoming)));
                    }
                    Parsed::Bad(status, why) => return Ok(Some(Err((status, why)))),
                    Parsed::Partial => {}
                }
            }
            let begun = !self.input.is_empty();
            let waiting = waiting.get_or_insert_with(|| proxy.seats.wait(&self.stream));
            let left = waiting.left();
            if left < Duration::from_millis(1) {
                return Ok(begun.then_some(Err(late)));
            }
            self.stream.set_read_timeout(Some(left))?;
            match read_more(&self.stream, &mut self.input) {
                // Its own end, or because somebody else is to have its place.
                Ok(0) => return Ok((begun && waiting.is_over()).then_some(Err(late))),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers with a page of the server's own, if this request is for one: `CONNECT`, and the tour's index.
    pub(crate) fn answer(&mut self, proxy: &Proxy, method: &Method, uri: &Uri) -> Option<After> {
        let (status, kind, text) = match (proxy.index.get(), uri.path()) {
            _ if *method == Method::CONNECT => {
                (StatusCode::NOT_IMPLEMENTED, "text/plain; charset=utf-8", "CONNECT is not supported here")
            }
            (Some(index), "/") if proxy.routes.find(uri).is_err() => {
                (StatusCode::OK, "text/html; charset=utf-8", index.as_str())
            }
            _ => return None,
        };
        let page = page(status, kind, text, true, *method == Method::HEAD);
        Some(if (&*self.stream).write_all(&page).is_ok() { After::Linger } else { After::Close })
    }

    fn linger(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let until = Instant::now() + LINGER_FOR;
        let mut waste = [0; PIECE];
        let mut dropped = 0;
        while dropped < LINGER_BYTES {
            let left = until.saturating_duration_since(Instant::now());
            if left < Duration::from_millis(1) || self.stream.set_read_timeout(Some(left)).is_err() {
                return;
            }
            match (&*self.stream).read(&mut waste) {
                // The client has closed, or is gone: nothing is left that could be lost.
                Ok(0) | Err(_) => return,
                Ok(n) => dropped += n,
            }
        }
    }
}

/// Reads more behind what is there.
///
/// # Errors
///
/// `WouldBlock` after the socket's read timeout.
pub(crate) fn read_more(mut stream: &TcpStream, input: &mut Vec<u8>) -> io::Result<usize> {
    let before = input.len();
    input.resize(before + PIECE, 0);
    let read = would_block(stream.read(input.get_mut(before..).unwrap_or_default()));
    input.truncate(before + *read.as_ref().unwrap_or(&0));
    read
}

/// A whole response of the server's own, where there is no exchange that could fail.
fn page(status: StatusCode, kind: &str, text: &str, close: bool, head: bool) -> Vec<u8> {
    let close = if close { "Connection: close\r\n" } else { "" };
    let length = text.len() + 1;
    let reason = status.canonical_reason().unwrap_or_default();
    let text = if head { String::new() } else { format!("{text}\n") };
    format!(
        "HTTP/1.1 {} {reason}\r\nDate: {}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\n{close}\r\n{text}",
        status.as_str(),
        date::now(),
    )
    .into_bytes()
}
