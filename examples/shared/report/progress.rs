//! Many jobs at once, their results in order, and on a terminal how far they are.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::terminal::shows_progress;

/// So much of the line is shown: a longer one would wrap, and could not be written over.
const SHOWN: usize = 78;

struct State<R> {
    next: usize,
    busy: Vec<usize>,
    results: Vec<(usize, R)>,
}

/// Does a job for each item on that many threads: most wait, for a timer or for each other.
pub(crate) fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    name: impl Fn(&T) -> &'static str + Sync,
    job: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let shown = shows_progress();
    let state = Mutex::new(State { next: 0, busy: Vec::new(), results: Vec::new() });
    let work = || {
        let mut done = None;
        loop {
            let (n, item) = {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((n, result)) = done.take() {
                    state.busy.retain(|busy| *busy != n);
                    state.results.push((n, result));
                }
                let n = state.next;
                let item = items.get(n);
                if item.is_some() {
                    state.next = n.saturating_add(1);
                    state.busy.push(n);
                }
                if shown {
                    let busy: Vec<&str> = state.busy.iter().filter_map(|n| items.get(*n)).map(&name).collect();
                    write_over(&format!("{} of {}, waiting for {}", state.results.len(), items.len(), busy.join(", ")));
                }
                let Some(item) = item else { return };
                (n, item)
            };
            done = Some((n, job(item)));
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(work);
        }
    });
    if shown {
        write_over("");
    }
    let mut results = state.into_inner().unwrap_or_else(PoisonError::into_inner).results;
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Writes a line over the one before, and stays on it.
fn write_over(line: &str) {
    let line: String = line.chars().take(SHOWN).collect();
    let mut out = io::stderr().lock();
    // Who cannot see how far it is will see the end of it.
    let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
}
