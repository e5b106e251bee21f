//! Members of a JSON object, found without reading the rest.
//!
//! One pass, no recursion. A value that is an object is stepped over by its brackets, or given
//! as it stands; strings are given raw, with their escapes.

use super::caddy;
use super::cut::{self, quoted};
use super::entry::Format;
use super::own;

/// A value of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Without its quotes.
    Text(&'a [u8]),
    /// Without its outer brackets.
    Object(&'a [u8]),
    /// A number, `true`, `false`, `null`, or an array as it stands.
    Other(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) const fn text(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) | Self::Other(_) => None,
        }
    }

    pub(super) const fn other(self) -> Option<&'a [u8]> {
        match self {
            Self::Other(text) => Some(text),
            Self::Text(_) | Self::Object(_) => None,
        }
    }
}

/// The members of an object whose opening bracket is off. It ends where it is no JSON any more, or where the
/// line was cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = self.0;
        while let [b',' | b' ' | b'\t' | b'\r' | b'\n', behind @ ..] = rest {
            rest = behind;
        }
        let [b'"', inner @ ..] = rest else { return None };
        let (key, rest) = quoted(inner);
        let [b':', rest @ ..] = unblank(rest) else { return None };
        let rest = unblank(rest);
        let (value, rest) = match rest {
            [] => return None,
            [b'"', inner @ ..] => {
                let (text, rest) = quoted(inner);
                (Value::Text(text), rest)
            }
            [b'{', inner @ ..] => {
                let (inner, rest) = bracketed(inner);
                (Value::Object(inner), rest)
            }
            [b'[', inner @ ..] => {
                let (inner, rest) = bracketed(inner);
                (Value::Other(inner), rest)
            }
            _ => {
                let end = rest.iter().position(|b| matches!(b, b',' | b'}')).unwrap_or(rest.len());
                let (value, rest) = rest.split_at_checked(end)?;
                (Value::Other(value), rest)
            }
        };
        self.0 = rest;
        Some((key, value))
    }
}

/// Whose log an object is a line of, by its keys; `None` of an application's.
pub(super) fn whose(line: &[u8]) -> Option<Format> {
    let (mut level, mut time, mut message) = (false, false, false);
    let (mut status, mut upstreams, mut nginx) = (false, false, false);
    for (key, value) in Members(line.strip_prefix(b"{")?) {
        match key {
            b"fault" if own::is_it(key, value) => return Some(Format::Badgateway),
            // Envoy's command operators in lower case: Istio, Envoy Gateway, Contour.
            b"response_flags" | b"responseFlags" | b"RESPONSE_FLAGS" => return Some(Format::Envoy),
            // zap's name of a logger: Caddy's modules are in these.
            b"logger" => {
                return value.text().is_some_and(caddy::is_caddys).then_some(Format::Caddy);
            }
            // Where zerolog and zap were called. zap's, with one, is not Caddy's.
            b"caller" => {
                let is_traefiks = value.text().is_some_and(|file| file.starts_with(b"github.com/traefik/traefik/"));
                return is_traefiks.then_some(Format::Traefik);
            }
            b"jsonPayload" if matches!(value, Value::Object(inner) if cut::has(inner, b"\"statusDetails\"")) => {
                return Some(Format::Google);
            }
            b"category" => {
                const AZURES: [&[u8]; 3] =
                    [b"ApplicationGatewayAccessLog", b"FrontDoorAccessLog", b"FrontdoorAccessLog"];
                if value.text().is_some_and(|name| AZURES.contains(&name)) {
                    return Some(Format::Azure);
                }
            }
            b"DownstreamStatus" | b"OriginStatus" => return Some(Format::Traefik),
            b"upstream_addr" | b"upstream_status" | b"upstream_response_time" => upstreams = true,
            b"body_bytes_sent" | b"request_length" => nginx = true,
            b"status" => status = true,
            b"level" => level = value.text().is_some(),
            b"ts" => time = value.other().is_some(),
            b"msg" => message = value.text().is_some(),
            _ => {}
        }
    }
    if status && (upstreams || nginx) {
        return Some(Format::NginxAccess);
    }
    (level && time && message).then_some(Format::Caddy)
}

/// Without the blanks at the beginning.
fn unblank(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

/// What stands before the closing bracket of an object or array that is open, and what follows it.
fn bracketed(text: &[u8]) -> (&[u8], &[u8]) {
    let mut depth = 1_usize;
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => rest = quoted(after).1,
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            let end = text.len().saturating_sub(rest.len()).saturating_sub(1);
            return (text.get(..end).unwrap_or(text), rest);
        }
    }
    (text, b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members() {
        let text = br#""a":"x\"y","o":{"p":{"q":"}"},"r":[1,{"s":2}]},"n":-1.5e3,"l":[{"]":1}],"t":true}"#;
        let all: Vec<_> = Members(text).collect();
        assert_eq!(
            all,
            [
                (&b"a"[..], Value::Text(br#"x\"y"#)),
                (b"o", Value::Object(br#""p":{"q":"}"},"r":[1,{"s":2}]"#)),
                (b"n", Value::Other(b"-1.5e3")),
                (b"l", Value::Other(br#"{"]":1}"#)),
                (b"t", Value::Other(b"true")),
            ]
        );
    }

    /// A line that is cut gives what came before, and ends.
    #[test]
    fn cut_anywhere() {
        let text = br#""a":"x","o":{"p":{"q":1}},"n":2}"#;
        for n in 0..text.len() {
            assert!(text.get(..n).is_some_and(|cut| Members(cut).count() <= 3));
        }
        assert_eq!(Members(b"\"a\"").count(), 0);
        assert_eq!(Members(b"a:1").count(), 0);
    }
}
