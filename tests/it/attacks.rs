//! Attacks on the login, played against it with the limits that an operator gets who says nothing of
//! them. Each ends at the limit that the table names, a restart in the middle forgets nothing,
//! and a browser that signed in before gets in during each.
mod conversion;
mod guesses;
mod money;
mod numbers;
mod office;
mod one_number;
mod replayed_proof;
mod reserve;
mod world;

use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
