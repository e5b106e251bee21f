//! Where TLS records end, as both example proxies follow them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test may fail, and its numbers are small"
)]

#[path = "../examples/shared/records.rs"]
mod records;

use crate::records::Records;

fn record(kind: u8, length: usize) -> Vec<u8> {
    let mut record = vec![kind, 3, 3];
    record.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    record.extend(vec![23; length]);
    record
}

#[test]
fn a_record_is_over_at_its_last_byte_in_any_split() {
    let lengths = [0, 1, 5, 255, 256, 300, 0, 16_640];
    let all: Vec<u8> = lengths.iter().flat_map(|length| record(23, *length)).collect();
    let mut ends = vec![0];
    for length in lengths {
        ends.push(ends[ends.len() - 1] + 5 + length);
    }
    for piece in [1, 2, 3, 5, 6, 7, 250, 4096, all.len()] {
        let mut records = Records::default();
        let mut at = 0;
        for bytes in all.chunks(piece) {
            records.read(bytes);
            at += bytes.len();
            assert_eq!(records.is_within(), !ends.contains(&at), "{at} by {piece}");
        }
    }
}
