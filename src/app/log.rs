//! The log on standard error: what is written, and in which format.
use std::env::VarError;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, warn};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::json_lines::JsonLines;
use crate::events::LogFormat;

/// The variable with the level, or with a filter.
const VARIABLE: &str = "DOORCODE_LOG";
/// The level without it.
const DEFAULT_LEVEL: &str = "info";
/// The start of the names of our own modules.
const OWN: &str = env!("CARGO_CRATE_NAME");

/// Starts the log of the process.
///
/// # Errors
///
/// When it was started before.
pub(super) fn start(format: LogFormat) -> Result<(), tracing_subscriber::util::TryInitError> {
    let (filter, mistake) = match wanted(std::env::var(VARIABLE)) {
        Ok(filter) => (filter, None),
        Err(why) => (EnvFilter::new(DEFAULT_LEVEL), Some(why)),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(JsonLines).boxed(),
    };
    let log =
        tracing_subscriber::registry().with(filter_fn(is_safe_to_log)).with(filter).with(lines);
    log.try_init()?;
    if let Some(why) = mistake {
        warn!(why, "{VARIABLE} is not understood: the level is {DEFAULT_LEVEL}");
    }
    Ok(())
}

/// The filter for the value of the variable, or what is wrong with it.
fn wanted(value: Result<String, VarError>) -> Result<EnvFilter, String> {
    let text = match value {
        Ok(text) => text,
        Err(VarError::NotPresent) => String::new(),
        Err(why @ VarError::NotUnicode(_)) => return Err(why.to_string()),
    };
    let directives = || text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    if directives().next().is_none() {
        return Ok(EnvFilter::new(DEFAULT_LEVEL));
    }
    // A bare word that is no level would be taken for the name of a module, and silence all others.
    let is_module = |word: &str| word == OWN || word.starts_with(&format!("{OWN}::"));
    let is_clear = |directive: &str| {
        directive.contains(['=', '['])
            || is_module(directive)
            || directive.parse::<LevelFilter>().is_ok()
    };
    if let Some(word) = directives().find(|directive| !is_clear(directive)) {
        return Err(format!("`{word}` is not one of error, warn, info, debug, trace, off"));
    }
    EnvFilter::try_new(&text).map_err(|why| why.to_string())
}

/// Limits libraries to warnings, whatever `DOORCODE_LOG` says: at lower levels they log whole
/// requests, with cookies, codes and numbers. Pingora's proxy logs requests even with its errors;
/// the access log has the same information without them. Other parts of Pingora warn about each
/// client that closes an unused connection, as browsers do with preconnected ones. The errors of SMPP's crates may
/// quote a text, and reach us as values, too.
fn is_safe_to_log(about: &Metadata<'_>) -> bool {
    let of = |module: &str| {
        let rest = about.target().strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let quiet = || SILENCED.iter().any(|module| of(module));
    of(OWN) || (*about.level() <= Level::WARN && !quiet())
}

const SILENCED: &[&str] =
    &["pingora_proxy", "pingora_core::apps", "pingora_core::protocols::tls", "rusmpp", "rusmppc"];

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(text: &str) -> Result<String, String> {
        wanted(Ok(text.to_owned())).map(|filter| filter.to_string())
    }

    #[test]
    fn levels_and_filters_are_understood_and_nothing_else_is() {
        for (text, filter) in [
            ("", "info"),
            (" , ", "info"),
            ("warn", "warn"),
            ("DEBUG", "debug"),
            ("off", "off"),
            ("warn,doorcode::login=debug", "doorcode::login=debug,warn"),
            ("doorcode=trace", "doorcode=trace"),
        ] {
            assert_eq!(understood(text).as_deref(), Ok(filter), "{text}");
        }
        for wrong in ["verbose", "warn,loud", "doorcode=loud", "infos", "doorcodes", "a=b=c", "7"] {
            assert!(understood(wrong).is_err(), "{wrong}: {:?}", understood(wrong));
        }
        assert!(wanted(Err(VarError::NotUnicode("x".into()))).is_err());
        assert!(wanted(Err(VarError::NotPresent)).is_ok());
    }
}
