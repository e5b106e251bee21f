//! A next hop of HTTP/2 that writes its frames by hand, because no library sends what is tested here.

use std::io::{Read, Write};

use crate::upstream::Peer;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `SETTINGS_MAX_CONCURRENT_STREAMS`.
pub(crate) const MAX_STREAMS: u16 = 3;

/// Codes of RFC 9113 section 7.
pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The code of a `RST_STREAM`.
    pub(crate) fn code(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }
}

impl Peer {
    /// Reads the preface of the proxy, and says its own, with these settings. False where nobody speaks.
    pub(crate) fn begin(&mut self, settings: &[(u16, u32)]) -> bool {
        let mut preface = [0; 24];
        if self.stream.read_exact(&mut preface).is_err() {
            return false;
        }
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let payload: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        self.frame(SETTINGS, 0, 0, &payload);
        true
    }

    /// Says what a client begins with.
    pub(crate) fn begin_as_client(&mut self) {
        self.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        self.frame(SETTINGS, 0, 0, &[]);
    }

    /// The next frame, whatever it is. `None` when the connection is over.
    pub(crate) fn any(&mut self) -> Option<Frame> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).ok()?;
        let [a, b, c, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }

    /// The next frame of a stream. Settings and pings are answered on the way.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.any()?;
            match (frame.kind, frame.flags & ACK) {
                (SETTINGS, 0) => self.frame(SETTINGS, ACK, 0, &[]),
                (PING, 0) => self.frame(PING, ACK, 0, &frame.payload),
                (HEADERS | DATA | RST_STREAM, _) => return Some(frame),
                _ => {}
            }
        }
    }

    /// The next request whose head comes, counted, by its stream.
    pub(crate) fn opened(&mut self) -> Option<u32> {
        loop {
            let frame = self.next()?;
            if frame.kind == HEADERS {
                // The method comes first, and these two are a byte each.
                let method = match frame.payload.first() {
                    Some(0x82) => "GET",
                    Some(0x83) => "POST",
                    _ => "OTHER",
                };
                self.note(&format!("{method} by HTTP/2"));
                return Some(frame.stream);
            }
        }
    }

    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let header = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // Who has closed does not listen.
        let _ = self.stream.write_all(&[&header, payload].concat());
    }

    /// A head, of which the status is the first field.
    pub(crate) fn head(&mut self, stream: u32, flags: u8, fields: &[(&str, &str)]) {
        self.frame(HEADERS, END_HEADERS | flags, stream, &block(fields));
    }

    pub(crate) fn data(&mut self, stream: u32, flags: u8, bytes: &[u8]) {
        self.frame(DATA, flags, stream, bytes);
    }

    /// A whole answer.
    pub(crate) fn ok(&mut self, stream: u32) {
        self.head(stream, 0, &[(":status", "200"), ("content-length", "2")]);
        self.data(stream, END_STREAM, b"ok");
    }

    pub(crate) fn reset(&mut self, stream: u32, code: u32) {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes());
    }

    pub(crate) fn goaway(&mut self, last: u32, code: u32) {
        self.frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
    }

    /// Answers all that comes from now on.
    pub(crate) fn answer_all(&mut self) {
        while let Some(stream) = self.opened() {
            self.ok(stream);
        }
    }
}

/// Literals that are not indexed (RFC 7541 section 6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let literal = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat()).collect()
}
