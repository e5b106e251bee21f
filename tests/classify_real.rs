//! Real errors: hyper's client, tokio and rustls against servers on loopback that misbehave by a script.
//!
//! Each error is judged twice: with the facts that a proxy has (phase, bytes received), and with none.
//! Where the kernel lets two ends race, the set of right answers is asserted, and the comment says why.
#![cfg(all(feature = "hyper1", feature = "tokio1", feature = "rustls023", feature = "lab"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::error::Error;
use std::future::pending;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use badgateway::adapters::{hyper1, rustls023, tokio1};
use badgateway::classify::{Probe, classify};
use badgateway::exchange::Exchange;
use badgateway::fault::FaultKind as K;
use badgateway::fault::{Applied, Class, Code, Confidence, Fault, FaultKind, Phase};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Frame};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

const PROBES: &[Probe] = &[hyper1::PROBE, rustls023::PROBE, tokio1::PROBE];

type BoxError = Box<dyn Error + Send + Sync>;

// ---- the server ---------------------------------------------------------------------------------

/// The server's end of the one connection, and what the client has read of it.
struct Peer {
    stream: TcpStream,
    seen: Arc<AtomicU64>,
}

impl Peer {
    fn read_request(&mut self) -> Vec<u8> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && matches!(self.stream.read(&mut byte), Ok(1)) {
            head.push(byte[0]);
        }
        head
    }

    fn send(&mut self, bytes: &[u8]) {
        // The client may have had enough.
        let _ = self.stream.write_all(bytes);
    }

    /// Until the client has taken so many bytes: a reset would overtake them.
    fn wait_until_seen(&self, bytes: u64) {
        while self.seen.load(Ordering::SeqCst) < bytes {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Until the client goes.
    fn stay(mut self) {
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }
}

fn serve(seen: &Arc<AtomicU64>, script: impl FnOnce(Peer) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::clone(seen);
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        drop(listener);
        script(Peer { stream, seen });
    });
    address
}

// ---- the client ---------------------------------------------------------------------------------

/// Counts what is read.
struct Counted<T>(T, Arc<AtomicU64>);

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.0).poll_read(cx, buf))?;
        self.1.fetch_add((buf.filled().len() - before) as u64, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

async fn elapsed() -> BoxError {
    tokio::time::timeout(Duration::ZERO, pending::<()>()).await.unwrap_err().into()
}

/// Loses patience when that many bytes have come, so that no test waits for a clock.
async fn patience(seen: &AtomicU64, bytes: Option<u64>) -> BoxError {
    let Some(bytes) = bytes else { return pending().await };
    while seen.load(Ordering::SeqCst) < bytes {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    elapsed().await
}

struct Failed {
    error: BoxError,
    phase: Phase,
    received: Option<u64>,
}

impl Failed {
    fn with_facts(&self) -> Fault {
        let mut exchange = Exchange::default();
        exchange.phase = Some(self.phase);
        exchange.received = self.received;
        classify(&*self.error, PROBES, &exchange)
    }

    fn without_facts(&self) -> Fault {
        classify(&*self.error, PROBES, &Exchange::default())
    }

    fn by_text_only(&self) -> Fault {
        classify(&*self.error, &[], &Exchange::default())
    }
}

/// One request; a fault is due.
async fn request<T, B>(io: T, body: B, seen: Arc<AtomicU64>, patient_until: Option<u64>) -> Failed
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let before = seen.load(Ordering::SeqCst);
    let received = |seen: &AtomicU64| Some(seen.load(Ordering::SeqCst) - before);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("/").header("host", "x").body(body).unwrap();
    let response = tokio::select! {
        response = sender.send_request(request) => response.map_err(BoxError::from),
        error = patience(&seen, patient_until) => Err(error),
    };
    let response = match response {
        Ok(response) => response,
        Err(error) => return Failed { error, phase: Phase::Head, received: received(&seen) },
    };
    let whole = tokio::select! {
        body = response.into_body().collect() => body.map(|_| ()).map_err(BoxError::from),
        error = patience(&seen, patient_until) => Err(error),
    };
    Failed { error: whole.expect_err("a fault"), phase: Phase::Body, received: received(&seen) }
}

async fn plain(script: impl FnOnce(Peer) + Send + 'static, patient_until: Option<u64>) -> Failed {
    plain_with(script, Empty::new(), patient_until).await
}

async fn plain_with<B>(script: impl FnOnce(Peer) + Send + 'static, body: B, patient_until: Option<u64>) -> Failed
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let seen = Arc::new(AtomicU64::new(0));
    let address = serve(&seen, script);
    match tokio::net::TcpStream::connect(address).await {
        Ok(stream) => request(Counted(stream, Arc::clone(&seen)), body, seen, patient_until).await,
        Err(error) => Failed { error: error.into(), phase: Phase::Connect, received: None },
    }
}

/// After the request: these bytes, and the end.
fn then_close(bytes: impl Into<Vec<u8>>) -> impl FnOnce(Peer) + Send + 'static {
    let bytes = bytes.into();
    move |mut peer| {
        peer.read_request();
        peer.send(&bytes);
    }
}

/// After the request: these bytes, and a reset when they have been read.
fn then_reset(bytes: &'static str) -> impl FnOnce(Peer) + Send + 'static {
    move |mut peer| {
        peer.read_request();
        peer.send(bytes.as_bytes());
        peer.wait_until_seen(bytes.len() as u64);
        peer.reset();
    }
}

/// After the request: these bytes, and silence.
fn then_silence(bytes: &'static str) -> impl FnOnce(Peer) + Send + 'static {
    move |mut peer| {
        peer.read_request();
        peer.send(bytes.as_bytes());
        peer.stay();
    }
}

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

fn chunked(body: &str) -> String {
    head("transfer-encoding: chunked\r\n") + body
}

#[track_caller]
fn is_one_of(name: &str, failed: &Failed, fault: Fault, kinds: &[FaultKind]) {
    assert!(kinds.contains(&fault.kind()), "{name}: {fault:?} is none of {kinds:?}\nof {:?}", failed.error);
}

// ---- connecting ---------------------------------------------------------------------------------

#[tokio::test]
async fn connecting() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = tokio::net::TcpStream::connect(port).await.unwrap_err();
    let fault = classify(&refused, PROBES, &Exchange::default());
    assert_eq!((fault.kind(), fault.phase(), fault.applied()), (K::ConnectionRefused, Phase::Connect, Applied::No));
    assert!(matches!(fault.code(), Some(Code::Errno(_))));
    assert_eq!(fault.confidence(), Confidence::Typed);

    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Connect);
    let unreachable = tokio::net::TcpStream::connect("224.0.0.1:80").await.unwrap_err();
    let fault = classify(&unreachable, PROBES, &exchange);
    assert_eq!((fault.kind(), fault.applied()), (K::Unreachable, Applied::No), "{unreachable:?}");
}

#[tokio::test]
async fn resolving() {
    let error = tokio::net::lookup_host("nosuch.invalid:80").await.err().expect("RFC 6761 section 6.4");
    let fault = classify(&error, PROBES, &Exchange::default());
    // Without a network there is nobody to say that the name does not exist.
    assert!([K::DnsNotFound, K::DnsFailure].contains(&fault.kind()), "{error:?}: {fault:?}");
    assert_eq!((fault.phase(), fault.confidence()), (Phase::Resolve, Confidence::Text));
}

// ---- closed and reset ---------------------------------------------------------------------------

#[tokio::test]
async fn closed() {
    // FIN before the request: hyper may see it before it writes (canceled), while it waits
    // (incomplete), or write into it first, and be reset.
    let failed = plain(drop, None).await;
    is_one_of("accept", &failed, failed.with_facts(), &[K::ClosedBeforeResponse, K::ResetBeforeResponse]);
    is_one_of("accept", &failed, failed.without_facts(), &[K::ClosedBeforeResponse, K::ResetBeforeResponse]);

    let failed = plain(then_close(""), None).await;
    assert_eq!(failed.with_facts().kind(), K::ClosedBeforeResponse, "{:?}", failed.error);
    assert_eq!(failed.with_facts().confidence(), Confidence::Typed);
    assert_eq!(failed.without_facts(), failed.with_facts());

    for part in ["HTTP/1.1 20", "HTTP/1.1 200 OK\r\nx-a: b\r\nx-"] {
        let failed = plain(then_close(part), None).await;
        assert_eq!(failed.with_facts(), Fault::new(K::HeadTruncated).with_received(part.len() as u64));
        // Nothing in the error says that a byte had come.
        assert_eq!(failed.without_facts().kind(), K::ClosedBeforeResponse);
    }

    for part in [head("content-length: 100\r\n") + "hello", chunked("a\r\nhel")] {
        let failed = plain(then_close(part), None).await;
        assert_eq!(failed.with_facts().kind(), K::BodyTruncated, "{:?}", failed.error);
        assert_eq!((failed.without_facts().kind(), failed.without_facts().phase()), (K::BodyTruncated, Phase::Body));
    }
    let failed = plain(then_close(chunked("5\r\nhello\r\n")), None).await;
    // hyper says the same of an end in the trailers, so that this is no class.
    assert_eq!(
        (failed.with_facts().kind(), failed.with_facts().class()),
        (K::BodyTruncated, None),
        "{:?}",
        failed.error
    );
    assert_eq!(failed.without_facts().kind(), K::BodyTruncated);
}

#[tokio::test]
async fn reset() {
    // RST on accept comes in three shapes: in `connect` itself, while hyper waits, or before it writes
    // ("canceled", its cause known to nobody but the connection's task).
    let failed = plain(Peer::reset, None).await;
    let kinds = [K::ConnectReset, K::ResetBeforeResponse, K::ClosedBeforeResponse];
    is_one_of("accept", &failed, failed.with_facts(), &kinds);

    let failed = plain(then_reset(""), None).await;
    assert_eq!(failed.with_facts().kind(), K::ResetBeforeResponse, "{:?}", failed.error);
    assert_eq!(failed.without_facts().kind(), K::ResetBeforeResponse);
    assert!(matches!(failed.with_facts().code(), Some(Code::Errno(_))));

    for part in ["HTTP/1.1 20", "HTTP/1.1 200 OK\r\nx-a: b\r\nx-"] {
        let failed = plain(then_reset(part), None).await;
        assert_eq!((failed.with_facts().kind(), failed.with_facts().confidence()), (K::HeadReset, Confidence::Typed));
        assert_eq!(failed.without_facts().kind(), K::ResetBeforeResponse);
    }
    for part in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        let failed = plain(then_reset(part), None).await;
        assert_eq!((failed.with_facts().kind(), failed.with_facts().confidence()), (K::BodyReset, Confidence::Typed));
        // The private kind's name tells body from head.
        assert_eq!(
            (failed.without_facts().kind(), failed.without_facts().confidence()),
            (K::BodyReset, Confidence::Text)
        );
        assert_eq!(failed.by_text_only(), failed.without_facts());
    }
}

// ---- malformed ----------------------------------------------------------------------------------

#[tokio::test]
async fn malformed_heads() {
    let big = head(&format!("x: {}\r\n", "y".repeat(1 << 20)));
    let many: String = (0..150).map(|n| format!("x-{n}: y\r\n")).collect();
    #[rustfmt::skip]
    let cases = [
        ("garbage", "GARBAGE GARBAGE\r\n\r\n".to_owned(), K::NotHttp, None, K::NotHttp),
        ("a TLS alert", "\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{28}\r\n\r\n".to_owned(), K::NotHttp, None, K::NotHttp),
        ("bad version", "HTTP/9.9 200 OK\r\n\r\n".to_owned(), K::NotHttp, None, K::NotHttp),
        ("bad status", "HTTP/1.1 abc OK\r\n\r\n".to_owned(), K::BadStatusLine, None, K::BadStatusLine),
        ("bad name", head("b@d na(me: x\r\n"), K::BadHeader, None, K::BadHeader),
        ("bad value", head("x: a\u{1}b\r\n"), K::BadHeader, None, K::BadHeader),
        ("conflicting lengths", head("content-length: 5\r\ncontent-length: 6\r\n"), K::AmbiguousFraming, None, K::AmbiguousFraming),
        ("invalid length", head("content-length: five\r\n"), K::AmbiguousFraming, None, K::AmbiguousFraming),
        ("te in 1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(), K::AmbiguousFraming, Some(Class::FramingTeInHttp10), K::AmbiguousFraming),
        // hyper says "message head is too large" to these three.
        ("length overflow", head("content-length: 18446744073709551615\r\n"), K::AmbiguousFraming, Some(Class::FramingClOverflow), K::HeadTooLarge),
        ("150 fields", head(&many), K::TooManyHeaders, None, K::HeadTooLarge),
        ("a megabyte", big, K::HeadTooLarge, None, K::HeadTooLarge),
    ];
    for (name, bytes, kind, class, without) in cases {
        let failed = plain(then_close(bytes), None).await;
        let fault = failed.with_facts();
        assert_eq!(
            (fault.kind(), fault.class(), fault.phase()),
            (kind, class, Phase::Head),
            "{name}: {:?}",
            failed.error
        );
        assert_eq!(failed.without_facts().kind(), without, "{name}");
        assert_eq!(failed.by_text_only().kind(), without, "{name}");
    }
}

#[tokio::test]
async fn malformed_bodies() {
    #[rustfmt::skip]
    let cases = [
        // "Missing size digit", whatever stands there instead.
        ("xyz\r\n", K::BadChunk, None),
        ("-5\r\n", K::BadChunk, None),
        ("\r\n", K::BadChunk, None),
        // "Invalid Size", whatever stands behind the first digit.
        ("5x\r\n", K::BadChunk, None),
        ("5\n", K::BadChunk, None),
        ("fffffffffffffffff\r\n", K::BadChunk, Some(Class::ChunkSizeOverflow)),
        ("5\r\nhelloXX", K::BadChunk, Some(Class::ChunkDataTerminator)),
        ("0\r\nb@d na(me: x\r\n\r\n", K::BadTrailer, None),
    ];
    for (body, kind, class) in cases {
        let failed = plain(then_close(chunked(body)), None).await;
        for fault in [failed.with_facts(), failed.without_facts(), failed.by_text_only()] {
            assert_eq!((fault.kind(), fault.class()), (kind, class), "{body:?}: {:?}", failed.error);
        }
    }
    let extension = "5;".to_owned() + &"x".repeat(40_000);
    let failed = plain(then_close(chunked(&extension)), None).await;
    assert_eq!(failed.with_facts().class(), Some(Class::TooLargeChunkLine), "{:?}", failed.error);
}

#[tokio::test]
async fn a_greeting_before_the_request() {
    // hyper reads it before it writes ("unexpected message", or the request canceled for it), or takes
    // it for the response.
    let failed = plain(
        |mut peer| {
            peer.send(b"SSH-2.0-OpenSSH_9.6\r\n");
            peer.stay();
        },
        None,
    )
    .await;
    let right = [K::UnsolicitedResponse, K::NotHttp, K::HeadTruncated, K::ClosedBeforeResponse];
    is_one_of("greeting", &failed, failed.with_facts(), &right);
}

// ---- silence ------------------------------------------------------------------------------------

#[tokio::test]
async fn silence() {
    let failed = plain(then_silence(""), Some(0)).await;
    assert_eq!(failed.with_facts(), Fault::new(K::ResponseTimeout));
    assert_eq!(failed.without_facts(), Fault::new(K::ResponseTimeout));

    let failed = plain(then_silence("HTTP/1.1 200 OK\r\nx-"), Some(19)).await;
    assert_eq!(failed.with_facts(), Fault::new(K::HeadStalled).with_received(19));

    let stalled = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello";
    let seen = Arc::new(AtomicU64::new(0));
    let address = serve(&seen, then_silence(stalled));
    let stream = Counted(tokio::net::TcpStream::connect(address).await.unwrap(), Arc::clone(&seen));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    let late = tokio::time::timeout(Duration::ZERO, body.frame()).await.unwrap_err();
    let mut exchange = Exchange::default();
    exchange.received = Some(stalled.len() as u64);
    #[rustfmt::skip]
    let phases = [
        (Phase::Resolve, K::DnsTimeout), (Phase::Connect, K::ConnectionTimeout), (Phase::Tls, K::TlsTimeout),
        (Phase::Send, K::SendTimeout), (Phase::Head, K::HeadStalled), (Phase::Body, K::BodyStalled),
    ];
    for (phase, kind) in phases {
        exchange.phase = Some(phase);
        assert_eq!(classify(&late, PROBES, &exchange).kind(), kind, "{phase}");
    }
}

/// A panic in the gateway, and a task that it aborted, are nobody else's.
#[tokio::test]
async fn the_gateways_own_tasks() {
    let panicked = tokio::spawn(async { panic!("boom") }).await.unwrap_err();
    let aborted = tokio::spawn(pending::<()>());
    aborted.abort();
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    drop(sender);
    let errors: [BoxError; 3] =
        [panicked.into(), aborted.await.unwrap_err().into(), receiver.await.unwrap_err().into()];
    for error in errors {
        let fault = classify(&*error, PROBES, &Exchange::default());
        assert_eq!(fault.kind(), K::ProxyInternal, "{error:?}");
    }
}

#[test]
fn a_blocking_socket_says_would_block() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Head);
    assert_eq!(classify(&error, PROBES, &exchange).kind(), K::ResponseTimeout, "{error:?}");
}

// ---- the client's fault -------------------------------------------------------------------------

struct FailingBody;

impl Body for FailingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))))
    }
}

#[tokio::test]
async fn the_request_body_fails() {
    let failed = plain_with(Peer::stay, FailingBody, None).await;
    for fault in [failed.with_facts(), failed.without_facts(), failed.by_text_only()] {
        assert_eq!(fault.kind(), K::ClientBodyFailed, "{:?}", failed.error);
    }
    // Whoever says why is believed.
    let limited = http_body_util::Limited::new(http_body_util::Full::new(Bytes::from_static(b"too long")), 3);
    let failed = plain_with(Peer::stay, limited, None).await;
    for fault in [failed.with_facts(), failed.without_facts(), failed.by_text_only()] {
        assert_eq!((fault.kind(), fault.code()), (K::ClientBodyFailed, Some(Code::Status(413))), "{:?}", failed.error);
    }
}

/// hyper has refused it before a byte was written, which a POST may rely on.
#[tokio::test]
async fn a_connection_that_was_not_ready() {
    let (client, _server) = tokio::io::duplex(1024);
    let (mut sender, _connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    // Nobody drives the connection, so that it asks for no request; one may wait all the same.
    let _waiting = sender.send_request(http::Request::new(Empty::<Bytes>::new()));
    let error = sender.send_request(http::Request::new(Empty::<Bytes>::new())).await.unwrap_err();
    let fault = classify(&error, PROBES, &Exchange::default());
    assert_eq!((fault.kind(), fault.phase()), (K::ClosedBeforeResponse, Phase::Select), "{error:?}");
    assert_eq!(fault.applied(), Applied::No);
}

#[test]
fn the_dispatch_task_is_gone() {
    // The runtime that drove the connection is dropped with the request in flight.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = serve(&Arc::default(), Peer::stay);
    let mut sender = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    });
    let request = http::Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    let mut response = Box::pin(sender.send_request(request));
    let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_millis(10), &mut response).await });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = other.block_on(response).unwrap_err();
    let fault = classify(&error, PROBES, &Exchange::default());
    // hyper either tells that its task has gone, or that the connection has.
    assert!([K::ProxyInternal, K::ClosedBeforeResponse].contains(&fault.kind()), "{error:?}: {fault:?}");
}

// ---- TLS ----------------------------------------------------------------------------------------

struct Identity {
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

fn identity(name: &str, years: (i32, i32)) -> Identity {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    Identity { certificate: certificate.der().clone(), key: PrivatePkcs8KeyDer::from(key.serialize_der()) }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server(identity: &Identity) -> rustls::ServerConfig {
    rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key().into())
        .unwrap()
}

fn client(trusted: Option<&Identity>, alpn: &[&str]) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(trusted) = trusted {
        roots.add(trusted.certificate.clone()).unwrap();
    }
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn handshake(connector: TlsConnector, script: impl FnOnce(Peer) + Send + 'static) -> io::Error {
    let address = serve(&Arc::default(), script);
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.expect_err("a fault")
}

/// A server's handshake, to its end or to the alert that it gets.
fn shake_hands(config: rustls::ServerConfig) -> impl FnOnce(Peer) + Send + 'static {
    move |mut peer| {
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut peer.stream).is_ok() {}
        let _ = tls.complete_io(&mut peer.stream);
    }
}

#[tokio::test]
async fn handshakes() {
    let good = identity("localhost", (2020, 2100));
    let expired = identity("localhost", (2010, 2011));
    let future = identity("localhost", (2090, 2100));
    let foreign = identity("elsewhere.example", (2020, 2100));
    let read_hello = |peer: &mut Peer| peer.stream.read(&mut [0; 4096]).unwrap();
    let trusting = |identity: &Identity| client(Some(identity), &[]);
    let mut no_alpn = server(&good);
    no_alpn.alpn_protocols = vec![b"h2".to_vec()];

    let mut cases: Vec<(&str, io::Error, K)> = vec![
        ("untrusted", handshake(client(Some(&foreign), &[]), shake_hands(server(&good))).await, K::CertUntrusted),
        // A root of the same name with another key.
        ("remade", handshake(client(Some(&expired), &[]), shake_hands(server(&good))).await, K::CertUntrusted),
        ("expired", handshake(trusting(&expired), shake_hands(server(&expired))).await, K::CertExpired),
        ("not yet", handshake(trusting(&future), shake_hands(server(&future))).await, K::CertNotYetValid),
        ("wrong name", handshake(trusting(&foreign), shake_hands(server(&foreign))).await, K::CertNameMismatch),
        ("alpn", handshake(client(Some(&good), &["http/1.1"]), shake_hands(no_alpn)).await, K::TlsAlert),
    ];
    let plaintext = handshake(trusting(&good), move |mut peer| {
        read_hello(&mut peer);
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.stay();
    });
    cases.push(("plaintext", plaintext.await, K::TlsNotTls));
    let alert = handshake(trusting(&good), move |mut peer| {
        read_hello(&mut peer);
        peer.send(&[21, 3, 3, 0, 2, 2, 40]);
        peer.stay();
    });
    cases.push(("alert", alert.await, K::TlsAlert));
    let eof = handshake(trusting(&good), move |mut peer| {
        read_hello(&mut peer);
    });
    cases.push(("eof", eof.await, K::TlsClosed));
    let reset = handshake(trusting(&good), move |mut peer| {
        read_hello(&mut peer);
        peer.reset();
    });
    let reset = reset.await;

    let mut exchange = Exchange::default();
    exchange.phase = Some(Phase::Tls);
    for (name, error, kind) in &cases {
        let fault = classify(error, PROBES, &exchange);
        let facts = (fault.kind(), fault.phase(), fault.applied());
        assert_eq!(facts, (*kind, Phase::Tls, Applied::No), "{name}: {error:?}");
        // Without the caller's word the type tells of a certificate. The rest may come behind the handshake as well.
        let fault = classify(error, PROBES, &Exchange::default());
        let facts = (fault.kind(), fault.phase(), fault.applied());
        let unsaid = if matches!(kind, K::TlsAlert | K::TlsNotTls) {
            (*kind, Phase::Head, Applied::Perhaps)
        } else {
            (*kind, Phase::Tls, Applied::No)
        };
        assert_eq!(facts, unsaid, "{name}: {error:?}");
        // hyper-rustls wraps it once more.
        let wrapped = io::Error::other(io::Error::new(error.kind(), fault));
        assert_eq!(classify(&wrapped, PROBES, &Exchange::default()), fault);
        // What is left without the adapter.
        assert_eq!(classify(error, &[], &Exchange::default()).kind(), *kind, "{name} by text: {error:?}");
    }
    assert_eq!(classify(&reset, PROBES, &exchange).kind(), K::TlsReset, "{reset:?}");

    let alert = |n: usize| classify(&cases[n].1, PROBES, &exchange).code();
    assert_eq!(alert(5), Some(Code::TlsAlert(120)), "no_application_protocol");
    assert_eq!(alert(7), Some(Code::TlsAlert(40)), "handshake_failure");

    let rustls_error = |n: usize| cases[n].1.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap();
    let evidence = rustls023::evidence(rustls_error(4)).to_string();
    assert!(evidence.starts_with("asked for: localhost; certificate is for: "), "{evidence}");
    assert!(evidence.contains("elsewhere.example"), "{evidence}");
    let evidence = rustls023::evidence(rustls_error(2)).to_string();
    assert!(evidence.ends_with("certificate was valid until: 1293840000 s after 1970-01-01 UTC"), "{evidence}");
}

#[tokio::test]
async fn tls_after_the_handshake() {
    let good = identity("localhost", (2020, 2100));
    let over_tls = async |script: Box<dyn FnOnce(Peer) + Send>| {
        let seen = Arc::new(AtomicU64::new(0));
        let address = serve(&seen, script);
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let tls = client(Some(&good), &[]).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        request(Counted(tls, Arc::clone(&seen)), Empty::new(), seen, None).await
    };

    // Cut without close_notify.
    for (response, kind) in [
        ("", K::ClosedBeforeResponse),
        ("HTTP/1.1 200 OK\r\nx-", K::HeadTruncated),
        ("HTTP/1.1 200 OK\r\n\r\nhello", K::TlsTruncated),
    ] {
        let config = server(&good);
        let script = move |mut peer: Peer| {
            let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::Stream::new(&mut tls, &mut peer.stream);
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(response.as_bytes()).unwrap();
            stream.flush().unwrap();
        };
        let failed = over_tls(Box::new(script)).await;
        assert_eq!(failed.with_facts().kind(), kind, "{:?}", failed.error);
    }

    // A TLS 1.3 server that wants a certificate says so when the client thinks that all is well, and the
    // request may have been written: never "not applied".
    let verifier = {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(good.certificate.clone()).unwrap();
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap()
    };
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![good.certificate.clone()], good.key.clone_key().into())
        .unwrap();
    let failed = over_tls(Box::new(move |mut peer| {
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut peer.stream).is_ok() {}
        // Without this a reset could overtake the alert.
        peer.stay();
    }))
    .await;
    // The alert may have reached hyper before the request was given to it: "canceled", without a cause.
    for fault in [failed.with_facts(), failed.without_facts()] {
        is_one_of("client certificate", &failed, fault, &[K::TlsAlert, K::ClosedBeforeResponse]);
        assert_eq!(fault.applied(), Applied::Perhaps, "{:?}", failed.error);
        assert!(fault.phase() >= Phase::Send);
        if fault.kind() == K::TlsAlert {
            assert_eq!(fault.code(), Some(Code::TlsAlert(116)));
        }
    }
}

#[test]
fn rustls_errors_by_phase() {
    use rustls::{CertificateError as C, Error as E, InvalidMessage, PeerMisbehaved};
    let mut body = Exchange::default();
    body.phase = Some(Phase::Body);
    for (error, early, late, late_phase) in [
        (E::InvalidMessage(InvalidMessage::InvalidContentType), K::TlsNotTls, K::TlsProtocol, Phase::Body),
        (E::DecryptError, K::TlsProtocol, K::TlsProtocol, Phase::Body),
        (E::PeerMisbehaved(PeerMisbehaved::MissingKeyShare), K::TlsProtocol, K::TlsProtocol, Phase::Body),
        (E::NoApplicationProtocol, K::TlsNoAlpn, K::TlsNoAlpn, Phase::Tls),
        (E::InvalidCertificate(C::Revoked), K::CertRevoked, K::CertRevoked, Phase::Tls),
        (E::InvalidCertificate(C::BadSignature), K::CertUntrusted, K::CertUntrusted, Phase::Tls),
        (E::InvalidCertificate(C::InvalidPurpose), K::CertInvalid, K::CertInvalid, Phase::Tls),
        (E::FailedToGetCurrentTime, K::ProxyInternal, K::ProxyInternal, Phase::Body),
        (
            E::Other(rustls::OtherError(Arc::new(Fault::new(K::CertRevoked)))),
            K::CertRevoked,
            K::CertRevoked,
            Phase::Tls,
        ),
    ] {
        let link = io::Error::new(io::ErrorKind::InvalidData, error);
        let fault = classify(&link, PROBES, &Exchange::default());
        assert_eq!(fault.kind(), early, "{link:?}");
        // Only what the handshake alone can end with proves that no request was written.
        assert_eq!(fault.applied() == Applied::No, late_phase == Phase::Tls, "{link:?}");
        let fault = classify(&link, PROBES, &body);
        assert_eq!((fault.kind(), fault.phase()), (late, late_phase), "{link:?}");
    }
}

// ---- reason phrases -----------------------------------------------------------------------------

#[test]
fn reason_phrases() {
    use hyper::ext::ReasonPhrase;
    for status in [499, 520, 521, 522, 523, 524, 525, 526, 527, 530, 599_u16] {
        let mut response = http::Response::builder().status(status).body(()).unwrap();
        hyper1::reason_phrase(&mut response);
        assert!(!response.extensions().get::<ReasonPhrase>().unwrap().as_bytes().is_empty(), "{status}");
    }
    for status in [200, 404, 502, 504_u16] {
        let mut response = http::Response::builder().status(status).body(()).unwrap();
        response.extensions_mut().insert(ReasonPhrase::from_static(b"the upstream's own"));
        hyper1::reason_phrase(&mut response);
        assert!(response.extensions().get::<ReasonPhrase>().is_none(), "{status}");
    }
}
