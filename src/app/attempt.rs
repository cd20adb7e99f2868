//! `doorcode attempt`: what became of a login attempt, from the database.
use std::error::Error;
use std::fmt::Write as _;

use super::database::on_contacts;
use super::history_room::{MOST, MOST_OF_ONE};
use super::users::time;
use crate::config::Config;
use crate::domain::AttemptReference;
use crate::store::{AttemptHistory as _, HistoryEntry, SqlStore, StoredHistory};
use crate::system::System;

/// Who sees the whole number; `None`: nobody does.
pub type Reveals<'a> = Option<&'a str>;

/// Tells what became of the attempts with a reference. Whoever sees a whole number is recorded first.
///
/// # Errors
///
/// When there is none, or the database cannot be read or, for a whole number, written.
pub fn tell_attempt(
    config: &Config,
    (reference, reveals): (AttemptReference, Reveals<'_>),
    system: &System,
) -> Result<String, Box<dyn Error>> {
    on_contacts(config, system, async |store| {
        let entries = store.history(reference).await?;
        if entries.is_empty() {
            return Err(match config.store.attempt_history {
                Some(_) => no_such(reference),
                None => format!(
                    "no story is kept: store.attempt_history is 0s; in the log look for attempt={}",
                    reference.start_of_id()
                ),
            }
            .into());
        }
        if let Some(who) = reveals {
            record_reveal((config, store), &entries, who, system).await?;
        }
        story(&entries, reveals.is_some())
    })
}

async fn record_reveal(
    (config, store): (&Config, &SqlStore),
    entries: &[StoredHistory],
    who: &str,
    system: &System,
) -> Result<(), Box<dyn Error>> {
    let at = system.now();
    let text = format!("the whole number was shown to {who} by `doorcode attempt --reveal`");
    let mut attempts: Vec<_> = entries.iter().map(|entry| entry.attempt).collect();
    attempts.dedup();
    let expires = at + config.store.attempt_history.unwrap_or_default();
    let entry =
        |attempt| HistoryEntry { attempt, at, n: 0, text: text.clone(), phone: None, expires };
    let shown: Vec<_> = attempts.into_iter().map(entry).collect();
    Ok(store.add_history(&shown).await?)
}

fn story(entries: &[StoredHistory], reveals: bool) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for of_one in entries.chunk_by(|one, other| one.attempt == other.attempt) {
        let Some(first) = of_one.first() else { continue };
        let separator = if text.is_empty() { "" } else { "\n" };
        let reference = AttemptReference::from(first.attempt);
        writeln!(text, "{separator}attempt {reference} ({})", first.attempt)?;
        if reveals {
            let phone = of_one.iter().find_map(|entry| entry.phone.as_ref());
            let gone = "encrypted under a secret that is gone";
            writeln!(text, "number  {}", phone.map_or(gone, |phone| phone.e164()))?;
        }
        for entry in of_one {
            writeln!(text, "{}  {}", time(entry.at)?, entry.text)?;
        }
    }
    Ok(text)
}

fn no_such(reference: AttemptReference) -> String {
    format!(
        "no attempt has the reference {reference}: it is a typing mistake, older than \
         store.attempt_history, of a request (request_id in the log ends so), or one of more than \
         {MOST} refusals of a minute or {MOST_OF_ONE} of a network, of which the log alone tells: \
         look for attempt={}",
        reference.start_of_id()
    )
}
