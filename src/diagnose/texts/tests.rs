//! Every template and row, walked.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::commands::ALL;
use super::*;
use crate::diagnose::context::Context;
use crate::diagnose::statuses;

#[test]
fn a_placeholder_never_stands_between_quotes() {
    // A quoted value between quotes would be bare. Ports are digits, so that they may.
    let context = Context::default();
    for command in ALL {
        let mut quote = None;
        for (n, c) in command.template.char_indices() {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                (Some(_), '{') => {
                    let rest = command.template.get(n..).unwrap();
                    let name = rest.split_inclusive('}').next().unwrap();
                    let same = Filler::new(&context).fill(name).is_none_or(|filled| filled == name);
                    assert!(name == "{port}" || name == "{socket}" || same, "{}: {name}", command.template);
                    assert!(name != "{socket}", "{}", command.template);
                }
                _ => {}
            }
        }
        assert_eq!(quote, None, "{}", command.template);
    }
}

#[test]
fn every_command_is_of_use_and_stands_once() {
    for (n, command) in ALL.iter().enumerate() {
        let by_kind =
            FaultKind::ALL.iter().any(|kind| text(*kind).steps.iter().any(|used| used.template == command.template));
        let by_protocol = [Protocol::Grpc, Protocol::FastCgi, Protocol::Uwsgi, Protocol::Ajp]
            .iter()
            .any(|protocol| of_protocol(Some(*protocol)).iter().any(|used| used.template == command.template));
        let used = by_kind || by_protocol || statuses::uses(command);
        assert!(used, "nobody names {}", command.template);
        for other in ALL.iter().skip(n.saturating_add(1)) {
            assert_ne!((command.template, command.place), (other.template, other.place));
            assert_ne!(command.why, other.why);
        }
    }
}

#[test]
fn every_command_ends_by_itself() {
    for command in ALL {
        let template = command.template;
        let is_bounded = template.contains("--max-time ") || template.starts_with("timeout ");
        assert!(!template.contains("curl ") || is_bounded, "{template}");
        assert_eq!(template.matches("s_client").count(), template.matches("timeout 10 openssl s_client").count());
        for endless in ["tcpdump", "nc {host} {port} <"] {
            assert!(!template.contains(endless) || template.starts_with("timeout "), "{template}");
        }
        let log = ["journalctl ", "docker logs ", "kubectl{ns} logs "].iter().any(|tool| template.contains(tool));
        assert!(!log || !(template.contains(" -f") || template.contains("--follow")), "{template}");
    }
}

#[test]
fn no_row_names_a_command_twice() {
    for kind in FaultKind::ALL {
        let steps = text(*kind).steps;
        for (n, step) in steps.iter().enumerate() {
            assert!(
                !steps.iter().skip(n.saturating_add(1)).any(|other| other.template == step.template),
                "{kind}: {}",
                step.template
            );
        }
    }
}

#[test]
fn summaries_name_the_next_hop() {
    for kind in FaultKind::ALL {
        let summary = text(*kind).summary;
        let known = summary.replace("{hop}", "").replace("{after}", "");
        assert!(!known.contains(['{', '}']), "{kind}: {summary}");
        // Where no next hop was chosen, there is none to be named.
        let none = matches!(kind, FaultKind::NoRoute | FaultKind::ClientTimeout);
        assert_eq!(summary.contains("{hop}"), !none, "{kind}: {summary}");
    }
}
