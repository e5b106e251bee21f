//! The tap on real connections: tokio's in-memory ones, loopback sockets with FIN and RST, and under
//! hyper's client.
#![cfg(feature = "tokio1")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use badgateway::adapters::tokio1::{Tap, TapHandle};
use badgateway::fault::{Code, Fault, FaultKind as K};
use badgateway::tap::Ended;
use http::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn counts_what_passes_and_sees_the_end() {
    let (io, mut server) = duplex(1024);
    let (mut io, tap) = Tap::new(io);
    assert!(tap.is_idle_clean());
    tap.begin(&Method::GET);
    io.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
    let mut buf = [0; 100];
    assert_eq!(io.read(&mut buf).await.unwrap(), 43);
    let seen = tap.observation();
    assert_eq!((seen.sent(), seen.received(), seen.complete(), seen.ended()), (18, 43, true, None));
    assert!(seen.waited().is_some() && tap.is_idle_clean());

    // Nothing read into no room is not the end.
    assert_eq!(io.read(&mut []).await.unwrap(), 0);
    assert_eq!(tap.observation().ended(), None);
    drop(server);
    assert_eq!(io.read(&mut buf).await.unwrap(), 0);
    assert_eq!(tap.observation().ended(), Some(Ended::Clean));
    assert!(!tap.is_idle_clean());
}

/// Bytes that were in the buffer before the read are not the connection's.
#[tokio::test]
async fn counts_only_new_bytes() {
    let (io, mut server) = duplex(64);
    let (mut io, tap) = Tap::new(io);
    server.write_all(b"new").await.unwrap();
    let mut storage = [0; 16];
    let mut buf = ReadBuf::new(&mut storage);
    buf.put_slice(b"old bytes");
    std::future::poll_fn(|cx| Pin::new(&mut io).poll_read(cx, &mut buf)).await.unwrap();
    assert_eq!(buf.filled(), b"old bytesnew");
    assert_eq!(tap.observation().first_bytes(), b"new");
}

async fn loopback() -> (Tap<TcpStream>, TapHandle, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let (io, tap) = Tap::new(client);
    (io, tap, server)
}

#[tokio::test]
async fn fin_on_a_socket() {
    let (mut io, tap, mut server) = loopback().await;
    tap.begin(&Method::GET);
    io.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    server.read_exact(&mut [0; 18]).await.unwrap();
    server.write_all(b"HTTP/1.1 200 OK\r\nA: b").await.unwrap();
    drop(server);
    let mut all = Vec::new();
    io.read_to_end(&mut all).await.unwrap();
    assert_eq!((tap.observation().ended(), tap.observation().received()), (Some(Ended::Clean), 21));
    assert_eq!(tap.observation().refine(Fault::new(K::Unclassified)).kind(), K::HeadTruncated);
}

#[tokio::test]
#[cfg(unix)]
async fn rst_on_a_socket() {
    let (mut io, tap, server) = loopback().await;
    tap.begin(&Method::GET);
    io.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    // The kernel resets a connection that is closed with unread bytes in it.
    server.readable().await.unwrap();
    drop(server);
    let error = io.read(&mut [0; 10]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let seen = tap.observation();
    assert_eq!(seen.ended(), Some(Ended::Reset(error.raw_os_error())));
    let fault = seen.refine(Fault::new(K::Unclassified));
    assert_eq!((fault.kind(), fault.code()), (K::ResetBeforeResponse, error.raw_os_error().map(Code::Errno)));
}

/// Gives out one error, or counts the calls.
#[derive(Default)]
struct Odd {
    error: Option<io::Error>,
    flushed: bool,
    shut: bool,
}

impl AsyncRead for Odd {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
    }
}

impl AsyncWrite for Odd {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.error.take().map_or(Ok(buf.len()), Err))
    }
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushed = true;
        Poll::Ready(self.error.take().map_or(Ok(()), Err))
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut = true;
        Poll::Ready(Ok(()))
    }
    fn poll_write_vectored(self: Pin<&mut Self>, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bufs.iter().map(|b| b.len()).sum()))
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn tells_errors_apart() {
    let rustls = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual";
    for (error, ended) in [
        (io::Error::new(ErrorKind::UnexpectedEof, rustls), Some(Ended::TlsTruncated)),
        (io::Error::new(ErrorKind::UnexpectedEof, "early eof"), Some(Ended::Failed(None))),
        (io::Error::other(rustls), Some(Ended::Failed(None))),
        (ErrorKind::ConnectionReset.into(), Some(Ended::Reset(None))),
        (ErrorKind::ConnectionAborted.into(), Some(Ended::Reset(None))),
        (ErrorKind::BrokenPipe.into(), Some(Ended::Failed(None))),
        (ErrorKind::Interrupted.into(), None),
    ] {
        let what = format!("{error:?}");
        let (mut io, tap) = Tap::new(Odd { error: Some(error), ..Odd::default() });
        io.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(tap.observation().ended(), ended, "{what}");
    }
    for flush in [false, true] {
        let (mut io, tap) = Tap::new(Odd { error: Some(io::Error::from_raw_os_error(32)), ..Odd::default() });
        let failed = if flush { io.flush().await.is_err() } else { io.write(b"x").await.is_err() };
        assert!(failed);
        assert_eq!((tap.observation().ended(), tap.observation().sent()), (Some(Ended::Failed(Some(32))), 0));
    }
}

/// What each read gives, and then nothing yet; and what each write fails with, if it does.
#[derive(Default)]
struct Script {
    reads: VecDeque<Result<&'static [u8], ErrorKind>>,
    writes: Option<ErrorKind>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Scripted {
    fn wrote<R>(&self, ok: R) -> Poll<io::Result<R>> {
        Poll::Ready(self.0.lock().unwrap().writes.map_or(Ok(ok), |kind| Err(kind.into())))
    }
}

impl AsyncRead for Scripted {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(read) = self.0.lock().unwrap().reads.pop_front() else { return Poll::Pending };
        Poll::Ready(read.map(|bytes| buf.put_slice(bytes)).map_err(Into::into))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote(buf.len())
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wrote(())
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wrote(())
    }
}

/// What was shut for writing may still have an answer in it (RFC 9112 section 9.5).
#[test]
fn an_error_of_a_write_waits_for_the_reads() {
    use ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, UnexpectedEof};
    const ANSWER: &[u8] = b"HTTP/1.1 413 Content Too Large\r\n\r\n";
    let rst = Some(Ended::Reset(None));
    let failed = Some(Ended::Failed(None));
    // The error of the write, that of the last read, what it becomes, and what the tap says of the end.
    for (write, last, result, ended) in [
        // The system tells of a reset once, and then only of the end.
        (ConnectionReset, Ok(&b""[..]), Err(ConnectionReset), rst),
        (ConnectionReset, Err(ConnectionReset), Err(ConnectionReset), rst),
        // TLS knows that its stream was cut, and the socket why.
        (ConnectionReset, Err(UnexpectedEof), Err(ConnectionReset), rst),
        // `EPIPE` is what a write gets behind a FIN.
        (BrokenPipe, Ok(b""), Ok(0), Some(Ended::Clean)),
        (BrokenPipe, Err(ConnectionReset), Err(ConnectionReset), rst),
        (BrokenPipe, Err(UnexpectedEof), Err(UnexpectedEof), failed),
    ] {
        for flush in [false, true] {
            let what = format!("{write:?}, {last:?}, flush: {flush}");
            let script = Scripted::default();
            let (io, tap) = Tap::new(script.clone());
            let mut io = pin!(io);
            let woken = Arc::new(Woken::default());
            let waker = Waker::from(Arc::clone(&woken));
            let mut cx = Context::from_waker(&waker);
            tap.begin(&Method::POST);
            let mut write_one = |io: &mut Pin<&mut Tap<Scripted>>| match flush {
                true => io.as_mut().poll_flush(&mut cx).map_ok(|()| 0),
                false => io.as_mut().poll_write(&mut cx, b"x"),
            };
            let read = |io: &mut Pin<&mut Tap<Scripted>>| {
                let mut buf = [0; 100];
                let mut buf = ReadBuf::new(&mut buf);
                let result = io.as_mut().poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
                result.map_ok(|()| buf.filled().len()).map_err(|error| error.kind())
            };
            assert!(write_one(&mut io).is_ready() && read(&mut io).is_pending(), "{what}");
            script.0.lock().unwrap().writes = Some(write);
            assert!(write_one(&mut io).is_pending(), "{what}");
            assert_eq!(woken.times(), 1, "{what}: there may be something to read, and nobody else says so");
            assert!(write_one(&mut io).is_pending(), "{what}: as long as the reads go on");
            assert_eq!((woken.times(), tap.observation().ended()), (1, None), "{what}");
            script.0.lock().unwrap().reads = [Ok(ANSWER), last].into();
            assert_eq!(read(&mut io), Poll::Ready(Ok(ANSWER.len())), "{what}");
            assert_eq!(woken.times(), 1, "{what}");
            assert_eq!(read(&mut io), Poll::Ready(result), "{what}");
            assert_eq!(woken.times(), 2, "{what}: who writes elsewhere");
            assert_eq!((tap.observation().ended(), tap.observation().received()), (ended, 34), "{what}");
            assert_eq!(write_one(&mut io).map_err(|error| error.kind()), Poll::Ready(Err(write)), "{what}");
        }
    }
    // Several writes in one poll, and the read in the next: hyper encodes a frame, writes it, writes more, and flushes.
    let script = Scripted::default();
    let (io, tap) = Tap::new(script.clone());
    let mut io = pin!(io);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    assert!(io.as_mut().poll_write(&mut cx, b"x").is_ready());
    *script.0.lock().unwrap() = Script { reads: [Ok(ANSWER), Ok(b"")].into(), writes: Some(ConnectionReset) };
    assert!(io.as_mut().poll_write(&mut cx, b"y").is_pending());
    assert!(io.as_mut().poll_flush(&mut cx).is_pending() && io.as_mut().poll_flush(&mut cx).is_pending());
    let mut buf = [0; 100];
    let mut buf = ReadBuf::new(&mut buf);
    assert!(io.as_mut().poll_read(&mut cx, &mut buf).is_ready());
    assert_eq!((buf.filled(), tap.observation().ended()), (ANSWER, None));
    // Who never reads has its error, and is woken for each time that it has to ask.
    let (io, _) = Tap::new(script);
    let mut io = pin!(io);
    let before = woken.times();
    let asked = std::iter::repeat_with(|| io.as_mut().poll_flush(&mut cx)).take_while(Poll::is_pending).count();
    assert_eq!((asked, woken.times() - before), (5, 5));
    // That tells nothing about what had come.
    let script = Script { writes: Some(TimedOut), ..Script::default() };
    let (io, tap) = Tap::new(Scripted(Arc::new(Mutex::new(script))));
    let mut io = pin!(io);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(io.as_mut().poll_write(&mut cx, b"x").is_ready());
    assert_eq!(tap.observation().ended(), failed);
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn forwards_every_call() {
    let (mut io, tap) = Tap::new(Odd::default());
    assert!(io.is_write_vectored());
    let sent = io.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")]).await.unwrap();
    assert_eq!((sent, tap.observation().sent()), (5, 5));
    io.flush().await.unwrap();
    io.shutdown().await.unwrap();
    assert!(io.get_ref().flushed && io.into_inner().shut);
}

#[test]
fn handles_go_anywhere_and_outlive_the_connection() {
    fn anywhere<T: Send + Sync + 'static>(_: &T) {}
    let (io, tap) = Tap::new(duplex(1).0);
    anywhere(&tap);
    anywhere(&io);
    anywhere(&tap.observation());
    drop(io);
    tap.begin(&Method::GET);
    assert!(tap.clone().is_idle_clean());
}

#[cfg(feature = "hyper1")]
mod under_hyper {
    use super::*;
    use badgateway::exchange::Exchange;
    use badgateway::fault::Class;
    use bytes::Bytes;
    use http::{Request, StatusCode};
    use http_body_util::{BodyExt, Full};
    use hyper::body::{Body, Frame};
    use hyper::client::conn::http1::{SendRequest, handshake};
    use hyper_util::rt::TokioIo;
    use tokio::io::DuplexStream;
    use tokio::sync::mpsc;

    /// A request body that the test writes as it goes.
    struct Upload(mpsc::Receiver<Bytes>);

    impl Body for Upload {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.0.poll_recv(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
        }
    }

    async fn connect<B>() -> (SendRequest<B>, TapHandle, DuplexStream)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let (io, server) = duplex(65536);
        let (io, tap) = Tap::new(io);
        let (send, connection) = handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        (send, tap, server)
    }

    fn get() -> Request<Full<Bytes>> {
        Request::get("/").header("host", "a").body(Full::default()).unwrap()
    }

    async fn read_head(server: &mut DuplexStream) -> usize {
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(server.read_u8().await.unwrap());
        }
        seen.len()
    }

    #[tokio::test]
    async fn a_greeting_before_the_request() {
        let (mut send, tap, mut server) = connect().await;
        server.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        // Until hyper has read it, or given up on the connection.
        while tap.observation().received() == 0 {
            tokio::task::yield_now().await;
        }
        tap.begin(&Method::GET);
        send.send_request(get()).await.unwrap_err();
        let seen = tap.observation();
        assert_eq!((seen.sent(), seen.first_bytes()), (0, &b"SSH-2.0-OpenSSH_9.6\r\n"[..]));
        let fault = seen.refine(Fault::new(K::Unclassified));
        assert_eq!((fault.kind(), fault.class()), (K::NotHttp, Some(Class::NotHttpSsh)));
        let mut exchange = Exchange::default();
        seen.fill(&mut exchange);
        assert_eq!(exchange.sent, Some(0));
    }

    #[tokio::test]
    async fn two_exchanges_on_one_connection() {
        let (mut send, tap, mut server) = connect().await;
        for (method, answer, body) in [
            (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", ""),
            (Method::GET, "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", "no!"),
        ] {
            send.ready().await.unwrap();
            assert!(tap.is_idle_clean());
            tap.begin(&method);
            let request = Request::builder().method(method).uri("/").header("host", "a").body(Full::default()).unwrap();
            let exchange = tokio::spawn(send.send_request(request));
            let sent = read_head(&mut server).await;
            server.write_all(answer.as_bytes()).await.unwrap();
            let response = exchange.await.unwrap().unwrap();
            let seen_status = response.status();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
            let seen = tap.observation();
            assert_eq!((seen.sent(), seen.received()), (sent as u64, answer.len() as u64));
            assert_eq!((seen.status(), seen.complete()), (Some(seen_status.as_u16()), true));
        }
        // The third answer is bad: the tap says how, of this exchange and not of the last.
        tap.begin(&Method::GET);
        let exchange = tokio::spawn(send.send_request(get()));
        read_head(&mut server).await;
        server.write_all(b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n").await.unwrap();
        assert!(exchange.await.unwrap().unwrap_err().is_parse());
        let fault = tap.observation().refine(Fault::new(K::BadStatusLine));
        assert_eq!((fault.class(), fault.offset()), (Some(Class::HeaderValueNul), Some(21)));
        assert!(!tap.is_idle_clean());
    }

    #[tokio::test]
    async fn an_early_answer_while_the_request_is_being_sent() {
        let (mut send, tap, mut server) = connect::<Upload>().await;
        let (upload, body) = mpsc::channel(1);
        let body = Upload(body);
        tap.begin(&Method::POST);
        let request = Request::post("/").header("host", "a").body(body).unwrap();
        let exchange = tokio::spawn(send.send_request(request));
        upload.send(Bytes::from_static(&[b'x'; 1000])).await.unwrap();
        read_head(&mut server).await;
        server.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\n").await.unwrap();
        let response = exchange.await.unwrap().unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let early = tap.observation();
        // The upload goes on, and so does the response: it is one exchange.
        upload.send(Bytes::from_static(&[b'y'; 1000])).await.unwrap();
        while tap.observation().sent() == early.sent() {
            tokio::task::yield_now().await;
        }
        server.write_all(b"full").await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "full");
        let seen = tap.observation();
        assert!(seen.sent() > early.sent() && seen.sent() > 2000);
        assert_eq!((seen.status(), seen.received(), seen.complete()), (Some(413), 49, true));
    }

    #[tokio::test]
    async fn interim_responses() {
        let (mut send, tap, mut server) = connect().await;
        tap.begin(&Method::GET);
        let exchange = tokio::spawn(send.send_request(get()));
        read_head(&mut server).await;
        server.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        while tap.observation().interim() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(tap.observation().status(), None);
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        let response = exchange.await.unwrap().unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
        let seen = tap.observation();
        assert_eq!((seen.interim(), seen.status(), seen.complete()), (1, Some(200), true));
    }

    /// hyper calls this head "too large".
    #[tokio::test]
    async fn a_length_that_hyper_cannot_count() {
        let (mut send, tap, mut server) = connect().await;
        tap.begin(&Method::GET);
        let exchange = tokio::spawn(send.send_request(get()));
        read_head(&mut server).await;
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n").await.unwrap();
        assert!(exchange.await.unwrap().unwrap_err().is_parse_too_large());
        let fault = tap.observation().refine(Fault::new(K::HeadTooLarge));
        assert_eq!((fault.kind(), fault.class()), (K::AmbiguousFraming, Some(Class::FramingClOverflow)));
    }

    /// And this one as well.
    #[tokio::test]
    async fn more_fields_than_hyper_takes() {
        let (mut send, tap, mut server) = connect().await;
        tap.begin(&Method::GET);
        let exchange = tokio::spawn(send.send_request(get()));
        read_head(&mut server).await;
        let head = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "A: b\r\n".repeat(200));
        server.write_all(head.as_bytes()).await.unwrap();
        assert!(exchange.await.unwrap().unwrap_err().is_parse_too_large());
        let seen = tap.observation();
        assert_eq!(seen.header_lines(), 201);
        assert_eq!(seen.refine(Fault::new(K::HeadTooLarge)).kind(), K::TooManyHeaders);
    }
}
