//! Access tokens of ours at the gate, as applications send them.
mod blocked;
mod ended;
mod forged;
mod fresh;
mod judged;
mod rules;
mod streams;
mod world;
