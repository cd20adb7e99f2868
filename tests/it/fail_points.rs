//! Between every two steps of a login something can fail. Each such point has a name; after each,
//! nobody is signed in by half, no code works twice, and who had the right code still gets in.
mod calls;
mod database;
mod disk;
mod engines;
mod kills;
mod statements;
pub(crate) mod trap;
mod visitor;
mod world;
