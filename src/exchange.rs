//! What the caller knows about one exchange: facts, not opinions.
//!
//! Every field has a default that is safe, so that an [`Exchange::default()`] never
//! leads to a retry that may apply a request twice, nor to a connection reused with bytes left in it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode, Uri, Version, request};

use crate::fault::{Applied, Fault, FaultKind, Phase};
use crate::present::Present;

/// What became of the client's request body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestBody {
    /// There is none.
    None,
    /// Nobody has read from it. The default, because an HTTP/1 connection with an unread body in it
    /// must not be reused (RFC 9112 section 9.3).
    ///
    /// Moving the request into a client ends it, and no client tells: what it read is gone, although this fact still
    /// stands. So once some of the request may have been sent, [retry advice](crate::decide::retry::advise) takes such a
    /// body for gone. A caller who knows better says so: by [`replayable`](Exchange::replayable), or by what
    /// [`Exchange::sent`] is where the client hands an unsent request back.
    #[default]
    Unread,
    /// Some of it was read.
    Partial,
    /// It was read to its end.
    Whole,
    /// Reading it failed: the client's fault, whatever the upstream said afterwards.
    Failed,
}

/// How the client can tell where the body of the forwarded response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyFraming {
    /// The response has no body (HEAD, 1xx, 204, 304).
    None,
    /// By `Content-Length`.
    Length,
    /// By the last chunk.
    Chunked,
    /// By the end of the connection. That of a tunnel is the same.
    UntilClose,
}

/// What has gone to the client already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forwarded {
    /// Nothing: a status can still be chosen.
    #[default]
    Nothing,
    /// Interim (1xx) responses only: a status can still be chosen.
    Interim,
    /// The final head. No status can be changed any more.
    Head {
        /// The status that the client saw.
        status: StatusCode,
        /// How the client can tell where the body ends. HTTP/2 and HTTP/3 tell it by themselves: there, say
        /// `None` where there is no body and `Length` where a `Content-Length` was sent, and else either of the others.
        framing: BodyFraming,
    },
}

/// One request/response pair through the gateway, and the facts known about it.
///
/// Fields are public and may be set in any order while the exchange goes on; more may come.
///
/// ```
/// use badgateway::exchange::{Exchange, RequestBody};
/// use badgateway::fault::Phase;
///
/// let request = http::Request::post("/pay").header("accept", "application/json").body(()).unwrap();
/// let mut exchange = Exchange::of(&request);
/// exchange.next_hop = Some("10.0.0.7:8080".into());
/// exchange.phase = Some(Phase::Head);
/// exchange.request_body = RequestBody::Whole;
/// assert_eq!(exchange.method, http::Method::POST);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The client's method. Default: GET.
    pub method: Method,
    /// The version that the client speaks. Default: HTTP/1.1.
    pub version: Version,
    /// The path and query as the client sent them, for the log.
    pub path: Option<PathAndQuery>,
    /// The client's `Accept`, all its lines in one, which picks the format of a generated body.
    pub accept: Option<HeaderValue>,
    /// Whether the client said `TE: trailers`.
    pub trailers_wanted: bool,
    /// Whether the client offered an upgrade, so that 101 is an answer to it (RFC 9110 section 7.8).
    ///
    /// [`of`](Self::of) takes for an offer what HTTP/1.1 has as one: an `Upgrade` that `Connection` names, in a request without
    /// a body. One with a body may be answered with 101 only once all of it has come, so that a gateway would have to
    /// hold the tunnel back until then; without the offer the next hop answers in HTTP.
    pub upgrade_offered: bool,
    /// Whether this is a gRPC call, by its content type.
    pub grpc: bool,
    /// The content type of a gRPC call, in which it is answered. Default: `application/grpc`.
    pub grpc_type: Option<HeaderValue>,
    /// What became of the request body. Default: unread.
    pub request_body: RequestBody,
    /// Whether the whole request, body included, can be produced again. Default: no.
    pub replayable: bool,
    /// How many times this request has been tried, this time included. Default: 1.
    pub attempts: u32,
    /// What ended the first try, where this is another.
    pub first_try: Option<FaultKind>,
    /// Whether the next hop could have acted on an earlier try of this request. [`retry::again`] notes it. Default: not
    /// known, which is "perhaps" where there was one.
    ///
    /// [`retry::again`]: crate::decide::retry::again
    pub applied_before: Option<Applied>,
    /// How far the exchange had got.
    pub phase: Option<Phase>,
    /// Request bytes written to the next hop. `Some(0)` proves that the request was not applied.
    pub sent: Option<u64>,
    /// Response bytes received for this request, heads and interim responses included.
    pub received: Option<u64>,
    /// Whether the connection to the next hop had carried an exchange before.
    pub reused: Option<bool>,
    /// The time since the request arrived.
    pub elapsed: Option<Duration>,
    /// What has gone to the client already. Default: nothing.
    pub forwarded: Forwarded,
    /// Whether the gateway can end the client's connection with a reset, or over TLS without `close_notify`. Default: yes.
    /// Where it cannot, because its server closes sockets in good order only, a cut body that only the end of the connection
    /// delimits is [`AbortMethod::Unmarked`](crate::decide::AbortMethod::Unmarked). Streams of HTTP/2 and HTTP/3 can be reset always.
    pub can_reset: bool,
    /// The client has gone. Default: no. [`client_aborted`](Self::client_aborted) sets it, and gives the fault.
    pub client_gone: bool,
    /// The next hop: host name, address or alias, with or without a port.
    pub next_hop: Option<Cow<'static, str>>,
    /// The ALPN name of the protocol to the next hop, `http/1.1` or `h2`.
    pub next_protocol: Option<Cow<'static, str>>,
    /// The status that the next hop answered with, where there was one.
    pub received_status: Option<StatusCode>,
    /// The next hop's own `Proxy-Status`, which ours is appended to.
    pub proxy_status: Option<HeaderValue>,
    /// When it makes sense to try again, where the caller knows.
    pub retry_after: Option<Duration>,
    /// A reference that client and log share: a request or trace id. Shown to the client.
    pub reference: Option<Cow<'static, str>>,
    /// When this was, for the page: whoever searches a log by it will want UTC, in which it is shown.
    pub time: Option<SystemTime>,
}

impl Exchange {
    /// How this client will tell where the body of a response ends, by the status and the fields that go out: those behind
    /// [`Gateway::forward`](crate::Gateway::forward), and not before.
    ///
    /// It is what servers such as hyper make of them: no body for HEAD, 204, 304, interim responses and a 2xx to `CONNECT`; a
    /// `Content-Length` counts; else there are chunks, which HTTP/1.0 does not have (RFC 9112 section 6.3).
    ///
    /// Behind a 101 there is no body but another protocol, whose end is that of the connection: `UntilClose`, so that a
    /// tunnel that breaks is [reset](crate::decide::AbortMethod::Reset) and does not look like one that was ended.
    #[must_use]
    pub fn body_framing(&self, status: StatusCode, headers: &HeaderMap) -> BodyFraming {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return BodyFraming::UntilClose;
        }
        let without = status.is_informational()
            || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status)
            || self.method == Method::HEAD
            || (self.method == Method::CONNECT && status.is_success());
        if without {
            BodyFraming::None
        } else if headers.contains_key(CONTENT_LENGTH) {
            BodyFraming::Length
        } else if self.version < Version::HTTP_11 {
            BodyFraming::UntilClose
        } else {
            BodyFraming::Chunked
        }
    }

    /// The head of a response is about to go out: notes it in [`forwarded`](Self::forwarded), and that the body is next.
    /// From now on a fault cannot change the status any more.
    ///
    /// An interim head (100 to 199, and not 101, which is the last that HTTP says on the connection) is noted as such, and
    /// the phase stays: the final head is still to come (RFC 9110 section 15.2).
    ///
    /// ```
    /// use badgateway::Exchange;
    /// use badgateway::exchange::BodyFraming;
    /// use http::{HeaderMap, StatusCode, Version};
    ///
    /// let mut exchange = Exchange::default();
    /// exchange.forwarding(StatusCode::EARLY_HINTS, &HeaderMap::new());
    /// assert!(exchange.can_respond());
    /// assert_eq!(exchange.forwarding(StatusCode::OK, &HeaderMap::new()), BodyFraming::Chunked);
    /// assert!(!exchange.can_respond());
    /// exchange.version = Version::HTTP_10;
    /// assert_eq!(exchange.forwarding(StatusCode::OK, &HeaderMap::new()), BodyFraming::UntilClose);
    /// ```
    pub fn forwarding(&mut self, status: StatusCode, headers: &HeaderMap) -> BodyFraming {
        let framing = self.body_framing(status, headers);
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            self.note_interim();
            return framing;
        }
        self.phase = Some(Phase::Body);
        self.forwarded = Forwarded::Head { status, framing };
        framing
    }

    /// An interim response goes to the client.
    pub(crate) const fn note_interim(&mut self) {
        if self.can_respond() {
            self.forwarded = Forwarded::Interim;
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            method: Method::GET,
            version: Version::HTTP_11,
            path: None,
            accept: None,
            trailers_wanted: false,
            upgrade_offered: false,
            grpc: false,
            grpc_type: None,
            request_body: RequestBody::Unread,
            replayable: false,
            attempts: 1,
            first_try: None,
            applied_before: None,
            phase: None,
            sent: None,
            received: None,
            reused: None,
            elapsed: None,
            forwarded: Forwarded::Nothing,
            can_reset: true,
            client_gone: false,
            next_hop: None,
            next_protocol: None,
            received_status: None,
            proxy_status: None,
            retry_after: None,
            reference: None,
            time: None,
        }
    }
}

impl Exchange {
    /// The exchange that this request begins. Copies no bytes: values are shared.
    ///
    /// Take it from the request as it arrived, because the fields say whether there is a body: in HTTP/1 there is none
    /// without `Transfer-Encoding` and `Content-Length`, nor with a length of 0 (RFC 9112 section 6.3). In HTTP/2 and HTTP/3
    /// neither is needed: without a length GET, HEAD, OPTIONS, TRACE and DELETE are taken to have none, and all others to
    /// have one. A caller who knows better, by `is_end_stream` or because the request was made in this process and has no
    /// such fields yet, sets [`request_body`](Self::request_body) and [`replayable`](Self::replayable).
    ///
    /// ```
    /// use badgateway::exchange::{Exchange, RequestBody};
    /// let body_of = |request: http::request::Builder| Exchange::of(&request.body(()).unwrap()).request_body;
    /// assert_eq!(body_of(http::Request::put("/")), RequestBody::None);
    /// assert_eq!(body_of(http::Request::put("/").header("content-length", "5")), RequestBody::Unread);
    /// assert_eq!(body_of(http::Request::put("/").version(http::Version::HTTP_2)), RequestBody::Unread);
    /// ```
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::of_head(request.method(), request.version(), request.uri(), request.headers())
    }

    /// The same for a head whose body is elsewhere already.
    ///
    /// pingora's `RequestHeader` dereferences to these: `Exchange::of_parts(session.req_header())`.
    #[must_use]
    pub fn of_parts(parts: &request::Parts) -> Self {
        Self::of_head(&parts.method, parts.version, &parts.uri, &parts.headers)
    }

    /// The same for a head in pieces.
    ///
    /// A server with types of its own, or with those of `http` 0.2 as actix-web 4 has, hands over bytes. Only the fields
    /// that are read matter: `Accept`, `Connection`, `Content-Length`, `Content-Type`, `TE`, `Transfer-Encoding` and `Upgrade`,
    /// each with all its lines.
    ///
    /// ```
    /// use badgateway::Exchange;
    /// use badgateway::http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
    ///
    /// # type Line<'a> = (&'a str, &'a [u8]);
    /// fn begin<'a>(method: &str, path: &str, lines: impl Iterator<Item = Line<'a>>) -> Option<Exchange> {
    ///     let mut headers = HeaderMap::new();
    ///     for (name, value) in lines {
    ///         headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value).ok()?);
    ///     }
    ///     let method: Method = method.parse().ok()?;
    ///     Some(Exchange::of_head(&method, Version::HTTP_11, &path.parse().ok()?, &headers))
    /// }
    ///
    /// let exchange = begin("POST", "/pay?now=1", [("content-length", &b"5"[..])].into_iter()).unwrap();
    /// assert_eq!(exchange.path.unwrap(), "/pay?now=1");
    /// assert!(!exchange.replayable);
    /// ```
    #[must_use]
    pub fn of_head(method: &Method, version: Version, uri: &Uri, headers: &HeaderMap) -> Self {
        Self::of_present(method, version, uri, headers, Present::of(headers))
    }

    pub(crate) fn of_present(
        method: &Method,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        present: Present,
    ) -> Self {
        let has_body = has_framed_body(headers, present)
            // HTTP/2 and HTTP/3 requests may have a body without either field.
            || (version >= Version::HTTP_2 && !is_usually_bodyless(method));
        let grpc_type = if present.any(Present::CONTENT_TYPE) { grpc_type(headers).cloned() } else { None };
        Self {
            method: method.clone(),
            version,
            path: uri.path_and_query().cloned(),
            accept: if present.any(Present::ACCEPT) { joined(headers, &ACCEPT) } else { None },
            trailers_wanted: present.any(Present::TE) && has_token(headers, &TE, b"trailers"),
            upgrade_offered: offers_upgrade(version, headers, present),
            grpc: grpc_type.is_some(),
            grpc_type,
            request_body: if has_body { RequestBody::Unread } else { RequestBody::None },
            replayable: !has_body,
            ..Self::default()
        }
    }

    /// Whether the method is idempotent, so that a proxy may repeat it by itself
    /// ([RFC 9110, section 9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)): PUT, DELETE and the safe methods,
    /// of which QUERY (RFC 10008), PROPFIND, REPORT and SEARCH are known too
    /// ([HTTP Method Registry](https://www.iana.org/assignments/http-methods/http-methods.xhtml)). Others are taken not to be.
    /// Names of methods are case-sensitive.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        matches!(
            self.method.as_str(),
            "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY" | "PROPFIND" | "REPORT" | "SEARCH"
        )
    }

    /// The client has gone: notes it, and says so as a fault, of the phase in which it left. A fault that is made by its
    /// kind alone cannot know that one, and would say `head` of a client that left in the middle of the body.
    ///
    /// In a service a client that leaves is a future that is dropped, or a body: `Guard` tells of that with
    /// `End::Dropped`.
    ///
    /// ```
    /// use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
    /// use badgateway::fault::Phase;
    /// use badgateway::Gateway;
    ///
    /// let mut exchange = Exchange::default();
    /// exchange.forwarded = Forwarded::Head { status: http::StatusCode::OK, framing: BodyFraming::Chunked };
    ///
    /// let fault = exchange.client_aborted();
    /// assert_eq!(fault.phase(), Phase::Body);
    /// let record = Gateway::new("gw").unwrap().record(&fault, &exchange).to_string();
    /// assert!(record.contains(r#""decision":"silence""#) && record.contains(r#""applied":"yes""#));
    /// ```
    pub fn client_aborted(&mut self) -> Fault {
        self.client_gone = true;
        let fault = Fault::new(FaultKind::ClientAborted);
        let known = self.phase.unwrap_or(fault.phase());
        fault.at(match self.forwarded {
            Forwarded::Nothing | Forwarded::Interim => known,
            // Whatever the phase was when somebody last said it.
            Forwarded::Head { .. } => known.max(Phase::Body),
        })
    }

    /// Whether a status can still be chosen: the final head has not gone out.
    #[must_use]
    pub const fn can_respond(&self) -> bool {
        match self.forwarded {
            Forwarded::Nothing | Forwarded::Interim => true,
            Forwarded::Head { .. } => false,
        }
    }
}

/// Whether a request head offers another protocol.
///
/// "A sender of Upgrade MUST also send an "Upgrade" connection option", "a server MUST ignore an Upgrade header field that
/// is received in an HTTP/1.0 request" (RFC 9110 section 7.8), and HTTP/2 has no upgrades (RFC 9113 section 8.6). The switch comes
/// after the whole request ("a client cannot begin using an upgraded protocol [...] until it has completely sent the
/// request message"), and a gateway that passes on the head does not know when that will be, so that a request with a
/// body offers nothing.
pub(crate) fn offers_upgrade(version: Version, headers: &HeaderMap, present: Present) -> bool {
    version == Version::HTTP_11
        && present.any(Present::UPGRADE)
        && has_token(headers, &CONNECTION, b"upgrade")
        && !has_framed_body(headers, present)
}

/// Whether the fields frame a body (RFC 9112 section 6.3).
fn has_framed_body(headers: &HeaderMap, present: Present) -> bool {
    present.any(Present::TRANSFER_ENCODING)
        || (present.any(Present::CONTENT_LENGTH) && headers.get(CONTENT_LENGTH).is_some_and(|v| v.as_bytes() != b"0"))
}

fn is_usually_bodyless(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::DELETE].contains(method)
}

fn grpc_type(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(CONTENT_TYPE).filter(|value| is_grpc_type(value.as_bytes()))
}

/// Whether a content type is gRPC's: `application/grpc`, alone or with a message format behind a plus sign
/// (PROTOCOL-HTTP2.md, "Content-Type"), in any case and with any parameters (RFC 9110 section 8.3.1).
/// `application/grpc-web` is another protocol, with its trailers in the body.
pub(crate) fn is_grpc_type(value: &[u8]) -> bool {
    const NAME: &[u8] = b"application/grpc";
    let Some(rest) = value.get(NAME.len()..) else { return false };
    if !value.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)) {
        return false;
    }
    match rest.first() {
        None | Some(b'+' | b';') => true,
        // White space may stand before a parameter (RFC 9110 section 5.6.6).
        Some(b' ' | b'\t') => matches!(rest.trim_ascii_start().first(), None | Some(b';')),
        Some(_) => false,
    }
}

/// The lines of a list field as one, in their order (RFC 9110 section 5.3). Copies only where there are several.
fn joined(headers: &HeaderMap, name: &http::HeaderName) -> Option<HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    if lines.next().is_none() {
        return Some(first.clone());
    }
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    // What stood in values, and a comma between them, can stand in one.
    HeaderValue::from_bytes(&lines.join(&b", "[..])).ok()
}

fn has_token(headers: &HeaderMap, name: &http::HeaderName, token: &[u8]) -> bool {
    headers
        .get_all(name)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&b| b == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}
