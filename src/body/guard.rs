//! `Guard`: the settings of a guarded body, before there is a body.
//!
//! Everything optional is off until it is asked for.

use core::error::Error;
use core::time::Duration;
use std::sync::Arc;

use http::HeaderMap;
use http_body::Body;

use crate::body::abort::AbortHandle;
use crate::body::end::End;
use crate::body::guarded::Guarded;
use crate::body::ledger::Ledger;
use crate::body::owner::{Call, Closures, Owner};
use crate::deadline::{Never, Timer};
use crate::fault::Fault;

/// How to guard a body. [`around`](Self::around) puts it there.
///
/// ```
/// use badgateway::body::{AbortHandle, End, Guard};
/// use badgateway::deadline::Never;
/// use badgateway::fault::{Fault, FaultKind};
/// use http_body_util::Full;
/// use bytes::Bytes;
/// use std::time::Duration;
///
/// let close_delimited = AbortHandle::new();
/// let body = Guard::new(|error, ledger| {
///         println!("after {} bytes: {error}", ledger.received());
///         Fault::new(FaultKind::BodyReset)
///     })
///     .expecting(Some(5))
///     .timed(Never, Some(Duration::from_secs(30)), None)
///     .aborting(close_delimited)
///     .on_end(|end, _ledger| match end {
///         End::Whole => println!("the connection may be used again"),
///         End::Failed(fault) => println!("cut: {fault}"),
///         End::Dropped => println!("nobody wants the rest"),
///     })
///     .around(Full::new(Bytes::from_static(b"hello")));
/// # let _ = body;
/// ```
///
/// # In a service
///
/// The response of hyper's client on its way to hyper's server, whatever the client speaks. axum takes the same body as
/// `axum::body::Body::new(body)`.
///
/// ```
/// # #[cfg(all(feature = "hyper1", feature = "tokio1"))] mod service {
/// use badgateway::adapters::tokio1::TokioTimer;
/// use badgateway::body::{AbortHandle, End, Guard};
/// use badgateway::exchange::{BodyFraming, Exchange};
/// use badgateway::fault::Fault;
/// use badgateway::Gateway;
/// use bytes::Bytes;
/// use http::{Response, Version, header::CONTENT_LENGTH};
/// use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
/// use hyper::body::Incoming;
/// use std::time::Duration;
///
/// /// `response` has passed `Gateway::forward`, and `spoken` was its version before; `socket` is in the wrapper of the
/// /// client's socket.
/// fn pass_on(
///     gateway: Gateway,
///     response: Response<Incoming>,
///     spoken: Version,
///     mut exchange: Exchange,
///     socket: AbortHandle,
/// ) -> Response<UnsyncBoxBody<Bytes, Fault>> {
///     let (head, inner) = response.into_parts();
///     let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
///     let framing = exchange.forwarding(head.status, &head.headers);
///     let client = exchange.version;
///     let (judge, known) = (gateway.clone(), exchange.clone());
///
///     let mut guard = Guard::new(move |error, _: &_| judge.classify(error, &known))
///         .expecting(if framing == BodyFraming::None { Some(0) } else { length })
///         .timed(TokioTimer, Some(Duration::from_secs(30)), None)
///         .on_end(move |end, _| {
///             let fault = match end {
///                 End::Whole => return,
///                 End::Failed(fault) => fault,
///                 End::Dropped => exchange.client_aborted(), // nobody wants the rest
///             };
///             eprintln!("{}", gateway.record(&fault, &exchange)); // or wherever your log is
///         });
///     if framing == BodyFraming::UntilClose {
///         guard = guard.aborting(socket);
///     }
///     if spoken == Version::HTTP_2 {
///         guard = guard.expecting_end_stream(); // hyper would not tell
///     }
///     if client == Version::HTTP_2 {
///         guard = guard.lingering(Duration::from_millis(10)); // another task writes
///     }
///     Response::from_parts(head, guard.around(inner).boxed_unsync())
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a guard guards nothing until it is put around a body"]
pub struct Guard<O, T = Never> {
    pub(super) owner: O,
    pub(super) expected: Option<u64>,
    pub(super) end_stream: bool,
    pub(super) linger: Option<Duration>,
    pub(super) abort: Option<AbortHandle>,
    pub(super) timer: T,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Duration>,
}

impl<F> Guard<Closures<F>>
where
    F: FnMut(&(dyn Error + 'static), &Ledger) -> Fault,
{
    /// A guard that counts, and that turns the inner body's errors into faults with this closure. The
    /// closure sees the error and the counts, so it is the place to log both; the server and the
    /// client see neither.
    pub const fn new(classify: F) -> Self {
        let call: Call<F> = |classify, error, ledger| classify(error, ledger);
        Self::owned(Closures { classify, call, tell: None, on_end: None })
    }
}

impl<O> Guard<O> {
    /// A guard whose body belongs to this [`Owner`].
    pub const fn owned(owner: O) -> Self {
        Self {
            owner,
            expected: None,
            end_stream: false,
            linger: None,
            abort: None,
            timer: Never,
            idle: None,
            total: None,
        }
    }
}

impl<F, T, E> Guard<Closures<F, E>, T> {
    /// With trailers in place of the error, where the protocol tells its end in them: gRPC. `None` from the
    /// closure is the error as ever: return it unless [`decide`](crate::decide::decide()) says
    /// [`AbortMethod::GrpcStatus`](crate::decide::AbortMethod::GrpcStatus).
    ///
    /// Not asked where a length was announced: an end short of it is malformed, whatever the trailers say (RFC 9113
    /// section 8.1.1). `on_end` is told of the fault all the same.
    ///
    /// ```
    /// use badgateway::body::Guard;
    /// use badgateway::decide::{AbortMethod, Decision};
    /// use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
    /// use badgateway::{Fault, FaultKind, Gateway};
    /// use http::{HeaderMap, HeaderValue, StatusCode};
    ///
    /// # fn f(gateway: Gateway, mut exchange: Exchange, inner: http_body_util::Empty<bytes::Bytes>) {
    /// // What will be true when the body fails.
    /// exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::UntilClose };
    /// let body = Guard::new(|_, _| Fault::new(FaultKind::BodyReset))
    ///     .in_trailers(move |fault| match gateway.decide(fault, &exchange) {
    ///         Decision::Abort(AbortMethod::GrpcStatus(status)) => {
    ///             Some(HeaderMap::from_iter([("grpc-status".parse().ok()?, HeaderValue::from(u16::from(status)))]))
    ///         }
    ///         _ => None,
    ///     })
    ///     .around(inner);
    /// # let _ = body; }
    /// ```
    pub fn in_trailers(mut self, fields: impl Fn(&Fault) -> Option<HeaderMap> + Send + Sync + 'static) -> Self {
        self.owner.tell = Some(Arc::new(fields));
        self
    }

    /// With a closure to call once, when it is known how the body ended: the place to give the
    /// connection back to its pool, or to close it, and to finish the log record.
    pub fn on_end<G>(self, on_end: G) -> Guard<Closures<F, G>, T>
    where
        G: FnOnce(End, &Ledger),
    {
        let Self { owner: Closures { classify, call, tell, .. }, expected, end_stream, linger, abort, .. } = self;
        let owner = Closures { classify, call, tell, on_end: Some(on_end) };
        Guard { owner, expected, end_stream, linger, abort, timer: self.timer, idle: self.idle, total: self.total }
    }
}

impl<O, T> Guard<O, T> {
    /// With the number of bytes that the response head announced: `Content-Length` where it frames
    /// the message, and 0 where there is no content, whatever the fields say (HEAD, 204, 304). `None`
    /// takes what the body itself is certain of, if it is.
    pub const fn expecting(mut self, bytes: Option<u64>) -> Self {
        self.expected = bytes;
        self
    }

    /// Requires [`is_end_stream`](Body::is_end_stream) at the end of a body of unknown length. Without, it is
    /// [`BodyTruncated`](crate::fault::FaultKind::BodyTruncated).
    ///
    /// For `hyper::body::Incoming` of an **HTTP/2** response, and for no other body: most never say so, HTTP/1
    /// ones among them. hyper takes `RST_STREAM(NO_ERROR)` for the end of a body, because a server that has sent
    /// its whole response may stop the upload so (RFC 9113 section 8.1); that `END_STREAM` never came shows
    /// nowhere else. (With h2 before 0.4.16 a whole body that is followed by such a reset can look the same.)
    ///
    /// ```
    /// # fn f(response: http::Response<http_body_util::Empty<bytes::Bytes>>) {
    /// use badgateway::body::Guard;
    /// use badgateway::fault::{Fault, FaultKind};
    ///
    /// let (parts, body) = response.into_parts();
    /// let mut guard = Guard::new(|_, _| Fault::new(FaultKind::BodyReset));
    /// if parts.version == http::Version::HTTP_2 {
    ///     guard = guard.expecting_end_stream();
    /// }
    /// let body = guard.around(body);
    /// # let _ = body; }
    /// ```
    pub const fn expecting_end_stream(mut self) -> Self {
        self.end_stream = true;
        self
    }

    /// With a pause before an error goes out, so that the server can send what it has of this response. For
    /// **HTTP/2**, where the task that polls a body is not the one that writes: to be `Pending` once, as a guarded body is
    /// before every error, is no proof that the other task has run, and a reset throws away what is still queued in
    /// the server, the head included (h2's `send_reset` clears the stream's queue). 10 ms are enough, unless the machine is busy or the
    /// client slow. For HTTP/1 it gives a slow client time; hyper writes from the same task.
    ///
    /// It needs a timer, from [`timed`](Self::timed); without one there is no pause.
    pub const fn lingering(mut self, pause: Duration) -> Self {
        self.linger = Some(pause);
        self
    }

    /// With the handle to set before an error goes out. Only where the response to the client is
    /// close-delimited: see [`AbortHandle`].
    pub fn aborting(mut self, handle: AbortHandle) -> Self {
        self.abort = Some(handle);
        self
    }

    /// With limits of time. `idle` is the longest wait for the next frame, and then the fault is
    /// [`BodyStalled`](crate::fault::FaultKind::BodyStalled); it runs only while the next hop is waited
    /// for, so a slow client does not set it off. `total` is the time left for the whole body, counted
    /// from [`around`](Self::around), and then it is [`DeadlineExceeded`](crate::fault::FaultKind::DeadlineExceeded).
    pub fn timed<U: Timer>(self, timer: U, idle: Option<Duration>, total: Option<Duration>) -> Guard<O, U> {
        let Self { owner, expected, end_stream, linger, abort, .. } = self;
        Guard { owner, expected, end_stream, linger, abort, timer, idle, total }
    }

    /// Puts the guard around a body.
    pub fn around<B>(self, body: B) -> Guarded<B, O, T>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        T: Timer,
        O: Owner,
    {
        Guarded::build(self, body)
    }
}
