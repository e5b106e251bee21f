//! tokio 1: its `Elapsed`, its timer, and its `AsyncRead + AsyncWrite` with a tap on them.

mod io;
mod probe;
mod timer;

pub use self::io::{Tap, TapHandle};
pub use self::probe::PROBE;
pub use self::timer::TokioTimer;
