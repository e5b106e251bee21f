//! Bytes of an HTTP/2 next hop, any bytes: the same in any pieces, and nothing is taken back.

use badgateway::fault::{Fault, FaultKind};
use badgateway::tap::{Ended, Frames};

use super::{Choices, Rng, seed, show};

/// How many streams are open and how it ends, then what comes.
pub fn run(data: &[u8]) {
    let data = &data[..data.len().min(super::MAX_INPUT)];
    let mut choices = Choices(data);
    let (opened, ends) = (u32::from(choices.byte() % 4), choices.byte() % 3);
    let mut whole = asked(opened);
    let mut pieces = whole.clone();
    let bytes = choices.0;
    whole.read(bytes);
    let mut rng = Rng::new(seed(data));
    let (mut rest, mut said) = (bytes, None);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + rng.below(rest.len().min(40)));
        pieces.read(piece);
        rest = after;
        assert!(said.is_none() || said == pieces.broken(), "taken back: {}", show(data));
        said = pieces.broken();
    }
    if let Some(how) = [None, Some(Ended::Clean), Some(Ended::Reset(None))][usize::from(ends)] {
        whole.ended(how);
        pieces.ended(how);
    }
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "{}", show(data));
    assert_eq!(whole.received(), bytes.len() as u64);
    if let Some((_, offset)) = whole.broken() {
        assert!(offset < whole.received(), "{}", show(data));
    }
    for kind in FaultKind::ALL {
        let fault = Fault::new(*kind);
        let refined = whole.refine(fault);
        assert_eq!(whole.refine(refined), refined, "{kind} twice: {}", show(data));
        // Where it happened was known.
        assert!(refined == fault || refined.phase() == fault.phase(), "{kind}: {}", show(data));
    }
}

fn asked(opened: u32) -> Frames {
    let mut frames = Frames::new();
    // A head of more than 64 bytes is too large for it.
    frames.wrote(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x06\0\0\0\x40");
    for n in 0..opened {
        frames.wrote(&[0, 0, 1, 1, 5]);
        frames.wrote(&(2 * n + 1).to_be_bytes());
        frames.wrote(b"\x82");
    }
    frames
}
