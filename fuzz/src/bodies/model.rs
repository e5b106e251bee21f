//! A naive model of a strict recipient: the whole input at once, after the text of RFC 9112 and nothing of
//! the parser's. Slow, and easy to check by reading.
//!
//! It says whether the bytes are a response, not what is wrong with them: the parser has a name and an
//! offset for that, and tests of its own for these.

use badgateway::h1::Limits;
use http::Method;

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A whole response, with what is behind it.
    Whole,
    /// The beginning of one: there are bytes that would make it whole.
    Beginning,
    /// None, whatever comes. The violation is known once the byte there is.
    Not(usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    pub(super) interim: Vec<u16>,
    pub(super) status: u16,
    pub(super) minor: u8,
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) framing: Option<Framing>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, Vec<u8>)>,
    pub(super) used: usize,
    /// Where the head at hand begins.
    pub(super) head_at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Tunnel,
    Length(u64),
    Chunked,
    Close,
}

enum Stop {
    More,
    Bad(usize),
}

type Out<T> = Result<T, Stop>;

pub(super) fn read(input: &[u8], method: &Method, upgrade: bool, ended: bool, limits: &Limits) -> (Seen, Response) {
    let mut reader = Reader { input, at: 0, limits };
    let mut response = Response::default();
    let seen = match reader.response(&mut response, method, upgrade, ended) {
        Ok(()) => Seen::Whole,
        Err(Stop::More) => Seen::Beginning,
        Err(Stop::Bad(at)) => Seen::Not(at),
    };
    response.used = reader.at;
    (seen, response)
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn response(&mut self, out: &mut Response, method: &Method, upgrade: bool, ended: bool) -> Out<()> {
        // RFC 9110 section 15.2: any number of interim responses before the final one.
        loop {
            out.head_at = self.at;
            (out.minor, out.status) = self.status_line()?;
            out.fields = self.fields(self.limits.headers)?;
            if out.status == 101 && !upgrade {
                // RFC 9110 section 7.8: not unless the request had offered one.
                return Err(Stop::Bad(self.at - 1));
            }
            if !(100..200).contains(&out.status) || out.status == 101 {
                break;
            }
            out.interim.push(out.status);
            if out.interim.len() > self.limits.interim as usize {
                return Err(Stop::Bad(self.at - 1));
            }
        }
        let framing = self.framing(out, method)?;
        out.framing = Some(framing);
        match framing {
            Framing::None | Framing::Tunnel => Ok(()),
            Framing::Length(length) => {
                out.body = self.up_to(length);
                if out.body.len() as u64 == length { Ok(()) } else { Err(Stop::More) }
            }
            Framing::Close => {
                out.body = self.up_to(u64::MAX);
                // RFC 9112 section 8: whole only if the connection ended in good order.
                if ended { Ok(()) } else { Err(Stop::More) }
            }
            Framing::Chunked => self.chunked(out),
        }
    }

    // ---- bytes ----

    fn byte(&mut self) -> Out<u8> {
        let byte = *self.input.get(self.at).ok_or(Stop::More)?;
        self.at += 1;
        Ok(byte)
    }

    /// The byte just read does not fit.
    fn bad<T>(&self) -> Out<T> {
        Err(Stop::Bad(self.at - 1))
    }

    fn expect(&mut self, literal: &[u8]) -> Out<()> {
        for &wanted in literal {
            if self.byte()? != wanted {
                return self.bad();
            }
        }
        Ok(())
    }

    fn peek(&self) -> Out<u8> {
        self.input.get(self.at).copied().ok_or(Stop::More)
    }

    fn up_to(&mut self, n: u64) -> Vec<u8> {
        let rest = &self.input[self.at..];
        let n = usize::try_from(n).unwrap_or(usize::MAX).min(rest.len());
        self.at += n;
        rest[..n].to_vec()
    }

    // ---- section 4: status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF ----

    fn status_line(&mut self) -> Out<(u8, u16)> {
        self.expect(b"HTTP/")?;
        // A recipient speaks major version 1; a higher minor version is read like the highest it
        // knows (RFC 9110 section 2.5).
        self.expect(b"1.")?;
        let minor = self.digit()?;
        self.expect(b" ")?;
        let mut code = 0;
        for _ in 0..3 {
            code = code * 10 + u16::from(self.digit()?);
        }
        // RFC 9110 section 15: 100 to 599 have a meaning, higher ones are to be treated as 5xx.
        if code < 100 {
            return self.bad();
        }
        // The last SP is often missing, and nothing hangs on it.
        match self.byte()? {
            b' ' => {}
            b'\r' => {
                self.expect(b"\n")?;
                return Ok((minor, code));
            }
            _ => return self.bad(),
        }
        self.text_line()?;
        Ok((minor, code))
    }

    fn digit(&mut self) -> Out<u8> {
        match self.byte()? {
            byte @ b'0'..=b'9' => Ok(byte - b'0'),
            _ => self.bad(),
        }
    }

    /// `*( HTAB / SP / VCHAR / obs-text ) CRLF`
    fn text_line(&mut self) -> Out<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\r' => {
                    self.expect(b"\n")?;
                    return Ok(line);
                }
                byte @ (b'\t' | b' '..=b'~' | 0x80..=0xff) => line.push(byte),
                _ => return self.bad(),
            }
        }
    }

    // ---- section 5: *( field-line CRLF ) CRLF, field-line = field-name ":" OWS field-value OWS ----

    fn fields(&mut self, most: usize) -> Out<Vec<(String, Vec<u8>)>> {
        let mut fields = Vec::new();
        loop {
            if self.peek()? == b'\r' {
                self.at += 1;
                self.expect(b"\n")?;
                return Ok(fields);
            }
            let mut name = String::new();
            loop {
                match self.byte()? {
                    b':' if !name.is_empty() => break,
                    byte if is_tchar(byte) => name.push(char::from(byte)),
                    _ => return self.bad(),
                }
            }
            if fields.len() == most {
                return self.bad();
            }
            let value = self.text_line()?;
            let is_ows = |b: &u8| matches!(b, b' ' | b'\t');
            let start = value.iter().position(|b| !is_ows(b)).unwrap_or(value.len());
            let end = value.iter().rposition(|b| !is_ows(b)).map_or(start, |last| last + 1);
            fields.push((name, value[start..end].to_vec()));
        }
    }

    // ---- section 6.3 ----

    fn framing(&self, head: &Response, method: &Method) -> Out<Framing> {
        let bad = Err(Stop::Bad(self.at - 1));
        // Rule 2; an accepted upgrade likewise.
        if head.status == 101 || (method == Method::CONNECT && (200..=299).contains(&head.status)) {
            return Ok(Framing::Tunnel);
        }
        let list = |wanted: &str| -> Option<Vec<String>> {
            let lines: Vec<String> = head
                .fields
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.iter().map(|&b| char::from(b)).collect())
                .collect();
            if lines.is_empty() {
                return None;
            }
            // RFC 9110 section 5.2: several lines are one list.
            let members = lines.join(",");
            Some(members.split(',').map(|m| m.trim_matches([' ', '\t']).to_ascii_lowercase()).collect())
        };
        let mut chunked = false;
        if let Some(codings) = list("Transfer-Encoding") {
            // Section 6.1: not in HTTP/1.0. Rule 3: not beside a length. Section 7: chunked last, once, and
            // no parameters; what is not, cannot be removed.
            let last = codings.last().is_some_and(|coding| coding == "chunked");
            let once = codings.iter().filter(|coding| *coding == "chunked").count() == 1;
            // Strict, so that there are no empty members.
            let tokens = codings.iter().all(|coding| {
                let name = coding.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']);
                !name.is_empty() && name.bytes().all(is_tchar) && (name == coding || name != "chunked")
            });
            if head.minor == 0 || list("Content-Length").is_some() || !last || !once || !tokens {
                return bad;
            }
            chunked = true;
        }
        let mut length = None;
        for member in list("Content-Length").unwrap_or_default() {
            // Rule 5: 1*DIGIT, or a list of the same.
            if member.is_empty() || !member.bytes().all(|b| b.is_ascii_digit()) {
                return bad;
            }
            // What others hold in a signed number.
            let Some(number) = member.parse::<u64>().ok().filter(|&number| number < 1 << 63) else { return bad };
            if length.is_some_and(|length| length != number) {
                return bad;
            }
            length = Some(number);
        }
        // Rule 1: whatever the fields say, as long as they are sound.
        if method == Method::HEAD || head.status == 204 || head.status == 304 {
            return Ok(Framing::None);
        }
        Ok(match length {
            _ if chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::Close,
        })
    }

    // ---- section 7.1 ----

    fn chunked(&mut self, out: &mut Response) -> Out<()> {
        loop {
            let size = self.chunk_line()?;
            if size == 0 {
                out.trailers = self.fields(self.limits.trailers)?;
                return Ok(());
            }
            let data = self.up_to(size);
            let whole = data.len() as u64 == size;
            out.body.extend(data);
            if !whole {
                return Err(Stop::More);
            }
            self.expect(b"\r\n")?;
        }
    }

    /// `chunk-size [ chunk-ext ] CRLF`, `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`
    fn chunk_line(&mut self) -> Out<u64> {
        let mut size = 0_u64;
        let mut digits = 0;
        loop {
            let digit = match self.peek()? {
                byte @ b'0'..=b'9' => byte - b'0',
                byte @ b'a'..=b'f' => byte - b'a' + 10,
                byte @ b'A'..=b'F' => byte - b'A' + 10,
                _ => break,
            };
            self.at += 1;
            digits += 1;
            match size.checked_mul(16) {
                Some(more) => size = more + u64::from(digit),
                None => return self.bad(),
            }
        }
        if digits == 0 {
            self.at += 1;
            return self.bad();
        }
        loop {
            // BWS may only be where `;` follows.
            let blank = self.blanks()?;
            match self.byte()? {
                b'\r' if !blank => {
                    self.expect(b"\n")?;
                    return Ok(size);
                }
                b';' => {}
                _ => return self.bad(),
            }
            self.blanks()?;
            self.token()?;
            let back = self.at;
            self.blanks()?;
            if self.peek()? != b'=' {
                self.at = back;
                continue;
            }
            self.at += 1;
            self.blanks()?;
            if self.peek()? == b'"' {
                self.at += 1;
                self.quoted()?;
            } else {
                self.token()?;
            }
        }
    }

    fn blanks(&mut self) -> Out<bool> {
        let start = self.at;
        while matches!(self.peek()?, b' ' | b'\t') {
            self.at += 1;
        }
        Ok(self.at > start)
    }

    fn token(&mut self) -> Out<()> {
        if !is_tchar(self.byte()?) {
            return self.bad();
        }
        while is_tchar(self.peek()?) {
            self.at += 1;
        }
        Ok(())
    }

    /// RFC 9110 section 5.6.4, behind the first quote.
    fn quoted(&mut self) -> Out<()> {
        loop {
            match self.byte()? {
                b'"' => return Ok(()),
                b'\\' => match self.byte()? {
                    b'\t' | b' '..=b'~' | 0x80..=0xff => {}
                    _ => return self.bad(),
                },
                b'\t' | b' '..=b'~' | 0x80..=0xff => {}
                _ => return self.bad(),
            }
        }
    }
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A whole chunked body by the strict grammar: content, trailers, bytes used.
pub(super) fn chunked_body(input: &[u8], limits: &Limits) -> (Seen, Response) {
    let mut reader = Reader { input, at: 0, limits };
    let mut response = Response::default();
    let seen = match reader.chunked(&mut response) {
        Ok(()) => Seen::Whole,
        Err(Stop::More) => Seen::Beginning,
        Err(Stop::Bad(at)) => Seen::Not(at),
    };
    response.used = reader.at;
    (seen, response)
}
