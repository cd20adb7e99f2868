use ipnet::IpNet;
use url::Url;

use super::super::server;
use super::ALLOW_PRIVATE;
use crate::domain::Origin;
use crate::outbound::AddressRule;

/// The URL of a provider's API, without a slash at its end. `example`: for the message.
pub(super) fn base_url(text: &str, example: &str, allowed: &[IpNet]) -> Result<Url, String> {
    let wrong = || format!("is not a URL such as {example}");
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    let origin = Origin::of(&url).map_err(|_| wrong())?;
    server::secure(&origin)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return Err("may not have a user, query or fragment".to_owned());
    }
    public(&url, allowed)?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Refuses an address that is neither public nor listed. Names are judged when they are resolved.
pub(super) fn public(url: &Url, allowed: &[IpNet]) -> Result<(), String> {
    let admitted = AddressRule::new(url, allowed.to_vec()).admits(url);
    admitted.then_some(()).ok_or_else(|| {
        let host = url.host_str().unwrap_or_default();
        format!(
            "{host} is not a public address; if that is meant, list its network in {ALLOW_PRIVATE}"
        )
    })
}
