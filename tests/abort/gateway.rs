//! The gateway under test: hyper's servers, hyper's client, and guarded bodies in between.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use badgateway::Gateway;
use badgateway::adapters::tokio1::TokioTimer;
use badgateway::body::{self, AbortHandle, Guard};
use badgateway::deadline::{Timer, deadline};
use badgateway::decide::{AbortMethod, Decision};
use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
use badgateway::fault::{Fault, FaultKind, Phase};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::upstream::{self, End, Moment, Speaks};

/// How the client is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Downstream {
    Http10Close,
    Http10Length,
    Http11Chunked,
    Http11Length,
    Http2,
    Http2Length,
    Grpc,
}

impl Downstream {
    pub(crate) const ALL: [Self; 7] = [
        Self::Http10Close,
        Self::Http10Length,
        Self::Http11Chunked,
        Self::Http11Length,
        Self::Http2,
        Self::Http2Length,
        Self::Grpc,
    ];

    pub(crate) fn version(self) -> Version {
        match self {
            Self::Http10Close | Self::Http10Length => Version::HTTP_10,
            Self::Http11Chunked | Self::Http11Length => Version::HTTP_11,
            Self::Http2 | Self::Http2Length | Self::Grpc => Version::HTTP_2,
        }
    }

    pub(crate) fn framing(self) -> BodyFraming {
        match self {
            Self::Http10Close => BodyFraming::UntilClose,
            Self::Http11Chunked | Self::Http2 | Self::Grpc => BodyFraming::Chunked,
            Self::Http10Length | Self::Http11Length | Self::Http2Length => BodyFraming::Length,
        }
    }

    /// What the head announces, of which so much will come.
    fn length(self, content: usize, end: End) -> Option<u64> {
        let missing = if end == End::Whole { 0 } else { 10 };
        (self.framing() == BodyFraming::Length).then_some(content as u64 + missing)
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) downstream: Downstream,
    pub(crate) tls: bool,
    pub(crate) next_hop: Speaks,
    pub(crate) moment: Moment,
    pub(crate) end: End,
}

/// What the gateway has noted of the first exchange.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) fault: Option<Fault>,
    pub(crate) decision: Option<Decision>,
    pub(crate) ends: Vec<body::End>,
}

/// No head, or no more of a body, for so long is a fault. Short where that is what the upstream does; otherwise
/// so long that a busy machine is none.
fn patience(is_waited_for: bool) -> Duration {
    if is_waited_for { Duration::from_millis(300) } else { Duration::from_secs(60) }
}

type ReplyBody = UnsyncBoxBody<Bytes, Fault>;

/// Serves one connection of a client. Returns where, and what will have been noted when it is over.
pub(crate) async fn serve(case: Case, acceptor: TlsAcceptor) -> (SocketAddr, Arc<Mutex<Notes>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let notes = Arc::default();
    let noted = Arc::clone(&notes);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let abort = AbortHandle::new();
        let stream = Socket { stream, abort: abort.clone() };
        if case.tls {
            // Over TLS a missing `close_notify` is enough, so nobody sets this handle.
            drop(abort);
            let stream = acceptor.accept(stream).await.unwrap();
            speak(case, stream, None, noted).await;
        } else {
            speak(case, stream, Some(abort), noted).await;
        }
    });
    (address, notes)
}

async fn speak<T>(case: Case, stream: T, abort: Option<AbortHandle>, notes: Arc<Mutex<Notes>>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (abort, notes) = (abort.clone(), Arc::clone(&notes));
        async move { Ok::<_, Infallible>(exchange(case, request, abort, notes).await) }
    });
    // What hyper thinks of it does not matter; the client judges.
    let _ = match case.downstream.version() {
        Version::HTTP_2 => {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
        }
        _ => hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await,
    };
}

/// The error path of a proxy, with every call in its place.
async fn exchange(
    case: Case,
    request: Request<Incoming>,
    abort: Option<AbortHandle>,
    notes: Arc<Mutex<Notes>>,
) -> Response<ReplyBody> {
    if request.uri().path() == "/again" {
        return Response::new(boxed(Full::from("again")));
    }
    let gateway = Arc::new(Gateway::new("gw").unwrap());
    let mut exchange = Exchange::of(&request);
    exchange.phase = Some(Phase::Head);
    let seen = Arc::new(AtomicU64::new(0));
    let next_hop = upstream::serve(case.next_hop, case.moment, case.end, Arc::clone(&seen)).await;
    let head = ask(next_hop, Arc::clone(&seen));
    let stalled = case.end == End::Stalled;
    let head =
        deadline(head, TokioTimer.sleep(patience(stalled && case.moment == Moment::Head)), FaultKind::ResponseTimeout)
            .await;
    let failed = |fault: Fault, exchange: &Exchange| {
        let mut notes = notes.lock().unwrap();
        notes.fault = Some(fault);
        notes.decision = Some(gateway.decide(&fault, exchange));
        gateway.answer_fault(&fault, exchange).map(|bytes| boxed(Full::from(bytes)))
    };
    let (mut head, inner) = match head {
        Ok(Ok(response)) => gateway.forward(response, &exchange).unwrap().into_parts(),
        Ok(Err(error)) => return failed(gateway.classify(&*error, &exchange), &exchange),
        Err(fault) => return failed(fault, &exchange),
    };

    let length = case.downstream.length(case.moment.content().len(), case.end);
    exchange.phase = Some(Phase::Body);
    exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: case.downstream.framing() };

    let noted = Arc::clone(&notes);
    let (decider, facts) = (Arc::clone(&gateway), exchange.clone());
    let (teller, told) = (Arc::clone(&gateway), exchange.clone());
    let (judge, known) = (Arc::clone(&gateway), exchange.clone());
    let mut guard = Guard::new(move |error, _: &_| judge.classify(error, &known))
        .expecting(length)
        .timed(TokioTimer, Some(patience(stalled)), None)
        .in_trailers(move |fault| match teller.decide(fault, &told) {
            Decision::Abort(AbortMethod::GrpcStatus(status)) => {
                Some(HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), u16::from(status).into())]))
            }
            Decision::Abort(_) | Decision::Respond(_) | Decision::Silence => None,
        })
        .on_end(move |end, _| {
            let mut notes = noted.lock().unwrap();
            if let body::End::Failed(fault) = end {
                notes.fault = Some(fault);
                notes.decision = Some(decider.decide(&fault, &facts));
            }
            notes.ends.push(end);
        });
    if let (BodyFraming::UntilClose, Some(abort)) = (case.downstream.framing(), abort) {
        guard = guard.aborting(abort);
    }
    if case.downstream.version() == Version::HTTP_2 {
        // The connection's own task writes, and this machine may be busy: without, one run in three loses a head.
        guard = guard.lingering(Duration::from_millis(500));
    }
    if let Some(length) = length {
        head.headers.insert("content-length", length.into());
    }
    Response::from_parts(head, boxed(guard.around(inner)))
}

fn boxed<B>(body: B) -> ReplyBody
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<ReplyError>,
{
    body.map_err(|error| error.into().0).boxed_unsync()
}

/// Both errors that bodies have here.
struct ReplyError(Fault);

impl From<Fault> for ReplyError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Infallible> for ReplyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The request to the next hop.
async fn ask(address: SocketAddr, seen: Arc<AtomicU64>) -> Result<Response<Incoming>, Box<dyn Error + Send + Sync>> {
    let stream = Counted { stream: TcpStream::connect(address).await?, seen };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/").header("host", "upstream").body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?)
}

/// The client's socket: looks at the handle when it is dropped.
struct Socket {
    stream: TcpStream,
    abort: AbortHandle,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.abort.is_set() {
            socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    }
}

/// The next hop's socket: counts what is read of it.
struct Counted {
    stream: TcpStream,
    seen: Arc<AtomicU64>,
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.seen.fetch_add((buf.filled().len() - before) as u64, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

macro_rules! writes_through {
    ($($socket:ty)+) => {$(
        impl AsyncWrite for $socket {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.stream).poll_write(cx, buf)
            }
            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_flush(cx)
            }
            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_shutdown(cx)
            }
        }
    )+};
}

writes_through!(Socket Counted);
