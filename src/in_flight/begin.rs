//! `Gateway::begin`: the request is noted, and made fit to be forwarded.

use http::header::{COOKIE, Entry, HOST, TE, VIA};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, request};

use crate::adapters::client_of;
use crate::audit::{audit_arrived, audit_routed, tidy_request};
use crate::exchange::Exchange;
use crate::fault::{Fault, FaultKind};
use crate::gateway::Gateway;
use crate::present::Present;
use crate::via::spend_forward;

use super::InFlight;
#[cfg(feature = "http_body1")]
use super::named::Named;

impl Gateway {
    /// An exchange begins with this request, as it came from the client: notes the facts, and makes the request fit to be
    /// forwarded.
    ///
    /// Where it must not be, because it breaks a rule ([`audit_request`](crate::audit::audit_request())) or comes back to us by its
    /// `Via`, the exchange has a [refusal](InFlight::refusal): ask for it before you send, unless
    /// [`handle`](Self::handle) does.
    ///
    /// - Hop-by-hop fields go, those that `Connection` names, `Expect`, `Proxy-Authorization` and more: see
    ///   [`audit::tidy_request`](crate::audit::tidy_request). `Upgrade` stays only if the gateway
    ///   [tunnels](Self::with_upgrades). A gRPC call gets a `TE: trailers` of ours, which its servers ask for.
    /// - `Via` gets a member of ours (RFC 9110 section 7.6.3: "MUST").
    /// - The version becomes HTTP/1.1: ours (section 2.5). A client for HTTP/2 sets its own. Of HTTP/2 and HTTP/3,
    ///   `Cookie` lines become one (RFC 9113 section 8.2.3), and `Host` says what `:authority` said.
    ///
    /// - Where the target has a host, that is what `Host` says, whatever it said ([RFC 9112, section 3.2.2][host]: "MUST").
    ///
    /// Other than that, the target and `Host` stay as they are: they are the router's.
    ///
    /// [host]: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    ///
    /// What becomes of the request's body is not known this way; `begin` watches it.
    pub fn begin_head<B>(&self, request: &mut Request<B>) -> InFlight {
        self.begin_from(request, Target::Client)
    }

    fn begin_from<B>(&self, request: &mut Request<B>, target: Target) -> InFlight {
        let arrived = self.read(request.method(), request.version(), request.uri(), request.headers(), target);
        // Two borrows of one request do not go together.
        let mut extensions = std::mem::take(request.extensions_mut());
        let exchange = self.prepare(arrived, request.headers_mut(), &mut extensions);
        *request.extensions_mut() = extensions;
        *request.version_mut() = Version::HTTP_11;
        exchange
    }

    /// The same for the head alone.
    pub fn begin_parts(&self, parts: &mut request::Parts) -> InFlight {
        let arrived = self.read(&parts.method, parts.version, &parts.uri, &parts.headers, Target::Client);
        let exchange = self.prepare(arrived, &mut parts.headers, &mut parts.extensions);
        parts.version = Version::HTTP_11;
        exchange
    }

    /// The same, and the request's body is watched: how far it got, whether the client's side failed, and who waited for
    /// whom is known of every fault then.
    ///
    /// ```
    /// use badgateway::Gateway;
    /// use http_body_util::Empty;
    ///
    /// let gateway = Gateway::new("edge-1.example").unwrap();
    /// let request = http::Request::get("/cart")
    ///     .header("host", "shop.example")
    ///     .header("connection", "x-secret, upgrade")
    ///     .header("x-secret", "1")
    ///     .header("upgrade", "h2c")
    ///     .body(Empty::<bytes::Bytes>::new())
    ///     .unwrap();
    /// let (exchange, request) = gateway.begin(request);
    /// assert_eq!(exchange.refusal(), None);
    /// assert_eq!(request.headers().len(), 2);
    /// assert_eq!(request.headers()["host"], "shop.example");
    /// assert_eq!(request.headers()["via"], "1.1 edge-1.example");
    /// # exchange.finish();
    /// ```
    #[cfg(feature = "http_body1")]
    #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
    pub fn begin<B>(&self, request: Request<B>) -> (InFlight, Request<super::Upload<B>>)
    where
        B: http_body::Body<Data = bytes::Bytes>,
    {
        self.begin_with(request, Target::Client)
    }

    #[cfg(feature = "http_body1")]
    pub(crate) fn begin_with<B>(&self, mut request: Request<B>, target: Target) -> (InFlight, Request<super::Upload<B>>)
    where
        B: http_body::Body<Data = bytes::Bytes>,
    {
        let has_body = !request.body().is_end_stream();
        let named = if has_body { Named::by(request.headers()) } else { Named::default() };
        let exchange = self.begin_from(&mut request, target);
        exchange.handle.0.lock().watch(has_body, named);
        let request = request.map(|body| match has_body {
            true => super::Upload::watched(body, std::sync::Arc::clone(&exchange.handle.0)),
            false => super::Upload::unwatched(body),
        });
        (exchange, request)
    }

    fn read(&self, method: &Method, version: Version, uri: &Uri, headers: &HeaderMap, target: Target) -> Arrived {
        let present = Present::of(headers);
        let audit = match target {
            Target::Client => audit_arrived,
            Target::Router => audit_routed,
        };
        let refusal = match audit(method, version, uri, headers, present) {
            Ok(()) if present.any(Present::VIA) && self.is_looping(headers) => {
                Some(Fault::new(FaultKind::LoopDetected))
            }
            audited => audited.err(),
        };
        let exchange = Exchange::of_present(method, version, uri, headers, present);
        Arrived { exchange, host: host(version, uri, headers, target), refusal }
    }

    fn prepare(&self, arrived: Arrived, headers: &mut HeaderMap, extensions: &mut Extensions) -> InFlight {
        let Arrived { mut exchange, host, mut refusal } = arrived;
        let spoken = exchange.version;
        if let Some(field) = self.reference() {
            exchange.reference = headers.get(field).and_then(|id| id.to_str().ok()).map(|id| id.to_owned().into());
        }
        if self.hides_queries() {
            let bare = exchange.path.as_ref().filter(|path| path.query().is_some());
            if let Some(Ok(bare)) = bare.map(|path| path.path().parse()) {
                exchange.path = Some(bare);
            }
        }
        let offer = if exchange.upgrade_offered { self.upgrades().and_then(|u| u.offer(extensions)) } else { None };
        exchange.upgrade_offered = offer.is_some();
        exchange.upgrade_offered = tidy_request(headers, &exchange);
        if exchange.grpc {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        if let Some(host) = host {
            headers.insert(HOST, host);
        }
        // HTTP/2 may cut it into lines (RFC 9113 section 8.2.3).
        if spoken >= Version::HTTP_2 && headers.get_all(COOKIE).iter().nth(1).is_some() {
            join(headers, COOKIE, b"; ", None);
        }
        if !spend_forward(&exchange.method, headers) {
            refusal = refusal.or(Some(Fault::new(FaultKind::LoopDetected)));
        }
        if let Some(via) = self.via(spoken) {
            append(headers, VIA, via);
        }
        let in_flight = InFlight::new(self.clone(), exchange);
        let client = client_of(extensions);
        if client.is_some() || offer.is_some() || refusal.is_some() {
            let mut state = in_flight.handle.0.lock();
            state.refusal = refusal;
            state.client = client;
            state.offer = offer.map(|offer| (offer, headers.get_all(http::header::UPGRADE).iter().cloned().collect()));
        }
        in_flight
    }
}

/// Whose the target of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The client's, as it came.
    Client,
    /// That of a router before us, where it is absolute.
    #[cfg_attr(not(feature = "tower05"), allow(dead_code))]
    Router,
}

/// What is read of a request before it is changed.
struct Arrived {
    exchange: Exchange,
    /// What `Host` has to say.
    host: Option<HeaderValue>,
    refusal: Option<Fault>,
}

/// What `Host` has to say, where it does not. "When a proxy receives a request with an absolute-form of request-target, the
/// proxy MUST ignore the received Host header field (if any) and instead replace it with the host information of the
/// request-target" (RFC 9112 section 3.2.2); and from HTTP/2 it takes `:authority` (RFC 9113 section 8.3.1).
fn host(spoken: Version, uri: &Uri, headers: &HeaderMap, target: Target) -> Option<HeaderValue> {
    let is_wanted = match target {
        _ if spoken >= Version::HTTP_2 => !headers.contains_key(HOST),
        Target::Client => uri.scheme().is_some(),
        Target::Router => false,
    };
    if is_wanted { HeaderValue::from_str(uri.authority()?.as_str()).ok() } else { None }
}

/// Adds a member to a list field. On one line, whatever it had before: many a server reads the first line alone.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &HeaderValue) {
    if let Entry::Vacant(free) = headers.entry(&name) {
        free.insert(member.clone());
        return;
    }
    join(headers, name, b", ", Some(member));
}

fn join(headers: &mut HeaderMap, name: HeaderName, separator: &[u8], more: Option<&HeaderValue>) {
    let lines = headers.get_all(&name).into_iter().chain(more).map(HeaderValue::as_bytes);
    let joined = lines.collect::<Vec<_>>().join(separator);
    // Of what was valid by itself.
    if let Ok(joined) = HeaderValue::from_maybe_shared(bytes::Bytes::from(joined)) {
        headers.insert(name, joined);
    }
}
