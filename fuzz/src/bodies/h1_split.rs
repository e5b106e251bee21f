//! Any input, method, mode and end: the same events, the same error, in whatever pieces the bytes come.

use badgateway::fault::Class;
use badgateway::h1::diagnose_head;

use super::message::{Case, Pieces, Table, drive};
use super::{Rng, seed, show};

pub fn run(data: &[u8]) {
    let case = Case::of(data);
    let whole = drive(&case, Pieces::whole());
    let rng = |n: u64| Some(Rng::new(seed(data).wrapping_add(n)));
    let ways = [
        Pieces { table: Table::Large, ..Pieces::whole() },
        Pieces { table: Table::Small, late_end: true, ask_again: true, ..Pieces::whole() },
        Pieces { longest: 1, ..Pieces::whole() },
        Pieces { longest: 1, table: Table::Large, late_end: true, ask_again: true, ..Pieces::whole() },
        Pieces { longest: 7, rng: rng(1), ask_again: true, ..Pieces::whole() },
        Pieces { longest: 60, rng: rng(2), table: Table::Small, ..Pieces::whole() },
        Pieces { longest: 400, rng: rng(3), table: Table::Large, late_end: true, ..Pieces::whole() },
    ];
    for pieces in ways {
        let got = drive(&case, pieces.clone());
        assert_eq!(got, whole, "{pieces:?}: {}", show(data));
    }
    // Whose parser gave up elsewhere asks this one.
    if let Some((class, at)) = diagnose_head(case.bytes) {
        assert!(at <= case.bytes.len() as u64, "{class} at {at}");
        for n in 0..case.bytes.len().min(64) {
            let earlier = diagnose_head(&case.bytes[..n]);
            // A higher minor version is named only as long as nothing else is wrong.
            if let Some(earlier) = earlier.filter(|(class, _)| *class != Class::StatusLineVersionUnsupported) {
                assert_eq!(earlier, (class, at), "in the first {n} bytes of {}", show(case.bytes));
            }
        }
    }
}
