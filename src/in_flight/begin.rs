//! `Gateway::begin`: the request is noted, and made fit to be forwarded.

use http::header::{COOKIE, Entry, HOST, TE, VIA};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Uri, Version, request};

use crate::adapters::client_of;
use crate::audit::tidy_request;
use crate::exchange::Exchange;
use crate::gateway::Gateway;

use super::InFlight;
#[cfg(feature = "http_body1")]
use super::named::Named;

impl Gateway {
    /// An exchange begins with this request, as it came from the client: notes the facts, and makes the request fit to be
    /// forwarded.
    ///
    /// - Hop-by-hop fields go, those that `Connection` names, `Expect`, `Proxy-Authorization` and more: see
    ///   [`audit::tidy_request`](crate::audit::tidy_request). `Upgrade` stays only if the gateway
    ///   [tunnels](Self::with_upgrades). A gRPC call gets a `TE: trailers` of ours, which its servers ask for.
    /// - `Via` gets a member of ours (RFC 9110 section 7.6.3: "MUST").
    /// - The version becomes HTTP/1.1: ours (section 2.5). A client for HTTP/2 sets its own. Of HTTP/2 and HTTP/3,
    ///   `Cookie` lines become one (RFC 9113 section 8.2.3), and `Host` says what `:authority` said.
    ///
    /// The target and `Host` stay as they are: they are the router's.
    ///
    /// What becomes of the request's body is not known this way; `begin` watches it.
    pub fn begin_head<B>(&self, request: &mut Request<B>) -> InFlight {
        let exchange = Exchange::of(request);
        let authority = authority(exchange.version, request.uri());
        // Two borrows of one request do not go together.
        let mut extensions = std::mem::take(request.extensions_mut());
        let (exchange, version) = self.prepare(exchange, authority, request.headers_mut(), &mut extensions);
        *request.extensions_mut() = extensions;
        *request.version_mut() = version;
        exchange
    }

    /// The same for the head alone.
    pub fn begin_parts(&self, parts: &mut request::Parts) -> InFlight {
        let exchange = Exchange::of_head(&parts.method, parts.version, &parts.uri, &parts.headers);
        let authority = authority(parts.version, &parts.uri);
        let (exchange, version) = self.prepare(exchange, authority, &mut parts.headers, &mut parts.extensions);
        parts.version = version;
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
    ///     .header("connection", "x-secret")
    ///     .header("x-secret", "1")
    ///     .header("upgrade", "h2c")
    ///     .body(Empty::<bytes::Bytes>::new())
    ///     .unwrap();
    /// let (exchange, request) = gateway.begin(request);
    /// assert_eq!(request.headers().len(), 1);
    /// assert_eq!(request.headers()["via"], "1.1 edge-1.example");
    /// # exchange.finish();
    /// ```
    #[cfg(feature = "http_body1")]
    #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "http_body1")))]
    pub fn begin<B>(&self, mut request: Request<B>) -> (InFlight, Request<super::Upload<B>>)
    where
        B: http_body::Body<Data = bytes::Bytes>,
    {
        let has_body = !request.body().is_end_stream();
        let named = if has_body { Named::by(request.headers()) } else { Named::default() };
        let exchange = self.begin_head(&mut request);
        exchange.handle.0.lock().watch(has_body, named);
        let request = request.map(|body| match has_body {
            true => super::Upload::watched(body, std::sync::Arc::clone(&exchange.handle.0)),
            false => super::Upload::unwatched(body),
        });
        (exchange, request)
    }

    fn prepare(
        &self,
        mut exchange: Exchange,
        authority: Option<HeaderValue>,
        headers: &mut HeaderMap,
        extensions: &mut Extensions,
    ) -> (InFlight, Version) {
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
        if spoken >= Version::HTTP_2 {
            speak_http_1(authority, headers);
        }
        if let Some(via) = self.via(spoken) {
            append(headers, VIA, via);
        }
        let in_flight = InFlight::new(self.clone(), exchange);
        let client = client_of(extensions);
        if client.is_some() || offer.is_some() {
            let mut state = in_flight.handle.0.lock();
            state.client = client;
            state.offer = offer.map(|offer| (offer, headers.get_all(http::header::UPGRADE).iter().cloned().collect()));
        }
        (in_flight, Version::HTTP_11)
    }
}

/// Where HTTP/2 says which host is meant.
fn authority(spoken: Version, uri: &Uri) -> Option<HeaderValue> {
    if spoken < Version::HTTP_2 {
        return None;
    }
    HeaderValue::from_str(uri.authority()?.as_str()).ok()
}

/// What HTTP/2 says in other places than HTTP/1 does.
fn speak_http_1(authority: Option<HeaderValue>, headers: &mut HeaderMap) {
    if let (false, Some(host)) = (headers.contains_key(HOST), authority) {
        headers.insert(HOST, host);
    }
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        join(headers, COOKIE, b"; ", None);
    }
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
