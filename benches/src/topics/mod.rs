//! What is measured: one file for each table.

mod classify;

use crate::harness::Topic;

pub fn all() -> Vec<Topic> {
    vec![classify::topic()]
}
