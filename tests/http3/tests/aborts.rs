//! How a client of HTTP/3 sees that its answer was cut: by the code that is decided and recorded, never by the next hop's.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use badgateway::Gateway;
use badgateway::decide::{AbortMethod, Decision};
use badgateway_http3::cert::{Authority, Tls};
use badgateway_http3::frames::{data, head, sized};
use badgateway_http3::front::{Way, serve};
use badgateway_http3::gateway::{Settings, client, connect};
use badgateway_http3::next_hop::{Act, Hop, acts};
use bytes::Buf;
use h3::error::StreamError;
use http::Request;
use quinn::Endpoint;
use tokio::sync::Notify;

use Act::{Close, Fin, Read, Reset, Seen, Send, Vanish};

/// `H3_REQUEST_CANCELLED` (RFC 9114 section 4.1.1).
const CANCELLED: u64 = 0x10c;

/// What the client sees: the status, the content, and the code of a reset.
type Seeing = (u16, &'static [u8], Option<u64>);

#[rustfmt::skip]
fn rows() -> Vec<(&'static str, Hop, Settings, Seeing)> {
    let usual = Settings::default();
    let impatient = Settings { patience: Duration::from_millis(600), ..usual };
    let silent = Settings { idle: Duration::from_millis(400), ..usual };
    let begun = |more: &[Act]| acts([&[Read, Send(sized(10)), Send(data(b"hello")), Seen], more].concat());
    let open = |more: &[Act]| acts([&[Read, Send(head("200")), Send(data(b"hello")), Seen], more].concat());
    let cut: Seeing = (200, b"hello", Some(CANCELLED));
    vec![
        ("whole", acts([Read, Send(sized(5)), Send(data(b"hello")), Fin]), usual, (200, b"hello", None)),
        ("cut against its length", begun(&[Fin]), usual, cut),
        ("cut in a DATA frame", open(&[Send(vec![0, 10, 1]), Seen, Fin]), usual, (200, b"hello\x01", Some(CANCELLED))),
        ("reset with H3_REQUEST_REJECTED", begun(&[Reset(0x10b)]), usual, cut),
        ("reset with H3_NO_ERROR", open(&[Reset(0x100)]), usual, cut),
        ("reset with H3_VERSION_FALLBACK", open(&[Reset(0x110)]), usual, cut),
        ("closed with H3_NO_ERROR", open(&[Close(0x100)]), usual, cut),
        ("closed with H3_REQUEST_REJECTED", begun(&[Close(0x10b)]), usual, cut),
        ("stalls", begun(&[]), impatient, cut),
        ("vanishes", begun(&[Vanish]), silent, cut),
        ("rejected before the head", acts([Read, Reset(0x10b)]), usual, (503, b"", None)),
        ("closed before the head", acts([Read, Close(0x102)]), usual, (502, b"", None)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_sees_the_code_that_is_decided() {
    let authority = Authority::new();
    for (name, hop, settings, (status, content, code)) in rows() {
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&recorded);
        let gateway = Gateway::new("gw").unwrap().with_log(move |report| {
            if report.fault().is_some() {
                let record: serde_json::Value = serde_json::from_str(&report.to_string()).unwrap();
                log.lock().unwrap().push(record["how_code"].as_u64());
            }
        });
        let seen = Arc::new(Notify::new());
        let hop = hop.start(&authority, Arc::clone(&seen)).await;
        let way = Way { gateway, hop, endpoint: client(authority.quic_client(), &settings), settings };
        let front = Endpoint::server(authority.quic_server(Tls::Good), "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = front.local_addr().unwrap();
        tokio::spawn(serve(front, way));

        let endpoint = client(authority.quic_client(), &Settings::default());
        let (_connection, mut sender) = connect(&endpoint, address).await.unwrap();
        let request = Request::get("https://localhost/").body(()).unwrap();
        let mut stream = sender.send_request(request).await.unwrap();
        stream.finish().await.unwrap();
        let response = stream.recv_response().await.unwrap();
        assert_eq!(response.status(), status, "{name}");
        assert_eq!(response.headers().contains_key("proxy-status"), status != 200, "{name}");
        let mut came = Vec::new();
        let end = loop {
            match stream.recv_data().await {
                Ok(Some(mut data)) => {
                    came.extend_from_slice(&data.copy_to_bytes(data.remaining()));
                    seen.notify_one();
                }
                Ok(None) => break None,
                Err(StreamError::RemoteTerminate { code, .. }) => break Some(code.value()),
                Err(error) => panic!("{name}: {error}"),
            }
        };
        assert_eq!(end, code, "{name}");
        if status == 200 {
            assert_eq!(came, content, "{name}");
        }
        let want = if status == 200 && code.is_none() { Vec::new() } else { vec![code] };
        assert_eq!(*recorded.lock().unwrap(), want, "{name}");
    }
}

/// What cannot be shown by a next hop alone: an answer that is over with its head, and a client's own faults.
#[test]
fn the_other_codes() {
    use badgateway::decide::{Profile, decide};
    use badgateway::exchange::{BodyFraming, Exchange, Forwarded};
    use badgateway::fault::{Fault, FaultKind as K};
    for (kind, framing, code) in [
        (K::StreamReset, BodyFraming::None, 0x100),
        (K::H3RequestRejected, BodyFraming::Length, CANCELLED),
        (K::ClientBodyFailed, BodyFraming::Length, 0x10e),
        (K::ClientTimeout, BodyFraming::Length, CANCELLED),
    ] {
        let mut exchange = Exchange::default();
        exchange.version = http::Version::HTTP_3;
        exchange.forwarded = Forwarded::Head { status: http::StatusCode::OK, framing };
        let decision = decide(&Fault::new(kind), &exchange, &Profile::Rfc9209);
        assert_eq!(decision, Decision::Abort(AbortMethod::H3StreamReset(code)), "{kind}");
    }
}
