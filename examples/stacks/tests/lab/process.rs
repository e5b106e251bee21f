//! `Process`: a gateway as a program of its own, and its records.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::record::Record;

/// It says on standard output where it listens.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<Record>>>,
}

impl Process {
    /// Its records are the lines of standard error, if that is piped, and else of standard output.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        match child.stderr.take() {
            Some(log) => keep(BufReader::new(log), &lines),
            None => keep(out, &lines),
        }
        Self { child, address, lines }
    }

    /// Asks it to stop, as whoever runs services does.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// How it ended, if it has by then.
    #[allow(dead_code)] // as above
    pub(crate) fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > until {
                return ended;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The records of faults: as soon as there are so many, plus the time that one too many would take.
    pub(crate) fn faults(&self, wanted: usize) -> Vec<Record> {
        let faults = || {
            let mut lines = self.lines.lock().unwrap().clone();
            lines.retain(|line| !line.0.starts_with("{\"fault\":null"));
            lines
        };
        let until = Instant::now() + Duration::from_secs(3);
        while faults().len() < wanted && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(200));
        faults()
    }
}

/// Keeps its lines, until it ends with the program.
fn keep(log: BufReader<impl Read + Send + 'static>, lines: &Arc<Mutex<Vec<Record>>>) {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            lines.lock().unwrap().push(Record(line));
        }
    });
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
