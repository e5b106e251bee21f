//! How often what failed, where and when.
//!
//! Constant memory. Faults are as many as the tables have words; upstreams are counted one by one up
//! to [`UPSTREAMS`], and all others together, said as that.

use std::collections::HashMap;
use std::io::{self, Write};

use badgateway::dialect::Reading;
use badgateway::dialect::logs::{Entry, Format, Verdict};

use super::histogram::Histogram;
use super::show;

/// So many upstreams have a count of their own.
const UPSTREAMS: usize = 4096;
/// The longest name of an upstream that is kept; longer ones are counted by that much of it.
const NAME: usize = 128;
/// Rows of a table.
const ROWS: usize = 15;

#[derive(Clone, Debug)]
pub(crate) struct Summary {
    lines: u64,
    by_format: Vec<(Format, u64)>,
    faults: Vec<(Reading, u64)>,
    failures: u64,
    upstreams: HashMap<Box<[u8]>, u64>,
    /// Failures at upstreams beyond the first [`UPSTREAMS`].
    others: u64,
    passed: Vec<(u16, u64)>,
    bare: Vec<(u16, u64)>,
    unknown_lines: u64,
    unknown_words: u64,
    times: Histogram,
}

fn count<T: PartialEq>(counts: &mut Vec<(T, u64)>, item: T) {
    match counts.iter().position(|(known, _)| *known == item) {
        Some(at) => {
            counts[at].1 += 1;
            // What is frequent comes to be found first.
            if at > 0 && counts[at].1 > counts[at - 1].1 {
                counts.swap(at, at - 1);
            }
        }
        None => counts.push((item, 1)),
    }
}

impl Summary {
    pub(crate) fn new() -> Self {
        Self {
            lines: 0,
            by_format: Vec::new(),
            faults: Vec::new(),
            failures: 0,
            upstreams: HashMap::new(),
            others: 0,
            passed: Vec::new(),
            bare: Vec::new(),
            unknown_lines: 0,
            unknown_words: 0,
            times: Histogram::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Counts a line of no log, and says how many there were.
    pub(crate) fn unknown_line(&mut self) -> u64 {
        self.lines += 1;
        self.unknown_lines += 1;
        self.unknown_lines
    }

    /// How many lines said something unknown.
    pub(crate) fn unknown_words(&self) -> u64 {
        self.unknown_words
    }

    pub(crate) fn add(&mut self, entry: &Entry<'_>) {
        self.lines += 1;
        count(&mut self.by_format, entry.format);
        match entry.said {
            Verdict::Fault { reading, .. } => {
                self.failures += 1;
                count(&mut self.faults, reading);
                if let Some(time) = entry.time {
                    self.times.add(time);
                }
                if let Some(upstream) = entry.upstream {
                    self.upstream(&upstream[..upstream.len().min(NAME)]);
                }
            }
            Verdict::Passed(status) => count(&mut self.passed, status),
            Verdict::Bare(status) => count(&mut self.bare, status),
            Verdict::Unknown => self.unknown_words += 1,
            _ => {}
        }
    }

    fn upstream(&mut self, name: &[u8]) {
        if let Some(count) = self.upstreams.get_mut(name) {
            *count += 1;
        } else if self.upstreams.len() < UPSTREAMS {
            self.upstreams.insert(name.into(), 1);
        } else {
            self.others += 1;
        }
    }

    /// Whether there is more than what was shown line by line.
    pub(crate) fn says_more(&self, explained: usize, unknown: u64) -> bool {
        explained == 0
            || !self.passed.is_empty()
            || !self.bare.is_empty()
            || self.unknown_lines > unknown
            || self.unknown_words > unknown
    }

    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let formats: Vec<String> =
            sorted(&self.by_format).iter().map(|(f, n)| format!("{} {n}", f.product())).collect();
        let formats = if formats.is_empty() { String::new() } else { format!(" ({})", formats.join(", ")) };
        if self.unknown_lines == self.lines {
            return writeln!(out, "Summary: {}, of no log that is known here", plural(self.lines, "line"));
        }
        let failures = if self.failures == 0 { "no failure".into() } else { plural(self.failures, "failure") };
        writeln!(out, "Summary: {}{formats}, {failures}", plural(self.lines, "line"))?;
        if !self.faults.is_empty() {
            writeln!(out, "\nFaults, the likeliest of each")?;
            let rows = sorted(&self.faults);
            for (reading, count) in rows.iter().take(ROWS) {
                let also: Vec<&str> = reading.others().iter().map(|kind| kind.as_str()).collect();
                let also = match also.len() {
                    0 => String::new(),
                    1..4 => format!("or {}", also.join(", ")),
                    n => format!("or {}, ... ({n} in all)", also[..2].join(", ")),
                };
                let row = format!("{count:>10} {:>5}  {:24} {also}", self.share(*count), reading.kind().as_str());
                writeln!(out, "{}", row.trim_end())?;
            }
            self.rest(rows.iter().skip(ROWS).map(|(_, count)| *count).sum(), "of other kinds", out)?;
        }
        if !self.upstreams.is_empty() {
            writeln!(out, "\nUpstreams")?;
            let rows = self.top_upstreams();
            for (name, count) in rows.iter().take(ROWS) {
                writeln!(out, "{count:>10} {:>5}  {}", self.share(*count), show::text(name, NAME))?;
            }
            let beyond = rows.len().saturating_sub(ROWS);
            let counted = rows.iter().skip(ROWS).map(|(_, count)| *count).sum();
            self.rest(counted, &format!("at {beyond} others"), out)?;
            self.rest(
                self.others,
                &format!("at upstreams beyond the first {UPSTREAMS}, which are not told apart"),
                out,
            )?;
        }
        self.times.write(out)?;
        for (counts, what) in [
            (&self.passed, "the upstream's own, so look there"),
            (&self.bare, "why, or who made it, is not in the line"),
        ] {
            for (status, count) in sorted(counts) {
                writeln!(out, "\n{} with status {status}: {what}", plural(count, "answer"))?;
            }
        }
        if self.unknown_words > 0 {
            let lines = plural(self.unknown_words, "line");
            writeln!(out, "\n{lines} about a failure in words that are unknown here")?;
        }
        if self.unknown_lines > 0 {
            writeln!(out, "\n{} unknown: of no log that is known here", plural(self.unknown_lines, "line"))?;
        }
        if let Some((reading, _)) = sorted(&self.faults).first() {
            writeln!(out, "\nMore about the first: explain {}", reading.kind())?;
        }
        Ok(())
    }

    /// One object.
    pub(crate) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let list = |items: Vec<String>| format!("[{}]", items.join(","));
        let faults = sorted(&self.faults).into_iter().map(|(reading, count)| {
            let kind = reading.kind();
            format!("{{\"fault\":\"{kind}\",\"may_be\":{},\"count\":{count}}}", show::json_reading(reading))
        });
        let upstreams = self.top_upstreams().into_iter().take(ROWS);
        let upstreams =
            upstreams.map(|(name, n)| format!("{{\"upstream\":{},\"count\":{n}}}", show::json_bytes(Some(name))));
        let statuses = |counts: &[(u16, u64)]| {
            list(sorted(counts).iter().map(|(status, n)| format!("{{\"status\":{status},\"count\":{n}}}")).collect())
        };
        let shown: u64 = self.top_upstreams().iter().take(ROWS).map(|(_, count)| count).sum();
        let all: u64 = self.upstreams.values().sum::<u64>() + self.others;
        writeln!(
            out,
            "{{\"lines\":{},\"failures\":{},\"faults\":{},\"upstreams\":{},\"other_upstreams\":{},\"passed\":{},\"bare\":{},\"unknown_words\":{},\"unknown_lines\":{}}}",
            self.lines,
            self.failures,
            list(faults.collect()),
            list(upstreams.collect()),
            all - shown,
            statuses(&self.passed),
            statuses(&self.bare),
            self.unknown_words,
            self.unknown_lines,
        )
    }

    fn top_upstreams(&self) -> Vec<(&[u8], u64)> {
        let mut rows: Vec<(&[u8], u64)> = self.upstreams.iter().map(|(name, count)| (&**name, *count)).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        rows
    }

    fn rest(&self, count: u64, what: &str, out: &mut impl Write) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        writeln!(out, "{count:>10} {:>5}  {what}", self.share(count))
    }

    fn share(&self, count: u64) -> String {
        let share = count as f64 * 100.0 / self.failures.max(1) as f64;
        if share < 1.0 { format!("{share:.1}%") } else { format!("{share:.0}%") }
    }
}

fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn sorted<T: Copy>(counts: &[(T, u64)]) -> Vec<(T, u64)> {
    let mut rows = counts.to_vec();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rows
}
