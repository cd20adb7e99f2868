//! The command line: arguments in, exit codes out.
//! Does no work of its own: reads the configuration and calls what was passed in.
mod arguments;
mod check;
mod context;
mod explain;
mod init;
mod notes;
mod widget;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;

use crate::config::{Config, Purpose};
use crate::store::Database;
use arguments::{
    Arguments, AskedArguments, Command, ExplainArguments, FileArguments, KeysCommand,
    PhoneArguments, SecretCommand, StoreCommand, UsersCommand, hint, lacks_file, one_file,
};
use context::say;

pub use context::{CliDeps, CommandResult, Done, FAILED, FINE, STOPPED, USAGE};

/// Runs the command of `arguments`, the first of which is the program's name, and returns the exit
/// code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, around: &mut CliDeps<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => return print_clap(&message, around),
    };
    run_command(arguments, around).unwrap_or_else(|message| print_clap(&message, around))
}

fn run_command(arguments: Arguments, around: &mut CliDeps<'_>) -> Result<u8, clap::Error> {
    let Arguments { command, config } = arguments;
    let Some(command) = command else { return Ok(serve(config.as_deref(), around)) };
    let named = |given: FileArguments| one_file([config.clone(), given.file, given.config]);
    let needed = |name: &str, given| named(given)?.ok_or_else(|| lacks_file(name));
    Ok(match command {
        Command::Serve(file) => serve(named(file)?.as_deref(), around),
        Command::Init(given) => init::init(&given, around),
        Command::Check(file) => check::check(&needed("check", file)?, around),
        Command::Explain(ExplainArguments { asked, file }) => {
            explain(&asked, named(file)?.as_deref(), around)
        }
        Command::Widget(file) => {
            let file = needed("widget", file)?;
            print((Purpose::Pages, Some(&file)), around, widget::tag)
        }
        Command::Health(file) => health(named(file)?.as_deref(), around),
        Command::Reload(file) => {
            let (file, reload) = (needed("reload", file)?, around.reload);
            print((Purpose::Store, Some(&file)), around, |config| reload(config))
        }
        Command::Nodes(file) => {
            let nodes = around.nodes;
            print((Purpose::Store, named(file)?.as_deref()), around, |config| nodes(config))
        }
        Command::Migrate(file) => {
            let migrate = around.migrate;
            print((Purpose::Sealed, Some(&needed("migrate", file)?)), around, |config| {
                migrate(config)
            })
        }
        Command::Store { command: StoreCommand::Copy { from, to } } => copy(&from, &to, around),
        Command::Keys { command: None, file } => {
            let keys = around.keys;
            print((Purpose::Store, named(file)?.as_deref()), around, |config| keys(config))
        }
        Command::Keys { command: Some(KeysCommand::Rotate { usage, file: given }), file } => {
            let file = one_file([config, file.file, file.config, given.file, given.config])?;
            let rotate = around.rotate;
            print((Purpose::Sealed, file.as_deref()), around, |config| rotate(config, usage))
        }
        Command::Users { command } => {
            let (file, run) = users(command, around);
            print((Purpose::Sealed, named(file)?.as_deref()), around, run)
        }
        Command::Secret { command: SecretCommand::Rotate(file) } => {
            let rotate = around.rotate_secret;
            print((Purpose::Sealed, Some(&needed("secret rotate", file)?)), around, |config| {
                rotate(config)
            })
        }
    })
}

/// What a command does with its configuration.
type Run<'a> = Box<dyn Fn(&Config) -> CommandResult + 'a>;

/// The file of a command about users, and what it does.
fn users<'a>(command: UsersCommand, around: &CliDeps<'a>) -> (FileArguments, Run<'a>) {
    let (command, PhoneArguments { phone, file }) = match command {
        UsersCommand::Find { ending, file } => {
            let find = around.find;
            return (file, Box::new(move |config| find(config, &ending)));
        }
        UsersCommand::Block(person) => (around.block, person),
        UsersCommand::Unblock(person) => (around.unblock, person),
        UsersCommand::Show(person) => (around.show, person),
    };
    (file, Box::new(move |config| command(config, &phone)))
}

/// Prints what clap has to say: help and version on standard output, usage errors on standard
/// error.
fn print_clap(message: &clap::Error, around: &mut CliDeps<'_>) -> u8 {
    let text = message.render();
    if message.use_stderr() {
        say(around.err, &text);
        say(around.err, &hint(message).unwrap_or_default());
        USAGE
    } else {
        say(around.out, &text);
        FINE
    }
}

fn serve(file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    match read(Purpose::Serve, file, around) {
        Some(config) => exit_code((around.serve)(config), around),
        None => FAILED,
    }
}

fn explain(asked: &AskedArguments, file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    let Some(config) = read(Purpose::Rules, file, around) else { return FAILED };
    let (text, code) = explain::explain(&config, asked);
    say(around.out, &text);
    code
}

fn health(file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    match read(Purpose::Store, file, around) {
        Some(config) => exit_code((around.health)(&config), around),
        None => FAILED,
    }
}

fn copy(from: &str, to: &str, around: &mut CliDeps<'_>) -> u8 {
    let (Some(from), Some(to)) = (database(from, around), database(to, around)) else {
        return FAILED;
    };
    let done = (around.copy)(&from, &to).map(|text| say(around.out, &text));
    exit_code(done, around)
}

/// The database of a URL or of a configuration file. `None`: its mistakes have been printed.
fn database(text: &str, around: &mut CliDeps<'_>) -> Option<Database> {
    match Database::parse(text) {
        Some(Ok(database)) => Some(database),
        Some(Err(why)) => {
            say(around.err, &format_args!("doorcode: a database {why}\n"));
            None
        }
        None => Some(read(Purpose::Store, Some(Path::new(text)), around)?.store.database),
    }
}

/// Runs a command that prints its output.
fn print(
    (purpose, file): (Purpose, Option<&Path>),
    around: &mut CliDeps<'_>,
    command: impl Fn(&Config) -> CommandResult,
) -> u8 {
    let Some(config) = read(purpose, file, around) else { return FAILED };
    let done = command(&config).map(|text| say(around.out, &text));
    exit_code(done, around)
}

/// The configuration, or the demo's. `None` if it is invalid; its mistakes have been printed.
fn read(purpose: Purpose, file: Option<&Path>, around: &mut CliDeps<'_>) -> Option<Config> {
    let config = match file {
        Some(file) => Config::load_for(purpose, file, around.environment),
        None => Config::demo(),
    };
    config.map_err(|problems| say(around.err, &format_args!("{problems}\n"))).ok()
}

fn exit_code(done: Done, around: &mut CliDeps<'_>) -> u8 {
    match done {
        Ok(()) => FINE,
        Err(why) => {
            say(around.err, &format_args!("doorcode: {why}\n"));
            FAILED
        }
    }
}
