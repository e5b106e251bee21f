//! `Outlet`: where interim responses may stand among what a server writes.

use std::io;
use std::task::{Context, Poll, Waker, ready};

use super::ClientHandle;

/// Writes the interim responses of a [`ClientHandle`] between a server's own messages. For the owner of the socket.
///
/// A server such as hyper flushes when all it has is written. That is the end of a message, or a place within the body of
/// one; and because no exchange sends interim responses behind its final head, it is the former whenever there are any.
/// So they are written at a flush, or right before the first bytes that follow one in the same exchange: of an interim and a
/// final head that arrived together, the first is not lost.
///
/// Call [`poll_before`](Self::poll_before) ahead of every write, and [`poll_flush`](Self::poll_flush) when the server
/// flushes; both get a function that writes to the socket. Over TLS the outlet belongs above it, where HTTP is in the clear.
#[derive(Debug)]
pub struct Outlet {
    client: ClientHandle,
    /// Those that are going out, and how much of them is out.
    going: Vec<u8>,
    written: usize,
    /// The exchange during which all was flushed, if nothing was written since.
    flushed: Option<u64>,
    /// Who was told to the client's handle. To compare it is cheaper than to tell it again.
    server: Option<Waker>,
}

impl Outlet {
    /// For what this client's exchanges send.
    #[must_use]
    pub fn new(client: ClientHandle) -> Self {
        Self { client, going: Vec::new(), written: 0, flushed: None, server: None }
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &ClientHandle {
        &self.client
    }

    /// Writes what must stand before these next bytes of the server's.
    ///
    /// # Errors
    ///
    /// That of `write`, or [`WriteZero`](io::ErrorKind::WriteZero) where it takes nothing.
    pub fn poll_before<W>(&mut self, cx: &mut Context<'_>, next: &[u8], mut write: W) -> Poll<io::Result<()>>
    where
        W: FnMut(&mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    {
        ready!(self.poll_going(cx, &mut write))?;
        if self.flushed.is_some() {
            if self.client.has_interims() {
                self.going = self.client.take(self.flushed);
                ready!(self.poll_going(cx, &mut write))?;
            }
            // Whoever forgets to say that the final head is next: it shows. A 100 of the server's own is not it.
            if self.client.open_turn() == self.flushed.take() && !next.starts_with(b"HTTP/1.1 1") {
                self.client.final_head();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The server has written all it has, and wants it flushed.
    ///
    /// # Errors
    ///
    /// As those of [`poll_before`](Self::poll_before).
    pub fn poll_flush<W>(&mut self, cx: &mut Context<'_>, mut write: W) -> Poll<io::Result<()>>
    where
        W: FnMut(&mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    {
        ready!(self.poll_going(cx, &mut write))?;
        let turn = self.client.open_turn();
        if turn.is_some() && !self.server.as_ref().is_some_and(|server| server.will_wake(cx.waker())) {
            self.client.serve_by(cx.waker());
            self.server = Some(cx.waker().clone());
        }
        // After the waker is told, or one that comes in between would wait for another reason to flush.
        if self.client.has_interims() {
            self.going = self.client.take(turn);
            ready!(self.poll_going(cx, &mut write))?;
        }
        self.flushed = turn;
        Poll::Ready(Ok(()))
    }

    fn poll_going<W>(&mut self, cx: &mut Context<'_>, write: &mut W) -> Poll<io::Result<()>>
    where
        W: FnMut(&mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    {
        if self.going.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while let Some(left) = self.going.get(self.written..).filter(|left| !left.is_empty()) {
            let taken = ready!(write(cx, left))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written = self.written.saturating_add(taken);
        }
        self.going = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}
