use std::net::IpAddr;

use crate::domain::RequesterDigest;

/// Where a login was requested. A code is valid only on the channel that requested it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The login pages; the requester is a browser.
    Page,
    /// The API; the requester is a client with one of its connections.
    Api,
}

/// Who requests a login. Together with the phone number it identifies the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    pub channel: Channel,
    /// Pages: SHA-256 of the browser's cookie. API: see [`Requester::api`].
    pub who: RequesterDigest,
    /// The client address of the request.
    pub address: IpAddr,
    pub standing: Standing,
}

/// What the limits take a requester for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Stranger,
    /// The browser has signed in with the number before: see [`Login::is_known_browser`].
    ///
    /// [`Login::is_known_browser`]: super::Login::is_known_browser
    KnownBrowser,
    /// A client that proved its secret and does not tell for whom it asks: a server, for all of its
    /// visitors.
    Server,
}

impl Requester {
    /// A client at the API, identified by its id and the name of the connection.
    pub fn api(client: &str, connection: &str, address: IpAddr) -> Self {
        // Length-prefixed, so that no two pairs have the same input.
        let length = u64::try_from(client.len()).unwrap_or(u64::MAX).to_be_bytes();
        let parts: [&[u8]; 3] = [&length, client.as_bytes(), connection.as_bytes()];
        let who = RequesterDigest::of(parts.concat());
        // A client cannot tell its users' browsers apart, so none is known.
        Self { channel: Channel::Api, who, address, standing: Standing::Stranger }
    }

    /// The same for a client that proved its secret and asks for all of its visitors.
    #[must_use]
    pub const fn of_server(self) -> Self {
        Self { standing: Standing::Server, ..self }
    }
}
