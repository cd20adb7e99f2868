use super::super::reader::Reader;
use super::super::values::{self, TrustedProxy, shown};
use crate::domain::guessable;
use crate::gate::ForwardAuthSettings;

const FROM: &str = "forward_auth.from";
const SECRET: &str = "forward_auth.secret";
/// Characters of a secret, at least.
const SHORTEST: usize = 32;

/// `[forward_auth]`; without it nobody may ask.
pub(super) fn forward_auth(reader: &mut Reader<'_>) -> Option<ForwardAuthSettings> {
    let from = reader.all_or_none(FROM, |text| {
        let trusted = values::trusted_proxy(text)?;
        if let Some(net) = trusted.network().filter(values::is_anybody) {
            return Err(format!(
                "{net} is wider than any private network: anyone in it could claim to forward any \
                 request; list your proxies only"
            ));
        }
        Ok(trusted)
    })?;
    let secret = if reader.has(SECRET) { Some(secret(reader)?) } else { None };
    let from_unix_socket = from.contains(&TrustedProxy::UnixSocket);
    let from = from.iter().filter_map(TrustedProxy::network).collect();
    let settings = ForwardAuthSettings { from, from_unix_socket, secret };
    if reader.has("forward_auth") && !settings.is_on() {
        let text = "allows nobody: write from = [\"127.0.0.1\"], with the networks of the proxies that ask, \
                    or secret";
        reader.note("forward_auth", text);
        return None;
    }
    Some(settings)
}

fn secret(reader: &mut Reader<'_>) -> Option<crate::domain::Secret> {
    let secret = reader.secrets(SECRET)?.into_iter().next()?;
    let item = reader.items(SECRET)?.into_iter().next()?;
    let why = if secret.reveal().len() < SHORTEST {
        Some("has fewer than 32 characters".to_owned())
    } else {
        guessable(secret.reveal()).map(ToString::to_string)
    };
    let checked = match why {
        Some(why) => {
            Err(format!("{} {why}; make one with `openssl rand -base64 32`", shown(&item.text)))
        }
        None => Ok(secret),
    };
    reader.take(item.at, SECRET, checked)
}
