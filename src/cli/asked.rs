use std::net::IpAddr;

use http::Method;

use super::phone::phone;
use crate::domain::{PhoneNumber, Role};

/// The request that is explained.
#[derive(clap::Args)]
pub(super) struct AskedArguments {
    /// The URL that is asked for, as the client sends it: nothing in it is changed
    #[arg(long, value_name = "URL", value_parser = SentUrl::parse)]
    pub(super) url: SentUrl,
    /// The method
    #[arg(long, default_value = "GET", value_parser = method)]
    pub(super) method: Method,
    /// Whoever has this number calls, and logged in just now; without it nobody does
    #[arg(long, value_name = "NUMBER", value_parser = phone)]
    pub(super) phone: Option<PhoneNumber>,
    /// A role that they have besides those of their [[user]]; may be repeated
    #[arg(long, value_name = "ROLE", value_parser = role, requires = "phone")]
    pub(super) role: Vec<Role>,
    /// Whoever has this access token or personal access token calls; `-`: read from standard input. The
    /// running server is asked whose it is
    #[arg(long, value_name = "TOKEN", conflicts_with = "phone")]
    pub(super) token: Option<String>,
    /// The client's address
    #[arg(long, value_name = "ADDRESS")]
    pub(super) from: Option<IpAddr>,
}

/// A URL, taken apart as clients do before they send it.
#[derive(Clone, Debug)]
pub(super) struct SentUrl {
    pub(super) scheme: &'static str,
    /// The value of `Host`.
    pub(super) host: String,
    /// The path with its query; the fragment is not sent.
    pub(super) target: String,
}

impl SentUrl {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let schemes = ["https", "http"].into_iter();
        let mut found = schemes.filter_map(|scheme| {
            let rest = text.strip_prefix(scheme)?.strip_prefix("://")?;
            Some((scheme, rest))
        });
        let (scheme, rest) = found.next().ok_or("must begin with https:// or http://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if host.contains('@') {
            return Err("may not name a user: clients send that as a header");
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { scheme, host: host.to_owned(), target: format!("{slash}{target}") })
    }
}

fn method(text: &str) -> Result<Method, &'static str> {
    Method::from_bytes(text.as_bytes()).map_err(|_| "not a method, such as POST")
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).map_err(|why| why.to_string())
}
