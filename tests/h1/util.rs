//! Drives the parser over bytes in any pieces and writes down what came out.

use badgateway::h1::{Config, Eof, Event, Fields, Head, Parser, Request, Slots};
use http::Method;

/// What came out, in a form that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) interim: Vec<u16>,
    pub(crate) head: Option<GotHead>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GotHead {
    pub(crate) status: u16,
    pub(crate) minor: u8,
    pub(crate) reason: Vec<u8>,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) framing: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    #[default]
    Incomplete,
    Reject {
        class: &'static str,
        offset: u64,
    },
    Accept {
        /// Bytes of the response.
        used: usize,
        deviations: String,
    },
}

impl Got {
    /// One line, for tables of cases.
    pub(crate) fn render(&self) -> String {
        match &self.verdict {
            Verdict::Incomplete => "incomplete".into(),
            Verdict::Reject { class, offset } => format!("{class} @{offset}"),
            Verdict::Accept { used, deviations } => {
                let head = self.head.as_ref().unwrap();
                let mut line = String::new();
                for code in &self.interim {
                    line += &format!("{code} ");
                }
                line += &format!("{} {} {:?} /{used}", head.status, head.framing, String::from_utf8_lossy(&self.body));
                if !deviations.is_empty() {
                    line += &format!(" [{deviations}]");
                }
                line
            }
        }
    }
}

/// How the bytes come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pieces {
    Whole,
    Of(usize),
    Random(u64),
}

impl Pieces {
    fn next(&mut self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::Of(n) => *n,
            Self::Random(state) => {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) as usize % 23 + 1
            }
        }
    }
}

pub(crate) fn request(method: &str, upgrade: bool) -> Request {
    Request::new(&Method::from_bytes(method.as_bytes()).unwrap()).offering_upgrade(upgrade)
}

/// Runs the parser and holds it to what holds for every input.
pub(crate) fn drive(input: &[u8], eof: Eof, request: Request, config: &Config, mut pieces: Pieces, table: bool) -> Got {
    let mut got = Got::default();
    let mut parser = Parser::new(config, request);
    let (mut used, mut there) = (0, pieces.next().min(input.len()));
    let mut idle = 0;
    loop {
        let end = if there == input.len() { eof } else { Eof::Open };
        let mut slots = Slots::<8>::new();
        let shown = &input[used..there];
        let step = if table { parser.next_in(shown, end, &mut slots) } else { parser.next(shown, end) };
        let step = match step {
            Ok(step) => step,
            Err(error) => {
                assert!(error.offset() <= there as u64, "{error} beyond {there}");
                assert_eq!(error.first_bytes(), &input[..error.first_bytes().len()]);
                assert_eq!(parser.next(&[], Eof::Open).unwrap_err(), error, "sticky");
                assert_eq!(parser.next(b"HTTP/1.1 200 OK\r\n\r\n", Eof::Clean).unwrap_err(), error, "sticky");
                let fault = error.fault();
                assert_eq!(fault.class(), Some(error.class()));
                assert_eq!(fault.offset(), Some(error.offset()));
                got.verdict = Verdict::Reject { class: error.class().as_str(), offset: error.offset() };
                return got;
            }
        };
        assert!(step.consumed <= shown.len());
        used += step.consumed;
        assert_eq!(parser.offset(), used as u64);
        idle = if step.consumed == 0 { idle + 1 } else { 0 };
        match step.event {
            Event::NeedMore => {
                assert_eq!(end, Eof::Open, "an end leaves nothing open");
                if there == input.len() {
                    return got;
                }
                idle = 0;
                there = there.saturating_add(pieces.next()).min(input.len());
            }
            Event::Interim(head) => {
                assert!(got.head.is_none());
                assert!((100..200).contains(&head.status().as_u16()));
                check_head(&head, &input[..used]);
                got.interim.push(head.status().as_u16());
            }
            Event::Head(head, framing) => {
                assert!(got.head.is_none());
                check_head(&head, &input[..used]);
                got.head = Some(GotHead {
                    status: head.status().as_u16(),
                    minor: head.minor_version(),
                    reason: head.reason().to_vec(),
                    fields: pairs(head.fields()),
                    framing: framing.as_str(),
                });
            }
            Event::Data(data) => {
                assert!(!data.is_empty());
                got.body.extend_from_slice(data);
            }
            Event::Trailers(trailers) => {
                got.trailers = pairs(trailers.fields());
                assert!(!got.trailers.is_empty());
            }
            Event::End(end) => {
                assert!(parser.is_done());
                assert_eq!(end.leftover, there - used);
                assert_eq!(end.bytes, used as u64);
                assert_eq!(end.body, got.body.len() as u64);
                got.verdict = Verdict::Accept { used, deviations: end.deviations.to_string() };
                return got;
            }
        }
        assert!(idle < 3, "no progress at {used}");
    }
}

/// What holds for every head: it lies where it says, and `http` can hold it.
fn check_head(head: &Head<'_>, used: &[u8]) {
    assert!(used.ends_with(head.bytes()));
    assert_eq!(head.offset(), (used.len() - head.bytes().len()) as u64);
    assert_eq!(head.fields().len(), head.fields().count());
    let parts = head.to_parts().unwrap();
    let shared = bytes::Bytes::copy_from_slice(head.bytes());
    assert_eq!(parts.headers.len(), head.len());
    for field in head.fields() {
        assert!(head.bytes()[field.offset()..].starts_with(field.name().as_bytes()));
        assert!(!field.value().iter().any(|b| matches!(b, b'\r' | b'\n' | 0)));
        assert!(parts.headers.get_all(field.name()).iter().any(|value| value.as_bytes() == &*field.value()));
    }
    drop(shared);
}

fn pairs(fields: Fields<'_>) -> Vec<(String, Vec<u8>)> {
    fields.map(|field| (field.name().to_owned(), field.value().into_owned())).collect()
}

/// The same bytes in many pieces: what came out of all of them.
pub(crate) fn all_ways(input: &[u8], eof: Eof, request: Request, config: &Config) -> Got {
    let whole = drive(input, eof, request, config, Pieces::Whole, false);
    let ways = [
        (Pieces::Whole, true),
        (Pieces::Of(1), false),
        (Pieces::Of(1), true),
        (Pieces::Of(2), false),
        (Pieces::Of(7), true),
        (Pieces::Of(50), false),
        (Pieces::Random(1), false),
        (Pieces::Random(2), true),
        (Pieces::Random(3), false),
    ];
    for (pieces, table) in ways {
        let got = drive(input, eof, request, config, pieces, table);
        assert_eq!(got, whole, "{:?} in {pieces:?}, table {table}", input.escape_ascii().to_string());
    }
    whole
}

/// Every prefix: of what is accepted none errs or ends early, and an end in it is `premature_eof`; of
/// what is refused, each is refused for the same reason or not yet.
pub(crate) fn every_prefix(input: &[u8], eof: Eof, request: Request, config: &Config) {
    let whole = drive(input, eof, request, config, Pieces::Whole, false);
    let message = match &whole.verdict {
        Verdict::Accept { used, .. } => *used,
        Verdict::Reject { .. } | Verdict::Incomplete => input.len(),
    };
    let shown = |n: usize| format!("{:?} cut at {n}", input.escape_ascii().to_string());
    for n in 0..message {
        let open = drive(&input[..n], Eof::Open, request, config, Pieces::Whole, false);
        let ended = drive(&input[..n], Eof::Clean, request, config, Pieces::Whole, n % 2 == 0);
        match (&open.verdict, &whole.verdict) {
            (Verdict::Incomplete, _) => {}
            (verdict @ Verdict::Reject { .. }, whole) => assert_eq!(verdict, whole, "{}", shown(n)),
            (Verdict::Accept { .. }, _) => panic!("accepted: {}", shown(n)),
        }
        let until_close = ended.head.as_ref().is_some_and(|head| head.framing == "close");
        match &ended.verdict {
            Verdict::Reject { class, offset } if class.starts_with("premature_eof.") => assert_eq!(*offset, n as u64),
            // What had not told yet what it is never will.
            Verdict::Reject { class, .. } if class.starts_with("not_http.") || class.starts_with("status_line.") => {}
            Verdict::Accept { used, .. } if until_close => assert_eq!(*used, n),
            verdict => assert_eq!(verdict, &open.verdict, "{}", shown(n)),
        }
    }
}
