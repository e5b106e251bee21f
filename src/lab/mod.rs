//! Upstreams that misbehave on purpose.
