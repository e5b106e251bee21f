//! The last resort: fixed texts of errors that expose nothing else.
//!
//! A bounded prefix in a fixed buffer, from the first byte on, and never a search. What
//! a peer wrote stands further back in such texts, if at all. All that is read here is marked
//! [`Confidence::Text`](crate::fault::Confidence::Text).
//!
//! Two kinds of text are read. The `Debug` of private types begins with their path, which has been the
//! same in hyper 0.14 and 1, in h2 0.3 and 0.4, in rustls 0.21 and 0.23. And some `io::Error`s
//! differ in nothing but their message, such as those of `getaddrinfo`.

use std::error::Error;
use std::fmt::{self, Write};
use std::io::{self, ErrorKind};

use super::finding::{Cause, Finding};
use crate::fault::{Class, Code, Confidence, Fault, FaultKind, Phase};

/// What the type of a link says of itself, by the beginning of its `Debug`.
#[cfg_attr(not(feature = "hyper1"), allow(dead_code))] // hyper hands its own names over
pub(crate) fn by_name(link: &(dyn Error + 'static)) -> Option<Finding<'static>> {
    let mut debug = Prefix::new(Until::NoName);
    let _ = write!(debug, "{link:?}");
    by_name_in(link, &debug)
}

/// The beginning of a link's `Debug`, up to its cause.
pub(super) fn debug(link: &(dyn Error + 'static)) -> Prefix {
    let mut debug = Prefix::new(Until::NoWrapper);
    let _ = write!(debug, "{link:?}");
    debug
}

/// The same where that is at hand.
pub(super) fn by_name_in(link: &(dyn Error + 'static), debug: &Prefix) -> Option<Finding<'static>> {
    let (_, finding) = name(debug.text())?;
    if debug.is_message_of(link) { None } else { Some(finding.by_text()) }
}

/// The response code in an error of hickory's, `response_code: ServFail`, behind a query and records of any length. Only the name
/// of a field is written in one piece without quotes.
pub(super) fn dns_failed(link: &(dyn Error + 'static)) -> bool {
    struct Field {
        room: usize,
        is_next: bool,
        code: Option<bool>,
    }
    impl Write for Field {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
            if self.is_next && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
                self.code = Some(!matches!(text, "NXDomain" | "NoError"));
                return Err(fmt::Error);
            }
            self.is_next |= text == "response_code";
            Ok(())
        }
    }
    let mut field = Field { room: 16 << 10, is_next: false, code: None };
    let _ = write!(field, "{link:?}");
    field.code == Some(true)
}

/// The name that a text begins with.
pub(super) fn name(text: &[u8]) -> Option<(&'static str, Finding<'static>)> {
    let first = *text.first()?;
    if INITIALS & initial(first) == 0 {
        return None;
    }
    // Most rows are ruled out by this byte, without a look at them.
    let rows = |initials: &'static [u8], rows: &'static [Text]| {
        initials.iter().zip(rows).filter(move |(initial, _)| **initial == first).map(|(_, row)| *row)
    };
    let whole = |word: &str| text.strip_prefix(word.as_bytes()).is_some_and(ends_a_word);
    let name = rows(&OF_NAMES, NAMES).find(|(name, _)| text.starts_with(name.as_bytes()));
    name.or_else(|| rows(&OF_WORDS, WORDS).find(|(word, _)| whole(word)))
}

/// The first letter of each name, and all of them.
const OF_NAMES: [u8; NAMES.len()] = initials(NAMES);
const OF_WORDS: [u8; WORDS.len()] = initials(WORDS);
const INITIALS: u128 = all(&OF_NAMES) | all(&OF_WORDS);

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // when it is compiled
const fn initials<const N: usize>(rows: &[Text]) -> [u8; N] {
    let mut initials = [0; N];
    let mut n = 0;
    while n < N {
        initials[n] = rows[n].0.as_bytes()[0];
        n += 1;
    }
    initials
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // when it is compiled
const fn all(initials: &[u8]) -> u128 {
    let (mut all, mut n) = (0, 0);
    while n < initials.len() {
        all |= initial(initials[n]);
        n += 1;
    }
    all
}

/// One bit for each byte of ASCII.
const fn initial(byte: u8) -> u128 {
    if byte < 128 { 1 << byte } else { 0 }
}

/// Whether a name is over where this begins.
fn ends_a_word(rest: &[u8]) -> bool {
    !rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Whether the link is hyper's own error, by its name.
pub(super) fn is_hypers(link: &(dyn Error + 'static)) -> bool {
    let mut name = Rest("hyper::Error(");
    let _ = write!(name, "{link:?}");
    name.0.is_empty()
}

/// Whether the message of an error begins so.
#[cfg(feature = "hyper1")]
pub(crate) fn says(link: &(dyn Error + 'static), beginning: &'static str) -> bool {
    let mut display = Rest(beginning);
    let _ = write!(display, "{link}");
    display.0.is_empty()
}

/// Whether the `Debug` of somebody's value begins so.
pub(crate) fn begins(value: &dyn fmt::Debug, beginning: &'static str) -> bool {
    let mut debug = Rest(beginning);
    let _ = write!(debug, "{value:?}");
    debug.0.is_empty()
}

/// What the message of an `io::Error` without a number says.
#[allow(clippy::wildcard_enum_match_arm)] // a foreign enum that grows
pub(super) fn by_message(error: &io::Error) -> Option<Finding<'static>> {
    let rows = match error.kind() {
        ErrorKind::UnexpectedEof => ENDS,
        ErrorKind::BrokenPipe | ErrorKind::Other => STREAMS,
        ErrorKind::NotConnected | ErrorKind::InvalidInput => ADDRESSES,
        kind if is_uncategorized(kind) => LOOKUPS,
        _ => return None,
    };
    find(rows, error)
}

/// What the message of an `io::Error` says that hyper made in a chunked body.
pub(super) fn by_chunk_message(error: &io::Error) -> Option<Finding<'static>> {
    find(CHUNKS, error)
}

/// Whether hyper would say so of bytes that it cannot read.
pub(super) fn is_about_data(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput)
}

fn find(rows: &[Text], error: &io::Error) -> Option<Finding<'static>> {
    let mut text = Prefix::new(Until::Full);
    let _ = write!(text, "{error}");
    rows.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, finding)| finding.by_text())
}

/// The standard library's own kind, which nobody else can make, and nobody can name.
fn is_uncategorized(kind: ErrorKind) -> bool {
    let mut name = Rest("Uncategorized");
    write!(name, "{kind:?}").is_ok() && name.0.is_empty()
}

/// Why a [`Prefix`] takes no more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The buffer is full.
    Full,
    /// Or a comma ends it, unless it is one of `Custom { kind: NotFound, error: `.
    NoWrapper,
    /// Or no name can match any more, or a comma ends it: what follows in a `Debug` is the cause, whose
    /// own `Debug` must not run, because that of an `io::Error` allocates.
    NoName,
}

/// The first bytes of a text; it refuses the rest, so that whoever writes stops.
pub(super) struct Prefix {
    bytes: [u8; 192],
    len: usize,
    until: Until,
    is_cut: bool,
}

impl Prefix {
    pub(super) const fn new(until: Until) -> Self {
        Self { bytes: [0; 192], len: 0, until, is_cut: false }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn starts_with(&self, beginning: &str) -> bool {
        self.text().starts_with(beginning.as_bytes())
    }

    fn can_be_a_name(&self) -> bool {
        let text = self.text();
        let begins = |(name, _): &Text| text.starts_with(name.as_bytes()) || name.as_bytes().starts_with(text);
        INITIALS & text.first().map_or(0, |first| initial(*first)) != 0
            && (NAMES.iter().any(begins) || WORDS.iter().any(begins))
    }

    /// Whether this beginning of a `Debug` is somebody's message, which may quote anybody: its `Display` is the same, or
    /// that in quotes, or all of it stands here already. Those of other types differ.
    pub(super) fn is_message_of(&self, link: &(dyn Error + 'static)) -> bool {
        let text = self.text();
        if text.first() == Some(&b'"') {
            return true;
        }
        let mut display = Self::new(Until::Full);
        let _ = write!(display, "{link}");
        let shown = display.text();
        let is_same = if self.is_cut { shown.starts_with(text) } else { shown == text };
        is_same || !display.is_cut && shown.len() > MESSAGE && text.starts_with(shown)
    }

    fn end_of(&self, text: &str) -> Option<usize> {
        match self.until {
            Until::Full => None,
            Until::NoName => text.find(','),
            Until::NoWrapper => {
                const CUSTOM: &[u8] = b"Custom { kind: ";
                let end = text.find(',')?;
                let commas = self.text().iter().filter(|byte| **byte == b',').count();
                let allowed = self.text().windows(CUSTOM.len()).filter(|window| *window == CUSTOM).count();
                if commas < allowed { None } else { Some(end) }
            }
        }
    }
}

/// A `Display` as short as this may begin a `Debug` by chance: `Error` does.
const MESSAGE: usize = 16;

impl Write for Prefix {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.end_of(text);
        let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let fits = room.len() >= text.len();
        let taken = room.iter_mut().zip(text.bytes()).map(|(slot, byte)| *slot = byte).count();
        self.len = self.len.saturating_add(taken);
        let more = match self.until {
            Until::Full => true,
            Until::NoWrapper => end.is_none(),
            Until::NoName => end.is_none() && self.can_be_a_name(),
        };
        if fits && more {
            return Ok(());
        }
        self.is_cut = true;
        Err(fmt::Error)
    }
}

/// What is left of a text that is being compared with what is written; it refuses the first difference.
struct Rest(&'static str);

impl Write for Rest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let n = text.len().min(self.0.len());
        match (text.get(..n), self.0.strip_prefix(text.get(..n).unwrap_or(text))) {
            // The whole name has come: what follows does not matter.
            (Some(_), Some("")) if text.len() > n => {
                self.0 = "";
                Err(fmt::Error)
            }
            (Some(_), Some(rest)) => {
                self.0 = rest;
                Ok(())
            }
            (_, _) => Err(fmt::Error),
        }
    }
}

type Text = (&'static str, Finding<'static>);

/// What the name of a link says that stands below the request's own body.
pub(super) fn of_an_upload(link: &(dyn Error + 'static)) -> Option<Fault> {
    let mut debug = Prefix::new(Until::NoName);
    let _ = write!(debug, "{link:?}");
    let (name, finding) = name(debug.text())?;
    let fault = if name == "LengthLimitError" {
        Fault::new(FaultKind::ClientBodyFailed).with_code(Code::Status(413))
    } else if finding.cause == Some(Cause::TimedOut) {
        Fault::new(FaultKind::ClientTimeout)
    } else {
        return None;
    };
    if debug.is_message_of(link) { None } else { Some(fault.with_confidence(Confidence::Text)) }
}

const fn cause(cause: Cause) -> Finding<'static> {
    let mut finding = Finding::new();
    finding.cause = Some(cause);
    finding
}

const fn kind(kind: FaultKind) -> Finding<'static> {
    cause(Cause::Fault(Fault::new(kind)))
}

const fn class(class: Class) -> Finding<'static> {
    cause(Cause::Fault(Fault::of_class(class)))
}

const fn likely(phase: Phase) -> Finding<'static> {
    Finding::new().likely_at(phase)
}

const fn chunks_below(mut finding: Finding<'static>) -> Finding<'static> {
    finding.chunked = true;
    finding
}

/// Beginnings of `Debug`. The longer of two that begin alike comes first.
#[rustfmt::skip]
const NAMES: &[Text] = &[
    // hyper 0.14 and 1, src/error.rs. `IncompleteMessage` and the two after it come of waiting for a head.
    ("hyper::Error(IncompleteMessage", cause(Cause::Closed).likely_at(Phase::Head)),
    ("hyper::Error(Canceled", cause(Cause::Closed).weak().likely_at(Phase::Head)),
    ("hyper::Error(ChannelClosed", cause(Cause::Closed).weak().likely_at(Phase::Head)),
    ("hyper::Error(UnexpectedMessage", cause(Cause::Unsolicited)),
    ("hyper::Error(HeaderTimeout", cause(Cause::TimedOut).likely_at(Phase::Head)),
    ("hyper::Error(Io", likely(Phase::Head)),
    ("hyper::Error(BodyWrite", likely(Phase::Send)),
    ("hyper::Error(Body", chunks_below(likely(Phase::Body))),
    ("hyper::Error(Shutdown", likely(Phase::Head)),
    ("hyper::Error(Http2", likely(Phase::Head)),
    ("hyper::Error(User(Body", Finding::request_body()),
    // The next hop answered, and with no upgrade.
    ("hyper::Error(User(NoUpgrade", kind(FaultKind::UpgradeRefused).at(Phase::Head)),
    ("hyper::Error(User(", kind(FaultKind::ProxyInternal)),
    ("hyper::Error(Parse(VersionH2", class(Class::NotHttpHttp2Preface)),
    // A TLS alert, HTML without a head, `HTTP/2.0 200`: whatever does not begin with `HTTP/1.`.
    ("hyper::Error(Parse(Version", kind(FaultKind::NotHttp)),
    ("hyper::Error(Parse(Status", kind(FaultKind::BadStatusLine)),
    ("hyper::Error(Parse(TooLarge", cause(Cause::HeadTooLarge)),
    // Not a number, or numbers that disagree.
    ("hyper::Error(Parse(Header(ContentLengthInvalid", kind(FaultKind::AmbiguousFraming)),
    ("hyper::Error(Parse(Header(TransferEncodingUnexpected", class(Class::FramingTeInHttp10)),
    ("hyper::Error(Parse(Header(TransferEncodingInvalid", class(Class::FramingTeInvalid)),
    ("hyper::Error(Parse(Header(", kind(FaultKind::BadHeader)),
    ("hyper::Error(Parse(Internal", kind(FaultKind::ProxyInternal)),
    // hyper-util 0.1, src/client/legacy/client.rs and connect/http.rs.
    ("hyper_util::client::legacy::Error(Connect", likely(Phase::Connect)),
    ("hyper_util::client::legacy::Error(Canceled", cause(Cause::Closed).weak()),
    ("hyper_util::client::legacy::Error(ChannelClosed", cause(Cause::Closed).weak()),
    ("hyper_util::client::legacy::Error(User", kind(FaultKind::ProxyInternal)),
    ("ConnectError(\"dns error\"", kind(FaultKind::DnsFailure).weak().likely_at(Phase::Resolve)),
    ("ConnectError(\"tcp ", likely(Phase::Connect)),
    ("ConnectError(\"invalid URL", kind(FaultKind::ProxyMisconfigured).at(Phase::Select)),
    // reqwest 0.11 to 0.13, src/error.rs. `TimedOut` is hyper's sentinel, too.
    ("reqwest::Error { kind: Body", likely(Phase::Body)),
    ("reqwest::Error { kind: Decode", likely(Phase::Body)),
    // A request that cannot be made, and answers that a gateway hands on and does not make errors of.
    ("reqwest::Error { kind: Builder", kind(FaultKind::ProxyMisconfigured).at(Phase::Select).weak()),
    ("reqwest::Error { kind: Status", kind(FaultKind::ProxyMisconfigured).at(Phase::Head)),
    ("reqwest::Error { kind: Redirect", kind(FaultKind::ProxyMisconfigured).at(Phase::Head).weak()),
    ("reqwest::Error { kind: Upgrade", kind(FaultKind::UpgradeRefused).at(Phase::Head).weak()),
    // hyper-util 0.1, src/client/legacy/connect/proxy: a proxy on the way out, of which the next hop knows nothing.
    ("V5(Auth(", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V5(HostTooLong", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V5(Command(ConnectionNotAllowed", kind(FaultKind::ConnectDenied).at(Phase::Connect)),
    ("V5(Command(CommandNotSupported", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V5(Command(AddressTypeNotSupported", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V5(Command(", kind(FaultKind::Unreachable).at(Phase::Connect)),
    ("V4(IpV6", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V4(Command(Ident", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("V4(Command(", kind(FaultKind::Unreachable).at(Phase::Connect)),
    // awc 3, src/client/error.rs, which has no `source()`.
    ("Connect(Timeout", cause(Cause::TimedOut).at(Phase::Connect)),
    ("Connect(NoRecords", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("Connect(Resolver(", kind(FaultKind::DnsFailure).at(Phase::Resolve)),
    ("Connect(SslError(", kind(FaultKind::TlsProtocol).at(Phase::Tls)),
    ("Connect(SslIsNotSupported", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("Connect(Unresolved", kind(FaultKind::ProxyMisconfigured).at(Phase::Resolve)),
    ("Connect(Disconnected", kind(FaultKind::ProxyInternal)),
    // actix-http 3, src/h1/decoder.rs: damage in a chunked body, which it calls an end.
    ("Incomplete(Some(Custom { kind: InvalidInput", kind(FaultKind::BadChunk)),
    ("Response(Incomplete", cause(Cause::Closed).likely_at(Phase::Head)),
    ("Response(Timeout", cause(Cause::TimedOut).likely_at(Phase::Head)),
    ("Response(TooLarge", kind(FaultKind::HeadTooLarge).at(Phase::Head)),
    ("Response(Version", kind(FaultKind::NotHttp).at(Phase::Head)),
    ("Response(Status", kind(FaultKind::BadStatusLine).at(Phase::Head)),
    ("Response(Header", kind(FaultKind::BadHeader).at(Phase::Head)),
    ("TunnelNotSupported", kind(FaultKind::ProxyMisconfigured).at(Phase::Select)),
    ("InvalidResponseStatus(", kind(FaultKind::UpgradeRefused).at(Phase::Head)),
    // tungstenite 0.20 to 0.26, src/error.rs: an answer that is not 101.
    ("Http(Response { status: ", kind(FaultKind::UpgradeRefused).at(Phase::Head)),
    // hickory 0.24 to 0.26: which of the two it is, its response code says.
    ("NoRecordsFound", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("ResolveError { kind: Timeout", cause(Cause::TimedOut).at(Phase::Resolve)),
    ("ResolveError { kind: Proto(ProtoError { kind: Timeout", cause(Cause::TimedOut).at(Phase::Resolve)),
    ("ResolveError { kind: ", likely(Phase::Resolve)),
    // native-tls 0.2, src/imp/openssl.rs, and openssl 0.10, src/ssl/error.rs: errors of the handshake. Later ones are an
    // `ssl::Error` alone. A handshake is interrupted where a blocking socket's time was over.
    ("Ssl(Error { code: ErrorCode(", Finding::new().at(Phase::Tls)),
    ("Failure(MidHandshakeSslStream", Finding::new().at(Phase::Tls)),
    ("WouldBlock(MidHandshakeSslStream", cause(Cause::TimedOut).at(Phase::Tls)),
    // tokio 1: tasks, channels and semaphores of the gateway's own; so do the names below.
    ("JoinError::", kind(FaultKind::ProxyInternal)),
    // rustls 0.21 to 0.23, src/error.rs, where the adapter is off or for another version.
    ("AlertReceived(", kind(FaultKind::TlsAlert).on_a_connection()),
    ("InvalidCertificate(ExpiredRevocationList", kind(FaultKind::CertInvalid).at(Phase::Tls)),
    ("InvalidCertificate(Expired", kind(FaultKind::CertExpired).at(Phase::Tls)),
    ("InvalidCertificate(NotValidYet", kind(FaultKind::CertNotYetValid).at(Phase::Tls)),
    ("InvalidCertificate(NotValidForName", kind(FaultKind::CertNameMismatch).at(Phase::Tls)),
    ("InvalidCertificate(UnknownIssuer", kind(FaultKind::CertUntrusted).at(Phase::Tls)),
    ("InvalidCertificate(BadSignature", kind(FaultKind::CertUntrusted).at(Phase::Tls)),
    ("InvalidCertificate(Revoked", kind(FaultKind::CertRevoked).at(Phase::Tls)),
    ("InvalidCertificate(", kind(FaultKind::CertInvalid).at(Phase::Tls)),
    ("InvalidMessage(InvalidContentType", cause(Cause::NotTls).on_a_connection()),
];

/// Whole names: of a type, or of a variant.
#[rustfmt::skip]
const WORDS: &[Text] = &[
    // tower 0.4 and 0.5, tokio 0.2 and 1, tonic 0.9 to 0.14, tower-http 0.4 to 0.7, async-std 1, actix 0.13 and everybody's.
    ("TimedOut", cause(Cause::TimedOut)),
    ("Elapsed", cause(Cause::TimedOut)),
    ("Timeout", cause(Cause::TimedOut)),
    ("TimeoutError", cause(Cause::TimedOut)),
    ("TimeoutExpired", cause(Cause::TimedOut)),
    // http-body-util 0.1, src/limited.rs: of a response; of a request it is the client's.
    ("LengthLimitError", kind(FaultKind::BodyTooLarge)),
    // Channels of tokio, futures, async-channel, flume and the standard library, tokio's semaphore, tower's buffer.
    ("RecvError", kind(FaultKind::ProxyInternal)),
    ("SendError", kind(FaultKind::ProxyInternal)),
    ("TrySendError", kind(FaultKind::ProxyInternal)),
    ("AcquireError", kind(FaultKind::ProxyInternal)),
    ("PoisonError", kind(FaultKind::ProxyInternal)),
    ("Overloaded", kind(FaultKind::ConnectionLimit)),
    // hyper-util 0.1, src/client/legacy/connect/proxy/tunnel.rs.
    ("ProxyAuthRequired", kind(FaultKind::ProxyMisconfigured).at(Phase::Connect)),
    ("TunnelUnsuccessful", kind(FaultKind::Unreachable).at(Phase::Connect)),
    ("TunnelUnexpectedEof", kind(FaultKind::ConnectReset).at(Phase::Connect)),
    ("ProxyHeadersTooLong", kind(FaultKind::Unreachable).at(Phase::Connect)),
];

/// Ends of a connection, all of `ErrorKind::UnexpectedEof`.
#[rustfmt::skip]
const ENDS: &[Text] = &[
    // tokio-rustls 0.23 to 0.26, src/common/mod.rs.
    ("tls handshake eof", cause(Cause::Closed).at(Phase::Tls)),
    // rustls 0.20 to 0.23, src/conn.rs.
    ("peer closed connection without sending TLS close_notify", cause(Cause::ClosedWithoutNotify)),
    // hyper 1, src/proto/h1/decode.rs.
    ("end of file before message length reached", cause(Cause::Closed).likely_at(Phase::Body)),
    // Of every end but one within the data: behind a chunk, in its line, in the trailers.
    ("unexpected EOF during chunk size line", kind(FaultKind::BodyTruncated)),
];

/// h2 0.3 and 0.4, src/proto/streams: the connection was closed in good order under a stream. "Broken pipe" is
/// what h2 calls it, and no `EPIPE`.
#[rustfmt::skip]
const STREAMS: &[Text] = &[
    ("stream closed because of a broken pipe", cause(Cause::Closed)),
    ("connection closed because of a broken pipe", cause(Cause::Closed)),
    // tokio-util 0.7, src/codec/decoder.rs: within a frame.
    ("bytes remaining on stream", cause(Cause::Closed)),
];

/// No address to try.
#[rustfmt::skip]
const ADDRESSES: &[Text] = &[
    // hyper-util 0.1, src/client/legacy/connect/http.rs, of a resolver that found nothing: no network fault at all.
    ("Network unreachable", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    // The standard library's and tokio's `TcpStream::connect`.
    ("could not resolve to any address", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
];

/// `getaddrinfo`'s `EAI_` codes, which the standard library keeps as text only (library/std/src/sys/net).
#[rustfmt::skip]
const LOOKUPS: &[Text] = &[
    // EAI_NONAME and EAI_NODATA of glibc (and Android, and FreeBSD), musl, macOS, OpenBSD.
    ("failed to lookup address information: Name or service not known", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: No address associated with", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: no address associated with", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: Name does not resolve", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: Name has no usable address", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: nodename nor servname provided", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    ("failed to lookup address information: hostname nor servname provided", kind(FaultKind::DnsNotFound).at(Phase::Resolve)),
    // EAI_AGAIN ("Temporary failure in name resolution", musl: "Try again"), EAI_FAIL and the rest.
    ("failed to lookup address information: ", kind(FaultKind::DnsFailure).at(Phase::Resolve)),
];

/// hyper 1, src/proto/h1/decode.rs: damage in a chunked body.
#[rustfmt::skip]
const CHUNKS: &[Text] = &[
    // It says so of any first byte that is no digit, a minus sign and an empty line alike.
    ("Invalid chunk size line: missing size digit", kind(FaultKind::BadChunk)),
    // Behind the first digit: `0x5`, `5_0`, a bare LF.
    ("Invalid chunk size line: Invalid Size", kind(FaultKind::BadChunk)),
    ("invalid chunk size: overflow", class(Class::ChunkSizeOverflow)),
    ("invalid chunk extension contains newline", class(Class::ChunkBareLf)),
    ("chunk extensions over limit", class(Class::TooLargeChunkLine)),
    ("Invalid chunk size LF", class(Class::ChunkBareCr)),
    ("Invalid chunk body", class(Class::ChunkDataTerminator)),
    ("chunk trailers", class(Class::TooLargeTrailers)),
    ("Invalid trailer end LF", class(Class::TrailerBareCr)),
    ("Invalid chunk end LF", class(Class::TrailerBareCr)),
    ("Invalid header name", class(Class::TrailerNameInvalid)),
    ("Invalid header value", kind(FaultKind::BadTrailer)),
    ("Partial header", kind(FaultKind::BadTrailer)),
    // Whatever else it finds there.
    ("", kind(FaultKind::BadChunk)),
];
