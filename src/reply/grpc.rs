//! The answer to a gRPC call: Trailers-Only, which is a status and a message in the head and no content.
//!
//! The HTTP status is 200 whatever went wrong, because a gRPC client that gets another must guess
//! (PROTOCOL-HTTP2.md, "Responses"); what went wrong is told by `grpc-status`.

use http::header::HeaderMap;
use http::{HeaderName, HeaderValue, Version};

use super::Reply;
use super::disclosure::Disclosure;
use super::head::Head;
use super::sink::{InPercent, Sink, bounded, plain};
use super::{MAX_NEXT_HOP, MAX_REFERENCE};
use crate::decide::grpc_status;

const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
/// In milliseconds, as a signed number of 32 bits (gRFC A6).
const PUSHBACK: &str = "grpc-retry-pushback-ms";
/// The longest message format that is repeated (`+proto`, `+json`, `+flatbuffers`).
const MAX_FORMAT: usize = 32;

impl Reply<'_> {
    /// Whether the client speaks gRPC, which there is on HTTP/2 and HTTP/3 only.
    pub(crate) fn is_grpc(&self) -> bool {
        self.exchange.grpc && self.exchange.version >= Version::HTTP_2
    }

    /// The list of fields. It takes the place of the one for HTTP.
    pub(crate) fn write_grpc_head(&self, head: &mut impl Head) {
        head.proxy_status();
        head.made("content-type", |out| self.write_grpc_type(out));
        head.made(STATUS, |out| out.number(u64::from(grpc_status(self.fault))));
        head.made(MESSAGE, |out| self.write_grpc_message(out));
        if let Some(wait) = self.retry_delay() {
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            head.made(PUSHBACK, |out| out.number(millis.min(i32::MAX.unsigned_abs().into())));
        }
        head.content_length();
    }

    /// Status and message as trailers, for a call whose head has gone out.
    pub(crate) fn grpc_trailers(&self, status: u8) -> HeaderMap {
        let mut trailers = HeaderMap::with_capacity(3);
        trailers.insert(HeaderName::from_static(STATUS), HeaderValue::from(u16::from(status)));
        let mut message = Vec::with_capacity(128);
        self.write_grpc_message(&mut message);
        // All of it is printable ASCII.
        if let Ok(message) = HeaderValue::from_maybe_shared(bytes::Bytes::from(message)) {
            trailers.insert(HeaderName::from_static(MESSAGE), message);
        }
        trailers
    }

    /// The content type of the call, without its parameters.
    fn write_grpc_type(&self, out: &mut impl Sink) {
        out.put("application/grpc");
        let Some(asked) = self.exchange.grpc_type.as_ref().and_then(|value| value.to_str().ok()) else { return };
        let Some(format) = asked.strip_prefix("application/grpc+") else { return };
        let format = format.split([';', ' ']).next().unwrap_or_default();
        let fits = (1..=MAX_FORMAT).contains(&format.len())
            && format.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'+'));
        if fits {
            out.put("+");
            out.put(format);
        }
    }

    /// Who speaks, what happened, and as much more as may be told, percent-encoded.
    fn write_grpc_message(&self, out: &mut impl Sink) {
        let out = &mut InPercent(out);
        // A field value does not begin or end in a space (RFC 9113 section 8.2.1).
        out.put(self.name.plain().trim());
        out.put(": ");
        out.put(self.words().detail);
        let Some(error_type) = self.fault.error_type() else { return };
        out.put(" error=");
        out.put(error_type.as_str());
        if self.disclosure >= Disclosure::Details {
            out.put("; ");
            self.write_details(out);
        }
        let next_hop = if self.disclosure >= Disclosure::Trusted { self.exchange.next_hop.as_deref() } else { None };
        let reference = self.exchange.reference.as_deref();
        for (name, value, max) in [("; next hop ", next_hop, MAX_NEXT_HOP), ("; reference ", reference, MAX_REFERENCE)]
        {
            let value = value.map(|value| bounded(value, max).trim()).filter(|value| !value.is_empty());
            if let Some(value) = value {
                out.put(name);
                plain(out, value);
            }
        }
    }
}
