//! What people pasted into public threads, read: `tests/data/threads.txt` has the texts and the truths, written before the
//! readers saw them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::Cursor;

use badgateway::FaultKind;

/// The example, which is what a person gives them to.
#[path = "../examples/explain/main.rs"]
#[allow(dead_code)]
mod explain;

use explain::flags::Flags;
use explain::log::Log;

const THREADS: &str = include_str!("data/threads.txt");

/// Blocks that stay unread, and why.
const UNREAD: &[(&str, &str)] = &[
    ("HAProxy, httplog, from the timers on", "its columns were padded, and names and date cut off"),
    ("Heroku, router, broken by a terminal", "the dyno stands on the second line, which only nginx' lines wait for"),
];

/// One text.
struct Block {
    by: &'static str,
    is: &'static str,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in THREADS.lines() {
        if let Some(by) = line.strip_prefix("by ") {
            blocks.push(Block { by, is: "", text: String::new() });
        } else if let Some(block) = blocks.last_mut() {
            match line.strip_prefix("is ") {
                Some(is) if block.is.is_empty() => block.is = is,
                _ => block.text.extend([line, "\n"]),
            }
        }
    }
    blocks
}

/// One object of what is printed.
struct Record {
    /// The likeliest first.
    kinds: Vec<String>,
    status: String,
    upstream: String,
}

/// The value of a member, without quotes.
fn member<'a>(json: &'a str, name: &str) -> &'a str {
    let Some((_, rest)) = json.split_once(&format!("\"{name}\":")) else { return "" };
    if let Some(list) = rest.strip_prefix('[') {
        return list.split(']').next().unwrap_or("");
    }
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next().unwrap_or(""),
        None => rest.split([',', '}']).next().unwrap_or(""),
    }
}

fn records(text: &str) -> Vec<Record> {
    let flags = Flags::parse(["--json", "--each", "-"].map(str::to_owned)).unwrap().unwrap();
    let (mut log, mut out) = (Log::new(&flags), Vec::new());
    log.read(Cursor::new(text.trim_end().as_bytes()), &mut out).unwrap();
    log.finish(&mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let record = |json: &str| {
        let may_be = member(json, "may_be").replace('"', "");
        let kinds = may_be.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
        Record { kinds, status: member(json, "status").to_owned(), upstream: member(json, "upstream").to_owned() }
    };
    lines.lines().map(record).collect()
}

/// What is not as it should be.
fn wrong(block: &Block) -> Option<String> {
    let (is, hop) = block.is.split_once(" @ ").map_or((block.is, None), |(is, hop)| (is, Some(hop)));
    let mut words = is.split(' ');
    let first: Vec<&str> = words.next().unwrap().split('|').collect();
    let also: Vec<&str> = words.map(|word| word.strip_prefix('+').unwrap()).collect();
    let records = records(&block.text);
    let claims: Vec<&Record> = records.iter().filter(|record| !record.kinds.is_empty()).collect();
    if first == ["-"] {
        return claims.first().map(|record| format!("claims {:?}", record.kinds));
    }
    if let Some(status) = first[0].strip_prefix('*') {
        let is_told = records.iter().any(|record| record.status == status);
        return match claims.first() {
            Some(record) => Some(format!("claims {:?}", record.kinds)),
            None => (!is_told).then(|| "says no status".to_owned()),
        };
    }
    let any = also.contains(&"*");
    let is_known = |kind: &str| any || first.contains(&kind) || also.contains(&kind);
    // Of several lines one may say less than another, and none something else.
    if let Some(record) = claims.iter().find(|record| !is_known(&record.kinds[0])) {
        return Some(format!("claims {:?}", record.kinds));
    }
    let is_it =
        |record: &&&Record| first.contains(&&*record.kinds[0]) && record.kinds.iter().all(|kind| is_known(kind));
    if claims.iter().find(is_it).is_none() {
        return Some(format!("says only {:?}", claims.iter().map(|record| &record.kinds).collect::<Vec<_>>()));
    }
    let hops: Vec<&str> = records.iter().map(|record| &*record.upstream).collect();
    hop.filter(|hop| !hops.contains(hop)).map(|hop| format!("next hop {hops:?}, not {hop}"))
}

#[test]
fn what_people_pasted_is_read() {
    let wrong: Vec<String> = blocks()
        .iter()
        .filter(|block| UNREAD.iter().all(|(by, _)| *by != block.by))
        .filter_map(|block| wrong(block).map(|why| format!("{}: {}\n  {why}\n{}", block.by, block.is, block.text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The list of what stays unread has nothing that is read meanwhile; and there are enough of them, of kinds that exist.
#[test]
fn the_table_is_what_it_says() {
    let blocks = blocks();
    assert!(blocks.len() >= 120, "{}", blocks.len());
    for (by, why) in UNREAD {
        let block = blocks.iter().find(|block| block.by == *by).unwrap();
        assert!(wrong(block).is_some(), "{by} is read, and not {why}");
    }
    for block in &blocks {
        assert!(!block.text.trim().is_empty(), "{}", block.by);
        let (is, _) = block.is.split_once(" @ ").unwrap_or((block.is, ""));
        for kind in is.split([' ', '|']).map(|word| word.trim_start_matches('+')) {
            let is_kind = kind.parse::<FaultKind>().is_ok() || kind == "-" || kind.starts_with('*');
            assert!(is_kind, "{}: {kind}", block.by);
        }
    }
}
