//! What the README shows is what the examples are.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

const README: &str = include_str!("../README.md");
const MINIMAL: &str = include_str!("../examples/minimal.rs");

#[test]
fn the_first_proxy_is_the_example_word_for_word() {
    assert!(README.contains(&format!("```rust,no_run\n{MINIMAL}```\n")));
    assert!(MINIMAL.lines().count() <= 60, "{} lines", MINIMAL.lines().count());
}

#[test]
fn what_is_shown_of_a_stack_is_in_its_program() {
    let program = include_str!("../examples/stacks/src/bin/axum.rs");
    let shown = README.split("```rust,ignore\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown: Vec<&str> = shown.collect();
    assert_eq!(shown.len(), 1);
    assert!(program.contains(shown[0]), "{}", shown[0]);
}

/// Lines of the program, without blank ones and comments, as the table gives them.
#[test]
fn the_lines_of_the_table_are_counted() {
    #[rustfmt::skip]
    let programs = [
        ("| 51 |", &[MINIMAL][..]),
        ("| 51, 75 |", &[include_str!("../examples/stacks/src/bin/axum.rs"), include_str!("../examples/stacks/src/bin/reqwest_retry.rs")]),
        ("| 63 |", &[include_str!("../examples/stacks/src/bin/tower.rs")]),
        ("| 44 |", &[include_str!("../examples/stacks/src/bin/tonic.rs")]),
        ("| 212 |", &[concat!(
            include_str!("../examples/stacks/src/bin/actix/main.rs"),
            include_str!("../examples/stacks/src/bin/actix/upstream.rs"),
        )]),
    ];
    for (cell, programs) in programs {
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let lines: Vec<String> = programs.iter().map(|p| p.lines().filter(is_code).count().to_string()).collect();
        assert_eq!(cell, format!("| {} |", lines.join(", ")));
        assert!(README.lines().any(|line| line.ends_with(cell)), "{cell}");
    }
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
