//! The tour: what a person sees who starts an example proxy without a route.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use badgateway::lab::probe::{self, Request};
use badgateway::lab::{BEHAVIOURS, Group};

use crate::harness::Engine;

both! {
    the_tour_is_read_in_a_hundred_columns_and_ends_with_the_verdict,
}

fn the_tour_is_read_in_a_hundred_columns_and_ends_with_the_verdict(engine: Engine) {
    let mut child = Command::new(engine.program())
        .args(["--listen", "127.0.0.1:0", "--only", "close", "--only", "framing", "--only", "ok_proxy_status"])
        .env("COLUMNS", "40") // for terminals, and this is none
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let listening = lines.next().unwrap();
    let address = listening.strip_prefix("listening on ").unwrap_or_else(|| panic!("{listening}"));
    let mut shown = Vec::new();
    // It goes on serving behind its last line.
    while shown.last().is_none_or(|line: &String| !line.contains("curl -i")) {
        shown.push(lines.next().expect("the next step is the last line"));
    }
    let text = shown.join("\n");

    let wanted: Vec<&str> = BEHAVIOURS
        .iter()
        .filter(|b| matches!(b.group, Group::Close | Group::Framing) || b.name == "ok_proxy_status")
        .map(|b| b.name)
        .collect();
    let row = |name: &str| shown.iter().find(|line| line.split_whitespace().next() == Some(name));
    for name in &wanted {
        assert!(row(name).is_some(), "{name}: {text}");
    }
    assert!(row("refused").is_none() && !text.contains("told apart"), "{text}");
    for line in &shown {
        assert!(line.chars().count() <= 100 && line.chars().all(|c| !c.is_control()), "{line:?}");
    }
    let whole = "close_mid_cl_body 200/cut body_truncated premature_eof.content_length_body";
    let words: Vec<&str> = row("close_mid_cl_body").unwrap().split_whitespace().collect();
    assert!(words.join(" ").starts_with(whole), "{words:?}");

    let [.., verdict, next, command] = shown.as_slice() else { panic!("{text}") };
    assert_eq!(*verdict, format!("{0} of {0} as RFC 9110 and 9112 want them, by 17 rules", wanted.len()), "{text}");
    assert_eq!(*next, format!("next: open http://{address}/ in a browser, or:"));
    assert_eq!(*command, format!("    curl -i http://{address}/{}", wanted[0]));

    // The page: each of them once, nothing to fetch and nothing to run.
    let page = probe::send(address.parse().unwrap(), &Request::new()).unwrap();
    let page = String::from_utf8(page.body).unwrap();
    for name in &wanted {
        assert_eq!(page.matches(&format!("<a href=\"/{name}\">")).count(), 1, "{name}");
    }
    for external in ["<script", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(external), "{external}");
    }
    assert!(page.contains("prefers-color-scheme:dark") && page.contains("name=viewport"));
    let verdict = format!("{0} of {0} answers are as RFC 9110 and 9112 want them.</p>", wanted.len());
    assert!(page.contains(&verdict), "{page}");

    // Nobody reads on; it serves all the same.
    drop(lines);
    let answer = probe::send(address.parse().unwrap(), &Request::new().path("/close_on_accept")).unwrap();
    assert_eq!(answer.status, Some(502));
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "progress is for terminals");
}
