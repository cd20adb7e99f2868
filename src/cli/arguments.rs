use std::path::PathBuf;

use crate::oauth::Usage;

const ABOUT: &str = "Puts SMS login in front of any web app";

const LONG_ABOUT: &str = "\
Puts SMS login in front of any web app.

Doorcode is a reverse proxy: people who reach a protected page get a login page, type the code
that was texted to them, and from then on their requests reach the app with headers that say who
they are. Without a configuration file it runs a demo on http://localhost:8080 that prints the
texts on this terminal.";

const EXAMPLES: &str = "\
Examples:
  doorcode                          run the demo: open http://localhost:8080
  doorcode check my.toml            tell every mistake in my.toml
  doorcode --config my.toml         serve what my.toml says
  doorcode widget my.toml           print the tag that puts the login on a page of yours
  doorcode health --config my.toml  tell by the exit code whether that server is ready
  doorcode keys --config my.toml    list the keys that tokens and assertions are signed with
  doorcode keys rotate --config my.toml
                                    replace them: new ones sign in ten minutes

Signals:
  SIGTERM   stop: finish what is being answered and the texts that wait, then end;
            a second one ends at once
  SIGINT    (Ctrl-C) end at once
  SIGHUP    nothing: a changed file is read at the next start

Output:
  Access lines, one JSON object for each request, go to standard output; with the console provider,
  texts go there instead. Everything else is logged to standard error, as [log] format
  says: DOORCODE_LOG=debug, or a tracing filter, says how much.

Exit codes:
  0  fine
  1  the configuration is wrong, or the command failed
  2  the command line is wrong";

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
    /// Serve (also when no command is given)
    Serve(Serve),
    /// Tell every mistake in a configuration file, or that it is fine
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Print the tag of the login for your own pages, with the hash of its script
    Widget {
        /// The configuration file
        file: PathBuf,
    },
    /// Ask the server that runs with the same file whether it is ready, and tell why it is not
    Health(Serve),
    /// List the signing keys
    #[command(args_conflicts_with_subcommands = true)]
    Keys {
        #[command(subcommand)]
        command: Option<KeysCommand>,
        #[command(flatten)]
        of: Serve,
    },
}

#[derive(clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Publish new keys that will take the places of those that sign
    Rotate {
        /// Only those that sign these: token or assertion
        #[arg(long, value_parser = usage)]
        usage: Option<Usage>,
        #[command(flatten)]
        of: Serve,
    },
}

fn usage(text: &str) -> Result<Usage, &'static str> {
    Usage::parse(text).ok_or("neither token nor assertion")
}

#[derive(clap::Args)]
pub(super) struct Serve {
    /// The configuration file; without one the demo runs
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}
