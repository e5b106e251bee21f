//! What Ruby's `Net::HTTP` says, which Faraday, HTTParty and RestClient wrap, and what Puma and Unicorn say of workers
//! that they end.
//!
//! Sources: ruby, `lib/net/http.rb` (`connect`), `lib/net/protocol.rb`; Faraday, `adapter/net_http.rb`; Puma,
//! `lib/puma/cluster.rb` (`timeout_workers`); Unicorn, `lib/unicorn/http_server.rb` (`murder_lazy_workers`).

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BodyStalled, BodyTruncated, ClosedBeforeResponse, ConnectionTimeout, HeadStalled, HeadTruncated, LocalExhausted,
    ResetBeforeResponse, ResponseTimeout, SendReset, SendTimeout, TlsClosed, TlsTimeout, Unreachable,
};
use crate::fault::Phase;

use super::super::cause;
use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::super::host::DIED;
use super::super::tls;
use super::system::RESET;
use super::{Found, Says, Table, Told, any, one};

/// The timer of connecting is over the handshake, too.
const OPENING: Reading = Reading::coarse(ConnectionTimeout, &[TlsTimeout]);

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    by: Format::Ruby,
    rows: &[
        (b"Failed to open TCP connection to ", Says::On(open)),
        (b"Net::OpenTimeout", Says::Means(OPENING)),
        (b"Net::ReadTimeout", any(ResponseTimeout, &[HeadStalled, BodyStalled])),
        (b"Net::WriteTimeout", one(SendTimeout)),
        (b"Connection refused - connect(2)", Says::On(connect)),
        (b"Connection timed out - connect(2)", Says::On(connect)),
        (b"No route to host - connect(2)", Says::On(connect)),
        (b"Cannot assign requested address - connect(2)", Says::On(connect)),
        (b"Errno::ECONNRESET", Says::Means(RESET)),
        (b"Errno::EPIPE", any(SendReset, &[ResetBeforeResponse])),
        (b"Errno::EHOSTUNREACH", one(Unreachable)),
        (b"Errno::EMFILE", one(LocalExhausted)),
        (b"Faraday::ConnectionFailed: end of file reached", any(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated, TlsClosed])),
        (b"Faraday::ConnectionFailed: execution expired", Says::Means(OPENING)),
        (b"SSL_connect returned=", Says::On(handshake)),
        (b"SSL_connect SYSCALL returned=", Says::On(handshake)),
        // Of the server's own processes.
        (b"Terminating timed out worker", Says::Means(DIED)),
        (b"worker=", Says::On(unicorn)),
    ],
};

/// `app:8080 (Connection refused - connect(2) for "app" port 8080)`.
fn open<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (hop, why) = cut::split(found.rest, b" (")?;
    let reading = match cause::named(why) {
        Some(cause) => cause::at(cause, Phase::Connect),
        None if why.starts_with(b"execution expired") => OPENING,
        None if why.starts_with(b"getaddrinfo") || why.starts_with(b"Hostname not known") => {
            Reading::coarse(crate::fault::FaultKind::DnsNotFound, &[crate::fault::FaultKind::DnsFailure])
        }
        None => return None,
    };
    Some(Told::that(reading).at(Some(hop)))
}

/// `Connection refused - connect(2) for "app" port 8080`: the name, for the port stands apart.
fn connect<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let cause = cause::named(found.text)?;
    let name = cut::split(found.rest, b"for \"").map(|(_, name)| super::unquoted(name));
    let name = name.or_else(|| cut::split(found.rest, b"for ").and_then(|(_, name)| super::name(name)));
    Some(Told::that(cause::at(cause, Phase::Connect)).at(name))
}

/// `1 errno=0 state=error: certificate verify failed (certificate has expired)`; of a system call, its number.
fn handshake<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    if let Some((_, errno)) =
        cut::split(found.rest, b"errno=").filter(|_| found.text.starts_with(b"SSL_connect SYSCALL"))
    {
        let reset = errno.starts_with(b"104 ") || errno.starts_with(b"54 ");
        return Some(Told::that(Reading::exact(if reset { crate::fault::FaultKind::TlsReset } else { TlsClosed })));
    }
    let (reading, code) = tls::error(found.rest);
    Some(Told::with_code(reading, code))
}

/// `worker=0 PID:9117 timeout (61s > 60s), killing`.
fn unicorn<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let is_it =
        cut::has(cut::head(found.rest, 64), b" timeout (") && cut::has(cut::head(found.rest, 96), b"), killing");
    is_it.then(|| Told::new(Verdict::that(DIED)))
}
