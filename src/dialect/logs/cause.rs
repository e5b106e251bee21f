//! Why the work stopped, as operating systems put it, and what that means in each phase.
//!
//! The text decides, and the number only where the text is unknown. Numbers differ between
//! systems (111 is Linux's refused connection, 61 that of the BSDs), texts hardly do.

use crate::dialect::Reading;
use crate::fault::{Code, Fault, FaultKind, Phase};

use super::cut::number;

/// Why the work stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Refused,
    Unreachable,
    Denied,
    Exhausted,
    TimedOut,
    Reset,
    /// In good order, as far as anybody could see.
    Closed,
    /// A Unix socket that is not there.
    NoSocket,
    /// `EAGAIN`: of `connect(2)` to a Unix socket, its backlog is full; of others a lack of ports.
    Again,
}

/// `strerror(3)` of glibc, the BSDs and musl (which nginx's Alpine image has), with Linux's numbers.
const TEXTS: &[(&[u8], u32, Cause)] = &[
    (b"Connection refused", 111, Cause::Refused),
    (b"Connection reset by peer", 104, Cause::Reset),
    (b"Broken pipe", 32, Cause::Reset),
    (b"Connection timed out", 110, Cause::TimedOut),
    (b"Operation timed out", 110, Cause::TimedOut),
    (b"No route to host", 113, Cause::Unreachable),
    (b"Host is unreachable", 113, Cause::Unreachable),
    (b"Network is unreachable", 101, Cause::Unreachable),
    (b"Network unreachable", 101, Cause::Unreachable),
    (b"Network is down", 100, Cause::Unreachable),
    (b"Host is down", 112, Cause::Unreachable),
    (b"Permission denied", 13, Cause::Denied),
    (b"Operation not permitted", 1, Cause::Denied),
    (b"Too many open files", 24, Cause::Exhausted),
    (b"No file descriptors available", 24, Cause::Exhausted),
    (b"Too many open files in system", 23, Cause::Exhausted),
    (b"Cannot assign requested address", 99, Cause::Exhausted),
    (b"Can't assign requested address", 99, Cause::Exhausted),
    (b"Address not available", 99, Cause::Exhausted),
    (b"Address already in use", 98, Cause::Exhausted),
    (b"Address in use", 98, Cause::Exhausted),
    (b"No buffer space available", 105, Cause::Exhausted),
    (b"Cannot allocate memory", 12, Cause::Exhausted),
    (b"Out of memory", 12, Cause::Exhausted),
    (b"Resource temporarily unavailable", 11, Cause::Again),
    (b"No such file or directory", 2, Cause::NoSocket),
    (b"Software caused connection abort", 103, Cause::Reset),
    (b"Connection aborted", 103, Cause::Reset),
    (b"Socket is not connected", 107, Cause::Reset),
    (b"Socket not connected", 107, Cause::Reset),
    (b"Transport endpoint is not connected", 107, Cause::Reset),
];

/// Reads `111: Connection refused`, which nginx has in parentheses, or `(111)Connection refused` without its
/// first parenthesis, as Apache has it: the number, and what it means.
pub(super) fn numbered(text: &[u8]) -> Option<(i32, Option<Cause>)> {
    let (errno, rest) = number(text)?;
    let rest = rest.strip_prefix(b": ").or_else(|| rest.strip_prefix(b")"))?;
    Some((i32::try_from(errno).ok()?, named(rest).or_else(|| by_number(errno))))
}

/// What a number of Linux means.
pub(super) fn by_number(errno: u32) -> Option<Cause> {
    TEXTS.iter().find(|(_, number, _)| *number == errno).map(|(.., cause)| *cause)
}

/// What a text begins to say, whatever the case of its first letter.
pub(super) fn named(text: &[u8]) -> Option<Cause> {
    let begins = |row: &&(&[u8], u32, Cause)| text.get(..row.0.len()).is_some_and(|t| t.eq_ignore_ascii_case(row.0));
    TEXTS.iter().find(begins).map(|(.., cause)| *cause)
}

/// A fault that was read in a text: the likeliest kind, in the phase where the line puts it.
pub(super) fn fault(reading: Reading, phase: Option<Phase>, code: Option<Code>) -> Fault {
    let mut fault = Fault::new(reading.kind()).with_confidence(crate::fault::Confidence::Text);
    if let Some(phase) = phase {
        fault = fault.at(phase);
    }
    if let Some(code) = code {
        fault = fault.with_code(code);
    }
    fault
}

/// What that cause means in that phase.
#[rustfmt::skip]
pub(super) const fn at(cause: Cause, phase: Phase) -> Reading {
    use FaultKind::{
        BodyReset, BodyStalled, BodyTruncated, ClosedBeforeResponse, ConnectDenied, ConnectReset, ConnectionLimit,
        ConnectionRefused, ConnectionTimeout, DnsFailure, DnsTimeout, HeadReset, HeadStalled, HeadTruncated,
        LocalExhausted, ProxyMisconfigured, ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout, TlsClosed,
        TlsReset, TlsTimeout, Unreachable,
    };
    const fn one(kind: FaultKind) -> Reading { Reading::exact(kind) }
    match (cause, phase) {
        (Cause::Refused, _) => one(ConnectionRefused),
        (Cause::Unreachable, _) => one(Unreachable),
        (Cause::Denied, _) => one(ConnectDenied),
        (Cause::Exhausted, _) => one(LocalExhausted),
        // The server is not running, or the path is another.
        (Cause::NoSocket, _) => Reading::coarse(ConnectionRefused, &[ProxyMisconfigured]),
        (Cause::Again, _) => Reading::coarse(ConnectionRefused, &[LocalExhausted]),

        (Cause::TimedOut, Phase::Select) => one(ConnectionLimit),
        (Cause::TimedOut, Phase::Resolve) => one(DnsTimeout),
        (Cause::TimedOut, Phase::Connect) => one(ConnectionTimeout),
        (Cause::TimedOut, Phase::Tls) => one(TlsTimeout),
        (Cause::TimedOut, Phase::Send) => one(SendTimeout),
        // No log line says whether a byte of the head had come.
        (Cause::TimedOut, Phase::Head) => Reading::coarse(ResponseTimeout, &[HeadStalled]),
        (Cause::TimedOut, Phase::Body | Phase::Trailers) => one(BodyStalled),

        (Cause::Reset | Cause::Closed, Phase::Resolve) => one(DnsFailure),
        (Cause::Reset | Cause::Closed, Phase::Select | Phase::Connect) => one(ConnectReset),
        (Cause::Reset, Phase::Tls) => one(TlsReset),
        (Cause::Reset, Phase::Send) => Reading::coarse(SendReset, &[ResetBeforeResponse, ClosedBeforeResponse]),
        (Cause::Reset, Phase::Head) => Reading::coarse(ResetBeforeResponse, &[HeadReset]),
        (Cause::Reset, Phase::Body | Phase::Trailers) => one(BodyReset),

        (Cause::Closed, Phase::Tls) => one(TlsClosed),
        (Cause::Closed, Phase::Send) => Reading::coarse(ClosedBeforeResponse, &[SendReset]),
        (Cause::Closed, Phase::Head) => Reading::coarse(ClosedBeforeResponse, &[HeadTruncated]),
        // Short of a length, or of the last chunk: nobody speaks of the end of a body that only the end delimits.
        (Cause::Closed, Phase::Body | Phase::Trailers) => one(BodyTruncated),
    }
}

/// The same where nobody says when.
pub(super) const fn somewhere(cause: Cause) -> Reading {
    use FaultKind::{
        BodyReset, BodyStalled, BodyTruncated, ClosedBeforeResponse, ConnectReset, ConnectionTimeout, HeadReset,
        HeadStalled, HeadTruncated, ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout, TlsClosed, TlsReset,
        TlsTimeout,
    };
    match cause {
        Cause::TimedOut => {
            Reading::coarse(ResponseTimeout, &[ConnectionTimeout, HeadStalled, BodyStalled, SendTimeout, TlsTimeout])
        }
        Cause::Reset => {
            Reading::coarse(ResetBeforeResponse, &[HeadReset, BodyReset, SendReset, ConnectReset, TlsReset])
        }
        Cause::Closed => Reading::coarse(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated, TlsClosed]),
        Cause::Refused | Cause::Unreachable | Cause::Denied | Cause::Exhausted | Cause::NoSocket | Cause::Again => {
            at(cause, Phase::Connect)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_before_numbers() {
        assert_eq!(numbered(b"111: Connection refused) while"), Some((111, Some(Cause::Refused))));
        // The BSDs' number, with their text.
        assert_eq!(numbered(b"61: Connection refused"), Some((61, Some(Cause::Refused))));
        // A text in another language.
        assert_eq!(numbered("111: Verbindungsaufbau abgelehnt".as_bytes()), Some((111, Some(Cause::Refused))));
        assert_eq!(numbered(b"104)Connection reset by peer: AH01102"), Some((104, Some(Cause::Reset))));
        assert_eq!(numbered(b"5: Input/output error"), Some((5, None)));
        assert_eq!(numbered(b"Connection refused"), None);
        assert_eq!(named(b"connection refused"), Some(Cause::Refused));
    }

    /// The phase of the kind is the phase of the column, but for kinds that belong to one phase alone.
    #[test]
    fn columns() {
        for cause in [Cause::TimedOut, Cause::Reset, Cause::Closed] {
            for &phase in Phase::ALL {
                for kind in at(cause, phase).kinds() {
                    let near = |p: Phase| match p {
                        Phase::Trailers => Phase::Body,
                        Phase::Select if cause != Cause::TimedOut => Phase::Connect,
                        Phase::Send => Phase::Head,
                        Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Head | Phase::Body => p,
                    };
                    assert_eq!(near(kind.phase()), near(phase), "{cause:?} {phase} {kind}");
                }
            }
        }
    }
}
