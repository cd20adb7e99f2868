//! TLS on the listener: who is shown which certificate, what comes through, and what is cut off.
mod broken;
mod served;
mod shown;

use crate::support::gate::Gate;
use crate::support::tls::Shelf;

const ORIGIN: &str = "https://shop.example.com";

/// Without anything before it, at [`ORIGIN`]. `more`: further lines of `[server]`.
fn gate(shelf: &Shelf, more: &str) -> Gate {
    let server = format!("[server]\n{}{more}", shelf.line());
    Gate::at(Some(ORIGIN), &[("[server]\n", &server)])
}
