//! The tap under hyper-util's pooled client, on real sockets: the lab, and peers with a script.
#![cfg(all(feature = "hyper_util01", feature = "rustls023", feature = "lab"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use badgateway::adapters::hyper_util01::{TapConnector, TapLayer, TapScope, TapService};
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::deadline::{Timer, deadline};
use badgateway::fault::{Applied, Class, Fault, FaultKind as K};
use badgateway::lab::Lab;
use badgateway::tap::{Ended, Observation};
use badgateway::{Exchange, FaultKind, Gateway, InFlight};
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame};
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service as _;

type Pool<B = Full<Bytes>> = Client<TapConnector<HttpConnector>, B>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn pool<B>() -> Pool<B>
where
    B: Body<Data = Bytes> + Send,
{
    Client::builder(TokioExecutor::new()).build(TapConnector::new(HttpConnector::new()))
}

fn request(method: Method, uri: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(uri).body(Full::default()).unwrap()
}

/// What the client's error becomes, with what the tap saw.
fn fault(error: &(dyn std::error::Error + 'static), scope: &TapScope) -> Fault {
    let mut exchange = Exchange::default();
    let seen = scope.observation();
    if let Some(seen) = &seen {
        seen.fill(&mut exchange);
    }
    let fault = Gateway::new("gw").unwrap().classify(error, &exchange);
    seen.map_or(fault, |seen| seen.refine(fault))
}

/// One GET that fails before a head has come.
async fn failing<C>(client: &Client<TapConnector<C>, Full<Bytes>>, uri: &str) -> (Fault, TapScope)
where
    TapConnector<C>: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    loop {
        let mut request = request(Method::GET, uri);
        let scope = TapScope::of(&mut request);
        let sent = tokio::time::timeout(Duration::from_secs(3), scope.run(client.request(request))).await;
        let Ok(sent) = sent else {
            // hyper loses a request, with or without a tap, that it hands to a connection that ends at that instant.
            let seen = scope.observation().expect("a connection");
            assert!(seen.sent() == 0 && seen.ended().is_some(), "{uri} hangs: {seen:?}");
            continue;
        };
        let error = sent.expect_err("a fault");
        return (fault(&error, &scope), scope);
    }
}

/// One exchange that goes well; its body.
async fn good(client: &Pool, method: Method, uri: &str) -> (StatusCode, Bytes, TapScope) {
    let mut request = request(method, uri);
    let scope = TapScope::of(&mut request);
    let response = scope.run(client.request(request)).await.unwrap();
    let status = response.status();
    (status, response.into_body().collect().await.unwrap().to_bytes(), scope)
}

/// Serves so many connections, each with what it is to do after each request, by its number from 0.
fn serve(
    connections: usize,
    answer: impl Fn(usize, &mut TcpStream) + Send + 'static,
) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut number = 0;
            while read_head(&mut stream) {
                answer(number, &mut stream);
                number += 1;
            }
        }
    });
    (address, serving)
}

/// Up to the empty line, byte by byte; whether there was one.
fn read_head(stream: &mut TcpStream) -> bool {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) | Err(_) => return false,
        }
    }
    true
}

/// hyper calls it "invalid HTTP version", "unexpected message" or "canceled", as its reads and writes fall; the
/// tap tells in every case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_speaks_something_else() {
    let lab = Lab::builder().only(&["ssh_banner"]).start().unwrap();
    let uri = lab.upstream("ssh_banner").unwrap().url();
    for round in 0..30 {
        let (fault, scope) = failing(&pool(), uri).await;
        assert_eq!((fault.kind(), fault.class()), (K::NotHttp, Some(Class::NotHttpSsh)), "{round}");
        assert_eq!(scope.observation().unwrap().first_bytes(), b"SSH-2.0-OpenSSH_9.6\r\n");
    }
    // And one that greets before it reads anything: nearly always before the request is written.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
            let _ = stream.read(&mut [0; 1000]);
        }
    });
    for round in 0..30 {
        let (fault, scope) = failing(&pool(), &uri).await;
        assert_eq!((fault.kind(), fault.class()), (K::NotHttp, Some(Class::NotHttpSsh)), "{round}");
        assert_eq!(scope.reused(), Some(false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_early() {
    let lab = Lab::builder()
        .only(&["refused", "reset_on_accept", "close_on_accept", "reset_after_request", "close_mid_head"])
        .start()
        .unwrap();
    let url = |name: &str| lab.upstream(name).unwrap().url().to_owned();

    let (fault, scope) = failing(&pool(), &url("refused")).await;
    assert_eq!(fault.kind(), K::ConnectionRefused);
    assert!(scope.observation().is_none() && scope.reused().is_none() && scope.last_write().is_none());

    let (fault, scope) = failing(&pool(), &url("close_mid_head")).await;
    assert_eq!((fault.kind(), fault.class()), (K::HeadTruncated, Some(Class::PrematureEofHeaders)));
    let seen = scope.observation().unwrap();
    assert!(seen.sent() > 0 && seen.received() > 0 && scope.last_write() == seen.last_write());

    let (fault, scope) = failing(&pool(), &url("reset_after_request")).await;
    assert_eq!(fault.kind(), K::ResetBeforeResponse);
    assert!(matches!(scope.observation().unwrap().ended(), Some(Ended::Reset(Some(_)))));

    for round in 0..30 {
        let (fault, scope) = failing(&pool(), &url("reset_on_accept")).await;
        let kinds = [K::ConnectReset, K::ResetBeforeResponse, K::SendReset];
        assert!(kinds.contains(&fault.kind()), "{round}: {fault:?}");
        // Only a reset that outran connect() is without a connection.
        assert!(scope.observation().is_some() || fault.kind() == K::ConnectReset, "{round}");

        let (fault, scope) = failing(&pool(), &url("close_on_accept")).await;
        let kinds = [K::ClosedBeforeResponse, K::ResetBeforeResponse, K::SendReset];
        assert!(kinds.contains(&fault.kind()), "{round}: {fault:?}");
        assert!(scope.observation().unwrap().ended().is_some(), "{round}");
    }
}

/// The method is read from the wire: without, the length of a HEAD's response would be waited for.
#[tokio::test]
async fn heads_and_gets_on_one_connection() {
    let (address, serving) = serve(1, |number, stream| {
        let answer: &[u8] = match number {
            0 | 2 => b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
            1 => b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!",
            _ => b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
        };
        stream.write_all(answer).unwrap();
    });
    let client = pool();
    let uri = format!("http://{address}/");
    for (number, method) in [Method::HEAD, Method::GET, Method::HEAD].into_iter().enumerate() {
        let is_head = method == Method::HEAD;
        let (_, body, scope) = good(&client, method, &uri).await;
        let seen = scope.observation().unwrap();
        assert_eq!((seen.complete(), body.is_empty()), (true, is_head), "{number}");
        assert_eq!(seen.received(), if is_head { 40 } else { 48 }, "{number}");
        assert_eq!(scope.reused(), Some(number > 0));
    }
    // The last answer is bad: the tap says how, of this exchange and not of those before.
    let (fault, scope) = failing(&client, &uri).await;
    assert_eq!((fault.class(), fault.offset()), (Some(Class::HeaderValueNul), Some(21)));
    assert_eq!(scope.reused(), Some(true));
    drop(client);
    serving.join().unwrap();
}

/// Each exchange has its own numbers, and an old scope does not show the next exchange's.
#[tokio::test]
async fn an_exchange_shows_nothing_of_the_next() {
    let (address, _serving) = serve(1, |number, stream| match number {
        0 => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(),
        1 => stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").unwrap(),
        _ => stream.write_all(b"HTTP/1.1 2x0 OK\r\n\r\n").unwrap(),
    });
    let client = pool();
    let uri = format!("http://{address}/");
    let (_, _, first) = good(&client, Method::GET, &uri).await;
    assert_eq!(first.observation().unwrap().status(), Some(204));
    let (_, body, second) = good(&client, Method::GET, &uri).await;
    assert_eq!((body, second.observation().unwrap().status()), (Bytes::from("hello"), Some(200)));
    assert!(first.observation().is_none() && first.last_write().is_none());
    // Late, and of no effect on whoever has the connection now.
    first.whole();
    second.whole();
    let (fault, third) = failing(&client, &uri).await;
    assert_eq!((fault.kind(), fault.class()), (K::BadStatusLine, Some(Class::StatusLineCode)));
    second.whole();
    assert_eq!(third.observation().unwrap().received(), 19);
    assert!(second.observation().is_none());
}

/// What follows a whole response is hyper's reason to close; whoever comes next gets a connection of his own, or the
/// garbage as his: never the first exchange's bytes.
#[tokio::test]
async fn garbage_behind_a_response() {
    let (address, _serving) = serve(2, |number, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        if number == 0 {
            thread::sleep(Duration::from_millis(30));
            let _ = stream.write_all(b"GARBAGE");
        }
    });
    let client = pool();
    let uri = format!("http://{address}/");
    let (_, _, first) = good(&client, Method::GET, &uri).await;
    assert_eq!(first.observation().unwrap().leftover(), 0);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(first.observation().unwrap().leftover(), 7, "seen while the connection was idle");
    let (_, body, second) = good(&client, Method::GET, &uri).await;
    assert_eq!((&body[..], second.reused()), (&b"hello"[..], Some(false)));
    assert_eq!(second.observation().unwrap().received(), 43);
}

/// A used connection that turns out closed, without a second try: nothing of this request was sent, and the response
/// before is not taken for its own.
#[tokio::test]
async fn a_request_that_was_never_written() {
    let mut unsent = 0;
    for _ in 0..200 {
        let (address, serving) = serve(1, |number, stream| {
            if number == 0 {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
                stream.shutdown(std::net::Shutdown::Both).unwrap();
            }
        });
        let client: Pool = Client::builder(TokioExecutor::new())
            .retry_canceled_requests(false)
            .build(TapConnector::new(HttpConnector::new()));
        let uri = format!("http://{address}/");
        let _ = good(&client, Method::GET, &uri).await;
        let mut request = request(Method::POST, &uri);
        let scope = TapScope::of(&mut request);
        let error = scope.run(client.request(request)).await.expect_err("nobody is there");
        // Where hyper knew in time, a new connection was refused.
        if scope.reused() == Some(true) {
            let seen = scope.observation().unwrap();
            assert_eq!((seen.received(), seen.status()), (0, None), "{error:?}");
            let fault = fault(&error, &scope);
            let kinds = [K::ClosedBeforeResponse, K::ResetBeforeResponse, K::SendReset];
            assert!(kinds.contains(&fault.kind()), "{fault:?} of {error:?}");
            unsent += usize::from(seen.sent() == 0);
        }
        serving.join().unwrap();
    }
    println!("{unsent} of 200 were never written");
}

/// A request body that the test writes as it goes.
struct Upload(mpsc::Receiver<Bytes>);

impl Body for Upload {
    type Data = Bytes;
    type Error = std::io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}

/// "Write after read" is no boundary, and the end of a chunked upload is one.
#[tokio::test]
async fn an_early_answer_and_the_rest_of_the_upload() {
    let (address, _serving) = serve(1, |number, stream| match number {
        // The body ends with an empty line of its own, which `serve` takes for another request.
        0 => stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nfull").unwrap(),
        1 => {}
        _ => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap(),
    });
    let client: Pool<http_body_util::combinators::BoxBody<Bytes, std::io::Error>> = pool();
    let uri = format!("http://{address}/");
    let (upload, body) = mpsc::channel(1);
    let mut request = Request::post(&uri).body(Upload(body).boxed()).unwrap();
    let first = TapScope::of(&mut request);
    let exchange = tokio::spawn(first.run(client.request(request)));
    upload.send(Bytes::from_static(b"some of it")).await.unwrap();
    let response = exchange.await.unwrap().unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "full");
    let early = first.observation().unwrap();
    upload.send(Bytes::from_static(b"GET / HTTP/1.1")).await.unwrap();
    while first.observation().unwrap().sent() == early.sent() {
        tokio::task::yield_now().await;
    }
    assert_eq!(first.observation().unwrap().status(), Some(413), "it is the same exchange");
    drop(upload);
    // Until the pool has the connection again.
    while first.observation().is_some() {
        let mut request = Request::get(&uri).body(Upload(mpsc::channel(1).1).boxed()).unwrap();
        request.headers_mut().insert("content-length", "0".parse().unwrap());
        let next = TapScope::of(&mut request);
        let response = tokio::time::timeout(Duration::from_secs(5), next.run(client.request(request))).await;
        assert_eq!(response.unwrap().unwrap().status(), 200);
        let seen = next.observation().unwrap();
        assert_eq!((seen.status(), seen.received(), next.reused()), (Some(200), 40, Some(true)));
    }
}

#[tokio::test]
async fn a_refused_response_does_not_leave_its_connection_in_the_pool() {
    let (address, _serving) = serve(2, |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    });
    let client = pool();
    let uri = format!("http://{address}/");
    let (_, _, _) = good(&client, Method::GET, &uri).await;
    let mut request = request(Method::GET, &uri);
    let scope = TapScope::of(&mut request);
    let response = scope.run(client.request(request)).await.unwrap();
    scope.poison();
    let _ = response.into_body().collect().await.unwrap();
    assert_eq!(scope.reused(), Some(true));
    let (_, _, next) = good(&client, Method::GET, &uri).await;
    assert_eq!(next.reused(), Some(false));
}

#[tokio::test]
async fn a_deadline_around_the_call() {
    let lab = Lab::builder().only(&["no_response_timeout", "stall_mid_head"]).start().unwrap();
    for (name, kind) in [("no_response_timeout", K::ResponseTimeout), ("stall_mid_head", K::HeadStalled)] {
        let client = pool();
        let mut request = request(Method::GET, lab.upstream(name).unwrap().url());
        let scope = TapScope::of(&mut request);
        let sleep = TokioTimer.sleep(Duration::from_millis(300));
        let fault = deadline(scope.run(client.request(request)), sleep, K::ResponseTimeout).await.unwrap_err();
        let seen = scope.observation().unwrap();
        assert!(seen.sent() > 0);
        assert_eq!(seen.refine(fault).kind(), kind);
    }
}

// ---- TLS -----------------------------------------------------------------------------------------

/// The smallest connector for https.
#[derive(Clone)]
struct Https(TlsConnector);

struct Secure(TokioIo<TlsStream<tokio::net::TcpStream>>);

impl tower_service::Service<Uri> for Https {
    type Response = Secure;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Secure, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = self.0.clone();
        Box::pin(async move {
            let host = uri.host().unwrap().to_owned();
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", uri.port_u16().unwrap())).await?;
            Ok(Secure(TokioIo::new(tls.connect(ServerName::try_from(host)?, stream).await?)))
        })
    }
}

impl Connection for Secure {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        if self.0.inner().get_ref().1.alpn_protocol() == Some(b"h2") { connected.negotiated_h2() } else { connected }
    }
}

impl hyper::rt::Read for Secure {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for Secure {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn https(lab: &Lab) -> Https {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Https(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

#[tokio::test]
async fn above_tls_the_bytes_are_plain_and_the_end_is_told() {
    let names = ["tls_cut_after_request", "tls_reset_after_request", "tls_expired", "tls_cut_mid_body"];
    let lab = Lab::builder().only(&names).start().unwrap();
    let client = Client::builder(TokioExecutor::new()).build(TapConnector::new(https(&lab)));
    let url = |name: &str| lab.upstream(name).unwrap().url().to_owned();

    let (fault, scope) = failing(&client, &url("tls_expired")).await;
    assert_eq!((fault.kind(), scope.observation().is_none()), (K::CertExpired, true));
    let (fault, scope) = failing(&client, &url("tls_reset_after_request")).await;
    assert_eq!((fault.kind(), scope.reused()), (K::ResetBeforeResponse, Some(false)));
    let (_, scope) = failing(&client, &url("tls_cut_after_request")).await;
    let seen: Observation = scope.observation().unwrap();
    assert_eq!((seen.ended(), seen.sent() > 0, seen.received()), (Some(Ended::TlsTruncated), true, 0));

    let mut request = request(Method::GET, &url("tls_cut_mid_body"));
    let scope = TapScope::of(&mut request);
    let response = scope.run(client.request(request)).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    let seen = scope.observation().unwrap();
    assert!(seen.head_complete() && seen.first_bytes().starts_with(b"HTTP/1.1 200"));
    assert_eq!(seen.ended(), Some(Ended::TlsTruncated));
    assert!(matches!(fault_of_body(&error, &seen).kind(), K::BodyTruncated | K::TlsTruncated));
}

fn fault_of_body(error: &(dyn std::error::Error + 'static), seen: &Observation) -> Fault {
    let mut exchange = Exchange::default();
    seen.fill(&mut exchange);
    seen.refine(Gateway::new("gw").unwrap().classify(error, &exchange))
}

/// An exchange with a request to this URI through a client that is a tower service, up to its head.
async fn in_exchange(
    client: &mut TapService<Pool>,
    uri: &str,
) -> (InFlight, Option<http::Response<hyper::body::Incoming>>) {
    let mut request = request(Method::GET, uri);
    let exchange = Gateway::new("gw").unwrap().begin_head(&mut request);
    exchange.share(request.extensions_mut());
    let response = tokio::time::timeout(Duration::from_millis(100), client.call(request)).await;
    (exchange, response.ok().map(Result::unwrap))
}

/// Whose timer it was, the timer does not say; the connection does.
#[tokio::test]
async fn an_exchange_hears_that_its_client_is_connecting() {
    let lab = Lab::builder().only(&["blackhole", "stall_mid_head"]).start().unwrap();
    let mut client = tower_layer::Layer::layer(&TapLayer::new(), pool());
    for (name, kind, sent) in [("blackhole", K::ConnectionTimeout, false), ("stall_mid_head", K::HeadStalled, true)] {
        let url = lab.upstream(name).unwrap().url();
        let (exchange, response) = in_exchange(&mut client, url).await;
        assert!(response.is_none(), "{name}");
        let fault = exchange.classify(&std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert_eq!(fault.kind(), kind, "{name}");
        let facts = exchange.facts();
        assert_eq!((facts.sent > Some(0), facts.reused), (sent, sent.then_some(false)), "{name}");
        assert!(url.contains(&**facts.next_hop.as_ref().unwrap()), "{name}");
        drop(facts);
        exchange.finish();
    }
    // The exchange's own timer asks it.
    let mut request = request(Method::GET, lab.upstream("blackhole").unwrap().url());
    request.headers_mut().insert("host", "lab.test".parse().unwrap());
    let exchange = Gateway::new("gw").unwrap().begin_head(&mut request);
    exchange.share(request.extensions_mut());
    let late = exchange.within(TokioTimer, Duration::from_millis(100), client.call(request)).await.unwrap_err();
    assert_eq!((late.kind(), late.applied()), (K::ConnectionTimeout, Applied::No));
    exchange.finish();
}

/// A connection whose exchange failed serves no other, however well the client thought of it.
#[tokio::test]
async fn what_failed_is_not_used_again() {
    for (fails, connections) in [(false, 1), (true, 2)] {
        let (address, serving) = serve(connections, |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        });
        let (mut client, uri) = (TapService::new(pool()), format!("http://{address}/"));
        for number in 0..2 {
            let (exchange, response) = in_exchange(&mut client, &uri).await;
            let body = response.unwrap().into_body();
            if fails {
                drop(exchange.answer_fault_bytes(FaultKind::AmbiguousFraming));
                body.collect().await.unwrap();
            } else {
                body.collect().await.unwrap();
                let seen = exchange.classify(&std::io::Error::from(std::io::ErrorKind::TimedOut));
                assert_eq!(seen.kind(), K::BodyStalled);
                assert_eq!(exchange.facts().reused, Some(number > 0));
                exchange.finish();
            }
            // hyper takes it back in a task of its own.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(client);
        // The connection is closed by a task of this thread.
        for _ in 0..200 {
            if serving.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(serving.is_finished(), "fails: {fails}: the server still waits for a connection, or for its end");
    }
}
