//! A response head that comes in pieces.
//!
//! Every contestant is handed the same pieces one after the other, and knows nothing of those to
//! come.

use std::hint::black_box;

use badgateway::h1::{Config, Eof, Event, Parser, Request};
use http::Method;
use httparse::Status;

use super::head::bare;
use super::inputs;
use super::memory::exchanges;
use crate::harness::{Budget, Contestant, Group, Run, Topic, each};

const OURS: &str = "badgateway";
const RESTART: &str = "httparse, from the start each time";
const HYPER: &str = "hyper's client, HeaderMap";
const HYPER_EMPTY: &str = "(hyper's client, no fields)";
const UREQ: &str = "ureq-proto, from the start each time";

pub fn topic() -> Topic {
    let mut groups = Vec::new();
    for (size, head) in [("1.6 KiB", small as fn() -> Vec<u8>), ("64 KiB", inputs::big)] {
        for piece in [usize::MAX, 512, 16, 1] {
            groups.push(group(size, head, piece));
        }
    }
    Topic {
        name: "trickle",
        about: "A head of 1593 or 65379 bytes, whole or in pieces of so many bytes. hyper's as in `head`. Who begins from \
                the start each time has no row for 64 KiB byte by byte, which takes 0.4 s, nor ureq-proto for 16 bytes.",
        groups,
    }
}

fn small() -> Vec<u8> {
    inputs::head("cdn, 28")
}

fn group(size: &str, head: fn() -> Vec<u8>, piece: usize) -> Group {
    let is_big = size == "64 KiB";
    let input = if piece == usize::MAX { format!("{size}, whole") } else { format!("{size}, {piece} B") };
    let mut group = Group::new(input)
        .with(Contestant::new(HYPER_EMPTY, || {
            exchanges(&Method::HEAD, b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), usize::MAX, 0)
        }))
        .with(Contestant::new(HYPER, move || exchanges(&Method::HEAD, head(), piece, 0)).minus(HYPER_EMPTY));
    if !is_big || piece > 1 {
        group = group.with(Contestant::new(RESTART, move || {
            pieces(head(), piece, || (), |(), so_far| matches!(bare(so_far), Ok(Status::Complete(_))))
        }));
    }
    if !is_big || piece > 16 {
        group = group.with(Contestant::new(UREQ, move || {
            let is_done = |so_far: &[u8]| matches!(ureq_proto::parser::try_parse_response::<128>(so_far), Ok(Some(_)));
            pieces(head(), piece, || (), move |(), so_far| is_done(so_far))
        }));
    }
    let pushes = head().len().div_ceil(piece);
    let mut ours = Contestant::new(OURS, move || {
        let config = Config::default();
        let begin = move || Parser::new(black_box(&config), Request::get());
        pieces(
            head(),
            piece,
            begin,
            |parser, so_far| matches!(parser.next(so_far, Eof::Open), Ok(step) if matches!(black_box(&step).event, Event::Head(..))),
        )
    });
    ours = ours.budget(Budget::Allocations(0.0));
    if piece != usize::MAX {
        ours = ours.budget(Budget::InstructionsOf(format!("{size}, whole/{OURS}"), 2.0, 100.0 * pushes as f64));
    }
    if is_big && piece == 1 {
        ours = ours.budget(Budget::WallOf(HYPER.into(), 0.6));
    }
    group.with(ours)
}

/// Collects the pieces, and asks after each.
fn pieces<S: 'static>(
    head: Vec<u8>,
    piece: usize,
    begin: impl Fn() -> S + 'static,
    mut is_done: impl FnMut(&mut S, &[u8]) -> bool + 'static,
) -> Run {
    let mut buffer = Vec::with_capacity(head.len());
    each(move || {
        buffer.clear();
        let mut state = begin();
        let mut done = false;
        for piece in head.chunks(piece) {
            buffer.extend_from_slice(black_box(piece));
            done = is_done(&mut state, &buffer);
        }
        assert!(done);
    })
}
