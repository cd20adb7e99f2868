//! Several upstreams, dead and alive, and the protocols that they are spoken to by.
mod app;
mod balance;
mod broken_off;
mod dead;
mod health;
pub(crate) mod http2;
mod limits;
mod tls;

use crate::support::gate::Gate;

/// The site at `/down`.
const UPSTREAMS: &str = "\"127.0.0.1:1\"";
const NAME: &str = "name = \"Down\"\n";

/// A gate whose site at `/down` has these upstreams and these lines.
fn gate(upstreams: &[String], lines: &str) -> Gate {
    let upstreams = upstreams.iter().map(|upstream| format!("\"{upstream}\""));
    let upstreams = upstreams.collect::<Vec<_>>().join(", ");
    Gate::changed(&[
        ("[server]\n", "[server]\nh2c = true\n"),
        (UPSTREAMS, &upstreams),
        (NAME, &format!("{NAME}{lines}")),
    ])
}

fn at(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
