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

        #[cfg(feature = "serde1")]
        $crate::setting::serde_words!($name);
    };
}

pub(crate) use stable_names;

/// A word in serde's data model: what `as_str` says, and what `FromStr` reads. An unknown one is an error that names it, and what
/// would have been read.
#[cfg(feature = "serde1")]
macro_rules! serde_words {
    ($name:ident) => {
        #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg_attr(badgateway_docsrs, doc(cfg(feature = "serde1")))]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::setting::Word(core::marker::PhantomData))
            }
        }
    };
}

#[cfg(feature = "serde1")]
pub(crate) use serde_words;

/// Reads a word.
#[cfg(feature = "serde1")]
pub(crate) struct Word<T>(pub(crate) core::marker::PhantomData<T>);

#[cfg(feature = "serde1")]
impl<T: core::str::FromStr<Err = UnknownWord>> serde::de::Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word of badgateway's")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<T, E> {
        word.parse().map_err(|unknown: UnknownWord| {
            E::invalid_value(serde::de::Unexpected::Str(word), &unknown.expected().as_str())
        })
    }
}

impl UnknownWord {
    pub(crate) const fn new(accepted: &'static [&'static str]) -> Self {
        Self { accepted }
    }

    /// What completes "expected".
    #[cfg(feature = "serde1")]
    fn expected(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("not ").map_or(text.clone(), str::to_owned)
    }

    /// The words that are known.
    #[must_use]
    pub const fn accepted(&self) -> &'static [&'static str] {
        self.accepted
    }
}
