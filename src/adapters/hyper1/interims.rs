//! `Interims`: the interim (1xx) responses that hyper's client hears, on their way to the client.

use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, Request, Response, StatusCode, Version};
use pin_project_lite::pin_project;

use crate::audit;
use crate::body::{ClientHandle, InterimSender};
use crate::exchange::Exchange;
use crate::fault::{Class, Fault};
use crate::h1::forward::forwards_interim;

/// Interim responses taken for one request. hyper has no bound, and endless ones have hung clients before (CVE-2021-3737).
const MOST: usize = 100;

/// More than this of one is more than the client's connection keeps.
const LARGEST: usize = 16 * 1024;

/// Forwards the interim responses to one request, as far as they are the client's: "a proxy MUST forward 1xx responses"
/// ([RFC 9110, section 15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
///
/// - hyper's server has no call for it, so they go by the [`ClientHandle`], whose owner writes them: a
///   `tokio1::ClientStream`, for one.
/// - Never a 100, which hyper's server sends by itself when it is due; never a 101, which is no message but a tunnel.
/// - Only to HTTP/1.1: HTTP/1.0 knows none, and hyper's HTTP/2 server cannot send any.
/// - Without their hop-by-hop fields, as [`audit::tidy`] has it.
/// - Not where the client takes so little that 16 KiB of them are waiting. A hint is no message anybody waits for.
/// - Not more than 100 for one request. That is a fault of the next hop, which [`too_many`](Self::too_many) tells: hyper's callback
///   cannot end the exchange.
///
/// ```
/// use badgateway::Fault;
/// use badgateway::adapters::hyper1::Interims;
/// use badgateway::body::ClientHandle;
/// use http::{Request, Response};
/// use hyper::body::{Body, Incoming};
/// use hyper::client::conn::http1::SendRequest;
/// # type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// async fn forward<B: Body + 'static>(
///     mut request: Request<B>,
///     sender: &mut SendRequest<B>,
///     client: &ClientHandle,
/// ) -> Result<Response<Incoming>, Error> {
///     let version = request.version(); // the client's
///     let interims = Interims::listen(&mut request, version, Some(client));
///     Ok(interims.during(sender.send_request(request)).await??)
/// }
/// ```
///
/// An exchange knows its client and version by itself: [`InFlight::interims`](crate::InFlight::interims).
#[derive(Clone, Debug)]
pub struct Interims(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `None` where there is nobody to forward them to.
    client: Option<InterimSender>,
    count: AtomicUsize,
    forwarded: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Interims {
    /// Listens for the interim responses to this request, whose client speaks that version. It begins the exchange's
    /// [`interims`](ClientHandle::interims); a second try listens anew.
    pub fn listen<B>(request: &mut Request<B>, client_version: Version, client: Option<&ClientHandle>) -> Self {
        Self::telling(request, client_version, client, || ())
    }

    /// The same, and this hears of each that was forwarded.
    pub(crate) fn telling<B>(
        request: &mut Request<B>,
        client_version: Version,
        client: Option<&ClientHandle>,
        told: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let client = client.filter(|_| client_version == Version::HTTP_11).map(ClientHandle::interims);
        let interims = Self(Arc::new(Shared {
            client,
            count: AtomicUsize::new(0),
            forwarded: AtomicBool::new(false),
            waiting: Mutex::new(None),
        }));
        let ear = interims.clone();
        hyper::ext::on_informational(request, move |response| {
            if ear.forwards(response.status(), response.headers()) {
                told();
            }
        });
        interims
    }

    /// Whether any of them was forwarded: [`Forwarded::Interim`](crate::exchange::Forwarded::Interim).
    #[must_use]
    pub fn forwarded(&self) -> bool {
        self.0.forwarded.load(Ordering::Acquire)
    }

    /// Waits until there are more than 100, and makes a fault of that. One can wait at a time, and asks this before it looks for
    /// the response, which may have come at once.
    pub fn too_many(&self) -> TooManyInterims<'_> {
        TooManyInterims { interims: self, registered: None }
    }

    /// Waits for the response, and forwards what comes before it. More than 100 of them are the fault that it fails with.
    ///
    /// # Errors
    ///
    /// The future's output is `Err(fault)` of [`Class::TooLargeInterim`] then, for a 502.
    pub fn during<F: Future>(self, response: F) -> DuringInterims<F> {
        DuringInterims { response, interims: self, registered: None }
    }

    /// Whether it was forwarded.
    fn forwards(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        if self.0.count.fetch_add(1, Ordering::SeqCst) >= MOST {
            let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waiting) = waiting {
                waiting.wake();
            }
            return false;
        }
        let Some(client) = &self.0.client else { return false };
        let forwarded = forwards_interim(status, Version::HTTP_11, false)
            && write(status, headers).is_some_and(|head| client.send(&head));
        if forwarded {
            self.0.forwarded.store(true, Ordering::Release);
        }
        forwarded
    }

    fn poll_too_many(&self, registered: &mut Option<Waker>, cx: &Context<'_>) -> Poll<Fault> {
        let shared = &self.0;
        if !registered.as_ref().is_some_and(|registered| registered.will_wake(cx.waker())) {
            *shared.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            *registered = Some(cx.waker().clone());
        }
        // After that, or one that comes in between would wake nobody.
        if shared.count.load(Ordering::SeqCst) > MOST {
            return Poll::Ready(Fault::of_class(Class::TooLargeInterim));
        }
        Poll::Pending
    }
}

/// Waits for too many interim responses: see [`Interims::too_many`].
#[derive(Debug)]
#[must_use = "it has to be polled"]
pub struct TooManyInterims<'i> {
    interims: &'i Interims,
    /// Who was told to the callback. To compare it is cheaper than to tell it again.
    registered: Option<Waker>,
}

impl Future for TooManyInterims<'_> {
    type Output = Fault;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fault> {
        let this = self.get_mut();
        this.interims.poll_too_many(&mut this.registered, cx)
    }
}

pin_project! {
    /// Waits for a response while the interim ones are forwarded: see [`Interims::during`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct DuringInterims<F> {
        #[pin]
        response: F,
        interims: Interims,
        registered: Option<Waker>,
    }
}

impl<F: Future> Future for DuringInterims<F> {
    type Output = Result<F::Output, Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // First: the head may be behind them in one segment.
        match this.interims.poll_too_many(this.registered, cx) {
            Poll::Ready(fault) => Poll::Ready(Err(fault)),
            Poll::Pending => this.response.poll(cx).map(Ok),
        }
    }
}

/// An interim response as bytes, without its hop-by-hop fields. Its values hold neither CR, LF nor NUL: a `HeaderValue` cannot.
fn write(status: StatusCode, headers: &HeaderMap) -> Option<Vec<u8>> {
    let field = |name: usize, value: usize| name.saturating_add(value).saturating_add(": \r\n".len());
    let size =
        headers.iter().map(|(name, value)| field(name.as_str().len(), value.len())).fold(64, usize::saturating_add);
    if size > LARGEST {
        return None;
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.headers = headers.clone();
    audit::tidy(&mut parts, &Exchange::default());
    let mut head = String::with_capacity(64);
    // Writing to a `String` cannot fail.
    let _ = write!(head, "HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    let mut head = head.into_bytes();
    for (name, value) in &parts.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    Some(head)
}
