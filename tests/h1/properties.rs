//! For any bytes: the model agrees, splits do not matter, compatible only adds to strict, what was
//! accepted can be written again.

use badgateway::h1::{
    Config, Eof, Event, Leniency, Limits, Parser, Request, chunked::Chunk, chunked::Decoder, forward,
};
use bytes::Bytes;
use proptest::prelude::*;

use crate::model::model;
use crate::util::{Got, Pieces, Verdict, drive, request};

/// Pieces of responses, good and bad, so that random rows of them get far.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 103\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 101 Up\r\n",
        b"HTTP/1.",
        b"200",
        b" ",
        b"\t",
        b"\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"Content-Length: 5\r\n",
        b"content-length: 3\r\n",
        b"Content-Length:",
        b"Content-Length: -5\r\n",
        b"content-length: +5\r\n",
        b"Content-Length: 5 5\r\n",
        b"5",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: identity, x\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"A: b\r\n",
        b"a-b:c \r\n",
        b"C: d\n",
        b"Name",
        b":",
        b"; ",
        b";a=b",
        b";a=\"b;c\\\"\"",
        b"\"",
        b"=",
        b",",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0\r\n\r\n",
        b"0\r\n",
        b"hello",
        b"\0",
        b"\x7f",
        b"\xff",
        b"ffffffffffffffff",
        b"0x5",
        b"_",
        b"-",
        b"+",
        b"<html>",
        b"SSH-",
        b"220 mx ESMTP\r\n",
        b"J\0\0\0\x0a8.0",
        b"\0\0\x06\x04\0\0\0\0\0",
    ];
    prop_oneof![
        20 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        2 => Just(Vec::new()),
        3 => Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
        3 => Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
        1 => Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n".to_vec()),
    ];
    (start, prop::collection::vec(piece(), 0..10)).prop_map(|(start, pieces)| [start, pieces.concat()].concat())
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "CONNECT"])
}

/// Deviations that strict accepts too are not the model's business.
fn without_deviations(mut got: Got) -> Got {
    if let Verdict::Accept { deviations, .. } = &mut got.verdict {
        deviations.clear();
    }
    got
}

fn eof(ended: bool) -> Eof {
    if ended { Eof::Clean } else { Eof::Open }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_model_agrees(bytes in input(), ended: bool, method in methods(), upgrade: bool, seed: u64) {
        let expected = model(&bytes, ended, method, upgrade);
        for (pieces, table) in [(Pieces::Whole, false), (Pieces::Whole, true), (Pieces::Of(1), true), (Pieces::Random(seed), false)] {
            let got = drive(&bytes, eof(ended), request(method, upgrade), &Config::strict(), pieces, table);
            prop_assert_eq!(without_deviations(got), expected.clone());
        }
    }

    #[test]
    fn splits_do_not_matter_in_any_mode(bytes in input(), ended: bool, method in methods(), seed: u64, switches: [bool; 9], small: bool) {
        let mut config = Config::default();
        let leniency = &mut config.leniency;
        [leniency.bare_lf, leniency.obs_fold, leniency.chunk_size_space, leniency.chunk_ext, leniency.leading_crlf,
            leniency.status_line_spaces, leniency.space_before_colon, leniency.lengths_without_content, leniency.empty_codings] = switches;
        if small {
            config.limits.head_bytes = 60;
            config.limits.status_line = 40;
            config.limits.header_line = 26;
            config.limits.headers = 2;
            config.limits.interim = 1;
            config.limits.chunk_line = 12;
            config.limits.chunk_overhead = 5;
            config.limits.trailer_bytes = 20;
            config.limits.trailers = 1;
        }
        let whole = drive(&bytes, eof(ended), request(method, false), &config, Pieces::Whole, false);
        for (pieces, table) in [(Pieces::Whole, true), (Pieces::Of(1), false), (Pieces::Random(seed), true)] {
            prop_assert_eq!(&drive(&bytes, eof(ended), request(method, false), &config, pieces, table), &whole);
        }
    }

    #[test]
    fn compatible_only_adds_to_strict(bytes in input(), ended: bool, method in methods()) {
        let strict = drive(&bytes, eof(ended), request(method, false), &Config::strict(), Pieces::Whole, false);
        let compatible = drive(&bytes, eof(ended), request(method, false), &Config::compatible(), Pieces::Whole, false);
        match (&strict.verdict, &compatible.verdict) {
            (Verdict::Accept { .. } | Verdict::Incomplete, _) => prop_assert_eq!(&compatible, &strict),
            // What is accepted in addition has a note on it.
            (Verdict::Reject { .. }, Verdict::Accept { deviations, .. }) => prop_assert!(!deviations.is_empty()),
            (Verdict::Reject { class, .. }, Verdict::Incomplete | Verdict::Reject { .. }) => {
                prop_assert!(compatible.verdict == strict.verdict
                    || ["header.bare_lf", "status_line.bare_lf", "header.obs_fold", "chunk.size_trailing_space", "chunk.ext_invalid"].contains(class));
            }
        }
    }

    #[test]
    fn any_bytes_do(bytes in prop::collection::vec(any::<u8>(), 0..300), method in methods(), seed: u64) {
        for config in [Config::strict(), Config::compatible()] {
            let whole = drive(&bytes, Eof::Unclean, request(method, true), &config, Pieces::Whole, false);
            prop_assert_eq!(drive(&bytes, Eof::Unclean, request(method, true), &config, Pieces::Random(seed), true), whole);
        }
    }

    /// What a proxy writes is read as the same by the strict parser.
    #[test]
    fn a_head_written_again_is_the_same_head(bytes in input()) {
        let mut parser = Parser::new(&Config::compatible(), Request::get().offering_upgrade(true));
        let mut unread = &bytes[..];
        while let Ok(step) = parser.next(unread, Eof::Clean) {
            unread = &unread[step.consumed..];
            let (head, framing) = match step.event {
                Event::Head(head, framing) => (head, framing),
                Event::Interim(_) => continue,
                _ => break,
            };
            let mut out = Vec::new();
            let Ok(outgoing) = forward::write_head(&mut out, &head, framing, http::Version::HTTP_11) else {
                prop_assert!(out.is_empty() && forward::check(&head, framing).is_err());
                break;
            };
            let mut again = Parser::new(&Config::strict(), Request::get().offering_upgrade(true));
            let step = again.next(&out, Eof::Open).unwrap();
            prop_assert_eq!(step.consumed, out.len());
            let Event::Head(copy, copied) = step.event else { panic!("{:?}", step.event) };
            prop_assert_eq!(copy.status(), head.status());
            let expected: Vec<_> = forward::end_to_end(&head).map(|f| (f.name(), f.value())).collect();
            let written: Vec<_> = copy.fields().map(|f| (f.name(), f.value())).take(expected.len()).collect();
            prop_assert_eq!(written, expected);
            match outgoing {
                forward::Outgoing::Chunked => prop_assert_eq!(copied, badgateway::h1::Framing::Chunked),
                _ => prop_assert_eq!(copied, framing),
            }
        }
    }

    #[test]
    fn bytes_and_slices_give_the_same_content(bytes in prop::collection::vec(piece(), 0..12), compatible: bool) {
        let bytes = bytes.concat();
        let leniency = if compatible { Leniency::compatible() } else { Leniency::strict() };
        let mut slices = Decoder::new(&Limits::default(), &leniency);
        let mut shared = slices.clone();
        let mut rest = Bytes::from(bytes.clone());
        let mut at = 0;
        loop {
            let by_bytes = shared.decode_bytes(&mut rest);
            match slices.decode(&bytes[at..]) {
                Ok((used, chunk)) => {
                    at += used;
                    let data = by_bytes.unwrap();
                    prop_assert_eq!(rest.len(), bytes.len() - at);
                    match chunk {
                        Chunk::Data(expected) => prop_assert_eq!(data.as_deref(), Some(expected)),
                        _ => {
                            prop_assert_eq!(data, None);
                            prop_assert_eq!(shared.is_done(), chunk == Chunk::Last);
                            break;
                        }
                    }
                }
                Err(error) => {
                    prop_assert_eq!(by_bytes.unwrap_err(), error);
                    break;
                }
            }
        }
    }
}
