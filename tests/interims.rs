//! The interim responses of a next hop through hyper's client and server, on the way that the library gives them.
#![cfg(all(feature = "hyper1", feature = "tokio1"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use badgateway::adapters::hyper1::Interims;
use badgateway::adapters::tokio1::ClientTls;
use badgateway::body::ClientHandle;
use badgateway::fault::{Class, FaultKind};
use bytes::Bytes;
use http::{Response, Version};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::Mutex;
use tokio::time::timeout;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const GET_10: &str = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HINT: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";

struct Seen {
    /// What the client got before the head with 200 or 502.
    interims: String,
    class: Option<Class>,
    forwarded: bool,
}

/// A request through a small gateway to a next hop that answers so.
async fn through(request: &str, answer: &[u8], known: bool) -> Seen {
    let (mut next_hop, upstream) = duplex(1024 * 1024);
    let answer = answer.to_vec();
    tokio::spawn(async move {
        // An answer before the request would be none.
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            next_hop.read_buf(&mut request).await.unwrap();
        }
        next_hop.write_all(&answer).await.unwrap();
        std::future::pending::<()>().await;
        drop(next_hop);
    });
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(upstream)).await.unwrap();
    tokio::spawn(connection);
    let sender = Arc::new(Mutex::new(sender));
    let noted = Arc::new(std::sync::Mutex::new((None, false)));

    let (mut client, io) = duplex(1024 * 1024);
    client.write_all(request.as_bytes()).await.unwrap();
    let handle = ClientHandle::new();
    let io = ClientTls::new(io, handle.clone());
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        let version = request.version();
        let mut request = request.map(|_| Full::<Bytes>::default());
        *request.version_mut() = Version::HTTP_11;
        let interims = Interims::listen(&mut request, version, known.then_some(&handle));
        let (sender, noted) = (Arc::clone(&sender), Arc::clone(&noted));
        async move {
            let mut sender = sender.lock().await;
            let mut response = Response::new(Full::new(Bytes::new()));
            // Both ways to wait.
            let fault = if known {
                interims.clone().during(sender.send_request(request)).await.map(Result::unwrap).err()
            } else {
                tokio::select! {
                    biased;
                    fault = interims.too_many() => Some(fault),
                    response = sender.send_request(request) => response.map(|_| None).unwrap(),
                }
            };
            if let Some(fault) = fault {
                assert_eq!(fault.kind(), FaultKind::TooManyInterim);
                *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            }
            *noted.lock().unwrap() = (fault.and_then(|fault| fault.class()), interims.forwarded());
            Ok::<_, Infallible>(response)
        }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service);
    timeout(Duration::from_secs(20), served).await.unwrap().unwrap();
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.unwrap();
    let all = String::from_utf8_lossy(&all).into_owned();
    let last =
        ["1.1 200", "1.0 200", "1.1 502", "1.0 502"].iter().find_map(|head| all.find(&format!("HTTP/{head}"))).unwrap();
    let (class, forwarded) = *noted.lock().unwrap();
    Seen { interims: all[..last].to_owned(), class, forwarded }
}

#[tokio::test]
async fn what_is_the_clients_is_forwarded() {
    let large = format!("HTTP/1.1 103 Early Hints\r\nlink: {}\r\n\r\n", "x".repeat(20_000));
    let cases = [
        ("one", HINT.to_owned(), HINT.to_owned()),
        ("none", String::new(), String::new()),
        (
            "in their order",
            format!("{HINT}HTTP/1.1 102 Processing\r\n\r\n"),
            format!("{HINT}HTTP/1.1 102 Processing\r\n\r\n"),
        ),
        ("a 100 is not", format!("HTTP/1.1 100 Continue\r\n\r\n{HINT}"), HINT.to_owned()),
        (
            "nor what is hop by hop, or frames a message",
            "HTTP/1.1 103 Early Hints\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nContent-Length: 5\r\n\
          Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nTrailer: a\r\nLink: </a>\r\n\r\n"
                .to_owned(),
            HINT.to_owned(),
        ),
        (
            "an unknown one has no phrase",
            "HTTP/1.1 199 Whatever\r\n\r\n".to_owned(),
            "HTTP/1.1 199 \r\n\r\n".to_owned(),
        ),
        ("nor is what there is no room for", format!("{large}{HINT}"), HINT.to_owned()),
        ("as many as are taken", HINT.repeat(100), HINT.repeat(100)),
    ];
    for (why, answer, expected) in cases {
        let answer = format!("{answer}{OK}");
        let seen = through(GET, answer.as_bytes(), true).await;
        assert_eq!((&seen.interims, seen.class), (&expected, None), "{why}");
        assert_eq!(seen.forwarded, !expected.is_empty(), "{why}");
        // Not to who knows none, and not where nobody can.
        for (request, known) in [(GET_10, true), (GET, false)] {
            let seen = through(request, answer.as_bytes(), known).await;
            assert_eq!((seen.interims.as_str(), seen.class, seen.forwarded), ("", None, false), "{why}");
        }
    }
}

/// Whoever gets them, and whether the final head is there already or never comes.
#[tokio::test]
async fn more_than_a_hundred_are_a_fault() {
    for answer in [HINT.repeat(101), HINT.repeat(300) + OK, "HTTP/1.1 100 Continue\r\n\r\n".repeat(101)] {
        for (request, known) in [(GET, true), (GET_10, true), (GET, false)] {
            let seen = through(request, answer.as_bytes(), known).await;
            assert_eq!(seen.class, Some(Class::TooLargeInterim));
            assert!(seen.interims.matches("103").count() <= 100);
        }
    }
}
