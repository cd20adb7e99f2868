//! What operators may change of what people see, and what they are told of it.
mod consent;
mod contrast;
mod folder;
mod languages;
mod served;
