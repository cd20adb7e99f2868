//! The words of the house: what is taken, what is refused, what is never shown.
mod code;
mod id;
mod keys;
mod origin;
mod phone;
mod return_to;
mod spellings;
