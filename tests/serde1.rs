//! The vocabulary in serde's data model: every word, every fault, and what is read of a record.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use std::fmt::Debug;

use badgateway::decide::Profile;
use badgateway::diagnose::attribution::Software;
use badgateway::dialect::Dialect;
use badgateway::dialect::logs::Format;
use badgateway::fault::{
    Applied, Blame, Category, Class, Code, Confidence, ErrorType, Fault, FaultKind, Phase, Prune, ReportedBy,
};
use badgateway::reply::{Disclosure, Mark};
use badgateway::{Exchange, Gateway};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn words<T: Serialize + DeserializeOwned + Debug + PartialEq>(
    all: impl IntoIterator<Item = T>,
    as_str: fn(&T) -> &str,
) {
    let mut n = 0;
    for value in all {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(text, format!("{:?}", as_str(&value)));
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value);
        // From a `Value` strings come owned.
        assert_eq!(serde_json::from_value::<T>(serde_json::to_value(&value).unwrap()).unwrap(), value);
        let bytes = postcard::to_allocvec(&value).unwrap();
        assert_eq!(postcard::from_bytes::<T>(&bytes).unwrap(), value);
        n += 1;
    }
    assert!(n > 0);
    let error = serde_json::from_str::<T>("\"of_tomorrow\"").unwrap_err().to_string();
    assert!(error.contains("\"of_tomorrow\"") && error.contains("expected one of "), "{error}");
    assert!(serde_json::from_str::<T>("7").is_err());
}

#[test]
fn every_word() {
    words(FaultKind::ALL.iter().copied(), |kind| kind.as_str());
    words(Class::ALL.iter().copied(), |class| class.as_str());
    words(Phase::ALL.iter().copied(), |phase| phase.as_str());
    words(Category::ALL.iter().copied(), |category| category.as_str());
    words(Applied::ALL.iter().copied(), |applied| applied.as_str());
    words(Blame::ALL.iter().copied(), |blame| blame.as_str());
    words(Prune::ALL.iter().copied(), |prune| prune.as_str());
    words(ReportedBy::ALL.iter().copied(), |by| by.as_str());
    words(ErrorType::ALL.iter().copied(), |token| token.as_str());
    words(Confidence::ALL.iter().copied(), |confidence| confidence.as_str());
    words(Dialect::ALL.iter().copied(), |dialect| dialect.as_str());
    words(Format::ALL.iter().copied(), |format| format.as_str());
    words(Software::ALL.iter().copied(), |software| software.as_str());
    words([Disclosure::Token, Disclosure::Details, Disclosure::Trusted], |disclosure| disclosure.as_str());
    words([Mark::Never, Mark::ServerErrors, Mark::Always], |mark| mark.as_str());
}

#[test]
fn profiles_but_the_callers_own() {
    for word in ["rfc9209", "cloudflare", "nginx", "envoy", "haproxy"] {
        let profile: Profile = serde_json::from_value(word.into()).unwrap();
        assert_eq!(serde_json::to_value(&profile).unwrap(), word);
    }
    assert!(serde_json::from_str::<Profile>("\"custom\"").is_err());
}

fn faults() -> impl Iterator<Item = Fault> {
    let codes = [
        None,
        Some(Code::Errno(i32::MIN)),
        Some(Code::Errno(111)),
        Some(Code::TlsAlert(u8::MAX)),
        Some(Code::H2(u32::MAX)),
        Some(Code::H3(0x10c)),
        Some(Code::Quic(u32::MAX)),
        Some(Code::DnsRcode(u16::MAX)),
        Some(Code::Status(413)),
    ];
    let classes = || std::iter::once(None).chain(Class::ALL.iter().copied().map(Some));
    let of_all = FaultKind::ALL.iter().flat_map(|kind| Phase::ALL.iter().map(|phase| Fault::new(*kind).at(*phase)));
    let of_all = of_all.flat_map(move |fault| codes.map(|code| code.map_or(fault, |code| fault.with_code(code))));
    let of_classes = classes().map(|class| class.map_or(Fault::new(FaultKind::NotHttp), Fault::of_class));
    let counted = [Confidence::Typed, Confidence::Text].into_iter().flat_map(|confidence| {
        let fault = Fault::new(FaultKind::BodyTruncated).with_confidence(confidence);
        [
            fault,
            fault.with_offset(0).with_expected(u64::MAX - 1).with_received(1),
            fault.with_class(Class::PrematureEofChunkData).with_received(0),
        ]
    });
    of_all.chain(of_classes).chain(counted)
}

#[test]
fn every_fault() {
    let mut n = 0;
    for fault in faults() {
        let text = serde_json::to_string(&fault).unwrap();
        assert!(!text.contains("null"), "{text}");
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault, "{text}");
        let bytes = postcard::to_allocvec(&fault).unwrap();
        assert_eq!(postcard::from_bytes::<Fault>(&bytes).unwrap(), fault, "{text}");
        n += 1;
    }
    assert!(n > FaultKind::ALL.len() * Phase::ALL.len() * 8, "{n}");
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    assert_eq!(
        serde_json::to_string(&fault).unwrap(),
        r#"{"fault":"connection_refused","phase":"connect","confidence":"typed","errno":111}"#
    );
}

/// A line of the log has a fault in it, whatever else stands there.
#[test]
fn of_every_record() {
    let gateway = Gateway::new("gw").unwrap();
    for fault in faults() {
        let line = gateway.record(&fault, &Exchange::default()).to_string();
        let read: Fault = serde_json::from_str(&line).unwrap();
        assert_eq!((read.kind(), read.phase(), read.class()), (fault.kind(), fault.phase(), fault.class()), "{line}");
        assert_eq!(read.offset(), fault.offset());
        // Its status is the answer's.
        if !matches!(fault.code(), Some(Code::Status(_))) {
            assert_eq!(read.code(), fault.code(), "{line}");
        }
    }
}

#[test]
fn what_is_no_fault() {
    for (text, why) in [
        ("{}", "missing field `fault`"),
        (r#"{"fault":null,"deviations":[]}"#, "missing field `fault`"),
        (r#"{"fault":"teapot"}"#, "\"teapot\""),
        (r#"{"fault":"unreachable","phase":"nap"}"#, "\"nap\""),
        (r#"{"fault":"unreachable","class":"framing.new"}"#, "\"framing.new\""),
        (r#"{"fault":"unreachable","offset":-1}"#, "-1"),
        (r#"{"fault":"tls_alert","alert":256}"#, "256"),
        (r#"["unreachable"]"#, "invalid length 1"),
    ] {
        let error = serde_json::from_str::<Fault>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    // The kind alone is enough, and what later versions add is passed over.
    let fault: Fault = serde_json::from_str(r#"{"fault":"tls_alert","of_tomorrow":[{"a":1}]}"#).unwrap();
    assert_eq!(fault, Fault::new(FaultKind::TlsAlert));
}
