//! The gateway's name in `Proxy-Status`.
//!
//! Checked once, so that no reply can fail for it.

use std::borrow::Cow;
use std::sync::Arc;

use super::sf;
use crate::proxy_status::{Member, without};

/// The most bytes of a name.
const MAX: usize = 256;

/// A name that is known to make a valid member.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    plain: Arc<str>,
    item: Arc<str>,
}

impl Name {
    pub(crate) fn new(name: &str) -> Result<Self, InvalidName> {
        if name.is_empty() {
            return Err(InvalidName { why: "is empty" });
        }
        if name.len() > MAX {
            return Err(InvalidName { why: "is longer than 256 bytes" });
        }
        if !name.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(InvalidName { why: "is not all printable ASCII" });
        }
        let plain: Arc<str> = name.into();
        let item = if sf::is_token(name) {
            plain.clone()
        } else {
            let mut out = Vec::new();
            sf::string(&mut out, name);
            String::from_utf8_lossy(&out).into()
        };
        Ok(Self { plain, item })
    }

    /// As the operator wrote it.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// As a structured field item: a Token if it can be one, else a String.
    pub(crate) fn item(&self) -> &str {
        &self.item
    }

    /// What others say in a line of `Proxy-Status`. Nobody but us speaks in our name: a reader takes such a member for what
    /// happened here (RFC 9209 section 3).
    pub(crate) fn others_in<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        without(line, self.plain())
    }

    /// Whether a member has this name, written as we write it.
    pub(crate) fn is_that_of(&self, member: &Member<'_>) -> bool {
        member.name() == self.plain() && member.is_token() == sf::is_token(self.plain())
    }
}

/// The name cannot identify a gateway in `Proxy-Status` (RFC 9209 section 2): it is empty, longer than
/// 256 bytes, or has other characters than printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway's name {why}")]
pub struct InvalidName {
    why: &'static str,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names() {
        let item = |name: &str| Name::new(name).map(|n| n.item().to_owned()).map_err(|e| e.to_string());
        assert_eq!(item("gw.example.net"), Ok("gw.example.net".into()));
        assert_eq!(item("my \"gw\""), Ok(r#""my \"gw\"""#.into()));
        assert_eq!(item("7"), Ok("\"7\"".into()));
        assert!(item(&"a".repeat(256)).is_ok());
        for bad in ["", "a\nb", "gäteway", "a\u{7f}", &"a".repeat(257)] {
            assert!(item(bad).unwrap_err().starts_with("the gateway's name is "), "{bad:?}");
        }
    }
}
