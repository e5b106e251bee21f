//! `End`: how a body ended.

use crate::fault::Fault;

/// How a body ended, for whoever owns the connection it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // whole, broken, or neither
pub enum End {
    /// It was handed on to its end. The connection may serve another exchange, as far as the body goes.
    Whole,
    /// It broke. The connection must not be used again.
    Failed(Fault),
    /// Nobody read it to its end: the client has gone, or the server needed no more of it. What is
    /// left of it is still in the connection.
    Dropped,
}
