//! The facts of a diagnosis: what was seen, in words and numbers.
//!
//! A fact is either a number or word of our own, or it is marked as trusted, escaped and bounded.

use std::borrow::Cow;
use std::time::Duration;

use crate::decide::retry::advise;
use crate::exchange::{Exchange, Forwarded};
use crate::fault::{Class, Code, Confidence, ErrorType, Evidence, Fault, Phase};
use crate::sink::{bounded, plain};

use super::context::Context;
use super::protocol::Protocol;
use super::value::Fact;

/// The most bytes of a name or a text of evidence.
const MAX_TEXT: usize = 512;
/// The most bytes of a next hop in the summary.
const MAX_HOP: usize = 128;
/// The most texts of evidence.
const MAX_TEXTS: usize = 8;

/// A text on one line, cut to so many bytes.
fn safe(text: &str, max: usize) -> String {
    let mut out = Vec::new();
    plain(&mut out, bounded(text, max));
    if text.len() > max {
        out.extend_from_slice(b"...");
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The next hop as people call it.
pub(super) fn hop(exchange: &Exchange, context: &Context<'_>) -> Option<String> {
    if let Some(hop) = exchange.next_hop.as_deref().filter(|hop| !hop.is_empty()) {
        let (_, _, bare) = Protocol::split(hop);
        if bare.starts_with("unix:") {
            return Some(safe(bare, MAX_HOP));
        }
        return Some(safe(bare.split('/').next().filter(|host| !host.is_empty()).unwrap_or(bare), MAX_HOP));
    }
    let host = safe(context.host.filter(|host| !host.is_empty())?, MAX_HOP);
    Some(match context.port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

/// Whether the gateway spoke TLS, as far as the fault itself tells.
pub(super) fn tls(fault: &Fault) -> Option<bool> {
    if matches!(fault.class(), Some(Class::NotHttpTlsAlert | Class::NotHttpTlsRecord)) {
        return Some(false);
    }
    let by_type = match fault.error_type() {
        Some(ErrorType::TlsProtocolError | ErrorType::TlsCertificateError | ErrorType::TlsAlertReceived) => true,
        Some(_) | None => false,
    };
    (by_type || fault.phase() == Phase::Tls).then_some(true)
}

/// A time for people: `12 ms`, `60.0 s`.
pub(super) fn duration(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return format!("{} ms", time.as_millis());
    }
    let tenths = time.as_millis().saturating_add(50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// The value of a setting: `60 s`, `5 min`, `1 h`, `3.5 s`.
pub(super) fn value(time: Duration) -> String {
    let seconds = time.as_secs();
    match (time.subsec_millis(), seconds % 3600, seconds % 60) {
        (0, 0, _) if seconds > 0 => format!("{} h", seconds / 3600),
        (0, _, 0) if seconds > 120 => format!("{} min", seconds / 60),
        (0, _, _) => format!("{seconds} s"),
        (_, _, _) => duration(time),
    }
}

/// Collects facts.
struct Facts(Vec<Fact>);

impl Facts {
    fn say(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.0.push(Fact { name, value: value.into(), trusted: false });
    }

    fn trust(&mut self, name: &'static str, value: &str) {
        self.0.push(Fact { name, value: safe(value, MAX_TEXT).into(), trusted: true });
    }

    fn number(&mut self, name: &'static str, value: Option<u64>) {
        if let Some(value) = value {
            self.say(name, value.to_string());
        }
    }
}

/// What was seen, in the order of the work.
pub(super) fn facts(fault: &Fault, exchange: &Exchange, evidence: &Evidence, context: &Context<'_>) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    facts.say("fault", fault.kind().as_str());
    if let Some(class) = fault.class() {
        facts.say("class", format!("{class}: {}", class.phrase()));
    }
    facts.say("phase", format!("{}, while {}", fault.phase(), fault.phase().phrase()));
    if let Some(hop) = exchange.next_hop.as_deref() {
        facts.trust("next hop", hop);
    }
    if let Some(name) = context.server_name {
        facts.trust("server name", name);
    }
    if let Some(protocol) = exchange.next_protocol.as_deref() {
        facts.trust("protocol", protocol);
    }
    if let Some(reused) = exchange.reused {
        facts.say("connection", if reused { "reused" } else { "new" });
    }
    if let Some(waited) = context.waited {
        facts.say("elapsed", duration(waited));
    }
    facts.number("bytes sent", exchange.sent);
    facts.number("bytes received", exchange.received);
    if let Some(code) = fault.code() {
        let (name, number) = match code {
            Code::Errno(n) => ("error number", i64::from(n)),
            Code::TlsAlert(n) => ("TLS alert", i64::from(n)),
            Code::H2(n) => ("HTTP/2 code", i64::from(n)),
            Code::H3(n) => ("HTTP/3 code", i64::from(n)),
            Code::Quic(n) => ("QUIC code", i64::from(n)),
            Code::DnsRcode(n) => ("DNS code", i64::from(n)),
            Code::Status(n) => ("status", i64::from(n)),
        };
        facts.say(name, code.name().map_or_else(|| number.to_string(), |name| format!("{number} {name}")));
    }
    match (fault.received(), fault.expected()) {
        (Some(received), Some(expected)) => facts.say("progress", format!("{received} of {expected} bytes")),
        (Some(received), None) => facts.say("progress", format!("{received} bytes")),
        (None, Some(expected)) => facts.say("progress", format!("of {expected} bytes")),
        (None, None) => {}
    }
    facts.number("offset", fault.offset());
    facts.number("received status", exchange.received_status.map(|s| u64::from(s.as_u16())));
    if let Forwarded::Head { status, .. } = exchange.forwarded {
        facts.say("forwarded", format!("the head, with status {}", status.as_u16()));
    }
    if exchange.attempts > 1 {
        facts.say("attempts", exchange.attempts.to_string());
    }
    let advice = advise(fault, exchange);
    facts.say("send again", format!("{} ({})", advice.as_str(), advice.reason()));
    if fault.confidence() == Confidence::Text {
        facts.say("confidence", "read from the text of an error");
    }
    for (label, text) in evidence.iter().take(MAX_TEXTS) {
        facts.trust(label, text);
    }
    facts.0
}
