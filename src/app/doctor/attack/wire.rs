//! Sends requests byte for byte, as an attacker does.
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// How long an answer may take to begin, and each part of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection is watched for a second answer.
const SILENCE: Duration = Duration::from_millis(150);
/// Of an answer this much is read, bytes.
const MOST: usize = 64 * 1024;

/// One connection for each request: a refusal may end it.
#[derive(Clone, Copy)]
pub(super) struct Wire {
    pub(super) from: IpAddr,
    pub(super) to: SocketAddr,
}

impl Wire {
    /// Sends `bytes` and returns the status of the answer; `None`: there was none.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub(super) async fn send(self, bytes: &[u8]) -> io::Result<Option<u16>> {
        let mut stream = self.connect().await?;
        // A gate that refuses early closes while we write.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") && answer.len() < MOST {
            if !more(&mut stream, &mut answer, PATIENCE).await {
                break;
            }
        }
        Ok(status(&answer))
    }

    /// The same, and waits for answers to what may have been taken for further requests.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    pub(super) async fn send_and_watch(self, bytes: &[u8]) -> io::Result<Option<u16>> {
        let mut stream = self.connect().await?;
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let mut patience = PATIENCE;
        while answer.len() < MOST && more(&mut stream, &mut answer, patience).await {
            patience = SILENCE;
        }
        Ok(status(&answer))
    }

    async fn connect(self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.from, 0))?;
        socket.connect(self.to).await
    }
}

/// Whether something was read.
async fn more(stream: &mut TcpStream, answer: &mut Vec<u8>, patience: Duration) -> bool {
    let read = tokio::time::timeout(patience, stream.read_buf(answer)).await;
    matches!(read, Ok(Ok(read)) if read > 0)
}

fn status(answer: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(answer.get(9..12)?).ok()?;
    text.parse().ok()
}

/// An address of this machine from which nobody is a trusted proxy; `None`: there is none.
pub(super) fn untrusted(trusted: &[IpNet]) -> Option<IpAddr> {
    let own = [[127, 0, 0, 1], [127, 9, 8, 7], [127, 201, 2, 3], [127, 254, 253, 252]];
    let addresses = own.into_iter().map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    let covers = |net: &IpNet, ip: &IpAddr| match (net, ip) {
        // A network of IPv4 addresses may be written as one of IPv6.
        (IpNet::V6(net), IpAddr::V4(ip)) => {
            net.contains(&ip.to_ipv6_mapped())
                || net.contains(&Ipv6Addr::LOCALHOST) && net.prefix_len() == 0
        }
        (net, ip) => net.contains(ip),
    };
    addresses.into_iter().find(|ip| !trusted.iter().any(|net| covers(net, ip)))
}
