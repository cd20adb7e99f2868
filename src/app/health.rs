use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;

/// A server that says nothing for so long is not well. On a machine that is only busy, an answer takes
/// a second or more; whoever runs the command has a time-out of their own (Docker: 30 s).
const PATIENCE: Duration = Duration::from_secs(10);
/// More than the answer of `/readyz` has.
const LONGEST: u64 = 4096;

/// Asks the admin listener of a configuration whether the server that runs with it is ready; the
/// error says why not.
///
/// A request and a status line by hand: an HTTP client would be a runtime and TLS for nothing.
pub fn health(config: &Config) -> Result<(), Box<dyn Error>> {
    let address = reachable(config.proxy.admin);
    let answer = ask(address).map_err(|why| format!("nobody answers at {address}: {why}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next());
    match status {
        Some("200") => Ok(()),
        Some("503") => Err(format!("not ready: {}", body.trim()).into()),
        _ => Err(format!("something else than Doorcode answers at {address}").into()),
    }
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Where a listener is found from the same machine: it may listen on every address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
