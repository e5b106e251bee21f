//! Every TLS row of the lab through a gateway whose client is hyper on OpenSSL: by tokio-openssl and by tokio-native-tls, each on
//! a bare socket and on one that makes an untidy end an error.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use badgateway::adapters::openssl010::{Untidy, judge};
use badgateway::adapters::tokio1::{Tap, TokioTimer};
use badgateway::fault::{Applied, Confidence, Failure, Fault, FaultKind as K, Phase};
use badgateway::lab::{BEHAVIOURS, Group, Lab};
use badgateway::{Gateway, InFlight, ResponseBody};
use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::verify::X509CheckFlags;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

type AnyError = Box<dyn Error + Send + Sync>;

/// Of an upstream that says nothing.
const PATIENCE: Duration = Duration::from_millis(400);

trait Io: AsyncRead + AsyncWrite + fmt::Debug + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + fmt::Debug + Unpin + Send> Io for T {}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stack {
    /// `connect` gives an `ssl::Error`, and the connection is asked for the rule.
    OpenSsl,
    /// Nobody asks.
    OpenSslBare,
    NativeTls,
    NativeTlsBare,
}

const STACKS: [Stack; 4] = [Stack::OpenSsl, Stack::OpenSslBare, Stack::NativeTls, Stack::NativeTlsBare];

/// What each stack makes of each behaviour, in the order of `STACKS`; `None`: an answer that looks whole.
#[rustfmt::skip]
const ROWS: &[(&str, [Option<K>; 4], &str)] = &[
    ("plain_on_tls", [Some(K::TlsNotTls); 4], ""),
    ("tls_selfsigned", [Some(K::CertUntrusted); 4], ""),
    ("tls_expired", [Some(K::CertExpired), Some(K::CertUntrusted), Some(K::CertExpired), Some(K::CertExpired)], RULE),
    ("tls_not_yet_valid", [Some(K::CertNotYetValid), Some(K::CertUntrusted), Some(K::CertNotYetValid), Some(K::CertNotYetValid)], RULE),
    ("tls_wrong_host", [Some(K::CertNameMismatch), Some(K::CertUntrusted), Some(K::CertNameMismatch), Some(K::CertNameMismatch)], RULE),
    ("tls_hostile_name", [Some(K::CertNameMismatch), Some(K::CertUntrusted), Some(K::CertNameMismatch), Some(K::CertNameMismatch)], RULE),
    ("tls_handshake_stall", [Some(K::TlsTimeout); 4], ""),
    ("tls_alert", [Some(K::TlsAlert); 4], ""),
    ("tls_alert_version", [Some(K::TlsAlert); 4], ""),
    ("tls_alert_name", [Some(K::TlsAlert); 4], ""),
    ("tls_client_cert", [Some(K::TlsAlert); 4], ""),
    ("tls_client_cert_12", [Some(K::TlsAlert); 4], ""),
    ("tls_unknown_ca", [Some(K::CertUntrusted); 4], ""),
    ("tls_forged", [Some(K::CertUntrusted); 4], ""),
    ("tls_wrong_usage", [Some(K::CertInvalid), Some(K::CertUntrusted), Some(K::CertInvalid), Some(K::CertInvalid)], RULE),
    ("tls_subject_only", [Some(K::CertNameMismatch), None, None, None], SUBJECT),
    ("tls_alert_revoked", [Some(K::TlsAlert); 4], ""),
    ("tls_11_only", [Some(K::TlsProtocol); 4], ""),
    ("tls_close_hello", [Some(K::TlsClosed); 4], ""),
    ("tls_reset_hello", [Some(K::TlsReset); 4], ""),
    ("tls_reset_after_request", [Some(K::ResetBeforeResponse); 4], ""),
    ("tls_cut_mid_body", [Some(K::BodyTruncated); 4], ""),
    ("tls_no_close_notify", [Some(K::TlsTruncated), None, Some(K::TlsTruncated), None], CUT),
    ("tls_close_after_request", [Some(K::ClosedBeforeResponse); 4], ""),
    ("tls_cut_after_request", [Some(K::ClosedBeforeResponse); 4], ""),
    ("tls_close_notify_mid_body", [Some(K::BodyTruncated); 4], ""),
    ("tls_bad_record", [Some(K::TlsProtocol); 4], ""),
    ("tls_stall_after_request", [Some(K::ResponseTimeout); 4], ""),
    ("tls_ok_200", [None; 4], ""),
];
const RULE: &str = "the rule is on the connection, not in the error: `judge`, `handshake`";
const SUBJECT: &str = "OpenSSL takes the name in the subject unless X509_CHECK_FLAG_NEVER_CHECK_SUBJECT is set";
const CUT: &str = "an end without close_notify is the end of the data: `Untidy`";

async fn connect(stack: Stack, lab: &Lab, socket: TcpStream) -> Result<Box<dyn Io>, AnyError> {
    match stack {
        Stack::OpenSsl => open(stack, lab, Untidy::new(socket)).await,
        Stack::OpenSslBare => open(stack, lab, socket).await,
        Stack::NativeTls => native(lab, Untidy::new(socket)).await,
        Stack::NativeTlsBare => native(lab, socket).await,
    }
}

async fn open<S: Io + 'static>(stack: Stack, lab: &Lab, socket: S) -> Result<Box<dyn Io>, AnyError> {
    let mut builder = SslConnector::builder(SslMethod::tls())?;
    builder.set_ca_file(lab.ca_file())?;
    let mut ssl = builder.build().configure()?.into_ssl("localhost")?;
    if stack == Stack::OpenSsl {
        ssl.param_mut().set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    }
    let mut stream = tokio_openssl::SslStream::new(ssl, socket)?;
    match Pin::new(&mut stream).connect().await {
        Ok(()) => Ok(Box::new(stream)),
        Err(error) if stack == Stack::OpenSsl => {
            let fault = judge(&error, stream.ssl());
            Err(Failure::new(fault, error).into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn native<S: Io + 'static>(lab: &Lab, socket: S) -> Result<Box<dyn Io>, AnyError> {
    let root = native_tls::Certificate::from_pem(lab.ca_pem().as_bytes())?;
    let connector = native_tls::TlsConnector::builder().add_root_certificate(root).build()?;
    Ok(Box::new(tokio_native_tls::TlsConnector::from(connector).connect("localhost", socket).await?))
}

async fn forward(
    exchange: InFlight,
    stack: Stack,
    lab: Arc<Lab>,
    name: &str,
) -> Result<Response<ResponseBody<Incoming, TokioTimer>>, AnyError> {
    let address = lab.upstream(name).unwrap().address().unwrap();
    exchange.phase(Phase::Connect);
    let socket = exchange.within(TokioTimer, PATIENCE, TcpStream::connect(address)).await??;
    exchange.phase(Phase::Tls);
    let stream = exchange.within(TokioTimer, PATIENCE, connect(stack, &lab, socket)).await??;
    exchange.phase(Phase::Head);
    let (io, tap) = Tap::new(stream);
    tap.begin(&http::Method::GET);
    exchange.over(tap);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    tokio::spawn(connection);
    let request = Request::get("/").header(HOST, "localhost").body(Empty::<Bytes>::new())?;
    let response = exchange.within(TokioTimer, PATIENCE, sender.send_request(request)).await??;
    Ok(exchange.timed(TokioTimer, Some(PATIENCE), None).pass_on(response))
}

/// One exchange: its fault, and whether the body ended well.
async fn exchange(stack: Stack, lab: Arc<Lab>, name: &'static str) -> (Option<Fault>, bool) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let gateway =
        Gateway::new("gw").unwrap().with_log(move |report| log.lock().unwrap().extend(report.fault().copied()));
    let request = Request::get("http://localhost/").header(HOST, "localhost").body(Empty::<Bytes>::new()).unwrap();
    let answered = gateway.handle(request, |exchange, _| forward(exchange, stack, lab, name)).await;
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            let _: Infallible = error;
            unreachable!()
        }
    };
    let is_whole = response.into_body().collect().await.is_ok();
    let faults = seen.lock().unwrap().clone();
    assert!(faults.len() <= 1, "{name}: {faults:?}");
    (faults.first().copied(), is_whole)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row() {
    let lab = Arc::new(Lab::start().unwrap());
    let faults = BEHAVIOURS.iter().filter(|behaviour| behaviour.group == Group::Tls).map(|behaviour| behaviour.name);
    let rows = ROWS.iter().map(|(name, ..)| *name).filter(|name| *name != "tls_ok_200");
    assert_eq!(faults.collect::<Vec<_>>(), rows.collect::<Vec<_>>());

    let mut wrong = Vec::new();
    let mut exact = [0; STACKS.len()];
    println!("| upstream | openssl | openssl, bare | native-tls | native-tls, bare | |");
    println!("|---|---|---|---|---|---|");
    for (name, want, why) in ROWS {
        let [right, ..] = *want;
        let mut line = format!("| `{name}` |");
        for (n, stack) in STACKS.into_iter().enumerate() {
            let (fault, is_whole) = exchange(stack, Arc::clone(&lab), name).await;
            let kind = fault.map(|fault| fault.kind());
            line += &format!(" {} |", kind.map_or("whole".to_owned(), |kind| format!("`{}`", kind.as_str())));
            exact[n] += usize::from(kind == right);
            if kind != want[n] {
                wrong.push(format!("{name} {stack:?}: {fault:?}, want {:?}", want[n]));
            }
            let Some(fault) = fault else { continue };
            // The answer of a fault before the head is whole; a body that broke is not.
            if is_whole != (fault.phase() < Phase::Body) {
                wrong.push(format!("{name} {stack:?}: a cut that does not show: {fault:?}"));
            }
            if fault.applied() == Applied::No && fault.phase() > Phase::Tls {
                wrong.push(format!("{name} {stack:?}: not applied, and yet sent: {fault:?}"));
            }
            if stack == Stack::OpenSsl && fault.confidence() != Confidence::Typed {
                wrong.push(format!("{name} {stack:?}: {fault:?}"));
            }
        }
        println!("{line} {why} |");
    }
    println!("exact, of {}: {exact:?}", ROWS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
