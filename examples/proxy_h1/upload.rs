//! The client's request body on its way to the next hop, on a thread of its own, because an answer may
//! come before its end.
//!
//! Its one rule: it remembers how far it got and who was waiting for whom, because afterwards nobody
//! else can tell a slow client from a slow upstream, nor a failed client from a failed upstream.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use badgateway::exchange::RequestBody;
use badgateway::h1::chunked::{Chunk, Decoder};
use badgateway::h1::{Leniency, Limits};

use crate::client::read_more;
use crate::request::Body;
use crate::wire::Wire;

/// How often who waits for the client looks whether there is still a reason to.
const TICK: Duration = Duration::from_millis(20);
/// The largest trailer section of a request.
const TRAILERS: usize = 16 * 1024;

/// How far the request got.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What became of the client's body.
    pub(crate) stage: RequestBody,
    /// When it last moved on.
    pub(crate) at: Instant,
    /// It is the client that everybody waits for.
    pub(crate) client_is_slow: bool,
    /// Bytes written to the next hop, the head's included.
    pub(crate) sent: u64,
    /// All of it has been written.
    pub(crate) all_sent: bool,
    /// The client has reset its connection.
    pub(crate) client_gone: bool,
    /// Why no more of it will be written.
    pub(crate) write_error: Option<io::Error>,
}

/// Tells how far an upload got, while it goes on and afterwards, and ends it.
#[derive(Debug)]
pub(crate) struct Upload {
    progress: Mutex<Progress>,
    stop: AtomicBool,
}

/// Why an upload ended early.
enum Halt {
    Io(io::Error),
    Told,
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Upload {
    pub(crate) fn new(stage: RequestBody) -> Self {
        let progress = Progress {
            stage,
            at: Instant::now(),
            client_is_slow: false,
            sent: 0,
            all_sent: false,
            client_gone: false,
            write_error: None,
        };
        Self { progress: Mutex::new(progress), stop: AtomicBool::new(false) }
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more of it is wanted.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Writes all of it. `tick` is asked whenever the next hop has taken nothing for a moment.
    pub(crate) fn push<E: From<io::Error>>(
        &self,
        wire: &Wire,
        mut data: &[u8],
        tick: impl Fn() -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let written = if data.is_empty() { wire.flush().map(|()| 0) } else { wire.write(data) };
            match written {
                Ok(0) if data.is_empty() => return Ok(()),
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(n) => {
                    data = data.get(n..).unwrap_or_default();
                    let mut progress = self.progress();
                    progress.sent += n as u64;
                    progress.at = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => tick()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Moves the whole body, until it is over in one way or another. Runs on a thread of its own.
    pub(crate) fn run(&self, mut body: BodyReader<'_>, wire: &Wire) {
        let _ = body.stream.set_read_timeout(Some(TICK));
        let mut out = Vec::new();
        loop {
            out.clear();
            let piece = body.next(&mut out);
            let ended = {
                let mut progress = self.progress();
                progress.client_is_slow = matches!(piece, Ok(Piece::Nothing));
                match &piece {
                    Ok(Piece::Nothing) => {}
                    Ok(Piece::Some) => {
                        progress.stage = RequestBody::Partial;
                        progress.at = Instant::now();
                    }
                    // Known before it is written: the answer may be faster than we are.
                    Ok(Piece::Last) => progress.stage = RequestBody::Whole,
                    Err(error) => {
                        progress.stage = RequestBody::Failed;
                        // Anything but bad bytes and an early FIN.
                        let bad = [ErrorKind::InvalidData, ErrorKind::UnexpectedEof];
                        progress.client_gone = !bad.contains(&error.kind());
                    }
                }
                matches!(piece, Ok(Piece::Last))
            };
            if piece.is_err() || self.stop.load(Ordering::Acquire) {
                return;
            }
            let told = || if self.stop.load(Ordering::Acquire) { Err(Halt::Told) } else { Ok(()) };
            let pushed = self.push(wire, &out, told);
            let mut progress = self.progress();
            match pushed {
                Ok(()) if ended => progress.all_sent = true,
                Ok(()) => continue,
                Err(Halt::Io(error)) => progress.write_error = Some(error),
                Err(Halt::Told) => {}
            }
            return;
        }
    }
}

/// What a look at the body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// Nothing has come.
    Nothing,
    Some,
    /// And this was the last of it.
    Last,
}

/// Reads a request body off the client's connection, and frames it anew for the next hop.
#[derive(Debug)]
pub(crate) struct BodyReader<'a> {
    pub(crate) stream: &'a TcpStream,
    input: &'a mut Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(Box<Decoder>),
    Trailers,
}

impl<'a> BodyReader<'a> {
    /// `None` where there is no body.
    pub(crate) fn new(stream: &'a TcpStream, input: &'a mut Vec<u8>, body: Body) -> Option<Self> {
        let state = match body {
            Body::None => return None,
            Body::Length(length) => State::Length(length),
            // Strict: what the next hop gets is framed by us, but where the body ends is the client's word.
            Body::Chunked => State::Chunked(Box::new(Decoder::new(&Limits::default(), &Leniency::strict()))),
        };
        Some(Self { stream, input, state })
    }

    /// Puts what has come into `out`, as it goes to the next hop.
    ///
    /// # Errors
    ///
    /// `InvalidData` for a body that is malformed, `UnexpectedEof` for one that ends early, and what the
    /// socket says.
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<Piece> {
        if let Some(piece) = self.take(out)? {
            return Ok(piece);
        }
        match read_more(self.stream, self.input) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Piece::Nothing),
            Err(error) => return Err(error),
        }
        Ok(self.take(out)?.unwrap_or(Piece::Nothing))
    }

    /// `None` where nothing can be made of what is there.
    fn take(&mut self, out: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        let malformed = || io::Error::from(ErrorKind::InvalidData);
        match &mut self.state {
            State::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
                if most == 0 {
                    return Ok(None);
                }
                out.extend(self.input.drain(..most));
                *left -= most as u64;
                Ok(Some(if *left == 0 { Piece::Last } else { Piece::Some }))
            }
            State::Chunked(decoder) => {
                let mut used = 0;
                let last = loop {
                    let rest = self.input.get(used..).unwrap_or_default();
                    let (n, chunk) = decoder.decode(rest).map_err(|_| malformed())?;
                    used += n;
                    match chunk {
                        Chunk::Data(data) => {
                            out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
                            out.extend_from_slice(data);
                            out.extend_from_slice(b"\r\n");
                        }
                        Chunk::Last => break true,
                        // The enum may grow.
                        Chunk::NeedMore | _ => break false,
                    }
                };
                self.input.drain(..used);
                if last {
                    self.state = State::Trailers;
                    return match self.take(out)? {
                        None if out.is_empty() => Ok(None),
                        None => Ok(Some(Piece::Some)),
                        piece => Ok(piece),
                    };
                }
                Ok((!out.is_empty()).then_some(Piece::Some))
            }
            // A request's trailers are dropped: RFC 9110 section 6.5.1 allows it, and no next hop said that it
            // wants them.
            State::Trailers => {
                let mut fields = [httparse::EMPTY_HEADER; 100];
                match httparse::parse_headers(self.input, &mut fields) {
                    Ok(httparse::Status::Complete((used, _))) => {
                        self.input.drain(..used);
                        out.extend_from_slice(b"0\r\n\r\n");
                        Ok(Some(Piece::Last))
                    }
                    Ok(httparse::Status::Partial) if self.input.len() < TRAILERS => Ok(None),
                    Ok(httparse::Status::Partial) | Err(_) => Err(malformed()),
                }
            }
        }
    }
}
