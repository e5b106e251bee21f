//! A body in chunks.
//!
//! Figures are per chunk, of a body of 512 KiB that stays in the cache, as one that was just
//! read does.

use std::hint::black_box;
use std::ops::Range;

use badgateway::h1::chunked::{Chunk, Decoder};
use badgateway::h1::{Config, Eof, Event, Leniency, Limits, Parser, Request};
use bytes::Bytes;
use http::Method;
use httparse::Status;

use super::inputs;
use super::memory::exchanges;
use crate::harness::{Budget, Contestant, Group, Topic, each};

const BODY: usize = 512 * 1024;
const OURS: &str = "badgateway, slices";
const OURS_BYTES: &str = "badgateway, Bytes";
const OURS_PARSER: &str = "badgateway, slices, whole parser";
const FLOOR: &str = "hand-written floor, slices";
const FLOOR_BYTES: &str = "hand-written floor, Bytes";
const HTTPARSE: &str = "httparse::parse_chunk_size, slices";
const HYPER: &str = "hyper's client, Bytes";
const HYPER_EMPTY: &str = "(hyper's client, no body)";

pub fn topic() -> Topic {
    Topic {
        name: "chunked",
        about: "Per chunk of a 512 KiB body. The floors take sizes in hexadecimal, line ends and data, and nothing else: no \
                extensions, no limits, no split input. hyper's is a whole GET exchange of its client over a connection \
                in memory, less one whose response has no body (the row in brackets, not per chunk): it counts one copy into its buffer and the way through \
                its channel as well.",
        groups: [("16 B", 16), ("1 KiB", 1024), ("16 KiB", 16 * 1024)].map(|(name, size)| group(name, size)).into(),
    }
}

fn group(input: &str, size: usize) -> Group {
    let chunks = BODY / size;
    Group::new(input)
        .with(
            Contestant::new(FLOOR, move || {
                let body = inputs::chunked(BODY, size);
                each(move || decode(black_box(&body), by_hand, |_, data| black_box(&data).len()))
            })
            .per(chunks),
        )
        .with(
            Contestant::new(FLOOR_BYTES, move || {
                let body = Bytes::from(inputs::chunked(BODY, size));
                each(move || decode(black_box(&body), by_hand, |at, _| black_box(body.slice(at)).len()))
            })
            .per(chunks),
        )
        .with(
            Contestant::new(HTTPARSE, move || {
                let body = inputs::chunked(BODY, size);
                each(move || decode(black_box(&body), by_httparse, |_, data| black_box(&data).len()))
            })
            .per(chunks),
        )
        .with(Contestant::new(HYPER_EMPTY, || exchanges(&Method::GET, response(b"0\r\n\r\n"), usize::MAX, 0)))
        .with(
            Contestant::new(HYPER, move || {
                exchanges(&Method::GET, response(&inputs::chunked(BODY, size)), usize::MAX, BODY)
            })
            .minus(HYPER_EMPTY)
            .per(chunks),
        )
        .with(
            Contestant::new(OURS, move || {
                let body = inputs::chunked(BODY, size);
                each(move || slices(black_box(&body)))
            })
            .per(chunks)
            .budget(Budget::Wall(12.0))
            .budget(Budget::Allocations(0.0))
            .budget(Budget::WallOf(HYPER.into(), 0.25)),
        )
        .with(
            Contestant::new(OURS_BYTES, move || {
                let body = Bytes::from(inputs::chunked(BODY, size));
                each(move || shared(black_box(&body).clone()))
            })
            .per(chunks)
            .budget(Budget::Wall(if size < 1024 { 22.0 } else { 32.0 }))
            .budget(Budget::Allocations(0.0))
            .budget(Budget::WallOf(HYPER.into(), 0.25)),
        )
        .with(
            Contestant::new(OURS_PARSER, move || {
                let response = response(&inputs::chunked(BODY, size));
                each(move || parse(black_box(&response)))
            })
            .per(chunks)
            .budget(Budget::Allocations(0.0)),
        )
}

fn slices(mut input: &[u8]) {
    let mut decoder = Decoder::new(&Limits::default(), &Leniency::default());
    let mut received = 0;
    loop {
        let (used, chunk) = decoder.decode(input).expect("a sound body");
        input = &input[used..];
        match chunk {
            Chunk::Data(data) => received += black_box(data).len(),
            _ => break,
        }
    }
    assert_eq!(received, BODY);
}

fn shared(mut input: Bytes) {
    let mut decoder = Decoder::new(&Limits::default(), &Leniency::default());
    let mut received = 0;
    while let Some(data) = decoder.decode_bytes(&mut input).expect("a sound body") {
        received += black_box(data).len();
    }
    assert_eq!(received, BODY);
}

fn parse(mut input: &[u8]) {
    let mut parser = Parser::new(&Config::default(), Request::get());
    let mut received = 0;
    loop {
        let step = parser.next(input, Eof::Open).expect("a sound response");
        input = &input[step.consumed..];
        match step.event {
            Event::Data(data) => received += black_box(data).len(),
            Event::End(_) => break,
            _ => {}
        }
    }
    assert_eq!(received, BODY);
}

fn response(body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body].concat()
}

/// The size of a chunk and where its data begins.
type Line = fn(&[u8]) -> Option<(usize, usize)>;

fn decode(body: &[u8], line: Line, mut take: impl FnMut(Range<usize>, &[u8]) -> usize) {
    let mut at = 0;
    let mut received = 0;
    while let Some((size, start)) = line(&body[at..]) {
        let data = at + start..at + start + size;
        at = data.end + 2;
        if size == 0 {
            break;
        }
        assert_eq!(&body[data.end..at], b"\r\n");
        received += take(data.clone(), &body[data]);
    }
    assert_eq!(received, BODY);
}

#[inline]
fn by_hand(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut size = 0_usize;
    for (index, byte) in bytes.iter().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if index > 0 && bytes.get(index + 1) == Some(&b'\n') => return Some((size, index + 2)),
            _ => return None,
        };
        size = size.checked_mul(16)?.checked_add(usize::from(digit))?;
    }
    None
}

fn by_httparse(bytes: &[u8]) -> Option<(usize, usize)> {
    match httparse::parse_chunk_size(bytes) {
        Ok(Status::Complete((start, size))) => Some((usize::try_from(size).ok()?, start)),
        Ok(Status::Partial) | Err(_) => None,
    }
}
