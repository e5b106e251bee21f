//! A gRPC call ends in a status, whatever happened, and the status is the one that gRPC's own documents ask for.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::client::{Client, read};
use super::frames::{CANCEL, END_STREAM, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM};
use crate::upstream::{Peer, Upstream};

const HEAD: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];
/// An empty message.
const MESSAGE: &[u8] = &[0; 5];

/// What a next hop does with a call on a stream.
type Does = fn(&mut Peer, u32);

/// What the next hop does with a call, whether it is the only one, and the status that comes of it (gRPC: PROTOCOL-HTTP2.md,
/// statuscodes.md, http-grpc-status-mapping.md).
const CASES: &[(&str, Does, &str)] = &[
    (
        "whole",
        |peer, stream| {
            peer.head(stream, 0, HEAD);
            peer.data(stream, 0, MESSAGE);
            peer.head(stream, END_STREAM, &[("grpc-status", "5"), ("grpc-message", "no")]);
        },
        "5",
    ),
    ("trailers only", |peer, stream| peer.head(stream, END_STREAM, &[HEAD, &[("grpc-status", "9")]].concat()), "9"),
    ("reset before the head", |peer, stream| peer.reset(stream, INTERNAL_ERROR), "13"),
    ("refused", |peer, stream| peer.reset(stream, REFUSED_STREAM), "14"),
    ("cancelled", |peer, stream| peer.reset(stream, CANCEL), "1"),
    (
        "reset in the middle",
        |peer, stream| {
            peer.head(stream, 0, HEAD);
            peer.data(stream, 0, MESSAGE);
            thread::sleep(Duration::from_millis(50));
            peer.reset(stream, INTERNAL_ERROR);
        },
        "13",
    ),
    // hyper does not show this code: it is a cut like any other.
    (
        "reset without an error",
        |peer, stream| {
            peer.head(stream, 0, HEAD);
            peer.data(stream, 0, MESSAGE);
            thread::sleep(Duration::from_millis(50));
            peer.reset(stream, NO_ERROR);
        },
        "14",
    ),
    ("protocol error", |peer, stream| peer.reset(stream, PROTOCOL_ERROR), "13"),
    (
        "no status",
        |peer, stream| {
            peer.head(stream, 0, HEAD);
            peer.data(stream, END_STREAM, MESSAGE);
        },
        "2",
    ),
    (
        "page 502",
        |peer, stream| {
            peer.head(stream, 0, &[(":status", "502"), ("content-type", "text/html")]);
            peer.data(stream, END_STREAM, b"<h1>no</h1>");
        },
        "14",
    ),
    (
        "page 404",
        |peer, stream| {
            peer.head(stream, 0, &[(":status", "404"), ("content-type", "text/html")]);
            peer.data(stream, END_STREAM, b"<h1>no</h1>");
        },
        "12",
    ),
    ("never answers", |_, _| {}, "4"),
    ("stalls", |peer, stream| peer.head(stream, 0, HEAD), "4"),
    ("ends", |peer, _| peer.stream.shutdown(std::net::Shutdown::Both).unwrap(), "14"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_call_ends_in_a_status() {
    let mut wrong = Vec::new();
    for &(name, does, wanted) in CASES {
        let up = Upstream::start(move |peer| {
            if peer.begin(&[]) {
                while let Some(stream) = peer.opened() {
                    // The message comes too.
                    thread::sleep(Duration::from_millis(30));
                    does(peer, stream);
                }
            }
        });
        let front = up.behind(&["--http2", "--response-timeout", "500ms", "--idle-timeout", "500ms"]);
        let client = Client::connect(front.proxy.address).await;
        let request = Request::post("http://a/up/pkg.Service/Method")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .unwrap();
        let mut send = client.send.clone().ready().await.unwrap();
        let (response, mut upload) = send.send_request(request, false).unwrap();
        upload.send_data(Bytes::from_static(MESSAGE), true).unwrap();
        let answer = read(response).await.unwrap();
        let told = answer.trailers.get("grpc-status").or(answer.fields.get("grpc-status"));
        let told = told.and_then(|status| status.to_str().ok()).unwrap_or("none").to_owned();
        println!("{name}: {told}, {} {:?}", answer.status, front.proxy.records().values().next());
        if told != wanted || answer.reset.is_some() || answer.status != 200 {
            wrong.push(format!("{name}: {told} and not {wanted}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
