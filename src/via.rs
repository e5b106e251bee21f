//! `Via`: the gateway's member of that field.

use http::header::{HeaderMap, MAX_FORWARDS, VIA};
use http::{HeaderValue, Method, Version};

use crate::token::is_tchar;

/// What a gateway calls itself in `Via`, for each version that it is spoken to in
/// ([RFC 9110, section 7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
#[derive(Clone, Debug)]
pub(crate) struct Via {
    pseudonym: String,
    members: [Option<HeaderValue>; 4],
}

/// The most gateways that a request may have come through: a loop of others, in which our name gets lost, ends somewhere.
const HOPS: usize = 32;

impl Via {
    /// The name as a pseudonym, which is a token: other characters become `-`.
    pub(crate) fn new(name: &str) -> Self {
        let fits = |c: char| u8::try_from(c).is_ok_and(is_tchar);
        let pseudonym: String = name.chars().map(|c| if fits(c) { c } else { '-' }).collect();
        let member = |version| HeaderValue::try_from(format!("{version} {pseudonym}")).ok();
        Self { members: ["1.0", "1.1", "2", "3"].map(member), pseudonym }
    }

    /// The member for a request that was received in this version.
    pub(crate) fn spoken(&self, version: Version) -> Option<&HeaderValue> {
        let [v1_0, v1_1, v2, v3] = &self.members;
        match version {
            Version::HTTP_09 | Version::HTTP_10 => v1_0.as_ref(),
            Version::HTTP_2 => v2.as_ref(),
            Version::HTTP_3 => v3.as_ref(),
            _ => v1_1.as_ref(),
        }
    }

    /// Whether a request has been here before, by the names in its `Via`, or at too many other places. "Via [...] can be
    /// used for tracking message forwards, avoiding request loops" (RFC 9110 section 7.6.3).
    pub(crate) fn has_us(&self, headers: &HeaderMap) -> bool {
        let members = headers.get_all(VIA).into_iter().flat_map(|line| line.as_bytes().split(|&b| b == b','));
        // `received-protocol RWS received-by [ RWS comment ]`; names of hosts are the same in any case.
        let received_by = |member: &[u8]| {
            let mut words = member.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            words.nth(1).is_some_and(|name| name.eq_ignore_ascii_case(self.pseudonym.as_bytes()))
        };
        members.enumerate().any(|(hops, member)| hops >= HOPS || received_by(member))
    }
}

/// Counts one forward of a TRACE or OPTIONS request that says how many there may be (RFC 9110 section 7.6.2). Whether there
/// was one left: "if the received value is zero (0), the intermediary MUST NOT forward the request".
pub(crate) fn spend_forward(method: &Method, headers: &mut HeaderMap) -> bool {
    if ![Method::TRACE, Method::OPTIONS].contains(method) {
        return true;
    }
    let Some(left) = headers.get(MAX_FORWARDS).and_then(|value| value.to_str().ok()?.parse::<u64>().ok()) else {
        return true;
    };
    let Some(left) = left.checked_sub(1) else { return false };
    headers.insert(MAX_FORWARDS, HeaderValue::from(left));
    true
}
