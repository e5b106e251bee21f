//! Faults that need a request body to show: what an upstream does while the request is still sent.
//!
//! One rule: each is right for a request without content as well, and its rule in the table is about
//! that one. What is due for an upload stands beside the function.

use std::io;

use super::control::respond;
use super::peer::Peer;
use super::then::Then;

/// How much is read of a body by who reads only a part.
const PART: u64 = 64 << 10;

/// 413 as soon as the head was read, then RST while the body still comes. The 413 may be lost with it
/// (RFC 9112 section 9.6): then it is a 502.
pub(super) fn early_413_reset(peer: &mut Peer) -> io::Result<()> {
    let mut head = peer.head()?;
    head.keep_alive = false;
    respond(peer, &head, "413 Content Too Large", "Content-Type: text/plain\r\n", b"too large\n")?;
    peer.end(Then::Rst)
}

/// 200 as soon as the head was read, then FIN; the rest of the body is read, and thrown away. The 200 is
/// the answer (RFC 9110 section 7.5: a server may answer before it has read the request).
pub(super) fn early_200(peer: &mut Peer) -> io::Result<()> {
    let mut head = peer.head()?;
    head.keep_alive = false;
    respond(peer, &head, "200 OK", "Content-Type: text/plain\r\n", b"hello\n")?;
    peer.end(Then::Fin)
}

/// RST after the first 64 KiB of the body, or after the head of a request that has none: 502.
pub(super) fn reset_mid_upload(peer: &mut Peer) -> io::Result<()> {
    let head = peer.head()?;
    peer.part_of_body(&head, PART)?;
    peer.end(Then::Rst)
}

/// FIN after the head; the body is read to its end, and never answered: 502 as soon as the FIN is seen.
pub(super) fn half_close_mid_upload(peer: &mut Peer) -> io::Result<()> {
    let head = peer.head()?;
    peer.half_close()?;
    peer.body(&head, &mut |_| ())?;
    peer.end(Then::Fin)
}

/// The first 64 KiB of the body are read, then nothing more: 504.
pub(super) fn stall_mid_upload(peer: &mut Peer) -> io::Result<()> {
    let head = peer.head()?;
    peer.part_of_body(&head, PART)?;
    peer.ignore()
}
