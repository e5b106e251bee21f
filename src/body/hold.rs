//! `hold_first`: waiting a moment for the first frame, before the head goes out.
//!
//! Never longer than it was told. Event streams and long polls have no first frame for
//! minutes, and their heads must not wait.

use core::error::Error;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use http_body::Body;
use pin_project_lite::pin_project;

use crate::body::guarded::Guarded;
use crate::body::owner::Owner;
use crate::deadline::{Never, Timer};
use crate::fault::Fault;

pin_project! {
    /// Waits for a body's first frame. Made by [`hold_first`].
    #[must_use = "futures do nothing unless polled"]
    pub struct HoldFirst<B, O, S, T = Never>
    where
        B: Body,
        T: Timer,
        O: Owner,
    {
        body: Option<Guarded<B, O, T>>,
        #[pin]
        sleep: Option<S>,
    }
}

/// After a clean head: waits at most `at_most` for the first frame of the body, so that a fault in it
/// can still become a 502 instead of a cut 200.
///
/// The result is the same body, with the frame inside if one came; its size hint counts it. When the
/// time is over it is untouched. Zero is off: the body is not even polled.
///
/// Not for event streams and gRPC, which would gain nothing and lose time, nor where there is no
/// content (HEAD, 204, 304, `Content-Length: 0`).
///
/// ```
/// use badgateway::body::{Guarded, hold_first};
/// use badgateway::deadline::Never;
/// use badgateway::fault::{Fault, FaultKind};
/// use bytes::Bytes;
/// use http_body::Body;
/// use http_body_util::Full;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Fault> {
/// let inner = Full::new(Bytes::from_static(b"hello"));
/// let body = Guarded::new(inner, Some(5), |_, _| Fault::new(FaultKind::BodyReset));
/// // With a timer of your runtime, such as `TokioTimer`.
/// let body = hold_first(body, &Never, Duration::from_millis(10)).await?;
/// assert_eq!(body.size_hint().exact(), Some(5));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The fault that came instead of the first frame. The body is gone then, its `on_end` has been
/// called, and its [`AbortHandle`](crate::body::AbortHandle) has not been set: nothing was forwarded.
pub fn hold_first<B, O, T, W>(body: Guarded<B, O, T>, timer: &W, at_most: Duration) -> HoldFirst<B, O, W::Sleep, T>
where
    B: Body + Unpin,
    T: Timer,
    O: Owner,
    W: Timer,
{
    let sleep = if at_most.is_zero() { None } else { Some(timer.sleep(at_most)) };
    HoldFirst { body: Some(body), sleep }
}

impl<B, O, S, T> Future for HoldFirst<B, O, S, T>
where
    B: Body + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    S: Future<Output = ()>,
    T: Timer,
    O: Owner,
{
    type Output = Result<Guarded<B, O, T>, Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let (Some(sleep), Some(body)) = (this.sleep.as_pin_mut(), this.body.as_mut()) {
            match Pin::new(body).poll_hold(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(fault)) => {
                    *this.body = None;
                    return Poll::Ready(Err(fault));
                }
                Poll::Pending if sleep.poll(cx).is_pending() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        match this.body.take() {
            Some(body) => Poll::Ready(Ok(body)),
            // Polled after it was ready, which no executor does.
            None => Poll::Pending,
        }
    }
}
