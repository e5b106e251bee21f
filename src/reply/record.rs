//! The log record: one JSON object on one line, for every exchange with a fault.
//!
//! The same keys in the same order, `null` where nothing is known, and nothing that
//! could break the line.

use std::fmt;

use crate::decide::{AbortMethod, Decision, applied, grpc_status, retry};
use crate::exchange::{Exchange, Forwarded};
use crate::fault::names::{alert_name, rcode_name};
use crate::fault::{Code, Confidence, Evidence, Fault, FaultKind};

use super::Reply;
use super::sink::{Formatting, InJson, Sink, bounded, json};

/// The most bytes of a path, before it is escaped.
const MAX_PATH: usize = 2048;
/// The most bytes of any other text.
const MAX_TEXT: usize = 512;
/// Room for a line without evidence. A longer one gets more.
const ROOM: usize = 768;
/// The most texts of evidence, and the most fields of the caller's own.
const MAX_ITEMS: usize = 32;

/// What goes into the log about one fault. Its `Display` is one JSON object without a line end.
///
/// The keys: `fault` (code), `class`, `phase`, `status` (of the response that the gateway made),
/// `forwarded_status` (of the head that had gone out before), `proxy_status` (as it was sent),
/// `applied`, `retry`, `retry_reason`, `blame`, `category`, `elapsed_ms`, `next_hop`, `method`, `path`,
/// `offset`, `expected`, `received`, `confidence`, `decision`, `how` (`unmarked`: the client could not be shown the
/// cut). Where nothing is known or nothing was sent, the value is `null`. Only where known: `errno`, `alert` and `alert_name`, `rcode` and
/// `rcode_name`, `h2_code`, `h3_code`, `received_status` (of an answer that is not gRPC), `how_code`, `attempts` and `first_try` (of a request that was tried again), `reference`, and `grpc_status` where a gRPC call was answered,
/// whose `status` is 200 whatever went wrong. The log is the operator's own, so
/// that [`Disclosure`](super::Disclosure) has no say here but in `proxy_status`.
///
/// ```
/// use badgateway::{Exchange, Fault, FaultKind, Gateway};
///
/// let gateway = Gateway::new("gw").unwrap();
/// let (fault, exchange) = (Fault::new(FaultKind::ConnectionRefused), Exchange::default());
/// let line = gateway.record(&fault, &exchange).to_string();
/// assert!(line.starts_with(r#"{"fault":"connection_refused","class":null,"phase":"connect","status":502,"#));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    reply: Reply<'a>,
    decision: Decision,
    evidence: Option<&'a Evidence>,
    fields: &'a [(&'a str, &'a str)],
}

impl<'a> Record<'a> {
    pub(crate) const fn new(reply: Reply<'a>, decision: Decision) -> Self {
        Self { reply, decision, evidence: None, fields: &[] }
    }

    /// The fault.
    #[must_use]
    pub const fn fault(&self) -> &'a Fault {
        self.reply.fault
    }

    /// The facts of the exchange.
    #[must_use]
    pub const fn exchange(&self) -> &'a Exchange {
        self.reply.exchange
    }

    /// What is done about it: the response that was made, or how the cut was shown.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// The texts that support the fault, where there are any.
    #[must_use]
    pub const fn evidence(&self) -> Option<&'a Evidence> {
        self.evidence
    }

    /// With the texts that support the fault, under `evidence`: an array of objects with `label` and
    /// `text`, at most 32.
    #[must_use]
    pub const fn with_evidence(mut self, evidence: &'a Evidence) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// With fields of the caller's own, at most 32, as strings in an object under `extra`, where they
    /// cannot take the place of another.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'a [(&'a str, &'a str)]) -> Self {
        self.fields = fields;
        self
    }

    /// Appends the line to a buffer, without a line end. The same bytes as `Display`, at half of its price.
    ///
    /// ```
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    ///
    /// let gateway = Gateway::new("gw").unwrap();
    /// let (fault, exchange) = (Fault::new(FaultKind::ConnectionRefused), Exchange::default());
    /// let mut line = Vec::new();
    /// gateway.record(&fault, &exchange).append_to(&mut line);
    /// line.push(b'\n');
    /// assert!(line.starts_with(br#"{"fault":"connection_refused","class":null,"#));
    /// ```
    pub fn append_to(&self, line: &mut Vec<u8>) {
        line.reserve(ROOM);
        self.write(line);
    }

    fn write(&self, out: &mut impl Sink) {
        let Reply { fault, exchange, .. } = self.reply;
        out.put("{\"fault\":\"");
        out.put(fault.kind().as_str());
        match fault.class() {
            Some(class) => word(out, "\",\"class\":\"", class.as_str()),
            None => out.put("\",\"class\":null"),
        }
        word(out, ",\"phase\":\"", fault.phase().as_str());
        let sent = match self.decision {
            Decision::Respond(_) => Some(self.reply.http_status()),
            Decision::Abort(_) | Decision::Silence => None,
        };
        number(out, ",\"status\":", sent.map(|s| u64::from(s.as_u16())));
        write_forwarded(out, exchange);
        if sent.is_some() {
            out.put(",\"proxy_status\":\"");
            self.reply.write_proxy_status(&mut InJson(out));
            out.put("\"");
        } else {
            out.put(",\"proxy_status\":null");
        }
        let advice = retry::advise(fault, exchange);
        word(out, ",\"applied\":\"", applied(fault, exchange).as_str());
        word(out, ",\"retry\":\"", advice.as_str());
        word(out, ",\"retry_reason\":\"", advice.reason());
        word(out, ",\"blame\":\"", fault.blame().as_str());
        word(out, ",\"category\":\"", fault.category().as_str());
        number(out, ",\"elapsed_ms\":", exchange.elapsed.map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX)));
        write_request(out, exchange);
        match (fault.offset(), fault.expected(), fault.received()) {
            (None, None, None) => out.put(",\"offset\":null,\"expected\":null,\"received\":null"),
            (offset, expected, received) => {
                number(out, ",\"offset\":", offset);
                number(out, ",\"expected\":", expected);
                number(out, ",\"received\":", received);
            }
        }
        out.put(match (fault.kind(), fault.confidence()) {
            (FaultKind::Unclassified, _) => ",\"confidence\":null",
            (_, Confidence::Typed) => ",\"confidence\":\"typed\"",
            (_, Confidence::Text) => ",\"confidence\":\"text\"",
        });
        self.write_decision(out);
        if sent.is_some() && self.reply.is_grpc() {
            number(out, ",\"grpc_status\":", Some(u64::from(grpc_status(fault))));
        }
        self.write_code(out);
        write_attempts(out, exchange);
        self.write_extra(out);
        out.put("}");
    }

    fn write_decision(&self, out: &mut impl Sink) {
        let how = match self.decision {
            Decision::Respond(_) => return out.put(",\"decision\":\"respond\",\"how\":null"),
            Decision::Silence => return out.put(",\"decision\":\"silence\",\"how\":null"),
            Decision::Abort(how) => how,
        };
        let (how, code) = match how {
            AbortMethod::CloseShort => ("close_short", None),
            AbortMethod::NoLastChunk => ("no_last_chunk", None),
            AbortMethod::Reset => ("reset", None),
            AbortMethod::Unmarked => ("unmarked", None),
            AbortMethod::StreamReset(code) => ("stream_reset", Some(u64::from(code))),
            AbortMethod::H3StreamReset(code) => ("h3_stream_reset", Some(code)),
            AbortMethod::GrpcStatus(code) => ("grpc_status", Some(u64::from(code))),
        };
        word(out, ",\"decision\":\"abort\",\"how\":\"", how);
        if code.is_some() {
            number(out, ",\"how_code\":", code);
        }
    }

    fn write_code(&self, out: &mut impl Sink) {
        match self.reply.fault.code() {
            None => {}
            Some(Code::Errno(n)) => {
                out.put(",\"errno\":");
                if n < 0 {
                    out.put("-");
                }
                out.number(u64::from(n.unsigned_abs()));
            }
            Some(Code::TlsAlert(n)) => {
                number(out, ",\"alert\":", Some(u64::from(n)));
                match alert_name(n) {
                    Some(name) => word(out, ",\"alert_name\":\"", name),
                    None => out.put(",\"alert_name\":null"),
                }
            }
            Some(Code::DnsRcode(n)) => {
                number(out, ",\"rcode\":", Some(u64::from(n)));
                match rcode_name(n) {
                    Some(name) => word(out, ",\"rcode_name\":\"", name),
                    None => out.put(",\"rcode_name\":null"),
                }
            }
            Some(Code::H2(n)) => number(out, ",\"h2_code\":", Some(u64::from(n))),
            Some(Code::H3(n)) => number(out, ",\"h3_code\":", Some(u64::from(n))),
            Some(Code::Status(n)) if self.reply.fault.kind() == FaultKind::NotGrpc => {
                number(out, ",\"received_status\":", Some(u64::from(n)));
            }
            // It is the status above.
            Some(Code::Status(_)) => {}
        }
    }

    fn write_extra(&self, out: &mut impl Sink) {
        if let Some(evidence) = self.evidence {
            out.put(",\"evidence\":");
            for (n, (label, content)) in evidence.iter().take(MAX_ITEMS).enumerate() {
                text(out, if n == 0 { "[{\"label\":\"" } else { ",{\"label\":\"" }, label, MAX_TEXT);
                text(out, ",\"text\":\"", content, MAX_TEXT);
                out.put("}");
            }
            out.put(if evidence.is_empty() { "[]" } else { "]" });
        }
        if !self.fields.is_empty() {
            out.put(",\"extra\":");
            for (n, (name, content)) in self.fields.iter().take(MAX_ITEMS).enumerate() {
                text(out, if n == 0 { "{\"" } else { ",\"" }, name, MAX_TEXT);
                text(out, ":\"", content, MAX_PATH);
            }
            out.put("}");
        }
    }
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Formatting::new(f);
        self.write(&mut out);
        out.finish()
    }
}

/// The status of the head that had gone out.
pub(super) fn write_forwarded(out: &mut impl Sink, exchange: &Exchange) {
    let status = match exchange.forwarded {
        Forwarded::Head { status, .. } => Some(u64::from(status.as_u16())),
        Forwarded::Nothing | Forwarded::Interim => None,
    };
    number(out, ",\"forwarded_status\":", status);
}

/// What was asked, and of whom.
pub(super) fn write_request(out: &mut impl Sink, exchange: &Exchange) {
    match exchange.next_hop.as_deref() {
        Some(next_hop) => text(out, ",\"next_hop\":\"", next_hop, MAX_TEXT),
        None => out.put(",\"next_hop\":null"),
    }
    text(out, ",\"method\":\"", exchange.method.as_str(), MAX_TEXT);
    match &exchange.path {
        Some(path) => text(out, ",\"path\":\"", path.as_str(), MAX_PATH),
        None => out.put(",\"path\":null"),
    }
}

/// A second try and a reference, where there are any.
pub(super) fn write_attempts(out: &mut impl Sink, exchange: &Exchange) {
    if exchange.attempts > 1 {
        number(out, ",\"attempts\":", Some(u64::from(exchange.attempts)));
        match exchange.first_try {
            Some(kind) => word(out, ",\"first_try\":\"", kind.as_str()),
            None => out.put(",\"first_try\":null"),
        }
    }
    if let Some(reference) = exchange.reference.as_deref() {
        text(out, ",\"reference\":\"", reference, MAX_TEXT);
    }
}

// A key is given as the whole of what stands before a value, with comma, quotes and colon: one piece to write.

/// A text of anybody's.
#[inline]
fn text(out: &mut impl Sink, key: &'static str, value: &str, max: usize) {
    out.put(key);
    json(out, bounded(value, max));
    out.put("\"");
}

/// A word of our own, which has nothing to escape.
#[inline]
fn word(out: &mut impl Sink, key: &'static str, value: &'static str) {
    out.put(key);
    out.put(value);
    out.put("\"");
}

#[inline]
fn number(out: &mut impl Sink, key: &'static str, value: Option<u64>) {
    out.put(key);
    match value {
        Some(n) => out.number(n),
        None => out.put("null"),
    }
}
