//! What an operator asks and changes of a person, on the database of a configuration. Servers that
//! run on it learn of a change from its list.
use std::error::Error;
use std::fmt::Write as _;

use super::keys::on_database;
use crate::config::Config;
use crate::domain::PhoneNumber;
use crate::session;
use crate::store::{SqlStore, StoredUser, Users as _};
use crate::system::{System, Timestamp};
use crate::users::Directory;

type Told = Result<String, Box<dyn Error>>;

/// Lets the person with a number sign in no more, and ends their sessions and what clients were
/// given for them.
pub fn block_user(config: &Config, phone: &PhoneNumber, system: &System) -> Told {
    on_database(config, async |store| {
        let user = found(store, phone).await?;
        store.set_blocked(&phone.into(), true, system.now()).await?;
        Ok(match user.blocked {
            None => {
                format!("{} ({}) is blocked, and signed out everywhere\n", user.id, phone.masked())
            }
            Some(at) => {
                format!("{} ({}) has been blocked since {}\n", user.id, phone.masked(), time(at)?)
            }
        })
    })
}

/// Lets them sign in again. What ended stays so.
pub fn unblock_user(config: &Config, phone: &PhoneNumber, system: &System) -> Told {
    on_database(config, async |store| {
        let user = found(store, phone).await?;
        store.set_blocked(&phone.into(), false, system.now()).await?;
        let said = user.blocked.map_or("was not blocked", |_| "may sign in again");
        Ok(format!("{} ({}) {said}\n", user.id, phone.masked()))
    })
}

/// What there is to know of them, a line each.
pub fn show_user(config: &Config, phone: &PhoneNumber, system: &System) -> Told {
    on_database(config, async |store| {
        let StoredUser { id, created, blocked, roles } = found(store, phone).await?;
        let now = system.now();
        let sessions = session::living(store, id, config.session, now).await?;
        let roles = Directory::new(config.users.clone()).roles(phone, &roles.into());
        let roles: Vec<&str> = roles.iter().map(crate::domain::Role::as_str).collect();
        let none = || "-".to_owned();
        let mut lines = String::new();
        for (what, said) in [
            ("id", id.to_string()),
            ("number", phone.masked()),
            ("since", time(created)?),
            ("blocked since", blocked.map(time).transpose()?.unwrap_or_else(none)),
            ("roles", if roles.is_empty() { none() } else { roles.join(", ") }),
            ("sessions", sessions.to_string()),
        ] {
            writeln!(lines, "{what:<15}{said}")?;
        }
        Ok(lines)
    })
}

async fn found(store: &SqlStore, phone: &PhoneNumber) -> Result<StoredUser, Box<dyn Error>> {
    let unknown = || {
        let why = if phone.is_test() { ", which is in no numbering plan" } else { "" };
        format!(
            "nobody who ever signed in or is in the configuration has the number {}{why}",
            phone.masked()
        )
    };
    Ok(store.with_number(&phone.into()).await?.ok_or_else(unknown)?)
}

/// RFC 3339, UTC, in seconds.
fn time(at: Timestamp) -> Result<String, jiff::Error> {
    Ok(format!("{:.0}", jiff::Timestamp::from_millisecond(at.as_millis())?))
}
