//! Doorcode as people and apps meet it, over real sockets.
mod bypass;
mod clock;
mod codes;
mod cross_origin;
mod foreign;
mod main_story;
mod passed_on;
mod process;
mod races;
mod refused;
mod secrets;
mod sending;
mod sessions;
mod store;
mod targets;
mod told;
mod wire;
