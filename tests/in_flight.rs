//! One exchange, one record: whatever its end, and whoever ends it.
#![cfg(all(feature = "hyper1", feature = "tokio1", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use badgateway::adapters::tokio1::TokioTimer;
use badgateway::body::End;
use badgateway::deadline::{Timer, deadline};
use badgateway::fault::{Evidence, Fault, Phase};
use badgateway::h1::{self, Config, Eof, Event, Parser};
use badgateway::lab::Lab;
use badgateway::upgrade::JoinedByCaller;
use badgateway::{Exchange, FaultKind, Gateway, InFlight, LastWord, ResponseBody, SharedFacts, Upload};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body_util::{BodyExt, Empty};
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
    fn gateway(&self) -> Gateway {
        let records = self.0.clone();
        Gateway::new("gw").unwrap().with_log(move |report| records.lock().unwrap().push(report.to_string()))
    }

    fn exchange(&self, exchange: Exchange) -> InFlight {
        InFlight::new(self.gateway(), exchange)
    }

    /// Each as its `fault`, `phase`, `status`, `forwarded_status` and `how`.
    fn short(&self) -> Vec<String> {
        self.of(&["fault", "phase", "status", "forwarded_status", "how"])
    }

    fn of(&self, keys: &[&str]) -> Vec<String> {
        let value = |line: &str, key: &str| match line.split_once(&format!("\"{key}\":")) {
            Some((_, rest)) => rest.split([',', '}']).next().unwrap().trim_matches('"').to_owned(),
            None => "-".to_owned(),
        };
        let lines = self.0.lock().unwrap();
        lines.iter().map(|line| keys.iter().map(|key| value(line, key)).collect::<Vec<_>>().join(" ")).collect()
    }
}

type Body_ = ResponseBody<Empty<Bytes>>;

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

#[test]
fn every_way_out_is_recorded_once() {
    type Way = (&'static str, fn(InFlight), &'static [&'static str]);
    let ways: [Way; 9] = [
        (
            "error",
            |exchange| assert_eq!(exchange.answer_bytes(&refused()).status(), 502),
            &["connection_refused connect 502 null null"],
        ),
        (
            "fault",
            |exchange| assert_eq!(exchange.answer_fault::<Empty<Bytes>>(FaultKind::ResponseTimeout).status(), 504),
            &["response_timeout head 504 null null"],
        ),
        ("dropped", drop, &["client_aborted head null null null"]),
        (
            "dropped while connecting",
            |exchange| exchange.phase(Phase::Connect),
            &["client_aborted connect null null null"],
        ),
        ("finished", InFlight::finish, &[]),
        (
            "a head that is unfit",
            |exchange| {
                let head = Response::builder().header("content-length", "1").header("transfer-encoding", "chunked");
                let answer = exchange.pass_on(head.body(Empty::<Bytes>::new()).unwrap());
                assert_eq!(answer.status(), 502);
                assert_eq!(answer.headers()["proxy-status"], "gw; error=http_protocol_error");
                let fault = answer.extensions().get::<Fault>().unwrap();
                assert_eq!(fault.kind(), FaultKind::AmbiguousFraming);
            },
            &["ambiguous_framing head 502 null null"],
        ),
        (
            "a body that nobody reads",
            |exchange| {
                let body = Frames([Ok(Frame::data(Bytes::from_static(b"x")))].into());
                drop(exchange.pass_on(Response::new(body)));
            },
            &["client_aborted body null 200 null"],
        ),
        (
            "a 101 that nobody asked for",
            |exchange| {
                let head = Response::builder().status(101).header("upgrade", "x").header("connection", "upgrade");
                assert_eq!(exchange.pass_on(head.body(Empty::<Bytes>::new()).unwrap()).status(), 502);
            },
            &["unexpected_upgrade head 502 null null"],
        ),
        (
            "an interim response in the place of the final one",
            |exchange| {
                let early = Response::builder().status(103).body(Empty::<Bytes>::new()).unwrap();
                assert_eq!(exchange.pass_on(early).status(), 500);
            },
            &["proxy_internal select 500 null null"],
        ),
    ];
    for (name, way, expected) in ways {
        let records = Records::default();
        way(records.exchange(Exchange::default()));
        assert_eq!(records.short(), expected, "{name}");
    }
}

/// What `fail` says, in one word.
fn said(word: &LastWord) -> String {
    match word {
        LastWord::Answer(response) => format!("{} {:?}", response.status().as_u16(), fault_of(response).kind()),
        LastWord::Abort(how) => format!("{how:?}"),
        LastWord::Silence => "silence".to_owned(),
        other => format!("{other:?}"),
    }
}

fn fault_of<B>(response: &Response<B>) -> Fault {
    *response.extensions().get().unwrap()
}

#[test]
fn who_writes_by_itself_is_told_how_it_ends() {
    fn head_out(exchange: &InFlight, version: Version, length: bool) {
        let mut fields = HeaderMap::new();
        if length {
            fields.insert("content-length", HeaderValue::from_static("9"));
        }
        exchange.facts().version = version;
        exchange.facts().forwarding(http::StatusCode::OK, &fields);
    }
    type Way = (&'static str, fn(&InFlight), Fault, &'static str, &'static str);
    let reset = Fault::new(FaultKind::BodyReset);
    let left = Fault::new(FaultKind::ClientAborted);
    let ways: [Way; 8] = [
        ("nothing", |_| {}, Fault::new(FaultKind::NoRoute), "500 NoRoute", "no_route select 500 null null"),
        (
            "an interim response",
            |exchange| {
                exchange.facts().forwarding(http::StatusCode::EARLY_HINTS, &HeaderMap::new());
            },
            Fault::new(FaultKind::ResponseTimeout),
            "504 ResponseTimeout",
            "response_timeout head 504 null null",
        ),
        (
            "chunks",
            |exchange| head_out(exchange, Version::HTTP_11, false),
            reset,
            "NoLastChunk",
            "body_reset body null 200 no_last_chunk",
        ),
        (
            "a length",
            |exchange| head_out(exchange, Version::HTTP_11, true),
            reset,
            "CloseShort",
            "body_reset body null 200 close_short",
        ),
        (
            "all until the end",
            |exchange| head_out(exchange, Version::HTTP_10, false),
            reset,
            "Reset",
            "body_reset body null 200 reset",
        ),
        ("left at once", |_| {}, left, "silence", "client_aborted head null null null"),
        (
            "left while connecting",
            |exchange| exchange.phase(Phase::Connect),
            left.at(Phase::Send),
            "silence",
            "client_aborted connect null null null",
        ),
        (
            "left in the body",
            |exchange| head_out(exchange, Version::HTTP_11, true),
            left,
            "silence",
            "client_aborted body null 200 null",
        ),
    ];
    for (name, way, fault, word, record) in ways {
        let records = Records::default();
        let exchange = records.exchange(Exchange::default());
        way(&exchange);
        assert_eq!(said(&exchange.fail(fault)), word, "{name}");
        assert_eq!(records.short(), [record], "{name}");
    }
}

#[test]
fn what_supports_a_fault_goes_with_its_try() {
    let records = Records::default();
    let exchange = records.exchange(Exchange::default());
    exchange.support(Evidence::new().with_first_bytes(b"first"));
    exchange.try_again(&Fault::new(FaultKind::ClosedBeforeResponse));
    exchange.classify(&io::Error::other("second"));
    exchange.support(Evidence::new().with_first_bytes(b"third"));
    let _ = exchange.fail(FaultKind::NotHttp);
    let line = &records.0.lock().unwrap()[0];
    assert!(!line.contains("first\"}"), "{line}");
    let (second, third) = (line.find("second").unwrap(), line.find("third").unwrap());
    assert!(second < third, "{line}");
}

#[test]
fn what_a_parser_of_ones_own_put_up_with_is_reported() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (response, names) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(), None),
        ("HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok".to_owned(), Some("[\"bare_lf\"]")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok?".to_owned(), Some("[\"leftover\"]")),
        (format!("{chunked}X-Sum: 1\r\n\r\n"), None),
        (format!("{chunked}X-Sum: 1\r\nContent-Length: 1\r\n\r\n"), Some("[\"forbidden_trailers\"]")),
    ] {
        let records = Records::default();
        let exchange = records.exchange(Exchange::default());
        let mut parser = Parser::new(&Config::compatible(), h1::Request::get());
        let mut rest = response.as_bytes();
        let end = loop {
            let step = parser.next(rest, Eof::Open).unwrap();
            rest = &rest[step.consumed..];
            if let Event::End(end) = step.event {
                break end;
            }
        };
        exchange.parsed(end);
        exchange.finish();
        let lines = records.0.lock().unwrap();
        assert_eq!(lines.len(), usize::from(names.is_some()), "{response:?}");
        if let Some(names) = names {
            assert!(lines[0].starts_with(&format!("{{\"fault\":null,\"deviations\":{names},")), "{}", lines[0]);
        }
    }
    // Of a first try that ended nobody wants to know what was put up with in it.
    let records = Records::default();
    let exchange = records.exchange(Exchange::default());
    let mut parser = Parser::new(&Config::compatible(), h1::Request::get());
    let head = b"HTTP/1.1 204 x\n\n";
    let used = parser.next(head, Eof::Open).unwrap().consumed;
    if let Event::End(end) = parser.next(&head[used..], Eof::Open).unwrap().event {
        exchange.parsed(end);
    }
    exchange.try_again(&Fault::new(FaultKind::ClosedBeforeResponse));
    exchange.finish();
    assert!(records.0.lock().unwrap()[0].contains("\"deviations\":[],"));
}

#[test]
fn who_joins_by_itself_offers_upgrades_and_asks_whether_a_101_is_an_answer() {
    for (gateway_has, fields, answered, is_answer) in [
        (true, [("connection", "upgrade"), ("upgrade", "websocket")], "WebSocket", true),
        (true, [("connection", "upgrade"), ("upgrade", "websocket, h2c")], "websocket", true),
        (true, [("connection", "upgrade"), ("upgrade", "websocket, h2c")], "h2c", false),
        (true, [("connection", "upgrade"), ("upgrade", "websocket")], "irc", false),
        (true, [("connection", "x"), ("upgrade", "websocket")], "websocket", false),
        (false, [("connection", "upgrade"), ("upgrade", "websocket")], "websocket", false),
    ] {
        let records = Records::default();
        let gateway = records.gateway();
        let gateway = if gateway_has { gateway.with_upgrades(JoinedByCaller) } else { gateway };
        let mut request = Request::get("/").header("host", "gw.test").body(()).unwrap();
        for (name, value) in fields {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let exchange = gateway.begin_head(&mut request);
        let what = format!("{gateway_has} {fields:?} {answered}");
        assert_eq!(exchange.answers_upgrade([answered.as_bytes()]), is_answer, "{what}");
        // It is not this crate that joins.
        let head = Response::builder().status(101).header("connection", "upgrade").header("upgrade", answered);
        assert_eq!(exchange.pass_on(head.body(Empty::<Bytes>::new()).unwrap()).status(), 502, "{what}");
    }
}

#[test]
fn a_panic_is_no_client_that_left() {
    let records = Records::default();
    let exchange = records.exchange(Exchange::default());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _exchange = exchange;
        panic!("a defect");
    }));
    assert!(panicked.is_err());
    assert_eq!(records.short(), ["proxy_internal select 500 null null"]);
}

/// What each try got to says the one record, for every kind that may end them.
#[test]
fn a_request_that_no_try_sent_was_not_applied() {
    let tries = |first: Fault, last: Fault, sent: Option<u64>| {
        let records = Records::default();
        let exchange = records.exchange(Exchange::default());
        exchange.facts().sent = sent;
        exchange.try_again(&first);
        exchange.facts().sent = sent;
        let _ = exchange.answer_fault_bytes(last);
        records.of(&["applied"])
    };
    for &first in FaultKind::ALL {
        for &last in FaultKind::ALL {
            let (first, last) = (Fault::new(first), Fault::new(last));
            assert_eq!(tries(first, last, Some(0)), ["no"], "{first}, then {last}, unsent");
            assert_eq!(
                tries(first, last, None),
                [first.applied().max(last.applied()).as_str()],
                "{first}, then {last}"
            );
        }
    }
}

#[test]
fn the_record_has_what_was_learnt_on_the_way() {
    static BEGUN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let clock = || *BEGUN + Duration::from_millis(7) * CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);

    let records = Records::default();
    let gateway = records.gateway().with_clock(clock, || std::time::UNIX_EPOCH);
    let exchange = InFlight::new(gateway, Exchange::default());
    exchange.next_hop("10.0.0.7:80");
    exchange.evidence("attempt", "2");
    let answer = exchange.answer_bytes(&io::Error::new(io::ErrorKind::ConnectionRefused, "no"));
    assert_eq!(answer.headers()["proxy-status"], "gw; error=connection_refused");
    let line = records.0.lock().unwrap()[0].clone();
    for part in [
        r#""fault":"connection_refused""#,
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
    exchange: Exchange,
) -> Vec<String> {
    let records = Records::default();
    let frames =
        frames.iter().map(|frame| frame.map(|text| Frame::data(Bytes::from(text))).map_err(io::Error::from)).collect();
    let mut response = Response::builder();
    if let Some(length) = length {
        response = response.header("content-length", length);
    }
    let response = response.body(Frames(frames)).unwrap();
    let mut body = records.exchange(exchange).pass_on(response).into_body();
    if read {
        while let Some(Ok(_)) = body.frame().await {}
    }
    drop(body);
    records.short()
}

#[tokio::test]
async fn a_body_is_recorded_if_it_was_not_whole() {
    let get = Exchange::default;
    let head = || {
        let mut exchange = Exchange::default();
        exchange.method = Method::HEAD;
        exchange
    };
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
/// How far a client got that did not wait for the rest.
#[tokio::test]
async fn who_leaves_in_a_body_has_had_so_much_of_it() {
    for (length, expected) in [(Some("10"), "10"), (None, "null")] {
        let records = Records::default();
        let mut response = Response::builder();
        if let Some(length) = length {
            response = response.header("content-length", length);
        }
        let frames = [Ok(Frame::data(Bytes::from("hell"))), Ok(Frame::data(Bytes::from("o")))];
        let response = response.body(Frames(frames.into())).unwrap();
        let mut response = records.exchange(Exchange::default()).pass_on(response);
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        let facts = ["fault", "phase", "expected", "received"];
        assert_eq!(records.of(&facts), [format!("client_aborted body {expected} 4")]);
    }
}

async fn proxy(records: Records, upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = records.gateway();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let gateway = gateway.clone();
            let service = service_fn(move |request| {
                let gateway = gateway.clone();
                async move { gateway.handle(request, |exchange, request| exchange_with(exchange, request, upstream)).await }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn exchange_with(
    exchange: InFlight,
    mut request: Request<Upload<Incoming>>,
    upstream: SocketAddr,
) -> Result<Response<ResponseBody<Incoming, TokioTimer>>, Box<dyn std::error::Error + Send + Sync>> {
    let exchange = exchange.timed(TokioTimer, Some(Duration::from_millis(500)), None);
    request.headers_mut().insert(HOST, HeaderValue::from_static("lab.test"));
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request);
    let response = deadline(response, TokioTimer.sleep(Duration::from_secs(2)), FaultKind::ResponseTimeout).await??;
    Ok(exchange.pass_on(response))
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

/// A client of HTTP/1.0 can be shown a cut by a reset alone, and by that only where its connection can be reset.
#[tokio::test]
async fn the_record_says_how_the_cut_was_shown() {
    use badgateway::body::ClientHandle;

    for (client, how) in [(None, "unmarked"), (Some(ClientHandle::new()), "reset")] {
        let records = Records::default();
        let mut facts = Exchange::default();
        facts.version = Version::HTTP_10;
        let exchange = records.exchange(facts);
        if let Some(client) = &client {
            exchange.client(client);
        }
        let frames = Frames([Ok(Frame::data(Bytes::from_static(b"x"))), Err(refused())].into());
        let mut body = exchange.pass_on(Response::new(frames)).into_body();
        while let Some(Ok(_)) = body.frame().await {}
        assert_eq!(records.of(&["decision", "how"]), [format!("abort {how}")]);
        assert_eq!(client.map(|client| client.abort_handle().is_set()).unwrap_or_default(), how == "reset");
    }
}

/// What breaks while the head is held is a 502, and recorded as one.
#[tokio::test]
async fn a_head_that_waits_is_answered_where_its_body_breaks() {
    let whole: &[&str] = &[];
    type Case<'a> = (&'a str, Vec<Result<Frame<Bytes>, io::Error>>, u16, &'a [&'a str]);
    let x = || Ok(Frame::data(Bytes::from_static(b"x")));
    let cases: [Case<'_>; 4] = [
        ("breaks at once", vec![Err(io::ErrorKind::ConnectionReset.into())], 502, &["body_reset body 502 null null"]),
        ("whole", vec![x()], 200, whole),
        ("empty", vec![], 200, whole),
        (
            "breaks later",
            vec![x(), Err(io::ErrorKind::ConnectionReset.into())],
            200,
            &["body_reset body null 200 no_last_chunk"],
        ),
    ];
    for (name, frames, status, expected) in cases {
        let records = Records::default();
        let exchange = records.exchange(Exchange::default()).timed(TokioTimer, None, None);
        let response = exchange.pass_on_held(Response::new(Frames(frames.into())), Duration::from_secs(9)).await;
        assert_eq!(response.status(), status, "{name}");
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        drop(body);
        assert_eq!(records.short(), expected, "{name}");
    }
    // A client that leaves while the head waits.
    let records = Records::default();
    let exchange = records.exchange(Exchange::default()).timed(TokioTimer, None, None);
    let held = exchange.pass_on_held(Response::new(Silence), Duration::from_secs(9));
    assert!(timeout(Duration::from_millis(10), held).await.is_err());
    assert_eq!(records.short(), ["client_aborted body null null null"]);
    // One that says nothing in time.
    let records = Records::default();
    let exchange = records.exchange(Exchange::default()).timed(TokioTimer, None, None);
    let response = exchange.pass_on_held(Response::new(Silence), Duration::from_millis(1)).await;
    assert_eq!((response.status().as_u16(), records.short().len()), (200, 0));
    drop(response);
    assert_eq!(records.short(), ["client_aborted body null 200 null"]);
}

/// An answer without content ends with its head (RFC 9112 section 6.3), whatever its fields say, and whatever a client library
/// gives as its body: the client has all of it, and so there is no fault.
#[tokio::test]
async fn an_answer_without_content_is_whole_with_its_head() {
    type Inner = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;
    let data = || Ok(Frame::data(Bytes::from_static(b"hello\n")));
    let inners: [(&str, &dyn Fn() -> Inner); 5] = [
        ("nothing", &|| Frames([].into()).boxed_unsync()),
        ("what the length says", &|| Frames([data()].into()).boxed_unsync()),
        ("more than that", &|| Frames([data(), data()].into()).boxed_unsync()),
        ("an error", &|| Frames([Err(io::ErrorKind::ConnectionReset.into())].into()).boxed_unsync()),
        ("nothing ever", &|| Silence.boxed_unsync()),
    ];
    for (method, status) in [(Method::HEAD, 200), (Method::HEAD, 503), (Method::GET, 204), (Method::POST, 304)] {
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            for (length, (inner, body)) in [None, Some("6")].into_iter().flat_map(|length| inners.map(|i| (length, i)))
            {
                for hold in [Duration::ZERO, Duration::from_secs(9)] {
                    let what = format!("{method} {status} {version:?}, length {length:?}, {inner}, held {hold:?}");
                    let records = Records::default();
                    let mut facts = Exchange::default();
                    (facts.method, facts.version) = (method.clone(), version);
                    let exchange = records.exchange(facts).timed(TokioTimer, Some(Duration::from_millis(1)), None);
                    let (told, end) = std::sync::mpsc::channel();
                    exchange.over(Told(told));
                    let mut response = Response::builder().status(status);
                    if let Some(length) = length {
                        response = response.header("content-length", length);
                    }
                    let held = exchange.pass_on_held(response.body(body()).unwrap(), hold);
                    let response = timeout(Duration::from_secs(5), held).await.unwrap_or_else(|_| panic!("{what}"));
                    assert_eq!(response.status(), status, "{what}");
                    let mut body = response.into_body();
                    assert!(body.is_end_stream() && body.frame().await.is_none(), "{what}");
                    drop(body);
                    assert_eq!(records.short(), [""; 0], "{what}");
                    assert_eq!(end.try_iter().collect::<Vec<_>>(), [(End::Whole, true)], "{what}");
                }
            }
        }
    }
    // A gRPC call that ends with a 204, as a recipe for nginx has it: there is no content to end in a status once more.
    let records = Records::default();
    let call = Request::post("http://gw.test/pkg.Service/Method")
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc");
    let (exchange, _) = records.gateway().begin(call.body(Empty::<Bytes>::new()).unwrap());
    let head = Response::builder().status(204).header("grpc-status", "12").body(Frames([data()].into())).unwrap();
    let response = exchange.pass_on(head);
    assert_eq!((response.status().as_u16(), response.headers()["grpc-status"].as_bytes()), (204, &b"12"[..]));
    // Nor trailers, for which our member of `Proxy-Status` would have to be there.
    assert!(!response.headers().contains_key("proxy-status"));
    assert!(response.into_body().is_end_stream());
    assert_eq!(records.short(), [""; 0]);
    // A length of 0 is another matter: there the next hop contradicts itself.
    let more = [Ok("hello")];
    assert_eq!(
        body(&more, Some("0"), true, Exchange::default()).await,
        ["ambiguous_framing body null 200 close_short"]
    );
}

/// A link that passes on how its exchange ended, and whether a head had gone out.
struct Told(std::sync::mpsc::Sender<(End, bool)>);

impl badgateway::Link for Told {
    fn ended(self: Box<Self>, end: End, exchange: &Exchange) {
        self.0.send((end, !exchange.can_respond())).unwrap();
    }
}

/// No frame ever comes.
struct Silence;

impl Body for Silence {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Pending
    }
}

/// A handler's own error is answered; a future that is dropped is a client that left; a panic is neither.
#[tokio::test]
async fn leaving_is_told_from_failing() {
    type Result_ = Result<Response<Body_>, io::Error>;
    async fn fails(_exchange: InFlight, _request: Request<Upload<Empty<Bytes>>>) -> Result_ {
        Err(refused())
    }
    async fn forgets(_exchange: InFlight, _request: Request<Upload<Empty<Bytes>>>) -> Result_ {
        Ok(Response::new(ResponseBody::made("hello")))
    }
    async fn passes_on_and_fails(exchange: InFlight, _request: Request<Upload<Empty<Bytes>>>) -> Result_ {
        let _lost = exchange.pass_on(Response::new(Empty::new()));
        Err(refused())
    }
    async fn waits(exchange: InFlight, _request: Request<Upload<Empty<Bytes>>>) -> Result_ {
        exchange.phase(Phase::Connect);
        std::future::pending().await
    }
    async fn panics(_exchange: InFlight, _request: Request<Upload<Empty<Bytes>>>) -> Result_ {
        panic!("a defect")
    }
    let records = Records::default();
    let request = || Request::get("/").header("host", "gw.test").body(Empty::<Bytes>::new()).unwrap();
    let gateway = records.gateway();

    let answer = gateway.handle(request(), fails).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), records.short()),
        (502, vec!["connection_refused connect 502 null null".into()])
    );
    records.0.lock().unwrap().clear();

    let answer = gateway.handle(request(), forgets).await.unwrap();
    assert_eq!((answer.status().as_u16(), records.short().len()), (200, 0));

    let answer = gateway.handle(request(), passes_on_and_fails).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), records.short()),
        (502, vec!["connection_refused connect 502 null null".into()])
    );
    records.0.lock().unwrap().clear();

    assert!(timeout(Duration::from_millis(5), gateway.handle(request(), waits)).await.is_err());
    assert_eq!(records.short(), ["client_aborted connect null null null"]);
    records.0.lock().unwrap().clear();

    assert!(tokio::spawn(gateway.handle(request(), panics)).await.is_err());
    assert_eq!(records.short(), ["proxy_internal select 500 null null"]);
}

/// A timer that fires knows nothing; the facts do.
#[test]
fn a_timer_is_named_by_the_facts() {
    for (phase, kind) in [
        (Phase::Resolve, FaultKind::DnsTimeout),
        (Phase::Connect, FaultKind::ConnectionTimeout),
        (Phase::Tls, FaultKind::TlsTimeout),
        (Phase::Head, FaultKind::ResponseTimeout),
    ] {
        let mut request = Request::get("/cart").body(()).unwrap();
        let exchange = Records::default().gateway().begin_head(&mut request);
        exchange.share(request.extensions_mut());
        SharedFacts::of(request.extensions()).unwrap().phase(phase);
        let answer = exchange.answer_bytes(&io::Error::from(io::ErrorKind::TimedOut));
        assert_eq!(answer.extensions().get::<Fault>().unwrap().kind(), kind);
    }
}

/// A gRPC call ends in a status, whatever comes, and in one record if that was not the next hop's own.
#[tokio::test]
async fn a_grpc_call_ends_in_a_status() {
    let trailers = |status: &'static str| {
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_static(status));
        Ok(Frame::trailers(fields))
    };
    let message = || Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x01x")));
    type Case<'a> =
        (&'a str, u16, &'a str, Vec<Result<Frame<Bytes>, io::Error>>, Option<&'a str>, Option<&'a str>, &'a [&'a str]);
    let grpc = "application/grpc+proto";
    let cases: [Case<'_>; 9] = [
        ("whole", 200, grpc, vec![message(), trailers("0")], None, Some("0"), &[]),
        ("a call that failed", 200, grpc, vec![trailers("5")], None, Some("5"), &[]),
        (
            "no status at all",
            200,
            grpc,
            vec![message()],
            None,
            Some("2"),
            &["bad_grpc_status trailers null 200 grpc_status"],
        ),
        ("an end at once", 200, grpc, vec![], None, Some("2"), &["bad_grpc_status trailers null 200 grpc_status"]),
        (
            "a status that is none",
            200,
            grpc,
            vec![message(), trailers("99")],
            None,
            Some("2"),
            &["bad_grpc_status trailers null 200 grpc_status"],
        ),
        (
            "cut",
            200,
            grpc,
            vec![message(), Err(io::ErrorKind::ConnectionReset.into())],
            None,
            Some("14"),
            &["body_reset body null 200 grpc_status"],
        ),
        ("a page", 502, "text/html", vec![message()], Some("14"), None, &["not_grpc head 200 null null"]),
        ("a missing path", 404, "text/html", vec![], Some("12"), None, &["not_grpc head 200 null null"]),
        ("a refusal", 503, grpc, vec![], Some("14"), None, &["not_grpc head 200 null null"]),
    ];
    for (name, status, content_type, frames, in_head, at_end, expected) in cases {
        let records = Records::default();
        let call = Request::post("http://gw.test/pkg.Service/Method")
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc");
        let (exchange, request) = records.gateway().begin(call.body(Empty::<Bytes>::new()).unwrap());
        assert_eq!(request.headers()["te"], "trailers");
        let head = Response::builder().status(status).version(Version::HTTP_11).header("content-type", content_type);
        let response = exchange.pass_on(head.body(Frames(frames.into())).unwrap());
        assert_eq!(response.status(), 200, "{name}");
        let value = |fields: &HeaderMap| fields.get("grpc-status").map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(value(response.headers()).as_deref(), in_head, "{name}");
        let mut body = response.into_body();
        let mut end = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.unwrap_or_else(|fault| panic!("{name}: {fault}"));
            end = frame.trailers_ref().map(|fields| value(fields).unwrap());
        }
        assert_eq!(end.as_deref(), at_end, "{name}");
        drop(body);
        assert_eq!(records.short(), expected, "{name}");
    }
}

/// A request is fit to be forwarded when its exchange has begun.
#[test]
fn a_request_is_made_fit() {
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, Version, Lines<'_>, Lines<'_>); 7] = [
        (
            "hop by hop, and what Connection names",
            Version::HTTP_11,
            &[
                ("connection", "keep-alive, x-secret, upgrade"),
                ("keep-alive", "timeout=5"),
                ("x-secret", "1"),
                ("upgrade", "h2c"),
                ("http2-settings", "AAMAAABkAAQAAP__"),
                ("proxy-authorization", "Basic dTpw"),
                ("proxy-connection", "keep-alive"),
                ("proxy", "http://evil.example"),
                ("expect", "100-continue"),
                ("te", "trailers"),
                ("accept", "text/html"),
            ],
            &[("accept", "text/html"), ("host", "gw.test"), ("via", "1.1 gw")],
        ),
        (
            "an upgrade that nobody carries",
            Version::HTTP_11,
            &[("connection", "upgrade"), ("upgrade", "websocket")],
            &[("host", "gw.test"), ("via", "1.1 gw")],
        ),
        (
            "Via has others before us",
            Version::HTTP_10,
            &[("via", "1.1 a"), ("via", "1.1 b")],
            &[("host", "gw.test"), ("via", "1.1 a, 1.1 b, 1.0 gw")],
        ),
        (
            "HTTP/2 splits cookies",
            Version::HTTP_2,
            &[("cookie", "a=1"), ("cookie", "b=2")],
            &[("cookie", "a=1; b=2"), ("host", "gw.test"), ("via", "2 gw")],
        ),
        (
            "a Host that is there stays",
            Version::HTTP_2,
            &[("host", "GW.test:80")],
            &[("host", "GW.test:80"), ("via", "2 gw")],
        ),
        (
            "the target's host counts, and not the field's",
            Version::HTTP_11,
            &[("host", "other.test")],
            &[("host", "gw.test"), ("via", "1.1 gw")],
        ),
        (
            "what Connection may not name",
            Version::HTTP_11,
            &[("connection", "cookie, host"), ("cookie", "a=1")],
            &[("cookie", "a=1"), ("host", "gw.test"), ("via", "1.1 gw")],
        ),
    ];
    for (name, version, lines, expected) in cases {
        let mut request = Request::get("http://gw.test/x").version(version);
        for (field, value) in lines {
            request = request.header(*field, *value);
        }
        if version == Version::HTTP_11 && !lines.iter().any(|(field, _)| *field == "host") {
            request = request.header("host", "gw.test");
        }
        let mut request = request.body(()).unwrap();
        let exchange = Records::default().gateway().begin_head(&mut request);
        assert_eq!(exchange.refusal(), None, "{name}");
        exchange.finish();
        let mut seen: Vec<_> = request.headers().iter().map(|(k, v)| (k.as_str(), v.to_str().unwrap())).collect();
        seen.sort_unstable();
        assert_eq!(seen, expected, "{name}");
        assert_eq!(request.version(), Version::HTTP_11, "{name}");
    }
}

/// "Remove any header or trailer field(s) from the message with the same name as the connection-option" (RFC 9110 section
/// 7.6.1), in either direction.
#[tokio::test]
async fn what_connection_names_is_no_trailer_either() {
    async fn trailers<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            names.extend(
                frame.trailers_ref().into_iter().flat_map(HeaderMap::keys).map(|name| name.as_str().to_owned()),
            );
        }
        names.sort_unstable();
        names
    }
    let sent = || {
        let names = ["x-hop", "x-kept", "etag", "content-length"];
        let fields = names.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")));
        let frames = [Frame::data(Bytes::from("hello")), Frame::trailers(fields.into_iter().collect())];
        Frames(frames.into_iter().map(Ok).collect())
    };
    let cases: [(&[&str], &[&str]); 5] = [
        (&[], &["etag", "x-hop", "x-kept"]),
        (&["Keep-Alive"], &["etag", "x-hop", "x-kept"]),
        (&["X-Hop"], &["etag", "x-kept"]),
        (&["close", "te , x-hop", ",X-KEPT"], &["etag"]),
        // It is for all who get the content, and must not be named.
        (&["etag, x-hop"], &["etag", "x-kept"]),
    ];
    for (connection, expected) in cases {
        let records = Records::default();
        let mut request = Request::post("/x").header("host", "gw.test").header("transfer-encoding", "chunked");
        let mut response = Response::builder().header("transfer-encoding", "chunked");
        for line in connection {
            (request, response) = (request.header("connection", *line), response.header("connection", *line));
        }
        let (exchange, request) = records.gateway().begin(request.body(sent()).unwrap());
        assert_eq!(trailers(request.into_body()).await, expected, "request: {connection:?}");
        let response: Response<ResponseBody<Frames>> = exchange.pass_on(response.body(sent()).unwrap());
        assert_eq!(trailers(response.into_body()).await, expected, "response: {connection:?}");
        assert!(records.short().is_empty());
    }
}
