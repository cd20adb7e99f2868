//! Doorcode as people and apps meet it, over real sockets.
mod codes;
mod main_story;
mod races;
mod sessions;
mod store;
mod told;
mod wire;
