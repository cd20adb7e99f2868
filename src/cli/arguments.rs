use std::path::PathBuf;

use crate::domain::PhoneNumber;
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
  doorcode health --config my.toml  exit with 0 if that server is ready
  doorcode keys --config my.toml    list the signing keys of tokens and assertions
  doorcode keys rotate --config my.toml
                                    replace the signing keys; new ones sign after ten minutes
  doorcode users block +12025550123 --config my.toml
                                    block a user and end all their sessions

Signals:
  SIGTERM   stop gracefully: complete open requests and queued texts;
            a second one stops at once
  SIGINT    (Ctrl-C) stop at once
  SIGHUP    ignored: a changed file is read at the next start

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
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) serve: Serve,
}

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Run the server (also the default without a command)
    Serve(Serve),
    /// Check a configuration file and report all mistakes
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Print the HTML element of the login widget, with the hash of its script
    Widget {
        /// The configuration file
        file: PathBuf,
    },
    /// Check whether the server with this configuration is ready
    Health(Serve),
    /// List the signing keys
    #[command(args_conflicts_with_subcommands = true)]
    Keys {
        #[command(subcommand)]
        command: Option<KeysCommand>,
        #[command(flatten)]
        of: Serve,
    },
    /// Block, unblock or show users
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
}

#[derive(clap::Subcommand)]
pub(super) enum UsersCommand {
    /// Block a user: end all sessions and revoke all grants
    Block(PhoneArgument),
    /// Unblock a user; ended sessions and revoked grants stay so
    Unblock(PhoneArgument),
    /// Show a user: when created and blocked, roles, and number of sessions
    Show(PhoneArgument),
}

#[derive(clap::Args)]
pub(super) struct PhoneArgument {
    /// Phone number in E.164: +12025550123
    #[arg(value_name = "NUMBER", value_parser = phone)]
    pub(super) phone: PhoneNumber,
    #[command(flatten)]
    pub(super) of: Serve,
}

#[derive(clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Publish new keys that will replace the ones that sign
    Rotate {
        /// Only the keys for this usage: token or assertion
        #[arg(long, value_parser = usage)]
        usage: Option<KeyUsage>,
        #[command(flatten)]
        of: Serve,
    },
}

fn usage(text: &str) -> Result<KeyUsage, &'static str> {
    KeyUsage::parse(text).ok_or("neither token nor assertion")
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

#[derive(clap::Args)]
pub(super) struct Serve {
    /// The configuration file; default: the built-in demo
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}
