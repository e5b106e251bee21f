//! `Requests`: the requests on one connection, as they are written: where each begins, and its method.
//!
//! What cannot be followed is given up for good. A wrong boundary would mix two exchanges up.

use http::Method;

use super::follower::{Follower, State};
use crate::h1::chunked::{Chunk, Decoder};
use crate::h1::{Leniency, Limits};

/// Follows HTTP/1 requests that our own side's HTTP library writes. O(1) memory, linear in the bytes however
/// they are split; data of bodies is passed over.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    at: At,
    follower: Follower,
}

/// Where the next byte belongs.
#[derive(Clone, Debug)]
enum At {
    /// Behind one request, and before the next.
    Between,
    /// In a head, or in a body of known length.
    Request,
    /// In a chunked body.
    Chunks(Box<Decoder>),
    /// In the trailer section, and how long its line is so far.
    Trailers(u64),
    /// In a tunnel, in HTTP/2, or in a head that does not say how long the body is.
    Astray,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self { at: At::Between, follower: Follower::of_requests() }
    }

    /// Whether the next byte is the first of a request.
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.at, At::Between)
    }

    /// Whether it is not known any more where requests begin.
    pub(super) const fn is_astray(&self) -> bool {
        matches!(self.at, At::Astray)
    }

    pub(super) fn give_up(&mut self) {
        self.at = At::Astray;
    }

    /// How many of these bytes belong to the same request, and its method, once it is told. At least one does.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> (usize, Option<Method>) {
        match &mut self.at {
            At::Astray => (bytes.len(), None),
            At::Between => {
                self.at = At::Request;
                self.follower = Follower::of_requests();
                self.request(bytes)
            }
            At::Request => self.request(bytes),
            At::Chunks(decoder) => {
                let mut used = 0_usize;
                loop {
                    match decoder.decode(bytes.get(used..).unwrap_or_default()) {
                        Ok((more, chunk)) => {
                            used = used.saturating_add(more);
                            match chunk {
                                Chunk::Data(_) => {}
                                Chunk::NeedMore => break,
                                Chunk::Last => {
                                    self.at = At::Trailers(0);
                                    break;
                                }
                            }
                        }
                        Err(_) => {
                            self.at = At::Astray;
                            return (bytes.len(), None);
                        }
                    }
                }
                (used, None)
            }
            At::Trailers(line) => {
                for (n, byte) in bytes.iter().enumerate() {
                    match byte {
                        b'\n' if *line == 0 => {
                            self.at = At::Between;
                            return (n.saturating_add(1), None);
                        }
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ => *line = line.saturating_add(1),
                    }
                }
                (bytes.len(), None)
            }
        }
    }

    fn request(&mut self, bytes: &[u8]) -> (usize, Option<Method>) {
        let before = self.follower.body_received;
        let untold = self.follower.method.is_none();
        self.follower.feed(bytes);
        let behind = match self.follower.state {
            State::Complete => {
                self.at = At::Between;
                self.follower.leftover
            }
            State::Chunked => {
                let limits = Limits { chunk_overhead: u64::MAX, ..Limits::default() };
                self.at = At::Chunks(Box::new(Decoder::new(&limits, &Leniency::default())));
                self.follower.body_received.saturating_sub(before)
            }
            State::StatusLine | State::Fields | State::Length(_) => 0,
            State::UntilClose | State::Tunnel | State::Lost => {
                self.at = At::Astray;
                0
            }
        };
        let behind = usize::try_from(behind).unwrap_or_default();
        let method = if untold { self.follower.method.clone() } else { None };
        (bytes.len().saturating_sub(behind), method)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use proptest::prelude::*;

    /// The offset of each request, and its method.
    fn follow(pieces: &[&[u8]]) -> (Vec<(usize, Option<Method>)>, bool) {
        let mut requests = Requests::new();
        let (mut at, mut begun) = (0, Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                if requests.is_between() {
                    begun.push((at, None));
                }
                let (used, method) = requests.feed(rest);
                assert!(used > 0 && used <= rest.len());
                if let Some(method) = method {
                    begun.last_mut().unwrap().1 = Some(method);
                }
                at += used;
                rest = &rest[used..];
            }
        }
        (begun, requests.is_astray())
    }

    /// One after another, and where each ends.
    const LINE_UP: &[(&str, Method)] = &[
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Method::GET),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", Method::HEAD),
        ("POST / HTTP/1.1\r\nContent-Length: 18\r\n\r\nHEAD / HTTP/1.1\r\n\r", Method::GET),
        ("POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n", Method::GET),
        ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n", Method::GET),
        ("PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", Method::GET),
        ("HEAD /again HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Method::HEAD),
    ];

    proptest! {
        /// A tail of one request and the head of the next may well be one write.
        #[test]
        fn every_request_begins_where_it_does_in_any_split(cuts in prop::collection::vec(0usize..700, 0..9)) {
            let all: String = LINE_UP.iter().map(|(request, _)| *request).collect();
            let mut at = 0;
            let expected: Vec<_> = LINE_UP.iter().map(|(request, method)| {
                at += request.len();
                (at - request.len(), Some(method.clone()))
            }).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut < all.len()).collect();
            cuts.extend([0, all.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &all.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(follow(&pieces), (expected, false));
        }
    }

    #[test]
    fn what_cannot_be_followed_is_given_up() {
        for bytes in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            let (begun, is_astray) = follow(&[bytes.as_bytes(), b"GET / HTTP/1.1\r\n\r\n"]);
            assert_eq!((begun.len(), is_astray), (1, true), "{bytes:?}");
        }
    }
}
