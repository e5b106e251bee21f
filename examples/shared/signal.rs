//! How much a proxy tells: in how many ways its client, and its operator, can tell the upstream's faults
//! apart.
//!
//! What differs from one request to the next (addresses, ports, times, paths, ids) is taken
//! away before anything is compared, so that only what was said about the fault can tell it apart.

use std::collections::BTreeMap;

use badgateway::lab::probe::Answer;

/// The faults of the groups connect, close, nothttp, tls and time.
pub(crate) const CORE: [&str; 40] = [
    "refused",
    "blackhole",
    "unreachable",
    "dns_nxdomain",
    "dns_servfail",
    "dns_timeout",
    "reset_on_accept",
    "reset_after_request",
    "reset_mid_head",
    "reset_mid_body",
    "reset_mid_close_delim",
    "close_on_accept",
    "close_after_request",
    "close_mid_status_line",
    "close_mid_head",
    "close_mid_head_eol",
    "close_mid_cl_body",
    "close_mid_chunked",
    "close_mid_chunk",
    "garbage_status_line",
    "http09_html",
    "ssh_banner",
    "smtp_banner",
    "redis_err",
    "h2_settings_on_h1",
    "tls_record_on_plain",
    "plain_on_tls",
    "tls_selfsigned",
    "tls_expired",
    "tls_wrong_host",
    "tls_handshake_stall",
    "tls_alert",
    "tls_client_cert",
    "tls_close_hello",
    "tls_reset_hello",
    "tls_no_close_notify",
    "no_response_timeout",
    "stall_mid_head",
    "stall_mid_body",
    "slow_drip_head",
];

/// The faults besides: heads, framing, status lines, and what does not belong to its request.
pub(crate) const REST: [&str; 35] = [
    "bad_header_nul",
    "bad_header_space_before_colon",
    "bad_header_no_colon",
    "obs_fold",
    "bare_lf",
    "bare_cr",
    "huge_head_1mb",
    "many_headers_5000",
    "endless_head",
    "cl_conflict",
    "cl_duplicate_same",
    "cl_negative",
    "cl_plus",
    "cl_te_both",
    "te_unknown",
    "te_chunked_twice",
    "te_http10",
    "bad_chunk_size",
    "chunk_size_overflow",
    "chunk_ext_long",
    "bad_chunk_crlf",
    "trailer_forbidden",
    "status_204_body",
    "status_000",
    "status_99",
    "status_600",
    "status_1000",
    "http12",
    "http2_0_status_line",
    "only_100_then_close",
    "many_1xx",
    "unexpected_101",
    "extra_bytes_after_response",
    "response_before_request_read",
    "stale_keepalive",
];

/// What one fault looked like, to somebody.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// In how many ways they look different, and who looks the same, the largest heap first.
pub(crate) fn distinct(signals: &[Signal]) -> (usize, Vec<Vec<&'static str>>) {
    let mut heaps: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for signal in signals {
        heaps.entry(&signal.text).or_default().push(signal.name);
    }
    let count = heaps.len();
    let mut heaps: Vec<_> = heaps.into_values().filter(|heap| heap.len() > 1).collect();
    heaps.sort_by_key(|heap| std::cmp::Reverse(heap.len()));
    (count, heaps)
}

/// What a client sees: status, reason, how the message ends, what the fields say, and the first 120 bytes
/// of the body of an error.
pub(crate) fn client(answer: &Answer) -> String {
    let fields = ["proxy-status", "retry-after", "cache-control"].map(|name| answer.header(name).unwrap_or("-"));
    let error = answer.status.is_none_or(|status| status >= 400);
    let body = answer.body.get(..answer.body.len().min(120)).filter(|_| error).unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let head = format!("{:?} {} {:?} {fields:?}", answer.status, answer.reason, answer.end);
    anonymous(&format!("{head} {body}"))
}

/// What an operator sees: the lines of the log.
pub(crate) fn operator(lines: &[&str]) -> String {
    let line = |line: &&str| {
        let personal = ["elapsed_ms", "next_hop", "method", "path", "reference"];
        anonymous(&personal.iter().fold((*line).to_owned(), |line, name| without(&line, name)))
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What of it does not depend on how many bytes the upstream happened to say, or which: names and codes.
pub(crate) fn names(lines: &[&str]) -> String {
    let names = ["fault", "class", "phase", "status", "forwarded_status", "decision", "how", "errno", "alert", "rcode"];
    let value = |line: &str, name: &str| span(line, name).and_then(|at| line.get(at)).unwrap_or("").to_owned();
    let line = |line: &&str| names.map(|name| value(line, name)).join(" ");
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Without addresses, ports and times: each run of digits behind a colon or longer than eight is an N.
fn anonymous(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (number, after) = digits.split_at_checked(end).unwrap_or((digits, ""));
        out.push_str(before);
        let port = before.ends_with(".1:") || (before.ends_with(':') && out.ends_with("127.0.0.1:"));
        out.push_str(if port || number.len() > 8 { "N" } else { number });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A line of JSON without one of its fields.
fn without(line: &str, name: &str) -> String {
    let Some(at) = span(line, name) else { return line.to_owned() };
    let before = line.get(..at.start).unwrap_or_default();
    let after = line.get(at.end..).unwrap_or_default();
    format!("{before}{after}")
}

/// Where a field is, name and value. Quotes within strings are escaped, so that a quoted name with a colon is a field.
fn span(line: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let key = format!("\"{name}\":");
    let start = line.find(&key)?;
    let value = line.get(start.checked_add(key.len())?..)?;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' | '}' if !quoted => return Some(start..line.len().checked_sub(value.len())?.checked_add(at)?),
            _ => {}
        }
    }
    None
}
