//! hyper 1.
