//! What Apache httpd's numbers, words and status in parentheses mean together.
//!
//! The AH number says where in mod_proxy it was, the status says why; the words behind the number count only where one
//! number serves for everything (AH00898).
//!
//! Sources: `modules/proxy/proxy_util.c`, `mod_proxy_http.c`, `mod_proxy_balancer.c` of httpd 2.4 and trunk;
//! `apr_errno.h` for numbers from 20000 on.

use crate::dialect::{Reading, words};
use crate::fault::FaultKind::{
    self, AddressProhibited, AmbiguousFraming, BadChunk, BadHeader, BadStatusLine, BodyReset, BodyTruncated,
    ClientBodyFailed, ClosedBeforeResponse, ConnectReset, ConnectionRefused, ConnectionTimeout, DnsFailure,
    DnsNotFound, DnsTimeout, HeadReset, HeadStalled, HeadTooLarge, HeadTruncated, HeaderTooLarge, LocalExhausted,
    LoopDetected, NotHttp, ResponseTimeout, SendReset, SendTimeout, TlsAlert, TlsClosed, TlsNoAlpn, TlsNotTls,
    TlsProtocol, TlsReset, TlsTimeout, TooManyInterim, UnexpectedUpgrade, Unreachable, UnsupportedCoding,
};
use crate::fault::{Code, Phase};

use super::cause::{self, Cause};
use super::cut;
use super::entry::Verdict;
use super::tls;

/// Why, by the status in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Unsaid,
    System(Cause),
    /// 70007, APR_TIMEUP.
    Timer,
    /// 70014, APR_EOF.
    End,
    /// 70008, APR_INCOMPLETE.
    Incomplete,
    /// 20014, APR_EGENERAL: mod_ssl and the chunk filter give no better.
    General,
    /// 22, EINVAL.
    Invalid,
    /// 28, ENOSPC: a buffer was full.
    Full,
}

/// How a number is to be read on, where its words or the status say more than its row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Means(Reading),
    /// Connecting.
    Connecting,
    /// AH01084, and its likes: writing the request. The handshake is done by the first write.
    Sending,
    /// AH01102: reading the status line.
    StatusLine,
    /// AH01030: reading the answer of AJP, which has lengths in front and no TLS around it.
    Packet,
    /// AH01075: FastCGI's whole exchange; what it was at stands in parentheses.
    Dispatch,
    /// What follows when no connection could be made, and says no more.
    Unconnected,
    /// AH10404: reading the fields.
    Fields,
    /// AH01110: reading the body.
    Body,
    /// AH00898 says everything that becomes an error page.
    Page,
    /// AH02039, of mod_ssl: a verdict of OpenSSL on a certificate, which may be the client's.
    Verdict,
    /// Said for what another line has said.
    Again,
    /// Seen, and no failure: the response went on.
    Tolerated,
}

const fn one(kind: FaultKind) -> Says {
    Says::Means(Reading::exact(kind))
}

const fn any(kind: FaultKind, others: &'static [FaultKind]) -> Says {
    Says::Means(Reading::coarse(kind, others))
}

const TLS: Reading = Reading::coarse(
    TlsProtocol,
    &[
        TlsClosed,
        TlsReset,
        TlsAlert,
        TlsNotTls,
        TlsNoAlpn,
        TlsTimeout,
        FaultKind::CertUntrusted,
        FaultKind::CertExpired,
        FaultKind::CertNameMismatch,
        FaultKind::CertInvalid,
        FaultKind::CertNotYetValid,
        FaultKind::CertRevoked,
    ],
);

/// Numbers of which more is known than what the table of words says.
#[rustfmt::skip]
const FINER: &[(&[u8], Says)] = &[
    (b"AH00868", Says::Sending), (b"AH00876", Says::Sending), (b"AH01073", Says::Sending), (b"AH01074", Says::Sending),
    (b"AH01084", Says::Sending), (b"AH10154", Says::Sending),
    (b"AH00877", Says::StatusLine), (b"AH00878", Says::StatusLine), (b"AH00893", Says::StatusLine), (b"AH01102", Says::StatusLine),
    (b"AH01075", Says::Dispatch),
    (b"AH00896", Says::Unconnected), (b"AH01079", Says::Unconnected), (b"AH01114", Says::Unconnected),
    (b"AH00957", Says::Connecting), (b"AH00960", Says::Connecting), (b"AH02454", Says::Connecting),
    (b"AH10404", Says::Fields),
    (b"AH01110", Says::Body),
    (b"AH00898", Says::Page),
    (b"AH02039", Says::Verdict),
    // The first follows AH00957, the other what says why.
    (b"AH00959", Says::Again), (b"AH01097", Says::Again),
    // What the application wrote, and what was let pass.
    (b"AH01071", Says::Tolerated), (b"AH01107", Says::Tolerated),
];

/// Numbers of mod_proxy_ajp's and FastCGI's that the table of words does not have.
#[rustfmt::skip]
const BEYOND: &[(&[u8], Says)] = &[
    // `ajp_link.c`: the line that says why; AH00992 and AH00878 follow it.
    (b"AH01030", Says::Packet), (b"AH01031", Says::Packet), (b"AH00992", Says::Again),
    (b"AH01028", Says::Sending), (b"AH01029", Says::Sending),
    // `ap_proxy_connect_to_backend` of 2.2 and early 2.4: the socket itself.
    (b"AH00952", Says::Connecting),
];

/// What lines of 2.2 say, which have no numbers, and which number they have since 2.4.
#[rustfmt::skip]
pub(super) const UNNUMBERED: &[(&[u8], &[u8])] = &[
    (b"proxy: error reading status line from remote server", b"AH01102"),
    (b"proxy: Error reading from remote server", b"AH00898"),
    (b"proxy: DNS lookup failure for", b"AH00898"),
    (b"proxy: Corrupt status line", b"AH00898"),
    (b"proxy: Error during SSL Handshake with remote server", b"AH00898"),
    (b"proxy: HTTP: attempt to connect to", b"AH00957"), (b"proxy: HTTPS: attempt to connect to", b"AH00957"),
    (b"proxy: AJP: attempt to connect to", b"AH00957"), (b"proxy: FCGI: attempt to connect to", b"AH00957"),
    (b"proxy: HTTP: disabled connection for", b"AH00940"), (b"proxy: HTTPS: disabled connection for", b"AH00940"),
    (b"proxy: AJP: disabled connection for", b"AH00940"), (b"proxy: FCGI: disabled connection for", b"AH00940"),
    (b"ap_proxy_connect_backend disabling worker for", b"AH00959"),
    (b"proxy: AJP: failed to make connection to backend", b"AH00896"),
    (b"proxy: FCGI: failed to make connection to backend", b"AH01079"),
    (b"proxy: HTTP: failed to make connection to backend", b"AH01114"),
    (b"proxy: pass request body failed to", b"AH01084"),
    (b"proxy: prefetch request body failed to", b"AH01095"),
    (b"proxy: read response failed from", b"AH00878"),
    (b"proxy: BALANCER: ", b"AH01167"),
    (b"ajp_ilink_receive() can't receive header", b"AH01030"),
    (b"ajp_read_header: ajp_ilink_receive failed", b"AH00992"),
    (b"proxy: No protocol handler was valid for the URL", b"AH01144"),
];

/// What AH00898 says, by the beginning of its words (`ap_proxyerror`).
#[rustfmt::skip]
const PAGES: &[(&[u8], Says)] = &[
    (b"DNS lookup failure for", any(DnsFailure, &[DnsNotFound, DnsTimeout])),
    // AH01102 has said why, in the line before; a reader of lines knows whether it has ([`State`]).
    (b"Error reading from remote server", Says::Again),
    (b"Error during SSL Handshake with remote server", Says::Means(TLS)),
    (b"Corrupt status line returned by remote server", one(BadStatusLine)),
    (b"Too many (", one(TooManyInterim)),
    (b"Unexpected Upgrade", one(UnexpectedUpgrade)),
    (b"Malformed connection header", one(BadHeader)),
    (b"Timeout on 100-Continue", one(ResponseTimeout)),
    (b"Max-Forwards has reached zero", one(LoopDetected)),
    (b"Connect to remote machine blocked", one(AddressProhibited)),
];

pub(super) fn why(status: &[u8]) -> (Why, Option<i32>) {
    // "(EAI 3)Temporary failure in name resolution".
    if status.starts_with(b"EAI ") {
        return (Why::Unsaid, None);
    }
    let Some((number, _)) = cut::number(status) else { return (Why::Unsaid, None) };
    match number {
        70007 => (Why::Timer, None),
        70008 => (Why::Incomplete, None),
        70014 => (Why::End, None),
        20014 => (Why::General, None),
        22 => (Why::Invalid, None),
        28 => (Why::Full, None),
        _ => match cause::numbered(status) {
            Some((errno, Some(cause))) => (Why::System(cause), Some(errno)),
            Some((_, None)) | None => (Why::Unsaid, None),
        },
    }
}

/// What the number, the words and the status say together, and the words.
pub(super) fn said(message: &[u8], (why, errno): (Why, Option<i32>)) -> (Verdict, &[u8]) {
    let unnumbered = UNNUMBERED.iter().find(|(words, _)| cut::begins(message, words)).map(|(_, number)| *number);
    let (number, text) = match (unnumbered, message.split_at_checked(7)) {
        (Some(number), _) => (number, message.strip_prefix(b"proxy: ").unwrap_or(message)),
        (None, Some((number, text))) => (number, text.strip_prefix(b": ").unwrap_or(text)),
        (None, None) => return (Verdict::Nothing, message),
    };
    let by_word = || words::find(words::httpd::ROWS, number).and_then(|row| row.reading).map(Says::Means);
    let is_it = |known: &[u8]| known.last() == number.last() && known == number;
    let finer = FINER.iter().chain(BEYOND).find(|(known, _)| is_it(known)).map(|(_, says)| *says);
    let Some(mut says) = finer.or_else(by_word) else { return (Verdict::Nothing, message) };
    if matches!(says, Says::Page) {
        let Some((_, page)) = PAGES.iter().find(|(beginning, _)| text.starts_with(beginning)) else {
            return (Verdict::Unknown, message);
        };
        says = *page;
    }
    let reading = match says {
        Says::Means(reading) => reading,
        Says::Again => return (Verdict::Again, message),
        Says::Tolerated => return (Verdict::Nothing, message),
        Says::Page => return (Verdict::Unknown, message),
        Says::Verdict => tls::verdict(text).unwrap_or(tls::CERTIFICATE),
        Says::Connecting => match why {
            Why::System(cause) => cause::at(cause, Phase::Connect),
            Why::Timer => Reading::exact(ConnectionTimeout),
            Why::Unsaid | Why::End | Why::Incomplete | Why::General | Why::Invalid | Why::Full => {
                Reading::coarse(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset, LocalExhausted])
            }
        },
        Says::Sending => match why {
            Why::System(cause) => cause::at(cause, Phase::Send),
            Why::Timer => Reading::coarse(SendTimeout, &[TlsTimeout]),
            // mod_ssl shakes hands in the first write, and says no more than "internal error".
            Why::General | Why::Unsaid | Why::End | Why::Incomplete | Why::Invalid | Why::Full => SENDING,
        },
        Says::StatusLine => match why {
            Why::System(cause) => cause::at(cause, Phase::Head),
            Why::Timer => cause::at(Cause::TimedOut, Phase::Head),
            // EOF before a line feed: nothing at all, a line cut short, bytes that have no lines, or a TLS 1.3
            // alert, which mod_ssl reads as the end.
            Why::End => Reading::coarse(ClosedBeforeResponse, &[HeadTruncated, NotHttp, TlsAlert]),
            Why::General | Why::Incomplete | Why::Unsaid => {
                Reading::coarse(ClosedBeforeResponse, &[HeadTruncated, NotHttp, TlsAlert, BadStatusLine])
            }
            Why::Invalid => Reading::coarse(BadStatusLine, &[NotHttp]),
            Why::Full => Reading::coarse(HeadTooLarge, &[NotHttp, BadStatusLine]),
        },
        Says::Packet => match why {
            Why::System(cause) => cause::at(cause, Phase::Head),
            Why::Timer => cause::at(Cause::TimedOut, Phase::Head),
            Why::End | Why::Incomplete | Why::General | Why::Invalid | Why::Full | Why::Unsaid => {
                cause::at(Cause::Closed, Phase::Head)
            }
        },
        // `fcgi_do_request`: "polling" is waiting for the application; the filters go to the client.
        Says::Dispatch if cut::has(text, b"(passing brigade to output filters)") => {
            Reading::exact(FaultKind::ClientAborted)
        }
        Says::Dispatch => match why {
            Why::Timer => Reading::coarse(ResponseTimeout, &[HeadStalled, FaultKind::BodyStalled]),
            Why::System(Cause::Reset) => {
                Reading::coarse(FaultKind::ResetBeforeResponse, &[HeadReset, BodyReset, SendReset])
            }
            Why::System(cause) => cause::at(cause, Phase::Head),
            Why::End | Why::Incomplete | Why::General | Why::Invalid | Why::Full | Why::Unsaid => {
                Reading::coarse(ClosedBeforeResponse, &[HeadTruncated, BodyTruncated, FaultKind::ResetBeforeResponse])
            }
        },
        Says::Unconnected => match why {
            Why::System(cause) => cause::at(cause, Phase::Connect),
            Why::Timer => Reading::exact(ConnectionTimeout),
            Why::End | Why::Incomplete | Why::General | Why::Invalid | Why::Full | Why::Unsaid => {
                Reading::coarse(ConnectionRefused, &[ConnectionTimeout, Unreachable, ConnectReset])
            }
        },
        Says::Fields => match why {
            Why::Timer => Reading::exact(HeadStalled),
            Why::End | Why::Incomplete => Reading::exact(HeadTruncated),
            Why::Invalid => Reading::exact(BadHeader),
            Why::Full => Reading::coarse(HeaderTooLarge, &[HeadTooLarge]),
            Why::System(Cause::Reset) => Reading::exact(HeadReset),
            Why::System(cause) => cause::at(cause, Phase::Head),
            Why::General | Why::Unsaid => Reading::coarse(BadHeader, &[HeadTruncated, HeadReset, HeaderTooLarge]),
        },
        Says::Body => match why {
            Why::System(cause) => cause::at(cause, Phase::Body),
            Why::Timer => cause::at(Cause::TimedOut, Phase::Body),
            Why::End | Why::Incomplete => cause::at(Cause::Closed, Phase::Body),
            // The filter for bodies judges Content-Length, too.
            Why::General | Why::Invalid => {
                Reading::coarse(BadChunk, &[AmbiguousFraming, UnsupportedCoding, BodyTruncated])
            }
            // A chunk line that does not fit.
            Why::Full => Reading::exact(BadChunk),
            Why::Unsaid => Reading::coarse(BodyTruncated, &[BodyReset, BadChunk, FaultKind::BodyStalled]),
        },
    };
    (Verdict::Fault { fault: cause::fault(reading, None, errno.map(Code::Errno)), reading }, message)
}

const SENDING: Reading = Reading::coarse(
    TlsProtocol,
    &[
        TlsClosed,
        TlsReset,
        TlsAlert,
        TlsNotTls,
        TlsNoAlpn,
        TlsTimeout,
        FaultKind::CertUntrusted,
        FaultKind::CertExpired,
        FaultKind::CertNameMismatch,
        FaultKind::CertInvalid,
        FaultKind::CertNotYetValid,
        FaultKind::CertRevoked,
        SendReset,
        ClientBodyFailed,
    ],
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::apache::message_says;
    use super::*;

    /// What a status or a text makes of a number is part of what the number says alone.
    #[test]
    fn finer_is_never_something_else() {
        const STATUSES: [&[u8]; 9] = [
            b"",
            b"(70007)The timeout specified has expired: ",
            b"(70008)Partial results are valid but processing is incomplete: ",
            b"(70014)End of file found: ",
            b"(20014)Internal error: ",
            b"(22)Invalid argument: ",
            b"(28)No space left on device: ",
            b"(104)Connection reset by peer: ",
            b"(32)Broken pipe: ",
        ];
        const CONNECTING: [&[u8]; 7] = [
            b"(111)Connection refused: ",
            b"(113)No route to host: ",
            b"(13)Permission denied: ",
            b"(99)Cannot assign requested address: ",
            b"(2)No such file or directory: ",
            b"(11)Resource temporarily unavailable: ",
            b"(110)Connection timed out: ",
        ];
        for (n, (number, says)) in FINER.iter().enumerate() {
            assert!(!FINER.iter().skip(n + 1).any(|(later, _)| later == number), "{}", number.escape_ascii());
            let row = words::find(words::httpd::ROWS, number).unwrap();
            if matches!(says, Says::Again | Says::Tolerated) && row.reading.is_none() {
                continue;
            }
            let wide = row.reading.unwrap();
            let texts: Vec<&[u8]> = match says {
                Says::Page => PAGES.iter().map(|(words, _)| *words).collect(),
                Says::Verdict => {
                    vec![b"certificate has expired", b"hostname mismatch", b"self-signed certificate", b""]
                }
                Says::Means(_)
                | Says::Connecting
                | Says::Sending
                | Says::StatusLine
                | Says::Packet
                | Says::Dispatch
                | Says::Unconnected
                | Says::Fields
                | Says::Body
                | Says::Again
                | Says::Tolerated => vec![b""],
            };
            let connecting: &[&[u8]] = if *says == Says::Connecting { &CONNECTING } else { &[] };
            for status in STATUSES.iter().chain(connecting) {
                for text in &texts {
                    let line = [*status, *number, b": ", text].concat();
                    let Some((_, fine)) = message_says(&line).fault() else { continue };
                    for kind in fine.kinds() {
                        assert!(wide.may_be(kind), "{}: {kind}, and not in: {wide}", line.escape_ascii());
                    }
                }
            }
        }
    }
}
