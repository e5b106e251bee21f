//! `Named`: what a head's `Connection` names, for the trailers behind that head.

use http::header::{CONNECTION, HeaderMap, HeaderValue};

use crate::h1::forward::HopByHop;

/// "For each connection-option in this field, remove any header or trailer field(s) from the message with the same name as the
/// connection-option" (RFC 9110 section 7.6.1). The head is gone when the trailers come.
///
/// Trailers are rare: the names are only looked for then.
#[derive(Clone, Debug, Default)]
pub(super) struct Named(Vec<HeaderValue>);

impl Named {
    /// By a head as it came.
    pub(super) fn by(head: &HeaderMap) -> Self {
        // What nearly all say names no field.
        let is_plain = |value: &[u8]| [&b"keep-alive"[..], b"close"].iter().any(|o| value.eq_ignore_ascii_case(o));
        Self(head.get_all(CONNECTION).iter().filter(|value| !is_plain(value.as_bytes())).cloned().collect())
    }

    /// Takes them out of these trailers.
    pub(super) fn remove_from(&self, trailers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        let head: HeaderMap = self.0.iter().map(|value| (CONNECTION, value.clone())).collect();
        HopByHop::of_map(&head).remove_from(trailers);
    }
}
