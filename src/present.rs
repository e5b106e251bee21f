//! `Present`: which of the fields that matter to a gateway are in a head.

use http::header::HeaderMap;

/// A set of fields. One look at each name that is there costs less than a search for each that might be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Present(u16);

impl Present {
    pub(crate) const ACCEPT: Self = Self(1);
    pub(crate) const CONNECTION: Self = Self(1 << 1);
    pub(crate) const CONTENT_LENGTH: Self = Self(1 << 2);
    pub(crate) const CONTENT_TYPE: Self = Self(1 << 3);
    pub(crate) const TE: Self = Self(1 << 4);
    pub(crate) const TRANSFER_ENCODING: Self = Self(1 << 5);
    pub(crate) const UPGRADE: Self = Self(1 << 6);
    pub(crate) const TRAILER: Self = Self(1 << 7);
    /// Any other that is hop by hop: see [`is_hop_by_hop`](crate::h1::forward::is_hop_by_hop).
    pub(crate) const HOP_BY_HOP: Self = Self(1 << 8);
    /// Any that no next hop is told: see [`tidy_request`](crate::audit::tidy_request).
    pub(crate) const FOR_THE_GATEWAY: Self = Self(1 << 9);
    pub(crate) const VIA: Self = Self(1 << 10);

    /// Those of a head.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers.keys().fold(Self(0), |seen, name| Self(seen.0 | Self::named(name.as_str()).0))
    }

    /// Whether any of these is there.
    pub(crate) const fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub(crate) const fn or(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Lengths first: they tell most names apart.
    fn named(name: &str) -> Self {
        let none = Self(0);
        let is = |known: &str, field: Self| if name == known { field } else { none };
        match name.len() {
            2 => is("te", Self::TE),
            3 => is("via", Self::VIA),
            5 => is("proxy", Self::FOR_THE_GATEWAY),
            6 => is("accept", Self::ACCEPT).or(is("expect", Self::FOR_THE_GATEWAY)),
            7 => is("upgrade", Self::UPGRADE).or(is("trailer", Self::TRAILER)),
            10 => is("connection", Self::CONNECTION).or(is("keep-alive", Self::HOP_BY_HOP)),
            12 => is("content-type", Self::CONTENT_TYPE),
            14 => is("content-length", Self::CONTENT_LENGTH).or(is("http2-settings", Self::FOR_THE_GATEWAY)),
            16 => is("proxy-connection", Self::HOP_BY_HOP),
            17 => is("transfer-encoding", Self::TRANSFER_ENCODING),
            18 => is("proxy-authenticate", Self::HOP_BY_HOP),
            19 => is("proxy-authorization", Self::HOP_BY_HOP),
            25 => is("proxy-authentication-info", Self::HOP_BY_HOP),
            _ => none,
        }
    }
}
