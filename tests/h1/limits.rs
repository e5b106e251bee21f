//! Every limit, at the byte; and that nothing grows with what a peer sends.

use badgateway::h1::{Config, Eof, Event, Limits, Parser, Request, chunked::Decoder};

use crate::util::{all_ways, request};

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[track_caller]
fn check(set: impl Fn(&mut Limits), bytes: &str, expected: &str) {
    for mut config in [Config::strict(), Config::compatible()] {
        set(&mut config.limits);
        let got = all_ways(bytes.as_bytes(), Eof::Open, request("GET", false), &config).render();
        assert_eq!(got, expected, "{bytes:?}");
    }
}

#[test]
fn head_bytes() {
    let head = format!("{OK}A: b\r\nContent-Length: 0\r\n\r\n");
    let len = head.len();
    check(|l| l.head_bytes = len, &head, &format!("200 content-length \"\" /{len}"));
    for limit in 17..len {
        check(|l| l.head_bytes = limit, &head, &format!("too_large.header_bytes @{limit}"));
    }
    check(|l| l.head_bytes = 10, &head, "too_large.header_bytes @10");
    // An endless one, wherever its lines end.
    check(|l| l.head_bytes = 200, &format!("{OK}{}", "A: b\r\n".repeat(60)), "too_large.header_bytes @200");
    check(|l| l.head_bytes = 200, &format!("{OK}A: {}", "b".repeat(400)), "too_large.header_bytes @200");
    // What is wrong before the limit goes first, what is behind it is not looked at.
    check(|l| l.head_bytes = 30, &format!("{OK}A: \0\r\nBBBBBBBBBBBBBBBB: c\r\n"), "header.value_nul @20");
    check(|l| l.head_bytes = 20, &format!("{OK}A: \0\r\nBBBBBBBBBBBBBBBB: c\r\n"), "too_large.header_bytes @20");
}

/// Fields that grew, or too many ordinary ones. The status line is no field, however long.
#[test]
fn head_bytes_in_long_lines() {
    let line = |len: usize| format!("A: {}\r\n", "b".repeat(len - 5));
    let (long, nearly) = (line(8192), line(8191));
    let many = |n: usize| line(1000).repeat(n);
    for (head, expected) in [
        (format!("{OK}{}", many(30)), "header_bytes"),
        (format!("{OK}{}", nearly.repeat(3)), "header_bytes"),
        (format!("{OK}{}", long.repeat(3)), "header_long_lines"),
        (format!("{OK}{}{long}{}", many(5), many(5)), "header_long_lines"),
        // The one that the limit cuts off, if so much of it is within.
        (format!("{OK}{}A: {}", many(5), "b".repeat(20_000)), "header_long_lines"),
        (format!("{OK}{}A: {}", many(15), "b".repeat(20_000)), "header_bytes"),
        (format!("HTTP/1.1 200 {}\r\n{}", "b".repeat(9000), many(20)), "header_bytes"),
    ] {
        let set = |l: &mut Limits| (l.head_bytes, l.status_line) = (16_384, 10_000);
        check(set, &head, &format!("too_large.{expected} @16384"));
    }
}

#[test]
fn status_line() {
    check(|l| l.status_line = 17, &format!("{OK}Content-Length: 0\r\n\r\n"), "200 content-length \"\" /38");
    check(|l| l.status_line = 16, &format!("{OK}Content-Length: 0\r\n\r\n"), "too_large.status_line @16");
    check(|l| l.status_line = 40, &format!("HTTP/1.1 200 {}", "x".repeat(60)), "too_large.status_line @40");
    check(|l| l.status_line = 40, &format!("HTTP/1.1 200 \0{}", "x".repeat(60)), "status_line.reason @13");
}

#[test]
fn header_line_and_count() {
    let head = format!("{OK}A: bcd\r\nContent-Length: 0\r\n\r\n");
    check(|l| l.header_line = 19, &head, "200 content-length \"\" /46");
    check(|l| l.header_line = 18, &head, "too_large.header_line @43");
    check(|l| l.header_line = 7, &head, "too_large.header_line @24");
    // Too long goes before whatever else is wrong with the line.
    check(|l| l.header_line = 7, &format!("{OK}A\0: bcd\r\n"), "too_large.header_line @24");
    check(|l| l.headers = 2, &head, "200 content-length \"\" /46");
    check(|l| l.headers = 1, &head, "too_large.header_count @25");
    check(|l| l.headers = 0, &head, "too_large.header_count @17");
    check(|l| l.headers = 0, &format!("{OK}A : b\r\n"), "too_large.header_count @17");
    let many = format!("{OK}{}Content-Length: 0\r\n\r\n", "A: b\r\n".repeat(255));
    check(|_| {}, &many, &format!("200 content-length \"\" /{}", many.len()));
    check(|_| {}, &format!("{OK}{}", "A: b\r\n".repeat(300)), &format!("too_large.header_count @{}", 17 + 256 * 6));
}

#[test]
fn interim() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let end = format!("{OK}Content-Length: 0\r\n\r\n");
    check(|l| l.interim = 2, &format!("{}{end}", interim.repeat(2)), "100 100 200 content-length \"\" /88");
    check(|l| l.interim = 1, &format!("{}{end}", interim.repeat(2)), "too_large.interim @25");
    check(|l| l.interim_bytes = 50, &format!("{}{end}", interim.repeat(2)), "100 100 200 content-length \"\" /88");
    check(|l| l.interim_bytes = 49, &format!("{}{end}", interim.repeat(2)), "too_large.interim @25");
}

#[test]
fn chunk_lines() {
    let line = |len: usize| format!("{CHUNKED}5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(len));
    check(|l| l.chunk_line = 14, &line(10), &format!("200 chunked \"hello\" /{}", line(10).len()));
    check(|l| l.chunk_line = 13, &line(10), "too_large.chunk_line @60");
    check(|l| l.chunk_line = 5, &format!("{CHUNKED}0000000005\r\n"), "too_large.chunk_line @52");
    check(|l| l.chunk_line = 2, &format!("{CHUNKED}5\r\nhello"), "too_large.chunk_line @49");
    check(|l| l.chunk_line = 3, &format!("{CHUNKED}5\r\nhello"), "incomplete");
    check(|l| l.chunk_line = 10, &format!("{CHUNKED}5;{}\0", "x".repeat(7)), "chunk.ext_invalid @56");
    // Eleven bytes of extension beside none, and then ten, of data.
    check(|l| l.chunk_overhead = 11, &line(10), &format!("200 chunked \"hello\" /{}", line(10).len()));
    check(|l| l.chunk_overhead = 10, &line(10), "too_large.chunk_line @47");
    check(
        |l| l.chunk_overhead = 0,
        &format!("{CHUNKED}5\r\nhello\r\n5;123456789\r\nworld\r\n0\r\n\r\n"),
        "200 chunked \"helloworld\" /82",
    );
    check(
        |l| l.chunk_overhead = 0,
        &format!("{CHUNKED}5\r\nhello\r\n5;1234567890\r\nworld\r\n0\r\n\r\n"),
        "too_large.chunk_line @57",
    );
}

#[test]
fn trailers() {
    let body = format!("{CHUNKED}0\r\nA: b\r\nC: d\r\n\r\n");
    let whole = format!("200 chunked \"\" /{}", body.len());
    check(|l| l.trailer_bytes = 14, &body, &whole);
    check(|l| l.trailer_bytes = 13, &body, "too_large.trailers @63");
    check(|l| l.trailers = 2, &body, &whole);
    check(|l| l.trailers = 1, &body, "too_large.trailers @56");
}

/// No heap in the parser: what it remembers is what its size says, and a head is bounded by the limit.
#[test]
fn it_stays_small() {
    assert!(size_of::<Parser>() <= 640, "{}", size_of::<Parser>());
    assert!(size_of::<Decoder>() <= 128, "{}", size_of::<Decoder>());
    assert!(size_of::<badgateway::h1::ParseError>() <= 128);
}

/// One-byte chunks without end go through, and nothing is asked to be kept of them.
#[test]
fn endless_small_chunks_use_up_their_input() {
    let mut parser = Parser::new(&Config::default(), Request::get());
    let step = parser.next(CHUNKED.as_bytes(), Eof::Open).unwrap();
    assert_eq!(step.consumed, CHUNKED.len());
    let chunks = "1\r\nx\r\n".repeat(1000);
    for _ in 0..100 {
        let mut rest = chunks.as_bytes();
        loop {
            let step = parser.next(rest, Eof::Open).unwrap();
            rest = &rest[step.consumed..];
            if let Event::NeedMore = step.event {
                break;
            }
        }
        assert!(rest.is_empty());
    }
    assert_eq!(parser.progress().body, 100_000);
}

/// However a long head trickles, every byte is looked at a bounded number of times. Counted by what a
/// quadratic parser could not do: 4 MiB byte by byte, in a debug build, in a test.
#[test]
fn a_long_head_may_trickle() {
    let mut config = Config::default();
    config.limits.head_bytes = 4 << 20;
    config.limits.header_line = 4 << 20;
    config.limits.status_line = 4 << 20;
    for start in ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\nA: \0"] {
        let bytes = format!("{start}{}", "x".repeat(1 << 20));
        let mut parser = Parser::new(&config, Request::get());
        for n in 0..bytes.len() {
            parser.next(&bytes.as_bytes()[..n], Eof::Open).unwrap();
        }
    }
}
