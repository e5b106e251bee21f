//! One request to a next hop, and the response to it.
//!
//! Its one rule is the order of the facts, because several can be true at once: what the client did
//! comes before what the upstream did, and a response that arrived comes before an error of sending
//! (a 413 is a valid answer to a body that was never read to its end).

use std::io;
use std::net::TcpStream;

use badgateway::InFlight;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Fault, FaultKind, Phase};

use crate::buffer::Buffer;
use crate::receive::Receiving;
use crate::relay::Reply;
use crate::serve::Proxy;
use crate::upload::Upload;
use crate::wire::Wire;

/// How a response ended that has no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is whole and written.
    Whole {
        /// The next hop's connection can carry another exchange, as far as the response goes.
        reusable: bool,
        /// The client's can.
        keep: bool,
    },
    /// The head is written; from here on bytes are bytes.
    Tunnel,
    /// The connection had served before, and was not fit for another request: none was sent.
    Unfit,
}

/// One try.
pub(crate) struct Attempt<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) exchange: &'a InFlight,
    pub(crate) client: &'a TcpStream,
    pub(crate) wire: &'a Wire,
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) upload: &'a Upload,
    /// The client would like to keep its connection.
    pub(crate) keep: bool,
    /// The next hop spoke before it was asked, so that nothing of the request was sent.
    pub(crate) unasked: bool,
}

/// What keeps the request from going out.
enum Unsent {
    Io(io::Error),
    Fault(Fault),
}

impl From<io::Error> for Unsent {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Attempt<'_> {
    /// Writes the head, and what is sent together with it. An error of the socket is kept for later: there may
    /// be a response all the same.
    pub(crate) fn send(&mut self, head: &[u8]) -> Result<(), Fault> {
        if self.upload.progress().write_error.is_some() {
            return Ok(());
        }
        let limit = self.proxy.timeouts.send;
        let tick = || {
            look(self.client, self.upload).map_err(Unsent::Fault)?;
            let moved = self.upload.progress().at;
            if moved.elapsed() < limit { Ok(()) } else { Err(Unsent::Fault(Fault::new(FaultKind::SendTimeout))) }
        };
        match self.upload.push(self.wire, head, tick) {
            Ok(()) => Ok(()),
            Err(Unsent::Io(error)) => {
                self.upload.progress().write_error = Some(error);
                Ok(())
            }
            Err(Unsent::Fault(fault)) => Err(fault),
        }
    }

    /// Whether all of the client's body was read.
    pub(crate) fn is_uploaded(&self) -> bool {
        matches!(self.upload.progress().stage, RequestBody::None | RequestBody::Whole)
    }

    /// Reads the response and passes it on.
    pub(crate) fn receive(self, reply: &mut Reply<'_>) -> Result<Outcome, Fault> {
        let (client, upload) = (self.client, self.upload);
        Receiving::new(self).run(reply).map_err(|fault| look(client, upload).err().unwrap_or(fault))
    }
}

/// What the client did meanwhile: it has reset its connection, or its body has failed. The phase is that of a request on
/// its way.
pub(crate) fn look(client: &TcpStream, upload: &Upload) -> Result<(), Fault> {
    let mut progress = upload.progress();
    progress.client_gone |= has_left(client).is_err();
    if progress.client_gone {
        let sending = !matches!(progress.stage, RequestBody::None | RequestBody::Whole);
        return Err(Fault::new(FaultKind::ClientAborted).at(if sending { Phase::Send } else { Phase::Head }));
    }
    if progress.stage == RequestBody::Failed {
        return Err(Fault::new(FaultKind::ClientBodyFailed));
    }
    Ok(())
}

/// The client has reset its connection, which is told once. An orderly end is none: who only stops sending still
/// wants its answer.
pub(crate) fn has_left(client: &TcpStream) -> Result<(), Fault> {
    match client.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(_) => Err(Fault::new(FaultKind::ClientAborted)),
    }
}
