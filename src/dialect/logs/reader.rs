//! `Reader`: from a line to an entry, whatever log it is of.
//!
//! Most formats have a shape: their first bytes are theirs alone, so that these shapes exclude each other, and their order
//! decides nothing. Some lines begin with a name that may be anything (a host, a frontend). They are asked last, in one
//! order, so that a name which looks like the beginning of another's line decides nothing either.
//!
//! A line may begin at any word of its dress, and most words begin no line. Two bytes say so of most
//! ([`Beginnings`]), and of a name what follows it.

use super::beginnings::{self, Beginnings};
use super::cut;
use super::dress::{self, Undressed};
use super::entry::{Entry, Format};
use super::{
    access, alb, apache, caddy, cloud, curl, envoy, haproxy, heroku, host, json, nginx, own, squid, texts, traefik,
    varnish,
};

/// So many bytes of a line are looked at; the rest is passed over. nginx cuts its lines at 2 KiB, HAProxy at 1 KiB.
pub const LINE: usize = 16 * 1024;

/// Reads lines of any of the formats, and remembers where `curl -v` is, and which of Apache's threads have told of a
/// failure.
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
        let Self { curl, apache, varnish, texts, undressed } = self;
        let mut found = detect(line);
        let is_rewritten =
            found.is_none_or(|found| found.format != Format::Curl && dress::is_rewritten(line, found.line));
        if is_rewritten && undressed.until(line, |text| detect(text).is_some()) {
            found = detect(undressed.text());
        }
        let Some(Found { format, line, entry }) = found else { return texts::read(line, texts) };
        if entry.is_some() {
            return entry;
        }
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

/// What a line is.
#[derive(Clone, Copy, Debug)]
struct Found<'a> {
    format: Format,
    /// Without its dress.
    line: &'a [u8],
    /// Of a line that is told only by being read.
    entry: Option<Entry<'a>>,
}

impl<'a> Found<'a> {
    const fn new(format: Format, line: &'a [u8]) -> Self {
        Self { format, line, entry: None }
    }

    /// Without what closes a quote that was opened before it, in that line.
    fn unquoted(self, line: &'a [u8]) -> Self {
        let inner = dress::unquoted(line, self.line);
        if inner.len() == self.line.len() { self } else { Self::new(self.format, inner) }
    }
}

/// The format, and the line without its dress.
fn detect(line: &[u8]) -> Option<Found<'_>> {
    if !curl::looks(line) {
        return dress::starts(line).find_map(inside).map(|found| found.unquoted(line));
    }
    // What begins a line of curl's begins a quotation or an item of a list, too.
    let behind = line.get(1..).unwrap_or(b"");
    let marks = behind.iter().take_while(|b| matches!(b, b' ' | b'>')).count();
    let behind = behind.get(marks..).unwrap_or(b"");
    let quoted = behind.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\'' | b'`')).map(|(_, inner)| inner);
    let mut other = [Some(behind), quoted].into_iter().flatten().filter(|_| !line.starts_with(b"curl: ("));
    let other = other.find_map(inside).map(|found| found.unquoted(line));
    other.or(Some(Found::new(Format::Curl, line)))
}

/// The format of what begins there, inside a line: of curl only its last words are told from anything else.
fn inside(start: &[u8]) -> Option<Found<'_>> {
    if start.starts_with(b"curl: (") { Some(Found::new(Format::Curl, start)) } else { others(start) }
}

/// The format of what begins there, if it is not curl's.
fn others(line: &[u8]) -> Option<Found<'_>> {
    if line.starts_with(b"{") {
        return json::whose(line).map(|format| Found::new(format, line));
    }
    let (first, second) = beginnings::of(line)?;
    let mut rows = MAY_BEGIN.rows(first, second);
    while rows != 0 {
        let shape = *MAY_BEGIN.shapes.get(rows.trailing_zeros() as usize)?;
        if let Some(format) = looks(shape, line) {
            return Some(Found::new(format, line));
        }
        rows &= rows.wrapping_sub(1);
    }
    named(line, second)
}

/// The format of a line that begins with a name. Behind the name each is told from the others, and from most lines.
fn named(line: &[u8], second: u8) -> Option<Found<'_>> {
    let head = cut::head(line, 256);
    let (name, behind) = head.split_at_checked(cut::position(head, b' ')?)?;
    let behind = behind.trim_ascii_start();
    let (first, next) = (line.first()?, behind.first()?);
    // A unit or a scope, or a process.
    if name.ends_with(b"e:") || *next == b's' && name.ends_with(b"]:") {
        if let Some(format) = host::whose_name(line) {
            return Some(Found::new(format, line));
        }
    }
    // Before that name there may be a date, a level and a connection.
    let has_head = matches!(first, b'[' | b'*') || second == b'/' && first.is_ascii_digit();
    if (*next == b'c' || has_head) && nginx::is_unresolved(line) {
        return Some(Found::new(Format::Nginx, line));
    }
    // A server behind a stroke, if a stroke comes before a space.
    if cut::first_of(behind, b' ', b'/') == Some(b'/') && haproxy::is_undated(line) {
        return Some(Found::new(Format::HaProxy, line));
    }
    if behind.starts_with(b"- ") || access::has_port(name) {
        return access::read(line).map(|entry| Found { format: entry.format, line, entry: Some(entry) });
    }
    None
}

/// Reads a line of that format. Lines of curl are read one by one, without what came before.
#[allow(clippy::wildcard_enum_match_arm)] // texts have no shape
pub(super) fn read_as(format: Format, line: &[u8]) -> Option<Entry<'_>> {
    match format {
        Format::Nginx => nginx::read(line),
        Format::NginxAccess | Format::Combined => access::read(line),
        Format::HaProxy => haproxy::read(line).or_else(|| access::read(line)),
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

/// The shapes, and what they may begin with. curl is looked for elsewhere, and what begins with a name.
const SHAPES: [(Format, Beginnings); 12] = [
    (Format::Nginx, nginx::BEGINNINGS),
    (Format::HaProxy, haproxy::BEGINNINGS),
    (Format::Envoy, envoy::BEGINNINGS),
    (Format::Apache, apache::BEGINNINGS),
    (Format::Caddy, caddy::BEGINNINGS),
    (Format::Traefik, traefik::BEGINNINGS),
    (Format::Alb, alb::BEGINNINGS),
    (Format::Heroku, heroku::BEGINNINGS),
    (Format::Squid, squid::BEGINNINGS),
    (Format::Varnish, varnish::BEGINNINGS),
    // The kernel, systemd and Kubernetes.
    (Format::Linux, host::BEGINNINGS),
    // CloudFront and API Gateway.
    (Format::CloudFront, cloud::BEGINNINGS),
];

/// The shapes, and for each byte those that have it first, and those that have it second ([`beginnings::of`]).
struct MayBegin {
    shapes: [Format; SHAPES.len()],
    first: [u16; 256],
    second: [u16; 256],
}

static MAY_BEGIN: MayBegin = MayBegin::of_all();

impl MayBegin {
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // done by the compiler
    const fn of_all() -> Self {
        let mut rows = Self { shapes: [Format::Nginx; SHAPES.len()], first: [0; 256], second: [0; 256] };
        let mut row = 0;
        while row < SHAPES.len() {
            rows.shapes[row] = SHAPES[row].0;
            let mut byte = 0;
            while byte < 256 {
                rows.first[byte] |= (SHAPES[row].1.first.has(byte as u8) as u16) << row;
                rows.second[byte] |= (SHAPES[row].1.second.has(byte as u8) as u16) << row;
                byte += 1;
            }
            row += 1;
        }
        rows
    }

    /// A bit for each row that may begin so.
    fn rows(&self, first: u8, second: u8) -> u16 {
        let first = self.first.get(usize::from(first)).copied().unwrap_or(0);
        first & self.second.get(usize::from(second)).copied().unwrap_or(0)
    }
}

/// Whose line it is, if its first bytes are those of that shape.
#[allow(clippy::wildcard_enum_match_arm)] // texts have no shape, and are found by their words
fn looks(shape: Format, line: &[u8]) -> Option<Format> {
    let is_it = match shape {
        Format::Nginx => nginx::looks(line),
        Format::HaProxy => haproxy::looks(line),
        Format::Envoy => envoy::looks(line),
        Format::Apache => apache::looks(line),
        Format::Caddy => caddy::looks(line),
        Format::Traefik => traefik::looks(line),
        Format::Alb => alb::looks(line),
        Format::Heroku => heroku::looks(line),
        Format::Squid => squid::looks(line),
        Format::Varnish => varnish::looks(line),
        Format::Linux => return host::whose(line),
        Format::CloudFront => return cloud::whose(line),
        _ => false,
    };
    is_it.then_some(shape)
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

    fn detected(line: &[u8]) -> Option<(Format, &[u8])> {
        detect(line).map(|found| (found.format, found.line))
    }

    /// No line looks like two of them, so that the order in which they are tried does not matter.
    #[test]
    fn shapes_exclude_each_other() {
        for (_, line) in LINES.iter().chain(NAMED) {
            let seen: Vec<_> = SHAPES.iter().filter_map(|(shape, _)| looks(*shape, line)).collect();
            assert!(seen.len() <= 1 && (seen.is_empty() || !curl::looks(line)), "{seen:?} {}", line.escape_ascii());
        }
        for (format, line) in LINES.iter().chain(NAMED) {
            assert_eq!(detected(line), Some((*format, *line)), "{}", line.escape_ascii());
        }
        for (format, line) in LINES {
            assert_eq!(read_as(*format, line).map(|entry| entry.format), Some(*format));
        }
    }

    /// No line of a shape begins with bytes that its table does not have.
    #[test]
    fn first_bytes() {
        #[rustfmt::skip]
        const MORE: [&[u8]; 13] = [
            b"Server a/b is UP", b"unix:1 [20/Nov/2026:18:54:29.100] f b/s", b"proxy: x", b"upstream timed out",
            b"1024 worker_connections are not enough", b"(104)x: AH01102: x", b"[proxy:error] [pid 9:tid 7] AH01102: x",
            b"\"GET / HTTP/1.1\" 503 UF 0 98 1 - \"-\" \"-\" \"-\" \"-\" \"-\"", b"502 Bad Gateway error=\"EOF\"",
            b"'502 Bad Gateway' caused by: EOF", b"INFO\thttp.log.access\tx", b"[ERROR 502 /] EOF",
            b"Error R10 (Boot timeout) -> x",
        ];
        let has = |line: &[u8], shape: Format| {
            let rows = beginnings::of(line).map_or(0, |(first, second)| MAY_BEGIN.rows(first, second));
            SHAPES.iter().enumerate().any(|(n, (known, _))| *known == shape && rows & (1 << n) != 0)
        };
        for line in LINES.iter().chain(NAMED).map(|(_, line)| *line).chain(MORE) {
            for byte in 0..=u8::MAX {
                for at in 0..2 {
                    let mut line = line.to_vec();
                    line.get_mut(at).into_iter().for_each(|slot| *slot = byte);
                    for (shape, _) in SHAPES {
                        assert!(has(&line, shape) || looks(shape, &line).is_none(), "{shape} {}", line.escape_ascii());
                    }
                }
            }
        }
        for line in MORE.into_iter().filter(|line| *line != b"proxy: x") {
            assert!(SHAPES.iter().any(|(shape, _)| looks(*shape, line).is_some()), "{}", line.escape_ascii());
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
                assert_eq!(detected(&dressed), Some((*format, *line)), "{}", dressed.escape_ascii());
            }
        }
    }
}
