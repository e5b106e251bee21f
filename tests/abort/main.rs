//! Bodies that break on their way through a hyper server, judged by clients on real sockets: HTTP/1.0, 1.1 and 2,
//! with and without TLS, whatever delimits the body, whatever breaks it, and whenever.
//!
//! Two rules. A body that is not whole never looks whole. And a client that got nothing gets a status: either
//! that of the upstream's response, before the cut, or the gateway's own.
//!
//! HTTP/3 is data here ([`AbortMethod::H3StreamReset`]): no HTTP/3 server is at hand to send it.
#![cfg(all(feature = "h2_04", feature = "hyper1", feature = "tokio1", feature = "rustls023", feature = "lab"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod code;
mod gateway;
mod judge;
mod upstream;

use std::sync::Arc;
use std::time::Duration;

use badgateway::body;
use badgateway::decide::{AbortMethod, Decision};
use badgateway::exchange::BodyFraming;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use self::gateway::{Case, Downstream, Notes};
use self::judge::{Answer, Close, Verdict};
use self::upstream::{End, Moment, Speaks};

fn tls() -> (TlsAcceptor, TlsConnector) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client)))
}

/// Runs a case: what the client saw, and what the gateway noted.
async fn run(case: Case, acceptor: &TlsAcceptor, connector: &TlsConnector) -> (Answer, Notes) {
    let (address, notes) = gateway::serve(case, acceptor.clone()).await;
    let answer = judge::ask(case, address, connector.clone());
    let answer =
        tokio::time::timeout(Duration::from_secs(60), answer).await.unwrap_or_else(|_| panic!("{case:?} hangs"));
    // The server may note the end after the client has seen it.
    for _ in 0..5000 {
        let noted = std::mem::take(&mut *notes.lock().unwrap());
        if !noted.ends.is_empty() || case.moment == Moment::Head {
            return (answer, noted);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{case:?} has no end");
}

/// Runs the cases of each downstream at the same time.
async fn all(next_hop: Speaks, ends: &[End], moments: &[Moment], check: fn(Case, Answer, Notes)) -> usize {
    let (acceptor, connector) = tls();
    let mut count = 0;
    for downstream in Downstream::ALL {
        let mut running = tokio::task::JoinSet::new();
        for tls in [false, true] {
            for &moment in moments {
                for &end in ends {
                    let announced = downstream.framing() == BodyFraming::Length && moment != Moment::Head;
                    if end == End::Short && !announced {
                        continue;
                    }
                    let (acceptor, connector) = (acceptor.clone(), connector.clone());
                    let case = Case { downstream, tls, next_hop, moment, end };
                    running.spawn(async move {
                        let (answer, notes) = run(case, &acceptor, &connector).await;
                        check(case, answer, notes);
                    });
                }
            }
        }
        while let Some(done) = running.join_next().await {
            done.unwrap();
            count += 1;
        }
    }
    count
}

/// How the gateway decides to cut, for each downstream, and what its client sees of it.
fn cut(case: Case, decision: Option<Decision>) -> (AbortMethod, Verdict) {
    // Without TLS the end of the connection is in order, and the framing alone says that something is missing. Over
    // TLS there is no `close_notify` either.
    let close = if case.tls { Close::Unannounced } else { Close::Orderly };
    match case.downstream {
        // Only the end of the connection delimits it, so that end must not be in order.
        Downstream::Http10Close if case.tls => (AbortMethod::Reset, Verdict::Short(Close::Unannounced)),
        Downstream::Http10Close => (AbortMethod::Reset, Verdict::Short(Close::Reset)),
        Downstream::Http10Length | Downstream::Http11Length => (AbortMethod::CloseShort, Verdict::Short(close)),
        Downstream::Http11Chunked => (AbortMethod::NoLastChunk, Verdict::Short(close)),
        Downstream::Http2 | Downstream::Http2Length => (AbortMethod::StreamReset(2), Verdict::Reset(2)),
        // Told in trailers: the stream is whole, and the call is not. Which status it is belongs to another test.
        Downstream::Grpc => match decision {
            Some(Decision::Abort(how @ AbortMethod::GrpcStatus(1..=16))) => (how, Verdict::Whole),
            _ => panic!("{case:?}: {decision:?}"),
        },
    }
}

/// A body that broke: nobody takes it for the whole, and nothing of the fault is lost.
fn is_visibly_cut(case: Case, answer: Answer, notes: Notes) {
    let (how, verdict) = cut(case, notes.decision);
    // Nothing of the fault is lost on the way into the log.
    let fault = notes.fault.unwrap();
    assert_eq!(fault.kind(), case.end.in_body(), "{case:?}");
    assert_eq!(notes.ends, [body::End::Failed(fault)], "{case:?}");
    assert_eq!(notes.decision, Some(Decision::Abort(how)), "{case:?}");

    // The head, always: with it went a status, even if nothing else did.
    assert_eq!(answer.status, 200, "{case:?}");
    assert_eq!(answer.verdict, verdict, "{case:?}");
    assert!(!answer.headers.contains_key("proxy-status") && !answer.trailers.contains_key("proxy-status"));

    // The data, in order; all of it where it fits into the buffers, or where the stream goes on to its end. (Of a
    // mebibyte some may come too late for the timer, on a busy machine.)
    let sent = case.moment.content();
    assert!(sent.starts_with(&answer.body), "{case:?}: {} bytes", answer.body.len());
    let to_its_end = case.downstream == Downstream::Grpc && case.end != End::Stalled;
    if case.moment != Moment::Mebibyte || to_its_end {
        assert_eq!(answer.body.len(), sent.len(), "{case:?}");
    }
    if let AbortMethod::GrpcStatus(status) = how {
        assert_eq!(answer.trailers["grpc-status"], status.to_string(), "{case:?}");
    } else {
        assert!(answer.trailers.is_empty(), "{case:?}");
    }
    if let Some(again) = answer.again {
        assert_eq!(again, b"again", "{case:?}: the other streams live on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_body_is_visibly_cut() {
    let moments = [Moment::FirstPoll, Moment::Frame, Moment::Mebibyte];
    let count = all(Speaks::Http11, &End::FAULTS, &moments, is_visibly_cut).await;
    assert_eq!(count, 2 * 3 * (7 * 4 + 3));
}

/// In the version of such a next hop hyper would leave out the chunks, and then the end of the connection is all there
/// is: the client would take half of a body for the whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_body_is_visibly_cut_behind_http_1_0() {
    let count = all(Speaks::Http10, &[End::Reset, End::Stalled], &[Moment::FirstPoll, Moment::Frame], is_visibly_cut);
    assert_eq!(count.await, 7 * 2 * 2 * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_body_is_whole() {
    let check = |case: Case, answer: Answer, notes: Notes| {
        assert_eq!((answer.status, answer.verdict), (200, Verdict::Whole), "{case:?}");
        assert_eq!(answer.body, case.moment.content(), "{case:?}");
        assert_eq!(notes.ends, [body::End::Whole], "{case:?}");
        // Over TLS `close_notify` comes first, so the end could not be mistaken for a cut.
        assert!(answer.close.is_none_or(|close| close == Close::Orderly), "{case:?}: {:?}", answer.close);
        assert!(answer.trailers.is_empty(), "{case:?}");
    };
    for next_hop in [Speaks::Http10, Speaks::Http11] {
        let count = all(next_hop, &[End::Whole], &[Moment::FirstPoll, Moment::Frame, Moment::Mebibyte], check).await;
        assert_eq!(count, 7 * 2 * 3);
    }
}

/// As long as nothing was forwarded, the client gets a status of ours, and all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_head_there_is_a_status() {
    let count = all(Speaks::Http11, &End::FAULTS, &[Moment::Head], |case, answer, notes| {
        if case.downstream == Downstream::Grpc {
            return; // has answers of its own
        }
        let fault = notes.fault.unwrap();
        assert_eq!(fault.kind(), case.end.in_head(), "{case:?}");
        let status = if case.end == End::Stalled { 504 } else { 502 };
        assert_eq!((answer.status, answer.verdict), (status, Verdict::Whole), "{case:?}");
        let token = fault.kind().error_type().unwrap();
        assert_eq!(answer.headers["proxy-status"], format!("gw; error={token}"), "{case:?}");
        assert!(!answer.body.is_empty(), "{case:?}");
        assert!(answer.close.is_none_or(|close| close == Close::Orderly), "{case:?}: {:?}", answer.close);
    })
    .await;
    assert_eq!(count, 7 * 2 * 4);
}
