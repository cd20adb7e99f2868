//! `doorcode doctor`: asks the running server, its apps, its stores and the names that it is known by, and
//! says what is wrong. Changes nothing and sends no text.
mod apps;
mod attack;
mod clock;
mod http2;
mod listening;
mod providers;
mod public;
mod report;
mod running;
mod stores;

use std::error::Error;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::config::Config;
use crate::system::System;

use report::Report;

pub use attack::{APP_KINDS, AppKind};

/// Limit for one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than this is told.
const SLOW: Duration = Duration::from_secs(1);

/// Shows a part of what was found.
pub type Show<'w> = &'w mut dyn FnMut(&str);

/// Whether nothing failed.
pub type Examined = Result<bool, Box<dyn Error>>;

/// Asks everything that the server of a configuration depends on.
///
/// # Errors
///
/// When nothing can be asked at all.
pub fn examine_running(config: &Config, system: &System, show: Show<'_>) -> Examined {
    let mut report = Report::new(show);
    let is_ready = running::ask(config, &mut report);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut dates = clock::Dates::default();
        stores::ask(config, system, (is_ready, &mut report)).await;
        public::ask(config, system, &mut report).await;
        apps::ask(config, system, (&mut dates, &mut report)).await;
        providers::ask(config, system, (&mut dates, &mut report)).await;
        dates.tell(&mut report);
    });
    Ok(report.end())
}

/// Attacks a server with the rules of a configuration on loopback; see [`attack`].
///
/// # Errors
///
/// When that server does not start.
pub fn attack(config: &Config, show: Show<'_>) -> Examined {
    let mut report = Report::new(show);
    attack::attack(config, &mut report)?;
    Ok(report.end())
}

/// An error with all its causes; the text of some has none of them.
fn with_causes(why: &dyn Error) -> String {
    let mut text = why.to_string();
    let mut cause = why.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}

/// A time for people.
fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
