//! openssl 0.10: alerts, certificates, ports that speak no TLS, and bodies whose TLS was cut.
//!
//! ```
//! use badgateway::{Exchange, FaultKind, Gateway};
//! use openssl::ssl::{HandshakeError, SslConnector, SslMethod};
//!
//! let gateway = Gateway::new("edge-1.example").unwrap();
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! # let address = listener.local_addr().unwrap();
//! # std::thread::spawn(move || {
//! #     use std::io::{Read, Write};
//! #     let (mut stream, _) = listener.accept().unwrap();
//! #     let _ = stream.read(&mut [0; 1024]);
//! #     let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
//! # });
//! let connector = SslConnector::builder(SslMethod::tls()).unwrap().build();
//! let stream = std::net::TcpStream::connect(address).unwrap();
//! let error: HandshakeError<_> = connector.connect("api.internal", stream).unwrap_err();
//! // A port without TLS.
//! assert_eq!(gateway.classify(&error, &Exchange::default()).kind(), FaultKind::TlsNotTls);
//! ```
//!
//! # What OpenSSL does not say
//!
//! - **Which rule a certificate breaks** stands in no error, but on the connection. [`handshake`] is a probe for
//!   [`HandshakeError`] over your own stream. tokio-openssl gives an [`ssl::Error`] alone: [`judge`] asks the stream.
//!   Without either, the words at the end of the message tell, where there are any (native-tls, hyper-openssl): such a fault has
//!   [`Confidence::Text`](crate::fault::Confidence::Text). Else it is [`FaultKind::CertUntrusted`].
//! - **That a body was cut**: `SslStream` gives the end of the connection as the end of the data, and so does native-tls.
//!   [`Untidy`] under it makes an error of that.
//! - **A name that is in the subject alone** (RFC 9525 section 2) breaks no rule of OpenSSL's (`X509_check_host(3)`), unless
//!   `X509CheckFlags::NEVER_CHECK_SUBJECT` is set, by `ssl.param_mut().set_hostflags(...)` and behind `into_ssl`, which
//!   sets its own.
//!
//! `tests/openssl` puts both libraries before every TLS upstream of the lab.
//!
//! Sources: `include/openssl/sslerr.h`, `include/openssl/x509_vfy.h`, `SSL_get_error(3)`.

mod untidy;

use std::error::Error;
use std::fmt;
use std::net::TcpStream;

use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode, HandshakeError, SslRef};
use openssl::x509::X509VerifyResult;

use self::untidy::NoCloseNotify;
pub use self::untidy::Untidy;
use crate::classify::{Cause, Finding, Probe, Sizes, downcast, exactly, openssl as codes};
use crate::exchange::Exchange;
use crate::fault::{Fault, FaultKind, Phase};

/// Knows [`ssl::Error`], [`ErrorStack`], [`X509VerifyResult`] and [`HandshakeError`] over a [`TcpStream`]. Every
/// [`Gateway`](crate::Gateway) has it.
pub const PROBE: Probe = probe;

pub(crate) const SIZES: Sizes = Sizes::of::<ssl::Error>()
    .or(Sizes::of::<ErrorStack>())
    .or(Sizes::of::<HandshakeError<TcpStream>>())
    .or(Sizes::of::<X509VerifyResult>())
    .or(Sizes::of::<NoCloseNotify>());

fn probe<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if SIZES.may_be(link) { known(link) } else { None }
}

// Most links are of another type; out of line, they do not pay for this.
#[inline(never)]
fn known<'a>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    if let Some(error) = exactly::<ssl::Error>(link) {
        return Some(of_a_connection(error));
    }
    if let Some(errors) = exactly::<ErrorStack>(link) {
        // Of no connection: keys, certificates and settings of the gateway's own.
        return Some(stack(errors).unwrap_or_else(|| Finding::of(FaultKind::ProxyInternal).weak()));
    }
    if let Some(result) = exactly::<X509VerifyResult>(link) {
        return Some(verdict(*result).map_or(Finding::new(), |kind| Finding::of(kind).at(Phase::Tls)));
    }
    if exactly::<NoCloseNotify>(link).is_some() {
        return Some(Finding::of(Cause::ClosedWithoutNotify));
    }
    exactly::<HandshakeError<TcpStream>>(link).map(of_a_handshake)
}

/// A probe for [`HandshakeError`] over a stream of your own, which knows the rule that a certificate breaks.
///
/// ```
/// use badgateway::Gateway;
/// use badgateway::adapters::openssl010::{Untidy, handshake};
/// use std::net::TcpStream;
///
/// let gateway = Gateway::new("edge-1.example").unwrap().with_probe(handshake::<Untidy<TcpStream>>);
/// ```
pub fn handshake<'a, S: fmt::Debug + 'static>(link: &'a (dyn Error + 'static)) -> Option<Finding<'a>> {
    downcast::<HandshakeError<S>>(link).map(of_a_handshake)
}

fn of_a_handshake<S: fmt::Debug + 'static>(error: &HandshakeError<S>) -> Finding<'_> {
    match error {
        HandshakeError::SetupFailure(errors) => Finding::of(FaultKind::ProxyInternal).then(errors),
        // A blocking socket's own time was over. The error below says no more than "would block".
        HandshakeError::WouldBlock(_) => Finding::of(Cause::TimedOut).at(Phase::Tls),
        HandshakeError::Failure(stream) => match verdict(stream.ssl().verify_result()) {
            Some(kind) if refused(stream.error()) => Finding::of(kind).at(Phase::Tls),
            Some(_) | None => Finding::new().at(Phase::Tls),
        },
    }
}

/// What a failed handshake means, with the connection that it failed on, which knows the rule that a certificate breaks.
///
/// For tokio-openssl, whose `connect` gives an [`ssl::Error`] alone:
///
/// ```no_run
/// # use badgateway::adapters::openssl010::judge;
/// # use badgateway::fault::Failure;
/// # use openssl::ssl::{self, SslRef};
/// # async fn connect() -> Result<(), ssl::Error> { Ok(()) }
/// # async fn run(ssl: &SslRef) -> Result<(), Failure> {
/// // `ssl` is `stream.ssl()`.
/// connect().await.map_err(|error| Failure::new(judge(&error, ssl), error))?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn judge(error: &ssl::Error, ssl: &SslRef) -> Fault {
    if let Some(kind) = verdict(ssl.verify_result()).filter(|_| refused(error)) {
        return Fault::new(kind);
    }
    let exchange = Exchange { phase: Some(Phase::Tls), ..Exchange::default() };
    crate::classify::classify(error, &[PROBE], &exchange)
}

/// The kind of fault for what OpenSSL made of a certificate; `None` where it is good.
///
/// ```
/// use badgateway::adapters::openssl010::verdict;
/// use openssl::x509::X509VerifyResult;
///
/// assert_eq!(verdict(X509VerifyResult::OK), None);
/// ```
#[must_use]
pub fn verdict(result: X509VerifyResult) -> Option<FaultKind> {
    codes::by_verify_result(result.as_raw())
}

/// Whether it was for its certificate that the peer was refused. Where the gateway takes any certificate, the result may be
/// bad, and the handshake fail of something else.
fn refused(error: &ssl::Error) -> bool {
    error.ssl_error().is_some_and(|errors| codes_of(errors).any(|reason| reason == codes::CERTIFICATE_VERIFY_FAILED))
}

fn of_a_connection<'a>(error: &'a ssl::Error) -> Finding<'a> {
    match error.code() {
        // close_notify.
        ErrorCode::ZERO_RETURN => Finding::of(Cause::Closed),
        // On a blocking socket its own time was over; the `io::Error` below says so, too.
        ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Finding::of(Cause::WouldBlock),
        // An end of the connection that OpenSSL has no error for.
        ErrorCode::SYSCALL if error.io_error().is_none() && error.ssl_error().is_none() => {
            Finding::of(Cause::ClosedWithoutNotify)
        }
        ErrorCode::SYSCALL if error.io_error().is_some() => Finding::new(),
        _ => error.ssl_error().and_then(stack).unwrap_or_else(|| Finding::of(FaultKind::TlsProtocol)),
    }
}

/// What the first error of TLS itself says. Behind it may stand what it made of an error of cryptography or encoding.
fn stack(errors: &ErrorStack) -> Option<Finding<'static>> {
    let mut reasons = codes_of(errors);
    let first = reasons.next()?;
    // A certificate that does not verify is more than what made it so.
    let telling = reasons.find(|reason| *reason == codes::CERTIFICATE_VERIFY_FAILED).unwrap_or(first);
    codes::by_reason(telling)
}

/// The reasons in a stack that are TLS's own.
fn codes_of(errors: &ErrorStack) -> impl Iterator<Item = u32> {
    let of_tls = errors.errors().iter().filter(|error| error.library_code() == codes::ERR_LIB_SSL);
    of_tls.filter_map(|error| u32::try_from(error.reason_code()).ok())
}
