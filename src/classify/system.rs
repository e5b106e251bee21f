//! What the operating system said: `io::ErrorKind` and error numbers.
//!
//! The kind first, which the standard library has made from the number on every system;
//! numbers only where it has no stable kind for them.

use std::io::{self, ErrorKind};

use super::finding::Cause;
use crate::fault::FaultKind;

/// The error number of an `io::Error`, and what the two say together.
#[inline(always)]
pub(super) fn read(error: &io::Error) -> (Option<i32>, Option<Cause>) {
    let errno = error.raw_os_error();
    (errno, cause(error.kind(), errno))
}

#[inline(always)]
#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
pub(super) fn cause(kind: ErrorKind, errno: Option<i32>) -> Option<Cause> {
    Some(match kind {
        ErrorKind::ConnectionRefused => Cause::Refused,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        // A write that took nothing: the other side reads no more.
        | ErrorKind::WriteZero => Cause::Reset,
        ErrorKind::TimedOut => Cause::TimedOut,
        ErrorKind::WouldBlock => Cause::WouldBlock,
        ErrorKind::UnexpectedEof => Cause::Closed,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Cause::Unreachable,
        ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable => Cause::Exhausted,
        ErrorKind::OutOfMemory => Cause::OutOfMemory,
        // Without a number these two come from anybody's `io::Error::new`, a decoder's for example.
        ErrorKind::PermissionDenied if errno.is_some() => Cause::Denied,
        ErrorKind::InvalidInput if errno.is_some() => Cause::InvalidArgument,
        _ => return errno.and_then(number),
    })
}

#[cold]
fn number(errno: i32) -> Option<Cause> {
    NUMBERS.iter().find(|(number, _)| *number == errno).map(|(_, cause)| *cause)
}

const NUMBERS: &[(i32, Cause)] = if cfg!(windows) {
    WINDOWS
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    LINUX
} else {
    BSD
};

/// `errno(3)`; the generic numbers, which all but MIPS and SPARC have.
const LINUX: &[(i32, Cause)] = &[
    (23, Cause::Exhausted),              // ENFILE
    (24, Cause::Exhausted),              // EMFILE
    (64, Cause::Unreachable),            // ENONET
    (97, fault(FaultKind::Unreachable)), // EAFNOSUPPORT: no IPv6 here
    (102, Cause::Reset),                 // ENETRESET
    (105, Cause::OutOfMemory),           // ENOBUFS
    (108, Cause::Reset),                 // ESHUTDOWN
    (112, Cause::Unreachable),           // EHOSTDOWN
];

/// `intro(2)` of macOS and the BSDs.
const BSD: &[(i32, Cause)] = &[
    (23, Cause::Exhausted),              // ENFILE
    (24, Cause::Exhausted),              // EMFILE
    (47, fault(FaultKind::Unreachable)), // EAFNOSUPPORT: no IPv6 here
    (52, Cause::Reset),                  // ENETRESET
    (55, Cause::OutOfMemory),            // ENOBUFS
    (58, Cause::Reset),                  // ESHUTDOWN
    (64, Cause::Unreachable),            // EHOSTDOWN
];

/// Windows Sockets and system error codes. `getaddrinfo` reports through them as well.
const WINDOWS: &[(i32, Cause)] = &[
    (64, Cause::Reset),                     // ERROR_NETNAME_DELETED
    (1225, Cause::Refused),                 // ERROR_CONNECTION_REFUSED
    (1231, Cause::Unreachable),             // ERROR_NETWORK_UNREACHABLE
    (1232, Cause::Unreachable),             // ERROR_HOST_UNREACHABLE
    (1236, Cause::Reset),                   // ERROR_CONNECTION_ABORTED
    (10024, Cause::Exhausted),              // WSAEMFILE
    (10047, fault(FaultKind::Unreachable)), // WSAEAFNOSUPPORT: no IPv6 here
    (10052, Cause::Reset),                  // WSAENETRESET
    (10055, Cause::OutOfMemory),            // WSAENOBUFS
    (10058, Cause::Reset),                  // WSAESHUTDOWN
    (10064, Cause::Unreachable),            // WSAEHOSTDOWN
    (10101, Cause::Closed),                 // WSAEDISCON
    (11001, fault(FaultKind::DnsNotFound)), // WSAHOST_NOT_FOUND
    (11002, fault(FaultKind::DnsFailure)),  // WSATRY_AGAIN
    (11003, fault(FaultKind::DnsFailure)),  // WSANO_RECOVERY
    (11004, fault(FaultKind::DnsNotFound)), // WSANO_DATA
];

const fn fault(kind: FaultKind) -> Cause {
    Cause::Fault(crate::fault::Fault::new(kind))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_kind_that_decides() {
        for (kind, want) in [
            (ErrorKind::ConnectionRefused, Some(Cause::Refused)),
            (ErrorKind::ConnectionReset, Some(Cause::Reset)),
            (ErrorKind::ConnectionAborted, Some(Cause::Reset)),
            (ErrorKind::BrokenPipe, Some(Cause::Reset)),
            (ErrorKind::NotConnected, Some(Cause::Reset)),
            (ErrorKind::WriteZero, Some(Cause::Reset)),
            (ErrorKind::TimedOut, Some(Cause::TimedOut)),
            (ErrorKind::WouldBlock, Some(Cause::WouldBlock)),
            (ErrorKind::UnexpectedEof, Some(Cause::Closed)),
            (ErrorKind::HostUnreachable, Some(Cause::Unreachable)),
            (ErrorKind::NetworkUnreachable, Some(Cause::Unreachable)),
            (ErrorKind::NetworkDown, Some(Cause::Unreachable)),
            (ErrorKind::AddrInUse, Some(Cause::Exhausted)),
            (ErrorKind::AddrNotAvailable, Some(Cause::Exhausted)),
            (ErrorKind::OutOfMemory, Some(Cause::OutOfMemory)),
            (ErrorKind::Other, None),
            (ErrorKind::InvalidData, None),
            (ErrorKind::InvalidInput, None),
            (ErrorKind::PermissionDenied, None),
            (ErrorKind::Interrupted, None),
        ] {
            assert_eq!(cause(kind, None), want, "{kind:?}");
        }
        assert_eq!(cause(ErrorKind::PermissionDenied, Some(13)), Some(Cause::Denied));
        assert_eq!(cause(ErrorKind::InvalidInput, Some(22)), Some(Cause::InvalidArgument));
    }

    #[test]
    fn numbers_are_unique_and_sorted() {
        for table in [LINUX, BSD, WINDOWS] {
            assert!(table.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0)));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_linux_says() {
        for (errno, want) in [
            (1, Some(Cause::Denied)),
            (11, Some(Cause::WouldBlock)),
            (12, Some(Cause::OutOfMemory)),
            (13, Some(Cause::Denied)),
            (22, Some(Cause::InvalidArgument)),
            (23, Some(Cause::Exhausted)),
            (24, Some(Cause::Exhausted)),
            (32, Some(Cause::Reset)),
            (64, Some(Cause::Unreachable)),
            (98, Some(Cause::Exhausted)),
            (99, Some(Cause::Exhausted)),
            (100, Some(Cause::Unreachable)),
            (101, Some(Cause::Unreachable)),
            (102, Some(Cause::Reset)),
            (103, Some(Cause::Reset)),
            (104, Some(Cause::Reset)),
            (105, Some(Cause::OutOfMemory)),
            (107, Some(Cause::Reset)),
            (108, Some(Cause::Reset)),
            (110, Some(Cause::TimedOut)),
            (111, Some(Cause::Refused)),
            (112, Some(Cause::Unreachable)),
            (113, Some(Cause::Unreachable)),
            (2, None),
            (5, None),
        ] {
            assert_eq!(read(&io::Error::from_raw_os_error(errno)), (Some(errno), want), "{errno}");
        }
    }
}
