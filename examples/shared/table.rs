//! The tour's table: one request to each upstream of the lab, and what each became.
//!
//! Nothing is staged. The rows are what a client got over a socket, and what the log said.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use badgateway::lab::probe::{self, Answer, Request};
use badgateway::lab::{Behaviour, Lab, Upstream};

use crate::log::{Log, Seen};

#[path = "index.rs"]
mod index;
#[path = "judge.rs"]
mod judge;
#[path = "report/mod.rs"]
mod report;
#[path = "signal.rs"]
mod signal;

pub(crate) use index::page;
use judge::shape;
use report::{Cell, Judged, Style, Table, Terminal, closing, in_order};
use signal::{CORE, REST, Signal, distinct};

/// Requests at the same time: the late upstreams take seconds each, and they do not mind company.
const AT_ONCE: usize = 12;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    judged: Judged,
    answer: Result<Answer, String>,
    seen: Option<Seen>,
}

fn path(behaviour: &Behaviour) -> String {
    format!("/{}", behaviour.name)
}

/// The tour as a terminal shows it: the rows, how much they tell, the verdict, where to go on. `all` is whether
/// nothing was left out.
pub(crate) fn print(rows: &[Row], all: bool, address: SocketAddr) {
    let terminal = Terminal::of_stdout();
    let mut table = Table::new(&["BEHAVIOUR", "ANSWER", "FAULT", "MS"]);
    let mut group = None;
    for row in rows {
        let of = row.judged.behaviour.group;
        if group.replace(of) != Some(of) {
            table.note(Style::Strong, &format!("-- {of}"));
        }
        row.show_in(&mut table);
    }
    let told = if all { told_apart(rows) } else { String::new() };
    let judged = rows.iter().map(|row| &row.judged);
    let next = format!("next: open http://{address}/ in a browser, or:\n    curl -i http://{address}/{}", first(rows));
    let closing = closing(judged, &next, terminal);
    // Whether somebody reads it or not, the proxy goes on.
    let _ = write!(io::stdout(), "{}\n{told}{closing}", table.text(terminal));
}

/// The first upstream: the one that every proxy knows.
fn first(rows: &[Row]) -> &'static str {
    rows.first().map_or("", |row| row.judged.behaviour.name)
}

/// In how many ways the faults look different: of no use where some were left out.
fn told_apart(rows: &[Row]) -> String {
    let all = [&CORE[..], &REST].concat();
    let told = |names: &[&str], signal: &dyn Fn(&Row) -> String| {
        let listed = rows.iter().filter(|row| names.contains(&row.judged.behaviour.name));
        distinct(&listed.map(|row| Signal { name: row.judged.behaviour.name, text: signal(row) }).collect::<Vec<_>>()).0
    };
    let line = |who: &str, signal: &dyn Fn(&Row) -> String| {
        let (core, full) = (told(&CORE, signal), told(&all, signal));
        format!("told apart {who}: {core} of {} core faults, {full} of {}\n", CORE.len(), all.len())
    };
    [
        line("by the records of faults", &Row::logged),
        line("by their names and codes alone", &Row::named),
        line("by what a client is told", &Row::shown),
        "\n".to_owned(),
    ]
    .concat()
}

impl Row {
    /// One request to each upstream of the lab, through the proxy at that address, whose log this is.
    pub(crate) fn all(lab: &Lab, proxy: SocketAddr, log: &Log) -> Vec<Self> {
        let visit = |upstream: &Upstream| Self::visit(upstream.behaviour(), proxy, log);
        in_order(lab.upstreams(), AT_ONCE, |upstream: &Upstream| upstream.name(), visit)
    }

    fn visit(behaviour: &'static Behaviour, proxy: SocketAddr, log: &Log) -> Self {
        let request = Request::new().path(&path(behaviour)).header("Accept", "application/problem+json");
        let answer = probe::send(proxy, &request).map_err(|e| e.to_string());
        let judged = Judged::new(behaviour, &answer, None, None);
        Self { judged, answer, seen: log.seen(&path(behaviour)) }
    }

    fn show_in(&self, table: &mut Table) {
        let (status, ms) = match &self.answer {
            Ok(answer) => (self.status(), answer.elapsed.as_millis().to_string()),
            Err(error) => (error.clone(), String::new()),
        };
        let style = if self.judged.is_right() { Style::Right } else { Style::Wrong };
        table.row([
            Cell::new(Style::Plain, self.judged.behaviour.name),
            Cell::new(style, &status),
            self.fault().map_or(Cell::new(Style::Faint, "-"), |fault| Cell::new(Style::Plain, &fault)),
            Cell::new(Style::Faint, &ms),
        ]);
        self.judged.note_in(table);
    }

    /// The fault that was recorded, and its class where it has one.
    fn fault(&self) -> Option<String> {
        let Seen { kind, class, .. } = self.seen.as_ref()?;
        Some(class.map_or_else(|| kind.as_str().to_owned(), |class| format!("{} {}", kind.as_str(), class.as_str())))
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
}
