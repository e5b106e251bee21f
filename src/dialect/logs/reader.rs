//! `Reader`: from a line to an entry, whatever log it is of.
//!
//! Most formats have a shape: their first bytes are theirs alone, so that these shapes exclude each other, and what is
//! tried first, which is the format of the line before, never decides what a line is. Some lines begin with a name that
//! may be anything (a host, a frontend). They are asked last, in one order, so that a name which looks like the
//! beginning of another's line decides nothing either.

use super::cut;
use super::dress::{self, Undressed};
use super::entry::{Entry, Format};
use super::{
    access, alb, apache, caddy, cloud, curl, envoy, haproxy, heroku, host, json, nginx, own, squid, texts, traefik,
    varnish,
};

/// So many bytes of a line are looked at; the rest is passed over. nginx cuts its lines at 2 KiB, HAProxy at 1 KiB.
pub const LINE: usize = 16 * 1024;

/// Reads lines of any of the formats, and remembers which it was, where `curl -v` is, and which of Apache's threads have
/// told of a failure.
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
    apache: apache::State,
    varnish: varnish::State,
    texts: texts::State,
    undressed: Undressed,
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
        Self {
            last: Format::Nginx,
            curl: curl::State::new(),
            apache: apache::State::new(),
            varnish: varnish::State::new(),
            texts: texts::State::new(),
            undressed: Undressed::new(),
        }
    }

    /// Reads one line, with or without its line end. `None`: it is of no format that is known here.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.get(..LINE).unwrap_or_else(|| line.strip_suffix(b"\r").unwrap_or(line));
        let Self { last, curl, apache, varnish, texts, undressed } = self;
        let mut found = detect(*last, line);
        if found.is_none_or(|(format, start)| format != Format::Curl && dress::is_rewritten(line, start))
            && undressed.until(line, |text| detect(*last, text).is_some())
        {
            found = detect(*last, undressed.text());
        }
        let Some((format, line)) = found else { return texts::read(line, texts) };
        *last = format;
        if format == Format::Curl {
            let mut entry = curl::read(line, curl);
            entry.upstream = curl.address();
            return Some(entry);
        }
        if format == Format::Apache {
            return apache::read(line, apache);
        }
        if format == Format::Varnish {
            let mut entry = varnish::read(line, varnish)?;
            entry.upstream = varnish.address();
            return Some(entry);
        }
        read_as(format, line)
    }
}

/// The format, and the line without its dress.
fn detect(last: Format, line: &[u8]) -> Option<(Format, &[u8])> {
    if curl::looks(line) {
        // What begins a line of curl's begins a quotation or an item of a list, too.
        let behind = line.get(1..).unwrap_or(b"");
        let marks = behind.iter().take_while(|b| matches!(b, b' ' | b'>')).count();
        let behind = behind.get(marks..).unwrap_or(b"");
        let quoted =
            behind.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\'' | b'`')).map(|(_, inner)| inner);
        let other = [Some(behind), quoted].into_iter().flatten().filter(|_| !line.starts_with(b"curl: ("));
        let other = other.filter_map(|start| inside(start).map(|format| (format, dress::unquoted(line, start)))).next();
        return other.or(Some((Format::Curl, line)));
    }
    if looks(last, line) {
        return Some((last, line));
    }
    dress::starts(line).find_map(|start| inside(start).map(|format| (format, dress::unquoted(line, start))))
}

/// The format of what begins there, inside a line: of curl only its last words are told from anything else.
fn inside(start: &[u8]) -> Option<Format> {
    if start.starts_with(b"curl: (") { Some(Format::Curl) } else { others(start) }
}

/// The format of what begins there, if it is not curl's.
fn others(line: &[u8]) -> Option<Format> {
    if line.starts_with(b"{") {
        return json::whose(line);
    }
    let first = *line.first()?;
    let mask = MAY_BEGIN.get(usize::from(first)).copied().unwrap_or(0);
    let rows = BEGINNINGS.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0);
    let found = rows.map(|(_, (format, _))| *format).find(|format| shapes(*format, line));
    found.or_else(|| host::whose(line)).or_else(|| cloud::whose(line)).or_else(|| named(line))
}

/// The format of a line that begins with a name. Behind the name each is told from the others, and from most lines.
fn named(line: &[u8]) -> Option<Format> {
    let head = cut::head(line, 256);
    let name = cut::until(head, b' ');
    let behind = head.get(name.len()..).unwrap_or(b"").trim_ascii_start();
    let second = cut::until(behind, b' ');
    if nginx::is_unresolved(line) {
        Some(Format::Nginx)
    } else if second.contains(&b'/') && haproxy::is_undated(line) {
        Some(Format::HaProxy)
    } else if second == b"-" || name.contains(&b':') {
        access::whose(line)
    } else {
        None
    }
}

/// Reads a line of that format. Lines of curl are read one by one, without what came before.
#[allow(clippy::wildcard_enum_match_arm)] // texts have no shape
pub(super) fn read_as(format: Format, line: &[u8]) -> Option<Entry<'_>> {
    match format {
        Format::Nginx => nginx::read(line),
        Format::NginxAccess | Format::Combined => access::read(line),
        Format::HaProxy if haproxy::looks(line) || haproxy::is_undated(line) => haproxy::read(line),
        Format::HaProxy => access::read(line),
        Format::Envoy => envoy::read(line),
        Format::Apache => apache::alone(line),
        Format::Caddy => caddy::read(line),
        Format::Traefik if line.starts_with(b"{") || traefik::looks(line) => traefik::read(line),
        Format::Traefik => access::read(line),
        Format::Alb => alb::read(line),
        Format::CloudFront | Format::ApiGateway | Format::Google | Format::Azure => cloud::read(line),
        Format::Heroku => heroku::read(line),
        Format::Badgateway => own::read(line),
        Format::Squid => squid::read(line),
        Format::Varnish => varnish::read(line, &mut varnish::State::new()),
        Format::Kubernetes | Format::Linux => host::read(line),
        Format::Curl => Some(curl::read(line, &mut curl::State::new())),
        _ => None,
    }
}

/// The formats that have a shape, and the bytes that theirs may begin with, but for nginx' phrases
/// ([`nginx::BEGINNINGS`]). curl, the kernel, Kubernetes and clouds are looked for elsewhere, some of them together.
const BEGINNINGS: [(Format, &[u8]); 10] = [
    (Format::Nginx, b""),
    // An address in hexadecimal, or a Unix socket; the words of checks and alerts.
    (Format::HaProxy, b"0123456789abcdefABCDEF:%[]uSBHpP"),
    (Format::Envoy, b"[\""),
    (Format::Apache, b"[Aap("),
    (Format::Caddy, b"0123456789[DIWEPF"),
    (Format::Traefik, b"'tg452"),
    (Format::Alb, b"hwg2"),
    (Format::Heroku, b"Esa"),
    (Format::Squid, b"0123456789"),
    (Format::Varnish, b"-"),
];

/// For each byte the rows of [`BEGINNINGS`] that it may begin: the lines of most shapes are told by their first byte not to
/// be those of the others.
static MAY_BEGIN: [u16; 256] = may_begin();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // done by the compiler
const fn may_begin() -> [u16; 256] {
    let mut masks = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut row = 0;
        while row < BEGINNINGS.len() {
            let mut bytes = BEGINNINGS[row].1;
            while let [first, behind @ ..] = bytes {
                if *first as usize == byte {
                    masks[byte] |= 1 << row;
                }
                bytes = behind;
            }
            row += 1;
        }
        if nginx::BEGINNINGS[byte] {
            masks[byte] |= 1;
        }
        byte += 1;
    }
    masks
}

/// Whether a line's first bytes are those of that format, and of no other.
fn looks(format: Format, line: &[u8]) -> bool {
    if line.starts_with(b"{") { json::whose(line) == Some(format) } else { shapes(format, line) }
}

#[allow(clippy::wildcard_enum_match_arm)] // texts have no shape, and are found by their words
fn shapes(format: Format, line: &[u8]) -> bool {
    match format {
        Format::Nginx => nginx::looks(line),
        Format::HaProxy => haproxy::looks(line),
        Format::Envoy => envoy::looks(line),
        Format::Apache => apache::looks(line),
        Format::Caddy => caddy::looks(line),
        Format::Traefik => traefik::looks(line),
        Format::NginxAccess | Format::Combined => false,
        Format::Alb => alb::looks(line),
        Format::CloudFront | Format::ApiGateway => cloud::whose(line) == Some(format),
        Format::Heroku => heroku::looks(line),
        Format::Squid => squid::looks(line),
        Format::Varnish => varnish::looks(line),
        Format::Kubernetes | Format::Linux => host::whose(line) == Some(format),
        Format::Google | Format::Azure => false,
        Format::Curl => curl::looks(line),
        _ => false,
    }
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
        (Format::Caddy, b"{\"level\":\"error\",\"logger\":\"http.log.error\",\"msg\":\"EOF\"}"),
        (
            Format::Alb,
            b"http 2026-11-20T18:57:21.0Z app/n/i 10.0.0.9:1 - -1 -1 -1 503 - 1 1 \"GET http://h:80/ HTTP/1.1\" \"-\"",
        ),
        (
            Format::CloudFront,
            b"2026-11-20\t18:54:29\tFRA56-P1\t900\t10.0.0.9\tGET\td.cloudfront.net\t/a\t502\t-\tcurl\t-\t-\tError\tid\ta.example",
        ),
        (Format::ApiGateway, b"Method completed with status: 504"),
        (Format::Heroku, b"at=error code=H12 desc=\"Request timeout\" method=GET path=\"/\" status=503"),
        (Format::Squid, b"1795200890.123    352 10.0.0.9 TCP_MISS/503 4277 GET http://a.example/ - HIER_DIRECT/10.0.0.1 text/html"),
        (Format::Varnish, b"--  FetchError     http first read error: EOF"),
        (Format::Kubernetes, b"Readiness probe failed: HTTP probe failed with statuscode: 503"),
        (Format::Linux, b"Out of memory: Killed process 1 (node)"),
        (Format::Badgateway, b"{\"fault\":\"connection_refused\",\"class\":null,\"phase\":\"connect\"}"),
        (Format::Traefik, b"'502 Bad Gateway' caused by: EOF"),
        (Format::Combined, b"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl\""),
        (
            Format::NginxAccess,
            b"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl\" 80 0.001 [web] [] 10.0.0.1:80 0 0.001 502 7f",
        ),
        (Format::Curl, b"curl: (52) Empty reply from server"),
    ];

    /// Lines that begin with a name: other formats' beginnings may be names, and then the line is theirs.
    #[rustfmt::skip]
    const NAMED: &[(Format, &[u8])] = &[
        (Format::Nginx, b"frontend could not be resolved (3: Host not found)"),
        (Format::HaProxy, b"web app/s1 0/0/-1/-1/3 503 217 - - SC-- 1/1/0/0/3 0/0 \"GET / HTTP/1.1\""),
        (Format::HaProxy, b"192.0.2.1 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 503 217 \"\" \"\" 4000 029 \"web\" \"app\" \"s1\" 0 0 -1 -1 3 SC-- 1 1 0 0 3 0 0 \"\" \"\""),
        (Format::Combined, b"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Alb, b"h2 2018-07-02T2in/<NOSRV> -1/-1/-1/-1/0 400 187 - - PR-- 1/1/0/0/0 0/0"),
        (Format::Alb, b"http 2018-07-02T22:23:0-in/<NOSRV> -1/-1/-1/-1/0 400 187"),
        (Format::Apache, b"AH01079: fail/s1 0/0/1/2/3 500 99 - - ----"),
        (Format::Apache, b"AH01102:86189 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Apache, b"AH00992:wordpress could not be resolved (3: Host not found)"),
        (Format::Caddy, b"ERROR\thttp.log.10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Caddy, b"ERROR\thttp.log.error.docker could not be resolved (110: Operation timed out)"),
        (Format::Curl, b"< web/srv3 0/0/0/-1/8490 -1 0"),
        (Format::Curl, b"* - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Traefik, b"github.com/traefik/traefik/v3/pkg/server/f b/s 0/0/0/0/0 200 1"),
        (Format::Traefik, b"github.com/traefik/traefik/.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Nginx, b"23#23: 10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
        (Format::Nginx, b"1#1:.1\", [20/Nov/2026:18:54:29.100] f b/s 0/0/0/0/0 200 1 - - ---- 1/1/1/1/0 0/0"),
        (Format::Nginx, b"2021/01/21 11:53:59 [info] 38#38:github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > "),
        (Format::HaProxy, b"10.0.0.30:34261 [26/Mar/2013:19 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157"),
    ];

    /// No line looks like two of them, so that the order in which they are tried does not matter.
    #[test]
    fn shapes_exclude_each_other() {
        for (_, line) in LINES.iter().chain(NAMED) {
            let seen: Vec<_> = Format::ALL.iter().filter(|format| looks(**format, line)).collect();
            assert!(seen.len() <= 1, "{seen:?} {}", line.escape_ascii());
        }
        for (format, line) in NAMED {
            for last in Format::ALL {
                assert_eq!(detect(*last, line), Some((*format, *line)), "{last} {}", line.escape_ascii());
            }
        }
        for (format, line) in LINES {
            for last in Format::ALL {
                assert_eq!(detect(*last, line), Some((*format, *line)));
            }
            assert_eq!(read_as(*format, line).map(|entry| entry.format), Some(*format));
        }
    }

    /// No line of a format begins with a byte that the table does not have.
    #[test]
    fn first_bytes() {
        let lines = LINES.iter().chain(NAMED).map(|(_, line)| *line);
        for line in lines.chain([&b"Server a/b is UP"[..], b"unix:1 [20/Nov/2026:18:54:29.100] f b/s", b"proxy: x"]) {
            for first in 0..=u8::MAX {
                let line = [&[first], line.get(1..).unwrap_or(b"")].concat();
                for (n, (format, _)) in BEGINNINGS.iter().enumerate() {
                    let may = MAY_BEGIN.get(usize::from(first)).is_some_and(|mask| mask & (1 << n) != 0);
                    assert!(may || !shapes(*format, &line), "{format} {}", line.escape_ascii());
                }
            }
        }
        // What shapes there are, is in it.
        for format in Format::ALL {
            let has_shape = LINES.iter().any(|(_, line)| !line.starts_with(b"{") && shapes(*format, line));
            let is_elses = [Format::Curl, Format::Kubernetes, Format::Linux, Format::CloudFront, Format::ApiGateway]
                .contains(format);
            assert!(!has_shape || is_elses || BEGINNINGS.iter().any(|(known, _)| known == format), "{format}");
        }
    }

    /// Whatever stands before a line, or around it.
    #[test]
    fn dress_comes_off() {
        #[rustfmt::skip]
        const DRESS: [(&str, &str); 27] = [
            ("", ""), ("   ", ""), ("- ", ""), ("* ", ""), ("> ", ""), (">> ", ""), ("> > ", ""), ("1. ", ""),
            ("\"", "\""), ("'", "'"), ("`", "`"), ("- `", "`"),
            // Syslog: RFC 3164, with a priority, RFC 5424; journald.
            ("<134>Nov 20 18:54:29 lb1 haproxy[9]: ", ""), ("Nov 20 18:54:29 lb1 nginx: ", ""),
            ("<165>1 2026-11-20T18:54:29.003Z host app 99 ID47 - ", ""), ("Nov 20 18:54:29 host env[1]: web | ", ""),
            // Docker -t, Compose, the CRI, kubectl --timestamps --prefix, stern.
            ("2026-11-20T18:54:29.003123456Z ", ""), ("web-1  | ", ""), ("2026-11-20T18:54:29.003Z stdout F ", ""),
            ("2026-11-20T18:54:29.003+01:00 stderr P ", ""), ("[pod/web-7d9f8-abcde/nginx] ", ""),
            ("[pod/web-7d9f8-abcde/nginx] 2026-11-20T18:54:29.003Z ", ""), ("web-7d9f8-abcde istio-proxy ", ""),
            ("web-7d9f8-abcde \u{203a} nginx ", ""),
            // grep, grep -n, tail -f of several.
            ("/var/log/nginx/error.log:", ""), ("error.log:12:", ""), ("==> error.log <== ", ""),
        ];
        for (format, line) in LINES {
            for (before, behind) in DRESS {
                let dressed = [before.as_bytes(), line, behind.as_bytes()].concat();
                assert_eq!(detect(Format::Nginx, &dressed), Some((*format, *line)), "{}", dressed.escape_ascii());
            }
        }
    }
}
