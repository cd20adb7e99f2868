//! What an app is told about its caller: by which names, and signed so that it need not believe
//! who sent it.
mod assertion;
mod keys;
mod presets;
mod ready;
mod spoofed;
mod verifier;
