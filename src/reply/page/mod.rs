//! The body as a page for a browser: it says what happened, where, and what one can do.
//!
//! Self-contained. No script and no external asset: the policy in its head allows its own style
//! sheets, by their hashes, and nothing else.
//!
//! The page is a [template](standard.html) like any that a user brings: [`template`] reads it, [`value`] is the table of
//! what it can ask for, [`strings`] has its texts.

mod findings;
mod sha256;
mod strings;
mod template;
mod time;
mod value;
mod way;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::fault::ErrorType;

use self::findings::Findings;
use self::strings::{Text, Word, index, word_index};
use self::template::{Asked, Escape, Piece};
use self::value::{Answer, Value};
use super::Reply;
use super::sf;
use crate::sink::Sink;

pub use self::strings::{InvalidString, Strings};
pub use self::template::TemplateError;

/// The most bytes that one value takes on a page, after its escape.
const MAX_SHOWN: usize = 256;
/// Room for the values of a page, and for a diagnosis.
const ROOM: usize = 1536;
const ROOM_FOR_FINDINGS: usize = 3072;

/// The built-in template, also a beginning for one's own.
const STANDARD: &str = include_str!("standard.html");

/// The HTML page: the [built-in one](Self::standard), in any language, or one of your own design.
///
/// A template is HTML with placeholders in double braces. It is read once; every value is escaped for the place it
/// stands in, and a placeholder in a place where no escape holds is an error.
///
/// | placeholder | what it becomes |
/// |---|---|
/// | `status`, `reason` | `502`, `Bad Gateway` |
/// | `headline`, `explanation` | what happened, in a few words and in a sentence |
/// | `place`, `advice` | where it stopped; whether it is temporary and when to try again |
/// | `again` | words for a link to the same page; there only where that makes sense |
/// | `retry_after` | seconds |
/// | `gateway`, `error` | our name and the RFC 9209 type, as in `Proxy-Status` |
/// | `reference`, `time` | [`Exchange::reference`](crate::Exchange::reference) and [`Exchange::time`](crate::Exchange::time) |
/// | `code`, `class` | from [`Disclosure::Details`](crate::reply::Disclosure) on |
/// | `next_hop` | with [`Disclosure::Trusted`](crate::reply::Disclosure) |
/// | `way` | HTML: the way as a list with classes `ok`, `bad`, `idle`, `link` |
/// | `facts`, `causes`, `steps` | HTML: what may be told, as lists; see [`diagnose`](mod@crate::diagnose) |
/// | `lang`, `dir`, `text.KEY` | of the [`Strings`] |
///
/// `{{#reference}}...{{/reference}}` is there only with a reference, `{{^reference}}...{{/reference}}` only without; so for
/// every value. The `style` elements of a template are allowed by their hashes in `Content-Security-Policy`; for anything
/// else (images, fonts) give a policy of your own [with](Self::with_policy) it.
///
/// ```
/// use badgateway::reply::{Page, Strings};
/// use badgateway::{Exchange, Fault, FaultKind, Gateway};
///
/// let template = r#"<!DOCTYPE html><html lang="{{lang}}"><title>{{status}}</title><h1>{{headline}}</h1>
/// {{#reference}}<a href="mailto:help@shop.example?subject={{reference}}">Write to us</a>{{/reference}}</html>"#;
/// let gateway = Gateway::new("gw").unwrap().with_page(Page::template(template, &Strings::default()).unwrap());
///
/// let request = http::Request::get("/").header("accept", "text/html").body(()).unwrap();
/// let mut exchange = Exchange::of(&request);
/// exchange.reference = Some("a&b".into());
/// let response = gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange);
/// let page = std::str::from_utf8(response.body()).unwrap();
/// assert!(page.contains("<h1>The service could not be reached</h1>\n<a href=\"mailto:help@shop.example?subject=a%26b\">"));
/// ```
#[derive(Clone)]
pub struct Page {
    inner: Arc<Inner>,
}

struct Inner {
    /// All that is fixed, piece after piece.
    fixed: String,
    pieces: Vec<Part>,
    texts: Texts,
    policy: HeaderValue,
    /// Whether a diagnosis is asked for.
    finds: bool,
}

/// A piece of a template with its texts in their places.
#[derive(Clone, Copy)]
enum Part {
    /// So much more of what is fixed.
    Fixed(usize),
    Value(Value, Escape),
    /// What follows is for when there is such a value, or none; else so many parts and so much of what is fixed are left out.
    Section {
        value: Value,
        wanted: bool,
        parts: usize,
        fixed: usize,
    },
}

/// The texts, escaped.
pub(crate) struct Texts(Vec<Cow<'static, str>>);

impl Texts {
    fn get(&self, text: Text) -> &str {
        self.0.get(index(text)).map_or("", AsRef::as_ref)
    }

    fn word(&self, word: Word, error_type: Option<ErrorType>) -> &str {
        self.0.get(word_index(word, error_type)).map_or("", AsRef::as_ref)
    }
}

impl Default for Page {
    /// The built-in page in English.
    fn default() -> Self {
        Self::standard(&Strings::default())
    }
}

impl Page {
    /// The source of the built-in page: a beginning for a template of your own.
    pub const STANDARD: &'static str = STANDARD;

    /// The built-in page with these texts.
    #[must_use]
    pub fn standard(strings: &Strings) -> Self {
        // It parses: a test holds it to that.
        Self::template(STANDARD, strings).unwrap_or_else(|_| Self::made("", &template::Template::default(), strings))
    }

    /// A page of your own design.
    ///
    /// # Errors
    ///
    /// What is wrong with the template, by line and column: a placeholder that there is not, or where no escape holds
    /// (a style sheet, a script, a comment, an attribute without quotes or that is a program, a link that is not http, https,
    /// mailto or relative), a section without its end, more than 64 KiB. And HTML that browsers take as an error, or not
    /// alike: what a template means must be the same to everybody who reads it.
    pub fn template(template: &str, strings: &Strings) -> Result<Self, TemplateError> {
        Ok(Self::made(template, &template::parse(template)?, strings))
    }

    /// With another `Content-Security-Policy` than the one made for the template. Its job is then yours.
    #[must_use]
    pub fn with_policy(self, policy: HeaderValue) -> Self {
        let Inner { fixed, pieces, texts, finds, .. } = &*self.inner;
        let (fixed, pieces, finds) = (fixed.clone(), pieces.clone(), *finds);
        Self { inner: Arc::new(Inner { fixed, pieces, texts: Texts(texts.0.clone()), policy, finds }) }
    }

    /// The `Content-Security-Policy` that the page is sent with.
    #[must_use]
    pub fn policy(&self) -> &HeaderValue {
        &self.inner.policy
    }

    fn made(source: &str, template: &template::Template, strings: &Strings) -> Self {
        let texts = Texts(strings.escaped());
        let mut inner = Inner {
            fixed: String::with_capacity(source.len()),
            pieces: Vec::new(),
            policy: policy(template.styles.iter().filter_map(|style| source.get(style.clone()))),
            finds: false,
            texts,
        };
        let mut sections = Vec::new();
        for piece in &template.pieces {
            match piece {
                Piece::Literal(range) => inner.fix(source.get(range.clone()).unwrap_or_default()),
                Piece::Placeholder(Asked::Text(text), _) => {
                    let text = inner.texts.get(*text).to_owned();
                    inner.fix(&text);
                }
                Piece::Placeholder(Asked::Lang, _) => inner.fix(strings.lang()),
                Piece::Placeholder(Asked::Dir, _) => inner.fix(strings.dir()),
                Piece::Placeholder(Asked::Value(value), escape) => {
                    inner.finds |= value.is_found();
                    inner.pieces.push(Part::Value(*value, *escape));
                }
                Piece::Section(value, wanted) => {
                    inner.finds |= value.is_found();
                    sections.push((inner.pieces.len(), inner.fixed.len()));
                    // How much it is, is known at its end.
                    inner.pieces.push(Part::Section { value: *value, wanted: *wanted, parts: 0, fixed: 0 });
                }
                Piece::End => {
                    let Some((at, before)) = sections.pop() else { continue };
                    let (end, long) = (inner.pieces.len(), inner.fixed.len());
                    if let Some(Part::Section { parts, fixed, .. }) = inner.pieces.get_mut(at) {
                        *parts = end.saturating_sub(at).saturating_sub(1);
                        *fixed = long.saturating_sub(before);
                    }
                    // What follows must not melt into the section.
                    inner.pieces.push(Part::Fixed(0));
                }
            }
        }
        Self { inner: Arc::new(inner) }
    }

    /// How many bytes to reserve.
    pub(crate) fn room(&self, reply: &Reply<'_>) -> usize {
        let findings = self.inner.finds && reply.disclosure > super::Disclosure::Token;
        self.inner.fixed.len().saturating_add(ROOM).saturating_add(if findings { ROOM_FOR_FINDINGS } else { 0 })
    }

    pub(crate) fn write(&self, reply: &Reply<'_>, out: &mut Vec<u8>) {
        let Inner { fixed, pieces, texts, finds, .. } = &*self.inner;
        let findings = if *finds { Findings::of(reply) } else { Findings::default() };
        let answer = Answer { reply, texts, findings: &findings };
        let mut left = fixed.as_str();
        let mut parts = pieces.as_slice();
        while let Some((part, rest)) = parts.split_first() {
            parts = rest;
            match *part {
                Part::Fixed(length) => {
                    let (text, rest) = left.split_at_checked(length).unwrap_or((left, ""));
                    out.put(text);
                    left = rest;
                }
                Part::Value(value, escape) => answer.write(value, escape, out),
                Part::Section { value, wanted, .. } if answer.has(value) == wanted => {}
                Part::Section { parts: skipped, fixed, .. } => {
                    parts = parts.get(skipped..).unwrap_or(&[]);
                    left = left.get(fixed..).unwrap_or("");
                }
            }
        }
    }
}

impl Inner {
    /// Adds what is fixed, to the part before it if that is fixed as well.
    fn fix(&mut self, text: &str) {
        self.fixed.push_str(text);
        match self.pieces.last_mut() {
            Some(Part::Fixed(length)) => *length = length.saturating_add(text.len()),
            Some(Part::Value(..) | Part::Section { .. }) | None => self.pieces.push(Part::Fixed(text.len())),
        }
    }
}

/// A policy that allows these style sheets and nothing else. No `frame-ancestors`: where the page that failed was to be in
/// a frame, the visitor should read this one there.
fn policy<'a>(styles: impl Iterator<Item = &'a str>) -> HeaderValue {
    let mut out = Vec::new();
    out.put("default-src 'none'; ");
    let mut first = true;
    for style in styles {
        out.put(if first { "style-src '" } else { " '" });
        out.put("sha256-");
        // A browser hashes what its parser gave it, in which there is no CR (HTML, section 13.2.3.5).
        let text = style.replace("\r\n", "\n").replace('\r', "\n");
        sf::base64(&mut out, &sha256::sha256(text.as_bytes()));
        out.put("'");
        first = false;
    }
    out.put(if first { "" } else { "; " });
    out.put("base-uri 'none'; form-action 'none'");
    // All of it is printable ASCII.
    HeaderValue::from_maybe_shared(bytes::Bytes::from(out)).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("bytes", &self.inner.fixed.len()).field("policy", &self.inner.policy).finish()
    }
}

impl Reply<'_> {
    pub(crate) fn write_page(&self, out: &mut Vec<u8>) {
        self.page.write(self, out);
    }
}
