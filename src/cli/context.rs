use std::error::Error;
use std::io::Write;
use std::path::Path;

use crate::config::{Config, Environment};
use crate::domain::{AttemptReference, PhoneNumber};
use crate::oauth::KeyUsage;
use crate::proxy::{ExplainedRequest, TokenHolder};
use crate::store::Database;
use crate::system::Timestamp;

pub type Done = Result<(), Box<dyn Error>>;

/// The output of a command, or why it failed.
pub type CommandResult = Result<String, Box<dyn Error>>;

/// Whether nothing failed. What was found has been shown.
pub type DoctorResult = Result<bool, Box<dyn Error>>;

/// Does a part of it, and shows what it finds.
type Doctor = dyn Fn(&Config, DoctorPart, &mut dyn FnMut(&str)) -> DoctorResult;

/// What the doctor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoctorPart {
    /// Asks the running server and what it depends on.
    Ask,
    /// Attacks a server of its own with the same rules.
    Attack,
}

/// Asks the server of a configuration whose the token of a request is.
pub(super) type TokenHolderOf =
    dyn Fn(&Config, &ExplainedRequest<'_>, &str) -> Result<TokenHolder, Box<dyn Error>>;

/// What commands depend on, passed in so that tests can replace it.
pub struct CliDeps<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    pub environment: &'a Environment<'a>,
    /// The configuration file that is used where none is named, if it exists.
    pub system_file: &'a Path,
    /// The time that certificates are checked against.
    pub now: Timestamp,
    /// Checks what a start would check beyond the file, without changing anything.
    pub examine: &'a dyn Fn(&Config) -> Done,
    /// Checks whether the server of a configuration is ready.
    pub health: &'a dyn Fn(&Config) -> Done,
    /// Makes the server of a configuration read its file anew.
    pub reload: &'a dyn Fn(&Config) -> CommandResult,
    pub upgrade: &'a dyn Fn(&Config) -> CommandResult,
    /// Whose a token is, by the server of a configuration.
    pub token_holder: &'a TokenHolderOf,
    /// Asks whatever a configuration depends on, or attacks its rules, and shows what it finds.
    pub doctor: &'a Doctor,
    /// Tells what became of a login attempt; of whole numbers only to whom it names.
    pub attempt: &'a dyn Fn(&Config, AttemptReference, Option<&str>) -> CommandResult,
    /// Sends a test text to a number.
    pub text: &'a dyn Fn(&Config, &PhoneNumber) -> CommandResult,
    /// Tells what was sent since a time and what became of it; in JSON if that is asked for.
    pub text_stats: &'a dyn Fn(&Config, Timestamp, bool) -> CommandResult,
    /// A line of standard input, without its end; `None`: there is none.
    pub line: &'a dyn Fn() -> Option<String>,
    /// Lists the servers on the database of a configuration.
    pub nodes: &'a dyn Fn(&Config) -> CommandResult,
    /// Brings the database of a configuration to the schema of this version.
    pub migrate: &'a dyn Fn(&Config) -> CommandResult,
    /// Copies one database to another.
    pub copy: &'a dyn Fn(&Database, &Database) -> CommandResult,
    /// Lists the signing keys in the database of a configuration.
    pub keys: &'a dyn Fn(&Config) -> CommandResult,
    /// Begins to replace them, or those of one usage.
    pub rotate: &'a dyn Fn(&Config, Option<KeyUsage>) -> CommandResult,
    /// Blocks the user with a number.
    pub block: &'a dyn Fn(&Config, &PhoneNumber) -> CommandResult,
    /// Unblocks them.
    pub unblock: &'a dyn Fn(&Config, &PhoneNumber) -> CommandResult,
    /// Describes them.
    pub show: &'a dyn Fn(&Config, &PhoneNumber) -> CommandResult,
    /// Lists the users whose number ends in four digits.
    pub find: &'a dyn Fn(&Config, &str) -> CommandResult,
    /// Encrypts the numbers in the database under the newest secret.
    pub rotate_secret: &'a dyn Fn(&Config) -> CommandResult,
    /// Asks whoever sits at the terminal; `None`: nobody does.
    pub ask: &'a dyn Fn(&str) -> Option<String>,
    /// Runs the server until it ends.
    pub serve: &'a dyn Fn(Config) -> Done,
}

/// Exit code: success.
pub const FINE: u8 = 0;
/// Exit code: the configuration is invalid, or the command failed.
pub const FAILED: u8 = 1;
/// Exit code: the command line is invalid.
pub const USAGE: u8 = 2;

/// Exit code of `explain`: the request would not pass.
pub const STOPPED: u8 = 3;

/// Writes `text`. Errors are ignored: a closed terminal is not a failure.
pub(super) fn say(to: &mut dyn Write, text: &dyn std::fmt::Display) {
    let _ = write!(to, "{text}").and_then(|()| to.flush());
}
