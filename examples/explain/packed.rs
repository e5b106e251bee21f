//! Input that may be compressed by gzip, as `logrotate` leaves it.
//!
//! It is unpacked as it is read, so that memory does not grow with what comes out. Several members are one text (RFC 1952
//! section 2.2). What is broken or cut off is an error that says so, behind all that came before.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// gzip's first bytes.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The first bytes of what is not unpacked here, and what does it.
const OTHERS: [(&[u8], &str); 3] =
    [(b"\x28\xb5\x2f\xfd", "zstdcat"), (b"\xfd7zXZ\0", "xzcat"), (b"BZh91AY&SY", "bzcat")];

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Text, whether it was compressed or not.
pub(crate) struct Packed<R>(State<R>);

enum State<R> {
    /// Nothing was read yet.
    New(Option<R>),
    Plain(Whole<R>),
    Gzip {
        input: Box<MultiGzDecoder<BufReader<Whole<R>>>>,
        unpacked: u64,
    },
}

impl<R: Read> Packed<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self(State::New(Some(input)))
    }

    /// Looks at the first bytes, which a pipe may give one by one.
    fn begin(mut input: R) -> io::Result<State<R>> {
        let mut first = Vec::new();
        input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first)?;
        let is_gzip = first == MAGIC;
        let whole = Cursor::new(first).chain(input);
        Ok(if is_gzip {
            State::Gzip { input: Box::new(MultiGzDecoder::new(BufReader::new(whole))), unpacked: 0 }
        } else {
            State::Plain(whole)
        })
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let State::New(input) = &mut self.0 {
            let Some(input) = input.take() else { return Ok(0) };
            self.0 = Self::begin(input)?;
        }
        match &mut self.0 {
            State::New(_) => Ok(0),
            State::Plain(whole) => whole.read(out),
            State::Gzip { input, unpacked } => match input.read(out) {
                Ok(read) => {
                    *unpacked += read as u64;
                    Ok(read)
                }
                Err(error) => Err(said(&error, *unpacked)),
            },
        }
    }
}

/// What is wrong with it.
fn said(error: &io::Error, unpacked: u64) -> io::Error {
    let why = match error.kind() {
        io::ErrorKind::Interrupted => return error.kind().into(),
        io::ErrorKind::UnexpectedEof => "the gzip file is cut off".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("the gzip file is broken ({error})"),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), format!("{why}; the {unpacked} bytes of text before that were read"))
}

/// The program that unpacks what begins so, if it is compressed in a way that is not read here.
pub(crate) fn other(beginning: &[u8]) -> Option<&'static str> {
    OTHERS.iter().find(|(magic, _)| beginning.starts_with(magic)).map(|(_, program)| *program)
}
