//! What a parser is made with: how strict it is, and the request whose response it reads.
//!
//! Nothing here changes while a response is read.

use http::Method;

use super::leniency::Leniency;
use super::limits::Limits;

/// How strict and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much is taken.
    pub limits: Limits,
    /// What is tolerated.
    pub leniency: Leniency,
}

impl Config {
    /// Default limits, and [`Leniency::strict`].
    #[must_use]
    pub fn strict() -> Self {
        Self { limits: Limits::default(), leniency: Leniency::strict() }
    }

    /// Default limits, and [`Leniency::compatible`]. The default.
    #[must_use]
    pub fn compatible() -> Self {
        Self::default()
    }
}

/// What has to be known of the request to read its response (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    head: bool,
    connect: bool,
    upgrade_offered: bool,
}

impl Request {
    /// A request of that method that offers no upgrade.
    #[must_use]
    pub fn new(method: &Method) -> Self {
        Self { head: *method == Method::HEAD, connect: *method == Method::CONNECT, upgrade_offered: false }
    }

    /// A GET that offers no upgrade.
    #[must_use]
    pub const fn get() -> Self {
        Self { head: false, connect: false, upgrade_offered: false }
    }

    /// Whether it offers an upgrade, so that 101 is an answer to it (RFC 9110 section 7.8).
    #[must_use]
    pub const fn offering_upgrade(mut self, offered: bool) -> Self {
        self.upgrade_offered = offered;
        self
    }

    pub(super) const fn is_head(self) -> bool {
        self.head
    }

    pub(super) const fn offers_upgrade(self) -> bool {
        self.upgrade_offered
    }

    /// Whether the response has content by its status and fields alone.
    pub(crate) const fn has_content(self) -> bool {
        !self.head && !self.connect
    }

    pub(super) const fn is_connect(self) -> bool {
        self.connect
    }
}
