use std::path::PathBuf;

use super::context::CliDeps;

/// Names the configuration file where the command line names none.
pub(super) const VARIABLE: &str = "DOORCODE_CONFIG";

/// The configuration file of this machine, which packages install.
pub const SYSTEM_FILE: &str = "/etc/doorcode/doorcode.toml";

/// The file of a command line that names none. `None`: there is none.
///
/// An empty variable is as good as none, since many tools cannot unset one. A file that cannot be looked at counts
/// as there, so that somebody without the right to read it is told so.
pub(super) fn default_file(around: &CliDeps<'_>) -> Option<PathBuf> {
    let by_variable = (around.environment)(VARIABLE).filter(|name| !name.is_empty());
    let system = || around.system_file.try_exists().unwrap_or(true);
    by_variable.map(PathBuf::from).or_else(|| system().then(|| around.system_file.to_owned()))
}
