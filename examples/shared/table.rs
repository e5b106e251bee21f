//! The tour's table: one request to each upstream of the lab, and what each became.
//!
//! Its one rule: nothing is staged. The rows are what a client got over a socket, and what the log said.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use badgateway::lab::probe::{self, Answer, Request};
use badgateway::lab::{Behaviour, Lab};

use crate::log::{Log, Seen};

#[path = "judge.rs"]
mod judge;
#[path = "signal.rs"]
mod signal;

use judge::{Case, RULES, judge, shape};
use signal::{CORE, REST, Signal, distinct};

/// Requests at the same time: the late upstreams take seconds each, and they do not mind company.
const AT_ONCE: usize = 12;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    behaviour: &'static Behaviour,
    answer: Result<Answer, String>,
    seen: Option<Seen>,
}

fn path(behaviour: &Behaviour) -> String {
    format!("/{}", behaviour.name)
}

/// The rows as a table for a terminal, and where to go on.
pub(crate) fn text(rows: &[Row], address: SocketAddr) -> String {
    let head = ["BEHAVIOUR", "FAULT", "CLASS", "PHASE", "STATUS", "PROXY-STATUS", "MS", ""].map(String::from);
    let mut cells: Vec<[String; 8]> = vec![head];
    cells.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..8)
        .map(|n| cells.iter().filter_map(|row| row.get(n)).map(|c| c.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    let mut group = None;
    for (n, row) in cells.iter().enumerate() {
        if let Some(of) = n.checked_sub(1).and_then(|n| rows.get(n)).map(|r| r.behaviour.group.as_str()) {
            if group != Some(of) {
                let _ = writeln!(text, "-- {of}");
                group = Some(of);
            }
        }
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let right = rows.iter().filter(|row| row.verdict().is_ok()).count();
    let _ = writeln!(text, "\n{right} of {} as RFC 9110 and 9112 want them, by {} rules", rows.len(), RULES.len());
    let all = [&CORE[..], &REST].concat();
    let told = |names: &[&str], signal: &dyn Fn(&Row) -> String| {
        let listed = rows.iter().filter(|row| names.contains(&row.behaviour.name));
        distinct(&listed.map(|row| Signal { name: row.behaviour.name, text: signal(row) }).collect::<Vec<_>>()).0
    };
    let named = "the same by names and codes alone";
    for (who, signal) in [
        ("the records of faults", &Row::logged as &dyn Fn(&Row) -> String),
        (named, &Row::named),
        ("a client", &Row::shown),
    ] {
        let (core, full) = (told(&CORE, signal), told(&all, signal));
        let _ = writeln!(text, "told apart by {who}: {core} of {} core faults, {full} of {}", CORE.len(), all.len());
    }
    let _ = writeln!(text, "\nopen http://{address}/ to try them by hand, or: curl -i http://{address}/refused");
    text
}

impl Row {
    /// One request to each upstream of the lab, through the proxy at that address, whose log this is.
    pub(crate) fn all(lab: &Lab, proxy: SocketAddr, log: &Log) -> Vec<Self> {
        let next = AtomicUsize::new(0);
        let rows = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some(upstream) = lab.upstreams().get(next.fetch_add(1, Ordering::Relaxed)) {
                        let row = Self::visit(upstream.behaviour(), proxy, log);
                        rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
                    }
                });
            }
        });
        let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        let place = |row: &Self| lab.upstreams().iter().position(|u| u.name() == row.behaviour.name);
        rows.sort_by_key(place);
        rows
    }

    fn visit(behaviour: &'static Behaviour, proxy: SocketAddr, log: &Log) -> Self {
        let request = Request::new().path(&path(behaviour)).header("Accept", "application/problem+json");
        let answer = probe::send(proxy, &request).map_err(|e| e.to_string());
        Self { behaviour, answer, seen: log.seen(&path(behaviour)) }
    }

    fn cells(&self) -> [String; 8] {
        let dash = || "-".to_owned();
        let (status, proxy_status, ms) = match &self.answer {
            Ok(answer) => (
                self.status(),
                answer.header("proxy-status").map_or_else(dash, str::to_owned),
                answer.elapsed.as_millis().to_string(),
            ),
            Err(error) => (error.clone(), dash(), dash()),
        };
        [
            self.behaviour.name.to_owned(),
            self.seen.as_ref().map_or_else(dash, |s| s.kind.code().to_owned()),
            self.seen.as_ref().and_then(|s| s.class).map_or_else(dash, |c| c.as_str().to_owned()),
            self.seen.as_ref().map_or_else(dash, |s| s.phase.code().to_owned()),
            status,
            proxy_status,
            ms,
            self.verdict().err().map(|why| format!("WRONG: {why}")).unwrap_or_default(),
        ]
    }

    /// Status and, where the message is not simply whole, how it ended.
    fn status(&self) -> String {
        self.answer.as_ref().map_or_else(|_| "-".to_owned(), shape)
    }

    /// What the log lets an operator see of the fault.
    fn logged(&self) -> String {
        self.seen.as_ref().map_or_else(String::new, |seen| signal::operator(&[&seen.line]))
    }

    /// The same, without what depends on the bytes that came.
    fn named(&self) -> String {
        self.seen.as_ref().map_or_else(String::new, |seen| signal::names(&[&seen.line]))
    }

    /// What the answer lets its client see of it.
    fn shown(&self) -> String {
        self.answer.as_ref().map_or_else(String::clone, signal::client)
    }

    fn verdict(&self) -> Result<(), String> {
        let get = self.answer.as_ref().map_err(Clone::clone)?;
        let broken = judge(&Case { behaviour: self.behaviour, get, next: None, head: None });
        let first = broken.first().map(|(rule, why)| format!("{} ({}): {why}", rule.name, rule.source));
        first.map_or(Ok(()), Err)
    }
}

/// The index page: every behaviour as a link, with what became of it.
pub(crate) fn page(rows: &[Row], address: SocketAddr) -> String {
    let mut body = String::new();
    let mut group = "";
    for row in rows {
        if row.behaviour.group.as_str() != group {
            group = row.behaviour.group.as_str();
            let _ = write!(body, "<tr><th colspan=4 scope=rowgroup>{group}</th></tr>");
        }
        let code = row.seen.as_ref().map_or("-", |s| s.kind.code());
        let _ = writeln!(
            body,
            "<tr><td><a href=\"/{name}\">{name}</a></td><td>{status}</td><td><code>{code}</code></td><td>{text}</td></tr>",
            name = row.behaviour.name,
            status = row.status(),
            text = escape(row.behaviour.description),
        );
    }
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>badgateway lab</title><style>\
         :root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}body{{max-width:64rem;margin:auto;padding:1rem}}\
         div{{overflow-x:auto}}table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}}\
         th{{padding-top:1.25rem}}td{{border-top:1px solid #8884}}</style>\
         <main><h1>{count} upstreams that misbehave</h1>\
         <p>Each link goes through the proxy on {address} to an upstream that does what it says. \
         Try them with <code>curl -i</code> and different <code>Accept</code> fields too.</p>\
         <div><table>{body}</table></div></main></html>",
        count = rows.len(),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
