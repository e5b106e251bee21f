//! From an error to a fault.
//!
//! Errors are real: a failed connect, and an answer cut short, through hyper-util's
//! client, in axum's error.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use badgateway::adapters::{h3_00, hyper1, openssl010, quinn011, rustls023, tokio1};
use badgateway::classify::{Probe, classify};
use badgateway::{Exchange, FaultKind, Gateway};
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::harness::{Budget, Contestant, Group, Topic, each};

type AnyError = Box<dyn Error + Send + Sync>;

const PROBES: &[Probe] = &[hyper1::PROBE, rustls023::PROBE, tokio1::PROBE];
/// The same and one more, that knows none of the links: about 16 instructions a link, and what a link of one of its sizes costs.
const MORE: &[Probe] = &[hyper1::PROBE, rustls023::PROBE, tokio1::PROBE, openssl010::PROBE];
/// And two, with the sizes of some.
const HTTP3: &[Probe] = &[hyper1::PROBE, rustls023::PROBE, tokio1::PROBE, h3_00::PROBE, quinn011::PROBE];

const FLOOR: &str = "walk source() only";
const OURS: &str = "badgateway";
const OURS_AND_MORE: &str = "badgateway, and openssl010";
const GATEWAY: &str = "Gateway, with these six built in";
const OURS_AND_HTTP3: &str = "badgateway, and h3_00 and quinn011";
const STRINGS: &str = "to_string + contains";

pub fn topic() -> Topic {
    Topic {
        name: "classify",
        about: "An error of a real failure becomes a fault, with the probes of `hyper1`, `rustls023` and `tokio1`.",
        groups: vec![
            group("refused, 4 links", refused, FaultKind::ConnectionRefused)
                .with(
                    ours(refused, FaultKind::ConnectionRefused)
                        .budget(Budget::Instructions(480.0))
                        .budget(Budget::Wall(60.0))
                        .budget(Budget::Allocations(0.0))
                        .budget(Budget::WallOf(STRINGS.into(), 0.125)),
                )
                .with(with_probes(OURS_AND_MORE, MORE, refused, FaultKind::ConnectionRefused))
                .with(with_probes(OURS_AND_HTTP3, HTTP3, refused, FaultKind::ConnectionRefused))
                .with(
                    // A gateway looks at the size of a link before it asks all of its adapters in one call. hyper-util's error is as
                    // large as three of quinn's, and rustls' as one of openssl's: what is not theirs costs a look at its type.
                    gateway(refused, FaultKind::ConnectionRefused)
                        .budget(Budget::InstructionsOf(OURS.into(), 1.25, 0.0))
                        .budget(Budget::Allocations(0.0)),
                ),
            group("incomplete head, 3 links", incomplete, FaultKind::ClosedBeforeResponse)
                .with(ours(incomplete, FaultKind::ClosedBeforeResponse).budget(Budget::Allocations(0.0))),
            group("io::Error, os 111", bare, FaultKind::ConnectionRefused).with(
                ours(bare, FaultKind::ConnectionRefused).budget(Budget::Wall(10.0)).budget(Budget::Allocations(0.0)),
            ),
            group("io::Error::other x8", nested, FaultKind::ConnectionRefused)
                .with(ours(nested, FaultKind::ConnectionRefused).budget(Budget::Allocations(0.0))),
        ],
    }
}

fn group(input: &str, make: fn() -> AnyError, kind: FaultKind) -> Group {
    let floor = Contestant::new(FLOOR, move || {
        let error = make();
        each(move || walk(black_box(&*error)))
    });
    let strings = Contestant::new(STRINGS, move || {
        let error = make();
        // It cannot tell a head cut short from other ends, but it must find something.
        assert!(by_text(&*error).is_some(), "nothing found in the text of {kind:?}");
        each(move || by_text(black_box(&*error)))
    });
    Group::new(input).with(floor).with(strings)
}

fn ours(make: fn() -> AnyError, kind: FaultKind) -> Contestant {
    with_probes(OURS, PROBES, make, kind)
}

fn with_probes(name: &str, probes: &'static [Probe], make: fn() -> AnyError, kind: FaultKind) -> Contestant {
    Contestant::new(name, move || {
        let error = make();
        let exchange = Exchange::default();
        let fault = classify(&*error, probes, &exchange);
        assert_eq!(fault.kind(), kind, "{error:?}");
        each(move || classify(black_box(&*error), black_box(probes), black_box(&exchange)))
    })
}

fn gateway(make: fn() -> AnyError, kind: FaultKind) -> Contestant {
    Contestant::new(GATEWAY, move || {
        let error = make();
        let gateway = Gateway::new("bench").expect("a name");
        let exchange = Exchange::default();
        assert_eq!(gateway.classify(&*error, &exchange).kind(), kind, "{error:?}");
        each(move || gateway.classify(black_box(&*error), black_box(&exchange)))
    })
}

fn walk(error: &(dyn Error + 'static)) -> usize {
    let mut links = 0;
    let mut next = Some(error);
    while let Some(error) = next {
        links += 1;
        next = black_box(error).source();
    }
    links
}

/// What proxies do that know no better.
fn by_text(error: &(dyn Error + 'static)) -> Option<u16> {
    const WORDS: [(&str, u16); 8] = [
        ("timed out", 504),
        ("timeout", 504),
        ("refused", 502),
        ("reset", 502),
        ("dns", 502),
        ("certificate", 502),
        ("closed", 502),
        ("incomplete", 502),
    ];
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if let Some((_, status)) = WORDS.iter().find(|(word, _)| text.contains(word)) {
            return Some(*status);
        }
        next = error.source();
    }
    None
}

/// axum::Error -> hyper_util's legacy::Error -> ConnectError -> io::Error.
fn refused() -> AnyError {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    failed_exchange(address)
}

/// axum::Error -> legacy::Error -> hyper::Error(IncompleteMessage).
fn incomplete() -> AnyError {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).expect("a request") > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nServer: x").expect("half a head");
    });
    let error = failed_exchange(address);
    server.join().expect("the server");
    error
}

fn failed_exchange(address: SocketAddr) -> AnyError {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let uri = format!("http://{address}/").parse().expect("a URI");
    let error = runtime.block_on(client.get(uri)).expect_err("a failure");
    Box::new(axum_core::Error::new(error))
}

fn bare() -> AnyError {
    Box::new(io::Error::from_raw_os_error(111))
}

fn nested() -> AnyError {
    let error = (0..8).fold(io::Error::from_raw_os_error(111), |inner, _| io::Error::other(inner));
    Box::new(error)
}
