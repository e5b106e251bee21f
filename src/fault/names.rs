//! The names of the numbers in a [`Code`], as their registries have them.
//!
//! A number that its registry does not name has no name here either.

use super::value::Code;

impl Code {
    /// The registered name of the number: `ECONNREFUSED`, `handshake_failure`, `NXDOMAIN`, `REFUSED_STREAM`.
    ///
    /// Error numbers are read as this system has them. A status has no name here.
    ///
    /// ```
    /// use badgateway::fault::Code;
    /// assert_eq!(Code::TlsAlert(112).name(), Some("unrecognized_name"));
    /// assert_eq!(Code::DnsRcode(3).name(), Some("NXDOMAIN"));
    /// assert_eq!(Code::H2(7).name(), Some("REFUSED_STREAM"));
    /// ```
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Errno(n) => errno_name(n),
            Self::TlsAlert(n) => alert_name(n),
            Self::H2(n) => h2_name(n),
            Self::H3(n) => h3_name(n),
            Self::Quic(n) => quic_name(n),
            Self::DnsRcode(n) => rcode_name(n),
            Self::Status(_) => None,
        }
    }
}

/// The name of a DNS response code (RFC 1035 section 4.1.1, RFC 6895 section 2.3).
pub(crate) const fn rcode_name(rcode: u16) -> Option<&'static str> {
    Some(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        _ => return None,
    })
}

/// The name of a TLS alert (RFC 8446 section 6, and the older ones it reserves).
pub(crate) const fn alert_name(alert: u8) -> Option<&'static str> {
    Some(match alert {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return None,
    })
}

/// The name of an HTTP/2 error code (RFC 9113 section 7).
pub(crate) const fn h2_name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x0 => "NO_ERROR",
        0x1 => "PROTOCOL_ERROR",
        0x2 => "INTERNAL_ERROR",
        0x3 => "FLOW_CONTROL_ERROR",
        0x4 => "SETTINGS_TIMEOUT",
        0x5 => "STREAM_CLOSED",
        0x6 => "FRAME_SIZE_ERROR",
        0x7 => "REFUSED_STREAM",
        0x8 => "CANCEL",
        0x9 => "COMPRESSION_ERROR",
        0xa => "CONNECT_ERROR",
        0xb => "ENHANCE_YOUR_CALM",
        0xc => "INADEQUATE_SECURITY",
        0xd => "HTTP_1_1_REQUIRED",
        _ => return None,
    })
}

/// The name of an HTTP/3 error code (RFC 9114 section 8.1; RFC 9204 section 6 for the last three).
pub(crate) const fn h3_name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x100 => "H3_NO_ERROR",
        0x101 => "H3_GENERAL_PROTOCOL_ERROR",
        0x102 => "H3_INTERNAL_ERROR",
        0x103 => "H3_STREAM_CREATION_ERROR",
        0x104 => "H3_CLOSED_CRITICAL_STREAM",
        0x105 => "H3_FRAME_UNEXPECTED",
        0x106 => "H3_FRAME_ERROR",
        0x107 => "H3_EXCESSIVE_LOAD",
        0x108 => "H3_ID_ERROR",
        0x109 => "H3_SETTINGS_ERROR",
        0x10a => "H3_MISSING_SETTINGS",
        0x10b => "H3_REQUEST_REJECTED",
        0x10c => "H3_REQUEST_CANCELLED",
        0x10d => "H3_REQUEST_INCOMPLETE",
        0x10e => "H3_MESSAGE_ERROR",
        0x10f => "H3_CONNECT_ERROR",
        0x110 => "H3_VERSION_FALLBACK",
        0x200 => "QPACK_DECOMPRESSION_FAILED",
        0x201 => "QPACK_ENCODER_STREAM_ERROR",
        0x202 => "QPACK_DECODER_STREAM_ERROR",
        _ => return None,
    })
}

/// The name of a transport error code of QUIC (RFC 9000 section 20.1; RFC 9368 section 8 for the last one).
pub(crate) const fn quic_name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x00 => "NO_ERROR",
        0x01 => "INTERNAL_ERROR",
        0x02 => "CONNECTION_REFUSED",
        0x03 => "FLOW_CONTROL_ERROR",
        0x04 => "STREAM_LIMIT_ERROR",
        0x05 => "STREAM_STATE_ERROR",
        0x06 => "FINAL_SIZE_ERROR",
        0x07 => "FRAME_ENCODING_ERROR",
        0x08 => "TRANSPORT_PARAMETER_ERROR",
        0x09 => "CONNECTION_ID_LIMIT_ERROR",
        0x0a => "PROTOCOL_VIOLATION",
        0x0b => "INVALID_TOKEN",
        0x0c => "APPLICATION_ERROR",
        0x0d => "CRYPTO_BUFFER_EXCEEDED",
        0x0e => "KEY_UPDATE_ERROR",
        0x0f => "AEAD_LIMIT_REACHED",
        0x10 => "NO_VIABLE_PATH",
        0x11 => "VERSION_NEGOTIATION_ERROR",
        _ => return None,
    })
}

/// The name of an error number that sockets give, on this system.
pub(crate) fn errno_name(errno: i32) -> Option<&'static str> {
    ERRNO.iter().find(|(number, _)| *number == errno).map(|(_, name)| *name)
}

const ERRNO: &[(i32, &str)] = if cfg!(windows) {
    WINDOWS
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    LINUX
} else {
    BSD
};

/// `errno(3)`; the generic numbers, which all but MIPS and SPARC have.
const LINUX: &[(i32, &str)] = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (5, "EIO"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (22, "EINVAL"),
    (23, "ENFILE"),
    (24, "EMFILE"),
    (32, "EPIPE"),
    (64, "ENONET"),
    (71, "EPROTO"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (100, "ENETDOWN"),
    (101, "ENETUNREACH"),
    (102, "ENETRESET"),
    (103, "ECONNABORTED"),
    (104, "ECONNRESET"),
    (105, "ENOBUFS"),
    (107, "ENOTCONN"),
    (108, "ESHUTDOWN"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (112, "EHOSTDOWN"),
    (113, "EHOSTUNREACH"),
];

/// `intro(2)` of macOS and the BSDs.
const BSD: &[(i32, &str)] = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (5, "EIO"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (22, "EINVAL"),
    (23, "ENFILE"),
    (24, "EMFILE"),
    (32, "EPIPE"),
    (35, "EAGAIN"),
    (47, "EAFNOSUPPORT"),
    (48, "EADDRINUSE"),
    (49, "EADDRNOTAVAIL"),
    (50, "ENETDOWN"),
    (51, "ENETUNREACH"),
    (52, "ENETRESET"),
    (53, "ECONNABORTED"),
    (54, "ECONNRESET"),
    (55, "ENOBUFS"),
    (57, "ENOTCONN"),
    (58, "ESHUTDOWN"),
    (60, "ETIMEDOUT"),
    (61, "ECONNREFUSED"),
    (64, "EHOSTDOWN"),
    (65, "EHOSTUNREACH"),
];

/// Windows Sockets error codes.
const WINDOWS: &[(i32, &str)] = &[
    (10013, "WSAEACCES"),
    (10024, "WSAEMFILE"),
    (10048, "WSAEADDRINUSE"),
    (10049, "WSAEADDRNOTAVAIL"),
    (10050, "WSAENETDOWN"),
    (10051, "WSAENETUNREACH"),
    (10052, "WSAENETRESET"),
    (10053, "WSAECONNABORTED"),
    (10054, "WSAECONNRESET"),
    (10055, "WSAENOBUFS"),
    (10057, "WSAENOTCONN"),
    (10058, "WSAESHUTDOWN"),
    (10060, "WSAETIMEDOUT"),
    (10061, "WSAECONNREFUSED"),
    (10064, "WSAEHOSTDOWN"),
    (10065, "WSAEHOSTUNREACH"),
    (11001, "WSAHOST_NOT_FOUND"),
    (11002, "WSATRY_AGAIN"),
    (11003, "WSANO_RECOVERY"),
    (11004, "WSANO_DATA"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_sorted() {
        for table in [LINUX, BSD, WINDOWS] {
            assert!(table.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0)));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_linux_calls_them() {
        // `Display` of the standard library ends in "(os error N)"; its kinds are an independent witness.
        for (number, name, kind) in [
            (111, "ECONNREFUSED", std::io::ErrorKind::ConnectionRefused),
            (104, "ECONNRESET", std::io::ErrorKind::ConnectionReset),
            (110, "ETIMEDOUT", std::io::ErrorKind::TimedOut),
            (113, "EHOSTUNREACH", std::io::ErrorKind::HostUnreachable),
            (101, "ENETUNREACH", std::io::ErrorKind::NetworkUnreachable),
            (32, "EPIPE", std::io::ErrorKind::BrokenPipe),
            (99, "EADDRNOTAVAIL", std::io::ErrorKind::AddrNotAvailable),
        ] {
            assert_eq!(Code::Errno(number).name(), Some(name));
            assert_eq!(std::io::Error::from_raw_os_error(number).kind(), kind, "{name}");
        }
        assert_eq!(Code::Errno(-1).name(), None);
        assert_eq!(Code::Status(502).name(), None);
        assert_eq!(Code::H3(0x10b).name(), Some("H3_REQUEST_REJECTED"));
        assert_eq!(Code::Quic(0x2).name(), Some("CONNECTION_REFUSED"));
        assert_eq!(Code::Quic(0x100).name(), None);
    }
}
