//! From the bytes of a response head to its parts.
//!
//! What a contestant keeps is part of its name: nothing, offsets, or a `HeaderMap`.

use std::hint::black_box;
use std::mem::MaybeUninit;

use badgateway::h1::{Config, Eof, Event, Parser, Request, Slots};
use bytes::Bytes;
use http::Method;
use httparse::{ParserConfig, Status};

use super::inputs;
use super::memory::exchanges;
use crate::harness::{Budget, Contestant, Group, Topic, each};

pub const BARE: &str = "httparse";
const HYPER: &str = "hyper's client, HeaderMap";
const HYPER_EMPTY: &str = "(hyper's client, no fields)";
const OURS: &str = "badgateway";
const OURS_TABLE: &str = "badgateway, table";
const OURS_READ: &str = "badgateway, table, all fields read";
const OURS_MAP: &str = "badgateway, HeaderMap";
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
        // To find out that a head is cut is what every read may cost; what is bad is said once.
        let times = if name == "incomplete" { 1.05 } else { 2.5 };
        return group.with(promise(ours(name), times));
    }
    let (times, times_table) = match name {
        "tiny, 2 fields" => (1.3, 1.35),
        "typical, 12" => (1.2, 1.25),
        "cdn, 28" => (1.15, 1.2),
        _ => (1.15, 1.18),
    };
    let map = ours_map(name)
        .budget(Budget::InstructionsOf(HYPER.into(), 1.05, 0.0))
        .budget(Budget::WallOf(HYPER.into(), 1.0));
    group
        .with(Contestant::new(HYPER_EMPTY, || {
            exchanges(&Method::HEAD, b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), usize::MAX, 0)
        }))
        .with(
            Contestant::new(HYPER, move || exchanges(&Method::HEAD, inputs::head(name), usize::MAX, 0))
                .minus(HYPER_EMPTY),
        )
        .with(promise(ours(name), times))
        .with(promise(ours_table(name), times_table))
        .with(ours_read(name).budget(Budget::Allocations(0.0)))
        .with(map)
}

fn promise(contestant: Contestant, times: f64) -> Contestant {
    contestant.budget(Budget::InstructionsOf(BARE.into(), times, 0.0)).budget(Budget::Allocations(0.0))
}

/// Status, framing, and whether each line end was sound.
fn ours(name: &'static str) -> Contestant {
    Contestant::new(OURS, move || {
        let head = inputs::head(name);
        let config = Config::default();
        match (name, Parser::new(&config, Request::get()).next(&head, Eof::Open)) {
            ("bad end", Err(error)) => assert_eq!(error.offset(), 1594, "the space in the name"),
            ("incomplete", Ok(step)) => assert!(matches!(step.event, Event::NeedMore)),
            (_, Ok(step)) => assert!(matches!(step.event, Event::Head(..)) && step.consumed == head.len()),
            (_, other) => panic!("{name}: {other:?}"),
        }
        each(move || {
            let mut parser = Parser::new(black_box(&config), Request::get());
            let step = parser.next(black_box(&head), Eof::Open);
            black_box(&step).is_ok()
        })
    })
}

/// The same, and a table of all fields with their offsets.
fn ours_table(name: &'static str) -> Contestant {
    Contestant::new(OURS_TABLE, move || {
        let head = inputs::head(name);
        let config = Config::default();
        each(move || {
            let mut parser = Parser::new(black_box(&config), Request::get());
            let mut slots = Slots::<100>::new();
            let step = parser.next_in(black_box(&head), Eof::Open, &mut slots);
            black_box(&step).is_ok()
        })
    })
}

fn ours_read(name: &'static str) -> Contestant {
    Contestant::new(OURS_READ, move || {
        let bytes = inputs::head(name);
        let config = Config::default();
        each(move || {
            let mut parser = Parser::new(black_box(&config), Request::get());
            let mut slots = Slots::<100>::new();
            let step = parser.next_in(black_box(&bytes), Eof::Open, &mut slots);
            let Ok(Event::Head(head, _)) = step.map(|step| step.event) else { panic!("a head") };
            head.fields()
                .map(|field| field.offset() ^ black_box(field.name()).len() ^ black_box(field.raw()).len())
                .sum::<usize>()
        })
    })
}

/// As hyper does: bytes copied in once, values that share them, `Parts` with a `HeaderMap`.
fn ours_map(name: &'static str) -> Contestant {
    Contestant::new(OURS_MAP, move || {
        let bytes = inputs::head(name);
        let config = Config::default();
        each(move || {
            let shared = Bytes::copy_from_slice(black_box(&bytes));
            let mut parser = Parser::new(black_box(&config), Request::get());
            let mut slots = Slots::<100>::new();
            let step = parser.next_in(&shared, Eof::Open, &mut slots);
            let Ok(Event::Head(head, _)) = step.map(|step| step.event) else { panic!("a head") };
            head.to_parts_shared(&shared).expect("parts")
        })
    })
}

pub fn bare(head: &[u8]) -> httparse::Result<usize> {
    let mut headers = [const { MaybeUninit::uninit() }; 128];
    let mut response = httparse::Response::new(&mut []);
    ParserConfig::default().parse_response_with_uninit_headers(&mut response, head, &mut headers)
}
