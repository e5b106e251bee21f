//! What all clients together saw, and whether the log says the same.
//!
//! Exactly. A faulty exchange that the log does not tell, or tells twice, or tells as
//! something else, is an error.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::kinds::{Kind, Seen};
use crate::tail::Entry;

/// Wrong answers are described up to this many.
const MAX_WRONG: usize = 20;

/// The clients' side.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    seen: Mutex<BTreeMap<(usize, Seen), u64>>,
    wrong: Mutex<(u64, Vec<String>)>,
}

impl Ledger {
    pub(crate) fn saw(&self, kind: usize, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner).entry((kind, seen)).or_default() += 1;
    }

    pub(crate) fn wrong(&self, why: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.0 += 1;
        if wrong.1.len() < MAX_WRONG {
            wrong.1.push(why);
        }
    }

    /// All of it.
    pub(crate) fn close(self) -> Closed {
        let (wrong, examples) = self.wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
        Closed { seen: self.seen.into_inner().unwrap_or_else(PoisonError::into_inner), wrong, examples }
    }
}

/// The clients' side, when they have all gone home.
#[derive(Debug)]
pub(crate) struct Closed {
    seen: BTreeMap<(usize, Seen), u64>,
    pub(crate) wrong: u64,
    pub(crate) examples: Vec<String>,
}

impl Closed {
    /// Answers, right ones.
    pub(crate) fn total(&self) -> u64 {
        self.seen.values().sum()
    }

    /// Those of them that must be in the log.
    pub(crate) fn faulty(&self) -> u64 {
        self.count(|seen| !matches!(seen, Seen::Whole(_)))
    }

    pub(crate) fn count(&self, of: impl Fn(&Seen) -> bool) -> u64 {
        self.seen.iter().filter(|((_, seen), _)| of(seen)).map(|(_, n)| n).sum()
    }

    /// Compares with the log; what does not agree, in words.
    pub(crate) fn audit(&self, kinds: &[Kind], log: &BTreeMap<Entry, u64>) -> Vec<String> {
        let mut problems = Vec::new();
        for (n, kind) in kinds.iter().enumerate() {
            let mut here: BTreeMap<Seen, u64> = BTreeMap::new();
            for ((_, seen), count) in
                self.seen.iter().filter(|((of, seen), _)| *of == n && !matches!(seen, Seen::Whole(_)))
            {
                here.insert(seen.clone(), *count);
            }
            let mut there: BTreeMap<Seen, u64> = BTreeMap::new();
            for (entry, count) in log.iter().filter(|(entry, _)| entry.route == kind.route) {
                match seen_by_client(entry) {
                    Some(seen) => *there.entry(seen).or_default() += count,
                    None => problems.push(format!("{} times an impossible record: {entry:?}", count)),
                }
                if !kind.faults.is_empty() && !kind.faults.contains(&entry.fault.as_str()) {
                    problems.push(format!(
                        "{}: {count} times {}, where {:?} is right",
                        kind.route, entry.fault, kind.faults
                    ));
                }
            }
            if here != there {
                problems.push(format!("{}: clients saw {here:?}, the log has {there:?}", kind.route));
            }
        }
        let known = |entry: &Entry| kinds.iter().any(|kind| kind.route == entry.route);
        for (entry, count) in log.iter().filter(|(entry, _)| !known(entry)) {
            problems.push(format!("{count} records of nothing that was asked for: {entry:?}"));
        }
        problems
    }
}

/// What the client must have seen of this.
fn seen_by_client(entry: &Entry) -> Option<Seen> {
    match (entry.status, entry.forwarded, &entry.token) {
        (Some(status), None, Some(token)) => Some(Seen::Own(status, token.clone())),
        (None, Some(status), _) => Some(Seen::Cut(status)),
        // A reset in an upload is a body that failed, or a client that left, by who hears of it first.
        (None | Some(499), None, _) if entry.fault == "client_aborted" || entry.fault == "client_body_failed" => {
            Some(Seen::Left)
        }
        _ => None,
    }
}

/// Faults and how often each is in the log.
pub(crate) fn faults(log: &BTreeMap<Entry, u64>) -> BTreeMap<&str, u64> {
    let mut faults = BTreeMap::new();
    for (entry, count) in log {
        *faults.entry(entry.fault.as_str()).or_default() += count;
    }
    faults
}
