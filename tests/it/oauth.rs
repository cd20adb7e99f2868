//! What clients of the API are given, and what is taken back from them.
mod access;
mod adversary;
mod id;
mod key_changes;
mod node;
mod rotation;
mod scope;
mod world;
