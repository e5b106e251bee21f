//! A name that outlives its line: the next hop that an earlier line told of.

/// The longest that is remembered.
const LONGEST: usize = 128;

/// At most [`LONGEST`] bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Name {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    /// What was remembered.
    pub(super) fn get(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length).filter(|name| !name.is_empty())
    }

    /// Remembers `host:port`, with an IPv6 address in brackets; the host alone, if the port is empty.
    pub(super) fn set(&mut self, host: &[u8], port: &[u8]) {
        let bare_v6 = host.iter().filter(|b| **b == b':').count() > 1 && !host.starts_with(b"[");
        let (open, close): (&[u8], &[u8]) = if bare_v6 { (b"[", b"]") } else { (b"", b"") };
        let colon: &[u8] = if port.is_empty() { b"" } else { b":" };
        self.length = 0;
        for byte in [open, host, close, colon, port].into_iter().flatten() {
            let Some(slot) = self.bytes.get_mut(self.length) else { return };
            *slot = *byte;
            self.length = self.length.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let mut name = Name::new();
        assert_eq!(name.get(), None);
        for (host, port, want) in [
            (&b"app"[..], &b"80"[..], &b"app:80"[..]),
            (b"::1", b"80", b"[::1]:80"),
            (b"[::1]", b"80", b"[::1]:80"),
            (b"app", b"", b"app"),
            (b"app:80", b"", b"app:80"),
        ] {
            name.set(host, port);
            assert_eq!(name.get(), Some(want));
        }
        name.set(&[b'x'; 500], b"1");
        assert_eq!(name.get().map(<[u8]>::len), Some(LONGEST));
    }
}
