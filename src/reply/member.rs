//! `Value`: what stands under one key of a record, and the keys themselves.
//!
//! A record is told once, key by key, to whoever listens: the line of JSON, serde, a visitor of the caller's own.

use std::fmt;

use crate::fault::Evidence;

use super::Reply;
use super::report::Tolerated;
use super::sink::{Formatting, InJson, Sink, bounded, json};

/// The most texts of evidence, and the most fields of the caller's own.
pub(super) const MAX_ITEMS: usize = 32;
/// The most bytes of a path, before it is escaped.
pub(super) const MAX_PATH: usize = 2048;
/// The most bytes of any other text.
pub(super) const MAX_TEXT: usize = 512;

/// What stands under one key of a [`Record`](super::Record) or a [`Report`](super::Report).
///
/// Texts of peers are bounded (a path at 2048 bytes, others at 512) and as they came: who writes them down escapes them for
/// the format at hand.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing is known, or nothing was sent.
    Null,
    /// A stable word of this crate's, with nothing in it that any format escapes.
    Word(&'static str),
    /// A text of anybody's.
    Text(&'a str),
    /// A number, in the unit that the key names.
    Number(u64),
    /// A number that may be negative: of an error of the system.
    Signed(i64),
    /// The `Proxy-Status` that was sent.
    ProxyStatus(ProxyStatus<'a>),
    /// The texts that support the fault.
    Evidence(EvidenceTexts<'a>),
    /// Fields of the caller's own.
    Fields(Fields<'a>),
    /// What was put up with, by name.
    Names(Names<'a>),
}

/// A `Proxy-Status` as it was sent, by its `Display`.
#[derive(Clone, Copy)]
pub struct ProxyStatus<'a>(pub(super) Reply<'a>);

impl fmt::Display for ProxyStatus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Formatting::new(f);
        self.0.write_proxy_status(&mut out);
        out.finish()
    }
}

impl fmt::Debug for ProxyStatus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// The texts that support a fault, each with its label; at most 32.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceTexts<'a>(pub(super) &'a Evidence);

impl<'a> EvidenceTexts<'a> {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Label and text.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.0.iter().take(MAX_ITEMS).map(|(label, text)| (label, bounded(text, MAX_TEXT)))
    }
}

/// Fields of the caller's own, each with its name; at most 32.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(pub(super) &'a [(&'a str, &'a str)]);

impl<'a> Fields<'a> {
    /// Name and content.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().take(MAX_ITEMS).map(|(name, content)| (bounded(name, MAX_TEXT), bounded(content, MAX_PATH)))
    }
}

/// What was put up with, by stable names.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(pub(super) Tolerated<'a>);

impl<'a> Names<'a> {
    /// The names.
    pub fn iter(self) -> impl Iterator<Item = &'static str> + use<'a> {
        self.0.names()
    }
}

/// A key, and how it stands in JSON: with what is before it and behind, in one piece.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Before a number.
    json: &'static str,
    /// Before a string.
    quoted: &'static str,
    /// With nothing.
    null: &'static str,
}

impl Key {
    pub(super) const fn new(name: &'static str, [json, quoted, null]: [&'static str; 3]) -> Self {
        Self { name, json, quoted, null }
    }
}

/// A key of a record, made when this is compiled; `first` is the first one of an object.
macro_rules! key {
    (first $name:literal) => {
        key!("{\"" $name)
    };
    ($name:literal) => {
        key!(",\"" $name)
    };
    ($open:literal $name:literal) => {
        const {
            $crate::reply::member::Key::new(
                $name,
                [concat!($open, $name, "\":"), concat!($open, $name, "\":\""), concat!($open, $name, "\":null")],
            )
        }
    };
}

pub(super) use key;

/// Who is told the keys and values of a record. A method for each kind of value that is common, so that the line, which is
/// written for every fault, is made without a look at the kind.
pub(super) trait Listen<'a> {
    fn null(&mut self, key: Key);
    fn word(&mut self, key: Key, word: &'static str);
    fn text(&mut self, key: Key, text: &'a str);
    fn number(&mut self, key: Key, n: u64);
    /// A value of any other kind.
    fn other(&mut self, key: Key, value: Value<'a>);

    #[inline(always)]
    fn maybe_word(&mut self, key: Key, word: Option<&'static str>) {
        match word {
            Some(word) => self.word(key, word),
            None => self.null(key),
        }
    }

    #[inline(always)]
    fn maybe_text(&mut self, key: Key, text: Option<&'a str>, max: usize) {
        match text {
            Some(text) => self.text(key, bounded(text, max)),
            None => self.null(key),
        }
    }

    #[inline(always)]
    fn maybe_number(&mut self, key: Key, n: Option<u64>) {
        match n {
            Some(n) => self.number(key, n),
            None => self.null(key),
        }
    }
}

/// A closure that is told each key and its value.
pub(super) struct Each<F>(pub(super) F);

impl<'a, F: FnMut(&'static str, Value<'a>)> Listen<'a> for Each<F> {
    fn null(&mut self, key: Key) {
        self.0(key.name, Value::Null);
    }

    fn word(&mut self, key: Key, word: &'static str) {
        self.0(key.name, Value::Word(word));
    }

    fn text(&mut self, key: Key, text: &'a str) {
        self.0(key.name, Value::Text(text));
    }

    fn number(&mut self, key: Key, n: u64) {
        self.0(key.name, Value::Number(n));
    }

    fn other(&mut self, key: Key, value: Value<'a>) {
        self.0(key.name, value);
    }
}

/// Writes the members of a JSON object.
pub(super) struct Json<'s, S>(pub(super) &'s mut S);

impl<'a, S: Sink> Listen<'a> for Json<'_, S> {
    #[inline(always)]
    fn null(&mut self, key: Key) {
        self.0.put(key.null);
    }

    #[inline(always)]
    fn word(&mut self, key: Key, word: &'static str) {
        self.0.put(key.quoted);
        self.0.put(word);
        self.0.put("\"");
    }

    #[inline(always)]
    fn text(&mut self, key: Key, text: &'a str) {
        self.0.put(key.quoted);
        json(self.0, text);
        self.0.put("\"");
    }

    #[inline(always)]
    fn number(&mut self, key: Key, n: u64) {
        self.0.put(key.json);
        self.0.number(n);
    }

    fn other(&mut self, key: Key, value: Value<'a>) {
        match value {
            Value::Null => self.null(key),
            Value::Word(word) => self.word(key, word),
            Value::Text(text) => self.text(key, text),
            Value::Number(n) => self.number(key, n),
            Value::Signed(n) => {
                self.0.put(key.json);
                if n < 0 {
                    self.0.put("-");
                }
                self.0.number(n.unsigned_abs());
            }
            Value::ProxyStatus(ProxyStatus(reply)) => {
                self.0.put(key.quoted);
                reply.write_proxy_status(&mut InJson(self.0));
                self.0.put("\"");
            }
            Value::Evidence(texts) => {
                self.0.put(key.json);
                for (n, (label, text)) in texts.iter().enumerate() {
                    self.0.put(if n == 0 { "[{\"label\":\"" } else { ",{\"label\":\"" });
                    json(self.0, label);
                    self.0.put("\",\"text\":\"");
                    json(self.0, text);
                    self.0.put("\"}");
                }
                self.0.put(if texts.is_empty() { "[]" } else { "]" });
            }
            Value::Fields(fields) => {
                self.0.put(key.json);
                for (n, (name, content)) in fields.iter().enumerate() {
                    self.0.put(if n == 0 { "{\"" } else { ",\"" });
                    json(self.0, name);
                    self.0.put("\":\"");
                    json(self.0, content);
                    self.0.put("\"");
                }
                self.0.put("}");
            }
            Value::Names(names) => {
                self.0.put(key.json);
                self.0.put("[");
                for (n, name) in names.iter().enumerate() {
                    self.0.put(if n == 0 { "\"" } else { ",\"" });
                    self.0.put(name);
                    self.0.put("\"");
                }
                self.0.put("]");
            }
        }
    }
}
