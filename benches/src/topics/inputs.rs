//! Response heads, all of one shape with those that budgets were found on: 2, 12, 28 and 100 fields, one with
//! a bad name at its end, one without its last line end.
//!
//! Their sizes are fixed, so that figures compare over time.

pub const NAMES: [&str; 6] = ["tiny, 2 fields", "typical, 12", "cdn, 28", "huge, 100", "bad end", "incomplete"];

/// The head of that name.
pub fn head(name: &str) -> Vec<u8> {
    let head = match name {
        "tiny, 2 fields" => b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 12345\r\n\r\n".to_vec(),
        "typical, 12" => typical(),
        "cdn, 28" => cdn(),
        "huge, 100" => huge(),
        "bad end" => {
            let mut head = head("cdn, 28");
            head.truncate(head.len() - 2);
            head.extend_from_slice(b"Bad Header: x\r\n\r\n");
            head
        }
        "incomplete" => {
            let mut head = head("cdn, 28");
            head.truncate(head.len() - 2);
            head
        }
        _ => panic!("no head {name}"),
    };
    let size = match name {
        "tiny, 2 fields" => 57,
        "typical, 12" => 439,
        "cdn, 28" => 1593,
        "huge, 100" => 7860,
        "bad end" => 1608,
        _ => 1591,
    };
    assert_eq!(head.len(), size, "{name}");
    head
}

/// 64 KiB: 90 fields, most with values of 700 bytes.
pub fn big() -> Vec<u8> {
    let mut fields = vec![("Content-Length".to_owned(), "0".to_owned())];
    for n in 1..90 {
        fields.push((format!("X-Part-{n:02}"), "v".repeat(720)));
    }
    finish(fields, 65379)
}

fn typical() -> Vec<u8> {
    let fields = [
        ("Server", "nginx/1.22.1"),
        ("Date", "Fri, 20 Nov 2026 10:12:13 GMT"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "1013"),
        ("Last-Modified", "Tue, 04 Aug 2026 10:12:13 GMT"),
        ("Connection", "keep-alive"),
        ("ETag", "\"66af5a1d-3f5\""),
        ("Cache-Control", "public, max-age=600"),
        ("Vary", "Accept-Encoding"),
        ("Accept-Ranges", "bytes"),
        ("X-Request-Id", "0b5d5a5e-5f3b-4c9b-8a57-0f6f1f0d2c11"),
        ("X-Cache", ""),
    ];
    finish(owned(&fields), 439)
}

fn cdn() -> Vec<u8> {
    let cookie =
        format!("{}; Path=/; Domain=.example.com; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax", "c".repeat(170));
    let policy =
        format!("default-src 'self'; script-src 'self' {}; report-uri /csp", "https://static.example.com ".repeat(4));
    let fields = [
        ("Date", "Fri, 20 Nov 2026 10:12:13 GMT"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Cache-Control", "private, no-cache, no-store, max-age=0"),
        ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Vary", "Accept-Encoding, Cookie"),
        ("Set-Cookie", &cookie),
        ("Set-Cookie", &cookie),
        ("Content-Security-Policy", &policy),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("ETag", "W/\"a1b2c3d4e5f6\""),
        ("Link", "</a.css>; rel=preload; as=style"),
        ("Alt-Svc", "h3=\":443\"; ma=86400"),
        ("Server", "cloudflare"),
        ("CF-Ray", "8f3c2a1b4d5e6f70-FRA"),
        ("CF-Cache-Status", "DYNAMIC"),
        ("X-Served-By", "cache-fra-etou8220041"),
        ("X-Cache", "MISS"),
        ("X-Cache-Hits", "0"),
        ("X-Timer", "S1795169533.123456,VS0,VE12"),
        ("Via", "1.1 varnish"),
        ("Age", "0"),
        ("Accept-Ranges", "bytes"),
        ("X-Request-Id", ""),
    ];
    finish(owned(&fields), 1593)
}

fn huge() -> Vec<u8> {
    let mut fields = vec![("Content-Length".to_owned(), "1013".to_owned())];
    for n in 1..99 {
        fields.push((format!("X-Custom-Field-{n:02}"), "0123456789".repeat(6)[..57].to_owned()));
    }
    fields.push(("X-Custom-Field-99".to_owned(), String::new()));
    finish(fields, 7860)
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Fills the value of the last field up to that size.
fn finish(mut fields: Vec<(String, String)>, size: usize) -> Vec<u8> {
    let total = |fields: &[(String, String)]| 19 + fields.iter().map(|(n, v)| n.len() + v.len() + 4).sum::<usize>();
    let missing = size.checked_sub(total(&fields)).unwrap_or_else(|| panic!("{} too many", total(&fields) - size));
    let last = fields.last_mut().expect("a field");
    last.1.push_str(&"x".repeat(missing));
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in fields {
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// A body of that size in chunks of that size, each with the shortest size line, and its end.
pub fn chunked(body: usize, chunk: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let data = vec![b'x'; chunk];
    for _ in 0..body / chunk {
        out.extend_from_slice(format!("{chunk:x}\r\n").as_bytes());
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
