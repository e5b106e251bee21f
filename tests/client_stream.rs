//! The client's socket under a real hyper server: what its exchanges ask of it is what the client sees.
#![cfg(all(feature = "hyper1", feature = "tokio1", feature = "lab"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::convert::Infallible;
use std::future::{Future, ready};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use badgateway::adapters::tokio1::{ClientListener, ClientStream, ClientTls};
use badgateway::body::{ClientHandle, Guard};
use badgateway::fault::{Fault, FaultKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Says "hello", and then fails or ends.
struct Hello {
    said: bool,
    fails: bool,
}

impl Body for Hello {
    type Data = Bytes;
    type Error = io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !std::mem::replace(&mut self.said, true) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"hello")))));
        }
        Poll::Ready(self.fails.then(|| Err(ErrorKind::ConnectionReset.into())))
    }
}

async fn answer<T>(io: T, client: ClientHandle, fails: bool)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |_| {
        let guard = Guard::new(|_: &(dyn std::error::Error + 'static), _: &_| Fault::new(FaultKind::BodyReset));
        let body = guard.aborting(client.abort_handle().clone()).around(Hello { said: false, fails });
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
}

async fn listen() -> (ClientListener, SocketAddr) {
    let listener = ClientListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// What an HTTP/1.0 client reads, and how it ends.
async fn ask<T: AsyncRead + AsyncWrite + Unpin>(mut io: T) -> (String, Result<(), ErrorKind>) {
    io.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    let end = io.read_to_end(&mut all).await;
    (String::from_utf8(all).unwrap(), end.map(|_| ()).map_err(|error| error.kind()))
}

#[tokio::test]
async fn a_cut_body_ends_with_a_reset_and_a_whole_one_with_fin() {
    let (listener, address) = listen().await;
    for (fails, end) in [(false, Ok(())), (true, Err(ErrorKind::ConnectionReset)), (false, Ok(()))] {
        let client = tokio::spawn(async move { ask(TcpStream::connect(address).await.unwrap()).await });
        let (io, socket, _) = listener.accept().await;
        answer(io, socket.clone(), fails).await;
        assert_eq!(socket.abort_handle().is_set(), fails);
        let (read, how) = client.await.unwrap();
        assert_eq!(how, end, "{read:?}");
        // Of a reset the client's kernel may drop what was not read yet.
        assert!(fails || read.ends_with("\r\n\r\nhello"), "{read:?}");
    }
}

/// A FIN before the reset would have ended the body well.
#[tokio::test]
async fn a_shutdown_sends_no_fin_once_the_handle_is_set() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for set in [false, true] {
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut io, socket) = ClientStream::new(listener.accept().await.unwrap().0);
        assert!(io.is_write_vectored());
        assert_eq!(io.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")]).await.unwrap(), 5);
        let mut read = [0; 5];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!((&read, io.get_ref().peer_addr().unwrap()), (b"abcde", client.local_addr().unwrap()));
        if set {
            socket.abort();
        }
        io.shutdown().await.unwrap();
        if !set {
            assert_eq!(client.read(&mut read).await.unwrap(), 0);
        }
        drop(io);
        if set {
            assert_eq!(client.read(&mut read).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
    }
}

fn tls() -> (TlsAcceptor, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["lab.test".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider));
    let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(server.with_single_cert(vec![certificate.clone()], key).unwrap()));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    (acceptor, TlsConnector::from(Arc::new(client.with_root_certificates(roots).with_no_client_auth())))
}

async fn connect_tls(connector: TlsConnector, address: SocketAddr) -> tokio_rustls::client::TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from("lab.test").unwrap(), stream).await.unwrap()
}

/// Under TLS: no `close_notify`, and a reset.
#[tokio::test]
async fn a_cut_body_over_tls_has_no_close_notify() {
    let (acceptor, connector) = tls();
    let (listener, address) = listen().await;
    for fails in [false, true] {
        let connector = connector.clone();
        let client = tokio::spawn(async move { ask(connect_tls(connector, address).await).await });
        let (io, socket, _) = listener.accept().await;
        answer(acceptor.accept(io).await.unwrap(), socket, fails).await;
        let (read, how) = client.await.unwrap();
        let expected = if fails { Err(ErrorKind::ConnectionReset) } else { Ok(()) };
        assert_eq!(how, expected, "{read:?}");
    }
}

/// Serves one connection, each request by this function.
async fn serve<T, F>(io: T, respond: impl Fn(Request<Incoming>) -> F)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let service = service_fn(|request| {
        let response = respond(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let _ = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(io), service).await;
}

/// A client that uploads while it is answered gets the whole answer, however it ends its request.
#[tokio::test]
async fn who_uploads_while_it_is_answered_gets_the_answer() {
    const ANSWER: usize = 300_000;
    let (listener, address) = listen().await;
    for round in 0..8 {
        let client = tokio::spawn(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            let uploading = tokio::spawn(async move {
                write.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n").await.unwrap();
                // It goes on when the answer has begun.
                let chunk = [b'x'; 10_000];
                for _ in 0..900 {
                    if write.write_all(&chunk).await.is_err() {
                        return;
                    }
                    yield_now().await;
                }
            });
            // It reads late: a reset would have thrown the answer away.
            let mut all = Vec::new();
            sleep(Duration::from_millis(50)).await;
            let end = read.read_to_end(&mut all).await.map_err(|error| error.kind());
            uploading.abort();
            (all.len(), end)
        });
        let (io, client_handle, _) = listener.accept().await;
        let begun = Instant::now();
        serve(io, |_| {
            client_handle.linger();
            ready(Response::new(Full::new(Bytes::from(vec![b'a'; ANSWER]))))
        })
        .await;
        let (read, end) = client.await.unwrap();
        assert_eq!((read > ANSWER, end), (true, Ok(read)), "round {round}: {read} bytes");
        assert!(begun.elapsed() < Duration::from_secs(30), "the client had closed");
    }
}

/// Whom nobody asked to linger is closed at once, although the client stays; and a lingering one in bounded time.
#[tokio::test]
async fn a_client_that_stays_is_waited_for_only_if_that_was_asked() {
    let (listener, address) = listen().await;
    for lingers in [false, true] {
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut io, handle, peer) = listener.accept().await;
        assert_eq!((handle.peer(), peer), (Some(peer), client.local_addr().unwrap()));
        if lingers {
            handle.linger();
        }
        let done = tokio::spawn(async move { io.shutdown().await });
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "the FIN comes first");
        if lingers {
            sleep(Duration::from_millis(300)).await;
            assert!(!done.is_finished());
        }
        done.await.unwrap().unwrap();
    }
}

const HINT: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const PROXY: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 51000 443\r\n";
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What the client of three pipelined requests reads: `h` is a hint, `2` a head, `b` a body. Each exchange sends two of them,
/// `apart` or both together with the final head, and one that comes too late.
async fn three<T, C>(io: T, client: C, handle: ClientHandle, apart: Duration) -> String
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let reading = tokio::spawn(async move {
        let mut client = client;
        client.write_all(format!("{GET}{GET}{LAST}").as_bytes()).await.unwrap();
        let mut all = String::new();
        client.read_to_string(&mut all).await.unwrap();
        all
    });
    serve(io, |_| {
        let interims = handle.interims();
        async move {
            // As from a task of the client's library.
            let sending = tokio::spawn(async move {
                for _ in 0..2 {
                    sleep(apart).await;
                    assert!(interims.send(HINT.as_bytes()));
                }
                interims
            });
            let interims = sending.await.unwrap();
            tokio::spawn(async move {
                sleep(Duration::from_millis(5)).await;
                assert!(!interims.send(HINT.as_bytes()));
            });
            Response::new(Full::new(Bytes::from_static(b"b")))
        }
    })
    .await;
    let mut all = reading.await.unwrap().replace(HINT, "h");
    while let Some(at) = all.find("HTTP/1.1 200 OK") {
        let end = at + all[at..].find("\r\n\r\n").unwrap() + 4;
        all.replace_range(at..end, "2");
    }
    all
}

#[tokio::test]
async fn interim_responses_stand_before_their_final_head() {
    let (acceptor, connector) = tls();
    let (listener, address) = listen().await;
    for apart in [Duration::ZERO, Duration::from_millis(10)] {
        let client = TcpStream::connect(address).await.unwrap();
        let (io, handle, _) = listener.accept().await;
        assert_eq!(three(io, client, handle, apart).await, "hh2bhh2bhh2b", "{apart:?}");

        // In TLS by the wrapper above it. Without that there are none, and the records are as they were.
        for (wrapped, behind_line, expected) in [
            (true, false, "hh2bhh2bhh2b"),
            (false, false, "2b2b2b"),
            (true, true, "hh2bhh2bhh2b"),
            (false, true, "2b2b2b"),
        ] {
            let connector = connector.clone();
            let client = tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                if behind_line {
                    stream.write_all(PROXY).await.unwrap();
                }
                connector.connect(ServerName::try_from("lab.test").unwrap(), stream).await.unwrap()
            });
            let (mut io, handle, _) = listener.accept().await;
            if behind_line {
                io.read_exact(&mut [0; PROXY.len()]).await.unwrap();
                io.under_tls();
            }
            let io = acceptor.accept(io).await.unwrap();
            let client = client.await.unwrap();
            let got = if wrapped {
                three(ClientTls::new(io, handle.clone()), client, handle, apart).await
            } else {
                three(io, client, handle, apart).await
            };
            assert_eq!(got, expected, "{apart:?}");
        }
    }
}

/// A body without end, and notice of when it was dropped.
struct Endless(Arc<AtomicBool>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 64 * 1024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A client that never reads does not hold what is behind the body for ever. One that reads slowly is served.
#[tokio::test]
async fn a_client_that_never_reads_is_reset() {
    let (listener, address) = listen().await;
    let listener = listener.with_write_timeout(Some(Duration::from_millis(500)));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(GET.as_bytes()).await.unwrap();
    let (io, handle, _) = listener.accept().await;
    let dropped = Arc::new(AtomicBool::new(false));
    let body = Arc::clone(&dropped);
    let served = tokio::spawn(async move {
        let service = service_fn(move |_| ready(Ok::<_, Infallible>(Response::new(Endless(Arc::clone(&body))))));
        http1::Builder::new().serve_connection(TokioIo::new(io), service).await
    });
    let mut room = vec![0; 4 * 1024 * 1024];
    for _ in 0..20 {
        // Much more than the kernel would let wait, and for longer than the timeout altogether.
        for _ in 0..4 {
            assert!(client.read(&mut room).await.unwrap() > 0);
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!served.is_finished() && !handle.abort_handle().is_set(), "it reads, if slowly");
    // Now it reads no more.
    let error = timeout(Duration::from_secs(20), served).await.unwrap().unwrap().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::TimedOut);
    assert!(dropped.load(Ordering::Acquire) && handle.abort_handle().is_set());
    let end = loop {
        match client.read(&mut room).await {
            Ok(0) => break None,
            Ok(_) => {}
            Err(error) => break Some(error.kind()),
        }
    };
    assert_eq!(end, Some(ErrorKind::ConnectionReset), "what it did not get must not look like all");
}

/// A client that only stopped sending wants its answer; one that reset the connection does not.
#[tokio::test]
async fn a_reset_is_noticed_while_nothing_is_read_or_written() {
    let (listener, address) = listen().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let (io, _, _) = listener.accept().await;
    let reset = tokio::spawn(io.until_reset());
    client.shutdown().await.unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(!reset.is_finished());
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    timeout(Duration::from_secs(10), reset).await.unwrap().unwrap();
}

/// A good exchange makes no timer: it works where there is none.
#[test]
fn the_happy_path_needs_no_clock() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let all = runtime.block_on(async {
        let (listener, address) = listen().await;
        let client = tokio::spawn(async move { ask(TcpStream::connect(address).await.unwrap()).await });
        let (io, handle, _) = listener.accept().await;
        answer(io, handle, false).await;
        client.await.unwrap()
    });
    assert!(all.0.ends_with("hello") && all.1.is_ok(), "{all:?}");
}
