//! Time per operation.
//!
//! Contestants take turns, in rotating order, so that what disturbs the machine
//! disturbs all of them.

use std::time::{Duration, Instant};

use super::Run;

/// A sample is at least this long.
const SAMPLE: Duration = Duration::from_micros(1200);
/// Rounds, unless samples are very long.
const ROUNDS: usize = 25;
/// All rounds of one group together take about this long at most.
const PATIENCE: Duration = Duration::from_secs(12);

/// Nanoseconds per operation.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    pub median: f64,
    pub min: f64,
}

/// How many operations make a sample.
pub fn calibrate(run: &mut Run) -> u64 {
    let mut operations = 1;
    loop {
        let took = time(run, operations);
        if took >= SAMPLE {
            return operations;
        }
        let scale = SAMPLE.as_nanos() as f64 / took.as_nanos().max(1) as f64;
        operations = ((operations as f64 * scale.min(20.0) * 1.2) as u64).max(operations + 1);
    }
}

/// All contestants of a group against each other.
pub fn measure(runs: &mut [(Run, u64)]) -> Vec<Time> {
    let mut samples = vec![Vec::with_capacity(ROUNDS); runs.len()];
    let begun = Instant::now();
    for round in 0..ROUNDS {
        for turn in 0..runs.len() {
            let index = (round + turn) % runs.len();
            let (run, operations) = &mut runs[index];
            let took = time(run, *operations);
            samples[index].push(took.as_nanos() as f64 / *operations as f64);
        }
        if round >= 4 && begun.elapsed() > PATIENCE {
            break;
        }
    }
    samples
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            Time { median: times[times.len() / 2], min: times[0] }
        })
        .collect()
}

fn time(run: &mut Run, operations: u64) -> Duration {
    let begun = Instant::now();
    run(operations);
    begun.elapsed()
}
