//! The body as problem details (RFC 9457), and as plain JSON.
//!
//! A member more never changes what the others mean, so that clients can ignore it.
//!
//! `retryable` is for the client: whether its own second request does no harm. Whether the proxy may send this one again is
//! another question, which the record answers under `retry`: of a PUT whose body is gone, only the client has another.

use super::Reply;
use super::disclosure::Disclosure;
use super::sink::{Sink, bounded, json};
use super::words::Advice;
use super::{MAX_NEXT_HOP, MAX_REFERENCE};

impl Reply<'_> {
    pub(crate) fn write_problem(&self, out: &mut impl Sink) {
        let words = self.words();
        let advice = self.advice();
        out.put("{\"type\":\"");
        out.put(words.uri);
        out.put("\",\"title\":\"");
        // RFC 9457 section 4.2.1: with "about:blank" the title is the status phrase.
        out.put(if self.fault.error_type().is_some() { words.title } else { super::reason(self.status) });
        out.put("\",\"status\":");
        out.put(self.status.as_str());
        out.put(",\"detail\":\"");
        out.put(words.detail);
        out.put(" ");
        out.put(advice.sentence());
        if let Some(error_type) = self.fault.error_type() {
            out.put("\",\"error\":\"");
            out.put(error_type.as_str());
        }
        out.put(match advice {
            Advice::TryAgain => "\",\"retryable\":true",
            Advice::CheckFirst | Advice::Wait => "\",\"retryable\":false",
        });
        number(out, ",\"retry_after\":", self.retry_after());
        if self.disclosure >= Disclosure::Details {
            out.put(",\"code\":\"");
            out.put(self.fault.kind().as_str());
            if let Some(class) = self.fault.class() {
                out.put("\",\"class\":\"");
                out.put(class.as_str());
            }
            out.put("\",\"phase\":\"");
            out.put(self.fault.phase().as_str());
            out.put("\"");
            number(out, ",\"offset\":", self.fault.offset());
            number(out, ",\"expected\":", self.fault.expected());
            number(out, ",\"received\":", self.fault.received());
        }
        if self.disclosure >= Disclosure::Trusted {
            if let Some(next_hop) = self.exchange.next_hop.as_deref() {
                out.put(",\"next_hop\":\"");
                json(out, bounded(next_hop, MAX_NEXT_HOP));
                out.put("\"");
            }
        }
        if let Some(reference) = self.exchange.reference.as_deref() {
            out.put(",\"reference\":\"");
            json(out, bounded(reference, MAX_REFERENCE));
            out.put("\"");
        }
        out.put("}");
    }
}

/// `key` is all that stands before the value, in one piece.
fn number(out: &mut impl Sink, key: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        out.put(key);
        out.number(value);
    }
}
