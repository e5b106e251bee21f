//! tokio 1's clock as a [`Timer`].
//!
//! The runtime's own timer wheel, and nothing besides.

use std::time::Duration;

use crate::deadline::Timer;

/// Sleeps by `tokio::time::sleep`, so a paused clock in tests pauses it too.
///
/// # Panics
///
/// [`sleep`](Timer::sleep) panics outside a tokio runtime that has its time driver on, because
/// `tokio::time::sleep` does.
///
/// ```
/// use badgateway::adapters::tokio1::TokioTimer;
/// use badgateway::deadline::{Timer, deadline};
/// use badgateway::fault::FaultKind;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let silence = std::future::pending::<()>();
/// let sleep = TokioTimer.sleep(Duration::from_millis(1));
/// let fault = deadline(silence, sleep, FaultKind::ResponseTimeout).await.unwrap_err();
/// assert_eq!(fault.kind(), FaultKind::ResponseTimeout);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)] // there is nothing in it
pub struct TokioTimer;

impl Timer for TokioTimer {
    type Sleep = tokio::time::Sleep;

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        tokio::time::sleep(duration)
    }
}
