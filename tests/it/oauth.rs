//! What clients of the API are given, and what is taken back from them.
mod access;
mod adversary;
mod id;
mod rotation;
mod scope;
mod world;
