//! The request, and the exchange.
//!
//! One rule: the answer counts even where the request could not be written to its end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use http::Version;

use super::answer::{Answer, Stop};
use super::http2;
use super::reader::Reader;

/// Bytes after a complete message that come later than this are not waited for.
const AFTERMATH: Duration = Duration::from_millis(100);
/// An answer is read no further than this.
const MAX_ANSWER: usize = 64 << 20;

/// One request.
///
/// By default a `GET` of `/` in HTTP/1.1 with `Host: lab.test`, `Accept: */*` and
/// `Connection: close`, given up after 10 seconds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Sent as it stands.
    pub method: String,
    /// The request target, sent as it stands.
    pub path: String,
    /// [`HTTP_10`](Version::HTTP_10), [`HTTP_11`](Version::HTTP_11), or [`HTTP_2`](Version::HTTP_2) by prior knowledge.
    pub version: Version,
    /// Fields in order, sent as they stand.
    pub headers: Vec<(String, String)>,
    /// Sent after the head, as it stands.
    pub body: Vec<u8>,
    /// For the whole exchange, from the connect to the last byte.
    pub timeout: Duration,
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

impl Request {
    /// The default request.
    #[must_use]
    pub fn new() -> Self {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            method: "GET".into(),
            path: "/".into(),
            version: Version::HTTP_11,
            headers: vec![field("Host", "lab.test"), field("Accept", "*/*"), field("Connection", "close")],
            body: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Sets the method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// Sets the request target.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    /// Sets the version: HTTP/1.0, HTTP/1.1 or HTTP/2, [`send`] takes no other. Of the fields, HTTP/2 leaves out what is of
    /// one connection alone (RFC 9113 section 8.2.2), and has `Host` as `:authority`.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Sets a field, in place of all fields of that name.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.without(name).and_header(name, value)
    }

    /// Adds a field, whether there is one of that name or not.
    #[must_use]
    pub fn and_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes away all fields of that name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Sets the body. [`send`] adds a Content-Length unless there is one, or a Transfer-Encoding.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the time for the whole exchange.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn head(&self) -> io::Result<Vec<u8>> {
        let minor = match self.version {
            Version::HTTP_10 => 0,
            Version::HTTP_11 => 1,
            _ => return Err(ErrorKind::InvalidInput.into()),
        };
        let mut head = format!("{} {} HTTP/1.{minor}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed = self.headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        });
        if !self.body.is_empty() && !framed {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        Ok(head.into_bytes())
    }
}

/// Sends the request on a connection of its own, and reads what comes until the message is
/// complete, the connection ends, or the time is up.
///
/// # Errors
///
/// [`InvalidInput`](ErrorKind::InvalidInput) for a version other than HTTP/1.0, HTTP/1.1 and HTTP/2 and for
/// a timeout of zero, and whatever keeps the connection from coming about. Everything after that
/// is an [`Answer`].
pub fn send(addr: SocketAddr, request: &Request) -> io::Result<Answer> {
    if request.version == Version::HTTP_2 {
        return http2::send(addr, request);
    }
    let mut bytes = request.head()?;
    let start = Instant::now();
    let socket = TcpStream::connect_timeout(&addr, request.timeout)?;
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(request.timeout))?;
    bytes.extend_from_slice(&request.body);

    let mut reader = Reader::new(request.method == "HEAD");
    let stop = thread::scope(|scope| {
        // A body in a thread of its own: an answer may come, and want to be read, before all of it
        // is gone. A failed write is no verdict: the answer may be on its way all the same.
        let writer = match request.body.is_empty() {
            true => Err((&socket).write_all(&bytes)),
            false => Ok(scope.spawn(|| (&socket).write_all(&bytes))),
        };
        let stop = receive(&socket, start, request.timeout, &mut reader);
        // Ends the write as well, if it is still at it.
        let _ = socket.shutdown(Shutdown::Both);
        let written = writer.map_or_else(|written| written, |thread| thread.join().unwrap_or(Ok(())));
        match (stop?, written) {
            // An RST is told once: where the write met it, the read sees a FIN.
            (Stop::Fin, Err(error)) if error.kind() == ErrorKind::ConnectionReset => Ok(Stop::Reset),
            (stop, _) => Ok::<_, io::Error>(stop),
        }
    })?;
    Ok(reader.finish(stop, start.elapsed(), request.version == Version::HTTP_10))
}

fn receive(mut socket: &TcpStream, start: Instant, timeout: Duration, reader: &mut Reader) -> io::Result<Stop> {
    let mut chunk = [0; 16 << 10];
    loop {
        let mut left = timeout.saturating_sub(start.elapsed());
        if reader.is_complete() {
            left = left.min(AFTERMATH);
        }
        if left.is_zero() || reader.total() > MAX_ANSWER {
            return Ok(Stop::Timeout);
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut chunk) {
            Ok(0) => return Ok(Stop::Fin),
            Ok(n) => reader.feed(chunk.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(Stop::Timeout);
            }
            // Whatever else ends a connection that had been made is as good as an RST.
            Err(_) => return Ok(Stop::Reset),
        }
        if reader.is_extra() {
            return Ok(Stop::Timeout);
        }
    }
}
