//! Runs cases of responses through the parser and says what came out.
//!
//! `conformance FILE.jsonl [--mode strict|compatible] [--split none|bytes|N|random:SEED] [--check]`
//!
//! Prints one JSON object a line. Its `error_class` is the widest that fits (`Class::general`), as the cases have it.
//! With `--check` it prints only where that differs from what the case expects, and exits 1 if anything does.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)] // a test tool; its input is the project's own

use std::io::Write;
use std::process::ExitCode;

use badgateway::h1::{Config, Eof, Event, Fields, Parser, Request};
use http::Method;

fn main() -> ExitCode {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    ExitCode::from(run(std::env::args().skip(1), &mut out, &mut std::io::stderr()))
}

/// The whole program, for the tests too. Returns the exit code.
pub(crate) fn run(args: impl Iterator<Item = String>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match Options::from_args(args).and_then(|options| run_cases(&options, out, err)) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(err, "conformance: {error}");
            2
        }
    }
}

struct Options {
    file: String,
    config: Config,
    split: Split,
    check: bool,
}

#[derive(Clone, Copy)]
enum Split {
    None,
    Pieces(usize),
    Random(u64),
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut file, mut config, mut split, mut check) = (None, Config::strict(), Split::None, false);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--check" => check = true,
                "--mode" => {
                    config = match args.next().as_deref() {
                        Some("strict") => Config::strict(),
                        Some("compatible") => Config::compatible(),
                        _ => return Err("--mode takes strict or compatible".into()),
                    };
                }
                "--split" => {
                    split = args
                        .next()
                        .as_deref()
                        .and_then(Split::parse)
                        .ok_or("--split takes none, bytes, N or random:SEED")?
                }
                flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
                _ if file.is_some() => return Err("one file only".into()),
                _ => file = Some(arg),
            }
        }
        let file = file.ok_or(
            "usage: conformance FILE.jsonl [--mode strict|compatible] [--split none|bytes|N|random:SEED] [--check]",
        )?;
        Ok(Self { file, config, split, check })
    }
}

impl Split {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "bytes" => Self::Pieces(1),
            _ => match text.strip_prefix("random:") {
                Some(seed) => Self::Random(seed.parse().ok()?),
                None => Self::Pieces(text.parse().ok().filter(|&n| n > 0)?),
            },
        })
    }

    /// How many more bytes come with the next read.
    fn next(&mut self) -> usize {
        match self {
            Self::None => usize::MAX,
            Self::Pieces(n) => *n,
            Self::Random(state) => {
                // SplitMix64.
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                ((z ^ (z >> 31)) % 40) as usize + 1
            }
        }
    }
}

fn run_cases(options: &Options, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, String> {
    let text = std::fs::read_to_string(&options.file).map_err(|error| format!("{}: {error}", options.file))?;
    let (mut cases, mut wrong) = (0_u32, 0_u32);
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let case = json::parse(line).ok_or_else(|| format!("{}:{}: not JSON", options.file, n + 1))?;
        let case = Case::of(&case).ok_or_else(|| format!("{}:{}: not a case", options.file, n + 1))?;
        let outcome = Outcome::of(&case, options);
        cases += 1;
        let printed = if options.check {
            let differences = outcome.differences(&case);
            wrong += u32::from(!differences.is_empty());
            differences.iter().try_for_each(|difference| writeln!(out, "{}: {difference}", case.id))
        } else {
            writeln!(out, "{}", outcome.to_json(case.id))
        };
        // A closed pipe is the reader's choice.
        if printed.is_err() {
            return Ok(0);
        }
    }
    let _ = out.flush();
    if !options.check {
        return Ok(0);
    }
    let _ = writeln!(err, "{} of {cases} cases as expected", cases - wrong);
    Ok(u8::from(wrong > 0))
}

/// One line of the file.
struct Case<'j> {
    id: &'j str,
    input: Vec<u8>,
    request: Request,
    eof: bool,
    json: &'j json::Value,
}

impl<'j> Case<'j> {
    fn of(json: &'j json::Value) -> Option<Self> {
        let method = json.get("request_method").str().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        Some(Self {
            id: json.get("id").str()?,
            input: base64::decode(json.get("input_b64").str()?)?,
            request: Request::new(&method).offering_upgrade(json.get("request_upgrade").bool()),
            eof: json.get("eof").bool(),
            json,
        })
    }
}

/// What the parser said.
#[derive(Default)]
struct Outcome {
    verdict: &'static str,
    version: Option<String>,
    status: Option<u16>,
    reason: Option<String>,
    headers: Vec<(String, String)>,
    interim: Vec<u16>,
    framing: Option<&'static str>,
    body: Vec<u8>,
    trailers: Vec<(String, String)>,
    leftover: Option<usize>,
    reusable: Option<bool>,
    error: Option<(&'static str, u64)>,
    deviations: Vec<&'static str>,
}

impl Outcome {
    fn of(case: &Case<'_>, options: &Options) -> Self {
        let mut outcome = Self { verdict: "incomplete", ..Self::default() };
        let mut parser = Parser::new(&options.config, case.request);
        let mut split = options.split;
        let (mut used, mut there) = (0, split.next().min(case.input.len()));
        loop {
            let eof = if there == case.input.len() && case.eof { Eof::Clean } else { Eof::Open };
            let step = match parser.next(&case.input[used..there], eof) {
                Ok(step) => step,
                Err(error) => {
                    outcome.verdict = "reject";
                    outcome.error = Some((error.class().general().as_str(), error.offset()));
                    return outcome;
                }
            };
            used += step.consumed;
            match step.event {
                Event::NeedMore if there == case.input.len() => return outcome,
                Event::NeedMore => there = there.saturating_add(split.next()).min(case.input.len()),
                Event::Interim(head) => outcome.interim.push(head.status().as_u16()),
                Event::Head(head, framing) => {
                    outcome.version = Some(format!("1.{}", head.minor_version()));
                    outcome.status = Some(head.status().as_u16());
                    outcome.reason = Some(latin1(head.reason()));
                    outcome.headers = pairs(head.fields());
                    outcome.framing = Some(framing.as_str());
                }
                Event::Data(data) => outcome.body.extend_from_slice(data),
                Event::Trailers(trailers) => outcome.trailers = pairs(trailers.fields()),
                Event::End(end) => {
                    // What is behind the response may not all have come yet.
                    outcome.verdict = "accept";
                    outcome.leftover = Some(case.input.len() - used);
                    outcome.reusable = Some(end.reusable.is_ok() && used == case.input.len() && !case.eof);
                    outcome.deviations = end.deviations.iter().map(|deviation| deviation.as_str()).collect();
                    return outcome;
                }
            }
        }
    }

    fn to_json(&self, id: &str) -> String {
        let text = |text: &Option<String>| text.as_deref().map_or("null".into(), json::quote);
        let error = self.error.unzip();
        let fields = [
            ("id", json::quote(id)),
            ("verdict", json::quote(self.verdict)),
            ("version", text(&self.version)),
            ("status", or_null(self.status)),
            ("reason", text(&self.reason)),
            ("headers", json::list(self.headers.iter().map(|(n, v)| json::list([json::quote(n), json::quote(v)])))),
            ("interim", json::list(self.interim.iter().map(u16::to_string))),
            ("framing", self.framing.map_or("null".into(), json::quote)),
            ("body_b64", json::quote(&base64::encode(&self.body))),
            ("trailers", json::list(self.trailers.iter().map(|(n, v)| json::list([json::quote(n), json::quote(v)])))),
            ("leftover", or_null(self.leftover)),
            ("reusable", or_null(self.reusable)),
            ("error_class", error.0.map_or("null".into(), json::quote)),
            ("error_offset", or_null(error.1)),
            ("deviations", json::list(self.deviations.iter().map(|name| json::quote(name)))),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn differences(&self, case: &Case<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let mut differ = |what: &str, ours: String, theirs: String| {
            if ours != theirs {
                found.push(format!("{what}: {ours}, expected {theirs}"));
            }
        };
        let json = case.json;
        let verdict = json.get("strict_verdict").str().or(json.get("verdict").str()).unwrap_or_default();
        differ("verdict", self.verdict.into(), verdict.into());
        if self.verdict != verdict {
            if let Some((class, offset)) = self.error {
                differ("error", format!("{class} at {offset}"), "none".into());
            }
            return found;
        }
        match verdict {
            "accept" => {
                let pairs = |pairs: &[(String, String)]| {
                    json::list(pairs.iter().map(|(n, v)| json::list([json::quote(n), json::quote(v)])))
                };
                for (name, ours) in [
                    ("version", self.version.as_deref().map_or("null".into(), json::quote)),
                    ("status", or_null(self.status)),
                    ("reason", self.reason.as_deref().map_or("null".into(), json::quote)),
                    ("headers", pairs(&self.headers)),
                    ("interim", json::list(self.interim.iter().map(u16::to_string))),
                    ("framing", self.framing.map_or("null".into(), json::quote)),
                    ("body_b64", json::quote(&base64::encode(&self.body))),
                    ("trailers", pairs(&self.trailers)),
                    ("leftover", or_null(self.leftover)),
                    ("reusable", or_null(self.reusable)),
                ] {
                    let theirs = json.get(name).to_string();
                    if theirs != "null" {
                        differ(name, ours, theirs);
                    }
                }
            }
            "reject" => {
                let (class, offset) = self.error.unwrap_or_default();
                differ("error_class", class.into(), json.get("error_class").str().unwrap_or_default().into());
                if let Some(expected) = json.get("error_offset").number() {
                    let line = offending_line(&case.input, expected, class);
                    if !line.contains(&(offset as usize)) {
                        differ("error_offset", offset.to_string(), format!("{expected} (in {line:?})"));
                    }
                }
            }
            _ => {}
        }
        found
    }
}

/// The bytes that may be named as the place of an error: the line around it. What is wrong with the
/// framing is a matter of the whole head, which the cases call offset 0.
fn offending_line(input: &[u8], at: usize, class: &str) -> std::ops::RangeInclusive<usize> {
    if class.starts_with("framing.") || class.starts_with("unexpected.") {
        let mut end = 0;
        for line in input[at..].split_inclusive(|&b| b == b'\n') {
            end += line.len();
            if matches!(line, b"\r\n" | b"\n") {
                break;
            }
        }
        return at..=at + end.saturating_sub(1);
    }
    if class.starts_with("premature_eof.") {
        return at..=at;
    }
    let start = input[..at].iter().rposition(|&b| b == b'\n').map_or(0, |lf| lf + 1);
    let end = input[at..].iter().position(|&b| b == b'\n').map_or(input.len(), |lf| at + lf);
    start..=end
}

fn pairs(fields: Fields<'_>) -> Vec<(String, String)> {
    fields.map(|field| (field.name().to_owned(), latin1(&field.value()))).collect()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

fn or_null<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".into(), |value| value.to_string())
}

/// As much of JSON as the cases need. A dependency for it would be built with every example.
mod json {
    use std::fmt;

    pub(super) enum Value {
        Null,
        Bool(bool),
        Number(f64),
        Str(String),
        List(Vec<Self>),
        Object(Vec<(String, Self)>),
    }

    impl Value {
        pub(super) fn get(&self, name: &str) -> &Self {
            let Self::Object(fields) = self else { return &Self::Null };
            fields.iter().find(|(n, _)| n == name).map_or(&Self::Null, |(_, value)| value)
        }

        pub(super) fn str(&self) -> Option<&str> {
            if let Self::Str(text) = self { Some(text) } else { None }
        }

        pub(super) fn bool(&self) -> bool {
            matches!(self, Self::Bool(true))
        }

        pub(super) fn number(&self) -> Option<usize> {
            if let Self::Number(n) = self { Some(*n as usize) } else { None }
        }
    }

    impl fmt::Display for Value {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Null => f.write_str("null"),
                Self::Bool(value) => write!(f, "{value}"),
                Self::Number(value) => write!(f, "{value}"),
                Self::Str(text) => f.write_str(&quote(text)),
                Self::List(items) => f.write_str(&list(items.iter().map(Self::to_string))),
                Self::Object(fields) => {
                    let fields: Vec<_> = fields.iter().map(|(n, value)| format!("{}:{value}", quote(n))).collect();
                    write!(f, "{{{}}}", fields.join(","))
                }
            }
        }
    }

    pub(super) fn quote(text: &str) -> String {
        let mut out = String::from('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                ' '..='~' => out.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04x}")),
            }
        }
        out + "\""
    }

    pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
        format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
    }

    pub(super) fn parse(text: &str) -> Option<Value> {
        let mut rest = text.trim();
        let value = value(&mut rest, 0)?;
        rest.trim().is_empty().then_some(value)
    }

    fn value(rest: &mut &str, depth: u8) -> Option<Value> {
        if depth > 64 {
            return None;
        }
        *rest = rest.trim_start();
        Some(match rest.chars().next()? {
            '"' => Value::Str(string(rest)?),
            '[' => Value::List(items(rest, ']', |rest| value(rest, depth + 1))?),
            '{' => Value::Object(items(rest, '}', |rest| {
                *rest = rest.trim_start();
                let name = string(rest)?;
                *rest = rest.trim_start().strip_prefix(':')?;
                Some((name, value(rest, depth + 1)?))
            })?),
            _ => {
                let end = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                *rest = after;
                match word {
                    "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => Value::Number(word.parse().ok()?),
                }
            }
        })
    }

    fn items<T>(rest: &mut &str, close: char, item: impl Fn(&mut &str) -> Option<T>) -> Option<Vec<T>> {
        let mut found = Vec::new();
        *rest = rest.get(1..)?.trim_start();
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return Some(found);
        }
        loop {
            found.push(item(rest)?);
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix(close) {
                *rest = after;
                return Some(found);
            }
            *rest = rest.strip_prefix(',')?;
        }
    }

    fn string(rest: &mut &str) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        let mut chars = rest.strip_prefix('"')?.char_indices();
        while let Some((at, c)) = chars.next() {
            let c = match c {
                '"' => {
                    *rest = rest.get(at + 2..)?;
                    return String::from_utf16(&units).ok();
                }
                '\\' => match chars.next()?.1 {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        units.push(u16::from_str_radix(&digits, 16).ok()?);
                        continue;
                    }
                    c @ ('"' | '\\' | '/') => c,
                    _ => return None,
                },
                c => c,
            };
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
        None
    }
}

mod base64 {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(super) fn encode(bytes: &[u8]) -> String {
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk.iter().fold(0_u32, |word, &b| word << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
            for n in 0..4 {
                let digit = (word >> (18 - 6 * n)) as usize & 63;
                out.push(if n <= chunk.len() { char::from(ALPHABET[digit]) } else { '=' });
            }
        }
        out
    }

    pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
        let (mut out, mut word, mut bits) = (Vec::new(), 0_u32, 0);
        for byte in text.trim_end_matches('=').bytes() {
            word = word << 6 | u32::try_from(ALPHABET.iter().position(|&b| b == byte)?).ok()?;
            bits += 6;
            if bits >= 8 {
                bits -= 8;
                out.push((word >> bits) as u8);
                word &= (1 << bits) - 1;
            }
        }
        Some(out)
    }
}
