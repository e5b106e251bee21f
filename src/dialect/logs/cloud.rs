//! Lines of clouds' load balancers and edges: CloudFront's standard log, Google Cloud's and Azure's in JSON, and what API
//! Gateway writes of an execution.
//!
//! Sources: AWS, CloudFront's "Standard log file fields" and API Gateway's "Set up CloudWatch logging"; Google Cloud,
//! "External Application Load Balancer logging and monitoring"; Microsoft, "Diagnostic logs for Application Gateway" and
//! "Monitor metrics and logs in Azure Front Door".

use crate::dialect::Reading;
use crate::dialect::words::{self, clouds};
use crate::fault::FaultKind::{
    BadHeader, BadStatusLine, DeadlineExceeded, HeadStalled, NotHttp, ProxyMisconfigured, ResponseTimeout, Unclassified,
};

use super::beginnings::Beginnings;
use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::json::{self, Members, Value};
use super::stamp::Stamp;

/// API Gateway's execution log, by the beginning.
#[rustfmt::skip]
const EXECUTION: &[(&[u8], Reading)] = &[
    // The function returned something of another shape than status, headers and body.
    (b"Execution failed due to configuration error: Malformed Lambda proxy response", Reading::coarse(BadHeader, &[BadStatusLine, NotHttp, ProxyMisconfigured])),
    (b"Execution failed due to configuration error: ", Reading::coarse(ProxyMisconfigured, &[Unclassified])),
    (b"Execution failed due to a timeout error", Reading::coarse(ResponseTimeout, &[HeadStalled, DeadlineExceeded])),
    (b"Lambda execution failed with status ", Reading::coarse(Unclassified, &[ProxyMisconfigured])),
];
const COMPLETED: &[u8] = b"Method completed with status: ";

/// The beginnings of the words, and of this century.
pub(super) const BEGINNINGS: Beginnings = Beginnings::NONE.rows(EXECUTION).words(&[COMPLETED]).bytes(b"2", b"-");

/// Whose line begins there, of those that are no JSON.
pub(super) fn whose(line: &[u8]) -> Option<Format> {
    let is_execution = line.starts_with(COMPLETED) || EXECUTION.iter().any(|(words, _)| line.starts_with(words));
    if is_execution {
        return Some(Format::ApiGateway);
    }
    // `2026-11-20	18:54:29	FRA56-P1	`.
    #[rustfmt::skip]
    let is_dated = matches!(
        line,
        [b'2', b'0', b'0'..=b'9', b'0'..=b'9', b'-', _, _, b'-', _, _, b'\t', _, _, b':', _, _, b':', _, _, b'\t', b'A'..=b'Z', ..]
    );
    (is_dated && line.iter().take(512).filter(|b| **b == b'\t').count() > 12).then_some(Format::CloudFront)
}

/// Reads it; of JSON, Google's has a request of HTTP in an object and Azure's its category.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    match whose(line) {
        Some(Format::ApiGateway) => Some(execution(line)),
        Some(_) => cloudfront(line),
        None if json::whose(line) == Some(Format::Azure) => azure(line),
        None => google(line),
    }
}

fn execution(line: &[u8]) -> Entry<'_> {
    let mut entry = Entry::new(Format::ApiGateway, Verdict::Nothing, line);
    if let Some(rest) = line.strip_prefix(COMPLETED) {
        entry.status = rest.get(..3).and_then(cut::status);
        entry.said = entry.status.filter(|status| *status >= 500).map_or(Verdict::Nothing, Verdict::Bare);
    } else if let Some((_, reading)) = EXECUTION.iter().find(|(words, _)| line.starts_with(words)) {
        entry.said = Verdict::that(*reading);
    }
    entry
}

fn cloudfront(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = [&b""[..]; 33];
    for (slot, field) in fields.iter_mut().zip(line.split(|b| *b == b'\t')) {
        *slot = field;
    }
    let field = |n: usize| fields.get(n).copied().and_then(cut::something);
    let result = field(13)?;
    let detail = field(28).unwrap_or(result);
    let status = field(8).and_then(cut::status);
    let said = match (detail, status) {
        // The origin's own.
        (b"OriginError", Some(status @ 500..)) => Verdict::Passed(status),
        (b"Error", Some(status @ 500..)) => Verdict::Bare(status),
        (b"Error" | b"OriginError", _) => Verdict::Nothing,
        _ => match words::find(clouds::cloudfront::ROWS, detail).and_then(|row| row.reading) {
            Some(reading) => Verdict::that(reading),
            None => status.filter(|status| *status >= 500).map_or(Verdict::Nothing, Verdict::Bare),
        },
    };
    let mut entry = Entry::new(Format::CloudFront, said, detail);
    entry.client = field(4);
    entry.method = field(5);
    entry.path = field(7);
    entry.host = field(15).or_else(|| field(6));
    entry.status = status.filter(|status| *status > 0);
    entry.elapsed = field(18).and_then(cut::seconds);
    // Date and time are two fields, and as one with a tab between.
    entry.time = line.get(..19).and_then(Stamp::numeric);
    Some(entry)
}

fn google(line: &[u8]) -> Option<Entry<'_>> {
    let (mut details, mut entry) = (&b""[..], Entry::new(Format::Google, Verdict::Nothing, b""));
    for (key, value) in Members(line.strip_prefix(b"{")?) {
        let inner = match value {
            Value::Object(inner) => inner,
            Value::Text(text) => {
                if key == b"timestamp" {
                    entry.time = Stamp::numeric(text);
                }
                continue;
            }
            Value::Other(_) => continue,
        };
        for (key, value) in Members(inner) {
            let (Value::Text(text) | Value::Other(text)) = value else { continue };
            match key {
                b"statusDetails" => details = text,
                b"status" => entry.status = cut::status(text),
                b"requestMethod" => entry.method = cut::something(text),
                b"requestUrl" => {
                    if let Some((_, rest)) = cut::split(text, b"://") {
                        entry.host = cut::something(cut::until(rest, b'/'));
                        entry.path = rest.iter().position(|b| *b == b'/').and_then(|at| rest.get(at..));
                    }
                }
                b"remoteIp" => entry.client = cut::something(text),
                b"serverIp" => entry.upstream = cut::something(text),
                b"latency" => entry.elapsed = text.strip_suffix(b"s").and_then(cut::seconds),
                _ => {}
            }
        }
    }
    entry.words = details;
    let reading = words::find(clouds::google::ROWS, details).and_then(|row| row.reading);
    entry.said = match (reading, entry.status) {
        (Some(reading), _) => Verdict::that(reading),
        (None, Some(status @ 500..)) if details == b"response_sent_by_backend" => Verdict::Passed(status),
        (None, Some(status @ 500..)) => Verdict::Bare(status),
        (None, _) => Verdict::Nothing,
    };
    Some(entry)
}

fn azure(line: &[u8]) -> Option<Entry<'_>> {
    let (mut error, mut entry) = (&b""[..], Entry::new(Format::Azure, Verdict::Nothing, b""));
    for (key, value) in Members(line.strip_prefix(b"{")?) {
        let inner = match value {
            Value::Object(inner) if key == b"properties" => inner,
            Value::Text(text) if key == b"time" || key == b"timeStamp" => {
                entry.time = Stamp::numeric(text);
                continue;
            }
            Value::Object(_) | Value::Text(_) | Value::Other(_) => continue,
        };
        for (key, value) in Members(inner) {
            let (Value::Text(text) | Value::Other(text)) = value else { continue };
            match key {
                b"error_info" | b"errorInfo" | b"ErrorInfo" => error = text,
                b"httpStatus" | b"httpStatusCode" => entry.status = cut::status(text),
                b"httpMethod" => entry.method = cut::something(text),
                b"requestUri" => entry.path = cut::something(text),
                b"clientIP" | b"clientIp" => entry.client = cut::something(text),
                b"serverRouted" | b"originIp" => entry.upstream = cut::something(text),
                b"host" | b"originalHost" => entry.host = cut::something(text),
                b"timeTaken" => entry.elapsed = cut::seconds(text),
                _ => {}
            }
        }
    }
    entry.words = error;
    let row =
        words::find(clouds::application_gateway::ROWS, error).or_else(|| words::find(clouds::front_door::ROWS, error));
    entry.said = match (row.and_then(|row| row.reading), entry.status) {
        (Some(reading), _) => Verdict::that(reading),
        (None, Some(status @ 500..)) if entry.upstream.is_some() => Verdict::Passed(status),
        (None, Some(status @ 500..)) => Verdict::Bare(status),
        (None, _) => Verdict::Nothing,
    };
    Some(entry)
}
