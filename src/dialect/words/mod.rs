//! The words of each dialect, one file a family.
//!
//! A dialect is one table of *its* words. Ours are spread over them without gap or overlap, which the
//! compiler checks: a kind that stands in no row, or in two, does not compile.

pub(super) mod browsers;
pub(super) mod caches;
pub(super) mod clouds;
pub(super) mod dotnet;
pub(super) mod envoy;
pub(super) mod grpc;
pub(super) mod haproxy;
pub(super) mod httpd;
pub(super) mod libraries;
pub(super) mod nginx;
pub(super) mod wasi;

use super::reading::Reading;

/// One word of a dialect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) word: &'static str,
    /// What it may stand for; nothing where it is no fault of an upstream.
    pub(super) reading: Option<Reading>,
    pub(super) meaning: &'static str,
}

/// The row of a word as it stands in a log.
pub(super) fn find(rows: &'static [Row], word: &[u8]) -> Option<&'static Row> {
    // Most words of a table differ in their last byte, numbers above all.
    rows.iter().find(|row| row.word.as_bytes().last() == word.last() && row.word.as_bytes() == word)
}

/// A dialect: `says` gives its word for each kind, `rows` all of its words.
///
/// - `speaks`: words that we choose for the first list of kinds, and that may stand for the second list as well.
/// - `reads`: words that we never choose, because another fits better, and understand.
/// - `other`: words that stand for no fault of an upstream.
/// - `silent`: kinds for which the dialect has no word.
macro_rules! dialect {
    (
        speaks { $($word:literal = [$first:ident $(, $kind:ident)*] also [$($also:ident),*], $meaning:literal;)+ }
        reads { $($read:literal = [$likely:ident $(, $may:ident)*], $read_meaning:literal;)* }
        other { $($other:literal, $other_meaning:literal;)* }
        silent [$($silent:ident),*]
    ) => {
        pub(in crate::dialect) const ROWS: &[crate::dialect::words::Row] = &[
            $(crate::dialect::words::Row {
                word: $word,
                reading: Some(crate::dialect::Reading::coarse(
                    crate::fault::FaultKind::$first,
                    &[$(crate::fault::FaultKind::$kind,)* $(crate::fault::FaultKind::$also,)*],
                )),
                meaning: $meaning,
            },)+
            $(crate::dialect::words::Row {
                word: $read,
                reading: Some(crate::dialect::Reading::coarse(
                    crate::fault::FaultKind::$likely,
                    &[$(crate::fault::FaultKind::$may,)*],
                )),
                meaning: $read_meaning,
            },)*
            $(crate::dialect::words::Row { word: $other, reading: None, meaning: $other_meaning },)*
        ];

        pub(in crate::dialect) const fn says(kind: crate::fault::FaultKind) -> Option<&'static str> {
            match kind {
                $(crate::fault::FaultKind::$first $(| crate::fault::FaultKind::$kind)* => Some($word),)+
                $(crate::fault::FaultKind::$silent => None,)*
            }
        }
    };
}
use dialect;
