//! A response as `curl -i` prints it, or its page alone: who made it, and what it says about why.
//!
//! The last head counts. Before it may stand interim responses, a proxy's answer to CONNECT, and
//! redirects.

use std::io::{self, Write};

use badgateway::diagnose::attribution::{Origin, Seen, Software, attribute};
use badgateway::diagnose::{self, Context, Diagnosis};
use badgateway::fault::Evidence;
use badgateway::{Exchange, proxy_status};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::paste::{self, Paste};
use super::reason::{self, Reason};
use super::{show, subject};

/// As much of it as is looked at.
pub(crate) const MOST: usize = 256 * 1024;
/// The most of its words that are shown.
const WORDS: usize = 300;

struct Response<'a> {
    status: StatusCode,
    /// The status stands there, and was not made up for a page that shows none.
    has_status: bool,
    reason: &'a [u8],
    headers: HeaderMap,
    body: &'a [u8],
}

/// Explains it.
pub(crate) fn explain(pasted: &Paste<'_>, json: bool, out: &mut impl Write) -> io::Result<()> {
    match pasted {
        Paste::Response(bytes) => match last(bytes) {
            Some(response) => one_response(&response, json, out),
            None => writeln!(out, "unknown: it begins as a response and has no status line"),
        },
        Paste::Page(body) => {
            let status = paste::status(body);
            let (has_status, status) = (status.is_some(), status.unwrap_or(StatusCode::BAD_GATEWAY));
            let response = Response { status, has_status, reason: b"", headers: HeaderMap::new(), body };
            one_response(&response, json, out)
        }
    }
}

/// What is to be said of the reason: with the next hop, if it is named.
fn diagnosis(reason: &Reason) -> Diagnosis {
    let mut exchange = Exchange::default();
    exchange.next_hop = reason.next_hop.clone().map(Into::into);
    diagnose::diagnose(&reason.fault, &exchange, &Evidence::new(), &Context::default())
}

fn one_response(response: &Response<'_>, json: bool, out: &mut impl Write) -> io::Result<()> {
    let seen = Seen {
        status: response.status,
        reason: Some(response.reason),
        headers: &response.headers,
        body: response.body,
    };
    // Nobody asked on behalf of a gateway: no name is ours.
    let found = attribute(&seen, "");
    let origin = match found.origin {
        Origin::Gateway => "gateway",
        Origin::Intermediary => "intermediary",
        Origin::Application => "application",
        _ => "unknown",
    };
    let software = found.software.map(|software| software.name());
    let value = response.headers.get(proxy_status::PROXY_STATUS).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let kind = found.member.as_ref().and_then(|member| member.kinds().next());
    let told = reason::find(response.status, response.reason, &response.headers, response.body, found.software);
    let told = told.filter(|_| kind.is_none());
    let diagnosis = kind
        .map(diagnose::kind)
        .or_else(|| told.as_ref().map(diagnosis))
        .or_else(|| diagnose::status(response.status.as_u16()));
    let code = response.status.as_u16();
    let shown = if response.has_status { code.to_string() } else { "null".into() };
    if json {
        let evidence: Vec<String> = found.evidence.iter().map(|text| show::json(text)).collect();
        let head = format!(
            "{{\"dialect\":\"http\",\"status\":{shown},\"made_by\":\"{origin}\",\"software\":{},\"confidence\":\"{}\",\"because\":[{}],\"words\":{},\"may_be\":{},\"next_hop\":{},\"proxy_status\":{},",
            software.map_or("null".into(), show::json),
            format!("{:?}", found.confidence).to_lowercase(),
            evidence.join(","),
            told.as_ref().map_or("null".into(), |told| show::json(cut(&told.words))),
            told.as_ref().map_or("[]".into(), |told| show::json_reading(told.reading)),
            told.as_ref().and_then(|told| told.next_hop.as_deref()).map_or("null".into(), show::json),
            value.as_deref().map_or("null".into(), show::json),
        );
        return match diagnosis {
            Some(diagnosis) => writeln!(out, "{head}{}", &diagnosis.json().to_string()[1..]),
            None => writeln!(out, "{head}\"fault\":null,\"phase\":null,\"causes\":[],\"next_steps\":[]}}"),
        };
    }
    let title = if response.has_status { code.to_string() } else { "A page".into() };
    writeln!(out, "{}", format!("{title} {}", show::text(response.reason, 76)).trim_end())?;
    let who = match (found.origin, software) {
        (Origin::Intermediary | Origin::Gateway, Some(name)) => format!("Made on the way, by {name}"),
        (Origin::Intermediary | Origin::Gateway, None) => "Made on the way, by an intermediary".into(),
        (Origin::Application, Some(name)) => format!("Made by the application or its server, {name}"),
        (Origin::Application, None) => "Made by the application or its server".into(),
        _ => "Nothing tells who made it".into(),
    };
    writeln!(out, "{who} ({}), because:", format!("{:?}", found.confidence).to_lowercase())?;
    for evidence in &found.evidence {
        write!(out, "{}", show::wrapped("  - ", "    ", evidence))?;
    }
    if !found.on_path.is_empty() {
        let names: Vec<&str> = found.on_path.iter().map(|software| software.name()).collect();
        write!(out, "{}", show::wrapped("", "", &format!("It passed through {}.", names.join(", "))))?;
    }
    let is_claimed = matches!(found.origin, Origin::Intermediary | Origin::Gateway);
    if !is_claimed && (520..=530).contains(&code) && found.on_path.contains(&Software::Cloudflare) {
        writeln!(out, "But {code} is a status of Cloudflare's, whose page its customers may replace.")?;
    }
    if let Some(told) = &told {
        write!(out, "{}", show::wrapped("It says why: ", "  ", &show::text(cut(&told.words).as_bytes(), WORDS)))?;
        write!(out, "{}", show::wrapped("  = ", "    ", &told.reading.to_string()))?;
    }
    writeln!(out)?;
    if let (Some(member), Some(value)) = (&found.member, value.as_deref()) {
        return subject::one_member(member, value, false, out);
    }
    match diagnosis {
        Some(diagnosis) => writeln!(out, "{diagnosis}"),
        None => writeln!(out, "{code} is no status that a gateway makes up when its upstream fails."),
    }
}

/// The words that tell, without the rest of a page that is one line.
fn cut(words: &str) -> &str {
    let end = words.find('<').unwrap_or(words.len());
    let end = end.min(words.char_indices().nth(WORDS).map_or(words.len(), |(at, _)| at));
    words[..end].trim_end()
}

/// The last response whose head is in there.
fn last(bytes: &[u8]) -> Option<Response<'_>> {
    let mut rest = bytes;
    let mut last = None;
    while rest.starts_with(b"HTTP/") {
        let response = one(rest)?;
        rest = response.body;
        last = Some(response);
    }
    let mut last = last?;
    // What follows the body, a line feed or the next prompt, is not of it.
    let length = last.headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let is_coded = last.headers.contains_key(http::header::TRANSFER_ENCODING)
        || last.headers.contains_key(http::header::CONTENT_ENCODING);
    if let Some(body) = length.filter(|_| !is_coded).and_then(|length: usize| last.body.get(..length)) {
        last.body = body;
    }
    Some(last)
}

fn one(bytes: &[u8]) -> Option<Response<'_>> {
    let (line, mut rest) = line(bytes);
    // `HTTP/2 502 ` has no reason, and curl leaves the space.
    let mut parts = line.splitn(3, |b| *b == b' ');
    let status = StatusCode::from_bytes(parts.nth(1)?).ok()?;
    let reason = parts.next().unwrap_or(b"");
    let mut headers = HeaderMap::new();
    loop {
        let (field, after) = self::line(rest);
        rest = after;
        if field.is_empty() {
            return Some(Response { status, has_status: true, reason, headers, body: rest });
        }
        let Some(colon) = field.iter().position(|b| *b == b':') else { continue };
        let name = HeaderName::from_bytes(field[..colon].trim_ascii());
        let value = HeaderValue::from_bytes(field[colon + 1..].trim_ascii());
        // A field that is none is nobody's mark.
        if let (Ok(name), Ok(value)) = (name, value) {
            let _ = headers.try_append(name, value);
        }
    }
}

/// The first line, without its end, and what follows it.
pub(crate) fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let rest = bytes.get(end + 1..).unwrap_or(b"");
    let line = &bytes[..end];
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}
