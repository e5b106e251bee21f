//! What a word of another proxy's log means: a state, a flag, a message number, a phrase.
//!
//! A word that several dialects have is explained in each, and none is chosen.

use std::io::{self, Write};

use badgateway::dialect::{Dialect, Word};
use badgateway::{diagnose, proxy_status};

use super::{show, subject};

/// Every dialect that has this word.
pub(crate) fn find(text: &str) -> Vec<(Dialect, Word)> {
    let found: Vec<(Dialect, Word)> =
        Dialect::ALL.iter().filter_map(|dialect| Some((*dialect, dialect.read(text)?))).collect();
    if !found.is_empty() {
        return found;
    }
    // HAProxy logs two letters about cookies behind its state.
    let state = text.get(..2).filter(|_| text.len() == 4).and_then(|state| Dialect::HaProxy.read(state));
    state.map(|word| (Dialect::HaProxy, word)).into_iter().collect()
}

/// The value of `Proxy-Status` that has this word as its error.
pub(crate) fn token(text: &str) -> Option<String> {
    let value = format!("proxy; error={text}");
    let known =
        proxy_status::read(value.as_bytes()).is_ok_and(|members| members.iter().any(|m| m.kinds().next().is_some()));
    known.then_some(value)
}

/// Explains it in each dialect.
pub(crate) fn explain(text: &str, json: bool, out: &mut impl Write) -> io::Result<()> {
    let found = find(text);
    if json {
        for (dialect, word) in &found {
            object(*dialect, word, out)?;
        }
        return Ok(());
    }
    for (dialect, word) in &found {
        let head = format!("{} of {} ({}):", word.word, dialect.name(), dialect.place());
        write!(out, "{}", show::wrapped("", "  ", &format!("{head} {}", word.meaning)))?;
        let kinds = word.reading.map_or("no fault of an upstream".to_owned(), |reading| reading.to_string());
        write!(out, "{}", show::wrapped("  = ", "    ", &kinds))?;
    }
    match found.as_slice() {
        [(_, Word { reading: Some(reading), .. })] => {
            writeln!(out, "\n{}", diagnose::kind(reading.kind()))?;
            subject::beside(reading.kind(), out)
        }
        [_, _, ..] => {
            let mut kinds: Vec<&str> =
                found.iter().filter_map(|(_, word)| word.reading).map(|reading| reading.kind().as_str()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let more: Vec<String> = kinds.iter().map(|kind| format!("explain {kind}")).collect();
            let text = format!("Several have this word. More about what is likeliest in each: {}", more.join("; "));
            write!(out, "\n{}", show::wrapped("", "", &text))
        }
        _ => Ok(()),
    }
}

fn object(dialect: Dialect, word: &Word, out: &mut impl Write) -> io::Result<()> {
    let head = format!(
        "{{\"dialect\":{},\"word\":{},\"meaning\":{},\"may_be\":{},\"proxy_status\":null,",
        show::json(dialect.as_str()),
        show::json(word.word),
        show::json(word.meaning),
        word.reading.map_or("[]".to_owned(), show::json_reading),
    );
    match word.reading {
        Some(reading) => writeln!(out, "{head}{}", &diagnose::kind(reading.kind()).json().to_string()[1..]),
        None => writeln!(out, "{head}\"fault\":null,\"class\":null,\"phase\":null,\"causes\":[],\"next_steps\":[]}}"),
    }
}
