//! What an operator reads: what broke, where, whose it is, why it probably happened, and what to run next.
//!
//! Its one rule: a diagnosis is a pure function of a fault and the facts at hand; it guesses in words
//! that say so, and every step it names can be run as it stands.

pub mod attribution;
