//! The client's request body on its way to the next hop, on a thread of its own, because an answer may
//! come before its end.
//!
//! It remembers how far it got and who was waiting for whom, because afterwards nobody
//! else can tell a slow client from a slow upstream, nor a failed client from a failed upstream.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use badgateway::exchange::RequestBody;

use crate::body::{BodyReader, Piece};
use crate::wire::Wire;

/// How often who waits for the client looks whether there is still a reason to.
const TICK: Duration = Duration::from_millis(20);

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

    /// There is no more of it: what was pushed was all.
    pub(crate) fn complete(&self) {
        let mut progress = self.progress();
        progress.all_sent = progress.write_error.is_none();
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
    pub(crate) fn run(&self, body: &mut BodyReader, stream: &TcpStream, input: &mut Vec<u8>, wire: &Wire) {
        let _ = stream.set_read_timeout(Some(TICK));
        let mut out = Vec::new();
        loop {
            out.clear();
            let piece = body.next(stream, input, &mut out);
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
