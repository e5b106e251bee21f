//! One response as a fuzz input: four choices, then the bytes. And the driver of the parser.
//!
//! The choices are one byte each, of which the low bits count, so that `0` is a fine default and seeds
//! can be read: method, end, mode, switches.

use badgateway::h1::{Config, End, Eof, Event, Fields, Framing, Leniency, Limits, Parser, Request, Slots};
use http::Method;

use super::{Rng, show};

#[derive(Clone, Debug)]
pub(super) struct Case<'a> {
    pub(super) method: Method,
    pub(super) upgrade: bool,
    pub(super) eof: Eof,
    pub(super) config: Config,
    pub(super) bytes: &'a [u8],
}

impl<'a> Case<'a> {
    /// `GET`, `HEAD`, `CONNECT`, `POST`, +4 for an offered upgrade; open, clean, unclean; compatible,
    /// strict, the switches of the fourth byte, +4 for small limits.
    pub(super) fn of(data: &'a [u8]) -> Self {
        let data = &data[..data.len().min(super::MAX_INPUT)];
        let (choices, bytes) = data.split_at(data.len().min(4));
        let choice = |n: usize| choices.get(n).copied().unwrap_or_default();
        let method = match choice(0) & 3 {
            0 => Method::GET,
            1 => Method::HEAD,
            2 => Method::CONNECT,
            _ => Method::POST,
        };
        let eof = match choice(1) & 3 {
            0 => Eof::Open,
            1 | 3 => Eof::Clean,
            _ => Eof::Unclean,
        };
        let mut config = match choice(2) & 3 {
            0 | 3 => Config::compatible(),
            1 => Config::strict(),
            _ => {
                let mut config = Config::default();
                config.leniency = switches(choice(3));
                config
            }
        };
        if choice(2) & 4 != 0 {
            config.limits = small_limits();
        }
        Self { method, upgrade: choice(0) & 4 != 0, eof, config, bytes }
    }

    pub(super) fn request(&self) -> Request {
        Request::new(&self.method).offering_upgrade(self.upgrade)
    }
}

fn switches(bits: u8) -> Leniency {
    let mut leniency = Leniency::strict();
    leniency.bare_lf = bits & 1 != 0;
    leniency.obs_fold = bits & 2 != 0;
    leniency.chunk_size_space = bits & 4 != 0;
    leniency.chunk_ext = bits & 8 != 0;
    leniency.leading_crlf = bits & 16 != 0;
    leniency.status_line_spaces = bits & 32 != 0;
    leniency.space_before_colon = bits & 64 != 0;
    leniency.lengths_without_content = bits & 128 != 0;
    leniency.empty_codings = bits.count_ones() & 1 == 0;
    leniency
}

/// So small that inputs meet them.
fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.head_bytes = 90;
    limits.status_line = 40;
    limits.headers = 3;
    limits.header_line = 36;
    limits.interim = 2;
    limits.interim_bytes = 80;
    limits.chunk_line = 24;
    limits.chunk_overhead = 16;
    limits.trailer_bytes = 40;
    limits.trailers = 2;
    limits
}

/// What came out, in a form that can be compared: the same in any split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) interim: Vec<GotHead>,
    pub(super) head: Option<(GotHead, Framing)>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, Vec<u8>)>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GotHead {
    pub(super) status: u16,
    pub(super) minor: u8,
    pub(super) reason: Vec<u8>,
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) at: u64,
    pub(super) len: usize,
    pub(super) deviations: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    #[default]
    Incomplete,
    Reject {
        class: &'static str,
        offset: u64,
        stage: String,
        progress: String,
    },
    Accept {
        used: usize,
        end: End,
    },
}

impl Got {
    pub(super) fn accepted(&self) -> Option<(usize, End)> {
        match self.verdict {
            Verdict::Accept { used, end } => Some((used, end)),
            _ => None,
        }
    }

    pub(super) fn class(&self) -> Option<(&'static str, u64)> {
        match self.verdict {
            Verdict::Reject { class, offset, .. } => Some((class, offset)),
            _ => None,
        }
    }
}

/// How the bytes come.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// The longest piece; each is as long, or of a random length up to it.
    pub(super) longest: usize,
    pub(super) rng: Option<Rng>,
    /// With room for the table of fields.
    pub(super) table: Table,
    /// The end comes by itself, behind the last byte.
    pub(super) late_end: bool,
    /// Asked again with nothing new, the parser has nothing new to say.
    pub(super) ask_again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    No,
    Small,
    Large,
}

impl Pieces {
    pub(super) fn whole() -> Self {
        Self { longest: usize::MAX, rng: None, table: Table::No, late_end: false, ask_again: false }
    }

    fn next(&mut self) -> usize {
        match &mut self.rng {
            None => self.longest,
            Some(rng) => rng.below(self.longest) + 1,
        }
    }
}

/// Drives the parser over the bytes and holds it to what holds for every input.
pub(super) fn drive(case: &Case<'_>, mut pieces: Pieces) -> Got {
    let Case { bytes: input, eof, .. } = *case;
    let mut got = Got::default();
    let mut parser = Parser::new(&case.config, case.request());
    let mut used = 0_usize;
    let mut shown = pieces.next().min(input.len());
    let mut told_end = !pieces.late_end;
    // Every call uses a byte, brings an event that is not data, or asks for more.
    let mut idle = 0;
    loop {
        let end = if shown == input.len() && told_end { eof } else { Eof::Open };
        let unread = &input[used..shown];
        let (mut small, mut large) = (Slots::<3>::new(), Slots::<300>::new());
        let step = match pieces.table {
            Table::No => parser.next(unread, end),
            Table::Small => parser.next_in(unread, end, &mut small),
            Table::Large => parser.next_in(unread, end, &mut large),
        };
        let step = match step {
            Ok(step) => step,
            Err(error) => {
                assert!(error.offset() <= shown as u64, "{error} is beyond the {shown} bytes shown: {}", show(input));
                assert!(error.first_bytes().len() <= 32 && input.starts_with(error.first_bytes()));
                for (bytes, eof) in [(&b""[..], Eof::Open), (b"HTTP/1.1 200 OK\r\n\r\n", Eof::Clean), (unread, eof)] {
                    assert_eq!(parser.next(bytes, eof).expect_err("an error is sticky"), error);
                }
                assert!(!parser.is_done());
                let fault = error.fault();
                assert_eq!((fault.class(), fault.offset()), (Some(error.class()), Some(error.offset())));
                assert_eq!(fault.kind(), error.class().kind());
                got.verdict = Verdict::Reject {
                    class: error.class().as_str(),
                    offset: error.offset(),
                    stage: format!("{:?}", error.stage()),
                    progress: format!("{:?}", error.progress()),
                };
                return got;
            }
        };
        assert!(step.consumed <= unread.len(), "used {} of {}", step.consumed, unread.len());
        used += step.consumed;
        assert_eq!(parser.offset(), used as u64);
        idle = if step.consumed == 0 { idle + 1 } else { 0 };
        assert!(idle < 3, "no progress at {used} of {}", show(input));
        match step.event {
            Event::NeedMore => {
                assert_eq!(end, Eof::Open, "nothing stays open when nothing can come: {}", show(input));
                if pieces.ask_again {
                    let again = parser.next(&input[used..shown], Eof::Open).expect("nothing new, and no error before");
                    assert!(again.consumed == 0 && matches!(again.event, Event::NeedMore), "{again:?}");
                }
                if shown == input.len() {
                    if eof == Eof::Open || told_end {
                        return got;
                    }
                    told_end = true;
                }
                idle = 0;
                shown = shown.saturating_add(pieces.next()).min(input.len());
            }
            Event::Interim(head) => {
                assert!(got.head.is_none());
                got.interim.push(GotHead::of(&head, input, used));
            }
            Event::Head(head, framing) => {
                assert!(got.head.is_none());
                got.head = Some((GotHead::of(&head, input, used), framing));
            }
            Event::Data(data) => {
                assert!(!data.is_empty() && got.head.is_some() && got.trailers.is_empty());
                got.body.extend_from_slice(data);
                assert_eq!(parser.progress().body, got.body.len() as u64);
            }
            Event::Trailers(trailers) => {
                assert!(got.trailers.is_empty());
                got.trailers = pairs(trailers.fields());
                assert!(!got.trailers.is_empty());
                for field in trailers.fields() {
                    let at = trailers.offset() as usize + field.offset();
                    assert!(input[at..used].starts_with(field.name().as_bytes()));
                }
            }
            Event::End(end) => {
                assert!(parser.is_done());
                assert_eq!((end.leftover, end.bytes), (shown - used, used as u64));
                assert_eq!(end.body, got.body.len() as u64);
                // It comes again; then with all that there is.
                let again = parser.next(&input[used..], eof).expect("the end stays the end");
                assert_eq!(again.consumed, 0);
                let Event::End(end) = again.event else { panic!("the end comes again") };
                got.verdict = Verdict::Accept { used, end };
                return got;
            }
        }
    }
}

impl GotHead {
    /// And what holds for every head: it lies where it says.
    fn of(head: &badgateway::h1::Head<'_>, input: &[u8], used: usize) -> Self {
        let at = head.offset() as usize;
        assert_eq!(&input[at..used], head.bytes());
        assert_eq!(head.len(), head.fields().count());
        assert_eq!(head.is_empty(), head.fields().next().is_none());
        for field in head.fields() {
            assert!(head.bytes()[field.offset()..].starts_with(field.name().as_bytes()));
            assert_eq!(
                head.get(field.name()).map(|f| f.name().to_ascii_lowercase()),
                Some(field.name().to_ascii_lowercase())
            );
        }
        Self {
            status: head.status().as_u16(),
            minor: head.minor_version(),
            reason: head.reason().to_vec(),
            fields: pairs(head.fields()),
            at: head.offset(),
            len: head.bytes().len(),
            deviations: head.deviations().to_string(),
        }
    }
}

pub(super) fn pairs(fields: Fields<'_>) -> Vec<(String, Vec<u8>)> {
    fields
        .map(|field| {
            let value = field.value().into_owned();
            assert!(!value.iter().any(|&b| (b < b' ' && b != b'\t') || b == 0x7f), "{}", show(&value));
            assert!(!field.name().is_empty() && field.name().bytes().all(super::model::is_tchar));
            assert_eq!(value.trim_ascii(), value);
            (field.name().to_owned(), value)
        })
        .collect()
}
