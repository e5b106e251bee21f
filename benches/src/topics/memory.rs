//! hyper's client over a connection in memory: the way to its parser and decoder that is public.
//!
//! The connection answers each request with the same bytes, at most so many a read, and is
//! always ready; nothing but hyper and a task is around it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::harness::Run;

/// Exchanges of hyper's client on one connection that stays. Heads alone are asked for with HEAD, so that
/// whatever framing they have, nothing follows them.
pub fn exchanges(method: &Method, response: Vec<u8>, piece: usize, body: usize) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let memory = Memory { at: response.len(), response, piece, reader: None };
    let mut sender = runtime.block_on(async {
        let (sender, connection) =
            hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(memory).await.expect("a connection");
        tokio::spawn(connection);
        sender
    });
    let method = method.clone();
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                sender.ready().await.expect("a connection");
                let mut request = Request::new(Empty::new());
                *request.method_mut() = method.clone();
                let mut response = sender.send_request(request).await.expect("a response");
                assert_eq!(response.status(), 200);
                let mut received = 0;
                while let Some(frame) = response.body_mut().frame().await {
                    received += frame.expect("a frame").data_ref().map_or(0, Bytes::len);
                }
                assert_eq!(received, body);
            }
        });
    })
}

struct Memory {
    response: Vec<u8>,
    at: usize,
    piece: usize,
    reader: Option<Waker>,
}

impl Read for Memory {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let rest = &self.response[self.at..];
        if rest.is_empty() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let size = rest.len().min(self.piece).min(buf.remaining());
        buf.put_slice(&rest[..size]);
        self.at += size;
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    /// A request comes in one write, and its answer begins.
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.at = 0;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
