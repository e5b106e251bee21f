//! `Proxy-Status` read back (RFC 9209): who on the way says that what went wrong.
//!
//! Its one rule: a value is a claim of whoever sent it, read by the grammar of RFC 9651 or not at all.
