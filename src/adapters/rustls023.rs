//! rustls 0.23.
