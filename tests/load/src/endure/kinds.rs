//! What is asked for, and which answers to it are right.
//!
//! The lab's own [`Rule`] decides, and the faults are those of the end-to-end tests; nothing
//! is right here that is not right there, but for what an upstream that is killed makes of itself.

use badgateway::lab::{Lab, Rule, Upstream};

use crate::client::{Answer, Ending};
use crate::expect;
use crate::harness;

/// One thing to ask for.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The first segment of its path.
    pub(crate) route: String,
    /// Where that leads to.
    pub(crate) url: String,
    pub(crate) what: What,
    pub(crate) rule: Rule,
    /// The faults that the log may name; empty: nobody has said.
    pub(crate) faults: Vec<&'static str>,
    /// How often, beside the others.
    pub(crate) weight: u32,
}

/// What is special about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing: a `GET`.
    Get,
    /// A `POST` whose body comes back.
    Echo,
    /// A `GET` whose head comes back: if it is another's, answers have been mixed up.
    EchoHead,
    /// The client resets the connection before there is an answer.
    Leave,
}

/// What the client saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// The upstream's answer, whole.
    Whole(u16),
    /// The proxy's own answer, with its token.
    Own(u16, String),
    /// The upstream's head and not all of its body.
    Cut(u16),
    /// Nothing, as it left.
    Left,
}

/// What may come of an upstream that is killed while it is asked: anything that blames the next hop, and
/// nothing else.
const KILLED: &[&str] = &[
    "connection_refused",
    "connect_reset",
    "send_reset",
    "closed_before_response",
    "reset_before_response",
    "head_truncated",
    "head_reset",
    "body_truncated",
    "body_reset",
];
/// Its statuses.
const KILLED_RULE: Rule = Rule::Limit(&[200, 502, 503]);

/// Upstreams whose promise is about a connection that lies idle, which at full rate none does: the next
/// request is on it before they break the silence, and then nobody could tell whose answer that is.
const IDLE: &str = "idle_";

/// Rules and faults that connections kept alive add, which the lab's rules, for one request on a fresh
/// connection, do not have.
const KEPT: &[(&str, Rule, &str)] = &[
    // It never answers a second request on a connection, and nothing told that of the first answer.
    ("response_before_request_read", Rule::StatusOrWhole(&[200, 502, 504]), "response_timeout"),
];

/// What each upstream of the lab is good for.
pub(crate) fn of_lab(lab: &Lab, engine: &str) -> Vec<Kind> {
    let engine = if engine == "proxy_h1" { harness::Engine::H1 } else { harness::Engine::Hyper };
    let expected = expect::expected(engine);
    let kind = |upstream: &Upstream| {
        let name = upstream.name();
        let row = expected.iter().find(|row| row.name == name);
        let what = match name {
            "echo" => What::Echo,
            "echo_head" => What::EchoHead,
            _ => What::Get,
        };
        let mut kind = Kind {
            route: name.to_owned(),
            url: upstream.url().to_owned(),
            what,
            rule: upstream.behaviour().rule,
            faults: row.map_or(Vec::new(), |row| row.faults.to_vec()),
            weight: weight(upstream),
        };
        for (_, rule, fault) in KEPT.iter().filter(|(kept, ..)| *kept == name) {
            kind.rule = *rule;
            kind.faults.push(fault);
        }
        kind
    };
    lab.upstreams().iter().filter(|upstream| !upstream.name().starts_with(IDLE)).map(kind).collect()
}

/// Good ones and quick ones more often than what costs the lab a megabyte or a handshake.
fn weight(upstream: &Upstream) -> u32 {
    match upstream.name() {
        "ok_200" => 1000,
        "echo_head" | "echo" => 200,
        "refused" | "ok_chunked_trailers" | "reset_after_request" | "close_after_request" => 60,
        "reset_mid_large_body" | "huge_head_1mb" | "hostile_header_1mb" | "many_headers_5000" | "ok_large" => 2,
        _ if upstream.behaviour().tls => 5,
        _ => 20,
    }
}

/// The same upstream, whose clients leave.
pub(crate) fn leaving(lab: &Lab) -> Option<Kind> {
    let silent = lab.upstream("no_response_timeout")?;
    Some(Kind {
        route: "leave".into(),
        url: silent.url().to_owned(),
        what: What::Leave,
        rule: silent.behaviour().rule,
        faults: vec!["client_aborted"],
        weight: 1,
    })
}

/// An upstream in a process that is killed now and then.
pub(crate) fn killed(name: &str, port: u16) -> Kind {
    Kind {
        route: format!("killed_{name}"),
        url: format!("http://127.0.0.1:{port}"),
        what: if name == "echo_head" { What::EchoHead } else { What::Get },
        rule: KILLED_RULE,
        faults: KILLED.to_vec(),
        weight: if name == "ok_large" { 10 } else { 60 },
    }
}

impl Kind {
    /// The request with this number. `filler` is the body of a `POST`.
    pub(crate) fn request(&self, id: &str, filler: &[u8]) -> Vec<u8> {
        let (method, body): (_, &[u8]) = if self.what == What::Echo { ("POST", filler) } else { ("GET", &[]) };
        let mut head = format!("{method} /{}/{id} HTTP/1.1\r\nHost: lab.test\r\n", self.route).into_bytes();
        if self.what == What::Echo {
            head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(body);
        head
    }

    /// What was seen, if it is right.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub(crate) fn judge(&self, id: &str, filler: &[u8], answer: &Answer) -> Result<Seen, String> {
        let status = answer.status;
        let seen = match (answer.ending, answer.error()) {
            (Ending::Whole, Some(token)) => Seen::Own(status, token.to_owned()),
            (Ending::Whole, None) => Seen::Whole(status),
            (Ending::Cut, _) => Seen::Cut(status),
            (Ending::NoAnswer | Ending::Hang | Ending::Nonsense, _) => {
                return Err(format!("{status}, {:?}, {:?}", answer.ending, answer.fields));
            }
        };
        let (list, own, whole, cut): (&[u16], _, _, _) = match self.rule {
            Rule::Status(list) => (list, true, false, false),
            Rule::Cut => (&[], false, false, true),
            Rule::StatusOrCut(list) => (list, true, false, true),
            Rule::Whole(list) => (list, false, true, false),
            Rule::StatusOrWhole(list) => (list, true, true, false),
            Rule::Limit(list) => (list, true, true, true),
            _ => return Err("a rule that this program does not know".into()),
        };
        let right = match &seen {
            Seen::Own(..) => own && list.contains(&status),
            Seen::Whole(_) => whole && list.contains(&status),
            Seen::Cut(_) => cut,
            Seen::Left => false,
        };
        if !right {
            return Err(format!("{seen:?} where {} is right", self.rule));
        }
        match &seen {
            Seen::Own(_, token) => own_body(answer, token)?,
            Seen::Whole(_) => self.body(id, filler, answer)?,
            Seen::Cut(_) | Seen::Left => {}
        }
        Ok(seen)
    }

    /// Whether the body is what the upstream sent, and sent to us.
    fn body(&self, id: &str, filler: &[u8], answer: &Answer) -> Result<(), String> {
        let body = answer.body.as_slice();
        let name = self.route.strip_prefix("killed_").unwrap_or(&self.route);
        let right = match (self.what, name) {
            (What::Echo, _) => body == filler,
            (What::EchoHead, _) => body.starts_with(format!("GET /{id} HTTP/1.1\r\n").as_bytes()),
            (_, "ok_large") => {
                body.len() == 2 << 20 && body.iter().enumerate().all(|(n, byte)| n % 251 == usize::from(*byte))
            }
            (_, "ok_sse") => body == b"data: 1\n\ndata: 2\n\ndata: 3\n\n",
            (_, "upstream_502" | "upstream_503_retry" | "upstream_504") => body == b"mine\n",
            (_, "ok_200" | "tls_ok_200" | "dns_ok_200" | "slow_ok" | "close_delimited_ok" | "early_hints") => {
                body == b"hello\n"
            }
            (_, "ok_chunked_trailers" | "extra_bytes_after_response" | "silent_close" | "bare_lf") => {
                body == b"hello\n"
            }
            (_, "stale_keepalive" | "stale_keepalive_reset" | "cl_duplicate_same" | "cl_list_same") => {
                body == b"hello\n"
            }
            _ => !body.windows(4).any(|four| four == b"EVIL"),
        };
        let shown = &body[..body.len().min(80)];
        if right { Ok(()) } else { Err(format!("a body that is not ours: {:?}", String::from_utf8_lossy(shown))) }
    }
}

/// An answer of the proxy's own says the same in its head and in its body.
fn own_body(answer: &Answer, token: &str) -> Result<(), String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|why| format!("own body: {why}"))?;
    let same = body["status"] == answer.status && body["error"] == token;
    if same { Ok(()) } else { Err(format!("{} {token} in the head, {body} in the body", answer.status)) }
}
