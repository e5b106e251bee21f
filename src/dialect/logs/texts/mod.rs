//! Texts anywhere in a line: what clients, libraries and gateways say of an upstream, whoever logged it and whatever
//! stands around it.
//!
//! A text is found by its first words, where a word begins. Where a line has several, the table decides: what says
//! more, or stands deeper in a chain of errors, comes first. One pass; each place is held against texts of its first letter.

mod curl;
mod dotnet;
mod envoy;
mod gateways;
mod golang;
mod grpc;
mod h2;
mod java;
mod node;
mod own;
mod python;
mod ruby;
mod rust;
mod servers;
mod system;
mod wget;

use crate::dialect::Reading;
use crate::fault::{Code, FaultKind};

use super::beginnings::Bytes;
use super::cause;
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::name::Name;

/// What begins with these words.
type Row = (&'static [u8], Says);

/// The texts of one software.
struct Table {
    by: Format,
    rows: &'static [Row],
}

/// What a text says.
#[derive(Clone, Copy)]
enum Says {
    Means(Reading),
    /// It is known, and no failure of an upstream.
    Quiet,
    /// What follows decides. `None`: it is not that text after all.
    On(for<'a> fn(&Found<'a>) -> Option<Told<'a>>),
}

const fn one(kind: FaultKind) -> Says {
    Says::Means(Reading::exact(kind))
}

const fn any(kind: FaultKind, others: &'static [FaultKind]) -> Says {
    Says::Means(Reading::coarse(kind, others))
}

/// Words of a table, in a line.
struct Found<'a> {
    /// What stands before them.
    before: &'a [u8],
    /// From the words on.
    text: &'a [u8],
    /// Behind them.
    rest: &'a [u8],
}

/// What was read of it.
#[derive(Clone, Copy)]
struct Told<'a> {
    said: Verdict,
    upstream: Option<&'a [u8]>,
    status: Option<u16>,
}

impl<'a> Told<'a> {
    const fn new(said: Verdict) -> Self {
        Self { said, upstream: None, status: None }
    }

    fn that(reading: Reading) -> Self {
        Self::new(Verdict::that(reading))
    }

    fn with_code(reading: Reading, code: Option<Code>) -> Self {
        Self::new(Verdict::Fault { fault: cause::fault(reading, None, code), reading })
    }

    /// The next hop, unless it is no name at all.
    fn at(mut self, upstream: Option<&'a [u8]>) -> Self {
        self.upstream = upstream.filter(|name| (1..=255).contains(&name.len()) && !name.contains(&b' '));
        self
    }
}

/// In the order of what counts.
const TABLES: &[&Table] = &[
    &own::FAULT,
    &own::PROXY_STATUS,
    &envoy::TABLE,
    &curl::TABLE,
    &gateways::VARNISH,
    &gateways::FASTLY,
    &gateways::CLOUDFLARE,
    &gateways::VERCEL,
    &gateways::CLOUDFRONT,
    &gateways::API_GATEWAY,
    &gateways::IIS,
    &gateways::APACHE,
    &gateways::HAPROXY,
    &gateways::KONG,
    &gateways::FLY,
    &gateways::LINKERD,
    &gateways::GOOGLE,
    &gateways::HEROKU,
    &gateways::OXY,
    &gateways::NGHTTPX,
    &servers::PHP_FPM,
    &servers::GUNICORN,
    &servers::UWSGI,
    &golang::TABLE,
    &java::TABLE,
    &python::TABLE,
    // Node has the names of errors as well, without what Ruby says behind them.
    &ruby::TABLE,
    &node::TABLE,
    &rust::TABLE,
    &dotnet::TABLE,
    &grpc::TABLE,
    &golang::LAST,
    &system::TABLE,
];

/// What the lines before have said.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The next hop that wget named.
    hop: Name,
    /// Envoy's router has told of a reset.
    is_reset: bool,
}

impl State {
    pub(super) const fn new() -> Self {
        Self { hop: Name::new(), is_reset: false }
    }
}

/// So much is looked at before and behind a text, so that a line that repeats one is read in linear time.
const AROUND: usize = 2048;

/// Reads the text of a line that is of no log.
pub(super) fn read<'a>(line: &'a [u8], state: &'a mut State) -> Option<Entry<'a>> {
    let was_reset = core::mem::take(&mut state.is_reset);
    if let Some(mut entry) = wget::read(line, &mut state.hop) {
        entry.upstream = state.hop.get();
        return Some(entry);
    }
    let mut entry = find(line)?;
    if entry.format == Format::Envoy {
        state.is_reset = entry.words.starts_with(b"upstream reset: ");
        if was_reset && entry.words.starts_with(b"Sending local reply") {
            // At level debug the filter manager says it once more.
            entry.said = Verdict::Again;
        }
    }
    Some(entry)
}

/// The text that counts most.
fn find(line: &[u8]) -> Option<Entry<'_>> {
    /// In the middle of a word, which most places are behind. What ends `\n` may be before a word.
    static IN_WORDS: Bytes = Bytes::of(b"abcdefghijklmopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    let mut best: Option<(usize, Entry<'_>)> = None;
    let mut before = b' ';
    let mut rest = line;
    while let [byte, second, ..] = rest {
        if BEGINNINGS.has(*byte, *second) {
            let at = line.len().saturating_sub(rest.len());
            if is_start(before, line, at) {
                let most = best.as_ref().map_or(usize::MAX, |(rank, _)| *rank);
                best = found_at(line, at, most).or(best);
            }
        }
        // Over the rest of the word.
        let end = rest.iter().position(|byte| !IN_WORDS.has(*byte)).and_then(|end| rest.split_at_checked(end));
        let Some((_, [end, behind @ ..])) = end else { break };
        (before, rest) = (*end, behind);
    }
    best.map(|(_, entry)| entry)
}

/// The first row that is there, of those that count more than what was found.
fn found_at(line: &[u8], at: usize, most: usize) -> Option<(usize, Entry<'_>)> {
    let (before, text) = line.split_at_checked(at)?;
    for place in INDEX.of(*text.first()?) {
        let rank = usize::from(place.rank);
        if rank >= most {
            return None;
        }
        let table = TABLES.get(usize::from(place.table))?;
        let (words, says) = table.rows.get(usize::from(place.row))?;
        let Some(told) = text.strip_prefix(*words).and_then(|rest| told(*says, before, text, rest)) else {
            continue;
        };
        let mut entry = Entry::new(table.by, told.said, text);
        (entry.upstream, entry.status) = (told.upstream, told.status);
        return Some((rank, entry));
    }
    None
}

/// Where a row stands, and how many stand before it.
#[derive(Clone, Copy)]
struct Place {
    table: u8,
    row: u16,
    rank: u16,
}

/// All rows by their first bytes, and of each byte in their order.
struct Index {
    places: [Place; ROWS],
    /// Where those of a byte begin.
    from: [u16; 257],
}

static INDEX: Index = Index::of_all();

const ROWS: usize = {
    let (mut rows, mut tables) = (0_usize, TABLES);
    while let [table, behind @ ..] = tables {
        rows = rows.saturating_add(table.rows.len());
        tables = behind;
    }
    rows
};

impl Index {
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::cast_possible_truncation)] // by the compiler
    const fn of_all() -> Self {
        let mut index = Self { places: [Place { table: 0, row: 0, rank: 0 }; ROWS], from: [0; 257] };
        let (mut next, mut byte) = (0, 0);
        while byte < 256 {
            let (mut rank, mut table) = (0, 0);
            while table < TABLES.len() {
                let mut row = 0;
                while row < TABLES[table].rows.len() {
                    if TABLES[table].rows[row].0[0] as usize == byte {
                        index.places[next] = Place { table: table as u8, row: row as u16, rank };
                        next += 1;
                    }
                    (row, rank) = (row + 1, rank + 1);
                }
                table += 1;
            }
            byte += 1;
            index.from[byte] = next as u16;
        }
        index
    }

    fn of(&self, first: u8) -> &[Place] {
        let first = usize::from(first);
        let bounds = self.from.get(first).zip(self.from.get(first.saturating_add(1)));
        let places = bounds.and_then(|(from, to)| self.places.get(usize::from(*from)..usize::from(*to)));
        places.unwrap_or(&[])
    }
}

fn told<'a>(says: Says, before: &'a [u8], text: &'a [u8], rest: &'a [u8]) -> Option<Told<'a>> {
    match says {
        Says::Means(reading) => Some(Told::that(reading)),
        Says::Quiet => Some(Told::new(Verdict::Nothing)),
        Says::On(read) => read(&Found {
            before: before.get(before.len().saturating_sub(AROUND)..).unwrap_or(before),
            text: text.get(..AROUND).unwrap_or(text),
            rest: rest.get(..AROUND).unwrap_or(rest),
        }),
    }
}

/// Whether a word begins there. What a URL or a path is made of holds no texts.
fn is_start(previous: u8, line: &[u8], at: usize) -> bool {
    match previous {
        b' ' | b'\t' | b'"' | b'\'' | b'`' | b'(' | b'[' | b'{' | b'<' | b'>' | b':' | b',' | b';' | b'|' | b'\\' => {
            true
        }
        // `error=EOF`, and not `/search?q=EOF`.
        b'=' => {
            let name = line.get(at.saturating_sub(33)..at.saturating_sub(1)).unwrap_or(b"");
            let end = name.iter().rev().take_while(|b| !matches!(b, b' ' | b'\t' | b'"' | b'\'')).count();
            !name.iter().rev().take(end).any(|b| matches!(b, b'?' | b'&' | b'/'))
        }
        // Behind a line feed that stands there as `\n`.
        b'n' => line.get(at.saturating_sub(2)) == Some(&b'\\'),
        _ => !previous.is_ascii(),
    }
}

/// A filter of the first two letters of all texts: one bit for each pair of their low five bits.
struct Beginnings([u64; 16]);

static BEGINNINGS: Beginnings = Beginnings::of_all();

impl Beginnings {
    #[allow(clippy::indexing_slicing)] // done by the compiler
    const fn of_all() -> Self {
        let mut bits = [0; 16];
        let mut tables = TABLES;
        while let [table, behind @ ..] = tables {
            let mut rows = table.rows;
            while let [(words, _), others @ ..] = rows {
                if let [first, second, ..] = words {
                    let (word, bit) = Self::place(*first, *second);
                    bits[word] |= bit;
                }
                rows = others;
            }
            tables = behind;
        }
        Self(bits)
    }

    /// The word of a pair, and its bit.
    const fn place(first: u8, second: u8) -> (usize, u64) {
        let (first, second) = ((first & 31) as usize, second & 31);
        (first >> 1, 1 << (((first as u8 & 1) << 5) | second))
    }

    fn has(&self, first: u8, second: u8) -> bool {
        let (word, bit) = Self::place(first, second);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

/// Up to the quote, the escape or the line that ends a text.
fn unquoted(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| matches!(b, b'"' | b'\'' | b'`' | b'\\' | b'\n')).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// A name, `host:port` or URL at the beginning, without what ends a sentence.
fn name(text: &[u8]) -> Option<&[u8]> {
    let ends = |b: &u8| {
        b.is_ascii_whitespace()
            || matches!(b, b'"' | b'\'' | b'`' | b'\\' | b',' | b';' | b')' | b'(' | b'<' | b'>' | b'}')
    };
    let end = text.iter().position(ends).unwrap_or(text.len());
    let name = text.get(..end)?;
    let name = name.strip_suffix(b":").or_else(|| name.strip_suffix(b".")).unwrap_or(name);
    cut::something(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that begins as an earlier one is never reached.
    #[test]
    fn no_text_hides_another() {
        let rows: Vec<_> = TABLES.iter().flat_map(|table| table.rows.iter()).collect();
        for (n, (words, says)) in rows.iter().enumerate() {
            let is_open = matches!(says, Says::On(_));
            for (later, _) in rows.iter().skip(n.saturating_add(1)).filter(|_| !is_open) {
                assert!(!later.starts_with(words), "{} hides {}", words.escape_ascii(), later.escape_ascii());
            }
        }
    }

    #[test]
    fn texts_begin_where_words_begin() {
        for (line, want) in [
            (&b"socket hang up"[..], true),
            (b"Error: socket hang up", true),
            (b"\"error\":\"socket hang up\"", true),
            (b"err=ECONNREFUSED", true),
            (b"GET /?q=ECONNREFUSED HTTP/1.1", false),
            (b"GET /ECONNREFUSED HTTP/1.1", false),
            (b"MY_ECONNREFUSED_HANDLER", false),
            (b"", false),
        ] {
            assert_eq!(find(line).is_some(), want, "{}", line.escape_ascii());
        }
    }
}
