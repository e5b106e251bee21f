//! How much of a response is taken before it is too much.
//!
//! Every number bounds something that a peer could otherwise make endless, and is
//! argued from what the peers of this parser allow.

/// Bounds on one response. Sizes are in bytes and include line ends.
///
/// | | default | peers |
/// |---|---|---|
/// | `head_bytes` | 128 KiB | nginx 4-8 KiB, HAProxy 15 KiB, Node 16 KiB; hyper 408 KiB, pingora 1 MiB, Go 10 MiB |
/// | `status_line` | 8 KiB | Python 64 KiB; the others have none of its own |
/// | `headers` | 256 | hyper, Apache and Python 100, HAProxy 101, pingora 256, Node 2000 |
/// | `header_line` | 64 KiB | Python 64 KiB; longer names do not fit `http::HeaderName` |
/// | `interim` | 64 | none; curl and Go bound the bytes after CVE-2023-38039 |
/// | `interim_bytes` | 128 KiB | Go counts them with the head |
/// | `chunk_line` | 4 KiB | Go 4 KiB, pingora 8 KiB, h11 16 KiB |
/// | `chunk_overhead` | 16 KiB | hyper 16 KiB a body; Go 16 KiB and twice the data (CVE-2023-39326) |
/// | `trailer_bytes` | 16 KiB | hyper and h11 16 KiB, pingora 64 KiB |
/// | `trailers` | 100 | hyper 100, HAProxy 101 |
///
/// ```
/// use badgateway::h1::Limits;
///
/// let mut limits = Limits::default();
/// limits.head_bytes = 16 * 1024;
/// assert_eq!(limits.headers, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one head: status line, fields and the empty line. Also what the caller has to be able
    /// to hold, because a head is read in one piece.
    pub head_bytes: usize,
    /// Bytes of the status line.
    pub status_line: usize,
    /// Fields in one head.
    pub headers: usize,
    /// Bytes of one line of a field.
    pub header_line: usize,
    /// Interim (1xx) responses before the final one.
    pub interim: u32,
    /// Bytes of all interim responses together.
    pub interim_bytes: u64,
    /// Bytes of one chunk line: size and extensions.
    pub chunk_line: usize,
    /// Bytes of chunk extensions (and zeros, and spaces) over the whole body, beyond twice its data.
    pub chunk_overhead: u64,
    /// Bytes of the trailer section.
    pub trailer_bytes: usize,
    /// Fields in the trailer section.
    pub trailers: usize,
}

impl Limits {
    const DEFAULT: Self = Self {
        head_bytes: 128 * 1024,
        status_line: 8 * 1024,
        headers: 256,
        header_line: 64 * 1024,
        interim: 64,
        interim_bytes: 128 * 1024,
        chunk_line: 4 * 1024,
        chunk_overhead: 16 * 1024,
        trailer_bytes: 16 * 1024,
        trailers: 100,
    };

    /// For a head of which nothing but the grammar matters.
    pub(super) const UNLIMITED_HEAD: Self = Self {
        head_bytes: usize::MAX,
        status_line: usize::MAX,
        headers: usize::MAX,
        header_line: usize::MAX,
        ..Self::DEFAULT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
