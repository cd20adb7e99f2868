use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::default_file::{SYSTEM_FILE, VARIABLE};
use crate::domain::{ENDING, PhoneNumber};
use crate::oauth::KeyUsage;

const ABOUT: &str = "Puts SMS login in front of any web app";

const LONG_ABOUT: &str = "\
Puts SMS login in front of any web app.

Doorcode is a reverse proxy: visitors of a protected page get a login page and enter the code that
is texted to them; from then on their requests reach the app with headers that identify them.
Without a configuration file it runs a demo on http://localhost:8080 that prints the texts on this
terminal.";

const EXAMPLES: &str = "\
Examples:
  doorcode                          run the demo: open http://localhost:8080
  doorcode check my.toml            report all mistakes in my.toml
  doorcode --config my.toml         run the server with my.toml
  doorcode widget my.toml           print the HTML element that embeds the login in a page
  doorcode health my.toml           exit with 0 if that server is ready
  doorcode reload my.toml           make that server read its file anew
  doorcode nodes my.toml            list the servers that run on the same database
  doorcode store copy --from sqlite:doorcode.db --to my.toml
                                    copy a database to that of my.toml
  doorcode keys my.toml             list the signing keys of tokens and assertions
  doorcode keys rotate my.toml      replace the signing keys; new ones sign after ten minutes
  doorcode users block +12025550123 my.toml
                                    block a user and end all their sessions
  doorcode help users               explain a command

Configuration file:
  Every command takes it by its name alone, as here, or as --config my.toml. If none is named it is
  that of the environment variable DOORCODE_CONFIG, else /etc/doorcode/doorcode.toml if that exists.
  Without all three the server runs the demo, and other commands do nothing.
  Only the server and check need all secrets that the file names; users, secret rotate, keys rotate
  and migrate need server.secret.

Signals:
  SIGTERM   stop gracefully: complete open requests and queued texts;
            a second one stops at once
  SIGINT    (Ctrl-C) stop at once
  SIGHUP    read the configuration file anew, with what it names; a file with a mistake changes
            nothing, and the log says every one
  SIGQUIT, SIGUSR1, SIGUSR2 and SIGALRM are ignored

Output:
  The access log, one JSON object per request, goes to standard output; with the console provider,
  texts go there instead. The log goes to standard error in the format of [log]. Set its level
  with DOORCODE_LOG: error, warn, info, debug, trace, or a tracing filter.

Exit codes:
  0  success
  1  the configuration is invalid, or the command failed
  2  the command line is invalid";

#[derive(clap::Parser)]
#[command(
    name = "doorcode",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_long_help = EXAMPLES
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// The configuration file; default: that of `DOORCODE_CONFIG`, else /etc/doorcode/doorcode.toml, else
    /// the built-in demo
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Run the server (also the default without a command)
    Serve(FileArguments),
    /// Check a configuration file and report all mistakes
    Check(FileArguments),
    /// Print the HTML element of the login widget, with the hash of its script
    Widget(FileArguments),
    /// Check whether the server with this configuration is ready
    Health(FileArguments),
    /// Make the running server read its file anew; one with a mistake changes nothing
    Reload(FileArguments),
    /// List the servers that run on the same database
    Nodes(FileArguments),
    /// Bring the database to the schema of this version, as each start of the server does
    Migrate(FileArguments),
    /// Move the database
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// List the signing keys
    Keys {
        #[command(subcommand)]
        command: Option<KeysCommand>,
        #[command(flatten)]
        file: FileArguments,
    },
    /// Change the secret that the database is encrypted under
    Secret {
        #[command(subcommand)]
        command: SecretCommand,
    },
    /// Block, unblock, show or find users
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
}

/// The configuration file, by its name alone or as an option.
#[derive(clap::Args)]
pub(super) struct FileArguments {
    /// The configuration file; default: that of `DOORCODE_CONFIG`, else /etc/doorcode/doorcode.toml
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The same as FILE
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
pub(super) enum UsersCommand {
    /// Block a user: end all sessions and personal access tokens, and revoke all grants
    Block(PhoneArguments),
    /// Unblock a user; ended sessions and revoked grants stay so
    Unblock(PhoneArguments),
    /// Show a user: when created and blocked, roles, and number of sessions and personal access tokens
    Show(PhoneArguments),
    /// List the users whose number ends in four digits
    Find {
        /// The last four digits of a number
        #[arg(value_name = "DIGITS", value_parser = ending)]
        ending: String,
        #[command(flatten)]
        file: FileArguments,
    },
}

#[derive(clap::Args)]
pub(super) struct PhoneArguments {
    /// Phone number in E.164: +12025550123
    #[arg(value_name = "NUMBER", value_parser = phone)]
    pub(super) phone: PhoneNumber,
    #[command(flatten)]
    pub(super) file: FileArguments,
}

#[derive(clap::Subcommand)]
pub(super) enum SecretCommand {
    /// Encrypt all phone numbers under the first value of server.secret, while servers run that have both
    Rotate(FileArguments),
}

#[derive(clap::Subcommand)]
pub(super) enum StoreCommand {
    /// Copy a database to an empty one and compare both; stop the servers of both before. Begins where an
    /// interrupted copy ended
    Copy {
        /// Configuration file, or `sqlite:PATH` or `postgres://…`
        #[arg(long, value_name = "FILE|URL")]
        from: String,
        /// The same
        #[arg(long, value_name = "FILE|URL")]
        to: String,
    },
}

#[derive(clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Publish new keys that will replace the ones that sign
    Rotate {
        /// Only the keys for this usage: token or assertion
        #[arg(long, value_parser = usage)]
        usage: Option<KeyUsage>,
        #[command(flatten)]
        file: FileArguments,
    },
}

/// The one file that was named, in whichever way; `None`: none was.
///
/// # Errors
///
/// A usage error when several were.
pub(super) fn one_file<const N: usize>(
    named: [Option<PathBuf>; N],
) -> Result<Option<PathBuf>, clap::Error> {
    let mut all = named.into_iter().flatten();
    let (file, other) = (all.next(), all.next());
    match (&file, other) {
        (Some(file), Some(other)) => {
            let (file, other) = (file.display(), other.display());
            let text =
                format!("two configuration files are named, '{file}' and '{other}': name one");
            Err(Arguments::command().error(ErrorKind::ArgumentConflict, text))
        }
        _ => Ok(file),
    }
}

/// The error of a command that needs a file.
pub(super) fn lacks_file(command: &str) -> clap::Error {
    let text = format!(
        "no configuration file is named: write doorcode {command} my.toml, or set {VARIABLE}, or put it at {SYSTEM_FILE}"
    );
    Arguments::command().error(ErrorKind::MissingRequiredArgument, text)
}

/// What was probably meant by a word that is no command, if it is the name of a file.
pub(super) fn hint(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let is_file = word.contains(['.', '/']) || Path::new(word).exists();
    is_file.then(|| {
        format!(
            "\nIs {word} a configuration file?\n  doorcode --config {word}   runs the server with \
             it\n  doorcode check {word}      reports all mistakes in it\n"
        )
    })
}

fn usage(text: &str) -> Result<KeyUsage, &'static str> {
    KeyUsage::parse(text).ok_or("neither token nor assertion")
}

/// The last digits of a number, by which users are found.
fn ending(text: &str) -> Result<String, String> {
    let digits = text.len() == ENDING && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.to_owned())
        .ok_or_else(|| format!("not the last {ENDING} digits of a number"))
}

/// Parses a number like `phone` in the configuration; test numbers are allowed.
fn phone(text: &str) -> Result<PhoneNumber, String> {
    match PhoneNumber::parse(text, None) {
        Ok(number) if number.e164() == text => Ok(number),
        Ok(meant) if PhoneNumber::is_e164(text) => {
            Err(format!("another form of a mobile number; write {}", meant.e164()))
        }
        Ok(meant) => Err(format!("not in E.164; write {}", meant.e164())),
        Err(why) => PhoneNumber::from_store(text)
            .map_err(|_| format!("not a number such as +12025550123: {why}")),
    }
}
