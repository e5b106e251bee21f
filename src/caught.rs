//! Code of the caller's, which may panic: probes, profiles, logs, links.
//!
//! It is called in the middle of an exchange, and may be called while another panic unwinds, where a second one would end the
//! process. So it ends where it began: the exchange goes on as if that code had said nothing, and has its one record.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What it says. `None` if it panicked, which the panic hook has told by then.
pub(crate) fn caught<R>(code: impl FnOnce() -> R) -> Option<R> {
    // What it left half-done is its own: nothing of an exchange is in its hands but to read, or is replaced afterwards.
    catch_unwind(AssertUnwindSafe(code)).ok()
}
