//! Tests through the public interface, as one binary: one link instead of many.
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up has failed its test"
)]
mod delivery;
mod support;
