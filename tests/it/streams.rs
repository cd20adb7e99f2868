//! What lives longer than a request, what is larger than one, and what is hidden in one.
mod answers;
mod app;
mod bodies;
mod clients;
mod ends;
mod exchanges;
mod h2;
mod h2_floods;
mod held;
mod limits;
mod pace;
mod passing;
mod reload;
mod smuggling;
mod timeouts;
mod upgrade;
mod websockets;
