use std::error::Error;
use std::io::Write;

use super::database::{no_database, on_contacts};
use super::progress_bar::ProgressBar;
use super::{nodes, secret};
use crate::config::Config;
use crate::store::Reencrypted;
use crate::system::System;

/// Encrypts the numbers in the database of a configuration under the first value of `server.secret`,
/// while servers run on it that have both. `terminal` is shown how far it is.
///
/// # Errors
///
/// When there is no database, it fails, a server runs with another configuration, or a number could not
/// be read.
pub fn rotate_secret(
    config: &Config,
    system: &System,
    terminal: &mut (dyn Write + Send),
) -> Result<String, Box<dyn Error>> {
    let keyring = secret::of_existing(config)?.ok_or_else(|| no_database(config))?;
    let result = on_contacts(config, system, async |store| {
        let others = nodes::with_other_settings(store, config, &keyring).await?;
        if !others.is_empty() {
            return Err(format!(
                "these servers run with another file or secret, and could read no number any more: {}; \
                 restart them with this file first",
                others.join(", ")
            )
            .into());
        }
        let mut bar = ProgressBar::new(terminal);
        let result = store.reencrypt_contacts(&mut |progress| bar.show(progress)).await;
        bar.end();
        Ok(result?)
    })?;
    let Reencrypted { changed, unreadable } = result;
    if unreadable > 0 {
        return Err(format!(
            "phone numbers encrypted anew: {changed}; left as they are, since no value of \
             server.secret opens them: {unreadable}"
        )
        .into());
    }
    Ok(format!(
        "phone numbers encrypted anew: {changed}. All are encrypted under the first value of \
         server.secret. When the second is removed, sessions end that began under it\n"
    ))
}
