use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::asked::AskedArguments;
use super::default_file::{SYSTEM_FILE, VARIABLE};
use super::phone::phone;
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
  doorcode init my.toml             write a first my.toml: asks a handful of questions
  doorcode check my.toml            report all mistakes in my.toml
  doorcode --config my.toml         run the server with my.toml
  doorcode explain my.toml --url https://shop.example.com/admin --phone +12025550123
                                    say which rule decides a request, and what the app would get
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
  Only the server and check need all secrets that the file names; explain and widget need none;
  users, secret rotate, keys rotate and migrate need server.secret.

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
  2  the command line is invalid
  3  explain: the request would not reach the app, but be refused or led to the login";

const EXPLAIN: &str = "\
The answer is that of the rules in the file, found by the code that judges requests; no server has to
run. Cookies, tokens, other headers and the body are not looked at: what they may change is noted.

Exit codes:
  0  the request would reach the app, or a page of Doorcode's own
  1  the configuration is invalid
  2  the command line is invalid
  3  the request would be refused, or led to the login";

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
    /// Write a first configuration file from a handful of answers
    Init(InitArguments),
    /// Check a configuration file and report all mistakes
    Check(FileArguments),
    /// Say what becomes of a request: its site, every reading of its path, the rules and the decision
    #[command(after_help = EXPLAIN)]
    Explain(ExplainArguments),
    /// Print the HTML element of the login widget, with the hash of its script
    Widget(FileArguments),
    /// Check whether the server with this configuration is ready
    Health(FileArguments),
    /// Make the running server read its file anew; one with a mistake changes nothing
    Reload(FileArguments),
    /// Make the running server hand over to a new process of the installed program
    Upgrade(FileArguments),
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
    /// PEM file of the certificate, or `proxy`
    #[arg(long)]
    pub(super) certificate: Option<String>,
    /// PEM file of its key
    #[arg(long)]
    pub(super) key: Option<String>,
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
