//! Strict agrees with a naive model of RFC 9112: verdict, framing, content, trailers, what is left over.

use badgateway::h1::{self, Config, Eof};

use super::message::{Case, GotHead, Pieces, Verdict, drive};
use super::model::{Framing, Response, Seen, read};
use super::show;

pub fn run(data: &[u8]) {
    let mut case = Case::of(data);
    case.config = Config::strict();
    let limits = case.config.limits;
    for eof in [Eof::Open, Eof::Clean, Eof::Unclean] {
        case.eof = eof;
        let (seen, expected) = read(case.bytes, &case.method, case.upgrade, eof == Eof::Clean, &limits);
        let got = drive(&case, Pieces::whole());
        let what = || format!("{seen:?} {expected:?} {eof:?}, not {got:?}: {}", show(data));
        match (&seen, &got.verdict) {
            (Seen::Whole, Verdict::Accept { used, end }) => {
                assert_eq!(*used, expected.used, "{}", what());
                assert_eq!(end.leftover, case.bytes.len() - expected.used, "{}", what());
                let (head, framing) = got.head.as_ref().expect("there is a head");
                same_head(head, &expected);
                assert_eq!(Some(*framing), expected.framing.map(named), "{}", what());
                assert_eq!(got.body, expected.body, "{}", what());
                assert_eq!(got.trailers, expected.trailers, "{}", what());
                assert_eq!(got.interim.iter().map(|head| head.status).collect::<Vec<_>>(), expected.interim);
            }
            (Seen::Beginning, Verdict::Incomplete) => {
                assert_eq!(eof, Eof::Open);
                // What has come of the content is handed out.
                assert_eq!(got.body, expected.body, "{}", what());
            }
            (Seen::Beginning, Verdict::Reject { class, offset, .. }) => {
                assert_ne!(eof, Eof::Open, "refused what may become a response: {}", what());
                assert!(class.starts_with("premature_eof.") && *offset == case.bytes.len() as u64, "{}", what());
            }
            (Seen::Not(_), Verdict::Reject { .. }) => {}
            // A field line is judged when it has ended, and an answerer when it has said enough.
            (Seen::Not(at), Verdict::Incomplete) => {
                assert_eq!(eof, Eof::Open);
                let ended = case.bytes[*at..].contains(&b'\n');
                let sniffing = *at < expected.head_at + 16 && case.bytes.len() < expected.head_at + 16;
                assert!(!ended || sniffing, "refused too late: {}", what());
            }
            _ => panic!("{}", what()),
        }
    }
}

fn same_head(head: &GotHead, expected: &Response) {
    assert_eq!((head.status, head.minor), (expected.status, expected.minor));
    assert_eq!(head.fields, expected.fields);
    assert_eq!(head.at, expected.head_at as u64);
}

fn named(framing: Framing) -> h1::Framing {
    match framing {
        Framing::None => h1::Framing::None,
        Framing::Tunnel => h1::Framing::Tunnel,
        Framing::Length(length) => h1::Framing::Length(length),
        Framing::Chunked => h1::Framing::Chunked,
        Framing::Close => h1::Framing::UntilClose,
    }
}
