//! What a misbehaving upstream is: a name, a group, a rule, and what it does.
//!
//! One rule: a behaviour is data. What it does on the wire is in its [`Act`], never in here.

use std::fmt;

use super::act::Act;

/// One way of misbehaving (or of behaving: see [`Group::Control`]), a row of [`BEHAVIOURS`] or
/// [`HTTP2_BEHAVIOURS`](super::HTTP2_BEHAVIOURS).
///
/// [`BEHAVIOURS`]: super::BEHAVIOURS
#[derive(Debug)]
#[non_exhaustive]
pub struct Behaviour {
    /// Unique name in snake case. It does not change once it is released.
    pub name: &'static str,
    /// What kind of misbehaviour it is.
    pub group: Group,
    /// Whether the URL is an `https` one.
    pub tls: bool,
    /// One sentence for people, in English, without a full stop.
    pub description: &'static str,
    /// What a right proxy shows its client for a plain `GET`.
    pub rule: Rule,
    /// What is done on the wire.
    pub(super) act: Act,
}

/// The groups of both tables, in the order in which a request meets them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Group {
    /// No connection comes about: refused, lost, unroutable, or the name does not resolve.
    Connect,
    /// The connection ends too early, by FIN or by RST.
    Close,
    /// What answers does not speak HTTP/1.
    NotHttp,
    /// The TLS session fails, or ends untidily.
    Tls,
    /// A frame of HTTP/2 is malformed, or not where it may be.
    Frame,
    /// The fields of the head are malformed or too large.
    Head,
    /// The length of the body is contradictory or malformed.
    Framing,
    /// The status line is malformed, or says what nobody asked for.
    Status,
    /// Nothing wrong but the time it takes.
    Time,
    /// What comes does not belong to the request it seems to answer.
    Desync,
    /// `RST_STREAM`, of every code, before the head and behind it.
    Reset,
    /// `GOAWAY`.
    Goaway,
    /// What gRPC wants besides.
    Grpc,
    /// Nothing is wrong, or nothing that is a proxy's to judge: these must pass it unharmed.
    Control,
}

impl Group {
    /// Every group, in order.
    pub const ALL: &'static [Self] = &[
        Self::Connect,
        Self::Close,
        Self::NotHttp,
        Self::Tls,
        Self::Frame,
        Self::Head,
        Self::Framing,
        Self::Status,
        Self::Time,
        Self::Desync,
        Self::Reset,
        Self::Goaway,
        Self::Grpc,
        Self::Control,
    ];

    /// The name of the group in lower case, as tables and logs print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Close => "close",
            Self::NotHttp => "nothttp",
            Self::Tls => "tls",
            Self::Frame => "frame",
            Self::Head => "head",
            Self::Framing => "framing",
            Self::Status => "status",
            Self::Time => "time",
            Self::Desync => "desync",
            Self::Reset => "reset",
            Self::Goaway => "goaway",
            Self::Grpc => "grpc",
            Self::Control => "control",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a right proxy shows its client, by RFC 9110 and RFC 9112, whoever wrote the proxy.
///
/// The rule is about one `GET` on a fresh connection. Judged by [`probe::Answer::satisfies`],
/// which besides never lets through what no proxy may forward: NUL, bare CR or `obs-fold` in the
/// head, both Content-Length and Transfer-Encoding, framing fields in trailers, a status line in HTTP/1.0 for a
/// client that speaks HTTP/1.1 (RFC 9110 section 2.5: an intermediary "MUST send its own HTTP-version").
///
/// [`probe::Answer::satisfies`]: super::probe::Answer::satisfies
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// An answer of the proxy's own, complete, with one of these statuses: 502 for a broken
    /// response (RFC 9110 section 15.6.3), 504 for a late one (15.6.5), 503 for an upstream that is
    /// not there (15.6.4).
    Status(&'static [u16]),
    /// The upstream's head was forwarded; the client must see that the body is incomplete
    /// (RFC 9112 section 8).
    Cut,
    /// Either of the two above: the fault races with the forwarding of the head, and a proxy may
    /// hold the head back for as long as it likes.
    StatusOrCut(&'static [u16]),
    /// Passes through, complete, with one of these statuses.
    Whole(&'static [u16]),
    /// The RFC leaves the choice between repair and refusal, as for `obs-fold` (RFC 9112 section
    /// 5.2), a bare LF (2.2) or a Content-Length repeated alike (RFC 9110 section 8.6): complete,
    /// with one of these statuses.
    StatusOrWhole(&'static [u16]),
    /// A limit of the proxy's own choosing decides, as for long chunk extensions (RFC 9112 section
    /// 7.1.1) or a total time: complete with one of these statuses, or visibly cut.
    Limit(&'static [u16]),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (statuses, cut) = match self {
            Self::Cut => return f.write_str("cut"),
            Self::Status(list) | Self::Whole(list) | Self::StatusOrWhole(list) => (*list, ""),
            Self::StatusOrCut(list) | Self::Limit(list) => (*list, " or cut"),
        };
        for (n, status) in statuses.iter().enumerate() {
            write!(f, "{}{status}", if n == 0 { "" } else { " or " })?;
        }
        f.write_str(cut)
    }
}
