//! Lines of any input, in constant memory.
//!
//! Nothing is copied but what a block ends in, and of a line longer than the block only the
//! beginning is kept.

use std::io::{self, Read};

use badgateway::dialect::logs::LINE;

const BLOCK: usize = 256 * 1024;
const _: () = assert!(LINE < BLOCK, "a line that fills a block is cut to what a reader looks at");

/// Lines without their line feeds.
pub(crate) struct Lines<R> {
    input: R,
    block: Vec<u8>,
    /// What is in the block and not given out yet.
    start: usize,
    end: usize,
    /// In the middle of a line whose beginning was given out.
    skipping: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, block: vec![0; BLOCK], start: 0, end: 0, skipping: false }
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
        Ok(beginning.contains(&0) || beginning.starts_with(&[0x1f, 0x8b]))
    }

    /// Everything that is left, at most so many bytes of it.
    pub(crate) fn rest(mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut rest = self.block[self.start..self.end].to_vec();
        self.input.by_ref().take(most as u64).read_to_end(&mut rest)?;
        rest.truncate(most);
        Ok(rest)
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
    fn text_and_what_is_none() {
        for (input, want) in [
            (&b""[..], false),
            (b"a\n", false),
            (b"\xff\xfe caf\xe9\n", false),
            (b"\0\0\0\x002026/11/20 18:53:56 [error]", false),
            (b"\x7fELF\x02\x01\x01\0\0", true),
            (b"\x1f\x8b\x08\x01", true),
            (b"\xff\xfea\0b\0", true),
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
