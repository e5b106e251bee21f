//! The response on its way to the client: framed by us, whatever framed it upstream.
//!
//! Nothing goes out before it is known to be sound as far as it has come; and once the head is
//! out, only a whole body gets an end that looks like one.

use std::io::{self, Write};
use std::net::TcpStream;

use badgateway::InFlight;
use badgateway::exchange::{BodyFraming, Forwarded};
use badgateway::fault::Fault;
use badgateway::h1::forward::{
    HopByHop, Outgoing, content_length, end_to_end, forwards_interim, outgoing, trailers, write_field,
    write_status_line,
};
use badgateway::h1::{Field, Framing, Head, Trailers};
use http::{StatusCode, Version};

use crate::date;
use crate::outgoing::line;

/// So much is collected before it is written, if it comes at once.
const FULL: usize = 64 * 1024;

/// A response to a client.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    client: &'a TcpStream,
    exchange: &'a InFlight,
    version: Version,
    trailers_wanted: bool,
    /// Not written yet.
    out: Vec<u8>,
    status: StatusCode,
    outgoing: Outgoing,
    hop: HopByHop,
    /// The final head has gone out, or some of it.
    begun: bool,
}

impl<'a> Reply<'a> {
    pub(crate) fn new(client: &'a TcpStream, exchange: &'a InFlight) -> Self {
        let (version, trailers_wanted) = {
            let facts = exchange.facts();
            (facts.version, facts.trailers_wanted)
        };
        Self {
            client,
            exchange,
            version,
            trailers_wanted,
            out: Vec::new(),
            status: StatusCode::OK,
            outgoing: Outgoing::None,
            hop: HopByHop::default(),
            begun: false,
        }
    }

    /// Whether something of the final head has gone out.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Passes an interim response on, if the client knows what that is. Never a 100: what the client
    /// asked of us in `Expect` we have answered, and the next hop was not asked.
    pub(crate) fn interim(&mut self, head: &Head<'_>) -> io::Result<()> {
        if !forwards_interim(head.status(), self.version, false) {
            return Ok(());
        }
        let mut out = Vec::new();
        write_status_line(&mut out, head.status(), head.reason());
        end_to_end(head).for_each(|field| write(self.exchange, &mut out, &field));
        out.extend_from_slice(b"\r\n");
        self.exchange.facts().forwarded = Forwarded::Interim;
        self.client.write_all(&out)
    }

    /// Takes the final head, and writes nothing yet. Whether the client's connection can be kept.
    pub(crate) fn head(&mut self, head: &Head<'_>, framing: Framing, keep: bool) -> Result<bool, Fault> {
        self.status = head.status();
        self.outgoing = outgoing(head, framing, self.version)?;
        self.hop = HopByHop::of(head);
        let keep = keep && !matches!(self.outgoing, Outgoing::UntilClose | Outgoing::Tunnel);
        let sends_trailers = self.sends_trailers();
        let out = &mut self.out;
        write_status_line(out, head.status(), head.reason());
        for field in end_to_end(head) {
            // RFC 9110 section 6.6.2: only what is going to come is announced.
            if sends_trailers || !field.name().eq_ignore_ascii_case("trailer") {
                write(self.exchange, out, &field);
            }
        }
        if head.get("date").is_none() {
            out.extend_from_slice(format!("Date: {}\r\n", date::now()).as_bytes());
        }
        if let Some(length) = content_length(head, framing) {
            out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        if self.outgoing == Outgoing::Chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        if self.outgoing == Outgoing::Tunnel {
            out.extend_from_slice(b"Connection: upgrade\r\n");
        } else if !keep {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(keep)
    }

    /// Takes content.
    pub(crate) fn data(&mut self, data: &[u8]) -> io::Result<()> {
        if self.outgoing == Outgoing::Chunked {
            self.out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
            self.out.extend_from_slice(data);
            self.out.extend_from_slice(b"\r\n");
        } else {
            self.out.extend_from_slice(data);
        }
        if self.out.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// Takes the end, with the trailers that go on.
    pub(crate) fn end(&mut self, section: Option<&Trailers<'_>>) {
        if self.outgoing != Outgoing::Chunked {
            return;
        }
        self.out.extend_from_slice(b"0\r\n");
        if let (Some(section), true) = (section, self.sends_trailers()) {
            trailers(section, &self.hop).for_each(|field| write(self.exchange, &mut self.out, &field));
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// Writes what was taken.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        if !self.begun {
            self.begun = true;
            self.exchange.facts().forwarded = Forwarded::Head { status: self.status, framing: self.framing() };
        }
        let written = self.client.write_all(&self.out);
        self.out.clear();
        written
    }

    /// How the client can tell where the content ends.
    #[allow(clippy::wildcard_enum_match_arm)] // the enum may grow
    fn framing(&self) -> BodyFraming {
        match self.outgoing {
            Outgoing::Length(_) => BodyFraming::Length,
            Outgoing::Chunked => BodyFraming::Chunked,
            Outgoing::UntilClose | Outgoing::Tunnel => BodyFraming::UntilClose,
            _ => BodyFraming::None,
        }
    }

    /// RFC 9110 section 6.5.1: only for who said `TE: trailers`.
    fn sends_trailers(&self) -> bool {
        self.trailers_wanted && self.outgoing == Outgoing::Chunked
    }
}

/// Writes a field of the next hop's on, but nothing in our name.
fn write(exchange: &InFlight, out: &mut Vec<u8>, field: &Field<'_>) {
    if !field.name().eq_ignore_ascii_case("proxy-status") {
        write_field(out, field);
    } else if let Some(others) = exchange.others_proxy_status(&field.value()) {
        line(out, field.name(), &others);
    }
}
