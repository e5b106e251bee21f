//! The configured whole.

/// stub
#[derive(Debug)]
pub struct Gateway {}
