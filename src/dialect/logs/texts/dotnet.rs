//! What .NET's `HttpClient` says, and YARP, which forwards with it.
//!
//! Sources: dotnet/runtime, `System.Net.Http` and `System.Net.Security`, `Resources/Strings.resx`, and Windows' own
//! messages of sockets (`FormatMessage`); YARP, `ForwarderError` and `HttpForwarder.Log`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BadChunk, BadHeader, BadStatusLine, BodyReset, BodyStalled, BodyTruncated, CertExpired, CertInvalid,
    CertNameMismatch, CertUntrusted, ClientAborted, ClientBodyFailed, ClosedBeforeResponse, ConnectionRefused,
    ConnectionTimeout, DeadlineExceeded, DnsFailure, DnsNotFound, Goaway, H2ProtocolError, HeadStalled, HeadTooLarge,
    HeadTruncated, NoHealthyUpstream, NotHttp, ResetBeforeResponse, ResponseTimeout, SendReset, StreamReset, TlsAlert,
    TlsClosed, TlsNotTls, TlsProtocol, TlsReset, TlsTimeout, Unreachable,
};

use super::super::cut;
use super::super::entry::Format;
use super::system::RESET;
use super::{Found, Says, Table, Told, any, h2, one};

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::DotNet,
    rows: &[
        // Sockets, on Windows.
        (b"No connection could be made because the target machine actively refused it", Says::On(refused)),
        (b"A connection attempt failed because the connected party did not properly respond", Says::On(unanswered)),
        (b"An existing connection was forcibly closed by the remote host", Says::Means(RESET)),
        (b"A socket operation was attempted to an unreachable", one(Unreachable)),
        (b"No such host is known", Says::On(unknown)),
        (b"The requested name is valid, but no data of the requested type was found", one(DnsNotFound)),
        // HttpClient.
        (b"The response ended prematurely while waiting for the next frame from the server", any(ClosedBeforeResponse, &[ResetBeforeResponse, BodyTruncated, BodyReset, Goaway])),
        (b"The response ended prematurely, with at least ", one(BodyTruncated)),
        (b"The response ended prematurely", any(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated])),
        (b"The server returned an invalid or unrecognized response", any(NotHttp, &[BadStatusLine, BadHeader, ClosedBeforeResponse])),
        (b"Received an invalid status line", any(BadStatusLine, &[NotHttp])),
        (b"Received an invalid status code", any(BadStatusLine, &[NotHttp])),
        (b"Received an invalid header ", one(BadHeader)),
        (b"Received chunk header length could not be parsed", one(BadChunk)),
        (b"Received an invalid chunk ", one(BadChunk)),
        (b"The HTTP response headers length exceeded the set limit of ", one(HeadTooLarge)),
        (b"The HTTP/2 server closed the connection", any(Goaway, &[ClosedBeforeResponse])),
        (b"The HTTP/2 server reset the stream", Says::On(stream)),
        (b"The HTTP/2 server sent invalid data on the connection", one(H2ProtocolError)),
        (b"A connection could not be established within the configured ConnectTimeout", any(ConnectionTimeout, &[TlsTimeout])),
        // The timer over all of it.
        (b"The request was canceled due to the configured HttpClient.Timeout of ", any(DeadlineExceeded, &[ResponseTimeout, HeadStalled, BodyStalled, ConnectionTimeout, TlsTimeout])),
        // TLS.
        (b"The remote certificate is invalid ", Says::On(certificate)),
        (b"The remote certificate was rejected by the provided RemoteCertificateValidationCallback", one(CertUntrusted)),
        (b"Cannot determine the frame size or a corrupted frame was received", any(TlsNotTls, &[TlsProtocol])),
        (b"Received an unexpected EOF or 0 bytes from the transport stream", one(TlsClosed)),
        (b"The SSL connection could not be established", any(TlsProtocol, &[TlsAlert, TlsClosed, TlsReset, TlsNotTls, CertUntrusted, CertExpired, CertNameMismatch, CertInvalid])),
        // YARP.
        (b"The request timed out before receiving a response", any(ResponseTimeout, &[HeadStalled, ConnectionTimeout, DeadlineExceeded])),
        (b"The request was canceled before receiving a response", one(ClientAborted)),
        (b"The client reported an error when copying the request body", any(ClientBodyFailed, &[ClientAborted])),
        (b"The destination reported an error when copying the request body", any(SendReset, &[ResetBeforeResponse, ClosedBeforeResponse])),
        (b"The client reported an error when copying the response body", one(ClientAborted)),
        (b"The destination reported an error when copying the response body", any(BodyReset, &[BodyTruncated, BodyStalled])),
        (b"The destination returned a response that cannot be proxied back to the client", one(BadHeader)),
        (b"No available destinations after load balancing", one(NoHealthyUpstream)),
    ],
};

/// `... refused it. (app:5000)`, as `ConnectHelper` adds it.
fn hop<'a>(found: &Found<'a>) -> Option<&'a [u8]> {
    let (_, inner) = cut::piece(cut::head(found.rest, 200), b'(')?;
    let (hop, _) = cut::piece(inner, b')')?;
    hop.contains(&b':').then_some(hop)
}

fn refused<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::exact(ConnectionRefused)).at(hop(found)))
}

fn unanswered<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::exact(ConnectionTimeout)).at(hop(found)))
}

fn unknown<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    Some(Told::that(Reading::coarse(DnsNotFound, &[DnsFailure])).at(hop(found)))
}

/// `HTTP/2 error code 'REFUSED_STREAM' (0x7)`.
fn stream<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let code = cut::split(found.rest, b"error code '").map(|(_, code)| code);
    Some(
        code.filter(|code| h2::code(code).is_some())
            .map_or(Told::that(Reading::coarse(StreamReset, &[Goaway])), h2::told),
    )
}

/// `because of errors in the certificate chain: NotTimeValid`, `according to the validation procedure: RemoteCertificateNameMismatch`.
fn certificate<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    const WHY: &[(&[u8], Reading)] = &[
        (b"RemoteCertificateNameMismatch", Reading::exact(CertNameMismatch)),
        (b"NotTimeValid", Reading::exact(CertExpired)),
        (b"UntrustedRoot", Reading::exact(CertUntrusted)),
        (b"PartialChain", Reading::exact(CertUntrusted)),
        (b"Revoked", Reading::exact(crate::fault::FaultKind::CertRevoked)),
    ];
    const SOMETHING: Reading = Reading::coarse(CertUntrusted, &[CertExpired, CertInvalid, CertNameMismatch]);
    let row = WHY.iter().find(|(words, _)| cut::has(cut::head(found.rest, 200), words));
    Some(Told::that(row.map_or(SOMETHING, |(_, reading)| *reading)))
}
