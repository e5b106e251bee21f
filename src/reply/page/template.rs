//! The template of a page: HTML with placeholders, parsed once.
//!
//! A placeholder stands where its escape holds (content of an element, a quoted attribute that is no
//! program, the query of a link) or the template is refused. So that nobody else reads it otherwise, the HTML is what the
//! tokenizer of browsers ([HTML, section 13.2.5](https://html.spec.whatwg.org/multipage/parsing.html#tokenization)) takes
//! without an error, and whose tags mean the same in every state of it: all else is refused too.

use std::ops::Range;

use super::strings::Text;
use super::value::Value;

/// The most bytes of a template.
const MAX_TEMPLATE: usize = 64 << 10;
/// The most sections in one another.
const MAX_DEPTH: usize = 8;

/// What a placeholder asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Value(Value),
    Text(Text),
    Lang,
    Dir,
}

/// What is to be done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// Content of an element, or of a quoted attribute.
    Html,
    /// The query or the fragment of a link.
    Percent,
}

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// That part of the source as it is.
    Literal(Range<usize>),
    Placeholder(Asked, Escape),
    /// What follows is for when there is such a value, or for when there is none.
    Section(Value, bool),
    /// The end of the last section.
    End,
}

/// A template that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// Where the content of each style sheet stands.
    pub(super) styles: Vec<Range<usize>>,
}

/// Where in HTML we are (HTML, section 13.2.5, as far as a placeholder needs it).
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Data,
    /// In an element that holds text and no markup.
    Text(&'static str),
    /// In an element whose content is no text at all.
    Raw(&'static str),
    Comment,
    /// In a declaration: `<!DOCTYPE`.
    Declaration,
    /// In a tag, behind white space or not: an attribute stands behind it.
    Tag {
        is_spaced: bool,
    },
    /// In the value of an attribute.
    Quoted(u8),
    Unquoted,
}

/// Elements with text and no markup (HTML, section 13.1.2).
const TEXT_ELEMENTS: [&str; 2] = ["title", "textarea"];
/// Elements in which an escape means nothing.
const RAW_ELEMENTS: [&str; 2] = ["style", "script"];
/// Elements whose content is markup to one browser and text to another, by their settings or age, or that have no end.
const REFUSED_ELEMENTS: [&str; 7] = ["xmp", "iframe", "noembed", "noframes", "noscript", "plaintext", "frameset"];
/// Elements in which [`TEXT_ELEMENTS`] and [`RAW_ELEMENTS`] are ordinary ones, or ignored (HTML, sections 13.2.6.5 and
/// 13.2.6.4.16).
const OTHER_GROUND: [&str; 3] = ["svg", "math", "select"];
/// Attributes whose value is text, whatever stands in it. Names that begin with `aria-` or `data-` are as well.
const TEXT_ATTRIBUTES: [&str; 9] = ["class", "id", "title", "alt", "lang", "dir", "value", "datetime", "label"];
/// Elements whose `href` is a link that somebody follows.
const LINKS: [&str; 2] = ["a", "area"];
/// The schemes of a link with a placeholder: none that is a program.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

struct Parser<'a> {
    source: &'a str,
    /// Where we are.
    at: usize,
    /// Where the literal began.
    literal: usize,
    state: State,
    /// The element whose tag we are in. Empty for an end tag.
    element: Range<usize>,
    attribute: Range<usize>,
    /// Where the value of the attribute begins, or the content of an element.
    value: usize,
    /// Whether one of [`OTHER_GROUND`] has begun.
    is_on_other_ground: bool,
    sections: Vec<(&'a str, State)>,
    found: Template,
}

/// Reads a template.
pub(super) fn parse(source: &str) -> Result<Template, TemplateError> {
    if source.len() > MAX_TEMPLATE {
        return Err(TemplateError::new(source, MAX_TEMPLATE, "", "the template is longer than 64 KiB"));
    }
    let mut parser = Parser {
        source,
        at: 0,
        literal: 0,
        state: State::Data,
        element: 0..0,
        attribute: 0..0,
        value: 0,
        is_on_other_ground: false,
        sections: Vec::new(),
        found: Template::default(),
    };
    while let Some(rest) = parser.source.get(parser.at..).filter(|rest| !rest.is_empty()) {
        if let Some(inside) = rest.strip_prefix("{{") {
            parser.placeholder(inside)?;
        } else {
            parser.html(rest)?;
        }
    }
    if !parser.sections.is_empty() {
        return Err(parser.wrong("", "a section has no end"));
    }
    if parser.state != State::Data {
        return Err(parser.wrong("", "a tag, a comment or an element of text has no end"));
    }
    parser.literal_until(source.len());
    Ok(parser.found)
}

impl<'a> Parser<'a> {
    /// Goes on by one character, or by a whole mark. All marks are ASCII, so that `at` is between characters.
    fn html(&mut self, rest: &'a str) -> Result<(), TemplateError> {
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let (state, step) = match (self.state.clone(), rest.as_bytes()) {
            (_, [0, ..]) => return Err(self.wrong("", "a NUL is no HTML")),
            (State::Data, [b'<', ..]) => self.mark(rest)?,
            (State::Comment, [b'-', b'-', b'>', ..]) => (State::Data, 3),
            (State::Comment, [b'-', b'-', b'!', b'>', ..] | [b'<', b'!', b'-', b'-', ..]) => {
                return Err(self.wrong("", "ends or begins a comment in a comment"));
            }
            (State::Declaration, [b'>', ..]) => (State::Data, 1),
            (State::Text(name) | State::Raw(name), [b'<', b'/', ..]) if self.closes(name) => {
                if name == "style" {
                    self.found.styles.push(self.value..self.at);
                }
                self.element = 0..0;
                (State::Tag { is_spaced: false }, name.len().saturating_add(2))
            }
            // Half an end tag, a section, and the other half would be one.
            (State::Text(_), [b'<', ..]) => return Err(self.wrong("", "a tag in an element of text: write &lt;")),
            // Behind it the end tag of a script may be none (HTML, section 13.2.5.20).
            (State::Raw("script"), [b'<', b'!', b'-', b'-', ..]) => {
                return Err(self.wrong("", "a comment in a script"));
            }
            (State::Tag { .. } | State::Unquoted, [b'>', ..]) => (self.content()?, 1),
            (State::Tag { .. }, [b'/', b'>', ..]) => (State::Tag { is_spaced: false }, 1),
            (State::Tag { .. } | State::Unquoted, [b, ..]) if b.is_ascii_whitespace() => {
                (State::Tag { is_spaced: true }, 1)
            }
            (State::Tag { is_spaced: true }, _) => self.attribute(rest)?,
            (State::Tag { is_spaced: false }, _) => return Err(self.wrong("", "a tag is not well formed here")),
            (State::Unquoted, [b'"' | b'\'' | b'<' | b'=' | b'`', ..]) => {
                return Err(self.wrong("", "a value needs quotes"));
            }
            (State::Quoted(quote), [b, ..]) if *b == quote => (State::Tag { is_spaced: false }, 1),
            (state, _) => (state, first),
        };
        self.state = state;
        self.at = self.at.saturating_add(step);
        Ok(())
    }

    /// What a `<` between elements begins.
    fn mark(&mut self, rest: &'a str) -> Result<(State, usize), TemplateError> {
        let bytes = rest.as_bytes();
        if let Some(comment) = rest.strip_prefix("<!--") {
            // "<!-->" is a whole comment, and browsers read on behind it.
            if comment.starts_with('>') || comment.starts_with("->") {
                return Err(self.wrong("", "ends a comment where it begins"));
            }
            return Ok((State::Comment, 4));
        }
        match bytes {
            [b'<', b'!', ..] if rest.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case("doctype")) => {
                Ok((State::Declaration, 9))
            }
            [b'<', b'/' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
                let is_end = bytes.get(1) == Some(&b'/');
                let before = if is_end { 2 } else { 1 };
                let start = self.at.saturating_add(before);
                let is_name = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
                let length = bytes.iter().skip(before).take_while(is_name).count();
                if !bytes.get(before).is_some_and(u8::is_ascii_alphabetic) {
                    return Err(self.wrong("", "an end tag without a name"));
                }
                self.element = if is_end { 0..0 } else { start..start.saturating_add(length) };
                self.attribute = 0..0;
                Ok((State::Tag { is_spaced: false }, before.saturating_add(length)))
            }
            [b'<', b'!' | b'?', ..] => Err(self.wrong("", "a declaration other than <!DOCTYPE>")),
            // It is a character like any other: `a < b`.
            _ => Ok((State::Data, 1)),
        }
    }

    /// An attribute, up to the first of its value.
    fn attribute(&mut self, rest: &'a str) -> Result<(State, usize), TemplateError> {
        let bytes = rest.as_bytes();
        let blanks = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_whitespace()).count();
        let is_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'-' | b'_' | b':' | b'.' | b'@');
        let length = bytes.iter().take_while(is_name).count();
        if length == 0 {
            return Err(self.wrong("", "a tag is not well formed here"));
        }
        self.attribute = self.at..self.at.saturating_add(length);
        let equals = length.saturating_add(blanks(length));
        if bytes.get(equals) != Some(&b'=') {
            return Ok((State::Tag { is_spaced: false }, length));
        }
        let before = equals.saturating_add(1);
        let value = before.saturating_add(blanks(before));
        let (state, step) = match bytes.get(value) {
            Some(quote @ (b'"' | b'\'')) => (State::Quoted(*quote), value.saturating_add(1)),
            Some(b'>') | None => return Err(self.wrong("", "an attribute without its value")),
            Some(_) => (State::Unquoted, value),
        };
        self.value = self.at.saturating_add(step);
        Ok((state, step))
    }

    /// Whether the end tag of that element begins here: its name, and nothing of a longer one.
    fn closes(&self, name: &str) -> bool {
        let rest = self.source.get(self.at.saturating_add(2)..).unwrap_or_default();
        let is_name = rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        let after = rest.as_bytes().get(name.len());
        is_name && after.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
    }

    /// What follows the tag that ends here.
    fn content(&mut self) -> Result<State, TemplateError> {
        let element = self.source.get(self.element.clone()).unwrap_or_default();
        let is = |name: &&&'static str| element.eq_ignore_ascii_case(name);
        self.value = self.at.saturating_add(1);
        if REFUSED_ELEMENTS.iter().any(|name| is(&name)) {
            return Err(self.wrong("", "an element that browsers do not read alike"));
        }
        self.is_on_other_ground |= OTHER_GROUND.iter().any(|name| is(&name));
        let text = TEXT_ELEMENTS.iter().find(is).map(|name| State::Text(name));
        let Some(state) = text.or_else(|| RAW_ELEMENTS.iter().find(is).map(|name| State::Raw(name))) else {
            return Ok(State::Data);
        };
        match self.is_on_other_ground {
            true => Err(self.wrong("", "an element of text behind the beginning of an svg, math or select")),
            false => Ok(state),
        }
    }

    fn placeholder(&mut self, inside: &'a str) -> Result<(), TemplateError> {
        let Some((name, _)) = inside.split_once("}}") else {
            return Err(self.wrong("", "a placeholder has no end"));
        };
        // Else a value could become the name of an element.
        if self.source.get(..self.at).is_some_and(|before| before.ends_with('<')) {
            return Err(self.wrong(name, "stands where the name of an element would"));
        }
        let end = self.at.saturating_add(name.len()).saturating_add(4);
        self.literal_until(self.at);
        let piece = match name.as_bytes() {
            [b'#' | b'^', ..] => self.section(name)?,
            [b'/', ..] => self.end_of_section(name)?,
            _ => self.value(name)?,
        };
        self.found.pieces.push(piece);
        self.at = end;
        self.literal = end;
        Ok(())
    }

    fn section(&mut self, name: &'a str) -> Result<Piece, TemplateError> {
        let bare = name.get(1..).unwrap_or_default();
        let Some(value) = Value::from_name(bare) else { return Err(self.wrong(name, "is no placeholder")) };
        if !matches!(self.state, State::Data | State::Text(_)) {
            return Err(self.wrong(name, "begins a section in a tag, a comment or an element that holds no text"));
        }
        if self.sections.len() >= MAX_DEPTH {
            return Err(self.wrong(name, "is nested deeper than 8 sections"));
        }
        self.sections.push((bare, self.state.clone()));
        Ok(Piece::Section(value, name.starts_with('#')))
    }

    fn end_of_section(&mut self, name: &str) -> Result<Piece, TemplateError> {
        match self.sections.pop() {
            Some((begun, state)) if name.get(1..) == Some(begun) && state == self.state => Ok(Piece::End),
            Some((begun, _)) if name.get(1..) == Some(begun) => {
                Err(self.wrong(name, "ends a section in the middle of a tag or of another element"))
            }
            Some(_) | None => Err(self.wrong(name, "ends a section that is not the last one begun")),
        }
    }

    fn value(&self, name: &str) -> Result<Piece, TemplateError> {
        let asked = match (name, name.strip_prefix("text.")) {
            ("lang", _) => Some(Asked::Lang),
            ("dir", _) => Some(Asked::Dir),
            (_, Some(key)) => Text::from_key(key).filter(|text| *text != Text::TryAgainIn).map(Asked::Text),
            (_, None) => Value::from_name(name).map(Asked::Value),
        };
        let Some(asked) = asked else { return Err(self.wrong(name, "is no placeholder")) };
        let value = if let Asked::Value(value) = asked { Some(value) } else { None };
        let escape = match &self.state {
            State::Data => Escape::Html,
            State::Text(_) | State::Quoted(_) if matches!(value, Some(Value::Markup(_))) => {
                return Err(self.wrong(name, "is a piece of HTML: it stands between elements only"));
            }
            State::Text(_) => Escape::Html,
            State::Quoted(_) => self.in_attribute(name, value)?,
            State::Raw(_) | State::Comment | State::Declaration => {
                return Err(self.wrong(name, "stands in a style sheet, a script, a comment or a declaration"));
            }
            State::Tag { .. } | State::Unquoted => return Err(self.wrong(name, "stands in a tag without quotes")),
        };
        Ok(Piece::Placeholder(asked, escape))
    }

    fn in_attribute(&self, name: &str, value: Option<Value>) -> Result<Escape, TemplateError> {
        let attribute = self.source.get(self.attribute.clone()).unwrap_or_default().to_ascii_lowercase();
        let is_text =
            TEXT_ATTRIBUTES.contains(&&*attribute) || attribute.starts_with("aria-") || attribute.starts_with("data-");
        if is_text {
            return Ok(Escape::Html);
        }
        let element = self.source.get(self.element.clone()).unwrap_or_default();
        if attribute != "href" || !LINKS.iter().any(|link| element.eq_ignore_ascii_case(link)) {
            return Err(self.wrong(name, "stands in an attribute that takes none"));
        }
        let before = self.source.get(self.value..self.at).unwrap_or_default();
        match (value, before.split_once(['?', '#'])) {
            (Some(Value::Plain(_)), Some((link, _))) if is_link(link) => Ok(Escape::Percent),
            (Some(Value::Plain(_)), Some(_)) => {
                Err(self.wrong(name, "stands in a link that is neither http, https nor relative"))
            }
            (Some(_) | None, _) => Err(self.wrong(name, "stands in a link before its query, or is no plain value")),
        }
    }

    fn literal_until(&mut self, end: usize) {
        if self.literal < end {
            self.found.pieces.push(Piece::Literal(self.literal..end));
        }
    }

    fn wrong(&self, name: &str, why: &'static str) -> TemplateError {
        TemplateError::new(self.source, self.at, name, why)
    }
}

/// Whether this, which stands before a query or a fragment, makes a link that is no program. White space and controls are left
/// out by who reads it (URL, section 4.4), a backslash is a slash, and `&` may begin any character; so none of them is taken.
fn is_link(before: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'&' | b'\\');
    let scheme = before.split(['/', '?', '#']).next().unwrap_or_default().split_once(':').map(|(scheme, _)| scheme);
    before.bytes().all(is_plain)
        && scheme.is_none_or(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// A template that cannot be used: what is wrong, and where.
///
/// ```
/// use badgateway::reply::{Page, Strings};
/// let error = Page::template("<h1>\n  {{haedline}}</h1>", &Strings::default()).unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 3: {{haedline}} is no placeholder");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {}{why}", shown(.name))]
pub struct TemplateError {
    name: String,
    line: usize,
    column: usize,
    why: &'static str,
}

fn shown(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{{{{{name}}}}} ") }
}

impl TemplateError {
    fn new(source: &str, at: usize, name: &str, why: &'static str) -> Self {
        let before = crate::sink::bounded(source, at);
        let line = before.bytes().filter(|&b| b == b'\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        Self { name: crate::sink::bounded(name, 64).to_owned(), line, column, why }
    }

    /// The placeholder, at most 64 bytes of it. Empty if it is none that is wrong.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}
