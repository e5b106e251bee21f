//! Lines of logs, explained as they come.
//!
//! A line that says nothing costs nothing: no allocation, no output.

use std::io::{self, Read, Write};
use std::time::Duration;

use badgateway::diagnose::{self, Context, Diagnosis};
use badgateway::dialect::Reading;
use badgateway::dialect::logs::{Entry, Format, Reader, Verdict};
use badgateway::exchange::{BodyFraming, Forwarded, RequestBody};
use badgateway::fault::{Evidence, Fault, Phase};
use badgateway::reply::Disclosure;
use badgateway::{Exchange, Gateway};
use http::{Method, StatusCode};

use super::flags::{Detail, Flags};
use super::lines::Lines;
use super::packed::{self, Packed};
use super::summary::Summary;
use super::wrapped::Wrapped;
use super::{paste, response, show};

/// So many lines that are of no known log are shown; the rest is counted.
const UNKNOWN: u64 = 5;
/// The most bytes of a line's words that are shown.
const WORDS: usize = 600;

/// What was read so far.
pub(crate) struct Log<'f> {
    flags: &'f Flags,
    reader: Reader,
    summary: Summary,
    /// What was explained, and need not be again: as many as there are words in the tables at most.
    explained: Vec<(Format, Reading)>,
    /// Failures that were only counted.
    counted: u64,
    /// The last line that was read, for its number.
    number: u64,
    was_response: bool,
    /// A line that may go on in the next.
    wrapped: Wrapped,
}

impl<'f> Log<'f> {
    pub(crate) fn new(flags: &'f Flags) -> Self {
        Self {
            flags,
            reader: Reader::new(),
            summary: Summary::new(),
            explained: Vec::new(),
            counted: 0,
            number: 0,
            was_response: false,
            wrapped: Wrapped::default(),
        }
    }

    /// Whether nothing was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.summary.is_empty()
    }

    /// Reads all of an input.
    pub(crate) fn read(&mut self, input: impl Read, out: &mut impl Write) -> io::Result<()> {
        let mut lines = Lines::new(Packed::new(input));
        if lines.begins_with(b"HTTP/")? || paste::find(lines.look()?).is_some() {
            let pasted = lines.rest(response::MOST)?;
            self.was_response = true;
            let found = paste::find(&pasted).unwrap_or(paste::Paste::Response(pasted.as_slice().into()));
            return response::explain(&found, self.flags.json, out);
        }
        if lines.is_binary()? {
            let why = match packed::other(lines.look()?) {
                Some(program) => format!("it is compressed, and goes through {program} first"),
                None => "it is no text".to_owned(),
            };
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        self.number = 0;
        loop {
            // Who waits for lines wants to see what there is (`tail -f`).
            if !self.flags.detail.is_summary() && lines.is_drained() {
                out.flush()?;
            }
            match lines.next() {
                Ok(Some(line)) => {
                    self.number += 1;
                    self.piece(line, out)?;
                }
                Ok(None) => return self.unwrap(out),
                // What was read before counts, also the beginning of a line.
                Err(error) => {
                    let line = lines.beginning().to_vec();
                    if !line.is_empty() {
                        self.number += 1;
                        self.piece(&line, out)?;
                    }
                    self.unwrap(out)?;
                    return Err(error);
                }
            }
        }
    }

    /// A line, or a piece of one that somebody broke.
    fn piece(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<()> {
        if self.wrapped.is_open() {
            if self.wrapped.take(line) {
                return if self.wrapped.is_whole() { self.unwrap(out) } else { Ok(()) };
            }
            self.unwrap(out)?;
        }
        if self.wrapped.begin(line, self.number) {
            return Ok(());
        }
        self.line(line, out)
    }

    /// Reads what was put together.
    fn unwrap(&mut self, out: &mut impl Write) -> io::Result<()> {
        if !self.wrapped.is_open() {
            return Ok(());
        }
        let line = self.wrapped.end();
        let number = std::mem::replace(&mut self.number, self.wrapped.number);
        let done = self.line(&line, out);
        self.number = number;
        done
    }

    fn line(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<()> {
        let Some(entry) = self.reader.read(line) else {
            if line.trim_ascii().is_empty() {
                return Ok(());
            }
            let seen = self.summary.unknown_line();
            return match self.flags.detail {
                Detail::Summary => Ok(()),
                _ if self.flags.json => writeln!(out, "{}", unknown(self.number, line)),
                Detail::Once if seen > UNKNOWN => Ok(()),
                Detail::Once | Detail::Each => {
                    writeln!(
                        out,
                        "line {}: unknown: of no log that is known here: {}\n",
                        self.number,
                        show::text(line, 100)
                    )
                }
            };
        };
        self.summary.add(&entry);
        if self.flags.detail == Detail::Summary {
            return Ok(());
        }
        if self.flags.json {
            return json(self.number, &entry, out);
        }
        match entry.said {
            Verdict::Fault { fault, reading } => {
                let key = (entry.format, reading);
                if self.flags.detail == Detail::Once {
                    if self.explained.contains(&key) {
                        self.counted += 1;
                        return Ok(());
                    }
                    self.explained.push(key);
                }
                explain(self.number, &entry, &fault, reading, out)
            }
            Verdict::Unknown => {
                let seen = self.summary.unknown_words();
                if self.flags.detail == Detail::Once && seen > UNKNOWN {
                    return Ok(());
                }
                let (line, format, words) = (self.number, entry.format.product(), show::text(entry.words, WORDS));
                writeln!(out, "line {line}: {format} says that something failed, in words unknown here: {words}\n")
            }
            Verdict::Passed(status) if self.flags.detail == Detail::Each => {
                writeln!(
                    out,
                    "line {}: {} passed on the upstream's own {status}.\n",
                    self.number,
                    entry.format.product()
                )
            }
            Verdict::Bare(status) if self.flags.detail == Detail::Each => {
                writeln!(
                    out,
                    "line {}: {} answered {status}; the line does not say why.\n",
                    self.number,
                    entry.format.product()
                )
            }
            _ => Ok(()),
        }
    }

    /// The summary, where something is left to say.
    pub(crate) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        let wanted = match self.flags.detail {
            Detail::Summary => true,
            Detail::Once => self.counted > 0 || self.summary.says_more(self.explained.len(), UNKNOWN),
            Detail::Each => false,
        };
        if self.was_response && self.summary.is_empty() {
            return Ok(());
        }
        if self.flags.json {
            return if self.flags.detail == Detail::Summary { self.summary.write_json(out) } else { Ok(()) };
        }
        if self.summary.is_empty() {
            return writeln!(out, "There is no line to explain: nothing was in it.");
        }
        if wanted { self.summary.write(out) } else { Ok(()) }
    }
}

impl Detail {
    pub(crate) fn is_summary(self) -> bool {
        self == Self::Summary
    }
}

/// What the line tells about its exchange.
fn exchange(entry: &Entry<'_>) -> Exchange {
    let text = |bytes: Option<&[u8]>| bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned);
    let mut exchange = Exchange::default();
    // HAProxy names a backend and a server, and no address.
    if entry.format != Format::HaProxy {
        let upstream = text(entry.upstream);
        exchange.next_hop = upstream.map(|name| name.trim_start_matches("tcp://").to_owned().into());
    }
    if let Some(method) = entry.method.and_then(|method| Method::from_bytes(method).ok()) {
        // No log tells of a body. "Content received in a GET request has no generally defined semantics" (RFC 9110
        // section 9.3.1), nor in a HEAD (9.3.2); of any other method nobody knows.
        if [Method::GET, Method::HEAD].contains(&method) {
            exchange.request_body = RequestBody::None;
        }
        exchange.method = method;
    }
    exchange.path = text(entry.path).and_then(|path| path.parse().ok());
    exchange.elapsed = entry.elapsed;
    // Whatever broke in the body broke behind a head that the client had got by then.
    let in_body = entry.said.fault().is_some_and(|(fault, _)| matches!(fault.phase(), Phase::Body | Phase::Trailers));
    if in_body {
        let status = entry.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
        exchange.forwarded = Forwarded::Head { status, framing: BodyFraming::Length };
    }
    exchange
}

/// `10.0.0.1:443`, `[::1]:443`, and no name.
fn is_address(hop: &[u8]) -> bool {
    let text = std::str::from_utf8(hop).unwrap_or("");
    text.parse::<std::net::SocketAddr>().is_ok() || text.parse::<std::net::IpAddr>().is_ok()
}

fn diagnosis(entry: &Entry<'_>, fault: &Fault, exchange: &Exchange) -> Diagnosis {
    let text = |bytes: Option<&[u8]>| bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned);
    let mut context = Context::default();
    context.proxy = Some(entry.format.product());
    let mut exchange = exchange.clone();
    // The protocol decides which commands can work.
    if let (Some(scheme), Some(hop)) = (text(entry.scheme), &exchange.next_hop) {
        exchange.next_hop = Some(format!("{scheme}://{hop}").into());
    }
    // Who connects to an address asks for the site by the name that the client used.
    let host = text(entry.host);
    let host = host.as_deref().map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let is_tls = fault.phase() == Phase::Tls || matches!(entry.scheme, Some(b"https" | b"grpcs"));
    if is_tls && entry.upstream.is_some_and(is_address) {
        context.server_name = host;
    }
    let mut diagnosis = diagnose::diagnose(fault, &exchange, &Evidence::new(), &context);
    if entry.status.is_none() {
        // That a head went out is sure, and its status is not.
        diagnosis.evidence.retain(|fact| fact.name != "forwarded");
    }
    diagnosis
}

/// What the proxy would have said, had it written RFC 9209's field.
fn proxy_status(entry: &Entry<'_>, fault: &Fault, exchange: &Exchange) -> Option<String> {
    fault.error_type()?;
    let gateway = Gateway::new(entry.format.as_str()).ok()?.with_disclosure(Disclosure::Trusted);
    gateway.proxy_status(fault, exchange).to_str().ok().map(str::to_owned)
}

fn explain(number: u64, entry: &Entry<'_>, fault: &Fault, reading: Reading, out: &mut impl Write) -> io::Result<()> {
    let exchange = exchange(entry);
    let mut title = format!("line {number}: {}", entry.format.product());
    if let Some(time) = entry.time {
        title.push_str(&format!(", {time}"));
    }
    if let (Some(method), Some(path)) = (entry.method, entry.path) {
        title.push_str(&format!(", {} {}", show::text(method, 20), show::text(path, 200)));
    }
    if let Some(upstream) = entry.upstream {
        title.push_str(&format!(", to {}", show::text(upstream, 200)));
    }
    writeln!(out, "{title}\n  {}", show::text(entry.words, WORDS))?;
    let others: Vec<&str> = reading.others().iter().map(|kind| kind.as_str()).collect();
    let also = if others.is_empty() { String::new() } else { format!(", or {}", others.join(", ")) };
    write!(out, "{}", show::wrapped("  = ", "    ", &format!("{}{also}", reading.kind())))?;
    if let Some(value) = proxy_status(entry, fault, &exchange) {
        writeln!(out, "  Proxy-Status: {value}")?;
    }
    writeln!(out, "\n{}", diagnosis(entry, fault, &exchange))
}

/// One object for a line that is of no log.
fn unknown(number: u64, words: &[u8]) -> String {
    format!("{{\"line\":{number},\"dialect\":null,\"said\":\"unknown_line\",\"words\":{},{NOTHING}", first_words(words))
}

/// What there is of no failure.
const NOTHING: &str =
    "\"may_be\":[],\"proxy_status\":null,\"fault\":null,\"class\":null,\"phase\":null,\"causes\":[],\"next_steps\":[]}";

fn first_words(words: &[u8]) -> String {
    show::json_bytes(Some(&words[..words.len().min(WORDS)]))
}

/// The fields of an entry, but for what it says.
fn fields(entry: &Entry<'_>) -> String {
    let tries: Vec<String> = entry
        .tries
        .map(|one| {
            let status = one.status.map_or("null".into(), |status| status.to_string());
            let elapsed = milliseconds(one.elapsed);
            format!("{{\"upstream\":{},\"status\":{status},\"elapsed_ms\":{elapsed}}}", show::json_bytes(one.upstream))
        })
        .collect();
    format!(
        "\"time\":{},\"client\":{},\"method\":{},\"path\":{},\"upstream\":{},\"status\":{},\"elapsed_ms\":{},\"tries\":[{}]",
        entry.time.map_or("null".into(), |time| show::json(&time.to_string())),
        show::json_bytes(entry.client),
        show::json_bytes(entry.method),
        show::json_bytes(entry.path),
        show::json_bytes(entry.upstream),
        entry.status.map_or("null".into(), |status| status.to_string()),
        milliseconds(entry.elapsed),
        tries.join(","),
    )
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or("null".into(), |time| time.as_millis().to_string())
}

fn json(number: u64, entry: &Entry<'_>, out: &mut impl Write) -> io::Result<()> {
    let said = match entry.said {
        Verdict::Fault { .. } => "fault",
        Verdict::Passed(_) => "passed",
        Verdict::Bare(_) => "bare",
        Verdict::Again => "again",
        Verdict::Unknown => "unknown_words",
        _ => "nothing",
    };
    let head = format!(
        "{{\"line\":{number},\"dialect\":\"{}\",\"said\":\"{said}\",\"words\":{}",
        entry.format,
        first_words(entry.words)
    );
    let Some((fault, reading)) = entry.said.fault() else {
        return writeln!(out, "{head},{},{NOTHING}", fields(entry));
    };
    let exchange = exchange(entry);
    let diagnosis = diagnosis(entry, &fault, &exchange).json().to_string();
    writeln!(
        out,
        "{head},\"may_be\":{},\"proxy_status\":{},{},{}",
        show::json_reading(reading),
        proxy_status(entry, &fault, &exchange).as_deref().map_or("null".into(), show::json),
        fields(entry),
        &diagnosis[1..],
    )
}
