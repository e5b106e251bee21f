//! A line of Heroku's router or of its dyno manager:
//! `at=error code=H12 desc="Request timeout" method=GET path="/" host=a.example dyno=web.1 connect=1ms service=30000ms status=503 bytes=0`,
//! `Error R10 (Boot timeout) -> ...`.
//!
//! Source: Heroku Dev Center, "Heroku Error Codes" and "HTTP Routing".

use core::time::Duration;

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadHeader, BadStatusLine, BodyReset, BodyStalled, BodyTruncated, ClientAborted, ClientBodyFailed, ClientTimeout,
    ClosedBeforeResponse, ConnectionLimit, ConnectionRefused, ConnectionTimeout, HeadReset, HeadStalled, HeadTruncated,
    NoHealthyUpstream, NoRoute, NotHttp, ProxyInternal, ProxyMisconfigured, ResetBeforeResponse, ResponseTimeout,
    SendReset, UpgradeRefused,
};

use super::beginnings::Beginnings;
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};

/// What a code means; what is not here is no failure of an exchange (redirects, maintenance, memory that swaps).
#[rustfmt::skip]
const CODES: &[(&[u8], Reading)] = &[
    (b"H10", Reading::exact(NoHealthyUpstream)),
    (b"H11", Reading::exact(ConnectionLimit)),
    (b"H12", Reading::coarse(ResponseTimeout, &[HeadStalled])),
    (b"H13", Reading::coarse(ClosedBeforeResponse, &[ResetBeforeResponse, HeadTruncated, HeadReset, SendReset])),
    (b"H14", Reading::exact(NoHealthyUpstream)),
    (b"H15", Reading::exact(BodyStalled)),
    (b"H17", Reading::coarse(BadHeader, &[NotHttp, BadStatusLine])),
    (b"H18", INTERRUPTED),
    (b"H19", Reading::exact(ConnectionTimeout)),
    (b"H20", Reading::exact(NoHealthyUpstream)),
    (b"H21", Reading::exact(ConnectionRefused)),
    (b"H22", Reading::exact(ConnectionLimit)),
    (b"H23", Reading::exact(UpgradeRefused)),
    (b"H25", Reading::exact(BadHeader)),
    (b"H26", Reading::exact(ClientBodyFailed)),
    (b"H27", Reading::exact(ClientAborted)),
    (b"H28", Reading::exact(ClientTimeout)),
    (b"H31", Reading::coarse(NoRoute, &[ProxyMisconfigured])),
    (b"H81", Reading::coarse(NoRoute, &[NoHealthyUpstream])),
    // The account's hours are used up, and no dyno runs.
    (b"H82", Reading::exact(NoHealthyUpstream)),
    (b"H99", Reading::exact(ProxyInternal)),
    (b"R10", Reading::exact(NoHealthyUpstream)),
    (b"R15", Reading::exact(NoHealthyUpstream)),
];

/// H18 of the dyno's socket; of the client's (`sock=client`) it is the client that went.
const INTERRUPTED: Reading = Reading::coarse(
    ClosedBeforeResponse,
    &[ResetBeforeResponse, HeadTruncated, HeadReset, SendReset, BodyTruncated, BodyReset],
);

const SOCKETS: [&[u8]; 2] = [b"sock=client ", b"sock=backend "];
const LEVELS: [&[u8]; 3] = [b"at=error ", b"at=info ", b"at=warning "];

pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.words(&SOCKETS).words(&LEVELS).words(&[b"Error "]);

/// Whether it begins as such a line does.
pub(super) fn looks(line: &[u8]) -> bool {
    if let Some(rest) = line.strip_prefix(b"Error ") {
        return matches!(rest, [b'H' | b'R' | b'L', b'0'..=b'9', b'0'..=b'9', b' ', b'(', ..]);
    }
    let rest = SOCKETS.iter().find_map(|sock| line.strip_prefix(*sock)).unwrap_or(line);
    let rest = LEVELS.iter().find_map(|at| rest.strip_prefix(*at));
    rest.is_some_and(|rest| rest.starts_with(b"code=") || rest.starts_with(b"method="))
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    if let Some(code) = line.strip_prefix(b"Error ").and_then(|rest| rest.get(..3)) {
        return Some(Entry::new(Format::Heroku, said(code, false), line));
    }
    let (mut code, mut of_client) = (&b""[..], false);
    let mut entry = Entry::new(Format::Heroku, Verdict::Nothing, line);
    // `key=value` and `key="a value"`: a quote inside a field keeps its spaces together.
    let mut rest = line;
    while let Some((key, after)) = cut::piece(rest, b'=') {
        let mut fields = Fields(after);
        // `dyno= connect=`: there is none.
        let value = if after.starts_with(b" ") { b"" } else { fields.next().unwrap_or(b"") };
        rest = fields.0.trim_ascii_start();
        match key {
            b"code" => code = value,
            b"sock" => of_client = value == b"client",
            b"desc" => entry.words = value,
            b"method" => entry.method = cut::something(value),
            b"path" => entry.path = cut::something(value),
            b"host" => entry.host = cut::something(value),
            b"fwd" => entry.client = cut::something(value),
            b"dyno" => entry.upstream = cut::something(value),
            b"service" => {
                entry.elapsed =
                    value.strip_suffix(b"ms").and_then(cut::whole_number).map(|n| Duration::from_millis(n.into()))
            }
            b"status" => entry.status = cut::status(value),
            _ => {}
        }
    }
    entry.said = match entry.status {
        _ if !code.is_empty() => said(code, of_client),
        Some(status @ 500..) => Verdict::Passed(status),
        _ => Verdict::Nothing,
    };
    Some(entry)
}

fn said(code: &[u8], of_client: bool) -> Verdict {
    if of_client {
        return Verdict::that(Reading::exact(ClientAborted));
    }
    let row = CODES.iter().find(|(known, _)| *known == code);
    row.map_or(Verdict::Nothing, |(_, reading)| Verdict::that(*reading))
}
