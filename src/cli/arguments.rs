use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::asked::AskedArguments;
use super::default_file::{SYSTEM_FILE, VARIABLE};
use super::help::{ABOUT, DOCTOR, EXAMPLES, EXPLAIN, LONG_ABOUT, LONG_VERSION};
use super::phone::phone;
use super::since::{Since, since};
use crate::domain::{AttemptReference, ENDING, PhoneNumber};
use crate::oauth::KeyUsage;

#[derive(clap::Parser)]
#[command(
    name = "doorcode",
    version,
    long_version = LONG_VERSION,
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
    /// Run the built-in demo, whatever configuration file this machine has
    Demo,
    /// Write a first configuration file from a handful of answers
    Init(InitArguments),
    /// Check a configuration file and report all mistakes
    Check(FileArguments),
    /// Say what becomes of a request: its site, every reading of its path, the rules and the decision
    #[command(after_help = EXPLAIN)]
    Explain(ExplainArguments),
    /// Ask the running server, its apps, its database and its names whether all is well
    #[command(after_help = DOCTOR)]
    Doctor(DoctorArguments),
    /// Check whether the server with this configuration is ready
    Health(FileArguments),
    #[command(flatten)]
    Printed(PrintedCommand),
    /// Move the database
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
}

/// What prints what came of it.
#[derive(clap::Subcommand)]
pub(super) enum PrintedCommand {
    /// Print the HTML element of the login widget, with the hash of its script
    Widget(FileArguments),
    /// Make the running server read its file anew; one with a mistake changes nothing
    Reload(FileArguments),
    /// Make the running server hand over to a new process of the installed program
    Upgrade(FileArguments),
    /// Tell what became of a login attempt: asked, sent, entered, refused
    Attempt(AttemptArguments),
    /// Send a test text by the configured providers, and say what they answered
    Text(PhoneArguments),
    /// Tell what was texted, what arrived, what was used and what it cost
    Sms {
        #[command(subcommand)]
        command: SmsCommand,
    },
    /// List the servers that run on the same database
    Nodes(FileArguments),
    /// Bring the database to the schema of this version, as each start of the server does
    Migrate(FileArguments),
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

/// The answers that are given as options. What is missing is asked for at a terminal, and else is the
/// default.
#[derive(clap::Args)]
pub(super) struct InitArguments {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE", default_value = "doorcode.toml")]
    pub(super) file: PathBuf,
    /// Public URL of the app
    #[arg(long)]
    pub(super) url: Option<String>,
    /// Where the app listens: 127.0.0.1:3000
    #[arg(long)]
    pub(super) upstream: Option<String>,
    /// Name on the login pages
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Countries whose numbers may sign in: "US GB"
    #[arg(long)]
    pub(super) countries: Option<String>,
    /// PEM file of the certificate, `acme` or `proxy`
    #[arg(long)]
    pub(super) certificate: Option<String>,
    /// PEM file of its key
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Mail address for the authority of `acme`, whose terms it agrees to
    #[arg(long)]
    pub(super) contact: Option<String>,
    /// twilio or console
    #[arg(long)]
    pub(super) provider: Option<String>,
    /// Account SID of Twilio
    #[arg(long)]
    pub(super) twilio_account: Option<String>,
    /// Number or messaging service that texts come from
    #[arg(long)]
    pub(super) twilio_from: Option<String>,
}

impl InitArguments {
    /// The answer to a question, by its name.
    pub(super) fn given(&self, question: &str) -> Option<&str> {
        let answers = [
            ("url", &self.url),
            ("upstream", &self.upstream),
            ("name", &self.name),
            ("countries", &self.countries),
            ("certificate", &self.certificate),
            ("key", &self.key),
            ("contact", &self.contact),
            ("provider", &self.provider),
            ("twilio-account", &self.twilio_account),
            ("twilio-from", &self.twilio_from),
        ];
        answers.into_iter().find(|(name, _)| *name == question)?.1.as_deref()
    }
}

#[derive(clap::Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    pub(super) asked: AskedArguments,
    #[command(flatten)]
    pub(super) file: FileArguments,
}

#[derive(clap::Args)]
pub(super) struct DoctorArguments {
    /// Instead, attack a gate with the same rules, on loopback and before an app that only records, and say
    /// what reached it
    #[arg(long)]
    pub(super) attack: bool,
    #[command(flatten)]
    pub(super) file: FileArguments,
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
pub(super) struct AttemptArguments {
    /// The reference that the login page shows, or the attempt id of the log
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    pub(super) reference: AttemptReference,
    /// Show the whole number; that is recorded, with the name of the user who runs this
    #[arg(long)]
    pub(super) reveal: bool,
    #[command(flatten)]
    pub(super) file: FileArguments,
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
pub(super) enum SmsCommand {
    /// A table by country and provider: sent, delivered, used, spent
    Stats(StatsArguments),
}

#[derive(clap::Args)]
pub(super) struct StatsArguments {
    /// Of texts since then: a time ago (`24h`, `7d`) or a day (`2026-11-01`)
    #[arg(long, value_name = "WHEN", default_value = "30d", value_parser = since)]
    pub(super) since: Since,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
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

/// The error of a command that reads no file and was given one.
pub(super) fn takes_no_file(command: &str, file: &Path) -> clap::Error {
    let text =
        format!("doorcode {command} reads no configuration file: leave out '{}'", file.display());
    Arguments::command().error(ErrorKind::ArgumentConflict, text)
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

fn reference(text: &str) -> Result<AttemptReference, &'static str> {
    AttemptReference::parse(text)
        .ok_or("no reference: eight letters and digits, as 7K3M9Q2D, of which none is a U")
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
