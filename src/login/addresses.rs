use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::outbound::is_public;

/// After so many starts in a row from one address, no other address is expected.
const MANY: u32 = 10;

/// Whether all starts come from one address: a proxy that is not trusted takes every visitor's place.
#[derive(Default)]
pub(super) struct LatestAddress(Mutex<Row>);

/// The address of the latest start, and how many came from it in a row.
#[derive(Default)]
struct Row {
    address: Option<IpAddr>,
    starts: u32,
}

impl LatestAddress {
    pub(super) fn note(&self, address: IpAddr) {
        let mut row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = if row.address == Some(address) { row.starts } else { 0 };
        *row = Row { address: Some(address), starts: starts.saturating_add(1) };
    }

    /// Whether the latest starts all came from this address, and it is one that a proxy before this
    /// server typically has.
    pub(super) fn is_only_one(&self, address: IpAddr) -> bool {
        let row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        row.address == Some(address) && row.starts >= MANY && !is_public(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(starts: u32, address: &str) -> bool {
        let (latest, address) = (LatestAddress::default(), address.parse().unwrap());
        (0..starts).for_each(|_| latest.note(address));
        latest.is_only_one(address)
    }

    #[test]
    fn a_proxy_is_suspected_where_many_starts_came_from_a_private_address() {
        for private in ["127.0.0.1", "172.17.0.1", "100.64.3.2", "::ffff:10.1.2.3", "fd00::7"] {
            assert!(after(10, private) && !after(9, private), "{private}");
        }
        assert!(!after(100, "203.0.113.9") && !after(100, "2001:db8::1"));
    }

    #[test]
    fn another_address_between_them_clears_the_suspicion() {
        let latest = LatestAddress::default();
        let [proxy, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        (0..9).for_each(|_| latest.note(proxy));
        latest.note(other);
        latest.note(proxy);
        assert!(!latest.is_only_one(proxy) && !latest.is_only_one(other));
    }
}
