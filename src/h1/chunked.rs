//! The chunked transfer coding (RFC 9112 section 7.1).
//!
//! Framing bytes are judged one by one and nothing is let pass that could be read as
//! another boundary; bytes of data are not looked at at all, but handed out as slices.

use super::error::Flaw;
use super::leniency::{Deviation, Deviations, Leniency};
use super::limits::Limits;
use crate::fault::Class;
use crate::token::is_tchar;

use bytes::{Buf, Bytes};

/// What came out of the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chunk<'b> {
    /// All of the input was used, and more is needed.
    NeedMore,
    /// Bytes of content; never empty.
    Data(&'b [u8]),
    /// The last chunk has come. The trailer section follows, at least its empty line.
    Last,
}

/// Decodes the chunked coding, up to the trailer section.
///
/// It copies nothing, allocates nothing, and remembers nothing but numbers. Any split of the input
/// gives the same content and the same error.
///
/// ```
/// use badgateway::h1::chunked::{Chunk, Decoder};
/// use badgateway::h1::{Leniency, Limits};
///
/// let mut decoder = Decoder::new(&Limits::default(), &Leniency::default());
/// let mut input = &b"5\r\nhello\r\n0\r\n\r\n"[..];
/// let (used, chunk) = decoder.decode(input).unwrap();
/// assert_eq!(chunk, Chunk::Data(b"hello"));
/// input = &input[used..];
/// let (used, chunk) = decoder.decode(input).unwrap();
/// assert_eq!(chunk, Chunk::Last);
/// assert_eq!(&input[used..], b"\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// The size being read, and then what is left of the chunk.
    left: u64,
    /// Where the next input begins, from wherever the owner counts.
    at: u64,
    /// Where this chunk line began.
    line: u64,
    /// Where its white space behind the size began.
    space: u64,
    digits: u32,
    data: u64,
    overhead: u64,
    deviations: Deviations,
    rules: Rules,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    line: u64,
    overhead: u64,
    size_space: bool,
    ext: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a chunk line.
    Line(Line),
    Data,
    /// Behind the data.
    DataCr,
    DataLf,
    Last,
}

/// Where in a chunk line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Before the first digit of the size.
    Start,
    Size,
    /// White space behind the size.
    Space,
    /// Behind `;`.
    ExtStart,
    ExtName,
    ExtNameSpace,
    /// Behind `=`.
    ExtValueStart,
    ExtValue,
    ExtValueSpace,
    Quoted,
    QuotedPair,
    QuotedEnd,
    /// A malformed extension that is ignored.
    ExtLoose,
    /// Behind the CR.
    Lf,
}

impl Decoder {
    /// A decoder at the first byte of the coded content.
    #[must_use]
    pub fn new(limits: &Limits, leniency: &Leniency) -> Self {
        Self::starting_at(limits, leniency, 0)
    }

    pub(super) fn starting_at(limits: &Limits, leniency: &Leniency, at: u64) -> Self {
        Self {
            state: State::Line(Line::Start),
            left: 0,
            at,
            line: at,
            space: at,
            digits: 0,
            data: 0,
            overhead: 0,
            deviations: Deviations::new(),
            rules: Rules {
                line: limits.chunk_line as u64,
                overhead: limits.chunk_overhead,
                size_space: leniency.chunk_size_space,
                ext: leniency.chunk_ext,
            },
        }
    }

    /// Reads on: how many bytes of the input were used, and what came of it. After
    /// [`Last`](Chunk::Last) nothing more is used.
    ///
    /// # Errors
    ///
    /// The class, and the offset from the first byte of the coded content. The decoder must not be
    /// used any more then.
    #[inline]
    pub fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Chunk<'b>), (Class, u64)> {
        self.step(input).map_err(|flaw| (flaw.class, flaw.at))
    }

    /// The same for a caller who has [`Bytes`]: what was used is gone from the front of `input`, and
    /// data shares its memory. `None`: more is needed, or the last chunk has come ([`is_done`](Self::is_done)).
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn decode_bytes(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, (Class, u64)> {
        let (used, len) = match self.step(input) {
            Ok((used, Chunk::Data(data))) => (used, data.len()),
            Ok((used, Chunk::NeedMore | Chunk::Last)) => (used, 0),
            Err(flaw) => return Err((flaw.class, flaw.at)),
        };
        input.advance(used.wrapping_sub(len));
        if len == 0 {
            return Ok(None);
        }
        Ok(Some(input.split_to(len)))
    }

    /// Whether the last chunk has come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Last
    }

    /// Bytes of content so far.
    #[must_use]
    pub const fn data(&self) -> u64 {
        self.data
    }

    /// What was tolerated so far.
    #[must_use]
    pub const fn deviations(&self) -> Deviations {
        self.deviations
    }

    /// What it is called when the connection ends here.
    #[must_use]
    pub const fn premature(&self) -> Class {
        match self.state {
            State::Data => Class::PrematureEofChunkData,
            State::DataCr | State::DataLf => Class::PrematureEofChunkEnd,
            State::Last => Class::PrematureEofTrailers,
            State::Line(_) => Class::PrematureEofChunkSize,
        }
    }

    #[inline(always)] // so that what comes out stays in registers
    pub(super) fn step<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Chunk<'b>), Flaw> {
        let mut used = self.plain_line(input).unwrap_or_default();
        loop {
            match self.state {
                State::Data => {
                    let rest = input.get(used..).unwrap_or_default();
                    let data = match usize::try_from(self.left) {
                        Ok(left) => rest.get(..left).unwrap_or(rest),
                        Err(_) => rest,
                    };
                    if data.is_empty() {
                        break;
                    }
                    let len = data.len();
                    self.left = self.left.wrapping_sub(len as u64);
                    self.data = self.data.wrapping_add(len as u64);
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    used = used.wrapping_add(len);
                    self.at = self.at.wrapping_add(used as u64);
                    return Ok((used, Chunk::Data(data)));
                }
                State::Last => {
                    self.at = self.at.wrapping_add(used as u64);
                    return Ok((used, Chunk::Last));
                }
                State::Line(_) | State::DataCr | State::DataLf => {
                    let Some(&byte) = input.get(used) else { break };
                    self.framing_byte(byte, self.at.wrapping_add(used as u64))?;
                    used = used.wrapping_add(1);
                }
            }
        }
        self.at = self.at.wrapping_add(used as u64);
        Ok((used, Chunk::NeedMore))
    }

    /// The end of a chunk's data, and a chunk line without extensions, at once: what nearly every
    /// chunk has. Where anything is unusual or missing it touches nothing.
    #[inline]
    fn plain_line(&mut self, input: &[u8]) -> Option<usize> {
        let (start, rest) = match self.state {
            State::DataCr => match input {
                [b'\r', b'\n', rest @ ..] => (2_usize, rest),
                _ => return None,
            },
            State::Line(Line::Start) => (0, input),
            State::Line(_) | State::Data | State::DataLf | State::Last => return None,
        };
        let mut size = 0_u64;
        let mut len = 0_usize;
        let mut bytes = rest.iter();
        loop {
            let &byte = bytes.next()?;
            let Some(digit) = hex(byte) else { break };
            if len == 15 {
                return None;
            }
            size = (size << 4) | digit;
            len = len.wrapping_add(1);
        }
        let whole = len.wrapping_add(2);
        if len == 0 || self.rules.line < whole as u64 || rest.get(len..whole)? != b"\r\n" {
            return None;
        }
        self.left = size;
        self.state = if size == 0 { State::Last } else { State::Data };
        Some(start.wrapping_add(whole))
    }

    /// One byte of framing, at that offset.
    #[inline(never)]
    fn framing_byte(&mut self, byte: u8, at: u64) -> Result<(), Flaw> {
        let flaw = |class: Class| Err(Flaw { class, at });
        let line = match self.state {
            State::Line(line) => line,
            State::DataCr => {
                self.state = match byte {
                    b'\r' => State::DataLf,
                    b'\n' => return flaw(Class::ChunkBareLf),
                    _ => return flaw(Class::ChunkDataTerminator),
                };
                return Ok(());
            }
            State::DataLf => {
                if byte != b'\n' {
                    return flaw(Class::ChunkDataTerminator);
                }
                self.state = State::Line(Line::Start);
                return Ok(());
            }
            State::Data | State::Last => return Ok(()),
        };
        if line == Line::Start {
            self.line = at;
            self.left = 0;
            self.digits = 0;
        }
        if at.wrapping_sub(self.line) >= self.rules.line {
            return flaw(Class::TooLargeChunkLine);
        }
        if line == Line::Lf {
            if byte != b'\n' {
                return Err(Flaw { class: Class::ChunkBareCr, at: at.wrapping_sub(1) });
            }
            return self.end_line(at);
        }
        if byte == b'\n' {
            return flaw(Class::ChunkBareLf);
        }
        let line = match (line, byte) {
            (Line::Start | Line::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if self.left >> 60 != 0 {
                    return Err(Flaw { class: Class::ChunkSizeOverflow, at: self.line });
                }
                self.left = (self.left << 4) | hex(byte).unwrap_or_default();
                self.digits = self.digits.saturating_add(1);
                Line::Size
            }
            // Reading it as zero would end the body (httparse does).
            (Line::Start, b'\r' | b';') => return flaw(Class::ChunkSizeEmpty),
            (Line::Size, b' ' | b'\t') => {
                self.space = at;
                Line::Space
            }
            (Line::Space, b' ' | b'\t') => Line::Space,
            (Line::Space, b'\r') => {
                if !self.rules.size_space {
                    return Err(Flaw { class: Class::ChunkSizeTrailingSpace, at: self.space });
                }
                self.deviations.insert(Deviation::ChunkSizeSpace);
                Line::Lf
            }
            (Line::Size | Line::Space, b';') => Line::ExtStart,
            (Line::Size, b'\r') => Line::Lf,
            (Line::Start | Line::Size | Line::Space, _) => return flaw(self.no_size(line, byte)),
            (line, _) => match extension(line, byte) {
                Some(line) => line,
                None => self.loose(line, byte, at)?,
            },
        };
        self.state = State::Line(line);
        Ok(())
    }

    /// Which case of [`Class::ChunkSizeInvalid`] it is, by the byte that is no digit and what came before it.
    #[cold]
    const fn no_size(&self, line: Line, byte: u8) -> Class {
        match (line, byte) {
            (Line::Start, b'-') => Class::ChunkSizeNegative,
            (Line::Start, b'+') => Class::ChunkSizePlus,
            (Line::Size, b'x' | b'X') if self.digits == 1 && self.left == 0 => Class::ChunkSize0x,
            (Line::Size, b'_') => Class::ChunkSizeUnderscore,
            (_, _) => Class::ChunkSizeInvalid,
        }
    }

    /// A byte that does not fit the grammar of extensions. They are ignored anyway, so most do not
    /// matter; but where quotes are involved peers disagree about what ends the line.
    #[cold]
    fn loose(&mut self, line: Line, byte: u8, at: u64) -> Result<Line, Flaw> {
        let unquoted = !matches!(line, Line::Quoted | Line::QuotedPair | Line::QuotedEnd);
        let text = matches!(byte, b'\t' | b' '..=b'~' | 0x80..) && byte != b'"';
        if !self.rules.ext || !unquoted || !(text || byte == b'\r') {
            return Err(Flaw { class: Class::ChunkExtInvalid, at });
        }
        self.deviations.insert(Deviation::ChunkExt);
        Ok(if byte == b'\r' { Line::Lf } else { Line::ExtLoose })
    }

    /// The LF of a chunk line, at that offset.
    fn end_line(&mut self, at: u64) -> Result<(), Flaw> {
        // Everything but 16 digits and the line end, over the whole body (CVE-2023-39326).
        let len = at.wrapping_add(1).wrapping_sub(self.line);
        self.overhead =
            self.overhead.saturating_add(len.saturating_sub(u64::from(self.digits.min(16)).saturating_add(2)));
        if self.overhead > self.rules.overhead.saturating_add(self.data.saturating_mul(2)) {
            return Err(Flaw { class: Class::TooLargeChunkLine, at: self.line });
        }
        self.state = if self.left == 0 { State::Last } else { State::Data };
        Ok(())
    }
}

/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`; `None` where the byte does not fit.
#[allow(clippy::wildcard_enum_match_arm)] // a list of what fits
fn extension(line: Line, byte: u8) -> Option<Line> {
    let space = matches!(byte, b' ' | b'\t');
    let token = is_tchar(byte);
    Some(match line {
        Line::ExtStart if space => Line::ExtStart,
        Line::ExtStart | Line::ExtName if token => Line::ExtName,
        Line::ExtName | Line::ExtNameSpace if space => Line::ExtNameSpace,
        Line::ExtName | Line::ExtNameSpace if byte == b'=' => Line::ExtValueStart,
        Line::ExtValueStart if space => Line::ExtValueStart,
        Line::ExtValueStart if byte == b'"' => Line::Quoted,
        Line::ExtValueStart | Line::ExtValue if token => Line::ExtValue,
        Line::ExtValue | Line::ExtValueSpace | Line::QuotedEnd if space => Line::ExtValueSpace,
        Line::ExtName | Line::ExtNameSpace | Line::ExtValue | Line::ExtValueSpace | Line::QuotedEnd if byte == b';' => {
            Line::ExtStart
        }
        Line::ExtName | Line::ExtValue | Line::QuotedEnd | Line::ExtLoose if byte == b'\r' => Line::Lf,
        Line::Quoted if byte == b'"' => Line::QuotedEnd,
        Line::Quoted if byte == b'\\' => Line::QuotedPair,
        // Never a CR or LF, not even quoted: Netty's "Funky Chunks".
        Line::Quoted | Line::QuotedPair if matches!(byte, b'\t' | b' '..=b'~' | 0x80..) => Line::Quoted,
        _ => return None,
    })
}

const fn hex(byte: u8) -> Option<u64> {
    Some(match byte {
        b'0'..=b'9' => (byte & 15) as u64,
        b'a'..=b'f' | b'A'..=b'F' => ((byte & 15) as u64).wrapping_add(9),
        _ => return None,
    })
}
