//! Doorcode as people and apps meet it, over real sockets.
mod bypass;
mod codes;
mod foreign;
mod main_story;
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
