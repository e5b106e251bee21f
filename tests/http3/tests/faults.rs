//! Each next hop, and what the gateway makes of it: one table, held here and printed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use badgateway::Gateway;
use badgateway_http3::cert::{Authority, Tls};
use badgateway_http3::frames::{control, data, frame, goaway, head, headers, sized, varint};
use badgateway_http3::gateway::{Settings, client, forward};
use badgateway_http3::next_hop::{Act, Hop, acts};
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::sync::Notify;

use Act::{Bidi, Close, Control, EndControl, Fin, Nap, Read, Reset, Restart, Seen, Send, Stop, Uni, Vanish};

/// kind, class or code, phase, applied, advice for a POST, status or how the answer was cut.
type Want = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

struct Row {
    name: String,
    hop: Hop,
    settings: Settings,
    /// Bytes of the request's body.
    upload: usize,
    /// `None`: a whole answer, and no fault.
    want: Option<Want>,
}

fn row(name: impl Into<String>, hop: Hop, want: Want) -> Row {
    Row { name: name.into(), hop, settings: Settings::default(), upload: 0, want: Some(want) }
}

impl Row {
    fn with(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    fn fine(mut self) -> Self {
        self.want = None;
        self
    }

    fn upload(mut self, bytes: usize) -> Self {
        self.upload = bytes;
        self
    }
}

/// QUIC gives up soon.
fn silent() -> Settings {
    Settings { idle: Duration::from_millis(400), ..Settings::default() }
}

/// The gateway's own timers fire soon.
fn impatient() -> Settings {
    Settings { patience: Duration::from_millis(600), ..Settings::default() }
}

/// The request comes when everything of the connection has been read.
fn late() -> Settings {
    Settings { late: Duration::from_millis(300), ..Settings::default() }
}

/// There is something to send all the time.
fn pinging() -> Settings {
    Settings { keep_alive: Some(Duration::from_millis(50)), ..Settings::default() }
}

const SAFE: &str = "safe (not_applied)";
const TWICE: &str = "never (not_idempotent)";
const POINTLESS: &str = "never (pointless)";
const FORWARDED: &str = "never (forwarded)";
/// `H3_REQUEST_CANCELLED`.
const CUT: &str = "h3_stream_reset 268";

/// Every code of RFC 9114 section 8.1 and RFC 9204 section 6, one of RFC 9297, one that nobody knows, and one that is reserved:
/// what it means of a stream, and of a connection.
#[rustfmt::skip]
const CODES: &[(u64, &str, &str)] = &[
    (0x33,   "h3_protocol_error",   "h3_protocol_error"),
    (0x100,  "stream_reset",        "goaway"),
    (0x101,  "h3_protocol_error",   "h3_protocol_error"),
    (0x102,  "stream_reset",        "goaway"),
    (0x103,  "h3_protocol_error",   "h3_protocol_error"),
    (0x104,  "h3_protocol_error",   "h3_protocol_error"),
    (0x105,  "h3_protocol_error",   "h3_protocol_error"),
    (0x106,  "h3_protocol_error",   "h3_protocol_error"),
    (0x107,  "enhance_your_calm",   "enhance_your_calm"),
    (0x108,  "h3_protocol_error",   "h3_protocol_error"),
    (0x109,  "h3_protocol_error",   "h3_protocol_error"),
    (0x10a,  "h3_protocol_error",   "h3_protocol_error"),
    (0x10b,  "h3_request_rejected", "goaway"),
    (0x10c,  "stream_reset",        "goaway"),
    (0x10d,  "h3_protocol_error",   "h3_protocol_error"),
    (0x10e,  "h3_protocol_error",   "h3_protocol_error"),
    (0x10f,  "stream_reset",        "goaway"),
    (0x110,  "h3_version_fallback", "h3_version_fallback"),
    (0x200,  "h3_protocol_error",   "h3_protocol_error"),
    (0x201,  "h3_protocol_error",   "h3_protocol_error"),
    (0x202,  "h3_protocol_error",   "h3_protocol_error"),
    (0x1234, "stream_reset",        "goaway"),
    (0x1f * 0x7_0000_0000 + 0x21, "stream_reset", "goaway"),
];

/// The advice and the status of a fault before the head, by its kind.
fn before_the_head(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "h3_request_rejected" => (SAFE, "503"),
        "enhance_your_calm" => (TWICE, "503"),
        "stream_reset" | "goaway" => (TWICE, "502"),
        _ => (POINTLESS, "502"),
    }
}

fn codes() -> Vec<Row> {
    let mut rows = Vec::new();
    for &(code, of_a_stream, of_a_connection) in CODES {
        let number: &str = format!("h3 {:#x}", code.min(u32::MAX.into())).leak();
        for (what, kind, act) in [("reset", of_a_stream, Reset(code)), ("close", of_a_connection, Close(code))] {
            let (retry, status) = before_the_head(kind);
            let applied = if kind == "h3_request_rejected" { "no" } else { "perhaps" };
            let want = (kind, number, "head", applied, retry, status);
            rows.push(row(format!("{what} {code:#x}"), acts([Read, act.clone()]), want));
            let want = (kind, number, "body", "yes", FORWARDED, CUT);
            let begun = acts([Read, Send(sized(10)), Send(data(b"hello")), Seen, act]);
            rows.push(row(format!("{what} {code:#x} in the body"), begun, want));
        }
    }
    rows
}

fn connecting() -> Vec<Row> {
    let tls = |name, tls, want| row(name, Hop::Tls(tls), want);
    let v6 = "[::1]:443".parse().unwrap();
    let zero = "127.0.0.1:0".parse().unwrap();
    let draft = Settings { version: 0xff00_001d, ..Settings::default() };
    vec![
        row("closed port", Hop::Nobody, ("connection_timeout", "", "connect", "no", SAFE, "504")).with(silent()),
        row("blackhole", Hop::Blackhole, ("connection_timeout", "", "connect", "no", SAFE, "504")).with(silent()),
        row("blackhole, the gateway's timer", Hop::Blackhole, ("connection_timeout", "", "connect", "no", SAFE, "504"))
            .with(impatient()),
        row("port 0", Hop::Address(zero), ("proxy_misconfigured", "", "connect", "no", POINTLESS, "500")),
        row("no socket for IPv6", Hop::Address(v6), ("unreachable", "", "connect", "no", SAFE, "502")),
        row("other version", Hop::Version1, ("h3_version_fallback", "", "connect", "no", POINTLESS, "502")).with(draft),
        row("refused", Hop::Refuses, ("connection_refused", "quic 0x2", "connect", "no", SAFE, "502")),
        tls("unknown authority", Tls::UnknownAuthority, ("cert_untrusted", "", "tls", "no", POINTLESS, "502")),
        tls("forged", Tls::Forged, ("cert_untrusted", "", "tls", "no", POINTLESS, "502")),
        tls("expired", Tls::Expired, ("cert_expired", "", "tls", "no", POINTLESS, "502")),
        tls("not yet valid", Tls::NotYetValid, ("cert_not_yet_valid", "", "tls", "no", POINTLESS, "502")),
        tls("other name", Tls::OtherName, ("cert_name_mismatch", "", "tls", "no", POINTLESS, "502")),
        tls("other protocol", Tls::OtherProtocol, ("tls_alert", "alert 120", "tls", "no", POINTLESS, "502")),
        // It comes when the gateway's side of the handshake is done.
        tls(
            "client certificate",
            Tls::ClientCertificate,
            ("tls_alert", "alert 116", "send", "perhaps", POINTLESS, "502"),
        )
        .with(late()),
    ]
}

#[rustfmt::skip]
fn bodies() -> Vec<Row> {
    let cut: Want = ("body_truncated", "", "body", "yes", FORWARDED, CUT);
    let begun = |more: Vec<Act>| acts([vec![Read, Send(sized(10)), Send(data(b"hello"))], more].concat());
    let half = [varint(0), varint(10), b"hello".to_vec()].concat();
    let field = headers(&[("x-y", "z")]);
    let large = headers(&[("x", &"y".repeat(2000))]);
    let few = Settings { most_fields: 1000, ..Settings::default() };
    vec![
        row("whole", acts([Read, Send(sized(5)), Send(data(b"hello")), Fin]), cut).fine(),
        row("whole, with trailers", acts([Read, Send(head("200")), Send(data(b"hello")), Send(field), Fin]), cut).fine(),
        row("whole, behind 103", acts([Read, Send(head("103")), Send(head("200")), Send(data(b"hello")), Fin]), cut).fine(),
        // RFC 9114 section 4.1: the request is not read to its end.
        row("whole, and H3_NO_ERROR for the request", acts([Send(sized(5)), Send(data(b"hello")), Fin, Stop(0x100)]), cut)
            .upload(4 << 20).fine(),
        row("whole, and then the connection is closed", acts([Read, Send(sized(5)), Send(data(b"hello")), Fin, Seen, Nap(200), Close(0x100)]), cut).fine(),
        row("rejected in the upload", acts([Stop(0x10b), Reset(0x10b)]),
            ("h3_request_rejected", "h3 0x10b", "head", "no", "never (not_replayable)", "503")).upload(4 << 20),
        row("cut against its length", begun(vec![Fin]),
            ("body_truncated", "premature_eof.content_length_body", "body", "yes", FORWARDED, CUT)),
        row("cut in a DATA frame, against its length", acts([Read, Send(sized(10)), Send(half.clone()), Fin]), cut),
        row("cut in a DATA frame, without a length", acts([Read, Send(head("200")), Send(half.clone()), Fin]), cut),
        // Its end comes alone: h3 takes it for the end of the data.
        row("cut in a DATA frame, seen late", acts([Read, Send(head("200")), Send(half.clone()), Seen, Nap(50), Fin]), cut),
        row("cut in a DATA frame, against its length, seen late",
            acts([Read, Send(sized(10)), Send(half.clone()), Seen, Nap(50), Fin]), cut),
        row("cut in the head of a frame", acts([Read, Send(head("200")), Send(data(b"hello")), Send(vec![0x0]), Fin]), cut),
        row("longer than its length", acts([Read, Send(sized(3)), Send(data(b"hello")), Fin]),
            ("ambiguous_framing", "", "body", "yes", FORWARDED, CUT)),
        row("a frame of another place in the body", begun(vec![Send(control(&[])[1..].to_vec())]),
            ("h3_protocol_error", "h3 0x105", "body", "yes", FORWARDED, CUT)),
        row("malformed trailers", begun(vec![Send(data(b"world")), Send(headers(&[("X-Y", "z")])), Fin]),
            ("h3_protocol_error", "h3 0x10e", "body", "yes", FORWARDED, CUT)),
        row("trailers too large", begun(vec![Send(data(b"world")), Send(large), Fin]),
            ("trailers_too_large", "", "trailers", "yes", FORWARDED, CUT)).with(few),
        row("body stalls", begun(vec![]), ("body_stalled", "", "body", "yes", FORWARDED, CUT)).with(impatient()),
        row("silence in the body", begun(vec![Seen, Vanish]), ("quic_idle_timeout", "", "body", "yes", FORWARDED, CUT)).with(silent()),
        row("stateless reset in the body", begun(vec![Seen, Restart]), ("body_reset", "", "body", "yes", FORWARDED, CUT)).with(pinging()),
    ]
}

#[rustfmt::skip]
fn heads() -> Vec<Row> {
    let bad = |name: &str, bytes: Vec<u8>, code| {
        row(name, acts([Read, Send(bytes), Fin]), ("h3_protocol_error", code, "head", "perhaps", POINTLESS, "502"))
    };
    let closed: Want = ("closed_before_response", "", "head", "perhaps", TWICE, "502");
    let large = headers(&[(":status", "200"), ("x", &"y".repeat(2000))]);
    let few = Settings { most_fields: 1000, ..Settings::default() };
    vec![
        row("silence", acts([Read]), ("response_timeout", "", "head", "perhaps", TWICE, "504")).with(impatient()),
        row("idle", acts([Read, Vanish]), ("quic_idle_timeout", "", "head", "perhaps", TWICE, "504")).with(silent()),
        row("stateless reset", acts([Read, Restart]), ("reset_before_response", "", "head", "perhaps", TWICE, "502")).with(pinging()),
        row("end without a head", acts([Read, Fin]), closed),
        row("end within a head", acts([Read, Send(vec![0x1, 0x20, 0, 0]), Fin]), closed),
        row("end behind 103", acts([Read, Send(head("103")), Fin]), closed),
        bad("no status", headers(&[("x", "y")]), "h3 0x10e"),
        bad("status of letters", head("abc"), "h3 0x10e"),
        bad("name in upper case", headers(&[(":status", "200"), ("X-Y", "z")]), "h3 0x10e"),
        bad("control in a value", headers(&[(":status", "200"), ("x", "a\u{0}b")]), "h3 0x10e"),
        row("connection-specific field", acts([Read, Send(headers(&[(":status", "200"), ("transfer-encoding", "chunked")])), Fin]),
            ("h3_protocol_error", "", "head", "yes", POINTLESS, "502")),
        bad("QPACK: static index 99", frame(0x1, &[0, 0, 0xff, 0x24]), "h3 0x200"),
        bad("QPACK: dynamic table", frame(0x1, &[1, 0, 0x80]), "h3 0x200"),
        bad("DATA before the head", data(b"hello"), "h3 0x105"),
        bad("SETTINGS on a request's stream", frame(0x4, &[]), "h3 0x105"),
        bad("GOAWAY on a request's stream", goaway(0), "h3 0x105"),
        bad("a frame of HTTP/2", frame(0x2, &[0; 5]), "h3 0x105"),
        row("head too large", acts([Read, Send(large), Fin]), ("head_too_large", "", "head", "perhaps", POINTLESS, "502")).with(few),
    ]
}

/// RFC 9001 section 4.6: a request in early data may have been processed before the handshake is over, or never.
#[rustfmt::skip]
fn early() -> Vec<Row> {
    let settings = Settings { early: true, ..Settings::default() };
    let taken = |acts: &[Act]| Hop::Early { taken: true, acts: acts.to_vec() };
    let not_taken = Hop::Early { taken: false, acts: vec![Read] };
    let whole = taken(&[Read, Send(sized(5)), Send(data(b"hello")), Fin]);
    vec![
        row("early data, whole", whole, ("", "", "", "", "", "")).with(settings).fine(),
        row("early data, reset", taken(&[Read, Reset(0x10c)]), ("stream_reset", "h3 0x10c", "head", "perhaps", TWICE, "502")).with(settings),
        row("early data, rejected", taken(&[Read, Reset(0x10b)]), ("h3_request_rejected", "h3 0x10b", "head", "no", SAFE, "503")).with(settings),
        row("early data, closed", taken(&[Read, Close(0x102)]), ("goaway", "h3 0x102", "head", "perhaps", TWICE, "502")).with(settings),
        row("early data, not taken", not_taken, ("h3_request_rejected", "", "head", "no", SAFE, "503")).with(settings),
    ]
}

#[rustfmt::skip]
fn connections() -> Vec<Row> {
    let broken = |code| ("h3_protocol_error", code, "head", "perhaps", POINTLESS, "502");
    let first = |bytes: Vec<u8>| Hop::Http3(bytes, vec![Read]);
    vec![
        row("GOAWAY before the request", first([control(&[]), goaway(0)].concat()),
            ("goaway_unprocessed", "", "head", "no", SAFE, "503")).with(late()),
        // h3 does not show the number in it.
        row("GOAWAY below the request, then the end", acts([Control(goaway(0)), Close(0x100)]),
            ("goaway", "h3 0x100", "head", "perhaps", TWICE, "502")),
        row("GOAWAY for a stream of its own", acts([Read, Control(goaway(3))]), broken("h3 0x108")),
        row("control stream ends", acts([Read, EndControl]), broken("h3 0x104")),
        row("no SETTINGS", acts([Read]), broken("h3 0x10a")).with_control([varint(0), goaway(0)].concat()),
        row("SETTINGS twice", acts([Read, Control(control(&[])[1..].to_vec())]), broken("h3 0x105")),
        row("a setting of HTTP/2", acts([Read]), broken("h3 0x109")).with_control(control(&[(0x2, 0)])),
        row("DATA on the control stream", acts([Read, Control(data(b"x"))]), broken("h3 0x105")),
        row("two control streams", acts([Read, Uni(control(&[]))]), broken("h3 0x103")),
        row("a stream in both directions", acts([Read, Bidi(vec![0x1])]), broken("h3 0x103")),
        // RFC 9114 section 4.2.2.
        row("request larger than the next hop takes", first(control(&[(0x6, 40)])),
            ("bad_request", "", "send", "perhaps", "never (client_fault)", "431")).with(late()),
    ]
}

impl Row {
    fn with_control(mut self, bytes: Vec<u8>) -> Self {
        if let Hop::Http3(control, _) = &mut self.hop {
            *control = bytes;
        }
        self
    }
}

/// What a record says, in the columns of the table.
#[derive(PartialEq)]
struct Got {
    columns: [String; 6],
    confidence: String,
}

impl Got {
    fn of(record: &Value) -> Self {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| record[key].as_u64();
        let code = [
            number("h3_code").map(|n| format!("h3 {n:#x}")),
            number("quic_code").map(|n| format!("quic {n:#x}")),
            number("alert").map(|n| format!("alert {n}")),
        ];
        let code = code.into_iter().flatten().next().unwrap_or_else(|| text("class"));
        let outcome = match number("status") {
            Some(status) => status.to_string(),
            None => format!("{} {}", text("how"), number("how_code").map_or("-".to_owned(), |n| n.to_string())),
        };
        let retry = format!("{} ({})", text("retry"), text("retry_reason"));
        let columns = [text("fault"), code, text("phase"), text("applied"), retry, outcome];
        Self { columns, confidence: text("confidence") }
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.columns.join(" | "), self.confidence)
    }
}

/// One exchange: what its records of faults say, and whether the body came whole.
async fn exchange(row: &Row, authority: &Authority) -> (Vec<Got>, bool) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&records);
    let gateway = Gateway::new("gw").unwrap().with_log(move |report| {
        if report.fault().is_some() {
            log.lock().unwrap().push(Got::of(&serde_json::from_str(&report.to_string()).unwrap()));
        }
    });
    let seen = Arc::new(Notify::new());
    let address = row.hop.start(authority, Arc::clone(&seen)).await;
    let endpoint = client(authority.quic_client(), &row.settings);
    if row.settings.early {
        let first = endpoint.connect(address, "localhost").unwrap().await.unwrap();
        // Its ticket comes behind the handshake.
        tokio::time::sleep(Duration::from_millis(200)).await;
        first.close(0u32.into(), b"");
    }
    let body = Full::new(Bytes::from(vec![b'x'; row.upload]));
    let mut request = Request::post("https://gw.example/").body(body).unwrap();
    *request.version_mut() = Version::HTTP_3;
    let settings = row.settings;
    let answered = gateway.handle(request, |exchange, request| forward(exchange, request, address, endpoint, settings));
    let response = answered.await.unwrap();
    let mut body = response.into_body();
    let mut is_whole = true;
    while let Some(frame) = body.frame().await {
        is_whole = frame.is_ok();
        seen.notify_one();
    }
    let records = std::mem::take(&mut *records.lock().unwrap());
    (records, is_whole)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_next_hop() {
    let authority = Arc::new(Authority::new());
    let mut rows = [connecting(), heads(), bodies(), connections(), early(), codes()].into_iter().flatten().peekable();
    let (mut n, mut wrong) = (0, Vec::new());
    println!("| next hop | fault | code or class | phase | applied | POST again | answer | by |");
    println!("|---|---|---|---|---|---|---|---|");
    while rows.peek().is_some() {
        // A few at a time: those that wait for a timer do not make the others wait.
        let running: Vec<_> = rows
            .by_ref()
            .take(24)
            .map(|row| {
                let authority = Arc::clone(&authority);
                tokio::spawn(async move {
                    let done = exchange(&row, &authority).await;
                    (row, done)
                })
            })
            .collect();
        for task in running {
            let (row, (got, is_whole)) = task.await.unwrap();
            n += 1;
            let want =
                row.want.map(|(kind, code, phase, applied, retry, answer)| [kind, code, phase, applied, retry, answer]);
            let is_right = match (&want, got.as_slice()) {
                (None, []) => is_whole,
                (Some(want), [got]) => {
                    // An answer of the gateway's own is whole; a body that broke is not.
                    got.columns.iter().eq(want) && is_whole != want[5].contains("reset")
                }
                (_, _) => false,
            };
            let told = got.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            println!("| {} | {} |", row.name, if told.is_empty() { "- | | | | | whole |" } else { &told });
            if !is_right {
                wrong.push(format!("{}: {told}, whole: {is_whole}, want {want:?}", row.name));
            }
        }
    }
    println!("{n} next hops, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
