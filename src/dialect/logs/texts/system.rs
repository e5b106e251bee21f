//! `strerror(3)`, whoever printed it: `nc`, `ssh`, `psql`, a program's own words around it.
//!
//! Only what is said of connections, and only where a connection is what failed: a file may be denied, too.

use crate::dialect::Reading;
use crate::fault::FaultKind::{
    BodyReset, BodyStalled, ConnectionRefused, ConnectionTimeout, DnsFailure, DnsNotFound, DnsTimeout, HeadReset,
    ResetBeforeResponse, ResponseTimeout, TlsReset, Unreachable,
};

use super::super::entry::Format;
use super::{Table, any, one};

/// Nobody says how far the exchange was.
pub(super) const RESET: Reading = Reading::coarse(ResetBeforeResponse, &[HeadReset, BodyReset, TlsReset]);

/// The same of `ETIMEDOUT`.
pub(super) const TIMED_OUT: Reading = Reading::coarse(ConnectionTimeout, &[ResponseTimeout, BodyStalled]);

pub(super) const TABLE: Table = Table {
    by: Format::System,
    rows: &[
        (b"Connection refused", one(ConnectionRefused)),
        (b"Connection reset by peer", super::Says::Means(RESET)),
        (b"Connection timed out", super::Says::Means(TIMED_OUT)),
        (b"No route to host", one(Unreachable)),
        (b"Host is unreachable", one(Unreachable)),
        (b"Network is unreachable", one(Unreachable)),
        (b"Name or service not known", one(DnsNotFound)),
        (b"Name does not resolve", one(DnsNotFound)),
        (b"nodename nor servname provided, or not known", one(DnsNotFound)),
        (b"No address associated with hostname", one(DnsNotFound)),
        // EAI_AGAIN: the server did not answer, or failed.
        (b"Temporary failure in name resolution", any(DnsTimeout, &[DnsFailure])),
    ],
};
