//! What lives longer than a request, what is larger than one, and what is hidden in one.
mod app;
mod ends;
mod websockets;
