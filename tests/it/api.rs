//! The API that Auth0's SDKs speak, over the wire.
mod authorize;
mod codes;
mod cors;
mod cross_origin;
mod docs;
mod doors;
mod hosted;
mod hostile;
mod login;
mod logout;
mod modes;
mod redirects;
mod refresh;
mod refusals;
mod start;
mod token;
mod world;
