//! tokio 1: its `Elapsed`, its timer, its `AsyncRead + AsyncWrite` with a tap on them, and its sockets for clients.

mod client;
mod client_tls;
mod http2;
mod io;
mod listener;
mod probe;
mod timer;

pub use self::client::ClientStream;
pub use self::client_tls::ClientTls;
pub use self::http2::{Http2Tap, Http2TapHandle};
pub use self::io::{Tap, TapHandle};
pub use self::listener::ClientListener;
pub use self::probe::PROBE;
pub(crate) use self::probe::SIZES;
pub use self::timer::TokioTimer;
