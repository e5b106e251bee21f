//! h2's errors, from real connections on loopback whose other side misbehaves frame by frame: alone, inside
//! hyper's, and inside somebody's wrappers.
//!
//! The server of most tests writes its frames by hand, because no library sends what is tested here; one test
//! has h2's own server on the other side.
#![cfg(all(feature = "h2_04", feature = "hyper1", feature = "tokio1"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod client;
mod peer;

use std::io;

use badgateway::Gateway;
use badgateway::adapters::{h2_04, hyper1, tokio1};
use badgateway::body::Guard;
use badgateway::classify::{Probe, classify};
use badgateway::decide::retry::{NeverReason, Retry, SafeReason, advise};
use badgateway::exchange::Exchange;
use badgateway::fault::FaultKind as K;
use badgateway::fault::{Applied, Code, Confidence, Evidence, Fault, Phase};
use badgateway::reply::Disclosure;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use self::client::{CLIENTS, Outcome, PATIENCE, exchange, post, through_hyper};
use self::peer::{
    DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, STATUS_200, Then, WINDOW_UPDATE, data, field, frame, goaway,
    head, rst, serve,
};

/// What a gateway with these adapters has.
const PROBES: &[Probe] = &[hyper1::PROBE, h2_04::PROBE, tokio1::PROBE];
/// The same, of one that classifies errors of streams only.
const OF_STREAMS: &[Probe] = &[h2_04::STREAM_PROBE, hyper1::PROBE, h2_04::PROBE, tokio1::PROBE];

/// The facts of a POST without a body, which may be sent again if that is safe.
fn facts(phase: Option<Phase>) -> Exchange {
    let mut exchange = Exchange::of(&post().body(()).unwrap());
    exchange.phase = phase;
    exchange
}

/// The error of the stream, judged with these probes and the phase.
fn judged(outcome: &Outcome, probes: &[Probe]) -> Fault {
    let (phase, error) = outcome.stream.as_ref().unwrap_err();
    let fault = classify(&**error, probes, &facts(Some(*phase)));
    // Without the phase it is a fault of the same sort.
    assert_eq!(classify(&**error, probes, &facts(None)).category(), fault.category(), "{error:?}");
    fault
}

// ---- tables -------------------------------------------------------------------------------------

const NOT_APPLIED: Retry = Retry::Safe(SafeReason::NotApplied);
const NOT_IDEMPOTENT: Retry = Retry::Never(NeverReason::NotIdempotent);
const POINTLESS: Retry = Retry::Never(NeverReason::Pointless);

/// Every code of RFC 9113 section 7, and two that are none: RST_STREAM; GOAWAY below our stream, of anybody; the
/// same of a stream.
#[rustfmt::skip]
const CODES: &[(u32, K, Retry, K, Retry, K, Retry)] = &[
    (0x0, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0x1, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0x2, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0x3, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0x4, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0x5, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0x6, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0x7, K::StreamRefused,   NOT_APPLIED,    K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0x8, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0x9, K::H2ProtocolError, POINTLESS,      K::H2ProtocolError, POINTLESS,      K::GoawayUnprocessed, NOT_APPLIED),
    (0xa, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0xb, K::EnhanceYourCalm, NOT_IDEMPOTENT, K::EnhanceYourCalm, NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0xc, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (0xd, K::Http11Required,  POINTLESS,      K::Http11Required,  POINTLESS,      K::Http11Required,    POINTLESS),
    (0xe, K::StreamReset,     NOT_IDEMPOTENT, K::Goaway,          NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
    (u32::MAX, K::StreamReset, NOT_IDEMPOTENT, K::Goaway,         NOT_IDEMPOTENT, K::GoawayUnprocessed, NOT_APPLIED),
];

#[tokio::test]
async fn every_code() {
    for client in CLIENTS {
        for &(code, reset, reset_retry, goaway_any, any_retry, goaway_stream, stream_retry) in CODES {
            let reset_by_peer = exchange(client, rst(code), Then::Stay).await;
            let going_away = exchange(client, goaway(0, code, "go\r\naway"), Then::Stay).await;
            for (frame, outcome, probes, kind, retry) in [
                ("RST_STREAM", &reset_by_peer, PROBES, reset, reset_retry),
                ("RST_STREAM", &reset_by_peer, OF_STREAMS, reset, reset_retry),
                ("GOAWAY", &going_away, PROBES, goaway_any, any_retry),
                ("GOAWAY", &going_away, OF_STREAMS, goaway_stream, stream_retry),
            ] {
                let fault = judged(outcome, probes);
                let what = format!("{client:?}, {frame}({code:#x})");
                assert_eq!((fault.kind(), fault.phase()), (kind, Phase::Head), "{what}");
                assert_eq!(fault.code(), Some(Code::H2(code)), "{what}");
                assert_eq!(fault.confidence(), Confidence::Typed, "{what}");
                assert_eq!(advise(&fault, &facts(Some(Phase::Head))), retry, "{what}");
                let applied = if retry == NOT_APPLIED { Applied::No } else { Applied::Perhaps };
                assert_eq!(fault.applied(), applied, "{what}");
            }
        }
    }
}

/// The last stream is below ours or not; the error of the *connection* is the same in both cases, and proves
/// nothing. That is why there are two probes.
#[tokio::test]
async fn a_goaway_that_spares_our_stream() {
    for client in CLIENTS {
        // Calm is asked for, and then the connection ends: the POST may have been served.
        let spared = exchange(client, goaway(1, 0xb, "too_many_pings"), Then::Close).await;
        for probes in [PROBES, OF_STREAMS] {
            let fault = judged(&spared, probes);
            assert_eq!((fault.kind(), fault.applied()), (K::ClosedBeforeResponse, Applied::Perhaps), "{client:?}");
            assert_eq!(advise(&fault, &facts(None)), NOT_IDEMPOTENT);
        }
        let of_connection = spared.connection.unwrap_err();
        let fault = classify(&*of_connection, PROBES, &facts(None));
        assert_eq!((fault.kind(), fault.applied()), (K::EnhanceYourCalm, Applied::Perhaps), "{client:?}");
        // What the second probe must not be used for.
        assert_eq!(classify(&*of_connection, OF_STREAMS, &facts(None)).kind(), K::GoawayUnprocessed);

        // It is served in the end.
        let served = [goaway(1, 0, ""), head(&[]), data(END_STREAM, "hello")].concat();
        assert_eq!(exchange(client, served, Then::Stay).await.stream.unwrap(), b"hello");
    }
}

#[tokio::test]
async fn frames_that_h2_finds_wrong() {
    let long = "x".repeat(20_000);
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, Phase, u32); 14] = [
        ("DATA of no stream",         frame(DATA, 0, 0, b"x"),                                        Phase::Head, 0x1),
        ("DATA before HEADERS",       data(0, "hello"),                                               Phase::Head, 0x1),
        ("HEADERS of no stream",      frame(HEADERS, END_HEADERS, 0, STATUS_200),                     Phase::Head, 0x1),
        ("a frame too large",         data(0, &long),                                                 Phase::Head, 0x6),
        ("a RST_STREAM of 3 bytes",   frame(RST_STREAM, 0, 1, &[0; 3]),                               Phase::Head, 0x1),
        ("no such Huffman code",      frame(HEADERS, END_HEADERS, 1, &[0xff; 6]),                     Phase::Head, 0x1),
        ("HTTP/1.1",                  b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".into(), Phase::Head, 0x6),
        ("a window too large",        frame(WINDOW_UPDATE, 0, 0, &i32::MAX.to_be_bytes()),            Phase::Head, 0x3),
        ("no :status",                frame(HEADERS, END_HEADERS, 1, &field("a", "b")),               Phase::Head, 0x1),
        ("a field name in capitals",  head(&field("Abc", "b")),                                       Phase::Head, 0x1),
        ("a field of the connection", head(&field("connection", "close")),                            Phase::Head, 0x1),
        ("fewer bytes than announced", [head(&field("content-length", "10")), data(END_STREAM, "hello")].concat(), Phase::Body, 0x1),
        ("more bytes than announced", [head(&field("content-length", "2")), data(END_STREAM, "hello")].concat(), Phase::Body, 0x1),
        ("a frame too large, later",  [head(&[]), data(0, "hello"), data(0, &long)].concat(),         Phase::Body, 0x6),
    ];
    for (name, answer, phase, code) in cases {
        for client in CLIENTS {
            let fault = judged(&exchange(client, answer.clone(), Then::Stay).await, OF_STREAMS);
            let want = Fault::new(K::H2ProtocolError).at(phase).with_code(Code::H2(code));
            assert_eq!(fault, want, "{name}, {client:?}");
            assert_eq!(advise(&fault, &facts(Some(phase))), POINTLESS, "{name}");
        }
    }
}

#[tokio::test]
async fn ends_of_the_connection_and_silence() {
    type Row = (&'static str, Vec<u8>, Then, K, Phase, Confidence);
    let begun = || [head(&[]), data(0, "hello")].concat();
    #[rustfmt::skip]
    let cases: [Row; 8] = [
        // What h2 calls a broken pipe is an orderly end; that can be told by its text alone.
        ("closed",          vec![],              Then::Close, K::ClosedBeforeResponse, Phase::Head, Confidence::Text),
        ("closed, later",   begun(),             Then::Close, K::BodyTruncated,        Phase::Body, Confidence::Text),
        ("spared, closed",  [begun(), goaway(1, 2, "")].concat(), Then::Close, K::BodyTruncated, Phase::Body, Confidence::Text),
        ("within a frame",  begun()[..20].into(), Then::Close, K::BodyTruncated,       Phase::Body, Confidence::Text),
        ("reset",           vec![],              Then::Reset, K::ResetBeforeResponse,  Phase::Head, Confidence::Typed),
        ("reset, later",    begun(),             Then::Reset, K::BodyReset,            Phase::Body, Confidence::Typed),
        ("silent",          vec![],              Then::Silence, K::ResponseTimeout,      Phase::Head, Confidence::Typed),
        ("silent, later",   begun(),             Then::Silence, K::BodyStalled,          Phase::Body, Confidence::Typed),
    ];
    for (name, answer, then, kind, phase, confidence) in cases {
        for client in CLIENTS {
            for probes in [PROBES, OF_STREAMS] {
                let fault = judged(&exchange(client, answer.clone(), then).await, probes);
                assert_eq!(fault, Fault::new(kind).at(phase).with_confidence(confidence), "{name}, {client:?}");
                assert_eq!(advise(&fault, &facts(Some(phase))), NOT_IDEMPOTENT, "{name}");
            }
        }
    }
}

/// Whoever has sent the head of a response has processed the request, and no code takes that back.
#[tokio::test]
async fn a_stream_that_ends_in_its_body() {
    let then = |last: Vec<u8>| [head(&[]), data(0, "hello"), last].concat();
    for client in CLIENTS {
        for (answer, of_any, of_stream, code) in [
            (then(rst(2)), K::StreamReset, K::StreamReset, 2),
            (then(rst(7)), K::StreamRefused, K::StreamRefused, 7),
            (then(rst(8)), K::StreamReset, K::StreamReset, 8),
            (then(goaway(0, 2, "")), K::Goaway, K::GoawayUnprocessed, 2),
        ] {
            let outcome = exchange(client, answer, Then::Stay).await;
            for (probes, kind) in [(PROBES, of_any), (OF_STREAMS, of_stream)] {
                let fault = judged(&outcome, probes);
                assert_eq!(fault, Fault::new(kind).at(Phase::Body).with_code(Code::H2(code)), "{client:?}");
                assert_eq!(fault.applied(), Applied::Perhaps, "{client:?}, {kind}");
                assert_eq!(advise(&fault, &facts(Some(Phase::Body))), NOT_IDEMPOTENT, "{client:?}, {kind}");
            }
        }
    }
}

/// hyper takes `NO_ERROR` for a good end of a body. The guard does not, if it is asked.
#[tokio::test]
async fn no_error_within_a_body() {
    let trailers = || frame(HEADERS, END_HEADERS | END_STREAM, 1, &field("x-sum", "1"));
    let length = || head(&field("content-length", "10"));
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, bool); 10] = [
        ("reset",               [head(&[]), data(0, "hello"), rst(0)].concat(), false),
        ("reset at once",       [head(&[]), rst(0)].concat(), false),
        ("gone away",           [head(&[]), data(0, "hello"), goaway(0, 0, "")].concat(), false),
        ("reset and a length",  [length(), data(0, "hello"), rst(0)].concat(), false),
        ("whole",               [head(&[]), data(END_STREAM, "hello")].concat(), true),
        ("whole, then reset",   [head(&[]), data(END_STREAM, "hello"), rst(0)].concat(), true),
        ("whole, then away",    [head(&[]), data(END_STREAM, "hello"), goaway(1, 0, "")].concat(), true),
        ("an empty last frame", [head(&[]), data(0, "hello"), data(END_STREAM, "")].concat(), true),
        ("trailers, reset",     [head(&[]), data(0, "hello"), trailers(), rst(0)].concat(), true),
        ("no content",          frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200), true),
    ];
    for (name, answer, whole) in cases {
        for guarded in [false, true] {
            let stream = TcpStream::connect(serve(answer.clone(), Then::Stay).await).await.unwrap();
            let (mut send, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            let request = post().body(Empty::<Bytes>::new()).unwrap();
            let (parts, body) = send.send_request(request).await.unwrap().into_parts();
            let length = parts.headers.get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
            let mut guard = Guard::new(|error, _: &_| classify(error, PROBES, &facts(Some(Phase::Body))));
            if guarded {
                guard = guard.expecting(length).expecting_end_stream();
            }
            let body = guard.around(body).collect().await;
            let truncated = matches!(&body, Err(fault) if fault.kind() == K::BodyTruncated);
            // A length tells as well, and without being asked.
            assert_eq!(truncated, !whole && (guarded || length.is_some()), "{name}, guarded {guarded}: {body:?}");
            assert!(truncated || body.is_ok(), "{name}: {body:?}");
        }
    }
}

/// With h2's own server on the other side.
#[tokio::test]
async fn resets_of_a_real_server() {
    for &(code, kind, retry, ..) in CODES {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(accepted) = connection.accept().await {
                accepted.unwrap().1.send_reset(h2::Reason::from(code));
            }
        });
        let outcome = through_hyper(TcpStream::connect(address).await.unwrap(), PATIENCE).await;
        let fault = judged(&outcome, PROBES);
        assert_eq!(fault, Fault::new(kind).with_code(Code::H2(code)));
        assert_eq!(advise(&fault, &facts(None)), retry);
    }
}

/// A request body that breaks.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, io::Error>>> {
        std::task::Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

/// What our own side did is not the next hop's fault.
#[tokio::test]
async fn our_own_doing() {
    // hyper resets the stream when the request's body fails, and the response is what learns of it.
    let stream = TcpStream::connect(serve(vec![], Then::Stay).await).await.unwrap();
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let error = send.send_request(post().body(Broken).unwrap()).await.unwrap_err();
    assert_eq!(classify(&error, PROBES, &facts(None)).kind(), K::ClientBodyFailed, "{error:?}");

    // With h2 itself.
    let stream = TcpStream::connect(serve(vec![], Then::Stay).await).await.unwrap();
    let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (response, mut body) = send.send_request(post().body(()).unwrap(), false).unwrap();
    body.send_reset(h2::Reason::CANCEL);
    let error = response.await.unwrap_err();
    assert_eq!(classify(&error, PROBES, &facts(None)).kind(), K::ClientBodyFailed, "{error:?}");

    // A request that cannot be sent.
    let hop_by_hop = post().header("connection", "close").body(()).unwrap();
    let error = send.send_request(hop_by_hop, true).unwrap_err();
    assert_eq!(classify(&error, PROBES, &facts(None)).kind(), K::ProxyInternal, "{error:?}");

    // A bare code promises nothing, whoever made it.
    let error = h2::Error::from(h2::Reason::REFUSED_STREAM);
    let fault = classify(&error, OF_STREAMS, &facts(None));
    assert_eq!((fault.kind(), fault.code(), fault.applied()), (K::StreamReset, Some(Code::H2(7)), Applied::Perhaps));
}

/// The text of a `GOAWAY` is evidence, escaped and bounded, and nothing else ever shows it.
#[tokio::test]
async fn the_text_of_a_goaway() {
    for client in CLIENTS {
        let text = format!("pings\r\n\u{1b}[31m{}", "x".repeat(9000));
        let outcome = exchange(client, goaway(0, 0xb, &text), Then::Stay).await;
        let (_, error) = outcome.stream.unwrap_err();
        let evidence = Evidence::new().with_error(&*error);
        let (_, last) = evidence.iter().last().unwrap();
        assert!(last.starts_with("connection error received: detected excessive load generating behavior"), "{last}");
        assert!(last.contains("pings") && last.len() <= 512 && last.is_ascii(), "{last}");
        assert!(!last.bytes().any(|byte| byte.is_ascii_control()), "{last}");

        for disclosure in [Disclosure::Token, Disclosure::Details, Disclosure::Trusted] {
            let gateway = Gateway::new("gw").unwrap().with_disclosure(disclosure);
            let mut wire = Vec::new();
            gateway.answer_wire(&gateway.classify(&*error, &facts(None)), &facts(None), &mut wire);
            let wire = String::from_utf8(wire).unwrap();
            assert!(wire.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{wire}");
            assert!(wire.contains("error=destination_unavailable") && !wire.contains("pings"), "{wire}");
        }
    }
}
