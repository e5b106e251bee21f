//! From a fault to a response.
//!
//! Every contestant makes the same response, to the byte where its way allows; that is
//! asserted first, against what badgateway makes.

use std::hint::black_box;
use std::sync::OnceLock;

use badgateway::diagnose::Context;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Code, Evidence};
use badgateway::reply::Disclosure;
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::harness::{Budget, Contestant, Group, Topic, each};

const OURS: &str = "badgateway";
const SERDE: &str = "serde_json::to_vec + builder";
const MACRO: &str = "json! + builder";
const FORMAT: &str = "format! + builder";
const DIAGNOSIS: &str = "Gateway::diagnose alone";
const FLOOR: &str = "hand-written floor";

const NAME: &str = "gw.example.net";
const NEXT_HOP: &str = "10.1.2.3:8080";
const REFERENCE: &str = "01J9Z3N5Q8R7T6V4W2X1Y0ABCD";
const ERRNO: i32 = 111;

pub fn topic() -> Topic {
    Topic {
        name: "reply",
        about: "A refused connection becomes a 502 with 6 fields (7 with the page): `Proxy-Status`, `Cache-Control`, \
                `Vary`, `X-Content-Type-Options`, `Content-Type`, `Content-Length` (and the page's policy). `trusted` \
                names the next hop and the error number in `Proxy-Status`, `token` (the default) does not; on the page it \
                shows a diagnosis. Peers make the same bytes.",
        groups: vec![
            json("problem+json, trusted", Disclosure::Trusted),
            json("problem+json, token", Disclosure::Token),
            page("page, token", Disclosure::Token),
            diagnosed("page, trusted", Disclosure::Trusted),
            wire("wire, trusted", Disclosure::Trusted),
            wire("wire, token", Disclosure::Token),
        ],
    }
}

fn json(input: &str, disclosure: Disclosure) -> Group {
    let serde = Contestant::new(SERDE, move || {
        let facts = Facts::of(disclosure);
        assert_same(&by_serde(facts), &facts.ours("*/*"));
        each(move || by_serde(black_box(facts)))
    });
    let by_macro = Contestant::new(MACRO, move || {
        let facts = Facts::of(disclosure);
        let (made, ours) = (by_macro(facts), facts.ours("*/*"));
        let value = |response: &Response<Bytes>| serde_json::from_slice::<Value>(response.body()).expect("JSON");
        assert_eq!(value(&made), value(&ours));
        assert_eq!(made.headers(), ours.headers());
        each(move || by_macro(black_box(facts)))
    });
    Group::new(input).with(serde).with(by_macro).with(ours("*/*", disclosure, SERDE))
}

fn page(input: &str, disclosure: Disclosure) -> Group {
    let format = Contestant::new(FORMAT, move || {
        let facts = Facts::of(disclosure);
        assert_same(&by_format(facts), &facts.ours("text/html"));
        each(move || by_format(black_box(facts)))
    });
    Group::new(input).with(format).with(ours("text/html", disclosure, FORMAT))
}

/// A page with what was seen, likely causes and next steps, for people inside. It costs a diagnosis, which is measured
/// alone as well.
fn diagnosed(input: &str, disclosure: Disclosure) -> Group {
    let diagnosis = Contestant::new(DIAGNOSIS, move || {
        let (gateway, exchange, fault) = (gateway(disclosure), exchange("text/html"), fault());
        let (evidence, context) = (Evidence::new(), Context::default());
        each(move || black_box(&gateway).diagnose(black_box(&fault), black_box(&exchange), &evidence, &context))
    });
    let ours = Contestant::new(OURS, move || {
        let (gateway, exchange, fault) = (gateway(disclosure), exchange("text/html"), fault());
        each(move || black_box(&gateway).answer_fault(black_box(&fault), black_box(&exchange)))
    });
    Group::new(input).with(diagnosis).with(ours.budget(Budget::InstructionsOf(DIAGNOSIS.into(), 1.25, 20_000.0)))
}

fn ours(accept: &'static str, disclosure: Disclosure, reference: &str) -> Contestant {
    let make = move || {
        let (gateway, exchange, fault) = (gateway(disclosure), exchange(accept), fault());
        each(move || black_box(&gateway).answer_fault(black_box(&fault), black_box(&exchange)))
    };
    Contestant::new(OURS, make)
        .budget(Budget::Allocations(4.0))
        .budget(Budget::InstructionsOf(reference.into(), 0.5, 0.0))
        .budget(Budget::WallOf(reference.into(), 0.5))
}

fn wire(input: &str, disclosure: Disclosure) -> Group {
    let floor = Contestant::new(FLOOR, move || {
        let facts = Facts::of(disclosure);
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        by_hand(facts, &mut out);
        gateway(disclosure).answer_wire(&fault(), &exchange("*/*"), &mut expected);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
        each(move || {
            out.clear();
            by_hand(black_box(facts), black_box(&mut out));
        })
    });
    let ours = Contestant::new(OURS, move || {
        let (gateway, exchange, fault) = (gateway(disclosure), exchange("*/*"), fault());
        let mut out = Vec::new();
        each(move || {
            out.clear();
            black_box(&gateway).answer_wire(black_box(&fault), black_box(&exchange), black_box(&mut out));
        })
    });
    let ours = ours
        .budget(Budget::Allocations(0.0))
        .budget(Budget::InstructionsOf(FLOOR.into(), 1.25, 0.0))
        .budget(Budget::WallOf(FLOOR.into(), 1.25));
    Group::new(input).with(floor).with(ours)
}

fn gateway(disclosure: Disclosure) -> Gateway {
    Gateway::new(NAME).expect("a name").with_disclosure(disclosure)
}

fn exchange(accept: &'static str) -> Exchange {
    let request = Request::get("/").header("accept", accept).body(()).expect("a request");
    let mut exchange = Exchange::of(&request);
    exchange.request_body = RequestBody::None;
    exchange.next_hop = Some(NEXT_HOP.into());
    exchange.reference = Some(REFERENCE.into());
    exchange
}

fn fault() -> Fault {
    Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(ERRNO))
}

fn assert_same(made: &Response<Bytes>, ours: &Response<Bytes>) {
    assert_eq!(made.status(), ours.status());
    assert_eq!(made.headers(), ours.headers());
    assert_eq!(String::from_utf8_lossy(made.body()), String::from_utf8_lossy(ours.body()));
}

/// What a peer knows; its texts are those of badgateway, so that answers can be the same.
struct Facts {
    disclosure: Disclosure,
    problem: Problem<'static>,
    /// Style sheet, picture of the way, and policy of the page: fixed texts in a peer's source.
    style: &'static str,
    way: &'static str,
    policy: &'static str,
    title: &'static str,
    detail: &'static str,
    advice: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    error: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_hop: Option<&'a str>,
    reference: &'a str,
}

impl Facts {
    fn of(disclosure: Disclosure) -> &'static Self {
        static TRUSTED: OnceLock<Facts> = OnceLock::new();
        static TOKEN: OnceLock<Facts> = OnceLock::new();
        let place = if disclosure == Disclosure::Trusted { &TRUSTED } else { &TOKEN };
        place.get_or_init(|| {
            let answer = |accept| gateway(disclosure).answer_fault(&fault(), &exchange(accept));
            let leak = |text: &[u8]| &*String::from_utf8(text.to_vec()).expect("text").leak();
            let page_answer = answer("text/html");
            let page = leak(page_answer.body());
            let between = |from: &str, to: &str| {
                let rest = page.split_once(from).expect("the beginning of a part").1;
                rest.split_once(to).expect("its end").0
            };
            Self {
                disclosure,
                problem: serde_json::from_str(leak(answer("*/*").body())).expect("a problem document"),
                style: between("<style>", "</style>"),
                way: between("<figure>\n", "</figure>"),
                policy: leak(page_answer.headers()[CONTENT_SECURITY_POLICY].as_bytes()),
                title: between("<h1>", "</h1>"),
                detail: between("\"explanation\">", "</p>"),
                advice: between("you can do</h2>\n<p>", "</p>"),
            }
        })
    }

    fn ours(&self, accept: &'static str) -> Response<Bytes> {
        gateway(self.disclosure).answer_fault(&fault(), &exchange(accept))
    }

    fn proxy_status(&self) -> String {
        let problem = &self.problem;
        match (problem.code, problem.next_hop) {
            (Some(code), Some(next_hop)) => {
                format!("{NAME}; error={}; details=\"{code}, errno {ERRNO}\"; next-hop=\"{next_hop}\"", problem.error)
            }
            _ => format!("{NAME}; error={}", problem.error),
        }
    }
}

fn by_serde(facts: &Facts) -> Response<Bytes> {
    finish(facts, serde_json::to_vec(&facts.problem).expect("JSON"))
}

fn by_macro(facts: &Facts) -> Response<Bytes> {
    let problem = &facts.problem;
    let mut document = json!({
        "type": problem.kind,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "error": problem.error,
        "retryable": problem.retryable,
        "reference": problem.reference,
    });
    if let (Some(code), Some(phase), Some(next_hop)) = (problem.code, problem.phase, problem.next_hop) {
        document["code"] = code.into();
        document["phase"] = phase.into();
        document["next_hop"] = next_hop.into();
    }
    finish(facts, document.to_string().into_bytes())
}

fn finish(facts: &Facts, body: Vec<u8>) -> Response<Bytes> {
    Response::builder()
        .status(facts.problem.status)
        .header("proxy-status", facts.proxy_status())
        .header(CACHE_CONTROL, "no-store")
        .header(VARY, "accept")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(CONTENT_TYPE, "application/problem+json")
        .header(CONTENT_LENGTH, body.len())
        .body(Bytes::from(body))
        .expect("a response")
}

fn by_format(facts: &Facts) -> Response<Bytes> {
    let problem = &facts.problem;
    let status = format!("{} Bad Gateway", problem.status);
    let rows = [row("Gateway", NAME), row("Error type", problem.error)].concat();
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{status}: {}</title>\n<style>{}</style>\n</head>\n<body>\n\
         <main>\n<p class=\"status\"><span lang=\"en\" dir=\"ltr\">{status}</span></p>\n<h1>{}</h1>\n\
         <p class=\"explanation\">{}</p>\n<figure>\n{}</figure>\n<h2>What you can do</h2>\n<p>{}</p>\n\
         <a class=\"again\" href=\"\">Try again</a>\n\
         <p>To report this, give the people who run this site this reference:</p>\n\
         <p class=\"reference\"><code>{}</code></p>\n<h2>For the people who run this site</h2>\n\
         <p>The log of the gateway has the details, under the same reference.</p>\n<dl>\n{rows}</dl>\n\
         </main>\n</body>\n</html>\n",
        facts.title,
        facts.style,
        facts.title,
        facts.detail,
        facts.way,
        facts.advice,
        escape(problem.reference),
    );
    Response::builder()
        .status(problem.status)
        .header("proxy-status", facts.proxy_status())
        .header(CACHE_CONTROL, "no-store")
        .header(VARY, "accept")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(CONTENT_SECURITY_POLICY, HeaderValue::from_static(facts.policy))
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_LENGTH, body.len())
        .body(Bytes::from(body))
        .expect("a response")
}

fn row(name: &str, value: &str) -> String {
    format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(value))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Nothing is chosen here: status, fields, members and format are fixed, only values vary. Those that come
/// from outside are looked through, as whoever writes this by hand must do too.
fn by_hand(facts: &Facts, out: &mut Vec<u8>) {
    let problem = &facts.problem;
    let put = |out: &mut Vec<u8>, text: &str| out.extend_from_slice(text.as_bytes());
    put(out, "HTTP/1.1 502 Bad Gateway\r\nproxy-status: ");
    put(out, NAME);
    put(out, "; error=");
    put(out, problem.error);
    if let (Some(code), Some(next_hop)) = (problem.code, problem.next_hop) {
        put(out, "; details=\"");
        put(out, code);
        put(out, ", errno ");
        number(out, black_box(ERRNO) as usize);
        put(out, "\"; next-hop=\"");
        put_plain(out, next_hop);
        put(out, "\"");
    }
    put(
        out,
        "\r\ncache-control: no-store\r\nvary: accept\r\nx-content-type-options: nosniff\r\n\
         content-type: application/problem+json\r\ncontent-length: ",
    );
    let length = out.len();
    put(out, "000\r\n\r\n");
    let start = out.len();
    put(out, "{\"type\":\"");
    put(out, problem.kind);
    put(out, "\",\"title\":\"");
    put(out, problem.title);
    put(out, "\",\"status\":502,\"detail\":\"");
    put(out, problem.detail);
    put(out, "\",\"error\":\"");
    put(out, problem.error);
    put(out, "\",\"retryable\":");
    put(out, if problem.retryable { "true" } else { "false" });
    if let (Some(code), Some(phase), Some(next_hop)) = (problem.code, problem.phase, problem.next_hop) {
        put(out, ",\"code\":\"");
        put(out, code);
        put(out, "\",\"phase\":\"");
        put(out, phase);
        put(out, "\",\"next_hop\":\"");
        put_plain(out, next_hop);
        put(out, "\"");
    }
    put(out, ",\"reference\":\"");
    put_plain(out, problem.reference);
    put(out, "\"}");
    let mut left = out.len() - start;
    for place in out[length..length + 3].iter_mut().rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

fn put_plain(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|b| (b' '..=b'~').contains(&b) && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'&'));
    assert!(plain, "escaping is not what this floor is about");
    out.extend_from_slice(text.as_bytes());
}

fn number(out: &mut Vec<u8>, mut n: usize) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
