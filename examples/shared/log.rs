//! Where the records go: one JSON object a line for each faulty exchange, and for what else an operator should know.
//!
//! A log that cannot be written never holds up an exchange.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use badgateway::fault::{Class, FaultKind, Phase};
use badgateway::reply::Report;

/// What the tour's table shows of a record.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: FaultKind,
    pub(crate) class: Option<Class>,
    pub(crate) phase: Phase,
    pub(crate) line: String,
}

thread_local! {
    /// Where a thread makes its line, before it asks for the lock. It is kept for the next one.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The log.
#[derive(Debug)]
pub(crate) struct Log {
    out: Option<Mutex<Out>>,
    /// The latest fault on each path, for the tour.
    seen: Option<Mutex<HashMap<String, Seen>>>,
}

#[derive(Debug)]
enum Out {
    Stderr,
    File(File),
}

impl Log {
    /// A log to a file that is appended to, or to standard error.
    ///
    /// # Errors
    ///
    /// One line that says why the file cannot be written.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, String> {
        let out = match path {
            None => Out::Stderr,
            Some(path) => {
                let mut options = OpenOptions::new();
                options.create(true).append(true);
                // It has paths and addresses of clients: for its owner, and a group that ships logs.
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
                Out::File(options.open(path).map_err(|e| format!("--log {}: {e}", path.display()))?)
            }
        };
        Ok(Self { out: Some(Mutex::new(out)), seen: None })
    }

    /// Keeps the latest fault of each path as well; the tour's table is made of them.
    pub(crate) fn remembering(mut self, quiet: bool) -> Self {
        self.seen = Some(Mutex::default());
        if quiet {
            self.out = None;
        }
        self
    }

    /// Writes what a gateway has to say.
    pub(crate) fn report(&self, report: &Report<'_>) {
        if let (Some(seen), Some(fault)) = (&self.seen, report.fault()) {
            let path = report.exchange().path.as_ref().map_or("", |path| path.as_str()).to_owned();
            let (kind, class, phase) = (fault.kind(), fault.class(), fault.phase());
            let entry = Seen { kind, class, phase, line: report.to_string() };
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path, entry);
        }
        if let Some(out) = &self.out {
            let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
            room.clear();
            report.append_to(&mut room);
            room.push(b'\n');
            // One write for one line, under the lock: lines of two exchanges never mix.
            let _ = match &mut *out.lock().unwrap_or_else(PoisonError::into_inner) {
                Out::Stderr => io::stderr().write_all(&room),
                Out::File(file) => file.write_all(&room),
            };
            // A thread that is ending has no room any more, and needs none.
            let _ = ROOM.try_with(|kept| kept.set(room));
        }
    }

    /// The latest fault on a path.
    pub(crate) fn seen(&self, path: &str) -> Option<Seen> {
        self.seen.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}
