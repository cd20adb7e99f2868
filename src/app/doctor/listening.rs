//! The sockets that listen on this machine, as Linux lists them in `/proc/net/tcp` (proc(5)). Read here,
//! since a crate for all of `/proc` is a lot for two columns.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The state of a socket that listens.
const LISTENS: &str = "0A";

/// The addresses at which this machine listens on a port. Empty also where that cannot be read.
pub(super) fn on_port(port: u16) -> Vec<IpAddr> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.iter().filter_map(|table| std::fs::read_to_string(table).ok());
    texts.flat_map(|text| parse(&text, port)).collect()
}

fn parse(table: &str, port: u16) -> Vec<IpAddr> {
    let listens = |line: &str| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (local, state) = (columns.next()?, columns.nth(1)?);
        let (address, local_port) = local.split_once(':')?;
        let is_it = state == LISTENS && u16::from_str_radix(local_port, 16).ok()? == port;
        if is_it { address_of(address) } else { None }
    };
    table.lines().skip(1).filter_map(listens).collect()
}

/// Words of 32 bits, each in the order of this machine's bytes.
fn address_of(hex: &str) -> Option<IpAddr> {
    let words = hex.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let four = <[u8; 4]>::try_from(bytes.as_slice()).map(|four| Ipv4Addr::from(four).into());
    let sixteen = || <[u8; 16]>::try_from(bytes.as_slice()).map(|all| Ipv6Addr::from(all).into());
    four.or_else(|_| sixteen()).ok().map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::on_port;

    #[test]
    fn a_socket_is_found_at_the_address_where_it_listens() {
        for address in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
            let listener = TcpListener::bind((address, 0)).expect("a port");
            let port = listener.local_addr().expect("bound").port();
            assert!(on_port(port).contains(&address.into()), "{address}:{port}");
        }
    }
}
