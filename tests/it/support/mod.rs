//! What the tests put around Doorcode: doubles of the outside world.
//! Knows nothing of Doorcode's inside.
pub(crate) mod twilio;
