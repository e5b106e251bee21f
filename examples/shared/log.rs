//! Where the records go: one JSON object a line for each faulty exchange, and for what else an operator should know.
//!
//! Its one rule: a log that cannot be written never holds up an exchange.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use badgateway::fault::{Class, Fault, FaultKind, Phase};

/// What the tour's table shows of a record.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: FaultKind,
    pub(crate) class: Option<Class>,
    pub(crate) phase: Phase,
    pub(crate) line: String,
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
            Some(path) => Out::File(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|e| format!("--log {}: {e}", path.display()))?,
            ),
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

    /// Writes one record.
    pub(crate) fn write(&self, fault: &Fault, path: &str, line: &impl std::fmt::Display) {
        if let Some(seen) = &self.seen {
            let entry = Seen { kind: fault.kind(), class: fault.class(), phase: fault.phase(), line: line.to_string() };
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), entry);
        }
        self.line(line);
    }

    /// Writes a line that is no record of a fault.
    pub(crate) fn line(&self, line: &impl std::fmt::Display) {
        if let Some(out) = &self.out {
            // One write for one line: lines of two exchanges never mix.
            let line = format!("{line}\n");
            let _ = match &mut *out.lock().unwrap_or_else(PoisonError::into_inner) {
                Out::Stderr => io::stderr().write_all(line.as_bytes()),
                Out::File(file) => file.write_all(line.as_bytes()),
            };
        }
    }

    /// The latest fault on a path.
    pub(crate) fn seen(&self, path: &str) -> Option<Seen> {
        self.seen.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}
