//! `Frame`: one frame of HTTP/2 (RFC 9113 section 4.1), whatever is in it.

/// What it is (section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Kind(pub(in crate::lab) u8);

impl Kind {
    pub(in crate::lab) const DATA: Self = Self(0);
    pub(in crate::lab) const HEADERS: Self = Self(1);
    pub(in crate::lab) const PRIORITY: Self = Self(2);
    pub(in crate::lab) const RST_STREAM: Self = Self(3);
    pub(in crate::lab) const SETTINGS: Self = Self(4);
    pub(in crate::lab) const PUSH_PROMISE: Self = Self(5);
    pub(in crate::lab) const PING: Self = Self(6);
    pub(in crate::lab) const GOAWAY: Self = Self(7);
    pub(in crate::lab) const WINDOW_UPDATE: Self = Self(8);
    pub(in crate::lab) const CONTINUATION: Self = Self(9);
    /// None that is known: "Implementations MUST ignore and discard frames of unknown types."
    pub(in crate::lab) const UNKNOWN: Self = Self(0xbe);
}

/// Its flags, by the kinds that have them.
pub(in crate::lab) mod flags {
    pub(in crate::lab) const END_STREAM: u8 = 0x1;
    pub(in crate::lab) const ACK: u8 = 0x1;
    pub(in crate::lab) const END_HEADERS: u8 = 0x4;
    pub(in crate::lab) const PADDED: u8 = 0x8;
    pub(in crate::lab) const PRIORITY: u8 = 0x20;
}

/// The header of a frame.
const HEADER: usize = 9;
/// The first of all bytes of a client (section 3.4).
pub(in crate::lab) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame that came.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Frame {
    pub(in crate::lab) kind: Kind,
    pub(in crate::lab) flags: u8,
    pub(in crate::lab) stream: u32,
    pub(in crate::lab) payload: Vec<u8>,
}

impl Frame {
    /// Takes the first frame off, once it is whole.
    pub(in crate::lab) fn take(input: &mut Vec<u8>) -> Option<Self> {
        let [l1, l2, l3, kind, flags, s1, s2, s3, s4] = *input.first_chunk::<HEADER>()?;
        let length = usize::try_from(u32::from_be_bytes([0, l1, l2, l3])).ok()?;
        let end = HEADER.checked_add(length)?;
        let payload = input.get(HEADER..end)?.to_vec();
        input.drain(..end);
        // The highest bit is reserved, and ignored.
        let stream = u32::from_be_bytes([s1, s2, s3, s4]) & 0x7fff_ffff;
        Some(Self { kind: Kind(kind), flags, stream, payload })
    }

    pub(in crate::lab) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// A frame for the wire.
    pub(in crate::lab) fn bytes(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = length.get(1..).unwrap_or_default().to_vec();
        bytes.extend_from_slice(&[kind.0, flags]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// What is in it, without padding and priority, which anybody may put there.
    pub(in crate::lab) fn content(&self) -> &[u8] {
        let mut content = self.payload.as_slice();
        if self.has(flags::PADDED) && matches!(self.kind, Kind::DATA | Kind::HEADERS) {
            if let Some((padding, rest)) = content.split_first() {
                content = rest.get(..rest.len().saturating_sub(usize::from(*padding))).unwrap_or_default();
            }
        }
        if self.has(flags::PRIORITY) && self.kind == Kind::HEADERS {
            content = content.get(5..).unwrap_or_default();
        }
        content
    }

    /// The four bytes at this place.
    pub(in crate::lab) fn number(&self, at: usize) -> Option<u32> {
        self.payload.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
    }
}

/// A header block: each field a literal with its name spelt out, never indexed, never compressed (RFC 7541 section 6.2.2).
pub(in crate::lab) fn block<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        text(&mut block, name.as_bytes());
        text(&mut block, value.as_bytes());
    }
    block
}

/// A string literal (RFC 7541 section 5.2), its length an integer with a prefix of seven bits (section 5.1).
fn text(block: &mut Vec<u8>, text: &[u8]) {
    match u8::try_from(text.len()) {
        Ok(short @ 0..=126) => block.push(short),
        _ => {
            block.push(127);
            let mut left = text.len().saturating_sub(127);
            while left >= 128 {
                block.push(0x80 | u8::try_from(left & 0x7f).unwrap_or(0));
                left >>= 7;
            }
            block.push(u8::try_from(left).unwrap_or(0));
        }
    }
    block.extend_from_slice(text);
}
