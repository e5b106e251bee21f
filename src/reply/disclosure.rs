//! How much detail leaves the house.
//!
//! More is told only to whom the operator trusts more.

use crate::setting::stable_names;

/// How much of a fault a client is told.
///
/// RFC 9209 section 4 warns that `Proxy-Status` can reveal a deployment's configuration and
/// topology. Whatever the level, the error type's token, the gateway's own name, the reference and
/// the next hop's own `Proxy-Status` members are told: a caller at a trust boundary leaves
/// [`Exchange::proxy_status`](crate::Exchange::proxy_status) empty.
///
/// In a configuration it is one of the words `token`, `details` and `trusted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Disclosure {
    /// The RFC 9209 error type, and nothing finer. The default.
    #[default]
    Token,
    /// Also our own code and class of the fault with its numbers (offset, sizes, alert, rcode), and on the
    /// [page](crate::reply::Page) its likely causes: no text of a peer, no name of a host.
    Details,
    /// Also the next hop, its protocol and status, and the system's error number, and on the page what was seen (what
    /// supports the fault included) and what to run next: for clients inside the house.
    Trusted,
}

impl Disclosure {
    /// The stable word for it: what [`FromStr`](std::str::FromStr) reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Details => "details",
            Self::Trusted => "trusted",
        }
    }
}

stable_names!(Disclosure, Token = "token", Details = "details", Trusted = "trusted");
