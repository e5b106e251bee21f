//! Whether the proxy holds more and more.
//!
//! Medians of thirds, the first tenth (at most half a minute) left out: what is warming up is
//! no leak, and one sample is no trend.

use std::thread;
use std::time::Duration;

use crate::proxy::{Proxy, Sample, sample};

/// How much more the last third may hold than the first: pages that the allocator keeps, links in
/// the pool. In percent of the first, or so much at least.
const RSS_PERCENT: u64 = 5;
const RSS_LEAST_KIB: u64 = 4 << 10;
/// The same for descriptors and threads, which go up and down with the exchanges under way.
const COUNT_PERCENT: u64 = 20;
const COUNT_LEAST: u64 = 24;
/// Fewer samples are no trend.
const FEW: usize = 60;

/// A name, where it is found, and how much it may grow: in percent, or so much at least.
type Quantity = (&'static str, fn(&Sample) -> u64, u64, u64);

const QUANTITIES: [Quantity; 3] = [
    ("resident KiB", |sample| sample.rss, RSS_PERCENT, RSS_LEAST_KIB),
    ("descriptors", |sample| sample.fds, COUNT_PERCENT, COUNT_LEAST),
    ("threads", |sample| sample.threads, COUNT_PERCENT, COUNT_LEAST),
];

/// What is wrong, in words.
pub(crate) fn judge(samples: &[Sample]) -> Vec<String> {
    let warm = samples.get((samples.len() / 10).min(30)..).unwrap_or_default();
    let third = (warm.len() / 3).max(1);
    let thirds: Vec<&[Sample]> = warm.chunks(third).take(3).collect();
    let (Some(first), Some(last)) = (thirds.first(), thirds.last()) else {
        return vec!["no samples were taken".into()];
    };
    let mut problems = Vec::new();
    for (name, of, percent, least) in QUANTITIES {
        let medians: Vec<u64> = thirds.iter().map(|third| median(third, of)).collect();
        let most = samples.iter().map(of).max().unwrap_or(0);
        let (before, after) = (median(first, of), median(last, of));
        let slack = (before * percent / 100).max(least);
        println!("  {name}: medians of thirds {medians:?}, most {most}, may grow by {slack}");
        // A short run is still warming up when it ends: it may find a wrong answer, not a slow leak.
        if after > before + slack && warm.len() >= FEW {
            problems.push(format!("{name} grew from {before} to {after}"));
        }
    }
    problems
}

/// When all clients have gone, what they held must go as well: links that are kept alive may stay.
pub(crate) fn afterwards(proxy: &mut Proxy) -> Vec<String> {
    // The longest timeout of an exchange that its client left.
    thread::sleep(Duration::from_secs(1));
    if !proxy.is_alive() {
        return vec!["the proxy has died".into()];
    }
    match sample(proxy.id()) {
        Ok(Sample { rss, fds, threads }) => {
            println!(
                "  afterwards, with idle upstream connections only: {rss} KiB, {fds} descriptors, {threads} threads"
            );
            Vec::new()
        }
        Err(error) => vec![format!("no sample: {error}")],
    }
}

fn median(samples: &[Sample], of: fn(&Sample) -> u64) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
