//! The log record: one JSON object on one line, for every exchange with a fault.
//!
//! The same keys in the same order, `null` where nothing is known, and nothing that
//! could break the line.

use std::fmt;

use http::uri::PathAndQuery;

use crate::decide::{AbortMethod, Decision, applied, grpc_status, retry};
use crate::exchange::{Exchange, Forwarded};
use crate::fault::names::{alert_name, rcode_name};
use crate::fault::{Class, Code, Evidence, Fault, FaultKind};

use super::Reply;
use super::labels::Labels;
use super::member::{Each, EvidenceTexts, Fields, Json, Listen, MAX_PATH, MAX_TEXT, ProxyStatus, Value, key};
use super::sink::{Formatting, Sink};

/// Room for a line without evidence. A longer one gets more.
const ROOM: usize = 768;

/// What goes into the log about one fault. Its `Display` is one JSON object without a line end.
///
/// The keys: `fault` (code), `class`, `phase`, `status` (of the response that the gateway made),
/// `forwarded_status` (of the head that had gone out before), `proxy_status` (as it was sent),
/// `applied`, `retry`, `retry_reason`, `blame`, `category`, `elapsed_ms`, `next_hop`, `method`, `path`,
/// `offset`, `expected`, `received`, `confidence`, `decision`, `how` (`unmarked`: the client could not be shown the
/// cut). Where nothing is known or nothing was sent, the value is `null`. Only where known: `errno`, `alert` and `alert_name`, `rcode` and
/// `rcode_name`, `h2_code`, `h3_code`, `quic_code`, `received_status` (of an answer that did not go on), `how_code`, `attempts` and `first_try` (of a request that was tried again), `reference`, and `grpc_status` where a gRPC call was answered,
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

    /// Tells each key and its value, in the order of the line. A key comes once, and its kind of value does not depend on
    /// anything but whether it is known.
    ///
    /// ```
    /// use badgateway::reply::Value;
    /// use badgateway::{Exchange, Fault, FaultKind, Gateway};
    ///
    /// let gateway = Gateway::new("gw").unwrap();
    /// let (fault, exchange) = (Fault::new(FaultKind::ConnectionRefused), Exchange::default());
    /// let mut words = Vec::new();
    /// gateway.record(&fault, &exchange).visit(|key, value| {
    ///     if let Value::Word(word) = value {
    ///         words.push(format!("{key}={word}"));
    ///     }
    /// });
    /// assert_eq!(words[..2], ["fault=connection_refused", "phase=connect"]);
    /// ```
    pub fn visit(&self, each: impl FnMut(&'static str, Value<'a>)) {
        self.tell(&mut Each(each));
    }

    /// Labels for a metric: few, and each of few values.
    #[must_use]
    pub fn labels(&self) -> Labels {
        let status = match self.decision {
            Decision::Respond(_) => Some(self.reply.http_status()),
            Decision::Abort(_) | Decision::Silence => None,
        };
        Labels::new(*self.reply.fault, status)
    }

    fn write(&self, out: &mut impl Sink) {
        self.tell(&mut Json(out));
        out.put("}");
    }

    /// The one place that knows what a record holds.
    #[inline(always)]
    fn tell(&self, each: &mut impl Listen<'a>) {
        let Reply { fault, exchange, .. } = self.reply;
        each.word(key!(first "fault"), fault.kind().as_str());
        each.maybe_word(key!("class"), fault.class().map(Class::as_str));
        each.word(key!("phase"), fault.phase().as_str());
        let sent = match self.decision {
            Decision::Respond(_) => Some(self.reply.http_status()),
            Decision::Abort(_) | Decision::Silence => None,
        };
        each.maybe_number(key!("status"), sent.map(|status| u64::from(status.as_u16())));
        tell_forwarded(each, exchange);
        if sent.is_some() {
            each.other(key!("proxy_status"), Value::ProxyStatus(ProxyStatus(self.reply)));
        } else {
            each.null(key!("proxy_status"));
        }
        let advice = retry::advise(fault, exchange);
        each.word(key!("applied"), applied(fault, exchange).as_str());
        each.word(key!("retry"), advice.as_str());
        each.word(key!("retry_reason"), advice.reason());
        each.word(key!("blame"), fault.blame().as_str());
        each.word(key!("category"), fault.category().as_str());
        let elapsed = exchange.elapsed.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        each.maybe_number(key!("elapsed_ms"), elapsed);
        tell_request(each, exchange);
        each.maybe_number(key!("offset"), fault.offset());
        each.maybe_number(key!("expected"), fault.expected());
        each.maybe_number(key!("received"), fault.received());
        let is_known = fault.kind() != FaultKind::Unclassified;
        each.maybe_word(key!("confidence"), is_known.then(|| fault.confidence().as_str()));
        self.tell_decision(each);
        if sent.is_some() && self.reply.is_grpc() {
            each.number(key!("grpc_status"), u64::from(grpc_status(fault)));
        }
        self.tell_code(each);
        // That of a head which went on is `forwarded_status`.
        if let (Forwarded::Nothing | Forwarded::Interim, Some(status)) =
            (exchange.forwarded, self.reply.received_status())
        {
            each.number(key!("received_status"), status);
        }
        tell_attempts(each, exchange);
        if let Some(evidence) = self.evidence {
            each.other(key!("evidence"), Value::Evidence(EvidenceTexts(evidence)));
        }
        if !self.fields.is_empty() {
            each.other(key!("extra"), Value::Fields(Fields(self.fields)));
        }
    }

    #[inline(always)]
    fn tell_decision(&self, each: &mut impl Listen<'a>) {
        let (decision, how) = match self.decision {
            Decision::Respond(_) => ("respond", None),
            Decision::Silence => ("silence", None),
            Decision::Abort(how) => ("abort", Some(how)),
        };
        let (how, code) = match how {
            None => (None, None),
            Some(AbortMethod::CloseShort) => (Some("close_short"), None),
            Some(AbortMethod::NoLastChunk) => (Some("no_last_chunk"), None),
            Some(AbortMethod::Reset) => (Some("reset"), None),
            Some(AbortMethod::Unmarked) => (Some("unmarked"), None),
            Some(AbortMethod::StreamReset(code)) => (Some("stream_reset"), Some(u64::from(code))),
            Some(AbortMethod::H3StreamReset(code)) => (Some("h3_stream_reset"), Some(code)),
            Some(AbortMethod::GrpcStatus(code)) => (Some("grpc_status"), Some(u64::from(code))),
        };
        each.word(key!("decision"), decision);
        each.maybe_word(key!("how"), how);
        if let Some(code) = code {
            each.number(key!("how_code"), code);
        }
    }

    #[inline(always)]
    fn tell_code(&self, each: &mut impl Listen<'a>) {
        match self.reply.fault.code() {
            None => {}
            Some(Code::Errno(n)) => each.other(key!("errno"), Value::Signed(i64::from(n))),
            Some(Code::TlsAlert(n)) => {
                each.number(key!("alert"), u64::from(n));
                each.maybe_word(key!("alert_name"), alert_name(n));
            }
            Some(Code::DnsRcode(n)) => {
                each.number(key!("rcode"), u64::from(n));
                each.maybe_word(key!("rcode_name"), rcode_name(n));
            }
            Some(Code::H2(n)) => each.number(key!("h2_code"), u64::from(n)),
            Some(Code::H3(n)) => each.number(key!("h3_code"), u64::from(n)),
            Some(Code::Quic(n)) => each.number(key!("quic_code"), u64::from(n)),
            // The one that was received or sent, which have keys of their own.
            Some(Code::Status(_)) => {}
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
#[inline(always)]
pub(super) fn tell_forwarded<'a>(each: &mut impl Listen<'a>, exchange: &'a Exchange) {
    let status = match exchange.forwarded {
        Forwarded::Head { status, .. } => Some(u64::from(status.as_u16())),
        Forwarded::Nothing | Forwarded::Interim => None,
    };
    each.maybe_number(key!("forwarded_status"), status);
}

/// What was asked, and of whom.
#[inline(always)]
pub(super) fn tell_request<'a>(each: &mut impl Listen<'a>, exchange: &'a Exchange) {
    each.maybe_text(key!("next_hop"), exchange.next_hop.as_deref(), MAX_TEXT);
    each.maybe_text(key!("method"), Some(exchange.method.as_str()), MAX_TEXT);
    each.maybe_text(key!("path"), exchange.path.as_ref().map(PathAndQuery::as_str), MAX_PATH);
}

/// A second try and a reference, where there are any.
#[inline(always)]
pub(super) fn tell_attempts<'a>(each: &mut impl Listen<'a>, exchange: &'a Exchange) {
    if exchange.attempts > 1 {
        each.number(key!("attempts"), u64::from(exchange.attempts));
        each.maybe_word(key!("first_try"), exchange.first_try.map(FaultKind::as_str));
    }
    if let Some(reference) = exchange.reference.as_deref() {
        each.maybe_text(key!("reference"), Some(reference), MAX_TEXT);
    }
}
