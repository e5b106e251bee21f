//! `Then`: how a connection ends, once all was said.

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// FIN, and for a while what the peer still sends is read, lest it becomes an RST.
    Fin,
    /// RST, a moment after the bytes, so that the peer had time to read them.
    Rst,
    /// Not at all: the connection stays open until the peer leaves.
    Hold,
    /// Not at all: the next request gets the same.
    Keep,
}
