//! The `users` commands, on the database of a configuration. Servers that run on it apply changes
//! from its change feed.
use std::error::Error;
use std::fmt::Write as _;

use super::database::on_contacts;
use crate::config::Config;
use crate::domain::{PhoneNumber, Role};
use crate::session;
use crate::store::{FoundUser, PersonalTokenStore as _, SqlStore, StoredUser, UserStore as _};
use crate::system::{System, Timestamp};
use crate::users::Directory;

type Output = Result<String, Box<dyn Error>>;

/// Blocks a user: ends all sessions and revokes all grants.
///
/// # Errors
///
/// When there is no such user, or the database cannot be written.
pub fn block_user(config: &Config, phone: &PhoneNumber, system: &System) -> Output {
    on_contacts(config, system, async |store| {
        let user = found(store, phone).await?;
        store.set_blocked(&phone.into(), true, system.now()).await?;
        Ok(match user.blocked {
            None => {
                format!(
                    "{} ({}) is blocked; all sessions and access tokens have ended\n",
                    user.id,
                    phone.masked()
                )
            }
            Some(at) => {
                format!("{} ({}) has been blocked since {}\n", user.id, phone.masked(), time(at)?)
            }
        })
    })
}

/// Unblocks a user. Ended sessions and revoked grants stay so.
///
/// # Errors
///
/// When there is no such user, or the database cannot be written.
pub fn unblock_user(config: &Config, phone: &PhoneNumber, system: &System) -> Output {
    on_contacts(config, system, async |store| {
        let user = found(store, phone).await?;
        store.set_blocked(&phone.into(), false, system.now()).await?;
        let result = user.blocked.map_or("was not blocked", |_| "may sign in again");
        Ok(format!("{} ({}) {result}\n", user.id, phone.masked()))
    })
}

/// Describes a user, one property per line.
///
/// # Errors
///
/// When there is no such user, or the database cannot be read.
pub fn show_user(config: &Config, phone: &PhoneNumber, system: &System) -> Output {
    on_contacts(config, system, async |store| {
        let StoredUser { id, created, blocked, roles } = found(store, phone).await?;
        let now = system.now();
        let sessions = session::count_active(store, id, config.session, now).await?;
        let tokens = store.personal_tokens(id, now).await?.len();
        let all_roles = Directory::new(config.users.clone()).roles(phone, &roles.into());
        let roles: Vec<&str> = all_roles.iter().map(Role::as_str).collect();
        let none = || "-".to_owned();
        let mut lines = String::new();
        for (property, value) in [
            ("id", id.to_string()),
            ("number", phone.masked()),
            ("since", time(created)?),
            ("blocked since", blocked.map(time).transpose()?.unwrap_or_else(none)),
            ("roles", if roles.is_empty() { none() } else { roles.join(", ") }),
            ("sessions", sessions.to_string()),
            ("access tokens", tokens.to_string()),
        ] {
            writeln!(lines, "{property:<15}{value}")?;
        }
        Ok(lines)
    })
}

/// Lists the users whose number ends in these four digits, one for each line.
///
/// # Errors
///
/// When there is none, or the database cannot be read.
pub fn find_users(config: &Config, ending: &str, system: &System) -> Output {
    on_contacts(config, system, async |store| {
        let found = store.find_by_ending(ending).await?;
        if found.is_empty() {
            return Err(format!("no user has a number that ends in {ending}").into());
        }
        let mut lines = format!("{:<30}{:<24}{:<22}blocked since\n", "id", "number", "since");
        for FoundUser { id, phone, created, blocked } in found {
            let (id, number, since) = (id.to_string(), phone.masked(), time(created)?);
            let blocked = blocked.map_or_else(|| Ok("-".to_owned()), time)?;
            writeln!(lines, "{id:<30}{number:<24}{since:<22}{blocked}")?;
        }
        Ok(lines)
    })
}

async fn found(store: &SqlStore, phone: &PhoneNumber) -> Result<StoredUser, Box<dyn Error>> {
    let unknown = || {
        let why = if phone.is_test() { "; it is in no numbering plan" } else { "" };
        format!(
            "no user has the number {}: nobody has signed in with it, and it is not in the configuration{why}",
            phone.masked()
        )
    };
    Ok(store.find_by_identifier(&phone.into()).await?.ok_or_else(unknown)?)
}

/// RFC 3339, UTC, in seconds.
pub(super) fn time(at: Timestamp) -> Result<String, jiff::Error> {
    Ok(format!("{:.0}", jiff::Timestamp::from_millisecond(at.as_millis())?))
}
