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
use crate::fault::{Class, Fault, FaultKind, Phase};

/// What the type of a link says of itself, by the beginning of its `Debug`.
pub(crate) fn by_name(link: &(dyn Error + 'static)) -> Option<Finding<'static>> {
    let mut debug = Prefix::new(Until::NoName);
    let _ = write!(debug, "{link:?}");
    let (name, finding) = NAMES.iter().find(|(name, _)| debug.starts_with(name))?;
    // `Debug` and `Display` of these types differ from the first byte on. Where they agree, it is
    // somebody's message, which may quote anybody.
    let mut display = Rest(name);
    let _ = write!(display, "{link}");
    if display.0.is_empty() { None } else { Some(finding.by_text()) }
}

/// Whether the link is hyper's own error, of a version without an adapter: one of a connection that stands. It is a box,
/// so that all others but a few are told apart by their size.
#[inline]
pub(super) fn is_hypers(link: &(dyn Error + 'static)) -> bool {
    can_be_hypers(link) && is_named_hyper(link)
}

/// Whether its size is right.
#[inline]
pub(super) fn can_be_hypers(link: &(dyn Error + 'static)) -> bool {
    size_of_val(link) == size_of::<Box<()>>()
}

#[cold]
fn is_named_hyper(link: &(dyn Error + 'static)) -> bool {
    let mut name = Rest("hyper::Error(");
    let _ = write!(name, "{link:?}");
    name.0.is_empty()
}

/// Whether the `Debug` of somebody's value begins so.
#[cfg(feature = "ureq3")]
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
enum Until {
    /// The buffer is full.
    Full,
    /// Or no name can match any more, or a comma ends it: what follows in a `Debug` is the cause, whose
    /// own `Debug` must not run, because that of an `io::Error` allocates.
    NoName,
}

/// The first bytes of a text; it refuses the rest, so that whoever writes stops.
struct Prefix {
    bytes: [u8; 96],
    len: usize,
    until: Until,
}

impl Prefix {
    const fn new(until: Until) -> Self {
        Self { bytes: [0; 96], len: 0, until }
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn starts_with(&self, beginning: &str) -> bool {
        self.text().starts_with(beginning.as_bytes())
    }

    fn can_be_a_name(&self) -> bool {
        let text = self.text();
        NAMES.iter().any(|(name, _)| text.starts_with(name.as_bytes()) || name.as_bytes().starts_with(text))
    }
}

impl Write for Prefix {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = match self.until {
            Until::Full => None,
            Until::NoName => text.find(','),
        };
        let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let fits = room.len() >= text.len();
        let taken = room.iter_mut().zip(text.bytes()).map(|(slot, byte)| *slot = byte).count();
        self.len = self.len.saturating_add(taken);
        let more = match self.until {
            Until::Full => true,
            Until::NoName => end.is_none() && self.can_be_a_name(),
        };
        if fits && more { Ok(()) } else { Err(fmt::Error) }
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
    // reqwest 0.11 to 0.13, src/error.rs. `TimedOut` is hyper's sentinel, too.
    ("reqwest::Error { kind: Body", likely(Phase::Body)),
    ("reqwest::Error { kind: Decode", likely(Phase::Body)),
    ("TimedOut", cause(Cause::TimedOut)),
    // rustls 0.21 to 0.23, src/error.rs, where the adapter is off or for another version.
    ("AlertReceived(", kind(FaultKind::TlsAlert)),
    ("InvalidCertificate(ExpiredRevocationList", kind(FaultKind::CertInvalid).at(Phase::Tls)),
    ("InvalidCertificate(Expired", kind(FaultKind::CertExpired).at(Phase::Tls)),
    ("InvalidCertificate(NotValidYet", kind(FaultKind::CertNotYetValid).at(Phase::Tls)),
    ("InvalidCertificate(NotValidForName", kind(FaultKind::CertNameMismatch).at(Phase::Tls)),
    ("InvalidCertificate(UnknownIssuer", kind(FaultKind::CertUntrusted).at(Phase::Tls)),
    ("InvalidCertificate(BadSignature", kind(FaultKind::CertUntrusted).at(Phase::Tls)),
    ("InvalidCertificate(Revoked", kind(FaultKind::CertRevoked).at(Phase::Tls)),
    ("InvalidCertificate(", kind(FaultKind::CertInvalid).at(Phase::Tls)),
    ("InvalidMessage(InvalidContentType", cause(Cause::NotTls)),
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
    ("unexpected EOF during chunk size line", class(Class::PrematureEofChunkSize)),
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
    ("Invalid chunk size line: missing size digit", class(Class::ChunkSizeEmpty)),
    ("Invalid chunk size line: Invalid Size", class(Class::ChunkSizeInvalid)),
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
