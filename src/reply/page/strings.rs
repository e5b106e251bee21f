//! `Strings`: the texts of the page, in English or in a language of the caller's own.
//!
//! Every text has a key, so that a translation is a list of pairs, and what is not
//! translated yet can be told.

use std::borrow::Cow;

use crate::fault::ErrorType;
use crate::reply::words::{self, Advice};

/// The most bytes of one text.
const MAX_TEXT: usize = 512;
/// The most bytes of a language tag (RFC 5646 section 4.4.1 finds 35 enough).
const MAX_LANG: usize = 35;
/// What stands for the time in [`Text::TryAgainIn`].
pub(super) const TIME: &str = "{time}";
/// What stands for the error type in the keys where there is none.
const NO_TYPE: &str = "none";

macro_rules! texts {
    ($($variant:ident $key:literal $english:expr;)+) => {
        /// A text that does not depend on the error type. Those that do come after them in the list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Text { $($variant,)+ }

        impl Text {
            const ALL: &'static [(&'static str, &'static str)] = &[$(($key, $english),)+];

            pub(super) fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

texts! {
    Way "way" "The way of your request";
    You "you" "You";
    Gateway "gateway" "Gateway";
    Service "service" "Service";
    Connection "connection" "Connection";
    Works "works" "Working";
    Broken "broken" "Broken here";
    Problem "problem" "Problem here";
    NotReached "not_reached" "Not reached";
    AtClientLink "at_client_link" "It stopped between you and the gateway.";
    AtGateway "at_gateway" "It stopped at the gateway.";
    AtLink "at_link" "It stopped between the gateway and the service.";
    AtService "at_service" "It stopped at the service.";
    Visitor "visitor" "What you can do";
    TryAgain "try_again" "This is probably temporary. You can try again in a moment.";
    TryAgainIn "try_again_in" "This is probably temporary. You can try again in {time}.";
    CheckFirst "check_first" Advice::CheckFirst.sentence();
    Wait "wait" Advice::Wait.sentence();
    Again "again" "Try again";
    Contact "contact" "To report this, tell the people who run this site what you see here.";
    ContactReference "contact_reference" "To report this, give the people who run this site this reference:";
    Owner "owner" "For the people who run this site";
    Log "log" "The log of the gateway has the details.";
    LogReference "log_reference" "The log of the gateway has the details, under the same reference.";
    FactGateway "fact.gateway" "Gateway";
    FactError "fact.error" "Error type";
    FactCode "fact.code" "Code";
    FactClass "fact.class" "Class";
    FactNextHop "fact.next_hop" "Next hop";
    FactTime "fact.time" "Time";
    Causes "causes" "Likely causes";
    Fits "fits" "fits what was seen";
    Steps "steps" "Next steps";
}

/// The two texts that there are for each error type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Headline,
    Explanation,
}

impl Word {
    const fn key(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Explanation => "explanation",
        }
    }

    const fn english(self, error_type: Option<ErrorType>) -> &'static str {
        let words = words::words(error_type);
        match self {
            Self::Headline => words.title,
            Self::Explanation => words.detail,
        }
    }
}

/// The place of a text in the list.
pub(super) const fn index(text: Text) -> usize {
    text as usize
}

/// The place of a text that depends on the error type. A new type may stand anywhere in the enum: its variants and
/// its list are made from the same rows.
pub(super) fn word_index(word: Word, error_type: Option<ErrorType>) -> usize {
    let row = error_type.map_or(0, |error_type| (error_type as usize).saturating_add(1));
    Text::ALL.len().saturating_add(row.saturating_mul(2)).saturating_add(usize::from(word == Word::Explanation))
}

/// Every text with its key, in the order of the list.
fn all() -> impl Iterator<Item = (Cow<'static, str>, &'static str)> {
    let types = [None].into_iter().chain(ErrorType::ALL.iter().copied().map(Some));
    let words = types.flat_map(|error_type| {
        [Word::Headline, Word::Explanation].map(|word| {
            let token = error_type.map_or(NO_TYPE, ErrorType::as_str);
            (Cow::Owned(format!("{}.{token}", word.key())), word.english(error_type))
        })
    });
    Text::ALL.iter().map(|&(key, english)| (Cow::Borrowed(key), english)).chain(words)
}

/// The texts of the [`Page`](super::Page), with their language: English unless others are given.
///
/// Likely causes, next steps and what was seen, which [`Disclosure`](crate::reply::Disclosure) shows to operators only,
/// are English always, and marked as such for screen readers.
///
/// ```
/// use badgateway::reply::{Page, Strings};
///
/// let mut german = Strings::new("de")?;
/// for (key, text) in [("again", "Noch einmal versuchen"), ("visitor", "Was Sie tun können")] {
///     german.set(key, text)?;
/// }
/// assert!(german.missing().any(|key| key == "headline.connection_refused"));
/// let page = Page::standard(&german);
/// # Ok::<(), badgateway::reply::InvalidString>(())
/// ```
#[derive(Clone, Debug)]
pub struct Strings {
    lang: Cow<'static, str>,
    right_to_left: bool,
    texts: Vec<Option<String>>,
}

impl Default for Strings {
    /// In English.
    fn default() -> Self {
        Self { lang: Cow::Borrowed("en"), right_to_left: false, texts: Vec::new() }
    }
}

impl Strings {
    /// Texts of that language ([RFC 5646](https://www.rfc-editor.org/rfc/rfc5646)), as `de` or `pt-BR`. Each is in
    /// English until it is [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// If the tag is empty, longer than 35 bytes, or has other characters than ASCII letters, digits and hyphens.
    pub fn new(lang: &str) -> Result<Self, InvalidString> {
        let fits = (1..=MAX_LANG).contains(&lang.len()) && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits {
            return Err(InvalidString::new("lang", "is not a language tag"));
        }
        Ok(Self { lang: Cow::Owned(lang.to_owned()), ..Self::default() })
    }

    /// Written from right to left.
    #[must_use]
    pub fn right_to_left(mut self) -> Self {
        self.right_to_left = true;
        self
    }

    /// Sets one text, which is plain text: markup in it is shown, not obeyed.
    ///
    /// # Errors
    ///
    /// If there is no such key, the text is empty, longer than 512 bytes or has control characters, or
    /// `try_again_in` has no `{time}` in it.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), InvalidString> {
        let Some(index) = all().position(|(known, _)| known == key) else {
            return Err(InvalidString::new(key, "is not a key"));
        };
        let wrong = if text.trim().is_empty() {
            Some("is empty")
        } else if text.len() > MAX_TEXT {
            Some("is longer than 512 bytes")
        } else if text.chars().any(char::is_control) {
            Some("has a control character")
        } else if Text::from_key(key) == Some(Text::TryAgainIn) && !text.contains(TIME) {
            Some("has no {time}")
        } else {
            None
        };
        if let Some(why) = wrong {
            return Err(InvalidString::new(key, why));
        }
        if self.texts.len() <= index {
            self.texts.resize(index.saturating_add(1), None);
        }
        if let Some(place) = self.texts.get_mut(index) {
            *place = Some(text.to_owned());
        }
        Ok(())
    }

    /// Every key with its text in English: what there is to translate.
    pub fn keys() -> impl Iterator<Item = (Cow<'static, str>, &'static str)> {
        all()
    }

    /// The keys that are not [`set`](Self::set).
    pub fn missing(&self) -> impl Iterator<Item = Cow<'static, str>> {
        let is_set = |index| self.texts.get(index).is_some_and(Option::is_some);
        all().enumerate().filter(move |(index, _)| !is_set(*index)).map(|(_, (key, _))| key)
    }

    pub(super) fn lang(&self) -> &str {
        &self.lang
    }

    pub(super) const fn dir(&self) -> &'static str {
        if self.right_to_left { "rtl" } else { "ltr" }
    }

    /// The texts in the order of the list, escaped for HTML.
    pub(super) fn escaped(&self) -> Vec<Cow<'static, str>> {
        let own = |index| self.texts.get(index).and_then(Option::as_deref);
        all()
            .enumerate()
            .map(|(index, (_, english))| own(index).map_or(Cow::Borrowed(english), |text| Cow::Owned(escape(text))))
            .collect()
    }
}

/// The marks of HTML, and nothing else: a translator's text may well change the direction of what is in it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A language tag or a text that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} {why}")]
pub struct InvalidString {
    key: String,
    why: &'static str,
}

impl InvalidString {
    fn new(key: &str, why: &'static str) -> Self {
        Self { key: crate::sink::bounded(key, 64).to_owned(), why }
    }

    /// The key that was to be set, at most 64 bytes of it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_text_is_in_its_place_and_needs_no_escape_in_english() {
        let list: Vec<_> = all().collect();
        for (place, &(key, english)) in Text::ALL.iter().enumerate() {
            assert_eq!(Text::from_key(key).map(index), Some(place));
            assert_eq!(list.get(place).unwrap().1, english);
        }
        for error_type in ErrorType::ALL.iter().copied().map(Some).chain([None]) {
            let (title, detail) = (word_index(Word::Headline, error_type), word_index(Word::Explanation, error_type));
            assert_eq!(list.get(title).unwrap().1, words::words(error_type).title);
            assert_eq!(list.get(detail).unwrap().1, words::words(error_type).detail);
        }
        assert_eq!(
            list.len(),
            Text::ALL.len().saturating_add(ErrorType::ALL.len().saturating_add(1).saturating_mul(2))
        );
        for (n, (key, english)) in list.iter().enumerate() {
            assert_eq!(escape(english), *english);
            assert!(!list.iter().take(n).any(|(other, _)| other == key), "{key} twice");
        }
    }
}
