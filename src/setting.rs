//! Settings by the words that stand in a configuration file or on a command line.

/// A word that stands for no value of a setting. Its `Display` lists the words that do.
///
/// What [`Profile`](crate::decide::Profile), [`Disclosure`](crate::reply::Disclosure) and [`Mark`](crate::reply::Mark) fail
/// with as [`FromStr`](std::str::FromStr). Words are in lower case and stable.
///
/// ```
/// use badgateway::reply::Disclosure;
///
/// let error = "all".parse::<Disclosure>().unwrap_err();
/// assert_eq!(error.to_string(), "not one of token, details, trusted");
/// assert_eq!(error.accepted(), ["token", "details", "trusted"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of {}", .accepted.join(", "))]
pub struct UnknownWord {
    accepted: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) const fn new(accepted: &'static [&'static str]) -> Self {
        Self { accepted }
    }

    /// The words that are known.
    #[must_use]
    pub const fn accepted(&self) -> &'static [&'static str] {
        self.accepted
    }
}
