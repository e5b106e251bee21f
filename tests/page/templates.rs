//! Templates of one's own: what is taken, what is refused and where, and that every value is escaped for its place.

use badgateway::reply::{Disclosure, Page, Strings};
use badgateway::{Exchange, Fault, FaultKind};
use http::HeaderValue;
use proptest::prelude::*;

use super::cases::{body, gateway, get};

fn refused(template: &str) -> String {
    Page::template(template, &Strings::default()).expect_err(template).to_string()
}

/// What a template becomes.
fn made(template: &str, disclosure: Disclosure, exchange: &Exchange) -> String {
    let page = Page::template(template, &Strings::default()).unwrap_or_else(|error| panic!("{error}: {template}"));
    body(&gateway(disclosure).with_page(page).answer_fault(&Fault::new(FaultKind::ConnectionRefused), exchange))
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (template, error) in [
        ("{{statsu}}", "line 1, column 1: {{statsu}} is no placeholder"),
        ("<p>\n é{{ status }}", "line 2, column 3: {{ status }} is no placeholder"),
        ("{{}}", "line 1, column 1: is no placeholder"),
        ("{{status", "line 1, column 1: a placeholder has no end"),
        ("{{text.nothing}}", "line 1, column 1: {{text.nothing}} is no placeholder"),
        // It has a placeholder of its own, which `advice` fills.
        ("{{text.try_again_in}}", "line 1, column 1: {{text.try_again_in}} is no placeholder"),
        ("{{#reference}}a", "line 1, column 16: a section has no end"),
        ("{{/reference}}", "line 1, column 1: {{/reference}} ends a section that is not the last one begun"),
        (
            "{{#reference}}{{#time}}{{/reference}}{{/time}}",
            "line 1, column 24: {{/reference}} ends a section that is not the last one begun",
        ),
        ("{{#text.you}}{{/text.you}}", "line 1, column 1: {{#text.you}} is no placeholder"),
        (
            "{{#time}}<p title=\"{{/time}}\">",
            "line 1, column 20: {{/time}} ends a section in the middle of a tag or of another element",
        ),
        (
            "<p {{#time}}hidden{{/time}}>",
            "line 1, column 4: {{#time}} begins a section in a tag, a comment or an element that holds no text",
        ),
        (
            "<style>p{color:{{status}}}</style>",
            "line 1, column 16: {{status}} stands in a style sheet, a script, a comment or a declaration",
        ),
        ("<p", "line 1, column 3: a tag, a comment or an element of text has no end"),
        ("<title>x", "line 1, column 9: a tag, a comment or an element of text has no end"),
    ] {
        assert_eq!(refused(template), error, "{template}");
    }
    let long = "a".repeat((64 << 10) + 1);
    assert_eq!(refused(&long), "line 1, column 65537: the template is longer than 64 KiB");
    assert!(Page::template(&long[1..], &Strings::default()).is_ok());
    let nested = |depth: usize| "{{#time}}".repeat(depth) + &"{{/time}}".repeat(depth);
    assert!(Page::template(&nested(8), &Strings::default()).is_ok());
    assert_eq!(refused(&nested(9)), "line 1, column 73: {{#time}} is nested deeper than 8 sections");
}

#[test]
fn a_placeholder_stands_only_where_its_escape_holds() {
    for (before, after) in [
        ("<script>", "</script>"),
        ("<SCRIPT type=a>let a = '", "'</SCRIPT>"),
        ("<style>", "</style>"),
        ("<noscript>", "</noscript>"),
        ("<iframe>", "</iframe>"),
        ("<!--", "-->"),
        ("<!DOCTYPE ", ">"),
        ("<", ">"),
        ("</", ">"),
        ("<p ", ">"),
        ("<p class=", ">"),
        ("<p class = a", ">"),
        ("<p onclick=\"", "\">"),
        ("<p ONCLICK='", "'>"),
        ("<p style=\"", "\">"),
        ("<iframe srcdoc=\"", "\">"),
        ("<img src=\"/x?", "\">"),
        ("<form action=\"?", "\">"),
        ("<meta content=\"0;url=?", "\">"),
        ("<a href=\"", "\">"),
        ("<a href=\"https://", "\">"),
        ("<a class=\"x\" href=\"javascript:", "\">"),
    ] {
        let template = format!("<html>{before}{{{{reference}}}}{after}</html>");
        assert!(refused(&template).starts_with("line 1, column "), "{template}");
        let section = format!("<html>{before}{{{{#reference}}}}x{{{{/reference}}}}{after}</html>");
        assert!(Page::template(&section, &Strings::default()).is_err(), "{section}");
    }
    // A link that is a program, however it is written, before its query too.
    for link in [
        "javascript:x",
        "JavaScript:x",
        "data:text/html,",
        "vbscript:x",
        "blob:x",
        "java\nscript:x",
        "java\tscript:x",
        " javascript:x",
        "\u{1}javascript:x",
        "javascript&colon;x",
        "&#106;avascript:x",
        "java&Tab;script:x",
        "https:\\\\x",
        "é:x",
    ] {
        for mark in ['?', '#'] {
            refused(&format!("<a href=\"{link}{mark}{{{{reference}}}}\">"));
        }
    }
    for link in ["https://a.example/x", "HTTP://a.example", "mailto:a@b.example", "", "/x", "x/y:z", "//a.example"] {
        assert!(
            Page::template(&format!("<a href=\"{link}?{{{{reference}}}}\">"), &Strings::default()).is_ok(),
            "{link}"
        );
    }
    // Of an element that fetches by itself, or changes what all other links mean.
    for element in ["link", "base", "use"] {
        refused(&format!("<{element} href=\"https://a.example/?{{{{reference}}}}\">"));
    }
    // A piece of HTML is none in an attribute or a title, and a text of another language none in a link.
    for template in [
        "<p title=\"{{way}}\">",
        "<title>{{facts}}</title>",
        "<a href=\"?{{headline}}\">",
        "<a href=\"?{{text.you}}\">",
    ] {
        refused(template);
    }
}

/// What the tokenizer of browsers reads otherwise than it looks (HTML, section 13.2.5), each with what would be behind it.
#[test]
fn html_that_two_readers_take_differently_is_refused() {
    for (template, why) in [
        ("</ title=\">{{reference}}\">", "an end tag without a name"),
        ("</{{reference}}>", "an end tag without a name"),
        ("</>", "an end tag without a name"),
        ("</1>", "an end tag without a name"),
        ("<!-->{{reference}}<p title=\"-->", "ends a comment where it begins"),
        ("<!--->{{reference}}-->", "ends a comment where it begins"),
        ("<!-- x --!>{{reference}}-->", "ends or begins a comment in a comment"),
        ("<!-- <!-- -->", "ends or begins a comment in a comment"),
        ("<!x><![CDATA[{{reference}}]]>", "a declaration other than"),
        ("<?xml version=\"1.0\"?>", "a declaration other than"),
        ("<style></style=x>{{reference}}</style>", "in a style sheet"),
        ("<style></stylex>{{reference}}</style>", "in a style sheet"),
        ("<title></title=x>{{reference}}</title>", "a tag in an element of text"),
        ("<title></ti{{#time}}{{/time}}tle>", "a tag in an element of text"),
        ("<textarea><b>{{reference}}</b></textarea>", "a tag in an element of text"),
        ("<script><!--<script></script>{{reference}}--></script>", "a comment in a script"),
        ("<p =\">{{reference}}\">", "a tag is not well formed"),
        ("<p title=\"a\"=\">{{reference}}\">", "a tag is not well formed"),
        ("<p title=\"a\"title=\"{{reference}}\">", "a tag is not well formed"),
        ("<p \"{{reference}}\">", "a tag is not well formed"),
        ("<p <b>", "a tag is not well formed"),
        ("<p/title=\"{{reference}}\">", "a tag is not well formed"),
        ("<p class= >{{reference}}", "an attribute without its value"),
        ("<p class=a\"b>{{reference}}", "a value needs quotes"),
        ("<p class=a<b>{{reference}}", "a value needs quotes"),
        ("<p class=`a`>", "a value needs quotes"),
        ("<p class==>", "a value needs quotes"),
        ("<p$>", "a tag is not well formed"),
        ("<p\0>", "a NUL is no HTML"),
        ("a\0", "a NUL is no HTML"),
        ("<noscript><p title=\"</noscript>{{reference}}\"></noscript>", "browsers do not read alike"),
        ("<iframe></iframe>", "browsers do not read alike"),
        ("<PLAINTEXT>", "browsers do not read alike"),
        ("<svg><style><a href=\"javascript:</style>{{reference}}\">", "behind the beginning of an svg"),
        ("<math></math><title>{{reference}}</title>", "behind the beginning of an svg"),
        ("<select><textarea></select>{{reference}}</textarea>", "behind the beginning of an svg"),
    ] {
        let error = refused(template);
        assert!(error.contains(why), "{template}: {error}");
    }
    for template in [
        "<!DOCTYPE html><html lang=en><title>a &lt; b</title ><style\nmedia=x>p{}</STYLE\t><svg viewBox='0 0 1 1'><path d=''/></svg>",
        "<input disabled value=\"{{reference}}\" /><br/><x-y z_1:a.b=c></x-y>",
        "<!----><!-- - -- > -->{{reference}}",
        "<title>a > b</title/><script>if (a < b) '</b>'</script>",
        "1 < 2 <3 << <= {{reference}}",
    ] {
        let page = Page::template(template, &Strings::default());
        assert!(page.is_ok(), "{template}: {page:?}");
    }
}

#[test]
fn values_are_escaped_for_their_place() {
    let mut exchange = get();
    exchange.reference = Some("a\"b'<c>&/\u{202e}é?".into());
    let html = "a&quot;b&#39;&lt;c&gt;&amp;/\u{fffd}é?";
    for (template, expected) in [
        ("<b>{{reference}}</b>", format!("<b>{html}</b>")),
        ("<title>{{reference}}</title>", format!("<title>{html}</title>")),
        ("<p class='x' TITLE = '{{reference}}'>", format!("<p class='x' TITLE = '{html}'>")),
        ("<p data-x=\"a{{reference}}b\">", format!("<p data-x=\"a{html}b\">")),
        ("<a b=c>{{reference}}</a>", format!("<a b=c>{html}</a>")),
        ("<br/>{{reference}}", format!("<br/>{html}")),
        ("a < b {{reference}}", format!("a < b {html}")),
        ("<style>a{b:c}</style>{{reference}}", format!("<style>a{{b:c}}</style>{html}")),
        ("<script>if(a</b/.c)</script>{{reference}}", format!("<script>if(a</b/.c)</script>{html}")),
        ("<!-- <p class= -->{{reference}}", format!("<!-- <p class= -->{html}")),
        (
            "<a href=\"mailto:a@b.example?subject={{reference}}\">",
            "<a href=\"mailto:a@b.example?subject=a%22b%27%3Cc%3E%26%2F%EF%BF%BD%C3%A9%3F\">".into(),
        ),
        ("<a href='/status#{{reference}}'>", "<a href='/status#a%22b%27%3Cc%3E%26%2F%EF%BF%BD%C3%A9%3F'>".into()),
    ] {
        assert_eq!(made(template, Disclosure::Token, &exchange), expected, "{template}");
    }
}

#[test]
fn every_plain_value_has_its_text() {
    let template = "{{status}}|{{reason}}|{{headline}}|{{explanation}}|{{place}}|{{advice}}|{{again}}|{{retry_after}}|{{gateway}}|{{error}}|{{reference}}|{{time}}|{{code}}|{{class}}|{{next_hop}}|{{lang}}|{{dir}}|{{text.you}}";
    let with = |disclosure| made(template, disclosure, &get());
    let start = "502|Bad Gateway|The service could not be reached|The service did not accept the connection.|It stopped between the gateway and the service.|This is probably temporary. You can try again in a moment.|Try again||edge-1.example|connection_refused|01J9Z3N5Q8R7T6V4W2X1Y0ABCD|2026-11-21 15:02:24Z|";
    assert_eq!(with(Disclosure::Token), format!("{start}|||en|ltr|You"));
    assert_eq!(with(Disclosure::Details), format!("{start}connection_refused|||en|ltr|You"));
    assert_eq!(with(Disclosure::Trusted), format!("{start}connection_refused||orders.shop.internal:8080|en|ltr|You"));
}

#[test]
fn sections_are_there_or_not() {
    let template = "a{{#reference}}b{{reference}}{{#retry_after}}c{{/retry_after}}{{^retry_after}}d{{/retry_after}}e{{/reference}}f{{^reference}}g{{/reference}}h{{#next_hop}}i{{/next_hop}}{{#causes}}j{{/causes}}{{#steps}}k{{/steps}}l{{#again}}m{{/again}}";
    let mut exchange = get();
    exchange.reference = Some("R".into());
    let with = |exchange: &Exchange, disclosure| made(template, disclosure, exchange);
    assert_eq!(with(&exchange, Disclosure::Token), "abRdefhlm");
    assert_eq!(with(&exchange, Disclosure::Details), "abRdefhjlm");
    assert_eq!(with(&exchange, Disclosure::Trusted), "abRdefhijklm");
    exchange.retry_after = Some(std::time::Duration::from_secs(5));
    assert_eq!(with(&exchange, Disclosure::Token), "abRcefhl");
    exchange.reference = Some("".into());
    assert_eq!(with(&exchange, Disclosure::Token), "afghl");
    exchange.method = http::Method::POST;
    assert_eq!(with(&exchange, Disclosure::Token), "afghl");
}

#[test]
fn the_policy_is_of_the_style_sheets() {
    let policy = |template: &str| {
        let page = Page::template(template, &Strings::default()).unwrap();
        page.policy().to_str().unwrap().to_owned()
    };
    assert_eq!(policy("<p>"), "default-src 'none'; base-uri 'none'; form-action 'none'");
    // By `printf 'p{color:red}' | openssl dgst -sha256 -binary | base64`.
    let red = "sha256-p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64=";
    let blank = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let one = format!("default-src 'none'; style-src '{red}'; base-uri 'none'; form-action 'none'");
    assert_eq!(policy("<STYLE media=\"a>b\">p{color:red}</Style >x"), one);
    let two = format!("default-src 'none'; style-src '{red}' '{blank}'; base-uri 'none'; form-action 'none'");
    assert_eq!(policy("<style>p{color:red}</style><style></style><!--<style>a</style>-->"), two);
    // A parser of HTML makes LF of every line end before anybody hashes it.
    assert_eq!(policy("<style>a\nb\nc</style>"), policy("<style>a\r\nb\rc</style>"));
    assert_ne!(policy("<style>a\nb\nc</style>"), policy("<style>a\nb c</style>"));
}

#[test]
fn a_policy_of_ones_own() {
    let page = Page::default().with_policy(HeaderValue::from_static("img-src https://logo.example"));
    let gateway = gateway(Disclosure::Token).with_page(page);
    let response = gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &get());
    assert_eq!(response.headers()["content-security-policy"], "img-src https://logo.example");
    let mut wire = Vec::new();
    gateway.answer_wire(&Fault::new(FaultKind::ConnectionRefused), &get(), &mut wire);
    assert!(String::from_utf8(wire).unwrap().contains("\r\ncontent-security-policy: img-src https://logo.example\r\n"));
}

#[test]
fn the_built_in_page_is_a_template_as_any_other() {
    let own = Page::template(Page::STANDARD, &Strings::default()).unwrap();
    assert_eq!(own.policy(), Page::default().policy());
    let fault = Fault::new(FaultKind::ConnectionRefused);
    let built_in = gateway(Disclosure::Trusted);
    let made = built_in.clone().with_page(own).answer_fault(&fault, &get());
    assert_eq!(body(&made), body(&built_in.answer_fault(&fault, &get())));
}

proptest! {
    /// Any template is taken or refused, and one that is taken makes no element out of a value.
    #[test]
    fn no_value_becomes_markup(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "!", "--", "<!--", "-->", "p", "<p", " class", "=", "\"", "'", " ", "\n", "<style>", "</style>", "<title>",
            "</title>", "<a href=\"?", "{{reference}}", "{{gateway}}", "{{#reference}}", "{{/reference}}", "{{^time}}", "{{/time}}", "{{", "}}", "é",
        ]), 0..16),
    ) {
        let template = pieces.concat();
        let Ok(page) = Page::template(&template, &Strings::default()) else { return Ok(()) };
        let with = |reference: &'static str| {
            let mut exchange = get();
            exchange.reference = Some(reference.into());
            let gateway = gateway(Disclosure::Token).with_page(page.clone());
            body(&gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange))
        };
        let (hostile, plain) = (with("\"'><script x='\">&"), with("abcdefghijklm"));
        for mark in ['<', '>', '"', '\''] {
            prop_assert_eq!(hostile.matches(mark).count(), plain.matches(mark).count(), "{} in {}", mark, hostile);
        }
    }
}
