//! What goes to a terminal or into JSON, escaped.
//!
//! Nothing foreign is written but through one of these.

#[path = "../../src/unprintable.rs"]
mod unprintable;

use std::fmt::Write as _;

use badgateway::dialect::Reading;

use unprintable::is_unprintable;

/// Foreign bytes on a terminal: at most so many columns, no control characters.
pub(crate) fn text(bytes: &[u8], most: usize) -> String {
    let mut out = String::new();
    for c in String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).chars() {
        if is_unprintable(c) || !(c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric()) {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    if bytes.len() > most {
        out.push_str("...");
    }
    out
}

/// A JSON string.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_unprintable(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The same of foreign bytes, or `null`.
pub(crate) fn json_bytes(bytes: Option<&[u8]>) -> String {
    bytes.map_or("null".into(), |bytes| json(&String::from_utf8_lossy(bytes)))
}

/// All that a reading may be, as a JSON array.
pub(crate) fn json_reading(reading: Reading) -> String {
    let codes: Vec<String> = reading.kinds().map(|kind| json(kind.as_str())).collect();
    format!("[{}]", codes.join(","))
}

/// Words wrapped at 80 columns.
pub(crate) fn wrapped(first: &str, indent: &str, words: &str) -> String {
    let mut out = String::from(first);
    let mut column = first.chars().count();
    for (n, word) in words.split(' ').enumerate() {
        let width = word.chars().count();
        if n > 0 && column + 1 + width > 80 {
            out.push('\n');
            out.push_str(indent);
            column = indent.chars().count();
        } else if n > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}
