//! hyper's client as a pure function: a request goes out into nothing, these bytes come back, the
//! connection ends.

#[cfg(feature = "hyper1")]
pub(super) use with_hyper::{Answer, ask};

#[cfg(feature = "hyper1")]
mod with_hyper {
    use std::future::Future;
    use std::io;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;
    use http::{HeaderMap, Method, Request};
    use http_body::{Body, Frame, SizeHint};
    use hyper::rt::{Read, ReadBufCursor, Write};

    /// What hyper's user sees.
    #[derive(Debug)]
    pub(in super::super) struct Answer {
        pub(in super::super) status: u16,
        pub(in super::super) headers: HeaderMap,
        pub(in super::super) body: Vec<u8>,
        pub(in super::super) trailers: HeaderMap,
    }

    /// `Err`: the text of hyper's error, for messages.
    pub(in super::super) fn ask(method: &Method, bytes: &[u8], pieces: usize) -> Result<Answer, String> {
        let mut cx = Context::from_waker(Waker::noop());
        let io = Io { asked: false, rest: Bytes::copy_from_slice(bytes), pieces };
        let Poll::Ready(made) = pin!(hyper::client::conn::http1::handshake::<_, Nothing>(io)).poll(&mut cx) else {
            panic!("a handshake of HTTP/1 waits for nothing");
        };
        let (mut sender, connection) = made.map_err(|error| error.to_string())?;
        let mut connection = pin!(connection.with_upgrades());
        let uri = if *method == Method::CONNECT { "host:1" } else { "/" };
        let request = Request::builder().method(method).uri(uri).header("host", "host").body(Nothing).unwrap();
        let mut response = pin!(sender.send_request(request));
        let mut connected = true;
        let mut answer: Option<(Answer, hyper::body::Incoming)> = None;
        // Every round moves a piece or ends.
        for _ in 0..(bytes.len() * 2 + 50) {
            if connected && connection.as_mut().poll(&mut cx).is_ready() {
                connected = false;
            }
            match &mut answer {
                None => match response.as_mut().poll(&mut cx) {
                    Poll::Ready(Ok(got)) => {
                        let (parts, body) = got.into_parts();
                        let status = parts.status.as_u16();
                        let empty =
                            Answer { status, headers: parts.headers, body: Vec::new(), trailers: HeaderMap::new() };
                        answer = Some((empty, body));
                    }
                    Poll::Ready(Err(error)) => return Err(format!("{error:?}")),
                    Poll::Pending => {}
                },
                Some((answer, body)) => match Pin::new(body).poll_frame(&mut cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => answer.body.extend_from_slice(&data),
                        Err(frame) => answer.trailers = frame.into_trailers().unwrap_or_default(),
                    },
                    Poll::Ready(Some(Err(error))) => return Err(format!("body: {error:?}")),
                    Poll::Ready(None) => break,
                    Poll::Pending => {}
                },
            }
        }
        match answer {
            Some((answer, body)) if body.is_end_stream() || answer.status == 101 || !connected => Ok(answer),
            _ => Err("hyper waits".into()),
        }
    }

    struct Io {
        /// The request went out; only then an answer may come.
        asked: bool,
        rest: Bytes,
        pieces: usize,
    }

    impl Read for Io {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            mut out: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            if !self.asked {
                return Poll::Pending;
            }
            let n = self.rest.len().min(out.remaining()).min(self.pieces);
            out.put_slice(&self.rest.split_to(n));
            Poll::Ready(Ok(()))
        }
    }

    impl Write for Io {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.asked |= !bytes.is_empty();
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A body that is none.
    struct Nothing;

    impl Body for Nothing {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(None)
        }

        fn is_end_stream(&self) -> bool {
            true
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(0)
        }
    }
}
