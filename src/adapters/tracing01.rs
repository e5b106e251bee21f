//! tracing 0.1: each report of a gateway as an event, with OpenTelemetry's names.
//!
//! ```
//! use badgateway::Gateway;
//! use badgateway::adapters::tracing01;
//!
//! let gateway = Gateway::new("edge-1.example").unwrap().with_log(tracing01::log);
//! # drop(gateway);
//! ```
//!
//! An event is in the span that is entered where the exchange ends, which need not be that of the request: see
//! [`with_log`](crate::Gateway::with_log). Its target is `badgateway`.
//!
//! | field | what |
//! |---|---|
//! | `error.type` | the code of the fault |
//! | `http.request.method` | a registered method, or `_OTHER` with `http.request.method_original` |
//! | `http.request.resend_count` | how often the request was sent again, if it was |
//! | `http.response.status_code` | the status that the client was given: the gateway's own, or that of the head before a cut |
//! | `server.address`, `server.port` | the next hop |
//! | `network.peer.address`, `network.peer.port` | the next hop, where it is an address |
//! | `url.path`, `url.query` | of the request |
//! | `badgateway.*` | the other keys of the [record](crate::reply::Record), by their names there |
//!
//! What is not known is not there. Texts are bounded and as they came: a subscriber that writes lines escapes them, or should.
//!
//! Sources: OpenTelemetry semantic conventions 1.45, `docs/http/http-spans.md` (HTTP client), `docs/registry/attributes/error.md`,
//! `server.md`, `network.md`, `url.md`.

use std::net::IpAddr;

use tracing::Level;

use crate::fault::Blame;
use crate::reply::{Report, Value};

/// An event whose level and message are known when it is compiled. A field that the report has not is not told.
macro_rules! report_event {
    ($level:expr, $message:literal, $told:expr) => {{
        let told = &$told;
        let (server, port) = told.server();
        let (peer, peer_port) = told.peer();
        let (path, query) = told.path_and_query();
        tracing::event!(
            target: "badgateway",
            $level,
            "error.type" = told.text("fault"),
            "http.request.method" = told.method(),
            "http.request.method_original" = told.original_method(),
            "http.request.resend_count" = told.resend_count(),
            "http.response.status_code" = told.status(),
            "server.address" = server,
            "server.port" = port,
            "network.peer.address" = peer,
            "network.peer.port" = peer_port,
            "url.path" = path,
            "url.query" = query,
            "badgateway.class" = told.text("class"),
            "badgateway.phase" = told.text("phase"),
            "badgateway.category" = told.text("category"),
            "badgateway.blame" = told.text("blame"),
            "badgateway.applied" = told.text("applied"),
            "badgateway.retry" = told.text("retry"),
            "badgateway.retry_reason" = told.text("retry_reason"),
            "badgateway.decision" = told.text("decision"),
            "badgateway.how" = told.text("how"),
            "badgateway.elapsed_ms" = told.number("elapsed_ms"),
            "badgateway.offset" = told.number("offset"),
            "badgateway.expected" = told.number("expected"),
            "badgateway.received" = told.number("received"),
            "badgateway.confidence" = told.text("confidence"),
            "badgateway.code" = told.code(),
            "badgateway.deviations" = told.deviations().as_deref(),
            "badgateway.first_try" = told.text("first_try"),
            "badgateway.reference" = told.text("reference"),
            "badgateway.proxy_status" = told.proxy_status().map(tracing::field::display),
            "badgateway.evidence" = told.evidence().as_deref(),
            $message
        );
    }};
}

/// Tells `tracing` of a report: for [`Gateway::with_log`](crate::Gateway::with_log).
///
/// The level is by whose fault it is: [`level`]. What was put up with in an exchange that went well is `INFO`.
pub fn log(report: &Report<'_>) {
    let told = Told::of(report);
    match report.fault().map(|fault| level(fault.blame())) {
        Some(Level::ERROR) => report_event!(Level::ERROR, "fault", told),
        Some(Level::WARN) => report_event!(Level::WARN, "fault", told),
        Some(_) => report_event!(Level::INFO, "fault", told),
        None => report_event!(Level::INFO, "tolerated", told),
    }
}

/// The level of a fault, by where the repair has to happen.
///
/// `ERROR`: the gateway or its configuration, which whoever reads this log runs. `WARN`: the next hop, the network, or
/// nobody knows. `INFO`: a client, who can make as many of them as it likes.
///
/// ```
/// use badgateway::adapters::tracing01::level;
/// use badgateway::fault::Blame;
/// use tracing::Level;
///
/// assert_eq!(level(Blame::NextHop), Level::WARN);
/// assert_eq!(level(Blame::Client), Level::INFO);
/// ```
#[must_use]
pub const fn level(blame: Blame) -> Level {
    match blame {
        Blame::Proxy | Blame::Configuration => Level::ERROR,
        Blame::NextHop | Blame::Network | Blame::Unknown => Level::WARN,
        Blame::Client => Level::INFO,
    }
}

/// Methods that OpenTelemetry counts as known: RFC 9110 section 9, and PATCH (RFC 5789).
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// The members of a report, to be asked by key.
struct Told<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> Told<'a> {
    fn of(report: &Report<'a>) -> Self {
        let mut members = Vec::with_capacity(32);
        report.visit(|key, value| members.push((key, value)));
        Self(members)
    }

    fn value(&self, key: &str) -> Option<Value<'a>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.value(key)?;
        if let Value::Word(text) | Value::Text(text) = value { Some(text) } else { None }
    }

    fn number(&self, key: &str) -> Option<u64> {
        if let Value::Number(n) = self.value(key)? { Some(n) } else { None }
    }

    /// The number that the peer or the system gave.
    fn code(&self) -> Option<i64> {
        const CODES: [&str; 7] = ["errno", "alert", "rcode", "h2_code", "h3_code", "quic_code", "received_status"];
        CODES.iter().find_map(|key| {
            let value = self.value(key)?;
            if let Value::Signed(n) = value { Some(n) } else { self.number(key).and_then(|n| i64::try_from(n).ok()) }
        })
    }

    fn method(&self) -> Option<&'a str> {
        self.text("method").map(|method| if METHODS.contains(&method) { method } else { "_OTHER" })
    }

    fn original_method(&self) -> Option<&'a str> {
        self.text("method").filter(|method| !METHODS.contains(method))
    }

    fn resend_count(&self) -> Option<u64> {
        self.number("attempts").map(|attempts| attempts.saturating_sub(1))
    }

    fn status(&self) -> Option<u64> {
        self.number("status").or_else(|| self.number("forwarded_status"))
    }

    fn server(&self) -> (Option<&'a str>, Option<u16>) {
        self.text("next_hop").map_or((None, None), |next_hop| {
            let (host, port) = host_and_port(next_hop);
            (Some(host), port)
        })
    }

    /// The same, where it is the address of a connection and no name.
    fn peer(&self) -> (Option<&'a str>, Option<u16>) {
        match self.server() {
            (Some(host), port) if host.parse::<IpAddr>().is_ok() => (Some(host), port),
            _ => (None, None),
        }
    }

    fn path_and_query(&self) -> (Option<&'a str>, Option<&'a str>) {
        match self.text("path") {
            Some(text) => match text.split_once('?') {
                Some((path, query)) => (Some(path), Some(query)),
                None => (Some(text), None),
            },
            None => (None, None),
        }
    }

    fn proxy_status(&self) -> Option<crate::reply::ProxyStatus<'a>> {
        if let Value::ProxyStatus(value) = self.value("proxy_status")? { Some(value) } else { None }
    }

    fn evidence(&self) -> Option<String> {
        let Value::Evidence(texts) = self.value("evidence")? else { return None };
        let joined: Vec<String> = texts.iter().map(|(label, text)| [label, ": ", text].concat()).collect();
        (!joined.is_empty()).then(|| joined.join("; "))
    }

    fn deviations(&self) -> Option<String> {
        let Value::Names(names) = self.value("deviations")? else { return None };
        Some(names.iter().collect::<Vec<_>>().join(","))
    }
}

/// `host:port`, `[::1]:80`, `::1`, a name alone.
fn host_and_port(text: &str) -> (&str, Option<u16>) {
    let bare = |host: &'_ str| host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::len);
    let unbracketed = |host| match bare(host) {
        Some(len) => host.get(1..len.saturating_add(1)).unwrap_or(host),
        None => host,
    };
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || bare(host).is_some() => match port.parse() {
            Ok(port) => (unbracketed(host), Some(port)),
            Err(_) => (text, None),
        },
        Some(_) | None => (unbracketed(text), None),
    }
}
