//! The client's request body, read off its connection and framed anew for the next hop.
//!
//! Where the body ends is the client's word, read strictly; how it is framed from here on is ours. What
//! could have to be said again is kept, as long as it is little.

use std::io::{self, ErrorKind};
use std::net::TcpStream;

use badgateway::h1::chunked::{Chunk, Decoder};
use badgateway::h1::{Leniency, Limits};

use crate::client::read_more;
use crate::request::Body;

/// The largest trailer section of a request.
const TRAILERS: usize = 16 * 1024;
/// So much of a body is kept for a second try; one that is longer cannot be sent again.
const KEPT: usize = 64 * 1024;

/// What a look at the body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Nothing has come.
    Nothing,
    Some,
    /// And this was the last of it.
    Last,
}

/// Reads a body, over as many tries as it takes.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
    /// All that was handed out so far, as it was handed out.
    kept: Option<Vec<u8>>,
}

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(Box<Decoder>),
    Trailers,
    Done,
}

impl BodyReader {
    /// `None` where there is no body.
    pub(crate) fn new(body: Body) -> Option<Self> {
        let state = match body {
            Body::None => return None,
            Body::Length(length) => State::Length(length),
            Body::Chunked => State::Chunked(Box::new(Decoder::new(&Limits::default(), &Leniency::strict()))),
        };
        Some(Self { state, kept: Some(Vec::new()) })
    }

    /// There will be no second try, so nothing need be kept.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// What was handed out to the tries before, if it is all there.
    pub(crate) fn kept(&self) -> Option<&[u8]> {
        self.kept.as_deref()
    }

    /// Whether it was read to its end.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Puts what has come into `out`, as it goes to the next hop. `input` is what was read ahead.
    ///
    /// # Errors
    ///
    /// `InvalidData` for a body that is malformed, `UnexpectedEof` for one that ends early, and what the
    /// socket says.
    pub(crate) fn next(&mut self, stream: &TcpStream, input: &mut Vec<u8>, out: &mut Vec<u8>) -> io::Result<Piece> {
        let mut piece = self.take(input, out)?;
        if piece == Piece::Nothing {
            match read_more(stream, input) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => piece = self.take(input, out)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(kept) = &mut self.kept {
            if kept.len() + out.len() > KEPT {
                self.kept = None;
            } else {
                kept.extend_from_slice(out);
            }
        }
        Ok(piece)
    }

    /// Makes of `input` what can be made of it.
    fn take(&mut self, input: &mut Vec<u8>, out: &mut Vec<u8>) -> io::Result<Piece> {
        match &mut self.state {
            State::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                out.extend(input.drain(..most));
                *left -= most as u64;
                if *left == 0 {
                    self.state = State::Done;
                }
            }
            State::Chunked(decoder) => {
                if chunks(decoder, input, out)? {
                    self.state = State::Trailers;
                    return self.take(input, out);
                }
            }
            State::Trailers => {
                if trailers(input)? {
                    out.extend_from_slice(b"0\r\n\r\n");
                    self.state = State::Done;
                }
            }
            State::Done => {}
        }
        Ok(match (self.is_done(), out.is_empty()) {
            (true, _) => Piece::Last,
            (false, true) => Piece::Nothing,
            (false, false) => Piece::Some,
        })
    }
}

/// Moves chunks, in chunks of our own. Whether the last one was among them.
fn chunks(decoder: &mut Decoder, input: &mut Vec<u8>, out: &mut Vec<u8>) -> io::Result<bool> {
    let mut used = 0;
    let last = loop {
        let rest = input.get(used..).unwrap_or_default();
        let (n, chunk) = decoder.decode(rest).map_err(|_| malformed())?;
        used += n;
        match chunk {
            Chunk::Data(data) => {
                out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
                out.extend_from_slice(data);
                out.extend_from_slice(b"\r\n");
            }
            Chunk::Last => break true,
            // The enum may grow.
            Chunk::NeedMore | _ => break false,
        }
    };
    input.drain(..used);
    Ok(last)
}

/// Drops the trailer section, if it is all there: RFC 9110 section 6.5.1 allows it, and no next hop said that it
/// wants one.
fn trailers(input: &mut Vec<u8>) -> io::Result<bool> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    match httparse::parse_headers(input, &mut fields) {
        Ok(httparse::Status::Complete((used, _))) => {
            input.drain(..used);
            Ok(true)
        }
        Ok(httparse::Status::Partial) if input.len() < TRAILERS => Ok(false),
        Ok(httparse::Status::Partial) | Err(_) => Err(malformed()),
    }
}

fn malformed() -> io::Error {
    ErrorKind::InvalidData.into()
}
