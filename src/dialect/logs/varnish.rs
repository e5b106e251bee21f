//! A line of `varnishlog`: `--  FetchError     http first read error: EOF`, and the tags before it that say where.
//!
//! Source: `vsl(7)`; `bin/varnishd/cache/cache_fetch.c`, `cache_backend.c`, `http1/cache_http1_fsm.c` and
//! `http1/cache_http1_vfp.c` of Varnish 4 to 7.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BodyReset, BodyStalled, BodyTruncated, ClientBodyFailed,
    ClosedBeforeResponse, ConnectReset, ConnectionLimit, ConnectionRefused, ConnectionTimeout, HeadReset, HeadStalled,
    HeadTooLarge, HeadTruncated, LocalExhausted, NoHealthyUpstream, NotHttp, ResetBeforeResponse, ResponseTimeout,
    SendReset, SendTimeout, Unreachable,
};
use crate::fault::Phase;

use super::beginnings::Beginnings;
use super::cause;
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::name::Name;

/// The backend of the lines before.
#[derive(Clone, Copy, Debug)]
pub(super) struct State(Name);

impl State {
    pub(super) const fn new() -> Self {
        Self(Name::new())
    }

    /// `host:port`.
    pub(super) fn address(&self) -> Option<&[u8]> {
        self.0.get()
    }
}

/// By the beginning, behind `FetchError`.
#[rustfmt::skip]
const TEXTS: &[(&[u8], Reading)] = &[
    // Before 6.0 first_byte_timeout ended so, too.
    (b"http first read error: EOF", Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, ResponseTimeout, HeadStalled])),
    (b"http first read error: overflow", Reading::exact(HeadTooLarge)),
    // EAGAIN of a socket with a timer.
    (b"http first read error: -1 11 ", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"http first read error: -1 104 ", Reading::coarse(ResetBeforeResponse, &[HeadReset])),
    (b"http first read error", Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset, ResponseTimeout])),
    (b"first byte timeout", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"between bytes timeout", Reading::exact(BodyStalled)),
    (b"http read error: overflow", Reading::exact(HeadTooLarge)),
    (b"http read error", Reading::coarse(HeadTruncated, &[HeadReset, HeadStalled])),
    (b"http format error", Reading::coarse(BadHeader, &[BadStatusLine, NotHttp])),
    (b"Junk after", Reading::exact(BadHeader)),
    (b"backend write error", Reading::coarse(SendReset, &[SendTimeout, ResetBeforeResponse, ClosedBeforeResponse])),
    (b"straight insufficient bytes", Reading::coarse(BodyTruncated, &[BodyReset])),
    (b"straight read_error", Reading::coarse(BodyReset, &[BodyTruncated, BodyStalled])),
    (b"eof socket fail", Reading::coarse(BodyReset, &[BodyTruncated, BodyStalled])),
    (b"chunked ", Reading::coarse(BadChunk, &[BodyTruncated])),
    (b"req.body read error", Reading::exact(ClientBodyFailed)),
    (b"Body cannot be fetched", Reading::exact(AmbiguousFraming)),
    (b"Could not get storage", Reading::exact(LocalExhausted)),
    (b"No backend", Reading::exact(NoHealthyUpstream)),
    (b"no backend connection", NO_CONNECTION),
];

const NO_CONNECTION: Reading = Reading::coarse(
    ConnectionRefused,
    &[ConnectionTimeout, Unreachable, ConnectReset, NoHealthyUpstream, ConnectionLimit, LocalExhausted],
);

/// The tags that are read.
const TAGS: [&[u8]; 5] = [b"FetchError", b"BackendOpen", b"BackendStart", b"BackendClose", b"Begin"];

/// The tag, and what stands behind it: `--  FetchError     http first read error: EOF`, with a dash for each level.
fn tagged(line: &[u8]) -> Option<(&'static [u8], &[u8])> {
    let dashes = line.iter().take(16).take_while(|b| **b == b'-').count();
    let rest = line.get(dashes..).filter(|rest| dashes > 0 && rest.starts_with(b" "))?.trim_ascii_start();
    TAGS.iter().find_map(|tag| {
        let rest = rest.strip_prefix(*tag).filter(|rest| rest.starts_with(b" "))?;
        Some((*tag, rest.trim_ascii_start()))
    })
}

/// The beginnings of a level.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.bytes(b"-", b"- ");

/// Whether it is such a line.
pub(super) fn looks(line: &[u8]) -> bool {
    tagged(line).is_some()
}

/// Reads it.
pub(super) fn read<'a>(line: &'a [u8], state: &mut State) -> Option<Entry<'a>> {
    let (tag, words) = tagged(line)?;
    let mut fields = cut::Fields(words);
    match tag {
        b"Begin" => *state = State::new(),
        // `29 default 10.0.0.1 80 10.0.0.9 51334`; without the first two in 4.0.
        b"BackendOpen" | b"BackendStart" => {
            fields.skip(if tag == b"BackendOpen" { 2 } else { 0 })?;
            let (host, port) = (fields.next()?, fields.next()?);
            if cut::whole_number(port).is_some() {
                state.0.set(host, port);
            }
        }
        _ => {}
    }
    let said = if tag == b"FetchError" { error(words) } else { Verdict::Nothing };
    Some(Entry::new(Format::Varnish, said, words))
}

fn error(text: &[u8]) -> Verdict {
    // "backend default: fail errno 111 (Connection refused)", "Director default returned no backend".
    if let Some((_, why)) = text.strip_prefix(b"backend ").and_then(|rest| cut::split(rest, b": ")) {
        let cause =
            why.strip_prefix(b"fail errno ").and_then(cut::number).and_then(|(errno, _)| cause::by_number(errno));
        return Verdict::that(match cause {
            Some(cause) => cause::at(cause, Phase::Connect),
            None if why.starts_with(b"unhealthy") => Reading::exact(NoHealthyUpstream),
            None if why.starts_with(b"busy") => Reading::exact(ConnectionLimit),
            None => NO_CONNECTION,
        });
    }
    if text.starts_with(b"Director ") {
        return Verdict::that(Reading::exact(NoHealthyUpstream));
    }
    TEXTS
        .iter()
        .find(|(words, _)| text.starts_with(words))
        .map_or(Verdict::Unknown, |(_, reading)| Verdict::that(*reading))
}
