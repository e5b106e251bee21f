//! What is measured: one file for each table.

mod classify;
mod reply;

use crate::harness::Topic;

pub fn all() -> Vec<Topic> {
    vec![classify::topic(), reply::topic()]
}
