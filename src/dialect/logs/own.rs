//! This crate's own records, `{"fault":"connection_refused","class":null,"phase":"connect",...}`, wherever a logger put them.
//!
//! They name the fault, so that nothing is left to guess.
//!
//! Source: [`reply`](crate::reply), whose record this is.

use core::str::FromStr;
use core::time::Duration;

use crate::dialect::Reading;
use crate::fault::{Class, Confidence, Fault, FaultKind, Phase};

use super::cut;
use super::entry::{Entry, Format, Verdict};
use super::json::{Members, Value};

/// Whether an object's first member is a fault that there is.
pub(super) fn is_it(key: &[u8], value: Value<'_>) -> bool {
    key == b"fault" && value.text().and_then(known::<FaultKind>).is_some()
}

/// A word of this crate's.
fn known<T: FromStr>(word: &[u8]) -> Option<T> {
    core::str::from_utf8(cut::head(word, 64)).ok()?.parse().ok()
}

/// Reads it.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut entry = Entry::new(Format::Badgateway, Verdict::Nothing, line);
    let (mut kind, mut class, mut phase) = (None, None, None);
    for (key, value) in Members(line.strip_prefix(b"{")?) {
        let (Value::Text(text) | Value::Other(text)) = value else { continue };
        match key {
            b"fault" => (kind, entry.words) = (known::<FaultKind>(text), text),
            b"class" => class = known::<Class>(text),
            b"phase" => phase = known::<Phase>(text),
            b"status" => entry.status = cut::status(text),
            b"forwarded_status" => entry.status = entry.status.or(cut::status(text)),
            b"elapsed_ms" => entry.elapsed = cut::whole_number(text).map(|n| Duration::from_millis(n.into())),
            // Escapes of JSON stay in: a name has none.
            b"next_hop" => entry.upstream = value.text().and_then(cut::something),
            b"method" => entry.method = value.text().and_then(cut::something),
            b"path" => entry.path = value.text().and_then(cut::something),
            _ => {}
        }
    }
    let kind = kind?;
    let mut fault = Fault::new(kind).with_confidence(Confidence::Text);
    if let Some(phase) = phase {
        fault = fault.at(phase);
    }
    if let Some(class) = class.filter(|class: &Class| class.kind() == kind) {
        fault = fault.with_class(class);
    }
    entry.said = Verdict::Fault { fault, reading: Reading::exact(kind) };
    Some(entry)
}
