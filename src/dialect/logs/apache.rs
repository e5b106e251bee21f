//! A line of Apache httpd's `ErrorLog` (2.4's default format, and 2.2's, which has no numbers):
//! `[Fri Nov 20 18:54:29.123456 2026] [proxy_http:error] [pid 9:tid 7] (104)Connection reset by peer: [client 10.0.0.9:40000] AH01102: error reading ...`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadHeader, BadStatusLine, ClosedBeforeResponse, HeadReset, HeadStalled, HeadTooLarge, HeadTruncated, NotHttp,
    ResetBeforeResponse, ResponseTimeout, TlsAlert,
};

use super::apache_words::{self, UNNUMBERED, Why};
use super::beginnings::{self, Beginnings};
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::stamp::Stamp;

/// `LogLevel`'s names.
const LEVELS: [&[u8]; 9] = [b"emerg", b"alert", b"crit", b"error", b"warn", b"notice", b"info", b"debug", b"trace"];

/// Failures that were told, by the thread that told them: what follows there belongs to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    told: [u64; 8],
    next: usize,
}

impl State {
    pub(super) const fn new() -> Self {
        Self { told: [0; 8], next: 0 }
    }

    fn tell(&mut self, thread: u64) {
        if let Some(slot) = self.told.get_mut(self.next & 7) {
            *slot = thread;
        }
        self.next = self.next.wrapping_add(1);
    }
}

/// What stands before the message.
struct Head<'a> {
    time: Option<&'a [u8]>,
    /// `pid 9:tid 7`.
    thread: &'a [u8],
    rest: &'a [u8],
}

/// `[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] `, as much of it as is left.
fn head(line: &[u8]) -> Option<Head<'_>> {
    let mut head = Head { time: None, thread: b"", rest: line };
    if is_dated(line) {
        let (time, rest) = cut::piece(line.get(1..)?, b']')?;
        // Apache, and not whoever else writes such a date: a level or a module comes next.
        (head.time, head.rest) = (Some(time), rest.strip_prefix(b" [").and_then(|_| rest.strip_prefix(b" "))?);
    }
    if let Some((module, rest)) = bracket(head.rest) {
        let level = module.rsplit(|b| *b == b':').next().unwrap_or(module);
        let is_name = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b':' | b'-');
        let is_level = LEVELS.iter().any(|known| cut::begins(level, known)) && module.iter().all(is_name);
        let starts = module.first().is_some_and(u8::is_ascii_lowercase);
        if !is_level || !starts || (head.time.is_none() && !module.contains(&b':')) {
            return None;
        }
        head.rest = rest;
    }
    if let Some((thread, rest)) = bracket(head.rest).filter(|(thread, _)| thread.starts_with(b"pid ")) {
        (head.thread, head.rest) = (thread, rest);
    }
    Some(head)
}

/// What stands in brackets, if it is short, and what follows the space behind them.
fn bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let (what, _) = cut::piece(cut::head(inner, 64), b']')?;
    let rest = inner.get(what.len().saturating_add(1)..)?;
    Some((what, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// A weekday and a month in brackets.
fn is_dated(line: &[u8]) -> bool {
    let Some([b'[', a, b, c, b' ', d, e, f, b' ', ..]) = line.first_chunk::<9>() else { return false };
    [a, d].into_iter().all(u8::is_ascii_uppercase) && [b, c, e, f].into_iter().all(u8::is_ascii_lowercase)
}

/// The beginnings of a bracket, a status, a number, and the texts of 2.2's proxy.
pub(super) const BEGINNINGS: Beginnings =
    Beginnings::NONE.bytes(b"[(", beginnings::ANY).words(&[b"AH"]).rows(UNNUMBERED);

/// Whether it begins as such a line does, or as what is left of one: a number of Apache's, or a text of 2.2's proxy.
pub(super) fn looks(line: &[u8]) -> bool {
    match line.first() {
        Some(b'[') => {
            head(line).is_some_and(|head| head.time.is_some() || !head.thread.is_empty() || is_message(head.rest))
        }
        Some(b'A' | b'a' | b'p' | b'(') => is_message(line),
        Some(_) | None => false,
    }
}

/// `AH01102: `, `proxy: error reading ...`, or a status in front of one.
fn is_message(text: &[u8]) -> bool {
    let text = cut::head(text, 256);
    let text = if text.starts_with(b"(") {
        let behind =
            [&b": [client "[..], b": AH", b": proxy: ", b": ajp_"].iter().filter_map(|end| cut::find(text, end)).min();
        let Some(rest) = behind.and_then(|at| text.get(at.saturating_add(2)..)) else { return false };
        bracket(rest).map_or(rest, |(_, rest)| rest)
    } else {
        text
    };
    match text {
        [b'A', ..] => is_number(text),
        [b'p', b'r', ..] | [b'a', b'p' | b'j', ..] => UNNUMBERED.iter().any(|(words, _)| text.starts_with(words)),
        _ => false,
    }
}

fn is_number(text: &[u8]) -> bool {
    matches!(text, [b'A', b'H', a, b, c, d, e, b':', ..] if [a, b, c, d, e].into_iter().all(u8::is_ascii_digit))
}

/// Reads it, as the line of a file: what another line of the same thread has said does not count again.
pub(super) fn read<'a>(line: &'a [u8], state: &mut State) -> Option<Entry<'a>> {
    let head = head(line)?;
    let thread = hash(head.thread);
    let mut entry = of(head);
    let is_told = state.told.contains(&thread) && thread != 0;
    match entry.said {
        Verdict::Fault { .. } if is_told && follows(entry.words) => entry.said = Verdict::Again,
        Verdict::Fault { .. } => state.tell(thread),
        // Of a line that is not there.
        Verdict::Again if !is_told && entry.words.starts_with(b"AH00898") => {
            (entry.said, _) = (Verdict::that(UNREAD), state.tell(thread));
        }
        Verdict::Passed(_) | Verdict::Bare(_) | Verdict::Again | Verdict::Nothing | Verdict::Unknown => {}
    }
    Some(entry)
}

/// Whether such a line only ever comes after one that says more.
fn follows(words: &[u8]) -> bool {
    [&b"AH00878"[..], b"AH00893", b"AH00896", b"AH01079", b"AH01114"].iter().any(|number| words.starts_with(number))
}

/// FNV-1a, of a few bytes.
fn hash(text: &[u8]) -> u64 {
    if text.is_empty() {
        return 0;
    }
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// AH00898 "Error reading from remote server", and nobody said why.
const UNREAD: Reading = Reading::coarse(
    ClosedBeforeResponse,
    &[
        ResetBeforeResponse,
        HeadTruncated,
        HeadReset,
        ResponseTimeout,
        HeadStalled,
        NotHttp,
        BadStatusLine,
        BadHeader,
        HeadTooLarge,
        TlsAlert,
    ],
);

/// Reads it, without what came before.
pub(super) fn alone(line: &[u8]) -> Option<Entry<'_>> {
    head(line).map(of)
}

fn of(Head { time, rest, .. }: Head<'_>) -> Entry<'_> {
    let (mut client, mut remote) = (None, None);
    let (message, why) = message(rest, &mut client, &mut remote);
    // `ap_log_rerror` puts it behind everything.
    let message = cut::split(message, b", referer: ").map_or(message, |(message, _)| message);
    let (mut said, words) = apache_words::said(message, why);
    // A certificate of a client.
    if words.starts_with(b"AH02039") && remote.is_none() {
        said = Verdict::Nothing;
    }
    let mut entry = Entry::new(Format::Apache, said, words);
    entry.time = time.and_then(Stamp::ctime);
    entry.client = client;
    if entry.said.fault().is_some() || entry.said == Verdict::Again {
        (entry.upstream, entry.path) = targets(words);
        entry.upstream = remote.or(entry.upstream);
    }
    entry
}

/// What a message means, from its status on: `(104)Connection reset by peer: AH01102: error reading ...`.
///
/// ```
/// use badgateway::FaultKind;
/// use badgateway::dialect::logs::{Verdict, apache};
///
/// let said = apache::message_says(b"(70007)The timeout specified has expired: AH10404: Error reading headers from backend");
/// assert_eq!(said.fault().map(|(fault, _)| fault.kind()), Some(FaultKind::HeadStalled));
/// ```
#[must_use]
pub fn message_says(message: &[u8]) -> Verdict {
    let (message, why) = self::message(message, &mut None, &mut None);
    apache_words::said(message, why).0
}

/// Passes over `proxy_util.c(2519): `, the status and the client, in the order of the default format.
fn message<'a>(
    text: &'a [u8],
    client: &mut Option<&'a [u8]>,
    remote: &mut Option<&'a [u8]>,
) -> (&'a [u8], (Why, Option<i32>)) {
    let mut rest = text;
    let mut why = (Why::Unsaid, None);
    // "name.c(123): ", with LogLevel debug.
    if let Some((source, after)) = cut::split(cut::head(rest, 64), b".c(") {
        if !source.contains(&b' ') {
            let after = rest.get(source.len().saturating_add(3)..).unwrap_or(after);
            rest = cut::split(after, b"): ").map_or(rest, |(_, rest)| rest);
        }
    }
    if let Some(status) = rest.strip_prefix(b"(") {
        why = apache_words::why(status);
        // The text of a status may have a colon: the client, or the AH number, ends it.
        let ends = [&b": [client "[..], b": AH", b": proxy: ", b": ajp_", b": ap_proxy"];
        let end = ends.iter().find_map(|end| cut::find(rest, end)).map(|at| at.saturating_add(2));
        rest = end.and_then(|at| rest.get(at..)).unwrap_or(rest);
    }
    for (who, is_client) in [(&b"[client "[..], true), (b"[remote ", false)] {
        if let Some((address, after)) = rest.strip_prefix(who).and_then(|rest| cut::piece(rest, b']')) {
            let address = cut::something(address);
            *(if is_client { &mut *client } else { &mut *remote }) = address;
            rest = after.strip_prefix(b" ").unwrap_or(after);
        }
    }
    // 2.2 puts the client first.
    if let Some(status) = rest.strip_prefix(b"(").filter(|_| why.0 == Why::Unsaid) {
        if let Some(at) = cut::find(rest, b": proxy: ").or_else(|| cut::find(rest, b": ajp_")) {
            why = apache_words::why(status);
            rest = rest.get(at.saturating_add(2)..).unwrap_or(rest);
        }
    }
    (rest, why)
}

/// The next hop and the path, as far as the words have them.
fn targets(words: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    const BEFORE: [&[u8]; 11] = [
        b"Unix domain socket ",
        b"remote server ",
        b"backend: ",
        b"lookup failure for: ",
        b"failed to ",
        b"connect to ",
        b"worker for (",
        b"failed from ",
        b"for target ",
        b"connection for (",
        b"balancer://",
    ];
    let upstream = BEFORE.iter().find_map(|before| {
        let (_, rest) = cut::split(words, before)?;
        let end = rest.iter().position(|b| matches!(b, b' ' | b')' | b'\'' | b',')).unwrap_or(rest.len());
        let name = rest.get(..end)?;
        // A host, not the next word.
        (name.starts_with(b"/") || name.contains(&b'.') || name.contains(&b':')).then_some(name)
    });
    let path = cut::split_last(words, b" returned by ")
        .map(|(_, rest)| cut::until(rest, b' '))
        .filter(|p| p.starts_with(b"/"));
    (upstream, path)
}
