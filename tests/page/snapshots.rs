//! Whole pages as files: `UPDATE=1 cargo test --test page` writes them anew, to be read in the diff.

use std::path::{Path, PathBuf};

use badgateway::reply::Page;

use super::cases::{all, body};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/pages").join(format!("{name}.html"))
}

/// Without the style sheet, which stands in the template.
fn shown(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    format!("{before}<style></style>{}", rest.split_once("</style>").unwrap().1)
}

#[test]
fn every_case_is_as_it_was() {
    for (name, response) in all() {
        let made = shown(&body(&response));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file(name), &made).unwrap();
        }
        // Git may have changed the line ends.
        let expected = std::fs::read_to_string(file(name)).unwrap().replace("\r\n", "\n");
        assert_eq!(made, expected, "{name}\n--- made:\n{made}");
    }
}

/// Each as a file with its policy beside it, for `.ci/page`.
#[test]
#[ignore = "writes files: PAGES=DIR"]
fn pages_to_look_at() {
    let Some(dir) = std::env::var_os("PAGES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&dir).unwrap();
    for (name, response) in all() {
        std::fs::write(dir.join(format!("{name}.html")), response.body()).unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        std::fs::write(dir.join(format!("{name}.policy")), policy).unwrap();
    }
    assert_eq!(Page::default().policy(), all()[0].1.headers()["content-security-policy"]);
}
