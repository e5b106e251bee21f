//! Chains made by hand: depth, wrappers, hostile text, and what names alone can tell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use badgateway::classify::{Cause, Finding, Probe, classify};
use badgateway::exchange::{Exchange, RequestBody};
use badgateway::fault::{Applied, Class, Code, Confidence, Failure, Fault, FaultKind, Phase};
use proptest::prelude::*;

fn kind_of(error: &(dyn Error + 'static)) -> FaultKind {
    classify(error, &[], &Exchange::default()).kind()
}

fn at(phase: Phase) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.phase = Some(phase);
    exchange
}

fn os(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// The number of a kind on this system.
fn number(kind: ErrorKind) -> i32 {
    (1..12_000).find(|n| os(*n).kind() == kind).unwrap()
}

/// An error with a text for `Debug`, one for `Display`, and a source.
struct Named(&'static str, &'static str, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        match &self.2 {
            // As the builders of `fmt` do: a separator of its own before the cause.
            Some(cause) => {
                f.write_str(", ")?;
                write!(f, "{cause:?})")
            }
            None => f.write_str(")"),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}

impl Error for Named {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.2.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}

/// As hyper's and reqwest's errors: a box, and no more.
struct Boxed(Box<Named>);

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Boxed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

fn named(debug: &'static str, display: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Named {
    Named(debug, display, Some(source.into()))
}

fn unknown(source: impl Into<Box<dyn Error + Send + Sync>>) -> Named {
    named("Wrapper(7", "a wrapper", source)
}

// The shapes of hyper-util 0.1, hyper 1 and reqwest 0.13, as their `Debug` and `Display` are written.

fn hyper_util(kind: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Named {
    match kind {
        "Connect" => named("hyper_util::client::legacy::Error(Connect", "client error (Connect)", source),
        "SendRequest" => named("hyper_util::client::legacy::Error(SendRequest", "client error (SendRequest)", source),
        other => panic!("{other}"),
    }
}

fn connect_error(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Named {
    match what {
        "dns error" => named("ConnectError(\"dns error\"", "dns error", source),
        "tcp connect error" => named("ConnectError(\"tcp connect error\"", "tcp connect error", source),
        "tcp open error" => named("ConnectError(\"tcp open error\"", "tcp open error", source),
        other => panic!("{other}"),
    }
}

fn hyper(kind: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Named {
    match kind {
        "Io" => named("hyper::Error(Io", "connection error", source),
        "Body" => named("hyper::Error(Body", "error reading a body from connection", source),
        "BodyWrite" => named("hyper::Error(BodyWrite", "error writing a body to connection", source),
        "User(Body)" => named("hyper::Error(User(Body)", "error from user's Body stream", source),
        other => panic!("{other}"),
    }
}

#[test]
fn wrappers_are_opened() {
    let refused = || os(number(ErrorKind::ConnectionRefused));
    let boxed: Box<io::Error> = Box::new(refused());
    let shared = Arc::new(refused());
    let erased: Arc<dyn Error + Send + Sync> = Arc::new(unknown(refused()));
    assert_eq!(kind_of(&boxed), FaultKind::ConnectionRefused);
    assert_eq!(kind_of(&shared), FaultKind::ConnectionRefused);
    assert_eq!(kind_of(&erased), FaultKind::ConnectionRefused);
    assert_eq!(kind_of(&unknown(Arc::new(io::Error::other(shared)))), FaultKind::ConnectionRefused);

    // What an `Arc` holds is seen, and not only what lies below it.
    let fault: Arc<dyn Error + Send + Sync> = Arc::new(Fault::new(FaultKind::CircuitOpen));
    assert_eq!(kind_of(&fault), FaultKind::CircuitOpen);
    // A failure with the cause it was made of: `source` of the `Arc` would lead past it, to the cause.
    let caused = Failure::new(Fault::new(FaultKind::CircuitOpen), refused());
    let caused: Arc<dyn Error + Send + Sync> = Arc::new(caused);
    assert_eq!(kind_of(&unknown(caused)), FaultKind::CircuitOpen);
    let failure = Arc::new(Failure::from(Fault::new(FaultKind::NoRoute)));
    assert_eq!(kind_of(&failure), FaultKind::NoRoute);
    let failure = Box::new(Failure::from(Fault::new(FaultKind::NoRoute)));
    assert_eq!(kind_of(&failure), FaultKind::NoRoute);
}

#[test]
fn io_errors_are_entered_by_get_ref() {
    let reset = io::Error::other(io::Error::new(ErrorKind::InvalidData, os(number(ErrorKind::ConnectionReset))));
    let fault = classify(&reset, &[], &at(Phase::Tls));
    assert_eq!(fault.kind(), FaultKind::TlsReset);
    assert_eq!(fault.code(), Some(Code::Errno(number(ErrorKind::ConnectionReset))));
}

const fn fault_of_an_alert() -> Fault {
    Fault::new(FaultKind::CertRevoked).with_code(Code::TlsAlert(44))
}

#[test]
fn a_fault_anywhere_wins() {
    let fault = fault_of_an_alert();
    let inner: Box<dyn Error + Send + Sync> = io::Error::other(fault).into();
    let chain = unknown(io::Error::new(ErrorKind::ConnectionReset, inner));
    // Neither the kind outside it, nor the caller's phase, nor the client's body changes it.
    let mut exchange = at(Phase::Body);
    exchange.received = Some(10);
    exchange.request_body = RequestBody::Failed;
    assert_eq!(classify(&chain, &[], &exchange), fault);
    assert_eq!(classify(&hyper("User(Body)", fault), &[], &exchange), fault);

    // The outermost of two has judged the other; a number is taken from below where it has none.
    let refused = number(ErrorKind::ConnectionRefused);
    let inner = Failure::new(Fault::new(FaultKind::ConnectionRefused), os(refused));
    let outer = Failure::new(Fault::new(FaultKind::NoHealthyUpstream), inner);
    let fault = classify(&outer, &[], &Exchange::default());
    assert_eq!((fault.kind(), fault.code()), (FaultKind::NoHealthyUpstream, Some(Code::Errno(refused))));

    // One of its own is another's word, and stays.
    let alert = Failure::new(fault_of_an_alert(), os(number(ErrorKind::ConnectionReset)));
    assert_eq!(classify(&alert, &[], &Exchange::default()), fault_of_an_alert());

    // And the bytes of the head that came.
    let mut exchange = Exchange::default();
    exchange.received = Some(27);
    for (kind, received) in [
        (FaultKind::HeadStalled, Some(27)),
        (FaultKind::HeadTooLarge, Some(27)),
        // It would be the size of the field, which nobody has counted.
        (FaultKind::HeaderTooLarge, None),
        // The exchange counts the head as well.
        (FaultKind::BodyStalled, None),
    ] {
        assert_eq!(classify(&Fault::new(kind), &[], &exchange).received(), received, "{kind}");
    }
}

#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("again")
    }
}

impl Error for Circle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Self)
    }
}

#[test]
fn the_walk_ends() {
    assert_eq!(kind_of(&Circle), FaultKind::Unclassified);
    let mut deep = io::Error::from(ErrorKind::ConnectionRefused);
    for depth in 1..=1000 {
        deep = io::Error::other(deep);
        let want = if depth < 24 { FaultKind::ConnectionRefused } else { FaultKind::Unclassified };
        assert_eq!(kind_of(&deep), want, "{depth} around it");
    }
}

/// Counts how much it was made to write.
struct Endless(&'static std::sync::atomic::AtomicUsize);

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("failed to lookup ")?;
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

impl Error for Endless {}

#[test]
fn texts_are_bounded() {
    static WRITTEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    assert_eq!(kind_of(&Endless(&WRITTEN)), FaultKind::Unclassified);
    for kind in [ErrorKind::UnexpectedEof, ErrorKind::NotConnected, ErrorKind::InvalidInput, ErrorKind::InvalidData] {
        let _ = kind_of(&hyper("Body", io::Error::new(kind, Endless(&WRITTEN))));
    }
    assert!(WRITTEN.load(std::sync::atomic::Ordering::Relaxed) < 300);

    let long = "x".repeat(10 << 20);
    assert_eq!(kind_of(&io::Error::new(ErrorKind::InvalidInput, long)), FaultKind::Unclassified);
}

/// A message of somebody's, with the same text for `Debug`, as `anyhow!` has it.
struct Message(String);

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Message {}

const HOSTILE: &[&str] = &[
    "connection refused",
    "Connection refused (os error 111)",
    "dns error",
    "the body said: dns error, connection refused, hyper::Error(User(Body",
    "failed to lookup address information: Name or service not known",
    "hyper::Error(User(Body), reset)",
    "hyper::Error(Canceled)",
    "hyper_util::client::legacy::Error(Canceled)",
    "ConnectError(\"dns error\", x)",
    "InvalidCertificate(Expired)",
    "TimedOut",
    "tls handshake eof",
    "Invalid chunk body CR",
];

#[test]
fn text_of_others_does_not_steer() {
    for text in HOSTILE {
        let exchange = Exchange::default();
        let error = Message((*text).to_owned());
        assert_eq!(classify(&error, &[], &exchange), Fault::new(FaultKind::Unclassified), "{text}");
        let boxed: Box<dyn Error + Send + Sync> = (*text).into();
        assert_eq!(classify(&*boxed, &[], &exchange), Fault::new(FaultKind::Unclassified), "{text}");
        for kind in [ErrorKind::Other, ErrorKind::InvalidData, ErrorKind::InvalidInput, ErrorKind::PermissionDenied] {
            let error = io::Error::new(kind, *text);
            assert_eq!(classify(&error, &[], &exchange), Fault::new(FaultKind::Unclassified), "{kind} {text}");
        }
        // Nor does it beat what a type says.
        let error = io::Error::new(ErrorKind::ConnectionReset, *text);
        assert_eq!(classify(&error, &[], &exchange), Fault::new(FaultKind::ResetBeforeResponse), "{text}");
    }
}

#[test]
fn names_tell_the_phase_where_nobody_else_does() {
    let reset = || os(number(ErrorKind::ConnectionReset));
    let timed_out = || os(number(ErrorKind::TimedOut));
    let unreachable = || os(number(ErrorKind::HostUnreachable));
    #[rustfmt::skip]
    let cases: Vec<(Named, FaultKind, Phase)> = vec![
        (hyper_util("Connect", connect_error("tcp connect error", reset())), FaultKind::ConnectReset, Phase::Connect),
        (hyper_util("Connect", connect_error("tcp connect error", timed_out())), FaultKind::ConnectionTimeout, Phase::Connect),
        (hyper_util("Connect", connect_error("tcp connect error", unreachable())), FaultKind::Unreachable, Phase::Connect),
        (hyper_util("Connect", connect_error("dns error", timed_out())), FaultKind::DnsTimeout, Phase::Resolve),
        (hyper_util("Connect", connect_error("dns error", "SERVFAIL")), FaultKind::DnsFailure, Phase::Resolve),
        // hyper-rustls wraps errors of the handshake, and not those of TCP.
        (hyper_util("Connect", io::Error::other(reset())), FaultKind::TlsReset, Phase::Tls),
        (hyper_util("Connect", io::Error::new(ErrorKind::TimedOut, "slow")), FaultKind::ConnectionTimeout, Phase::Connect),
        // And it wraps them as `Other`: what has a kind of its own is somebody else's.
        (hyper_util("Connect", io::Error::new(ErrorKind::InvalidData, reset())), FaultKind::ConnectReset, Phase::Connect),
        (hyper_util("SendRequest", hyper("Io", reset())), FaultKind::ResetBeforeResponse, Phase::Head),
        (hyper_util("SendRequest", hyper("Io", unreachable())), FaultKind::Unreachable, Phase::Head),
        (hyper_util("SendRequest", hyper("BodyWrite", reset())), FaultKind::SendReset, Phase::Send),
        (hyper("Body", reset()), FaultKind::BodyReset, Phase::Body),
        (hyper("Body", io::Error::new(ErrorKind::UnexpectedEof, "end of file before message length reached")), FaultKind::BodyTruncated, Phase::Body),
        (hyper("User(Body)", reset()), FaultKind::ClientBodyFailed, Phase::Send),
        (unknown(Named("TimedOut", "operation timed out", None)), FaultKind::ResponseTimeout, Phase::Head),
        (named("reqwest::Error { kind: Decode", "error decoding response body", Named("TimedOut", "operation timed out", None)), FaultKind::BodyStalled, Phase::Body),
        (unknown(io::Error::new(ErrorKind::InvalidData, Named("AlertReceived(HandshakeFailure", "received fatal alert: HandshakeFailure", None))), FaultKind::TlsAlert, Phase::Head),
        (hyper_util("Connect", io::Error::new(ErrorKind::InvalidData, Named("AlertReceived(HandshakeFailure", "received fatal alert: HandshakeFailure", None))), FaultKind::TlsAlert, Phase::Tls),
        (hyper("Io", io::Error::new(ErrorKind::InvalidData, Named("AlertReceived(CertificateRequired", "received fatal alert: CertificateRequired", None))), FaultKind::TlsAlert, Phase::Head),
        (unknown(io::Error::new(ErrorKind::InvalidData, Named("InvalidCertificate(ExpiredContext { time: UnixTime(1)", "invalid peer certificate: certificate expired: …", None))), FaultKind::CertExpired, Phase::Tls),
    ];
    for (error, kind, phase) in cases {
        let fault = classify(&error, &[], &Exchange::default());
        assert_eq!((fault.kind(), fault.phase()), (kind, phase), "{error:?}");
        let guessed = error.to_string() == "a wrapper" && kind == FaultKind::ResponseTimeout;
        assert!(guessed || fault.confidence() == Confidence::Text, "{error:?}");
        // Who has come to the head by a call that connects as well may say so: the error knows how far that came.
        for said in [Phase::Send, Phase::Head] {
            if format!("{error:?}").starts_with("hyper_util::client::legacy::Error(Connect") {
                assert_eq!(classify(&error, &[], &at(said)), fault, "{error:?}, said to be in {said}");
            }
        }
    }
}

#[test]
fn the_caller_beats_text_of_what_it_has_sent_and_a_type_beats_the_caller() {
    let reset = hyper("Io", os(number(ErrorKind::ConnectionReset)));
    let fault = classify(&reset, &[], &at(Phase::Body));
    assert_eq!((fault.kind(), fault.confidence()), (FaultKind::BodyReset, Confidence::Typed));

    fn proves_tls<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        link.downcast_ref::<Circle>().map(|_| Finding::of(Cause::Reset).at(Phase::Tls))
    }
    fn suggests_tls<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        link.downcast_ref::<Circle>().map(|_| Finding::of(Cause::Reset).likely_at(Phase::Tls))
    }
    assert_eq!(classify(&Circle, &[proves_tls], &at(Phase::Body)).kind(), FaultKind::TlsReset);
    assert_eq!(classify(&Circle, &[suggests_tls], &at(Phase::Body)).kind(), FaultKind::BodyReset);
    assert_eq!(classify(&Circle, &[suggests_tls], &Exchange::default()).kind(), FaultKind::TlsReset);
    assert_eq!(classify(&Circle, &[suggests_tls], &Exchange::default()).confidence(), Confidence::Typed);
}

#[test]
fn a_refusal_is_of_connecting_whatever_the_caller_says() {
    let refused = os(number(ErrorKind::ConnectionRefused));
    for phase in [Phase::Select, Phase::Connect, Phase::Tls, Phase::Head] {
        let fault = classify(&refused, &[], &at(phase));
        assert_eq!((fault.kind(), fault.phase()), (FaultKind::ConnectionRefused, Phase::Connect), "{phase}");
    }
    assert_eq!(classify(&refused, &[], &at(Phase::Resolve)).kind(), FaultKind::DnsFailure);
}

/// A number that `connect` gives proves that nothing was sent, unless whoever is further out had a connection: hyper says so by its
/// name, without its adapter or as another version.
#[test]
fn numbers_of_connecting_prove_nothing_below_a_connection() {
    let kinds =
        [ErrorKind::ConnectionRefused, ErrorKind::AddrNotAvailable, ErrorKind::AddrInUse, ErrorKind::PermissionDenied];
    let numbers = kinds.map(number).into_iter().chain(if cfg!(windows) { vec![10024] } else { vec![23, 24] });
    for errno in numbers {
        let bare = classify(&os(errno), &[], &Exchange::default());
        assert_eq!((bare.phase(), bare.applied()), (Phase::Connect, Applied::No), "{bare:?}");
        for said in [None, Some(Phase::Send), Some(Phase::Head), Some(Phase::Body)] {
            let mut exchange = Exchange::default();
            exchange.phase = said;
            for (name, message) in [
                ("hyper::Error(Io", "connection error"),
                ("hyper::Error(BodyWrite", "error writing a body to connection"),
                ("hyper::Error(Body", "error reading a body from connection"),
                ("hyper::Error(Http2", "http2 error"),
                ("hyper::Error(Shutdown", "error shutting down connection"),
            ] {
                let hyper = || Boxed(Box::new(named(name, message, os(errno))));
                for chain in [
                    Box::new(hyper()) as Box<dyn Error + Send + Sync>,
                    Box::new(hyper_util("SendRequest", hyper())),
                    Box::new(unknown(hyper())),
                    io::Error::other(hyper()).into(),
                ] {
                    let fault = classify(&*chain, &[], &exchange);
                    assert_ne!(fault.applied(), Applied::No, "{said:?} {chain:?}: {fault:?}");
                    assert_eq!(fault.code(), Some(Code::Errno(errno)));
                }
                // Whoever connects says so as well, and is further out.
                let fault = classify(&hyper_util("Connect", hyper()), &[], &Exchange::default());
                assert_eq!(fault.applied(), Applied::No, "{fault:?}");
            }
        }
    }
}

#[test]
fn the_deepest_cause_counts_and_a_weak_one_gives_way() {
    fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        match link.to_string().as_str() {
            "weak" => Some(Finding::of(FaultKind::ConnectionLimit).weak()),
            "weak too" => Some(Finding::of(FaultKind::CircuitOpen).weak()),
            "strong" => Some(Finding::of(FaultKind::NoRoute)),
            "mute" => Some(Finding::new()),
            "body" => Some(Finding::request_body()),
            _ => None,
        }
    }
    const PROBES: &[Probe] = &[probe];
    let link = |text, source: Option<Box<dyn Error + Send + Sync>>| Named("Link(1", text, source);
    let of = |error: Named| classify(&error, PROBES, &at(Phase::Head)).kind();
    let eof = || Some(io::Error::from(ErrorKind::UnexpectedEof).into());
    assert_eq!(of(link("weak", None)), FaultKind::ConnectionLimit);
    assert_eq!(of(link("weak", eof())), FaultKind::ClosedBeforeResponse);
    assert_eq!(of(link("strong", eof())), FaultKind::ClosedBeforeResponse);
    assert_eq!(of(link("mute", eof())), FaultKind::ClosedBeforeResponse);
    assert_eq!(of(link("strong", Some(link("weak", None).into()))), FaultKind::NoRoute);
    assert_eq!(of(link("weak", Some(link("strong", None).into()))), FaultKind::NoRoute);
    assert_eq!(of(link("weak", Some(link("weak too", None).into()))), FaultKind::CircuitOpen);
    assert_eq!(of(link("weak too", Some(link("weak", None).into()))), FaultKind::ConnectionLimit);
    assert_eq!(of(link("body", eof())), FaultKind::ClientBodyFailed);
    // The first probe that knows a link ends the asking.
    fn greedy<'a>(_: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        Some(Finding::of(FaultKind::CircuitOpen))
    }
    assert_eq!(classify(&link("strong", None), &[probe, greedy], &at(Phase::Head)).kind(), FaultKind::NoRoute);
    assert_eq!(classify(&link("strong", None), &[greedy, probe], &at(Phase::Head)).kind(), FaultKind::CircuitOpen);
}

/// Who is further out knows how far the exchange had come, who is further in knows why it went no further.
#[test]
fn the_outermost_phase_counts_with_the_deepest_cause() {
    fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        Some(match link.to_string().as_str() {
            "closed in tls" => Finding::of(Cause::Closed).at(Phase::Tls),
            "closed, likely in tls" => Finding::of(Cause::Closed).likely_at(Phase::Tls),
            "in the body" => Finding::new().at(Phase::Body),
            "reset in the body" => Finding::of(Cause::Reset).at(Phase::Body),
            "reset, likely in the body" => Finding::of(Cause::Reset).likely_at(Phase::Body),
            "reset" => Finding::of(Cause::Reset),
            _ => return None,
        })
    }
    for (chain, kind, phase) in [
        (&["closed in tls", "reset in the body"][..], FaultKind::TlsReset, Phase::Tls),
        (&["reset in the body", "closed in tls"], FaultKind::BodyTruncated, Phase::Body),
        (&["in the body", "closed in tls", "reset"], FaultKind::BodyReset, Phase::Body),
        (&["nobody's", "reset", "closed in tls"], FaultKind::TlsClosed, Phase::Tls),
        (&["closed, likely in tls", "reset, likely in the body"], FaultKind::TlsReset, Phase::Tls),
        (&["reset, likely in the body", "closed, likely in tls"], FaultKind::BodyTruncated, Phase::Body),
        // What is proved counts more than what is likely, wherever it stands.
        (&["closed, likely in tls", "reset in the body"], FaultKind::BodyReset, Phase::Body),
        (&["closed in tls", "reset, likely in the body"], FaultKind::TlsReset, Phase::Tls),
    ] {
        let mut links = None;
        for &link in chain.iter().rev() {
            links = Some(Box::new(Named("Link(1", link, links.map(|inner: Box<Named>| inner as _))));
        }
        let fault = classify(&*links.unwrap(), &[probe], &Exchange::default());
        assert_eq!((fault.kind(), fault.phase()), (kind, phase), "{chain:?}");
    }
}

#[test]
fn a_request_body_that_failed_is_the_clients_fault() {
    let mut exchange = at(Phase::Head);
    exchange.request_body = RequestBody::Failed;
    let reset = os(number(ErrorKind::ConnectionReset));
    assert_eq!(classify(&reset, &[], &exchange), Fault::new(FaultKind::ClientBodyFailed));
}

#[test]
fn fixed_messages() {
    let eof = |text: &'static str| io::Error::new(ErrorKind::UnexpectedEof, text);
    let fault = classify(&eof("tls handshake eof"), &[], &Exchange::default());
    assert_eq!((fault.kind(), fault.phase()), (FaultKind::TlsClosed, Phase::Tls));
    let notify =
        eof("peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual");
    assert_eq!(classify(&notify, &[], &at(Phase::Body)).kind(), FaultKind::TlsTruncated);
    assert_eq!(classify(&hyper("Body", notify), &[], &Exchange::default()).kind(), FaultKind::TlsTruncated);
    let fault = classify(&eof("unexpected EOF during chunk size line"), &[], &at(Phase::Body));
    // It says so in a chunk's line, behind a chunk and in the trailers alike.
    assert_eq!((fault.kind(), fault.class()), (FaultKind::BodyTruncated, None));
    let none = hyper_util(
        "Connect",
        connect_error("tcp connect error", io::Error::new(ErrorKind::NotConnected, "Network unreachable")),
    );
    assert_eq!(kind_of(&none), FaultKind::DnsNotFound);

    for (text, kind, class) in [
        // It says so of an empty size, of a minus sign and of any other first byte.
        ("Invalid chunk size line: missing size digit", ErrorKind::InvalidInput, None),
        // Of `0x5`, of `5_0` and of a bare LF.
        ("Invalid chunk size line: Invalid Size", ErrorKind::InvalidInput, None),
        ("invalid chunk size: overflow", ErrorKind::InvalidData, Some(Class::ChunkSizeOverflow)),
        ("chunk extensions over limit", ErrorKind::InvalidData, Some(Class::TooLargeChunkLine)),
        ("Invalid chunk body CR", ErrorKind::InvalidInput, Some(Class::ChunkDataTerminator)),
        ("anything that a later hyper says", ErrorKind::InvalidInput, None),
    ] {
        let fault = classify(&hyper("Body", io::Error::new(kind, text)), &[], &Exchange::default());
        assert_eq!((fault.kind(), fault.class()), (FaultKind::BadChunk, class), "{text}");
        // A decoder's "invalid data" is not hyper's.
        assert_eq!(classify(&io::Error::new(kind, text), &[], &at(Phase::Body)).kind(), FaultKind::Unclassified);
    }
    let trailer = hyper("Body", io::Error::new(ErrorKind::InvalidInput, httparse::Error::HeaderName));
    let fault = classify(&trailer, &[], &Exchange::default());
    assert_eq!((fault.kind(), fault.phase()), (FaultKind::BadTrailer, Phase::Trailers));
    assert_eq!(kind_of(&httparse::Error::HeaderName), FaultKind::BadHeader);
}

proptest! {
    /// Whatever the order and the depth: total, and the innermost number is kept.
    #[test]
    fn any_chain(errnos in proptest::collection::vec(1..140_i32, 1..5), shape in proptest::collection::vec(0..4_u8, 0..16), phase in 0..8_usize) {
        let errno = errnos[0];
        let mut error: Box<dyn Error + Send + Sync> = os(errno).into();
        for step in &shape {
            error = match step {
                0 => io::Error::other(error).into(),
                1 => Box::new(unknown(error)),
                2 => Box::new(Arc::<dyn Error + Send + Sync>::from(error)),
                _ => io::Error::new(ErrorKind::InvalidData, error).into(),
            };
        }
        let exchange = at(Phase::ALL[phase]);
        let fault = classify(&*error, &[], &exchange);
        let bare = classify(&os(errno), &[], &exchange);
        prop_assert_eq!(fault, bare);
        prop_assert_eq!(fault.code(), Some(Code::Errno(errno)));
    }
}
