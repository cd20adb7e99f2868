use std::path::Path;

use super::context::{CliDeps, FAILED, FINE, say};
use super::notes::notes;
use crate::config::Config;
use crate::system::Timestamp;

pub(super) fn check(file: &Path, around: &mut CliDeps<'_>) -> u8 {
    match Config::load(file, around.environment) {
        Ok(config) => match (around.examine)(&config) {
            Ok(()) => {
                say(around.out, &report(&config, around.now));
                FINE
            }
            Err(why) => {
                say(around.err, &format_args!("{}: {why}\n", config.source));
                FAILED
            }
        },
        Err(problems) => {
            let count = counted(problems.list().len(), "mistake");
            say(around.err, &format_args!("{problems}\n{count} in {}\n", problems.file()));
            FAILED
        }
    }
}

/// The summary of a valid file, with notes and warnings.
fn report(config: &Config, now: Timestamp) -> String {
    let mut lines = vec![format!(
        "{} is fine: {}, {}, {}, {}",
        config.source,
        counted(config.sites.len(), "site"),
        counted(config.oauth.clients.all().len(), "client"),
        counted(config.users.len(), "user"),
        counted(config.providers.len(), "SMS provider"),
    )];
    lines.extend(config.warnings(now).iter().map(ToString::to_string));
    lines.extend(notes(config));
    lines.join("\n") + "\n"
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
