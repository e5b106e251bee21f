//! The proxy's log, counted while it is written.
//!
//! Every line counts once, and a line that cannot be read is an error. What was counted is
//! given back to the file system, so that millions of lines take no room.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};
use serde::Deserialize;

use crate::client::error;

/// How often the log is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Lines that could not be read are kept up to this many.
const MAX_ODD: usize = 10;

/// What happened on a path, as the log tells it. The path is cut after its first segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) route: String,
    pub(crate) fault: String,
    pub(crate) blame: String,
    /// Of the response that the proxy made.
    pub(crate) status: Option<u16>,
    /// Of the head that it had forwarded.
    pub(crate) forwarded: Option<u16>,
    /// The token after `error=`.
    pub(crate) token: Option<String>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    path: std::borrow::Cow<'a, str>,
    /// Null where all went well, and something is told about it nevertheless.
    fault: Option<&'a str>,
    blame: Option<&'a str>,
    status: Option<u16>,
    forwarded_status: Option<u16>,
    #[serde(borrow)]
    proxy_status: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Debug, Default)]
struct Counts {
    entries: BTreeMap<Entry, u64>,
    lines: u64,
    notices: u64,
    odd: Vec<String>,
}

/// A log that is being counted.
#[derive(Debug)]
pub(crate) struct Tail {
    counts: Arc<Mutex<Counts>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tail {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let counts = Arc::<Mutex<Counts>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (shared, stopped) = (Arc::clone(&counts), Arc::clone(&stop));
        let thread = thread::spawn(move || follow(file, &shared, &stopped));
        Ok(Self { counts, stop, thread: Some(thread) })
    }

    /// What has been counted.
    pub(crate) fn entries(&self) -> BTreeMap<Entry, u64> {
        lock(&self.counts).entries.clone()
    }

    /// How many records of faults there were.
    pub(crate) fn lines(&self) -> u64 {
        lock(&self.counts).lines
    }

    /// How many lines there were about exchanges that went well.
    pub(crate) fn notices(&self) -> u64 {
        lock(&self.counts).notices
    }

    /// Lines that are no records, the first few.
    pub(crate) fn odd(&self) -> Vec<String> {
        lock(&self.counts).odd.clone()
    }

    /// Waits until there have been this many lines and no more come, or for five seconds: a record is written when
    /// its exchange is over, which may be a moment after the client knows.
    pub(crate) fn settle(&self, lines: u64) {
        let start = Instant::now();
        while self.lines() < lines && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(TICK);
        }
        loop {
            let before = self.lines();
            thread::sleep(TICK * 5);
            if self.lines() == before {
                return;
            }
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(mut file: File, counts: &Mutex<Counts>, stop: &AtomicBool) {
    let (mut rest, mut position) = (Vec::new(), 0_u64);
    let mut chunk = vec![0; 1 << 20];
    while !stop.load(Ordering::Acquire) {
        let n = file.read(&mut chunk).unwrap_or(0);
        if n == 0 {
            // Whole blocks only; where the file system cannot, the log simply grows.
            let _ = fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, position.max(1));
            thread::sleep(TICK);
            continue;
        }
        position += n as u64;
        rest.extend_from_slice(&chunk[..n]);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut counts = lock(counts);
        for line in rest[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match entry(line) {
                Ok(Some(entry)) => {
                    counts.lines += 1;
                    *counts.entries.entry(entry).or_default() += 1;
                }
                Ok(None) => counts.notices += 1,
                Err(why) if counts.odd.len() < MAX_ODD => {
                    counts.odd.push(format!("{why}: {}", String::from_utf8_lossy(line)));
                }
                Err(_) => {}
            }
        }
        drop(counts);
        rest.drain(..whole);
    }
}

fn entry(line: &[u8]) -> Result<Option<Entry>, serde_json::Error> {
    let line: Line<'_> = serde_json::from_slice(line)?;
    let Some(fault) = line.fault else { return Ok(None) };
    let route = line.path.split('/').nth(1).unwrap_or_default().to_owned();
    let token = line.proxy_status.as_deref().and_then(error).map(str::to_owned);
    Ok(Some(Entry {
        route,
        fault: fault.to_owned(),
        blame: line.blame.unwrap_or_default().to_owned(),
        status: line.status,
        forwarded: line.forwarded_status,
        token,
    }))
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
