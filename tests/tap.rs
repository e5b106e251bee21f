//! The tap without IO: what it says of byte strings, in every split, and what it makes of coarse faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::time::{Duration, Instant};

use badgateway::exchange::Exchange;
use badgateway::fault::{Category, Class, Code, Confidence, Fault, FaultKind as K, Phase};
use badgateway::tap::{Ended, Observation, Observer};
use http::{Method, StatusCode};
use proptest::prelude::*;

/// Everything an observation says, for comparison.
type Facts = (
    (u64, u64, u64, bool, Option<u16>, u32, u32),
    (Option<u64>, u64, bool, u64, Option<Ended>, Phase, Option<(Class, u64)>),
    (Vec<u8>, Vec<u8>, bool),
);

fn facts(tap: &Observer) -> Facts {
    let o = tap.observation();
    (
        (o.sent(), o.received(), o.head_bytes(), o.head_complete(), o.status(), o.interim(), o.header_lines()),
        (o.expected(), o.body_received(), o.complete(), o.leftover(), o.ended(), o.phase(), o.class()),
        (o.first_bytes().to_vec(), o.last_bytes().to_vec(), tap.is_idle_clean()),
    )
}

fn fed<'a>(method: &Method, pieces: impl IntoIterator<Item = &'a [u8]>, ended: Option<Ended>) -> Observer {
    let now = Instant::now();
    let mut tap = Observer::new();
    tap.begin(method);
    tap.wrote(40, now);
    for piece in pieces {
        tap.read(piece, now);
    }
    if let Some(how) = ended {
        tap.ended(how);
    }
    tap
}

/// Whole, byte by byte, and cut in two everywhere: one observation.
fn in_every_split(method: &Method, bytes: &[u8], ended: Option<Ended>) -> Observation {
    let whole = fed(method, [bytes], ended);
    let expected = facts(&whole);
    assert_eq!(facts(&fed(method, bytes.chunks(1), ended)), expected, "byte by byte: {}", bytes.escape_ascii());
    for n in 0..bytes.len() {
        let (a, b) = bytes.split_at(n);
        assert_eq!(facts(&fed(method, [a, b], ended)), expected, "cut at {n}: {}", bytes.escape_ascii());
    }
    whole.observation()
}

const GET: Method = Method::GET;
const CLEAN: Option<Ended> = Some(Ended::Clean);
const RESET: Option<Ended> = Some(Ended::Reset(Some(104)));
const UNCLEAN: Option<Ended> = Some(Ended::TlsTruncated);

const OK: &str = "HTTP/1.1 200 OK\r\n";
const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789";
const CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
const LAST_LF: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\n";
const TRAILER_LF: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 4\n\r\n";
const QUOTE: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b\r\nh";
const XYZ: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n";
const MINUS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n";
const TO_CLOSE: &str = "HTTP/1.1 200 OK\r\n\r\nhello";
const WHOLE: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[test]
fn follows_responses_in_any_split() {
    use Phase::{Body, Head};
    // Bytes; status, interim responses, field lines; expected, body, complete, leftover; phase.
    type Row = (&'static str, (Option<u16>, u32, u32), (Option<u64>, u64, bool, u64), Phase);
    let rows: &[Row] = &[
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", (Some(200), 0, 1), (Some(5), 5, true, 0), Body),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", (Some(200), 0, 1), (Some(5), 3, false, 0), Body),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!!", (Some(200), 0, 1), (Some(5), 5, true, 2), Body),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", (Some(200), 0, 1), (Some(2), 2, true, 0), Body),
        ("HTTP/1.1 204 No Content\r\nA: b\r\n\r\nx", (Some(204), 0, 1), (None, 0, true, 1), Body),
        (CHUNKS, (Some(200), 0, 1), (None, 6, false, 0), Body),
        (TO_CLOSE, (Some(200), 0, 0), (None, 5, false, 0), Body),
        ("HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\nabc", (Some(101), 0, 1), (None, 3, false, 0), Body),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n",
            (Some(200), 2, 2),
            (Some(0), 0, true, 0),
            Body,
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTT", (None, 1, 0), (None, 0, false, 0), Head),
        ("HTTP/1.1 200 OK\r\nA: b\r\nC", (Some(200), 0, 1), (None, 0, false, 0), Head),
        ("HTTP/1.1 103 Early\r\nA: b\r\nC", (None, 0, 1), (None, 0, false, 0), Head),
        ("HTTP/1.1 20X\r\nA: b\r\n\r\n", (None, 0, 0), (None, 0, false, 0), Head),
        ("SSH-2.0-OpenSSH_9.6\r\n", (None, 0, 0), (None, 0, false, 0), Head),
        ("\x15\x03\x01\x00\x02\x02\x46", (None, 0, 0), (None, 0, false, 0), Head),
    ];
    for &(text, head, body, phase) in rows {
        let seen = in_every_split(&GET, text.as_bytes(), None);
        assert_eq!((seen.status(), seen.interim(), seen.header_lines()), head, "{text:?}");
        assert_eq!((seen.expected(), seen.body_received(), seen.complete(), seen.leftover()), body, "{text:?}");
        assert_eq!((seen.phase(), seen.sent(), seen.received()), (phase, 40, text.len() as u64), "{text:?}");
    }
    let seen = in_every_split(&Method::HEAD, &HALF.as_bytes()[..40], None);
    assert_eq!((seen.expected(), seen.complete(), seen.head_bytes()), (None, true, 40));
}

#[test]
fn a_close_delimited_body_is_complete_at_a_clean_end_only() {
    for (ended, complete) in [(None, false), (CLEAN, true), (UNCLEAN, false), (RESET, false)] {
        assert_eq!(in_every_split(&GET, TO_CLOSE.as_bytes(), ended).complete(), complete, "{ended:?}");
    }
}

#[test]
fn says_when_a_connection_may_be_used_again() {
    for (bytes, ended, clean) in [
        ("", None, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", None, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", CLEAN, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", None, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", None, false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", None, true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", None, false),
        (TO_CLOSE, None, false),
        (INTERIM, None, false),
        ("oops", None, false),
    ] {
        assert_eq!(fed(&GET, [bytes.as_bytes()], ended).is_idle_clean(), clean, "{bytes:?} {ended:?}");
    }
    let mut fresh = Observer::new();
    assert!(fresh.is_idle_clean());
    fresh.read(b"220 hello\r\n", Instant::now());
    assert!(!fresh.is_idle_clean());
}

#[test]
fn begin_keeps_what_came_before_the_first_exchange() {
    let mut tap = Observer::new();
    tap.read(b"SSH-2.0-x\r\n", Instant::now());
    tap.begin(&GET);
    let seen = tap.observation();
    assert_eq!((seen.received(), seen.first_bytes()), (11, &b"SSH-2.0-x\r\n"[..]));
    assert_eq!((seen.class(), seen.waited()), (Some((Class::NotHttpSsh, 0)), None));
}

#[test]
fn begin_forgets_the_last_exchange() {
    let mut tap = fed(&Method::HEAD, [WHOLE.as_bytes()], None);
    tap.begin(&GET);
    let mut new = Observer::new();
    new.begin(&GET);
    assert_eq!(facts(&tap), facts(&new));
    let seen = tap.observation();
    assert_eq!((seen.first_write(), seen.last_write(), seen.first_read(), seen.last_read()), (None, None, None, None));
    assert_eq!((seen.waited(), seen.phase()), (None, Phase::Send));
}

#[test]
fn begin_keeps_what_nobody_asked_for() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n".to_owned() + &"x".repeat(600);
    let late = "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n";
    for answer in [WHOLE, &answer] {
        // A 408 to an idle connection, just as it is used again.
        let mut tap = fed(&GET, [answer.as_bytes(), late.as_bytes()], CLEAN);
        assert_eq!(tap.observation().leftover(), late.len() as u64);
        tap.begin(&GET);
        let seen = tap.observation();
        assert_eq!((seen.sent(), seen.status(), seen.ended()), (0, Some(408), CLEAN));
        assert_eq!(seen.first_bytes(), late.as_bytes());

        // Too much of it to be kept: the number alone, and no guess at the rest.
        let mut tap = fed(&GET, [answer.as_bytes(), &[b'x'; 5000]], None);
        tap.begin(&GET);
        tap.read(b"more", Instant::now());
        let seen = tap.observation();
        assert_eq!((seen.received(), seen.first_bytes(), seen.last_bytes()), (5004, &b""[..], &b"more"[..]));
        assert_eq!((seen.status(), seen.class(), tap.is_idle_clean()), (None, None, false));
    }
}

#[test]
fn times_are_the_callers() {
    let t = Duration::from_millis;
    let start = Instant::now();
    let mut tap = Observer::new();
    tap.begin(&GET);
    tap.wrote(10, start);
    tap.wrote(10, start + t(5));
    tap.wrote(0, start + t(6));
    tap.read(b"", start + t(7));
    assert_eq!(tap.observation().waited(), None);
    tap.read(b"H", start + t(100));
    tap.wrote(10, start + t(120));
    tap.read(b"T", start + t(150));
    let seen = tap.observation();
    assert_eq!(seen.waited(), Some(t(95)));
    assert_eq!((seen.first_write(), seen.last_write()), (Some(start), Some(start + t(120))));
    assert_eq!((seen.first_read(), seen.last_read()), (Some(start + t(100)), Some(start + t(150))));
}

#[test]
fn the_first_end_counts_but_a_failure_gives_way() {
    let (clean, reset, failed) = (Ended::Clean, Ended::Reset(Some(104)), Ended::Failed(Some(32)));
    for (first, then, expected) in [
        (clean, reset, clean),
        (reset, clean, reset),
        (failed, reset, reset),
        (failed, clean, clean),
        (Ended::TlsTruncated, failed, Ended::TlsTruncated),
    ] {
        let mut tap = Observer::new();
        tap.ended(first);
        tap.ended(then);
        assert_eq!(tap.observation().ended(), Some(expected), "{first:?} {then:?}");
    }
}

#[test]
fn sharpens_coarse_faults() {
    let big = format!("{OK}A: {}", "b".repeat(20_000));
    let ordinary = format!("{OK}{}", format!("A: {}\r\n", "b".repeat(1000)).repeat(20));
    let many = format!("{OK}{}", "A: b\r\n".repeat(101));
    // hyper cannot be set to take fewer than 8192 bytes of a head: one that is no larger was given up for its fields.
    let head_of = |bytes: usize| many.clone() + "X: " + &"x".repeat(bytes - many.len() - 3);
    let (small, not_small) = (head_of(8192), head_of(8193));
    let whole_many = format!("{OK}{}Content-Length: 0\r\n\r\n", "A: b\r\n".repeat(60));
    let overflow = format!("{OK}{}Content-Length: 18446744073709551615\r\n\r\n", "A: bcdefghijklmno\r\n".repeat(60));
    let (line, headers) = (Some(Class::PrematureEofStatusLine), Some(Class::PrematureEofHeaders));
    let (empty, length) = (Some(Class::PrematureEofEmpty), Some(Class::PrematureEofContentLengthBody));
    type Row<'a> = (K, &'a str, Option<Ended>, K, Option<Class>);
    let rows: &[Row<'_>] = &[
        // A parse error, whatever the library called it.
        (K::BadStatusLine, "SSH-2.0-x\r\n", None, K::NotHttp, Some(Class::NotHttpSsh)),
        (K::BadHeader, "HTTP/1.1 20X\r\n", None, K::BadStatusLine, Some(Class::StatusLineCode)),
        (K::BadStatusLine, "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", None, K::BadHeader, Some(Class::HeaderSpaceBeforeColon)),
        (
            K::BadHeader,
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
            None,
            K::AmbiguousFraming,
            Some(Class::FramingClPlus),
        ),
        (
            K::BadHeader,
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            None,
            K::AmbiguousFraming,
            Some(Class::FramingTeInHttp10),
        ),
        // Its bytes before its meaning: nobody knows what the field would have said.
        (
            K::BadHeader,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
            None,
            K::BadHeader,
            Some(Class::HeaderValueCtl),
        ),
        (
            K::BadHeader,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\0\r\nContent-Length: 5\r\n\r\n",
            None,
            K::BadHeader,
            Some(Class::HeaderValueNul),
        ),
        (
            K::BadHeader,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\rA: 6\r\n\r\n",
            None,
            K::BadHeader,
            Some(Class::HeaderBareCr),
        ),
        (
            K::BadHeader,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\x7f\r\nTransfer-Encoding: gzip\r\n\r\n",
            None,
            K::BadHeader,
            Some(Class::HeaderValueCtl),
        ),
        (K::BadStatusLine, OK, None, K::BadStatusLine, None),
        (K::NotHttp, "\x15\x03\x01\0\x02\x02\x46", CLEAN, K::NotHttp, Some(Class::NotHttpTlsAlert)),
        (K::NotHttp, "HE", CLEAN, K::NotHttp, Some(Class::NotHttpOther)),
        // Given up before the greeting was whole, and not.
        (K::NotHttp, "220 mail.example ES", None, K::NotHttp, Some(Class::NotHttpSmtpFtp)),
        (K::NotHttp, "220 mail.example ESMTP\r\n", None, K::NotHttp, Some(Class::NotHttpSmtp)),
        (K::UnsolicitedResponse, "J\0\0\0\x0a8.0.36\0", None, K::NotHttp, Some(Class::NotHttpMysql)),
        (K::UnsolicitedResponse, "J\0\0\0\x0a", None, K::NotHttp, Some(Class::NotHttpOther)),
        // "Message head is too large", in its three meanings.
        (K::HeadTooLarge, &big, None, K::HeadTooLarge, Some(Class::TooLargeHeaderLongLines)),
        (K::HeadTooLarge, &ordinary, None, K::HeadTooLarge, Some(Class::TooLargeHeaderBytes)),
        (K::HeadTooLarge, &many, None, K::TooManyHeaders, Some(Class::TooLargeHeaderCount)),
        (K::HeadTooLarge, &small, None, K::TooManyHeaders, Some(Class::TooLargeHeaderCount)),
        (K::HeadTooLarge, &not_small, None, K::HeadTooLarge, Some(Class::TooLargeHeaderBytes)),
        (K::HeadTooLarge, &whole_many, None, K::TooManyHeaders, Some(Class::TooLargeHeaderCount)),
        (K::HeadTooLarge, &overflow, None, K::AmbiguousFraming, Some(Class::FramingClOverflow)),
        (K::TooManyHeaders, &big, None, K::TooManyHeaders, None),
        // Closed or reset, before the head or in it.
        (K::ClosedBeforeResponse, "", CLEAN, K::ClosedBeforeResponse, empty),
        (K::ClosedBeforeResponse, "HTTP/1.1 200 OK\r\nA: b", CLEAN, K::HeadTruncated, headers),
        (K::ClosedBeforeResponse, "HTTP/1.1 2", CLEAN, K::HeadTruncated, line),
        (K::ClosedBeforeResponse, INTERIM, CLEAN, K::HeadTruncated, Some(Class::PrematureEofAfterInterim)),
        (K::ClosedBeforeResponse, "220 mail\r\n", CLEAN, K::NotHttp, Some(Class::NotHttpSmtpFtp)),
        (K::HeadTruncated, "", CLEAN, K::ClosedBeforeResponse, empty),
        (K::HeadTruncated, "", RESET, K::ResetBeforeResponse, None),
        (K::ResetBeforeResponse, OK, RESET, K::HeadReset, None),
        (K::ResetBeforeResponse, OK, None, K::HeadReset, None),
        (K::HeadReset, "", None, K::ResetBeforeResponse, None),
        (K::Unclassified, "", RESET, K::ResetBeforeResponse, None),
        (K::Unclassified, "", CLEAN, K::ClosedBeforeResponse, empty),
        (K::Unclassified, OK, CLEAN, K::HeadTruncated, headers),
        (K::Unclassified, "SSH-2.0-x\r\n", None, K::NotHttp, Some(Class::NotHttpSsh)),
        (K::Unclassified, OK, None, K::Unclassified, None),
        (K::Unclassified, WHOLE, CLEAN, K::Unclassified, None),
        (K::Unclassified, "", Some(Ended::Failed(None)), K::Unclassified, None),
        (K::Unclassified, "", Some(Ended::Failed(Some(110))), K::ResetBeforeResponse, None),
        (K::SendReset, "", RESET, K::SendReset, None),
        (K::SendReset, OK, RESET, K::HeadReset, None),
        (K::SendReset, WHOLE, CLEAN, K::SendReset, None),
        // In the body.
        (K::BodyTruncated, HALF, CLEAN, K::BodyTruncated, length),
        (K::BodyTruncated, HALF, RESET, K::BodyReset, None),
        (K::BodyReset, HALF, CLEAN, K::BodyTruncated, length),
        (K::ClosedBeforeResponse, HALF, CLEAN, K::BodyTruncated, length),
        (K::Unclassified, HALF, RESET, K::BodyReset, None),
        (K::BodyTruncated, CHUNKS, CLEAN, K::BodyTruncated, Some(Class::PrematureEofChunkData)),
        (K::BodyTruncated, "", CLEAN, K::ClosedBeforeResponse, empty),
        (K::TlsTruncated, TO_CLOSE, UNCLEAN, K::TlsTruncated, None),
        (K::BodyTruncated, TO_CLOSE, UNCLEAN, K::TlsTruncated, None),
        (K::TlsTruncated, HALF, UNCLEAN, K::BodyTruncated, length),
        (K::TlsTruncated, CHUNKS, UNCLEAN, K::BodyTruncated, Some(Class::PrematureEofChunkData)),
        // The library waits for the end of a trailer line, which has come.
        (K::BodyTruncated, LAST_LF, CLEAN, K::BadTrailer, Some(Class::TrailerBareLf)),
        (K::BodyTruncated, TRAILER_LF, CLEAN, K::BadTrailer, Some(Class::TrailerBareLf)),
        (K::BodyReset, TRAILER_LF, RESET, K::BadTrailer, Some(Class::TrailerBareLf)),
        (K::BodyStalled, TRAILER_LF, None, K::BadTrailer, Some(Class::TrailerBareLf)),
        // What the library takes is not why it found the body cut.
        (K::BodyTruncated, QUOTE, CLEAN, K::BodyTruncated, None),
        // hyper's text calls this an empty size; the bytes say what it is.
        (K::BadChunk, XYZ, None, K::BadChunk, Some(Class::ChunkSizeInvalid)),
        (K::BadChunk, MINUS, None, K::BadChunk, Some(Class::ChunkSizeNegative)),
        (K::BadChunk, WHOLE, None, K::BadChunk, None),
        (K::TlsTruncated, OK, UNCLEAN, K::HeadTruncated, headers),
        (K::TlsTruncated, "", UNCLEAN, K::ClosedBeforeResponse, empty),
        // Timers.
        (K::ResponseTimeout, "", None, K::ResponseTimeout, None),
        (K::ResponseTimeout, OK, None, K::HeadStalled, None),
        (K::ResponseTimeout, "HTT", None, K::HeadStalled, None),
        (K::ResponseTimeout, INTERIM, None, K::ResponseTimeout, Some(Class::TimeoutAfterInterim)),
        (K::HeadStalled, INTERIM, None, K::ResponseTimeout, Some(Class::TimeoutAfterInterim)),
        (K::ResponseTimeout, "HTTP/1.1 100 Continue\r\n", None, K::HeadStalled, None),
        (K::ResponseTimeout, "* OK IMAP\r\n", None, K::NotHttp, Some(Class::NotHttpImap)),
        (K::ResponseTimeout, "220 mail", None, K::NotHttp, Some(Class::NotHttpSmtpFtp)),
        (K::ResponseTimeout, "HTTP/1.1 103 \r\n\r\n220 mail", None, K::NotHttp, Some(Class::NotHttpSmtpFtp)),
        (K::HeadStalled, "\0\0\x06\x04\0", None, K::NotHttp, Some(Class::NotHttpHttp2Frame)),
        (K::HeadStalled, "", None, K::ResponseTimeout, None),
        (K::BodyStalled, HALF, None, K::BodyStalled, None),
    ];
    for &(kind, bytes, ended, expected, class) in rows {
        let seen = if bytes.len() < 200 {
            in_every_split(&GET, bytes.as_bytes(), ended)
        } else {
            fed(&GET, [bytes.as_bytes()], ended).observation()
        };
        let fault = seen.refine(Fault::new(kind));
        let what = format!("{kind} {:?} {ended:?}", &bytes[..bytes.len().min(60)]);
        assert_eq!((fault.kind(), fault.class(), fault.phase()), (expected, class, expected.phase()), "{what}");
    }
}

/// What is wrong with the fields that frame the body, and in which line.
#[test]
fn names_the_line_that_frames_the_body_badly() {
    for (fields, expected) in [
        ("Content-Length: 5\r\n", None),
        ("Content-Length: \t5\t\r\n", None),
        ("Transfer-Encoding: chunked\r\n", None),
        ("A: b\r\nContent-Length: +5\r\n", Some((Class::FramingClPlus, 6))),
        ("Content-Length:\r\n", Some((Class::FramingClEmpty, 0))),
        ("Content-Length: 5,\r\n", Some((Class::FramingClEmpty, 0))),
        ("Content-Length: -1\r\n", Some((Class::FramingClNegative, 0))),
        ("Content-Length: 0x5\r\n", Some((Class::FramingClInvalid, 0))),
        ("Content-Length: 1 2\r\n", Some((Class::FramingClSpaced, 0))),
        ("Content-Length: 9223372036854775807\r\n", None),
        ("Content-Length: 9223372036854775808\r\n", Some((Class::FramingClOverflow, 0))),
        ("Content-Length: 99999999999999999999\r\n", Some((Class::FramingClOverflow, 0))),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", Some((Class::FramingClConflict, 19))),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Some((Class::FramingClAndTe, 19))),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Some((Class::FramingClAndTe, 28))),
        ("Content-Length: +5\r\nTransfer-Encoding: chunked\r\n", Some((Class::FramingClAndTe, 20))),
        ("Transfer-Encoding: chunked, chunked\r\n", Some((Class::FramingTeChunkedRepeated, 0))),
        ("Transfer-Encoding: chunked, gzip\r\n", Some((Class::FramingTeChunkedNotFinal, 0))),
        ("Transfer-Encoding: xchunked\r\n", Some((Class::FramingTeUnsupported, 0))),
        ("Transfer-Encoding: gzip\r\n", Some((Class::FramingTeCompressed, 0))),
        ("Transfer-Encoding: gzip, br\r\n", Some((Class::FramingTeUnsupported, 0))),
        ("Transfer-Encoding: identity\r\n", Some((Class::FramingTeIdentity, 0))),
        ("Transfer-Encoding: chunked;a=b\r\n", Some((Class::FramingTeInvalid, 0))),
        ("Transfer-Encoding:\r\n", Some((Class::FramingTeInvalid, 0))),
        // The bytes of a value come before its meaning.
        ("Transfer-Encoding: \x0bchunked\r\n", Some((Class::HeaderValueCtl, 19))),
        ("Transfer-Encoding: chunked\0\r\n", Some((Class::HeaderValueNul, 26))),
        ("A: b\r\nTransfer-Encoding : chunked\r\n", Some((Class::HeaderSpaceBeforeColon, 23))),
        ("Content-Length: 5\rA: b\r\n", Some((Class::HeaderBareCr, 17))),
        ("A: b\r\n c\r\n", Some((Class::HeaderObsFold, 6))),
        (" c\r\n", Some((Class::HeaderLeadingWhitespace, 0))),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let expected = expected.map(|(class, at)| (class, at + 17));
        assert_eq!(in_every_split(&GET, head.as_bytes(), None).class(), expected, "{head:?}");
        // Behind more than is kept of the beginning, too.
        let ballast = "X: abcdefghijklmno\r\n".repeat(150);
        let head = format!("HTTP/1.1 200 OK\r\n{ballast}{fields}\r\n");
        let expected = expected.map(|(class, at)| {
            let class = if class == Class::HeaderLeadingWhitespace { Class::HeaderObsFold } else { class };
            (class, at + ballast.len() as u64)
        });
        let seen = fed(&GET, head.as_bytes().chunks(700), None).observation();
        assert_eq!(seen.class(), expected, "{fields:?} behind {} bytes", ballast.len());
    }
}

/// The audit of a head that another library parsed does not know where it was.
#[test]
fn says_where_the_upgrade_is_that_nobody_asked_for() {
    let unasked = Fault::of_class(Class::UnexpectedUpgrade);
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nRAW";
    for (bytes, at) in [
        (head.to_owned(), Some(9)),
        (format!("{INTERIM}{head}"), Some(INTERIM.len() as u64 + 9)),
        (WHOLE.to_owned(), None),
        (format!("HTTP/1.1 103 \r\nA: {}\r\n\r\n{head}", "b".repeat(3000)), None),
    ] {
        let seen = fed(&GET, [bytes.as_bytes()], None).observation();
        assert_eq!(seen.refine(unasked).offset(), at, "{bytes}");
        assert_eq!(seen.refine(unasked.with_offset(4)).offset(), Some(4));
        assert_eq!(seen.refine(unasked).class(), unasked.class());
    }
}

#[test]
fn gives_the_numbers() {
    let refined = |bytes: &str, ended, fault: Fault| fed(&GET, [bytes.as_bytes()], ended).observation().refine(fault);
    let fault = refined(HALF, RESET, Fault::new(K::BodyTruncated).with_confidence(Confidence::Text));
    assert_eq!((fault.expected(), fault.received(), fault.code()), (Some(100), Some(10), Some(Code::Errno(104))));
    assert_eq!(fault.confidence(), Confidence::Typed);
    // What the caller has counted stays.
    let fault = refined(HALF, RESET, Fault::new(K::BodyReset).with_received(7));
    assert_eq!((fault.expected(), fault.received()), (Some(100), Some(7)));
    // Chunk lines do not count.
    let fault = refined(CHUNKS, CLEAN, Fault::new(K::BodyTruncated));
    assert_eq!((fault.expected(), fault.received()), (None, Some(3)));
    // A class by text gives way to the bytes.
    let by_text = Fault::of_class(Class::ChunkSizeEmpty).with_confidence(Confidence::Text);
    let fault = refined(XYZ, None, by_text);
    assert_eq!((fault.class(), fault.offset()), (Some(Class::ChunkSizeInvalid), Some(47)));
    assert_eq!(fault.confidence(), Confidence::Typed);
    let fault = refined(TO_CLOSE, RESET, Fault::new(K::BodyReset));
    assert_eq!((fault.expected(), fault.received()), (None, Some(5)));
    let fault = refined(OK, None, Fault::new(K::ResponseTimeout));
    assert_eq!(fault.received(), Some(17));
    let fault = refined("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: x\r\n\r\n", None, Fault::new(K::BadHeader));
    assert_eq!(fault.offset(), Some(23));
}

/// Whatever the tap saw: a finding about the client, a name, a certificate, a connection or a class stays.
#[test]
fn leaves_precise_faults_alone() {
    let prefixes = [
        "client_",
        "dns_",
        "connect",
        "tls_",
        "cert_",
        "proxy_",
        "stream_",
        "goaway",
        "h2_",
        "h3_",
        "bad_chunk",
        "send_t",
    ];
    let mut cases = 0;
    for &kind in K::ALL {
        if kind == K::TlsTruncated || !prefixes.iter().any(|prefix| kind.as_str().starts_with(prefix)) {
            continue;
        }
        for bytes in ["", "SSH-2.0-x\r\n", "HTTP/1.1 20X\r\n", OK, HALF, CHUNKS, TO_CLOSE, WHOLE] {
            for ended in [None, CLEAN, RESET, UNCLEAN] {
                let fault = Fault::new(kind).with_code(Code::Errno(1));
                assert_eq!(fed(&GET, [bytes.as_bytes()], ended).observation().refine(fault), fault, "{bytes:?}");
                cases += 1;
            }
        }
    }
    assert!(cases > 30 * 32, "{cases}");
    let typed = Fault::of_class(Class::HeaderNameEmpty).with_offset(3);
    assert_eq!(fed(&GET, [&b"SSH-2.0-x\r\n"[..]], RESET).observation().refine(typed), typed);
}

#[test]
fn fills_the_exchange() {
    let seen = fed(&GET, [HALF.as_bytes()], None).observation();
    let mut exchange = Exchange::default();
    seen.fill(&mut exchange);
    assert_eq!((exchange.sent, exchange.received), (Some(40), Some(HALF.len() as u64)));
    assert_eq!((exchange.received_status, exchange.phase), (Some(StatusCode::OK), Some(Phase::Body)));
    // What the caller knows stays.
    exchange.sent = Some(1000);
    exchange.received_status = Some(StatusCode::NOT_FOUND);
    exchange.phase = Some(Phase::Trailers);
    seen.fill(&mut exchange);
    assert_eq!(exchange.sent, Some(1000));
    assert_eq!((exchange.received_status, exchange.phase), (Some(StatusCode::NOT_FOUND), Some(Phase::Trailers)));
    // Nothing sent is the proof that nothing was applied.
    let mut exchange = Exchange::default();
    Observer::new().observation().fill(&mut exchange);
    assert_eq!((exchange.sent, exchange.received, exchange.phase), (Some(0), Some(0), Some(Phase::Send)));
    assert_eq!(exchange.received_status, None);
}

#[test]
fn debug_is_short() {
    let tap = fed(&GET, [&vec![b'x'; 4096][..]], None);
    assert!(format!("{tap:?}").len() < 100);
    assert!(format!("{:?}", tap.observation()).len() < 200);
}

/// Random bytes, and pieces of responses, which get further.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 103 E\r\n",
        b"HTTP/1.0 204 \n",
        b"Content-Length: 5\r\n",
        b"content-length:3,3\n",
        b"Transfer-Encoding: chunked\r\n",
        b"A: b\r\n",
        b" fold\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"0\r\n\r\n",
        b"hello",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        1 => (any::<u8>(), 0_usize..700).prop_map(|(b, n)| vec![b; n]),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_split(
        bytes in streams(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        head in any::<bool>(),
    ) {
        let method = if head { Method::HEAD } else { GET };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]);
        let whole = fed(&method, [&bytes[..]], None);
        prop_assert_eq!(facts(&fed(&method, pieces, None)), facts(&whole));
        prop_assert_eq!(facts(&fed(&method, bytes.chunks(1), None)), facts(&whole));

        // Counts and kept bytes against the plain truth.
        let seen = whole.observation();
        prop_assert_eq!(seen.received(), bytes.len() as u64);
        prop_assert_eq!(seen.first_bytes(), &bytes[..bytes.len().min(2048)]);
        prop_assert_eq!(seen.last_bytes(), &bytes[bytes.len().saturating_sub(64)..]);
        prop_assert!(seen.body_received() + seen.leftover() + seen.head_bytes() <= bytes.len() as u64);
        prop_assert!(seen.class().is_none_or(|(_, offset)| offset <= bytes.len() as u64));

        // No fault makes it panic, and none passes between the client and the next hop.
        for &kind in K::ALL {
            let refined = seen.refine(Fault::new(kind));
            prop_assert_eq!(refined.category() == Category::Client, kind.category() == Category::Client);
            prop_assert_eq!(seen.refine(refined).kind(), refined.kind(), "refined twice");
        }
    }

    /// `begin` between two responses: the second is seen as if it were alone.
    #[test]
    fn exchanges_do_not_mix(bytes in streams()) {
        let mut tap = fed(&Method::HEAD, [WHOLE.as_bytes()], None);
        tap.begin(&GET);
        tap.wrote(40, Instant::now());
        tap.read(&bytes, Instant::now());
        prop_assert_eq!(facts(&tap), facts(&fed(&GET, [&bytes[..]], None)));
    }
}

/// Following is put off while everything is kept: a response beyond that is seen like any other.
#[test]
fn a_response_larger_than_what_is_kept() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n".to_vec();
    for n in 0..300 {
        bytes.extend_from_slice(format!("X-Field-{n}: some value\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    let head = bytes.len() as u64;
    assert!(head > 4096);
    bytes.extend(std::iter::repeat_n(b'x', 6000));
    let whole = fed(&GET, [&bytes[..]], None);
    let seen = whole.observation();
    assert_eq!((seen.head_bytes(), seen.header_lines(), seen.expected()), (head, 301, Some(10000)));
    assert_eq!((seen.body_received(), seen.complete()), (6000, false));
    for piece in [1, 7, 512, 2047, 2048, 2049, 4096] {
        assert_eq!(facts(&fed(&GET, bytes.chunks(piece), None)), facts(&whole), "in pieces of {piece}");
    }
}

/// Looking changes nothing: not the counts, and not what later bytes become.
#[test]
fn an_observation_in_between_changes_nothing() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let mut looked = fed(&GET, [], None);
    for byte in bytes {
        looked.read(&[*byte], Instant::now());
        let _ = (looked.observation(), looked.is_idle_clean());
    }
    assert_eq!(facts(&looked), facts(&fed(&GET, [&bytes[..]], None)));
}

/// The first exchange of a connection whose requests are followed is seen as any other, however much comes.
#[test]
fn who_follows_requests_reads_along_too() {
    let bytes = format!("HTTP/1.1 200 OK\r\nX-Huge: {}", "h".repeat(100_000)).into_bytes();
    let too_large = |tap: &Observer| tap.observation().refine(Fault::new(K::HeadTooLarge));
    for before in 0..3 {
        let mut following = Observer::following();
        for _ in 0..before {
            following.wrote_bytes(b"GET / HTTP/1.1\r\n\r\n", Instant::now());
            following.read(b"HTTP/1.1 204 No Content\r\n\r\n", Instant::now());
        }
        following.wrote_bytes(b"GET / HTTP/1.1\r\n\r\n", Instant::now());
        following.read(&bytes, Instant::now());
        assert_eq!(too_large(&following), too_large(&fed(&GET, [&bytes[..]], None)), "behind {before} others");
        assert_eq!(too_large(&following).kind(), K::HeaderTooLarge);
    }
}

#[test]
fn what_comes_after_the_library_said_whole_is_unasked() {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let mut tap = fed(&GET, [&response[..]], None);
    tap.whole();
    assert!(tap.is_idle_clean());
    tap.read(b"HTTP/1.1 408 Request Timeout\r\n\r\n", Instant::now());
    assert!(!tap.is_idle_clean());
    tap.begin(&GET);
    assert_eq!(tap.observation().first_bytes(), b"HTTP/1.1 408 Request Timeout\r\n\r\n", "kept for the next exchange");

    let mut tap = fed(&GET, [&response[..]], None);
    tap.whole();
    tap.begin(&Method::HEAD);
    assert_eq!(tap.observation().received(), 0);
    tap.read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Instant::now());
    assert!(tap.observation().complete(), "the next exchange is followed as usual");
    assert!(tap.is_idle_clean(), "and does not need the call");

    let mut tap = fed(&GET, [&response[..]], None);
    tap.whole();
    tap.ended(Ended::Clean);
    assert!(!tap.is_idle_clean());
}

/// The parser reads along where the kept bytes end: a fault megabytes into a body has its place.
#[test]
fn a_chunk_fault_far_behind_what_is_kept() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..1000 {
        bytes.extend_from_slice(b"400\r\n");
        bytes.extend(std::iter::repeat_n(b'x', 0x400));
        bytes.extend_from_slice(b"\r\n");
    }
    let at = bytes.len() as u64;
    bytes.extend_from_slice(b"-5\r\nhello\r\n");
    for piece in [777, 4096, 1 << 20] {
        let seen = fed(&GET, bytes.chunks(piece), None).observation();
        let fault = seen.refine(Fault::new(K::BadChunk).with_confidence(Confidence::Text));
        assert_eq!((fault.class(), fault.offset()), (Some(Class::ChunkSizeNegative), Some(at)), "in pieces of {piece}");
    }
    // And a cut says in which part of the framing, and after how much content.
    let seen = fed(&GET, bytes[..bytes.len() / 2].chunks(4096), CLEAN).observation();
    let fault = seen.refine(Fault::new(K::BodyTruncated));
    assert_eq!(fault.class(), Some(Class::PrematureEofChunkData));
    assert!(fault.received().unwrap() > 400_000, "{fault:?}");
}

/// The same for a body that its length delimits, which needs no parser to be followed.
#[test]
fn a_cut_far_behind_what_is_kept() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 60000));
    let fault = fed(&GET, bytes.chunks(4096), CLEAN).observation().refine(Fault::new(K::BodyTruncated));
    assert_eq!(fault.class(), Some(Class::PrematureEofContentLengthBody));
    assert_eq!((fault.received(), fault.expected()), (Some(60000), Some(100_000)));
}

/// A head larger than what is kept is held for the parser, up to its limit and no further.
#[test]
fn a_fault_behind_a_long_head() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for n in 0..150 {
        bytes.extend_from_slice(format!("X-Field-{n}: some value\r\n").as_bytes());
    }
    let at = bytes.len() as u64;
    bytes.extend_from_slice(b"X-Bad: a\0b\r\n\r\n");
    for piece in [1, 500, 1 << 20] {
        let seen = fed(&GET, bytes.chunks(piece), None).observation();
        let fault = seen.refine(Fault::new(K::BadHeader));
        assert_eq!(
            (fault.class(), fault.offset()),
            (Some(Class::HeaderValueNul), Some(at + 8)),
            "in pieces of {piece}"
        );
    }
}

/// RFC 9112 section 9.2, whatever the library that reads it says of it.
#[test]
fn what_came_before_the_request_is_no_answer() {
    let start = Instant::now();
    let (early, late) = (start + Duration::from_millis(10), start + Duration::from_millis(20));
    let good = &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..];
    for (bytes, read, wrote, told, expected) in [
        (good, early, Some(late), K::Unclassified, K::UnsolicitedResponse),
        (good, early, None, K::Unclassified, K::UnsolicitedResponse),
        (good, early, None, K::ClosedBeforeResponse, K::UnsolicitedResponse),
        (good, early, Some(late), K::ResponseTimeout, K::UnsolicitedResponse),
        (&good[..10], early, None, K::HeadTruncated, K::UnsolicitedResponse),
        // What is no HTTP is told better than by its time.
        (b"SSH-2.0-OpenSSH_9.7\r\n", early, None, K::Unclassified, K::NotHttp),
        // Who typed it knows more.
        (good, early, None, K::CertExpired, K::CertExpired),
        // What came behind it may be one.
        (good, late, Some(early), K::Unclassified, K::Unclassified),
        (&good[..10], late, Some(early), K::ResponseTimeout, K::HeadStalled),
    ] {
        let mut tap = Observer::new();
        tap.begin(&Method::GET);
        if let Some(at) = wrote.filter(|at| *at < read) {
            tap.wrote(40, at);
        }
        tap.read(bytes, read);
        if let Some(at) = wrote.filter(|at| *at > read) {
            tap.wrote(40, at);
        }
        let fault = tap.observation().refine(Fault::new(told));
        assert_eq!(fault.kind(), expected, "{told:?} {wrote:?} {:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_stops_behind_the_last_chunk_stops_in_the_trailers() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (rest, in_trailers) in [
        (&b"5\r\nhel"[..], false),
        (b"5\r\nhello\r\n", false),
        (b"5\r\nhello\r\n0\r\n", true),
        (b"5\r\nhello\r\n0\r\nX-Sum: 4", true),
    ] {
        // Whole, and with more than is kept of it.
        for padding in [0, 4096] {
            let bytes = [&head[..], format!("{padding:x}\r\n{}\r\n", "x".repeat(padding)).as_bytes(), rest].concat();
            let bytes = if padding == 0 { [&head[..], rest].concat() } else { bytes };
            let mut tap = Observer::new();
            tap.begin(&Method::GET);
            tap.wrote(40, Instant::now());
            tap.read(&bytes, Instant::now());
            let phase = if in_trailers { Phase::Trailers } else { Phase::Body };
            let stalled = tap.observation().refine(Fault::new(K::BodyStalled));
            assert_eq!((stalled.kind(), stalled.phase()), (K::BodyStalled, phase), "{rest:?} {padding}");

            tap.ended(Ended::Clean);
            // As hyper tells it, whichever part it was.
            let told = Fault::of_class(Class::PrematureEofChunkSize).with_confidence(Confidence::Text);
            let cut = tap.observation().refine(told);
            assert_eq!((cut.kind(), cut.phase()), (K::BodyTruncated, phase), "{rest:?} {padding}");
            assert_eq!(cut.class() == Some(Class::PrematureEofTrailers), in_trailers, "{cut:?}");
            assert_eq!(cut.offset(), Some(bytes.len() as u64));
        }
    }
}

#[test]
fn what_the_parser_tolerates_is_told_in_any_split() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = format!("{chunked}1000\r\n{}\r\n", "x".repeat(4096));
    for (response, told) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(), ""),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok".to_owned(), "bare_lf"),
        ("HTTP/1.1 103 Early Hints\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(), "bare_lf"),
        (format!("{chunked}2 \r\nok\r\n0\r\n\r\n"), "chunk_size_space"),
        // Behind what is kept, it is read along.
        (format!("{long}2 \r\nok\r\n0\r\n\r\n"), "chunk_size_space"),
        (format!("{long}2\r\nok\r\n0\r\n\r\n"), ""),
        (format!("{chunked}0\r\nX-Sum: 1\r\n\r\n"), ""),
        (format!("{chunked}0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n"), ""),
    ] {
        for piece in [response.len(), 1, 7, 2000] {
            let mut tap = Observer::new();
            tap.begin(&Method::GET);
            for bytes in response.as_bytes().chunks(piece) {
                tap.read(bytes, Instant::now());
            }
            let seen = tap.observation();
            assert_eq!(seen.forbidden_trailers(), response.contains("Host"), "{:?} by {piece}", response.get(..80));
            assert_eq!(seen.deviations().to_string(), told, "{:?} by {piece}", response.get(..80));
        }
    }
}

/// What a tap answers for every good response is what an observation of it would have told, whatever the pieces.
#[test]
fn a_response_is_flawless_if_an_observation_has_nothing_to_tell() {
    let large = "x".repeat(5000);
    let with_length = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{large}");
    let in_chunks = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n{large}\r\n0\r\n\r\n");
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {large}\r\nContent-Length: 1\r\n\r\nx");
    let cases: [(&str, bool); 22] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", true),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n", true),
        (&with_length, true),
        (&in_chunks, true),
        (&long_head, true),
        // Bytes behind it.
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", false),
        ("HTTP/1.1 204 No Content\r\n\r\nx", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", false),
        (&format!("{with_length}x"), false),
        (&format!("{in_chunks}x"), false),
        (&format!("{long_head}x"), false),
        // Something that is put up with.
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", false),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok", false),
        ("HTTP/1.1 103 Early Hints\nX: a\n\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false),
        (&with_length.replacen("\r\n", "\n", 1), false),
        (&long_head.replacen("\r\n", "\n", 1), false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n", false),
        // Not known to be whole.
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", false),
    ];
    for (response, flawless) in cases {
        for piece in [1, 7, 1000, response.len()] {
            let tap = fed(&Method::GET, response.as_bytes().chunks(piece), None);
            let name = response.get(..80).unwrap_or(response);
            assert_eq!(tap.is_flawless(), flawless, "{name:?} by {piece}");
            let seen = tap.observation();
            let quiet = seen.deviations().is_empty() && !seen.forbidden_trailers() && seen.leftover() == 0;
            assert!(quiet || !flawless, "{name:?} by {piece}");
        }
        // Before its end it is not.
        if flawless {
            let cut = &response.as_bytes()[..response.len() - 1];
            assert!(!fed(&Method::GET, [cut], None).is_flawless(), "{response:?} without its last byte");
        }
    }
}

/// A second exchange on the connection is judged by its own bytes.
#[test]
fn a_flaw_is_forgotten_with_its_exchange_and_what_came_unasked_is_not() {
    let mut tap = fed(&Method::GET, [&b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"[..]], None);
    assert!(!tap.is_flawless());
    tap.begin(&Method::GET);
    tap.read(b"HTTP/1.1 204 No Content\r\n\r\n", Instant::now());
    assert!(tap.is_flawless());
    tap.read(&[b'x'; 4000], Instant::now());
    tap.begin(&Method::GET);
    tap.read(b"HTTP/1.1 204 No Content\r\n\r\n", Instant::now());
    assert!(!tap.is_flawless());
}
