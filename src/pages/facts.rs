use std::net::IpAddr;

use crate::domain::Origin;
use crate::gate::Own;

/// Why the body of a request is not with it. What answers the path says so in its own way: an
/// endpoint of the API so that scripts can read it.
#[derive(Clone, Debug)]
pub struct Unread(pub super::Problem);

/// What the proxy found out about a request for one of our own paths. Travels with the request
/// as an extension; a handler never looks at `Host`.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where the browser believes to be.
    pub origin: Origin,
    /// What precedes our paths there: `""` or the reserved prefix.
    pub base: String,
    /// Whether the issuer's pages are here.
    pub issuer: bool,
    /// Whether sites are on this host.
    pub site: bool,
    pub client: IpAddr,
}

impl Facts {
    pub fn new(own: &Own<'_>, client: IpAddr) -> Self {
        Self {
            origin: own.origin.clone(),
            base: own.base.to_owned(),
            issuer: own.issuer,
            site: own.site,
            client,
        }
    }
}
