//! Errors that hide what they know: wrappers without a `source()`, names of other crates, and what nobody knows at all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use badgateway::classify::{Finding, Probe, classify, downcast, open};
use badgateway::decide::{applied, health};
use badgateway::exchange::Exchange;
use badgateway::fault::{Applied, Blame, Code, Confidence, Fault, FaultKind as K, Phase};
use badgateway::{Gateway, InFlight};

type Source = Option<Box<dyn Error + Send + Sync>>;

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

/// A type of somebody's, by what it writes.
struct Foreign(String, String, Source);

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl Error for Foreign {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.2.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}

/// As hyper's and reqwest's errors: a box, and no more.
struct Boxed(Box<Foreign>);

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

fn foreign(debug: &str, display: &str) -> Foreign {
    Foreign(debug.to_owned(), display.to_owned(), None)
}

fn kind_of(error: &(dyn Error + 'static)) -> K {
    classify(error, &[], &Exchange::default()).kind()
}

// ---- wrappers that hide their error -------------------------------------------------------------

#[derive(Debug, thiserror::Error)]
enum Up {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Named { inner: Foreign },
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Boxed(Box<Self>),
    #[error("upstream: {0}")]
    Told(io::Error),
    #[error("no connection")]
    Mute(io::Error),
}

/// As if the inner error stood there.
#[test]
fn a_transparent_wrapper_changes_nothing() {
    for kind in [
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
        ErrorKind::TimedOut,
        ErrorKind::HostUnreachable,
        ErrorKind::BrokenPipe,
        ErrorKind::AddrNotAvailable,
        ErrorKind::PermissionDenied,
    ] {
        let errno = number(kind);
        let bare = classify(&os(errno), &[], &Exchange::default());
        let told = [
            Up::Io(os(errno)),
            Up::Boxed(Box::new(Up::Io(os(errno)))),
            Up::Boxed(Box::new(Up::Boxed(Box::new(Up::Io(os(errno)))))),
            Up::Told(os(errno)),
            Up::Mute(os(errno)),
        ];
        for error in told {
            for exchange in [Exchange::default(), at(Phase::Tls), at(Phase::Body)] {
                let fault = classify(&error, &[], &exchange);
                let want = classify(&os(errno), &[], &exchange);
                assert_eq!(
                    (fault.kind(), fault.phase(), fault.code()),
                    (want.kind(), want.phase(), want.code()),
                    "{error:?}"
                );
                assert_eq!(fault.confidence(), Confidence::Text, "{error:?}");
            }
            // In a chain, too.
            let fault = classify(&io::Error::other(error), &[], &Exchange::default());
            assert_eq!((fault.kind(), fault.code()), (bare.kind(), bare.code()));
        }
    }
    for kind in
        [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset]
    {
        assert_eq!(kind_of(&Up::Io(kind.into())), kind_of(&io::Error::from(kind)), "{kind:?}");
        assert_eq!(kind_of(&Up::Mute(io::Error::new(kind, "text"))), kind_of(&io::Error::from(kind)), "{kind:?}");
    }
    let fault = Fault::new(K::CertRevoked);
    assert_eq!(kind_of(&Up::from(fault)), K::CertRevoked);
    assert_eq!(kind_of(&Up::from(Fault::new(K::TlsClosed).at(Phase::Head))), K::TlsClosed);
    assert_eq!(
        classify(&Up::from(Fault::new(K::TlsClosed).at(Phase::Head)), &[], &Exchange::default()).phase(),
        Phase::Head
    );

    for (name, message, kind) in [
        ("hyper::Error(IncompleteMessage)", "connection closed before message completed", K::ClosedBeforeResponse),
        ("hyper::Error(Parse(Status))", "invalid HTTP status-code parsed", K::BadStatusLine),
        ("InvalidCertificate(Expired)", "invalid peer certificate: Expired", K::CertExpired),
    ] {
        assert_eq!(kind_of(&Up::Named { inner: foreign(name, message) }), kind, "{name}");
        let wrapped = io::Error::new(ErrorKind::InvalidData, foreign(name, message));
        assert_eq!(kind_of(&Up::Io(wrapped)), kind, "{name}");
    }
    // The wrapped error has a source, and that is the wrapper's: what hyper was doing stands in the name alone.
    let reset = || os(number(ErrorKind::ConnectionReset));
    let mut hyper = foreign("hyper::Error(Body, ...)", "error reading a body from connection");
    hyper.2 = Some(reset().into());
    assert_eq!(kind_of(&Up::Named { inner: hyper }), K::BodyReset);
}

#[test]
fn the_last_number_of_a_message_is_no_proof() {
    let refused = number(ErrorKind::ConnectionRefused);
    let told = foreign("Opaque", &format!("dial 10.0.0.7: {}", os(refused)));
    let fault = classify(&told, &[], &Exchange::default());
    assert_eq!((fault.kind(), fault.code()), (K::ConnectionRefused, Some(Code::Errno(refused))));
    assert_eq!((fault.applied(), fault.confidence()), (Applied::Perhaps, Confidence::Text));
    for message in [
        format!("{} and more", os(refused)),
        "x".repeat(2000) + &os(refused).to_string(),
        "(os error )".to_owned(),
        "(os error 99999999999999)".to_owned(),
        "os error 111)".to_owned(),
    ] {
        assert_eq!(kind_of(&foreign("Opaque", &message)), K::Unclassified, "{message}");
    }
    // Whoever has a source has told it.
    let mut told = foreign("Opaque", &os(refused).to_string());
    told.2 = Some(Box::new(foreign("Inner", "inner")));
    assert_eq!(kind_of(&told), K::Unclassified);
}

#[test]
fn what_somebody_quotes_is_no_name() {
    for text in ["Io(Os { code: 111, kind: ConnectionRefused })", "Timeout", "JoinError::Panic(x)", "error:0A000086:x"]
    {
        for error in
            [foreign(text, text), foreign(&format!("{text:?}"), text), foreign(&format!("Message({text:?})"), text)]
        {
            assert_eq!(kind_of(&error), K::Unclassified, "{error:?}");
        }
    }
}

#[test]
fn an_enum_is_opened_in_one_line() {
    const UP: Probe = |link| {
        open::<Up>(link, |up| match up {
            Up::Io(error) | Up::Told(error) | Up::Mute(error) => error,
            Up::Named { inner } => inner,
            Up::Fault(fault) => fault,
            Up::Boxed(error) => &**error,
        })
    };
    let refused = os(number(ErrorKind::ConnectionRefused));
    let want = classify(&refused, &[], &Exchange::default());
    assert_eq!(classify(&Up::Boxed(Box::new(Up::Io(refused))), &[UP], &Exchange::default()), want);
}

#[derive(Debug, thiserror::Error)]
#[error("the pool is full")]
struct Full(u64);

/// Pointers skip what they point to, by their `source()`.
#[test]
fn a_probe_knows_its_type_behind_a_pointer() {
    const FULL: Probe = |link| downcast::<Full>(link).map(|_| Finding::of(K::ConnectionLimit));
    let errors: [Box<dyn Error + Send + Sync>; 5] = [
        Box::new(Full(1)),
        Box::new(Box::new(Full(2))),
        Box::new(Arc::new(Full(3))),
        io::Error::other(Box::new(Full(4))).into(),
        io::Error::other(Arc::new(Full(5))).into(),
    ];
    for error in errors {
        assert_eq!(classify(&*error, &[FULL], &Exchange::default()).kind(), K::ConnectionLimit, "{error:?}");
    }
}

// ---- what nobody knows --------------------------------------------------------------------------

#[test]
fn the_unknown_blames_nobody() {
    let unknown = foreign("Odd { a: 1 }", "odd");
    for (phase, kind, acted) in [
        (None, K::Unclassified, Applied::Perhaps),
        (Some(Phase::Select), K::Unclassified, Applied::No),
        (Some(Phase::Resolve), K::DnsFailure, Applied::No),
        (Some(Phase::Connect), K::ConnectReset, Applied::No),
        (Some(Phase::Tls), K::TlsProtocol, Applied::No),
        (Some(Phase::Send), K::Unclassified, Applied::Perhaps),
        (Some(Phase::Head), K::Unclassified, Applied::Perhaps),
        (Some(Phase::Body), K::Unclassified, Applied::Perhaps),
    ] {
        let mut exchange = Exchange::default();
        exchange.phase = phase;
        let fault = classify(&unknown, &[], &exchange);
        assert_eq!((fault.kind(), applied(&fault, &exchange)), (kind, acted), "{phase:?}");
        if kind == K::Unclassified {
            assert_eq!(fault.blame(), Blame::Unknown);
            assert!(!health::counts(&fault, &exchange));
        } else {
            assert_eq!(fault.confidence(), Confidence::Text, "{phase:?}");
        }
    }
}

/// The record says what was seen, so that somebody can write the probe that knows it.
#[test]
fn the_record_of_the_unknown_names_its_types() {
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let gateway = Gateway::new("gw").unwrap().with_log(move |report| log.lock().unwrap().push(report.to_string()));
    let deep = io::Error::other(foreign("Wire::Broken { secret: 7 }", "broken"));
    let error = Foreign("PoolError(\"x\")".to_owned(), "the pool".to_owned(), Some(deep.into()));
    let _ = InFlight::new(gateway.clone(), Exchange::default()).answer_bytes(&error);
    let refused = os(number(ErrorKind::ConnectionRefused));
    let _ = InFlight::new(gateway, Exchange::default()).answer_bytes(&refused);
    let lines = lines.lock().unwrap();
    for name in ["PoolError", "std::io::Error::Other", "Wire::Broken"] {
        assert!(lines[0].contains(&format!(r#"{{"label":"type","text":"{name}"}}"#)), "{name}: {}", lines[0]);
    }
    assert!(!lines[0].contains("secret"), "{}", lines[0]);
    assert!(lines[0].contains(r#""blame":"unknown""#), "{}", lines[0]);
    // What is known needs none.
    assert!(!lines[1].contains(r#""label":"type""#), "{}", lines[1]);
}

#[test]
fn the_gateways_own_tasks_and_channels_are_its_own() {
    for (debug, display) in [
        ("JoinError::Panic(Id(3), \"boom\", ...)", "task 3 panicked with message \"boom\""),
        ("JoinError::Cancelled(Id(3))", "task 3 was cancelled"),
        ("RecvError(())", "channel closed"),
        ("RecvError", "receiving on a closed channel"),
        ("SendError { .. }", "sending on a closed channel"),
        ("AcquireError(())", "semaphore closed"),
        ("PoisonError { .. }", "poisoned lock: another task failed inside"),
        ("hyper::Error(User(DispatchGone))", "dispatch task is gone"),
    ] {
        for error in [foreign(debug, display), foreign(&format!("Pool({debug})"), &format!("pool: {display}"))] {
            let fault = classify(&error, &[], &Exchange::default());
            assert_eq!((fault.kind(), fault.blame()), (K::ProxyInternal, Blame::Proxy), "{error:?}");
            assert!(!health::counts(&fault, &Exchange::default()), "{error:?}");
        }
    }
    for (debug, display) in [
        ("reqwest::Error { kind: Builder, source: RelativeUrlWithoutBase }", "builder error"),
        ("ConnectError(\"invalid URL, scheme is not http\")", "invalid URL, scheme is not http"),
        ("reqwest::Error { kind: Status(404, None), url: \"http://a/\" }", "HTTP status client error (404 Not Found)"),
        ("reqwest::Error { kind: Redirect, url: \"http://a/\" }", "error following redirect"),
    ] {
        let fault = classify(&foreign(debug, display), &[], &Exchange::default());
        assert_eq!(fault.kind(), K::ProxyMisconfigured, "{debug}");
        assert_eq!(fault.applied() == Applied::No, fault.phase() < Phase::Send, "{debug}");
        assert_eq!(
            fault.phase(),
            if debug.contains("Status") || debug.contains("Redirect") { Phase::Head } else { Phase::Select }
        );
    }
}

/// actix-http says "reached EOF" of chunks that are broken, and has the reason in it.
#[test]
fn awcs_broken_chunks() {
    let broken = |why: &str| format!("Incomplete(Some(Custom {{ kind: InvalidInput, error: {why:?} }}))");
    for why in ["Invalid chunk size line: Invalid size first-byte", "Invalid chunk body CR", "Overflow"] {
        let error = foreign(&broken(why), "payload reached EOF before completing");
        assert_eq!(classify(&error, &[], &at(Phase::Body)).kind(), K::BadChunk, "{why}");
    }
    let ended = foreign("Incomplete(Some(Kind(UnexpectedEof)))", "payload reached EOF before completing");
    assert_ne!(classify(&ended, &[], &at(Phase::Body)).kind(), K::BadChunk);
}

// ---- timeouts -----------------------------------------------------------------------------------

#[test]
fn timeouts_by_name() {
    for (debug, display, by_itself) in [
        ("TimeoutExpired(())", "Timeout expired", K::ResponseTimeout),
        ("Elapsed(())", "request timed out", K::ResponseTimeout),
        ("TimeoutError(())", "data was not received within the designated timeout", K::ResponseTimeout),
        ("TimeoutError { _private: () }", "future has timed out", K::ResponseTimeout),
        ("Timeout", "Timeout while waiting for response", K::ResponseTimeout),
        ("ConnectorError { kind: Timeout, source: x }", "timeout", K::ResponseTimeout),
        (
            "DispatchFailure(DispatchFailure { source: ConnectorError { kind: Timeout, source: x",
            "dispatch failure",
            K::ResponseTimeout,
        ),
        ("TimeoutError(TimeoutError { source: x", "request has timed out", K::ResponseTimeout),
        ("Connect(Timeout)", "Failed to connect to host: Timeout while establishing connection", K::ConnectionTimeout),
        ("Client(Connect(Timeout))", "client: x", K::ConnectionTimeout),
        ("ResolveError { kind: Timeout }", "request timed out", K::DnsTimeout),
        ("ResolveError { kind: Proto(ProtoError { kind: Timeout }) }", "proto error: request timed out", K::DnsTimeout),
    ] {
        let error = foreign(debug, display);
        let fault = classify(&error, &[], &Exchange::default());
        assert_eq!(fault.kind(), by_itself, "{debug}");
        assert_eq!(fault.kind().status(), 504);
        if by_itself == K::ResponseTimeout {
            // Whose patience it was, the caller knows.
            for (phase, kind) in
                [(Phase::Connect, K::ConnectionTimeout), (Phase::Tls, K::TlsTimeout), (Phase::Body, K::BodyStalled)]
            {
                assert_eq!(classify(&error, &[], &at(phase)).kind(), kind, "{debug} {phase}");
            }
        }
    }
    assert_eq!(kind_of(&foreign("TimeoutPolicy(3)", "no such policy")), K::Unclassified);
    // The next hop's own word in its gRPC status is no patience of ours.
    assert_eq!(kind_of(&foreign("Status { code: DeadlineExceeded, message: \"x\"", "status: 'x'")), K::Unclassified);
}

// ---- resolvers, UNIX sockets, proxies on the way out ---------------------------------------------

#[test]
fn response_codes_of_a_resolver() {
    let query = "query: Query { name: Name(\"a.example.\"), query_type: A, query_class: IN }, soa: None";
    for (code, kind) in [
        ("NXDomain", K::DnsNotFound),
        ("NoError", K::DnsNotFound),
        ("ServFail", K::DnsFailure),
        ("Refused", K::DnsFailure),
    ] {
        struct Hickory(&'static str, &'static str, &'static str);
        impl fmt::Debug for Hickory {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)?;
                f.write_str(self.1)?;
                f.write_str(", ")?;
                f.write_str("response_code")?;
                f.write_str(": ")?;
                f.write_str(self.2)?;
                f.write_str(", trusted: true }")
            }
        }
        impl fmt::Display for Hickory {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("no records found for Query")
            }
        }
        impl Error for Hickory {}
        for begin in [
            "ResolveError { kind: NoRecordsFound { ",
            "ResolveError { kind: Proto(ProtoError { kind: NoRecordsFound { ",
            "Dns(NoRecordsFound(NoRecords { ",
            "NoRecordsFound(NoRecords { ",
        ] {
            let fault = classify(&Hickory(begin, query, code), &[], &Exchange::default());
            assert_eq!((fault.kind(), fault.phase()), (kind, Phase::Resolve), "{begin} {code}");
        }
    }
}

#[test]
#[cfg(unix)]
fn unix_sockets() {
    for (kind, phase, want) in [
        (ErrorKind::WouldBlock, Phase::Connect, K::ConnectionRefused),
        (ErrorKind::NotFound, Phase::Connect, K::ConnectionRefused),
        (ErrorKind::NotADirectory, Phase::Connect, K::ConnectionRefused),
        (ErrorKind::PermissionDenied, Phase::Connect, K::ConnectDenied),
        (ErrorKind::ConnectionRefused, Phase::Connect, K::ConnectionRefused),
        (ErrorKind::WouldBlock, Phase::Head, K::ResponseTimeout),
        (ErrorKind::NotFound, Phase::Head, K::Unclassified),
    ] {
        let fault = classify(&os(number(kind)), &[], &at(phase));
        assert_eq!(
            (fault.kind(), fault.phase(), fault.code()),
            (want, phase, Some(Code::Errno(number(kind)))),
            "{kind:?}"
        );
        assert_eq!(fault.applied() == Applied::No, phase == Phase::Connect, "{kind:?}");
    }
    let error = std::os::unix::net::UnixStream::connect("/no/such/socket").unwrap_err();
    let fault = classify(&error, &[], &at(Phase::Connect));
    assert_eq!((fault.kind(), fault.applied(), fault.blame()), (K::ConnectionRefused, Applied::No, Blame::NextHop));
}

#[test]
fn a_host_without_ipv6_is_not_exhausted() {
    let missing = os(number(ErrorKind::AddrNotAvailable));
    for (next_hop, kind) in [
        (None, K::LocalExhausted),
        (Some("10.0.0.7:80"), K::LocalExhausted),
        (Some("a.example"), K::LocalExhausted),
        (Some("[2001:db8::7]:80"), K::Unreachable),
        (Some("[2001:db8::7]"), K::Unreachable),
        (Some("2001:db8::7"), K::Unreachable),
    ] {
        let mut exchange = at(Phase::Connect);
        exchange.next_hop = next_hop.map(Into::into);
        let fault = classify(&missing, &[], &exchange);
        assert_eq!((fault.kind(), fault.applied()), (kind, Applied::No), "{next_hop:?}");
    }
    let family = if cfg!(windows) {
        10047
    } else if cfg!(target_os = "linux") {
        97
    } else {
        47
    };
    let fault = classify(&os(family), &[], &Exchange::default());
    assert_eq!((fault.kind(), fault.phase(), fault.applied()), (K::Unreachable, Phase::Connect, Applied::No));
}

#[test]
fn a_proxy_on_the_way_out_is_not_the_next_hop() {
    for (debug, display, kind) in [
        ("ProxyAuthRequired", "tunnel error: proxy authorization required", K::ProxyMisconfigured),
        ("TunnelUnsuccessful", "tunnel error: unsuccessful", K::Unreachable),
        ("TunnelUnexpectedEof", "tunnel error: unexpected end of file", K::ConnectReset),
        ("ProxyHeadersTooLong", "tunnel error: proxy response headers too long", K::Unreachable),
        ("V5(Command(ConnectionRefused))", "SOCKS error: connection refused", K::Unreachable),
        ("V5(Command(ConnectionNotAllowed))", "SOCKS error: connection not allowed", K::ConnectDenied),
        ("V5(Command(HostUnreachable))", "SOCKS error: host unreachable", K::Unreachable),
        ("V5(Auth(Failed))", "SOCKS error: credentials not accepted", K::ProxyMisconfigured),
        ("V4(Command(Failed))", "SOCKS error: failed", K::Unreachable),
        ("SocksConnect(V5(Command(TtlExpired)))", "socks connect error", K::Unreachable),
    ] {
        let mut outer = foreign("hyper_util::client::legacy::Error(Connect, ...)", "client error (Connect)");
        outer.2 = Some(Box::new(foreign(debug, display)));
        let fault = classify(&outer, &[], &Exchange::default());
        assert_eq!((fault.kind(), fault.phase(), fault.applied()), (kind, Phase::Connect, Applied::No), "{debug}");
        assert!(matches!(fault.blame(), Blame::Configuration | Blame::Network), "{debug}");
    }
}

// ---- TLS by OpenSSL ------------------------------------------------------------------------------

/// As they are with OpenSSL 3.0, and one of 1.1: the beginning of `Debug`, and `Display`. That of a certificate ends in the
/// words of the rule.
#[test]
fn openssl_by_its_codes() {
    const NATIVE: &str = "Ssl(Error { code: ErrorCode(1), cause: Some(Ssl(ErrorStack([Error { code: 167772294";
    const OPENSSL: &str = "Failure(MidHandshakeSslStream { stream: SslStream { stream: TcpStream { addr: 127.0.0.1:1";
    const LATE: &str = "Error { code: ErrorCode(1), cause: Some(Ssl(ErrorStack([Error { code: 167772294";
    let verify = |rule: &str| {
        ("0A000086:SSL routines:tls_post:certificate verify failed:../ssl/clnt.c:1889:".to_owned(), rule.to_owned())
    };
    let other = |text: &str| (format!("{text}:../ssl/record/rec_layer_s3.c:1601:SSL alert number 40"), String::new());
    for ((text, rule), kind) in [
        (verify("certificate has expired"), K::CertExpired),
        (verify("certificate is not yet valid"), K::CertNotYetValid),
        (verify("hostname mismatch"), K::CertNameMismatch),
        (verify("IP address mismatch"), K::CertNameMismatch),
        (verify("self-signed certificate"), K::CertUntrusted),
        (verify("unable to get local issuer certificate"), K::CertUntrusted),
        (verify("certificate revoked"), K::CertRevoked),
        (verify("unsuitable certificate purpose"), K::CertInvalid),
        (verify(""), K::CertUntrusted),
        (
            (
                "1416F086:SSL routines:tls_post:certificate verify failed:clnt.c:1889:".to_owned(),
                "certificate has expired".to_owned(),
            ),
            K::CertExpired,
        ),
        (other("0A00010B:SSL routines:ssl3_get_record:wrong version number"), K::TlsNotTls),
        (other("1408F10B:SSL routines:ssl3_get_record:wrong version number"), K::TlsNotTls),
        (other("0A00009C:SSL routines:ssl3_get_record:http request"), K::TlsNotTls),
        (other("0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required"), K::TlsAlert),
        (other("0A000126:SSL routines::unexpected eof while reading"), K::TlsClosed),
        (other("0A000102:SSL routines:ssl_choose_client_version:unsupported protocol"), K::TlsProtocol),
    ] {
        let stack = || foreign("ErrorStack([Error { code: 1", &format!("error:{text}"));
        let native = if rule.is_empty() { format!("error:{text}") } else { format!("error:{text} ({rule})") };
        let openssl = if rule.is_empty() {
            format!("the handshake failed: error:{text}")
        } else {
            format!("the handshake failed: error:{text}: {rule}")
        };
        for mut error in [foreign(NATIVE, &native), foreign(OPENSSL, &openssl)] {
            let fault = classify(&error, &[], &Exchange::default());
            assert_eq!((fault.kind(), fault.phase(), fault.applied()), (kind, Phase::Tls, Applied::No), "{error}");
            assert_eq!(fault.confidence(), Confidence::Text, "{error}");
            if kind == K::TlsAlert {
                assert_eq!(fault.code(), Some(Code::TlsAlert(116)));
            }
            // The stack of errors below says less.
            error.2 = Some(Box::new(stack()));
            assert_eq!(kind_of(&error), kind, "{error}");
        }
        // On a connection that stands the request may have been written, and a certificate is judged in the handshake only.
        let late = classify(&io::Error::other(foreign(LATE, &native)), &[], &Exchange::default());
        assert_eq!(
            late.applied() == Applied::No,
            kind.error_type() == K::CertExpired.error_type(),
            "{native}: {late:?}"
        );
    }
    for (debug, display, kind) in [
        ("Ssl(Error { code: ErrorCode(5), cause: None }, X509VerifyResult", "unexpected EOF", K::TlsClosed),
        (OPENSSL, "the handshake failed: unexpected EOF", K::TlsClosed),
        ("WouldBlock(MidHandshakeSslStream { stream: x", "the handshake process was interrupted", K::TlsTimeout),
    ] {
        let fault = classify(&foreign(debug, display), &[], &Exchange::default());
        assert_eq!((fault.kind(), fault.phase()), (kind, Phase::Tls), "{display}");
    }
    // A reset in the handshake, by the name of who was shaking hands.
    let reset = || os(number(ErrorKind::ConnectionReset));
    let handshake = |name| Foreign(str::to_owned(name), reset().to_string(), Some(reset().into()));
    for name in ["Ssl(Error { code: ErrorCode(5), cause: Some(Io(Os", "Failure(MidHandshakeSslStream { stream: x"] {
        assert_eq!(kind_of(&handshake(name)), K::TlsReset);
        let outer = Foreign(
            "hyper_util::client::legacy::Error(Connect, ...)".to_owned(),
            "client error (Connect)".to_owned(),
            Some(Box::new(handshake(name))),
        );
        assert_eq!(kind_of(&outer), K::TlsReset);
    }
    // Other libraries of OpenSSL's say nothing of TLS.
    assert_eq!(kind_of(&foreign("ErrorStack([Error { code: 1", "error:02000086:system library:x:y")), K::Unclassified);
}

/// The connection's errors are in an error of reqwest's of their own.
#[test]
fn a_content_coding_that_does_not_decode() {
    let decode = |inner: Box<dyn Error + Send + Sync>| {
        let text = "reqwest::Error { kind: Decode, source: x }";
        Boxed(Box::new(Foreign(text.to_owned(), "error decoding response body".to_owned(), Some(inner))))
    };
    for exchange in [Exchange::default(), at(Phase::Body)] {
        let of = |error: &(dyn Error + 'static)| classify(error, &[], &exchange).kind();
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::InvalidData, ErrorKind::InvalidInput] {
            assert_eq!(
                of(&decode(io::Error::new(kind, "corrupt deflate stream").into())),
                K::BadContentCoding,
                "{kind:?}"
            );
            assert_eq!(of(&io::Error::other(decode(io::Error::from(kind).into()))), K::BadContentCoding, "{kind:?}");
        }
        assert_eq!(of(&decode(os(number(ErrorKind::ConnectionReset)).into())), K::BodyReset);
        let text = "reqwest::Error { kind: Body, source: x }";
        let body = Foreign(
            text.to_owned(),
            "request or response body error".to_owned(),
            Some(io::Error::from(ErrorKind::UnexpectedEof).into()),
        );
        assert_eq!(of(&decode(Box::new(Boxed(Box::new(body))))), K::BodyTruncated);
    }
}

// ---- upgrades, uploads ---------------------------------------------------------------------------

#[test]
fn an_upgrade_that_was_not_taken() {
    for (debug, display) in [
        ("hyper::Error(User(NoUpgrade))", "no upgrade available"),
        ("Http(Response { status: 403, version: HTTP/1.1 })", "HTTP error: 403 Forbidden"),
        ("InvalidResponseStatus(403)", "Invalid response status"),
    ] {
        assert_eq!(kind_of(&foreign(debug, display)), K::UpgradeRefused, "{debug}");
    }
}

/// Below hyper's word that the request's body failed, who says why is believed, if it is the client's fault or ours.
#[test]
fn an_upload_fails_for_a_reason() {
    fn limit<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
        if downcast::<Foreign>(link).is_some_and(|known| known.0.starts_with("hyper::Error(User(Body")) {
            return Some(Finding::request_body());
        }
        downcast::<Full>(link).map(|full| match full.0 {
            413 => Finding::of(Fault::new(K::ClientBodyFailed).with_code(Code::Status(413))),
            500 => Finding::of(K::ProxyInternal),
            _ => Finding::of(K::StreamReset),
        })
    }
    let upload = |inner: Box<dyn Error + Send + Sync>| {
        let mut outer = foreign("hyper::Error(User(Body), ...)", "error from user's Body stream");
        outer.2 = Some(inner);
        outer
    };
    let of = |error: &Foreign| classify(error, &[limit], &at(Phase::Head));
    let too_large = of(&upload(Box::new(Full(413))));
    assert_eq!((too_large.kind(), too_large.code()), (K::ClientBodyFailed, Some(Code::Status(413))));
    assert_eq!(of(&upload(Box::new(Full(500)))).kind(), K::ProxyInternal);
    // The client's connection is not the next hop's.
    assert_eq!(of(&upload(Box::new(Full(1)))).kind(), K::ClientBodyFailed);
    assert_eq!(of(&upload(os(number(ErrorKind::ConnectionReset)).into())).kind(), K::ClientBodyFailed);

    let limited = of(&upload(Box::new(foreign("LengthLimitError", "length limit exceeded"))));
    assert_eq!((limited.kind(), limited.code()), (K::ClientBodyFailed, Some(Code::Status(413))));
    let late =
        of(&upload(Box::new(foreign("TimeoutError(())", "data was not received within the designated timeout"))));
    assert_eq!(late.kind(), K::ClientTimeout);
    // Of a response it is the response that is too large.
    assert_eq!(kind_of(&foreign("LengthLimitError", "length limit exceeded")), K::BodyTooLarge);
}
