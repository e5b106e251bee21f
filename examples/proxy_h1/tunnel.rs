//! After an upgrade: bytes, both ways.
//!
//! The end of one direction is passed on as such, and the other may go on; but not for ever in silence, because half a
//! tunnel is more often a dead peer than a patient one. Who broke it is told from whom it then broke for.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::connect::Link;
use crate::wire::{Got, Wire, would_block};

/// How often one direction looks at what became of the other.
const TICK: Duration = Duration::from_millis(200);
/// How long a side may take nothing of what the other says.
const STUCK: Duration = Duration::from_secs(60);
const PIECE: usize = 16 * 1024;

/// Why a tunnel ended otherwise than by both sides' word.
#[derive(Debug)]
pub(crate) enum Broken {
    Client,
    NextHop(io::Error),
    Idle,
}

/// Both directions of it.
struct Tunnel {
    idle: Duration,
    /// When a byte passed last, in either direction.
    moved: Mutex<Instant>,
    /// What broke it first: all else is a consequence.
    broken: Mutex<Option<Broken>>,
}

/// Carries bytes until both sides have ended, or one broke, or nothing passed for as long as `idle`.
pub(crate) fn run(client: &mut Client, link: Link, idle: Duration) -> Result<(), Broken> {
    let Link { wire, buffer } = link;
    let stream = &*client.stream;
    let early = std::mem::take(&mut client.input);
    stream.set_read_timeout(Some(TICK)).map_err(|_| Broken::Client)?;
    let tunnel = Tunnel { idle, moved: Mutex::new(Instant::now()), broken: Mutex::new(None) };
    thread::scope(|scope| {
        scope.spawn(|| {
            let up = send(&wire, &early).map_err(Broken::NextHop).and_then(|()| {
                tunnel.carry(
                    |room| received(would_block((&*stream).read(room))).map_err(|_| Broken::Client),
                    |bytes| send(&wire, bytes).map_err(Broken::NextHop),
                )
            });
            match up {
                Ok(()) => wire.finish(),
                Err(broken) => tunnel.broke(broken, &wire, stream),
            }
        });
        let mut writer = stream;
        let down = writer.write_all(buffer.unread()).map_err(|_| Broken::Client).and_then(|()| {
            tunnel.carry(
                |room| wire.read(room, TICK).map_err(Broken::NextHop),
                |bytes| (&*stream).write_all(bytes).map_err(|_| Broken::Client),
            )
        });
        match down {
            // What ended because of the break is no end of the next hop's.
            Ok(()) if tunnel.is_broken() => {}
            Ok(()) => drop(stream.shutdown(Shutdown::Write)),
            Err(broken) => tunnel.broke(broken, &wire, stream),
        }
    });
    tunnel.broken.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

impl Tunnel {
    /// Both sides are to hear of it, whoever waits for them. The client's is not shut for writing, or it would look whole.
    fn broke(&self, broken: Broken, wire: &Wire, client: &std::net::TcpStream) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(broken);
        wire.shut();
        let _ = client.shutdown(Shutdown::Read);
    }

    fn is_broken(&self) -> bool {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// One direction.
    fn carry(
        &self,
        mut read: impl FnMut(&mut [u8]) -> Result<Got, Broken>,
        mut write: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let mut bytes = vec![0; PIECE];
        loop {
            match read(&mut bytes)? {
                Got::Bytes(n) => {
                    write(bytes.get(..n).unwrap_or_default())?;
                    *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
                Got::Nothing if self.is_broken() => return Ok(()),
                Got::Nothing if self.moved().elapsed() > self.idle => return Err(Broken::Idle),
                Got::Nothing => {}
                Got::End => return Ok(()),
                Got::Cut => return Err(Broken::NextHop(ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    fn moved(&self) -> Instant {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn received(read: io::Result<usize>) -> io::Result<Got> {
    match read {
        Ok(0) => Ok(Got::End),
        Ok(n) => Ok(Got::Bytes(n)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Got::Nothing),
        Err(error) => Err(error),
    }
}

/// Writes all of it.
fn send(wire: &Wire, mut bytes: &[u8]) -> io::Result<()> {
    let mut at = Instant::now();
    loop {
        let written = if bytes.is_empty() { wire.flush().map(|()| 0) } else { wire.write(bytes) };
        match written {
            Ok(_) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = bytes.get(n..).unwrap_or_default();
                at = Instant::now();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && at.elapsed() < STUCK => {}
            Err(error) => return Err(error),
        }
    }
}
