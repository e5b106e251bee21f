//! Texts of one's own: every key can be set, all that is set is shown and nothing else, and is never markup.

use badgateway::fault::ErrorType;
use badgateway::reply::{Disclosure, Page, Strings};
use badgateway::{Fault, FaultKind};
use std::time::Duration;

use super::cases::{body, gateway, get};
use super::html;

#[test]
fn a_text_that_cannot_be_used_is_refused() {
    let mut strings = Strings::new("de-CH-1996").unwrap();
    let long = "a".repeat(513);
    for (key, text, error) in [
        ("nothing", "x", "\"nothing\" is not a key"),
        ("headline.nothing", "x", "\"headline.nothing\" is not a key"),
        ("you", "", "\"you\" is empty"),
        ("you", " \u{a0}", "\"you\" is empty"),
        ("you", &long, "\"you\" is longer than 512 bytes"),
        ("you", "a\nb", "\"you\" has a control character"),
        ("try_again_in", "later", "\"try_again_in\" has no {time}"),
    ] {
        assert_eq!(strings.set(key, text).unwrap_err().to_string(), error);
    }
    assert!(strings.set("you", &long[1..]).is_ok() && strings.set("try_again_in", "in {time}").is_ok());
    for lang in ["", "de_DE", "de\"", "é", "a-2345678901234567890123456789012345"] {
        assert_eq!(Strings::new(lang).unwrap_err().to_string(), "\"lang\" is not a language tag", "{lang}");
    }
}

#[test]
fn a_translation_that_is_whole_leaves_no_english_behind() {
    let mut strings = Strings::new("xx").unwrap();
    let keys: Vec<_> = Strings::keys().collect();
    assert_eq!(strings.missing().count(), keys.len());
    for (key, english) in &keys {
        let time = if english.contains("{time}") { " {time}" } else { "" };
        strings.set(key, &format!("<{}>{time}", key.to_uppercase())).unwrap();
    }
    assert_eq!(strings.missing().count(), 0);
    let gateway = gateway(Disclosure::Token).with_page(Page::standard(&strings));
    let kinds = FaultKind::ALL.iter().flat_map(|&kind| [(kind, None), (kind, Some(30))]);
    let mut shown = String::new();
    for (kind, wait) in kinds {
        let mut exchange = get();
        exchange.retry_after = wait.map(Duration::from_secs);
        exchange.reference = exchange.reference.filter(|_| kind != FaultKind::DnsNotFound);
        if kind == FaultKind::SendReset {
            exchange.method = http::Method::POST;
        }
        let page = body(&gateway.answer_fault(&Fault::new(kind), &exchange));
        html::tags(&page).unwrap_or_else(|wrong| panic!("{wrong} in {page}"));
        let text = html::text(&page);
        // What is left is the status, in the words of the protocol, and what was never ours.
        for (_, english) in keys.iter().filter(|(_, english)| english.len() > 10) {
            assert!(!text.contains(english), "{english:?} in {text}");
        }
        shown += &text;
        shown += &page;
    }
    // Every key is shown somewhere, but for those that more disclosure shows.
    for (key, _) in &keys {
        let hidden = ["fact.code", "fact.class", "fact.next_hop", "causes", "fits", "steps"].contains(&&**key);
        // A type that no kind of fault becomes.
        let unused = ErrorType::ALL.iter().find(|error_type| key.ends_with(&format!(".{}", error_type.as_str())));
        let unused = unused.is_some_and(|unused| FaultKind::ALL.iter().all(|kind| kind.error_type() != Some(*unused)));
        let found = shown.contains(&format!("&lt;{}&gt;", key.to_uppercase()));
        assert_eq!(found, !hidden && !unused, "{key}");
    }
}

#[test]
fn waits_are_in_units_that_need_no_plural() {
    let mut exchange = get();
    for (wait, expected) in [
        (Duration::from_millis(1), "in 1\u{a0}s."),
        (Duration::from_secs(120), "in 120\u{a0}s."),
        (Duration::from_secs(121), "in 3\u{a0}min."),
        (Duration::from_secs(7200), "in 120\u{a0}min."),
        (Duration::from_secs(7201), "in 3\u{a0}h."),
        (Duration::MAX, "in 5124095576030432\u{a0}h."),
    ] {
        exchange.retry_after = Some(wait);
        let response = gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::ConnectionRefused), &exchange);
        let text = html::text(&body(&response));
        assert!(text.contains(&format!("You can try again {expected}\n")), "{text}");
    }
}

#[test]
fn a_page_says_its_language_and_that_a_diagnosis_is_in_english() {
    let strings = Strings::new("he").unwrap().right_to_left();
    let gateway = gateway(Disclosure::Trusted).with_page(Page::standard(&strings));
    let page = body(&gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &get()));
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"he\" dir=\"rtl\">\n"));
    for english in [
        "<ol class=\"causes\" lang=\"en\" dir=\"ltr\">",
        "<ol class=\"steps\" lang=\"en\" dir=\"ltr\">",
        "<dt lang=\"en\">",
    ] {
        assert!(page.contains(english), "{english}");
    }
    // A translator may turn the direction around, a peer may not.
    let mut strings = Strings::new("he").unwrap();
    strings.set("owner", "\u{200f}א\u{200f}").unwrap();
    let mut exchange = get();
    exchange.reference = Some("\u{200f}".into());
    let page = gateway.with_page(Page::standard(&strings)).answer_fault(&Fault::new(FaultKind::DnsTimeout), &exchange);
    assert_eq!(body(&page).matches('\u{200f}').count(), 2);
}
