//! The PROXY protocol (haproxy.org, versions 1 and 2): a balancer names the client of a connection before
//! its first byte.
use std::net::IpAddr;
use std::time::Duration;

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How long a balancer may take to send the header, which it sends at once.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest header of version 1, with its end of line.
const LONGEST_LINE: usize = 107;
/// Signature, version, family and length of version 2.
const FIXED: usize = 16;
/// Limit for the rest of version 2, bytes: addresses and whatever balancers add, such as the subject of
/// a certificate.
const LONGEST_REST: usize = 4096;

/// Why a connection is closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeaderError {
    /// Also what a check does that only looks whether the port is open.
    #[error("it ended before its first byte")]
    Nothing,
    #[error("no PROXY header came in time")]
    TimedOut,
    #[error("the PROXY header is cut off: {0}")]
    CutOff(#[from] std::io::Error),
    #[error("it does not begin with a PROXY header")]
    Absent,
    #[error("the PROXY header is malformed")]
    Malformed,
}

/// Takes the header from a stream. `None`: the connection is the balancer's own, or its client's
/// address is not known.
///
/// # Errors
/// When there is none, or not a valid one.
pub(super) async fn take_header(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<IpAddr>, HeaderError> {
    let read = tokio::time::timeout(TIMEOUT, read(stream)).await;
    let header = read.unwrap_or(Err(HeaderError::TimedOut))?;
    if header[0] == b'P' { line_source(&header) } else { binary_source(&header) }
}

/// The whole header, and no byte after it.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, HeaderError> {
    let mut header = vec![0];
    if stream.read(&mut header).await? == 0 {
        return Err(HeaderError::Nothing);
    }
    match header[0] {
        b'P' => {
            while !header.ends_with(b"\r\n") {
                if header.len() == LONGEST_LINE {
                    return Err(HeaderError::Malformed);
                }
                header.push(stream.read_u8().await?);
                if !v1::PROTOCOL_PREFIX.as_bytes().starts_with(&header)
                    && !header.starts_with(v1::PROTOCOL_PREFIX.as_bytes())
                {
                    return Err(HeaderError::Absent);
                }
            }
        }
        b'\r' => {
            header.resize(FIXED, 0);
            stream.read_exact(&mut header[1..]).await?;
            if !header.starts_with(v2::PROTOCOL_PREFIX) {
                return Err(HeaderError::Absent);
            }
            let rest = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
            if rest > LONGEST_REST {
                return Err(HeaderError::Malformed);
            }
            header.resize(FIXED + rest, 0);
            stream.read_exact(&mut header[FIXED..]).await?;
        }
        _ => return Err(HeaderError::Absent),
    }
    Ok(header)
}

fn line_source(header: &[u8]) -> Result<Option<IpAddr>, HeaderError> {
    let header = v1::Header::try_from(header).map_err(|_| HeaderError::Malformed)?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(of) => Some(of.source_address.into()),
        v1::Addresses::Tcp6(of) => Some(of.source_address.into()),
        v1::Addresses::Unknown => None,
    })
}

fn binary_source(header: &[u8]) -> Result<Option<IpAddr>, HeaderError> {
    let header = v2::Header::try_from(header).map_err(|_| HeaderError::Malformed)?;
    if header.command == v2::Command::Local {
        return Ok(None);
    }
    Ok(match header.addresses {
        v2::Addresses::IPv4(of) => Some(of.source_address.into()),
        v2::Addresses::IPv6(of) => Some(of.source_address.into()),
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(bytes: &[u8]) -> (Result<Option<IpAddr>, HeaderError>, Vec<u8>) {
        let mut rest = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let taken = runtime.expect("a runtime").block_on(take_header(&mut rest));
        (taken, rest.to_vec())
    }

    fn v2(family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x21, family], &length, body].concat()
    }

    #[test]
    fn the_source_is_read_and_what_follows_is_left() {
        let v4 = [203, 0, 113, 9, 10, 0, 0, 1, 1, 2, 3, 4];
        let v6 = [&[0x20, 1, 0xd, 0xb8], &[0; 11][..], &[9], &[0; 16], &[1, 2, 3, 4]].concat();
        let more = [&v4[..], &[4, 0, 3, 1, 2, 3]].concat();
        let mut local = v2(0x11, &v4);
        local[12] = 0x20;
        for (header, source) in [
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4000 443\r\n".to_vec(), Some("203.0.113.9")),
            (b"PROXY TCP6 2001:db8::9 fd00::1 4000 443\r\n".to_vec(), Some("2001:db8::9")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (v2(0x11, &v4), Some("203.0.113.9")),
            (v2(0x11, &more), Some("203.0.113.9")),
            (v2(0x21, &v6), Some("2001:db8::9")),
            (v2(0x00, &[]), None),
            (local, None),
        ] {
            let (found, rest) = taken(&[&header[..], b"GET / HTTP/1.1\r\n"].concat());
            let source = source.map(|source| source.parse::<IpAddr>().expect("an address"));
            assert_eq!(found.expect("a header"), source, "{header:?}");
            assert_eq!(rest, b"GET / HTTP/1.1\r\n");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let mut version = v2(0x11, &[0; 12]);
        version[12] = 0x31;
        for wrong in [
            &b""[..],
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
            b"PROXY TCP4 203.0.113.9 10.0.0.1 4000\r\n",
            b"PROXY TCP4 203.0.113.09 10.0.0.1 4000 443\r\n",
            b"PROXY TCP4 2001:db8::9 fd00::1 4000 443\r\n",
            b"PROXY TCP4 203.0.113.9 10.0.0.1 4000 65536\r\n",
            b"PROXY TCP4 203.0.113.9  10.0.0.1 4000 443\r\n",
            b"PROXY TCP4 203.0.113.9 10.0.0.1 4000 443\n",
            b"PROXY UDP4 203.0.113.9 10.0.0.1 4000 443\r\n",
            b"PROXY TCP4 203.0.113.9",
            b"\x16\x03\x01",
            b"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\x0c",
            &v2(0x11, &[0; 4]),
            &v2(0x21, &[0; 12]),
            &v2(0x41, &[0; 12]),
            &v2(0x11, &[0; LONGEST_REST + 1]),
            &version,
        ] {
            assert!(taken(wrong).0.is_err(), "{:?}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let (found, rest) = taken(&[b"PROXY UNKNOWN ", &[b'x'; 500][..]].concat());
        assert!(matches!(found, Err(HeaderError::Malformed)));
        assert_eq!(rest.len(), 500 + 14 - LONGEST_LINE, "no more is read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_is_not_waited_for_without_end() {
        use tokio::io::AsyncWriteExt as _;
        let (mut here, mut balancer) = tokio::io::duplex(64);
        balancer.write_all(b"PROXY TCP4 ").await.expect("sent");
        let taken = tokio::time::timeout(TIMEOUT * 2, take_header(&mut here)).await;
        assert!(matches!(taken.expect("in time"), Err(HeaderError::TimedOut)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(
            kind in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let start = [&b""[..], b"PROXY TCP4 ", v2::PROTOCOL_PREFIX][kind];
            drop(taken(&[start, &bytes].concat()));
        }

        #[test]
        fn every_address_comes_back(source: std::net::Ipv4Addr, port: u16) {
            let line = format!("PROXY TCP4 {source} 10.0.0.1 {port} 443\r\n");
            prop_assert_eq!(taken(line.as_bytes()).0.expect("a header"), Some(source.into()));
            let body = [&source.octets()[..], &[10, 0, 0, 1], &port.to_be_bytes(), &[1, 187]].concat();
            prop_assert_eq!(taken(&v2(0x11, &body)).0.expect("a header"), Some(source.into()));
        }
    }
}
