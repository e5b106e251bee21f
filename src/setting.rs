//! Stable words: settings as they stand in a configuration, and the names of kinds, classes and phases.

use core::fmt;

/// A word that stands for no value of its type. Its `Display` lists the words that do, unless they are many.
///
/// What everything with a stable name fails with as [`FromStr`](std::str::FromStr): settings, such as
/// [`Profile`](crate::decide::Profile) and [`Disclosure`](crate::reply::Disclosure), and what stands in records, such as
/// [`FaultKind`](crate::FaultKind) and [`Phase`](crate::fault::Phase). `as_str` gives the word back.
///
/// ```
/// use badgateway::reply::Disclosure;
///
/// let error = "all".parse::<Disclosure>().unwrap_err();
/// assert_eq!(error.to_string(), "not one of token, details, trusted");
/// assert_eq!(error.accepted(), ["token", "details", "trusted"]);
///
/// let error = "teapot".parse::<badgateway::FaultKind>().unwrap_err();
/// assert_eq!(error.to_string(), "not one of the words known here, such as dns_not_found");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownWord {
    accepted: &'static [&'static str],
}

/// More would be no message.
const LISTED: usize = 16;

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.accepted {
            [first, ..] if self.accepted.len() > LISTED => {
                write!(f, "not one of the words known here, such as {first}")
            }
            few => {
                f.write_str("not one of ")?;
                few.iter().enumerate().try_for_each(|(n, word)| write!(f, "{}{word}", if n > 0 { ", " } else { "" }))
            }
        }
    }
}

/// Shows what `as_str` says, and reads it. Its arguments are the type, and its values with their words.
macro_rules! stable_names {
    ($name:ident, $($variant:ident = $word:expr),+) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::setting::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                const WORDS: &[&str] = &[$($word),+];
                const VALUES: &[$name] = &[$($name::$variant),+];
                let found = WORDS.iter().zip(VALUES).find(|(known, _)| **known == word);
                found.map(|(_, value)| *value).ok_or($crate::setting::UnknownWord::new(WORDS))
            }
        }
    };
}

pub(crate) use stable_names;

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
