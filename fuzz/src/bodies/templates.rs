//! Any template of a page, any values: what is refused is refused at a place in it; a page is its template with each value as it is
//! alone, and no value is more than text.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use badgateway::diagnose::Context;
use badgateway::fault::{Evidence, Fault, FaultKind};
use badgateway::reply::{Disclosure, Page, Strings, TemplateError};
use badgateway::{Exchange, Gateway};
use http::{Method, Request};

use super::{Choices, show};

/// What a value is, and so where it may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In the query of a link, too.
    Plain,
    Said,
    /// HTML of ours: between elements only.
    Markup,
    /// A text of the strings, of which there is no section.
    Text,
}

const KINDS: [(Kind, &[&str]); 3] = [
    (
        Kind::Plain,
        &["status", "reason", "retry_after", "gateway", "error", "reference", "time", "code", "class", "next_hop"],
    ),
    (Kind::Said, &["headline", "explanation", "place", "advice", "again"]),
    (Kind::Markup, &["way", "facts", "causes", "steps"]),
];
/// Stands between values: a control character, which is in none of them.
const BETWEEN: char = '\u{1f}';
/// What the most of one value takes.
const MOST: usize = 8 << 10;

/// A fault, a disclosure, which values there are, a key of the texts; then five short texts (the reference, the next hop, an
/// error's, one for the key, the language), each behind its length; then the template.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let mut choices = Choices(data);
    let case = Case::read(&mut choices);
    let Ok(template) = std::str::from_utf8(choices.0) else { return };
    let page = Page::template(template, &case.strings);
    match (&page, &Page::template(template, &case.strings)) {
        (Ok(one), Ok(two)) => {
            assert_eq!(one.policy(), two.policy(), "{}", show(data));
            assert_eq!(case.write(one), case.write(two), "{}", show(data));
        }
        (Err(one), Err(two)) => assert_eq!(one, two, "{}", show(data)),
        _ => panic!("not the same twice: {}", show(data)),
    }
    match page {
        Ok(page) => written(&case, template, &page, data),
        Err(error) => refused(template, &error, data),
    }
}

/// The place is in the template, and the name is what stands there.
fn refused(template: &str, error: &TemplateError, data: &[u8]) {
    let line = error.line().checked_sub(1).and_then(|line| template.split('\n').nth(line));
    let line = line.unwrap_or_else(|| panic!("{error}: no such line in {}", show(data)));
    let before: usize = line.chars().take(error.column() - 1).map(char::len_utf8).sum();
    assert!(error.column() <= line.chars().count() + 1, "{error}: {}", show(data));
    assert!(error.name().len() <= 64, "{error}: {}", show(data));
    if !error.name().is_empty() {
        // A name may have more than one line.
        let start: usize = template.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
        let there = template[start + before..].strip_prefix("{{");
        assert!(there.is_some_and(|there| there.starts_with(error.name())), "{error}: {}", show(data));
    }
    let place = format!("line {}, column {}: ", error.line(), error.column());
    assert!(error.to_string().starts_with(&place), "{error}");
}

fn written(case: &Case, template: &str, page: &Page, data: &[u8]) {
    let body = case.write(page);
    let most = template.len() + template.matches("{{").count() * MOST;
    assert!(body.len() <= most, "{} bytes: {}", body.len(), show(data));
    let policy = page.policy().to_str().expect("printable");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}: {}", show(data));
    let lower = template.to_ascii_lowercase();
    let sheets = lower.matches("<style").count();
    let hashes = policy.matches("'sha256-").count();
    assert!(hashes <= sheets, "{policy}: {}", show(data));
    // Where nothing can hide them, all of them.
    if !lower.contains(['"', '\'']) && !lower.contains("<!--") && !lower.contains("<script") {
        let is_tag = |after: &str| after.starts_with(|c: char| c.is_ascii_whitespace() || "/>".contains(c));
        let (mut sheets, mut is_in) = (0, false);
        for part in lower.split('<').skip(1) {
            let tag = if is_in { "/style" } else { "style" };
            if part.strip_prefix(tag).is_some_and(is_tag) {
                is_in = !is_in;
                sheets += usize::from(is_in);
            }
        }
        assert_eq!(hashes, sheets, "{policy}: {}", show(data));
    }

    Alone::of(case, template, data).is(template, &body, data);
    // Who may not be told where the request went is not.
    if case.disclosure < Disclosure::Trusted {
        let mut other = case.clone();
        other.exchange.next_hop = Some("other.internal".into());
        assert_eq!(other.write(page), body, "the next hop is told: {}", show(data));
    }
    let other_policy = page.clone().with_policy(http::HeaderValue::from_static("default-src 'self'"));
    assert_eq!(case.write(&other_policy), body, "{}", show(data));
}

// ---- a page, from its values ----------------------------------------------------------------------------

/// Each value as it is alone: as content, and in the query of a link.
struct Alone(HashMap<String, (String, Option<String>, bool)>);

impl Alone {
    /// Whether a page is its template with each placeholder replaced by what it is alone. In which of its two forms, only a
    /// reader of HTML can say; each leads to one place or none.
    fn is(&self, template: &str, page: &str, data: &[u8]) {
        let (mut places, mut rest, mut shown) = (vec![0], template, vec![true]);
        while !rest.is_empty() {
            let Some((name, after)) = rest.strip_prefix("{{").map(|rest| rest.split_once("}}").expect("it was taken"))
            else {
                let (literal, after) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
                rest = after;
                if shown.last() == Some(&true) {
                    places = step(&places, page, &[literal]);
                    assert!(!places.is_empty(), "{literal:?} is not there: {page}\n{}", show(data));
                }
                continue;
            };
            rest = after;
            match name.as_bytes() {
                [mark @ (b'#' | b'^'), ..] => {
                    let (_, _, is_there) = &self.0[&name[1..]];
                    let is_wanted = *is_there == (*mark == b'#');
                    shown.push(is_wanted && shown.last() == Some(&true));
                }
                [b'/', ..] => drop(shown.pop()),
                _ if shown.last() == Some(&true) => {
                    let (content, query, _) = &self.0[name];
                    let forms = [content.as_str(), query.as_deref().unwrap_or(content)];
                    let next = step(&places, page, &forms);
                    assert!(!next.is_empty(), "{{{{{name}}}}} is none of {forms:?}: {page}\n{}", show(data));
                    places = next;
                }
                _ => {}
            }
        }
        assert!(places.contains(&page.len()), "something behind: {page}\n{}", show(data));
    }

    /// All values that a template asks for, on one page with something between them that no value has.
    fn of(case: &Case, template: &str, data: &[u8]) -> Self {
        let names = template.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
        let names: BTreeSet<&str> = names.map(|(name, _)| name.trim_start_matches(['#', '^', '/'])).collect();
        let kind =
            |name: &str| KINDS.iter().find(|(_, names)| names.contains(&name)).map_or(Kind::Text, |(kind, _)| *kind);
        let mut all = String::new();
        for name in &names {
            let kind = kind(name);
            let quoted = if kind == Kind::Markup { "" } else { &format!("<p title='{{{{{name}}}}}'>") };
            let query = if kind == Kind::Plain { &format!("<a href=\"?{{{{{name}}}}}\">") } else { "" };
            let there = if kind == Kind::Text { "1" } else { &format!("{{{{#{name}}}}}1{{{{/{name}}}}}") };
            all.push_str(&format!("{{{{{name}}}}}{BETWEEN}{quoted}{BETWEEN}{query}{BETWEEN}{there}{BETWEEN}"));
        }
        let page = Page::template(&all, &case.strings).expect("each was taken");
        let page = case.write(&page);
        let forms: Vec<&str> = page.split(BETWEEN).collect();
        assert_eq!(forms.len(), names.len() * 4 + 1, "{}", show(data));
        let mut values = HashMap::new();
        for (name, forms) in names.into_iter().zip(forms.chunks(4)) {
            let [content, quoted, query, there] = *forms else { panic!("{forms:?}") };
            let query = (kind(name) == Kind::Plain).then(|| query[10..query.len() - 2].to_owned());
            if kind(name) == Kind::Markup {
                is_sound(content, data);
            } else {
                assert!(there == "1" || content.is_empty(), "{name}: {}", show(data));
                // In quotes it is as it is as content.
                assert_eq!(quoted, format!("<p title='{content}'>"), "{name}: {}", show(data));
                is_text(content, data);
            }
            if let Some(query) = &query {
                is_query(query, data);
            }
            case.is_told(name, content, query.as_deref(), data);
            values.insert(name.to_owned(), (content.to_owned(), query, there == "1"));
        }
        Self(values)
    }
}

/// Where one of these ends, from any of those places on.
fn step(places: &[usize], page: &str, forms: &[&str]) -> Vec<usize> {
    let ends = |place: &usize| {
        let rest = &page[*place..];
        let place = *place;
        forms.iter().filter(move |form| rest.starts_with(**form)).map(move |form| place + form.len())
    };
    let mut ends: Vec<usize> = places.iter().flat_map(ends).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

// ---- what a value may be --------------------------------------------------------------------------------

const ENTITIES: [(&str, char); 5] = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("#39;", '\'')];

/// Text: no mark, no control, `&` before the name of a mark only.
fn is_text(text: &str, data: &[u8]) {
    assert!(!text.contains(['<', '>', '"', '\'']), "{text:?}: {}", show(data));
    assert!(!text.chars().any(char::is_control), "{text:?}: {}", show(data));
    for after in text.split('&').skip(1) {
        assert!(ENTITIES.iter().any(|(name, _)| after.starts_with(name)), "{text:?}: {}", show(data));
    }
}

fn is_query(text: &str, data: &[u8]) {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let is_hex = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_hexdigit());
        let is_coded = b == b'%' && is_hex(bytes.next()) && is_hex(bytes.next());
        assert!(is_coded || b.is_ascii_alphanumeric() || b"-._~".contains(&b), "{text:?}: {}", show(data));
    }
    assert!(text.len() <= 256, "{text:?}: {}", show(data));
}

/// HTML of ours: elements that hold text, each with its end, attributes in quotes, and text in them.
fn is_sound(html: &str, data: &[u8]) {
    let elements = ["ol", "ul", "li", "dl", "dt", "dd", "code", "span", "div", "b", "i", "svg", "path", "p", "strong"];
    let mut open = Vec::new();
    let mut parts = html.split('<');
    let mut texts = vec![parts.next().unwrap_or("")];
    for part in parts {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("{html:?}: {}", show(data)));
        texts.push(text);
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html:?}: {}", show(data)),
            None => {
                let whole = tag.strip_suffix('/').unwrap_or(tag);
                let (name, attributes) = whole.split_once(' ').unwrap_or((whole, ""));
                assert!(elements.contains(&name), "<{name}> in {html:?}: {}", show(data));
                if whole == tag {
                    open.push(name);
                }
                let quoted: Vec<&str> = attributes.split('"').collect();
                assert!(quoted.len() % 2 == 1, "{html:?}: {}", show(data));
                texts.extend(quoted.iter().skip(1).step_by(2));
                let named = |text: &&str| text.is_empty() || text.ends_with('=');
                assert!(quoted.iter().step_by(2).all(named), "{html:?}: {}", show(data));
            }
        }
    }
    assert!(open.is_empty(), "{html:?}: {}", show(data));
    texts.iter().for_each(|text| is_text(&text.replace('\n', ""), data));
}

/// What may not be shown as it is: enough of it to tell whether anybody looks.
fn is_hidden(c: char) -> bool {
    c.is_control() || "\u{ad}\u{61c}\u{200b}\u{200e}\u{2028}\u{202e}\u{2060}\u{2066}\u{feff}\u{fe0f}".contains(c)
}

/// As a browser shows it.
fn read(content: &str) -> String {
    let mut out = String::new();
    for (n, part) in content.split('&').enumerate() {
        let entity = ENTITIES.iter().find_map(|(name, c)| part.strip_prefix(name).map(|rest| (*c, rest)));
        match entity.filter(|_| n > 0) {
            Some((c, rest)) => {
                out.push(c);
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out
}

// ---- inputs ---------------------------------------------------------------------------------------------

#[derive(Clone)]
struct Case {
    fault: Fault,
    disclosure: Disclosure,
    exchange: Exchange,
    evidence: String,
    strings: Strings,
}

impl Case {
    fn read(choices: &mut Choices<'_>) -> Self {
        let kind = FaultKind::ALL[usize::from(choices.byte()) % FaultKind::ALL.len()];
        let disclosure =
            [Disclosure::Token, Disclosure::Details, Disclosure::Trusted][usize::from(choices.byte() & 0xf) % 3];
        let (with, key) = (choices.byte(), usize::from(choices.byte()));
        let mut text = || String::from_utf8_lossy(choices.text()).into_owned();
        let (reference, next_hop, evidence, text, lang) = (text(), text(), text(), text(), text());
        let method = if with & 1 == 0 { Method::GET } else { Method::POST };
        let request = Request::builder().method(method).header("accept", "text/html").body(());
        let mut exchange = Exchange::of(&request.expect("it is one"));
        exchange.reference = (with & 2 != 0).then(|| reference.into());
        exchange.next_hop = (with & 4 != 0).then(|| next_hop.into());
        exchange.retry_after = (with & 8 != 0).then(|| Duration::from_secs(1 << (key % 60)));
        let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << (key % 40)));
        exchange.time = date.filter(|_| with & 16 != 0);
        let strings = strings(&lang, with & 32 != 0, key, &text);
        Self { fault: Fault::new(kind), disclosure, exchange, evidence, strings }
    }

    fn write(&self, page: &Page) -> String {
        let gateway = Gateway::new("gw & <co>").expect("a fine name").with_disclosure(self.disclosure);
        let gateway = gateway.with_page(page.clone());
        let evidence = Evidence::new().with_text("error", &self.evidence);
        let response = gateway.answer_diagnosed(&self.fault, &self.exchange, &evidence, &Context::default());
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["content-security-policy"], page.policy());
        assert_eq!(response.headers()["content-length"], response.body().len().to_string().as_str());
        String::from_utf8(response.body().to_vec()).expect("UTF-8")
    }

    /// A value of a peer's is what it was, with U+FFFD for what may not be shown, as far as there is room; and there only for
    /// whom it is.
    fn is_told(&self, name: &str, content: &str, query: Option<&str>, data: &[u8]) {
        let Exchange { reference, next_hop, .. } = &self.exchange;
        let (text, is_for) = match name {
            "reference" => (reference, true),
            "next_hop" => (next_hop, self.disclosure == Disclosure::Trusted),
            _ => return,
        };
        let text = text.as_deref().filter(|_| is_for).unwrap_or("");
        let shown = read(content);
        let shown = shown.strip_suffix('\u{2026}').unwrap_or(&shown);
        let same =
            |(was, is): (char, char)| if is_hidden(was) { is == '\u{fffd}' } else { is == was || is == '\u{fffd}' };
        assert!(text.chars().zip(shown.chars()).all(same), "{text:?} is {content:?}: {}", show(data));
        assert!(shown.chars().count() <= text.chars().count(), "{text:?} is {content:?}: {}", show(data));
        assert!(content.len() <= 256 + '\u{2026}'.len_utf8(), "{content:?}: {}", show(data));
        let is_whole = text.chars().count() == shown.chars().count();
        assert!(is_whole || text.len() * 6 > 128, "{text:?} is {content:?}: {}", show(data));
        assert_eq!(query.is_some_and(str::is_empty), text.is_empty(), "{text:?} is {query:?}: {}", show(data));
    }
}

/// Texts with one of their own: what is no text, or no language, is refused.
fn strings(lang: &str, right_to_left: bool, key: usize, text: &str) -> Strings {
    let is_tag = (1..=35).contains(&lang.len()) && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let named = Strings::new(lang);
    assert_eq!(named.is_ok(), is_tag, "{lang:?}");
    let mut strings = named.unwrap_or_default();
    if right_to_left {
        strings = strings.right_to_left();
    }
    let (key, _) = Strings::keys().nth(key % Strings::keys().count()).expect("there is one");
    let is_text = !text.trim().is_empty()
        && text.len() <= 512
        && !text.chars().any(char::is_control)
        && (key != "try_again_in" || text.contains("{time}"));
    assert_eq!(strings.set(&key, text).is_ok(), is_text, "{key}: {text:?}");
    assert_eq!(strings.missing().any(|missing| missing == key), !is_text);
    strings
}
