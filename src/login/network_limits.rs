use std::net::IpAddr;

use ipnet::IpNet;

/// `[[limits.network]]`: networks that have maximums of their own, such as those of an office.
#[derive(Clone, Debug)]
pub struct NetworkLimits {
    networks: Vec<IpNet>,
    /// By the keys of the limits. Other limits are as everywhere.
    maximums: Vec<(&'static str, u32)>,
}

impl NetworkLimits {
    pub const fn new(networks: Vec<IpNet>, maximums: Vec<(&'static str, u32)>) -> Self {
        Self { networks, maximums }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn maximum_of(&self, key: &str) -> Option<u32> {
        let own = self.maximums.iter().find(|(known, _)| *known == key);
        own.map(|(_, most)| *most)
    }
}
