//! The chunked decoder alone: what was coded comes out in any split, anything else is refused the same in
//! any split, the work is linear and the overhead bounded.

use badgateway::h1::chunked::{Chunk, Decoder};
use badgateway::h1::{Leniency, Limits};
use bytes::Bytes;

use super::model::{Seen, chunked_body};
use super::{Choices, Rng, seed, show};

/// Eight bytes of choices. `raw` and anything: what follows is coded already. Else it is content, which is
/// coded here by the choices, and spoilt perhaps.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let (choices, rest) = data.split_at(data.len().min(8));
    let mut choices = Choices(choices);
    if choices.0.starts_with(b"raw") {
        choices.take(3);
        any_bytes(rest, choices.byte());
        return;
    }
    let spoil = choices.byte();
    let mut rng = Rng::new(choices.number());
    let (mut coded, pieces) = encode(rest, &mut rng);
    let (leniency, limits) = (Leniency::strict(), Limits::default());
    for longest in [usize::MAX, 1, 5, 100] {
        let got = decode(&coded, &limits, &leniency, longest, &mut rng);
        assert_eq!(got.error, None, "{}", show(&coded));
        assert!(got.last, "{}", show(&coded));
        assert!(got.content == rest, "{}", show(&coded));
        assert_eq!(coded.len() - got.used, 2, "the empty line of the trailers is left");
        assert!(pieces > 0 || rest.is_empty());
    }
    // Spoilt by a byte or a few.
    for _ in 0..spoil & 3 {
        let at = rng.below(coded.len());
        match rng.below(4) {
            0 => drop(coded.remove(at)),
            1 => coded.insert(at, *rng_pick(&mut rng, b"\r\n \t;\"=0fx\0\xff")),
            2 => coded[at] = *rng_pick(&mut rng, b"\r\n \t;\"=0fx\0\xff"),
            _ => coded.truncate(at),
        }
        if coded.is_empty() {
            break;
        }
    }
    any_bytes(&coded, spoil);
}

fn rng_pick<'a>(rng: &mut Rng, from: &'a [u8]) -> &'a u8 {
    &from[rng.below(from.len())]
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Got {
    content: Vec<u8>,
    error: Option<(&'static str, u64)>,
    last: bool,
    used: usize,
    premature: Option<&'static str>,
    deviations: String,
}

fn any_bytes(coded: &[u8], switches: u8) {
    let mut rng = Rng::new(seed(coded));
    let mut leniency = Leniency::strict();
    leniency.chunk_ext = switches & 4 != 0;
    leniency.chunk_size_space = switches & 8 != 0;
    let mut limits = Limits::default();
    if switches & 16 != 0 {
        limits.chunk_line = 1 + usize::from(switches >> 5) * 5;
        limits.chunk_overhead = u64::from(switches >> 5) * 3;
    }
    let whole = decode(coded, &limits, &leniency, usize::MAX, &mut rng);
    for longest in [1, 2, 9, 200] {
        assert_eq!(decode(coded, &limits, &leniency, longest, &mut rng), whole, "{}", show(coded));
    }
    by_bytes(coded, &limits, &leniency, &whole);
    let content = whole.content.len() as u64;
    // Each byte of content can have a chunk of its own: at most 16 digits and two line ends that do not count,
    // besides the overhead that is allowed and a line that is being read.
    let most = content + 20 * (content + 1) + limits.chunk_overhead + 2 * content + limits.chunk_line as u64;
    assert!(whole.used as u64 <= most, "{} bytes for {content}", whole.used);

    // Strict agrees with the naive model, as far as chunk lines go.
    let strict = decode(coded, &Limits::default(), &Leniency::strict(), usize::MAX, &mut rng);
    let coded_and_end = [&coded[..strict.used], b"\r\n"].concat();
    let (seen, expected) = chunked_body(if strict.last { &coded_and_end } else { coded }, &Limits::default());
    match seen {
        Seen::Whole => assert!(strict.last && strict.error.is_none(), "{}", show(coded)),
        Seen::Beginning => assert!(!strict.last && strict.error.is_none(), "{strict:?} {}", show(coded)),
        Seen::Not(_) => assert!(strict.error.is_some(), "{}", show(coded)),
    }
    if strict.error.is_none() {
        assert_eq!(strict.content, expected.body, "{}", show(coded));
        // What strict takes, everybody takes, the same.
        let lenient = decode(coded, &Limits::default(), &Leniency::compatible(), usize::MAX, &mut rng);
        assert_eq!(lenient, strict, "{}", show(coded));
    }
}

/// Decodes in pieces of at most `longest` bytes, and counts the calls.
fn decode(coded: &[u8], limits: &Limits, leniency: &Leniency, longest: usize, rng: &mut Rng) -> Got {
    let mut decoder = Decoder::new(limits, leniency);
    let mut got =
        Got { content: Vec::new(), error: None, last: false, used: 0, premature: None, deviations: String::new() };
    let (mut shown, mut calls, mut pieces) = (0, 0, 0);
    loop {
        assert!(calls <= 2 * coded.len() + pieces + 2, "more calls than bytes");
        calls += 1;
        let input = &coded[got.used..shown];
        match decoder.decode(input) {
            Ok((used, chunk)) => {
                assert!(used <= input.len());
                got.used += used;
                match chunk {
                    Chunk::NeedMore => {
                        assert_eq!(used, input.len(), "all of the input was used");
                        assert!(!decoder.is_done());
                        if shown == coded.len() {
                            got.premature = Some(decoder.premature().as_str());
                            break;
                        }
                        let step = if longest == usize::MAX { longest } else { rng.below(longest) + 1 };
                        shown = shown.saturating_add(step).min(coded.len());
                        pieces += 1;
                    }
                    Chunk::Data(data) => {
                        assert!(!data.is_empty() && input[..used].ends_with(data));
                        got.content.extend_from_slice(data);
                        assert_eq!(decoder.data(), got.content.len() as u64);
                    }
                    Chunk::Last => {
                        got.last = true;
                        assert!(decoder.is_done());
                        assert_eq!(decoder.decode(&coded[got.used..]), Ok((0, Chunk::Last)), "nothing more is used");
                        break;
                    }
                    _ => panic!("a new kind of chunk"),
                }
            }
            Err((class, at)) => {
                assert!(at <= shown as u64, "{class} at {at} of {shown}");
                assert!(class.as_str().starts_with("chunk.") || class.as_str() == "too_large.chunk_line", "{class}");
                got.error = Some((class.as_str(), at));
                // How far it got before is the split's business.
                got.used = 0;
                break;
            }
        }
    }
    got.deviations = decoder.deviations().to_string();
    if got.error.is_some() {
        got.deviations.clear();
    }
    got
}

fn by_bytes(coded: &[u8], limits: &Limits, leniency: &Leniency, expected: &Got) {
    let mut decoder = Decoder::new(limits, leniency);
    let mut input = Bytes::copy_from_slice(coded);
    let range = input.as_ptr_range();
    let mut content = Vec::new();
    let error = loop {
        match decoder.decode_bytes(&mut input) {
            Ok(Some(data)) => {
                assert!(!data.is_empty() && range.contains(&data.as_ptr()), "data shares the input's memory");
                content.extend_from_slice(&data);
            }
            Ok(None) => break None,
            Err((class, at)) => break Some((class.as_str(), at)),
        }
    };
    assert_eq!((error, decoder.is_done()), (expected.error, expected.last), "{}", show(coded));
    assert_eq!(content, expected.content, "{}", show(coded));
    if error.is_none() {
        assert_eq!(coded.len() - input.len(), expected.used);
    }
}

/// Codes content by the strict grammar, in every way that it allows: case, zeros, extensions, white space in
/// them. Gives the number of chunks, too.
fn encode(content: &[u8], rng: &mut Rng) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut rest = content;
    let mut chunks = 0;
    // Not more than the overhead allowed over the whole body.
    let mut budget = 8 * 1024_usize;
    while !rest.is_empty() {
        let most = [1, 15, 16, 17, 300, rest.len()][rng.below(6)].min(rest.len());
        let (data, after) = rest.split_at(rng.below(most) + 1);
        rest = after;
        line(data.len(), rng, &mut budget, &mut out);
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
        chunks += 1;
    }
    line(0, rng, &mut budget, &mut out);
    out.extend_from_slice(b"\r\n");
    (out, chunks)
}

fn line(size: usize, rng: &mut Rng, budget: &mut usize, out: &mut Vec<u8>) {
    let start = out.len();
    let zeros = if rng.below(4) == 0 { rng.below(30) } else { 0 };
    out.extend(std::iter::repeat_n(b'0', zeros.min(*budget)));
    let digits = if rng.below(2) == 0 { format!("{size:x}") } else { format!("{size:X}") };
    out.extend_from_slice(digits.as_bytes());
    let extensions = if rng.below(3) == 0 { rng.below(4) } else { 0 };
    for _ in 0..extensions {
        if *budget < 200 {
            break;
        }
        blank(rng, out);
        out.push(b';');
        blank(rng, out);
        out.extend_from_slice([&b"a"[..], b"name", b"x-y!", b"0"][rng.below(4)]);
        match rng.below(4) {
            0 => {}
            1 => out.extend_from_slice(b"=value"),
            2 => out.extend_from_slice(b" =\tv"),
            _ => {
                out.extend_from_slice(b"=\"");
                for _ in 0..rng.below(8) {
                    out.extend_from_slice(
                        [&b"b"[..], b";", b"\\\"", b"\\\\", b"=", b"\xff", b" ", b"\t"][rng.below(8)],
                    );
                }
                out.push(b'"');
            }
        }
    }
    *budget = budget.saturating_sub(out.len() - start);
    out.extend_from_slice(b"\r\n");
}

fn blank(rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice([&b""[..], b"", b" ", b" \t "][rng.below(4)]);
}
