//! Lines of logs, any bytes: read or not, the same however they come, and never beyond the line.

use badgateway::dialect::logs::{Entry, Format, LINE, Reader, Verdict};

use super::{Rng, seed, show};

/// The input is a log: lines with line feeds between them.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let mut together = Reader::new();
    for line in data.split(|b| *b == b'\n') {
        let seen = look(&mut together, line);
        alone(line, seen.as_ref());
        ends(line, seen.as_ref());
    }
    pieces(data);
    long(data);
}

/// What an entry says, without the line that it points into.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    format: Format,
    said: Verdict,
    text: String,
    fields: Vec<Option<Vec<u8>>>,
}

fn look(reader: &mut Reader, line: &[u8]) -> Option<Seen> {
    let entry = reader.read(line)?;
    Some(check(&entry, line))
}

/// Slices are pieces of the line, times are times, faults are those of their reading.
fn check(entry: &Entry<'_>, line: &[u8]) -> Seen {
    // What was rewritten is looked for in what all layers together may leave of it: it never grows.
    let piece = |field: &[u8]| {
        assert!(field.len() <= line.len().min(LINE), "{}", show(field));
        field.to_vec()
    };
    let mut fields = vec![Some(piece(entry.words))];
    for field in [entry.client, entry.method, entry.path, entry.host] {
        assert!(field.is_none_or(|field| !field.is_empty() && field != b"-"), "{}", show(line));
        fields.push(field.map(piece));
    }
    // The next hop was named by a line before.
    let remembered = [Format::Curl, Format::Varnish].contains(&entry.format);
    fields.push(entry.upstream.filter(|_| !remembered).map(piece));
    assert!(entry.upstream.is_none_or(|name| !name.is_empty() && (!remembered || name.len() <= 128)));
    if let Some(time) = entry.time {
        assert!((1..=12).contains(&time.month) && (1..=31).contains(&time.day));
        assert!(time.hour < 24 && time.minute < 60 && time.second <= 60);
        assert_eq!(time.to_string().len(), 19);
    }
    match entry.said {
        Verdict::Fault { fault, reading } => {
            assert_eq!(fault.kind(), reading.kind(), "{}", show(line));
            let kinds: Vec<_> = reading.kinds().collect();
            assert_eq!(kinds.len(), 1 + reading.others().len());
            assert!(kinds.iter().enumerate().all(|(n, kind)| !kinds[..n].contains(kind)), "{reading} twice");
        }
        Verdict::Passed(status) | Verdict::Bare(status) => assert!(status >= 500, "{status}"),
        _ => {}
    }
    Seen { format: entry.format, said: entry.said, text: format!("{:?} {:?}", entry.time, entry.status), fields }
}

/// Formats of which several lines make sense together.
const TOGETHER: [Format; 4] = [Format::Curl, Format::Apache, Format::Varnish, Format::Wget];

/// A line is of one format, whatever came before it.
fn alone(line: &[u8], seen: Option<&Seen>) {
    const BEFORE: [&[u8]; 16] = [
        b"2026/11/20 18:53:56 [error] 1#2: *3 x",
        b"10.0.0.9:1 [20/Nov/2026:18:54:29.100] f b/s 0/0/0/0/0 200 1 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\"",
        b"[2026-11-20T18:57:21.000Z] \"GET / HTTP/1.1\" 503 UF 0 98 1 - \"-\" \"-\" \"-\" \"-\" \"-\"",
        b"[Fri Nov 20 18:54:29.123456 2026] [proxy:error] [pid 9:tid 7] AH01102: x",
        b"{\"level\":\"error\",\"logger\":\"http.log.error\",\"msg\":\"EOF\"}",
        b"http 2026-11-20T18:57:21.0Z app/n/i 1:1 - -1 -1 -1 503 - 1 1 \"GET http://h:80/ HTTP/1.1\" \"-\"",
        b"curl: (52) Empty reply from server",
        b"'502 Bad Gateway' caused by: EOF",
        b"at=error code=H12 desc=\"Request timeout\" method=GET path=\"/\" status=503",
        b"1795200890.123    352 10.0.0.9 TCP_MISS/503 4277 GET http://a.example/ - HIER_DIRECT/10.0.0.1 text/html",
        b"--  FetchError     http first read error: EOF",
        b"Readiness probe failed: HTTP probe failed with statuscode: 503",
        b"Out of memory: Killed process 1 (node)",
        b"Method completed with status: 504",
        b"2026-11-20\t18:54:29\tFRA56-P1\t900\t10.0.0.9\tGET\td.cloudfront.net\t/a\t502\t-\tcurl\t-\t-\tError\tid\ta.example",
        b"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] \"GET / HTTP/1.1\" 502 157",
    ];
    for before in BEFORE {
        let mut reader = Reader::new();
        assert!(reader.read(before).is_some());
        let now = look(&mut reader, line);
        assert_eq!(now.as_ref().map(|s| s.format), seen.map(|s| s.format), "{}", show(line));
        if seen.is_some_and(|s| !TOGETHER.contains(&s.format)) {
            assert_eq!(now.as_ref(), seen, "{}", show(line));
        }
    }
}

/// A line end is no part of the line.
fn ends(line: &[u8], seen: Option<&Seen>) {
    if line.ends_with(b"\r") || seen.is_some_and(|s| s.format == Format::Curl) {
        return;
    }
    for end in [&b"\n"[..], b"\r\n", b"\r"] {
        let ended = [line, end].concat();
        assert_eq!(look(&mut Reader::new(), &ended).as_ref(), seen, "{}", show(&ended));
    }
}

/// Cut into lines anywhere.
fn pieces(data: &[u8]) {
    let mut rng = Rng::new(seed(data));
    let mut reader = Reader::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + rng.below(rest.len().min(200)));
        rest = after;
        look(&mut reader, piece);
        look(&mut reader, rest);
    }
}

/// What stands behind the bytes that are looked at changes nothing.
fn long(data: &[u8]) {
    let mut line: Vec<u8> = data.iter().copied().filter(|b| *b != b'\n').collect();
    line.resize(LINE, b'x');
    let seen = look(&mut Reader::new(), &line);
    for behind in [&b"x"[..], b"\"\r", b", client: 1, upstream: \"y\""] {
        let longer = [&line[..], behind].concat();
        assert_eq!(look(&mut Reader::new(), &longer), seen);
    }
}
