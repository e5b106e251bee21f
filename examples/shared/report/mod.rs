//! What the tour and the lab's judge print alike: a table, what is broken, how far it is.

mod columns;
mod progress;
mod terminal;
mod verdict;

pub(crate) use columns::{Cell, Table};
pub(crate) use progress::in_order;
pub(crate) use terminal::{Style, Terminal};
pub(crate) use verdict::{Judged, closing};
