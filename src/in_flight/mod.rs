//! `InFlight`: one exchange, from its request to the end of its response.
//!
//! A fault is recorded exactly once, and says what the client saw; what went well is not recorded.

mod begin;
#[cfg(feature = "http_body1")]
mod body;
mod facts;
#[cfg(feature = "http_body1")]
mod handle;
#[cfg(feature = "http_body1")]
mod held;
mod last_word;
#[cfg(feature = "http_body1")]
mod named;
#[cfg(feature = "http_body1")]
mod pass_on;
mod progress;
mod state;
#[cfg(feature = "http_body1")]
mod upload;
mod within;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "hyper1")]
use http::Request;
use http::{Extensions, HeaderValue, Response, response};

#[cfg(feature = "hyper1")]
use crate::adapters::hyper1::Interims;
use crate::audit::answers_upgrade;
use crate::body::ClientHandle;
use crate::deadline::{Never, Timer};
use crate::decide::retry::Retry;
use crate::exchange::Exchange;
use crate::fault::{Evidence, Fault, Phase};
use crate::gateway::Gateway;
use crate::h1;
use crate::link::Link;

use self::state::Shared;

#[cfg(feature = "tower05")]
pub(crate) use self::begin::Target;
#[cfg(feature = "http_body1")]
pub use self::body::ResponseBody;
pub use self::facts::{Facts, SharedFacts};
#[cfg(feature = "http_body1")]
pub use self::handle::Handled;
#[cfg(feature = "http_body1")]
pub use self::held::PassOnHeld;
pub use self::last_word::LastWord;
pub use self::progress::Progress;
#[cfg(feature = "http_body1")]
pub use self::upload::Upload;
pub use self::within::Within;

/// One exchange on its way: it is given what came of the request, and makes of it what goes to the client, with a record
/// of whatever went wrong.
///
/// [`Gateway::begin`] makes it of a request, and makes that request fit to be forwarded. Three calls end it:
///
/// - [`pass_on`](Self::pass_on): a response came. Its head is audited and tidied, its body guarded; or, where the head must
///   not be forwarded, it is an answer.
/// - [`answer`](Self::answer): an error came, or ([`answer_fault`](Self::answer_fault)) a fault that is known already.
/// - [`finish`](Self::finish): the response was made here, and is no fault.
///
/// Dropped instead, it records that the **client has left**: servers drop the future of a handler then, and nobody else
/// would say so. A handler that drops it by `?` has not been left by anybody. So put what may fail into a block of its own and
/// hand over the result, or let [`Gateway::handle`] run the handler: it sees the difference, and answers the error.
///
/// ```
/// # #[cfg(feature = "http_body1")] mod proxy {
/// use badgateway::{Gateway, ResponseBody, Upload};
/// use bytes::Bytes;
/// use http::{Request, Response};
///
/// # trait Send_ { type Body: http_body::Body<Data = Bytes, Error = std::io::Error>; async fn send_request<B>(&mut self, request: Request<Upload<B>>) -> Result<Response<Self::Body>, std::io::Error>; }
/// async fn exchange<B, U>(gateway: &Gateway, upstream: &mut U, request: Request<B>) -> Response<ResponseBody<U::Body>>
/// where
///     B: http_body::Body<Data = Bytes>,
///     U: Send_, // the HTTP client at hand
/// {
///     let (exchange, request) = gateway.begin(request);
///     exchange.next_hop("10.0.0.7:8080");
///     match upstream.send_request(request).await {
///         Ok(response) => exchange.pass_on(response),
///         Err(error) => exchange.answer(&error),
///     }
/// }
/// # }
/// ```
#[must_use = "an exchange that is dropped records that the client has left"]
pub struct InFlight<T = Never> {
    handle: Handle,
    timer: T,
    idle: Option<Duration>,
    total: Option<Duration>,
}

/// The one that has to end the exchange. Dropped, it does so.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.dropped();
    }
}

impl InFlight {
    /// An exchange of which these facts are known. For requests that [`Gateway::begin`] and its like cannot take: then the
    /// request is tidied by [`audit::tidy_request`](crate::audit::tidy_request), or not at all.
    pub fn new(gateway: Gateway, exchange: Exchange) -> Self {
        let shared = Shared::new(gateway, exchange);
        Self { handle: Handle(shared), timer: Never, idle: None, total: None }
    }
}

impl<T> InFlight<T> {
    /// What is known of the exchange, to read and to write. Each fact makes answers sharper.
    ///
    /// ```
    /// use badgateway::{Exchange, Gateway, InFlight};
    /// let exchange = InFlight::new(Gateway::new("edge-1.example").unwrap(), Exchange::default());
    /// exchange.facts().reused = Some(true);
    /// # exchange.finish();
    /// ```
    pub fn facts(&self) -> Facts<'_> {
        self.handle.0.facts()
    }

    /// Why the request must not be forwarded: it breaks a rule of HTTP, or loops. Answer with that, and send nothing.
    /// [`Gateway::handle`] does so by itself; here [`within`](Self::within) fails with it at once, and
    /// [`pass_on`](Self::pass_on) answers with it, whatever came.
    ///
    /// ```
    /// use badgateway::{FaultKind, Gateway};
    /// let gateway = Gateway::new("edge-1.example").unwrap();
    /// let mut request = http::Request::post("/").header("host", "shop.example").header("transfer-encoding", "gzip").body(()).unwrap();
    /// let exchange = gateway.begin_head(&mut request);
    /// let fault = exchange.refusal().unwrap();
    /// assert_eq!(fault.kind(), FaultKind::BadRequest);
    /// assert_eq!(exchange.answer_fault_bytes(fault).status(), 400);
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<Fault> {
        self.handle.0.lock().refusal
    }

    /// Where the request goes: host name, address or alias, with or without a port.
    pub fn next_hop(&self, next_hop: impl Into<Cow<'static, str>>) {
        self.facts().next_hop = Some(next_hop.into());
    }

    /// How far the exchange has got. Say it where you know it: of a call that connects and sends in one, nobody does.
    pub fn phase(&self, phase: Phase) {
        self.facts().phase = Some(phase);
    }

    /// A text that supports whatever fault there will be.
    pub fn evidence(&self, label: &'static str, text: &str) {
        self.handle.0.lock().support(label, text);
    }

    /// What supports the fault that comes next. [`try_again`](Self::try_again) forgets it, because it was of another try.
    ///
    /// ```
    /// use badgateway::fault::Evidence;
    /// use badgateway::{Exchange, FaultKind, Gateway, InFlight};
    /// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| {
    ///     assert!(report.to_string().contains(r"SSH-2.0-x\\r\\n"));
    /// });
    /// let exchange = InFlight::new(gateway, Exchange::default());
    /// exchange.support(Evidence::new().with_first_bytes(b"SSH-2.0-x\r\n"));
    /// exchange.answer_fault_bytes(FaultKind::NotHttp);
    /// ```
    pub fn support(&self, evidence: Evidence) {
        self.handle.0.lock().found(evidence);
    }

    /// Keeps the request's body while it goes out, up to so many bytes, so that the request can be sent
    /// [once more](Self::again). For requests whose second try may be safe; nginx keeps 16 KiB, Envoy 1 MiB.
    pub fn keep_body(&self, at_most: usize) {
        self.handle.0.lock().upload.keep(at_most);
    }

    /// The connection that the exchange goes over. Its tap sharpens every fault from now on, and it hears of the end. The
    /// last one counts, so that each try may have its own.
    pub fn over(&self, link: impl Link + 'static) {
        self.handle.0.lock().link = Some(Box::new(link));
    }

    /// The client's connection: what [`pass_on`](Self::pass_on) needs to show a client of HTTP/1.0 that its body was cut, and
    /// not to lose an answer that came before the request was whole. [`Gateway::begin`] takes it from the request's
    /// extensions, if it is there.
    pub fn client(&self, client: &ClientHandle) {
        self.handle.0.lock().client = Some(client.clone());
    }

    /// Puts the facts into the extensions of the request, for a connector or a retry policy further in: see [`SharedFacts`].
    pub fn share(&self, extensions: &mut Extensions) {
        extensions.insert(self.shared());
    }

    /// The facts for somebody who does not see the request, such as the strategy of reqwest-retry.
    #[must_use]
    pub fn shared(&self) -> SharedFacts {
        SharedFacts(Arc::clone(&self.handle.0))
    }

    /// With limits of time for the body of the response, and the timer that they, and the pause before an HTTP/2 stream is
    /// reset, need: `.timed(TokioTimer, Some(Duration::from_secs(30)), None)`. See [`Guard::timed`](crate::body::Guard::timed).
    pub fn timed<U: Timer>(self, timer: U, idle: Option<Duration>, total: Option<Duration>) -> InFlight<U> {
        InFlight { handle: self.handle, timer, idle, total }
    }

    /// How far the client's request body got. Known of bodies that are watched: [`Gateway::begin`] does that.
    #[must_use]
    pub fn upload(&self) -> Progress {
        self.handle.0.lock().upload.progress()
    }

    /// What this error is, by all that is known so far. It ends nothing: ask [`advise_retry`](Self::advise_retry) next, or
    /// [`answer_fault`](Self::answer_fault).
    pub fn classify(&self, error: &(dyn Error + 'static)) -> Fault {
        self.handle.0.lock().judge(error)
    }

    /// Whether the request may be sent once more after this fault: see [`retry`](crate::decide::retry).
    #[must_use]
    pub fn advise_retry(&self, fault: &Fault) -> Retry {
        self.handle.0.lock().advise_retry(fault)
    }

    /// The request is about to be sent once more, because of this fault: counts the try, and forgets what was known of the
    /// last one alone.
    pub fn try_again(&self, fault: &Fault) {
        self.handle.0.lock().try_again(fault);
    }

    /// An interim response (1xx, but not 101) is about to go to the client: audits and tidies it, and notes it.
    ///
    /// # Errors
    ///
    /// What is wrong with it. It must not go out.
    pub fn interim(&self, parts: &mut response::Parts) -> Result<(), Fault> {
        let mut facts = self.facts();
        let gateway = facts.0.gateway.clone();
        gateway.forward_head(parts, &facts)?;
        facts.note_interim();
        Ok(())
    }

    /// Forwards the interim responses that hyper's client hears while it waits for the response to this request, because "a
    /// proxy MUST forward 1xx responses" ([RFC 9110, section 15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)), as
    /// far as they can be: see [`Interims`]. To nobody where the [client's connection](Self::client) is not known. A second
    /// try listens anew.
    ///
    /// ```
    /// use badgateway::InFlight;
    /// use http::{Request, Response};
    /// use hyper::body::{Body, Incoming};
    /// use hyper::client::conn::http1::SendRequest;
    /// # type Error = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// async fn send<B: Body + 'static>(
    ///     exchange: &InFlight,
    ///     mut request: Request<B>,
    ///     sender: &mut SendRequest<B>,
    /// ) -> Result<Response<Incoming>, Error> {
    ///     let interims = exchange.interims(&mut request);
    ///     Ok(interims.during(sender.send_request(request)).await??)
    /// }
    /// ```
    #[cfg(feature = "hyper1")]
    #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "hyper1")))]
    pub fn interims<B>(&self, request: &mut Request<B>) -> Interims {
        self.shared().interims(request)
    }

    /// There is no response, but an error: classifies it, records the fault, and makes the answer, with the [`Fault`] in its
    /// extensions.
    pub fn answer_bytes(self, error: &(dyn Error + 'static)) -> Response<Bytes> {
        self.handle.0.answer(error)
    }

    /// The same for a fault that is known already: a timer that fired, a route that is not there.
    pub fn answer_fault_bytes(self, fault: impl Into<Fault>) -> Response<Bytes> {
        self.handle.0.answer_fault(fault.into())
    }

    /// There is a fault, in a gateway that writes heads and bodies by itself: records it, and says how the exchange ends for
    /// the client. What it has got is in [`forwarded`](Exchange::forwarded): note there that the head goes out, or an answer
    /// comes behind it.
    ///
    /// ```
    /// use badgateway::decide::AbortMethod;
    /// use badgateway::{Exchange, FaultKind, Gateway, InFlight, LastWord};
    /// use http::{HeaderMap, StatusCode};
    ///
    /// let gateway = Gateway::new("edge-1.example").unwrap();
    /// let exchange = InFlight::new(gateway, Exchange::default());
    /// exchange.facts().forwarding(StatusCode::OK, &HeaderMap::new());
    /// match exchange.fail(FaultKind::BodyReset) {
    ///     LastWord::Answer(response) => drop(response), // write it
    ///     LastWord::Abort(how) => assert_eq!(how, AbortMethod::NoLastChunk), // close the connection, or reset it
    ///     _ => {} // close the connection: nobody is there
    /// }
    /// ```
    pub fn fail(self, fault: impl Into<Fault>) -> LastWord {
        self.handle.0.fail(fault.into())
    }

    /// The response was read by [`h1::Parser`], in a gateway that writes it by itself, and this is its end: what was put up
    /// with in it is reported where the exchange goes well. What a [tap](Self::over) saw is then not asked for.
    ///
    /// Not for a tunnel, in which the bytes behind the head are none too many.
    pub fn parsed(&self, end: h1::End) {
        self.handle.0.lock().parsed = Some(end);
    }

    /// Whether a 101 with these lines of `Upgrade` is an answer to what the request still offers the next hop: see
    /// [`audit::answers_upgrade`](crate::audit::answers_upgrade). For a gateway that
    /// [joins the connections by itself](crate::upgrade::JoinedByCaller).
    #[must_use]
    pub fn answers_upgrade<'a>(&self, answered: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let offered: Option<Vec<HeaderValue>> = self.handle.0.lock().offer.as_ref().map(|(_, offered)| offered.clone());
        let offered = offered.iter().flatten().map(HeaderValue::as_bytes);
        answers_upgrade(offered, answered)
    }

    /// What others say in a line of the next hop's `Proxy-Status`, head or trailer: without a member that has our name, because only
    /// we may speak in it. `None` where nothing is left of the line, or where it cannot be read and would take all others along
    /// (RFC 9651 section 4.2). For a gateway that writes heads and bodies by itself.
    ///
    /// ```
    /// use badgateway::{Exchange, Gateway, InFlight};
    /// let exchange = InFlight::new(Gateway::new("gw").unwrap(), Exchange::default());
    /// let others = |line: &'static [u8]| exchange.others_proxy_status(line);
    /// assert_eq!(others(b"cache; error=dns_timeout, gw; error=dns_timeout").unwrap(), &b"cache; error=dns_timeout"[..]);
    /// assert_eq!((others(b"GW"), others(b"cache; error=")), (None, None));
    /// # exchange.finish();
    /// ```
    #[must_use]
    pub fn others_proxy_status<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        self.handle.0.lock().gateway.others_in(line)
    }

    /// All went well, and the response needs no guard: it was made here, or has no body.
    pub fn finish(self) {
        self.handle.0.handled();
    }
}

#[cfg(feature = "http_body1")]
impl<T> InFlight<T> {
    /// The request's body once more, if all of it is at hand: there was none, or it was [kept](Self::keep_body).
    #[must_use]
    pub fn again<B>(&self) -> Option<Upload<B>> {
        self.handle.0.lock().upload.again().map(Upload::kept)
    }
}

impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("facts", &self.facts()).finish_non_exhaustive()
    }
}
