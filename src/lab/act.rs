//! What a behaviour does on the wire, as one small value.
//!
//! Most misbehaviour is a few bytes and an ending, so that is [`Act::Say`]; only what
//! needs time or a choice gets a function.

use std::io;

use super::cert::Cert;
use super::http2::{self, Script};
use super::peer::Peer;
use super::then::Then;

/// A function that plays one connection. Its error is the end of the connection, nothing more.
pub(super) type Play = fn(&mut Peer) -> io::Result<()>;

/// What is done with a connection, or why there will be none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// A port that is bound, so that nobody else gets it, and on which nobody listens.
    Refused,
    /// A port whose accept queue is full, so that the kernel drops every further SYN.
    Blackhole,
    /// No server of ours: this URL.
    Url(&'static str),
    /// Read a request, write these bytes at once, end like this.
    Say(&'static [u8], Then),
    /// Write these bytes before a request was read, as servers do that speak first; then read it, and
    /// end like this.
    Greet(&'static [u8], Then),
    /// TCP.
    Plain(Play),
    /// TCP, under this host name of the lab's own resolver.
    Named(&'static str, Play),
    /// TCP under an `https` URL: what answers the ClientHello is not a TLS server.
    NotTls(Play),
    /// TLS with this certificate.
    Tls(Cert, Play),
    /// HTTP/2.
    Http2(Script),
}

impl Act {
    /// Whether the URL of such a server is an `https` one.
    pub(super) const fn is_tls(&self) -> bool {
        matches!(self, Self::NotTls(_) | Self::Tls(..))
    }

    /// Plays one connection to its end.
    pub(super) fn play(&self, peer: &mut Peer) -> io::Result<()> {
        match self {
            // No connection can arrive: there is no listener.
            Self::Refused | Self::Blackhole | Self::Url(_) => Ok(()),
            Self::Say(bytes, Then::Keep) => loop {
                let head = peer.request()?;
                peer.say(bytes)?;
                if !head.keep_alive {
                    return peer.end(Then::Fin);
                }
            },
            Self::Say(bytes, then) => {
                peer.request()?;
                peer.say(bytes)?;
                peer.end(*then)
            }
            Self::Greet(bytes, then) => {
                peer.say(bytes)?;
                peer.request()?;
                peer.end(*then)
            }
            Self::Http2(script) => http2::play(peer, script),
            Self::Plain(play) | Self::Named(_, play) | Self::NotTls(play) | Self::Tls(_, play) => play(peer),
        }
    }
}
