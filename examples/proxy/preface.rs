//! What a client speaks on a connection in the clear, by how it begins.
//!
//! It is looked at and left in the kernel, so that nobody has to be handed what was read of it. hyper-util's `auto` reads it
//! itself: without a limit of time, and it ends a connection that has said nothing yet when all others may end their exchanges.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

/// How the preface of HTTP/2 begins (RFC 9113 section 3.4). No request of HTTP/1 does: the method is reserved (section 11.6
/// of RFC 7540).
const PREFACE: &[u8; 4] = b"PRI ";
/// How long to wait for more of it.
const PAUSE: Duration = Duration::from_millis(2);

/// Whether the client speaks HTTP/2. Waits until it has said enough.
pub(crate) async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    loop {
        let mut begin = [0; PREFACE.len()];
        let came = stream.peek(&mut begin).await?;
        let begin = begin.get(..came).unwrap_or_default();
        if begin.is_empty() || !PREFACE.starts_with(begin) {
            return Ok(false);
        }
        if came == PREFACE.len() {
            return Ok(true);
        }
        sleep(PAUSE).await;
    }
}
