//! Any input, method, mode and end: the same events, the same error, in whatever pieces the bytes come.

use badgateway::fault::Class;
use badgateway::h1::{Limits, diagnose_head};

use super::message::{Case, Got, Pieces, Table, drive};
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
    within_limits(&case, &whole);
    // Whose parser gave up elsewhere asks this one.
    if let Some((class, at)) = diagnose_head(case.bytes) {
        assert!(at <= case.bytes.len() as u64, "{class} at {at}");
        for n in 0..case.bytes.len().min(64) {
            let earlier = diagnose_head(&case.bytes[..n]);
            // A higher minor version is named only as long as nothing else is wrong.
            if let Some(earlier) = earlier.filter(|(class, _)| *class != Class::StatusLineVersionMinor) {
                assert_eq!(earlier, (class, at), "in the first {n} bytes of {}", show(case.bytes));
            }
        }
    }
}

/// What was taken is within the limits; what small limits change is only that something is too large.
fn within_limits(case: &Case<'_>, got: &Got) {
    let limits = &case.config.limits;
    for head in got.interim.iter().chain(got.head.as_ref().map(|(head, _)| head)) {
        assert!(head.len <= limits.head_bytes && head.fields.len() <= limits.headers);
        for (name, value) in &head.fields {
            // A colon and a line feed besides, at least.
            assert!(name.len() + value.len() + 2 <= limits.header_line || head.deviations.contains("obs_fold"));
        }
    }
    assert!(got.interim.len() <= limits.interim as usize);
    assert!(got.interim.iter().map(|head| head.len as u64).sum::<u64>() <= limits.interim_bytes);
    assert!(got.trailers.len() <= limits.trailers);
    let trailers: usize = got.trailers.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
    assert!(trailers <= limits.trailer_bytes);

    let mut roomy = case.clone();
    roomy.config.limits = Limits::default();
    let unlimited = drive(&roomy, Pieces::whole());
    if unlimited != *got {
        let (class, _) = got.class().expect("limits only refuse");
        assert!(class.starts_with("too_large."), "{class}, not {unlimited:?}: {}", show(case.bytes));
    }
}
