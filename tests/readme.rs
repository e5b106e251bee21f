//! What the README shows is what the examples are.
#![allow(clippy::unwrap_used)]

const README: &str = include_str!("../README.md");
const MINIMAL: &str = include_str!("../examples/minimal.rs");

#[test]
fn the_first_proxy_is_the_example_word_for_word() {
    assert!(README.contains(&format!("```rust,no_run\n{MINIMAL}```\n")));
    assert!(MINIMAL.lines().count() <= 60, "{} lines", MINIMAL.lines().count());
}

/// The record that is shown has the keys of a record, in their order.
#[test]
fn the_record_is_one() {
    let shown = README.lines().find(|line| line.starts_with("{\"fault\":")).unwrap();
    let (fault, exchange) =
        (badgateway::Fault::new(badgateway::FaultKind::BodyTruncated), badgateway::Exchange::default());
    let made = badgateway::Gateway::new("gw").unwrap().record(&fault, &exchange).to_string();
    let keys = |line: &str| {
        let top = line.split(",\"evidence\"").next().unwrap().trim_end_matches('}').to_owned();
        top.split(",\"").map(|pair| pair.split("\":").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys(shown), keys(&made));
}
