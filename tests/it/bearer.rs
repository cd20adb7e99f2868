//! Access tokens of ours at the gate, as applications send them.
mod ended;
mod forged;
mod judged;
mod rules;
mod streams;
mod world;
