//! `LastWord`: how an exchange that failed ends for its client.

use bytes::Bytes;
use http::Response;

use crate::decide::AbortMethod;

/// How an exchange that failed ends for its client, whose gateway writes heads and bodies by itself: see
/// [`InFlight::fail`](crate::InFlight::fail).
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "the client is still waiting"]
pub enum LastWord {
    /// Nothing final has gone out: this is the response, with the [`Fault`](crate::Fault) in its extensions.
    Answer(Response<Bytes>),
    /// The head has gone out: the body must end like this, so that it does not look whole.
    Abort(AbortMethod),
    /// The client has left.
    Silence,
}
