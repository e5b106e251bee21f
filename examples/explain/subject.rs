//! What an argument asks for: a status, a fault, a `Proxy-Status`, or everything.
//!
//! The words are those of [`diagnose`]; here they are only put in order.

use std::io::{self, Write};

use badgateway::diagnose;
use badgateway::dialect::Dialect;
use badgateway::fault::FaultKind;
use badgateway::proxy_status::{self, Member};

use super::show;

/// What a status means.
pub(crate) fn status(code: u16, json: bool, out: &mut impl Write) -> io::Result<()> {
    let Some(diagnosis) = diagnose::status(code) else { return Ok(()) };
    if json {
        let code = code.to_string();
        let leading = [("dialect", None), ("status", Some(code.as_str())), ("proxy_status", None)];
        return writeln!(out, "{}", diagnosis.json().with_leading(&leading));
    }
    writeln!(out, "{diagnosis}")
}

/// What a kind of fault is.
pub(crate) fn fault(kind: FaultKind, json: bool, out: &mut impl Write) -> io::Result<()> {
    let diagnosis = diagnose::kind(kind);
    let value = kind.error_type().map(|error| format!("proxy; error={}", error.as_str()));
    if json {
        let leading = [("dialect", None), ("proxy_status", value.as_deref())];
        return writeln!(out, "{}", diagnosis.json().with_leading(&leading));
    }
    write!(out, "{}", show::wrapped("", "  ", &format!("{kind}: {}", kind.phrase())))?;
    let token =
        kind.error_type().map_or("no Proxy-Status".into(), |error| format!("Proxy-Status error={}", error.as_str()));
    let head =
        format!("{token}, status {} (Cloudflare {}); source: {}", kind.status(), kind.cloudflare(), kind.source());
    writeln!(out, "{}", show::wrapped("", "  ", &head))?;
    writeln!(out, "{diagnosis}")?;
    beside(kind, out)
}

/// What is easily taken for it, and what others call it.
pub(crate) fn beside(kind: FaultKind, out: &mut impl Write) -> io::Result<()> {
    let near: Vec<FaultKind> =
        FaultKind::ALL.iter().copied().filter(|other| *other != kind && other.phase() == kind.phase()).collect();
    if !near.is_empty() {
        let head = format!("Not to be taken for it: the other faults while {}", kind.phase().phrase());
        write!(out, "{}", show::wrapped("", "", &head))?;
        for other in near {
            write!(out, "{}", show::wrapped("  - ", "    ", &format!("{other}: {}", other.phrase())))?;
        }
        writeln!(out)?;
    }
    let words: Vec<String> = Dialect::ALL
        .iter()
        .filter_map(|dialect| Some(format!("{} {}", dialect.name(), quoted(dialect.word(kind)?))))
        .collect();
    if !words.is_empty() {
        writeln!(out, "What others call it, most of them with other faults")?;
        for word in words {
            write!(out, "{}", show::wrapped("  - ", "    ", &word))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A word that ends where it ends.
fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("`{word}`") } else { word.to_owned() }
}

/// Every kind of fault, in the order of the table.
pub(crate) fn all(json: bool, out: &mut impl Write) -> io::Result<()> {
    for kind in FaultKind::ALL {
        if !json {
            writeln!(out, "==== {kind} {}", "=".repeat(74_usize.saturating_sub(kind.as_str().len())))?;
        }
        fault(*kind, json, out)?;
    }
    Ok(())
}

/// What the members of a `Proxy-Status` say, the nearest to the origin first.
pub(crate) fn proxy_status(value: &str, json: bool, out: &mut impl Write) -> io::Result<()> {
    let members = proxy_status::read(value.as_bytes()).unwrap_or_default();
    for member in &members {
        one_member(member, value, json, out)?;
    }
    Ok(())
}

/// What one member says.
pub(crate) fn one_member(member: &Member<'_>, value: &str, json: bool, out: &mut impl Write) -> io::Result<()> {
    let kinds: Vec<FaultKind> = member.kinds().collect();
    if json {
        let may_be: Vec<String> = kinds.iter().map(|kind| show::json(kind.as_str())).collect();
        let name = show::json(member.name());
        let diagnosis = kinds.first().map(|kind| diagnose::kind(*kind).json().to_string());
        let head = format!(
            "{{\"dialect\":\"proxy-status\",\"proxy\":{name},\"error\":{},\"may_be\":[{}],\"proxy_status\":{},",
            member.error().map_or("null".into(), show::json),
            may_be.join(","),
            show::json(value),
        );
        return match diagnosis {
            Some(diagnosis) => writeln!(out, "{head}{}", &diagnosis[1..]),
            None => writeln!(out, "{head}\"fault\":null,\"phase\":null,\"causes\":[],\"next_steps\":[]}}"),
        };
    }
    let name = show::text(member.name().as_bytes(), 200);
    match (member.error(), kinds.first()) {
        (None, _) => {
            let received =
                member.received_status().map_or(String::new(), |status| format!(", which answered {status}"));
            writeln!(out, "{name} passed on what its next hop sent{received}.")?;
        }
        (Some(error), None) => {
            writeln!(out, "{name} says error={}, which RFC 9209 does not know.", show::text(error.as_bytes(), 100))?;
        }
        (Some(error), Some(kind)) => {
            let error = show::text(error.as_bytes(), 100);
            let says = match kinds.as_slice() {
                [only] => only.phrase().to_owned(),
                several => {
                    let codes: Vec<&str> = several.iter().map(|kind| kind.as_str()).collect();
                    format!("one of {}", codes.join(", "))
                }
            };
            write!(out, "{}", show::wrapped("", "  ", &format!("{name} says error={error}: {says}")))?;
            for (what, text) in [("next hop", member.next_hop()), ("details", member.details())] {
                if let Some(text) = text {
                    writeln!(out, "  {what}: {}", show::text(text.as_bytes(), 300))?;
                }
            }
            writeln!(out, "\n{}", diagnose::kind(*kind))?;
        }
    }
    Ok(())
}
