//! What else than a plain GET shows: uploads, HEAD, and requests to upgrade.
//!
//! Expectations as in `expect.rs`, the same for both engines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use badgateway::lab::Lab;
use badgateway::lab::probe::{self, End, Request};

use crate::expect::{Expected, row};
use crate::harness::{Engine, Proxy, in_parallel};
use crate::{PATIENCE, THREADS, judge_row, shape};

/// More than the buffers of the system and of the proxy together.
const UPLOAD: usize = 10 << 20;

#[rustfmt::skip]
const UPLOADS: &[Expected] = &[
    row("refused", &["502"], &["connection_refused"], &["-"], &["connect"], ""),
    row("close_on_accept", &["502"], &["closed_before_response", "reset_before_response", "send_reset"], &["-", "premature_eof.empty"], &["send", "head"], "a body written after the FIN is answered by a RST, which may be seen first"),
    row("reset_after_request", &["502"], &["reset_before_response"], &["-"], &["head"], ""),
    row("reset_mid_upload", &["502"], &["reset_before_response", "send_reset"], &["-"], &["send", "head"], "the RST meets who writes, or who reads"),
    row("half_close_mid_upload", &["502"], &["closed_before_response"], &["premature_eof.empty"], &["send", "head"], "whether the whole request was sent by then"),
    row("never_reads", &["504"], &["send_timeout"], &["-"], &["send"], ""),
    row("stall_mid_upload", &["504"], &["send_timeout"], &["-"], &["send"], ""),
    row("early_413", &["413"], &[], &[], &[], ""),
    row("early_413_reset", &["413"], &[], &[], &[], ""),
    row("early_200", &["200"], &[], &[], &[], ""),
    row("ssh_banner", &["502"], &["not_http"], &["not_http.ssh"], &["head"], ""),
    row("mysql_greeting", &["502"], &["not_http"], &["not_http.mysql"], &["head"], ""),
    row("close_mid_cl_body", &["200/cut"], &["body_truncated"], &["premature_eof.content_length_body"], &["body"], ""),
    row("ok_200", &["200"], &[], &[], &[], ""),
    row("echo", &["200"], &[], &[], &[], ""),
];

/// Of `Connection: upgrade`, `Upgrade: websocket`.
#[rustfmt::skip]
const UPGRADES: &[Expected] = &[
    row("upgrade_other", &["502"], &["unexpected_upgrade"], &["unexpected.upgrade", "-"], &["head"], "RFC 9110 section 7.8: to nothing that was not asked for; the parser knows what was asked, or only that something was"),
    row("upgrade_unnamed", &["502"], &["unexpected_upgrade"], &["unexpected.upgrade", "-"], &["head"], "as before: a 101 names what it switches to"),
    row("unexpected_101", &["502"], &["unexpected_upgrade"], &["unexpected.upgrade", "-"], &["head"], "as before"),
    row("upgrade_garbage", &["101/extra"], &[], &[], &[], ""),
    row("ok_200", &["200"], &[], &[], &[], ""),
    row("close_after_request", &["502"], &["closed_before_response"], &["premature_eof.empty"], &["head"], ""),
];

/// Of HEAD: framing that would be wrong for a GET says nothing (RFC 9112 section 6.3, rule 1).
#[rustfmt::skip]
const HEADS: &[Expected] = &[
    row("head_other_length", &["200"], &[], &[], &[], ""),
    row("head_with_body", &["200"], &[], &[], &[], ""),
    row("ok_chunked_trailers", &["200"], &[], &[], &[], ""),
    row("ok_large", &["200"], &[], &[], &[], ""),
    row("status_304_body", &["304"], &[], &[], &[], ""),
    row("close_after_request", &["502"], &["closed_before_response"], &["premature_eof.empty"], &["head"], ""),
    row("close_mid_head", &["502"], &["head_truncated"], &["premature_eof.headers"], &["head"], ""),
    row("ssh_banner", &["502"], &["not_http"], &["not_http.ssh"], &["head"], ""),
    row("tls_expired", &["502"], &["cert_expired"], &["-"], &["tls"], ""),
];

crate::both! {
    an_upload_meets_what_it_meets,
    an_early_answer_is_the_answer,
    an_upgrade_is_answered_rightly_or_refused,
    an_upgrade_that_cannot_be_taken_up_is_not_offered,
    a_head_is_a_head,
    what_passes_is_what_came,
    the_clock_for_an_answer_starts_with_the_last_byte_of_the_request,
}

/// Sends each row's upstream that request, and judges what became of it.
fn check(engine: Engine, rows: &[Expected], flags: &[&str], request: &(dyn Fn() -> Request + Sync)) {
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    let lab = Lab::builder().only(&names).start().unwrap();
    let proxy = Proxy::start(engine, &lab, flags);
    let wrong: Vec<String> = in_parallel(rows, THREADS, |row| {
        let path = format!("/{}", row.name);
        let answer = probe::send(proxy.address, &request().path(&path).timeout(PATIENCE)).unwrap();
        let record = if row.is_failure(&shape(&answer)) { proxy.record(&path) } else { None };
        judge_row(row, &answer, record.as_ref()).into_iter().map(|why| format!("{path}: {why}")).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn an_upload_meets_what_it_meets(engine: Engine) {
    check(engine, UPLOADS, &["--send-timeout", "1s"], &|| Request::new().method("POST").body(vec![b'x'; UPLOAD]));
}

/// A server may answer a request that it does not read, and then its close resets who still writes. What had come by then is
/// the answer: who sends a body is to look out for one meanwhile (RFC 9112 section 9.5).
fn an_early_answer_is_the_answer(engine: Engine) {
    let lab = Lab::builder().only(&["early_413_reset"]).start().unwrap();
    let closes = format!("--route=/closes=http://{}", closes_unread());
    let proxy = Proxy::start(engine, &lab, &[&closes]);
    let tries: Vec<&str> = ["/early_413_reset", "/closes"].repeat(15);
    let lost: Vec<String> = in_parallel(&tries, 4, |path| {
        let post = Request::new().method("POST").path(path).body(vec![b'x'; UPLOAD]).timeout(PATIENCE);
        let answer = probe::send(proxy.address, &post).unwrap();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        (shape(&answer) != "413" || body != "too large\n").then(|| format!("{path}: {} {body}", shape(&answer)))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(lost.is_empty(), "{} of {} lost: {}", lost.len(), tries.len(), lost.join("\n"));
    assert_eq!(proxy.record("/closes").map(|record| record.0), None);
}

/// Answers a head with 413, and closes with the body unread: the kernel sends RST for FIN.
fn closes_unread() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 10\r\n\r\ntoo large\n");
            });
        }
    });
    address
}

fn an_upgrade_is_answered_rightly_or_refused(engine: Engine) {
    check(engine, UPGRADES, &[], &|| Request::new().header("Connection", "upgrade").header("Upgrade", "websocket"));
}

/// What is no offer to the gateway is none to the next hop (RFC 9110 section 7.8).
fn an_upgrade_that_cannot_be_taken_up_is_not_offered(engine: Engine) {
    let lab = Lab::builder().only(&["upgrade_echo"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let ask = || Request::new().path("/upgrade_echo");
    for (why, request) in [
        ("Connection does not name it", ask().header("Upgrade", "websocket")),
        ("nor this one", ask().header("Connection", "x").header("Upgrade", "websocket")),
        ("its body is still to come", {
            ask().method("POST").header("Connection", "upgrade").header("Upgrade", "websocket").body("five!")
        }),
    ] {
        let answer = probe::send(proxy.address, &request).unwrap();
        assert_eq!(shape(&answer), "426", "{why}");
    }
}

fn a_head_is_a_head(engine: Engine) {
    check(engine, HEADS, &[], &|| Request::new().method("HEAD"));
    let lab = Lab::builder().only(&["head_other_length", "head_with_body"]).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let ask = |method: &str, path: &str| probe::send(proxy.address, &Request::new().method(method).path(path)).unwrap();
    // Its length is that of a GET (RFC 9110 section 8.6), and the upstream's word is all there is.
    assert_eq!(ask("HEAD", "/head_other_length").header("content-length"), Some("999"));
    // Six bytes too many are not the beginning of the next response.
    for _ in 0..3 {
        let head = ask("HEAD", "/head_with_body");
        assert_eq!((head.status, head.end, head.body.len()), (Some(200), End::Complete, 0));
        let get = ask("GET", "/head_with_body");
        assert_eq!((get.status, get.end, get.body.as_slice()), (Some(200), End::Complete, &b"hello\n"[..]));
    }
}

/// `--response-timeout` is for the whole head, from the last byte of the request; `--send-timeout` is over by then.
fn the_clock_for_an_answer_starts_with_the_last_byte_of_the_request(engine: Engine) {
    let lab = Lab::builder().only(&["no_response_timeout", "tls_stall_after_request"]).start().unwrap();
    let flags = ["--response-timeout", "500ms", "--send-timeout", "9s", "--idle-timeout", "9s"];
    let proxy = Proxy::start(engine, &lab, &flags);
    for path in ["/no_response_timeout", "/tls_stall_after_request"] {
        let post = Request::new().method("POST").path(path).body("pay 5").timeout(PATIENCE);
        let answer = probe::send(proxy.address, &post).unwrap();
        assert_eq!(shape(&answer), "504", "{path}");
        // Well before the other timers, on any machine.
        assert!(answer.elapsed.as_secs() < 5, "{path}: {:?}", answer.elapsed);
        let record = proxy.record(path).unwrap();
        assert_eq!(record.text("fault").as_deref(), Some("response_timeout"), "{}", record.0);
        assert_eq!(record.text("retry").as_deref(), Some("never"), "{}", record.0);
    }
}

/// Fields end to end as they were, fields of a hop not at all (RFC 9110 section 7.6.1).
fn what_passes_is_what_came(engine: Engine) {
    let names = [
        "ok_set_cookies",
        "ok_hop_by_hop",
        "interim_hop_by_hop",
        "interim_104",
        "interim_length_of_head",
        "value_8bit",
        "ok_gzip_corrupt",
        "cl_in_connection",
        "te_in_connection",
        "ok_many_chunks",
        "ok_large_segments",
        "ok_http10",
    ];
    let lab = Lab::builder().only(&names).start().unwrap();
    let proxy = Proxy::start(engine, &lab, &[]);
    let get = |name: &str| probe::send(proxy.address, &Request::new().path(&format!("/{name}"))).unwrap();

    let cookies = get("ok_set_cookies");
    let cookies: Vec<&str> =
        cookies.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("set-cookie")).map(|(_, v)| v.as_str()).collect();
    assert_eq!(cookies, ["a=1", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "c=3"]);
    for name in ["ok_hop_by_hop", "interim_hop_by_hop"] {
        let raw = String::from_utf8_lossy(&get(name).raw).to_lowercase();
        for gone in ["x-hop", "secret", "keep-alive", "proxy-connection", "upgrade", "h2c"] {
            assert!(!raw.contains(gone), "{name}: {gone} was forwarded: {raw}");
        }
        assert_eq!(raw.contains("103 early hints") && raw.contains("rel=preload"), name == "interim_hop_by_hop");
    }
    // One that is newer than this crate ("A proxy MUST forward 1xx responses", RFC 9110 section 15.2).
    let raw = String::from_utf8_lossy(&get("interim_104").raw).to_lowercase();
    assert!(raw.contains("http/1.1 104 ") && raw.contains("location: /up/1"), "{raw}");
    // An interim response has no content, so that what follows it is the response.
    let answer = get("interim_length_of_head");
    assert!((answer.status, answer.body.as_slice()) == (Some(200), b"") && !answer.raw.windows(3).any(|w| w == b"301"));
    assert_eq!(get("value_8bit").header("x-name"), Some("caf\u{e9} \u{ff}"));
    assert_eq!(get("ok_gzip_corrupt").header("content-encoding"), Some("gzip"));
    assert_eq!(get("ok_gzip_corrupt").body, b"\x1f\x8b\x08\0corrupt!");
    // Naming a field in Connection does not make it one of the hop (RFC 9110 section 7.6.1: "a sender MUST NOT").
    for name in ["cl_in_connection", "te_in_connection"] {
        let answer = get(name);
        assert_eq!((answer.end, answer.body.as_slice()), (End::Complete, &b"hello\n"[..]), "{name}");
    }
    assert_eq!(get("ok_many_chunks").body, vec![b'x'; 10_000]);
    assert_eq!(get("ok_large_segments").body, vec![b'x'; 1 << 20]);
    // The version is of this hop too (RFC 9110 section 2.5).
    assert!(get("ok_http10").raw.starts_with(b"HTTP/1.1 200 "));
}
