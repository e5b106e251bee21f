//! `Gateway`: the configured whole. Built once, asked for every exchange.
//!
//! It decides nothing and renders nothing by itself; it hands its settings to the rooms
//! that do.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, Version, response};

use crate::audit::{Framing, audit_present, tidy_present};
use crate::caught::caught;
use crate::classify::{BuiltIn, Finding, Probes, Sizes};
use crate::decide::{AbortMethod, Decision, Profile};
use crate::diagnose::{Context, Diagnosis};
use crate::exchange::Exchange;
use crate::fault::{Evidence, Fault, FaultKind};
use crate::present::Present;
use crate::reply::{Disclosure, InvalidName, Mark, Name, Page, Record, Reply, Report, passed_on};
use crate::upgrade::Upgrades;
use crate::via::Via;

/// Who we are, which status a fault becomes, how much is told, and which errors are known.
///
/// Clones share one set of settings, and are cheap. Fit for a `static` behind a `LazyLock`.
///
/// ```
/// use badgateway::{Exchange, Gateway};
///
/// let gateway = Gateway::new("gw.example.net").unwrap();
/// let request = http::Request::get("/").header("accept", "text/plain").body(()).unwrap();
/// let exchange = Exchange::of(&request);
///
/// let error = badgateway::Fault::new(badgateway::FaultKind::ConnectionRefused);
/// let response = gateway.answer_fault(&error, &exchange);
/// assert_eq!(response.status(), 502);
/// assert_eq!(response.headers()["proxy-status"], "gw.example.net; error=connection_refused");
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// ```
#[derive(Clone)]
pub struct Gateway(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    name: Name,
    profile: Profile,
    disclosure: Disclosure,
    mark: Mark,
    page: Page,
    probes: Probes,
    log: Option<Arc<Log>>,
    clock: Option<Clock>,
    reference: Option<HeaderName>,
    hides_queries: bool,
    upgrades: Option<Arc<dyn Upgrades>>,
    /// Our member of `Via`, by the version that was spoken to us.
    via: Via,
}

type Log = dyn Fn(&Report<'_>) + Send + Sync;

/// Somebody's clock: this crate has none.
#[derive(Clone, Copy)]
struct Clock {
    now: fn() -> Instant,
    date: fn() -> SystemTime,
}

impl Gateway {
    /// A gateway of that name, with the RFC's statuses and the least disclosure.
    ///
    /// The name identifies us in `Proxy-Status`: the deployment, as its operators know it
    /// (`gw.example.net`), and not the product (RFC 9209 section 2). In `Via` it tells loops: gateways behind each other need
    /// a name each, because a request that has been at ours is [refused](crate::InFlight::refusal).
    ///
    /// # Errors
    ///
    /// If the name is empty, longer than 256 bytes, or has other characters than printable ASCII.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
        Ok(Self(Arc::new(Settings {
            via: Via::new(name.as_ref()),
            name: Name::new(name.as_ref())?,
            profile: Profile::default(),
            disclosure: Disclosure::default(),
            mark: Mark::default(),
            page: Page::default(),
            probes: Probes::new(BUILT_IN),
            log: None,
            clock: None,
            reference: None,
            hides_queries: false,
            upgrades: None,
        })))
    }

    /// With another status policy.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.settings().profile = profile;
        self
    }

    /// With more, or less, told to the client.
    #[must_use]
    pub fn with_disclosure(mut self, disclosure: Disclosure) -> Self {
        self.settings().disclosure = disclosure;
        self
    }

    /// With our `Proxy-Status` member on more, or on none, of the responses that are passed on.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.settings().mark = mark;
        self
    }

    /// With another page than the built-in one in English, for clients that accept HTML.
    #[must_use]
    pub fn with_page(mut self, page: Page) -> Self {
        self.settings().page = page;
        self
    }

    /// With a probe for error types of the caller's own: a [`Probe`](crate::classify::Probe), or a closure of that shape, which may hold state.
    /// It is asked before those of this crate's adapters, which are there already, and before any that was given earlier. One
    /// that panics has said nothing.
    ///
    /// ```
    /// use badgateway::classify::{Finding, downcast};
    /// use badgateway::{Exchange, FaultKind, Gateway};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("backend error {0}")]
    /// struct Backend(u16);
    ///
    /// let busy = vec![17, 23];
    /// let gateway = Gateway::new("edge-1.example")?.with_probe(move |link| {
    ///     let Backend(code) = downcast::<Backend>(link)?;
    ///     Some(if busy.contains(code) { Finding::of(FaultKind::ConnectionLimit) } else { Finding::new() })
    /// });
    /// assert_eq!(gateway.classify(&Backend(23), &Exchange::default()).kind(), FaultKind::ConnectionLimit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_probe(
        mut self,
        probe: impl for<'a> Fn(&'a (dyn Error + 'static)) -> Option<Finding<'a>> + Send + Sync + 'static,
    ) -> Self {
        self.settings().probes.put_first(probe);
        self
    }

    /// With a log: it is told of every fault of the exchanges that [begin](Self::begin_head) here, once, and of what was
    /// put up with. Its `Display` is a line of JSON; [`Report`] and [`Record`] have the parts, key by key too.
    ///
    /// The closure runs where the exchange ends, so it must not wait for long. Should it panic, the exchange ends all the same.
    ///
    /// ```
    /// use badgateway::Gateway;
    /// let gateway = Gateway::new("edge-1.example").unwrap().with_log(|report| println!("{report}"));
    /// # drop(gateway);
    /// ```
    #[must_use]
    pub fn with_log(mut self, log: impl Fn(&Report<'_>) + Send + Sync + 'static) -> Self {
        self.settings().log = Some(Arc::new(log));
        self
    }

    /// With a clock, for `elapsed_ms` in records and the time on the page: `.with_clock(Instant::now, SystemTime::now)`.
    /// Without one both are left out, for this crate asks none by itself.
    #[must_use]
    pub fn with_clock(mut self, now: fn() -> Instant, date: fn() -> SystemTime) -> Self {
        self.settings().clock = Some(Clock { now, date });
        self
    }

    /// With the reference of each exchange ([`Exchange::reference`]) taken from this field of its request: `x-request-id`.
    #[must_use]
    pub fn with_reference_from(mut self, field: HeaderName) -> Self {
        self.settings().reference = Some(field);
        self
    }

    /// Without the query in records: neither in `path` nor in the evidence, where errors repeat URLs. For gateways whose
    /// clients send tokens in it.
    #[must_use]
    pub fn without_queries(mut self) -> Self {
        self.settings().hides_queries = true;
        self
    }

    /// With tunnels, for requests that ask to switch to another protocol (WebSocket). Without them no upgrade is offered
    /// to a next hop, and a 101 is a fault. `adapters::hyper1::Tunnels` are such, for hyper on both sides.
    #[must_use]
    pub fn with_upgrades(mut self, upgrades: impl Upgrades + 'static) -> Self {
        self.settings().upgrades = Some(Arc::new(upgrades));
        self
    }

    fn settings(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn log(&self, report: &Report<'_>) {
        if let Some(log) = &self.0.log {
            let _ = caught(|| log(report));
        }
    }

    pub(crate) fn now(&self) -> Option<Instant> {
        self.0.clock.map(|clock| (clock.now)())
    }

    pub(crate) fn date(&self) -> Option<SystemTime> {
        self.0.clock.map(|clock| (clock.date)())
    }

    pub(crate) fn hides_queries(&self) -> bool {
        self.0.hides_queries
    }

    pub(crate) fn reference(&self) -> Option<&HeaderName> {
        self.0.reference.as_ref()
    }

    /// Whether a request comes back to us.
    pub(crate) fn is_looping(&self, headers: &HeaderMap) -> bool {
        self.0.via.has_us(headers)
    }

    pub(crate) fn via(&self, spoken: Version) -> Option<&HeaderValue> {
        self.0.via.spoken(spoken)
    }

    pub(crate) fn upgrades(&self) -> Option<&dyn Upgrades> {
        self.0.upgrades.as_deref()
    }

    /// What went wrong: [`classify`](crate::classify::classify()) with every probe at hand.
    #[must_use]
    pub fn classify(&self, error: &(dyn Error + 'static), exchange: &Exchange) -> Fault {
        // An error's own methods may panic as well.
        caught(|| self.0.probes.classify(error, exchange)).unwrap_or(Fault::new(FaultKind::ProxyInternal))
    }

    /// What to do: [`decide`](crate::decide::decide) by this gateway's profile.
    #[must_use]
    pub fn decide(&self, fault: &Fault, exchange: &Exchange) -> Decision {
        crate::decide::decide(fault, exchange, &self.0.profile)
    }

    /// The complete response to an exchange that failed with this error.
    ///
    /// Total: there is an answer for everything. It is the right one while nothing final has gone to
    /// the client; later, [`decide`](Self::decide) says how to end what was begun, and this is the answer
    /// that would have been sent.
    ///
    /// The reason phrase of a status such as 522 is not part of an [`http::Response`]:
    /// [`reason`](crate::reply::reason) has it, and [`answer_wire`](Self::answer_wire) writes it. Nor is there
    /// a `Date`, because there is no clock in here; HTTP servers add it (RFC 9110 section 6.6.1).
    #[must_use]
    pub fn answer(&self, error: &(dyn Error + 'static), exchange: &Exchange) -> Response<Bytes> {
        let fault = self.classify(error, exchange);
        let mut reply = self.reply(&fault, exchange);
        let evidence = reply.shows_evidence().then(|| Evidence::new().with_error(error));
        reply.evidence = evidence.as_ref();
        reply.response()
    }

    /// The same for a fault that is known already.
    #[must_use]
    pub fn answer_fault(&self, fault: &Fault, exchange: &Exchange) -> Response<Bytes> {
        self.reply(fault, exchange).response()
    }

    /// The same, with what [`diagnose`](Self::diagnose) takes besides: the page shows it, as far as [`Disclosure`] allows.
    ///
    /// ```
    /// use badgateway::diagnose::{Context, Deployment};
    /// use badgateway::fault::Evidence;
    /// use badgateway::reply::Disclosure;
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    ///
    /// let gateway = Gateway::new("gw").unwrap().with_disclosure(Disclosure::Trusted);
    /// let request = http::Request::get("/").header("accept", "text/html").body(()).unwrap();
    /// let (mut exchange, mut context) = (Exchange::of(&request), Context::default());
    /// exchange.next_hop = Some("10.0.0.7:8080".into());
    /// (context.deployment, context.unit) = (Deployment::Docker, Some("orders"));
    ///
    /// let evidence = Evidence::new().with_first_bytes(b"SSH-2.0-OpenSSH_9.2\r\n");
    /// let response = gateway.answer_diagnosed(&Fault::new(FaultKind::NotHttp), &exchange, &evidence, &context);
    /// assert!(std::str::from_utf8(response.body()).unwrap().contains(r"SSH-2.0-OpenSSH_9.2\r\n"));
    /// ```
    #[must_use]
    pub fn answer_diagnosed(
        &self,
        fault: &Fault,
        exchange: &Exchange,
        evidence: &Evidence,
        context: &Context<'_>,
    ) -> Response<Bytes> {
        let reply = self.reply(fault, exchange);
        Reply { evidence: Some(evidence), context: Some(context), ..reply }.response()
    }

    /// The same response as the bytes of HTTP/1.1, appended to a buffer: status line with its reason
    /// phrase, fields, and the body, if the method is not HEAD. Allocates only to grow the buffer, for
    /// which 1 KiB is enough (a page takes 8) unless names or references are very long.
    ///
    /// ```
    /// use badgateway::decide::Profile;
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    ///
    /// let gateway = Gateway::new("gw").unwrap().with_profile(Profile::Cloudflare);
    /// let mut out = Vec::new();
    /// gateway.answer_wire(&Fault::new(FaultKind::ConnectionTimeout), &Exchange::default(), &mut out);
    /// assert!(out.starts_with(b"HTTP/1.1 522 Connection Timed Out\r\nproxy-status: gw; error=connection_timeout\r\n"));
    /// ```
    pub fn answer_wire(&self, fault: &Fault, exchange: &Exchange, out: &mut Vec<u8>) {
        self.reply(fault, exchange).wire(out);
    }

    /// The same, with what [`answer_diagnosed`](Self::answer_diagnosed) takes besides.
    pub fn answer_wire_diagnosed(
        &self,
        fault: &Fault,
        exchange: &Exchange,
        evidence: &Evidence,
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) {
        let reply = self.reply(fault, exchange);
        Reply { evidence: Some(evidence), context: Some(context), ..reply }.wire(out);
    }

    /// A response arrived: audits its head, which another library parsed, and makes it fit to be forwarded.
    ///
    /// Refused are heads whose framing is ambiguous, status codes outside 100 to 599, transfer codings that
    /// cannot be removed and upgrades that nobody asked for; see [`audit`](crate::audit::audit()). Removed are
    /// hop-by-hop fields, those included that `Connection` names, and lengths that do not belong; see
    /// [`tidy`](crate::audit::tidy). The version becomes the one that goes to the client (RFC 9110 section 2.5), because a cut in
    /// HTTP/1.0 looks like an end: whoever needs what the next hop spoke reads it before.
    ///
    /// A 5xx is signed with `gw; received-status=503` behind the members of `Proxy-Status` that are there, because the
    /// next hop made it and not this gateway; see [`Mark`]. What is there and cannot be read goes, as RFC 9651
    /// section 4.2 has it for a field that fails to parse, and so does a member in our name, which only we may speak in.
    ///
    /// The body is as it was. Behind the head a fault cannot become a status any more, only a visible cut: put
    /// [`body::Guard`](crate::body) around it, or leave both to [`InFlight`](crate::InFlight).
    ///
    /// # Errors
    ///
    /// What is wrong with the head. Close the connection it came on, and
    /// [`answer_fault`](Self::answer_fault) instead.
    ///
    /// ```
    /// use badgateway::{Exchange, FaultKind, Gateway};
    /// use http::Response;
    ///
    /// let gateway = Gateway::new("gw").unwrap();
    /// let exchange = Exchange::default();
    ///
    /// let fine = Response::builder().header("connection", "x-internal").header("x-internal", "1").body(()).unwrap();
    /// assert!(gateway.forward(fine, &exchange).unwrap().headers().is_empty());
    ///
    /// let theirs = Response::builder().status(503).body(()).unwrap();
    /// let signed = gateway.forward(theirs, &exchange).unwrap();
    /// assert_eq!(signed.headers()["proxy-status"], "gw; received-status=503");
    ///
    /// let smuggled =
    ///     Response::builder().header("content-length", "3").header("transfer-encoding", "chunked").body(()).unwrap();
    /// let fault = gateway.forward(smuggled, &exchange).unwrap_err();
    /// assert_eq!(fault.kind(), FaultKind::AmbiguousFraming);
    /// assert_eq!(gateway.answer_fault(&fault, &exchange).status(), 502);
    /// ```
    pub fn forward<B>(&self, response: Response<B>, exchange: &Exchange) -> Result<Response<B>, Fault> {
        let (mut parts, body) = response.into_parts();
        self.forward_head(&mut parts, exchange)?;
        Ok(Response::from_parts(parts, body))
    }

    /// The same for a head alone. Says how its content is framed.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward). The head is as it was then.
    pub fn forward_head(&self, parts: &mut response::Parts, exchange: &Exchange) -> Result<Framing, Fault> {
        let present = Present::of(&parts.headers);
        let framing = audit_present(parts, exchange, present)?;
        tidy_present(parts, exchange, present);
        let Settings { name, mark, disclosure, .. } = &*self.0;
        passed_on::tidy(&mut parts.headers, name);
        if mark.covers(parts.status) {
            passed_on::sign(&mut parts.headers, name, parts.status, exchange, *disclosure);
        }
        Ok(framing)
    }

    /// Takes out of the next hop's trailers what only we may say.
    #[cfg(feature = "http_body1")]
    pub(crate) fn tidy_trailers(&self, trailers: &mut HeaderMap) {
        passed_on::tidy(trailers, &self.0.name);
    }

    /// What others say in a line of the next hop's `Proxy-Status`.
    pub(crate) fn others_in<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        self.0.name.others_in(line)
    }

    /// The `Proxy-Status` value alone: for a response that is made elsewhere.
    #[must_use]
    pub fn proxy_status(&self, fault: &Fault, exchange: &Exchange) -> HeaderValue {
        self.reply(fault, exchange).proxy_status()
    }

    /// Adds our name to `Proxy-Status` in a head that is about to be sent, unless it is there: without it
    /// no later fault may be told in a trailer (RFC 9209 section 2).
    pub fn announce(&self, head: &mut HeaderMap) {
        passed_on::announce(head, &self.0.name);
    }

    /// The trailers that end a gRPC call whose head has gone out: `grpc-status`, `grpc-message`, and `Proxy-Status` if
    /// `head`, the fields that were sent, [announces](Self::announce) us.
    ///
    /// `None` unless the decision is [`AbortMethod::GrpcStatus`]: anywhere else a trailer would make a cut body look whole.
    ///
    /// ```
    /// use badgateway::exchange::{BodyFraming, Forwarded};
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    /// use http::{HeaderMap, Request, StatusCode, Version};
    ///
    /// let gateway = Gateway::new("gw").unwrap();
    /// let call = Request::post("/pkg.Service/Method").version(Version::HTTP_2).header("content-type", "application/grpc");
    /// let mut exchange = Exchange::of(&call.body(()).unwrap());
    /// let mut head = HeaderMap::new();
    /// gateway.announce(&mut head);
    /// exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing: BodyFraming::UntilClose };
    ///
    /// let trailers = gateway.trailers(&Fault::new(FaultKind::BodyReset), &exchange, &head).unwrap();
    /// assert_eq!(trailers["grpc-status"], "14");
    /// assert_eq!(trailers["proxy-status"], "gw; error=http_response_incomplete");
    /// ```
    #[must_use]
    pub fn trailers(&self, fault: &Fault, exchange: &Exchange, head: &HeaderMap) -> Option<HeaderMap> {
        self.trailers_of(fault, exchange, passed_on::is_announced(head, &self.0.name))
    }

    pub(crate) fn trailers_of(&self, fault: &Fault, exchange: &Exchange, is_announced: bool) -> Option<HeaderMap> {
        let Decision::Abort(AbortMethod::GrpcStatus(status)) = self.decide(fault, exchange) else { return None };
        let reply = self.reply(fault, exchange);
        let mut trailers = reply.grpc_trailers(status);
        if is_announced {
            trailers.insert("proxy-status", reply.member());
        }
        Some(trailers)
    }

    /// The `Proxy-Status` trailer about a fault behind a body that is *whole*, such as malformed trailers of the next hop.
    ///
    /// Never send it where the body was cut: it takes the last chunk, or `END_STREAM`, which would make that look whole.
    ///
    /// `None` where there may be none: `head`, the fields that were sent, does not [announce](Self::announce) us, or
    /// the client cannot have trailers (HTTP/1.0, a body that is not chunked, no `TE: trailers`).
    #[must_use]
    pub fn proxy_status_trailer(&self, fault: &Fault, exchange: &Exchange, head: &HeaderMap) -> Option<HeaderValue> {
        let allowed = passed_on::can_have_trailers(exchange) && passed_on::is_announced(head, &self.0.name);
        allowed.then(|| self.reply(fault, exchange).member())
    }

    /// The line for the log.
    #[must_use]
    pub fn record<'a>(&'a self, fault: &'a Fault, exchange: &'a Exchange) -> Record<'a> {
        Record::new(self.reply(fault, exchange), self.decide(fault, exchange))
    }

    /// What an operator should read: causes in the order of likelihood, commands to run next, settings to look
    /// at; see [`diagnose`](crate::diagnose::diagnose()). It names hosts: it is for the log, not for clients.
    ///
    /// ```
    /// use badgateway::diagnose::Context;
    /// use badgateway::fault::Evidence;
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    ///
    /// let gateway = Gateway::new("gw").unwrap();
    /// let mut exchange = Exchange::default();
    /// exchange.next_hop = Some("orders.internal:8080".into());
    /// exchange.reused = Some(true);
    ///
    /// let fault = Fault::new(FaultKind::ClosedBeforeResponse);
    /// let diagnosis = gateway.diagnose(&fault, &exchange, &Evidence::new(), &Context::default());
    /// assert_eq!(diagnosis.summary, "orders.internal:8080 closed the connection without a response.");
    /// // The connection had been used before, which points to one cause in particular.
    /// assert!(diagnosis.causes[0].supported && diagnosis.causes[0].text.contains("keep-alive race"));
    /// println!("{diagnosis}");
    /// ```
    #[must_use]
    pub fn diagnose(
        &self,
        fault: &Fault,
        exchange: &Exchange,
        evidence: &Evidence,
        context: &Context<'_>,
    ) -> Diagnosis {
        crate::diagnose::diagnose(fault, exchange, evidence, context)
    }

    fn reply<'a>(&'a self, fault: &'a Fault, exchange: &'a Exchange) -> Reply<'a> {
        let Settings { name, profile, disclosure, page, .. } = &*self.0;
        let status = profile.status(fault, exchange);
        Reply { name, disclosure: *disclosure, fault, exchange, status, page, evidence: None, context: None }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { name, profile, disclosure, mark, page, probes, hides_queries, .. } = &*self.0;
        f.debug_struct("Gateway")
            .field("name", &name.plain())
            .field("profile", profile)
            .field("disclosure", disclosure)
            .field("mark", mark)
            .field("page", page)
            .field("probes", probes)
            .field("hides_queries", hides_queries)
            .finish_non_exhaustive()
    }
}

/// The probes of the adapters that are built in.
pub(crate) const BUILT_IN: BuiltIn = {
    macro_rules! first_of {
        ($($feature:literal: $adapter:ident,)+) => {
            BuiltIn {
                sizes: {
                    let sizes = Sizes::NONE;
                    $(
                        #[cfg(feature = $feature)]
                        let sizes = sizes.or(crate::adapters::$adapter::SIZES);
                    )+
                    sizes
                },
                probe: |link| {
                    $(
                        #[cfg(feature = $feature)]
                        if let Some(finding) = crate::adapters::$adapter::PROBE(link) {
                            return Some(finding);
                        }
                    )+
                    // Nobody asks where there is no adapter.
                    let _ = link;
                    None
                },
            }
        };
    }
    first_of! {
        "hyper1": hyper1,
        "h2_04": h2_04,
        "rustls023": rustls023,
        "tokio1": tokio1,
        "tower05": tower05,
        "ureq3": ureq3,
        "pingora09": pingora09,
        "quinn011": quinn011,
        "h3_00": h3_00,
        "openssl010": openssl010,
    }
};

/// What went wrong, by the error alone: [`classify::classify`](crate::classify::classify()) with the probes of
/// every adapter that is built in, and no facts of the exchange.
///
/// A [`Gateway`] does the same with the facts, which make it sharper: "closed" becomes "closed before a
/// byte of response" only if [`received`](Exchange::received) is set.
///
/// ```
/// use badgateway::{FaultKind, classify};
/// let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(classify(&error).kind(), FaultKind::ConnectionRefused);
/// ```
#[must_use]
pub fn classify(error: &(dyn Error + 'static)) -> Fault {
    BUILT_IN.classify(error, &Exchange::default())
}
