//! What `curl -v` writes, line by line, and its last words, `curl: (52) Empty reply from server`.
//!
//! A failure counts once. With `-v` curl says it behind a star and again behind its exit code; the
//! second is [`Verdict::Again`]. What came before says where it was: connecting, shaking hands, waiting or reading.
//!
//! Source: `lib/` of curl 7.88 and 8.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    self, AmbiguousFraming, BadChunk, BadContentCoding, BadHeader, BadStatusLine, BodyReset, BodyStalled,
    BodyTruncated, ClosedBeforeResponse, ConnectReset, ConnectionRefused, ConnectionTimeout, DeadlineExceeded,
    DnsFailure, DnsNotFound, DnsTimeout, EnhanceYourCalm, Goaway, H2ProtocolError, HeadReset, HeadStalled,
    HeadTooLarge, HeadTruncated, Http11Required, LocalExhausted, NotHttp, ProxyMisconfigured, ResetBeforeResponse,
    ResponseTimeout, SendReset, StreamRefused, StreamReset, TlsTruncated, UnexpectedUpgrade, Unreachable,
};
use crate::fault::{Code, Phase};

use super::cause::{self, Cause};
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::name::Name;
use super::tls;

/// What the lines before have said.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    phase: Phase,
    /// curl has said its last words: what comes next is another one's, and the address is not its.
    ended: bool,
    /// A byte of the response's head has come, and not the last one.
    in_head: bool,
    /// The failure was told.
    told: bool,
    address: Name,
}

impl State {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::Resolve, ended: false, in_head: false, told: false, address: Name::new() }
    }

    /// The next hop, from the line that named it.
    pub(super) fn address(&self) -> Option<&[u8]> {
        self.address.get()
    }

    fn lacks_port(&self) -> bool {
        self.address().is_none_or(|known| !known.contains(&b':'))
    }

    /// A transfer begins: `127.0.0.1:443`, `[::1]:443`; before 8.6 `::1:9002`, before 7.79 no port at all.
    fn begin(&mut self, name: &[u8]) {
        // The next address of the same name: the failure of the first was told, and is not this one's.
        (self.told, self.in_head) = (false, false);
        self.phase = Phase::Connect;
        let (host, port) = match cut::split_last(name, b":") {
            Some((host, port)) if !host.ends_with(b":") && cut::whole_number(port).is_some() => (host, port),
            _ => (name, &b""[..]),
        };
        self.address.set(host, port);
    }

    /// Behind "Connected to ", "connect to " and "Failed to connect to ": `localhost (::1) port 9002 (#0)`, `app port 80 after 3 ms: ...`.
    fn at(&mut self, text: &[u8]) {
        let Some((host, rest)) = cut::piece(text, b' ') else { return };
        let (host, rest) = match rest.strip_prefix(b"(").and_then(|rest| cut::split(rest, b") ")) {
            Some((address, rest)) => (address, rest),
            None => (host, rest),
        };
        let Some((_, behind)) = rest.strip_prefix(b"port ").and_then(cut::number) else { return };
        let digits = rest.len().saturating_sub(behind.len());
        self.address.set(host, rest.get(5..digits).unwrap_or(b""));
    }
}

/// How a text is to be read on.
#[derive(Clone, Copy, Debug)]
enum Says {
    Means(Reading),
    /// A text of the system at the end.
    Connect,
    Recv,
    /// The same of TLS.
    Read,
    Send,
    TimedOut,
    /// Before there is a connection, of which the handshake is a part (`lib/multi.c`, `lib/connect.c`).
    Connecting,
    /// The same, said when the connection is there (`lib/multi.c`, `multi_handle_timeout`).
    LateTimeout,
    /// The status of the proxy that was asked for a tunnel follows.
    Tunnel,
    /// OpenSSL's.
    Tls,
    Certificate,
    H2,
}

const fn one(kind: FaultKind) -> Says {
    Says::Means(Reading::exact(kind))
}

const fn any(kind: FaultKind, others: &'static [FaultKind]) -> Says {
    Says::Means(Reading::coarse(kind, others))
}

const NOT_HTTP: Says = any(NotHttp, &[BadStatusLine]);
const RESOLVE: Says = any(DnsNotFound, &[DnsFailure, DnsTimeout]);

/// By the beginning, behind a star or an exit code.
#[rustfmt::skip]
const TEXTS: &[(&[u8], Says)] = &[
    (b"Could not resolve host", RESOLVE),
    (b"Resolving timed out", one(DnsTimeout)),
    (b"Immediate connect fail for ", Says::Connect),
    (b"connect to ", Says::Connect),
    (b"Failed to connect to ", Says::Connect),
    (b"Connection timed out after", Says::Connecting),
    (b"Connection timeout after", Says::Connecting),
    (b"SSL connection timeout", one(FaultKind::TlsTimeout)),
    (b"connect timeout", one(ConnectionTimeout)),
    (b"Operation timed out after", Says::LateTimeout),
    (b"CONNECT tunnel failed, response ", Says::Tunnel),
    (b"Received HTTP code ", Says::Tunnel),
    (b"Operation too slow", one(BodyStalled)),
    (b"Recv failure: ", Says::Recv),
    (b"Send failure: ", Says::Send),
    // A piece of a status line counts for nothing.
    (b"Empty reply from server", any(ClosedBeforeResponse, &[HeadTruncated])),
    (b"transfer closed with ", one(BodyTruncated)),
    (b"end of response with ", one(BodyTruncated)),
    (b"Received HTTP/0.9 when not allowed", NOT_HTTP),
    (b"Weird server reply", NOT_HTTP),
    (b"Invalid status line", NOT_HTTP),
    (b"Unsupported HTTP version", one(BadStatusLine)),
    (b"Unsupported HTTP/1 subversion", one(BadStatusLine)),
    (b"Unsupported response code", one(BadStatusLine)),
    (b"Header without colon", any(BadHeader, &[HeadTruncated])),
    (b"Nul byte in header", one(BadHeader)),
    (b"Carriage return found in header", one(BadHeader)),
    (b"Invalid Content-Length", one(AmbiguousFraming)),
    (b"Overflow Content-Length", one(AmbiguousFraming)),
    (b"Too large response headers", one(HeadTooLarge)),
    (b"Avoided giant realloc for header", one(HeadTooLarge)),
    (b"server sent 101 response while not talking", one(UnexpectedUpgrade)),
    (b"Illegal or missing hexadecimal sequence in chunked-encoding", one(BadChunk)),
    (b"Too long hexadecimal number in chunked-encoding", one(BadChunk)),
    (b"Malformed encoding found in chunked-encoding", one(BadChunk)),
    (b"Problem (", one(BadChunk)),
    (b"chunk hex-length char not a hex digit", one(BadChunk)),
    (b"invalid chunk size", one(BadChunk)),
    // Of a transfer coding it says the same.
    (b"Unrecognized content encoding type", any(BadContentCoding, &[FaultKind::UnsupportedCoding])),
    (b"Error while processing content unencoding", one(BadContentCoding)),
    (b"HTTP/2 stream ", Says::H2),
    (b"Error in the HTTP2 framing layer", one(H2ProtocolError)),
    (b"nghttp2 ", one(H2ProtocolError)),
    (b"SSL certificate problem: ", Says::Certificate),
    (b"SSL: no alternative certificate subject name matches", one(FaultKind::CertNameMismatch)),
    (b"SSL: certificate subject name", one(FaultKind::CertNameMismatch)),
    (b"OpenSSL SSL_connect: ", Says::Tls),
    (b"OpenSSL SSL_read: ", Says::Read),
    (b"OpenSSL SSL_write: ", Says::Send),
    (b"OpenSSL/", Says::Tls),
    (b"LibreSSL/", Says::Tls),
    (b"BoringSSL: ", Says::Tls),
    (b"gnutls_handshake() failed: ", Says::Tls),
    (b"TLS connect error: ", Says::Tls),
    (b"error:", Says::Tls),
];

/// By the exit code, where the text is not in the table (`libcurl-errors(3)`).
#[rustfmt::skip]
const CODES: &[(u32, Says)] = &[
    (1, NOT_HTTP),
    (6, RESOLVE),
    (7, any(ConnectionRefused, &[Unreachable, ConnectReset, ConnectionTimeout, LocalExhausted])),
    (8, any(BadHeader, &[BadStatusLine, NotHttp, AmbiguousFraming])),
    (16, one(H2ProtocolError)),
    (18, one(BodyTruncated)),
    // Its own limit on a header line ends so, too.
    (27, any(LocalExhausted, &[FaultKind::HeaderTooLarge, HeadTooLarge])),
    (28, Says::TimedOut),
    (35, Says::Tls),
    (51, one(FaultKind::CertNameMismatch)),
    (52, any(ClosedBeforeResponse, &[HeadTruncated])),
    (55, Says::Send),
    (56, Says::Recv),
    (58, one(ProxyMisconfigured)),
    (60, Says::Certificate),
    (61, any(BadContentCoding, &[FaultKind::UnsupportedCoding])),
    (77, one(ProxyMisconfigured)),
    (92, Says::H2),
];

/// Whether it begins as such a line does. A quotation in mail and Markdown has `> ` and `* ` in front, too: what
/// follows has to be a line of a request, and nothing that begins with a date or a level.
pub(super) fn looks(line: &[u8]) -> bool {
    match line {
        [b'*', b' ', text @ ..] => match text.trim_ascii_start() {
            [b'[', rest @ ..] => rest.starts_with(b"HTTP/") || rest.first().is_some_and(u8::is_ascii_digit),
            [first, ..] => !first.is_ascii_digit(),
            [] => false,
        },
        // What curl sent is well formed; what came may be anything.
        [b'>', b' ', text @ ..] => is_of_a_request(text),
        [b'<', b' ', ..] => true,
        [b'{' | b'}', b' ', b'[', ..] => true,
        _ => line.starts_with(b"curl: ("),
    }
}

/// A request line, a field, or the empty line at the end.
fn is_of_a_request(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let is_token =
        |name: &[u8]| !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    text.is_empty()
        || is_request(text)
        || cut::piece(text.strip_prefix(b":").unwrap_or(text), b':').is_some_and(|(name, _)| is_token(name))
}

fn is_request(text: &[u8]) -> bool {
    [&b" HTTP/1.1"[..], b" HTTP/1.0", b" HTTP/2", b" HTTP/3"].iter().any(|version| text.ends_with(version))
}

/// Reads it. The next hop of the lines before is the reader's to fill in.
pub(super) fn read<'a>(line: &'a [u8], state: &mut State) -> Entry<'a> {
    if core::mem::take(&mut state.ended) {
        *state = State::new();
    }
    let mut entry = Entry::new(Format::Curl, Verdict::Nothing, line);
    if let Some(text) = line.strip_prefix(b"* ") {
        let text = text.trim_ascii_start();
        entry.words = text;
        entry.said = star(text, state);
    } else if let Some((code, text)) = line.strip_prefix(b"curl: (").and_then(cut::number) {
        let text = text.strip_prefix(b") ").unwrap_or(text);
        entry.words = text;
        entry.said = last_words(code, text, state);
        if let Verdict::Bare(status) = entry.said {
            entry.status = Some(status);
        }
    } else if let Some(text) = line.strip_prefix(b"> ") {
        if is_request(text) {
            (entry.method, entry.path) = cut::request_line(text);
            state.phase = Phase::Head;
        }
    } else if let Some(field) = line.strip_prefix(b"< ") {
        entry.said = received(field, state);
        entry.status = status(field);
    }
    entry
}

/// `HTTP/1.1 502 Bad Gateway`.
fn status(field: &[u8]) -> Option<u16> {
    let (_, rest) = field.strip_prefix(b"HTTP/").and_then(|rest| cut::piece(rest, b' '))?;
    rest.get(..3).and_then(cut::status)
}

/// A line of the response's head; an empty one ends it.
fn received(field: &[u8], state: &mut State) -> Verdict {
    if field.is_empty() {
        if state.in_head {
            (state.phase, state.in_head) = (Phase::Body, false);
        }
        return Verdict::Nothing;
    }
    // An interim response's end is not the end of the head.
    state.in_head |= status(field).is_some_and(|status| status >= 200);
    status(field).filter(|status| *status >= 500).map_or(Verdict::Nothing, Verdict::Bare)
}

/// Behind a star: what curl is doing, and what fails.
fn star(text: &[u8], state: &mut State) -> Verdict {
    if let Some(rest) = text.strip_prefix(b"Trying ") {
        state.begin(rest.strip_suffix(b"...").unwrap_or(rest));
        return Verdict::Nothing;
    }
    let connected =
        [&b"Connected to "[..], b"Established connection to ", b"Re-using existing", b"SSL connection using"];
    if let Some(rest) = connected.iter().find_map(|words| text.strip_prefix(*words)) {
        (state.phase, state.told) = (Phase::Head, false);
        if state.lacks_port() {
            state.at(rest);
        }
        return Verdict::Nothing;
    }
    if text.starts_with(b"ALPN: offers")
        || text.starts_with(b"ALPN: curl offers")
        || cut::has(text, b"TLS handshake, Client hello")
    {
        state.phase = Phase::Tls;
        return Verdict::Nothing;
    }
    let Some((says, rest)) = says(text) else { return Verdict::Nothing };
    if matches!(says, Says::Connect) && state.lacks_port() {
        state.at(rest);
    }
    // "connect to 10.0.0.1 port 80 failed: ...", and not "connect to ..." of something else.
    let said = said(says, rest, *state);
    if said == Verdict::Unknown {
        return Verdict::Nothing;
    }
    if state.told {
        return Verdict::Again;
    }
    state.told = true;
    said
}

/// The last words without any line before them.
pub(super) fn alone(code: u32, text: &[u8]) -> Verdict {
    last_words(code, text, &mut State::new())
}

fn last_words(code: u32, text: &[u8], state: &mut State) -> Verdict {
    let before = *state;
    if before.told {
        *state = State::new();
        return Verdict::Again;
    }
    state.ended = true;
    if let Some((says, rest)) = says(text) {
        if matches!(says, Says::Connect) && state.lacks_port() {
            state.at(rest);
        }
        let by_text = said(says, rest, before);
        if by_text != Verdict::Unknown {
            return by_text;
        }
    }
    match CODES.iter().find(|(number, _)| *number == code) {
        Some((_, says)) => said(*says, text, before),
        // Of the command line, of files, of other protocols.
        None => Verdict::Unknown,
    }
}

fn says(text: &[u8]) -> Option<(Says, &[u8])> {
    TEXTS.iter().find_map(|(words, says)| text.strip_prefix(*words).map(|rest| (*says, rest)))
}

fn said(says: Says, rest: &[u8], state: State) -> Verdict {
    let phase = state.phase;
    let by_cause = |phase: Phase, reset: Reading| {
        let why = cut::split_last(rest, b": ").map_or(rest, |(_, why)| why);
        match cause::named(why) {
            Some(Cause::Reset) => Verdict::that(reset),
            Some(cause) => Verdict::that(cause::at(cause, phase)),
            None => Verdict::Unknown,
        }
    };
    match says {
        Says::Means(reading) => Verdict::that(reading),
        Says::Connect => by_cause(Phase::Connect, Reading::exact(ConnectReset)),
        Says::Recv => match phase {
            // Without -v, nothing is known.
            Phase::Select | Phase::Resolve => {
                let said = by_cause(Phase::Head, ANY_RESET);
                if said == Verdict::Unknown { Verdict::that(RECEIVING) } else { said }
            }
            Phase::Tls => by_cause(Phase::Tls, Reading::exact(FaultKind::TlsReset)),
            Phase::Body | Phase::Trailers => by_cause(Phase::Body, Reading::exact(BodyReset)),
            Phase::Head if state.in_head => by_cause(Phase::Head, Reading::exact(HeadReset)),
            Phase::Connect | Phase::Send | Phase::Head => {
                let said = by_cause(Phase::Head, Reading::coarse(ResetBeforeResponse, &[HeadReset]));
                if said == Verdict::Unknown { Verdict::that(RECEIVING) } else { said }
            }
        },
        // OpenSSL 3 takes an end without close_notify for an error.
        Says::Read if cut::has(rest, b"unexpected eof") => match phase {
            Phase::Body | Phase::Trailers => Verdict::that(Reading::coarse(TlsTruncated, &[BodyTruncated])),
            Phase::Select | Phase::Resolve | Phase::Connect | Phase::Tls | Phase::Send | Phase::Head => {
                Verdict::that(cause::at(Cause::Closed, Phase::Head))
            }
        },
        Says::Read if cut::has(rest, b"SSL routines") => said(Says::Tls, rest, state),
        Says::Read => said(Says::Recv, rest, state),
        Says::Send => Verdict::that(Reading::coarse(SendReset, &[ResetBeforeResponse, ClosedBeforeResponse])),
        Says::TimedOut | Says::LateTimeout if state.in_head => Verdict::that(Reading::exact(HeadStalled)),
        Says::LateTimeout if matches!(phase, Phase::Select | Phase::Resolve) => Verdict::that(late_timeout(rest)),
        Says::Connecting if matches!(phase, Phase::Select | Phase::Resolve) => {
            Verdict::that(Reading::coarse(ConnectionTimeout, &[FaultKind::TlsTimeout]))
        }
        Says::TimedOut | Says::Connecting | Says::LateTimeout => timed_out(rest, phase),
        // "Received HTTP code 502 from proxy after CONNECT".
        Says::Tunnel => {
            cut::number(rest).and_then(|(status, _)| u16::try_from(status).ok()).map_or(Verdict::Unknown, Verdict::Bare)
        }
        Says::Tls => {
            let (reading, code) = tls::error(rest);
            Verdict::Fault { fault: cause::fault(reading, None, code), reading }
        }
        Says::Certificate => Verdict::that(tls::verdict(rest).unwrap_or(tls::CERTIFICATE)),
        Says::H2 => stream(rest),
    }
}

const ANY_RESET: Reading = Reading::coarse(ResetBeforeResponse, &[HeadReset, BodyReset, FaultKind::TlsReset]);

/// Whatever can go wrong while receiving.
const RECEIVING: Reading = Reading::coarse(
    ResetBeforeResponse,
    &[HeadReset, BodyReset, ClosedBeforeResponse, HeadTruncated, FaultKind::TlsReset, BadChunk],
);

/// `after 2001 milliseconds with 0 bytes received`: of the body, or of nothing yet.
fn timed_out(rest: &[u8], phase: Phase) -> Verdict {
    Verdict::that(match phase {
        Phase::Select | Phase::Resolve => {
            Reading::coarse(ConnectionTimeout, &[DnsTimeout, ResponseTimeout, HeadStalled, BodyStalled])
        }
        Phase::Connect => Reading::exact(ConnectionTimeout),
        Phase::Tls => Reading::exact(FaultKind::TlsTimeout),
        Phase::Send | Phase::Head if cut::has(rest, b" 0 bytes received") => {
            // Interim responses without end are no bytes received.
            Reading::coarse(ResponseTimeout, &[HeadStalled, FaultKind::SendTimeout, FaultKind::TooManyInterim])
        }
        Phase::Send | Phase::Head => Reading::coarse(ResponseTimeout, &[HeadStalled, BodyStalled, DeadlineExceeded]),
        // `-m` is a timer over everything, and the only one that acts here.
        Phase::Body | Phase::Trailers => Reading::coarse(BodyStalled, &[DeadlineExceeded]),
    })
}

/// The same without `-v`: `after 10009 milliseconds with 0 bytes received`, or `with 512 out of 4096 bytes received`.
/// Until 7.84 it is said of the handshake, too.
fn late_timeout(rest: &[u8]) -> Reading {
    if cut::has(rest, b" with 0 bytes") || cut::has(rest, b" with 0 out of") {
        Reading::coarse(ResponseTimeout, &[HeadStalled, FaultKind::TlsTimeout])
    } else {
        Reading::coarse(BodyStalled, &[DeadlineExceeded, HeadStalled])
    }
}

/// `1 was not closed cleanly: REFUSED_STREAM (err 7)`; before 7.57 `error_code = 7`.
fn stream(rest: &[u8]) -> Verdict {
    let number = |words: &[u8]| cut::split(rest, words).and_then(|(_, rest)| cut::number(rest)).map(|(code, _)| code);
    let code = number(b"(err ").or_else(|| number(b"error_code = "));
    let reading = match code {
        Some(7) => Reading::exact(StreamRefused),
        Some(11) => Reading::exact(EnhanceYourCalm),
        Some(13) => Reading::exact(Http11Required),
        Some(_) => Reading::coarse(StreamReset, &[Goaway]),
        None => Reading::coarse(StreamReset, &[StreamRefused, Goaway, EnhanceYourCalm, Http11Required]),
    };
    Verdict::Fault { fault: cause::fault(reading, None, code.map(Code::H2)), reading }
}
