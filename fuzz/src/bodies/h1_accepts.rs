//! What is accepted is good: `http` builds it, the forwarding helpers write it, the strict parser reads that
//! as the same again; and what strict accepts, compatible accepts, with the same boundaries.

use badgateway::h1::forward::{self, HopByHop, Outgoing};
use badgateway::h1::{Config, Deviation, Eof, Event, Framing, Parser, Slots};
use bytes::Bytes;
use http::{HeaderMap, Version};

use super::message::{Case, Pieces, Table, Verdict, drive};
use super::{Rng, seed, show};

pub fn run(data: &[u8]) {
    let mut case = Case::of(data);
    let config = case.config;
    strict_is_compatible(&mut case);
    case.config = config;
    written_again(&case, Version::HTTP_11, data);
    written_again(&case, Version::HTTP_10, data);
}

/// Tolerated deviations of compatible mode, which a strict recipient may meet too.
fn strict_is_compatible(case: &mut Case<'_>) {
    case.config = Config::strict();
    let strict = drive(case, Pieces::whole());
    case.config = Config::compatible();
    let compatible = drive(case, Pieces { table: Table::Large, ..Pieces::whole() });
    match (&strict.verdict, &compatible.verdict) {
        (Verdict::Accept { .. } | Verdict::Incomplete, _) => assert_eq!(compatible, strict, "{}", show(case.bytes)),
        (Verdict::Reject { class, .. }, other) => {
            if *other == strict.verdict {
                return;
            }
            let has_empty_coding =
                compatible.head.as_ref().is_some_and(|(head, _)| head.deviations.contains("empty_coding"));
            // Only these can give way, and each leaves a note.
            let (prefix, name) = match *class {
                "header.bare_lf" | "status_line.bare_lf" => ("", "bare_lf"),
                "header.obs_fold" => ("", "obs_fold"),
                "framing.te_invalid" if has_empty_coding => ("", "empty_coding"),
                // Behind the empty one there is worse.
                "framing.te_invalid" if matches!(other, Verdict::Reject { class, .. } if class.starts_with("framing.")) => {
                    ("", "empty_coding")
                }
                "chunk.size_trailing_space" => ("chunk", "chunk_size_space"),
                "chunk.ext_invalid" => ("chunk", "chunk_ext"),
                // Only where no content can follow.
                class if class.starts_with("framing.") && matches!(compatible.head, Some((_, Framing::None))) => {
                    ("", "length_in_no_content")
                }
                _ => panic!("{class} gives way to {other:?}: {}", show(case.bytes)),
            };
            if let Verdict::Accept { end, .. } = other {
                assert!(end.deviations.iter().any(|d| d.as_str() == name), "{class}: {}", end.deviations);
            }
            // A tolerated chunk line does not move what came before it.
            if prefix == "chunk" {
                assert_eq!(strict.head, compatible.head);
                assert!(compatible.body.starts_with(&strict.body));
            }
        }
    }
}

/// Forwards the response as a proxy does, and reads what it wrote.
fn written_again(case: &Case<'_>, client: Version, data: &[u8]) {
    let Case { bytes: input, eof, .. } = *case;
    let source = Bytes::copy_from_slice(input);
    let mut rng = Rng::new(seed(data));
    let mut parser = Parser::new(&case.config, case.request());
    let mut used = 0;
    let mut out = Vec::new();
    let mut interim = Vec::new();
    let mut sent: Option<Sent> = None;
    let mut body = Vec::new();
    let mut trailers: Vec<(String, Vec<u8>)> = Vec::new();
    let mut last_chunk = false;
    loop {
        let mut slots = Slots::<300>::new();
        let unread = &source[used..];
        let Ok(step) = parser.next_in(unread, eof, &mut slots) else { return };
        used += step.consumed;
        match step.event {
            Event::NeedMore => return,
            Event::Interim(head) => {
                builds(&head, &source);
                if forward::forwards_interim(head.status(), client, true) {
                    forward::write_head(&mut out, &head, Framing::None, client)
                        .expect("no content, and no final status");
                    interim.push(head.status().as_u16());
                }
            }
            Event::Head(head, framing) => {
                builds(&head, &source);
                let before = out.len();
                let written = forward::write_head(&mut out, &head, framing, client);
                assert_eq!(written, forward::outgoing(&head, framing, client));
                let Ok(outgoing) = written else {
                    assert_eq!(out.len(), before, "what must not go out does not begin to");
                    let deviations = head.deviations();
                    assert!([Deviation::OtherCodings, Deviation::CodeAbove599].iter().any(|&d| deviations.contains(d)));
                    return;
                };
                let hop = HopByHop::of(&head);
                let fields: Vec<_> =
                    forward::end_to_end(&head).map(|f| (f.name().to_owned(), f.value().into_owned())).collect();
                let upgraded = head.status() == 101;
                for (name, _) in &fields {
                    let framing_field =
                        ["content-length", "transfer-encoding"].iter().any(|f| name.eq_ignore_ascii_case(f));
                    assert!(!framing_field);
                    assert!(!hop.contains(name) || (upgraded && name.eq_ignore_ascii_case("upgrade")));
                }
                sent = Some(Sent {
                    status: head.status().as_u16(),
                    reason: forward::reason(head.status(), head.reason()).as_bytes().to_vec(),
                    length: forward::content_length(&head, framing),
                    fields,
                    outgoing,
                    hop,
                });
            }
            Event::Data(data) => {
                body.extend_from_slice(data);
                if sent.as_ref().is_some_and(|sent| sent.outgoing == Outgoing::Chunked) {
                    // Chunks of the proxy's own.
                    let mut rest = data;
                    while !rest.is_empty() {
                        let (chunk, after) = rest.split_at(rng.below(rest.len()) + 1);
                        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                        out.extend_from_slice(chunk);
                        out.extend_from_slice(b"\r\n");
                        rest = after;
                    }
                } else {
                    out.extend_from_slice(data);
                }
            }
            Event::Trailers(found) => {
                let sent = sent.as_ref().expect("trailers follow a head");
                let map = found.to_map().expect("http holds what the limits allow");
                assert_eq!(map.len(), found.forwardable().count());
                same_values(&map, found.forwardable().map(|f| (f.name().to_owned(), f.value().into_owned())));
                if sent.outgoing == Outgoing::Chunked {
                    last_chunk = true;
                    out.extend_from_slice(b"0\r\n");
                    for field in forward::trailers(&found, &sent.hop) {
                        forward::write_field(&mut out, &field);
                        trailers.push((field.name().to_owned(), field.value().into_owned()));
                    }
                    out.extend_from_slice(b"\r\n");
                }
            }
            Event::End(end) => {
                let sent = sent.expect("an end follows a head");
                if sent.outgoing == Outgoing::Chunked && !last_chunk {
                    out.extend_from_slice(b"0\r\n\r\n");
                }
                assert_eq!(end.body, body.len() as u64);
                read_again(case, &out, client, &interim, &sent, &body, &trailers);
                return;
            }
        }
    }
}

struct Sent {
    status: u16,
    reason: Vec<u8>,
    length: Option<u64>,
    fields: Vec<(String, Vec<u8>)>,
    outgoing: Outgoing,
    hop: HopByHop,
}

fn read_again(
    case: &Case<'_>,
    out: &[u8],
    client: Version,
    interim: &[u16],
    sent: &Sent,
    body: &[u8],
    trailers: &[(String, Vec<u8>)],
) {
    let mut config = Config::strict();
    // The proxy adds a field of its own to as many as the upstream may send.
    config.limits.headers += 1;
    let again = Case {
        method: case.method.clone(),
        upgrade: case.upgrade,
        eof: if sent.outgoing == Outgoing::UntilClose { Eof::Clean } else { Eof::Open },
        config,
        bytes: out,
    };
    let what = || format!("{} was written as {}", show(case.bytes), show(out));
    let got = drive(&again, Pieces::whole());
    let Some((used, end)) = got.accepted() else { panic!("{:?}: {}", got.verdict, what()) };
    assert_eq!(used, out.len(), "{}", what());
    assert_eq!(got.interim.iter().map(|head| head.status).collect::<Vec<_>>(), interim, "{}", what());
    let (head, framing) = got.head.as_ref().expect("there is a head");
    assert_eq!((head.status, &head.reason), (sent.status, &sent.reason), "{}", what());
    assert_eq!(head.minor, 1, "the proxy's own version");
    // Behind the upstream's fields are the framing's.
    let framing_fields: Vec<(String, Vec<u8>)> = [
        sent.length.map(|n| ("Content-Length", n.to_string())),
        match sent.outgoing {
            Outgoing::Chunked => Some(("Transfer-Encoding", "chunked".into())),
            Outgoing::UntilClose => Some(("Connection", "close".into())),
            Outgoing::Tunnel if sent.status == 101 => Some(("Connection", "Upgrade".into())),
            _ => None,
        },
    ]
    .into_iter()
    .flatten()
    .map(|(name, value)| (name.to_owned(), value.into_bytes()))
    .collect();
    assert_eq!(head.fields, [sent.fields.clone(), framing_fields].concat(), "{}", what());
    let expected = match sent.outgoing {
        Outgoing::None => Framing::None,
        Outgoing::Length(n) => Framing::Length(n),
        Outgoing::Chunked => Framing::Chunked,
        Outgoing::UntilClose => Framing::UntilClose,
        _ => Framing::Tunnel,
    };
    assert_eq!(*framing, expected, "{}", what());
    assert!(got.body == body, "{}", what());
    assert_eq!(got.trailers, trailers, "{}", what());
    if client == Version::HTTP_11 && *framing != Framing::Tunnel {
        assert_eq!(end.reusable, Ok(()), "{}", what());
    }
}

/// `http` holds it: the same names and values, in the same order per name, copied or shared.
fn builds(head: &badgateway::h1::Head<'_>, source: &Bytes) {
    let parts = head.to_parts().expect("http holds what the limits allow");
    assert_eq!((parts.status, parts.version), (head.status(), head.version()));
    assert_eq!(parts.headers.len(), head.len());
    same_values(&parts.headers, head.fields().map(|f| (f.name().to_owned(), f.value().into_owned())));
    let shared = head.to_parts_shared(source).expect("http holds what the limits allow");
    assert_eq!(shared.headers, parts.headers);
    let mut tidy = parts.headers.clone();
    HopByHop::of(head).remove_from(&mut tidy);
    let mut by_map = parts.headers;
    HopByHop::of_map(&by_map.clone()).remove_from(&mut by_map);
    assert_eq!(tidy, by_map);
}

fn same_values(map: &HeaderMap, fields: impl Iterator<Item = (String, Vec<u8>)>) {
    let fields: Vec<_> = fields.collect();
    for name in map.keys() {
        let here: Vec<&[u8]> = map.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        let there: Vec<&[u8]> =
            fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_str())).map(|(_, v)| &v[..]).collect();
        assert_eq!(here, there, "{name}");
    }
    assert_eq!(map.len(), fields.len());
}
