//! A small checker of HTML: every tag is closed in its order, and nothing is there that a page may not have.

/// Elements without an end tag (HTML, section 13.1.2).
const VOID: [&str; 3] = ["meta", "br", "img"];
const ELEMENTS: [&str; 31] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "p",
    "h1",
    "h2",
    "h3",
    "figure",
    "figcaption",
    "ol",
    "li",
    "b",
    "i",
    "span",
    "svg",
    "path",
    "dl",
    "dt",
    "dd",
    "code",
    "a",
    "div",
    "section",
    "header",
    "footer",
    "ul",
    "strong",
];
const ATTRIBUTES: [&str; 13] = [
    "lang",
    "dir",
    "charset",
    "name",
    "content",
    "class",
    "role",
    "aria-label",
    "aria-hidden",
    "viewBox",
    "d",
    "href",
    "id",
];
const ENTITIES: [&str; 5] = ["amp;", "lt;", "gt;", "quot;", "#39;"];

/// The start tags in order, or what is wrong.
pub(crate) fn tags(page: &str) -> Result<Vec<String>, String> {
    let rest = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (mut open, mut seen) = (Vec::<&str>::new(), Vec::new());
    let mut rest = rest;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at], open.last() == Some(&"style"))?;
        let (tag, after) = rest[at + 1..].split_once('>').ok_or("a tag without its end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => continue,
                last => return Err(format!("</{name}> after {last:?}")),
            }
        }
        let is_closed = tag.ends_with('/');
        let name = tag.trim_end_matches('/').split(' ').next().unwrap();
        if !ELEMENTS.contains(&name) {
            return Err(format!("<{tag}>"));
        }
        check_attributes(tag.trim_end_matches('/')[name.len()..].trim_start())?;
        seen.push(name.to_owned());
        if !is_closed && !VOID.contains(&name) {
            open.push(name);
        }
    }
    check_text(rest, false)?;
    if open.is_empty() { Ok(seen) } else { Err(format!("open at the end: {open:?}")) }
}

fn check_text(text: &str, is_style: bool) -> Result<(), String> {
    if !is_style && text.contains('>') {
        return Err(format!("a bare > in {text:?}"));
    }
    if let Some(c) = text.chars().find(|&c| c.is_control() && c != '\n') {
        return Err(format!("{c:?} in {text:?}"));
    }
    match text.split('&').skip(1).find(|after| !ENTITIES.iter().any(|entity| after.starts_with(entity))) {
        Some(after) => Err(format!("a bare & before {after:?}")),
        None => Ok(()),
    }
}

fn check_attributes(mut rest: &str) -> Result<(), String> {
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or(format!("an attribute without a value: {rest:?}"))?;
        if !ATTRIBUTES.contains(&name) {
            return Err(format!("the attribute {name:?}"));
        }
        let (value, after) = after.split_once('"').ok_or("a value without its end")?;
        check_text(value, false)?;
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    Ok(())
}

/// The headings' levels, in order.
pub(crate) fn headings(tags: &[String]) -> Vec<u8> {
    tags.iter().filter_map(|tag| tag.strip_prefix('h')?.parse().ok()).collect()
}

/// What a reader of the page sees: no tags, no style sheet.
pub(crate) fn text(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap_or((page, ""));
    let after = rest.split_once("</style>").map_or("", |(_, after)| after);
    let mut out = String::new();
    let mut inside = false;
    for c in before.chars().chain(after.chars()) {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let page = |body: &str| format!("<!DOCTYPE html>\n<html lang=\"en\">{body}</html>\n");
    assert_eq!(tags(&page("<h1 class=\"a b\">x &amp; y</h1>")).unwrap(), ["html", "h1"]);
    for wrong in [
        "<p>",
        "</p>",
        "<p><b></p></b>",
        "<script></script>",
        "<p onclick=\"x\"></p>",
        "<p class=x></p>",
        "a & b",
        "a > b",
        "<p class=\"a&b\"></p>",
        "\u{7}",
        "<p",
        "<img src=\"x\">",
    ] {
        assert!(tags(&page(wrong)).is_err(), "{wrong}");
    }
}
