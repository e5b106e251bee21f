//! The `Proxy-Status` member (RFC 9209): who we are, what failed, and as much more as may be told.
//!
//! The value is a valid structured field, whatever the names and numbers in it.

use std::borrow::Cow;

use crate::exchange::Exchange;
use crate::fault::names::{alert_name, rcode_name};
use crate::fault::{Code, ErrorType, FaultKind};

use super::Reply;
use super::disclosure::Disclosure;
use super::reason::reason;
use super::sf;
use super::sink::{Sink, bounded};

/// The longest value of the next hop's own that ours is appended to.
const MAX_INHERITED: usize = 1024;
/// The most bytes of a next hop's name.
const MAX_NEXT_HOP: usize = 256;
/// The most bytes of a protocol's name (RFC 7301 section 3.1).
const MAX_ALPN: usize = 255;

impl Reply<'_> {
    /// Writes the whole value: the next hop's own members, if they are valid and at most 1 KiB, then
    /// ours. The last member is the nearest to the client (RFC 9209 section 2).
    pub(crate) fn write_proxy_status(&self, out: &mut impl Sink) {
        if let Some(inherited) = self.inherited() {
            out.put(&inherited);
            out.put(", ");
        }
        self.write_member(out);
    }

    /// Writes our member alone.
    pub(crate) fn write_member(&self, out: &mut impl Sink) {
        out.put(self.name.item());
        let Some(error_type) = self.fault.error_type() else { return };
        out.inert("; error=");
        out.inert(error_type.as_str());
        if self.disclosure >= Disclosure::Details {
            self.write_extra(out, error_type);
            out.put("; details=\"");
            self.write_details(out);
            out.put("\"");
        }
        if self.disclosure >= Disclosure::Trusted {
            write_next_hop(out, self.exchange);
            integer(out, "received-status", self.received_status());
        }
    }

    /// What the next hop answered, as the caller says, or else a fault whose code is just that.
    pub(super) fn received_status(&self) -> Option<u64> {
        let own = match self.fault.code() {
            Some(Code::Status(status)) if self.fault.kind() == FaultKind::NotGrpc => Some(status),
            Some(_) | None => None,
        };
        self.exchange.received_status.map(|status| status.as_u16()).or(own).map(u64::from)
    }

    /// The next hop's members but those in our name.
    fn inherited(&self) -> Option<Cow<'_, str>> {
        let value = self.exchange.proxy_status.as_ref()?;
        // White space around it is no part of a field's value, and HTTP/2 forbids it (RFC 9113 section 8.2.1).
        let value = value.to_str().ok()?.trim_matches([' ', '\t']);
        if value.len() > MAX_INHERITED {
            return None;
        }
        match self.name.others_in(value.as_bytes())? {
            Cow::Borrowed(_) => Some(Cow::Borrowed(value)),
            Cow::Owned(others) => String::from_utf8(others).ok().map(Cow::Owned),
        }
    }

    /// The extra parameters that the registry defines for this type, from the fault's numbers.
    fn write_extra(&self, out: &mut impl Sink, error_type: ErrorType) {
        match error_type {
            ErrorType::DnsError => {
                if let Some(Code::DnsRcode(rcode)) = self.fault.code() {
                    if let Some(name) = rcode_name(rcode) {
                        out.put("; rcode=\"");
                        out.put(name);
                        out.put("\"");
                    }
                }
            }
            ErrorType::TlsAlertReceived => {
                if let Some(Code::TlsAlert(alert)) = self.fault.code() {
                    integer(out, "alert-id", Some(u64::from(alert)));
                    if let Some(name) = alert_name(alert) {
                        out.put("; alert-message=");
                        out.put(name);
                    }
                }
            }
            ErrorType::HttpRequestError => {
                if self.status.is_client_error() {
                    integer(out, "status-code", Some(u64::from(self.status.as_u16())));
                    out.put("; status-phrase=");
                    sf::string(out, reason(self.status));
                }
            }
            ErrorType::HttpResponseHeaderSectionSize => integer(out, "header-section-size", self.fault.received()),
            ErrorType::HttpResponseHeaderSize => integer(out, "header-size", self.fault.received()),
            ErrorType::HttpResponseBodySize => integer(out, "body-size", self.fault.received()),
            ErrorType::HttpResponseTrailerSectionSize => integer(out, "trailer-section-size", self.fault.received()),
            ErrorType::HttpResponseTrailerSize => integer(out, "trailer-size", self.fault.received()),
            ErrorType::HttpResponseTransferCoding => {
                // Of an unknown coding the fault does not keep the name.
                if self.fault.kind() == FaultKind::BadChunk {
                    out.put("; coding=chunked");
                }
            }
            ErrorType::DnsTimeout
            | ErrorType::DestinationNotFound
            | ErrorType::DestinationUnavailable
            | ErrorType::DestinationIpProhibited
            | ErrorType::DestinationIpUnroutable
            | ErrorType::ConnectionRefused
            | ErrorType::ConnectionTerminated
            | ErrorType::ConnectionTimeout
            | ErrorType::ConnectionReadTimeout
            | ErrorType::ConnectionWriteTimeout
            | ErrorType::ConnectionLimitReached
            | ErrorType::TlsProtocolError
            | ErrorType::TlsCertificateError
            | ErrorType::HttpRequestDenied
            | ErrorType::HttpResponseIncomplete
            | ErrorType::HttpResponseContentCoding
            | ErrorType::HttpResponseTimeout
            | ErrorType::HttpUpgradeFailed
            | ErrorType::HttpProtocolError
            | ErrorType::ProxyInternalResponse
            | ErrorType::ProxyInternalError
            | ErrorType::ProxyConfigurationError
            | ErrorType::ProxyLoopDetected => {}
        }
    }

    /// Our own words for it: codes and numbers only, nothing that needs an escape.
    pub(crate) fn write_details(&self, out: &mut impl Sink) {
        let fault = self.fault;
        out.put(fault.kind().as_str());
        if let Some(class) = fault.class() {
            out.put(": ");
            out.put(class.as_str());
        }
        if fault.phase() != fault.kind().phase() {
            out.put(" in ");
            out.put(fault.phase().as_str());
        }
        if let Some(offset) = fault.offset() {
            out.put(" at ");
            out.number(offset);
        }
        match (fault.received(), fault.expected()) {
            (Some(received), Some(expected)) => {
                out.put(", ");
                out.number(received);
                out.put(" of ");
                out.number(expected);
                out.put(" bytes");
            }
            (Some(received), None) => {
                out.put(", after ");
                out.number(received);
                out.put(" bytes");
            }
            (None, Some(expected)) => {
                out.put(", of ");
                out.number(expected);
                out.put(" bytes");
            }
            (None, None) => {}
        }
        let (label, number) = match fault.code() {
            None => return,
            Some(Code::Errno(n)) if self.disclosure >= Disclosure::Trusted => {
                out.put(", errno ");
                if n < 0 {
                    out.put("-");
                }
                return out.number(u64::from(n.unsigned_abs()));
            }
            // The status is in a parameter of its own.
            Some(Code::Errno(_) | Code::Status(_)) => return,
            Some(Code::TlsAlert(n)) => (", alert ", u64::from(n)),
            Some(Code::H2(n)) => (", h2 code ", u64::from(n)),
            Some(Code::H3(n)) => (", h3 code ", u64::from(n)),
            Some(Code::Quic(n)) => (", quic code ", u64::from(n)),
            Some(Code::DnsRcode(n)) => (", rcode ", u64::from(n)),
        };
        out.put(label);
        out.number(number);
    }
}

/// The next hop and its protocol, where they are known.
pub(crate) fn write_next_hop(out: &mut impl Sink, exchange: &Exchange) {
    if let Some(next_hop) = exchange.next_hop.as_deref() {
        out.put("; next-hop=");
        sf::token_or_string(out, bounded(next_hop, MAX_NEXT_HOP));
    }
    if let Some(protocol) = exchange.next_protocol.as_deref() {
        out.put("; next-protocol=");
        let protocol = bounded(protocol, MAX_ALPN);
        // RFC 9209 section 2.1.3: a Token if it can be one, else a Byte Sequence.
        if sf::is_token(protocol) { out.put(protocol) } else { sf::byte_sequence(out, protocol.as_bytes()) }
    }
}

/// A parameter with an Integer. One that is too large for the format is left out, not bent.
pub(crate) fn integer(out: &mut impl Sink, key: &str, value: Option<u64>) {
    if let Some(value) = value.filter(|&n| n <= sf::MAX_INTEGER) {
        out.put("; ");
        out.put(key);
        out.put("=");
        out.number(value);
    }
}
