//! `Framing`: how the end of a response's content is known.

/// How the end of the content is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// There is no content: an answer to HEAD, a 204 or a 304, whatever the fields say.
    None,
    /// `Content-Length`.
    Length(u64),
    /// The chunked coding. Codings below it are in the deviations as
    /// [`OtherCodings`](super::Deviation::OtherCodings), and [`forward::check`](super::forward::check) lets no such
    /// response go out.
    Chunked,
    /// The end of the connection. Whole only if that end was clean (RFC 9112 section 8).
    UntilClose,
    /// No longer HTTP: an accepted upgrade, or a 2xx answer to CONNECT.
    Tunnel,
}

impl Framing {
    /// A stable name for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Length(_) => "content-length",
            Self::Chunked => "chunked",
            Self::UntilClose => "close",
            Self::Tunnel => "tunnel",
        }
    }
}
