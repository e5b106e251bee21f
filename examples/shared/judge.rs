//! What is wrong, or dangerous, in what a proxy made of an upstream that misbehaves.
//!
//! Each rule is one function with its source, and looks at what a client saw, never at how
//! the proxy works. They are the rules by which twenty proxies were compared.

use badgateway::lab::probe::{Answer, End};
use badgateway::lab::{Behaviour, Group, Rule as Expected};

/// What became of one upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) behaviour: &'static Behaviour,
    /// Of a GET on a fresh connection.
    pub(crate) get: &'a Answer,
    /// Of another GET on the same upstream, a moment later, where there was one.
    pub(crate) next: Option<&'a Answer>,
    /// Of a HEAD, where there was one.
    pub(crate) head: Option<&'a Answer>,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    /// Whether it is broken, and how.
    broken: fn(&Case<'_>) -> Option<String>,
}

/// The rules, in the order of harm.
pub(crate) const RULES: &[Rule] = &[
    Rule { name: "cut body handed on as complete", source: "RFC 9112 section 8, 9.8", broken: cut_as_whole },
    Rule { name: "cut body, connection left open", source: "RFC 9112 section 8", broken: left_open },
    Rule { name: "cut head taken as a whole response", source: "RFC 9112 section 8", broken: half_a_head },
    Rule { name: "bytes that are not HTTP handed on", source: "RFC 9110 section 15.6.3", broken: not_http },
    Rule { name: "upstream failure not 502, 503 or 504", source: "RFC 9110 section 15.6.3", broken: other_status },
    Rule { name: "time-out that is not 504", source: "RFC 9110 section 15.6.5", broken: other_than_504 },
    Rule { name: "no final answer", source: "RFC 9110 section 15", broken: no_answer },
    Rule { name: "ambiguous framing forwarded", source: "RFC 9112 section 6.1, 6.3, 7.1", broken: ambiguous },
    Rule { name: "forbidden bytes in a field", source: "RFC 9110 section 5.5, RFC 9112 section 5", broken: bytes },
    Rule { name: "status outside 100 to 599", source: "RFC 9110 section 15", broken: status_range },
    Rule { name: "1xx, 101, 204 or 304 mishandled", source: "RFC 9110 section 7.8, 8.6, 15.2", broken: no_content },
    Rule { name: "HEAD answered with a body", source: "RFC 9110 section 9.3.2", broken: body_for_head },
    Rule { name: "TLS peer not verified", source: "RFC 9110 section 4.3.4", broken: not_verified },
    Rule { name: "internal detail shown", source: "RFC 9209 section 4", broken: internal_detail },
    Rule { name: "next request poisoned", source: "RFC 9112 section 9.2, 11", broken: poisoned },
    Rule { name: "forbidden trailer forwarded", source: "RFC 9110 section 6.5.1", broken: trailers },
    Rule { name: "not as the lab's rule wants it", source: "the row of the lab's table", broken: by_the_table },
];

/// Which rules are broken, and how.
pub(crate) fn judge(case: &Case<'_>) -> Vec<(&'static Rule, String)> {
    RULES.iter().filter_map(|rule| Some((rule, (rule.broken)(case)?))).collect()
}

/// `502`, or `200/cut`.
pub(crate) fn shape(answer: &Answer) -> String {
    let status = answer.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    if answer.end == End::Complete {
        return status;
    }
    format!("{status}/{}", format!("{:?}", answer.end).to_lowercase())
}

fn because(broken: bool, answer: &Answer) -> Option<String> {
    broken.then(|| shape(answer))
}

/// Whether a client takes it for a whole answer.
fn whole(answer: &Answer) -> bool {
    matches!(answer.end, End::Complete | End::Eof | End::Extra)
}

fn passed(answer: &Answer) -> bool {
    whole(answer) && answer.status.is_some_and(|status| status < 400)
}

fn may_be_cut(case: &Case<'_>) -> bool {
    matches!(case.behaviour.rule, Expected::Cut | Expected::StatusOrCut(_))
}

fn named(case: &Case<'_>, names: &[&str]) -> bool {
    names.contains(&case.behaviour.name)
}

fn cut_as_whole(case: &Case<'_>) -> Option<String> {
    because(may_be_cut(case) && passed(case.get), case.get)
}

fn left_open(case: &Case<'_>) -> Option<String> {
    because(case.get.end == End::Stuck, case.get)
}

fn half_a_head(case: &Case<'_>) -> Option<String> {
    let halves = ["reset_mid_head", "close_mid_status_line", "close_mid_head", "close_mid_head_eol"];
    because(named(case, &halves) && case.get.status.is_some_and(|s| s < 500), case.get)
}

fn not_http(case: &Case<'_>) -> Option<String> {
    let forwarded = case.get.end == End::Raw || passed(case.get);
    because(case.behaviour.group == Group::NotHttp && forwarded, case.get)
}

fn other_status(case: &Case<'_>) -> Option<String> {
    let failed = matches!(case.behaviour.rule, Expected::Status(_));
    because(failed && case.get.status.is_some_and(|s| !matches!(s, 502..=504)), case.get)
}

fn other_than_504(case: &Case<'_>) -> Option<String> {
    let late = case.behaviour.rule == Expected::Status(&[504]);
    because(late && case.get.status.is_some_and(|s| s != 504), case.get)
}

fn no_answer(case: &Case<'_>) -> Option<String> {
    because(case.get.status.is_none(), case.get)
}

/// What two recipients can read in two ways, and a proxy must not repeat: forwarded as a whole response.
fn ambiguous(case: &Case<'_>) -> Option<String> {
    let refused = matches!(case.behaviour.rule, Expected::Status(_)) || may_be_cut(case);
    let framed = case.behaviour.group == Group::Framing && refused;
    let two_ways = framed || named(case, &["cl_te_both", "te_http10", "obs_fold_te"]);
    let lengths = case.get.header("content-length").is_some() && case.get.header("transfer-encoding").is_some();
    because((two_ways && passed(case.get)) || lengths, case.get)
}

/// NUL, a CR alone, a folded line, or white space before a colon: in any head that came, interim ones too.
fn bytes(case: &Case<'_>) -> Option<String> {
    let raw = &case.get.raw;
    // In HTTP/2 the lab's client has looked.
    if matches!(raw.as_slice(), [0, _, _, 4, ..]) {
        return None;
    }
    let head = raw.windows(4).position(|four| four == b"\r\n\r\n").and_then(|end| raw.get(..end)).unwrap_or(raw);
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    let forbidden = |line: &&[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let spaced = line.contains(&b':') && name.last().is_some_and(u8::is_ascii_whitespace);
        line.iter().any(|byte| matches!(byte, 0 | b'\r')) || line.first().is_some_and(u8::is_ascii_whitespace) || spaced
    };
    let line = lines.iter().find(|line| forbidden(line))?;
    Some(format!("{:?}", String::from_utf8_lossy(line)))
}

fn status_range(case: &Case<'_>) -> Option<String> {
    because(case.get.status.is_some_and(|s| !(100..600).contains(&s)), case.get)
}

/// 101 though nobody asked, lengths or bytes where there can be none.
fn no_content(case: &Case<'_>) -> Option<String> {
    let status = case.get.status?;
    let lengths = case.get.header("content-length").is_some() || case.get.header("transfer-encoding").is_some();
    let wrong = match status {
        101 => true,
        204 => lengths || case.get.end == End::Extra,
        // A length is allowed in a 304, a body is not (RFC 9110 section 8.6).
        304 => case.get.end == End::Extra,
        _ => case.get.interim.contains(&101),
    };
    because(wrong, case.get)
}

fn body_for_head(case: &Case<'_>) -> Option<String> {
    let head = case.head?;
    because(head.end == End::Extra || !head.body.is_empty(), head)
}

fn not_verified(case: &Case<'_>) -> Option<String> {
    let refused = case.behaviour.group == Group::Tls && matches!(case.behaviour.rule, Expected::Status(_));
    because(refused && passed(case.get), case.get)
}

/// Where the upstream is, or what the system said about it, in an answer of the proxy's own.
fn internal_detail(case: &Case<'_>) -> Option<String> {
    case.get.header("proxy-status").filter(|value| value.contains("error="))?;
    let shown = String::from_utf8_lossy(&case.get.raw);
    let inside = ["127.0.0.1", "224.0.0.1", "lab.test", "lab.invalid", "os error", "ECONN", "InvalidCertificate"];
    inside.iter().find(|word| shown.contains(**word)).map(|word| format!("{word} is shown"))
}

/// What the next request on the same upstream got must be its own: no byte more than the first had.
fn poisoned(case: &Case<'_>) -> Option<String> {
    let next = case.next?;
    if next.body.windows(4).any(|four| four == b"EVIL") || next.end == End::Extra {
        return Some(format!("then {} {:?}", shape(next), String::from_utf8_lossy(&next.body)));
    }
    // It says nothing more after its one answer; what it said is not at fault for that.
    let silent = named(case, &["response_before_request_read"]) && matches!(next.status, Some(502..=504));
    // It says what it was asked, and that differs.
    let differs = passed(case.get) && passed(next) && next.body != case.get.body && !named(case, &["echo_head"]);
    let why = next.satisfies(&case.behaviour.rule).err().filter(|_| !silent);
    why.or_else(|| differs.then(|| "then another body".to_owned()))
}

/// Framing, routing and credentials: what no trailer may carry.
fn trailers(case: &Case<'_>) -> Option<String> {
    let forbidden = ["content-length", "transfer-encoding", "host", "set-cookie", "content-encoding"];
    let named = |(name, _): &&(String, String)| forbidden.iter().any(|known| name.eq_ignore_ascii_case(known));
    let (name, _) = case.get.trailers.iter().find(named)?;
    Some(format!("{name} in the trailers"))
}

fn by_the_table(case: &Case<'_>) -> Option<String> {
    case.get.satisfies(&case.behaviour.rule).err()
}
