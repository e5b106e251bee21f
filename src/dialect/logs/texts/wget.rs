//! What wget writes, line by line: the next hop stands on one line, the failure on another.
//!
//! Source: GNU Wget, `src/http.c`, `src/connect.c`, `src/retr.c`, `src/host.c`; BusyBox, `networking/wget.c`.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BodyReset, BodyStalled, BodyTruncated, CertUntrusted, ClosedBeforeResponse, DeadlineExceeded, DnsFailure,
    DnsNotFound, DnsTimeout, HeadTruncated, TlsAlert, TlsClosed, TlsNotTls, TlsProtocol,
};
use crate::fault::Phase;

use super::super::cause;
use super::super::cut;
use super::super::entry::{Entry, Format, Verdict};
use super::super::name::Name;

/// Reads it, if it is one.
pub(super) fn read<'a>(line: &'a [u8], hop: &mut Name) -> Option<Entry<'a>> {
    let mut entry = Entry::new(Format::Wget, Verdict::Nothing, line);
    // `2026-11-20 18:53:56 (1.2 MB/s) - Connection closed at byte 123. Retrying.`
    let head = Some(cut::head(line, 160)).filter(|head| head.starts_with(b"20")).unwrap_or(b"");
    if let Some(rest) = line.strip_prefix(b"--20") {
        // `--2024-12-24 23:22:29--  http://app/x`
        let (_, url) = cut::split(rest, b"--  ")?;
        hop.set(cut::authority(url)?, b"");
    } else if let Some(rest) = line.strip_prefix(b"Resolving ") {
        let (host, why) = cut::split(rest, b"... ")?;
        hop.set(cut::until(host, b' '), b"");
        entry.said = why.strip_prefix(b"failed: ").map_or(Verdict::Nothing, |why| Verdict::that(lookup(why)));
    } else if let Some(rest) = line.strip_prefix(b"Connecting to ") {
        let (address, why) = cut::split(rest, b"... ")?;
        connecting(address, hop);
        entry.said = why.strip_prefix(b"failed: ").map_or(Verdict::Nothing, connect);
    } else if let Some(rest) = line.strip_prefix(b"HTTP request sent, awaiting response... ") {
        entry.status = rest.get(..3).and_then(cut::status);
        entry.said = answer(rest, entry.status);
    } else if let Some(rest) = line.strip_prefix(b"wget: ") {
        entry.said = busybox(rest);
    } else if line.starts_with(b"Unable to establish SSL connection.") {
        entry.said = Verdict::that(Reading::coarse(TlsProtocol, &[TlsAlert, TlsClosed, TlsNotTls]));
    } else if line.starts_with(b"ERROR: cannot verify ") {
        entry.said = Verdict::that(Reading::coarse(CertUntrusted, super::super::tls::CERTIFICATE.others()));
    } else if let Some((_, rest)) = cut::split(head, b" - Read error at byte ") {
        let (_, why) = cut::split(rest, b"(")?;
        entry.said = cause::named(why).map_or(Verdict::Unknown, |cause| Verdict::that(cause::at(cause, Phase::Body)));
    } else if cut::has(head, b" - Connection closed at byte ") {
        entry.said = Verdict::that(Reading::coarse(BodyTruncated, &[BodyReset]));
    } else {
        return None;
    }
    Some(entry)
}

/// `app (app)|10.0.0.1|:80`, `127.0.0.1:9000`; BusyBox `app (10.0.0.1:80)`.
fn connecting(address: &[u8], hop: &mut Name) {
    if let Some((_, rest)) = cut::piece(address, b'|') {
        if let Some((host, port)) = cut::piece(rest, b'|') {
            return hop.set(host, port.strip_prefix(b":").unwrap_or(b""));
        }
    }
    let inner = cut::split(address, b" (").and_then(|(_, rest)| rest.strip_suffix(b")"));
    hop.set(inner.unwrap_or(address), b"");
}

fn connect(why: &[u8]) -> Verdict {
    cause::named(why).map_or(Verdict::Unknown, |cause| Verdict::that(cause::at(cause, Phase::Connect)))
}

fn lookup(why: &[u8]) -> Reading {
    if why.starts_with(b"Temporary failure") {
        Reading::coarse(DnsTimeout, &[DnsFailure])
    } else if why.starts_with(b"Connection timed out") {
        Reading::exact(DnsTimeout)
    } else {
        Reading::coarse(DnsNotFound, &[DnsFailure])
    }
}

/// `502 Bad Gateway`, `No data received.`, `Read error (Connection reset by peer) in headers.`
fn answer(text: &[u8], status: Option<u16>) -> Verdict {
    if let Some(status) = status {
        return if status >= 500 { Verdict::Bare(status) } else { Verdict::Nothing };
    }
    if text.starts_with(b"No data received") {
        return Verdict::that(Reading::coarse(ClosedBeforeResponse, &[HeadTruncated]));
    }
    let why = text.strip_prefix(b"Read error (").and_then(cause::named);
    why.map_or(Verdict::Unknown, |cause| Verdict::that(cause::at(cause, Phase::Head)))
}

fn busybox(text: &[u8]) -> Verdict {
    if text.starts_with(b"unable to resolve host address ") || text.starts_with(b"bad address ") {
        return Verdict::that(Reading::coarse(DnsNotFound, &[DnsFailure, DnsTimeout]));
    }
    if text.starts_with(b"download timed out") {
        return Verdict::that(Reading::coarse(DeadlineExceeded, &[BodyStalled]));
    }
    let behind =
        |words: &[u8]| text.strip_prefix(words).map(|rest| cut::split(rest, b": ").map_or(rest, |(_, why)| why));
    if let Some(why) = behind(b"can't connect to remote host") {
        return connect(why);
    }
    if let Some(why) = behind(b"error getting response") {
        let cause = cause::named(why);
        return cause.map_or(Verdict::Unknown, |cause| Verdict::that(cause::at(cause, Phase::Head)));
    }
    if let Some(status) = behind(b"server returned error") {
        let status = cut::piece(status, b' ').and_then(|(_, rest)| rest.get(..3)).and_then(cut::status);
        return status.map_or(Verdict::Unknown, Verdict::Bare);
    }
    Verdict::Unknown
}
