//! A login at the door for applications: what a right code gives there, whatever fails meanwhile.
mod faults;
mod given;
mod world;
