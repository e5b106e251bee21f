//! One exchange: this is where `badgateway` is used.
//!
//! Its one rule is the order of the facts, because several can be true at once: what the client did
//! comes before what the upstream did, and a response that arrived comes before an error of sending
//! (a 413 is a valid answer to a body that was never read to its end).

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use badgateway::Exchange;
use badgateway::adapters::hyper1::reason_phrase;
use badgateway::audit;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Class, Evidence, Failure, Fault, FaultKind};
use http::header::{HOST, HeaderMap, HeaderName, VIA};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, request};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::connect::Link;
use crate::downstream::Wishes;
use crate::relay::relay;
use crate::route::Mounted;
use crate::serve::{Proxy, ReplyBody, full};
use crate::upload::{Upload, UploadWatch};

/// Interim responses taken for one request. hyper has no bound, and endless ones have hung clients
/// before (CVE-2021-3737).
const INTERIM_LIMIT: usize = 100;
/// How long a client may leave its request body unfinished without a byte.
const CLIENT_BODY: Duration = Duration::from_secs(60);

/// An exchange on its way: the facts so far, and the promise that a record is written if it fails,
/// also when it fails by the client going away, which in an async server is a future being dropped.
pub(crate) struct Trace {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) exchange: Exchange,
    upload: Option<UploadWatch>,
    started: Instant,
    finished: bool,
}

impl Trace {
    pub(crate) fn new(proxy: Arc<Proxy>, exchange: Exchange) -> Self {
        Self { proxy, exchange, upload: None, started: Instant::now(), finished: false }
    }

    /// Answers with a response of our own.
    pub(crate) fn answer(mut self, trouble: impl Into<Trouble>) -> Response<ReplyBody> {
        let Trouble { fault, evidence } = trouble.into();
        self.record(&fault, &evidence);
        let mut response = self.proxy.gateway.answer_fault(&fault, &self.exchange);
        // hyper knows no phrases for 520 to 530 and would print `<none>`.
        reason_phrase(&mut response);
        response.map(full)
    }

    /// Writes the record. Nothing more is written for this exchange.
    pub(crate) fn record(&mut self, fault: &Fault, evidence: &Evidence) {
        self.finished = true;
        self.exchange.elapsed = Some(self.started.elapsed());
        if let Some(upload) = &self.upload {
            self.exchange.request_body = upload.progress().stage;
        }
        let record = self.proxy.gateway.record(fault, &self.exchange).with_evidence(evidence);
        self.proxy.log.write(fault, self.exchange.path.as_ref().map_or("", |p| p.as_str()), &record);
    }

    /// Whether the request went out whole.
    pub(crate) fn is_uploaded(&self) -> bool {
        let stage = self.upload.as_ref().map(|upload| upload.progress().stage);
        matches!(stage, None | Some(RequestBody::None | RequestBody::Whole))
    }

    /// All went well: there is nothing to write.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.finished {
            self.exchange.client_gone = true;
            self.record(&Fault::new(FaultKind::ClientAborted), &Evidence::new());
        }
    }
}

/// What kept an exchange from getting its response, with what supports it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) evidence: Evidence,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, evidence: Evidence::new() }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { fault: failure.fault(), evidence: Evidence::new().with_error(&failure) }
    }
}

impl Trace {
    /// Forwards the request, and whatever comes back.
    pub(crate) async fn forward(
        mut self,
        request: Request<Incoming>,
        mounted: &Mounted,
        path: &str,
        peer: Option<IpAddr>,
        wishes: &Wishes,
    ) -> Response<ReplyBody> {
        let (mut parts, body) = request.into_parts();
        let client = parts.extensions.remove::<OnUpgrade>();
        let (upload, watch) = Upload::new(body);
        self.upload = Some(watch.clone());
        let Some(parts) = outgoing(parts, mounted, path, peer, &self.proxy.name, &mut self.exchange) else {
            return self.answer(Fault::new(FaultKind::ProxyInternal));
        };
        let response = match self.send(Request::from_parts(parts, upload), mounted, &watch).await {
            Ok((response, link)) => self.take(response, link, mounted, client, wishes).await,
            Err(trouble) => self.answer(trouble),
        };
        if matches!(watch.progress().stage, RequestBody::Unread | RequestBody::Partial) {
            wishes.linger.store(true, Ordering::Release);
        }
        response
    }

    /// Sends the request and waits for the head of its response.
    async fn send(
        &mut self,
        mut request: Request<Upload>,
        mounted: &Mounted,
        watch: &UploadWatch,
    ) -> Result<(Response<Incoming>, Link), Trouble> {
        loop {
            // A second try gets a fresh connection: the first one's fault was that it was not.
            let pooled = if self.exchange.attempts == 1 { self.proxy.pool.take(&mounted.target).await } else { None };
            self.exchange.reused = Some(pooled.is_some());
            let mut link = match pooled {
                Some(link) => link,
                None => self.proxy.connector.connect(&mounted.target).await.inspect_err(|failure| {
                    self.exchange.sent = Some(0);
                    self.exchange.phase = Some(failure.fault().phase());
                })?,
            };
            link.tap.begin(&self.exchange.method);
            let interim = Interim::count(&mut request);
            let sending = link.sender.try_send_request(request);
            let stop = match self.head(sending, watch, &link, &interim).await {
                Ok(response) => return Ok((response, link)),
                Err(stop) => stop,
            };
            // Whatever stopped it, the tap knows more than an error value can say.
            let seen = link.tap.observation();
            seen.fill(&mut self.exchange);
            self.exchange.request_body = watch.progress().stage;
            let (fault, evidence) = match stop {
                Stop::Timer(fault) => (fault, Evidence::new()),
                Stop::Send(mut error) => {
                    if let Some(unsent) = error.take_message() {
                        // Handed back, so not a byte of it was written: safe for any method.
                        self.exchange.sent = Some(0);
                        if self.exchange.reused == Some(true) && self.exchange.attempts == 1 {
                            self.exchange.attempts = 2;
                            request = unsent;
                            continue;
                        }
                    }
                    let error = error.into_error();
                    (self.proxy.gateway.classify(&error, &self.exchange), Evidence::new().with_error(&error))
                }
            };
            let fault = seen.refine(fault);
            return Err(Trouble { fault, evidence: evidence.with_first_bytes(seen.first_bytes()) });
        }
    }

    /// Waits for the response head, and for all that must not take too long until then.
    async fn head(
        &self,
        sending: impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>>,
        watch: &UploadWatch,
        link: &Link,
        interim: &Interim,
    ) -> Result<Response<Incoming>, Stop> {
        let begun = Instant::now();
        let mut sending = pin!(sending);
        loop {
            let (until, fault) = self.timer(begun, watch, link);
            tokio::select! {
                biased;
                result = &mut sending => return result.map_err(|e| Stop::Send(Box::new(e))),
                () = interim.over_limit() => {
                    return Err(Stop::Timer(Fault::of_class(Class::TooLargeInterim)));
                }
                () = sleep_until(until.into()) => {
                    // It may have moved on meanwhile, which sets the timer anew.
                    if self.timer(begun, watch, link).0 <= Instant::now() {
                        return Err(Stop::Timer(fault));
                    }
                }
            }
        }
    }

    /// Which timer runs now, and what it means if it fires. The time for the head is a total, counted
    /// from the last request byte: neither a drip of bytes nor a slow upload moves it.
    #[allow(clippy::wildcard_enum_match_arm)] // the list of stages may grow
    fn timer(&self, begun: Instant, watch: &UploadWatch, link: &Link) -> (Instant, Fault) {
        let timeouts = &self.proxy.timeouts;
        let upload = watch.progress();
        let written = link.tap.last_write();
        let moved = upload.at.max(begun).max(written.unwrap_or(begun));
        match upload.stage {
            RequestBody::Unread | RequestBody::Partial if upload.client_is_slow => {
                (upload.at + CLIENT_BODY, Fault::new(FaultKind::ClientTimeout))
            }
            RequestBody::Unread | RequestBody::Partial => (moved + timeouts.send, Fault::new(FaultKind::SendTimeout)),
            // All of it is out, or will never be: now it is the next hop's turn.
            _ => (moved + timeouts.response, Fault::new(FaultKind::ResponseTimeout)),
        }
    }

    /// A head arrived. Is it one that may be forwarded?
    async fn take(
        mut self,
        response: Response<Incoming>,
        link: Link,
        mounted: &Mounted,
        client: Option<OnUpgrade>,
        wishes: &Wishes,
    ) -> Response<ReplyBody> {
        let (mut parts, body) = response.into_parts();
        let framing = match audit::audit(&parts, &self.exchange) {
            Ok(framing) => framing,
            // Dropping the link closes the connection: what follows on it cannot be trusted.
            Err(fault) => {
                let seen = link.tap.observation();
                seen.fill(&mut self.exchange);
                return self.answer(seen.refine(fault));
            }
        };
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(Response::from_parts(parts, body), link, client);
        }
        audit::tidy(&mut parts, &self.exchange);
        relay(self, parts, body, framing, link, &mounted.target, wishes).await
    }

    /// The client asked for another protocol and the next hop agreed: from here on bytes are bytes.
    fn switch(
        mut self,
        mut response: Response<Incoming>,
        mut link: Link,
        client: Option<OnUpgrade>,
    ) -> Response<ReplyBody> {
        let Some(client) = client else {
            return self.answer(Fault::of_class(Class::UnexpectedUpgrade));
        };
        let upstream = hyper::upgrade::on(&mut response);
        link.detached = true;
        self.finish();
        tokio::spawn(async move {
            // The link goes when the tunnel does.
            let _link = link;
            if let (Ok(client), Ok(upstream)) = tokio::join!(client, upstream) {
                let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await;
            }
        });
        let (parts, _) = response.into_parts();
        let mut switching = Response::new(full(bytes::Bytes::new()));
        *switching.status_mut() = parts.status;
        *switching.headers_mut() = parts.headers;
        switching
    }
}

/// Why there is no head.
#[derive(Debug)]
enum Stop {
    Timer(Fault),
    Send(Box<TrySendError<Request<Upload>>>),
}

/// Counts interim responses.
#[derive(Clone, Debug, Default)]
struct Interim(Arc<(AtomicUsize, Notify)>);

impl Interim {
    fn count(request: &mut Request<Upload>) -> Self {
        let interim = Self::default();
        let counter = interim.clone();
        // The callback cannot fail the exchange; it can only wake who can.
        hyper::ext::on_informational(request, move |_| {
            if counter.0.0.fetch_add(1, Ordering::Relaxed) >= INTERIM_LIMIT {
                counter.0.1.notify_one();
            }
        });
        interim
    }

    async fn over_limit(&self) {
        self.0.1.notified().await;
    }
}

/// The request as it goes to the next hop. `None` for what cannot be one, which the client's own parser
/// has ruled out.
fn outgoing(
    mut parts: request::Parts,
    mounted: &Mounted,
    path: &str,
    peer: Option<IpAddr>,
    name: &str,
    exchange: &mut Exchange,
) -> Option<request::Parts> {
    parts.uri = path.parse::<Uri>().ok()?;
    let version = parts.version;
    parts.version = Version::HTTP_11;
    let client_host = parts.headers.get(HOST).cloned();
    exchange.upgrade_offered = audit::tidy_request(&mut parts.headers, exchange);
    parts.headers.insert(HOST, mounted.authority.clone());
    if let Some(host) = client_host {
        parts.headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    parts.headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
    if let Some(peer) = peer {
        append(&mut parts.headers, HeaderName::from_static("x-forwarded-for"), &peer.to_string())?;
    }
    let received = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
    append(&mut parts.headers, VIA, &format!("{received} {name}"))?;
    Some(parts)
}

/// Adds a member to a list field.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) -> Option<()> {
    let value = match headers.get(&name).and_then(|v| v.to_str().ok()) {
        Some(before) => format!("{before}, {member}"),
        None => member.to_owned(),
    };
    headers.insert(name, HeaderValue::from_str(&value).ok()?);
    Some(())
}
