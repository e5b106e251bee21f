//! Evidence is bounded and fit for one line of a log, whatever the peer wrote; a failure keeps its cause.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::error::Error;
use std::fmt;
use std::io;

use badgateway::fault::{Code, Evidence, Failure, Fault, FaultKind};
use proptest::prelude::*;

#[derive(Debug)]
struct Link(String, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}

fn link(text: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Link {
    Link(text.into(), Some(source.into()))
}

#[test]
fn the_whole_chain_is_told_with_what_io_errors_hide() {
    // `io::Error::source` skips the error it wraps.
    let chain = link("request failed", io::Error::other(link("tls", io::Error::from_raw_os_error(104))));
    let texts: Vec<String> = Evidence::new().with_error(&chain).iter().map(|(_, text)| text.to_owned()).collect();
    assert_eq!(texts[..2], ["request failed", "tls"]);
    assert!(texts[2].contains("104"), "{texts:?}");
    assert_eq!(texts.len(), 3, "a message that only repeats its source's stands once");
}

/// What supports a fault is not the fault again, nor the system's text that is made from nothing but its number.
#[test]
fn a_failure_is_no_evidence_of_itself() {
    let io = |number| io::Error::from_raw_os_error(number);
    let refused = || Fault::new(FaultKind::ConnectionRefused);
    let numbered = |number| refused().with_code(Code::Errno(number));
    let cases: [(Box<dyn Error>, &[&str], &str); 8] = [
        (Failure::from(numbered(111)).into(), &[], "nothing behind it"),
        (Failure::new(numbered(111), io(111)).into(), &[], "the same number"),
        (Failure::new(numbered(111), io(104)).into(), &["104"], "another"),
        (Failure::new(refused(), io(111)).into(), &["111"], "a fault without a number"),
        (Failure::new(numbered(111), io::Error::other("111")).into(), &["111"], "no number"),
        (Failure::new(numbered(111), link("tls", io(111))).into(), &["tls", "111"], "not the next in the chain"),
        (link("send", Failure::new(numbered(111), io(111))).into(), &["send"], "further in"),
        (
            link("send", io::Error::other(Failure::new(refused(), link("tls", io(111))))).into(),
            &["send", "tls", "111"],
            "wrapped",
        ),
    ];
    for (error, texts, name) in cases {
        let evidence = Evidence::new().with_error(&*error);
        assert_eq!(evidence.iter().count(), texts.len(), "{name}: {evidence}");
        for ((_, text), wanted) in evidence.iter().zip(texts) {
            assert!(text.contains(wanted), "{name}: {evidence}");
        }
    }
}

/// The rule of the escape, a byte at a time.
fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        if out.len() >= 508 {
            break;
        }
        match byte {
            b'\'' | b'"' => out.push(char::from(byte)),
            _ => out.extend(std::ascii::escape_default(byte).map(char::from)),
        }
    }
    out
}

proptest! {
    #[test]
    fn runs_are_escaped_as_bytes_are(bytes in prop::collection::vec(prop_oneof![9 => b' '..=b'~', 1 => any::<u8>()], 1..600)) {
        let evidence = Evidence::new().with_first_bytes(&bytes);
        prop_assert_eq!(evidence.iter().next().unwrap().1, escaped(&bytes));
    }

    /// However a message is written.
    #[test]
    fn pieces_are_escaped_as_a_whole_is(pieces in prop::collection::vec("[ -~\r\n\u{e9}]{0,90}", 1..12)) {
        #[derive(Debug)]
        struct InPieces(Vec<String>);
        impl fmt::Display for InPieces {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|piece| f.write_str(piece))
            }
        }
        impl Error for InPieces {}

        let whole = pieces.concat();
        let evidence = Evidence::new().with_error(&InPieces(pieces));
        prop_assert_eq!(evidence.iter().next().map_or("", |(_, text)| text), escaped(whole.as_bytes()));
    }
}

#[test]
fn what_is_endless_is_cut() {
    let mut chain = Link("last".into(), None);
    for n in 0..1000 {
        chain = link(&format!("link {n}"), chain);
    }
    assert_eq!(Evidence::new().with_error(&chain).iter().count(), 16);

    let huge = Link("x".repeat(10 << 20), None);
    let evidence = Evidence::new().with_error(&huge).with_first_bytes(&vec![0xff; 1 << 20]);
    for (_, text) in evidence.iter() {
        assert!(text.len() <= 512, "{}", text.len());
    }
}

#[test]
fn quotes_stay_and_backslashes_are_told_from_escapes() {
    let evidence = Evidence::new().with_text("text", "the peer's \"\\r\" and \r\n\u{e9}\0");
    assert_eq!(evidence.iter().next().unwrap().1, r#"the peer's "\\r" and \r\n\xc3\xa9\x00"#);
}

#[test]
fn nothing_is_nothing() {
    let evidence = Evidence::new().with_first_bytes(b"");
    assert!(evidence.is_empty());
    assert_eq!(evidence.to_string(), "");
}

proptest! {
    #[test]
    fn every_text_fits_on_one_line(bytes in proptest::collection::vec(any::<u8>(), 0..2000), text in ".{0,800}") {
        let evidence = Evidence::new().with_first_bytes(&bytes).with_text("note", &text).with_error(&Link(text.clone(), None));
        for (_, text) in evidence.iter() {
            prop_assert!(text.len() <= 512);
            prop_assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b)), "{text:?}");
        }
    }
}

#[test]
fn a_failure_is_its_fault_and_keeps_its_cause() {
    let failure = Failure::new(Fault::new(FaultKind::ConnectionRefused), io::Error::from_raw_os_error(111));
    assert_eq!(failure.to_string(), failure.fault().to_string());
    assert!(failure.source().unwrap().downcast_ref::<io::Error>().is_some());
    let (fault, source) = failure.into_parts();
    assert_eq!(fault.kind(), FaultKind::ConnectionRefused);
    assert!(source.is_some());
    assert!(Failure::from(fault).source().is_none());
    // It travels with `?`.
    fn fails() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(Failure::from(Fault::new(FaultKind::DnsTimeout)))?
    }
    assert!(fails().unwrap_err().downcast_ref::<Failure>().is_some());
}
