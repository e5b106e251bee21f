//! The tap's `Frames`: which rule of HTTP/2 the next hop broke, whole, byte by byte, and cut at every prefix.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic)]

use badgateway::fault::{Class, Code, Confidence, Fault, FaultKind, Phase};
use badgateway::tap::{Ended, Frames, Goaway};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const HAS_PRIORITY: u8 = 0x20;

/// Kind, flags, stream, payload.
type Frame<'a> = (u8, u8, u32, &'a [u8]);

fn wire(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, flags, stream, payload) in frames {
        bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes()[1..]);
        bytes.extend_from_slice(&[*kind, *flags]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(payload);
    }
    bytes
}

/// A connection on which streams 1 and 3 were opened, and ten bytes of the second were sent.
fn asked() -> Frames {
    let mut frames = Frames::new();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let requests = [
        (SETTINGS, 0, 0, &b""[..]),
        (HEADERS, END_HEADERS | END_STREAM, 1, b"\x82"),
        (HEADERS, END_HEADERS, 3, b"\x83"),
        (DATA, END_STREAM, 3, b"0123456789"),
    ];
    let bytes = [&preface[..], &wire(&requests)].concat();
    // In any pieces.
    for piece in bytes.chunks(7) {
        frames.wrote(piece);
    }
    assert_eq!((frames.sent(), frames.received()), (bytes.len() as u64, 0));
    frames
}

const FIRST: Frame<'static> = (SETTINGS, 0, 0, b"\0\x03\0\0\0\x64");
const LARGE: &[u8] = &[0; 16_385];

/// Frames, and the broken rule with the number of the frame that breaks it.
type Case = (&'static [Frame<'static>], Option<(Class, usize)>);

/// What may come: first what is right, then what is not.
#[rustfmt::skip]
const CASES: &[Case] = &[
    (&[FIRST], None),
    (&[(SETTINGS, 0, 0, b""), (SETTINGS, ACK, 0, b"")], None),
    (&[FIRST, (HEADERS, END_HEADERS, 1, b"\x88"), (DATA, END_STREAM, 1, b"hello")], None),
    (&[FIRST, (HEADERS, 0, 1, b"\x88"), (CONTINUATION, 0, 1, b""), (CONTINUATION, END_HEADERS, 1, b""), (DATA, 0, 3, b"")], None),
    (&[FIRST, (HEADERS, END_HEADERS | PADDED | HAS_PRIORITY, 1, b"\x02\0\0\0\0\x10\x88\0\0")], None),
    (&[FIRST, (DATA, PADDED, 1, b"\x05\0\0\0\0\0")], None),
    (&[FIRST, (DATA, 0, 1, &[0; 16_384])], None),
    (&[FIRST, (0xbe, 0xff, 0, b"x"), (0xbe, 0xff, 9999, b"x")], None),
    (&[FIRST, (PING, 0, 0, b"12345678"), (PING, ACK, 0, b"12345678")], None),
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"\x7f\xff\0\0"), (WINDOW_UPDATE, 0, 1, b"\x7f\xff\0\0")], None),
    // The ten bytes that were sent, or may have been of this stream.
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"\x7f\xff\0\x0a"), (WINDOW_UPDATE, 0, 1, b"\x7f\xff\0\x0a")], None),
    (&[FIRST, (SETTINGS, 0, 0, b"\0\x02\0\0\0\0\0\x04\x7f\xff\xff\xff\0\x05\0\xff\xff\xff\xff\xff\0\0\0\0")], None),
    (&[FIRST, (RST_STREAM, 0, 3, b"\0\0\0\x08"), (GOAWAY, 0, 0, b"\0\0\0\x03\0\0\0\0bye"), (DATA, 0, 1, b"")], None),
    // Of a stream alone.
    (&[FIRST, (PRIORITY, 0, 1, b"1234"), (PRIORITY, 0, 7, b"12345"), (WINDOW_UPDATE, 0, 1, b"\0\0\0\0"), (DATA, 0, 1, b"")], None),

    (&[(PING, 0, 0, b"12345678"), FIRST], Some((Class::Http2FirstFrame, 0))),
    (&[(SETTINGS, ACK, 0, b""), FIRST], Some((Class::Http2FirstFrame, 0))),
    (&[(SETTINGS, 0, 1, b""), FIRST], Some((Class::Http2FirstFrame, 0))),
    (&[(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\0")], Some((Class::Http2FirstFrame, 0))),
    (&[FIRST, (DATA, 0, 1, LARGE)], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (0xbe, 0, 0, LARGE)], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (SETTINGS, 0, 0, b"12345")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (SETTINGS, ACK, 0, b"\0\x03\0\0\0\x64")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (PING, 0, 0, b"1234567")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (RST_STREAM, 0, 1, b"123")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"12345")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (GOAWAY, 0, 0, b"1234567")], Some((Class::Http2FrameSize, 1))),
    (&[FIRST, (DATA, 0, 0, b"x")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (HEADERS, END_HEADERS, 0, b"\x88")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (PRIORITY, 0, 0, b"12345")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (RST_STREAM, 0, 0, b"1234")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (SETTINGS, 0, 1, b"")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (PING, 0, 1, b"12345678")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (GOAWAY, 0, 1, b"\0\0\0\0\0\0\0\0")], Some((Class::Http2Stream, 1))),
    (&[FIRST, (DATA, 0, 5, b"x")], Some((Class::Http2IdleStream, 1))),
    (&[FIRST, (HEADERS, END_HEADERS, 2, b"\x88")], Some((Class::Http2IdleStream, 1))),
    (&[FIRST, (RST_STREAM, 0, 9999, b"1234")], Some((Class::Http2IdleStream, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 5, b"\0\0\0\x01")], Some((Class::Http2IdleStream, 1))),
    (&[FIRST, (CONTINUATION, 0, 1, b"x")], Some((Class::Http2Continuation, 1))),
    (&[FIRST, (HEADERS, 0, 1, b"\x88"), (PING, 0, 0, b"12345678")], Some((Class::Http2Continuation, 2))),
    (&[FIRST, (HEADERS, 0, 1, b"\x88"), (CONTINUATION, END_HEADERS, 3, b"")], Some((Class::Http2Continuation, 2))),
    (&[FIRST, (HEADERS, END_HEADERS, 1, b"\x88"), (CONTINUATION, END_HEADERS, 1, b"")], Some((Class::Http2Continuation, 2))),
    (&[FIRST, (DATA, PADDED, 1, b"\x06\0\0\0\0\0")], Some((Class::Http2Padding, 1))),
    (&[FIRST, (HEADERS, END_HEADERS | PADDED | HAS_PRIORITY, 1, b"\x04\0\0\0\0\x10\x88\0\0")], Some((Class::Http2Padding, 1))),
    (&[FIRST, (SETTINGS, 0, 0, b"\0\x03\0\0\0\x01\0\x02\0\0\0\x01")], Some((Class::Http2Settings, 1))),
    (&[(SETTINGS, 0, 0, b"\0\x02\0\0\0\x02")], Some((Class::Http2Settings, 0))),
    (&[FIRST, (SETTINGS, 0, 0, b"\0\x04\x80\0\0\0")], Some((Class::Http2Settings, 1))),
    (&[FIRST, (SETTINGS, 0, 0, b"\0\x05\0\0\x3f\xff")], Some((Class::Http2Settings, 1))),
    (&[FIRST, (SETTINGS, 0, 0, b"\0\x05\x01\0\0\0")], Some((Class::Http2Settings, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"\0\0\0\0")], Some((Class::Http2Window, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"\x80\0\0\0")], Some((Class::Http2Window, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 0, b"\x7f\xff\0\x0b")], Some((Class::Http2Window, 1))),
    (&[FIRST, (WINDOW_UPDATE, 0, 1, b"\x7f\xff\0\x0b")], Some((Class::Http2Window, 1))),
    (&[FIRST, (PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02\x82")], Some((Class::Http2Push, 1))),
];

#[test]
fn each_rule_is_told_from_the_others_in_any_pieces() {
    for (frames, expected) in CASES {
        let bytes = wire(frames);
        let expected = expected.map(|(class, at)| (class, wire(&frames[..at]).len() as u64));
        let what = || format!("{:?}", frames.iter().map(|f| (f.0, f.1, f.2, f.3.len())).collect::<Vec<_>>());
        let mut whole = asked();
        whole.read(&bytes);
        assert_eq!(whole.broken(), expected, "{}", what());
        assert_eq!(whole.received(), bytes.len() as u64);
        for size in [1, 2, 5, 9, 13] {
            let mut pieces = asked();
            for piece in bytes.chunks(size) {
                pieces.read(piece);
            }
            assert_eq!(format!("{pieces:?}"), format!("{whole:?}"), "{size}: {}", what());
        }
        // Nothing is said before it has come, and nothing is taken back.
        for n in 0..bytes.len().min(200) {
            let mut cut = asked();
            cut.read(&bytes[..n]);
            let said = cut.broken();
            assert!(said.is_none() || said == expected, "{n}: {}", what());
            cut.read(&bytes[n..]);
            assert_eq!(cut.broken(), expected, "{n}: {}", what());
        }
    }
}

/// h2 sees the rest by itself, and says so to its peer.
#[test]
fn three_are_overlooked_by_h2() {
    for (frames, _) in CASES {
        let mut seen = asked();
        seen.read(&wire(frames));
        let due = match seen.broken() {
            Some((Class::Http2FirstFrame, _)) => true,
            Some((Class::Http2Settings, _)) => frames.iter().any(|frame| frame.3.ends_with(b"\0\x02\0\0\0\x01")),
            Some((Class::Http2Window, _)) => frames.iter().any(|frame| frame.0 == WINDOW_UPDATE && frame.2 == 1),
            _ => false,
        };
        assert_eq!(seen.is_overlooked(), due, "{:?}", seen.broken());
    }
}

#[test]
fn what_begins_otherwise_is_called_by_its_name() {
    for (bytes, kind, class) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], FaultKind::Http11Required, Class::Http2Http1),
        (b"SSH-2.0-OpenSSH_9.6\r\n", FaultKind::NotHttp, Class::NotHttpSsh),
        (b"\x15\x03\x03\0\x02\x02\x46", FaultKind::NotHttp, Class::NotHttpTlsAlert),
        (b"-ERR unknown command 'PRI'\r\n", FaultKind::NotHttp, Class::NotHttpRedis),
        (b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6", FaultKind::NotHttp, Class::NotHttpOther),
    ] {
        let mut frames = asked();
        frames.read(bytes);
        frames.ended(Ended::Clean);
        for fault in [FaultKind::H2ProtocolError, FaultKind::ClosedBeforeResponse, FaultKind::Unclassified] {
            let fault = frames.refine(Fault::new(fault));
            assert_eq!((fault.kind(), fault.class()), (kind, Some(class)), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn an_end_behind_a_goaway_is_its() {
    #[rustfmt::skip]
    const ENDS: &[(u32, FaultKind, FaultKind, FaultKind)] = &[
        // The code; of an end before the head; of one in the body; and of what is no end.
        (0x0, FaultKind::Goaway, FaultKind::BodyTruncated, FaultKind::StreamReset),
        (0x1, FaultKind::H2ProtocolError, FaultKind::H2ProtocolError, FaultKind::StreamReset),
        (0x2, FaultKind::Goaway, FaultKind::Goaway, FaultKind::StreamReset),
        (0x7, FaultKind::Goaway, FaultKind::Goaway, FaultKind::StreamReset),
        (0xb, FaultKind::EnhanceYourCalm, FaultKind::EnhanceYourCalm, FaultKind::StreamReset),
        (0xd, FaultKind::Http11Required, FaultKind::Http11Required, FaultKind::StreamReset),
        (0xdead, FaultKind::Goaway, FaultKind::Goaway, FaultKind::StreamReset),
    ];
    for (code, before, within, other) in ENDS {
        let mut frames = asked();
        let said = [&3_u32.to_be_bytes()[..], &code.to_be_bytes(), b"too_many_pings"].concat();
        frames.read(&wire(&[FIRST, (GOAWAY, 0, 0, &said)]));
        frames.ended(Ended::Clean);
        assert_eq!(frames.goaway(), Some(Goaway { last_stream: 3, code: *code }));
        let early = frames.refine(Fault::new(FaultKind::ClosedBeforeResponse));
        let late = frames.refine(Fault::new(FaultKind::BodyTruncated));
        let reset = frames.refine(Fault::new(FaultKind::StreamReset));
        assert_eq!((early.kind(), late.kind(), reset.kind()), (*before, *within, *other), "{code:#x}");
        assert_eq!((early.code(), late.phase()), (Some(Code::H2(*code)), Phase::Body), "{code:#x}");
        // A fault that is exact stays.
        for exact in [FaultKind::ResponseTimeout, FaultKind::CertExpired, FaultKind::ClientAborted] {
            assert_eq!(frames.refine(Fault::new(exact)), Fault::new(exact));
        }
    }
}

/// One stream's error is not what ends another.
/// By the limit that was announced, and without one by none. What the library made of it is "protocol error" for short.
#[test]
fn a_head_above_our_limit_is_too_large() {
    let head = |kind: u8, flags: u8, length: usize| (kind, flags, 1, &LARGE[..length]);
    let begins = |length: usize| head(HEADERS, 0, length);
    let goes_on = |length: usize| head(CONTINUATION, 0, length);
    let ends = |length: usize| head(CONTINUATION, END_HEADERS, length);
    let in_one = head(HEADERS, END_HEADERS | END_STREAM, 1000);
    for (limit, frames, is_over) in [
        (Some(1000), &[in_one][..], false),
        (Some(999), &[in_one], true),
        (None, &[in_one], false),
        (Some(999), &[begins(500), ends(499)], false),
        (Some(999), &[begins(500), ends(500)], true),
        (Some(999), &[begins(400), goes_on(400), goes_on(400)], true),
        // Two heads are not one.
        (Some(999), &[head(HEADERS, END_HEADERS, 600), head(HEADERS, END_HEADERS | END_STREAM, 600)], false),
    ] {
        let mut seen = Frames::new();
        let settings: Vec<u8> = limit.map_or(Vec::new(), |limit: u32| [&[0, 6][..], &limit.to_be_bytes()].concat());
        seen.wrote(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        seen.wrote(&wire(&[(SETTINGS, 0, 0, &settings), (HEADERS, END_HEADERS | END_STREAM, 1, b"\x82")]));
        for piece in wire(&[&[FIRST], frames].concat()).chunks(11) {
            seen.read(piece);
        }
        let fault = |phase| seen.refine(Fault::new(FaultKind::H2ProtocolError).with_code(Code::H2(1)).at(phase));
        let expected =
            |class: Class| if is_over { (class.kind(), Some(class)) } else { (FaultKind::H2ProtocolError, None) };
        let (in_head, in_body) = (fault(Phase::Head), fault(Phase::Body));
        assert_eq!((in_head.kind(), in_head.class()), expected(Class::TooLargeHeaderBytes), "{limit:?} {frames:?}");
        assert_eq!((in_body.kind(), in_body.class()), expected(Class::TooLargeTrailers), "{limit:?} {frames:?}");
        // Another stream goes on.
        assert_eq!((seen.broken(), seen.is_closing()), (None, false), "{limit:?} {frames:?}");
    }
}

#[test]
fn an_error_of_a_stream_explains_no_end_of_the_connection() {
    let mut frames = asked();
    frames.read(&wire(&[FIRST, (WINDOW_UPDATE, 0, 1, b"\0\0\0\0")]));
    frames.ended(Ended::Clean);
    assert_eq!(frames.refine(Fault::new(FaultKind::H2ProtocolError)).class(), Some(Class::Http2Window));
    let end = Fault::new(FaultKind::ClosedBeforeResponse);
    assert_eq!(frames.refine(end), end);
}

/// hyper's words for a request that was still in its queue when the next hop closed the connection.
#[test]
fn a_task_that_is_gone_went_with_the_connection() {
    let gone = Fault::new(FaultKind::ProxyInternal).with_confidence(Confidence::Text);
    let mut frames = asked();
    frames.read(&wire(&[FIRST]));
    assert_eq!(frames.refine(gone), gone, "nothing has ended");
    let (mut reset, mut broken) = (frames.clone(), frames.clone());
    broken.read(&wire(&[(SETTINGS, 0, 0, b"\0\x02\0\0\0\x01")]));
    assert_eq!(broken.refine(gone).class(), Some(Class::Http2Settings), "what ends it is known");
    frames.ended(Ended::Clean);
    assert_eq!(frames.refine(gone).kind(), FaultKind::ClosedBeforeResponse);
    assert_eq!(frames.refine(Fault::new(FaultKind::ProxyInternal)).kind(), FaultKind::ProxyInternal, "that was typed");
    reset.ended(Ended::Reset(Some(104)));
    assert_eq!(reset.refine(gone).kind(), FaultKind::ResetBeforeResponse);
    reset.read(&wire(&[(GOAWAY, 0, 0, b"\0\0\0\x03\0\0\0\x0b")]));
    assert_eq!(reset.refine(gone).kind(), FaultKind::EnhanceYourCalm);
}

/// hyper fails a request that it has just sent with a `GOAWAY` that came meanwhile.
#[test]
fn a_goaway_that_spares_all_streams_proves_nothing() {
    let unprocessed = Fault::new(FaultKind::GoawayUnprocessed);
    for (last, kind) in [
        (1, FaultKind::GoawayUnprocessed),
        (2, FaultKind::GoawayUnprocessed),
        (3, FaultKind::Goaway),
        (0x7fff_ffff, FaultKind::Goaway),
    ] {
        let mut frames = asked();
        assert_eq!(frames.refine(unprocessed), unprocessed, "it said nothing");
        frames.read(&wire(&[FIRST, (GOAWAY, 0, 0, &[&u32::to_be_bytes(last)[..], &[0; 4]].concat())]));
        assert_eq!(frames.refine(unprocessed).kind(), kind, "{last}");
    }
    // What was not processed by the first word is not by the second.
    let mut frames = asked();
    let goaway = |last: u32| [&u32::to_be_bytes(last)[..], &[0; 4]].concat();
    frames.read(&wire(&[FIRST, (GOAWAY, 0, 0, &goaway(1)), (GOAWAY, 0, 0, &goaway(0x7fff_ffff))]));
    assert_eq!(frames.refine(unprocessed), unprocessed);
    // Nothing went out, and nothing is sent twice.
    let mut frames = Frames::new();
    frames.read(&wire(&[FIRST, (GOAWAY, 0, 0, &goaway(0))]));
    assert_eq!(frames.refine(unprocessed), unprocessed);
}
