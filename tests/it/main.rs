//! The one binary of integration tests.
mod config;
