//! The API that Auth0's SDKs speak, over the wire.
mod authorize;
mod codes;
mod modes;
mod redirects;
mod refresh;
mod start;
mod token;
mod world;
