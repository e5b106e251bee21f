//! The gateway for gRPC: every call ends in a `grpc-status` or a reset, and every fault in one record.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::lab::probe::End;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::client::{Reply, exchange};
use crate::gateway::{Gateway, TONIC};
use crate::in_parallel;

/// A message of five bytes, in its frame of gRPC.
const MESSAGE: &[u8] = b"\0\0\0\0\x05hello";

/// What a next hop does behind its head.
enum Script {
    Say(&'static [u8]),
    Trailers(&'static str),
    /// RST_STREAM with INTERNAL_ERROR, which hyper makes of a body that fails.
    Break,
    Wait,
}

struct Scripted(Vec<Script>);

impl Body for Scripted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.0.first() {
            None => return Poll::Ready(None),
            Some(Script::Wait) => return Poll::Pending,
            Some(_) => {}
        }
        Poll::Ready(Some(match self.0.remove(0) {
            Script::Say(bytes) => Ok(Frame::data(Bytes::from_static(bytes))),
            Script::Trailers(status) => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", HeaderValue::from_static(status));
                Ok(Frame::trailers(trailers))
            }
            Script::Break => Err(std::io::ErrorKind::Other.into()),
            Script::Wait => unreachable!(),
        }))
    }
}

/// By the name of the method.
async fn serve(request: Request<Incoming>) -> Result<Response<Scripted>, Infallible> {
    let grpc = |script| Response::builder().header("content-type", "application/grpc").body(Scripted(script)).unwrap();
    Ok(match request.uri().path() {
        "/lab.Next/Good" => grpc(vec![Script::Say(MESSAGE), Script::Trailers("0")]),
        "/lab.Next/NotFound" => grpc(vec![Script::Trailers("5")]),
        "/lab.Next/Fields" => {
            let fields = format!("{:?}", request.headers());
            println!("tonic: {} {fields}", request.uri());
            let names = ["connection", "x-secret", "keep-alive", "proxy-authorization", "upgrade", "host"];
            let is_clean = names.iter().all(|name| !request.headers().contains_key(*name));
            let is_right = is_clean && request.headers()["te"] == "trailers" && request.headers().contains_key("via");
            grpc(vec![Script::Trailers(if is_right { "0" } else { "2" })])
        }
        "/lab.Next/NoStatus" => grpc(vec![Script::Say(MESSAGE)]),
        "/lab.Next/Broken" => grpc(vec![Script::Say(MESSAGE), Script::Break]),
        "/lab.Next/Stalled" => grpc(vec![Script::Say(MESSAGE), Script::Wait]),
        "/lab.Next/Page" => {
            let page = vec![Script::Say(b"<h1>Bad Gateway</h1>")];
            Response::builder().status(502).header("content-type", "text/html").body(Scripted(page)).unwrap()
        }
        _ => std::future::pending().await,
    })
}

fn next_hop() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(serve)));
            }
        });
    });
    address
}

/// One that closes every connection, or says something in HTTP/1.
fn other(says: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Of a connection that breaks before the call is on it, tonic's channel tells no more than that it is closed.
            std::thread::sleep(Duration::from_millis(200));
            let _ = std::io::Write::write_all(&mut stream, says);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            // A socket that is closed with something unread is reset.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    address
}

fn refused() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn each_call_ends_in_a_status_and_each_fault_in_a_record() {
    let hop = next_hop();
    // The next hop, the method, the `grpc-status` that is due, and the fault on record. A reset with INTERNAL_ERROR and what is
    // no HTTP/2 are INTERNAL by gRPC's PROTOCOL-HTTP2.md, a 502 UNAVAILABLE by its http-grpc-status-mapping.md.
    let cases: &[(SocketAddr, &str, &str, Option<&str>)] = &[
        (hop, "Good", "0", None),
        (hop, "NotFound", "5", None),
        (hop, "Fields", "0", None),
        (hop, "NoStatus", "2", Some("bad_grpc_status")),
        (hop, "Broken", "13", Some("stream_reset")),
        (hop, "Stalled", "4", Some("body_stalled")),
        (hop, "Page", "14", Some("not_grpc")),
        (hop, "Silent", "4", Some("response_timeout")),
        (refused(), "Good", "14", Some("connection_refused")),
        (other(b""), "Good", "14", Some("closed_before_response")),
        (other(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "Good", "13", Some("h2_protocol_error")),
    ];
    let wrong: Vec<String> = in_parallel(cases, cases.len(), |(hop, method, status, fault)| {
        let gateway = Gateway::start(&TONIC, &format!("http://{hop}"));
        let request = Request::post(format!("http://lab.test/lab.Next/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("proxy-authorization", "Basic c2VjcmV0")
            .body(Full::new(Bytes::from_static(MESSAGE)))
            .unwrap();
        let reply = exchange(gateway.address, request);
        let faults = gateway.faults(usize::from(fault.is_some()));
        let found = match &reply {
            Reply::Head { status: 200, headers, trailers, end: End::Complete, body } => {
                let ends: Vec<_> = [Some(headers), trailers.as_ref()].into_iter().flatten().collect();
                let statuses: Vec<_> = ends.iter().flat_map(|fields| fields.get_all("grpc-status")).collect();
                let is_cut = body.len() % MESSAGE.len() != 0;
                if statuses == [*status] && !is_cut { None } else { Some(format!("{reply:?}")) }
            }
            other => Some(format!("{other:?}")),
        };
        let recorded = match (faults.as_slice(), fault) {
            ([], None) => None,
            ([record], Some(fault)) if record.text("fault").as_deref() == Some(fault) => None,
            (records, _) => Some(format!("on record: {records:?}")),
        };
        println!("tonic {method} of {hop}: {status}, {fault:?}");
        found.into_iter().chain(recorded).map(|why| format!("{method} of {hop}: {why}")).collect::<Vec<_>>()
    })
    .concat();
    assert!(wrong.is_empty(), "wrong:\n{}", wrong.join("\n"));
    // So that a silent one is not asked for longer than its gateway waits.
    assert!(crate::client::PATIENCE > Duration::from_secs(10));
}
