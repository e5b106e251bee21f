//! A naive model of the strict parser: the whole input at once, by recursive descent, with strings and
//! vectors, after the grammar of RFC 9112 and nothing else. Slow, and easy to check by reading.

use badgateway::h1::{Sniffed, sniff, sniff_at_end};

use crate::util::{Got, GotHead, Verdict};

/// Why the descent stopped.
enum Stop {
    /// The input ends here, in that place.
    Need(&'static str),
    Bad(String, usize),
}

type Out<T> = Result<T, Stop>;

struct Model<'a> {
    input: &'a [u8],
    at: usize,
    got: Got,
}

/// What the strict parser should say. `eof`: the connection ends cleanly behind the bytes.
pub(crate) fn model(input: &[u8], eof: bool, method: &str, upgrade: bool) -> Got {
    let mut model = Model { input, at: 0, got: Got::default() };
    let result = model.response(eof, method, upgrade);
    let mut got = model.got;
    got.verdict = match result {
        Ok(()) => Verdict::Accept { used: model.at, deviations: String::new() },
        Err(Stop::Need(place)) if eof => Verdict::Reject {
            class: Box::leak(format!("premature_eof.{place}").into_boxed_str()),
            offset: input.len() as u64,
        },
        Err(Stop::Need(_)) => Verdict::Incomplete,
        Err(Stop::Bad(class, at)) => Verdict::Reject { class: Box::leak(class.into_boxed_str()), offset: at as u64 },
    };
    got
}

impl Model<'_> {
    fn peek(&self, place: &'static str) -> Out<u8> {
        self.input.get(self.at).copied().ok_or(Stop::Need(place))
    }

    fn bad<T>(&self, class: &str, at: usize) -> Out<T> {
        Err(Stop::Bad(class.into(), at))
    }

    fn response(&mut self, eof: bool, method: &str, upgrade: bool) -> Out<()> {
        loop {
            let start = self.at;
            if start == self.input.len() {
                return Err(Stop::Need(if self.got.interim.is_empty() { "empty" } else { "after_interim" }));
            }
            let (minor, code, reason) = self.status_line(eof)?;
            let fields = self.fields("header", "headers")?;
            if code == 101 && !upgrade {
                return self.bad("unexpected.upgrade", start + 9);
            }
            if code < 200 && code != 101 {
                self.got.interim.push(code);
                continue;
            }
            let tunnel = code == 101 || (method == "CONNECT" && (200..300).contains(&code));
            let framing = if tunnel { "tunnel".into() } else { self.framing(method, minor, code, &fields)? };
            let (name, length) = framing.split_once(' ').unwrap_or((&framing, ""));
            self.got.head = Some(GotHead {
                status: code,
                minor,
                reason,
                fields: fields.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect(),
                framing: ["none", "tunnel", "chunked", "close", "content-length"]
                    .into_iter()
                    .find(|n| *n == name)
                    .unwrap(),
            });
            return match name {
                "chunked" => self.chunked(),
                "close" => {
                    self.got.body = self.input[self.at..].to_vec();
                    self.at = self.input.len();
                    if eof { Ok(()) } else { Err(Stop::Need("")) }
                }
                "content-length" => {
                    let length: u64 = length.parse().unwrap();
                    let there = self.input.len() - self.at;
                    let take = there.min(usize::try_from(length).unwrap_or(usize::MAX));
                    self.got.body = self.input[self.at..self.at + take].to_vec();
                    self.at += take;
                    if (take as u64) < length { Err(Stop::Need("content_length_body")) } else { Ok(()) }
                }
                _ => Ok(()),
            };
        }
    }

    fn status_line(&mut self, eof: bool) -> Out<(u8, u16, Vec<u8>)> {
        let start = self.at;
        let line = &self.input[start..];
        match if eof { sniff_at_end(line) } else { sniff(line) } {
            Sniffed::Undecided => return Err(Stop::Need("status_line")),
            Sniffed::NotHttp(class) => return self.bad(class.as_str(), start),
            Sniffed::Http1 => {}
        }
        match line[0] {
            b'\r' | b'\n' => return self.bad("status_line.leading_crlf", start),
            b' ' | b'\t' => return self.bad("status_line.leading_space", start),
            _ => {}
        }
        match self.input.get(start..start + 5) {
            None => return Err(Stop::Need("status_line")),
            Some(b"HTTP/") => self.at += 5,
            Some(_) => return self.bad("status_line.version_case", start),
        }
        let major = self.digit("status_line.version")?;
        if self.peek("status_line")? != b'.' {
            return self.bad("status_line.version", self.at);
        }
        self.at += 1;
        let minor = self.digit("status_line.version")?;
        if major != 1 {
            return self.bad("status_line.version_unsupported", start + 5);
        }
        match self.peek("status_line")? {
            b' ' => self.at += 1,
            b'\r' | b'\n' => return self.bad("status_line.code", self.at),
            b'\t' | 0x0b | 0x0c => return self.bad("status_line.separator", self.at),
            _ => return self.bad("status_line.version", self.at),
        }
        if self.peek("status_line")? == b' ' {
            return self.bad("status_line.separator", self.at);
        }
        let mut code = 0;
        for _ in 0..3 {
            code = code * 10 + u16::from(self.digit("status_line.code")?);
        }
        if code < 100 {
            return self.bad("status_line.code_below_100", start + 9);
        }
        match self.peek("status_line")? {
            b' ' => self.at += 1,
            b'\r' | b'\n' => {}
            b'\t' | 0x0b | 0x0c => return self.bad("status_line.separator", self.at),
            _ => return self.bad("status_line.code", self.at),
        }
        let reason = self.at;
        loop {
            match self.peek("status_line")? {
                b'\n' => return self.bad("status_line.bare_lf", self.at),
                b'\r' => {
                    self.at += 1;
                    if self.peek("status_line")? != b'\n' {
                        return self.bad("status_line.bare_cr", self.at - 1);
                    }
                    self.at += 1;
                    return Ok((minor, code, self.input[reason..self.at - 2].to_vec()));
                }
                b if b == b'\t' || (b >= b' ' && b != 0x7f) => self.at += 1,
                _ => return self.bad("status_line.reason", self.at),
            }
        }
    }

    fn digit(&mut self, class: &str) -> Out<u8> {
        let byte = self.peek("status_line")?;
        if !byte.is_ascii_digit() {
            return self.bad(class, self.at);
        }
        self.at += 1;
        Ok(byte - b'0')
    }

    /// Name, value, and where the line begins.
    fn fields(&mut self, section: &str, place: &'static str) -> Out<Vec<(String, Vec<u8>, usize)>> {
        let mut fields: Vec<(String, Vec<u8>, usize)> = Vec::new();
        let start = self.at;
        loop {
            let line_at = self.at;
            let Some(len) = self.input[line_at..].iter().position(|&b| b == b'\n') else {
                return Err(Stop::Need(place));
            };
            let line = &self.input[line_at..line_at + len];
            self.at = line_at + len + 1;
            let bad = |cause: &str, at: usize| Err(Stop::Bad(format!("{section}.{cause}"), line_at + at));
            let Some(line) = line.strip_suffix(b"\r") else { return bad("bare_lf", len) };
            if line.is_empty() {
                return Ok(fields);
            }
            if line[0] == b' ' || line[0] == b'\t' {
                return bad(if line_at == start { "leading_whitespace" } else { "obs_fold" }, 0);
            }
            let Some(colon) = line.iter().position(|&b| b == b':') else {
                return match line.iter().position(|&b| b == b'\r') {
                    Some(at) => bad("bare_cr", at),
                    None if is_status_line(line) => bad("status_line", 0),
                    None => bad("no_colon", 0),
                };
            };
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            if name.is_empty() {
                return bad("name_empty", 0);
            }
            if let Some(at) = name.iter().position(|&b| !is_tchar(b)) {
                let blank = at > 0 && name[at..].iter().all(|b| b" \t".contains(b));
                return bad(
                    if name[at] == b'\r' {
                        "bare_cr"
                    } else if blank {
                        "space_before_colon"
                    } else {
                        "name_invalid"
                    },
                    at,
                );
            }
            if let Some(at) = value.iter().position(|&b| (b < b' ' && b != b'\t') || b == 0x7f) {
                let cause = match value[at] {
                    0 => "value_nul",
                    b'\r' => "bare_cr",
                    _ => "value_ctl",
                };
                return bad(cause, colon + 1 + at);
            }
            let value = value.trim_ascii().to_vec();
            fields.push((String::from_utf8(name.to_vec()).unwrap(), value, line_at));
        }
    }

    /// RFC 9112 section 6.3, and a length behind a space.
    fn framing(&self, method: &str, minor: u8, code: u16, fields: &[(String, Vec<u8>, usize)]) -> Out<String> {
        let all = |name: &str| -> Vec<(String, usize)> {
            let lines = fields.iter().filter(|(n, _, _)| n.eq_ignore_ascii_case(name));
            lines
                .flat_map(|(_, value, at)| {
                    let text: String = value.iter().map(|&b| char::from(b)).collect();
                    text.split(',')
                        .map(|item| (item.trim_matches([' ', '\t']).to_ascii_lowercase(), *at))
                        .collect::<Vec<_>>()
                })
                .collect()
        };
        let (te, cl) = (all("transfer-encoding"), all("content-length"));
        let chunked = !te.is_empty();
        if let (Some(first), Some(last)) = (te.first(), te.last()) {
            let codings: Vec<_> = te.iter().filter(|(item, _)| !item.is_empty()).collect();
            let times = codings.iter().filter(|(item, _)| item == "chunked");
            if minor == 0 {
                return self.bad("framing.te_in_http10", first.1);
            } else if let Some(length) = cl.last() {
                return self.bad("framing.cl_and_te", first.1.max(length.1));
            } else if let Some(odd) = codings.iter().find(|(item, _)| !is_coding(item)) {
                return self.bad("framing.te_invalid", odd.1);
            } else if let Some(empty) = te.iter().find(|(item, _)| item.is_empty()) {
                return self.bad("framing.te_invalid", empty.1);
            } else if let Some(again) = times.clone().nth(1) {
                return self.bad("framing.te_chunked_repeated", again.1);
            } else if codings.is_empty() {
                return self.bad("framing.te_invalid", first.1);
            } else if codings.last().unwrap().0 != "chunked" {
                let name =
                    |item: &str| item.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']).to_owned();
                let all = |known: &[&str]| codings.iter().all(|(item, _)| known.contains(&name(item).as_str()));
                let class = if times.count() > 0 {
                    "framing.te_chunked_not_final"
                } else if all(&["identity"]) {
                    "framing.te_identity"
                } else if all(&["identity", "gzip", "deflate", "compress", "x-gzip", "x-compress"]) {
                    "framing.te_compressed"
                } else {
                    "framing.te_unsupported"
                };
                return self.bad(class, last.1);
            }
        }
        let mut length: Option<u64> = None;
        for (item, at) in &cl {
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            if item.is_empty() || !digits(item) {
                let class = if item.is_empty() {
                    "framing.cl_empty"
                } else if item.starts_with('-') {
                    "framing.cl_negative"
                } else if item.starts_with('+') {
                    "framing.cl_plus"
                } else if item.split([' ', '\t']).all(digits) {
                    "framing.cl_spaced"
                } else {
                    "framing.cl_invalid"
                };
                return self.bad(class, *at);
            }
            let number = item.parse::<u64>().ok().filter(|&number| number < 1 << 63);
            let Some(number) = number else { return self.bad("framing.cl_overflow", *at) };
            if length.is_some_and(|length| length != number) {
                return self.bad("framing.cl_conflict", *at);
            }
            length = Some(number);
        }
        Ok(if method == "HEAD" || code == 204 || code == 304 {
            "none".into()
        } else if chunked {
            "chunked".into()
        } else if let Some(length) = length {
            format!("content-length {length}")
        } else {
            "close".into()
        })
    }

    fn chunked(&mut self) -> Out<()> {
        loop {
            let size = self.chunk_line()?;
            if size == 0 {
                let trailers = self.fields("trailer", "trailers")?;
                self.got.trailers = trailers.into_iter().map(|(name, value, _)| (name, value)).collect();
                return Ok(());
            }
            let there = self.input.len() - self.at;
            let take = there.min(usize::try_from(size).unwrap_or(usize::MAX));
            self.got.body.extend_from_slice(&self.input[self.at..self.at + take]);
            self.at += take;
            if (take as u64) < size {
                return Err(Stop::Need("chunk_data"));
            }
            for expected in *b"\r\n" {
                let byte = self.peek("chunk_end")?;
                if byte != expected {
                    let lf = expected == b'\r' && byte == b'\n';
                    return self.bad(if lf { "chunk.bare_lf" } else { "chunk.data_terminator" }, self.at);
                }
                self.at += 1;
            }
        }
    }

    fn chunk_line(&mut self) -> Out<u64> {
        let start = self.at;
        let mut digits = String::new();
        while self.chunk_byte()?.is_ascii_hexdigit() {
            digits.push(char::from(self.input[self.at]));
            self.at += 1;
            if u64::from_str_radix(&digits, 16).is_err() {
                return self.bad("chunk.size_overflow", start);
            }
        }
        if digits.is_empty() {
            let class = match self.chunk_byte()? {
                b'\r' | b';' => "chunk.size_empty",
                b'-' => "chunk.size_negative",
                b'+' => "chunk.size_plus",
                _ => "chunk.size_invalid",
            };
            return self.bad(class, start);
        }
        let space = self.at;
        self.spaces()?;
        match self.chunk_byte()? {
            b';' => {}
            b'\r' if self.at == space => {}
            b'\r' => return self.bad("chunk.size_trailing_space", space),
            b'_' if self.at == space => return self.bad("chunk.size_underscore", self.at),
            b'x' | b'X' if self.at == space && digits == "0" => return self.bad("chunk.size_0x", self.at),
            _ => return self.bad("chunk.size_invalid", self.at),
        }
        while self.chunk_byte()? == b';' {
            self.at += 1;
            self.spaces()?;
            self.token()?;
            let mut spaced = self.spaces()?;
            if self.chunk_byte()? == b'=' {
                self.at += 1;
                self.spaces()?;
                if self.chunk_byte()? == b'"' {
                    self.quoted()?
                } else {
                    self.token()?
                }
                spaced = self.spaces()?;
            }
            match self.chunk_byte()? {
                b';' => {}
                b'\r' if !spaced => {}
                _ => return self.bad("chunk.ext_invalid", self.at),
            }
        }
        self.at += 1;
        if self.peek("chunk_size")? != b'\n' {
            return self.bad("chunk.bare_cr", self.at - 1);
        }
        self.at += 1;
        Ok(u64::from_str_radix(&digits, 16).unwrap())
    }

    /// The next byte of a chunk line, which is never a line feed.
    fn chunk_byte(&self) -> Out<u8> {
        match self.peek("chunk_size")? {
            b'\n' => self.bad("chunk.bare_lf", self.at),
            byte => Ok(byte),
        }
    }

    fn spaces(&mut self) -> Out<bool> {
        let start = self.at;
        while matches!(self.chunk_byte()?, b' ' | b'\t') {
            self.at += 1;
        }
        Ok(self.at > start)
    }

    fn token(&mut self) -> Out<()> {
        let start = self.at;
        while is_tchar(self.chunk_byte()?) {
            self.at += 1;
        }
        if self.at == start { self.bad("chunk.ext_invalid", self.at) } else { Ok(()) }
    }

    fn quoted(&mut self) -> Out<()> {
        self.at += 1;
        loop {
            let mut byte = self.chunk_byte()?;
            let escaped = byte == b'\\';
            if escaped {
                self.at += 1;
                byte = self.chunk_byte()?;
            }
            if (byte < b' ' && byte != b'\t') || byte == 0x7f {
                return self.bad("chunk.ext_invalid", self.at);
            }
            self.at += 1;
            if byte == b'"' && !escaped {
                return Ok(());
            }
        }
    }
}

fn is_status_line(line: &[u8]) -> bool {
    let shape: String = line.iter().take(12).map(|b| if b.is_ascii_digit() { '9' } else { char::from(*b) }).collect();
    shape == "HTTP/9.9 999"
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A token, and perhaps parameters, which chunked has none of.
fn is_coding(item: &str) -> bool {
    let (name, parameters) = item.split_once(';').map_or((item, false), |(name, _)| (name, true));
    let name = name.trim_end_matches([' ', '\t']);
    !name.is_empty() && name.bytes().all(is_tchar) && !(parameters && name == "chunked")
}
