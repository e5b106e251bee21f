//! What is measured: one file for each table.

mod classify;
mod reply;
mod tap;

use crate::harness::Topic;

pub fn all() -> Vec<Topic> {
    vec![classify::topic(), reply::topic(), tap::topic()]
}
