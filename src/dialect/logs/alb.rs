//! A line of an AWS Application Load Balancer's access log:
//! `http 2026-11-20T18:57:21.186641Z app/name/id 10.0.0.9:2817 10.0.0.1:80 0.000 0.001 0.000 502 - 34 366 "GET http://host:80/ HTTP/1.1" "curl" ...`.
//!
//! A status of the target's own is the target's; where there is a dash, the balancer made the answer,
//! and the three times say how far it had got. It gives no reason but for Lambda.
//!
//! Source: AWS's user guide, "Access logs for your Application Load Balancer" and "Troubleshoot your Application
//! Load Balancers".

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    self, AmbiguousFraming, BadHeader, BadStatusLine, BodyTooLarge, ClientAborted, ClosedBeforeResponse, ConnectReset,
    ConnectionLimit, ConnectionRefused, ConnectionTimeout, DeadlineExceeded, HeadReset, HeadTooLarge, HeadTruncated,
    HeaderTooLarge, NoHealthyUpstream, NotHttp, ProxyInternal, ProxyMisconfigured, ResetBeforeResponse,
    ResponseTimeout, SendReset, TlsAlert, TlsClosed, TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, Unclassified,
    Unreachable, UnsupportedCoding,
};

use super::beginnings::Beginnings;
use super::cut::{self, Fields};
use super::entry::{Entry, Format, Verdict};
use super::stamp::Stamp;

/// 502, the request was not sent.
const UNSENT: Reading = Reading::coarse(
    ConnectionRefused,
    &[ConnectReset, TlsProtocol, TlsClosed, TlsReset, TlsAlert, TlsNotTls, TlsTimeout, Unreachable, SendReset],
);
/// 502, the request was sent.
const SENT: Reading = Reading::coarse(
    ResetBeforeResponse,
    &[
        ClosedBeforeResponse,
        HeadTruncated,
        HeadReset,
        BadHeader,
        BadStatusLine,
        NotHttp,
        AmbiguousFraming,
        HeadTooLarge,
        HeaderTooLarge,
        UnsupportedCoding,
        SendReset,
        ConnectionRefused,
        ConnectReset,
        TlsProtocol,
        TlsTimeout,
    ],
);
/// 502 behind a status of the target: its head was refused.
const REFUSED: Reading = Reading::coarse(
    BadHeader,
    &[BadStatusLine, AmbiguousFraming, HeadTooLarge, HeaderTooLarge, UnsupportedCoding, HeadTruncated],
);

/// `error_reason` of Lambda targets.
#[rustfmt::skip]
const REASONS: &[(&[u8], Reading)] = &[
    (b"LambdaAccessDenied", Reading::exact(ProxyMisconfigured)),
    (b"LambdaBadRequest", Reading::exact(ProxyMisconfigured)),
    (b"LambdaConnectionError", Reading::coarse(ConnectReset, &[ConnectionRefused, ResetBeforeResponse])),
    (b"LambdaConnectionTimeout", Reading::exact(ConnectionTimeout)),
    (b"LambdaInvalidResponse", Reading::coarse(BadHeader, &[BadStatusLine, NotHttp])),
    (b"LambdaResponseTooLarge", Reading::exact(BodyTooLarge)),
    (b"LambdaThrottling", Reading::exact(ConnectionLimit)),
    (b"LambdaTimeout", Reading::coarse(DeadlineExceeded, &[ResponseTimeout])),
    (b"LambdaUnhandled", Reading::coarse(Unclassified, &[ClosedBeforeResponse])),
    (b"Lambda", Reading::exact(Unclassified)),
];

const KINDS: [&[u8]; 6] = [b"http ", b"https ", b"h2 ", b"ws ", b"wss ", b"grpcs "];

/// The beginnings of a kind of connection, and of this century.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.words(&KINDS).bytes(b"2", b"-");

/// Whether it begins as such a line does: a kind of connection, and a time; or as one of a Classic Load Balancer.
pub(super) fn looks(line: &[u8]) -> bool {
    if line.first() == Some(&b'2') {
        return is_classic(line);
    }
    KINDS.iter().any(|kind| {
        line.strip_prefix(*kind)
            .is_some_and(|rest| matches!(rest, [b'1'..=b'2', b'0'..=b'9', _, _, b'-', _, _, b'-', _, _, b'T', ..]))
    })
}

/// `2026-11-20T18:57:21.991796Z my-elb 10.0.0.9:43326 10.0.0.1:80 0.00008 0.000626 0.000057 503 503 566 326 "POST ..."`,
/// which is the same from the time on (AWS, "Access logs for your Classic Load Balancer").
fn is_classic(line: &[u8]) -> bool {
    if !matches!(line, [b'2', b'0', b'0'..=b'9', b'0'..=b'9', b'-', _, _, b'-', _, _, b'T', _, _, b':', ..]) {
        return false;
    }
    let mut fields = Fields(cut::head(line, 320));
    let is_port =
        |address: &[u8]| cut::split_last_byte(address, b':').is_some_and(|(_, port)| cut::whole_number(port).is_some());
    let is_time = |time: &[u8]| time == b"-1" || time.contains(&b'.') && cut::seconds(time).is_some();
    let is_code = |code: &[u8]| code == b"-" || code == b"0" || cut::status(code).is_some();
    fields.next().is_some_and(|time| time.ends_with(b"Z") && time.len() < 32)
        && fields.next().is_some()
        && fields.next().is_some_and(is_port)
        && fields.next().is_some_and(|target| target == b"-" || is_port(target))
        && (0..3).all(|_| fields.next().is_some_and(is_time))
        && (0..2).all(|_| fields.next().is_some_and(is_code))
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields(line);
    if !is_classic(line) {
        fields.next()?;
    }
    let time = Stamp::numeric(fields.next()?);
    fields.next()?;
    let (client, target) = (fields.next()?, fields.next()?);
    let (sending, waiting) = (fields.next()?, fields.next()?);
    fields.next()?;
    let (status, of_target) = (fields.next()?, fields.next()?);
    fields.skip(2)?;
    let request = fields.next()?;
    let reason = reason(fields.0);
    let status = cut::whole_number(status).and_then(|n| u16::try_from(n).ok());
    let said = said(status, cut::status(of_target), is_never(sending), is_never(waiting), reason);
    let mut entry = Entry::new(Format::Alb, said, reason.unwrap_or(of_target));
    entry.time = time;
    entry.client = cut::something(client);
    entry.upstream = cut::something(target);
    // While the request came in, while the target worked, and while the response went out is not a sum of
    // anything that was waited for; the target's part is.
    entry.elapsed = cut::seconds(waiting);
    entry.status = status;
    // `GET https://host:443/path HTTP/1.1`.
    let (method, url) = cut::request_line(request);
    entry.method = method;
    if let Some((_, rest)) = url.and_then(|url| cut::split(url, b"://")) {
        entry.host = cut::something(cut::until(rest, b'/'));
        entry.path = rest.iter().position(|b| *b == b'/').and_then(|at| rest.get(at..));
    }
    Some(entry)
}

/// -1: it did not come to that.
fn is_never(time: &[u8]) -> bool {
    time.starts_with(b"-")
}

/// The first field of the rest that is a reason of Lambda's.
fn reason(rest: &[u8]) -> Option<&[u8]> {
    let (_, tail) = cut::split(rest, b"\"Lambda")?;
    let from = rest.len().saturating_sub(tail.len()).saturating_sub(6);
    Some(cut::piece(rest.get(from..)?, b'"')?.0)
}

fn said(status: Option<u16>, of_target: Option<u16>, unsent: bool, unanswered: bool, reason: Option<&[u8]>) -> Verdict {
    if let Some(reason) = reason {
        let row = REASONS.iter().find(|(words, _)| reason.starts_with(words));
        return row.map_or(Verdict::Unknown, |(_, reading)| Verdict::that(*reading));
    }
    match (status, of_target) {
        (Some(status), Some(of_target)) if status == of_target && status >= 500 => Verdict::Passed(status),
        (Some(502), Some(_)) => Verdict::that(REFUSED),
        (Some(460), _) => Verdict::that(Reading::exact(ClientAborted)),
        (Some(502), None) if unsent => Verdict::that(UNSENT),
        (Some(502), None) => Verdict::that(SENT),
        (Some(503), None) => Verdict::that(Reading::coarse(NoHealthyUpstream, &[ConnectionLimit])),
        // 10 s to connect, then the idle timeout.
        (Some(504), _) if unsent && unanswered => Verdict::that(Reading::coarse(ConnectionTimeout, &[ResponseTimeout])),
        (Some(504), _) => Verdict::that(Reading::coarse(
            ResponseTimeout,
            &[FaultKind::HeadStalled, ConnectionTimeout, FaultKind::BodyStalled],
        )),
        (Some(500), None) => Verdict::that(Reading::coarse(ProxyInternal, &[ProxyMisconfigured])),
        (Some(status), _) if status >= 500 => Verdict::Bare(status),
        _ => Verdict::Nothing,
    }
}
