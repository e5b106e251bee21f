//! What is no text: protocols of records, frames and packets, by the first of these.
//!
//! Every byte of a header that has one right value is looked at, so that what only begins alike has no name.

use super::{Look, OPEN};
use crate::fault::Class;

/// A record of that type, 20 to 23: its version.
pub(super) fn tls(content_type: u8, first: &[u8]) -> Option<Look> {
    match (first.get(1), first.get(2)) {
        (None, _) | (Some(3), None) => Some(OPEN),
        (Some(3), Some(0..=4)) if content_type == 0x15 => Some(Look::Is(Class::NotHttpTlsAlert)),
        (Some(3), Some(0..=4)) => Some(Look::Is(Class::NotHttpTlsRecord)),
        (Some(_), _) => None,
    }
}

/// The header of a frame: length, type, flags, stream (its first bit is reserved and "MUST be ignored").
pub(super) fn http2(first: &[u8]) -> Option<Look> {
    Some(match *first {
        [0] | [0, 0] | [0, 0, _] => OPEN,
        [0, 0, length, 4, flags, a, b, c, d, ..] if length % 6 == 0 && flags == 0 && is_stream_0([a, b, c, d]) => {
            Look::Is(Class::NotHttpHttp2Settings)
        }
        [0, 0, length, 7, _, a, b, c, d, ..] if length >= 8 && is_stream_0([a, b, c, d]) => {
            Look::Is(Class::NotHttpHttp2Goaway)
        }
        [0, 0, _, 4 | 7, ..] if first.len() < 9 => Look::Open(Class::NotHttpHttp2Frame),
        [0, 0, _, 4 | 7, ..] => Look::Is(Class::NotHttpHttp2Frame),
        _ => return None,
    })
}

const fn is_stream_0(stream: [u8; 4]) -> bool {
    u32::from_be_bytes(stream) & 0x7fff_ffff == 0
}

/// A packet of a database. The second byte of either is a NUL, as in no text.
pub(super) fn of_database(first: &[u8]) -> Option<Look> {
    match (mysql(first), postgres(first)) {
        (Some(Look::Open(_)), other) => other.or(Some(OPEN)),
        (mysql, other) => mysql.or(other),
    }
}

/// The length of the payload in three bytes, the smallest first, and a sequence id of 0. Then 10 and the version of the
/// server, or 255 and the number of an error.
fn mysql(first: &[u8]) -> Option<Look> {
    Some(match *first {
        [0, ..] => return None,
        [_, 0] | [_, 0, 0] | [_, 0, 0, 0] => OPEN,
        [_, 0, 0, 0, 0x0a, ref version @ ..] => match version {
            [b'0'..=b'9', b'.', ..] | [b'0'..=b'9', b'0'..=b'9', b'.', ..] => Look::Is(Class::NotHttpMysql),
            [] | [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => OPEN,
            _ => return None,
        },
        [_, 0, 0, 0, 0xff] | [_, 0, 0, 0, 0xff, _] => OPEN,
        [_, 0, 0, 0, 0xff, low, high, ..] if (1000..2000).contains(&u16::from_le_bytes([low, high])) => {
            Look::Is(Class::NotHttpMysql)
        }
        _ => return None,
    })
}

/// Its length is of less than 64 KiB, and the first field is one that every error has. The field's text is no control
/// character, which is what tells it from `mysql`: the high byte of the number of an error is one.
fn postgres(first: &[u8]) -> Option<Look> {
    match first {
        [b'E', 0] | [b'E', 0, 0] | [b'E', 0, 0, _] | [b'E', 0, 0, _, _] => Some(OPEN),
        [b'E', 0, 0, _, _, b'S' | b'V' | b'C' | b'M'] => Some(OPEN),
        [b'E', 0, 0, _, _, b'S' | b'V' | b'C' | b'M', text, ..] if !text.is_ascii_control() => {
            Some(Look::Is(Class::NotHttpPostgres))
        }
        _ => None,
    }
}
