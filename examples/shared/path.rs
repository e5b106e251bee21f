//! A request's path as everybody reads it, before a route is chosen by it.
//!
//! Who routes by the path as it was written, and asks a next hop that reads it otherwise, has no routes: `/shop/../admin`,
//! `/%61dmin` and `//admin` are all the same to somebody.

/// Whether a path is what it says in every reading, as nearly all are: nothing encoded, no dot segment, no empty one, no parameters.
pub(crate) fn is_plain(path: &str) -> bool {
    let mut before = b' ';
    path.starts_with('/')
        && path.bytes().all(|byte| {
            let is_plain = match byte {
                b'%' | b'\\' | b';' => false,
                b'/' | b'.' => before != b'/',
                _ => true,
            };
            before = byte;
            is_plain
        })
}

/// The path, normalised ([RFC 3986, section 6.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2)): what needs no
/// percent-encoding has none, its digits are upper case, and dot segments are gone. `None` where it leads out of the root,
/// or is no path: a percent sign without its digits, a NUL.
pub(crate) fn normal(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut decoded = String::from(parts.next()?);
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|byte| is_hex && *byte != 0)?;
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => decoded.push(char::from(byte)),
            _ => decoded.extend(["%", &digits.to_ascii_uppercase()]),
        }
        decoded.push_str(rest);
    }
    without_dots(decoded.strip_prefix('/')?.split('/'))
}

/// A normal path as lenient servers read it besides: an encoded slash and a backslash are slashes, several are one, and a
/// segment ends before its parameters. `None` where that leads out of the root.
pub(crate) fn lenient(path: &str) -> Option<String> {
    let path = path.replace("%2F", "/").replace("%5C", "/").replace('\\', "/");
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    without_dots(segments.filter(|segment| !segment.is_empty()))
}

/// RFC 3986 section 5.2.4, but that nothing is above the root.
fn without_dots<'a>(segments: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut kept = Vec::new();
    let mut is_dot = false;
    for segment in segments {
        is_dot = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()?),
            _ => kept.push(segment),
        }
    }
    // What a dot segment ends in is a folder.
    let slash = if is_dot && !kept.is_empty() { "/" } else { "" };
    Some(["/", &kept.join("/"), slash].concat())
}
