//! A connection to a next hop, with or without TLS, for one who reads and one who writes.
//!
//! No call takes longer than it was told, and each end of the connection has its own
//! name: orderly, cut, or failed.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use crate::records::Records;

/// How long one attempt to write may take. Who writes looks around in between.
const WRITE_TICK: Duration = Duration::from_millis(20);
/// How much is encrypted at a time: one record.
const RECORD: usize = 16 * 1024;

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// That many bytes.
    Bytes(usize),
    /// Nothing in that time.
    Nothing,
    /// The end, in good order; under TLS, with close_notify.
    End,
    /// A FIN without close_notify.
    Cut,
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TcpStream,
    tls: Option<Tls>,
    /// The read timeout that is set, in nanoseconds: setting it is a system call.
    waits: AtomicU64,
}

#[derive(Debug)]
struct Tls {
    session: Mutex<Session>,
    /// Encrypted and not written. Whoever holds it is the one who writes, so that records keep their order.
    unsent: Mutex<Vec<u8>>,
}

#[derive(Debug)]
struct Session {
    connection: ClientConnection,
    /// Received and not decrypted.
    input: Vec<u8>,
    /// Where its records end, for who decrypts does not tell of half a one.
    records: Records,
    failed: Option<rustls::Error>,
}

impl Wire {
    /// A connected socket, and the session whose handshake is over, with the records that it has read.
    pub(crate) fn new(socket: TcpStream, session: Option<(ClientConnection, Records)>) -> io::Result<Self> {
        socket.set_write_timeout(Some(WRITE_TICK))?;
        let tls = session.map(|(connection, records)| Tls {
            session: Mutex::new(Session { connection, input: Vec::new(), records, failed: None }),
            unsent: Mutex::default(),
        });
        Ok(Self { socket, tls, waits: AtomicU64::new(0) })
    }

    /// Reads what is there, or waits for it that long. `room` must not be empty.
    pub(crate) fn read(&self, room: &mut [u8], wait: Duration) -> io::Result<Got> {
        let Some(tls) = &self.tls else { return self.read_socket(room, wait) };
        let until = Instant::now() + wait;
        loop {
            if let Some(got) = lock(&tls.session).take(room)? {
                return Ok(got);
            }
            let mut records = [0; RECORD];
            match self.read_socket(&mut records, until.saturating_duration_since(Instant::now()))? {
                Got::Bytes(n) => lock(&tls.session).received(records.get(..n).unwrap_or_default()),
                // An empty read tells the session of the FIN.
                Got::End | Got::Cut => lock(&tls.session).connection.read_tls(&mut io::empty()).map(|_| ())?,
                Got::Nothing => return Ok(Got::Nothing),
            }
            // Answers to key updates and the like. If somebody is writing, it goes out with that.
            if let Ok(mut unsent) = tls.unsent.try_lock() {
                let _ = self.push(tls, &mut unsent);
            }
        }
    }

    /// Writes some of it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where nothing could be written within a tick.
    pub(crate) fn write(&self, data: &[u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return would_block((&self.socket).write(data)) };
        let mut unsent = lock(&tls.unsent);
        self.push(tls, &mut unsent)?;
        let taken = lock(&tls.session).connection.writer().write(data.get(..RECORD).unwrap_or(data))?;
        match self.push(tls, &mut unsent) {
            // It is taken, if not yet sent: `flush` sees to that.
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    /// Sees that all that was written goes out.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where not all could be written within a tick.
    pub(crate) fn flush(&self) -> io::Result<()> {
        match &self.tls {
            Some(tls) => self.push(tls, &mut lock(&tls.unsent)),
            None => Ok(()),
        }
    }

    /// Reads what has come, and waits for nothing.
    pub(crate) fn read_now(&self, room: &mut [u8]) -> io::Result<Got> {
        self.socket.set_nonblocking(true)?;
        let got = self.read(room, Duration::ZERO);
        self.socket.set_nonblocking(false)?;
        got
    }

    /// Whether a TLS record has come in part.
    pub(crate) fn is_within_record(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| lock(&tls.session).records.is_within())
    }

    /// Says that no more will be written.
    pub(crate) fn finish(&self) {
        if let Some(tls) = &self.tls {
            lock(&tls.session).connection.send_close_notify();
            let _ = self.flush();
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Ends it at once, for whoever else is reading or writing too.
    pub(crate) fn shut(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn read_socket(&self, room: &mut [u8], wait: Duration) -> io::Result<Got> {
        // Zero would mean for ever.
        let wait = wait.max(Duration::from_millis(1));
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        if self.waits.swap(nanos, Ordering::Relaxed) != nanos {
            self.socket.set_read_timeout(Some(wait))?;
        }
        match would_block((&self.socket).read(room)) {
            Ok(0) => Ok(Got::End),
            Ok(n) => Ok(Got::Bytes(n)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Got::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Writes what is encrypted, all of it or `WouldBlock`.
    fn push(&self, tls: &Tls, unsent: &mut Vec<u8>) -> io::Result<()> {
        {
            // Given back before the socket is written to, which may take a tick.
            let mut session = lock(&tls.session);
            while session.connection.wants_write() {
                session.connection.write_tls(unsent)?;
            }
        }
        while !unsent.is_empty() {
            match would_block((&self.socket).write(unsent))? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => drop(unsent.drain(..n)),
            }
        }
        Ok(())
    }
}

impl Session {
    fn received(&mut self, bytes: &[u8]) {
        self.records.read(bytes);
        self.input.extend_from_slice(bytes);
    }

    /// Plain bytes, or the end; `None` where more records are needed.
    fn take(&mut self, room: &mut [u8]) -> io::Result<Option<Got>> {
        loop {
            match self.connection.reader().read(room) {
                Ok(0) => return Ok(Some(Got::End)),
                Ok(n) => return Ok(Some(Got::Bytes(n))),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Some(Got::Cut)),
                Err(error) => return Err(error),
            }
            // What came before a bad record is handed out before the record is complained about.
            if let Some(error) = &self.failed {
                return Err(io::Error::new(ErrorKind::InvalidData, error.clone()));
            }
            if self.input.is_empty() {
                return Ok(None);
            }
            let used = self.connection.read_tls(&mut self.input.as_slice())?;
            self.input.drain(..used);
            self.failed = self.connection.process_new_packets().err();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A timeout of a blocking socket has two names, depending on the system; and a signal is none.
pub(crate) fn would_block<T>(result: io::Result<T>) -> io::Result<T> {
    match result {
        Err(error)
            if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) && !is_connection(&error) =>
        {
            Err(ErrorKind::WouldBlock.into())
        }
        other => other,
    }
}

/// `ETIMEDOUT` from the kernel's own retransmission timer is the end of the connection.
fn is_connection(error: &io::Error) -> bool {
    cfg!(unix) && error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_some()
}
