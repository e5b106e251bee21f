//! The gateway of tower's layers, as its documentation shows it: before the lab on real sockets, and around services
//! that fail in every way a layer can.
#![cfg(all(feature = "tower05", feature = "hyper_util01", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use badgateway::adapters::hyper_util01::{TapConnector, TapLayer};
use badgateway::adapters::tokio1::{ClientListener, TokioTimer};
use badgateway::adapters::tower05::{GatewayLayer, GatewayService, ResponseFuture, RetryIfSafe};
use badgateway::fault::Fault;
use badgateway::lab::probe::{self, Answer};
use badgateway::lab::{BEHAVIOURS, Lab};
use badgateway::{Gateway, SharedFacts, Upload};
use bytes::Bytes;
use http::{Method, Request, Response, Uri, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn as hyper_service;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;
use tower::{BoxError, Layer, Service, ServiceBuilder, service_fn};

/// Long enough for what answers, short enough to wait for what does not.
const PATIENCE: Duration = Duration::from_millis(600);

/// Runs a test in a thread of its own, and gives up on it after a minute: a try that waits for a body which nobody leaves it is
/// a mistake to be found here, and the test must end.
fn bounded<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let (done, over) = mpsc::channel();
    let running = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test());
        drop(runtime); // waits for what it still runs
        done.send(()).unwrap();
    });
    match over.recv_timeout(Duration::from_secs(60)) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(RecvTimeoutError::Disconnected) => std::panic::resume_unwind(running.join().unwrap_err()),
    }
}

macro_rules! bounded {
    ($($test:ident)*) => {
        mod bounded {
            $(#[test] fn $test() { super::bounded(super::$test); })*
        }
    };
}

bounded! {
    before_the_lab
    interim_responses_are_for_clients_of_http_1_1
    a_second_try_sends_the_whole_request
    which_bodies_go_once_more
    a_try_that_was_timed_out_leaves_its_body
    retries_end_with_their_budget
    nothing_is_retried_that_nobody_knows_of
    a_client_that_does_not_get_ready_is_answered_for
    whatever_stands_within
    a_client_that_leaves_while_it_connects
    its_types_have_names_and_are_send
}

/// All records of a test.
#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<String>>>);

impl Records {
    fn gateway(&self) -> Gateway {
        let records = self.0.clone();
        Gateway::new("gw").unwrap().with_log(move |report| records.lock().unwrap().push(report.to_string()))
    }

    /// Each record's values of these keys; `-` where there is none.
    fn of(&self, keys: &[&str]) -> Vec<String> {
        let value = |line: &str, key: &str| match line.split_once(&format!("\"{key}\":")) {
            Some((_, rest)) => rest.split([',', '}']).next().unwrap().trim_matches('"').to_owned(),
            None => "-".to_owned(),
        };
        let lines = self.0.lock().unwrap();
        lines.iter().map(|line| keys.iter().map(|key| value(line, key)).collect::<Vec<_>>().join(" ")).collect()
    }

    /// The records once there are so many, and a little later, in case that there are more.
    async fn settled(&self, many: usize, keys: &[&str]) -> Vec<String> {
        for _ in 0..200 {
            if self.0.lock().unwrap().len() >= many {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.of(keys)
    }
}

/// The proxy of the documentation: a hyper server, whose requests go to this upstream.
async fn proxy(records: &Records, upstream: &str) -> SocketAddr {
    let service = ServiceBuilder::new()
        .layer(GatewayLayer::new(records.gateway()).timed(TokioTimer, Some(PATIENCE), None))
        .timeout(PATIENCE)
        .retry(RetryIfSafe::new())
        .layer(TapLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(TapConnector::new(HttpConnector::new())));
    let listener = ClientListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upstream: Uri = upstream.parse().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, client, _) = listener.accept().await;
            let (service, upstream) = (service.clone(), upstream.clone());
            let service = hyper_service(move |mut request: Request<Incoming>| {
                *request.uri_mut() = upstream.clone();
                request.extensions_mut().insert(client.clone());
                let mut service = service.clone();
                async move {
                    poll_fn(|cx| service.poll_ready(cx)).await?;
                    service.call(request).await
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn ask(address: SocketAddr, request: probe::Request) -> Answer {
    tokio::task::spawn_blocking(move || probe::send(address, &request)).await.unwrap().unwrap()
}

/// The client sees what the lab holds a right proxy to; and of each fault there is one record, which says what became of it.
async fn before_the_lab() {
    // Behaviour, request's method and body; status; the record's fault, phase, status, forwarded_status, applied, attempts.
    type Case = (&'static str, &'static str, &'static str, Option<u16>, &'static [&'static str]);
    let cases: &[Case] = &[
        ("ok_200", "GET", "", Some(200), &[]),
        ("ok_200", "POST", "hello", Some(200), &[]),
        ("ok_chunked_trailers", "GET", "", Some(200), &[]),
        ("ok_large", "GET", "", Some(200), &[]),
        ("slow_ok", "GET", "", Some(200), &[]),
        ("upstream_504", "GET", "", Some(504), &[]),
        ("refused", "GET", "", Some(502), &["connection_refused connect 502 null no 2"]),
        ("refused", "POST", "hello", Some(502), &["connection_refused connect 502 null no 2"]),
        ("blackhole", "GET", "", Some(504), &["connection_timeout connect 504 null no -"]),
        ("blackhole", "POST", "hello", Some(504), &["connection_timeout connect 504 null no -"]),
        ("reset_after_request", "GET", "", Some(502), &["reset_before_response head 502 null perhaps 2"]),
        ("reset_after_request", "PUT", "hello", Some(502), &["reset_before_response head 502 null perhaps 2"]),
        ("reset_after_request", "POST", "hello", Some(502), &["reset_before_response head 502 null perhaps -"]),
        ("close_mid_head", "GET", "", Some(502), &["head_truncated head 502 null yes 2"]),
        ("stall_mid_head", "GET", "", Some(504), &["head_stalled head 504 null yes -"]),
        ("close_mid_chunked", "GET", "", Some(200), &["body_truncated body null 200 yes -"]),
        ("bad_chunk_size", "GET", "", Some(502), &["bad_chunk body 502 null yes -"]),
        ("stall_mid_body", "GET", "", Some(200), &["body_stalled body null 200 yes -"]),
        ("reset_mid_large_body", "GET", "", Some(200), &["body_reset body null 200 yes -"]),
        ("ssh_banner", "GET", "", Some(502), &["not_http head 502 null perhaps -"]),
    ];
    let names: Vec<_> = cases.iter().map(|case| case.0).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    for (name, method, body, status, expected) in cases {
        let records = Records::default();
        let address = proxy(&records, lab.upstream(name).unwrap().url()).await;
        let request = probe::Request::new().method(method).header("host", "gw.test");
        let request = if body.is_empty() { request } else { request.body(*body) };
        let answer = ask(address, request).await;
        assert_eq!(answer.status, *status, "{method} {name}: {answer:?}");
        let rule = BEHAVIOURS.iter().find(|behaviour| behaviour.name == *name).unwrap().rule;
        assert_eq!(answer.satisfies(&rule), Ok(()), "{method} {name}");
        let keys = ["fault", "phase", "status", "forwarded_status", "applied", "attempts"];
        assert_eq!(records.settled(expected.len(), &keys).await, *expected, "{method} {name}");
        let (_, host) = lab.upstream(name).unwrap().url().split_once("//").unwrap();
        let hosts = records.of(&["next_hop"]);
        assert!(hosts.iter().all(|known| known == host.trim_end_matches('/')), "{name}: {hosts:?}");
    }
}

/// "A proxy MUST forward 1xx responses", and not to HTTP/1.0 (RFC 9110 section 15.2).
async fn interim_responses_are_for_clients_of_http_1_1() {
    let lab = Lab::builder().only(&["early_hints"]).start().unwrap();
    for (version, interims) in [(Version::HTTP_11, &[103][..]), (Version::HTTP_10, &[])] {
        let records = Records::default();
        let address = proxy(&records, lab.upstream("early_hints").unwrap().url()).await;
        let answer = ask(address, probe::Request::new().version(version)).await;
        assert_eq!((answer.interim.as_slice(), answer.status), (interims, Some(200)), "{version:?}");
        assert!(records.settled(0, &[]).await.is_empty());
    }
}

/// What was sent once more and went well is no fault, and is told.
async fn a_second_try_sends_the_whole_request() {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let upload = "x".repeat(10_000);
    let length = upload.len();
    let serving = thread::spawn(move || {
        let mut bodies = Vec::new();
        for number in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            bodies.push(read_request(&mut stream, length));
            if number == 0 {
                continue; // and so it is closed without a byte
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
        bodies
    });
    let records = Records::default();
    let address = proxy(&records, &upstream).await;
    let answer = ask(address, probe::Request::new().method("PUT").body(upload.clone())).await;
    assert_eq!((answer.status, answer.body), (Some(200), b"ok".to_vec()));
    assert_eq!(serving.join().unwrap(), [upload.clone(), upload]);
    let told = records.settled(1, &["fault", "forwarded_status", "attempts", "first_try"]).await;
    assert_eq!(told, ["null 200 2 closed_before_response"]);
}

/// The body of one request.
fn read_request(stream: &mut StdStream, length: usize) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut buffer).unwrap();
        assert!(n > 0, "the request is cut");
        read.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((_, body)) = text.split_once("\r\n\r\n").filter(|(_, body)| body.len() >= length) {
            return body.to_owned();
        }
    }
}

type Bytes_ = Full<Bytes>;

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

/// A body in frames whose length nobody tells.
struct Frames(Vec<&'static str>);

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
        Poll::Ready(next.map(|text| Ok(Frame::data(Bytes::from(text)))))
    }
}

/// What the tries of a client do, each before it fails; the last echoes what it reads.
#[derive(Clone, Copy)]
enum Try {
    /// The connection is refused.
    Refuse,
    /// It is refused when some of the body was read ahead.
    ReadAndRefuse,
    /// It is reset behind the whole request.
    ReadAndReset,
    Echo,
}

async fn one(does: Try, request: Request<Upload<Frames>>) -> io::Result<Response<Bytes_>> {
    let mut body = request.into_body();
    match does {
        Try::Refuse => Err(refused()),
        Try::ReadAndRefuse => {
            let _ = body.frame().await;
            Err(refused())
        }
        Try::ReadAndReset => {
            let _ = body.collect().await;
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
        Try::Echo => Ok(Response::new(Full::new(body.collect().await?.to_bytes()))),
    }
}

async fn which_bodies_go_once_more() {
    use Try::{Echo, ReadAndRefuse, ReadAndReset, Refuse};
    // Method, tries, bytes to keep, tries at most; the status, and how many tries there were.
    type Case = (Method, &'static [Try], usize, u32, u16, u32);
    let cases: &[Case] = &[
        (Method::POST, &[Echo], 0, 2, 200, 1),
        // Nobody has read it, so that nothing needs to be kept.
        (Method::POST, &[Refuse, Echo], 0, 2, 200, 2),
        (Method::POST, &[Refuse, Refuse, Echo], 0, 2, 502, 2),
        (Method::POST, &[Refuse, Refuse, Echo], 0, 3, 200, 3),
        (Method::POST, &[Refuse, Echo], 0, 1, 502, 1),
        // Some of it is gone, and what was kept is not all.
        (Method::POST, &[ReadAndRefuse, Echo], 99, 2, 502, 1),
        (Method::POST, &[ReadAndReset, Echo], 99, 2, 502, 1),
        (Method::PUT, &[ReadAndReset, Echo], 99, 2, 200, 2),
        (Method::PUT, &[ReadAndReset, Echo], 11, 2, 200, 2),
        (Method::PUT, &[ReadAndReset, Echo], 10, 2, 502, 1),
        (Method::PUT, &[ReadAndReset, ReadAndReset, Echo], 11, 3, 200, 3),
        (Method::PUT, &[Refuse, ReadAndReset, Echo], 11, 3, 200, 3),
    ];
    for (number, (method, tries, room, at_most, status, made)) in cases.iter().enumerate() {
        let records = Records::default();
        let counted = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&counted);
        let mut service = ServiceBuilder::new()
            .layer(GatewayLayer::new(records.gateway()))
            .retry(RetryIfSafe::new().keeping(*room).at_most(*at_most))
            .service(service_fn(move |request| one(tries[counting.fetch_add(1, Ordering::Relaxed) as usize], request)));
        let request = Request::builder().method(method).uri("http://a.test/").header("content-length", "11");
        let Ok(response) = service.call(request.body(Frames(vec!["hello ", "world"])).unwrap()).await;
        assert_eq!((response.status().as_u16(), counted.load(Ordering::Relaxed)), (*status, *made), "{number}");
        if *status == 200 {
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello world", "{number}");
        } else {
            // Whose connection was refused has not applied the request, however often it was tried.
            let sent = tries[..*made as usize].iter().any(|does| matches!(does, ReadAndReset));
            assert_eq!(records.of(&["applied"]), [if sent { "perhaps" } else { "no" }], "{number}");
        }
        let attempts = if *made > 1 { made.to_string() } else { "-".to_owned() };
        assert!(records.of(&["attempts"]).iter().all(|counted| *counted == attempts), "{number}: {records:?}");
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.lock().unwrap().fmt(f)
    }
}

/// A timeout further in than the retries: the first try is still alive when it is decided that there is another.
async fn a_try_that_was_timed_out_leaves_its_body() {
    let records = Records::default();
    let counted = Arc::new(AtomicU32::new(0));
    let mut service = ServiceBuilder::new()
        .layer(GatewayLayer::new(records.gateway()))
        .retry(RetryIfSafe::boxed())
        .timeout(Duration::from_millis(20))
        .service(service_fn(move |request: Request<Upload<Frames>>| {
            let is_first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                let facts = SharedFacts::of(request.extensions()).unwrap();
                if is_first {
                    facts.phase(badgateway::fault::Phase::Connect);
                    std::future::pending::<()>().await;
                }
                one(Try::Echo, request).await
            }
        }));
    let request = Request::post("http://a.test/").header("content-length", "5").body(Frames(vec!["hello"])).unwrap();
    let Ok(response) = timeout(Duration::from_secs(5), service.call(request)).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    assert_eq!(records.of(&["fault", "attempts", "first_try"]), ["null 2 connection_timeout"]);
}

struct Budget(AtomicU32);

impl tower::retry::budget::Budget for Budget {
    fn deposit(&self) {
        self.0.fetch_add(100, Ordering::Relaxed);
    }

    fn withdraw(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

async fn retries_end_with_their_budget() {
    let records = Records::default();
    let budget = Arc::new(Budget(AtomicU32::new(1)));
    let mut service = ServiceBuilder::new()
        .layer(GatewayLayer::new(records.gateway()))
        .retry(RetryIfSafe::new().within(budget.clone()))
        .service(service_fn(|request: Request<Upload<Empty<Bytes>>>| async move {
            if request.uri().path() == "/good" { Ok(Response::new(Bytes_::default())) } else { Err(refused()) }
        }));
    for path in ["/", "/", "/good", "/"] {
        let request = Request::get(format!("http://a.test{path}")).body(Empty::new()).unwrap();
        let Ok(response) = service.call(request).await;
        drop(response.into_body().collect().await);
    }
    assert_eq!(records.of(&["attempts"]), ["2", "-", "2"]);
    assert_eq!(budget.0.load(Ordering::Relaxed), 99);
}

/// Without the facts of an exchange nobody knows what is safe.
async fn nothing_is_retried_that_nobody_knows_of() {
    let counted = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&counted);
    let mut service =
        ServiceBuilder::new().retry(RetryIfSafe::new()).service(service_fn(move |_: Request<Upload<Bytes_>>| {
            counting.fetch_add(1, Ordering::Relaxed);
            async { Err::<Response<Bytes_>, _>(refused()) }
        }));
    assert!(service.call(Request::new(Upload::unwatched(Bytes_::default()))).await.is_err());
    assert_eq!(counted.load(Ordering::Relaxed), 1);
}

/// A client that fails to get ready, as a buffer whose worker is gone does.
#[derive(Clone)]
struct Unready(io::ErrorKind);

impl Service<Request<Upload<Bytes_>>> for Unready {
    type Response = Response<Bytes_>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Response<Bytes_>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.0.into()))
    }

    fn call(&mut self, _: Request<Upload<Bytes_>>) -> Self::Future {
        panic!("it was not ready")
    }
}

async fn a_client_that_does_not_get_ready_is_answered_for() {
    let cases = [
        (io::ErrorKind::ConnectionRefused, "connection_refused no"),
        // Of a request that may have been sent, it would be perhaps.
        (io::ErrorKind::ConnectionReset, "reset_before_response no"),
    ];
    for (kind, told) in cases {
        let records = Records::default();
        let mut service = GatewayLayer::new(records.gateway()).layer(Unready(kind));
        for _ in 0..2 {
            let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
            let Ok(response) =
                service.call(Request::post("/").header("host", "gw.test").body(Bytes_::from("x")).unwrap()).await;
            assert_eq!(response.status(), 502, "{kind}");
            assert!(told.starts_with(response.extensions().get::<Fault>().unwrap().kind().as_str()), "{kind}");
        }
        assert_eq!(records.of(&["fault", "applied"]), [told, told]);
    }
}

/// Layers of tower in every order that makes sense are answered for, and each once.
async fn whatever_stands_within() {
    let slow = service_fn(|_: Request<Upload<Bytes_>>| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok::<_, io::Error>(Response::new(Bytes_::default()))
    });
    let request = || Request::get("http://user:secret@a.test:81/").body(Bytes_::default()).unwrap();
    let records = Records::default();
    let layer = GatewayLayer::new(records.gateway()).timed(TokioTimer, None, None).holding(Duration::ZERO);

    let inner = ServiceBuilder::new().buffer(8).load_shed().concurrency_limit(1).service(slow);
    let mut service = ServiceBuilder::new().layer(layer.clone()).timeout(Duration::from_millis(20)).service(inner);
    let mut another = service.clone();
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(()) = poll_fn(|cx| another.poll_ready(cx)).await;
    let (first, second) = tokio::join!(service.call(request()), another.call(request()));
    let mut statuses = [first.unwrap().status().as_u16(), second.unwrap().status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [503, 504]);
    let mut told = records.of(&["fault", "status", "next_hop"]);
    told.sort_unstable();
    assert_eq!(told, ["connection_limit 503 a.test:81", "response_timeout 504 a.test:81"]);
    records.0.lock().unwrap().clear();

    // The client leaves.
    let mut service = ServiceBuilder::new().layer(layer.clone()).service(slow);
    let left = timeout(Duration::from_millis(5), service.call(request())).await;
    assert!(left.is_err());
    assert_eq!(records.of(&["fault", "status"]), ["client_aborted null"]);
    records.0.lock().unwrap().clear();

    // The client, a service, panics: at once, or later.
    for is_late in [false, true] {
        let mut service =
            ServiceBuilder::new().layer(layer.clone()).service(service_fn(move |_: Request<Upload<Bytes_>>| {
                assert!(is_late, "on purpose");
                async move {
                    if is_late { panic!("on purpose") } else { Ok::<_, io::Error>(Response::new(Bytes_::default())) }
                }
            }));
        let request = request();
        assert!(tokio::spawn(async move { service.call(request).await }).await.is_err());
        assert_eq!(records.of(&["fault", "status"]), ["proxy_internal 500"]);
        records.0.lock().unwrap().clear();
    }
}

/// A client that leaves while the connection is being made: the record says that nothing was sent.
async fn a_client_that_leaves_while_it_connects() {
    let lab = Lab::builder().only(&["blackhole"]).start().unwrap();
    let records = Records::default();
    let mut service = ServiceBuilder::new()
        .layer(GatewayLayer::new(records.gateway()))
        .layer(TapLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(TapConnector::new(HttpConnector::new())));
    let request = Request::post(lab.upstream("blackhole").unwrap().url()).body(Bytes_::from("x")).unwrap();
    assert!(timeout(Duration::from_millis(50), service.call(request)).await.is_err());
    assert_eq!(records.of(&["fault", "phase", "applied"]), ["client_aborted connect no"]);
}

/// A struct can hold a call, and a task can have it.
type Refusing = fn(Request<Upload<Bytes_>>) -> std::future::Ready<Result<Response<Bytes_>, BoxError>>;

struct Call {
    future: ResponseFuture<std::future::Ready<Result<Response<Bytes_>, BoxError>>, Bytes_, TokioTimer>,
}

async fn its_types_have_names_and_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let refuses: Refusing = |_| std::future::ready(Err(Box::new(refused())));
    let layer = GatewayLayer::new(Records::default().gateway()).timed(TokioTimer, None, None);
    let mut service: GatewayService<tower::util::ServiceFn<Refusing>, TokioTimer> = layer.layer(service_fn(refuses));
    is_send(&service);
    let call =
        Call { future: service.call(Request::get("/").header("host", "gw.test").body(Bytes_::default()).unwrap()) };
    is_send(&call.future);
    let Ok(response) = call.future.await;
    assert_eq!(response.status(), 502);
}

#[allow(dead_code)]
fn a_future_of_it_is_one(call: Call) -> impl Future + Send {
    call.future
}
