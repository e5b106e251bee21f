//! A room imports only rooms on lower floors. This reads every `crate::room` in the sources and fails
//! on an upward one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and their floors. `lib.rs`, `gateway.rs`, `in_flight` and the middleware may import everything, and are the
/// only ones that may import `adapters`.
const FLOORS: &[(&str, u8)] = &[
    ("fault", 1),
    ("date", 0),
    ("token", 0),
    ("setting", 0),
    ("unprintable", 0),
    ("caught", 0),
    ("sink", 1),
    ("present", 0),
    ("via", 1),
    ("exchange", 2),
    ("h1", 2),
    ("body", 3),
    ("deadline", 2),
    ("classify", 3),
    ("tap", 3),
    ("decide", 3),
    ("audit", 3),
    ("proxy_status", 3),
    ("upgrade", 4),
    ("link", 4),
    ("diagnose", 4),
    ("dialect", 4),
    ("reply", 5),
    ("adapters", 6),
    ("lab", 6),
    ("gateway", 7),
    ("in_flight", 8),
    ("middleware", 9),
    ("lib", 10),
];

/// Files of `adapters` that are middleware: they are made of whole exchanges, and nobody but their own room imports them.
const MIDDLEWARE: &[&str] = &[
    "adapters/hyper_util01/service.rs",
    "adapters/tower05/layer.rs",
    "adapters/tower05/retry.rs",
    "adapters/tower_http07.rs",
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Upward imports in one file's text, as `line: room`.
fn upward(room: &str, text: &str) -> Vec<String> {
    let here = floor(room).unwrap_or_else(|| panic!("the room {room} has no floor: add it to FLOORS"));
    let mut wrong = Vec::new();
    for (n, line) in text.lines().enumerate() {
        // Links in documentation may point anywhere.
        let code = line.split("//").next().unwrap_or_default();
        for used in code.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let names_the_root = floor(&used).is_none();
            if used == room || (names_the_root && here >= 7) {
                continue;
            }
            if names_the_root || floor(&used) >= Some(here) {
                wrong.push(format!("line {}: {room} may not import {used}", n + 1));
            }
        }
    }
    wrong
}

#[test]
fn no_room_imports_upward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 20, "the sources were not found");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = match inside.to_str().unwrap() {
            path if MIDDLEWARE.contains(&path) => "middleware",
            path => path.split('/').next().unwrap(),
        };
        let text = fs::read_to_string(&file).unwrap();
        wrong.extend(
            upward(room.trim_end_matches(".rs"), &text).into_iter().map(|w| format!("{}: {w}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_upward_import_is_found() {
    assert_eq!(upward("fault", "use crate::decide::decide;"), ["line 1: fault may not import decide"]);
    assert_eq!(upward("reply", "\nuse crate::adapters::hyper1;"), ["line 2: reply may not import adapters"]);
    assert_eq!(upward("tap", "use crate::Exchange;"), ["line 1: tap may not import Exchange"]);
    assert!(upward("reply", "/// [x](crate::adapters)\nuse crate::fault::Fault;").is_empty());
    assert!(upward("gateway", "use crate::adapters::hyper1;").is_empty());
}

/// The page for whoever is new has every module on its floor.
#[test]
fn the_page_of_the_architecture_is_up_to_date() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ARCHITECTURE.md")).unwrap();
    let mut listed = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (Some(floor), Some(names)) = (cells.next().and_then(|f| f.parse::<u8>().ok()), cells.next()) else {
            continue;
        };
        let names = names.split(": files").next().unwrap();
        listed.extend(names.split(", ").map(|name| (name.trim_matches('`').to_owned(), floor)));
    }
    listed.sort_unstable();
    let mut floors: Vec<_> = FLOORS.iter().map(|(room, floor)| ((*room).to_owned(), *floor)).collect();
    floors.retain(|(room, _)| room != "lib");
    floors.sort_unstable();
    assert_eq!(listed, floors);
}
