//! From the bytes of a response head to its parts.
//!
//! Its one rule: what a contestant keeps is part of its name: nothing, offsets, or a `HeaderMap`.

use std::hint::black_box;
use std::mem::MaybeUninit;

use http::Method;
use httparse::{ParserConfig, Status};

use super::inputs;
use super::memory::exchanges;
use crate::harness::{Contestant, Group, Topic, each};

pub const BARE: &str = "httparse";
const HYPER: &str = "hyper's client, HeaderMap";
const HYPER_EMPTY: &str = "(hyper's client, no fields)";
const UREQ: &str = "ureq-proto, HeaderMap";

pub fn topic() -> Topic {
    Topic {
        name: "head",
        about: "One response head, in one piece. `httparse` is bare, into uninitialised headers. hyper's is a whole HEAD \
                exchange of its client over a connection in memory, less one whose response has no fields (the row in \
                brackets): what is counted is its parse, a `HeaderMap`, one copy into its buffer, and the larger \
                response's way through its channel. Its connection ends with a head that is bad or cut, so that it has \
                no row there.",
        groups: inputs::NAMES.map(group).into(),
    }
}

fn group(name: &'static str) -> Group {
    let whole = !matches!(name, "bad end" | "incomplete");
    let group = Group::new(name)
        .with(Contestant::new(BARE, move || {
            let head = inputs::head(name);
            match (name, bare(&head)) {
                ("bad end", Err(httparse::Error::HeaderName)) | ("incomplete", Ok(Status::Partial)) => {}
                (_, Ok(Status::Complete(size))) if whole && size == head.len() => {}
                (_, other) => panic!("{name}: {other:?}"),
            }
            each(move || bare(black_box(&head)))
        }))
        .with(Contestant::new(UREQ, move || {
            let head = inputs::head(name);
            let parsed = ureq_proto::parser::try_parse_response::<128>(&head);
            assert_eq!(parsed.is_ok_and(|p| p.is_some_and(|(size, _)| size == head.len())), whole);
            each(move || ureq_proto::parser::try_parse_response::<128>(black_box(&head)))
        }));
    if !whole {
        return group;
    }
    group
        .with(Contestant::new(HYPER_EMPTY, || {
            exchanges(&Method::HEAD, b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), usize::MAX, 0)
        }))
        .with(
            Contestant::new(HYPER, move || exchanges(&Method::HEAD, inputs::head(name), usize::MAX, 0))
                .minus(HYPER_EMPTY),
        )
}

pub fn bare(head: &[u8]) -> httparse::Result<usize> {
    let mut headers = [const { MaybeUninit::uninit() }; 128];
    let mut response = httparse::Response::new(&mut []);
    ParserConfig::default().parse_response_with_uninit_headers(&mut response, head, &mut headers)
}
