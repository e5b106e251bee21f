//! The table: cause × phase → kind of fault.
//!
//! A [`Cause`] says why the work stopped, the phase says which work it was, and only
//! the two together are a fault. Every cell is filled in; facts of the exchange pick between the two
//! columns of the head, and decide three rows that no phase can.

use std::io::{Error, ErrorKind};

use super::finding::Cause;
use crate::exchange::{BodyFraming, Exchange, Forwarded};
use crate::fault::{Class, Code, Confidence, Fault, FaultKind, Phase};

/// hyper's smallest `http1_max_buf_size`: a head of fewer bytes cannot be too large for it.
const HYPER_SMALLEST_BUFFER: u64 = 8192;
/// 101 fields of the shortest form, `a:` with its line end, behind the shortest status line: fewer
/// bytes cannot hold more fields than hyper takes by default, which is 100.
const FEWEST_BYTES_OF_101_FIELDS: u64 = 421;

/// The kinds of one cause, by phase. The head has two columns: no byte of it has come, or some have.
type Row = [FaultKind; 9];
const _: () = assert!(size_of::<Row>() == Phase::ALL.len() + 1, "a column for each phase, and two for the head");

/// What that cause means in that phase.
#[inline]
pub(super) fn fault(cause: Cause, phase: Phase, exchange: &Exchange) -> Fault {
    use FaultKind::{
        AmbiguousFraming, BadHeader, BadRequest, BadTrailer, BodyReset, BodyStalled, BodyTruncated,
        ClosedBeforeResponse, ConnectDenied, ConnectReset, ConnectionLimit, ConnectionRefused, ConnectionTimeout,
        DnsFailure, DnsTimeout, H3ProtocolError, H3VersionFallback, HeadReset, HeadStalled, HeadTooLarge,
        HeadTruncated, LocalExhausted, QuicIdleTimeout, ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout,
        TlsClosed, TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, TlsTruncated, TooManyHeaders, TrailersTooLarge,
        Unclassified, Unreachable, UnsolicitedResponse,
    };
    #[rustfmt::skip]
    let row: &Row = match cause {
        //  Select            Resolve     Connect            Tls          Send            Head, silent          Head, begun      Body              Trailers
        // Waiting for a place in the pool is HAProxy's `sQ`.
        Cause::TimedOut =>
            &[ConnectionLimit, DnsTimeout, ConnectionTimeout, TlsTimeout,  SendTimeout,    ResponseTimeout,      HeadStalled,     BodyStalled,      BodyStalled],
        // `connect(2)`: EAGAIN is a UNIX socket's full accept queue. `socket(7)`: later it is SO_RCVTIMEO or SO_SNDTIMEO.
        Cause::WouldBlock =>
            &[LocalExhausted, DnsTimeout, ConnectionRefused, TlsTimeout,  SendTimeout,    ResponseTimeout,      HeadStalled,     BodyStalled,      BodyStalled],
        Cause::Refused =>
            &[ConnectionRefused, DnsFailure, ConnectionRefused, ConnectionRefused, ConnectionRefused, ConnectionRefused, ConnectionRefused, ConnectionRefused, ConnectionRefused],
        Cause::Reset =>
            &[ConnectReset,   DnsFailure, ConnectReset,      TlsReset,    SendReset,      ResetBeforeResponse,  HeadReset,       BodyReset,        BodyReset],
        Cause::Closed =>
            &[ConnectReset,   DnsFailure, ConnectReset,      TlsClosed,   ClosedBeforeResponse, ClosedBeforeResponse, HeadTruncated,   BodyTruncated,    BodyTruncated],
        // RFC 9112 section 9.8: only where the length was not announced does a missing close_notify matter.
        Cause::ClosedWithoutNotify if length_is_known(exchange) =>
            &[ConnectReset,   DnsFailure, ConnectReset,      TlsClosed,   ClosedBeforeResponse, ClosedBeforeResponse, HeadTruncated,   BodyTruncated,    BodyTruncated],
        Cause::ClosedWithoutNotify =>
            &[ConnectReset,   DnsFailure, ConnectReset,      TlsClosed,   ClosedBeforeResponse, ClosedBeforeResponse, HeadTruncated,   TlsTruncated,     TlsTruncated],
        Cause::Unreachable =>
            &[Unreachable,    DnsFailure, Unreachable,       Unreachable, Unreachable,    Unreachable,          Unreachable,     Unreachable,      Unreachable],
        Cause::Denied =>
            &[ConnectDenied,  DnsFailure, ConnectDenied,     ConnectDenied, ConnectDenied, ConnectDenied,       ConnectDenied,   ConnectDenied,    ConnectDenied],
        Cause::InvalidArgument =>
            &[Unclassified,   DnsFailure, ConnectDenied,     TlsProtocol,  Unclassified,  Unclassified,         Unclassified,    Unclassified,     Unclassified],
        Cause::Exhausted | Cause::OutOfMemory =>
            &[LocalExhausted; 9],
        // In the handshake a plain port answered; later a record was damaged.
        Cause::NotTls =>
            &[TlsNotTls,      TlsNotTls,  TlsNotTls,         TlsNotTls,   TlsProtocol,    TlsProtocol,          TlsProtocol,     TlsProtocol,      TlsProtocol],
        Cause::BadField =>
            &[BadHeader,      BadHeader,  BadHeader,         BadHeader,   BadHeader,      BadHeader,            BadHeader,       BadTrailer,       BadTrailer],
        Cause::TooManyFields =>
            &[TooManyHeaders, TooManyHeaders, TooManyHeaders, TooManyHeaders, TooManyHeaders, TooManyHeaders,   TooManyHeaders,  TrailersTooLarge, TrailersTooLarge],
        // One handshake opens the transport and TLS: nobody knows which of the two was never answered.
        Cause::QuicSilent =>
            &[ConnectionTimeout, DnsTimeout, ConnectionTimeout, TlsTimeout, QuicIdleTimeout, QuicIdleTimeout, QuicIdleTimeout, QuicIdleTimeout,  QuicIdleTimeout],
        Cause::QuicVersion =>
            &[H3VersionFallback; 9],
        Cause::QuicViolation =>
            &[TlsProtocol,    TlsProtocol, TlsProtocol,      TlsProtocol, H3ProtocolError, H3ProtocolError,     H3ProtocolError, H3ProtocolError,  H3ProtocolError],
        Cause::FieldsTooLarge(bytes) => return match phase {
            // The client's own: "a server that receives a larger field section than it is willing to handle can
            // send an HTTP 431".
            Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Send => {
                Fault::new(BadRequest).with_code(Code::Status(431)).at(phase)
            }
            Phase::Head => Fault::new(HeadTooLarge).with_received(bytes),
            Phase::Body | Phase::Trailers => Fault::new(TrailersTooLarge).with_received(bytes),
        },

        // The three rows that no phase decides.
        Cause::Fault(fault) => return fault.at(phase),
        // Said of an idle connection, so the request was not written; where it was said is no phase.
        Cause::Unsolicited => return Fault::new(UnsolicitedResponse),
        // hyper says "too large" for too many bytes, for too many fields, and for a Content-Length that
        // it cannot count; the number of bytes that came rules some of them out.
        Cause::HeadTooLarge => return match exchange.received {
            Some(n) if n < FEWEST_BYTES_OF_101_FIELDS => Fault::new(AmbiguousFraming).with_class(Class::FramingClOverflow),
            Some(n) if n < HYPER_SMALLEST_BUFFER => Fault::new(TooManyHeaders),
            Some(_) | None => Fault::new(HeadTooLarge),
        }.at(phase),
    };
    let kind = row.get(column(phase, exchange)).copied().unwrap_or(Unclassified);
    // Trailers are found bad by reading the body; they lie behind it.
    let phase = if kind == BadTrailer || kind == TrailersTooLarge { Phase::Trailers } else { phase };
    Fault::new(kind).at(phase)
}

/// `EADDRNOTAVAIL`.
pub(super) fn is_no_address(errno: i32) -> bool {
    Error::from_raw_os_error(errno).kind() == ErrorKind::AddrNotAvailable
}

/// What went wrong in a phase that is known, where nobody knows why. An address that is not there (`ENOENT`, `ENOTDIR`) is a UNIX
/// socket's: the server is not running, or the path is another.
pub(super) fn unknown(phase: Phase, errno: Option<i32>) -> Fault {
    let kind = match phase {
        Phase::Resolve => FaultKind::DnsFailure,
        Phase::Connect => match errno.map(|errno| Error::from_raw_os_error(errno).kind()) {
            Some(ErrorKind::NotFound | ErrorKind::NotADirectory) => return Fault::new(FaultKind::ConnectionRefused),
            Some(_) | None => FaultKind::ConnectReset,
        },
        Phase::Tls => FaultKind::TlsProtocol,
        Phase::Select | Phase::Send | Phase::Head | Phase::Body | Phase::Trailers => {
            return Fault::new(FaultKind::Unclassified).at(phase);
        }
    };
    Fault::new(kind).with_confidence(Confidence::Text)
}

/// The order of phases is the order of the columns.
const fn column(phase: Phase, exchange: &Exchange) -> usize {
    let column = phase as usize;
    match phase {
        Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Send => column,
        Phase::Head => match exchange.received {
            Some(1..) => column.wrapping_add(1),
            Some(0) | None => column,
        },
        Phase::Body | Phase::Trailers => column.wrapping_add(1),
    }
}

/// Whether the end of the body was announced, so that the connection's end does not matter.
fn length_is_known(exchange: &Exchange) -> bool {
    match exchange.forwarded {
        Forwarded::Nothing | Forwarded::Interim => false,
        Forwarded::Head { framing, .. } => match framing {
            BodyFraming::None | BodyFraming::Length => true,
            // A body that upstream delimits by closing goes on to the client in chunks.
            BodyFraming::Chunked | BodyFraming::UntilClose => false,
        },
    }
}

/// Whether the phase would change what is answered, or whether a retry is safe.
pub(super) const fn needs_phase(cause: Cause) -> bool {
    match cause {
        // A TLS 1.3 server judges our certificate when our side of the handshake is done and the
        // request may have been written (RFC 8446 section 2, figure 1).
        Cause::Fault(fault) => matches!(fault.kind().phase(), Phase::Tls),
        Cause::Refused | Cause::Denied | Cause::Exhausted | Cause::HeadTooLarge | Cause::Unsolicited => false,
        Cause::Unreachable
        | Cause::InvalidArgument
        | Cause::OutOfMemory
        | Cause::WouldBlock
        | Cause::TimedOut
        | Cause::Reset
        | Cause::Closed
        | Cause::ClosedWithoutNotify
        | Cause::NotTls
        | Cause::BadField
        | Cause::TooManyFields
        | Cause::FieldsTooLarge(_)
        | Cause::QuicSilent
        | Cause::QuicVersion
        | Cause::QuicViolation => true,
    }
}

/// Whether the cause is one of connecting, as long as nobody says that the connection stood: then it was another one, or is
/// what the kernel made of a late ICMP message.
pub(super) const fn implies_connecting(cause: Cause) -> bool {
    matches!(cause, Cause::Refused | Cause::Denied | Cause::Exhausted)
}

/// The phase that a cause implies where nobody names one.
///
/// The head is the safe answer: the request may have been written by then. `EHOSTUNREACH` is not
/// proof of the opposite, because the kernel reports it on open connections as well (Linux `tcp(7)`).
pub(super) const fn implied(cause: Cause) -> Phase {
    match cause {
        Cause::Fault(fault) => fault.phase(),
        Cause::Refused | Cause::Denied | Cause::Exhausted => Phase::Connect,
        Cause::NotTls | Cause::QuicVersion => Phase::Tls,
        Cause::Unreachable
        | Cause::InvalidArgument
        | Cause::OutOfMemory
        | Cause::WouldBlock
        | Cause::TimedOut
        | Cause::Reset
        | Cause::Closed
        | Cause::ClosedWithoutNotify
        | Cause::HeadTooLarge
        | Cause::Unsolicited
        | Cause::BadField
        | Cause::TooManyFields
        | Cause::FieldsTooLarge(_)
        | Cause::QuicSilent
        | Cause::QuicViolation => Phase::Head,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

    use http::StatusCode;

    use super::*;
    use crate::classify::classify;

    /// The cells as the rules state them, once more and in other words: (cause, phase, received, kind).
    #[test]
    fn the_rules() {
        use FaultKind as K;
        use Phase::{Body, Connect, Head, Resolve, Select, Send, Tls, Trailers};
        let none = None;
        let some = Some(27);
        let fewest = format!("HTTP/1.1 200 \r\n{}\r\n", "a:\r\n".repeat(101)).len() as u64;
        #[rustfmt::skip]
        let cases = [
            (Cause::Refused, Connect, none, K::ConnectionRefused),
            (Cause::Refused, Resolve, none, K::DnsFailure),
            (Cause::TimedOut, Select, none, K::ConnectionLimit),
            (Cause::TimedOut, Resolve, none, K::DnsTimeout),
            (Cause::TimedOut, Connect, none, K::ConnectionTimeout),
            (Cause::TimedOut, Tls, none, K::TlsTimeout),
            (Cause::TimedOut, Send, none, K::SendTimeout),
            (Cause::TimedOut, Head, none, K::ResponseTimeout),
            (Cause::TimedOut, Head, Some(0), K::ResponseTimeout),
            (Cause::TimedOut, Head, some, K::HeadStalled),
            (Cause::TimedOut, Body, some, K::BodyStalled),
            (Cause::TimedOut, Trailers, some, K::BodyStalled),
            (Cause::WouldBlock, Select, none, K::LocalExhausted),
            (Cause::WouldBlock, Connect, none, K::ConnectionRefused),
            (Cause::WouldBlock, Head, none, K::ResponseTimeout),
            (Cause::WouldBlock, Body, none, K::BodyStalled),
            (Cause::Reset, Select, none, K::ConnectReset),
            (Cause::Reset, Resolve, none, K::DnsFailure),
            (Cause::Reset, Connect, none, K::ConnectReset),
            (Cause::Reset, Tls, none, K::TlsReset),
            (Cause::Reset, Send, none, K::SendReset),
            (Cause::Reset, Head, none, K::ResetBeforeResponse),
            (Cause::Reset, Head, some, K::HeadReset),
            (Cause::Reset, Body, some, K::BodyReset),
            (Cause::Closed, Select, none, K::ConnectReset),
            (Cause::Closed, Connect, none, K::ConnectReset),
            (Cause::Closed, Tls, none, K::TlsClosed),
            (Cause::Closed, Send, none, K::ClosedBeforeResponse),
            (Cause::Closed, Head, none, K::ClosedBeforeResponse),
            (Cause::Closed, Head, Some(0), K::ClosedBeforeResponse),
            (Cause::Closed, Head, some, K::HeadTruncated),
            (Cause::Closed, Body, some, K::BodyTruncated),
            (Cause::Closed, Trailers, some, K::BodyTruncated),
            (Cause::ClosedWithoutNotify, Head, none, K::ClosedBeforeResponse),
            (Cause::ClosedWithoutNotify, Head, some, K::HeadTruncated),
            (Cause::ClosedWithoutNotify, Body, some, K::TlsTruncated),
            (Cause::Unreachable, Connect, none, K::Unreachable),
            (Cause::Unreachable, Head, none, K::Unreachable),
            (Cause::Denied, Connect, none, K::ConnectDenied),
            (Cause::InvalidArgument, Connect, none, K::ConnectDenied),
            (Cause::InvalidArgument, Body, none, K::Unclassified),
            (Cause::NotTls, Tls, none, K::TlsNotTls),
            (Cause::NotTls, Connect, none, K::TlsNotTls),
            (Cause::NotTls, Send, none, K::TlsProtocol),
            (Cause::NotTls, Body, none, K::TlsProtocol),
            (Cause::BadField, Head, some, K::BadHeader),
            (Cause::BadField, Body, some, K::BadTrailer),
            (Cause::TooManyFields, Head, some, K::TooManyHeaders),
            (Cause::TooManyFields, Trailers, some, K::TrailersTooLarge),
            (Cause::FieldsTooLarge(9), Send, none, K::BadRequest),
            (Cause::FieldsTooLarge(9), Head, none, K::HeadTooLarge),
            (Cause::FieldsTooLarge(9), Body, some, K::TrailersTooLarge),
            (Cause::QuicSilent, Connect, none, K::ConnectionTimeout),
            (Cause::QuicSilent, Tls, none, K::TlsTimeout),
            (Cause::QuicSilent, Send, none, K::QuicIdleTimeout),
            (Cause::QuicSilent, Head, some, K::QuicIdleTimeout),
            (Cause::QuicSilent, Body, some, K::QuicIdleTimeout),
            (Cause::QuicVersion, Tls, none, K::H3VersionFallback),
            (Cause::QuicVersion, Send, none, K::H3VersionFallback),
            (Cause::QuicViolation, Connect, none, K::TlsProtocol),
            (Cause::QuicViolation, Tls, none, K::TlsProtocol),
            (Cause::QuicViolation, Send, none, K::H3ProtocolError),
            (Cause::QuicViolation, Body, some, K::H3ProtocolError),
            (Cause::HeadTooLarge, Head, none, K::HeadTooLarge),
            (Cause::HeadTooLarge, Head, Some(65_536), K::HeadTooLarge),
            (Cause::HeadTooLarge, Head, Some(8192), K::HeadTooLarge),
            (Cause::HeadTooLarge, Head, Some(8191), K::TooManyHeaders),
            (Cause::HeadTooLarge, Head, Some(fewest), K::TooManyHeaders),
            (Cause::HeadTooLarge, Head, Some(fewest - 1), K::AmbiguousFraming),
            (Cause::HeadTooLarge, Head, Some(60), K::AmbiguousFraming),
        ];
        for (cause, phase, received, kind) in cases {
            let exchange = Exchange { received, ..Exchange::default() };
            assert_eq!(fault(cause, phase, &exchange).kind(), kind, "{cause:?} in {phase} after {received:?}");
        }
        for phase in Phase::ALL {
            let exchange = Exchange::default();
            assert_eq!(fault(Cause::Exhausted, *phase, &exchange).kind(), K::LocalExhausted);
            assert_eq!(fault(Cause::OutOfMemory, *phase, &exchange).kind(), K::LocalExhausted);
        }
    }

    #[test]
    fn an_announced_length_makes_close_notify_irrelevant() {
        let mut exchange = Exchange::default();
        for (framing, kind) in [
            (BodyFraming::Length, FaultKind::BodyTruncated),
            (BodyFraming::None, FaultKind::BodyTruncated),
            (BodyFraming::Chunked, FaultKind::TlsTruncated),
            (BodyFraming::UntilClose, FaultKind::TlsTruncated),
        ] {
            exchange.forwarded = Forwarded::Head { status: StatusCode::OK, framing };
            assert_eq!(fault(Cause::ClosedWithoutNotify, Phase::Body, &exchange).kind(), kind, "{framing:?}");
        }
    }

    #[test]
    fn bytes_without_a_request() {
        for phase in Phase::ALL {
            let fault = fault(Cause::Unsolicited, *phase, &Exchange::default());
            assert_eq!((fault.kind(), fault.phase()), (FaultKind::UnsolicitedResponse, Phase::Head));
        }
    }

    /// No fact missing may make a retry look safe that is not: only connecting proves "not applied".
    #[test]
    fn without_facts_only_connecting_is_proof() {
        use crate::fault::Applied;
        for (errno, applied) in [
            (libc_number(ErrorKind::ConnectionRefused), Applied::No),
            (libc_number(ErrorKind::ConnectionReset), Applied::Perhaps),
            (libc_number(ErrorKind::HostUnreachable), Applied::Perhaps),
            (libc_number(ErrorKind::TimedOut), Applied::Perhaps),
            (libc_number(ErrorKind::OutOfMemory), Applied::Perhaps),
            (libc_number(ErrorKind::WouldBlock), Applied::Perhaps),
        ] {
            let error = Error::from_raw_os_error(errno);
            let fault = classify(&error, &[], &Exchange::default());
            assert_eq!(fault.applied(), applied, "{error}");
            assert_eq!(fault.code(), Some(Code::Errno(errno)));
        }
    }

    fn libc_number(kind: ErrorKind) -> i32 {
        (1..12_000).find(|n| Error::from_raw_os_error(*n).kind() == kind).unwrap()
    }
}
