//! `Via`: the gateway's member of that field.

use http::{HeaderValue, Version};

use crate::token::is_tchar;

/// What a gateway calls itself in `Via`, for each version that it is spoken to in
/// ([RFC 9110, section 7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
#[derive(Clone, Debug)]
pub(crate) struct Via([Option<HeaderValue>; 4]);

impl Via {
    /// The name as a pseudonym, which is a token: other characters become `-`.
    pub(crate) fn new(name: &str) -> Self {
        let fits = |c: char| u8::try_from(c).is_ok_and(is_tchar);
        let pseudonym: String = name.chars().map(|c| if fits(c) { c } else { '-' }).collect();
        Self(["1.0", "1.1", "2", "3"].map(|version| HeaderValue::try_from(format!("{version} {pseudonym}")).ok()))
    }

    /// The member for a request that was received in this version.
    pub(crate) fn spoken(&self, version: Version) -> Option<&HeaderValue> {
        let Self([v1_0, v1_1, v2, v3]) = self;
        match version {
            Version::HTTP_09 | Version::HTTP_10 => v1_0.as_ref(),
            Version::HTTP_2 => v2.as_ref(),
            Version::HTTP_3 => v3.as_ref(),
            _ => v1_1.as_ref(),
        }
    }
}
