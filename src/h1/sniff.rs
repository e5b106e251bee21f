//! What answered instead of HTTP/1, told by its first bytes.
//!
//! Its one rule: as soon as the bytes tell, and never differently for more of them. A TLS alert has
//! no line end to wait for, and an SSH server waits for us while we wait for it.

use crate::fault::Class;

/// What the first bytes of a response say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // not yet, yes, no
pub enum Sniffed {
    /// Too few bytes to tell.
    Undecided,
    /// A status line, well formed or not: `HTTP/` in any case, or white space before something.
    Http1,
    /// Something else: one of the `not_http.*` classes.
    NotHttp(Class),
}

/// Tells what answers from the bytes that came first.
///
/// Growing prefixes of the same bytes are [`Undecided`](Sniffed::Undecided) for at most 16 bytes and
/// then have one verdict for ever.
///
/// | bytes | class | source |
/// |---|---|---|
/// | `15 03 00`–`15 03 04` | `tls_alert` | RFC 8446 section 5.1: content type 21, legacy version |
/// | `14`, `16`, `17`, then `03 00`–`03 04` | `tls_record` | RFC 8446 section 5.1 |
/// | `00 00 xx 04` or `07` | `http2_frame` | RFC 9113 sections 4.1, 6.5, 6.8: SETTINGS comes first, or GOAWAY |
/// | `PRI *` | `http2_preface` | RFC 9113 section 3.4 |
/// | `SSH-` | `ssh` | RFC 4253 section 4.2 |
/// | `220`, `120`, `421`, `554`, then SP or `-` | `smtp_ftp` | RFC 5321 sections 4.2, 4.3.2; RFC 959 section 5.4 |
/// | `+OK`; `* OK`, `* BYE`, `* PREAUTH` | `pop_imap` | RFC 1939 section 3; RFC 9051 section 7.1 |
/// | `-` and a capital; `$`, `*`, `:` and a digit or `-`; `+PONG` | `redis` | RESP: what Redis says to `GET / HTTP/1.1` is `-ERR` |
/// | `<`, after white space too | `html` | HTTP/0.9; what nginx sends for a bad request line |
/// | capitals, SP, then `/` or `*`; or a method of RFC 9110 and SP | `request` | RFC 9112 section 3: an echo server, or a client |
/// | capitals, `/`, a digit | `other_protocol` | the shape of RTSP/1.0 (RFC 7826), SIP/2.0, ICAP/1.0 |
/// | `AMQP`, `ICY `, `RFB `, `@RSYNCD:` | `other_protocol` | AMQP 0-9-1 section 4.2.2; SHOUTcast; RFC 6143 section 7.1.1; rsyncd |
/// | anything else | `other` | |
///
/// A name that begins like HTTP's and is not (`HTP/1.1`, `HTTPS/1.1`) is `other`: a misspelling, not
/// a protocol. `http/1.1` is [`Http1`](Sniffed::Http1), because RFC 9112 section 2.3 makes its case a
/// matter of the status line.
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::sniff::{Sniffed, sniff};
///
/// assert_eq!(sniff(b"SSH-2.0-OpenSSH_9.6\r\n"), Sniffed::NotHttp(Class::NotHttpSsh));
/// assert_eq!(sniff(b"\x15\x03\x01"), Sniffed::NotHttp(Class::NotHttpTlsAlert));
/// assert_eq!(sniff(b"HTT"), Sniffed::Undecided);
/// assert_eq!(sniff(b"HTTP/"), Sniffed::Http1);
/// ```
#[must_use]
pub fn sniff(first: &[u8]) -> Sniffed {
    use Sniffed::{Http1, NotHttp, Undecided};
    let first = first.get(..LONGEST).unwrap_or(first);
    let Some(&byte) = first.first() else { return Undecided };
    if first.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/")) {
        return Http1;
    }
    if let Some(class) = match_pattern(first) {
        return NotHttp(class);
    }
    let open = is_prefix_of_pattern(first) || is_http_prefix(first);
    let rule = match byte {
        b' ' | b'\t' | b'\r' | b'\n' => return white_space(first),
        b'<' => Rule::Is(Class::NotHttpHtml),
        0x14..=0x17 => tls(byte, first),
        0x00 => http2(first),
        b'-' => after(first, |b| b.is_ascii_uppercase(), Class::NotHttpRedis),
        b'$' | b'*' | b':' => after(first, |b| b.is_ascii_digit() || b == b'-', Class::NotHttpRedis),
        b'A'..=b'Z' => name(first),
        _ => Rule::No,
    };
    match rule {
        Rule::Is(class) => NotHttp(class),
        Rule::Open => Undecided,
        Rule::No if open => Undecided,
        Rule::No => NotHttp(Class::NotHttpOther),
    }
}

/// The verdict when no more bytes will come: what was still open is then no HTTP, unless it is the
/// beginning of a status line. `Undecided` for no bytes at all.
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::sniff::{Sniffed, finish};
///
/// assert_eq!(finish(b"HTT"), Sniffed::Http1);
/// assert_eq!(finish(b"\x15"), Sniffed::NotHttp(Class::NotHttpOther));
/// assert_eq!(finish(b""), Sniffed::Undecided);
/// ```
#[must_use]
pub fn finish(first: &[u8]) -> Sniffed {
    match sniff(first) {
        Sniffed::Undecided if first.is_empty() => Sniffed::Undecided,
        Sniffed::Undecided if is_http_prefix(first) || first.iter().all(|&b| is_white(b)) => Sniffed::Http1,
        Sniffed::Undecided => Sniffed::NotHttp(Class::NotHttpOther),
        verdict @ (Sniffed::Http1 | Sniffed::NotHttp(_)) => verdict,
    }
}

/// No rule needs to see more bytes than this.
const LONGEST: usize = 16;

/// Beginnings that tell by themselves. None is a prefix of another.
const PATTERNS: [(&[u8], Class); 19] = [
    (b"PRI *", Class::NotHttpHttp2Preface),
    (b"SSH-", Class::NotHttpSsh),
    (b"220 ", Class::NotHttpSmtpFtp),
    (b"220-", Class::NotHttpSmtpFtp),
    (b"120 ", Class::NotHttpSmtpFtp),
    (b"120-", Class::NotHttpSmtpFtp),
    (b"421 ", Class::NotHttpSmtpFtp),
    (b"421-", Class::NotHttpSmtpFtp),
    (b"554 ", Class::NotHttpSmtpFtp),
    (b"554-", Class::NotHttpSmtpFtp),
    (b"+OK", Class::NotHttpPopImap),
    (b"* OK", Class::NotHttpPopImap),
    (b"* BYE", Class::NotHttpPopImap),
    (b"* PREAUTH", Class::NotHttpPopImap),
    (b"+PONG", Class::NotHttpRedis),
    (b"AMQP", Class::NotHttpOtherProtocol),
    (b"ICY ", Class::NotHttpOtherProtocol),
    (b"RFB ", Class::NotHttpOtherProtocol),
    (b"@RSYNCD:", Class::NotHttpOtherProtocol),
];

/// The methods of RFC 9110 section 9.3, and PATCH (RFC 5789).
const METHODS: [&[u8]; 9] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

/// What one rule says.
enum Rule {
    Is(Class),
    Open,
    No,
}

fn match_pattern(first: &[u8]) -> Option<Class> {
    PATTERNS.iter().find(|(pattern, _)| first.starts_with(pattern)).map(|&(_, class)| class)
}

fn is_prefix_of_pattern(first: &[u8]) -> bool {
    PATTERNS.iter().any(|(pattern, _)| pattern.starts_with(first))
}

fn is_http_prefix(first: &[u8]) -> bool {
    b"HTTP/".get(..first.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(first))
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A page without a head often begins with an empty line or an indent. White space before anything
/// else is an ill-formed status line.
fn white_space(first: &[u8]) -> Sniffed {
    match first.iter().find(|&&b| !is_white(b)) {
        Some(b'<') => Sniffed::NotHttp(Class::NotHttpHtml),
        Some(_) => Sniffed::Http1,
        None if first.len() < LONGEST => Sniffed::Undecided,
        None => Sniffed::Http1,
    }
}

fn tls(content_type: u8, first: &[u8]) -> Rule {
    match (first.get(1), first.get(2)) {
        (None, _) | (Some(3), None) => Rule::Open,
        (Some(3), Some(0..=4)) if content_type == 0x15 => Rule::Is(Class::NotHttpTlsAlert),
        (Some(3), Some(0..=4)) => Rule::Is(Class::NotHttpTlsRecord),
        (Some(_), _) => Rule::No,
    }
}

fn http2(first: &[u8]) -> Rule {
    match (first.get(1), first.get(3)) {
        (None, _) | (Some(0), None) => Rule::Open,
        (Some(0), Some(4 | 7)) => Rule::Is(Class::NotHttpHttp2Frame),
        (Some(_), _) => Rule::No,
    }
}

fn after(first: &[u8], fits: impl Fn(u8) -> bool, class: Class) -> Rule {
    match first.get(1) {
        None => Rule::Open,
        Some(&byte) if fits(byte) => Rule::Is(class),
        Some(_) => Rule::No,
    }
}

/// A run of capitals: a method before a space, a protocol before a slash.
fn name(first: &[u8]) -> Rule {
    let end = first.iter().position(|b| !b.is_ascii_uppercase()).unwrap_or(first.len());
    let (name, rest) = first.split_at_checked(end).unwrap_or((first, &[]));
    match rest {
        [] if first.len() < LONGEST => Rule::Open,
        [b' ', ..] if METHODS.contains(&name) => Rule::Is(Class::NotHttpRequest),
        [b' ', b'/' | b'*', ..] => Rule::Is(Class::NotHttpRequest),
        [b'/', ..] if name.starts_with(b"HT") => Rule::No,
        [b'/', digit, ..] if digit.is_ascii_digit() => Rule::Is(Class::NotHttpOtherProtocol),
        [b' ' | b'/'] if first.len() < LONGEST => Rule::Open,
        _ => Rule::No,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    /// Bytes, verdict, and how many of them it takes to know.
    const CASES: &[(&[u8], Option<Class>, usize)] = &[
        (b"HTTP/1.1 200 OK\r\n", None, 5),
        (b"http/1.1 200 OK\r\n", None, 5),
        (b"HTTP/2.0 200 OK\r\n", None, 5),
        (b"\r\nHTTP/1.1 200 OK\r\n", None, 3),
        (b" / HTTP/1.1\r\n", None, 2),
        (b"\x15\x03\x01\x00\x02\x02\x46", Some(Class::NotHttpTlsAlert), 3),
        (b"\x15\x02\x01", Some(Class::NotHttpOther), 2),
        (b"\x15\x03\x05", Some(Class::NotHttpOther), 3),
        (b"\x16\x03\x03\x00\x7a", Some(Class::NotHttpTlsRecord), 3),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", Some(Class::NotHttpHttp2Frame), 4),
        (b"\x00\x00\x08\x07\x00\x00\x00\x00\x00", Some(Class::NotHttpHttp2Frame), 4),
        (b"\x00\x00\x08\x01", Some(Class::NotHttpOther), 4),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Class::NotHttpHttp2Preface), 5),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Some(Class::NotHttpSsh), 4),
        (b"220 mail.example ESMTP\r\n", Some(Class::NotHttpSmtpFtp), 4),
        (b"220-ftp.example\r\n", Some(Class::NotHttpSmtpFtp), 4),
        (b"554 no SMTP service here\r\n", Some(Class::NotHttpSmtpFtp), 4),
        (b"200 OK\r\n", Some(Class::NotHttpOther), 2),
        (b"+OK POP3 ready\r\n", Some(Class::NotHttpPopImap), 3),
        (b"* OK IMAP4rev1\r\n", Some(Class::NotHttpPopImap), 4),
        (b"* BYE overloaded\r\n", Some(Class::NotHttpPopImap), 5),
        (b"-ERR wrong number of arguments for 'get' command\r\n", Some(Class::NotHttpRedis), 2),
        (b"-DENIED Redis is running in protected mode", Some(Class::NotHttpRedis), 2),
        (b"$-1\r\n", Some(Class::NotHttpRedis), 2),
        (b"*2\r\n", Some(Class::NotHttpRedis), 2),
        (b"+PONG\r\n", Some(Class::NotHttpRedis), 5),
        (b"<!DOCTYPE html>", Some(Class::NotHttpHtml), 1),
        (b"\n  <html>", Some(Class::NotHttpHtml), 4),
        (b"GET / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 4),
        (b"HEAD / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 5),
        (b"CONNECT example:443 HTTP/1.1\r\n", Some(Class::NotHttpRequest), 8),
        (b"PURGE /x HTTP/1.1\r\n", Some(Class::NotHttpRequest), 7),
        (b"PRIME / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 7),
        (b"RTSP/1.0 200 OK\r\n", Some(Class::NotHttpOtherProtocol), 6),
        (b"ICE/1.1 200 OK\r\n", Some(Class::NotHttpOtherProtocol), 5),
        (b"ICY 200 OK\r\n", Some(Class::NotHttpOtherProtocol), 4),
        (b"AMQP\x00\x00\x09\x01", Some(Class::NotHttpOtherProtocol), 4),
        (b"HTP/1.1 200 OK\r\n", Some(Class::NotHttpOther), 4),
        (b"HTTPER/1.1 200 OK\r\n", Some(Class::NotHttpOther), 7),
        (b"HTTP 200 OK\r\n", Some(Class::NotHttpOther), 6),
        (b"hello", Some(Class::NotHttpOther), 2),
        (b"{\"error\":1}", Some(Class::NotHttpOther), 1),
        (b"J\x00\x00\x00\x0a8.0.36", Some(Class::NotHttpOther), 2),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", Some(Class::NotHttpOther), 16),
    ];

    fn verdict(class: Option<Class>) -> Sniffed {
        class.map_or(Sniffed::Http1, Sniffed::NotHttp)
    }

    #[test]
    fn names_what_answered_as_soon_as_the_bytes_tell() {
        for &(bytes, class, needed) in CASES {
            for n in 0..=bytes.len() {
                let expected = if n < needed { Sniffed::Undecided } else { verdict(class) };
                assert_eq!(sniff(&bytes[..n]), expected, "{:?} cut at {n}", bytes.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn no_pattern_begins_another() {
        for (n, (a, _)) in PATTERNS.iter().enumerate() {
            assert!(a.len() <= LONGEST);
            for (m, (b, _)) in PATTERNS.iter().enumerate() {
                assert!(n == m || !a.starts_with(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn an_end_decides_what_was_open() {
        for (bytes, expected) in [
            (&b"H"[..], Sniffed::Http1),
            (b"\r\n", Sniffed::Http1),
            (b"HTTP/1.1 200", Sniffed::Http1),
            (b"HE", Sniffed::NotHttp(Class::NotHttpOther)),
            (b"22", Sniffed::NotHttp(Class::NotHttpOther)),
            (b"SSH-", Sniffed::NotHttp(Class::NotHttpSsh)),
        ] {
            assert_eq!(finish(bytes), expected, "{bytes:?}");
        }
    }

    /// Bytes near the rules: random ones alone would hardly ever get past the first.
    fn near() -> impl Strategy<Value = Vec<u8>> {
        (prop::sample::select(CASES), 0_usize..20, prop::collection::vec(any::<u8>(), 0..24)).prop_map(
            |((bytes, _, _), keep, tail)| {
                let mut v = bytes[..keep.min(bytes.len())].to_vec();
                v.extend(tail);
                v
            },
        )
    }

    proptest! {
        #[test]
        fn one_verdict_for_ever(bytes in near()) {
            let mut decided = None;
            for n in 0..=bytes.len() {
                match (decided, sniff(&bytes[..n])) {
                    (None, Sniffed::Undecided) => prop_assert!(n < LONGEST),
                    (None, verdict) => decided = Some(verdict),
                    (Some(was), now) => prop_assert_eq!(was, now),
                }
            }
        }

        #[test]
        fn only_not_http_classes(bytes in near()) {
            if let Sniffed::NotHttp(class) = finish(&bytes) {
                prop_assert!(class.as_str().starts_with("not_http."));
            }
        }
    }
}
