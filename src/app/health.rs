use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;

/// Timeout of connecting and of each read or write. A server on a busy machine takes a second or more
/// to respond. The caller of the command has a timeout of its own (Docker: 30 s).
const TIMEOUT: Duration = Duration::from_secs(10);
/// Upper bound of the response of `/readyz`, in bytes.
const MAX_RESPONSE: u64 = 4096;

/// Checks by the admin listener of a configuration whether its server is ready.
///
/// Speaks HTTP by hand: a client library would need a runtime and TLS.
///
/// # Errors
///
/// When the server is not ready or does not respond.
pub fn health(config: &Config) -> Result<(), Box<dyn Error>> {
    let address = reachable(config.proxy.admin);
    let response = request(address).map_err(|why| format!("no response from {address}: {why}"))?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next());
    match status {
        Some("200") => Ok(()),
        Some("503") => Err(format!("not ready: {}", body.trim()).into()),
        _ => Err(format!("the response from {address} is not Doorcode's").into()),
    }
}

fn request(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE).read_to_end(&mut response)?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

/// The address of a listener as seen from the same machine: it may listen on all addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
