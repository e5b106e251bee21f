//! Lines of any input, in constant memory.
//!
//! Nothing is copied but what a block ends in, and of a line longer than the block only the
//! beginning is kept.

use std::io::{self, Read};

use badgateway::dialect::logs::LINE;

use super::packed;

const BLOCK: usize = 256 * 1024;
const _: () = assert!(LINE < BLOCK, "a line that fills a block is cut to what a reader looks at");

/// Lines without their line feeds.
pub(crate) struct Lines<R> {
    input: Utf16<R>,
    block: Vec<u8>,
    /// What is in the block and not given out yet.
    start: usize,
    end: usize,
    /// In the middle of a line whose beginning was given out.
    skipping: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: Utf16::new(input), block: vec![0; BLOCK], start: 0, end: 0, skipping: false }
    }

    /// What is to come begins with that: looked at, and not used up.
    pub(crate) fn begins_with(&mut self, beginning: &[u8]) -> io::Result<bool> {
        while self.end < beginning.len() && self.fill()? > 0 {}
        Ok(self.block[..self.end].starts_with(beginning))
    }

    /// What is there to be looked at without waiting for more than a line; it is not used up.
    pub(crate) fn look(&mut self) -> io::Result<&[u8]> {
        while self.is_drained() && self.end < self.block.len() && self.fill()? > 0 {}
        Ok(&self.block[self.start..self.end])
    }

    /// Whether it begins as no text does. A log that was cut to nothing while it was written to begins with NULs,
    /// and is text behind them.
    pub(crate) fn is_binary(&mut self) -> io::Result<bool> {
        while self.end == self.start && self.fill()? > 0 {}
        let block = &self.block[self.start..self.end];
        let text = block.iter().position(|b| *b != 0).map_or(&b""[..], |at| &block[at..]);
        let beginning = &text[..text.len().min(512)];
        let is_packed = beginning.starts_with(&[0x1f, 0x8b]) || packed::other(beginning).is_some();
        Ok(beginning.contains(&0) || is_packed)
    }

    /// Everything that is left, at most so many bytes of it.
    pub(crate) fn rest(mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut rest = self.block[self.start..self.end].to_vec();
        self.input.by_ref().take(most as u64).read_to_end(&mut rest)?;
        rest.truncate(most);
        Ok(rest)
    }

    /// What is there of a line whose end did not come.
    pub(crate) fn beginning(&self) -> &[u8] {
        if self.skipping { b"" } else { &self.block[self.start..self.end.min(self.start + LINE)] }
    }

    /// Whether the next line has to be waited for.
    pub(crate) fn is_drained(&self) -> bool {
        memchr::memchr(b'\n', &self.block[self.start..self.end]).is_none()
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.block[searched..self.end]) {
                let line = self.start..searched + at;
                self.start = line.end + 1;
                searched = self.start;
                if std::mem::take(&mut self.skipping) {
                    continue;
                }
                return Ok(Some(&self.block[line]));
            }
            if self.skipping {
                (self.start, self.end) = (0, 0);
            } else if self.start == 0 && self.end == self.block.len() {
                (self.start, self.end, self.skipping) = (0, 0, true);
                return Ok(Some(&self.block[..LINE]));
            }
            searched = self.end - self.start;
            if self.fill()? == 0 {
                let line = self.start..self.end;
                (self.start, self.end) = (0, 0);
                return Ok((!line.is_empty() && !self.skipping).then_some(&self.block[line]));
            }
        }
    }

    /// Moves what is left to the front and reads behind it.
    fn fill(&mut self) -> io::Result<usize> {
        self.block.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.input.read(&mut self.block[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Text as Windows' tools and PowerShell's `>` write it (a byte order mark, two bytes a letter), in UTF-8; all else as
/// it is.
struct Utf16<R> {
    input: R,
    /// Where the high byte is; `None` before the mark was looked for, or of other text.
    order: Option<bool>,
    is_known: bool,
    /// Read, and not given out yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    high: Option<u16>,
}

impl<R: Read> Utf16<R> {
    const fn new(input: R) -> Self {
        Self { input, order: None, is_known: false, raw: Vec::new(), text: Vec::new(), high: None }
    }

    /// Looks for the mark: FF FE or FE FF (RFC 2781 section 3.2).
    fn look(&mut self) -> io::Result<()> {
        let mut mark = [0; 2];
        while self.raw.len() < 2 {
            let missing = 2 - self.raw.len();
            let read = self.input.read(&mut mark[..missing])?;
            if read == 0 {
                break;
            }
            self.raw.extend_from_slice(&mark[..read]);
        }
        self.order = match self.raw.as_slice() {
            [0xff, 0xfe] => Some(false),
            [0xfe, 0xff] => Some(true),
            _ => None,
        };
        if self.order.is_some() {
            self.raw.clear();
        }
        self.is_known = true;
        Ok(())
    }

    /// Turns what is there into UTF-8, but for half a unit.
    fn turn(&mut self, high_first: bool) {
        let units = self.raw.len() / 2 * 2;
        for pair in self.raw.drain(..units).collect::<Vec<u8>>().chunks_exact(2) {
            let unit = if high_first {
                u16::from_be_bytes([pair[0], pair[1]])
            } else {
                u16::from_le_bytes([pair[0], pair[1]])
            };
            // Half of a pair waits for the other one.
            let units: Vec<u16> = self.high.take().into_iter().chain([unit]).collect();
            if units.len() == 1 && (0xd800..0xdc00).contains(&unit) {
                self.high = Some(unit);
                continue;
            }
            for letter in char::decode_utf16(units) {
                let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
                self.text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.is_known {
            self.look()?;
        }
        let Some(high_first) = self.order else {
            if self.raw.is_empty() {
                return self.input.read(out);
            }
            let n = self.raw.len().min(out.len());
            out[..n].copy_from_slice(&self.raw[..n]);
            // Two bytes alone say nothing of what is to come. Nothing is taken off before nothing can fail.
            let read = self.input.read(&mut out[n..])?;
            self.raw.drain(..n);
            return Ok(n + read);
        };
        while self.text.is_empty() {
            let mut block = [0; 4096];
            let read = self.input.read(&mut block)?;
            if read == 0 {
                return Ok(0);
            }
            self.raw.extend_from_slice(&block[..read]);
            self.turn(high_first);
        }
        let n = self.text.len().min(out.len());
        out[..n].copy_from_slice(&self.text[..n]);
        self.text.drain(..n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes a read.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all(input: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(Trickle(input, step));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line.to_vec());
        }
        assert_eq!(lines.next().unwrap(), None);
        all
    }

    #[test]
    fn lines_in_any_pieces() {
        let long = [b"a\n".to_vec(), vec![b'x'; BLOCK * 2 + 7], b"\nb\n\nc".to_vec()].concat();
        let want = [b"a".to_vec(), vec![b'x'; LINE], b"b".to_vec(), Vec::new(), b"c".to_vec()];
        for step in [1000, 4096, BLOCK - 1, BLOCK, usize::MAX] {
            assert_eq!(all(&long, step), want, "{step}");
        }
        for step in 1..5 {
            assert_eq!(all(b"a\nbc\n\nd", step), [&b"a"[..], b"bc", b"", b"d"]);
            assert_eq!(all(b"", step), Vec::<Vec<u8>>::new());
        }
        // A long last line without an end.
        assert_eq!(all(&vec![b'y'; BLOCK + 1], usize::MAX), [vec![b'y'; LINE]]);
    }

    #[test]
    fn two_bytes_a_letter() {
        let text = "a\u{e9}\r\n\u{1f600}b\n";
        for high_first in [false, true] {
            let unit = |unit: u16| if high_first { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let bytes: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(unit).collect();
            for step in [1, 2, 3, 7, usize::MAX] {
                assert_eq!(all(&bytes, step), ["a\u{e9}\r".as_bytes(), "\u{1f600}b".as_bytes()], "{step}");
            }
        }
        assert_eq!(all(b"\xff", 1), [b"\xff"]);
    }

    #[test]
    fn text_and_what_is_none() {
        for (input, want) in [
            (&b""[..], false),
            (b"a\n", false),
            (b"\xff caf\xe9\n", false),
            (b"\0\0\0\x002026/11/20 18:53:56 [error]", false),
            (b"\x7fELF\x02\x01\x01\0\0", true),
            (b"\x1f\x8b\x08\x01", true),
            (b"\xff\xfea\0b\0", false),
        ] {
            assert_eq!(Lines::new(Trickle(input, usize::MAX)).is_binary().unwrap(), want, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn a_look_uses_nothing_up() {
        let mut lines = Lines::new(Trickle(b"HTTP/1.1 502 x\r\n", 2));
        assert!(lines.begins_with(b"HTTP/").unwrap());
        assert_eq!(lines.next().unwrap(), Some(&b"HTTP/1.1 502 x\r"[..]));
        assert!(!Lines::new(Trickle(b"HT", 1)).begins_with(b"HTTP/").unwrap());
        assert_eq!(Lines::new(Trickle(b"abcdef", 2)).rest(4).unwrap(), b"abcd");
    }
}
