//! When to stop, and how long that may take.
//!
//! SIGTERM asks for an end in good order: nobody new is served, what is in flight ends, and each client is told that its
//! connection does. Ctrl-C, which is SIGINT, still ends everything at once.

use std::time::Duration;

/// How long exchanges may take to end. Kubernetes kills after 30 s, if nobody has told it otherwise.
pub(crate) const DRAIN: Duration = Duration::from_secs(25);

/// Waits for SIGTERM. Where there are no signals, for ever.
pub(crate) async fn asked() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        terminate.recv().await;
        return;
    }
    std::future::pending().await
}
