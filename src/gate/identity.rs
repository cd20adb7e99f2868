use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::caller::{Bearer, Caller};
use super::client_ip::push_address;
use super::presets::{Claim, Identity};
use super::sites::Site;
use crate::domain::{ClientId, Origin, Role};
use crate::oauth::{self, Audience, Issuer, REMADE_AFTER, SigningKeys, Unsigned};
use crate::session::SignedIn;
use crate::system::Timestamp;
use crate::users::Roles;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// Bytes of an IPv6 address as text, at most.
const LONGEST_ADDRESS: usize = 45;

/// What an app is told of the way that a request came.
#[derive(Clone, Debug)]
pub struct Forwarding {
    proto: HeaderValue,
    host: HeaderValue,
    port: HeaderValue,
}

impl Forwarding {
    /// Of requests to `origin`. From configuration, so that no `Host` header changes it.
    pub fn new(origin: &Origin) -> Self {
        let host = HeaderValue::from_str(&origin.authority());
        Self {
            proto: HeaderValue::from_static(origin.scheme()),
            // An authority was parsed as a URL's: it holds no byte that a header may not.
            host: host.unwrap_or_else(|_| HeaderValue::from_static("")),
            port: HeaderValue::from(origin.port()),
        }
    }

    /// Writes the forwarding headers, which the client's own were taken out of before.
    pub fn write(&self, client: IpAddr, headers: &mut impl Headers) {
        let mut text = String::with_capacity(LONGEST_ADDRESS);
        push_address(&mut text, client);
        if let Ok(client) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
            headers.set(FOR, client);
        }
        headers.set(PROTO, self.proto.clone());
        headers.set(HOST, self.host.clone());
        headers.set(PORT, self.port.clone());
    }
}

/// Tells the app of one site who calls.
#[derive(Debug)]
pub struct Introduction {
    rows: Vec<(HeaderName, Claim)>,
    audience: Audience,
}

/// What one session's introduction at one site holds, ready to be sent: kept with the session, so
/// that most requests make none and sign nothing.
#[derive(Clone)]
struct Ready {
    of: Arc<Introduction>,
    roles: Roles,
    made: Timestamp,
    /// Of each row.
    values: Arc<[Option<HeaderValue>]>,
}

impl Ready {
    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was set back makes it a thing of the future.
        self.made <= now && now < self.made + REMADE_AFTER
    }

    fn fits(&self, introduction: &Arc<Introduction>, roles: &Roles) -> bool {
        Arc::ptr_eq(&self.of, introduction)
            && (Arc::ptr_eq(&self.roles, roles) || self.roles == *roles)
    }
}

impl Introduction {
    pub fn new(issuer: &Issuer, site: &Site) -> Self {
        let Identity { rows } = &site.identity;
        let told = rows.iter().filter(|(_, claim)| *claim != Claim::Nothing).cloned();
        let audience = Audience::new(issuer, &site.place.origin, &site.place.to_string());
        Self { rows: told.collect(), audience }
    }

    /// Writes the headers; none when nobody is known.
    pub fn write(
        self: &Arc<Self>,
        caller: &Caller,
        keys: &SigningKeys,
        now: Timestamp,
        headers: &mut impl Headers,
    ) -> Result<(), Unsigned> {
        if let Caller::Token(Bearer { access, who: None }) = caller {
            self.write_client(&access.client, headers);
        }
        let Some((who, roles)) = caller.person() else { return Ok(()) };
        let usable = |ready: &&Ready| ready.fits(self, roles) && ready.is_fresh(now);
        let found = who.kept().read(|all: &Vec<Ready>| {
            let ready = all.iter().find(usable);
            ready.map(|ready| self.send(&ready.values, headers)).is_some()
        });
        if found == Some(true) {
            return Ok(());
        }
        let values = self.values(who, roles, keys, now)?;
        self.send(&values, headers);
        self.keep(who, Ready { of: Arc::clone(self), roles: Arc::clone(roles), made: now, values });
        Ok(())
    }

    /// A client that acts for itself is told where a user would be, by the `sub` of its token,
    /// which is no user's: theirs have a `|`. It has no number, no roles and no session.
    fn write_client(&self, client: &ClientId, headers: &mut impl Headers) {
        let Ok(mut value) = HeaderValue::from_str(&oauth::own_subject(client)) else { return };
        value.set_sensitive(true);
        for (name, _) in self.rows.iter().filter(|(_, claim)| *claim == Claim::User) {
            headers.set(name.clone(), value.clone());
        }
    }

    fn send(&self, values: &[Option<HeaderValue>], headers: &mut impl Headers) {
        for ((name, _), value) in self.rows.iter().zip(values) {
            if let Some(value) = value {
                headers.set(name.clone(), value.clone());
            }
        }
    }

    /// Two requests that do this at once make it twice; the later one stays, and both are right.
    fn keep(&self, who: &SignedIn, ready: Ready) {
        let others = who.kept().read(|all: &Vec<Ready>| {
            let other = |other: &&Ready| {
                !std::ptr::eq(other.of.as_ref(), self) && other.is_fresh(ready.made)
            };
            all.iter().filter(other).cloned().collect()
        });
        let mut all: Vec<Ready> = others.unwrap_or_default();
        all.push(ready);
        who.kept().replace(all);
    }

    fn values(
        &self,
        who: &SignedIn,
        roles: &Roles,
        keys: &SigningKeys,
        now: Timestamp,
    ) -> Result<Arc<[Option<HeaderValue>]>, Unsigned> {
        let value = |(_, claim): &(HeaderName, Claim)| {
            Ok(match claim {
                Claim::User => shared(who.user_text()),
                Claim::Phone => shared(who.phone_text()),
                Claim::Groups => groups(roles),
                Claim::Session => HeaderValue::from_str(&who.session().to_string()).ok(),
                Claim::Assertion(style) => {
                    let to = (*style, &self.audience);
                    HeaderValue::from_str(&oauth::assertion(keys, to, who, roles, now)?).ok()
                }
                Claim::Nothing => None,
            })
        };
        // Who prints a request by mistake prints none of this.
        let hidden = |value: Option<HeaderValue>| {
            value.map(|mut value| {
                value.set_sensitive(true);
                value
            })
        };
        self.rows.iter().map(|row| value(row).map(hidden)).collect()
    }
}

fn shared(text: &Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(text.clone()).ok()
}

fn groups(roles: &Roles) -> Option<HeaderValue> {
    let names: Vec<&str> = roles.iter().map(Role::as_str).collect();
    (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(",")).ok()).flatten()
}

/// Where headers are written to: the proxy's own request, or a plain map.
pub trait Headers {
    fn set(&mut self, name: HeaderName, value: HeaderValue);
}

impl Headers for HeaderMap {
    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.insert(name, value);
    }
}
