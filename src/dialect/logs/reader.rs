//! `Reader`: from a line to an entry, whatever log it is of.
//!
//! The shapes of the formats exclude each other by their first bytes, so that what is tried first,
//! which is the format of the line before, never decides what a line is.

use super::entry::{Entry, Format};
use super::{alb, apache, caddy, curl, envoy, haproxy, nginx};

/// So many bytes of a line are looked at; the rest is passed over. nginx cuts its lines at 2 KiB, HAProxy at 1 KiB.
pub const LINE: usize = 16 * 1024;

/// What a logger puts before a line is looked for in so many bytes.
const FRAME: usize = 192;

/// Reads lines of any of the formats, and remembers which it was, and where `curl -v` is.
///
/// ```
/// use badgateway::dialect::logs::{Format, Reader};
/// let mut reader = Reader::new();
/// let line = b"<134>Nov 20 18:54:29 lb1 haproxy[9]: 10.0.0.9:40000 [20/Nov/2026:18:54:29.100] web app/s1 0/0/-1/-1/3 503 217 - - SC-- 1/1/0/0/3 0/0 \"GET / HTTP/1.1\"";
/// assert_eq!(reader.read(line).map(|entry| entry.format), Some(Format::HaProxy));
/// assert_eq!(reader.read(b"hello"), None);
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    last: Format,
    curl: curl::State,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: Format::Nginx, curl: curl::State::new() }
    }

    /// Reads one line, with or without its line end. `None`: it is of no format that is known here.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.get(..LINE).unwrap_or_else(|| line.strip_suffix(b"\r").unwrap_or(line));
        let (format, line) = self.detect(line)?;
        self.last = format;
        if format == Format::Curl {
            let mut entry = curl::read(line, &mut self.curl);
            entry.upstream = self.curl.address();
            return Some(entry);
        }
        read_as(format, line)
    }

    /// The format, and the line without what was put before it.
    fn detect<'a>(&self, line: &'a [u8]) -> Option<(Format, &'a [u8])> {
        if looks(self.last, line) {
            return Some((self.last, line));
        }
        let known = |line: &'a [u8]| Format::ALL.iter().find(|f| looks(**f, line)).map(|f| (*f, line));
        known(line).or_else(|| frames(line).find_map(known))
    }
}

/// Reads a line of that format. Lines of curl are read one by one, without what came before.
pub(super) fn read_as(format: Format, line: &[u8]) -> Option<Entry<'_>> {
    match format {
        Format::Nginx => nginx::read(line),
        Format::HaProxy => haproxy::read(line),
        Format::Envoy => envoy::read(line),
        Format::Apache => apache::read(line),
        Format::Caddy => caddy::read(line),
        Format::Alb => alb::read(line),
        Format::Curl => Some(curl::read(line, &mut curl::State::new())),
    }
}

fn looks(format: Format, line: &[u8]) -> bool {
    match format {
        Format::Nginx => nginx::looks(line),
        Format::HaProxy => haproxy::looks(line),
        Format::Envoy => envoy::looks(line),
        Format::Apache => apache::looks(line),
        Format::Caddy => caddy::looks(line),
        Format::Alb => alb::looks(line),
        Format::Curl => curl::looks(line),
    }
}

/// What a line may be without its beginning: behind `haproxy[9]: ` (RFC 3164, journald), ` - - ` (RFC 5424),
/// `web-1  | ` (Docker Compose), ` stdout F ` (Kubernetes).
fn frames(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    const ENDS: [&[u8]; 4] = [b": ", b" - ", b"| ", b" F "];
    let head = line.get(..line.len().min(FRAME)).unwrap_or(line);
    (0..head.len()).filter_map(move |at| {
        let rest = head.get(at..)?;
        let end = ENDS.iter().find(|end| rest.starts_with(end))?;
        line.get(at.saturating_add(end.len())..)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line of each, as short as it can be told.
    const LINES: &[(Format, &[u8])] = &[
        (Format::Nginx, b"2026/11/20 18:53:56 [error] 1#2: *3 connect() failed"),
        (
            Format::HaProxy,
            b"10.0.0.9:1 [20/Nov/2026:18:54:29.100] f b/s 0/0/0/0/0 200 1 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\"",
        ),
        (Format::Envoy, b"[2026-11-20T18:57:21.000Z] \"GET / HTTP/1.1\" 503 UF 0 98 1 - \"-\" \"-\" \"-\" \"-\" \"-\""),
        (Format::Apache, b"[Fri Nov 20 18:54:29.123456 2026] [proxy_http:error] [pid 9:tid 7] AH01102: x"),
        (Format::Caddy, b"{\"level\":\"error\",\"msg\":\"EOF\"}"),
        (
            Format::Alb,
            b"http 2026-11-20T18:57:21.0Z app/n/i 10.0.0.9:1 - -1 -1 -1 503 - 1 1 \"GET http://h:80/ HTTP/1.1\" \"-\"",
        ),
        (Format::Curl, b"curl: (52) Empty reply from server"),
    ];

    /// No line looks like two of them, so that the order in which they are tried does not matter.
    #[test]
    fn shapes_exclude_each_other() {
        for (format, line) in LINES {
            for other in Format::ALL {
                assert_eq!(looks(*other, line), other == format, "{format} {other}");
            }
            for last in Format::ALL {
                let reader = Reader { last: *last, curl: curl::State::new() };
                assert_eq!(reader.detect(line), Some((*format, *line)));
            }
            assert_eq!(read_as(*format, line).map(|entry| entry.format), Some(*format));
        }
    }

    #[test]
    fn frames_come_off() {
        const FRAMES: [&[u8]; 7] = [
            b"<134>Nov 20 18:54:29 lb1 haproxy[9]: ",
            b"Nov 20 18:54:29 lb1 nginx: ",
            b"<165>1 2026-11-20T18:54:29.003Z host app 99 ID47 - ",
            b"web-1  | ",
            b"2026-11-20T18:54:29.003Z stdout F ",
            b"Nov 20 18:54:29 host env[1]: web | ",
            b"",
        ];
        for (format, line) in LINES {
            for frame in FRAMES {
                let framed = [frame, line].concat();
                assert_eq!(Reader::new().detect(&framed), Some((*format, *line)), "{}", framed.escape_ascii());
            }
        }
    }
}
