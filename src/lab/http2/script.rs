//! `Script`: what an HTTP/2 next hop does, as data.

use super::frame::Kind;
use crate::lab::cert::Cert;
use crate::lab::then::Then;

/// Fields of a head or of trailers, pseudo-fields among them, as they are to be sent.
pub(in crate::lab) type Fields = &'static [(&'static str, &'static str)];

/// What is done with a connection, and with each request on it.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab) struct Script {
    /// Over TLS with this certificate; in the clear by prior knowledge.
    pub(in crate::lab) tls: Option<Tls>,
    /// When the connection is there.
    pub(super) open: &'static [Step],
    /// When a request's head is there.
    pub(super) answer: &'static [Step],
}

/// The TLS below.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab) struct Tls {
    pub(in crate::lab) cert: Cert,
    /// What may be agreed upon (RFC 7301).
    pub(in crate::lab) alpn: &'static [&'static str],
}

/// The stream of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    /// The request's.
    This,
    /// This one, whosever it is; 0 is the connection.
    Number(u32),
}

/// The last stream in a `GOAWAY`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Last {
    /// The request's: it may have been processed.
    This,
    /// One below it, so that the request was not processed (RFC 9113 section 6.8).
    Below,
    /// The highest that there can be, as a server begins a graceful shutdown.
    Max,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// `SETTINGS` with these parameters.
    Settings(&'static [u8]),
    /// No `SETTINGS` of the peer's is acknowledged.
    NoAck,
    /// A whole head.
    Head(Fields),
    /// A whole head, or trailers, that ends the stream.
    Last(Fields),
    /// `DATA`.
    Data(&'static [u8]),
    /// `DATA` that ends the stream.
    End(&'static [u8]),
    /// So many bytes of `DATA`, as far as the peer's windows allow.
    Flow(usize),
    /// So many bytes of `DATA`, whatever its windows allow.
    Flood(usize),
    Reset(u32),
    Goaway(Last, u32),
    /// Any frame.
    Frame(Kind, u8, On, &'static [u8]),
    /// A header block of so many bytes, in as many `CONTINUATION`s as that takes.
    Huge(usize),
    /// Bytes, whatever they are.
    Bytes(&'static [u8]),
    /// Waits so many milliseconds.
    Pause(u64),
    /// These steps again and again, so many times.
    Times(u32, &'static [Self]),
    /// Waits for the end of the request.
    Upload,
    /// The first time that this path is asked for these steps alone, and from then on those that follow.
    Once(&'static [Self]),
    /// The end of the connection; [`Then::Hold`] is silence on this stream.
    Then(Then),
    /// FIN without a close_notify.
    Cut,
}

impl Script {
    /// In the clear: empty `SETTINGS`, then this for each request.
    pub(super) const fn answer(answer: &'static [Step]) -> Self {
        Self { tls: None, open: &[Step::Settings(b"")], answer }
    }

    /// In the clear, with another beginning.
    pub(super) const fn open(open: &'static [Step], answer: &'static [Step]) -> Self {
        Self { tls: None, open, answer }
    }

    /// Over TLS.
    pub(super) const fn tls(mut self, alpn: &'static [&'static str]) -> Self {
        self.tls = Some(Tls { cert: Cert::GOOD, alpn });
        self
    }
}
