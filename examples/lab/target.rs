//! The proxy that is judged: where it is, and what it is asked for.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::thread;
use std::time::{Duration, Instant};

use badgateway::lab::Behaviour;
use badgateway::lab::probe::Request;
use http::{Uri, Version};

/// What stands for a behaviour's name.
const PLACE: &str = "{name}";
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(50);

/// `http://HOST:PORT/{name}`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As it is written in `Host`.
    authority: String,
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    /// Path and query, with the place for the name.
    path: String,
}

impl Target {
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("--judge {text:?}: {why}; it looks like http://127.0.0.1:8080/{PLACE}");
        if !text.contains(PLACE) {
            return Err(bad("no {name} stands for the behaviours"));
        }
        // A name has nothing in it that a URL could be broken by.
        let url: Uri = text.replace(PLACE, "name").parse().map_err(|_| bad("that is not a URL"))?;
        if url.scheme_str() != Some("http") {
            return Err(bad("the judge speaks http:// only"));
        }
        let Some(authority) = url.authority().filter(|authority| !authority.host().is_empty()) else {
            return Err(bad("there is no host"));
        };
        if authority.as_str().contains('@') {
            return Err(bad("a client sends no user and no password in a URL"));
        }
        let port = match authority.port_u16() {
            Some(port) => port,
            None if authority.as_str() == authority.host() => 80,
            None => return Err(bad("that is no port")),
        };
        let after = text.split_once("://").map_or(text, |(_, after)| after);
        let path = after.split_once('/').map_or("", |(_, path)| path);
        // What stands behind a # is not for servers.
        let path = path.split('#').next().unwrap_or_default();
        if !path.contains(PLACE) || after.split('/').next().is_some_and(|host| host.contains(PLACE)) {
            return Err(bad("{name} has to stand in the path, and there alone"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { authority: authority.to_string(), host, port, path: format!("/{path}") })
    }

    /// Host and port, as the user wrote them.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Where it is asked for this behaviour.
    pub(crate) fn url(&self, behaviour: &Behaviour) -> String {
        format!("http://{}{}", self.authority, self.path.replace(PLACE, behaviour.name))
    }

    /// A GET for what this behaviour becomes.
    pub(crate) fn request(&self, behaviour: &Behaviour, version: Version, patience: Duration) -> Request {
        let request = Request::new()
            .path(&self.path.replace(PLACE, behaviour.name))
            .version(version)
            .timeout(patience)
            .header("Host", &self.authority);
        if version == Version::HTTP_10 {
            return request;
        }
        // Trailers are for who asks (RFC 9110 section 6.5.1), and there are rules about them.
        request.header("TE", "trailers").header("Connection", "close, TE")
    }

    /// Waits until it accepts connections, and says at which address.
    ///
    /// # Errors
    ///
    /// One line, if it does not for so long.
    pub(crate) fn wait(&self, patience: Duration) -> Result<SocketAddr, String> {
        let start = Instant::now();
        loop {
            let left = patience.saturating_sub(start.elapsed());
            let why = match self.connect(left) {
                Ok(address) => return Ok(address),
                Err(error) => error,
            };
            if left <= PAUSE {
                return Err(format!("nobody accepts connections at {} within {patience:?}: {why}", self.authority));
            }
            thread::sleep(PAUSE);
        }
    }

    fn connect(&self, patience: Duration) -> io::Result<SocketAddr> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            // Zero is no timeout that one may ask for.
            match TcpStream::connect_timeout(&address, patience.max(PAUSE)) {
                Ok(_) => return Ok(address),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
