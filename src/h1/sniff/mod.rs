//! What answered instead of HTTP/1, told by its first bytes.
//!
//! As soon as the bytes tell, and never differently for more of them. A TLS alert has
//! no line end to wait for, and an SSH server waits for us while we wait for it.

mod greeting;
mod packet;

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
/// Growing prefixes of the same bytes are [`Undecided`](Sniffed::Undecided) for at most 16 bytes (a greeting of SMTP or
/// FTP for its line, at most 128) and then have one verdict for ever.
///
/// | bytes | class | source |
/// |---|---|---|
/// | `15 03 00`–`15 03 04` | `tls_alert` | RFC 8446 section 5.1: content type 21, legacy version |
/// | `14`, `16`, `17`, then `03 00`–`03 04` | `tls_record` | RFC 8446 section 5.1 |
/// | `00 00 xx 04`, 6 bytes a setting, no flag, stream 0 | `http2_settings` | RFC 9113 sections 3.4, 4.1, 6.5: SETTINGS comes first |
/// | `00 00 xx 07`, 8 bytes or more, stream 0 | `http2_goaway` | RFC 9113 sections 3.4, 6.8: or GOAWAY |
/// | another `00 00 xx 04` or `07` | `http2_frame` | RFC 9113 section 4.1 |
/// | `PRI *` | `http2_preface` | RFC 9113 section 3.4 |
/// | `SSH-` | `ssh` | RFC 4253 section 4.2 |
/// | `220` or `421`, SP or `-`, and `ESMTP` or `SMTP` in the line | `smtp` | RFC 5321 sections 4.2, 4.3.1 |
/// | the same with `FTP` or a name that ends in `FTPd` | `ftp` | RFC 959 section 5.4 |
/// | the same with neither, or with both | `smtp_ftp` | |
/// | `554`, then SP or `-` | `smtp` | RFC 5321 section 3.1: instead of a greeting |
/// | `120`, then SP or `-` | `ftp` | RFC 959 section 5.4: "ready in nnn minutes" |
/// | `+OK` | `pop3` | RFC 1939 section 4 |
/// | `* OK`, `* BYE`, `* PREAUTH` | `imap` | RFC 9051 section 7.1 |
/// | `-` and a capital; `$`, `*`, `:` and a digit or `-`; `+PONG` | `redis` | RESP: what Redis says to `GET / HTTP/1.1` is `-ERR` |
/// | `ERROR` CR LF, `CLIENT_ERROR `, `SERVER_ERROR ` | `memcached` | memcached, doc/protocol.txt, "Error strings": a command that there is not |
/// | `xx 00 00 00 0a`, then `8.` or `10.` | `mysql` | MySQL, Protocol::HandshakeV10: length, sequence 0, version 10, the server's version |
/// | `xx 00 00 00 ff`, then 1000 to 1999 | `mysql` | MySQL, ERR_Packet, instead of that: 1040 too many connections, 1130 host not allowed |
/// | `E 00 00 xx xx`, then `S`, `V`, `C` or `M` and text | `postgres` | PostgreSQL, ErrorResponse: type, length, the first field (severity, code, message) |
/// | `<`, after white space too | `html` | HTTP/0.9; what nginx sends for a bad request line |
/// | capitals, SP, then `/` or `*`; or a method of RFC 9110 and SP | `request` | RFC 9112 section 3: an echo server, or a client |
/// | `RTSP/`, a digit | `rtsp` | RFC 2326 section 7.1, RFC 7826 section 8 |
/// | `SIP/`, a digit | `sip` | RFC 3261 section 7.2 |
/// | other capitals, `/`, a digit | `other_protocol` | their shape: ICAP/1.0 (RFC 3507) |
/// | `ICY `, a digit | `icy` | SHOUTcast: `ICY 200 OK` |
/// | `AMQP`, then `00`–`03` | `amqp` | AMQP 0-9-1 section 4.2.2: the server "MUST respond with a valid protocol header"; AMQP 1.0 section 2.2 |
/// | `RFB 0` | `vnc` | RFC 6143 section 7.1.1: `RFB 003.008` |
/// | `@RSYNCD:` | `rsync` | rsync, clientserver.c |
/// | anything else | `other` | |
///
/// What a server says to none but who speaks its protocol (PostgreSQL's `R`, say) is in no row: nobody got it by HTTP.
///
/// A name that begins like HTTP's and is not (`HTP/1.1`, `HTTPS/1.1`) is `other`: a misspelling, not
/// a protocol. `http/1.1` is [`Http1`](Sniffed::Http1), because RFC 9112 section 2.3 makes its case a
/// matter of the status line.
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::{Sniffed, sniff};
///
/// assert_eq!(sniff(b"SSH-2.0-OpenSSH_9.6\r\n"), Sniffed::NotHttp(Class::NotHttpSsh));
/// assert_eq!(sniff(b"\x15\x03\x01"), Sniffed::NotHttp(Class::NotHttpTlsAlert));
/// assert_eq!(sniff(b"HTT"), Sniffed::Undecided);
/// assert_eq!(sniff(b"HTTP/"), Sniffed::Http1);
/// ```
#[must_use]
pub fn sniff(first: &[u8]) -> Sniffed {
    match look(first) {
        Look::Http1 => Sniffed::Http1,
        Look::Is(class) => Sniffed::NotHttp(class),
        Look::Open(_) => Sniffed::Undecided,
    }
}

/// The verdict when no more bytes will come: what was still open is then no HTTP, unless it is the
/// beginning of a status line. `Undecided` for no bytes at all.
///
/// ```
/// use badgateway::fault::Class;
/// use badgateway::h1::{Sniffed, sniff_at_end};
///
/// assert_eq!(sniff_at_end(b"HTT"), Sniffed::Http1);
/// assert_eq!(sniff_at_end(b"\x15"), Sniffed::NotHttp(Class::NotHttpOther));
/// assert_eq!(sniff_at_end(b""), Sniffed::Undecided);
/// ```
#[must_use]
pub fn sniff_at_end(first: &[u8]) -> Sniffed {
    match look(first) {
        Look::Http1 => Sniffed::Http1,
        Look::Is(class) => Sniffed::NotHttp(class),
        Look::Open(_) if first.is_empty() => Sniffed::Undecided,
        Look::Open(_) if is_http_prefix(first) || first.iter().all(|&b| is_white(b)) => Sniffed::Http1,
        Look::Open(class) => Sniffed::NotHttp(class),
    }
}

/// No rule but the one about greetings needs to see more bytes than this.
const LONGEST: usize = 16;

/// Beginnings that tell by themselves, or (`NotHttpSmtpFtp`) with the line that they begin. None is a prefix of another.
const PATTERNS: [(&[u8], Class); 24] = [
    (b"PRI *", Class::NotHttpHttp2Preface),
    (b"SSH-", Class::NotHttpSsh),
    (b"220 ", Class::NotHttpSmtpFtp),
    (b"220-", Class::NotHttpSmtpFtp),
    (b"421 ", Class::NotHttpSmtpFtp),
    (b"421-", Class::NotHttpSmtpFtp),
    (b"120 ", Class::NotHttpFtp),
    (b"120-", Class::NotHttpFtp),
    (b"554 ", Class::NotHttpSmtp),
    (b"554-", Class::NotHttpSmtp),
    (b"+OK", Class::NotHttpPop3),
    (b"* OK", Class::NotHttpImap),
    (b"* BYE", Class::NotHttpImap),
    (b"* PREAUTH", Class::NotHttpImap),
    (b"+PONG", Class::NotHttpRedis),
    (b"ERROR\r\n", Class::NotHttpMemcached),
    (b"CLIENT_ERROR ", Class::NotHttpMemcached),
    (b"SERVER_ERROR ", Class::NotHttpMemcached),
    (b"AMQP\x00", Class::NotHttpAmqp),
    (b"AMQP\x01", Class::NotHttpAmqp),
    (b"AMQP\x02", Class::NotHttpAmqp),
    (b"AMQP\x03", Class::NotHttpAmqp),
    (b"RFB 0", Class::NotHttpVnc),
    (b"@RSYNCD:", Class::NotHttpRsync),
];

/// The methods of RFC 9110 section 9.3, and PATCH (RFC 5789).
const METHODS: [&[u8]; 9] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

/// What the bytes say. A rule that they do not fit says `None`.
enum Look {
    Http1,
    Is(Class),
    /// Not yet; and this, if nothing more comes.
    Open(Class),
}

const OPEN: Look = Look::Open(Class::NotHttpOther);

fn look(first: &[u8]) -> Look {
    let all = first;
    let first = first.get(..LONGEST).unwrap_or(first);
    let Some(&byte) = first.first() else { return OPEN };
    if first.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/")) {
        return Look::Http1;
    }
    match match_pattern(first) {
        Some(Class::NotHttpSmtpFtp) => return greeting::whose(all),
        Some(class) => return Look::Is(class),
        None => {}
    }
    if is_white(byte) {
        return white_space(first);
    }
    let rule = match byte {
        b'<' => Some(Look::Is(Class::NotHttpHtml)),
        0x14..=0x17 => packet::tls(byte, first),
        0x00 => packet::http2(first),
        b'-' => after(first, |b| b.is_ascii_uppercase(), Class::NotHttpRedis),
        b'$' | b'*' | b':' => after(first, |b| b.is_ascii_digit() || b == b'-', Class::NotHttpRedis),
        b'A'..=b'Z' => name(first),
        _ => None,
    };
    // Whether the first byte is a letter or a length, the second tells.
    let open = first.len() == 1 || is_prefix_of_pattern(first) || is_http_prefix(first);
    match packet::of_database(first).or(rule) {
        Some(Look::Is(class)) if first.len() == 1 => Look::Open(class),
        Some(look) => look,
        None if open => OPEN,
        None => Look::Is(Class::NotHttpOther),
    }
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
fn white_space(first: &[u8]) -> Look {
    match first.iter().find(|&&b| !is_white(b)) {
        Some(b'<') => Look::Is(Class::NotHttpHtml),
        Some(_) => Look::Http1,
        None if first.len() < LONGEST => OPEN,
        None => Look::Http1,
    }
}

fn after(first: &[u8], fits: impl Fn(u8) -> bool, class: Class) -> Option<Look> {
    match first.get(1) {
        None => Some(OPEN),
        Some(&byte) if fits(byte) => Some(Look::Is(class)),
        Some(_) => None,
    }
}

/// A run of capitals: a method before a space, a protocol before a slash.
fn name(first: &[u8]) -> Option<Look> {
    let end = first.iter().position(|b| !b.is_ascii_uppercase()).unwrap_or(first.len());
    let (name, rest) = first.split_at_checked(end).unwrap_or((first, &[]));
    Some(match rest {
        [] if first.len() < LONGEST => OPEN,
        [b' ', ..] if METHODS.contains(&name) => Look::Is(Class::NotHttpRequest),
        [b' ', b'/' | b'*', ..] => Look::Is(Class::NotHttpRequest),
        [b' ', b'0'..=b'9', ..] if name == b"ICY" => Look::Is(Class::NotHttpIcy),
        [b'/', ..] if name.starts_with(b"HT") => return None,
        [b'/', b'0'..=b'9', ..] => Look::Is(match name {
            b"RTSP" => Class::NotHttpRtsp,
            b"SIP" => Class::NotHttpSip,
            _ => Class::NotHttpOtherProtocol,
        }),
        [b' ' | b'/'] if first.len() < LONGEST => OPEN,
        _ => return None,
    })
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
        (b"\0\0\x12\x04\0\0\0\0\0\0\x03", Some(Class::NotHttpHttp2Settings), 9),
        (b"\0\0\0\x04\0\x80\0\0\0", Some(Class::NotHttpHttp2Settings), 9),
        (b"\0\0\x08\x07\0\0\0\0\0\0", Some(Class::NotHttpHttp2Goaway), 9),
        (b"\0\0\x07\x04\0\0\0\0\0", Some(Class::NotHttpHttp2Frame), 9), // no whole settings
        (b"\0\0\0\x04\x01\0\0\0\0", Some(Class::NotHttpHttp2Frame), 9), // an acknowledgment
        (b"\0\0\x06\x04\0\0\0\0\x01", Some(Class::NotHttpHttp2Frame), 9), // of a stream
        (b"\0\0\x04\x07\0\0\0\0\0", Some(Class::NotHttpHttp2Frame), 9), // too short
        (b"\0\0\x08\x07\0\0\0\0\x03", Some(Class::NotHttpHttp2Frame), 9),
        (b"\0\0\x08\x01", Some(Class::NotHttpOther), 4),
        (b"\0\x01\0\x04", Some(Class::NotHttpOther), 2),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Class::NotHttpHttp2Preface), 5),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Some(Class::NotHttpSsh), 4),
        (b"200 OK\r\n", Some(Class::NotHttpOther), 2),
        (b"220 mail.example ESMTP Postfix\r\n", Some(Class::NotHttpSmtp), 32),
        (b"220-mx.example ESMTP Exim 4.96\r\n220 ", Some(Class::NotHttpSmtp), 32),
        (b"220 mail.example Microsoft ESMTP MAIL Service\n", Some(Class::NotHttpSmtp), 46),
        (b"220 ftp ESMTP Postfix\r\n", Some(Class::NotHttpSmtp), 23),
        (b"220 ESMTP\r\n", Some(Class::NotHttpSmtp), 11),
        (b"421 mail.example SMTP, too busy\r\n", Some(Class::NotHttpSmtp), 33),
        (b"554 no SMTP service here\r\n", Some(Class::NotHttpSmtp), 4),
        (b"220 (vsFTPd 3.0.5)\r\n", Some(Class::NotHttpFtp), 20),
        (b"220 ProFTPD Server [::1]\r\n", Some(Class::NotHttpFtp), 26),
        (b"220---------- Welcome to Pure-FTPd [TLS] ----------\r\n", Some(Class::NotHttpFtp), 53),
        (b"220 smtp.example FTP server ready.\r\n", Some(Class::NotHttpFtp), 36),
        (b"220 smtp FTP server ready.\r\n", Some(Class::NotHttpFtp), 28),
        (b"220 FTP ready\r\n", Some(Class::NotHttpFtp), 15),
        (b"120 Service ready in 5 minutes\r\n", Some(Class::NotHttpFtp), 4),
        // Neither's word, or both, or a name only: it may be either.
        (b"220 mail.example ready\r\n", Some(Class::NotHttpSmtpFtp), 24),
        (b"220 ftp.example ready\r\n", Some(Class::NotHttpSmtpFtp), 23),
        (b"220 smtp ready\r\n", Some(Class::NotHttpSmtpFtp), 16),
        (b"220 FileZilla Server 1.7.0\r\n", Some(Class::NotHttpSmtpFtp), 28),
        (b"220 gate FTP and SMTP\r\n", Some(Class::NotHttpSmtpFtp), 23),
        (b"220 a SFTP ESMTPS ftpd-x\r\n", Some(Class::NotHttpSmtpFtp), 26),
        (b"220 \n ESMTP\r\n", Some(Class::NotHttpSmtpFtp), 5),
        (b"421 Too many connections\r\n", Some(Class::NotHttpSmtpFtp), 26),
        (b"+OK POP3 ready\r\n", Some(Class::NotHttpPop3), 3),
        (b"* OK IMAP4rev1\r\n", Some(Class::NotHttpImap), 4),
        (b"* BYE overloaded\r\n", Some(Class::NotHttpImap), 5),
        (b"* NO\r\n", Some(Class::NotHttpOther), 3),
        (b"-ERR wrong number of arguments for 'get' command\r\n", Some(Class::NotHttpRedis), 2),
        (b"-DENIED Redis is running in protected mode", Some(Class::NotHttpRedis), 2),
        (b"$-1\r\n", Some(Class::NotHttpRedis), 2),
        (b"*2\r\n", Some(Class::NotHttpRedis), 2),
        (b"+PONG\r\n", Some(Class::NotHttpRedis), 5),
        (b"<!DOCTYPE html>", Some(Class::NotHttpHtml), 2),
        (b"\n  <html>", Some(Class::NotHttpHtml), 4),
        (b"GET / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 4),
        (b"HEAD / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 5),
        (b"CONNECT example:443 HTTP/1.1\r\n", Some(Class::NotHttpRequest), 8),
        (b"PURGE /x HTTP/1.1\r\n", Some(Class::NotHttpRequest), 7),
        (b"PRIME / HTTP/1.1\r\n", Some(Class::NotHttpRequest), 7),
        (b"RTSP/1.0 200 OK\r\n", Some(Class::NotHttpRtsp), 6),
        (b"SIP/2.0 400 Bad Request\r\n", Some(Class::NotHttpSip), 5),
        (b"RTSPS/1.0 200 OK\r\n", Some(Class::NotHttpOtherProtocol), 7),
        (b"RTSP/x", Some(Class::NotHttpOther), 6),
        (b"ICE/1.1 200 OK\r\n", Some(Class::NotHttpOtherProtocol), 5),
        (b"ICAP/1.0 400 Bad request\r\n", Some(Class::NotHttpOtherProtocol), 6),
        (b"ICY 200 OK\r\n", Some(Class::NotHttpIcy), 5),
        (b"ICY roads\r\n", Some(Class::NotHttpOther), 5),
        (b"AMQP\x00\x00\x09\x01", Some(Class::NotHttpAmqp), 5),
        (b"AMQP\x00\x01\x00\x00", Some(Class::NotHttpAmqp), 5),
        (b"AMQP\x03\x01\x00\x00", Some(Class::NotHttpAmqp), 5),
        (b"AMQP\x04", Some(Class::NotHttpOther), 5),
        (b"AMQP is not spoken here", Some(Class::NotHttpOther), 6),
        (b"AMQP/1.0", Some(Class::NotHttpOtherProtocol), 6),
        (b"RFB 003.008\n", Some(Class::NotHttpVnc), 5),
        (b"RFB radio", Some(Class::NotHttpOther), 5),
        (b"@RSYNCD: 31.0\n", Some(Class::NotHttpRsync), 8),
        (b"@RSYNC: 31.0\n", Some(Class::NotHttpOther), 7),
        (b"ERROR\r\nERROR\r\n", Some(Class::NotHttpMemcached), 7),
        (b"CLIENT_ERROR bad data chunk\r\n", Some(Class::NotHttpMemcached), 13),
        (b"SERVER_ERROR out of memory\r\n", Some(Class::NotHttpMemcached), 13),
        (b"ERROR: no such command\r\n", Some(Class::NotHttpOther), 6),
        (b"ERROR\n", Some(Class::NotHttpOther), 6),
        (b"CLIENT_ERRORS", Some(Class::NotHttpOther), 13),
        (b"Error\r\n", Some(Class::NotHttpOther), 2),
        (b"E\0\0\0\x39SFATAL\0VFATAL\0C0A000\0", Some(Class::NotHttpPostgres), 7),
        (b"E\0\0\x01\x01C08P01\0Mbad packet header\0", Some(Class::NotHttpPostgres), 7),
        // As long as the one that a MySQL server begins an error with, which has a number of two bytes there.
        (b"E\0\0\0\xffSFATAL\0", Some(Class::NotHttpPostgres), 7),
        (b"E\0\0\0\xffS\x04Host '192.0.2.1' is not allowed", Some(Class::NotHttpMysql), 7),
        (b"E\0\0\0\xffM\x07no such thing", Some(Class::NotHttpMysql), 7),
        (b"E\0\0\0\x39S\0", Some(Class::NotHttpOther), 7),
        (b"E\0\0\0\x39s", Some(Class::NotHttpOther), 6),
        (b"E\0\x01\0\x39S", Some(Class::NotHttpOther), 3),
        (b"R\0\0\0\x08\0\0\0\0", Some(Class::NotHttpOther), 5),
        (b"J\0\0\0\x0a8.0.36\0", Some(Class::NotHttpMysql), 7),
        (b"\x6c\0\0\0\x0a11.4.2-MariaDB\0", Some(Class::NotHttpMysql), 8),
        (b"E\0\0\0\x0a5.7.44\0", Some(Class::NotHttpMysql), 7), // as long as an E
        (b"<\0\0\0\x0a5.1.73\0", Some(Class::NotHttpMysql), 7),
        (b"\x16\0\0\0\x0a3.23.58\0", Some(Class::NotHttpMysql), 7),
        (b"E\0\0\0\xff\x6a\x04Host '192.0.2.1' is not allowed", Some(Class::NotHttpMysql), 7),
        (b"\x17\0\0\0\xff\x10\x04Too many connections", Some(Class::NotHttpMysql), 7),
        (b"J\0\0\0\x0a888", Some(Class::NotHttpOther), 8),
        (b"J\0\0\x01\x0a8.0.36\0", Some(Class::NotHttpOther), 4), // not the first packet
        (b"J\0\x01\0\x0a8.0.36\0", Some(Class::NotHttpOther), 3),
        (b"J\0\0\0\x098.0.36\0", Some(Class::NotHttpOther), 5),
        (b"J\0\0\0\x0aabc", Some(Class::NotHttpOther), 6),
        (b"J\0\0\0\xff\xe7\x03", Some(Class::NotHttpOther), 7), // error 999
        (b"J\0\0\0\xff\xd0\x07", Some(Class::NotHttpOther), 7), // 2000
        (b"HTP/1.1 200 OK\r\n", Some(Class::NotHttpOther), 4),
        (b"HTTPER/1.1 200 OK\r\n", Some(Class::NotHttpOther), 7),
        (b"HTTP 200 OK\r\n", Some(Class::NotHttpOther), 6),
        (b"hello", Some(Class::NotHttpOther), 2),
        (b"{\"error\":1}", Some(Class::NotHttpOther), 2),
        (b"\xff\xfb\x90\x64", Some(Class::NotHttpOther), 2),
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
    fn a_greeting_is_not_waited_for_without_end() {
        let line = |before: usize| format!("220 {} ESMTP", "a".repeat(before - 4)).into_bytes();
        let whole = greeting::LONGEST - " ESMTP".len();
        for (bytes, class) in [(line(whole), Class::NotHttpSmtp), (line(whole + 1), Class::NotHttpSmtpFtp)] {
            assert_eq!(sniff(&bytes[..greeting::LONGEST - 1]), Sniffed::Undecided);
            for bytes in [&bytes[..greeting::LONGEST], &[&bytes[..], b" FTP\r\n"].concat()] {
                assert_eq!(sniff(bytes), Sniffed::NotHttp(class), "{:?}", bytes.escape_ascii().to_string());
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
            (b"<", Sniffed::NotHttp(Class::NotHttpHtml)),
            (b"SSH-", Sniffed::NotHttp(Class::NotHttpSsh)),
            (b"220 mail", Sniffed::NotHttp(Class::NotHttpSmtpFtp)),
            (b"220 mail ESMTP", Sniffed::NotHttp(Class::NotHttpSmtp)),
            (b"J\0\0\0\x0a8", Sniffed::NotHttp(Class::NotHttpOther)),
            (b"\0\0\x06\x04\0", Sniffed::NotHttp(Class::NotHttpHttp2Frame)),
            (b"AMQP", Sniffed::NotHttp(Class::NotHttpOther)),
        ] {
            assert_eq!(sniff_at_end(bytes), expected, "{bytes:?}");
        }
    }

    /// Bytes near the rules: random ones alone would hardly ever get past the first.
    fn near() -> impl Strategy<Value = Vec<u8>> {
        (prop::sample::select(CASES), 0_usize..60, prop::collection::vec(any::<u8>(), 0..24)).prop_map(
            |((bytes, _, _), keep, tail)| {
                let mut v = bytes[..keep.min(bytes.len())].to_vec();
                v.extend(tail);
                v
            },
        )
    }

    /// What more bytes bring changes no verdict. Two rules of which one is done before the other agree only where some
    /// bytes are the one's and some the other's, which chance alone does not find.
    #[test]
    fn no_rule_overrules_another_later() {
        const MOST: usize = 12;
        for ((a, ..), (b, ..)) in CASES.iter().flat_map(|a| CASES.iter().map(move |b| (a, b))) {
            let most = MOST.min(a.len()).min(b.len());
            for (from, to) in (0..most).flat_map(|from| (from + 1..=most).map(move |to| (from, to))) {
                let mut bytes = a.to_vec();
                bytes[from..to].copy_from_slice(&b[from..to]);
                let mut verdicts = (1..=most).map(|n| sniff(&bytes[..n])).skip_while(|v| *v == Sniffed::Undecided);
                let first = verdicts.next();
                assert!(verdicts.all(|v| Some(v) == first), "{}", bytes.escape_ascii());
            }
        }
    }

    proptest! {
        #[test]
        fn one_verdict_for_ever(bytes in near()) {
            let mut decided = None;
            for n in 0..=bytes.len() {
                match (decided, sniff(&bytes[..n])) {
                    (None, Sniffed::Undecided) => {
                        let is_greeting = [b"220", b"421"].iter().any(|code| bytes.starts_with(*code));
                        let most = if is_greeting { greeting::LONGEST } else { LONGEST };
                        prop_assert!(n < most);
                    }
                    (None, verdict) => decided = Some(verdict),
                    (Some(was), now) => prop_assert_eq!(was, now),
                }
            }
        }

        #[test]
        fn only_not_http_classes(bytes in near()) {
            if let Sniffed::NotHttp(class) = sniff_at_end(&bytes) {
                prop_assert!(class.as_str().starts_with("not_http."));
            }
        }
    }
}
