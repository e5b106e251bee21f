//! `CloseReason`: why a connection cannot carry another exchange.

/// Why the connection cannot carry another exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// `Connection: close` (RFC 9112 section 9.6).
    Close,
    /// HTTP/1.0 without `Connection: keep-alive` (RFC 9112 section 9.3).
    Http10,
    /// The content ended with the connection.
    UntilClose,
    /// It is a tunnel now.
    Tunnel,
    /// It has ended.
    Ended,
    /// Bytes came after the response (RFC 9112 section 9.2): they answer nothing.
    Leftover,
    /// The response had a length where it cannot have one: content may follow after all.
    LengthInNoContent,
}

impl CloseReason {
    /// The reason in a few words.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Close => "the response said Connection: close",
            Self::Http10 => "HTTP/1.0 without Connection: keep-alive",
            Self::UntilClose => "the body ended with the connection",
            Self::Tunnel => "the connection is a tunnel",
            Self::Ended => "the connection has ended",
            Self::Leftover => "bytes came after the response",
            Self::LengthInNoContent => "the response announced content that it cannot have",
        }
    }
}
