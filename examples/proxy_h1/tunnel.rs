//! After an upgrade: bytes, both ways.
//!
//! Its one rule: the end of one direction is passed on as such, and the other may go on; but not for ever
//! in silence, because half a tunnel is more often a dead peer than a patient one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::connect::Link;
use crate::wire::{Got, Wire, would_block};

/// How often one direction looks at what became of the other.
const TICK: Duration = Duration::from_millis(200);
/// How long one direction may be silent when the other has ended.
const HALF: Duration = Duration::from_secs(10);
/// How long a side may take nothing of what the other says.
const STUCK: Duration = Duration::from_secs(60);
const PIECE: usize = 16 * 1024;

/// Carries bytes until both sides have ended.
pub(crate) fn run(client: &mut Client, link: Link) {
    let Link { wire, buffer } = link;
    let ended = AtomicBool::new(false);
    let stream = &client.stream;
    let early = std::mem::take(&mut client.input);
    if stream.set_read_timeout(Some(TICK)).is_err() {
        return;
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let up = send(&wire, &early).and_then(|()| {
                carry(&ended, |room| received(would_block((&*stream).read(room))), |bytes| send(&wire, bytes))
            });
            match up {
                Ok(()) => wire.finish(),
                Err(_) => wire.shut(),
            }
        });
        let mut writer = stream;
        let down = writer
            .write_all(buffer.unread())
            .and_then(|()| carry(&ended, |room| wire.read(room, TICK), |bytes| (&*stream).write_all(bytes)));
        let how = if down.is_ok() { Shutdown::Write } else { Shutdown::Both };
        let _ = stream.shutdown(how);
        if down.is_err() {
            wire.shut();
        }
    });
}

/// One direction.
fn carry(
    ended: &AtomicBool,
    mut read: impl FnMut(&mut [u8]) -> io::Result<Got>,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = vec![0; PIECE];
    let mut at = Instant::now();
    loop {
        match read(&mut bytes)? {
            Got::Bytes(n) => {
                write(bytes.get(..n).unwrap_or_default())?;
                at = Instant::now();
            }
            Got::Nothing if ended.load(Ordering::Acquire) && at.elapsed() > HALF => {
                return Err(ErrorKind::TimedOut.into());
            }
            Got::Nothing => {}
            Got::End => {
                ended.store(true, Ordering::Release);
                return Ok(());
            }
            Got::Cut => return Err(ErrorKind::UnexpectedEof.into()),
        }
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
