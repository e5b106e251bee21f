//! What the way through a gateway costs where all goes well: it is what everybody pays.
//!
//! No socket and no HTTP library: request and response are made, and the body is polled to its end. What that takes by
//! itself is taken off.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::{Gateway, ResponseBody, Upload};
use bytes::Bytes;
use http::header::{CONNECTION, TE, TRANSFER_ENCODING, UPGRADE, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use hyper::body::Body;

use crate::harness::{Budget, Contestant, Group, Topic, each};

const MESSAGES: &str = "(the messages)";
const BY_HAND: &str = "by hand";
const SIZE: usize = 1024;

pub fn topic() -> Topic {
    Topic {
        name: "exchange",
        about: "A good exchange without IO: a GET of a browser (7 fields) is made fit to be forwarded, a 200 of 12 fields and \
                1 KiB goes back, and its body is read to the end. By hand: `Connection` and what it names, the other \
                hop-by-hop fields, and `Via`; no count, no record, no guard. All: with a log, a clock, and both timers of the body.",
        groups: vec![Group::new("GET, 200").with(messages()).with(by_hand()).with(bare()).with(all())],
    }
}

fn messages() -> Contestant {
    Contestant::new(MESSAGES, || {
        let (request, response) = (asked(), answered());
        each(move || {
            let request = request.clone();
            (request, read(response.clone()))
        })
    })
}

fn by_hand() -> Contestant {
    Contestant::new(BY_HAND, || {
        let (request, response) = (asked(), answered());
        each(move || {
            let mut request = request.clone();
            tidy(request.headers_mut());
            request.headers_mut().append(VIA, HeaderValue::from_static("1.1 edge-1.example"));
            let mut response = response.clone();
            tidy(response.headers_mut());
            (request, read(response))
        })
    })
    .minus(MESSAGES)
}

fn bare() -> Contestant {
    exchange("badgateway", gateway, |exchange, response| exchange.pass_on(response))
        .budget(Budget::Allocations(2.0))
        .budget(Budget::InstructionsOf(BY_HAND.into(), 1.1, 0.0))
}

fn all() -> Contestant {
    let gateway = || gateway().with_clock(Instant::now, SystemTime::now).with_log(|report| drop(report.to_string()));
    let patience = Some(Duration::from_secs(5));
    exchange("badgateway, all", gateway, move |exchange, response| {
        exchange.timed(TokioTimer, patience, None).pass_on(response)
    })
    .budget(Budget::Allocations(2.0))
    .budget(Budget::InstructionsOf(BY_HAND.into(), 1.1, 0.0))
}

fn exchange<T: badgateway::deadline::Timer + 'static>(
    name: &str,
    gateway: impl Fn() -> Gateway + 'static,
    pass_on: impl Fn(badgateway::InFlight, Response<Full<Bytes>>) -> Response<ResponseBody<Full<Bytes>, T>> + Copy + 'static,
) -> Contestant {
    Contestant::new(name, move || {
        let (gateway, request, response) = (gateway(), asked(), answered());
        each(move || {
            let (exchange, request): (_, Request<Upload<_>>) = gateway.begin(request.clone());
            (request, read(pass_on(exchange, response.clone())))
        })
    })
    .minus(MESSAGES)
}

fn gateway() -> Gateway {
    Gateway::new("edge-1.example").expect("a name")
}

fn asked() -> Request<Empty<Bytes>> {
    Request::get("/articles/2026/upstream-errors?page=2")
        .header("host", "www.example")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
        .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header("accept-language", "en-GB,en;q=0.5")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("cookie", "session=0b5d5a5e5f3b4c9b8a570f6f1f0d2c11")
        .header("connection", "keep-alive")
        .body(Empty::new())
        .expect("a request")
}

fn answered() -> Response<Full<Bytes>> {
    Response::builder()
        .header("server", "nginx/1.22.1")
        .header("date", "Fri, 20 Nov 2026 10:12:13 GMT")
        .header("content-type", "text/html; charset=utf-8")
        .header("content-length", "1024")
        .header("last-modified", "Tue, 04 Aug 2026 10:12:13 GMT")
        .header("connection", "keep-alive")
        .header("etag", "\"66af5a1d-3f5\"")
        .header("cache-control", "public, max-age=600")
        .header("vary", "Accept-Encoding")
        .header("x-request-id", "0b5d5a5e-5f3b-4c9b-8a57-0f6f1f0d2c11")
        .header("x-frame-options", "SAMEORIGIN")
        .header("strict-transport-security", "max-age=31536000")
        .body(Full::new(Bytes::from(vec![b'x'; SIZE])))
        .expect("a response")
}

/// The body to its end, as a server that knows its length reads it.
fn read<B: Body<Data = Bytes> + Unpin>(mut response: Response<B>) -> Response<B> {
    let mut read = 0;
    while !response.body().is_end_stream() {
        let polled = Pin::new(response.body_mut()).poll_frame(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Some(Ok(frame))) = polled else { break };
        read += frame.data_ref().map_or(0, Bytes::len);
    }
    assert_eq!(read, SIZE);
    response
}

/// What is hop-by-hop, as most do it.
fn tidy(headers: &mut HeaderMap) {
    const HOP_BY_HOP: [HeaderName; 3] = [TE, TRANSFER_ENCODING, UPGRADE];
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP).chain(&[CONNECTION]) {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection", "proxy-authorization"] {
        headers.remove(name);
    }
}
