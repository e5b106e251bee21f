//! The same with logs as they come, unchanged: of nginx, HAProxy and Apache before this crate's lab, and of
//! `curl -v` on it. `tests/data/logs/*.txt` say which versions.

use std::fmt::Write;

use badgateway::dialect::logs::{Reader, Verdict};

use crate::expect;
use crate::known::{Score, judge, mistakes, truth};
use crate::truth::kinds;

const LOGS: [(&str, &str); 4] = [
    ("nginx", include_str!("../data/logs/nginx.txt")),
    ("haproxy", include_str!("../data/logs/haproxy.txt")),
    ("apache", include_str!("../data/logs/apache.txt")),
    ("curl", include_str!("../data/logs/curl.txt")),
];

/// Blocks of `= name` and lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        match line.strip_prefix("= ") {
            Some(name) => blocks.push((name, Vec::new())),
            None => blocks.last_mut().unwrap().1.push(line),
        }
    }
    blocks
}

/// Everything that is said in a block, in order.
fn said(format: &str, lines: &[&str]) -> Vec<Verdict> {
    let mut reader = Reader::new();
    lines
        .iter()
        .map(|line| {
            let entry = reader.read(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(entry.format.as_str(), format, "{line}");
            entry.said
        })
        .collect()
}

#[test]
fn real_logs_never_contradict_the_lab() {
    let (mut matrix, mut wrong) = (String::new(), Vec::new());
    let mut scores = LOGS.map(|_| Score::default());
    let logs = LOGS.map(|(name, text)| (name, blocks(text)));
    for row in expect::EXPECTED {
        let truth = truth(row.name);
        write!(matrix, "{:30} ", row.name).unwrap();
        for ((format, blocks), score) in logs.iter().zip(&mut scores) {
            let cell = match blocks.iter().find(|(name, _)| *name == row.name) {
                None => "not tried".to_owned(),
                Some((_, lines)) => {
                    let said = said(format, lines);
                    if said.contains(&Verdict::Unknown) {
                        wrong.push(format!("{format} {}: a line is unknown", row.name));
                    }
                    judge(&truth, kinds(&said), &mistakes(format, row.name), score).unwrap_or_else(|reading| {
                        wrong.push(format!("{format} {}: {reading:?}, and it was {truth:?}", row.name));
                        "WRONG".to_owned()
                    })
                }
            };
            write!(matrix, "{cell:>14}").unwrap();
        }
        matrix.push('\n');
    }
    for ((format, _), score) in LOGS.iter().zip(&scores) {
        writeln!(matrix, "{format:10} {score:?}").unwrap();
    }
    println!("{matrix}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // HAProxy speaks HTTP/2 to servers as well, which a line does not tell: its states hold those kinds, too.
    // Readings may become finer: then these figures change, for the better.
    assert_eq!(
        scores.map(|score| score.figures()),
        [[41, 29, 20, 65, 30, 1], [3, 75, 15, 1089, 23, 0], [30, 31, 13, 189, 33, 0], [40, 27, 21, 66, 30, 0]],
        "exact, coarse, likeliest is true, kinds in coarse ones, silent, mistaken"
    );
}
