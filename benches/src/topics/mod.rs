//! What is measured: one file for each table.

mod chunked;
mod classify;
mod exchange;
mod head;
mod inputs;
mod logs;
mod memory;
mod record;
mod reply;
mod tap;
mod trickle;

use crate::harness::Topic;

pub fn all() -> Vec<Topic> {
    vec![
        classify::topic(),
        reply::topic(),
        record::topic(),
        exchange::topic(),
        tap::topic(),
        head::topic(),
        trickle::topic(),
        chunked::topic(),
        logs::topic(),
        logs::files(),
    ]
}
