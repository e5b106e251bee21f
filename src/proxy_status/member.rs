//! One member of `Proxy-Status`: an intermediary, and what it says about the exchange.
//!
//! What a member says is given as it was sent; an unknown or ill-typed parameter is no error, it is
//! passed over (RFC 9209 section 2).

use std::borrow::Cow;

use super::item::{Malformed, Scanner, Value};
use crate::fault::{ErrorType, FaultKind};

/// Types that no registry has, and what they may stand for.
/// Source: Cloudflare, "Privacy Proxy: proxy status reference".
const UNREGISTERED: &[(&str, &[FaultKind])] = &[
    // No address of its own to connect from is left.
    ("source_addr_in_use", &[FaultKind::LocalExhausted]),
    // The address of its own that it was told to connect from cannot be bound, or its name not be resolved.
    ("source_addr_not_available", &[FaultKind::LocalExhausted, FaultKind::ProxyMisconfigured]),
    // Too many connections a second of one client to one origin.
    ("rate_limited", &[FaultKind::ConnectionLimit]),
];

/// As many parameters as RFC 9651 section 3.1.2 asks a parser to support.
const MAX_PARAMETERS: usize = 256;

/// One intermediary's member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    name: Cow<'a, str>,
    is_token: bool,
    parameters: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Member<'a> {
    /// RFC 9651 sections 4.2.3 and 4.2.3.2.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Malformed> {
        let (name, is_token) = match scanner.peek() {
            Some(b'"') => (scanner.string()?, false),
            _ => (Cow::Borrowed(scanner.token()?), true),
        };
        let mut parameters: Vec<(&'a str, Value<'a>)> = Vec::new();
        while scanner.take(b';') {
            scanner.skip_spaces();
            let key = scanner.key()?;
            let value = if scanner.take(b'=') { scanner.value()? } else { Value::Boolean(true) };
            // "If parameters already contains a key param_key [...], overwrite its value."
            if let Some((_, held)) = parameters.iter_mut().find(|(known, _)| *known == key) {
                *held = value;
            } else if parameters.len() < MAX_PARAMETERS {
                parameters.push((key, value));
            } else {
                return Err(scanner.malformed());
            }
        }
        Ok(Self { name, is_token, parameters })
    }

    /// How the intermediary calls itself: a host, a service, an alias.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the name was written as a Token. `gw` and `"gw"` are two items (RFC 9651 section 3.3), and a trailer
    /// replaces the member that is identical "character for character" only (RFC 9209 section 2).
    #[must_use]
    pub const fn is_token(&self) -> bool {
        self.is_token
    }

    /// A parameter by its name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.parameters.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Every parameter in order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.parameters.iter().map(|(key, value)| (*key, value))
    }

    /// The `error`, registered or not. A String is taken as well as a Token, because one of the RFC's own examples
    /// writes it so.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.text("error")
    }

    /// The `error`, if it is registered.
    #[must_use]
    pub fn error_type(&self) -> Option<ErrorType> {
        let error = self.error()?;
        ErrorType::ALL.iter().copied().find(|known| known.as_str() == error)
    }

    /// The faults that this member's `error` may stand for, in the order of the table: every kind of that type.
    /// RFC 9209 has 32 types and this crate more kinds, so that the word is coarser than the fault was. Some words that no registry
    /// has are read as well: Cloudflare's `source_addr_in_use`, `source_addr_not_available` and `rate_limited`.
    ///
    /// ```
    /// use badgateway::{FaultKind, proxy_status};
    ///
    /// let members = proxy_status::read(b"privacy-proxy; error=source_addr_in_use").unwrap();
    /// assert!(members[0].kinds().eq([FaultKind::LocalExhausted]));
    /// assert_eq!(members[0].error_type(), None);
    /// ```
    pub fn kinds(&self) -> impl Iterator<Item = FaultKind> + use<> {
        let error = self.error_type();
        let own = self.error().and_then(|error| UNREGISTERED.iter().find(|(word, _)| *word == error));
        let own = own.map_or(&[][..], |(_, kinds)| *kinds);
        let is_meant = move |kind: &FaultKind| error.is_some() && kind.error_type() == error || own.contains(kind);
        FaultKind::ALL.iter().copied().filter(is_meant)
    }

    /// The `received-status`: what the next hop answered, where this member passed an answer on.
    #[must_use]
    pub fn received_status(&self) -> Option<u16> {
        match self.get("received-status") {
            Some(Value::Integer(status @ 100..=999)) => u16::try_from(*status).ok(),
            _ => None,
        }
    }

    /// The `next-hop` that it chose.
    #[must_use]
    pub fn next_hop(&self) -> Option<&str> {
        self.text("next-hop")
    }

    /// The `next-protocol`: the ALPN identifier it used. One that cannot be a Token comes as
    /// [`Value::Bytes`], which [`get`](Self::get) has.
    #[must_use]
    pub fn next_protocol(&self) -> Option<&str> {
        self.text("next-protocol")
    }

    /// The `details`, in the words of whoever runs that intermediary. Escape them before you show them.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.text("details")
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::String(text) => Some(text),
            Value::Token(text) => Some(text),
            Value::Integer(_)
            | Value::Decimal(_)
            | Value::Bytes(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::Display(_) => None,
        }
    }
}
