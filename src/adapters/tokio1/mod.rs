//! tokio 1: its `Elapsed`, its timer, its `AsyncRead + AsyncWrite` with a tap on them, and a client's socket that can be reset.

mod downstream;
mod io;
mod probe;
mod timer;

pub use self::downstream::Downstream;
pub use self::io::{Tap, TapHandle};
pub use self::probe::PROBE;
pub use self::timer::TokioTimer;
