//! One accepted connection, seen from the upstream: read a request, say bytes, end somehow.
//!
//! One rule: no call outlives the lab or [`LIFETIME`], and none needs the peer's goodwill to end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;

use super::tally::Tally;
use super::then::Then;

/// The longest that one connection may live.
pub(super) const LIFETIME: Duration = Duration::from_secs(60);
/// How often a blocked call looks whether the lab has stopped.
const TICK: Duration = Duration::from_millis(100);
/// How long a peer may go on sending after our FIN.
const LINGER: Duration = Duration::from_secs(2);
/// Between the bytes and the RST: some systems throw unread bytes away when an RST arrives.
const BEFORE_RESET: Duration = Duration::from_millis(30);
/// The largest request head that is read.
const MAX_HEAD: usize = 1 << 20;

/// The head of a request, as far as the lab cares.
#[derive(Debug)]
pub(super) struct Head {
    /// Case matters.
    pub(super) method: String,
    /// As it was received, up to and including the empty line.
    pub(super) raw: Vec<u8>,
    /// The protocol named in an Upgrade field.
    pub(super) upgrade: Option<String>,
    /// Whether the connection may serve another request.
    pub(super) keep_alive: bool,
    length: Length,
    expects_continue: bool,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Bytes(u64),
    Chunked,
}

/// The connection.
pub(super) struct Peer {
    socket: TcpStream,
    tls: Option<ServerConnection>,
    /// Received and not yet used.
    input: Vec<u8>,
    born: Instant,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
}

impl Peer {
    pub(super) fn new(
        socket: TcpStream,
        tls: Option<Arc<ServerConfig>>,
        tally: Arc<Tally>,
        stop: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        socket.set_read_timeout(Some(TICK))?;
        socket.set_write_timeout(Some(TICK))?;
        // A fault of two bytes must leave when it is said, not when Nagle thinks fit.
        socket.set_nodelay(true)?;
        let tls = tls.map(ServerConnection::new).transpose().map_err(io::Error::other)?;
        Ok(Self { socket, tls, input: Vec::new(), born: Instant::now(), tally, stop })
    }

    /// Reads one request whole, its body thrown away.
    pub(super) fn request(&mut self) -> io::Result<Head> {
        let head = self.head()?;
        self.body(&head, &mut |_| ())?;
        Ok(head)
    }

    /// Reads the head of one request, and counts it.
    pub(super) fn head(&mut self) -> io::Result<Head> {
        let mut searched = 0_usize;
        let end = loop {
            // An empty line ends the head; a bare LF will do, we are not the one being judged.
            let from = searched.saturating_sub(3);
            let tail = self.input.get(from..).unwrap_or_default();
            let found = tail
                .windows(2)
                .position(|pair| pair == b"\n\n")
                .map(|at| at.saturating_add(2))
                .into_iter()
                .chain(tail.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at.saturating_add(4)))
                .min();
            if let Some(end) = found {
                break from.saturating_add(end);
            }
            searched = self.input.len();
            if searched > MAX_HEAD || self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let rest = self.input.split_off(end);
        let head = Head::read(std::mem::replace(&mut self.input, rest));
        self.tally.request(&head.method);
        Ok(head)
    }

    /// Reads the body that belongs to this head, piece by piece.
    pub(super) fn body(&mut self, head: &Head, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        if head.expects_continue {
            self.say(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        match head.length {
            Length::Bytes(0) => return Ok(()),
            Length::Bytes(length) => self.bytes(length, sink)?,
            Length::Chunked => loop {
                let line = self.line()?;
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(size).map_err(io::Error::other)?;
                let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
                if size == 0 {
                    while !self.line()?.is_empty() {}
                    break;
                }
                self.bytes(size, sink)?;
                self.line()?;
            },
        }
        self.tally.body();
        Ok(())
    }

    /// Reads that many bytes of what comes after a head, whatever they are, or as many as there are
    /// to be if the request has fewer.
    pub(super) fn part_of_body(&mut self, head: &Head, most: u64) -> io::Result<()> {
        let most = match head.length {
            Length::Bytes(length) => length.min(most),
            Length::Chunked => most,
        };
        self.bytes(most, &mut |_| ())
    }

    /// FIN, and nothing else: what the peer still sends can be read after it.
    pub(super) fn half_close(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Bytes for the socket itself, past TLS.
    pub(super) fn say_below_tls(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&self.socket).write_all(bytes)
    }

    /// Reads what a TLS client says first, as far as its record header promises.
    pub(super) fn hello(&mut self) -> io::Result<()> {
        let mut wanted = 5_usize;
        while self.input.len() < wanted {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some([_, _, _, high, low]) = self.input.get(..5) {
                wanted = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(5);
            }
        }
        Ok(())
    }

    /// Sends bytes, all of them in one write where the system takes them.
    pub(super) fn say(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) => self.again(error)?,
            }
        }
        loop {
            let flushed = match &mut self.tls {
                Some(tls) => rustls::Stream::new(tls, &mut self.socket).flush(),
                None => Ok(()),
            };
            match flushed {
                Ok(()) => return Ok(()),
                Err(error) => self.again(error)?,
            }
        }
    }

    /// Ends the connection.
    pub(super) fn end(&mut self, then: Then) -> io::Result<()> {
        match then {
            Then::Fin => self.fin(),
            Then::Rst => {
                thread::sleep(BEFORE_RESET);
                self.reset()
            }
            Then::Hold | Then::Keep => {
                self.pause(LIFETIME)?;
                self.fin()
            }
        }
    }

    /// FIN (after close_notify, over TLS), then reads on: closing a socket that has unread bytes
    /// would send an RST, and the RST would destroy what we said last.
    pub(super) fn fin(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // One attempt: who does not read does not get a close_notify.
            let _ = tls.write_tls(&mut self.socket);
        }
        self.fin_untidily()
    }

    /// FIN, without the close_notify that TLS wants.
    pub(super) fn fin_untidily(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)?;
        let start = Instant::now();
        let mut waste = [0; 16 << 10];
        while start.elapsed() < LINGER {
            match self.socket.read(&mut waste) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => self.again(error)?,
            }
        }
        Ok(())
    }

    /// RST as soon as the connection is dropped, which is when the play returns.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))
    }

    /// Waits that long, or fails as soon as the peer has left. What it sends meanwhile is thrown away,
    /// or it could fill our memory.
    pub(super) fn pause(&mut self, length: Duration) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let left = length.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            self.socket.set_read_timeout(Some(left.min(TICK)))?;
            let read = self.read_once();
            self.socket.set_read_timeout(Some(TICK))?;
            match read {
                Ok(0) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Ok(_) => self.input.clear(),
                Err(error) => self.again(error)?,
            }
        }
    }

    /// Waits without reading a byte, so that the peer's window closes, until it resets or its time
    /// is up.
    pub(super) fn ignore(&mut self) -> io::Result<()> {
        loop {
            thread::sleep(TICK);
            if let Some(error) = self.socket.take_error()? {
                return Err(error);
            }
            self.again(io::ErrorKind::WouldBlock.into())?;
        }
    }

    /// Takes what was received and not asked for.
    pub(super) fn take_input(&mut self) -> io::Result<Vec<u8>> {
        if self.input.is_empty() {
            self.fill()?;
        }
        Ok(std::mem::take(&mut self.input))
    }

    /// Waits so long for more to come: how much did, or that nothing has. 0 is the end.
    pub(super) fn wait(&mut self, length: Duration) -> io::Result<Option<usize>> {
        self.socket.set_read_timeout(Some(length))?;
        let read = self.read_once();
        self.socket.set_read_timeout(Some(TICK))?;
        match read {
            Ok(n) => Ok(Some(n)),
            Err(error) => self.again(error).map(|()| None),
        }
    }

    /// What was received and not used.
    pub(super) fn input(&mut self) -> &mut Vec<u8> {
        &mut self.input
    }

    /// Counts a request. Whether it is the first for this path.
    pub(super) fn count(&self, method: &str, path: &str) -> bool {
        self.tally.request(method);
        self.tally.is_first(path)
    }

    /// Counts the end of a request, if it had content.
    pub(super) fn count_body(&self) {
        self.tally.body();
    }

    fn bytes(&mut self, mut length: u64, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        while length > 0 {
            if self.input.is_empty() && self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let most = usize::try_from(length).unwrap_or(usize::MAX).min(self.input.len());
            sink(self.input.get(..most).unwrap_or_default());
            self.input.drain(..most);
            length = length.saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.input.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.input.drain(..=at).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.input.len() > MAX_HEAD || self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads more, however long it takes; 0 is the end.
    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.read_once() {
                Err(error) => self.again(error)?,
                read => return read,
            }
        }
    }

    fn read_once(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 16 << 10];
        let n = match &mut self.tls {
            Some(tls) => match rustls::Stream::new(tls, &mut self.socket).read(&mut chunk) {
                // How the peer ends its side is its own affair.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
                read => read?,
            },
            None => self.socket.read(&mut chunk)?,
        };
        self.input.extend_from_slice(chunk.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).write(bytes),
            None => self.socket.write(bytes),
        }
    }

    /// `Ok` where the call is to be tried again: nothing happened but the passing of a tick.
    fn again(&self, error: io::Error) -> io::Result<()> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        if !matches!(error.kind(), Interrupted | TimedOut | WouldBlock) {
            return Err(error);
        }
        if self.stop.load(Ordering::Acquire) || self.born.elapsed() > LIFETIME {
            return Err(TimedOut.into());
        }
        Ok(())
    }
}

impl Head {
    /// Reads what matters and is content with anything else: the proxy is judged by what the
    /// client sees, not by what we think of its requests.
    fn read(raw: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&raw);
        let mut lines = text.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let mut head = Self {
            keep_alive: first.next_back() != Some("HTTP/1.0"),
            method,
            raw: Vec::new(),
            upgrade: None,
            length: Length::Bytes(0),
            expects_continue: false,
        };
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                // RFC 9112 section 6.3: Transfer-Encoding overrides Content-Length.
                "transfer-encoding" => head.length = Length::Chunked,
                "content-length" if matches!(head.length, Length::Bytes(_)) => {
                    head.length = Length::Bytes(value.parse().unwrap_or(0));
                }
                "expect" => head.expects_continue = value.eq_ignore_ascii_case("100-continue"),
                "upgrade" => head.upgrade = Some(value.to_owned()),
                "connection" => {
                    for option in value.split(',').map(str::trim) {
                        head.keep_alive &= !option.eq_ignore_ascii_case("close");
                        head.keep_alive |= option.eq_ignore_ascii_case("keep-alive");
                    }
                }
                _ => {}
            }
        }
        head.raw = raw;
        head
    }
}
