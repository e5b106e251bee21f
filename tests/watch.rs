//! One exchange, one record: whatever its end, and whoever ends it.
#![cfg(all(feature = "hyper1", feature = "tokio1", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::deadline::{Timer, deadline};
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::{Evidence, Fault, Phase};
use badgateway::lab::Lab;
use badgateway::{Exchange, FaultKind, Gateway, Watch};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// All records of a test.
#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<String>>>);

impl Records {
    fn watch(&self, exchange: Exchange) -> Watch {
        let records = self.clone();
        Watch::new(Gateway::new("gw").unwrap(), exchange, move |gateway, fault, exchange, evidence| {
            exchange.elapsed = Some(Duration::from_millis(7));
            records.0.lock().unwrap().push(gateway.record(fault, exchange).with_evidence(evidence).to_string());
        })
    }

    /// Each as its `fault`, `phase`, `status`, `forwarded_status` and `how`.
    fn short(&self) -> Vec<String> {
        let value = |line: &str, key: &str| {
            let rest = line.split_once(&format!("\"{key}\":")).unwrap().1;
            rest.split([',', '}']).next().unwrap().trim_matches('"').to_owned()
        };
        let keys = ["fault", "phase", "status", "forwarded_status", "how"];
        self.0.lock().unwrap().iter().map(|line| keys.map(|key| value(line, key)).join(" ")).collect()
    }
}

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

#[test]
fn every_way_out_is_recorded_once() {
    type Way = (&'static str, fn(Watch), &'static [&'static str]);
    let ways: [Way; 7] = [
        (
            "error",
            |watch| assert_eq!(watch.answer(&refused()).status(), 502),
            &["connection_refused connect 502 null null"],
        ),
        (
            "fault",
            |watch| assert_eq!(watch.answer_fault(FaultKind::ResponseTimeout).status(), 504),
            &["response_timeout head 504 null null"],
        ),
        ("dropped", drop, &["client_aborted head null null null"]),
        (
            "dropped while connecting",
            |mut watch| watch.exchange.phase = Some(Phase::Connect),
            &["client_aborted connect null null null"],
        ),
        ("finished", Watch::finish, &[]),
        (
            "a head that is unfit",
            |watch| {
                let head = Response::builder().header("content-length", "1").header("transfer-encoding", "chunked");
                let answer = watch.pass_on(head.body(Empty::<Bytes>::new()).unwrap()).unwrap_err();
                assert_eq!(answer.status(), 502);
                assert_eq!(answer.headers()["proxy-status"], "gw; error=http_protocol_error");
            },
            &["ambiguous_framing head 502 null null"],
        ),
        (
            "a guard that nobody put around a body",
            |watch| drop(watch.pass_on(Response::new(Empty::<Bytes>::new())).unwrap()),
            &["client_aborted body null 200 null"],
        ),
    ];
    for (name, way, expected) in ways {
        let records = Records::default();
        way(records.watch(Exchange::default()));
        assert_eq!(records.short(), expected, "{name}");
    }
}

#[test]
fn the_record_has_what_was_learnt_on_the_way() {
    let records = Records::default();
    let mut watch = records.watch(Exchange::default());
    watch.exchange.next_hop = Some("10.0.0.7:80".into());
    watch.evidence = Evidence::new().with_text("attempt", "2");
    watch.refining(|_, _| unreachable!("another came"));
    watch.refining(|fault, exchange| {
        exchange.received = Some(0);
        assert_eq!(fault.kind(), FaultKind::ConnectionRefused);
        Fault::new(FaultKind::ClosedBeforeResponse)
    });
    let answer = watch.answer(&io::Error::new(io::ErrorKind::ConnectionRefused, "no"));
    assert_eq!(answer.headers()["proxy-status"], "gw; error=connection_terminated");
    let line = records.0.lock().unwrap()[0].clone();
    for part in [
        r#""fault":"closed_before_response""#,
        r#""next_hop":"10.0.0.7:80""#,
        r#""elapsed_ms":7"#,
        r#""evidence":[{"label":"attempt","text":"2"},{"label":"error","text":"no"}]"#,
    ] {
        assert!(line.contains(part), "{line}");
    }
}

/// A body that is all there.
struct Frames(VecDeque<Result<Frame<Bytes>, io::Error>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// How a body of these frames, under this announced length, is recorded when it is read to its end or dropped before.
async fn body(
    frames: &[Result<&'static str, io::ErrorKind>],
    length: Option<&str>,
    read: bool,
    method: Method,
) -> Vec<String> {
    let records = Records::default();
    let mut exchange = Exchange::default();
    exchange.method = method;
    let frames =
        frames.iter().map(|frame| frame.map(|text| Frame::data(Bytes::from(text))).map_err(io::Error::from)).collect();
    let mut response = Response::builder();
    if let Some(length) = length {
        response = response.header("content-length", length);
    }
    let response = response.body(Frames(frames)).unwrap();
    let (response, guard) = records.watch(exchange).pass_on(response).unwrap();
    let mut body = Box::pin(guard.around(response.into_body()));
    if read {
        while let Some(Ok(_)) = body.frame().await {}
    }
    drop(body);
    records.short()
}

#[tokio::test]
async fn a_body_is_recorded_if_it_was_not_whole() {
    let (get, head) = (|| Method::GET, || Method::HEAD);
    let none: &[&str] = &[];
    assert_eq!(body(&[Ok("hello")], None, true, get()).await, none);
    assert_eq!(body(&[Ok("hello")], Some("5"), true, get()).await, none);
    assert_eq!(body(&[], Some("5"), false, head()).await, none, "nobody looks at what there is not");
    assert_eq!(body(&[Ok("hell")], Some("5"), true, get()).await, ["body_truncated body null 200 close_short"]);
    let reset = Err(io::ErrorKind::ConnectionReset);
    assert_eq!(body(&[Ok("hell"), reset], None, true, get()).await, ["body_reset body null 200 no_last_chunk"]);
    assert_eq!(body(&[Ok("hell"), reset], None, false, get()).await, ["client_aborted body null 200 null"]);
}

/// The proxy that a reader of the documentation writes: one connection an exchange, no tap.
async fn proxy(records: Records, upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let records = records.clone();
            let service = service_fn(move |request| exchange(records.clone(), upstream, request));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn exchange(
    records: Records,
    upstream: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, Fault>>, Infallible> {
    let watch = records.watch(Exchange::of(&request));
    request.headers_mut().insert(HOST, HeaderValue::from_static("lab.test"));
    let sent = async {
        let stream = TcpStream::connect(upstream).await.map_err(Box::<dyn std::error::Error + Send + Sync>::from)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?)
    };
    let sent = deadline(sent, TokioTimer.sleep(Duration::from_secs(2)), FaultKind::ResponseTimeout).await;
    let ours = |bytes| Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync();
    Ok(match sent {
        Ok(Ok(response)) => match watch.pass_on(response) {
            Ok((response, guard)) => {
                let guard = guard.timed(TokioTimer, Some(Duration::from_millis(500)), None);
                response.map(|body| guard.around(body).boxed_unsync())
            }
            Err(answer) => answer.map(ours),
        },
        Ok(Err(error)) => {
            let error: Box<dyn std::error::Error + Send + Sync> = error;
            watch.answer(&*error).map(ours)
        }
        Err(fault) => watch.answer_fault(fault).map(ours),
    })
}

/// What a client reads who asks once; it leaves after that time.
async fn ask(address: SocketAddr, patience: Duration) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(patience, stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_service_of_it_records_every_exchange_once() {
    let cases: [(&str, Duration, &str, &[&str]); 8] = [
        ("refused", Duration::from_secs(9), "502", &["connection_refused connect 502 null null"]),
        ("ok_200", Duration::from_secs(9), "200", &[]),
        ("ok_chunked_trailers", Duration::from_secs(9), "200", &[]),
        ("status_600", Duration::from_secs(9), "502", &["bad_status_line head 502 null null"]),
        ("close_mid_cl_body", Duration::from_secs(9), "200", &["body_truncated body null 200 close_short"]),
        ("stall_mid_body", Duration::from_secs(9), "200", &["body_stalled body null 200 close_short"]),
        // Nothing comes, and the client does not wait for that.
        ("no_response_timeout", Duration::from_millis(300), "", &["client_aborted head null null null"]),
        ("stall_mid_body", Duration::from_millis(200), "200", &["client_aborted body null 200 null"]),
    ];
    let names: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    for (name, patience, status, expected) in cases {
        let url = lab.upstream(name).unwrap().url();
        let records = Records::default();
        let address = proxy(records.clone(), url.trim_start_matches("http://").parse().unwrap()).await;
        let answer = ask(address, patience).await;
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{name}: {answer}");
        // The server notices a moment later that its client has left.
        for _ in 0..200 {
            if records.short().len() >= expected.len() {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(50)).await;
        assert_eq!(records.short(), expected, "{name}");
    }
}

#[test]
fn what_goes_out_is_noted() {
    let mut watched = Exchange::default();
    watched.version = Version::HTTP_10;
    let (response, _guard) =
        Records::default().watch(watched.clone()).pass_on(Response::new(Empty::<Bytes>::new())).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(watched.forwarding(StatusCode::OK, response.headers()), BodyFraming::UntilClose);
    assert!(matches!(watched.forwarded, Forwarded::Head { framing: BodyFraming::UntilClose, .. }));
}
