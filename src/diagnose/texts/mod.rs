//! What is said about each kind of fault: one row a kind, in a file for each stage of the exchange.
//!
//! A sentence is a fact or a thing to try, and everything in it is this crate's own
//! words. Rows come in the order of likelihood without any evidence; evidence reorders them.

mod body;
mod certificates;
mod commands;
mod connect;
mod ends;
mod grpc;
mod lasting;
mod local;
mod malformed;
mod multiplexed;
mod resolve;
mod select;
mod settings;
pub(super) mod statuses;
#[cfg(test)]
mod tests;
mod tls;
mod waits;

use crate::fault::FaultKind;

use super::context::Deployment;
use super::fill::Filler;
use super::protocol::Protocol;
use super::timers::Act;
use super::value::{Place, Step};
use super::when::When;

/// What is said about one kind.
#[derive(Debug)]
pub(super) struct Text {
    /// One sentence. `{hop}` is the next hop, `{after}` how long it had taken (` after 60.0 s`, or nothing).
    pub(super) summary: &'static str,
    /// Why it happens, likeliest first.
    pub(super) causes: &'static [(When, &'static str)],
    /// What to run, in this order.
    pub(super) steps: &'static [&'static Command],
    /// Which settings play a part.
    pub(super) settings: &'static [Look],
    /// What not to do.
    pub(super) avoid: &'static [(When, &'static str)],
}

/// A command to run. It looks and changes nothing.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) place: Place,
    /// `Unknown` is for every deployment.
    pub(super) deployment: Deployment,
    /// What it tells, and how to read it.
    pub(super) why: &'static str,
    /// The command, with placeholders; see [`fill`](super::fill).
    pub(super) template: &'static str,
}

impl Command {
    /// The step, or `None` where the command makes no sense for this next hop.
    pub(super) fn step(&self, filler: &mut Filler<'_>) -> Option<Step> {
        let command = filler.fill(self.template)?;
        Some(Step { place: self.place, deployment: self.deployment, why: self.why, command })
    }

    /// Whether whoever speaks that protocol understands it. A client for HTTP asks in vain where HTTP is not spoken,
    /// and one for HTTP/1 where gRPC is.
    pub(super) fn works_with(&self, protocol: Option<Protocol>) -> bool {
        let asks = self.template.contains("{url}") || self.template.contains(" http://127.0.0.1");
        match protocol {
            None | Some(Protocol::Http) => true,
            Some(Protocol::Grpc) => !asks || self.template.contains("{http2}"),
            Some(Protocol::FastCgi | Protocol::Uwsgi | Protocol::Scgi | Protocol::Ajp) => !asks,
        }
    }

    /// Whether it looks up the next hop's name, which is in vain for an address.
    pub(super) fn asks_for_a_name(&self) -> bool {
        self.template.starts_with("dig ") || self.template == "getent ahosts {host}"
    }
}

/// Product, name and default of a setting.
type Row = (&'static str, &'static str, &'static str);

/// Settings to look at.
#[derive(Debug)]
pub(super) enum Look {
    /// The timers of whoever asks, and for `Idle` of whoever answers as well.
    Timers(Act),
    /// Settings that are no timers.
    Table(&'static [Row]),
    /// The same, of use only where the next hop is called by a name.
    OfNames(&'static [Row]),
}

pub(super) use self::lasting::lasting;

/// The commands of a protocol that is not plain HTTP.
pub(super) const fn of_protocol(protocol: Option<Protocol>) -> &'static [&'static Command] {
    match protocol {
        None | Some(Protocol::Http | Protocol::Scgi) => &[],
        Some(Protocol::Grpc) => &[commands::GRPCURL, commands::GRPCURL_LIST],
        Some(Protocol::FastCgi) => &[commands::FPM_PING, commands::FPM_STATUS, commands::FPM_POOL, commands::FPM_LOG],
        Some(Protocol::Uwsgi) => &[commands::UWSGI_CURL, commands::UWSGI_LOG],
        Some(Protocol::Ajp) => &[commands::AJP_REQUEST, commands::AJP_CONNECTOR],
    }
}

/// What is said about that kind.
pub(super) const fn text(kind: FaultKind) -> &'static Text {
    use FaultKind as K;
    match kind {
        K::DnsNotFound => &resolve::NOT_FOUND,
        K::DnsFailure => &resolve::FAILURE,
        K::DnsTimeout => &resolve::TIMEOUT,
        K::NoRoute => &select::NO_ROUTE,
        K::NoHealthyUpstream => &select::NO_HEALTHY_UPSTREAM,
        K::CircuitOpen => &select::CIRCUIT_OPEN,
        K::ConnectionLimit => &select::CONNECTION_LIMIT,
        K::AddressProhibited => &select::ADDRESS_PROHIBITED,
        K::LoopDetected => &select::LOOP_DETECTED,
        K::ConnectionRefused => &connect::REFUSED,
        K::ConnectionTimeout => &connect::TIMEOUT,
        K::Unreachable => &connect::UNREACHABLE,
        K::ConnectReset => &connect::RESET,
        K::ConnectDenied => &connect::DENIED,
        K::LocalExhausted => &connect::EXHAUSTED,
        K::TlsTimeout => &tls::TIMEOUT,
        K::TlsClosed => &tls::CLOSED,
        K::TlsReset => &tls::RESET,
        K::TlsAlert => &tls::ALERT,
        K::TlsNotTls => &tls::NOT_TLS,
        K::TlsProtocol => &tls::PROTOCOL,
        K::TlsNoAlpn => &tls::NO_ALPN,
        K::CertExpired => &certificates::EXPIRED,
        K::CertNotYetValid => &certificates::NOT_YET_VALID,
        K::CertUntrusted => &certificates::UNTRUSTED,
        K::CertNameMismatch => &certificates::NAME_MISMATCH,
        K::CertRevoked => &certificates::REVOKED,
        K::CertInvalid => &certificates::INVALID,
        K::SendTimeout => &waits::SEND_TIMEOUT,
        K::SendReset => &ends::SEND_RESET,
        K::ClosedBeforeResponse => &ends::CLOSED_BEFORE_RESPONSE,
        K::ResetBeforeResponse => &ends::RESET_BEFORE_RESPONSE,
        K::HeadTruncated => &ends::HEAD_TRUNCATED,
        K::HeadReset => &ends::HEAD_RESET,
        K::ResponseTimeout => &waits::RESPONSE_TIMEOUT,
        K::HeadStalled => &waits::HEAD_STALLED,
        K::NotHttp => &malformed::NOT_HTTP,
        K::UnsolicitedResponse => &malformed::UNSOLICITED_RESPONSE,
        K::BadStatusLine => &malformed::BAD_STATUS_LINE,
        K::BadHeader => &malformed::BAD_HEADER,
        K::AmbiguousFraming => &malformed::AMBIGUOUS_FRAMING,
        K::HeadTooLarge => &malformed::HEAD_TOO_LARGE,
        K::HeaderTooLarge => &malformed::HEADER_TOO_LARGE,
        K::TooManyHeaders => &malformed::TOO_MANY_HEADERS,
        K::UnexpectedUpgrade => &malformed::UNEXPECTED_UPGRADE,
        K::UpgradeRefused => &malformed::UPGRADE_REFUSED,
        K::TooManyInterim => &malformed::TOO_MANY_INTERIM,
        K::UnsupportedCoding => &malformed::UNSUPPORTED_CODING,
        K::BodyTruncated => &body::TRUNCATED,
        K::BodyReset => &body::RESET,
        K::BodyStalled => &body::STALLED,
        K::DeadlineExceeded => &waits::DEADLINE_EXCEEDED,
        K::BadChunk => &body::BAD_CHUNK,
        K::BadTrailer => &body::BAD_TRAILER,
        K::TrailersTooLarge => &body::TRAILERS_TOO_LARGE,
        K::BodyTooLarge => &body::TOO_LARGE,
        K::BadContentCoding => &body::BAD_CONTENT_CODING,
        K::TlsTruncated => &body::TLS_TRUNCATED,
        K::StreamRefused => &multiplexed::STREAM_REFUSED,
        K::StreamReset => &multiplexed::STREAM_RESET,
        K::Goaway => &multiplexed::GOAWAY,
        K::GoawayUnprocessed => &multiplexed::GOAWAY_UNPROCESSED,
        K::EnhanceYourCalm => &multiplexed::ENHANCE_YOUR_CALM,
        K::Http11Required => &multiplexed::HTTP11_REQUIRED,
        K::H2ProtocolError => &multiplexed::H2_PROTOCOL_ERROR,
        K::H3RequestRejected => &multiplexed::H3_REQUEST_REJECTED,
        K::H3VersionFallback => &multiplexed::H3_VERSION_FALLBACK,
        K::H3ProtocolError => &multiplexed::H3_PROTOCOL_ERROR,
        K::QuicIdleTimeout => &multiplexed::QUIC_IDLE_TIMEOUT,
        K::NotGrpc => &grpc::NOT_GRPC,
        K::BadGrpcStatus => &grpc::BAD_GRPC_STATUS,
        K::ClientAborted => &local::CLIENT_ABORTED,
        K::BadRequest => &local::BAD_REQUEST,
        K::ClientBodyFailed => &local::CLIENT_BODY_FAILED,
        K::ClientTimeout => &local::CLIENT_TIMEOUT,
        K::ProxyInternal => &local::PROXY_INTERNAL,
        K::ProxyMisconfigured => &local::PROXY_MISCONFIGURED,
        K::Unclassified => &local::UNCLASSIFIED,
    }
}
